// SPDX-License-Identifier: MIT
/*
 * Dark current away: the offset DAC takes it off before the PGA, a dark map of
 * the ADC's codes takes what is left. Its charge may be sixteen times the ADC's
 * range, so a short exposure shows first where it lies.
 */
#include "average.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SHORTER	       16 /* the offset DAC's range over the ADC's */
#define DEFAULT_FRAMES 4

static int16_t to_code(double value)
{
	return (int16_t)lround(fmax(-INT16_MAX, fmin(INT16_MAX, value)));
}

/* Bank without maps, but for an offset of 0 everywhere */
static int clear(struct psx_device *dev, struct psx_bank *bank)
{
	uint32_t width, height;

	psx_bank_outputs(bank, &width, &height);
	free(bank->offset);
	free(bank->dark);
	bank->dark = NULL;
	bank->offset = calloc((size_t)width * height, sizeof(*bank->offset));
	psx_mask_unref(bank->mask);
	bank->mask = psx_mask_ref(bank->defects);
	return bank->offset ? 0 : psx_error_set(&dev->error, ENOMEM, "out of memory");
}

/* What an exposure of 1 / `ratio` shows goes to the offset DAC */
static void set_offset(struct psx_bank *bank, const struct psx_average *average, double ratio)
{
	size_t i;

	for (i = 0; i < average->outputs; i++)
		bank->offset[i] = to_code(bank->offset[i] + average->codes[i] * ratio /
								    (PSX_ADC_STEPS *
								     PSX_OFFSET_LEVELS));
}

static uint32_t count_active(const struct psx_axis *axis, const struct psx_bank *bank)
{
	uint32_t outputs = psx_axis_outputs(axis, bank->mode, bank->k), count = 0, centre, i;

	for (i = 0; i < outputs; i++)
		count += psx_axis_centre(axis, bank->mode, bank->k, i, &centre);
	return count;
}

/* Outputs whose dark current is not gone even now join the mask */
static int mask_clipped(struct psx_device *dev, struct psx_bank *bank,
			const struct psx_average *average)
{
	const struct psx_axis x = psx_axis_x(&bank->geometry), y = psx_axis_y(&bank->geometry);
	size_t active = (size_t)count_active(&x, bank) * count_active(&y, bank), clipped = 0, i;
	struct psx_mask *mask;
	uint32_t width, height;

	for (i = 0; i < average->outputs; i++)
		clipped += average->clipped[i];
	if (!clipped)
		return 0;
	if (clipped >= active)
		return psx_error_set(&dev->error, ERANGE,
				     "dark current is beyond the offset DAC: shorten the exposure");
	psx_bank_outputs(bank, &width, &height);
	mask = psx_mask_new(width, height);
	if (!mask)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	for (i = 0; i < average->outputs; i++)
		mask->bad[i] = average->clipped[i] || (bank->defects && bank->defects->bad[i]);
	psx_mask_unref(bank->mask);
	bank->mask = mask;
	return 0;
}

/* What is beyond a dark map's range is the offset DAC's; beyond both it is as good as clipped */
static int set_dark(struct psx_device *dev, struct psx_bank *bank, unsigned int pga,
		    struct psx_average *average)
{
	const double step = PSX_ADC_STEPS * PSX_OFFSET_LEVELS * pga;
	size_t i;

	bank->dark = malloc(average->outputs * sizeof(*bank->dark));
	if (!bank->dark)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	for (i = 0; i < average->outputs; i++) {
		double eighths = average->codes[i] * PSX_DARK_STEPS;

		if (fabs(eighths) > INT16_MAX) {
			const int16_t offset = to_code(bank->offset[i] + average->codes[i] / step);

			eighths -= (offset - bank->offset[i]) * step * PSX_DARK_STEPS;
			bank->offset[i] = offset;
		}
		bank->dark[i] = to_code(eighths);
		average->clipped[i] |= fabs(eighths) > INT16_MAX;
	}
	return mask_clipped(dev, bank, average);
}

int psx_zero_measure(struct psx_device *dev, const struct psx_settings *s,
		     struct psx_bank *const *banks, size_t count, unsigned int frames,
		     struct psx_task *task)
{
	const uint64_t least = dev->transport->info.min_exposure_ns;
	uint64_t shorter = s->exposure_ns / SHORTER > least ? s->exposure_ns / SHORTER : least;
	const struct {
		uint64_t exposure_ns;
		unsigned int pga, frames;
	} steps[] = { { shorter, 1, 1 }, { s->exposure_ns, 1, 1 }, { s->exposure_ns, s->pga, frames } };
	struct psx_average *averages = calloc(count, sizeof(*averages));
	int failed = 0;
	unsigned int step;
	size_t i;

	if (!(dev->transport->info.caps & PSX_CAP_OFFSET)) {
		free(averages);
		return 0;
	}
	if (!averages)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	for (i = 0; !failed && i < count; i++)
		failed = clear(dev, banks[i]);
	for (step = 0; !failed && step < 3; step++) {
		failed = psx_average_take(dev, banks, count, steps[step].exposure_ns,
					  steps[step].pga, steps[step].frames, task, averages);
		for (i = 0; !failed && i < count; i++) {
			if (step < 2)
				set_offset(banks[i], &averages[i],
					   (double)s->exposure_ns / (double)steps[step].exposure_ns);
			else
				failed = set_dark(dev, banks[i], s->pga, &averages[i]);
		}
		psx_average_free(averages, count);
	}
	free(averages);
	return failed;
}

static int zero(struct psx_device *dev, const struct psx_settings *s,
		struct psx_bank *const *banks, size_t count, unsigned int frames)
{
	struct psx_task task = { 0 };
	struct psx_bench bench = { 0 };
	int failed = psx_bench_begin(dev, &bench) || psx_device_light(dev, PSX_SHUTTER_CLOSED) ||
		     psx_zero_measure(dev, s, banks, count, frames ? frames : DEFAULT_FRAMES, &task);

	if (!failed && !(dev->transport->info.caps & PSX_CAP_SHUTTER))
		failed = psx_device_light(dev, PSX_SHUTTER_OPEN);
	psx_bench_end(dev, &bench);
	return failed ? -1 : 0;
}

int psx_device_zero(struct psx_device *dev, const struct psx_settings *s,
		    struct psx_bank *const *banks, size_t count, unsigned int frames,
		    uint32_t *cfg_id)
{
	struct psx_settings settings;

	if (!s)
		s = &psx_default_settings;
	if (psx_load_check(dev, s, banks, count,
			   dev->transport->info.caps & PSX_CAP_OFFSET))
		return -1;
	settings = psx_load_settings(s, banks, count);
	if ((dev->transport->info.caps & PSX_CAP_OFFSET) &&
	    zero(dev, &settings, banks, count, frames))
		return -1;
	return psx_load_instead(dev, &settings, banks, count, cfg_id);
}
