// SPDX-License-Identifier: GPL-2.0
/* /dev/psxdetN: open, close, poll, events, and the commands that need no claim. */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "psxdet.h"

static_assert(sizeof(struct psxdet_ctrl) == 256);
static_assert(offsetof(struct psxdet_ctrl, head) == 64);
static_assert(offsetof(struct psxdet_ctrl, oldest) == 128);
static_assert(offsetof(struct psxdet_ctrl, dropped) == 192);
static_assert(sizeof(struct psxdet_cons) == 16);
static_assert(sizeof(struct psxdet_desc) == 128);
static_assert(offsetof(struct psxdet_desc, bank) == 80);
static_assert(sizeof(struct psxdet_info) == 216);
static_assert(sizeof(struct psxdet_status) == 136);
static_assert(sizeof(struct psxdet_join) == 56);
static_assert(sizeof(struct psxdet_position) == 8);
static_assert(sizeof(struct psxdet_reader_stats) == 104);
static_assert(sizeof(struct psxdet_claim) == 32);
static_assert(sizeof(struct psxdet_bank) == 32);
static_assert(sizeof(struct psxdet_transfer) == 48);
static_assert(sizeof(struct psxdet_config) == 336);
static_assert(sizeof(struct psxdet_rails) == 16);
static_assert(sizeof(struct psxdet_start) == 32);
static_assert(sizeof(struct psxdet_stop) == 16);
static_assert(sizeof(struct psxdet_shutter) == 16);
static_assert(sizeof(struct psxdet_move) == 32);
static_assert(sizeof(struct psxdet_event) == 64);
static_assert(sizeof(struct psxdet_config) <= PSX_IOCTL_MAX_SIZE);
/* The bits of status and the device's are not the same ones: names keep them apart */
static_assert(PSXDET_CAP_SHUTTER == PSX_CAPS_SHUTTER && PSXDET_CAP_SCENE == PSX_CAPS_SCENE &&
	      PSXDET_CAP_STAGE == PSX_CAPS_STAGE && PSXDET_CAP_OFFSET == PSX_CAPS_OFFSET);

static int file_get_info(void *context, void *arg)
{
	struct psx_file *file = context;
	const struct psx_identity *id = &file->psx->id;

	*(struct psxdet_info *)arg = (struct psxdet_info) {
		.abi = PSXDET_ABI,
		.caps = id->caps & (PSXDET_CAP_SHUTTER | PSXDET_CAP_SCENE | PSXDET_CAP_STAGE |
				    PSXDET_CAP_OFFSET),
		.features = PSXDET_FEATURE_RING | PSXDET_FEATURE_CLAIM | PSXDET_FEATURE_EVENTS |
			    PSXDET_FEATURE_RAILS | PSXDET_FEATURE_STAGE,
		.width = id->width,
		.height = id->height,
		.max_k = id->max_k,
		.banks = id->banks,
		.planes = id->planes,
		.dac_bits = id->depth & 0xff,
		.adc_bits = id->depth >> 8 & 0xff,
		.pitch_um = id->pitch_um,
		.max_mv = id->max_mv,
		.max_neighbour_mv = READ_ONCE(file->psx->neighbour_mv),
		.settle_ns = id->settle_ns,
		.exposure_min_ns = id->exposure_min_ns,
		.exposure_max_ms = id->exposure_max_ms,
		.payload_max = id->payload_max,
		.ring_entries = PSX_RING_ENTRIES,
		.readers_max = PSXDET_READERS_MAX,
		.ring_bytes = file->psx->ring.bytes,
		.border = id->border,
		.slew_max = id->slew_max,
		.rail_mv = id->rail_mv,
		.scene_width = id->scene_width,
		.scene_height = id->scene_height,
	};
	memcpy(((struct psxdet_info *)arg)->serial, id->serial, sizeof(id->serial));
	memcpy(((struct psxdet_info *)arg)->model, id->model, sizeof(id->model));
	return 0;
}

static void fill_registers(struct psx_device *psx, struct psxdet_status *st)
{
	u32 status = psx_read(psx, PSX_REG_STATUS);
	u32 rails = psx_read(psx, PSX_REG_RAIL_STATE);

	st->flags = (status & PSX_STATUS_SHUTTER_OPEN ? PSXDET_STATUS_SHUTTER_OPEN : 0) |
		    (status & PSX_STATUS_INTERLOCK_OPEN ? PSXDET_STATUS_INTERLOCK_OPEN : 0) |
		    (status & PSX_STATUS_STAGE_MOVING ? PSXDET_STATUS_STAGE_MOVING : 0);
	st->cfg_id = psx_read(psx, PSX_REG_CFG_ID);
	st->pending_cfg_id = psx_read(psx, PSX_REG_CFG_PENDING);
	st->rails = rails & 0xff;
	st->cause = rails >> 8 & 0xff;
	st->rail_positive_mv = (s32)psx_read(psx, PSX_REG_RAIL_POS_MV);
	st->rail_negative_mv = (s32)psx_read(psx, PSX_REG_RAIL_NEG_MV);
	st->leakage_pa = (s32)psx_read(psx, PSX_REG_LEAKAGE_PA);
	st->temperature_mc = (s32)psx_read(psx, PSX_REG_TEMPERATURE);
	st->slew = psx_read(psx, PSX_REG_RAIL_SLEW);
	st->readback_faults = psx_read(psx, PSX_REG_READBACK_FAULTS);
	st->readback_first = psx_read(psx, PSX_REG_READBACK_FIRST);
	if (psx_read(psx, PSX_REG_SHUTTER) == PSX_SHUTTER_BEAM)
		st->flags |= PSXDET_STATUS_BEAM;
	if (psx->id.caps & PSX_CAPS_STAGE) {
		st->stage_x = (s32)psx_read(psx, PSX_REG_STAGE_X);
		st->stage_y = (s32)psx_read(psx, PSX_REG_STAGE_Y);
	}
	st->device_ns = psx_read64(psx, PSX_REG_CLOCK_LO);
}

static int file_get_status(void *context, void *arg)
{
	struct psx_file *file = context;
	struct psx_device *psx = file->psx;
	struct psxdet_status *st = arg;
	struct psx_counters now;
	int error;

	memset(st, 0, sizeof(*st));
	error = psx_control_begin(psx);
	if (error)
		return error;
	fill_registers(psx, st);
	st->calibration = psx_calibration(psx, st->cfg_id);
	st->claim_pid = psx_claim_pid(psx);
	st->flags |= psx->claim ? PSXDET_STATUS_CLAIMED : 0;
	st->flags |= psx->config.trigger == PSXDET_TRIGGER_SOFTWARE ?
		     PSXDET_STATUS_SOFTWARE_TRIGGER : 0;
	psx_control_end(psx);
	mutex_lock(&psx->service);
	error = psx_ring_count(psx, &now);
	st->flags |= psx->running ? PSXDET_STATUS_RUNNING : 0;
	st->flags |= psx->rails.held ? PSXDET_STATUS_HELD : 0;
	st->hold_ms = psx_rails_hold_ms(psx);
	st->series = psx->series;
	st->readers = psx->ring.readers_count;
	st->reserving = psx->ring.reserving;
	st->made = now.made;
	st->dropped_full = now.dropped_full;
	st->dropped_device = now.dropped - now.dropped_full;
	st->head = now.head;
	st->oldest = psx->ring.oldest;
	mutex_unlock(&psx->service);
	return error;
}

static int file_join(void *context, void *arg)
{
	struct psx_file *file = context;
	struct psxdet_join *join = arg;
	int error;

	if (join->flags & ~PSXDET_READER_RESERVING || join->watermark > PSX_RING_ENTRIES / 2 ||
	    join->timeout_us > PSXDET_TIMEOUT_MAX_US || join->reserved0 || join->position ||
	    !psx_is_zero(join->reserved, sizeof(join->reserved)))
		return -EINVAL;
	mutex_lock(&file->psx->service);
	error = psx_reader_join(file, join);
	mutex_unlock(&file->psx->service);
	return error;
}

static int file_leave(void *context, void *arg)
{
	struct psx_file *file = context;
	int error;

	mutex_lock(&file->psx->service);
	error = psx_reader_leave(file);
	if (!error)
		psx_ring_grant(file->psx);
	mutex_unlock(&file->psx->service);
	return error;
}

static int file_position(void *context, void *arg)
{
	struct psx_file *file = context;
	struct psxdet_position *position = arg;
	int error;

	mutex_lock(&file->psx->service);
	error = psx_reader_position(file, position->position);
	mutex_unlock(&file->psx->service);
	return error;
}

static int file_get_stats(void *context, void *arg)
{
	struct psx_file *file = context;
	int error;

	mutex_lock(&file->psx->service);
	error = psx_reader_stats(file, arg);
	mutex_unlock(&file->psx->service);
	return error;
}

static int file_download(void *context, void *arg)
{
	struct psx_file *file = context;

	return psx_download(file->psx, arg);
}

static int file_get_config(void *context, void *arg)
{
	struct psx_file *file = context;

	return psx_get_config(file->psx, arg);
}

static int file_get_bank(void *context, void *arg)
{
	struct psx_file *file = context;
	struct psxdet_bank *bank = arg;

	if (bank->k || bank->phases || bank->scale || bank->threshold ||
	    !psx_is_zero(bank->reserved, sizeof(bank->reserved)))
		return -EINVAL;
	return psx_get_bank(file->psx, bank);
}

/* The descriptor is installed last: a claim that the user is not told of ends */
static long file_claim(struct psx_file *file, unsigned int cmd, void __user *user)
{
	struct psxdet_claim arg = { 0 };
	struct file *filp;
	int error, fd;

	error = psx_ioctl_copy_in(&arg, sizeof(arg), cmd, user);
	if (error)
		return error;
	if (arg.flags || arg.fd || !psx_is_zero(arg.reserved, sizeof(arg.reserved)))
		return -EINVAL;
	if (!file->writable)
		return -EPERM;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	error = psx_enter(file->psx);
	if (error)
		goto put;
	error = psx_claim_get(file->psx, &filp);
	psx_leave(file->psx);
	if (error)
		goto put;
	arg.fd = fd;
	error = psx_ioctl_copy_out(user, _IOC_SIZE(cmd), &arg, sizeof(arg));
	if (error) {
		fput(filp);
		goto put;
	}
	fd_install(fd, filp);
	return 0;
put:
	put_unused_fd(fd);
	return error;
}

static const struct psx_ioctl file_ioctls[] = {
	{ PSXDET_IOC_GET_INFO, file_get_info, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_GET_STATUS, file_get_status, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_JOIN, file_join, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_LEAVE, file_leave, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_POSITION, file_position, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_GET_STATS, file_get_stats, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_DOWNLOAD, file_download },
	{ PSXDET_IOC_GET_CONFIG, file_get_config, PSX_IOCTL_ENTER },
	{ PSXDET_IOC_GET_BANK, file_get_bank, PSX_IOCTL_ENTER },
};

static long psx_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	const unsigned int claim = PSXDET_IOC_CLAIM & ~IOCSIZE_MASK;
	struct psx_file *file = filp->private_data;

	if ((cmd & ~IOCSIZE_MASK) == claim)
		return file_claim(file, cmd, (void __user *)arg);
	if (psx_is_claim_command(cmd))
		return -EPERM;
	return psx_ioctl_call(psx_ioctl_find(file_ioctls, ARRAY_SIZE(file_ioctls), cmd), file->psx,
			      file, cmd, arg);
}

static int psx_open(struct inode *inode, struct file *filp)
{
	struct psx_device *psx = container_of(inode->i_cdev, struct psx_device, cdev);
	struct psx_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	int error;

	if (!file)
		return -ENOMEM;
	file->psx = psx;
	file->writable = filp->f_mode & FMODE_WRITE;
	init_waitqueue_head(&file->wait);
	mutex_init(&file->read_lock);
	spin_lock_init(&file->events_lock);
	INIT_KFIFO(file->events);
	error = psx_enter(psx);
	if (error) {
		kfree(file);
		return error;
	}
	get_device(&psx->dev);
	spin_lock(&psx->files_lock);
	list_add_tail(&file->node, &psx->files);
	spin_unlock(&psx->files_lock);
	psx_leave(psx);
	filp->private_data = file;
	return stream_open(inode, filp);
}

/* The last descriptor and the last mapping are gone */
static int psx_release(struct inode *inode, struct file *filp)
{
	struct psx_file *file = filp->private_data;
	struct psx_device *psx = file->psx;
	bool there = !psx_enter(psx);

	mutex_lock(&psx->service);
	if (!psx_reader_leave(file) && there)
		psx_ring_grant(psx);
	mutex_unlock(&psx->service);
	if (there)
		psx_leave(psx);
	spin_lock(&psx->files_lock);
	list_del(&file->node);
	spin_unlock(&psx->files_lock);
	free_page((unsigned long)file->reader.cons);
	kfree(file);
	put_device(&psx->dev);
	return 0;
}

static ssize_t psx_read_events(struct file *filp, char __user *buffer, size_t size, loff_t *offset)
{
	return psx_event_read(filp->private_data, buffer, size, !(filp->f_flags & O_NONBLOCK));
}

/* Registers first, then looks: who publishes looks for waiters afterwards */
static __poll_t psx_poll(struct file *filp, poll_table *wait)
{
	struct psx_file *file = filp->private_data;
	struct psx_device *psx = file->psx;
	__poll_t mask = 0;

	poll_wait(filp, &file->wait, wait);
	mutex_lock(&psx->service);
	if (psx_reader_ready(psx, &file->reader))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if (psx_reader_waits(psx, file))
		psx_tick_start(psx);
	if (psx->gone)
		mask |= EPOLLHUP | EPOLLERR;
	mutex_unlock(&psx->service);
	if (!kfifo_is_empty(&file->events))
		mask |= EPOLLPRI;
	return mask;
}

const struct file_operations psx_fops = {
	.owner = THIS_MODULE,
	.open = psx_open,
	.release = psx_release,
	.read = psx_read_events,
	.poll = psx_poll,
	.mmap = psx_mmap,
	.unlocked_ioctl = psx_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
