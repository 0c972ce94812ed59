// SPDX-License-Identifier: MIT
#ifdef PSX_HAVE_CAIRO

#include "plot.h"

#include "../../lib/output.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#define FONT_SIZE 15

static const double colours[][3] = {
	{ 0.0, 0.45, 0.70 }, { 0.84, 0.37, 0.0 }, { 0.0, 0.62, 0.45 }, { 0.8, 0.0, 0.6 },
	{ 0.34, 0.71, 0.91 }, { 0.6, 0.6, 0.0 }, { 0.4, 0.4, 0.4 }, { 0.5, 0.3, 0.1 },
};

void plot_colour(cairo_t *cr, size_t i)
{
	const double *c = colours[i % (sizeof(colours) / sizeof(colours[0]))];

	cairo_set_source_rgb(cr, c[0], c[1], c[2]);
}

void plot_line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
	cairo_move_to(cr, round(x0) + 0.5, round(y0) + 0.5);
	cairo_line_to(cr, round(x1) + 0.5, round(y1) + 0.5);
	cairo_stroke(cr);
}

void plot_text(cairo_t *cr, double x, double y, double share, const char *words)
{
	cairo_text_extents_t e;

	cairo_text_extents(cr, words, &e);
	cairo_move_to(cr, x - share * e.x_advance, y);
	cairo_show_text(cr, words);
}

double plot_step(double span)
{
	const double unit = pow(10, floor(log10(span / 4)));
	const double steps = span / 4 / unit;

	return unit * (steps < 2 ? 1 : steps < 5 ? 2 : 5);
}

int plot_begin(struct plot *plot, int width, int height)
{
	plot->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	plot->cr = cairo_create(plot->surface);
	if (cairo_status(plot->cr) != CAIRO_STATUS_SUCCESS) {
		cairo_destroy(plot->cr);
		cairo_surface_destroy(plot->surface);
		errno = ENOMEM;
		return -1;
	}
	cairo_set_source_rgb(plot->cr, 1, 1, 1);
	cairo_paint(plot->cr);
	cairo_select_font_face(plot->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(plot->cr, FONT_SIZE);
	return 0;
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

int plot_write(struct plot *plot, const char *path)
{
	struct psx_output out;
	int failed;

	cairo_destroy(plot->cr);
	failed = psx_output_open(&out, path);
	if (!failed) {
		errno = ENOMEM;
		failed = cairo_surface_write_to_png_stream(plot->surface, put, &out.fd) !=
				 CAIRO_STATUS_SUCCESS ||
			 psx_output_commit(&out);
	}
	cairo_surface_destroy(plot->surface);
	if (failed)
		psx_output_discard(&out);
	return failed ? -1 : 0;
}

#else
/* A file of its own needs something in it */
typedef int psxctl_without_cairo;
#endif
