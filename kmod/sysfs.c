// SPDX-License-Identifier: GPL-2.0
/* Attributes of a detector in /sys/class/psxdet; docs/sysfs.md describes them. */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "psxdet.h"

static struct psx_device *to_psx(struct device *dev)
{
	return container_of(dev, struct psx_device, dev);
}

static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", to_psx(dev)->id.serial);
}
static DEVICE_ATTR_RO(serial);

static ssize_t model_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return sysfs_emit(buffer, "%s\n", to_psx(dev)->id.model);
}
static DEVICE_ATTR_RO(model);

static int read_now(struct device *dev, u32 reg, u32 *value)
{
	struct psx_device *psx = to_psx(dev);
	int error = psx_enter(psx);

	if (error)
		return error;
	*value = psx_read(psx, reg);
	psx_leave(psx);
	return 0;
}

static ssize_t show_signed(struct device *dev, u32 reg, char *buffer)
{
	u32 value;
	int error = read_now(dev, reg, &value);

	return error ?: sysfs_emit(buffer, "%d\n", (s32)value);
}

static ssize_t leakage_pa_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return show_signed(dev, PSX_REG_LEAKAGE_PA, buffer);
}
static DEVICE_ATTR_RO(leakage_pa);

static ssize_t stage_x_um_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return show_signed(dev, PSX_REG_STAGE_X, buffer);
}
static DEVICE_ATTR_RO(stage_x_um);

static ssize_t stage_y_um_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return show_signed(dev, PSX_REG_STAGE_Y, buffer);
}
static DEVICE_ATTR_RO(stage_y_um);

static ssize_t rails_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	static const char * const words[] = {
		[PSX_RAIL_STATE_OFF] = "off",
		[PSX_RAIL_STATE_RAMPING] = "ramping",
		[PSX_RAIL_STATE_ON] = "on",
		[PSX_RAIL_STATE_TRIPPED] = "tripped",
	};
	u32 value;
	int error = read_now(dev, PSX_REG_RAIL_STATE, &value);

	if (error)
		return error;
	value &= 0xff;
	return sysfs_emit(buffer, "%s\n", value < ARRAY_SIZE(words) ? words[value] : "unknown");
}
static DEVICE_ATTR_RO(rails);

static ssize_t max_neighbour_mv_show(struct device *dev, struct device_attribute *attr,
				     char *buffer)
{
	return sysfs_emit(buffer, "%u\n", READ_ONCE(to_psx(dev)->neighbour_mv));
}

/* Under loading, so no plane that was checked is on its way, and control */
static int tighten(struct psx_device *psx, u32 mv)
{
	u32 most = psx_mv_to_code(psx, mv);
	u32 bank;

	if (!mv || mv > psx->neighbour_mv)
		return -EINVAL;
	for_each_set_bit(bank, psx->shaped, psx->id.banks)
		if (psx->span[bank] > most)
			return -EBUSY;
	WRITE_ONCE(psx->neighbour_mv, mv);
	return 0;
}

static ssize_t max_neighbour_mv_store(struct device *dev, struct device_attribute *attr,
				      const char *buffer, size_t size)
{
	struct psx_device *psx = to_psx(dev);
	int error;
	u32 mv;

	if (kstrtou32(buffer, 10, &mv))
		return -EINVAL;
	if (mutex_lock_interruptible(&psx->loading))
		return -ERESTARTSYS;
	mutex_lock(&psx->control);
	error = tighten(psx, mv);
	psx_control_end(psx);
	mutex_unlock(&psx->loading);
	return error ?: size;
}
static DEVICE_ATTR_RW(max_neighbour_mv);

static struct attribute *psx_attrs[] = {
	&dev_attr_serial.attr,
	&dev_attr_model.attr,
	&dev_attr_leakage_pa.attr,
	&dev_attr_rails.attr,
	&dev_attr_max_neighbour_mv.attr,
	NULL,
};

static const struct attribute_group psx_group = {
	.attrs = psx_attrs,
};

static struct attribute *stage_attrs[] = {
	&dev_attr_stage_x_um.attr,
	&dev_attr_stage_y_um.attr,
	NULL,
};

static umode_t stage_is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	return to_psx(kobj_to_dev(kobj))->id.caps & PSX_CAPS_STAGE ? attr->mode : 0;
}

static const struct attribute_group stage_group = {
	.attrs = stage_attrs,
	.is_visible = stage_is_visible,
};

const struct attribute_group *psx_groups[] = {
	&psx_group,
	&stage_group,
	NULL,
};
