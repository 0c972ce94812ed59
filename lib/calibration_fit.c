// SPDX-License-Identifier: MIT
/* The curve of every sub-pixel, for each sign by itself. */
#include "calibration.h"
#include "parallel.h"

#include <math.h>

/* The points of one sub-pixel and sign that could be measured */
static void gather(const struct psx_calibration *cal, const struct psx_points *points, size_t place,
		   bool forward, struct psx_hecht_points *curve)
{
	unsigned int half = points->count / 2, i;
	double sign = forward ? 1 : -1;

	curve->count = 0;
	for (i = forward * half; i < (forward + 1u) * half; i++) {
		double weight = sign * points->levels[i * cal->count + place] / points->beam;

		if (isnan(weight))
			continue;
		curve->volts[curve->count] = fabs(points->volts[i]);
		curve->weight[curve->count++] = weight;
	}
}

/* A curve that can't be found has the residual infinity */
static void fit_curve(const struct psx_calibration *cal, const struct psx_points *points,
		      size_t place, bool forward)
{
	const struct psx_carrier *nominal = &psx_carriers[forward];
	struct psx_curve *curve = &cal->curves[forward][place];
	struct psx_hecht_points measured;
	struct psx_hecht_found found;

	gather(cal, points, place, forward, &measured);
	curve->residual = INFINITY;
	if (psx_hecht_fit(nominal, &measured, &found))
		return;
	curve->gain = (float)found.p[0];
	curve->mu_tau = (float)(found.p[1] * nominal->mu_tau);
	curve->surface = (float)(found.p[2] * nominal->surface);
	curve->residual = (float)found.residual;
}

struct job {
	struct psx_calibration *cal;
	const struct psx_points *points;
};

static void fit_part(size_t first, size_t end, void *arg)
{
	const struct job *job = arg;
	size_t place;

	for (place = first; place < end; place++) {
		if (!psx_calibration_sees(job->cal, place))
			continue;
		fit_curve(job->cal, job->points, place, false);
		fit_curve(job->cal, job->points, place, true);
	}
}

void psx_calibration_fit(struct psx_calibration *cal, const struct psx_points *points)
{
	struct job job = { cal, points };

	psx_parallel(cal->count, fit_part, &job);
}
