// SPDX-License-Identifier: MIT
/*
 * From weights to DAC codes. A code each, rounded by itself, leaves a sum of
 * errors that a uniform scene turns into a false signal. Here the rounding
 * error is handed on from tap to tap, coarsest DAC step first, so that the
 * finest step absorbs most of it; then pairs of taps are moved by a code where
 * that cancels more of the sum than it adds to the taps' own errors: the null.
 */
#include "bank.h"

#include <math.h>

#define MAX_MOVES 8

struct tap {
	double target;
	double step; /* weight from one code to the next, there */
	unsigned int place;
	int code;
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

/* Weight gained by moving a tap by -1, 0 or 1 code; infinite where that is off
 * the scale, or more than 1.5 steps off the target */
static double gain_of(const struct tap *tap, int move)
{
	int code = tap->code + move;

	if (!move)
		return 0;
	if (code > PSX_CODE_MAX || code < -PSX_CODE_MAX ||
	    fabs(weight_of(code) - tap->target) > 1.5 * tap->step)
		return (double)INFINITY;
	return weight_of(code) - weight_of(tap->code);
}

/*
 * What errors cost. The sum shows wherever there is signal, the error of one
 * tap only where the scene has contrast, here taken as a tenth of the signal;
 * a sum beyond the limit shows in flat parts of the frame, which is worse.
 */
static double cost_of(double sum, double squares, double limit)
{
	double beyond = fmax(0, fabs(sum) - limit);

	return 1e4 * beyond * beyond + 100 * sum * sum + squares;
}

/* Move the pair of taps by a code each, or one tap, that lowers the cost most.
 * errors[] are those of the taps; returns false when nothing is better. */
static bool polish(struct tap *taps, double *errors, unsigned int count, double limit, double *sum)
{
	double gains[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K][3];
	double best = cost_of(*sum, 0, limit);
	unsigned int first = 0, second = 0, i, j;
	int move_first = 0, move_second = 0, a;

	for (i = 0; i < count; i++)
		for (a = -1; a <= 1; a++)
			gains[i][a + 1] = gain_of(&taps[i], a);
	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count; j++) {
			for (a = 0; a < 9; a++) {
				double one = gains[i][a / 3], two = gains[j][a % 3];
				double more = one * (one + 2 * errors[i]) +
					      two * (two + 2 * errors[j]);

				double cost = cost_of(*sum + one + two, more, limit);

				if (cost >= best)
					continue;
				best = cost;
				first = i;
				second = j;
				move_first = a / 3 - 1;
				move_second = a % 3 - 1;
			}
		}
	}
	if (first == second)
		return false;
	taps[first].code += move_first;
	taps[second].code += move_second;
	errors[first] += gains[first][move_first + 1];
	errors[second] += gains[second][move_second + 1];
	*sum += gains[first][move_first + 1] + gains[second][move_second + 1];
	return true;
}

double psx_null_codes(const double *targets, unsigned int count, double limit, int16_t *codes,
		      double *residual)
{
	struct tap taps[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	double errors[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	unsigned int used = 0, moves = 0, i;
	double sum = 0, squares = 0;

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
		taps[i].code = nearest_code(taps[i].target - sum);
		errors[i] = weight_of(taps[i].code) - taps[i].target;
		sum += errors[i];
	}
	while (moves < MAX_MOVES && polish(taps, errors, used, limit, &sum))
		moves++;
	for (i = 0; i < used; i++) {
		codes[taps[i].place] = (int16_t)taps[i].code;
		squares += errors[i] * errors[i];
	}
	*residual = sum;
	return cost_of(sum, squares, limit);
}
