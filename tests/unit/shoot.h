/* SPDX-License-Identifier: MIT */
/* Detectors on the bench of the tests: frames of embedded models, as values. */
#ifndef PSX_TEST_SHOOT_H
#define PSX_TEST_SHOOT_H

#include <psxdet.h>
#include <stddef.h>

/* A model by its keys; asserts that it opens */
struct psx_device *shoot_open(const char *uri);
struct psx_geometry shoot_geometry(struct psx_device *dev);
/* Dense (threshold 0), both signs, at this exposure and gain */
struct psx_settings *shoot_settings(uint64_t exposure_ns, unsigned int pga);
/* Mean values of `frames` frames of what is loaded, width * height of a frame;
 * *saturated (may be NULL) is of all frames together. To be freed. */
double *shoot_mean(struct psx_device *dev, unsigned int frames, size_t *count,
		   uint64_t *saturated);
/* A bank with one code on every sub-pixel that sees, k = 1 */
struct psx_bank *shoot_flat_bank(struct psx_device *dev, double volts, uint16_t scale);

#endif
