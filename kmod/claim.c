// SPDX-License-Identifier: GPL-2.0
/*
 * A claim: the right to change biases, rails and acquisitions, as a file of
 * its own. Its last close, for whatever reason, takes the voltage off, at once or
 * when the time is over for which its owner asked.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "psxdet.h"

struct psx_claim {
	struct psx_device *psx;	/* held */
	struct pid *owner;	/* held; who asked for it */
};

u32 psx_claim_pid(const struct psx_device *psx)
{
	lockdep_assert_held(&psx->control);
	return psx->claim ? pid_vnr(psx->claim->owner) : 0;
}

static void free_claim(struct psx_claim *claim)
{
	put_pid(claim->owner);
	put_device(&claim->psx->dev);
	kfree(claim);
}

static int claim_release(struct inode *inode, struct file *filp)
{
	struct psx_claim *claim = filp->private_data;
	struct psx_device *psx = claim->psx;
	bool there = !psx_enter(psx);

	if (there) {
		/* The voltage goes first: a sequence of somebody else may take its time */
		psx_rails_release(psx);
		psx_control_begin_always(psx);
		psx->claim = NULL;
		psx_control_end(psx);
		psx_leave(psx);
	} else {
		mutex_lock(&psx->control);
		psx->claim = NULL;
		mutex_unlock(&psx->control);
	}
	free_claim(claim);
	return 0;
}

static int claim_bank(void *context, void *arg)
{
	struct psxdet_bank *bank = arg;

	if (!psx_is_zero(bank->reserved, sizeof(bank->reserved)))
		return -EINVAL;
	return psx_set_bank(context, bank);
}

static int claim_upload(void *context, void *arg)
{
	return psx_upload(context, arg);
}

static int claim_commit(void *context, void *arg)
{
	struct psxdet_config *config = arg;

	if (config->cfg_id || config->pending ||
	    !psx_is_zero(config->reserved, sizeof(config->reserved)))
		return -EINVAL;
	return psx_commit(context, config);
}

static int claim_rails(void *context, void *arg)
{
	return psx_set_rails(context, arg);
}

static int claim_start(void *context, void *arg)
{
	struct psxdet_start *start = arg;

	if (start->series || !psx_is_zero(start->reserved, sizeof(start->reserved)))
		return -EINVAL;
	return psx_start(context, start);
}

static int claim_stop(void *context, void *arg)
{
	struct psxdet_stop *stop = arg;

	if (!psx_is_zero(stop->reserved, sizeof(stop->reserved)))
		return -EINVAL;
	return psx_stop(context, stop->how);
}

static int claim_trigger(void *context, void *arg)
{
	return psx_trigger(context);
}

static int claim_shutter(void *context, void *arg)
{
	struct psxdet_shutter *shutter = arg;

	if (!psx_is_zero(shutter->reserved, sizeof(shutter->reserved)))
		return -EINVAL;
	return psx_set_shutter(context, shutter->position);
}

static int claim_beat(void *context, void *arg)
{
	return psx_beat(context);
}

static int claim_move(void *context, void *arg)
{
	struct psxdet_move *to = arg;

	if (!psx_is_zero(to->reserved, sizeof(to->reserved)))
		return -EINVAL;
	return psx_move(context, to);
}

static const struct psx_ioctl claim_ioctls[] = {
	{ PSXDET_IOC_BANK, claim_bank, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_UPLOAD, claim_upload },
	{ PSXDET_IOC_COMMIT, claim_commit, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_RAILS, claim_rails, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_START, claim_start, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_STOP, claim_stop, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_TRIGGER, claim_trigger, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_SHUTTER, claim_shutter, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_BEAT, claim_beat, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_MOVE, claim_move },
};

/* Is this a command that only a claim takes? */
bool psx_is_claim_command(unsigned int cmd)
{
	return psx_ioctl_find(claim_ioctls, ARRAY_SIZE(claim_ioctls), cmd);
}

static long claim_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct psx_claim *claim = filp->private_data;

	return psx_ioctl_call(psx_ioctl_find(claim_ioctls, ARRAY_SIZE(claim_ioctls), cmd),
			      claim->psx, claim->psx, cmd, arg);
}

static const struct file_operations claim_fops = {
	.owner = THIS_MODULE,
	.release = claim_release,
	.unlocked_ioctl = claim_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct psx_claim *new_claim(struct psx_device *psx)
{
	struct psx_claim *claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);

	if (!claim)
		return NULL;
	claim->psx = psx;
	get_device(&psx->dev);
	claim->owner = get_pid(task_tgid(current));
	return claim;
}

/* On success the file owns the claim, and its release ends it */
static struct file *claim_file(struct psx_device *psx)
{
	struct psx_claim *claim;
	struct file *filp;

	if (psx->leaving)
		return ERR_PTR(-ENODEV);
	if (psx->claim)
		return ERR_PTR(-EBUSY);
	claim = new_claim(psx);
	if (!claim)
		return ERR_PTR(-ENOMEM);
	filp = anon_inode_getfile("[psxdet-claim]", &claim_fops, claim, O_RDWR);
	if (IS_ERR(filp)) {
		free_claim(claim);
		return filp;
	}
	psx->claim = claim;
	psx_rails_take(psx);
	psx_free_unused_banks(psx);
	return filp;
}

/* The claim lives in *filp, until its last fput() */
int psx_claim_get(struct psx_device *psx, struct file **filp)
{
	int error = psx_control_begin(psx);

	if (error)
		return error;
	*filp = claim_file(psx);
	psx_control_end(psx);
	return PTR_ERR_OR_ZERO(*filp);
}
