// SPDX-License-Identifier: MIT
#include "shoot.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

struct psx_device *shoot_open(const char *uri)
{
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(uri, &err);

	ck_assert_msg(dev != NULL, "%s", err.message);
	return dev;
}

struct psx_geometry shoot_geometry(struct psx_device *dev)
{
	const struct psx_device_info *info = psx_device_get_info(dev);

	return (struct psx_geometry){ info->width, info->height, info->border };
}

struct psx_settings *shoot_settings(uint64_t exposure_ns, unsigned int pga)
{
	struct psx_settings *s = psx_settings_new();

	ck_assert_int_eq(psx_settings_set_threshold(s, 0), 0);
	ck_assert_int_eq(psx_settings_set_polarity(s, PSX_BOTH), 0);
	ck_assert_int_eq(psx_settings_set_exposure(s, exposure_ns), 0);
	ck_assert_int_eq(psx_settings_set_pga(s, pga), 0);
	return s;
}

double *shoot_mean(struct psx_device *dev, unsigned int frames, size_t *count, uint64_t *saturated)
{
	struct psx_acquisition *acq = psx_acquisition_start(dev, frames);
	const struct psx_frame *frame;
	double *mean = NULL;
	int16_t *values = NULL;

	ck_assert_msg(acq != NULL, "%s", psx_device_error(dev));
	for (unsigned int n = 0; n < frames; n++) {
		const struct psx_frame_info *info;

		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		info = psx_frame_get_info(frame);
		*count = (size_t)info->width * info->height;
		if (!mean) {
			mean = calloc(*count, sizeof(*mean));
			values = malloc(*count * sizeof(*values));
		}
		ck_assert_int_eq(psx_frame_to_dense(frame, values, info->width, NULL), 0);
		for (size_t i = 0; i < *count; i++)
			mean[i] += (double)values[i] / frames;
	}
	if (saturated)
		*saturated = psx_acquisition_get_stats(acq)->saturated;
	psx_acquisition_free(acq);
	free(values);
	return mean;
}

struct psx_bank *shoot_flat_bank(struct psx_device *dev, double volts, uint16_t scale)
{
	const struct psx_geometry g = shoot_geometry(dev);
	int16_t *codes = calloc((size_t)g.width * g.height, sizeof(*codes));
	struct psx_bank *bank;

	for (uint32_t y = g.border; y < g.height - g.border; y++)
		for (uint32_t x = g.border; x < g.width - g.border; x++)
			codes[(size_t)y * g.width + x] =
				(int16_t)lround(volts / psx_code_to_volts(1));
	bank = psx_bank_new_codes(1, PSX_MODE_SCAN, &g, scale, codes, NULL);
	ck_assert_ptr_nonnull(bank);
	free(codes);
	return bank;
}
