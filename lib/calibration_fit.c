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

	*curve = (struct psx_hecht_points){ .count = 0 };
	for (i = forward * half; i < (forward + 1u) * half; i++) {
		double weight = sign * points->levels[i * cal->count + place] / points->beam;

		if (isnan(weight))
			continue;
		curve->volts[curve->count] = fabs(points->volts[i]);
		curve->weight[curve->count++] = weight;
	}
}

struct job {
	struct psx_calibration *cal;
	const struct psx_points *points;
	bool forward;
};

/* A curve that can't be found has the residual infinity */
static void fit_curve(const struct job *job, size_t place)
{
	const struct psx_carrier *nominal = &psx_carriers[job->forward];
	struct psx_curve *curve = &job->cal->curves[job->forward][place];
	struct psx_hecht_points measured;
	struct psx_hecht_found found;

	gather(job->cal, job->points, place, job->forward, &measured);
	curve->residual = INFINITY;
	if (psx_hecht_fit(nominal, &measured, &found))
		return;
	curve->gain = (float)found.p[0];
	curve->mu_tau = (float)(found.p[1] * nominal->mu_tau);
	curve->surface = (float)(found.p[2] * nominal->surface);
	curve->residual = (float)found.residual;
}

static void fit_part(size_t first, size_t end, void *arg)
{
	const struct job *job = arg;
	size_t place;

	for (place = first; place < end; place++)
		if (psx_calibration_sees(job->cal, place))
			fit_curve(job, place);
}

void psx_calibration_fit(struct psx_calibration *cal, const struct psx_points *points)
{
	int sign;

	for (sign = 0; sign < 2; sign++) {
		struct job job = { .cal = cal, .points = points, .forward = sign };

		psx_parallel(cal->count, fit_part, &job);
	}
}
