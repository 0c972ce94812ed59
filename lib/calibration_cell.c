// SPDX-License-Identifier: MIT
/* Weights of one cell to codes, through each of its sub-pixels' own curve. */
#include "calibration.h"

#include <math.h>
#include <string.h>

#define NEGLIGIBLE 1e-4 /* of weight */
#define LSB_VOLTS  (PSX_MOST_VOLTS / PSX_CODE_MAX)

/* Weight from one code to the next, near `weight` on a nominal sub-pixel */
static double step_at(double weight, double volts)
{
	return fabs(weight - psx_sensor_weight(weight < 0 ? LSB_VOLTS - volts : volts - LSB_VOLTS));
}

void psx_cell_plan(const struct psx_kernel *kernel, struct psx_way x, struct psx_way y,
		   double shrink, struct psx_cell_plan *plan)
{
	const unsigned int k = kernel->k, radius = k / 2;
	double steps[PSX_MAX_TAPS], squares = 0;
	unsigned int i, j;

	memset(plan, 0, sizeof(*plan));
	plan->k = k;
	plan->unit = psx_hecht_unit();
	psx_fold(kernel, x, y, shrink, plan->target);
	for (i = 0; i < k * k; i++) {
		plan->there[i] = i % k + x.before >= radius && i % k <= radius + x.after &&
				 i / k + y.before >= radius && i / k <= radius + y.after;
		squares += plan->target[i] * plan->target[i];
	}
	for (i = 0; i < k * k; i++) {
		const double target = plan->target[i];

		if (target == 0)
			continue;
		plan->guess[i] = fabs(psx_sensor_volts(target));
		plan->share[i] = target * target / squares;
		steps[i] = step_at(target, plan->guess[i]);
		for (j = plan->count++; j && steps[plan->tap[j - 1]] < steps[i]; j--)
			plan->tap[j] = plan->tap[j - 1];
		plan->tap[j] = (uint8_t)i;
	}
}

/* What a sub-pixel weighs at the bias nearest to one of weight `target`, and its
 * code; NAN for one that has no curve */
static double realise(const struct psx_curve *curve, double target, double guess, double full,
		      int16_t *code)
{
	const struct psx_carrier carrier = { curve->mu_tau, curve->surface };
	const bool forward = target > 0;
	const double unit = full / curve->gain;
	struct psx_slopes slopes;
	double volts = psx_hecht_volts(&carrier, fabs(target) * unit, guess, PSX_MOST_VOLTS, &slopes);
	double steps, weight;

	if (isinf(volts)) {
		steps = PSX_CODE_MAX;
		weight = fabs(psx_curve_weight(curve, forward, PSX_MOST_VOLTS));
	} else {
		steps = fmin(round(volts / LSB_VOLTS), PSX_CODE_MAX);
		weight = fabs(target) + (steps * LSB_VOLTS - volts) * slopes.volts / unit;
	}
	*code = (int16_t)(forward ? steps : -steps);
	return forward ? weight : -weight;
}

/* The weight that a defective sub-pixel has when another is wanted */
static double lost_weight(const struct psx_calibration *cal, size_t place, double target)
{
	const struct psx_curve *reverse = &cal->curves[0][place], *forward = &cal->curves[1][place];
	double most;

	switch (cal->defects[place]) {
	case PSX_STUCK:
		return (double)forward->gain - reverse->gain;
	case PSX_WEAK:
		most = target > 0 ? psx_curve_weight(forward, true, PSX_MOST_VOLTS) :
				    psx_curve_weight(reverse, false, PSX_MOST_VOLTS);
		return fabs(target) < fabs(most) ? target : most;
	default:
		return 0;
	}
}

/* Let the others of the cell stand in for its defective sub-pixels */
static bool mend(const struct psx_calibration *cal, const struct psx_cell_plan *plan,
		 ptrdiff_t corner, double *targets, bool *good)
{
	const unsigned int k = plan->k, count = k * k;
	const size_t width = cal->info.geometry.width;
	double lack[PSX_MAX_TAPS] = { 0 };
	unsigned int tap;

	for (tap = 0; tap < count; tap++) {
		if (!plan->there[tap])
			continue;
		lack[tap] = targets[tap] -
			    lost_weight(cal, (size_t)corner + tap / k * width + tap % k,
					targets[tap]);
		good[tap] = !cal->defects[(size_t)corner + tap / k * width + tap % k] ||
			    fabs(lack[tap]) < NEGLIGIBLE;
	}
	for (tap = 0; tap < count; tap++) {
		if (!plan->there[tap] || good[tap])
			continue;
		if (!psx_cell_stand_in(targets, k, tap, lack[tap], good, cal->info.headroom))
			return false;
		targets[tap] -= lack[tap];
	}
	return true;
}

static bool has_defects(const struct psx_calibration *cal, const struct psx_cell_plan *plan,
			ptrdiff_t corner)
{
	const size_t width = cal->info.geometry.width;
	unsigned int tap;

	for (tap = 0; tap < plan->k * plan->k; tap++)
		if (plan->there[tap] &&
		    cal->defects[(size_t)corner + tap / plan->k * width + tap % plan->k])
			return true;
	return false;
}

bool psx_cell_codes(const struct psx_calibration *cal, const struct psx_cell_plan *plan,
		    ptrdiff_t corner, double correction, int16_t *codes, double *residual)
{
	const size_t width = cal->info.geometry.width;
	double targets[PSX_MAX_TAPS], sum = 0;
	unsigned int k = plan->k, i;
	bool good[PSX_MAX_TAPS] = { false };

	memset(codes, 0, sizeof(*codes) * k * k);
	for (i = 0; i < k * k; i++)
		targets[i] = plan->target[i] + correction * plan->share[i];
	if (has_defects(cal, plan, corner) && !mend(cal, plan, corner, targets, good))
		return false;
	for (i = 0; i < plan->count; i++) {
		const unsigned int tap = plan->tap[i];
		const size_t place = (size_t)corner + tap / k * width + tap % k;
		const double target = targets[tap] - sum;

		if (cal->defects[place] && cal->defects[place] != PSX_WEAK)
			continue;
		sum += realise(&cal->curves[target > 0][place], target, plan->guess[tap], plan->unit,
			       &codes[tap]) - targets[tap];
	}
	*residual = sum;
	return true;
}
