// SPDX-License-Identifier: MIT
/*
 * One end of a range. What is missing of a signal, over what is seen, and noise over signal
 * go with powers of the rate, so such a power is fitted to the points about the end: no
 * single one decides.
 */
#include "range.h"

#include <math.h>

#define DOUBT	   3.0 /* a point is out by so many of its errors */
#define ABOUT	   M_LN2 /* of the end: where the badness is half to twice the limit */
#define FORM	   0.02 /* the power law's own error */
#define MOST_POWER 50.0
#define LEAST_PART 0.05
#define MOST_STEPS 12
#define MOST_STEP  0.5

bool psx_range_is_out(const struct psx_badness *bad)
{
	return !(bad->value - 1 <= DOUBT * bad->error);
}

static double x_of(const struct psx_dose_point *p)
{
	return log(p->rate);
}

/* By the point that is out and one that is half as bad, or the first */
static struct psx_power guess(const struct psx_dose_point *points, const struct psx_badness *bad,
			  size_t begin, size_t out, int way)
{
	const double most = bad[out].value;
	size_t in = out;
	struct psx_power p;

	do {
		in -= (size_t)way;
	} while (in != begin && bad[in].value > most / 2);
	p.power = log(most / fmax(bad[in].value, LEAST_PART * most)) /
		  (x_of(&points[out]) - x_of(&points[in]));
	p.power = copysign(fmin(fmax(fabs(p.power), 1 / MOST_POWER), MOST_POWER), way);
	p.end = x_of(&points[out]) - log(most) / p.power;
	return p;
}

/* Newton's step of the least squares over points about the end, and the two beside it */
static struct psx_power step_of(const struct psx_dose_point *points, const struct psx_badness *bad,
			    size_t count, size_t out, int way, const struct psx_power *about,
			    const struct psx_power *p)
{
	double ee = 0, ep = 0, pp = 0, e = 0, q = 0, det;
	size_t i;

	for (i = 0; i < count; i++) {
		const double x = x_of(&points[i]);
		double f, by_end, by_power, weight;

		if (!isfinite(bad[i].value) ||
		    (fabs(about->power * (x - about->end)) > ABOUT && i != out &&
		     i != out - (size_t)way))
			continue;
		f = exp(p->power * (x - p->end));
		by_end = -p->power * f;
		by_power = (x - p->end) * f;
		weight = 1 / (bad[i].error * bad[i].error + FORM * FORM * f * f);
		ee += weight * by_end * by_end;
		ep += weight * by_end * by_power;
		pp += weight * by_power * by_power;
		e += weight * by_end * (bad[i].value - f);
		q += weight * by_power * (bad[i].value - f);
	}
	det = ee * pp - ep * ep;
	return (struct psx_power){ (e * pp - q * ep) / det, (q * ee - e * ep) / det };
}

static struct psx_power fit(const struct psx_dose_point *points, const struct psx_badness *bad,
			    size_t count, size_t begin, size_t out, int way)
{
	const struct psx_power about = guess(points, bad, begin, out, way);
	const double far = x_of(&points[out]), near = x_of(&points[begin]);
	struct psx_power p = about, step;
	int i;

	for (i = 0; i < MOST_STEPS; i++) {
		step = step_of(points, bad, count, out, way, &about, &p);
		if (!isfinite(step.end) || !isfinite(step.power))
			break;
		p.end += fmax(fmin(step.end, MOST_STEP), -MOST_STEP);
		p.power += fmax(fmin(step.power, MOST_STEP * fabs(p.power)),
				-MOST_STEP * fabs(p.power));
	}
	p.end = fmin(fmax(p.end, fmin(near, far)), fmax(near, far));
	return p;
}

bool psx_range_end(const struct psx_dose_point *points, const struct psx_badness *bad, size_t count,
		   size_t begin, int way, struct psx_power *end)
{
	size_t out = begin;

	/* Downwards it ends beyond SIZE_MAX */
	while (out < count && !psx_range_is_out(&bad[out]))
		out += (size_t)way;
	if (out >= count)
		return false;
	if (isfinite(bad[out].value))
		*end = fit(points, bad, count, begin, out, way);
	else /* nothing is known of it but that */
		*end = (struct psx_power){ x_of(&points[out - (size_t)way]), way * MOST_POWER };
	return true;
}
