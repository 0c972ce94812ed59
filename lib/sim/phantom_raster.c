// SPDX-License-Identifier: MIT
/*
 * Polygons by exact area. Every edge leaves in each row it passes the change
 * of the coverage from one pixel to the next; summed along the row this is the
 * covered fraction of each pixel.
 */
#include "phantom.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int raster_init(struct raster *r, uint32_t width, uint32_t rows)
{
	memset(r, 0, sizeof(*r));
	r->width = width;
	r->rows = rows;
	r->unit = 1;
	r->sum = malloc(((size_t)width + 2) * rows * sizeof(r->sum[0]));
	return r->sum ? 0 : -1;
}

void raster_free(struct raster *r)
{
	free(r->sum);
}

void raster_begin(struct raster *r, int64_t top)
{
	r->top = top;
	memset(r->sum, 0, ((size_t)r->width + 2) * r->rows * sizeof(r->sum[0]));
}

/* The piece of an edge in one row: from x0 to x1, over `height` of the row.
 * What lies to the right of it is covered. */
static void add_piece(float *row, double x0, double x1, double height)
{
	const double left = x0 < x1 ? x0 : x1, right = x0 < x1 ? x1 : x0;
	const size_t first = (size_t)left, last = (size_t)right;
	double done = 0, covered, a, b;
	size_t i;

	if (first == last) {
		covered = height * ((double)first + 1 - (left + right) / 2);
		row[first] += (float)covered;
		row[first + 1] += (float)(height - covered);
		return;
	}
	for (i = first; i <= last; i++) {
		a = i == first ? left : (double)i;
		b = i == last ? right : (double)i + 1;
		covered = (a - left) + (b - a) * ((double)i + 1 - (a + b) / 2);
		covered *= height / (right - left);
		row[i] += (float)(covered - done);
		done = covered;
	}
	row[last + 1] += (float)(height - done);
}

/* An edge between x = 0 and x = width, in pixels of the band. */
static void add_inside(struct raster *r, struct point a, struct point b, double weight)
{
	const double slope = (b.x - a.x) / (b.y - a.y);
	double y0, y1, x0, x1;
	uint32_t y, last;

	if (a.y > b.y) {
		const struct point swap = a;

		a = b;
		b = swap;
		weight = -weight;
	}
	if (b.y <= 0 || a.y >= r->rows)
		return;
	last = b.y < r->rows ? (uint32_t)b.y : r->rows - 1;
	for (y = a.y > 0 ? (uint32_t)a.y : 0; y <= last; y++) {
		y0 = a.y > (double)y ? a.y : (double)y;
		y1 = b.y < (double)y + 1 ? b.y : (double)y + 1;
		x0 = a.x + (y0 - a.y) * slope;
		x1 = a.x + (y1 - a.y) * slope;
		x0 = x0 < 0 ? 0 : x0 > r->width ? r->width : x0;
		x1 = x1 < 0 ? 0 : x1 > r->width ? r->width : x1;
		if (y1 > y0)
			add_piece(raster_row(r, y), x0, x1, weight * (y1 - y0));
	}
}

/* An edge anywhere: cut at the sides, what is beyond runs along them. */
static void add_edge(struct raster *r, struct point a, struct point b, double weight)
{
	const double sides[2] = {0, r->width};
	int i;

	for (i = 0; i < 2; i++) {
		const double side = sides[i];

		if ((a.x < side && b.x > side) || (a.x > side && b.x < side)) {
			const struct point cut = {side,
						  a.y + (b.y - a.y) * ((side - a.x) / (b.x - a.x))};

			add_edge(r, a, cut, weight);
			add_edge(r, cut, b, weight);
			return;
		}
	}
	if (a.y != b.y)
		add_inside(r, a, b, weight);
}

static struct point to_band(const struct raster *r, struct point p)
{
	return (struct point){r->left + r->unit * p.x, r->upper + r->unit * p.y - (double)r->top};
}

void raster_polygon(struct raster *r, const struct point *corners, size_t count, double weight)
{
	double area = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct point a = corners[i], b = corners[(i + 1) % count];

		area += a.x * b.y - a.y * b.x;
	}
	if (area < 0) /* an edge that goes down has its polygon to the left */
		weight = -weight;
	for (i = 0; i < count; i++)
		add_edge(r, to_band(r, corners[i]), to_band(r, corners[(i + 1) % count]), -weight);
}

void raster_stroke(struct raster *r, const struct point *points, size_t count, double breadth,
		   double weight)
{
	struct point outline[2 * RASTER_MAX_POINTS];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct point a = points[i ? i - 1 : 0];
		const struct point b = points[i + 1 < count ? i + 1 : i];
		const double dx = b.x - a.x, dy = b.y - a.y;
		const double half = breadth / 2 / sqrt(dx * dx + dy * dy);

		outline[i] = (struct point){points[i].x - half * dy, points[i].y + half * dx};
		outline[2 * count - 1 - i] =
			(struct point){points[i].x + half * dy, points[i].y - half * dx};
	}
	raster_polygon(r, outline, 2 * count, weight);
}

void raster_rectangle(struct raster *r, const struct pose *pose, double x0, double y0, double x1,
		      double y1, double weight)
{
	const struct point corners[4] = {
		phantom_place(pose, x0, y0),
		phantom_place(pose, x1, y0),
		phantom_place(pose, x1, y1),
		phantom_place(pose, x0, y1),
	};

	raster_polygon(r, corners, 4, weight);
}

void raster_finish(struct raster *r)
{
	uint32_t x, y;

	for (y = 0; y < r->rows; y++) {
		float *row = raster_row(r, y);

		for (x = 1; x < r->width; x++)
			row[x] += row[x - 1];
	}
}
