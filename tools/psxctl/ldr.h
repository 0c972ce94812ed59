/* SPDX-License-Identifier: MIT */
/* A dose series of one detector, for `ldr`. */
#ifndef PSXCTL_LDR_H
#define PSXCTL_LDR_H

#include "source.h"

#define LDR_POINTS 512
#define LDR_MOST   2 /* detectors beside each other */

struct ldr_series {
	struct study study;
	char model[32];
	size_t count;
	struct psx_dose_point points[LDR_POINTS];
	struct psx_series *readings; /* while it is measured */
	size_t used, left_out; /* sub-pixels */
	bool found; /* the range */
	struct psx_range range;
	struct psx_reading dark; /* at the longest exposure that darkness allows */
	double dark_seconds;
};

struct ldr {
	struct study study; /* as it is asked for */
	double from, to; /* uGy/s */
	unsigned int steps; /* a decade */
	const char *beside; /* another detector; NULL = none */
	struct ldr_series *series; /* [LDR_MOST] */
	size_t series_count; /* of them measured, the last one maybe in part */
};

/* ldr_run.c: take a series and find its range; -1 with *err, with the points that there are */
int ldr_measure(const struct ldr *ldr, struct ldr_series *series, struct psx_error *err);
/* ldr_show.c */
void ldr_print(struct ctl *ctl, const struct ldr_series *series);
int ldr_write(const struct ldr *ldr); /* table and picture; an exit code */

#endif
