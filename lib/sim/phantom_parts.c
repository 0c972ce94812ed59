// SPDX-License-Identifier: MIT
/* Parts that things in the bag are made of. */
#include "phantom.h"

void part_plate(struct bodies *b, const struct pose *pose, const struct point *corners,
		size_t count, double weight)
{
	struct point placed[RASTER_MAX_POINTS];
	size_t i;

	for (i = 0; i < count; i++)
		placed[i] = phantom_place(pose, corners[i].x, corners[i].y);
	raster_polygon(&b->plates, placed, count, weight);
}

void part_disc(struct bodies *b, const struct pose *pose, double x, double y, double radius,
	       double weight)
{
	struct point corners[48];
	size_t i;

	for (i = 0; i < 48; i++) {
		corners[i].x = x + radius * phantom_cos(7.5 * (double)i);
		corners[i].y = y + radius * phantom_sin(7.5 * (double)i);
	}
	part_plate(b, pose, corners, 48, weight);
}

void part_ring(struct bodies *b, const struct pose *pose, double rx, double ry, double radius,
	       double mu)
{
	struct point points[49];
	size_t i;

	for (i = 0; i < 49; i++)
		points[i] = phantom_place(pose, rx * phantom_cos(7.5 * (double)i),
					  ry * phantom_sin(7.5 * (double)i));
	bodies_wire(b, points, 49, radius * pose->scale, mu);
}

void part_box(struct bodies *b, const struct pose *pose, double x, double y, double width,
	      double height, double weight)
{
	raster_rectangle(&b->plates, pose, x - width / 2, y - height / 2, x + width / 2,
			 y + height / 2, weight);
}

void part_coil(struct bodies *b, const struct pose *pose, double x, double y, double inner,
	       double outer, int turns)
{
	struct point points[36 * 12 + 1];
	int i;

	for (i = 0; i <= 36 * turns; i++) {
		const double radius = inner + (outer - inner) * i / (36 * turns);

		points[i] = phantom_place(pose, x + radius * phantom_cos(10.0 * i),
					  y + radius * phantom_sin(10.0 * i));
	}
	bodies_wire(b, points, 36 * (size_t)turns + 1, 0.32, MU_COPPER);
}
