/* SPDX-License-Identifier: MIT */
/* Before the library: rails that do not go down */
#include <psxdet.h>

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

static struct psx_device *up;

int psx_device_rails_off(struct psx_device *dev)
{
	up = dev;
	errno = EIO;
	return -1;
}

const char *psx_device_error(const struct psx_device *dev)
{
	const char *(*error)(const struct psx_device *of);

	*(void **)&error = dlsym(RTLD_NEXT, "psx_device_error");
	return dev == up ? "no answer" : error(dev);
}
