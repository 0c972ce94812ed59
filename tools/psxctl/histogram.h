/* SPDX-License-Identifier: MIT */
/* How often each value occurs, as a picture and as text; counts logarithmic. */
#ifndef PSXCTL_HISTOGRAM_H
#define PSXCTL_HISTOGRAM_H

#include "picture.h"

#include <stdio.h>

struct histogram_input {
	const int32_t *values;
	const uint8_t *mask; /* 1 = left out; NULL = none */
	size_t count;
	bool effective_only; /* leave out 0, which a comparator made */
	uint32_t threshold;  /* marked unless 0 */
	bool both;	     /* at -T as well */
	const char *unit;
};

#define HISTOGRAM_HEIGHT    260u
#define HISTOGRAM_MIN_WIDTH 512u

/* Draw over the whole width of the picture, from row `top` on. -1: ENOMEM. */
int histogram_draw(struct picture *picture, uint32_t top, const struct histogram_input *in);

/* At most 20 rows, `columns` wide. -1: ENOMEM. */
int histogram_print(FILE *out, uint32_t columns, const struct histogram_input *in);

#endif
