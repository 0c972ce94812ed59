// SPDX-License-Identifier: MIT
/* A picture of a training, as Fig. 5d and e of Pang et al. 2024: accuracies by epoch, and
 * below, a panel a class, what its test samples make of the outputs. */
#include "learn.h"

#include <errno.h>

#ifndef PSX_HAVE_CAIRO

bool train_can_plot(void)
{
	return false;
}

int train_plot(const struct psx_classifier *c, const char *path)
{
	(void)c;
	(void)path;
	errno = ENOTSUP;
	return -1;
}

#else

#include "plot.h"

#include <math.h>
#include <stdio.h>

#define WIDTH	     1100
#define LEFT	     76
#define RIGHT	     24
#define TOP	     70
#define CURVES	     240 /* height of the accuracies' panel */
#define BOXES	     190 /* of a class's */
#define GAP	     62
#define MOST_COLUMNS 21	/* epochs whose boxes are drawn */
#define MOST_CLASSES 8	/* of them, too */
#define COLOURS	     8

static const double colours[COLOURS][3] = {
	{ 0.0, 0.45, 0.70 },  { 0.84, 0.37, 0.0 }, { 0.0, 0.62, 0.45 },	 { 0.8, 0.47, 0.65 },
	{ 0.34, 0.71, 0.91 }, { 0.9, 0.62, 0.0 },  { 0.35, 0.35, 0.35 }, { 0.75, 0.7, 0.1 },
};

struct panel {
	double top, height;
	double low, high; /* of y */
};

/* Epochs whose boxes are drawn: every step-th from 0 on, and the last */
struct columns {
	unsigned int epochs, step, count;
};

static struct columns columns_of(unsigned int epochs)
{
	const unsigned int step = 1 + (epochs - 1) / (MOST_COLUMNS - 1);

	return (struct columns){ epochs, step, epochs / step + 1 };
}

static unsigned int epoch_of(const struct columns *x, unsigned int column)
{
	return column < x->count - 1 ? column * x->step : x->epochs;
}

static double column_width(const struct columns *x)
{
	return (double)(WIDTH - LEFT - RIGHT) * x->step / (x->epochs + x->step);
}

static double x_of(const struct columns *x, unsigned int epoch)
{
	return LEFT + ((double)epoch / x->step + 0.5) * column_width(x);
}

static double y_of(const struct panel *p, double value)
{
	return p->top + (p->high - value) / (p->high - p->low) * p->height;
}

static void grey(cairo_t *cr, double shade)
{
	cairo_set_source_rgb(cr, shade, shade, shade);
}

static void colour(cairo_t *cr, unsigned int number, double light)
{
	const double *rgb = colours[number % COLOURS];

	cairo_set_source_rgb(cr, rgb[0] + (1 - rgb[0]) * light, rgb[1] + (1 - rgb[1]) * light,
			     rgb[2] + (1 - rgb[2]) * light);
}

static void draw_axes(cairo_t *cr, const struct panel *p, const struct columns *x,
		      const char *title)
{
	const double step = plot_step(p->high - p->low);
	const int last = (int)floor(p->high / step + 1e-3);
	int i = (int)ceil(p->low / step - 1e-3);
	unsigned int column;
	char words[64];

	cairo_set_line_width(cr, 1);
	for (; i <= last; i++) {
		const double value = i * step;

		grey(cr, 0.88);
		plot_line(cr, LEFT, y_of(p, value), WIDTH - RIGHT, y_of(p, value));
		grey(cr, 0.2);
		(void)snprintf(words, sizeof(words), "%g", value);
		plot_text(cr, LEFT - 10, y_of(p, value) + 5, 1, words);
	}
	grey(cr, 0.2);
	for (column = 0; column < x->count; column++) {
		const unsigned int epoch = epoch_of(x, column);

		(void)snprintf(words, sizeof(words), "%u", epoch);
		plot_text(cr, x_of(x, epoch), p->top + p->height + 20, 0.5, words);
	}
	plot_line(cr, LEFT, p->top, LEFT, p->top + p->height);
	plot_line(cr, LEFT, p->top + p->height, WIDTH - RIGHT, p->top + p->height);
	plot_text(cr, LEFT, p->top - 12, 0, title);
}

static double accuracy(const struct psx_epoch *epoch, bool test)
{
	return test ? epoch->test_accuracy : epoch->train_accuracy;
}

/* Every epoch, also those between the columns */
static void draw_curve(cairo_t *cr, const struct panel *p, const struct columns *x,
		       const struct psx_classifier *c, bool test)
{
	unsigned int n;

	colour(cr, test, 0);
	cairo_set_line_width(cr, 2);
	cairo_new_path(cr);
	for (n = 0; n <= x->epochs; n++) {
		const double y = y_of(p, accuracy(psx_classifier_get_epoch(c, n), test));

		cairo_line_to(cr, x_of(x, n), y);
		cairo_stroke_preserve(cr);
		cairo_new_sub_path(cr);
		cairo_arc(cr, x_of(x, n), y, 3, 0, 2 * M_PI);
		cairo_fill(cr);
		cairo_move_to(cr, x_of(x, n), y);
	}
	cairo_new_path(cr);
}

static void draw_accuracies(cairo_t *cr, const struct columns *x, const struct psx_classifier *c)
{
	const struct panel p = { TOP, CURVES, -0.04, 1.04 }; /* 0 and 1 have points, too */
	int test;

	draw_axes(cr, &p, x, "accuracy by epoch");
	for (test = 0; test < 2; test++) {
		const double at = WIDTH - RIGHT - 220 + 120 * test;

		draw_curve(cr, &p, x, c, test);
		colour(cr, (unsigned int)test, 0);
		cairo_set_line_width(cr, 3);
		plot_line(cr, at, TOP - 17, at + 26, TOP - 17);
		grey(cr, 0.2);
		plot_text(cr, at + 34, TOP - 12, 0, test ? "test" : "training");
	}
}

/* Box: quartiles and median; lines to 1 and 99 %; dots: extremes; cross: mean */
static void draw_box(cairo_t *cr, const struct panel *p, const struct psx_box *box, double x,
		     double width, unsigned int number)
{
	const double y1 = y_of(p, box->q1), y3 = y_of(p, box->q3), mean = y_of(p, box->mean);

	colour(cr, number, 0);
	cairo_set_line_width(cr, 1);
	plot_line(cr, x, y_of(p, box->p1), x, y1);
	plot_line(cr, x, y3, x, y_of(p, box->p99));
	plot_line(cr, x - width / 4, y_of(p, box->p1), x + width / 4, y_of(p, box->p1));
	plot_line(cr, x - width / 4, y_of(p, box->p99), x + width / 4, y_of(p, box->p99));
	cairo_rectangle(cr, x - width / 2, y3, width, fmax(y1 - y3, 1));
	colour(cr, number, 0.65);
	cairo_fill_preserve(cr);
	colour(cr, number, 0);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 2);
	plot_line(cr, x - width / 2, y_of(p, box->median), x + width / 2, y_of(p, box->median));
	cairo_arc(cr, x, y_of(p, box->least), 1.5, 0, 2 * M_PI);
	cairo_fill(cr);
	cairo_arc(cr, x, y_of(p, box->most), 1.5, 0, 2 * M_PI);
	cairo_fill(cr);
	grey(cr, 0);
	cairo_set_line_width(cr, 1);
	cairo_move_to(cr, x - 2.5, mean - 2.5);
	cairo_line_to(cr, x + 2.5, mean + 2.5);
	cairo_move_to(cr, x - 2.5, mean + 2.5);
	cairo_line_to(cr, x + 2.5, mean - 2.5);
	cairo_stroke(cr);
}

static void draw_class(cairo_t *cr, const struct panel *p, const struct columns *x,
		       const struct psx_classifier *c, unsigned int label)
{
	const unsigned int classes = psx_classifier_get_info(c)->classes;
	const unsigned int shown = classes < MOST_CLASSES ? classes : MOST_CLASSES;
	const double step = fmin(column_width(x) * 0.85 / shown, 30);
	unsigned int column, n;
	const char *name = psx_classifier_get_label(c, label);
	char title[512];

	(void)snprintf(title, sizeof(title), "outputs for test samples of %.*s", learn_cut(name, 60),
		       name);
	draw_axes(cr, p, x, title);
	for (column = 0; column < x->count; column++) {
		const unsigned int epoch = epoch_of(x, column);
		const struct psx_box *boxes = psx_classifier_get_epoch(c, epoch)->boxes + label * classes;

		for (n = 0; n < shown; n++)
			draw_box(cr, p, &boxes[n], x_of(x, epoch) + (n - (shown - 1) / 2.0) * step,
				 step * 0.7, n);
	}
}

static void draw_legend(cairo_t *cr, const struct psx_classifier *c, unsigned int shown)
{
	const unsigned int classes = psx_classifier_get_info(c)->classes;
	char words[64];
	unsigned int n;

	grey(cr, 0.2);
	plot_text(cr, LEFT, 26, 0, "outputs:");
	(void)snprintf(words, sizeof(words), "the first %u of %u classes", shown, classes);
	if (shown < classes)
		plot_text(cr, LEFT + 300, TOP - 12, 0, words);
	for (n = 0; n < shown; n++) {
		const char *label = psx_classifier_get_label(c, n);
		const double at = LEFT + 80 + 115 * n;

		colour(cr, n, 0.65);
		cairo_rectangle(cr, at, 14, 20, 14);
		cairo_fill_preserve(cr);
		colour(cr, n, 0);
		cairo_set_line_width(cr, 1);
		cairo_stroke(cr);
		grey(cr, 0.2);
		(void)snprintf(words, sizeof(words), "%.*s", learn_cut(label, 8), label);
		plot_text(cr, at + 26, 26, 0, words);
	}
}

/* One range of outputs for all panels, so that they can be compared */
static struct panel range_of(const struct psx_classifier *c, unsigned int shown)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	struct panel p = { 0, BOXES, 0, 0 };
	unsigned int n, label, output;

	for (n = 0; n <= info->epochs; n++)
		for (label = 0; label < shown; label++)
			for (output = 0; output < shown; output++) {
				const struct psx_box *box = psx_classifier_get_epoch(c, n)->boxes +
							    label * info->classes + output;

				p.low = fmin(p.low, box->least);
				p.high = fmax(p.high, box->most);
			}
	n = p.high - p.low < 1e-6;
	p.high += n ? 1 : 0.05 * (p.high - p.low);
	p.low -= n ? 1 : 0.05 * (p.high - p.low);
	return p;
}

bool train_can_plot(void)
{
	return true;
}

int train_plot(const struct psx_classifier *c, const char *path)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	const unsigned int shown = info->classes < MOST_CLASSES ? info->classes : MOST_CLASSES;
	const struct columns x = columns_of(info->epochs);
	struct panel p = range_of(c, shown);
	struct plot plot;
	unsigned int label;

	if (plot_begin(&plot, WIDTH, (int)(TOP + CURVES + (BOXES + GAP) * shown + 66)))
		return -1;
	draw_legend(plot.cr, c, shown);
	draw_accuracies(plot.cr, &x, c);
	for (label = 0; label < shown; label++) {
		p.top = TOP + CURVES + GAP + (BOXES + GAP) * label;
		draw_class(plot.cr, &p, &x, c, label);
	}
	plot_text(plot.cr, LEFT, p.top + BOXES + 48, 0,
		  "by epoch, 0 is untrained; box: quartiles, bar: median, lines: 1 and 99 %, dots: extremes, cross: mean");
	return plot_write(&plot, path);
}

#endif
