// SPDX-License-Identifier: MIT
/*
 * What a sweep says of the crystal. Every sub-pixel is fitted by itself, and the
 * parameters are averaged: a mean of curves that differ is no Hecht curve.
 */
#include "parallel.h"
#include "sweep.h"

#include <errno.h>
#include <math.h>

/* A level a second in nA/cm2: 494 uGy/s times 360.5 uC/Gy/cm2, over 4095 */
#define NA_CM2 (PSX_NOMINAL_RATE * 1e-6 * PSX_S0 * 1e3 / PSX_NOMINAL_LEVEL)
/* Curves of another shape, or such as no good sub-pixel has: a stuck one's is flat */
#define MOST_OFF 0.02 /* rms, of the response at weight 1 */
#define LEAST	 0.5
#define MOST	 2.0 /* times the median of gains and of mu-tau */
#define STEPS	 40

struct job {
	struct psx_sweep *sweep;
	bool forward;
};

static void fit_part(size_t first, size_t end, void *arg)
{
	const struct job *job = arg;
	const struct psx_sweep *sweep = job->sweep;
	const unsigned int half = sweep->points / 2, begin = job->forward ? half : 0;
	const double weight = job->forward ? sweep->weight : -sweep->weight;
	size_t place;
	unsigned int i;

	for (place = first; place < end; place++) {
		struct psx_hecht_found *found = &sweep->found[job->forward][place];
		struct psx_hecht_points points = { 0 };

		for (i = begin; i < begin + half; i++) {
			const double level = sweep->levels[i * sweep->count + place];

			if (isnan(level))
				continue;
			points.volts[points.count] = fabs(sweep->volts[i]);
			points.weight[points.count++] = level * weight;
		}
		if (psx_hecht_fit(&psx_carriers[job->forward], &points, NULL, found) ||
		    !(found->residual < MOST_OFF * found->p[0]))
			found->p[0] = 0;
	}
}

/* The value that as many are above as below, to a part in 2^STEPS; 0 when none is known */
static double median(const struct psx_sweep *sweep, bool forward, int which)
{
	double low = 0, high = 1e6;
	size_t known = 0, below, i;
	int step;

	for (i = 0; i < sweep->count; i++)
		known += sweep->found[forward][i].p[0] > 0;
	if (!known)
		return 0;
	for (step = 0; step < STEPS; step++) {
		const double middle = (low + high) / 2;

		for (below = i = 0; i < sweep->count; i++)
			below += sweep->found[forward][i].p[0] > 0 &&
				 sweep->found[forward][i].p[which] < middle;
		if (2 * below < known)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void leave_out_strange(struct psx_sweep *sweep, bool forward)
{
	const double gain = median(sweep, forward, 0), mu_tau = median(sweep, forward, 1);
	size_t i;

	for (i = 0; i < sweep->count; i++) {
		double *p = sweep->found[forward][i].p;

		if (p[0] < LEAST * gain || p[0] > MOST * gain || p[1] < LEAST * mu_tau ||
		    p[1] > MOST * mu_tau)
			p[0] = 0;
	}
}

static double nominal_of(bool forward, int which)
{
	const struct psx_carrier *carrier = &psx_carriers[forward];
	const double values[PSX_HECHT_PARAMETERS] = { PSX_S0, carrier->mu_tau, carrier->surface };

	return values[which];
}

static struct psx_estimate estimate(const struct psx_sweep *sweep, bool forward, int which)
{
	const double nominal = nominal_of(forward, which);
	struct psx_estimate e = { 0 };
	double sum = 0, squares = 0, variance = 0;
	size_t used = 0, i;

	for (i = 0; i < sweep->count; i++) {
		const struct psx_hecht_found *found = &sweep->found[forward][i];

		if (found->p[0] <= 0)
			continue;
		sum += found->p[which];
		variance = found->covariance[which][which];
		used++;
	}
	for (i = 0; i < sweep->count; i++) {
		const struct psx_hecht_found *found = &sweep->found[forward][i];
		const double off = found->p[which] - sum / (double)used;

		if (found->p[0] > 0)
			squares += off * off;
	}
	e.value = nominal * sum / (double)used;
	e.error = nominal * sqrt(variance);
	if (used > 1) {
		e.spread = nominal * sqrt(squares / (double)(used - 1));
		e.error = e.spread / sqrt((double)used);
	}
	return e;
}

int psx_sweep_fit_all(struct psx_sweep *sweep)
{
	int sign;

	for (sign = 0; sign < 2; sign++) {
		struct psx_sweep_fit *fit = &sweep->fits[sign];
		struct job job = { sweep, sign };
		double squares = 0;
		size_t i;

		psx_parallel(sweep->count, fit_part, &job);
		leave_out_strange(sweep, sign);
		for (i = 0; i < sweep->count; i++) {
			const struct psx_hecht_found *found = &sweep->found[sign][i];

			if (found->p[0] > 0) {
				squares += found->residual * found->residual;
				fit->used++;
			}
		}
		fit->left_out = sweep->count - fit->used;
		if (!fit->used)
			return -1;
		fit->residual = sqrt(squares / (double)fit->used);
		fit->s0 = estimate(sweep, sign, 0);
		fit->mu_tau = estimate(sweep, sign, 1);
		fit->surface = estimate(sweep, sign, 2);
	}
	return 0;
}

const struct psx_sweep_fit *psx_sweep_get_fit(const struct psx_sweep *sweep, bool forward)
{
	return &sweep->fits[forward];
}

int psx_sweep_get_pixel(const struct psx_sweep *sweep, uint32_t x, uint32_t y, bool forward,
			struct psx_sweep_fit *fit)
{
	const struct psx_region *r = &sweep->region;
	const struct psx_hecht_found *found;
	struct psx_estimate *estimates[] = { &fit->s0, &fit->mu_tau, &fit->surface };
	int i;

	*fit = (struct psx_sweep_fit){ .used = 1 };
	if (x < r->x || y < r->y || x - r->x >= r->width || y - r->y >= r->height) {
		errno = ERANGE;
		return -1;
	}
	found = &sweep->found[forward][(size_t)(y - r->y) * r->width + x - r->x];
	if (found->p[0] <= 0) {
		errno = ENODATA;
		return -1;
	}
	for (i = 0; i < PSX_HECHT_PARAMETERS; i++)
		*estimates[i] = (struct psx_estimate){
			.value = nominal_of(forward, i) * found->p[i],
			.error = nominal_of(forward, i) * sqrt(found->covariance[i][i]),
		};
	fit->residual = found->residual;
	return 0;
}

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
	const bool forward = index >= sweep->points / 2;
	double sum = 0, squares = 0;
	size_t used = 0, i;

	if (index >= sweep->points) {
		errno = ERANGE;
		return -1;
	}
	for (i = 0; i < sweep->count; i++) {
		const double level = sweep->levels[index * sweep->count + i];

		if (isnan(level) || sweep->found[forward][i].p[0] <= 0)
			continue;
		sum += level;
		used++;
	}
	for (i = 0; i < sweep->count; i++) {
		const double level = sweep->levels[index * sweep->count + i];

		if (!isnan(level) && sweep->found[forward][i].p[0] > 0)
			squares += (level - sum / (double)used) * (level - sum / (double)used);
	}
	*point = (struct psx_sweep_point){
		.volts = sweep->volts[index],
		.dark_na_cm2 = sweep->dark[index] * NA_CM2 * psx_hecht_unit(),
		.photo_na_cm2 = sum / (double)used / sweep->seconds * NA_CM2 * psx_hecht_unit(),
		.sensitivity = sum / (double)used * sweep->weight * unit,
		.spread = used > 1 ? sqrt(squares / (double)(used - 1)) * sweep->weight * unit : 0,
		.fitted = copysign(fitted(&sweep->fits[forward], sweep->volts[index], true),
				   sweep->volts[index]),
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
