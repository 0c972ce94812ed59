// SPDX-License-Identifier: MIT
/* What a device can hold, and how fast it is. */
#include "average.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>

static int check_geometry(struct psx_device *dev, const struct psx_geometry *bank)
{
	const struct psx_device_info *info = &dev->transport->info;

	if (bank->width != info->width || bank->height != info->height)
		return psx_error_set(&dev->error, EINVAL,
				     "a bank for %u x %u does not fit a sensor of %u x %u", bank->width,
				     bank->height, info->width, info->height);
	if (bank->border != info->border)
		return psx_error_set(&dev->error, EINVAL,
				     "a bank for a border of %u does not fit a sensor with one of %u",
				     bank->border, info->border);
	return 0;
}

static int check_banks(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		       bool maps)
{
	const struct psx_device_info *info = &dev->transport->info;
	size_t i, planes = 0;

	if (!count)
		return psx_error_set(&dev->error, EINVAL, "no banks to load");
	if (info->max_mv != PSX_MAX_MV)
		return psx_error_set(&dev->error, ENOTSUP,
				     "biases of +-%u mV are not known to this version", info->max_mv);
	for (i = 0; i < count; i++) {
		if (!banks[i])
			return psx_error_set(&dev->error, EINVAL, "bank %zu is NULL", i);
		if (check_geometry(dev, &banks[i]->geometry))
			return -1;
		if (banks[i]->k > info->max_k)
			return psx_error_set(&dev->error, EINVAL,
					     "kernels of %u x %u are larger than the device's %u",
					     banks[i]->k, banks[i]->k, info->max_k);
		if (banks[i]->mode != banks[0]->mode)
			return psx_error_set(&dev->error, EINVAL,
					     "banks of different modes cannot share a schedule");
		planes += psx_bank_get_phases(banks[i]) + (maps || banks[i]->offset) +
			  (maps || banks[i]->dark);
	}
	if (planes > info->planes)
		return psx_error_set(&dev->error, ENOSPC,
				     "these kernels need %zu bias planes and maps, the device has room for %u",
				     planes, info->planes);
	return 0;
}

/* To three digits, so that what is printed is possible */
static double round_down(double value)
{
	double unit = pow(10, floor(log10(value)) - 2);

	return floor(value / unit) * unit;
}

int psx_exposure_check(const struct psx_device_info *info, uint64_t exposure_ns,
		       struct psx_error *err)
{
	if (exposure_ns >= info->min_exposure_ns && exposure_ns <= info->max_exposure_ns)
		return 0;
	return psx_error_set(err, EINVAL, "an exposure of %g s is outside the device's %g .. %g s",
			     (double)exposure_ns / 1e9, (double)info->min_exposure_ns / 1e9,
			     (double)info->max_exposure_ns / 1e9);
}

static int check_timing(struct psx_device *dev, const struct psx_settings *s,
			struct psx_bank *const *banks, size_t count)
{
	const struct psx_device_info *info = &dev->transport->info;
	size_t i;

	if (psx_exposure_check(info, s->exposure_ns, &dev->error))
		return -1;
	for (i = 0; s->period_ns && i < count; i++) {
		unsigned int phases = psx_bank_get_phases(banks[i]);
		uint64_t needed = phases * (s->exposure_ns + info->settle_ns);

		if (s->period_ns < needed)
			return psx_error_set(&dev->error, EINVAL,
					     "%u exposures of %g s and their settling need %g s a frame: "
					     "the rate is at most %.3g frames a second", phases,
					     (double)s->exposure_ns / 1e9, (double)needed / 1e9,
					     round_down(1e9 / (double)needed));
	}
	return 0;
}

int psx_load_check(struct psx_device *dev, const struct psx_settings *s,
		   struct psx_bank *const *banks, size_t count, bool maps)
{
	return check_banks(dev, banks, count, maps) || check_timing(dev, s, banks, count) ? -1 : 0;
}
