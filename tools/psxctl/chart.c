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

int chart_write_bars(const char *path, const struct chart_bars *bars)
{
	(void)path;
	(void)bars;
	errno = ENOTSUP;
	return -1;
}

#else

#include "plot.h"

#include <math.h>
#include <stdio.h>

#define WIDTH  960
#define PANEL  360 /* height of each, with its margins */
#define LEFT   96
#define RIGHT  44
#define TOP    44
#define BOTTOM 56
#define ROOM   0.05 /* above and below the data */
#define MARK   3.5
#define MOST_DECADES 40

struct axis {
	double low, high, from, to; /* values, and where they are */
	bool log;
};

static const double colours[CHART_SERIES][3] = {
	{ 0.0, 0.45, 0.70 }, { 0.84, 0.37, 0.0 }, { 0.0, 0.62, 0.45 }, { 0.8, 0.0, 0.6 },
	{ 0.34, 0.71, 0.91 }, { 0.6, 0.6, 0.0 }, { 0.4, 0.4, 0.4 }, { 0.5, 0.3, 0.1 },
};

static void set_colour(cairo_t *cr, size_t i)
{
	const double *c = colours[i % CHART_SERIES];

	cairo_set_source_rgb(cr, c[0], c[1], c[2]);
}

static double on(const struct axis *a, double value)
{
	return a->log ? log10(value) : value;
}

static double place(const struct axis *a, double value)
{
	return a->from + (on(a, value) - on(a, a->low)) / (on(a, a->high) - on(a, a->low)) *
				 (a->to - a->from);
}

static bool fits(const struct axis *a, double value)
{
	return isfinite(value) && !(a->log && value <= 0) && value >= a->low && value <= a->high;
}

static void widen(struct axis *a, double value)
{
	if (!isfinite(value) || (a->log && value <= 0))
		return;
	a->low = fmin(a->low, value);
	a->high = fmax(a->high, value);
}

/* Room around the data; whole decades where it is logarithmic */
static void round_off(struct axis *a)
{
	double room;

	if (!(a->low <= a->high))
		a->low = a->high = 1;
	if (a->log) {
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
	const double at = place(a, value);

	cairo_set_source_rgb(cr, 0.88, 0.88, 0.88);
	if (is_x)
		plot_line(cr, at, across->from, at, across->to);
	else
		plot_line(cr, across->from, at, across->to, at);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	(void)snprintf(words, sizeof(words), "%g", value);
	if (is_x)
		plot_text(cr, at, across->from + 20, 0.5, words);
	else
		plot_text(cr, across->from - 8, at + 5, 1, words);
}

static void draw_ticks(cairo_t *cr, const struct axis *a, const struct axis *across, bool is_x)
{
	const double step = a->log ? 0 : plot_step(a->high - a->low);
	double value;
	int i;

	cairo_set_line_width(cr, 1);
	if (a->log) {
		for (i = 0, value = a->low; i < MOST_DECADES && value <= a->high * 1.001; i++) {
			draw_tick(cr, a, across, value, is_x);
			value *= 10;
		}
		return;
	}
	for (i = (int)ceil(a->low / step); i * step <= a->high; i++)
		draw_tick(cr, a, across, i * step, is_x);
}

static void draw_series(cairo_t *cr, const struct axis *x, const struct axis *y,
			const struct chart_series *s)
{
	size_t i;

	cairo_new_path(cr);
	cairo_set_line_width(cr, 1.5);
	for (i = 0; s->line && i < s->count; i++) {
		if (!fits(x, s->x[i]) || !fits(y, s->y[i])) {
			cairo_stroke(cr);
			continue;
		}
		cairo_line_to(cr, place(x, s->x[i]), place(y, s->y[i]));
	}
	cairo_stroke(cr);
	for (i = 0; s->marks && i < s->count; i++) {
		if (!fits(x, s->x[i]) || !fits(y, s->y[i]))
			continue;
		cairo_arc(cr, place(x, s->x[i]), place(y, s->y[i]), MARK, 0, 2 * M_PI);
		cairo_fill(cr);
	}
}

static void draw_legend(cairo_t *cr, const struct chart *chart, double top)
{
	double at = WIDTH - RIGHT;
	size_t i;

	for (i = chart->count; i-- > 0;) {
		cairo_text_extents_t e;

		if (!chart->series[i].name)
			continue;
		cairo_text_extents(cr, chart->series[i].name, &e);
		set_colour(cr, i);
		plot_text(cr, at, top + 28, 1, chart->series[i].name);
		at -= e.x_advance + 20;
	}
}

static void draw_chart(cairo_t *cr, const struct chart *chart, double top)
{
	struct axis x = { INFINITY, -INFINITY, LEFT, WIDTH - RIGHT, chart->log_x };
	struct axis y = { INFINITY, -INFINITY, top + PANEL - BOTTOM, top + TOP, chart->log_y };
	size_t i, n;

	for (i = 0; i < chart->count; i++) {
		for (n = 0; n < chart->series[i].count; n++) {
			widen(&x, chart->series[i].x[n]);
			widen(&y, chart->series[i].y[n]);
		}
	}
	round_off(&x);
	round_off(&y);
	if (chart->low < chart->high) {
		y.low = chart->low;
		y.high = chart->high;
	}
	draw_ticks(cr, &x, &y, true);
	draw_ticks(cr, &y, &x, false);
	plot_line(cr, x.from, y.to, x.from, y.from);
	plot_line(cr, x.from, y.from, x.to, y.from);
	plot_text(cr, LEFT, top + 28, 0, chart->title);
	plot_text(cr, WIDTH - RIGHT, top + PANEL - 14, 1, chart->x_name);
	for (i = 0; i < chart->count; i++) {
		set_colour(cr, i);
		draw_series(cr, &x, &y, &chart->series[i]);
	}
	draw_legend(cr, chart, top);
}

static void draw_bars(cairo_t *cr, const struct chart_bars *b)
{
	const double width = (double)(WIDTH - LEFT - RIGHT) / (double)b->bar_count;
	struct axis x = { 0, 1, LEFT, WIDTH - RIGHT, false };
	struct axis y = { INFINITY, -INFINITY, 2 * PANEL - BOTTOM, TOP, true };
	char words[32];
	size_t i;

	for (i = 0; i < b->bar_count; i++)
		widen(&y, b->bars[i].value);
	for (i = 0; i < b->line_count; i++)
		widen(&y, b->lines[i].value);
	round_off(&y);
	draw_ticks(cr, &y, &x, false);
	plot_text(cr, LEFT, 28, 0, b->title);
	for (i = 0; i < b->bar_count; i++) {
		const double left = LEFT + width * (double)i, at = place(&y, b->bars[i].value);

		set_colour(cr, (size_t)b->bars[i].colour);
		cairo_rectangle(cr, left + 0.15 * width, at, 0.7 * width, y.from - at);
		cairo_fill(cr);
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		(void)snprintf(words, sizeof(words), "%.3g", b->bars[i].value);
		plot_text(cr, left + width / 2, at - 6, 0.5, words);
		plot_text(cr, left + width / 2, y.from + 20 + 18 * (double)(i & 1), 0.5, b->bars[i].name);
	}
	for (i = 0; i < b->line_count; i++) {
		const double at = place(&y, b->lines[i].value);

		cairo_set_source_rgb(cr, 0.75, 0, 0);
		plot_line(cr, LEFT, at, WIDTH - RIGHT, at);
		plot_text(cr, WIDTH - RIGHT - 6 - 260 * (double)(i % 3), at - 5, 1, b->lines[i].name);
	}
}

static int write_png(const char *path, const struct chart *charts, size_t count,
		     const struct chart_bars *bars)
{
	struct plot plot;
	size_t i;

	if (plot_begin(&plot, WIDTH, (int)(bars ? 2 : count) * PANEL))
		return -1;
	for (i = 0; i < count; i++)
		draw_chart(plot.cr, &charts[i], (double)(i * PANEL));
	if (bars)
		draw_bars(plot.cr, bars);
	return plot_write(&plot, path);
}

int chart_write(const char *path, const struct chart *charts, size_t count)
{
	return write_png(path, charts, count, NULL);
}

int chart_write_bars(const char *path, const struct chart_bars *bars)
{
	return write_png(path, NULL, 0, bars);
}

#endif
