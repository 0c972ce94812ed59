/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_BANK_H
#define PSX_LIB_BANK_H

#include <psxdet.h>

#define PSX_MAX_MV 100000u /* of a code of +-32767 */

/*
 * All cells of a bank whose macro-pixel is cut by the sensor's edges in the
 * same way have the same codes. In one direction the way is (before, after),
 * the sub-pixels that exist on either side of the centre, each 0..k/2.
 */
struct psx_bank {
	uint32_t width, height;
	enum psx_mode mode;
	unsigned int k;
	uint16_t scale; /* Q8.8 */
	double residual;
	uint32_t span_mv; /* from the lowest bias to the highest, 0 V included */
	int16_t *codes; /* [way_y][way_x][k * k] */
};

/* Codes of one cell: the null. Realised weights add up to the sum of targets,
 * within `limit` where the DAC allows; *residual = realised sum - wanted sum.
 * Returns a cost by which different targets of the same kernel compare. */
double psx_null_codes(const double *targets, unsigned int count, double limit, int16_t *codes,
		      double *residual);

#endif
