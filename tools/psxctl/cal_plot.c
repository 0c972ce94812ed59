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

#include "../../lib/output.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static void line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
	cairo_move_to(cr, round(x0) + 0.5, round(y0) + 0.5);
	cairo_line_to(cr, round(x1) + 0.5, round(y1) + 0.5);
	cairo_stroke(cr);
}

/* `share` of the text's width is left of x */
static void text(cairo_t *cr, double x, double y, double share, const char *words)
{
	cairo_text_extents_t e;

	cairo_text_extents(cr, words, &e);
	cairo_move_to(cr, x - share * e.x_advance, y);
	cairo_show_text(cr, words);
}

static double step_for(double span)
{
	const double unit = pow(10, floor(log10(span / 4)));
	const double steps = span / 4 / unit;

	return unit * (steps < 2 ? 1 : steps < 5 ? 2 : 5);
}

static void draw_axes(cairo_t *cr, const struct panel *p)
{
	const double step = step_for(p->high - p->low);
	const int last = (int)floor(p->high / step + 1e-3);
	int i = (int)ceil(p->low / step - 1e-3), volts;
	char words[32];

	cairo_set_line_width(cr, 1);
	for (; i <= last; i++) {
		const double value = i * step;

		cairo_set_source_rgb(cr, 0.86, 0.86, 0.86);
		line(cr, LEFT, y_of(p, value), WIDTH - RIGHT, y_of(p, value));
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		(void)snprintf(words, sizeof(words), "%g", value);
		text(cr, LEFT - 10, y_of(p, value) + 5, 1, words);
	}
	for (volts = -100; volts <= 100; volts += 25) {
		cairo_set_source_rgb(cr, 0.86, 0.86, 0.86);
		line(cr, x_of(volts), p->top, x_of(volts), p->top + p->height);
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		(void)snprintf(words, sizeof(words), "%+d V", volts);
		text(cr, x_of(volts), p->top + p->height + 20, volts == 100 ? 0.8 : 0.5,
		     volts ? words : "0 V");
	}
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	line(cr, LEFT, p->top, LEFT, p->top + p->height);
	line(cr, LEFT, p->top + p->height, WIDTH - RIGHT, p->top + p->height);
	text(cr, LEFT, p->top - 12, 0, p->title);
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
		line(cr, LEFT + 20, y - 5, LEFT + 50, y - 5);
		cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
		text(cr, LEFT + 60, y, 0, curves[i].name);
	}
}

static void draw(cairo_t *cr, const struct curve *curves, int count)
{
	const struct panel responses = { 36, 380, -450, 450, "response, uC/Gy/cm2" };
	struct panel differences = { 476, 300, 0, 0,
				     "difference from a nominal sub-pixel, % of weight 1" };
	double most = 0.1;
	int i, v;

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, 15);
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

static cairo_status_t put(void *closure, const unsigned char *data, unsigned int length)
{
	const int fd = *(const int *)closure;

	while (length) {
		const ssize_t done = write(fd, data, length);

		if (done < 0 && errno != EINTR)
			return CAIRO_STATUS_WRITE_ERROR;
		if (done > 0) {
			data += done;
			length -= (unsigned int)done;
		}
	}
	return CAIRO_STATUS_SUCCESS;
}

int cal_plot(const struct cal *c, const struct psx_calibration *cal)
{
	struct curve curves[CURVES] = { 0 };
	const int count = choose(curves, c, cal);
	cairo_surface_t *surface;
	struct psx_output out;
	cairo_t *cr;
	int failed;

	if (count < 0 || psx_output_open(&out, c->output))
		return -1;
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
	cr = cairo_create(surface);
	draw(cr, curves, count);
	cairo_destroy(cr);
	errno = ENOMEM;
	failed = cairo_surface_write_to_png_stream(surface, put, &out.fd) != CAIRO_STATUS_SUCCESS ||
		 psx_output_commit(&out);
	cairo_surface_destroy(surface);
	if (failed)
		psx_output_discard(&out);
	return failed ? -1 : 0;
}

#endif
