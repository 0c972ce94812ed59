// SPDX-License-Identifier: MIT
#include "chart.h"

#include <errno.h>

#ifndef PSX_HAVE_CAIRO

int chart_write(const char *path, const struct chart *charts, size_t count)
{
	(void)path;
	(void)charts;
	(void)count;
	errno = ENOTSUP;
	return -1;
}

#else

#include "axis.h"

#include <math.h>
#include <stdio.h>

#define WIDTH  960
#define PANEL  360 /* height of each, with its margins */
#define LEFT   PLOT_LEFT
#define RIGHT  PLOT_RIGHT
#define TOP    44
#define BOTTOM 56
#define MARK   3.5

static size_t colour_of(const struct chart *chart, size_t i)
{
	return chart->series[i].colour ? chart->series[i].colour - 1 : i;
}

static void draw_bars(cairo_t *cr, const struct axis *x, const struct axis *y,
		      const struct chart_series *s)
{
	size_t i;

	for (i = 0; i + 1 < s->count; i++) {
		const double from = axis_place(x, s->x[i]), at = axis_place(y, fmax(s->y[i], y->low));

		if (!isfinite(s->y[i]))
			continue;
		cairo_rectangle(cr, from, at, fmax(axis_place(x, s->x[i + 1]) - from, 1),
				y->from - at);
		cairo_fill(cr);
	}
}

static void draw_series(cairo_t *cr, const struct axis *x, const struct axis *y,
			const struct chart_series *s)
{
	size_t i;

	if (s->bars)
		draw_bars(cr, x, y, s);
	cairo_new_path(cr);
	cairo_set_line_width(cr, 1.5);
	for (i = 0; s->line && i < s->count; i++) {
		if (!axis_fits(x, s->x[i]) || !axis_fits(y, s->y[i])) {
			cairo_stroke(cr);
			continue;
		}
		cairo_line_to(cr, axis_place(x, s->x[i]), axis_place(y, s->y[i]));
	}
	cairo_stroke(cr);
	for (i = 0; s->marks && i < s->count; i++) {
		if (!axis_fits(x, s->x[i]) || !axis_fits(y, s->y[i]))
			continue;
		cairo_arc(cr, axis_place(x, s->x[i]), axis_place(y, s->y[i]), MARK, 0, 2 * M_PI);
		cairo_fill(cr);
	}
}

static void draw_legend(cairo_t *cr, const struct chart *chart, const struct plot_box *box)
{
	double at = box->left + box->width - RIGHT;
	size_t i;

	for (i = chart->count; i-- > 0;) {
		cairo_text_extents_t e;

		if (!chart->series[i].name)
			continue;
		cairo_text_extents(cr, chart->series[i].name, &e);
		plot_colour(cr, colour_of(chart, i));
		plot_text(cr, at, box->top + 28, 1, chart->series[i].name);
		at -= e.x_advance + 20;
	}
}

void plot_chart(cairo_t *cr, const struct chart *chart, const struct plot_box *box)
{
	const double left = box->left + LEFT, right = box->left + box->width - RIGHT;
	const double bottom = box->top + box->height;
	struct axis x = { INFINITY, -INFINITY, left, right,
			  chart->signed_x ? AXIS_SIGNED : chart->log_x ? AXIS_LOG : AXIS_LINEAR };
	struct axis y = { INFINITY, -INFINITY, bottom - BOTTOM, box->top + TOP,
			  chart->log_y ? AXIS_LOG : AXIS_LINEAR };
	size_t i, n;

	for (i = 0; i < chart->count; i++) {
		for (n = 0; n < chart->series[i].count; n++) {
			axis_widen(&x, chart->series[i].x[n]);
			axis_widen(&y, chart->series[i].y[n]);
		}
	}
	axis_round_off(&x);
	axis_round_off(&y);
	if (chart->low < chart->high) {
		y.low = chart->low;
		y.high = chart->high;
	}
	axis_draw(cr, &x, &y, true);
	axis_draw(cr, &y, &x, false);
	plot_line(cr, x.from, y.to, x.from, y.from);
	plot_line(cr, x.from, y.from, x.to, y.from);
	plot_text(cr, left, box->top + 28, 0, chart->title);
	plot_text(cr, right, bottom - 14, 1, chart->x_name);
	for (i = 0; i < chart->count; i++) {
		plot_colour(cr, colour_of(chart, i));
		draw_series(cr, &x, &y, &chart->series[i]);
	}
	draw_legend(cr, chart, box);
}

int chart_write(const char *path, const struct chart *charts, size_t count)
{
	struct plot_box box = { 0, 0, WIDTH, PANEL };
	struct plot plot;
	size_t i;

	if (plot_begin(&plot, WIDTH, (int)count * PANEL))
		return -1;
	for (i = 0; i < count; i++) {
		plot_chart(plot.cr, &charts[i], &box);
		box.top += PANEL;
	}
	return plot_write(&plot, path);
}

#endif
