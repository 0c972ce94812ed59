// SPDX-License-Identifier: GPL-2.0
/*
 * For tests of a device that says of itself what can't be: "NAME REG VALUE" in the
 * parameter lie makes that register of the mock of that name on the platform bus read so.
 * Nothing is bound to it meanwhile. One lie at a time.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "psx_hw.h"

static const struct psx_hw_ops *honest;
static struct psx_hw_ops lying;
static u32 lie_reg, lie_value;

static u32 lying_read(void *hw, u32 reg)
{
	return reg == lie_reg ? lie_value : honest->read(hw, reg);
}

static int tell(struct device *dev, u32 reg, u32 value)
{
	struct psx_platform_data *data = dev_get_platdata(dev);

	if (dev->driver || !data)
		return -EBUSY;
	if (data->ops != &lying) {
		honest = data->ops;
		lying = *honest;
		lying.read = lying_read;
		data->ops = &lying;
	}
	lie_reg = reg;
	lie_value = value;
	return 0;
}

static int set_lie(const char *text, const struct kernel_param *param)
{
	struct device *dev;
	char name[64];
	u32 reg, value;
	int error;

	if (sscanf(text, "%63s %x %u", name, &reg, &value) != 3)
		return -EINVAL;
	dev = bus_find_device_by_name(&platform_bus_type, NULL, name);
	if (!dev)
		return -ENODEV;
	device_lock(dev);
	error = tell(dev, reg, value);
	device_unlock(dev);
	put_device(dev);
	return error;
}

static const struct kernel_param_ops lie_ops = { .set = set_lie };
module_param_cb(lie, &lie_ops, NULL, 0200);

MODULE_DESCRIPTION("Devices that lie, for the tests of psxdet");
MODULE_LICENSE("GPL");
