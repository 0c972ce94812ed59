// SPDX-License-Identifier: MIT
/*
 * The flat-field null. A curve is right to some 1e-3 of its weight, and a flat
 * scene adds the errors of a cell up. What the open beam shows of them is taken
 * off its weights, in the proportion in which they are likely to be wrong: their
 * variance, which goes with the square of the weight.
 */
#include "calibration.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS	    3
#define GOOD_ENOUGH 3e-5 /* rms, relative to the largest weight */
#define HELPED	    0.5  /* of the residual of the round before */

/* The null of this kernel, a new one without corrections where there is none */
static struct psx_null *take_null(struct psx_calibration *cal, const struct psx_kernel *kernel,
				  enum psx_mode mode, struct psx_error *err)
{
	struct psx_null *null = (struct psx_null *)psx_calibration_find_null(cal, kernel, mode);
	const struct psx_axis x = psx_axis_x(&cal->info.geometry);
	const struct psx_axis y = psx_axis_y(&cal->info.geometry);
	struct psx_null *nulls;

	if (null)
		return null;
	nulls = realloc(cal->nulls, (cal->info.nulls + 1) * sizeof(*nulls));
	if (!nulls)
		return psx_error_null(err, ENOMEM, "out of memory");
	cal->nulls = nulls;
	null = &nulls[cal->info.nulls];
	*null = (struct psx_null){ .k = kernel->k, .mode = mode };
	memcpy(null->name, kernel->name, sizeof(null->name));
	memcpy(null->weights, kernel->weights, sizeof(*kernel->weights) * kernel->k * kernel->k);
	null->outputs = (size_t)psx_axis_outputs(&x, mode, kernel->k) *
			psx_axis_outputs(&y, mode, kernel->k);
	null->corrections = calloc(null->outputs, sizeof(*null->corrections));
	if (!null->corrections)
		return psx_error_null(err, ENOMEM, "out of memory");
	cal->info.nulls++;
	return null;
}

struct nulling {
	struct psx_calibration *cal;
	struct psx_device *dev;
	const struct psx_kernel *kernel;
	enum psx_mode mode;
	uint64_t exposure_ns;
	unsigned int frames, pga;
	struct psx_task task;
	double beam;
	float *map;
	struct psx_residual before, after;
};

/* One round: make the bank, measure it; *largest is that of its weights */
static int look(struct nulling *n, double *largest)
{
	struct psx_bank *bank =
		psx_calibration_make_bank(n->cal, n->kernel, n->mode, &n->dev->error);
	int failed = !bank;

	if (bank && !(bank->largest > 0))
		failed = psx_error_set(&n->dev->error, EINVAL,
				       "%s weighs nothing on this sensor: it can't be nulled",
				       n->kernel->name);
	failed = failed || psx_residual_measure(n->dev, bank, n->beam, n->exposure_ns, n->frames,
						&n->pga, &n->task, n->map, &n->after);

	if (bank)
		*largest = bank->largest;
	psx_bank_free(bank);
	return failed ? -1 : 0;
}

static int iterate(struct nulling *n, struct psx_null *null)
{
	double largest = 0, last = INFINITY;
	unsigned int round;
	size_t i;

	if (psx_residual_beam(n->dev, n->exposure_ns, &n->task, &n->beam))
		return -1;
	for (round = 0;; round++) {
		if (look(n, &largest))
			return -1;
		if (!round)
			n->before = n->after;
		if (round && (round + 1 == ROUNDS || n->after.rms < GOOD_ENOUGH ||
			      n->after.rms > HELPED * last))
			return 0;
		last = n->after.rms;
		for (i = 0; i < null->outputs; i++)
			if (!isnan(n->map[i]))
				null->corrections[i] -= (float)(n->map[i] * largest);
	}
}

/* As it was: with the corrections that it had, or without this null */
static void restore(struct psx_calibration *cal, struct psx_null *null, bool had,
		    const float *corrections)
{
	if (had && corrections)
		memcpy(null->corrections, corrections, null->outputs * sizeof(*corrections));
	if (had)
		return;
	free(null->corrections);
	cal->info.nulls--;
}

static int null_kernel(struct nulling *n)
{
	size_t nulls = n->cal->info.nulls;
	struct psx_null *null = take_null(n->cal, n->kernel, n->mode, &n->dev->error);
	struct psx_bench bench = { 0 };
	float *corrections;
	int failed;

	if (!null)
		return -1;
	corrections = malloc(null->outputs * sizeof(*corrections));
	n->map = malloc(null->outputs * sizeof(*n->map));
	if (corrections)
		memcpy(corrections, null->corrections, null->outputs * sizeof(*corrections));
	failed = !corrections || !n->map ? psx_error_set(&n->dev->error, ENOMEM, "out of memory") :
					   psx_bench_begin(n->dev, &bench) || iterate(n, null);
	psx_bench_end(n->dev, &bench);
	if (failed)
		restore(n->cal, null, n->cal->info.nulls == nulls, corrections);
	free(corrections);
	free(n->map);
	return failed ? -1 : 0;
}

int psx_calibration_null(struct psx_calibration *cal, struct psx_device *dev,
			 const struct psx_kernel *kernel, enum psx_mode mode, unsigned int frames,
			 const struct psx_calibration_options *options,
			 struct psx_residual *before, struct psx_residual *after,
			 struct psx_error *err)
{
	const struct psx_calibration_options none = { 0 };
	struct nulling n = { .cal = cal, .dev = dev, .kernel = kernel, .mode = mode };

	if (!options)
		options = &none;
	if (!kernel)
		return psx_error_set(err, EINVAL, "no kernel to null");
	if (psx_calibration_check(cal, &dev->transport->info, err) ||
	    psx_geometry_check(&cal->info.geometry, mode, kernel->k, err))
		return -1;
	n.frames = frames ? frames : PSX_RESIDUAL_FRAMES;
	n.exposure_ns = options->exposure_ns ? options->exposure_ns : psx_default_settings.exposure_ns;
	n.task = psx_residual_task(options, n.frames, 2);
	if (null_kernel(&n))
		return psx_error_set(err, dev->error.code, "%s", dev->error.message);
	if (before)
		*before = n.before;
	if (after)
		*after = n.after;
	return 0;
}
