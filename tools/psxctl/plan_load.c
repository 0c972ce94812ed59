// SPDX-License-Identifier: MIT
/* A plan's kernels into a device: banks, settings, dark frames. */
#include "plan.h"
#include "rails.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OLD_DAYS   7
#define APART_MC   2000 /* of temperatures */
#define DAY	   86400

struct psx_settings *plan_settings(const struct plan *plan, struct psx_error *err)
{
	struct psx_settings *s = psx_settings_new();

	if (s && !psx_settings_set_polarity(s, plan->polarity) &&
	    !psx_settings_set_threshold(s, plan_cuts(plan) ? 0 : plan->threshold.bits) &&
	    !psx_settings_set_pga(s, plan->pga) &&
	    !psx_settings_set_exposure(s, plan->exposure_ns) &&
	    !psx_settings_set_period(s, plan->period_ns) &&
	    !psx_settings_set_software_trigger(s, plan->software_trigger))
		return s;
	(void)psx_error_set(err, errno, "%s", strerror(errno));
	psx_settings_free(s);
	return NULL;
}

static void warn_of_age(const struct ctl *ctl, const struct psx_calibration_info *cal)
{
	const double days = difftime(time(NULL), (time_t)cal->time) / DAY;

	if (days > OLD_DAYS)
		ctl_warn(ctl, "the calibration is %.0f days old", days);
}

static void warn_of_warmth(const struct ctl *ctl, const struct psx_calibration_info *cal,
			   struct psx_device *dev)
{
	const struct psx_device_status *st = psx_device_get_status(dev);

	if (st && abs(st->temperature_mc - cal->temperature_mc) > APART_MC)
		ctl_warn(ctl, "the calibration was made at %.1f C, the detector is at %.1f C",
			 cal->temperature_mc / 1e3, st->temperature_mc / 1e3);
}

int plan_load_calibration(const struct ctl *ctl, struct plan *plan, struct psx_device *dev,
			  struct psx_error *err)
{
	const struct psx_calibration_info *info;
	struct psx_error why;

	if (!plan->cal_path || plan->cal)
		return 0;
	plan->cal = psx_calibration_load(plan->cal_path, err);
	if (!plan->cal)
		return -1;
	info = psx_calibration_get_info(plan->cal);
	if (psx_calibration_check(plan->cal, psx_device_get_info(dev), &why) && !plan->force)
		return psx_error_set(err, why.code, "%s (--force uses it all the same)", why.message);
	warn_of_age(ctl, info);
	warn_of_warmth(ctl, info, dev);
	return 0;
}

/* The grey value of each macro-pixel is the number of its kernel */
static struct psx_bank *make_map_bank(const struct plan *plan,
				      const struct psx_geometry *geometry, struct psx_error *err)
{
	const unsigned int k = psx_kernel_get_k(plan->kernels[0]);
	const uint32_t width = geometry->width / k, height = geometry->height / k;
	struct psx_image *image = psx_image_load(plan->map_path, err);
	struct psx_bank *bank = NULL;
	uint8_t *map = NULL;
	size_t i;

	if (!image)
		return NULL;
	if (psx_image_get_width(image) != width || psx_image_get_height(image) != height)
		(void)psx_error_set(err, EINVAL, "%s is %u x %u, this detector has %u x %u macro-pixels",
				    psx_error_path(plan->map_path), psx_image_get_width(image),
				    psx_image_get_height(image), width, height);
	else if (!(map = malloc((size_t)width * height)))
		(void)psx_error_set(err, ENOMEM, "out of memory");
	for (i = 0; map && i < (size_t)width * height; i++)
		map[i] = (uint8_t)fmin(psx_image_get_levels(image)[i], UINT8_MAX);
	if (map)
		bank = psx_bank_new_map((const struct psx_kernel *const *)plan->kernels,
					plan->kernel_count, map, geometry, err);
	free(map);
	psx_image_free(image);
	return bank;
}

static struct psx_bank *make_bank(const struct plan *plan, size_t channel,
				  const struct psx_geometry *geometry, struct psx_error *err)
{
	if (plan->map_path)
		return make_map_bank(plan, geometry, err);
	if (plan->cal)
		return psx_calibration_make_bank(plan->cal, plan->kernels[channel], plan->mode, err);
	return psx_bank_new(plan->kernels[channel], geometry, plan->mode, err);
}

/* The banks are loaded before the rails go up, so that what can be refused is */
static int put(const struct ctl *ctl, const struct plan *plan, struct psx_device *dev,
	       struct psx_bank **banks, struct psx_error *err)
{
	const size_t count = plan_channels(plan);
	const bool zero = psx_device_get_info(dev)->caps & PSX_CAP_OFFSET && !plan->no_zero;
	struct psx_settings *s = plan_settings(plan, err);
	int failed;

	if (!s)
		return -1;
	failed = psx_device_load(dev, s, banks, count, NULL);
	if (failed && errno == ENOSPC && zero)
		failed = 0; /* zeroing has what is in force make room */
	if (failed)
		(void)psx_error_set(err, errno, "%s", psx_device_error(dev));
	else if (zero)
		failed = rails_up_for_run(ctl, dev, err);
	if (!failed && zero) {
		ctl_remark(ctl, "dark frames ... (--no-zero leaves them out)");
		failed = psx_device_zero(dev, s, banks, count, 0, NULL);
		if (failed && errno == EINTR)
			(void)psx_error_set(err, EINTR, "interrupted in the dark frames");
		else if (failed)
			(void)psx_error_set(err, errno, "%s%s", psx_device_error(dev),
					    errno == ENOTSUP ? "; --no-zero leaves dark current in" : "");
	}
	psx_settings_free(s);
	return failed;
}

int plan_load(const struct ctl *ctl, struct plan *plan, struct psx_device *dev,
	      struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	const size_t count = plan_channels(plan);
	struct psx_bank **banks;
	size_t i = 0;
	int failed = -1;

	if (plan_load_calibration(ctl, plan, dev, err))
		return -1;
	banks = calloc(count, sizeof(struct psx_bank *));
	if (!banks)
		return psx_error_set(err, ENOMEM, "out of memory");
	while (i < count && (banks[i] = make_bank(plan, i, &geometry, err)))
		i++;
	if (i == count)
		failed = put(ctl, plan, dev, banks, err);
	for (i = 0; i < count; i++)
		psx_bank_free(banks[i]);
	free(banks);
	return failed;
}
