// SPDX-License-Identifier: GPL-2.0
/*
 * From an ioctl's number to its function, with a copy of the argument. The
 * structures may grow: see include/uapi/linux/psxdet.h.
 */
#include <linux/string.h>
#include <linux/uaccess.h>

#include "psxdet.h"

bool psx_is_zero(const void *memory, size_t bytes)
{
	return !memchr_inv(memory, 0, bytes);
}

const struct psx_ioctl *psx_ioctl_find(const struct psx_ioctl *table, size_t count,
				       unsigned int cmd)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((table[i].cmd & ~IOCSIZE_MASK) == (cmd & ~IOCSIZE_MASK))
			return &table[i];
	return NULL;
}

/* What is longer than ours is zeroed, so that it says nothing wrong */
int psx_ioctl_copy_out(void __user *to, size_t user_size, const void *from, size_t size)
{
	if (copy_to_user(to, from, size))
		return -EFAULT;
	if (user_size > size && clear_user(to + size, user_size - size))
		return -EFAULT;
	return 0;
}

/*
 * An argument that is also written to is written to once before anything is
 * done: memory that can't be is refused with nothing changed.
 */
int psx_ioctl_copy_in(void *to, size_t size, unsigned int cmd, void __user *from)
{
	size_t user_size = _IOC_SIZE(cmd);
	int error;

	if (user_size < size)
		return -EINVAL;
	if (!(_IOC_DIR(cmd) & _IOC_WRITE))
		return 0;
	error = copy_struct_from_user(to, size, from, user_size);
	if (error)
		return error;
	/* Whole: what is beyond ours is answered, too */
	if (_IOC_DIR(cmd) & _IOC_READ)
		return psx_ioctl_copy_out(from, user_size, to, size);
	return 0;
}

static int call(const struct psx_ioctl *ioctl, struct psx_device *psx, void *context, void *arg)
{
	int error;

	if (!(ioctl->flags & PSX_IOCTL_ENTER))
		return ioctl->call(context, arg);
	error = psx_enter(psx);
	if (error)
		return error;
	error = ioctl->call(context, arg);
	psx_leave(psx);
	return error;
}

long psx_ioctl_call(const struct psx_ioctl *ioctl, struct psx_device *psx, void *context,
		    unsigned int cmd, unsigned long arg)
{
	u64 buffer[PSX_IOCTL_MAX_SIZE / sizeof(u64)] = { 0 };
	void __user *user = (void __user *)arg;
	size_t user_size = _IOC_SIZE(cmd);
	size_t size;
	int error;

	if (!ioctl)
		return -ENOTTY;
	size = _IOC_SIZE(ioctl->cmd);
	error = psx_ioctl_copy_in(buffer, size, cmd, user);
	if (error)
		return error;
	error = call(ioctl, psx, context, buffer);
	if (error)
		return error;
	if (_IOC_DIR(cmd) & _IOC_READ)
		return psx_ioctl_copy_out(user, user_size, buffer, size);
	return 0;
}
