// SPDX-License-Identifier: MIT
/* Soft things: layers of cloth with hems, folds and weave, out of smooth noise. */
#include "phantom.h"

#include <stdlib.h>

#define SIDE 64u /* of the square of random values that repeats */

struct cloth {
	double value[SIDE * SIDE];
};

struct cloth *cloth_new(void)
{
	struct cloth *cloth = malloc(sizeof(*cloth));
	uint32_t i;

	if (!cloth)
		return NULL;
	for (i = 0; i < SIDE * SIDE; i++)
		cloth->value[i] = (double)(phantom_random(0, i) >> 32) / 4294967296.0;
	return cloth;
}

void cloth_free(struct cloth *cloth)
{
	free(cloth);
}

static double blend(double a, double b, double t)
{
	return a + (b - a) * (t * t * (3 - 2 * t));
}

/* Smooth noise, 0..1, with details of size 1. */
static double noise(const struct cloth *cloth, double x, double y)
{
	const double fx = phantom_floor(x), fy = phantom_floor(y);
	const uint32_t x0 = (uint32_t)(int64_t)fx % SIDE, x1 = (x0 + 1) % SIDE;
	const uint32_t y0 = (uint32_t)(int64_t)fy % SIDE, y1 = (y0 + 1) % SIDE;
	const double *upper = cloth->value + y0 * SIDE, *lower = cloth->value + y1 * SIDE;

	return blend(blend(upper[x0], upper[x1], x - fx), blend(lower[x0], lower[x1], x - fx),
		     y - fy);
}

static double ramp(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Where the pile of clothes is: 1 inside, 0 from the bag's wall on. */
static double pile(double x, double y)
{
	const double u = x / 236, v = y / 146;

	return ramp((1 - u * u * u * u - v * v * v * v) * 4);
}

double cloth_depth(const struct cloth *cloth, double x, double y)
{
	const double inside = pile(x, y);
	double u, v, height, edge, depth;
	int layer;

	if (inside <= 0)
		return 0;
	u = (x + 0.4 * y) / 95 + 0.8 * noise(cloth, x / 80, y / 80);
	v = (y - 0.3 * x) / 75 + 0.8 * noise(cloth, x / 80 + 31, y / 80 + 17);
	depth = 0.14 * noise(cloth, u, v);
	for (layer = 0; layer < 3; layer++) {
		height = noise(cloth, u * (1 + 0.7 * layer) + 7 * layer,
			       v * (1.6 - 0.4 * layer) + 11) +
			 0.1 * noise(cloth, u * 5 + 5 * layer, v * 5);
		edge = (height - 0.5) * 90;
		depth += 0.07 * ramp(edge) + 0.06 / (1 + (edge - 3) * (edge - 3)); /* and its hem */
		edge = (height - 0.7) * 70;
		depth += 0.10 * ramp(1 - edge / 9) * ramp(edge); /* a fold, sharp on one side */
	}
	depth += 0.012 * noise(cloth, x / 1.3 + 9 * u, y / 1.3 + 9 * v);
	return inside * depth;
}
