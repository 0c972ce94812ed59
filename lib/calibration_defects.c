// SPDX-License-Identifier: MIT
/* Which sub-pixels are no use, and what the others have in common. */
#include "calibration.h"
#include "error.h"
#include "median.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST_POINTS   5
#define LEAST_CHANGE   0.1  /* of weight, from the lowest bias to the highest; nominal: 2.1 */
#define LEAST_RESPONSE 0.02 /* of a constant one that is there at all */
#define WORST_FIT      0.02
#define HOT_TIMES      10   /* the dark current of the median sub-pixel */
#define WEAK	       0.5  /* of the weight that the median sub-pixel reaches */
/* Short of the rails, so that corrections have room */
#define REACH_VOLTS    99.5

/* Whether the response stays as it is, whatever the bias; then *weight is it */
static bool is_constant(const struct psx_calibration *cal, const struct psx_points *points,
			size_t place, double *weight)
{
	double least = INFINITY, most = -INFINITY, sum = 0;
	unsigned int count = 0, i;

	for (i = 0; i < points->count; i++) {
		double level = points->levels[i * cal->count + place] / points->beam;

		if (isnan(level))
			continue;
		least = fmin(least, level);
		most = fmax(most, level);
		sum += level;
		count++;
	}
	*weight = count ? sum / count : 0;
	return count >= LEAST_POINTS && most - least < LEAST_CHANGE;
}

/* No curve at all, either sign */
static void clear_curves(struct psx_calibration *cal, size_t place)
{
	int sign;

	for (sign = 0; sign < 2; sign++) {
		struct psx_curve *curve = &cal->curves[sign][place];

		curve->gain = 0;
		curve->residual = 0;
		curve->mu_tau = (float)psx_carriers[sign].mu_tau;
		curve->surface = (float)psx_carriers[sign].surface;
	}
}

/* A stuck sub-pixel's gain is the weight that it keeps, in the curve of its sign */
static enum psx_defect constant_defect(struct psx_calibration *cal, const struct psx_points *points,
				       size_t place, double weight)
{
	clear_curves(cal, place);
	if (fabs(weight) < LEAST_RESPONSE)
		return points->unfollowed[place] ? PSX_STUCK : PSX_DEAD;
	cal->curves[weight > 0][place].gain = (float)fabs(weight);
	return PSX_STUCK;
}

static double reach(const struct psx_calibration *cal, size_t place)
{
	return fmin(psx_curve_weight(&cal->curves[1][place], true, REACH_VOLTS),
		    -psx_curve_weight(&cal->curves[0][place], false, REACH_VOLTS));
}

static enum psx_defect judge(struct psx_calibration *cal, const struct psx_points *points,
			     size_t place, const double dark[2])
{
	const struct psx_curve *reverse = &cal->curves[0][place], *forward = &cal->curves[1][place];
	enum psx_defect defect = PSX_GOOD;
	double weight;

	if (is_constant(cal, points, place, &weight))
		return constant_defect(cal, points, place, weight);
	if (reverse->dark > HOT_TIMES * dark[0] || forward->dark > HOT_TIMES * dark[1] ||
	    isinf(reverse->residual) || isinf(forward->residual))
		defect = PSX_HOT;
	else if (reverse->residual > WORST_FIT || forward->residual > WORST_FIT)
		defect = PSX_STUCK;
	if (defect)
		clear_curves(cal, place);
	return defect;
}

static void judge_reach(struct psx_calibration *cal, float *values)
{
	size_t count = 0, place;
	double usual;

	for (place = 0; place < cal->count; place++)
		if (psx_calibration_sees(cal, place) && !cal->defects[place])
			values[count++] = (float)reach(cal, place);
	usual = psx_median(values, count);
	for (place = 0; place < cal->count; place++) {
		double weight;

		if (!psx_calibration_sees(cal, place) || cal->defects[place])
			continue;
		weight = reach(cal, place);
		if (weight < WEAK * usual)
			cal->defects[place] = PSX_WEAK;
		else
			cal->info.headroom = fmin(cal->info.headroom, weight);
	}
}

/* Counts of defects, residuals of the good ones; returns how many these are */
static size_t sum_up(struct psx_calibration *cal)
{
	struct psx_calibration_info *info = &cal->info;
	uint32_t *counts[] = { NULL, &info->dead, &info->hot, &info->stuck, &info->weak };
	size_t curves = 0, place;
	double squares = 0;
	int sign;

	for (place = 0; place < cal->count; place++) {
		if (cal->defects[place])
			++*counts[cal->defects[place]];
		if (cal->defects[place] || !psx_calibration_sees(cal, place))
			continue;
		for (sign = 0; sign < 2; sign++) {
			double residual = cal->curves[sign][place].residual;

			squares += residual * residual;
			info->fit_max = fmax(info->fit_max, residual);
			curves++;
		}
	}
	info->fit_rms = curves ? sqrt(squares / (double)curves) : 0;
	return curves / 2;
}

int psx_calibration_judge(struct psx_calibration *cal, const struct psx_points *points,
			  struct psx_error *err)
{
	float *values = malloc(cal->count * sizeof(*values));
	double dark[2];
	size_t place, count;
	int sign;

	if (!values)
		return psx_error_set(err, ENOMEM, "out of memory");
	for (sign = 0; sign < 2; sign++) {
		for (place = count = 0; place < cal->count; place++)
			if (psx_calibration_sees(cal, place))
				values[count++] = cal->curves[sign][place].dark;
		dark[sign] = fmax(psx_median(values, count), 0);
		if (dark[sign] == 0) /* no dark current, so nothing is hot */
			dark[sign] = INFINITY;
	}
	for (place = 0; place < cal->count; place++)
		if (psx_calibration_sees(cal, place))
			cal->defects[place] = (uint8_t)judge(cal, points, place, dark);
	judge_reach(cal, values);
	free(values);
	if (!sum_up(cal))
		return psx_error_set(err, ENODATA, "no good sub-pixel: %u are dead, %u hot, %u stuck",
				     cal->info.dead, cal->info.hot, cal->info.stuck);
	return 0;
}
