// SPDX-License-Identifier: MIT
/*
 * From weights to DAC codes. A code each, rounded by itself, leaves a sum of
 * errors that a uniform scene turns into a false signal. Here the rounding
 * error is handed on from tap to tap, coarsest DAC step first, so that the
 * finest step absorbs what is left: the null.
 */
#include "bank.h"

#include <math.h>

struct tap {
	double target;
	double step; /* weight from one code to the next, there */
	unsigned int place;
};

static double weight_of(int code)
{
	return psx_sensor_weight(psx_code_to_volts((int16_t)code));
}

/* The code whose weight is nearest */
static int nearest_code(double weight)
{
	double volts = psx_sensor_volts(weight);
	int code = isnan(volts) ? (weight < 0 ? -PSX_CODE_MAX : PSX_CODE_MAX) :
				  (int)floor(volts / psx_code_to_volts(1));

	if (code >= PSX_CODE_MAX)
		return PSX_CODE_MAX;
	if (code < -PSX_CODE_MAX)
		return -PSX_CODE_MAX;
	return weight_of(code + 1) - weight < weight - weight_of(code) ? code + 1 : code;
}

/* Coarsest first; equal ones in raster order */
static void sort_taps(struct tap *taps, unsigned int count)
{
	unsigned int i, j;

	for (i = 1; i < count; i++) {
		struct tap tap = taps[i];

		for (j = i; j && taps[j - 1].step < tap.step * (1 - 1e-9); j--)
			taps[j] = taps[j - 1];
		taps[j] = tap;
	}
}

double psx_null_codes(const double *targets, unsigned int count, int16_t *codes)
{
	struct tap taps[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	unsigned int used = 0, i;
	double error = 0;

	for (i = 0; i < count; i++) {
		int code;

		codes[i] = 0;
		if (targets[i] == 0)
			continue;
		code = nearest_code(targets[i]);
		if (code == PSX_CODE_MAX)
			code--;
		taps[used].target = targets[i];
		taps[used].step = weight_of(code + 1) - weight_of(code);
		taps[used++].place = i;
	}
	sort_taps(taps, used);
	for (i = 0; i < used; i++) {
		int code = nearest_code(taps[i].target - error);

		codes[taps[i].place] = (int16_t)code;
		error += weight_of(code) - taps[i].target;
	}
	return error;
}
