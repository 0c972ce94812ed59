/* SPDX-License-Identifier: MIT */
/* An axis of a chart, its grid and its numbers. */
#ifndef PSXCTL_AXIS_H
#define PSXCTL_AXIS_H

#include "plot.h"

#include <stdbool.h>

enum axis_scale {
	AXIS_LINEAR,
	AXIS_LOG,
	AXIS_SIGNED, /* logarithmic to both sides of 0, by 1 + |value| */
};

struct axis {
	double low, high, from, to; /* values, and where they are */
	enum axis_scale scale;
};

/* Where a value is */
double axis_place(const struct axis *a, double value);
bool axis_fits(const struct axis *a, double value);
/* So far that the value fits */
void axis_widen(struct axis *a, double value);
/* Room around the data; whole decades where it is logarithmic */
void axis_round_off(struct axis *a);
void axis_draw(cairo_t *cr, const struct axis *a, const struct axis *across, bool is_x);

#endif
