/* SPDX-License-Identifier: MIT */
/* Where a dose series stops being good. */
#ifndef PSX_LIB_RANGE_H
#define PSX_LIB_RANGE_H

#include <psxdet.h>

/* Badness goes with a power of the rate about an end: exp(power * (log rate - end)) */
struct psx_power {
	double end, power;
};

/* How bad a point is: 1 is the limit, and the least that is known of it is `error` */
struct psx_badness {
	double value, error;
};

/* range_end.c: from point `begin` on, upwards or downwards (way 1 or -1), how the badness
 * reaches 1; false when it does not */
bool psx_range_end(const struct psx_dose_point *points, const struct psx_badness *bad, size_t count,
		   size_t begin, int way, struct psx_power *end);
/* Is it beyond doubt? */
bool psx_range_is_out(const struct psx_badness *bad);

/* What is judged by */
struct psx_limits {
	double tolerance, snr;
	struct psx_badness *off, *weak; /* room for a point each */
};

struct psx_straight {
	double slope; /* levels per uGy; 0 = there is none */
	size_t first, end; /* of the decade that it is of */
};

/* range.c: without errors; false where nothing is good enough */
bool psx_range_try(struct psx_dose_point *points, size_t count, const struct psx_limits *l,
		   struct psx_straight *line, struct psx_range *range);
/* range_error.c: fills them in; `copy` is room for as many points */
void psx_range_errors(const struct psx_dose_point *points, struct psx_dose_point *copy, size_t count,
		      const struct psx_limits *l, struct psx_range *range);

#endif
