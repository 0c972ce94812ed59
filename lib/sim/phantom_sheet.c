// SPDX-License-Identifier: MIT
/*
 * Phantoms of flat absorbers: the step wedge, the razor blade, the letters and
 * the reticle. A pixel is the mean of what falls on it, at any image size.
 */
#include "phantom.h"

#define BAND  64u
#define IRON  0.32 /* transmission of the letters' iron sheet */
#define STEEL 0.15 /* of the blade */

/* Draws a phantom: weight is the share of the beam that is absorbed. */
typedef void (*draw_fn)(struct raster *r, const void *arg);

/* Lengths are of the shorter side, (0, 0) is the image's middle. */
static int paint(struct psx_image *img, draw_fn draw, const void *arg)
{
	const uint32_t rows = img->height < BAND ? img->height : BAND;
	struct raster r;
	uint32_t top, x, y;

	if (raster_init(&r, img->width, rows))
		return -1;
	r.left = img->width / 2.0;
	r.upper = img->height / 2.0;
	r.unit = img->width < img->height ? img->width : img->height;
	for (top = 0; top < img->height; top += rows) {
		raster_begin(&r, top);
		draw(&r, arg);
		raster_finish(&r);
		for (y = 0; y < rows && y < img->height - top; y++) {
			const float *absorbed = raster_row(&r, y);
			uint16_t *row = img->levels + (size_t)(top + y) * img->width;

			for (x = 0; x < img->width; x++)
				row[x] = (uint16_t)(PHANTOM_OPEN * (1 - (double)absorbed[x]) + 0.5);
		}
	}
	raster_free(&r);
	return 0;
}

/* Ten fields from left to right, 0 to 9 steps of 3 mm of aluminium under an
 * attenuation of 0.08 / mm; above and below them the open beam. */
static void draw_wedge(struct raster *r, const void *arg)
{
	const struct pose middle = phantom_pose(0, 0, 0, 1);
	const double width = r->width / r->unit / 10;
	int step;

	(void)arg;
	for (step = 1; step < 10; step++)
		raster_rectangle(r, &middle, width * (step - 5), -0.4, width * (step - 4), 0.4,
				 1 - phantom_exp(-0.08 * 3 * step));
}

/* A shape that is the same left and right, above and below, from the corners
 * of its lower right quarter, clockwise. */
static void draw_symmetric(struct raster *r, const struct pose *pose, const struct point *quarter,
			   size_t count, double weight)
{
	static const double sign[4][2] = {{1, 1}, {-1, 1}, {-1, -1}, {1, -1}};
	struct point outline[RASTER_MAX_POINTS];
	size_t side, i;

	for (side = 0; side < 4; side++)
		for (i = 0; i < count; i++) {
			const struct point p = quarter[side % 2 ? count - 1 - i : i];

			outline[side * count + i] =
				phantom_place(pose, sign[side][0] * p.x, sign[side][1] * p.y);
		}
	raster_polygon(r, outline, 4 * count, weight);
}

/* A double-edged razor blade with its slot; both edges are straight, and
 * tilted so that they cross the pixel grid slowly. */
static void draw_blade(struct raster *r, const void *arg)
{
	static const struct point body[] = {
		{0.46, 0.12},
		{0.46, 0.17},
		{0.42, 0.17},
		{0.42, 0.25},
	};
	static const struct point slot[] = {
		{0.34, 0.012}, {0.29, 0.012}, {0.27, 0.035}, {0.23, 0.035},
		{0.21, 0.012}, {0.05, 0.012}, {0.03, 0.05},
	};
	const struct pose tilted = phantom_pose(0, 0, 4, 1);

	(void)arg;
	draw_symmetric(r, &tilted, body, sizeof(body) / sizeof(body[0]), 1 - STEEL);
	draw_symmetric(r, &tilted, slot, sizeof(slot) / sizeof(slot[0]), -(1 - STEEL));
}

/* Points of an ellipse's arc, from angle `from` on, placed. */
static size_t arc(struct point *points, const struct pose *pose, struct point middle,
		  struct point radii, double from, double to)
{
	const size_t count = 25;
	size_t i;

	for (i = 0; i < count; i++) {
		const double angle = from + (to - from) * (double)i / (double)(count - 1);

		points[i] = phantom_place(pose, middle.x + radii.x * phantom_cos(angle),
					  middle.y + radii.y * phantom_sin(angle));
	}
	return count;
}

/* Half a letter's height and width, and how broad its lines are. */
struct face {
	double high, wide, line;
};

static void draw_glyph(struct raster *r, const struct face *face, char letter,
		       const struct pose *pose, double weight)
{
	const double high = face->high, wide = face->wide, line = face->line;
	const double x = wide - line / 2, y = high - line / 2;
	struct point points[RASTER_MAX_POINTS];
	size_t n = 0;

	switch (letter) {
	case 'H':
		raster_rectangle(r, pose, -wide, -high, -wide + line, high, weight);
		raster_rectangle(r, pose, wide - line, -high, wide, high, weight);
		raster_rectangle(r, pose, -wide + line, -line / 2, wide - line, line / 2, weight);
		break;
	case 'T':
		raster_rectangle(r, pose, -wide, -high, wide, -high + line, weight);
		raster_rectangle(r, pose, -line / 2, -high + line, line / 2, high, weight);
		break;
	case 'U':
		points[n++] = phantom_place(pose, x, -high);
		n += arc(points + n, pose, (struct point){0, y - x}, (struct point){x, x}, 0, 180);
		points[n++] = phantom_place(pose, -x, -high);
		raster_stroke(r, points, n, line * pose->scale, weight);
		break;
	case 'S':
		points[n++] = phantom_place(pose, wide, -y);
		n += arc(points + n, pose, (struct point){y / 2 - x, -y / 2},
			 (struct point){y / 2, y / 2}, -90, -270);
		n += arc(points + n, pose, (struct point){x - y / 2, y / 2},
			 (struct point){y / 2, y / 2}, -90, 90);
		points[n++] = phantom_place(pose, -wide, y);
		raster_stroke(r, points, n, line * pose->scale, weight);
		break;
	default:
		break;
	}
}

struct letter {
	char name;
	double degrees, dx, dy;
};

static void draw_letter(struct raster *r, const void *arg)
{
	static const struct face broad = {0.48, 0.48, 0.25};
	const struct letter *letter = arg;
	const struct pose pose =
		phantom_pose(letter->dx * r->width / r->unit, letter->dy * 2 * r->upper / r->unit,
			     letter->degrees, 1);

	draw_glyph(r, &broad, letter->name, &pose, 1 - IRON);
}

/* An iron plate, out of which the four letters were cut. */
static void draw_hust(struct raster *r, const void *arg)
{
	static const struct face slender = {0.4, 0.35, 0.18};
	const struct pose middle = phantom_pose(0, 0, 0, 1);
	int i;

	(void)arg;
	raster_rectangle(r, &middle, -0.46, -0.46, 0.46, 0.46, 1 - IRON);
	for (i = 0; i < 4; i++) {
		const struct pose place =
			phantom_pose(i % 2 ? 0.215 : -0.215, i / 2 ? 0.215 : -0.215, 0, 0.42);

		draw_glyph(r, &slender, "HUST"[i], &place, -(1 - IRON));
	}
}

int phantom_wedge(struct psx_image *img)
{
	return paint(img, draw_wedge, NULL);
}

int phantom_blade(struct psx_image *img)
{
	return paint(img, draw_blade, NULL);
}

int phantom_hust(struct psx_image *img)
{
	return paint(img, draw_hust, NULL);
}

int phantom_letter(struct psx_image *img, char letter, double degrees, double dx, double dy)
{
	const struct letter one = {letter, degrees, dx, dy};

	return paint(img, draw_letter, &one);
}
