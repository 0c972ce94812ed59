// SPDX-License-Identifier: MIT
#include "stages.h"

#include <errno.h>

#ifndef PSX_HAVE_CAIRO

int stages_write(const char *path, const struct stages *s)
{
	(void)path;
	(void)s;
	errno = ENOTSUP;
	return -1;
}

#else

#include "axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH	  960
#define HEIGHT	  600
#define TOP	  120
#define BOTTOM	  64
#define GAP	  96 /* between axes */
#define ROOM	  1.1 /* above the highest */
#define BARS	  0.8 /* of a stage's width */
#define SMALL	  11
#define MOST_SAID 4 /* streams whose bars have room for a number */

static size_t end_of_panel(const struct stages *s, size_t first)
{
	size_t end = first + 1;

	while (end < s->count && !strcmp(s->stages[end].unit, s->stages[first].unit))
		end++;
	return end;
}

static void draw_bar(cairo_t *cr, const struct stages *s, const struct axis *y, const struct stage *stage,
		     size_t stream, double left, double width)
{
	const double at = axis_place(y, stage->wanted[stream]);
	char words[32];

	plot_colour(cr, stream);
	cairo_set_line_width(cr, 1.5);
	cairo_rectangle(cr, left + 1.5, at, fmax(width - 3, 1), y->from - at);
	if (s->possible[stream])
		cairo_fill(cr);
	else
		cairo_stroke(cr);
	if (s->stream_count > MOST_SAID)
		return;
	cairo_save(cr);
	cairo_set_font_size(cr, SMALL);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	(void)snprintf(words, sizeof(words), "%.3g", stage->wanted[stream]);
	plot_text(cr, left + width / 2, at - 5, 0.5, words);
	cairo_restore(cr);
}

static void draw_stage(cairo_t *cr, const struct stages *s, const struct axis *y,
		       const struct stage *stage, double left, double width)
{
	const double begin = left + width * (1 - BARS) / 2;
	const double bar = width * BARS / (double)s->stream_count;
	const double at = axis_place(y, stage->limit);
	char words[32];
	size_t i;

	for (i = 0; i < s->stream_count; i++)
		draw_bar(cr, s, y, stage, i, begin + bar * (double)i, bar);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	plot_text(cr, left + width / 2, y->from + 22, 0.5, stage->name);
	(void)snprintf(words, sizeof(words), "%g %s", stage->limit, stage->unit);
	cairo_set_source_rgb(cr, 0.75, 0, 0);
	cairo_set_line_width(cr, 2.5);
	plot_line(cr, left + 4, at, left + width - 4, at);
	plot_text(cr, left + width / 2, y->from + 42, 0.5, words);
}

static void draw_panel(cairo_t *cr, const struct stages *s, size_t first, size_t end, double left,
		       double width)
{
	struct axis x = { 0, 1, left, left + width * (double)(end - first), AXIS_LINEAR };
	struct axis y = { 0, 0, HEIGHT - BOTTOM, TOP, AXIS_LINEAR };
	size_t i, n;

	for (i = first; i < end; i++) {
		axis_widen(&y, ROOM * s->stages[i].limit);
		for (n = 0; n < s->stream_count; n++)
			axis_widen(&y, ROOM * s->stages[i].wanted[n]);
	}
	axis_draw(cr, &y, &x, false);
	plot_text(cr, left, TOP - 10, 0.5, s->stages[first].unit);
	for (i = first; i < end; i++)
		draw_stage(cr, s, &y, &s->stages[i], left + width * (double)(i - first), width);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	cairo_set_line_width(cr, 1);
	plot_line(cr, x.from, y.from, x.to, y.from);
}

static void draw_head(cairo_t *cr, const struct stages *s)
{
	double at = PLOT_LEFT;
	size_t i;

	plot_text(cr, PLOT_LEFT, 28, 0, s->title);
	plot_text(cr, PLOT_LEFT, 50, 0, s->subtitle);
	for (i = 0; i < s->stream_count; i++) {
		cairo_text_extents_t e;

		cairo_text_extents(cr, s->streams[i], &e);
		plot_colour(cr, i);
		plot_text(cr, at, 78, 0, s->streams[i]);
		at += e.x_advance + 20;
	}
	cairo_set_source_rgb(cr, 0.75, 0, 0);
	plot_text(cr, at, 78, 0, "limit");
}

int stages_write(const char *path, const struct stages *s)
{
	size_t panels = 0, first, end;
	double left = PLOT_LEFT, width;
	struct plot plot;

	if (plot_begin(&plot, WIDTH, HEIGHT))
		return -1;
	for (first = 0; first < s->count; first = end_of_panel(s, first))
		panels++;
	width = (WIDTH - PLOT_LEFT - PLOT_RIGHT - GAP * (double)(panels - 1)) / (double)s->count;
	cairo_set_source_rgb(plot.cr, 0.2, 0.2, 0.2);
	draw_head(plot.cr, s);
	for (first = 0; first < s->count; first = end) {
		end = end_of_panel(s, first);
		draw_panel(plot.cr, s, first, end, left, width);
		left += width * (double)(end - first) + GAP;
	}
	return plot_write(&plot, path);
}

#endif
