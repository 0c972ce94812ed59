// SPDX-License-Identifier: GPL-2.0
/* Rails and temperature as hwmon channels, so that `sensors` shows them. */
#include <linux/err.h>
#include <linux/hwmon.h>

#include "psxdet.h"

#define TEMPERATURE_MAX		60000	/* 1/1000 degree Celsius, until somebody sets another */

struct window {
	long least;
	long most;
};

/* Where the positive rail should be in that state, within 5 % of its end */
static struct window rail_window(const struct psx_device *psx, u32 state)
{
	long full = psx->id.rail_mv, slack = full / 20;

	switch (state) {
	case PSX_RAIL_STATE_OFF:
		return (struct window) { -slack, slack };
	case PSX_RAIL_STATE_ON:
		return (struct window) { full - slack, full + slack };
	default:
		return (struct window) { -slack, full + slack };
	}
}

static int read_rail(struct psx_device *psx, u32 attr, int channel, long *value)
{
	u32 state = psx_read(psx, PSX_REG_RAIL_STATE) & 0xff;
	long now = (s32)psx_read(psx, channel ? PSX_REG_RAIL_NEG_MV : PSX_REG_RAIL_POS_MV);
	struct window window = rail_window(psx, state);

	if (channel)
		window = (struct window) { -window.most, -window.least };
	switch (attr) {
	case hwmon_in_input:
		*value = now;
		return 0;
	case hwmon_in_min:
		*value = window.least;
		return 0;
	case hwmon_in_max:
		*value = window.most;
		return 0;
	case hwmon_in_alarm:
		*value = now < window.least || now > window.most ||
			 state == PSX_RAIL_STATE_TRIPPED;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int read_temperature(struct psx_device *psx, u32 attr, long *value)
{
	long now = (s32)psx_read(psx, PSX_REG_TEMPERATURE);
	long least = READ_ONCE(psx->temperature_min);
	long most = READ_ONCE(psx->temperature_max);

	switch (attr) {
	case hwmon_temp_input:
		*value = now;
		return 0;
	case hwmon_temp_min:
		*value = least;
		return 0;
	case hwmon_temp_max:
		*value = most;
		return 0;
	case hwmon_temp_alarm:
		*value = now < least || now > most;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int psx_hwmon_read(struct device *dev, enum hwmon_sensor_types type, u32 attr, int channel,
			  long *value)
{
	struct psx_device *psx = dev_get_drvdata(dev);
	int error = psx_enter(psx);

	if (error)
		return error;
	error = type == hwmon_in ? read_rail(psx, attr, channel, value) :
				   read_temperature(psx, attr, value);
	psx_leave(psx);
	return error;
}

static int psx_hwmon_read_string(struct device *dev, enum hwmon_sensor_types type, u32 attr,
				 int channel, const char **text)
{
	static const char * const rails[] = { "rail+", "rail-" };

	*text = type == hwmon_in ? rails[channel] : "crystal";
	return 0;
}

static int psx_hwmon_write(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			   int channel, long value)
{
	struct psx_device *psx = dev_get_drvdata(dev);

	value = clamp_val(value, S32_MIN, S32_MAX);
	if (attr == hwmon_temp_min)
		WRITE_ONCE(psx->temperature_min, value);
	else
		WRITE_ONCE(psx->temperature_max, value);
	return 0;
}

static umode_t psx_hwmon_visible(const void *data, enum hwmon_sensor_types type, u32 attr,
				 int channel)
{
	return type == hwmon_temp && (attr == hwmon_temp_min || attr == hwmon_temp_max) ?
	       0644 : 0444;
}

static const struct hwmon_ops psx_hwmon_ops = {
	.is_visible = psx_hwmon_visible,
	.read = psx_hwmon_read,
	.read_string = psx_hwmon_read_string,
	.write = psx_hwmon_write,
};

#define RAIL	(HWMON_I_INPUT | HWMON_I_LABEL | HWMON_I_MIN | HWMON_I_MAX | HWMON_I_ALARM)

static const struct hwmon_channel_info *psx_hwmon_info[] = {
	HWMON_CHANNEL_INFO(in, RAIL, RAIL),
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_LABEL | HWMON_T_MIN | HWMON_T_MAX |
				 HWMON_T_ALARM),
	NULL
};

static const struct hwmon_chip_info psx_hwmon_chip = {
	.ops = &psx_hwmon_ops,
	.info = psx_hwmon_info,
};

/* A detector without it is whole: what fails is said, and no more */
void psx_hwmon_add(struct psx_device *psx)
{
	struct device *hwmon;

	psx->temperature_max = TEMPERATURE_MAX;
	hwmon = hwmon_device_register_with_info(&psx->dev, "psxdet", psx, &psx_hwmon_chip, NULL);
	if (IS_ERR(hwmon))
		dev_warn(&psx->dev, "no hwmon channels: %pe\n", hwmon);
	else
		psx->hwmon = hwmon;
}

/* Returns when the last read has, and there is none after it */
void psx_hwmon_remove(struct psx_device *psx)
{
	if (psx->hwmon)
		hwmon_device_unregister(psx->hwmon);
	psx->hwmon = NULL;
}
