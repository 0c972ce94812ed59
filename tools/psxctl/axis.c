// SPDX-License-Identifier: MIT
#ifdef PSX_HAVE_CAIRO

#include "axis.h"

#include <math.h>
#include <stdio.h>

#define ROOM	     0.05 /* above and below the data */
#define MOST_DECADES 40

static double on(const struct axis *a, double value)
{
	if (a->scale == AXIS_SIGNED)
		return copysign(log10(1 + fabs(value)), value);
	return a->scale == AXIS_LOG ? log10(value) : value;
}

double axis_place(const struct axis *a, double value)
{
	return a->from + (on(a, value) - on(a, a->low)) / (on(a, a->high) - on(a, a->low)) *
				 (a->to - a->from);
}

bool axis_fits(const struct axis *a, double value)
{
	return isfinite(value) && !(a->scale == AXIS_LOG && value <= 0) && value >= a->low &&
	       value <= a->high;
}

void axis_widen(struct axis *a, double value)
{
	if (!isfinite(value) || (a->scale == AXIS_LOG && value <= 0))
		return;
	a->low = fmin(a->low, value);
	a->high = fmax(a->high, value);
}

void axis_round_off(struct axis *a)
{
	double room;

	if (!(a->low <= a->high))
		a->low = a->high = 1;
	if (a->scale == AXIS_SIGNED)
		return;
	if (a->scale == AXIS_LOG) {
		a->low = pow(10, floor(log10(a->low) + 1e-9));
		a->high = pow(10, ceil(log10(a->high) - 1e-9));
		if (a->high <= a->low)
			a->high = a->low * 10;
		return;
	}
	room = fmax(ROOM * (a->high - a->low), 1e-9 * fmax(fabs(a->high), 1e-3));
	a->low -= room;
	a->high += room;
}

static void draw_tick(cairo_t *cr, const struct axis *a, const struct axis *across, double value,
		      bool is_x)
{
	char words[32];
	const double at = axis_place(a, value);

	cairo_set_source_rgb(cr, 0.88, 0.88, 0.88);
	if (is_x)
		plot_line(cr, at, across->from, at, across->to);
	else
		plot_line(cr, across->from, at, across->to, at);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	if (a->scale == AXIS_SIGNED && fabs(value) >= 1000)
		(void)snprintf(words, sizeof(words), "%gk", value / 1000);
	else
		(void)snprintf(words, sizeof(words), "%.8g", value);
	if (is_x)
		plot_text(cr, at, across->from + 20, 0.5, words);
	else
		plot_text(cr, across->from - 8, at + 5, 1, words);
}

/* 0 and whole decades to both sides */
static void draw_signed_ticks(cairo_t *cr, const struct axis *a, const struct axis *across,
			      bool is_x)
{
	double value = 1;
	int i;

	if (a->low <= 0 && a->high >= 0)
		draw_tick(cr, a, across, 0, is_x);
	for (i = 0; i < MOST_DECADES; i++) {
		value *= 10;
		if (value <= a->high)
			draw_tick(cr, a, across, value, is_x);
		if (-value >= a->low)
			draw_tick(cr, a, across, -value, is_x);
	}
}

void axis_draw(cairo_t *cr, const struct axis *a, const struct axis *across, bool is_x)
{
	double step, value;
	int i;

	cairo_set_line_width(cr, 1);
	if (a->scale == AXIS_SIGNED) {
		draw_signed_ticks(cr, a, across, is_x);
		return;
	}
	if (a->scale == AXIS_LOG) {
		value = pow(10, ceil(log10(a->low) - 1e-9));
		for (i = 0; i < MOST_DECADES && value <= a->high * 1.001; i++) {
			draw_tick(cr, a, across, value, is_x);
			value *= 10;
		}
		return;
	}
	step = plot_step(a->high - a->low);
	for (i = (int)ceil(a->low / step); i * step <= a->high; i++)
		draw_tick(cr, a, across, i * step, is_x);
}

#else
/* A file of its own needs something in it */
typedef int psxctl_without_axes;
#endif
