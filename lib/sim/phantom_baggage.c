// SPDX-License-Identifier: MIT
/*
 * A bag in the beam. Everything in it adds to the optical depth of a pixel;
 * the beam is weaker to the sides, hardens, scatters, is blurred by focal spot
 * and scintillation, and counted. A wider or higher image shows more around
 * the bag, a scene of 576 mm x 360 mm.
 */
#include "phantom.h"

#include <stdlib.h>

#define BAND	128u
#define PHOTONS 25.0 /* a grey level */

struct blur {
	uint32_t reach; /* pixels to each side */
	double *weight; /* of distance 0..reach */
};

static int blur_init(struct blur *blur, double sigma)
{
	double sum = 0;
	uint32_t i;

	blur->reach = (uint32_t)(3 * sigma) + 1;
	blur->weight = malloc((blur->reach + 1) * sizeof(blur->weight[0]));
	if (!blur->weight)
		return -1;
	for (i = 0; i <= blur->reach; i++) {
		blur->weight[i] = phantom_exp(-(double)i * i / (2 * sigma * sigma));
		sum += i ? 2 * blur->weight[i] : blur->weight[i];
	}
	for (i = 0; i <= blur->reach; i++)
		blur->weight[i] /= sum;
	return 0;
}

/* Grey level of the open beam: heel effect across, distance to the sides. */
static double beam(double x, double y)
{
	const double r2 = (x * x + y * y) / (900.0 * 900.0);

	return 3850 * (1 - 0.05 * (x / 288 + 1) / 2) / ((1 + r2) * (1 + r2));
}

/* What a soft beam keeps: the deeper, the harder it is; and a little scatter. */
static double transmit(double depth)
{
	return 0.985 * phantom_exp(-depth / (1 + 0.06 * depth)) + 0.015;
}

/* Expected levels of the band's rows. */
static void expose(struct bodies *b, const struct cloth *cloth, float *levels)
{
	const struct raster *r = &b->plates;
	uint32_t x, y;

	for (y = 0; y < r->rows; y++)
		for (x = 0; x < r->width; x++) {
			const double px = (x + 0.5 - r->left) / r->unit;
			const double py = (y + 0.5 + (double)r->top - r->upper) / r->unit;
			const double depth = bodies_depth(b, x, y) + cloth_depth(cloth, px, py);

			levels[(size_t)y * r->width + x] = (float)(beam(px, py) * transmit(depth));
		}
}

/* Blur row `y` of the band along y into `column`, then along x, and count. */
static void detect(const struct blur *blur, const float *levels, uint32_t width, uint32_t y,
		   double *column, uint64_t seed, uint64_t first, uint16_t *out)
{
	const size_t stride = width;
	uint32_t x, i;
	double level;

	for (x = 0; x < width; x++) {
		const float *at = levels + y * stride + x;

		column[x] = blur->weight[0] * (double)*at;
		for (i = 1; i <= blur->reach; i++)
			column[x] += blur->weight[i] *
				     ((double)at[i * stride] + (double)*(at - i * stride));
	}
	for (x = 0; x < width; x++) {
		level = blur->weight[0] * column[x];
		for (i = 1; i <= blur->reach; i++)
			level += blur->weight[i] * (column[x > i ? x - i : 0] +
						    column[width - x > i ? x + i : width - 1]);
		level = phantom_poisson(PHOTONS * level, seed, first + x) / PHOTONS + 0.5;
		out[x] = (uint16_t)(level > 4095 ? 4095 : level);
	}
}

struct exposure {
	struct bodies bodies;
	struct blur blur;
	struct cloth *cloth;
	float *levels;
	double *column;
};

static int exposure_init(struct exposure *e, uint32_t width, uint32_t height)
{
	const double across = width / 576.0, down = height / 360.0;
	const double unit = across < down ? across : down, sigma = 0.3 * unit;
	uint32_t rows;

	if (blur_init(&e->blur, sigma > 0.4 ? sigma : 0.4))
		return -1;
	rows = (height < BAND ? height : BAND) + 2 * e->blur.reach;
	if (bodies_init(&e->bodies, width, rows))
		return -1;
	e->bodies.plates.left = width / 2.0;
	e->bodies.plates.upper = height / 2.0;
	e->bodies.plates.unit = unit;
	e->cloth = cloth_new();
	e->levels = malloc((size_t)width * rows * sizeof(e->levels[0]));
	e->column = malloc(width * sizeof(e->column[0]));
	return e->cloth && e->levels && e->column ? 0 : -1;
}

static void exposure_free(struct exposure *e)
{
	bodies_free(&e->bodies);
	free(e->blur.weight);
	cloth_free(e->cloth);
	free(e->levels);
	free(e->column);
}

int phantom_baggage(struct psx_image *img, uint64_t seed)
{
	struct exposure e = {.levels = NULL};
	uint32_t top, y;
	int failed;

	failed = exposure_init(&e, img->width, img->height);
	for (top = 0; !failed && top < img->height; top += BAND) {
		bodies_begin(&e.bodies, (int64_t)top - e.blur.reach);
		baggage_tools(&e.bodies);
		baggage_gear(&e.bodies);
		baggage_radio(&e.bodies);
		raster_finish(&e.bodies.plates);
		expose(&e.bodies, e.cloth, e.levels);
		for (y = 0; y < BAND && y < img->height - top; y++) {
			const size_t first = (size_t)(top + y) * img->width;

			detect(&e.blur, e.levels, img->width, y + e.blur.reach, e.column, seed,
			       first, img->levels + first);
		}
	}
	exposure_free(&e);
	return failed;
}
