/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_SWEEP_H
#define PSX_LIB_SWEEP_H

#include "hecht.h"

#include <psxdet.h>

struct psx_sweep {
	struct psx_region region;
	size_t count; /* sub-pixels */
	unsigned int points; /* of both signs: from -100 V up */
	double volts[2 * PSX_HECHT_POINTS];
	double dark[2 * PSX_HECHT_POINTS]; /* mean levels a second; NAN = not known */
	double weight; /* of a level */
	double seconds;
	float *levels; /* lit less dark, [point][sub-pixel]; NAN where it can't be read */
	struct psx_hecht_found *found[2]; /* reverse, forward; p[0] 0 = no such curve */
	struct psx_sweep_fit fits[2];
};

/* sweep_fit.c: curves of all sub-pixels, and their means. -1 when there are none of a
 * sign; errno is not set */
int psx_sweep_fit_all(struct psx_sweep *sweep);

#endif
