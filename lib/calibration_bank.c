// SPDX-License-Identifier: MIT
/* Banks for the sub-pixels of one detector: every cell has codes of its own. */
#include "calibration.h"
#include "error.h"
#include "parallel.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct making {
	const struct psx_calibration *cal;
	const struct psx_kernel *kernel;
	struct psx_bank *bank;
	struct psx_cell_plan **plans; /* by psx_way_index(); NULL where it doesn't occur */
	const float *corrections;     /* by output; NULL = none */
	struct psx_mask *mask;
	double *residuals; /* largest of each row of outputs */
	bool failed;
};

static void make_plan(struct psx_way x, struct psx_way y, void *arg)
{
	struct making *making = arg;
	struct psx_cell_plan *plan = malloc(sizeof(*plan));

	making->plans[psx_way_index(x, y, making->bank->k)] = plan;
	if (plan)
		psx_cell_plan(making->kernel, x, y,
			      (double)making->kernel->scale / making->bank->scale, plan);
	else
		making->failed = true;
}

/* The codes of the cell round (cx, cy) to its sub-pixels, in its phase's plane */
static void put_codes(const struct psx_bank *bank, const struct psx_cell_plan *plan, uint32_t cx,
		      uint32_t cy, const int16_t *codes)
{
	const unsigned int k = bank->k, radius = k / 2;
	const size_t width = bank->geometry.width;
	unsigned int phase = 0, tap;
	int16_t *plane;

	if (bank->mode == PSX_MODE_SCAN)
		phase = (cy + k - radius) % k * k + (cx + k - radius) % k;
	plane = bank->planes + phase * psx_bank_area(bank);
	for (tap = 0; tap < k * k; tap++)
		if (plan->there[tap])
			plane[(cy + tap / k - radius) * width + cx + tap % k - radius] = codes[tap];
}

static void make_row(const struct making *making, uint32_t y)
{
	struct psx_bank *bank = making->bank;
	const struct psx_axis axis_x = psx_axis_x(&bank->geometry);
	const struct psx_axis axis_y = psx_axis_y(&bank->geometry);
	const unsigned int k = bank->k, radius = k / 2;
	const uint32_t outputs = psx_axis_outputs(&axis_x, bank->mode, k);
	uint32_t x, cx, cy;

	if (!psx_axis_centre(&axis_y, bank->mode, k, y, &cy))
		return;
	for (x = 0; x < outputs; x++) {
		size_t output = (size_t)y * outputs + x;
		const struct psx_cell_plan *plan;
		int16_t codes[PSX_MAX_TAPS];
		double residual;

		if (!psx_axis_centre(&axis_x, bank->mode, k, x, &cx))
			continue;
		plan = making->plans[psx_way_index(psx_way_at(&axis_x, cx, radius),
						   psx_way_at(&axis_y, cy, radius), k)];
		if (!psx_cell_codes(making->cal, plan,
				    ((ptrdiff_t)cy - radius) * bank->geometry.width + cx - radius,
				    making->corrections ? making->corrections[output] : 0, codes,
				    &residual))
			making->mask->bad[output] = 1;
		else
			making->residuals[y] = fmax(making->residuals[y], fabs(residual));
		put_codes(bank, plan, cx, cy, codes);
	}
}

static void make_rows(size_t first, size_t end, void *arg)
{
	for (; first < end; first++)
		make_row(arg, (uint32_t)first);
}

static void fill(struct making *making)
{
	struct psx_bank *bank = making->bank;
	uint32_t width, height, y;

	psx_bank_outputs(bank, &width, &height);
	psx_parallel(height, make_rows, making);
	for (y = 0; y < height; y++)
		bank->residual = fmax(bank->residual, making->residuals[y]);
	if (psx_mask_count(making->mask)) {
		bank->defects = psx_mask_ref(making->mask);
		bank->mask = psx_mask_ref(making->mask);
	}
}

/* Memory, plans and codes; -1 with ENOMEM */
static int make(struct making *making, struct psx_error *err)
{
	struct psx_bank *bank = making->bank;
	size_t ways = (size_t)psx_way_count(bank->k) * psx_way_count(bank->k), i;
	uint32_t width, height;

	psx_bank_outputs(bank, &width, &height);
	bank->planes = calloc(psx_bank_area(bank) * psx_bank_get_phases(bank), sizeof(*bank->planes));
	making->plans = calloc(ways, sizeof(struct psx_cell_plan *));
	making->mask = psx_mask_new(width, height);
	making->residuals = calloc(height, sizeof(*making->residuals));
	making->failed = !bank->planes || !making->plans || !making->mask || !making->residuals;
	if (!making->failed)
		psx_for_each_way(&bank->geometry, bank->mode, bank->k, make_plan, making);
	if (!making->failed)
		fill(making);
	for (i = 0; making->plans && i < ways; i++)
		free(making->plans[i]);
	free(making->plans);
	psx_mask_unref(making->mask);
	free(making->residuals);
	return making->failed ? psx_error_set(err, ENOMEM, "out of memory") : 0;
}

struct psx_bank *psx_calibration_make_bank(const struct psx_calibration *cal,
					   const struct psx_kernel *kernel, enum psx_mode mode,
					   struct psx_error *err)
{
	const struct psx_geometry *geometry = &cal->info.geometry;
	struct making making = { .cal = cal, .kernel = kernel };
	const struct psx_null *null;
	double largest;
	uint16_t scale;

	if (!kernel)
		return psx_error_null(err, EINVAL, "no kernel to make a bank of");
	if (psx_geometry_check(geometry, mode, kernel->k, err))
		return NULL;
	largest = psx_fold_largest(kernel, geometry, mode);
	scale = psx_bank_grown_scale(kernel, fmax(1, largest / cal->info.headroom), err);
	making.bank = scale ? psx_bank_create(geometry, mode, kernel->k, err) : NULL;
	if (!making.bank)
		return NULL;
	making.bank->scale = scale;
	making.bank->calibration = psx_calibration_mark(cal->info.id, cal->info.time);
	psx_bank_note(making.bank, kernel);
	null = psx_calibration_find_null(cal, kernel, mode);
	making.corrections = null ? null->corrections : NULL;
	if (make(&making, err)) {
		psx_bank_free(making.bank);
		return NULL;
	}
	return making.bank;
}
