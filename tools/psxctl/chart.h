/* SPDX-License-Identifier: MIT */
/* Charts as PNG. */
#ifndef PSXCTL_CHART_H
#define PSXCTL_CHART_H

#include <stdbool.h>
#include <stddef.h>

#define CHART_SERIES 8

struct chart_series {
	const char *name; /* NULL = not in the legend */
	size_t count;
	const double *x, *y; /* NaN is left out */
	bool line, marks;
	bool bars;     /* from x[i] to x[i + 1]; the last has none */
	size_t colour; /* number in the palette, from 1; 0 = by its place */
};

/* What goes beyond low and high is left out; all 0: as the series need */
struct chart {
	const char *title, *x_name;
	bool log_x, log_y;
	bool signed_x; /* logarithmic to both sides of 0, by 1 + |x| */
	double low, high; /* of y */
	struct chart_series series[CHART_SERIES];
	size_t count;
};

/* One below the other. -1 with errno; ENOTSUP: built without cairo */
int chart_write(const char *path, const struct chart *charts, size_t count);

#endif
