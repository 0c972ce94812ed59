// SPDX-License-Identifier: MIT
/* The open beam, as sub-pixels of weight 1 see it. */
#include "calibration.h"
#include "error.h"
#include "median.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_LEVELS 8 /* of a beam worth the name */
#define MOST_LEVELS  (PSX_ADC_LEVELS * 0.875)
#define ZERO_STEPS   2 /* frames of zeroing beside those that are averaged */

struct psx_bank *psx_beam_bank(const struct psx_geometry *geometry, double volts,
			       struct psx_error *err)
{
	const int16_t code = (int16_t)lround(volts / psx_code_to_volts(1));
	int16_t *codes = calloc((size_t)geometry->width * geometry->height, sizeof(*codes));
	struct psx_bank *bank;
	uint32_t x, y;

	if (!codes)
		return psx_error_null(err, ENOMEM, "out of memory");
	for (y = geometry->border; y < geometry->height - geometry->border; y++)
		for (x = geometry->border; x < geometry->width - geometry->border; x++)
			codes[(size_t)y * geometry->width + x] = code;
	bank = psx_bank_new_codes(1, PSX_MODE_SCAN, geometry, 256, codes, err);
	free(codes);
	return bank;
}

/* The median of sub-pixels that see, and that neither light nor darkness clips, in
 * levels; infinite where there is none */
static double median_levels(const struct psx_bank *bank, struct psx_average *average)
{
	const struct psx_geometry *g = &bank->geometry;
	float *codes = average->codes;
	size_t count = 0;
	uint32_t x, y;

	for (y = g->border; y < g->height - g->border; y++) {
		for (x = g->border; x < g->width - g->border; x++) {
			const size_t i = (size_t)y * g->width + x;

			if (!average->clipped[i] && !(bank->mask && bank->mask->bad[i]))
				codes[count++] = codes[i];
		}
	}
	if (!count)
		return (double)INFINITY;
	return psx_median(codes, count) / PSX_ADC_STEPS;
}

uint64_t psx_beam_frames(unsigned int frames)
{
	return ZERO_STEPS + 2 * frames;
}

int psx_beam_measure(struct psx_device *dev, uint64_t exposure_ns, unsigned int frames,
		     struct psx_task *task, double *levels)
{
	const struct psx_device_info *info = &dev->transport->info;
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	struct psx_settings s = psx_default_settings;
	struct psx_bank *bank = psx_beam_bank(&geometry, PSX_UNIT_VOLTS, &dev->error);
	struct psx_average average = { 0 };
	int failed;

	s.pga = 1;
	s.exposure_ns = exposure_ns;
	failed = !bank || psx_device_light(dev, PSX_SHUTTER_CLOSED) ||
		 psx_zero_measure(dev, &s, &bank, 1, frames, task) ||
		 psx_device_light(dev, PSX_SHUTTER_BEAM) ||
		 psx_average_take(dev, &bank, 1, exposure_ns, 1, frames, task, &average);
	if (!failed) {
		*levels = median_levels(bank, &average);
		if (*levels < LEAST_LEVELS)
			failed = psx_error_set(&dev->error, ENODATA,
					       "no beam: it is worth %.1f grey levels an exposure",
					       *levels);
		else if (*levels > MOST_LEVELS)
			failed = psx_error_set(&dev->error, ERANGE,
					       "the beam is beyond the ADC: shorten the exposure");
	}
	psx_average_free(&average, 1);
	psx_bank_free(bank);
	return failed ? -1 : 0;
}
