/* SPDX-License-Identifier: MIT */
/*
 * What a detector should answer, worked out without any of its code: a direct
 * convolution with replicated borders, and the scene itself.
 */
#ifndef PSX_TEST_REFERENCE_H
#define PSX_TEST_REFERENCE_H

#include <stdint.h>

/* Correlation of a width x height image with k x k coefficients, exact (the
 * caller rounds). out[y * width + x] */
void reference_scan(const uint16_t *image, uint32_t width, uint32_t height, unsigned int k,
		    const double *coefficients, double *out);
/* One value for each whole k x k cell: floor(width / k) a row */
void reference_snap(const uint16_t *image, uint32_t width, uint32_t height, unsigned int k,
		    const double *coefficients, double *out);

#endif
