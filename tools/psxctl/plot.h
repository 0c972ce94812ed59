/* SPDX-License-Identifier: MIT */
/* Diagrams as PNG files; with cairo alone. */
#ifndef PSXCTL_PLOT_H
#define PSXCTL_PLOT_H

#include <cairo.h>
#include <stddef.h>

struct plot {
	cairo_surface_t *surface;
	cairo_t *cr;
};

struct plot_box {
	double left, top, width, height;
};

/* White, with a font set; -1 with ENOMEM */
int plot_begin(struct plot *plot, int width, int height);
/* Whole or not at all, and the plot is gone; -1 with errno */
int plot_write(struct plot *plot, const char *path);

/* Of a palette, which begins anew when it ends */
void plot_colour(cairo_t *cr, size_t i);
/* One pixel sharp where it is level or upright */
void plot_line(cairo_t *cr, double x0, double y0, double x1, double y1);
/* `share` of the text's width is left of x */
void plot_text(cairo_t *cr, double x, double y, double share, const char *words);
/* chart.c: one with its margins, PLOT_LEFT and PLOT_RIGHT at its sides */
struct chart;
void plot_chart(cairo_t *cr, const struct chart *chart, const struct plot_box *box);
#define PLOT_LEFT  96
#define PLOT_RIGHT 44
/* Between lines of a grid: 1, 2 or 5 times a power of ten, some 4 to 8 in a span */
double plot_step(double span);

#endif
