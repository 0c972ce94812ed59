// SPDX-License-Identifier: MIT
/*
 * Gain, mu-tau and s/mu of the Hecht equation from points of one curve, by least
 * squares (Levenberg and Marquardt, MINPACK's lmder). Parameters are relative to the
 * nominal ones, so that all are near 1.
 */
#include "hecht.h"

#include <cminpack.h>
#include <math.h>
#include <stddef.h>

#define N	      PSX_HECHT_PARAMETERS
#define LEAST_POINTS  5
#define TOLERANCE     1e-10
#define MOST_CALLS    60
/* Noise of a response grows with it, but for a part that doesn't */
#define CONSTANT_PART 0.02

struct fitting {
	const struct psx_carrier *nominal;
	const struct psx_hecht_points *points;
	double unit;
};

static double importance_of(double weight)
{
	return 1 / sqrt(weight * weight + CONSTANT_PART);
}

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
		const double weight = fit->points->weight[i];
		struct psx_slopes slopes;
		double response =
			psx_hecht_response(&carrier, fit->points->volts[i], &slopes) / fit->unit;
		double importance = importance_of(weight);

		if (iflag == 1) {
			residuals[i] = importance * (p[0] * response - weight);
			continue;
		}
		importance /= fit->unit;
		jacobian[i] = importance * response * fit->unit;
		jacobian[i + stride] = importance * p[0] * slopes.mu_tau * fit->nominal->mu_tau;
		jacobian[i + 2 * stride] = importance * p[0] * slopes.surface * fit->nominal->surface;
	}
	return 0;
}

/* The inverse of a symmetric matrix, times `factor` */
static void invert(double a[N][N], double factor, double inverse[N][N])
{
	double determinant = 0;
	int i, j;

	for (i = 0; i < N; i++) {
		for (j = 0; j < N; j++) {
			const int r = (i + 1) % N, s = (i + 2) % N, u = (j + 1) % N, v = (j + 2) % N;

			inverse[j][i] = a[r][u] * a[s][v] - a[r][v] * a[s][u];
		}
	}
	for (j = 0; j < N; j++)
		determinant += a[0][j] * inverse[j][0];
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++)
			inverse[i][j] *= factor / determinant;
}

/* What the fit leaves, and how far off the parameters may be for it */
static void judge(struct fitting *fit, struct psx_hecht_found *found)
{
	const int m = (int)fit->points->count;
	double residuals[PSX_HECHT_POINTS], jacobian[PSX_HECHT_POINTS * N];
	double normal[N][N] = { { 0 } }, squares = 0, weighted = 0;
	int i, r, c;

	(void)evaluate(fit, m, N, found->p, residuals, NULL, m, 1);
	(void)evaluate(fit, m, N, found->p, NULL, jacobian, m, 2);
	for (i = 0; i < m; i++) {
		double error = residuals[i] / importance_of(fit->points->weight[i]);

		squares += error * error / m;
		weighted += residuals[i] * residuals[i] / (m - N);
		for (r = 0; r < N; r++)
			for (c = 0; c < N; c++)
				normal[r][c] += jacobian[i + r * m] * jacobian[i + c * m];
	}
	found->residual = sqrt(squares);
	invert(normal, weighted, found->covariance);
}

int psx_hecht_fit(const struct psx_carrier *nominal, const struct psx_hecht_points *points,
		  struct psx_hecht_found *found)
{
	struct fitting fit = { nominal, points, psx_hecht_unit() };
	double residuals[PSX_HECHT_POINTS], jacobian[PSX_HECHT_POINTS * N];
	double diag[N], qtf[N], wa1[N], wa2[N], wa3[N], wa4[PSX_HECHT_POINTS];
	int pivots[N], calls, jacobians, m = (int)points->count;

	if (m < LEAST_POINTS)
		return -1;
	found->p[0] = found->p[1] = found->p[2] = 1;
	(void)lmder(evaluate, &fit, m, N, found->p, residuals, jacobian, m, TOLERANCE, TOLERANCE, 0,
		    MOST_CALLS, diag, 1, 100, 0, &calls, &jacobians, pivots, qtf, wa1, wa2, wa3, wa4);
	if (!(found->p[0] > 0 && found->p[1] > 0 && found->p[2] >= 0))
		return -1;
	judge(&fit, found);
	return 0;
}
