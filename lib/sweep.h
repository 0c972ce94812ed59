/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_SWEEP_H
#define PSX_LIB_SWEEP_H

#include "average.h"
#include "hecht.h"

#include <psxdet.h>

struct psx_sweep {
	struct psx_region region;
	size_t count; /* sub-pixels */
	unsigned int points; /* of both signs: from -100 V up */
	double volts[2 * PSX_HECHT_POINTS];
	double dark[2 * PSX_HECHT_POINTS]; /* mean levels a second; NAN = not known */
	double noise[2 * PSX_HECHT_POINTS]; /* levels, of one frame; NAN = not known */
	double constant; /* part of noise, as in struct psx_hecht_points */
	double weight; /* of a level */
	double seconds;
	float *levels; /* lit less dark, [point][sub-pixel]; NAN where it can't be read */
	struct psx_hecht_found *found[2]; /* reverse, forward; p[0] 0 = no such curve */
	bool *used[2]; /* which are of the crystal, and in its means */
	float *off; /* of the sign that is being fitted: what each leaves */
	struct psx_sweep_fit fits[2];
};

/* Of one sign: bias 0 .. points / 2 - 1, volts and weights without it; NAN where it can't be read */
static inline unsigned int psx_sweep_index(const struct psx_sweep *sweep, bool forward,
					   unsigned int bias)
{
	return forward * (sweep->points / 2) + bias;
}

static inline double psx_sweep_weight(const struct psx_sweep *sweep, bool forward,
				      unsigned int bias, size_t place)
{
	const size_t index = psx_sweep_index(sweep, forward, bias);

	return (forward ? sweep->weight : -sweep->weight) *
	       (double)sweep->levels[index * sweep->count + place];
}

/* sweep_fit.c: curves of all sub-pixels, and their means; ENODATA when there are none of a
 * sign */
int psx_sweep_fit_all(struct psx_device *dev, struct psx_sweep *sweep, struct psx_task *task);
/* sweep_mean.c: the crystal's parameters, of fit->used sub-pixels; -1 when they
 * have no curve */
int psx_sweep_mean(const struct psx_sweep *sweep, bool forward, struct psx_sweep_fit *fit);
/* Weight at a bias, by parameters over the nominal ones; slopes[] by these, or NULL */
double psx_sweep_curve(bool forward, const double *p, double volts, double *slopes);

/* Of one sub-pixel's parameters, and the part that is noise */
struct psx_scatter {
	double all[PSX_HECHT_PARAMETERS][PSX_HECHT_PARAMETERS];
	double noise[PSX_HECHT_PARAMETERS][PSX_HECHT_PARAMETERS];
};

/* sweep_estimate.c: with errors, of one sub-pixel; and of a crystal by `count` of them, whose
 * mean curve is `found` */
void psx_sweep_fit_one(const struct psx_hecht_found *found, bool forward,
		       struct psx_sweep_fit *fit);
void psx_sweep_fit_many(const double *p, const struct psx_scatter *scatter, size_t count,
			const struct psx_hecht_found *found, bool forward,
			struct psx_sweep_fit *fit);

#endif
