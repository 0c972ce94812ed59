// SPDX-License-Identifier: MIT
/* Bias planes for one sensor, and the maps that go with them. */
#include "bank.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct psx_bank *psx_bank_create(const struct psx_geometry *geometry, enum psx_mode mode,
				 unsigned int k, struct psx_error *err)
{
	struct psx_bank *bank = calloc(1, sizeof(*bank));

	if (!bank)
		return psx_error_null(err, ENOMEM, "out of memory");
	bank->geometry = *geometry;
	bank->mode = mode;
	bank->k = k;
	return bank;
}

void psx_bank_free(struct psx_bank *bank)
{
	if (!bank)
		return;
	free(bank->codes);
	free(bank->planes);
	free(bank->offset);
	free(bank->dark);
	psx_mask_unref(bank->defects);
	psx_mask_unref(bank->mask);
	free(bank);
}

/* The beam itself may be most of a picture: room for its noise, and for what nominal
 * sub-pixels have more than others */
#define FLAT_CALIBRATED 1.01
#define FLAT_NOMINAL	1.1

void psx_bank_note(struct psx_bank *bank, const struct psx_kernel *kernel)
{
	double shrink = (double)kernel->scale / bank->scale, above = 0, below = 0;
	unsigned int i;

	for (i = 0; i < kernel->k * kernel->k; i++) {
		double weight = kernel->weights[i] * shrink;

		above += fmax(weight, 0);
		below += fmax(-weight, 0);
	}
	bank->sum = above - below;
	bank->swing = fmax(bank->swing, fmax(above, below));
	bank->swing = fmax(bank->swing, fabs(bank->sum) * (bank->calibration ? FLAT_CALIBRATED :
									       FLAT_NOMINAL));
	bank->largest = fmax(bank->largest,
			     psx_fold_largest(kernel, &bank->geometry, bank->mode) * shrink);
}

uint16_t psx_bank_grown_scale(const struct psx_kernel *kernel, double factor,
			      struct psx_error *err)
{
	double scale = ceil(kernel->scale * factor - 1e-9);

	if (scale <= UINT16_MAX)
		return (uint16_t)scale;
	(void)psx_error_set(err, ERANGE, "kernel %s needs a scale of %.1f, above 255.99",
			    kernel->name, scale / 256);
	return 0;
}

size_t psx_bank_area(const struct psx_bank *bank)
{
	return (size_t)bank->geometry.width * bank->geometry.height;
}

void psx_bank_outputs(const struct psx_bank *bank, uint32_t *width, uint32_t *height)
{
	const struct psx_axis x = psx_axis_x(&bank->geometry), y = psx_axis_y(&bank->geometry);

	*width = psx_axis_outputs(&x, bank->mode, bank->k);
	*height = psx_axis_outputs(&y, bank->mode, bank->k);
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

const uint8_t *psx_bank_get_mask(const struct psx_bank *bank)
{
	return bank->mask ? bank->mask->bad : NULL;
}

const int16_t *psx_bank_get_offset(const struct psx_bank *bank)
{
	return bank->offset;
}

const int16_t *psx_bank_get_dark(const struct psx_bank *bank)
{
	return bank->dark;
}

/* One row of codes: row `r` of the cells that are cut in way_y */
static void fill_row(const struct psx_bank *bank, const struct psx_axis *axis, unsigned int px,
		     unsigned int r, struct psx_way way_y, int16_t *codes)
{
	unsigned int k = bank->k;
	uint32_t x, cx;

	for (x = axis->first; x < axis->end; x++)
		if (psx_axis_cover(axis, bank->mode, k, px, x, &cx))
			codes[x] = bank->codes[psx_way_index(psx_way_at(axis, cx, k / 2), way_y, k) *
						       k * k +
					       r * k + x + k / 2 - cx];
}

void psx_bank_fill(const struct psx_bank *bank, unsigned int phase, int16_t *codes)
{
	const struct psx_axis axis_x = psx_axis_x(&bank->geometry);
	const struct psx_axis axis_y = psx_axis_y(&bank->geometry);
	unsigned int k = bank->k, radius = k / 2;
	size_t width = bank->geometry.width;
	uint32_t y, cy;

	memset(codes, 0, sizeof(*codes) * psx_bank_area(bank));
	for (y = axis_y.first; y < axis_y.end; y++) {
		int16_t *row = codes + y * width;

		if (!psx_axis_cover(&axis_y, bank->mode, k, phase / k, y, &cy))
			continue;
		/* Away from the edges, rows repeat from cell to cell */
		if (cy >= axis_y.first + radius + k && cy + radius < axis_y.end)
			memcpy(row, row - k * width, sizeof(*codes) * width);
		else
			fill_row(bank, &axis_x, phase % k, y + radius - cy,
				 psx_way_at(&axis_y, cy, radius), row);
	}
}

int psx_bank_get_plane(const struct psx_bank *bank, unsigned int phase, int16_t *codes)
{
	size_t area = psx_bank_area(bank);

	if (phase >= psx_bank_get_phases(bank)) {
		errno = EINVAL;
		return -1;
	}
	if (bank->planes)
		memcpy(codes, bank->planes + phase * area, sizeof(*codes) * area);
	else
		psx_bank_fill(bank, phase, codes);
	return 0;
}
