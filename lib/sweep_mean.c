// SPDX-License-Identifier: MIT
/*
 * The crystal's parameters, of sub-pixels that are a sample of it. A mean of single
 * fits is off by noise (what they find isn't linear in it), a fit of the mean curve
 * by mismatch (a mean of curves that differ is no Hecht curve). So it is the latter,
 * and what mismatch does to it is taken off: that is known from how far the linear steps
 * to each curve scatter beyond what their noise explains.
 */
#include "sweep.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define N	   PSX_HECHT_PARAMETERS
#define MOST_STEPS 20
#define PRECISION  1e-6
/* Of a parameter, in a curve that is off by mismatch */
#define LEAST_PART 0.05

struct mean {
	const struct psx_sweep *sweep;
	bool forward;
	unsigned int biases;
	size_t used, known[PSX_HECHT_POINTS]; /* sub-pixels: all, and those read at a bias */
	double p[N];
	double importance[PSX_HECHT_POINTS];
	double curve[PSX_HECHT_POINTS]; /* by p */
	double slopes[PSX_HECHT_POINTS][N];
	double along[N];	/* mean of the steps to all curves */
	struct psx_scatter scatter; /* of a step */
};

static double volts_of(const struct mean *m, unsigned int bias)
{
	return fabs(m->sweep->volts[psx_sweep_index(m->sweep, m->forward, bias)]);
}

double psx_sweep_curve(bool forward, const double *p, double volts, double *slopes)
{
	const struct psx_carrier *nominal = &psx_carriers[forward];
	const struct psx_carrier carrier = { nominal->mu_tau * p[1], nominal->surface * p[2] };
	struct psx_slopes s;
	const double response = psx_hecht_response(&carrier, volts, &s) / psx_hecht_unit();

	if (slopes) {
		slopes[0] = response;
		slopes[1] = p[0] * s.mu_tau * nominal->mu_tau / psx_hecht_unit();
		slopes[2] = p[0] * s.surface * nominal->surface / psx_hecht_unit();
	}
	return p[0] * response;
}

static void take(struct mean *m, const double *p)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		m->p[i] = p[i];
	for (i = 0; i < m->biases; i++)
		m->curve[i] = psx_sweep_curve(m->forward, m->p, volts_of(m, i), m->slopes[i]);
}

/* What a fit makes of a curve that is off by so much, NaN where that isn't known: linear.
 * inverse[][] may be NULL. */
static void step_of(const struct mean *m, const double *off, double *step, double inverse[N][N])
{
	double normal[N][N] = { { 0 } }, right[N] = { 0 }, own[N][N];
	unsigned int i, r, c;

	if (!inverse)
		inverse = own;
	for (i = 0; i < m->biases; i++) {
		const double square = m->importance[i] * m->importance[i];

		if (isnan(off[i]))
			continue;
		for (r = 0; r < N; r++) {
			right[r] += square * m->slopes[i][r] * off[i];
			for (c = 0; c < N; c++)
				normal[r][c] += square * m->slopes[i][r] * m->slopes[i][c];
		}
	}
	psx_hecht_invert(normal, inverse);
	for (r = 0; r < N; r++)
		for (step[r] = 0, c = 0; c < N; c++)
			step[r] += inverse[r][c] * right[c];
}

static void off_of(const struct mean *m, size_t place, double *off)
{
	unsigned int i;

	for (i = 0; i < m->biases; i++)
		off[i] = psx_sweep_weight(m->sweep, m->forward, i, place) - m->curve[i];
}

static void walk(struct mean *m)
{
	double sums[N] = { 0 }, squares[N][N] = { { 0 } };
	unsigned int r, c;
	size_t place;

	for (place = 0; place < m->sweep->count; place++) {
		double off[PSX_HECHT_POINTS], step[N];

		if (!m->sweep->used[m->forward][place])
			continue;
		off_of(m, place, off);
		step_of(m, off, step, NULL);
		for (r = 0; r < N; r++) {
			sums[r] += step[r];
			for (c = 0; c < N; c++)
				squares[r][c] += step[r] * step[c];
		}
	}
	for (r = 0; r < N; r++) {
		m->along[r] = sums[r] / (double)m->used;
		for (c = 0; c < N; c++)
			m->scatter.all[r][c] = (squares[r][c] - sums[r] * sums[c] / (double)m->used) /
					   (double)(m->used - 1);
	}
}

/* Nothing at biases that most were read at, NaN at others */
static void begin(const struct mean *m, double *off)
{
	unsigned int i;

	for (i = 0; i < m->biases; i++)
		off[i] = 2 * m->known[i] > m->used ? 0 : (double)NAN;
}

/* Noise at each bias is what single fits leave there; then that of a step */
static void find_noise(struct mean *m)
{
	double left[PSX_HECHT_POINTS] = { 0 }, inverse[N][N], step[N];
	size_t known[PSX_HECHT_POINTS] = { 0 }, place;
	unsigned int i, r, c;

	begin(m, left);
	step_of(m, left, step, inverse);
	for (place = 0; place < m->sweep->count; place++) {
		const double *p = m->sweep->found[m->forward][place].p;

		for (i = 0; p[0] > 0 && i < m->biases; i++) {
			const double off = psx_sweep_weight(m->sweep, m->forward, i, place) -
					   psx_sweep_curve(m->forward, p, volts_of(m, i), NULL);

			if (isnan(off))
				continue;
			left[i] += off * off;
			known[i]++;
		}
	}
	for (i = 0; i < m->biases; i++) {
		const double square = m->importance[i] * m->importance[i];
		double pull[N], taken = 0;

		if (!known[i] || isnan(left[i]))
			continue;
		for (r = 0; r < N; r++) {
			for (pull[r] = 0, c = 0; c < N; c++)
				pull[r] += inverse[r][c] * square * m->slopes[i][c];
			taken += pull[r] * m->slopes[i][r];
		}
		/* a fit takes its part of the noise with it */
		left[i] /= (double)known[i] * fmax(LEAST_PART, 1 - taken);
		for (r = 0; r < N; r++)
			for (c = 0; c < N; c++)
				m->scatter.noise[r][c] += pull[r] * pull[c] * left[i];
	}
}

/* Columns whose squares add up to what scatters beyond noise (Cholesky) */
static void split(const struct mean *m, double columns[N][N])
{
	unsigned int r, c, k;

	for (c = 0; c < N; c++) {
		for (r = 0; r < N; r++) {
			double rest = m->scatter.all[r][c] - m->scatter.noise[r][c];

			for (k = 0; k < c; k++)
				rest -= columns[k][r] * columns[k][c];
			columns[c][r] = rest;
		}
		for (r = N; r-- > 0;) {
			const double root = sqrt(fmax(0, columns[c][c]));

			columns[c][r] = r < c || !(root > 0) ? 0 : columns[c][r] / root;
		}
	}
}

/* What mismatch alone makes of p: the mean of curves to both sides, fitted */
static void take_mismatch_off(struct mean *m)
{
	double columns[N][N], off[PSX_HECHT_POINTS] = { 0 }, step[N];
	unsigned int i, k, r;
	int side;

	begin(m, off);
	split(m, columns);
	for (k = 0; k < N; k++) {
		for (side = -1; side <= 1; side += 2) {
			double p[N];

			for (r = 0; r < N; r++)
				p[r] = fmax(LEAST_PART * m->p[r], m->p[r] + side * columns[k][r]);
			for (i = 0; i < m->biases; i++)
				off[i] += (psx_sweep_curve(m->forward, p, volts_of(m, i), NULL) -
					   m->curve[i]) / 2;
		}
	}
	step_of(m, off, step, NULL);
	for (r = 0; r < N; r++)
		m->p[r] -= step[r];
}

static int fit_mean_curve(struct mean *m, struct psx_hecht_found *found)
{
	struct psx_hecht_points points = { .constant = m->sweep->constant };
	unsigned int i;
	size_t place;

	for (i = 0; i < m->biases; i++) {
		double sum = 0;
		size_t known = 0;

		for (place = 0; place < m->sweep->count; place++) {
			const double weight = psx_sweep_weight(m->sweep, m->forward, i, place);

			if (!m->sweep->used[m->forward][place] || isnan(weight))
				continue;
			sum += weight;
			known++;
		}
		m->known[i] = known;
		if (!known)
			continue;
		points.volts[points.count] = volts_of(m, i);
		points.weight[points.count++] = sum / (double)known;
	}
	return psx_hecht_fit(&psx_carriers[m->forward], &points, found);
}

/* Where some biases are known of some sub-pixels only, their mean curve has steps: the mean
 * of steps is to be zero instead */
static void settle(struct mean *m)
{
	unsigned int steps, r;
	bool there = false;

	for (steps = 0; steps < MOST_STEPS && !there; steps++) {
		double next[N];

		walk(m);
		for (there = true, r = 0; r < N; r++) {
			next[r] = fmax(LEAST_PART * m->p[r], m->p[r] + m->along[r]);
			there &= fabs(m->along[r]) < PRECISION * m->p[r];
		}
		take(m, next);
	}
}

int psx_sweep_mean(const struct psx_sweep *sweep, bool forward, struct psx_sweep_fit *fit)
{
	struct mean m = { .sweep = sweep, .forward = forward, .biases = sweep->points / 2,
			  .used = fit->used };
	struct psx_hecht_found found;
	unsigned int i;

	for (i = 0; i < m.biases; i++)
		m.importance[i] = psx_hecht_importance(&psx_carriers[forward], volts_of(&m, i),
						       sweep->constant);
	if (fit_mean_curve(&m, &found))
		return -1;
	if (m.used == 1) {
		psx_sweep_fit_one(&found, forward, fit);
		return 0;
	}
	take(&m, found.p);
	settle(&m);
	find_noise(&m);
	take_mismatch_off(&m);
	psx_sweep_fit_many(m.p, &m.scatter, m.used, &found, forward, fit);
	return 0;
}
