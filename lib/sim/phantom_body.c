// SPDX-License-Identifier: MIT
/* Wires, turned bodies and smooth curves. */
#include "phantom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t band_size(const struct bodies *b)
{
	return (size_t)b->plates.width * b->plates.rows * sizeof(float);
}

int bodies_init(struct bodies *b, uint32_t width, uint32_t rows)
{
	const int failed = raster_init(&b->plates, width, rows);

	b->depth = malloc(band_size(b));
	b->wire = calloc(1, band_size(b));
	return !failed && b->depth && b->wire ? 0 : -1;
}

void bodies_free(struct bodies *b)
{
	raster_free(&b->plates);
	free(b->depth);
	free(b->wire);
}

void bodies_begin(struct bodies *b, int64_t top)
{
	raster_begin(&b->plates, top);
	memset(b->depth, 0, band_size(b));
}

/* A rectangle of the band's pixels; empty when x0 >= x1 or y0 >= y1. */
struct box {
	uint32_t x0, y0, x1, y1;
};

static uint32_t clamp_pixel(double at, uint32_t limit)
{
	return at <= 0 ? 0 : at >= limit ? limit : (uint32_t)at;
}

/* The pixels within `reach` of a rectangle between two points. */
static struct box box_around(const struct raster *r, struct point a, struct point b, double reach)
{
	const double upper = r->upper - (double)r->top;

	return (struct box){
		clamp_pixel(r->left + r->unit * ((a.x < b.x ? a.x : b.x) - reach), r->width),
		clamp_pixel(upper + r->unit * ((a.y < b.y ? a.y : b.y) - reach), r->rows),
		clamp_pixel(r->left + r->unit * ((a.x > b.x ? a.x : b.x) + reach) + 1, r->width),
		clamp_pixel(upper + r->unit * ((a.y > b.y ? a.y : b.y) + reach) + 1, r->rows),
	};
}

/* The middle of a pixel of the band. */
static struct point middle(const struct raster *r, uint32_t x, uint32_t y)
{
	return (struct point){(x + 0.5 - r->left) / r->unit,
			      (y + 0.5 + (double)r->top - r->upper) / r->unit};
}

static void draw_segment(struct bodies *b, struct point from, struct point to, double radius,
			 double mu)
{
	const struct raster *r = &b->plates;
	const struct box box = box_around(r, from, to, radius);
	const double dx = to.x - from.x, dy = to.y - from.y, length2 = dx * dx + dy * dy;
	uint32_t x, y;

	for (y = box.y0; y < box.y1; y++)
		for (x = box.x0; x < box.x1; x++) {
			float *wire = b->wire + (size_t)y * r->width + x;
			const struct point p = middle(r, x, y);
			double t = ((p.x - from.x) * dx + (p.y - from.y) * dy) / length2, ex, ey,
			       gap2;
			float depth;

			t = t < 0 ? 0 : t > 1 ? 1 : t;
			ex = p.x - from.x - t * dx;
			ey = p.y - from.y - t * dy;
			gap2 = radius * radius - ex * ex - ey * ey;
			if (gap2 <= 0)
				continue;
			depth = (float)(2 * mu * sqrt(gap2));
			if (depth > *wire)
				*wire = depth;
		}
}

/* Add the wire's depth to the others' where `box` is, and forget it there. */
static void flush_wire(struct bodies *b, struct box box)
{
	uint32_t x, y;

	for (y = box.y0; y < box.y1; y++)
		for (x = box.x0; x < box.x1; x++) {
			const size_t at = (size_t)y * b->plates.width + x;

			b->depth[at] += b->wire[at];
			b->wire[at] = 0;
		}
}

void bodies_wire(struct bodies *b, const struct point *points, size_t count, double radius,
		 double mu)
{
	const double least = 0.7 / b->plates.unit; /* or pixels would miss it */
	struct point low = points[0], high = points[0];
	size_t i;

	if (radius < least) {
		mu *= radius * radius / (least * least);
		radius = least;
	}
	for (i = 0; i + 1 < count; i++)
		draw_segment(b, points[i], points[i + 1], radius, mu);
	for (i = 1; i < count; i++) {
		low.x = points[i].x < low.x ? points[i].x : low.x;
		low.y = points[i].y < low.y ? points[i].y : low.y;
		high.x = points[i].x > high.x ? points[i].x : high.x;
		high.y = points[i].y > high.y ? points[i].y : high.y;
	}
	flush_wire(b, box_around(&b->plates, low, high, radius));
}

/* Radius of a profile at `x`, 0 beyond its ends. */
static double radius_at(const struct point *profile, size_t count, double x)
{
	size_t i;

	if (x < profile[0].x)
		return 0;
	for (i = 1; i < count; i++)
		if (x < profile[i].x)
			return profile[i - 1].y + (profile[i].y - profile[i - 1].y) *
							  (x - profile[i - 1].x) /
							  (profile[i].x - profile[i - 1].x);
	return 0;
}

void bodies_lathe(struct bodies *b, const struct pose *pose, const struct point *profile,
		  size_t count, double mu)
{
	const struct raster *r = &b->plates;
	const struct point from = phantom_place(pose, profile[0].x, 0);
	const struct point to = phantom_place(pose, profile[count - 1].x, 0);
	double widest = 0;
	struct box box;
	uint32_t x, y;
	size_t i;

	for (i = 0; i < count; i++)
		widest = profile[i].y > widest ? profile[i].y : widest;
	box = box_around(r, from, to, widest * pose->scale);
	for (y = box.y0; y < box.y1; y++)
		for (x = box.x0; x < box.x1; x++) {
			const struct point p = middle(r, x, y);
			const double dx = (p.x - pose->x) / pose->scale,
				     dy = (p.y - pose->y) / pose->scale;
			const double along = dx * pose->cosine + dy * pose->sine;
			const double off = dy * pose->cosine - dx * pose->sine;
			const double radius = radius_at(profile, count, along);

			if (radius * radius > off * off)
				b->depth[(size_t)y * r->width + x] +=
					(float)(2 * mu * pose->scale *
						sqrt(radius * radius - off * off));
		}
}

double bodies_depth(const struct bodies *b, uint32_t x, uint32_t y)
{
	return (double)raster_row(&b->plates, y)[x] +
	       (double)b->depth[(size_t)y * b->plates.width + x];
}

size_t phantom_curve(const struct pose *pose, const struct point *knots, size_t count, bool closed,
		     size_t steps, struct point *points)
{
	const size_t pieces = closed ? count : count - 1;
	size_t i, step, n = 0;

	for (i = 0; i < pieces; i++) {
		const struct point a = knots[i ? i - 1 : closed ? count - 1 : 0], b = knots[i];
		const struct point c = knots[(i + 1) % count];
		const struct point d = knots[closed	     ? (i + 2) % count
					     : i + 2 < count ? i + 2
							     : count - 1];

		for (step = 0; step < steps; step++) {
			const double t = (double)step / (double)steps, t2 = t * t, t3 = t2 * t;
			const double wa = (2 * t2 - t3 - t) / 2, wb = (3 * t3 - 5 * t2 + 2) / 2;
			const double wc = (t + 4 * t2 - 3 * t3) / 2, wd = (t3 - t2) / 2;

			points[n++] = phantom_place(pose, wa * a.x + wb * b.x + wc * c.x + wd * d.x,
						    wa * a.y + wb * b.y + wc * c.y + wd * d.y);
		}
	}
	if (!closed)
		points[n++] = phantom_place(pose, knots[count - 1].x, knots[count - 1].y);
	return n;
}
