// SPDX-License-Identifier: MIT
/* A picture of response curves: above the responses, below what tells them apart. */
#include "cal.h"

#include <errno.h>

#ifndef PSX_HAVE_CAIRO

int cal_plot(const struct cal *c, const struct psx_calibration *cal)
{
	(void)c;
	(void)cal;
	errno = ENOTSUP;
	return -1;
}

#else

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH	   960
#define HEIGHT	   820
#define LEFT	   86
#define RIGHT	   24
#define MOST_VOLTS 100.0
#define THICKNESS  0.2	 /* cm, of the crystal */
#define S0	   521.7 /* uC/Gy/cm2: docs/sensor.md */
#define CURVES	   4

struct curve {
	char name[64];
	double rgb[3];
	struct psx_hecht hecht[2]; /* reverse, forward */
};

struct panel {
	double top, height;
	double low, high; /* of y */
	const char *title;
};

static double response(const struct curve *curve, double volts)
{
	const struct psx_hecht *h = &curve->hecht[volts > 0];
	const double v = fabs(volts);
	const double x = h->mu_tau * v / (THICKNESS * THICKNESS);

	if (v == 0 || x <= 0)
		return 0;
	return copysign(S0 * h->gain * x * -expm1(-1 / x) / (1 + THICKNESS * h->surface / v), volts);
}

static double difference(const struct curve *curve, double volts)
{
	return volts != 0 ? 100 * (response(curve, volts) - psx_sensor_sensitivity(volts)) /
			       psx_sensor_sensitivity(psx_sensor_volts(1)) : 0;
}

static double x_of(double volts)
{
	return LEFT + (volts + MOST_VOLTS) / (2 * MOST_VOLTS) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct panel *p, double value)
{
	return p->top + (p->high - value) / (p->high - p->low) * p->height;
}

static void draw_axes(cairo_t *cr, const struct panel *p)
{
	const double step = plot_step(p->high - p->low);
	const int last = (int)floor(p->high / step + 1e-3);
	int i = (int)ceil(p->low / step - 1e-3), volts;
	char words[32];

	cairo_set_line_width(cr, 1);
	for (; i <= last; i++) {
		const double value = i * step;

		cairo_set_source_rgb(cr, 0.86, 0.86, 0.86);
		plot_line(cr, LEFT, y_of(p, value), WIDTH - RIGHT, y_of(p, value));
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		(void)snprintf(words, sizeof(words), "%g", value);
		plot_text(cr, LEFT - 10, y_of(p, value) + 5, 1, words);
	}
	for (volts = -100; volts <= 100; volts += 25) {
		cairo_set_source_rgb(cr, 0.86, 0.86, 0.86);
		plot_line(cr, x_of(volts), p->top, x_of(volts), p->top + p->height);
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		(void)snprintf(words, sizeof(words), "%+d V", volts);
		plot_text(cr, x_of(volts), p->top + p->height + 20, volts == 100 ? 0.8 : 0.5,
		     volts ? words : "0 V");
	}
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	plot_line(cr, LEFT, p->top, LEFT, p->top + p->height);
	plot_line(cr, LEFT, p->top + p->height, WIDTH - RIGHT, p->top + p->height);
	plot_text(cr, LEFT, p->top - 12, 0, p->title);
}

static void draw_curve(cairo_t *cr, const struct panel *p, const struct curve *curve,
		       double (*value)(const struct curve *curve, double volts))
{
	int i;

	cairo_set_source_rgb(cr, curve->rgb[0], curve->rgb[1], curve->rgb[2]);
	cairo_set_line_width(cr, 2);
	cairo_new_path(cr);
	for (i = -400; i <= 400; i++)
		cairo_line_to(cr, x_of(i / 4.0), y_of(p, value(curve, i / 4.0)));
	cairo_stroke(cr);
}

static void draw_legend(cairo_t *cr, const struct curve *curves, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		const double y = 64 + 22 * i;

		cairo_set_source_rgb(cr, curves[i].rgb[0], curves[i].rgb[1], curves[i].rgb[2]);
		cairo_set_line_width(cr, 3);
		plot_line(cr, LEFT + 20, y - 5, LEFT + 50, y - 5);
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		plot_text(cr, LEFT + 60, y, 0, curves[i].name);
	}
}

static void draw(cairo_t *cr, const struct curve *curves, int count)
{
	const struct panel responses = { 36, 380, -450, 450, "response, uC/Gy/cm2" };
	struct panel differences = { 476, 300, 0, 0,
				     "difference from a nominal sub-pixel, % of weight 1" };
	double most = 0.1;
	int i, v;

	for (i = 0; i < count; i++)
		for (v = -100; v <= 100; v++)
			most = fmax(most, fabs(difference(&curves[i], v)));
	differences.high = 1.1 * most;
	differences.low = -differences.high;
	draw_axes(cr, &responses);
	draw_axes(cr, &differences);
	for (i = 0; i < count; i++) {
		draw_curve(cr, &responses, &curves[i], response);
		draw_curve(cr, &differences, &curves[i], difference);
	}
	draw_legend(cr, curves, count);
}

struct place {
	uint32_t x, y;
	double residual;
};

static int by_residual(const void *a, const void *b)
{
	const double left = ((const struct place *)a)->residual;
	const double right = ((const struct place *)b)->residual;

	return (left > right) - (left < right);
}

static void take(struct curve *curve, const struct psx_calibration *cal, const char *name,
		 uint32_t x, uint32_t y)
{
	(void)psx_calibration_get_hecht(cal, x, y, false, &curve->hecht[0]);
	(void)psx_calibration_get_hecht(cal, x, y, true, &curve->hecht[1]);
	(void)snprintf(curve->name, sizeof(curve->name), "%s: sub-pixel %u,%u, fit off by %.3f %%",
		       name, x, y, 100 * cal_residual(cal, x, y));
}

/* Best, median and worst fit of good sub-pixels, and the one asked for; how many, or
 * -1 with ENOMEM */
static int choose(struct curve *curves, const struct cal *c, const struct psx_calibration *cal)
{
	static const double colours[CURVES][3] = {
		{ 0.0, 0.45, 0.70 }, { 0.0, 0.62, 0.45 }, { 0.84, 0.37, 0.0 }, { 0.8, 0.0, 0.6 },
	};
	const struct psx_geometry *g = &psx_calibration_get_info(cal)->geometry;
	struct place *places = calloc((size_t)g->width * g->height, sizeof(*places));
	size_t good = 0;
	int count = 0, i;
	uint32_t x, y;

	if (!places)
		return -1;
	for (y = g->border; y < g->height - g->border; y++)
		for (x = g->border; x < g->width - g->border; x++)
			if (psx_calibration_get_defect(cal, x, y) == PSX_GOOD)
				places[good++] = (struct place){ x, y, cal_residual(cal, x, y) };
	qsort(places, good, sizeof(*places), by_residual);
	if (good) {
		take(&curves[count++], cal, "best", places[0].x, places[0].y);
		take(&curves[count++], cal, "median", places[good / 2].x, places[good / 2].y);
		take(&curves[count++], cal, "worst", places[good - 1].x, places[good - 1].y);
	}
	if (c->pixel_given)
		take(&curves[count++], cal, "asked for", c->x, c->y);
	for (i = 0; i < count * 3; i++)
		curves[i / 3].rgb[i % 3] = colours[i / 3][i % 3];
	free(places);
	return count;
}

int cal_plot(const struct cal *c, const struct psx_calibration *cal)
{
	struct curve curves[CURVES] = { 0 };
	const int count = choose(curves, c, cal);
	struct plot plot;

	if (count < 0 || plot_begin(&plot, WIDTH, HEIGHT))
		return -1;
	draw(plot.cr, curves, count);
	return plot_write(&plot, c->output);
}

#endif
