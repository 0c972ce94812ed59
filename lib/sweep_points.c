// SPDX-License-Identifier: MIT
/* A sweep's points, and what both signs have of each other. */
#include "sweep.h"

#include <errno.h>
#include <math.h>

/* A level a second in nA/cm2: 494 uGy/s times 360.5 uC/Gy/cm2, over 4095 */
#define NA_CM2 (PSX_NOMINAL_RATE * 1e-6 * PSX_S0 * 1e3 / PSX_NOMINAL_LEVEL)

/* Of the mean parameters, without sign; the surface takes nothing where it is left out */
static double fitted(const struct psx_sweep_fit *fit, double volts, bool with_surface)
{
	const struct psx_carrier carrier = { fit->mu_tau.value,
					     with_surface ? fit->surface.value : 0 };
	struct psx_slopes slopes;

	return fit->s0.value * psx_hecht_response(&carrier, fabs(volts), &slopes);
}

int psx_sweep_get_point(const struct psx_sweep *sweep, size_t index, struct psx_sweep_point *point)
{
	const double unit = PSX_S0 * psx_hecht_unit();
	const bool forward = index >= sweep->points / 2, fits = sweep->fits[forward].used;
	double sum = 0, squares = 0, mean = (double)NAN;
	size_t used = 0, i;

	if (index >= sweep->points) {
		errno = ERANGE;
		return -1;
	}
	for (i = 0; i < sweep->count; i++) {
		const double level = sweep->levels[index * sweep->count + i];

		if (isnan(level) || (fits && !sweep->used[forward][i]))
			continue;
		sum += level;
		used++;
	}
	if (used)
		mean = sum / (double)used;
	for (i = 0; i < sweep->count; i++) {
		const double level = sweep->levels[index * sweep->count + i];

		if (!isnan(level) && (!fits || sweep->used[forward][i]))
			squares += (level - mean) * (level - mean);
	}
	*point = (struct psx_sweep_point){
		.volts = sweep->volts[index],
		.dark_na_cm2 = sweep->dark[index] * NA_CM2 * psx_hecht_unit(),
		.photo_na_cm2 = mean / sweep->seconds * NA_CM2 * psx_hecht_unit(),
		.sensitivity = mean * sweep->weight * unit,
		.spread = used > 1 ? sqrt(squares / (double)(used - 1)) * sweep->weight * unit : 0,
		.fitted = fits ? copysign(fitted(&sweep->fits[forward], sweep->volts[index], true),
					  sweep->volts[index]) : (double)NAN,
	};
	return 0;
}

void psx_sweep_get_balance(const struct psx_sweep *sweep, struct psx_balance *balance)
{
	const struct psx_sweep_fit *reverse = &sweep->fits[0];
	const struct psx_carrier carrier = { reverse->mu_tau.value, reverse->surface.value };
	struct psx_sweep_point point = { 0 };
	struct psx_slopes slopes;
	int sign;

	for (sign = 0; sign < 2; sign++) {
		(void)psx_sweep_get_point(sweep, sign ? sweep->points - 1 : 0, &point);
		balance->measured[sign] = fabs(point.sensitivity);
		if (isnan(balance->measured[sign]))
			balance->measured[sign] = fitted(&sweep->fits[sign], PSX_MOST_VOLTS, true);
		balance->intrinsic[sign] = fitted(&sweep->fits[sign], PSX_MOST_VOLTS, false);
	}
	balance->ratio = balance->measured[0] / balance->measured[1];
	balance->volts = -psx_hecht_volts(&carrier,
					  fitted(&sweep->fits[1], PSX_UNIT_VOLTS, true) /
						  reverse->s0.value,
					  PSX_UNIT_VOLTS, PSX_MOST_VOLTS, &slopes);
	if (isinf(balance->volts))
		balance->volts = (double)NAN;
}
