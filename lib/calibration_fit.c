// SPDX-License-Identifier: MIT
/*
 * The curve of every sub-pixel: gain, mu-tau and s/mu of the Hecht equation, for
 * each sign by itself, by least squares (Levenberg and Marquardt, MINPACK's
 * lmder). Parameters are relative to the nominal ones, so that all are near 1.
 */
#include "calibration.h"
#include "error.h"
#include "parallel.h"

#include <cminpack.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>

#define PARAMETERS    3
#define MOST_POINTS   64
#define LEAST_POINTS  5
#define TOLERANCE     1e-10
#define MOST_CALLS    60
/* Noise of a response grows with it, but for a part that doesn't */
#define CONSTANT_PART 0.02

/* One curve and its points */
struct fitting {
	const struct psx_carrier *nominal;
	unsigned int count;
	double volts[MOST_POINTS], weight[MOST_POINTS], importance[MOST_POINTS];
	double unit;
};

/* MINPACK's: residuals at iflag 1, their derivatives (by columns) at 2 */
static int evaluate(void *arg, int m, int n, const double *p, double *residuals, double *jacobian,
		    int stride, int iflag)
{
	const struct fitting *fit = arg;
	const struct psx_carrier carrier = { fit->nominal->mu_tau * p[1],
					     fit->nominal->surface * p[2] };
	int i;

	(void)n;
	/* outside the parameters that mean something lmder turns back */
	if (iflag == 1 && !(p[1] > 0 && p[2] >= 0)) {
		for (i = 0; i < m; i++)
			residuals[i] = 1e3;
		return 0;
	}
	for (i = 0; i < m; i++) {
		struct psx_slopes slopes;
		double response = psx_hecht_response(&carrier, fit->volts[i], &slopes) / fit->unit;
		double importance = fit->importance[i];

		if (iflag == 1) {
			residuals[i] = importance * (p[0] * response - fit->weight[i]);
			continue;
		}
		importance /= fit->unit;
		jacobian[i] = importance * response * fit->unit;
		jacobian[i + stride] = importance * p[0] * slopes.mu_tau * fit->nominal->mu_tau;
		jacobian[i + 2 * stride] = importance * p[0] * slopes.surface * fit->nominal->surface;
	}
	return 0;
}

/* The points of one sub-pixel and sign that could be measured */
static void gather(const struct psx_calibration *cal, const struct psx_points *points, size_t place,
		   bool forward, struct fitting *fit)
{
	unsigned int half = points->count / 2, i;
	double sign = forward ? 1 : -1;

	*fit = (struct fitting){ .nominal = &psx_carriers[forward], .unit = psx_hecht_unit() };
	for (i = forward * half; i < (forward + 1u) * half; i++) {
		double weight = sign * points->levels[i * cal->count + place] / points->beam;

		if (isnan(weight))
			continue;
		fit->volts[fit->count] = fabs(points->volts[i]);
		fit->weight[fit->count] = weight;
		fit->importance[fit->count++] = 1 / sqrt(weight * weight + CONSTANT_PART);
	}
}

/* A curve that can't be found has the residual infinity */
static void fit_curve(struct fitting *fit, struct psx_curve *curve)
{
	double p[PARAMETERS] = { 1, 1, 1 }, residuals[MOST_POINTS];
	double jacobian[MOST_POINTS * PARAMETERS], squares = 0;
	double diag[PARAMETERS], qtf[PARAMETERS], wa1[PARAMETERS], wa2[PARAMETERS], wa3[PARAMETERS];
	double wa4[MOST_POINTS];
	int pivots[PARAMETERS], calls, jacobians, m = (int)fit->count, i;

	curve->residual = INFINITY;
	if (fit->count < LEAST_POINTS)
		return;
	(void)lmder(evaluate, fit, m, PARAMETERS, p, residuals, jacobian, m, TOLERANCE, TOLERANCE, 0,
		    MOST_CALLS, diag, 1, 100, 0, &calls, &jacobians, pivots, qtf, wa1, wa2, wa3, wa4);
	if (!(p[0] > 0 && p[1] > 0 && p[2] >= 0))
		return;
	(void)evaluate(fit, m, PARAMETERS, p, residuals, NULL, m, 1);
	for (i = 0; i < m; i++) {
		double error = residuals[i] / fit->importance[i];

		squares += error * error / m;
	}
	curve->gain = (float)p[0];
	curve->mu_tau = (float)(p[1] * fit->nominal->mu_tau);
	curve->surface = (float)(p[2] * fit->nominal->surface);
	curve->residual = (float)sqrt(squares);
}

struct job {
	struct psx_calibration *cal;
	const struct psx_points *points;
};

static void fit_part(size_t first, size_t end, void *arg)
{
	const struct job *job = arg;
	struct fitting fit;
	size_t place;

	for (place = first; place < end; place++) {
		if (!psx_calibration_sees(job->cal, place))
			continue;
		gather(job->cal, job->points, place, false, &fit);
		fit_curve(&fit, &job->cal->curves[0][place]);
		gather(job->cal, job->points, place, true, &fit);
		fit_curve(&fit, &job->cal->curves[1][place]);
	}
}

void psx_calibration_fit(struct psx_calibration *cal, const struct psx_points *points)
{
	struct job job = { cal, points };

	psx_parallel(cal->count, fit_part, &job);
}
