// SPDX-License-Identifier: MIT
#include "fold.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MAX_WAYS ((PSX_KERNEL_MAX_K / 2 + 1) * (PSX_KERNEL_MAX_K / 2 + 1))

struct psx_axis psx_axis_x(const struct psx_geometry *geometry)
{
	return (struct psx_axis){ geometry->width, geometry->border,
				  geometry->width - geometry->border };
}

struct psx_axis psx_axis_y(const struct psx_geometry *geometry)
{
	return (struct psx_axis){ geometry->height, geometry->border,
				  geometry->height - geometry->border };
}

static bool is_active(const struct psx_axis *axis, uint32_t i)
{
	return i >= axis->first && i < axis->end;
}

uint32_t psx_axis_outputs(const struct psx_axis *axis, enum psx_mode mode, unsigned int k)
{
	switch (mode) {
	case PSX_MODE_SNAP:
		return axis->size / k;
	case PSX_MODE_POINT:
		return 1;
	default:
		return axis->size;
	}
}

bool psx_axis_centre(const struct psx_axis *axis, enum psx_mode mode, unsigned int k, uint32_t i,
		     uint32_t *centre)
{
	*centre = mode == PSX_MODE_SCAN ? i : i * k + k / 2;
	return is_active(axis, *centre);
}

bool psx_axis_cover(const struct psx_axis *axis, enum psx_mode mode, unsigned int k,
		    unsigned int shift, uint32_t i, uint32_t *centre)
{
	uint32_t within = (i + k - shift) % k; /* place in the cell */

	if (!is_active(axis, i) || i + k / 2 < within)
		return false;
	*centre = i + k / 2 - within;
	if (mode != PSX_MODE_SCAN && *centre / k >= psx_axis_outputs(axis, mode, k))
		return false;
	return is_active(axis, *centre);
}

struct psx_way psx_way_at(const struct psx_axis *axis, uint32_t centre, unsigned int radius)
{
	struct psx_way way = { radius, radius };

	if (centre - axis->first < radius)
		way.before = centre - axis->first;
	if (axis->end - 1 - centre < radius)
		way.after = axis->end - 1 - centre;
	return way;
}

static unsigned int clamp(unsigned int place, struct psx_way way, unsigned int radius)
{
	if (place < radius - way.before)
		return radius - way.before;
	if (place > radius + way.after)
		return radius + way.after;
	return place;
}

void psx_fold(const struct psx_kernel *kernel, struct psx_way x, struct psx_way y, double shrink,
	      double *folded)
{
	unsigned int k = kernel->k, radius = k / 2, r, c;

	memset(folded, 0, sizeof(*folded) * k * k);
	for (r = 0; r < k; r++)
		for (c = 0; c < k; c++)
			folded[clamp(r, y, radius) * k + clamp(c, x, radius)] +=
				kernel->weights[r * k + c] * shrink;
}

/* Marks the ways that occur along an axis */
static void see_ways(const struct psx_axis *axis, enum psx_mode mode, unsigned int k, bool *seen)
{
	uint32_t count = psx_axis_outputs(axis, mode, k), centre, i;

	for (i = 0; i < count; i++) {
		if (psx_axis_centre(axis, mode, k, i, &centre)) {
			struct psx_way way = psx_way_at(axis, centre, k / 2);

			seen[way.before * (k / 2 + 1) + way.after] = true;
		}
	}
}

void psx_for_each_way(const struct psx_geometry *geometry, enum psx_mode mode, unsigned int k,
		      void (*visit)(struct psx_way x, struct psx_way y, void *arg), void *arg)
{
	const struct psx_axis axis_x = psx_axis_x(geometry), axis_y = psx_axis_y(geometry);
	unsigned int side = k / 2 + 1, xi, yi;
	bool seen_x[MAX_WAYS] = { false }, seen_y[MAX_WAYS] = { false };

	see_ways(&axis_x, mode, k, seen_x);
	see_ways(&axis_y, mode, k, seen_y);
	for (yi = 0; yi < psx_way_count(k); yi++)
		for (xi = 0; xi < psx_way_count(k); xi++)
			if (seen_x[xi] && seen_y[yi])
				visit((struct psx_way){ xi / side, xi % side },
				      (struct psx_way){ yi / side, yi % side }, arg);
}

struct largest {
	const struct psx_kernel *kernel;
	double weight;
};

static void find_largest(struct psx_way x, struct psx_way y, void *arg)
{
	struct largest *largest = arg;
	double folded[PSX_MAX_TAPS];
	unsigned int i;

	psx_fold(largest->kernel, x, y, 1, folded);
	for (i = 0; i < largest->kernel->k * largest->kernel->k; i++)
		largest->weight = fmax(largest->weight, fabs(folded[i]));
}

double psx_fold_largest(const struct psx_kernel *kernel, const struct psx_geometry *geometry,
			enum psx_mode mode)
{
	struct largest largest = { .kernel = kernel };

	psx_for_each_way(geometry, mode, kernel->k, find_largest, &largest);
	return largest.weight;
}

int psx_geometry_check(const struct psx_geometry *geometry, enum psx_mode mode, unsigned int k,
		       struct psx_error *err)
{
	const uint32_t width = geometry->width, height = geometry->height;

	if (!width || !height || width > UINT16_MAX || height > UINT16_MAX)
		return psx_error_set(err, EINVAL, "a sensor of %u x %u sub-pixels can't be", width,
				     height);
	if (geometry->border >= (width + 1) / 2 || geometry->border >= (height + 1) / 2)
		return psx_error_set(err, EINVAL, "a border of %u leaves nothing of a sensor of %u x %u",
				     geometry->border, width, height);
	if (mode != PSX_MODE_SCAN && (width < k || height < k))
		return psx_error_set(err, EINVAL, "a sensor of %u x %u is smaller than one %u x %u cell",
				     width, height, k, k);
	return 0;
}
