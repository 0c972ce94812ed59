// SPDX-License-Identifier: MIT
/* What a bank leaves of the open beam. */
#include "calibration.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BEAM_FRAMES  4
#define DARK_PART    4 /* a dark frame for so many of the beam */
#define LEAST_DARK   4
#define MARGIN	     1.5
/* What zeroing leaves, and noise */
#define MARGIN_LEVELS 8

static double largest_level(const struct psx_bank *bank, const struct psx_average *average)
{
	double largest = 0;
	size_t i;

	for (i = 0; i < average->outputs; i++)
		if (!bank->mask || !bank->mask->bad[i])
			largest = fmax(largest, fabs((double)average->codes[i]));
	return largest / PSX_ADC_STEPS;
}

/* The beam, zeroed, at this gain */
static int expose(struct psx_device *dev, struct psx_bank *bank, uint64_t exposure_ns,
		  unsigned int pga, unsigned int frames, struct psx_task *task,
		  struct psx_average *average)
{
	const unsigned int dark = frames / DARK_PART > LEAST_DARK ? frames / DARK_PART : LEAST_DARK;
	struct psx_settings s = psx_default_settings;

	s.exposure_ns = exposure_ns;
	s.pga = pga;
	return psx_device_light(dev, PSX_SHUTTER_CLOSED) ||
	       psx_zero_measure(dev, &s, &bank, 1, dark, task) ||
	       psx_device_light(dev, PSX_SHUTTER_BEAM) ||
	       psx_average_take(dev, &bank, 1, exposure_ns, pga, frames, task, average);
}

static void note(const struct psx_bank *bank, const struct psx_average *average, double levels,
		 float *map, struct psx_residual *residual)
{
	double squares = 0;
	uint32_t width, height;
	size_t i;

	psx_bank_outputs(bank, &width, &height);
	*residual = (struct psx_residual){ 0 };
	for (i = 0; i < average->outputs; i++) {
		const struct psx_axis x = psx_axis_x(&bank->geometry);
		const struct psx_axis y = psx_axis_y(&bank->geometry);
		uint32_t cx, cy;
		double off = (average->codes[i] / levels - bank->sum) / bank->largest;

		map[i] = (float)NAN;
		if ((bank->mask && bank->mask->bad[i]) || average->clipped[i] ||
		    !psx_axis_centre(&x, bank->mode, bank->k, (uint32_t)(i % width), &cx) ||
		    !psx_axis_centre(&y, bank->mode, bank->k, (uint32_t)(i / width), &cy))
			continue;
		map[i] = (float)off;
		squares += off * off;
		residual->outputs++;
		if (fabs(off) > residual->max) {
			residual->max = fabs(off);
			residual->worst_x = (uint32_t)(i % width);
			residual->worst_y = (uint32_t)(i / width);
		}
	}
	if (residual->outputs)
		residual->rms = sqrt(squares / (double)residual->outputs);
}

int psx_residual_measure(struct psx_device *dev, const struct psx_bank *bank, double beam,
			 uint64_t exposure_ns, unsigned int frames, unsigned int *pga,
			 struct psx_task *task, float *map, struct psx_residual *residual)
{
	struct psx_bank copy = *bank;
	struct psx_average average = { 0 };
	int failed = 0;

	copy.offset = copy.dark = NULL;
	copy.mask = psx_mask_ref(bank->defects);
	if (!*pga) {
		failed = expose(dev, &copy, exposure_ns, 1, 1, task, &average);
		if (!failed)
			*pga = psx_pga_for(MARGIN * largest_level(&copy, &average) + MARGIN_LEVELS);
		psx_average_free(&average, 1);
	}
	failed = failed || expose(dev, &copy, exposure_ns, *pga, frames, task, &average);
	if (!failed)
		note(&copy, &average, beam * PSX_ADC_STEPS * *pga, map, residual);
	psx_average_free(&average, 1);
	free(copy.offset);
	free(copy.dark);
	psx_mask_unref(copy.mask);
	return failed ? -1 : 0;
}

struct psx_task psx_residual_task(const struct psx_calibration_options *options,
				  unsigned int frames, unsigned int rounds)
{
	const unsigned int dark = frames / DARK_PART > LEAST_DARK ? frames / DARK_PART : LEAST_DARK;
	struct psx_task task = { .what = "null" };

	task.progress = options->progress;
	task.arg = options->arg;
	task.total = psx_beam_frames(BEAM_FRAMES) + (2 + LEAST_DARK + 1) +
		     (uint64_t)rounds * (2 + dark + frames);
	return task;
}

int psx_residual_beam(struct psx_device *dev, uint64_t exposure_ns, struct psx_task *task,
		      double *beam)
{
	return psx_beam_measure(dev, exposure_ns, BEAM_FRAMES, task, beam);
}

int psx_calibration_measure(struct psx_device *dev, const struct psx_bank *bank,
			    unsigned int frames, const struct psx_calibration_options *options,
			    float *map, struct psx_residual *residual, struct psx_error *err)
{
	const struct psx_calibration_options none = { 0 };
	struct psx_bench bench = { 0 };
	unsigned int pga = 0;
	struct psx_task task;
	uint64_t exposure_ns;
	double beam;
	float *own = NULL;
	uint32_t width, height;
	int failed;

	if (!bank || !(bank->largest > 0))
		return psx_error_set(err, EINVAL, "a bank that weighs nothing can't be measured");
	if (!options)
		options = &none;
	frames = frames ? frames : PSX_RESIDUAL_FRAMES;
	exposure_ns = options->exposure_ns ? options->exposure_ns : psx_default_settings.exposure_ns;
	psx_bank_outputs(bank, &width, &height);
	if (!map)
		map = own = malloc((size_t)width * height * sizeof(*own));
	if (!map)
		return psx_error_set(err, ENOMEM, "out of memory");
	task = psx_residual_task(options, frames, 1);
	failed = psx_bench_begin(dev, &bench) ||
		 psx_residual_beam(dev, exposure_ns, &task, &beam) ||
		 psx_residual_measure(dev, bank, beam, exposure_ns, frames, &pga, &task, map,
				      residual);
	psx_bench_end(dev, &bench);
	free(own);
	return failed ? psx_error_set(err, dev->error.code, "%s", dev->error.message) : 0;
}
