// SPDX-License-Identifier: MIT
/* Banks for sensors of nominal sub-pixels: weights to codes, cell by cell. */
#include "bank.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Weights may be shrunk by up to 1/64 to meet the steps of the DAC */
#define FIT_RANGE 64
/* A flat scene of full dose may be wrong by this many bits */
#define NULL_BITS 0.25

/* What a cell's sum may be off by */
static double null_limit(double scale)
{
	return NULL_BITS / (scale / 256 * PSX_FULL_DOSE);
}

struct making {
	const struct psx_kernel *kernel;
	struct psx_bank *bank;
};

static void make_codes(struct psx_way x, struct psx_way y, void *arg)
{
	const struct making *making = arg;
	struct psx_bank *bank = making->bank;
	unsigned int count = bank->k * bank->k;
	double folded[PSX_MAX_TAPS], residual;

	psx_fold(making->kernel, x, y, (double)making->kernel->scale / bank->scale, folded);
	(void)psx_null_codes(folded, count, null_limit(bank->scale),
			     bank->codes + psx_way_index(x, y, bank->k) * count, &residual);
	bank->residual = fmax(bank->residual, fabs(residual));
}

/* bank->codes of this kernel, at the bank's scale; -1 with ENOMEM */
static int fill_codes(struct psx_bank *bank, const struct psx_kernel *kernel, struct psx_error *err)
{
	struct making making = { kernel, bank };
	size_t cells = (size_t)psx_way_count(bank->k) * psx_way_count(bank->k);

	if (!bank->codes)
		bank->codes = calloc(cells, sizeof(*bank->codes) * bank->k * bank->k);
	if (!bank->codes)
		return psx_error_set(err, ENOMEM, "out of memory");
	psx_for_each_way(&bank->geometry, bank->mode, bank->k, make_codes, &making);
	return 0;
}

/*
 * The scale, from `least` on, at which the weights that it leaves meet the
 * steps of the DAC best. A weight that lies between two codes is off by up to
 * half a step in every cell, and where the scene has contrast the null cannot
 * help; scale times weight stays the same.
 */
static uint16_t fit_scale(const struct psx_kernel *kernel, unsigned int least)
{
	unsigned int span = least / FIT_RANGE < FIT_RANGE ? least / FIT_RANGE : FIT_RANGE;
	unsigned int most = least + span < UINT16_MAX ? least + span : UINT16_MAX;
	double targets[PSX_MAX_TAPS], best_cost = INFINITY;
	unsigned int count = kernel->k * kernel->k, best = least, scale, i;

	for (scale = least; scale <= most; scale++) {
		int16_t codes[PSX_MAX_TAPS];
		double cost, residual;

		for (i = 0; i < count; i++)
			targets[i] = kernel->weights[i] * kernel->scale / scale;
		cost = psx_null_codes(targets, count, null_limit(scale), codes, &residual);
		if (cost < best_cost) {
			best_cost = cost;
			best = scale;
		}
	}
	return (uint16_t)best;
}

/* The least scale at which no weight is above 1; 0 with ERANGE */
static uint16_t least_scale(const struct psx_kernel *kernel, const struct psx_geometry *geometry,
			    enum psx_mode mode, struct psx_error *err)
{
	return psx_bank_grown_scale(kernel, fmax(1, psx_fold_largest(kernel, geometry, mode)), err);
}

struct psx_bank *psx_bank_new(const struct psx_kernel *kernel,
			      const struct psx_geometry *geometry, enum psx_mode mode,
			      struct psx_error *err)
{
	struct psx_bank *bank;
	uint16_t least;

	if (!kernel)
		return psx_error_null(err, EINVAL, "no kernel to make a bank of");
	if (psx_geometry_check(geometry, mode, kernel->k, err))
		return NULL;
	least = least_scale(kernel, geometry, mode, err);
	bank = least ? psx_bank_create(geometry, mode, kernel->k, err) : NULL;
	if (!bank)
		return NULL;
	bank->scale = fit_scale(kernel, least);
	psx_bank_note(bank, kernel);
	if (fill_codes(bank, kernel, err)) {
		psx_bank_free(bank);
		return NULL;
	}
	return bank;
}

static int check_map(const struct psx_kernel *const *kernels, size_t count, const uint8_t *map,
		     const struct psx_geometry *geometry, struct psx_error *err)
{
	size_t i, cells;

	if (!count)
		return psx_error_set(err, EINVAL, "no kernels to make a bank of");
	for (i = 0; i < count; i++) {
		if (!kernels[i])
			return psx_error_set(err, EINVAL, "kernel %zu is NULL", i);
		if (kernels[i]->k != kernels[0]->k)
			return psx_error_set(err, EINVAL, "kernels of %u x %u and of %u x %u",
					     kernels[0]->k, kernels[0]->k, kernels[i]->k,
					     kernels[i]->k);
	}
	if (psx_geometry_check(geometry, PSX_MODE_SNAP, kernels[0]->k, err))
		return -1;
	cells = (size_t)(geometry->width / kernels[0]->k) * (geometry->height / kernels[0]->k);
	for (i = 0; i < cells; i++)
		if (map[i] >= count)
			return psx_error_set(err, EINVAL, "macro-pixel %zu: no kernel %u of %zu", i,
					     map[i], count);
	return 0;
}

/* The cells that `map` gives to kernel `which` take its codes from `plane` */
static void copy_cells(struct psx_bank *bank, const uint8_t *map, size_t which,
		       const int16_t *plane)
{
	uint32_t columns = bank->geometry.width / bank->k, rows = bank->geometry.height / bank->k;
	size_t width = bank->geometry.width;
	uint32_t x, y;

	for (y = 0; y < rows * bank->k; y++)
		for (x = 0; x < columns * bank->k; x++)
			if (map[(size_t)(y / bank->k) * columns + x / bank->k] == which)
				bank->planes[y * width + x] = plane[y * width + x];
}

static int fill_map(struct psx_bank *bank, const struct psx_kernel *const *kernels, size_t count,
		    const uint8_t *map, struct psx_error *err)
{
	size_t area = psx_bank_area(bank), i;
	int16_t *plane = malloc(area * sizeof(*plane));
	int failed = 0;

	bank->planes = calloc(area, sizeof(*bank->planes));
	if (!plane || !bank->planes) {
		free(plane);
		return psx_error_set(err, ENOMEM, "out of memory");
	}
	for (i = 0; !failed && i < count; i++) {
		failed = fill_codes(bank, kernels[i], err);
		if (failed)
			break;
		psx_bank_fill(bank, 0, plane);
		copy_cells(bank, map, i, plane);
		psx_bank_note(bank, kernels[i]);
	}
	free(plane);
	free(bank->codes);
	bank->codes = NULL;
	return failed;
}

struct psx_bank *psx_bank_new_map(const struct psx_kernel *const *kernels, size_t count,
				  const uint8_t *map, const struct psx_geometry *geometry,
				  struct psx_error *err)
{
	struct psx_bank *bank;
	uint16_t scale = 0;
	size_t i;

	if (check_map(kernels, count, map, geometry, err))
		return NULL;
	for (i = 0; i < count; i++) {
		uint16_t least = least_scale(kernels[i], geometry, PSX_MODE_SNAP, err);

		if (!least)
			return NULL;
		scale = least > scale ? least : scale;
	}
	bank = psx_bank_create(geometry, PSX_MODE_SNAP, kernels[0]->k, err);
	if (!bank)
		return NULL;
	bank->scale = scale;
	if (fill_map(bank, kernels, count, map, err)) {
		psx_bank_free(bank);
		return NULL;
	}
	return bank;
}

struct psx_bank *psx_bank_new_codes(unsigned int k, enum psx_mode mode,
				    const struct psx_geometry *geometry, uint16_t scale,
				    const int16_t *codes, struct psx_error *err)
{
	size_t count, i;
	struct psx_bank *bank;

	if (!(k & 1) || k > PSX_KERNEL_MAX_K)
		return psx_error_null(err, EINVAL, "kernel size %u is not odd and 1..%d", k,
				      PSX_KERNEL_MAX_K);
	if (!scale)
		return psx_error_null(err, EINVAL, "a scale of 0");
	if (psx_geometry_check(geometry, mode, k, err))
		return NULL;
	bank = psx_bank_create(geometry, mode, k, err);
	if (!bank)
		return NULL;
	bank->scale = scale;
	count = psx_bank_area(bank) * psx_bank_get_phases(bank);
	bank->planes = malloc(count * sizeof(*codes));
	if (!bank->planes) {
		psx_bank_free(bank);
		return psx_error_null(err, ENOMEM, "out of memory");
	}
	for (i = 0; i < count; i++) {
		if (codes[i] == INT16_MIN) {
			psx_bank_free(bank);
			return psx_error_null(err, EINVAL, "value %zu: code -32768 has no voltage", i);
		}
		bank->planes[i] = codes[i];
		bank->largest = fmax(bank->largest, fabs(psx_sensor_weight(psx_code_to_volts(codes[i]))));
	}
	bank->swing = k * k * bank->largest;
	return bank;
}
