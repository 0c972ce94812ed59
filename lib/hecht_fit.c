// SPDX-License-Identifier: MIT
/*
 * Gain, mu-tau and s/mu of the Hecht equation from points of one curve, by least
 * squares. The gain is linear, so that for each pair of the others it is known; what is
 * searched for (Levenberg and Marquardt, MINPACK's lmder) is the logarithms of these.
 *
 * Trapping halves the response at about L^2 / 2 mu-tau volts, the surface at L s/mu, and in
 * nearly the same way: where these two change places there is another minimum, hardly
 * worse. So the search is made twice, from the best of a raster and from beyond the mirror
 * image of what it found, and the lesser minimum is it.
 */
#include "hecht.h"

#include <cminpack.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define N	      PSX_HECHT_PARAMETERS
#define SEARCHED      2 /* logarithms of mu-tau and s/mu, over the nominal ones */
#define LEAST_POINTS  5
#define TOLERANCE     1e-8
#define MOST_CALLS    100
#define FIRST_STEP    2.0
#define FARTHEST      9.2 /* a factor of 1e4 */
/* Volts of half a response, in powers from the lowest */
#define RASTER	      10
#define RASTER_LOWEST 0.3
#define RASTER_FACTOR 2.0
#define BEYOND	      0.405 /* a factor of 1.5 */
/* What is halved there only is a line up to 100 V */
#define LINE_VOLTS    2000
#define LEAST_DOUBT   0.02

struct fitting {
	const struct psx_carrier *nominal;
	const struct psx_hecht_points *points;
	double unit;
	double importance[PSX_HECHT_POINTS];
	double wanted[PSX_HECHT_POINTS]; /* weight times importance */
};

/* By what a nominal sub-pixel shows there: that of this one has noise itself */
double psx_hecht_importance(const struct psx_carrier *nominal, double volts, double constant)
{
	const double weight = psx_hecht_response(nominal, volts, NULL) / psx_hecht_unit();

	return 1 / sqrt(weight * weight + (constant > 0 ? constant : PSX_HECHT_NOISE));
}

static struct psx_carrier carrier_of(const struct fitting *fit, const double *q)
{
	return (struct psx_carrier){
		fit->nominal->mu_tau * exp(fmax(-FARTHEST, fmin(FARTHEST, q[0]))),
		fit->nominal->surface * exp(fmax(-FARTHEST, fmin(FARTHEST, q[1]))),
	};
}

/* The gain that leaves least; columns of slopes[] (may be NULL) are by q, for a gain of 1 */
static double shape(const struct fitting *fit, const double *q, double *response, double *slopes,
		    double *squares)
{
	const int m = (int)fit->points->count;
	const struct psx_carrier carrier = carrier_of(fit, q);
	double product = 0;
	int i;

	*squares = 0;
	for (i = 0; i < m; i++) {
		const double importance = fit->importance[i] / fit->unit;
		struct psx_slopes s;

		response[i] = importance * psx_hecht_response(&carrier, fit->points->volts[i],
							      slopes ? &s : NULL);
		*squares += response[i] * response[i];
		product += response[i] * fit->wanted[i];
		if (!slopes)
			continue;
		slopes[i] = importance * s.mu_tau * carrier.mu_tau;
		slopes[i + m] = importance * s.surface * carrier.surface;
	}
	return product / *squares;
}

/* MINPACK's: residuals at iflag 1, their derivatives (by columns) at 2; in these what the
 * gain makes up for is left out (Kaufman) */
static int evaluate(void *arg, int m, int n, const double *q, double *residuals, double *jacobian,
		    int stride, int iflag)
{
	const struct fitting *fit = arg;
	double response[PSX_HECHT_POINTS], squares, gain;
	int i, c;

	(void)stride;
	gain = shape(fit, q, response, iflag == 1 ? NULL : jacobian, &squares);
	for (i = 0; iflag == 1 && i < m; i++)
		residuals[i] = gain * response[i] - fit->wanted[i];
	for (c = 0; iflag == 2 && c < n; c++) {
		double *column = jacobian + (size_t)c * (size_t)m, along = 0;

		for (i = 0; i < m; i++)
			along += column[i] * response[i] / squares;
		for (i = 0; i < m; i++)
			column[i] = gain * (column[i] - along * response[i]);
	}
	return 0;
}

/* Volts at which trapping and the surface halve a response, and back */
static void to_volts(const struct fitting *fit, const double *q, double *trapping, double *surface)
{
	const struct psx_carrier carrier = carrier_of(fit, q);

	*trapping = PSX_THICKNESS_CM * PSX_THICKNESS_CM / (2 * carrier.mu_tau);
	*surface = PSX_THICKNESS_CM * carrier.surface;
}

static void from_volts(const struct fitting *fit, double trapping, double surface, double *q)
{
	q[0] = log(PSX_THICKNESS_CM * PSX_THICKNESS_CM / (2 * trapping) / fit->nominal->mu_tau);
	q[1] = log(surface / PSX_THICKNESS_CM / fit->nominal->surface);
}

static double raster_volts(int index)
{
	return RASTER_LOWEST * pow(RASTER_FACTOR, index);
}

/* Both factors of the equation are looked up: it takes RASTER responses, not their square */
static void best_of_raster(const struct fitting *fit, double *q)
{
	const int m = (int)fit->points->count;
	double trapping[RASTER][PSX_HECHT_POINTS], surface[RASTER][PSX_HECHT_POINTS];
	double best = -(double)INFINITY;
	int t, s, i;

	for (t = 0; t < RASTER; t++) {
		for (i = 0; i < m; i++) {
			const double volts = fit->points->volts[i];
			const double x = volts / (2 * raster_volts(t));

			trapping[t][i] = -x * expm1(-1 / x);
			surface[t][i] = fit->importance[i] * volts / (volts + raster_volts(t));
		}
	}
	for (t = 0; t < RASTER; t++) {
		for (s = 0; s < RASTER; s++) {
			double squares = 0, product = 0;

			for (i = 0; i < m; i++) {
				const double response = trapping[t][i] * surface[s][i];

				squares += response * response;
				product += response * fit->wanted[i];
			}
			if (product * fabs(product) / squares <= best)
				continue;
			best = product * fabs(product) / squares;
			from_volts(fit, raster_volts(t), raster_volts(s), q);
		}
	}
}

static void beyond_the_mirror(const struct fitting *fit, const double *q, double *mirrored)
{
	double trapping, surface, apart;

	to_volts(fit, q, &trapping, &surface);
	apart = exp(trapping > surface ? BEYOND : -BEYOND);
	from_volts(fit, surface / apart, trapping * apart, mirrored);
}

struct minimum {
	double q[SEARCHED];
	double squares; /* infinite when there is none */
};

/* From .q on */
static void search(struct fitting *fit, struct minimum *minimum)
{
	double residuals[PSX_HECHT_POINTS], jacobian[PSX_HECHT_POINTS * SEARCHED];
	double diag[SEARCHED] = { 1, 1 }, qtf[SEARCHED];
	double wa1[SEARCHED], wa2[SEARCHED], wa3[SEARCHED], wa4[PSX_HECHT_POINTS];
	int pivots[SEARCHED], calls, jacobians, m = (int)fit->points->count, info, i;

	info = lmder(evaluate, fit, m, SEARCHED, minimum->q, residuals, jacobian, m, TOLERANCE,
		     TOLERANCE, 0, MOST_CALLS, diag, 2, FIRST_STEP, 0, &calls, &jacobians, pivots,
		     qtf, wa1, wa2, wa3, wa4);
	minimum->squares = 0;
	for (i = 0; i < m; i++)
		minimum->squares += residuals[i] * residuals[i];
	if (info <= 0 || info == 5 || isnan(minimum->squares)) /* 5: MOST_CALLS are over */
		minimum->squares = (double)INFINITY;
}

void psx_hecht_invert(double a[N][N], double inverse[N][N])
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
			inverse[i][j] /= determinant;
}

/* Parameters of a minimum, and their covariance by what it leaves */
static void judge(const struct fitting *fit, const struct minimum *minimum,
		  struct psx_hecht_found *found)
{
	const int m = (int)fit->points->count;
	const struct psx_carrier carrier = carrier_of(fit, minimum->q);
	double columns[N][PSX_HECHT_POINTS], slopes[SEARCHED * PSX_HECHT_POINTS];
	double normal[N][N] = { { 0 } }, scale[N], squares = 0;
	int i, r, c;

	scale[0] = found->p[0] = shape(fit, minimum->q, columns[0], slopes, &squares);
	scale[1] = found->p[1] = carrier.mu_tau / fit->nominal->mu_tau;
	scale[2] = found->p[2] = carrier.surface / fit->nominal->surface;
	squares = 0;
	for (i = 0; i < m; i++) {
		const double off = found->p[0] * columns[0][i] - fit->wanted[i];

		squares += off * off / (fit->importance[i] * fit->importance[i]) / m;
		columns[1][i] = slopes[i];
		columns[2][i] = slopes[i + m];
		for (r = 0; r < N; r++)
			for (c = 0; c < N; c++)
				normal[r][c] += columns[r][i] * columns[c][i];
	}
	found->residual = sqrt(squares);
	found->freedom = fit->points->count - N;
	/* of logarithms: gain times this is of one weight */
	psx_hecht_invert(normal, found->covariance);
	for (r = 0; r < N; r++)
		for (c = 0; c < N; c++)
			found->covariance[r][c] *= minimum->squares / (m - N) * scale[r] * scale[c] /
						   (found->p[0] * found->p[0]);
}

/* The other minimum may be it: with what likelihood, and how far off this one is then. What
 * is less likely than off by two errors is not for an error to say. */
static void doubt(struct psx_hecht_found *found, const struct psx_hecht_found *other,
		  double likelihood)
{
	int r, c;

	if (likelihood < LEAST_DOUBT)
		return;
	for (r = 0; r < N; r++)
		for (c = 0; c < N; c++)
			found->covariance[r][c] += likelihood / (1 + likelihood) *
						   (other->p[r] - found->p[r]) *
						   (other->p[c] - found->p[c]);
}

static void begin(struct fitting *fit)
{
	unsigned int i;

	fit->unit = psx_hecht_unit();
	for (i = 0; i < fit->points->count; i++) {
		fit->importance[i] = psx_hecht_importance(fit->nominal, fit->points->volts[i],
							  fit->points->constant);
		fit->wanted[i] = fit->points->weight[i] * fit->importance[i];
	}
}

/* A line, of which neither gain nor slope is known, or nothing */
static bool is_no_curve(const struct fitting *fit, const struct minimum *minimum,
			 const struct psx_hecht_found *found)
{
	double trapping, surface;

	to_volts(fit, minimum->q, &trapping, &surface);
	return isinf(minimum->squares) || !(found->p[0] > 0) || trapping > LINE_VOLTS ||
	       surface > LINE_VOLTS;
}

int psx_hecht_fit(const struct psx_carrier *nominal, const struct psx_hecht_points *points,
		  struct psx_hecht_found *found)
{
	struct fitting fit = { .nominal = nominal, .points = points };
	struct minimum best, other;
	struct psx_hecht_found second;

	if (points->count < LEAST_POINTS)
		return -1;
	begin(&fit);
	best_of_raster(&fit, best.q);
	search(&fit, &best);
	beyond_the_mirror(&fit, best.q, other.q);
	search(&fit, &other);
	if (other.squares < best.squares) {
		const struct minimum swap = best;

		best = other;
		other = swap;
	}
	judge(&fit, &best, found);
	if (is_no_curve(&fit, &best, found))
		return -1;
	if (best.squares > 0 && !isinf(other.squares)) {
		judge(&fit, &other, &second);
		doubt(found, &second, pow(best.squares / other.squares, points->count / 2.0));
	}
	return 0;
}
