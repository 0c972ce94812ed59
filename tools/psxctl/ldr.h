/* SPDX-License-Identifier: MIT */
/* A dose series of one detector, for `ldr`. */
#ifndef PSXCTL_LDR_H
#define PSXCTL_LDR_H

#include "source.h"

#define LDR_POINTS 512
#define LDR_MOST   2 /* detectors beside each other */

struct ldr_series {
	const char *uri;
	char model[32];
	size_t count;
	struct psx_dose_point points[LDR_POINTS];
	unsigned int pga[LDR_POINTS];
	struct psx_range range;
	double dark_noise; /* at the longest exposure and highest gain, levels */
};

struct ldr {
	struct study study;
	double from, to; /* uGy/s */
	unsigned int steps; /* a decade */
	const char *beside; /* another detector; NULL = none */
	struct ldr_series *series; /* [LDR_MOST] */
	size_t series_count;
};

/* ldr_run.c: take a series; -1 with *err */
int ldr_measure(struct ldr *ldr, struct ldr_series *series, struct psx_error *err);
/* ldr_show.c */
void ldr_print(const struct ldr *ldr);
int ldr_write(const struct ldr *ldr); /* table and picture; an exit code */
/* Of the line, uC/Gy/cm2; and the dose that is three times the noise, uGy */
double ldr_sensitivity(const struct ldr_series *series);
double ldr_limit(const struct ldr_series *series);

#endif
