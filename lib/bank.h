/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_BANK_H
#define PSX_LIB_BANK_H

#include <psxdet.h>

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
	int16_t *codes; /* [way_y][way_x][k * k] */
};

/* Codes of one cell: the null. Realised weights add up to the sum of targets
 * as exactly as the DAC allows; returns realised sum - wanted sum. */
double psx_null_codes(const double *targets, unsigned int count, int16_t *codes);

/* How badly the DAC's steps meet these weights one by one: sum of squares */
double psx_null_misfit(const double *targets, unsigned int count);

#endif
