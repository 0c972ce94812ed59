/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_BANK_H
#define PSX_LIB_BANK_H

#include "fold.h"
#include "mask.h"

#define PSX_MAX_MV 100000u /* of a code of +-32767 */
#define PSX_FULL_DOSE 4095 /* grey levels of the open beam in a second */

struct psx_bank {
	struct psx_geometry geometry;
	enum psx_mode mode;
	unsigned int k;
	uint16_t scale; /* Q8.8 */
	double residual;
	/* Of the wanted weights: the sum of each cell, the largest in any cell, and
	 * the most that those of one sign add up to, or the beam with room above it */
	double sum, largest, swing;
	/* One of these: nominal cells that are cut in the same way have the same
	 * codes, [way_y][way_x][k * k]; or each sub-pixel its own,
	 * [phase][height][width] */
	int16_t *codes, *planes;
	struct psx_mask *defects; /* outputs that sub-pixels spoil; NULL = none */
	struct psx_mask *mask;	  /* the same and those that can't be zeroed */
	int16_t *offset, *dark;	  /* one an output; NULL before psx_device_zero() */
	uint64_t calibration;	  /* psx_calibration_mark(); 0 = nominal */
};

/* A bank without codes; NULL with ENOMEM */
struct psx_bank *psx_bank_create(const struct psx_geometry *geometry, enum psx_mode mode,
				 unsigned int k, struct psx_error *err);
size_t psx_bank_area(const struct psx_bank *bank); /* sub-pixels */
void psx_bank_outputs(const struct psx_bank *bank, uint32_t *width, uint32_t *height);
/* The plane of a phase from bank->codes */
void psx_bank_fill(const struct psx_bank *bank, unsigned int phase, int16_t *codes);

/* Sum, largest and swing of a bank of this kernel, at the bank's scale; of several
 * kernels in one bank those of the largest */
void psx_bank_note(struct psx_bank *bank, const struct psx_kernel *kernel);

/* The Q8.8 scale that makes up for weights shrunk by 1 / `factor`; 0 with ERANGE */
uint16_t psx_bank_grown_scale(const struct psx_kernel *kernel, double factor,
			      struct psx_error *err);

/* Codes of one cell of nominal sub-pixels: the null. Realised weights add up to
 * the sum of targets, within `limit` where the DAC allows; *residual = realised
 * sum - wanted sum. Returns a cost by which different targets of the same kernel
 * compare. */
double psx_null_codes(const double *targets, unsigned int count, double limit, int16_t *codes,
		      double *residual);

#endif
