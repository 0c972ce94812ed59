// SPDX-License-Identifier: MIT
#include "panels.h"

#include <errno.h>

#ifndef PSX_HAVE_CAIRO

struct panels *panels_new(const struct plan *plan, const struct psx_device_info *device)
{
	(void)plan;
	(void)device;
	errno = ENOTSUP;
	return NULL;
}

void panels_free(struct panels *p)
{
	(void)p;
}

int panels_put(struct panels *p, const struct psx_frame *frame, const struct psx_frame *whole)
{
	(void)p;
	(void)frame;
	(void)whole;
	return -1;
}

int panels_write(const struct panels *p, const char *path)
{
	(void)p;
	(void)path;
	return -1;
}

#else

#include "panel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPTION 44

struct panels {
	const struct plan *plan;
	const struct psx_device_info *device;
	struct psx_frame *frames[PANELS], *wholes[PANELS]; /* by channel */
};

struct panels *panels_new(const struct plan *plan, const struct psx_device_info *device)
{
	struct panels *p = calloc(1, sizeof(*p));

	if (p) {
		p->plan = plan;
		p->device = device;
	}
	return p;
}

void panels_free(struct panels *p)
{
	size_t i;

	for (i = 0; p && i < PANELS; i++) {
		psx_frame_free(p->frames[i]);
		psx_frame_free(p->wholes[i]);
	}
	free(p);
}

int panels_put(struct panels *p, const struct psx_frame *frame, const struct psx_frame *whole)
{
	const unsigned int channel = psx_frame_get_info(frame)->channel;

	if (channel >= PANELS)
		return 0;
	psx_frame_free(p->frames[channel]);
	psx_frame_free(p->wholes[channel]);
	p->frames[channel] = psx_frame_copy(frame);
	p->wholes[channel] = whole ? psx_frame_copy(whole) : NULL;
	return p->frames[channel] && (p->wholes[channel] || !whole) ? 0 : -1;
}

static void draw_caption(cairo_t *cr, const struct panels *p)
{
	const struct raster *r = &p->plan->raster;
	const struct psx_device_info *d = p->device;
	char words[256], points[96] = "";

	if (r->width)
		(void)snprintf(points, sizeof(points), "; %u x %u points, %g mm apart", r->width,
			       r->height, r->step * d->pitch_um / 1e3);
	(void)snprintf(words, sizeof(words), "%s%s%s", d->model,
		       d->simulated ? " (simulated)" : "", points);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	plot_text(cr, PLOT_LEFT, 28, 0, words);
}

/* As many in a row as there are rows, or one more */
int panels_write(const struct panels *p, const char *path)
{
	struct panel panels[PANELS];
	size_t count = 0, columns = 1, i;
	double height = 0;
	struct plot plot;
	int failed;

	for (i = 0; i < PANELS; i++) {
		if (!p->frames[i])
			continue;
		if (panel_begin(&panels[count], p->plan, p->device, p->frames[i], p->wholes[i]))
			break;
		height = fmax(height, panel_height(&panels[count++]));
	}
	while (columns * columns < count)
		columns++;
	failed = i < PANELS || plot_begin(&plot, (int)columns * PANEL_WIDTH,
					  CAPTION + (int)((count + columns - 1) / columns) * (int)height);
	if (!failed)
		draw_caption(plot.cr, p);
	for (i = 0; i < count; i++) {
		const size_t row = i / columns, column = i % columns;

		if (!failed)
			panel_draw(plot.cr, &panels[i], (double)column * PANEL_WIDTH,
				   CAPTION + (double)row * height);
		panel_end(&panels[i]);
	}
	return failed ? -1 : plot_write(&plot, path);
}

#endif
