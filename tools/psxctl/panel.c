// SPDX-License-Identifier: MIT
#ifdef PSX_HAVE_CAIRO

#include "panel.h"

#include "chart.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE	  (PANEL_WIDTH - PLOT_LEFT - PLOT_RIGHT) /* of the picture, at most */
#define LEAST	  8  /* of the picture, though its other side is much longer */
#define SCALE	  160 /* of the bar of colours, at least: room for its numbers */
#define HEAD	  98
#define BAR	  10 /* of colours */
#define FOOT	  48 /* with its numbers */
#define HISTOGRAM 320

/* Dense, in 32 bits; NULL with errno */
static int32_t *values_of(const struct psx_frame *frame)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const size_t count = (size_t)info->width * info->height;
	int32_t *values = calloc(count, sizeof(*values));
	int16_t *narrow = calloc(count, sizeof(*narrow));
	size_t i;

	if (values && narrow && !psx_frame_to_dense(frame, narrow, info->width, NULL)) {
		for (i = 0; i < count; i++)
			values[i] = narrow[i];
	} else {
		free(values);
		values = NULL;
	}
	free(narrow);
	return values;
}

static void word(struct panel *p, const struct plan *plan, const struct psx_frame *frame,
		 const struct figures *f)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	char share[48] = "", bad[48] = "", of[96];

	if (plan->threshold.share > 0)
		(void)snprintf(share, sizeof(share), ", %g %% of the maximum",
			       100 * plan->threshold.share);
	if (f->bad)
		(void)snprintf(bad, sizeof(bad), "; magenta: %llu bad", (unsigned long long)f->bad);
	if (f->active != f->pixels)
		(void)snprintf(of, sizeof(of), "of %llu, %.1f %% of %llu",
			       (unsigned long long)f->active, 100 * figures_occupancy_total(f),
			       (unsigned long long)f->pixels);
	else
		(void)snprintf(of, sizeof(of), "(%u of %llu)", info->effective,
			       (unsigned long long)f->pixels);
	(void)snprintf(p->name, sizeof(p->name), "%s", plan_kernel_name(plan, info->channel));
	(void)snprintf(p->comparator, sizeof(p->comparator), "T = %u bits%s%s",
		       info->threshold, share, p->both ? ", both signs" : "");
	(void)snprintf(p->occupancy, sizeof(p->occupancy), "occupancy %.1f %% %s",
		       100 * figures_occupancy(f), of);
	(void)snprintf(p->bytes, sizeof(p->bytes), "byte ratio %.1f %%%s",
		       100 * figures_byte_ratio(f), bad);
}

static bool keeps(const struct panel *p, int32_t value)
{
	return (p->both ? abs(value) : value) >= (int32_t)p->threshold;
}

/* Over the values that mean something; of a frame alone, over those that were kept */
static void count(struct panel *p, const int32_t *values, const struct psx_frame_info *info,
		  const struct psx_device_info *device)
{
	int32_t least = INT32_MAX, most = INT32_MIN;
	int pass;
	uint32_t x, y;

	for (pass = 0; pass < 2; pass++) {
		for (y = 0; y < p->height; y++) {
			for (x = 0; x < p->width; x++) {
				const size_t i = (size_t)y * p->width + x;
				const int32_t v = values[i];

				if ((p->mask && p->mask[i]) || (p->sparse && !v) ||
				    !figures_sees(info, device, x, y))
					continue;
				if (pass)
					tally_add(&p->tally, v, keeps(p, v));
				least = v < least ? v : least;
				most = v > most ? v : most;
			}
		}
		if (!pass && least > most)
			least = most = 0;
		if (!pass)
			tally_begin(&p->tally, least, most, p->mapping.map != MAP_GREY);
	}
}

int panel_begin(struct panel *p, const struct plan *plan, const struct psx_device_info *device,
		const struct psx_frame *frame, const struct psx_frame *whole)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const struct figures f = figures_of(frame, device);
	const double longer = fmax(info->width, info->height);
	const double factor = longer <= SIDE ? floor(SIDE / longer) : SIDE / longer;
	int32_t *before = NULL;

	*p = (struct panel){
		.width = info->width, .height = info->height, .values = values_of(frame),
		.mask = psx_frame_get_mask(frame), .threshold = info->threshold,
		.both = info->polarity == PSX_BOTH, .sparse = !whole && info->threshold,
	};
	p->across = fmax(p->width * factor, LEAST);
	p->down = fmax(p->height * factor, LEAST);
	word(p, plan, frame, &f);
	if (p->values && (!whole || (before = values_of(whole))) &&
	    !mapping_choose(&p->mapping, MAP_AUTO, p->values, p->mask,
			    (size_t)p->width * p->height)) {
		count(p, before ? before : p->values, info, device);
		free(before);
		return 0;
	}
	free(before);
	free(p->values);
	return -1;
}

void panel_end(struct panel *p)
{
	free(p->values);
}

double panel_height(const struct panel *p)
{
	return HEAD + ceil(p->down) + FOOT + HISTOGRAM;
}

/* A picture of width x height colours, enlarged */
static void paint(cairo_t *cr, const struct panel *p, uint32_t width, uint32_t height,
		  void (*colour)(const struct panel *p, size_t i, uint8_t rgb[3]), double left,
		  double top, double across, double down)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
	uint8_t *data = cairo_image_surface_get_data(s);
	const int stride = cairo_image_surface_get_stride(s);
	uint32_t x, y;

	for (y = 0; data && y < height; y++) {
		uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);

		for (x = 0; x < width; x++) {
			uint8_t rgb[3];

			colour(p, (size_t)y * width + x, rgb);
			row[x] = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
		}
	}
	cairo_surface_mark_dirty(s);
	cairo_save(cr);
	cairo_translate(cr, left, top);
	cairo_scale(cr, across, down);
	cairo_set_source_surface(cr, s, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr),
				 across < 1 || down < 1 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_rectangle(cr, 0, 0, width, height);
	cairo_fill(cr);
	cairo_restore(cr);
	cairo_surface_destroy(s);
}

static void colour_of_value(const struct panel *p, size_t i, uint8_t rgb[3])
{
	if (p->mask && p->mask[i]) {
		rgb[0] = rgb[2] = 255;
		rgb[1] = 0;
	} else {
		mapping_colour(&p->mapping, p->values[i], rgb);
	}
}

#define SHADES 256

static void colour_of_shade(const struct panel *p, size_t i, uint8_t rgb[3])
{
	const double share = (double)i / (SHADES - 1);

	mapping_colour(&p->mapping,
		       p->mapping.low + (int32_t)lround(share * (p->mapping.high - p->mapping.low)),
		       rgb);
}

/* Around what may be white */
static void frame_in(cairo_t *cr, double left, double top, double width, double height)
{
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, left - 0.5, top - 0.5, width + 1, height + 1);
	cairo_stroke(cr);
}

static void draw_picture(cairo_t *cr, const struct panel *p, double left, double top)
{
	const double scale = fmax(p->across, SCALE);
	char words[32];

	paint(cr, p, p->width, p->height, colour_of_value, left, top, p->across / p->width,
	      p->down / p->height);
	frame_in(cr, left, top, p->across, p->down);
	top += ceil(p->down) + 8;
	paint(cr, p, SHADES, 1, colour_of_shade, left, top, scale / SHADES, BAR);
	frame_in(cr, left, top, scale, BAR);
	(void)snprintf(words, sizeof(words), "%d", p->mapping.low);
	plot_text(cr, left, top + BAR + 18, 0, words);
	(void)snprintf(words, sizeof(words), "%d bits", p->mapping.high);
	plot_text(cr, left + scale, top + BAR + 18, 1, words);
}

static void draw_histogram(cairo_t *cr, const struct panel *p, double left, double top)
{
	const double t = p->threshold - 0.5, low = 0.5;
	const struct plot_box box = { left, top, PANEL_WIDTH, HISTOGRAM };
	double most = 1;
	const double xs[] = { t, t, NAN, -t, -t };
	char name[32];
	size_t i;

	for (i = 0; i < p->tally.bins; i++)
		most = fmax(most, fmax(p->tally.kept[i], p->tally.dropped[i]));
	most = pow(10, ceil(log10(most) + 1e-9));
	(void)snprintf(name, sizeof(name), "T = %u", p->threshold);

	const double ys[] = { low, most, NAN, low, most };
	const struct chart chart = {
		.title = "pixels", .x_name = "bits", .signed_x = p->mapping.map != MAP_GREY,
		.log_y = true, .low = low, .high = most, .count = p->threshold ? 3 : 2,
		.series = {
			{ .name = p->sparse || !p->threshold ? NULL : "dropped", .count = p->tally.bins + 1,
			  .x = p->tally.edges, .y = p->tally.dropped, .bars = true, .colour = 7 },
			{ .name = "kept", .count = p->tally.bins + 1, .x = p->tally.edges,
			  .y = p->tally.kept, .bars = true, .colour = 1 },
			{ .name = name, .count = p->both ? 5 : 2, .x = xs, .y = ys, .line = true,
			  .colour = 2 },
		},
	};

	plot_chart(cr, &chart, &box);
}

void panel_draw(cairo_t *cr, const struct panel *p, double left, double top)
{
	cairo_set_source_rgb(cr, 0, 0, 0);
	plot_text(cr, left + PLOT_LEFT, top + 18, 0, p->name);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	plot_text(cr, left + PLOT_LEFT, top + 40, 0, p->comparator);
	plot_text(cr, left + PLOT_LEFT, top + 62, 0, p->occupancy);
	plot_text(cr, left + PLOT_LEFT, top + 84, 0, p->bytes);
	draw_picture(cr, p, left + PLOT_LEFT, top + HEAD);
	draw_histogram(cr, p, left, top + HEAD + ceil(p->down) + FOOT);
}

#else
/* A file of its own needs something in it */
typedef int psxctl_without_panels;
#endif
