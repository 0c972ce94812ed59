// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of sleep in a machine that can't: what the kernel would call of a mock's
 * driver, one device at a time. Parameters take its name on the platform bus:
 * suspend, resume, and forget, which is a device without power in between.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/string.h>

#include "psx_hw.h"
#include "psx_regs.h"

static int do_suspend(struct device *dev)
{
	const struct dev_pm_ops *pm = dev->driver->pm;

	return pm && pm->suspend ? pm->suspend(dev) : -EOPNOTSUPP;
}

static int do_resume(struct device *dev)
{
	const struct dev_pm_ops *pm = dev->driver->pm;

	return pm && pm->resume ? pm->resume(dev) : -EOPNOTSUPP;
}

static int do_forget(struct device *dev)
{
	const struct psx_platform_data *data = dev_get_platdata(dev);

	data->ops->write(data->hw, PSX_REG_CTRL, PSX_CTRL_RESET);
	return 0;
}

static int call(const char *text, int (*function)(struct device *dev))
{
	char name[64];
	struct device *dev;
	int error = -ENODEV;

	strscpy(name, text, sizeof(name));
	dev = bus_find_device_by_name(&platform_bus_type, NULL, strim(name));
	if (!dev)
		return -ENODEV;
	device_lock(dev);
	if (dev->driver && !strcmp(dev->driver->name, PSX_PLATFORM_NAME))
		error = function(dev);
	device_unlock(dev);
	put_device(dev);
	return error;
}

#define SLEEP(_name)									\
static int set_##_name(const char *text, const struct kernel_param *param)		\
{											\
	return call(text, do_##_name);							\
}											\
static const struct kernel_param_ops _name##_ops = { .set = set_##_name };		\
module_param_cb(_name, &_name##_ops, NULL, 0200)

SLEEP(suspend);
SLEEP(resume);
SLEEP(forget);

MODULE_DESCRIPTION("Sleep of one device, for the tests of psxdet");
MODULE_LICENSE("GPL");
