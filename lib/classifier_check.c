// SPDX-License-Identifier: MIT
/* What fits a classifier: devices, data and exposures. */
#include "classifier.h"

#include "error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define FEWEST_STEPS 16 /* of the ADC, for the largest level */

static int check_device(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
			struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(rig->device);
	const unsigned int k = c->info.k;

	if (info->width != k || info->height != k)
		return psx_error_set(err, EINVAL,
				     "%s has %u x %u sub-pixels where samples have %u x %u "
				     "(of a model: width=%u,height=%u)", info->uri, info->width,
				     info->height, k, k, k, k);
	if (c->info.classes >= info->banks) /* one is in force while they change */
		return psx_error_set(err, ENOSPC,
				     "%u classes are too many: %s has %u banks, for %u of them",
				     c->info.classes, info->uri, info->banks, info->banks - 1);
	if (!(info->caps & PSX_CAP_SCENE) && !rig->present)
		return psx_error_set(err, ENOTSUP, "%s has no scenes, and nobody shows it samples",
				     info->uri);
	if (!rig->present && (info->scene_width != k || info->scene_height != k))
		return psx_error_set(err, EINVAL,
				     "%s has an object of %u x %u before it where samples have %u x %u "
				     "(of a model: width=%u,height=%u)", info->uri, info->scene_width,
				     info->scene_height, k, k, k, k);
	if (psx_exposure_check(info, c->info.options.exposure_ns, err))
		return -1;
	return rig->calibration ? psx_calibration_check(rig->calibration, info, err) : 0;
}

/* Are the levels more than a few steps of the ADC? */
static int check_exposure(const struct psx_classifier *c, const struct psx_dataset *data,
			  struct psx_error *err)
{
	const double seconds = (double)c->info.options.exposure_ns / 1e9;
	uint16_t most = 0;
	unsigned int i;
	size_t n;

	for (n = 0; n < data->count; n++)
		for (i = 0; i < psx_classifier_taps(c); i++)
			most = (uint16_t)fmax(most, psx_image_get_levels(data->items[n].image)[i]);
	if (!most || most * seconds * PSX_ADC_STEPS >= FEWEST_STEPS)
		return 0;
	return psx_error_set(err, EINVAL,
			     "an exposure of %g s is too short: the largest level, %u, is %.2g steps of the "
			     "ADC then: at least %.3g s", seconds, most, most * seconds * PSX_ADC_STEPS,
			     1.01 * FEWEST_STEPS / PSX_ADC_STEPS / most); /* rounded up */
}

int psx_classifier_check(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
			 const struct psx_dataset *data, struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(rig->device);
	const uint32_t calibration =
		rig->calibration ? psx_calibration_get_info(rig->calibration)->id : 0;

	if (check_device(c, rig, err))
		return -1;
	if (!data && !c->info.best)
		return psx_error_set(err, ENODATA, "the classifier was not trained");
	if (!data)
		return 0;
	if (psx_dataset_id(data) != c->info.data_id)
		return psx_error_set(err, EXDEV, "not the data set that the training began with");
	if (check_exposure(c, data, err))
		return -1;
	if (!c->info.epochs)
		return 0;
	if (strcmp(info->serial, c->info.serial) != 0)
		return psx_error_set(err, EXDEV, "the training began on detector %s, this is %s",
				     c->info.serial, info->serial);
	if (calibration != c->info.calibration_id)
		return psx_error_set(err, EXDEV,
				     "the training began with calibration %08x (0 = none), this is %08x",
				     c->info.calibration_id, calibration);
	return 0;
}
