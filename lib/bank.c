// SPDX-License-Identifier: MIT
/* A kernel's bias planes for one sensor geometry. */
#include "bank.h"
#include "error.h"
#include "kernel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TAPS (PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K)
/* Weights may be shrunk by up to 1/64 to meet the steps of the DAC */
#define FIT_RANGE 64
/* A flat scene of full dose may be wrong by this many bits */
#define NULL_BITS 0.25
#define FULL_DOSE 4095

/* Sub-pixels that exist before and after a centre */
struct way {
	unsigned int before, after;
};

static struct way way_at(uint32_t centre, uint32_t size, unsigned int radius)
{
	struct way way = { radius, radius };

	if (centre < radius)
		way.before = centre;
	if (size - 1 - centre < radius)
		way.after = size - 1 - centre;
	return way;
}

static unsigned int way_index(struct way way, unsigned int radius)
{
	return way.before * (radius + 1) + way.after;
}

static unsigned int clamp(unsigned int place, struct way way, unsigned int radius)
{
	if (place < radius - way.before)
		return radius - way.before;
	if (place > radius + way.after)
		return radius + way.after;
	return place;
}

/* Weights of missing sub-pixels go to the nearest edge ones; times `shrink` */
static void fold(const struct psx_kernel *kernel, struct way x, struct way y, double shrink,
		 double *folded)
{
	unsigned int k = kernel->k, radius = k / 2, r, c;

	memset(folded, 0, sizeof(*folded) * k * k);
	for (r = 0; r < k; r++)
		for (c = 0; c < k; c++)
			folded[clamp(r, y, radius) * k + clamp(c, x, radius)] +=
				kernel->weights[r * k + c] * shrink;
}

/* Calls visit for every pair of ways that occurs on this sensor */
static void for_each_way(const struct psx_bank *bank,
			 void (*visit)(struct way x, struct way y, void *arg), void *arg)
{
	unsigned int radius = bank->k / 2, count = radius + 1, xi, yi;
	bool seen[2][(PSX_KERNEL_MAX_K / 2 + 1) * (PSX_KERNEL_MAX_K / 2 + 1)] = { 0 };
	uint32_t i;

	for (i = 0; i < bank->width; i++)
		seen[0][way_index(way_at(i, bank->width, radius), radius)] = true;
	for (i = 0; i < bank->height; i++)
		seen[1][way_index(way_at(i, bank->height, radius), radius)] = true;
	if (bank->mode != PSX_MODE_SCAN) {
		memset(seen, 0, sizeof(seen));
		seen[0][count * count - 1] = seen[1][count * count - 1] = true;
	}
	for (yi = 0; yi < count * count; yi++)
		for (xi = 0; xi < count * count; xi++)
			if (seen[0][xi] && seen[1][yi])
				visit((struct way){ xi / count, xi % count },
				      (struct way){ yi / count, yi % count }, arg);
}

/* What a cell's sum may be off by */
static double null_limit(double scale)
{
	return NULL_BITS / (scale / 256 * FULL_DOSE);
}

struct making {
	const struct psx_kernel *kernel;
	struct psx_bank *bank;
	double largest, shrink;
	int lowest, highest; /* codes; begin at 0 */
};

static void find_largest(struct way x, struct way y, void *arg)
{
	struct making *making = arg;
	double folded[MAX_TAPS];
	unsigned int i;

	fold(making->kernel, x, y, 1, folded);
	for (i = 0; i < making->kernel->k * making->kernel->k; i++)
		making->largest = fmax(making->largest, fabs(folded[i]));
}

static int16_t *codes_at(const struct psx_bank *bank, struct way x, struct way y)
{
	unsigned int radius = bank->k / 2, ways = (radius + 1) * (radius + 1);

	return bank->codes +
	       ((size_t)way_index(y, radius) * ways + way_index(x, radius)) * bank->k * bank->k;
}

static void make_codes(struct way x, struct way y, void *arg)
{
	struct making *making = arg;
	struct psx_bank *bank = making->bank;
	int16_t *codes = codes_at(bank, x, y);
	double folded[MAX_TAPS];
	double residual;
	unsigned int i;

	fold(making->kernel, x, y, making->shrink, folded);
	(void)psx_null_codes(folded, bank->k * bank->k, null_limit(bank->scale), codes, &residual);
	bank->residual = fmax(bank->residual, fabs(residual));
	for (i = 0; i < bank->k * bank->k; i++) {
		making->lowest = codes[i] < making->lowest ? codes[i] : making->lowest;
		making->highest = codes[i] > making->highest ? codes[i] : making->highest;
	}
}

/*
 * The scale, from `least` on, at which the weights that it leaves meet the
 * steps of the DAC best. A weight that lies between two codes is off by up to
 * half a step in every cell, and where the scene has contrast the null cannot
 * help; scale times weight stays the same.
 */
static unsigned int fit_scale(const struct psx_kernel *kernel, unsigned int least)
{
	unsigned int span = least / FIT_RANGE < FIT_RANGE ? least / FIT_RANGE : FIT_RANGE;
	unsigned int most = least + span < UINT16_MAX ? least + span : UINT16_MAX;
	double targets[MAX_TAPS], best_cost = INFINITY;
	unsigned int count = kernel->k * kernel->k, best = least, scale, i;

	for (scale = least; scale <= most; scale++) {
		int16_t codes[MAX_TAPS];
		double cost, residual;

		for (i = 0; i < count; i++)
			targets[i] = kernel->weights[i] * kernel->scale / scale;
		cost = psx_null_codes(targets, count, null_limit(scale), codes, &residual);
		if (cost < best_cost) {
			best_cost = cost;
			best = scale;
		}
	}
	return best;
}

struct psx_bank *psx_bank_new(const struct psx_kernel *kernel,
			      const struct psx_geometry *geometry, enum psx_mode mode,
			      struct psx_error *err)
{
	const uint32_t width = geometry->width, height = geometry->height;
	struct making making = { .kernel = kernel, .largest = 1 };
	struct psx_bank *bank;
	unsigned int ways;
	double scale;

	if (!kernel)
		return psx_error_null(err, EINVAL, "no kernel to make a bank of");
	if (!width || !height)
		return psx_error_null(err, EINVAL, "a sensor of %u x %u has no sub-pixels", width,
				      height);
	if (mode != PSX_MODE_SCAN && (width < kernel->k || height < kernel->k))
		return psx_error_null(err, EINVAL, "a sensor of %u x %u is smaller than one %u x %u cell",
				      width, height, kernel->k, kernel->k);
	bank = calloc(1, sizeof(*bank));
	if (!bank)
		return psx_error_null(err, ENOMEM, "out of memory");
	*bank = (struct psx_bank){ .width = width, .height = height, .mode = mode, .k = kernel->k };
	ways = (kernel->k / 2 + 1) * (kernel->k / 2 + 1);
	bank->codes = calloc((size_t)ways * ways, sizeof(*bank->codes) * kernel->k * kernel->k);
	if (!bank->codes) {
		psx_bank_free(bank);
		return psx_error_null(err, ENOMEM, "out of memory");
	}
	making.bank = bank;
	for_each_way(bank, find_largest, &making);
	scale = ceil(kernel->scale * making.largest - 1e-9);
	if (scale > UINT16_MAX) {
		psx_bank_free(bank);
		return psx_error_null(err, ERANGE,
				      "kernel %s folded at the edges needs a scale of %.1f, above 255.99",
				      kernel->name, scale / 256);
	}
	bank->scale = (uint16_t)fit_scale(kernel, (unsigned int)scale);
	making.shrink = (double)kernel->scale / bank->scale;
	for_each_way(bank, make_codes, &making);
	bank->span_mv = (uint32_t)ceil((making.highest - making.lowest) *
				       ((double)PSX_MAX_MV / PSX_CODE_MAX));
	return bank;
}

void psx_bank_free(struct psx_bank *bank)
{
	if (!bank)
		return;
	free(bank->codes);
	free(bank);
}

enum psx_mode psx_bank_get_mode(const struct psx_bank *bank)
{
	return bank->mode;
}

unsigned int psx_bank_get_k(const struct psx_bank *bank)
{
	return bank->k;
}

uint16_t psx_bank_get_scale(const struct psx_bank *bank)
{
	return bank->scale;
}

unsigned int psx_bank_get_phases(const struct psx_bank *bank)
{
	return bank->mode == PSX_MODE_SCAN ? bank->k * bank->k : 1;
}

double psx_bank_get_residual(const struct psx_bank *bank)
{
	return bank->residual;
}

/* Centre of the cell that covers sub-pixel `i`; false when it is off the
 * sensor (scan), or when the cell is not whole (snap) */
static bool centre_of(const struct psx_bank *bank, uint32_t i, uint32_t size, unsigned int shift,
		      uint32_t *centre)
{
	unsigned int k = bank->k;
	uint32_t within = (i + k - shift) % k; /* place in the cell */

	*centre = i + k / 2 - within;
	if (bank->mode == PSX_MODE_SNAP)
		return *centre + k / 2 < size;
	if (bank->mode == PSX_MODE_POINT)
		return i < k;
	return i + k / 2 >= within && *centre < size;
}

/* One row of codes: row `r` of the cells whose centres have way_y */
static void fill_row(const struct psx_bank *bank, unsigned int px, unsigned int r,
		     struct way way_y, int16_t *codes)
{
	unsigned int k = bank->k;
	uint32_t x, cx;

	for (x = 0; x < bank->width; x++)
		if (centre_of(bank, x, bank->width, px, &cx))
			codes[x] = codes_at(bank, way_at(cx, bank->width, k / 2),
					    way_y)[r * k + x + k / 2 - cx];
}

int psx_bank_get_plane(const struct psx_bank *bank, unsigned int phase, int16_t *codes)
{
	unsigned int k = bank->k, radius = k / 2, px = phase % k, py = phase / k;
	size_t width = bank->width;
	uint32_t y, cy;

	if (phase >= psx_bank_get_phases(bank)) {
		errno = EINVAL;
		return -1;
	}
	memset(codes, 0, sizeof(*codes) * width * bank->height);
	for (y = 0; y < bank->height; y++, codes += width) {
		if (!centre_of(bank, y, bank->height, py, &cy))
			continue;
		/* Away from the edges, rows repeat from cell to cell */
		if (cy >= radius + k && cy + radius < bank->height)
			memcpy(codes, codes - k * width, sizeof(*codes) * width);
		else
			fill_row(bank, px, y + radius - cy, way_at(cy, bank->height, radius), codes);
	}
	return 0;
}
