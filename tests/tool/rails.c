/* SPDX-License-Identifier: MIT */
/* Before the library: rails that do not go down; or, with RAILS_HELD, that are up and held,
 * and can't be held again */
#include <psxdet.h>

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

static struct psx_device *up;

int psx_device_rails_off(struct psx_device *dev)
{
	up = dev;
	errno = EIO;
	return -1;
}

int psx_device_rails_on(struct psx_device *dev, const struct psx_rails_options *options)
{
	int (*rails_on)(struct psx_device *of, const struct psx_rails_options *how);

	*(void **)&rails_on = dlsym(RTLD_NEXT, "psx_device_rails_on");
	if (!options || !options->hold_ms)
		return rails_on(dev, options);
	up = dev;
	errno = EIO;
	return -1;
}

const struct psx_device_status *psx_device_get_status(struct psx_device *dev)
{
	const struct psx_device_status *(*get_status)(struct psx_device *of);
	const char *wanted = getenv("RAILS_HELD");
	static struct psx_device_status held;

	*(void **)&get_status = dlsym(RTLD_NEXT, "psx_device_get_status");
	if (!wanted || (!held.hold_ms && psx_device_rails_on(dev, &(struct psx_rails_options){ 0 })))
		return get_status(dev);
	held = *get_status(dev);
	held.hold_ms = 60000;
	return &held;
}

const char *psx_device_error(const struct psx_device *dev)
{
	const char *(*error)(const struct psx_device *of);

	*(void **)&error = dlsym(RTLD_NEXT, "psx_device_error");
	return dev == up ? "no answer" : error(dev);
}
