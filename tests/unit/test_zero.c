// SPDX-License-Identifier: MIT
/* Dark current, and how it is taken away. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "shoot.h"
#include "unit.h"

#define SECOND 1000000000u
/* Levels a second at +100 V: 166 nA against 360.5 uC/Gy/cm2 * 494 uGy/s * 9 mm2,
 * which are 4095 levels */
#define DARK_LEVELS (166e-9 / (360.5e-6 * 494e-6 * 0.09) * 4095)

static struct psx_bank *preset_bank(struct psx_device *dev, const char *name, enum psx_mode mode)
{
	struct psx_kernel *kernel = psx_kernel_preset(name, NULL);
	const struct psx_geometry geometry = shoot_geometry(dev);
	struct psx_error err = { 0 };
	struct psx_bank *bank = psx_bank_new(kernel, &geometry, mode, &err);

	ck_assert_msg(bank != NULL, "%s", err.message);
	psx_kernel_free(kernel);
	return bank;
}

static void zero(struct psx_device *dev, const struct psx_settings *s, struct psx_bank *bank)
{
	ck_assert_msg(!psx_device_zero(dev, s, &bank, 1, 0, NULL), "%s", psx_device_error(dev));
}

/* Banks that fill more than half of the device, maps included, have no room beside
 * themselves; those that don't fit with their maps are refused before rails go up */
START_TEST(large_banks_are_zeroed)
{
	enum { K = PSX_KERNEL_MAX_K, COUNT = 64 };
	struct psx_device *dev = shoot_open("sim:width=16,height=16,scene=flat:0");
	static int16_t codes[K * K * 16 * 16];
	struct psx_bank *banks[COUNT];
	const uint32_t planes = psx_device_get_info(dev)->planes, fit = planes / (K * K + 2);
	struct psx_settings *s = shoot_settings(SECOND / 1000, 1);

	ck_assert(fit < COUNT && COUNT * K * K <= planes);
	for (int i = 0; i < COUNT; i++)
		banks[i] = psx_bank_new_codes(K, PSX_MODE_SCAN,
					      &(struct psx_geometry){ 16, 16, 0 }, 256, codes, NULL);
	ck_assert_msg(!psx_device_zero(dev, s, banks, fit, 1, NULL), "%s", psx_device_error(dev));
	ck_assert_msg(!psx_device_zero(dev, s, banks, fit, 1, NULL), "%s", psx_device_error(dev));
	ck_assert_int_eq(psx_device_get_channels(dev), (int)fit);
	for (int i = 0; i < COUNT; i++)
		psx_bank_free(banks[i]);
	for (int i = 0; i < COUNT; i++)
		banks[i] = psx_bank_new_codes(K, PSX_MODE_SCAN,
					      &(struct psx_geometry){ 16, 16, 0 }, 256, codes, NULL);
	ck_assert_int_eq(psx_device_zero(dev, s, banks, COUNT, 1, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(psx_device_get_channels(dev), (int)fit);
	for (int i = 0; i < COUNT; i++)
		psx_bank_free(banks[i]);
	psx_settings_free(s);
	psx_device_close(dev);
}
END_TEST

/* The Laplacian's pedestal is ten times its signal: without zeroing the ADC ends */
START_TEST(dark_current_goes)
{
	static const enum psx_mode modes[] = { PSX_MODE_SCAN, PSX_MODE_SNAP };
	struct psx_device *dev = shoot_open("sim:width=48,height=40,scene=flat:2000");
	struct psx_bank *bank = preset_bank(dev, "laplacian", modes[_i % 2]);
	unsigned int pga = _i < 2 ? 1 : 8;
	struct psx_settings *s = shoot_settings(SECOND, pga);
	uint64_t saturated;
	double *values;
	size_t count;

	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), 0);
	values = shoot_mean(dev, 1, &count, &saturated);
	ck_assert_uint_eq(saturated, count);
	free(values);
	zero(dev, s, bank);
	values = shoot_mean(dev, 1, &count, &saturated);
	ck_assert_uint_eq(saturated, 0);
	ck_assert_ptr_null(psx_bank_get_mask(bank));
	free(values);
	/* In the dark nothing is left but read noise, and half a step of the ADC */
	ck_assert_int_eq(psx_device_set_shutter(dev, PSX_SHUTTER_CLOSED), 0);
	values = shoot_mean(dev, 16, &count, &saturated);
	for (size_t i = 0; i < count; i++)
		ck_assert_double_lt(fabs(values[i]), 8 * (0.125 / pga + 0.15));
	free(values);
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

/* Offset and dark map together are the dark charge that docs/sensor.md promises */
START_TEST(maps_are_the_charge)
{
	struct psx_device *dev = shoot_open("sim:width=20,height=16,mismatch=0,scene=flat:0");
	struct psx_bank *bank = shoot_flat_bank(dev, 50, 256);
	struct psx_settings *s = shoot_settings(SECOND / 2, 16);
	const int16_t *offset, *dark;

	ck_assert_ptr_null(psx_bank_get_offset(bank));
	ck_assert_ptr_null(psx_bank_get_dark(bank));
	zero(dev, s, bank);
	offset = psx_bank_get_offset(bank);
	dark = psx_bank_get_dark(bank);
	for (int i = 0; i < 20 * 16; i++) {
		ck_assert_double_eq_tol(offset[i] * 4.0 + dark[i] / 512.0, DARK_LEVELS / 4,
					DARK_LEVELS / 4 * 2e-4);
		ck_assert_int_lt(abs(dark[i]), 512 * 4);
	}
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

START_TEST(shutter_and_rails_are_put_back)
{
	struct psx_device *dev = shoot_open("sim:width=20,height=16,scene=flat:0");
	struct psx_bank *bank = preset_bank(dev, "sobel-x", PSX_MODE_SCAN);

	ck_assert_int_eq(psx_device_set_shutter(dev, PSX_SHUTTER_BEAM), 0);
	zero(dev, NULL, bank);
	ck_assert_int_eq(psx_device_get_status(dev)->shutter, PSX_SHUTTER_BEAM);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	ck_assert_int_eq(psx_device_rails_on(dev, NULL), 0);
	zero(dev, NULL, bank);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 2);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

/* A hot sub-pixel has a hundred times the dark current: the outputs that it
 * reaches at a bias are masked, in frames, too. The next load is free of it. */
START_TEST(hot_outputs_are_masked)
{
	struct psx_device *dev = shoot_open("sim:width=48,height=40,hot=3,scene=flat:100");
	struct psx_bank *bank = preset_bank(dev, "laplacian", PSX_MODE_SCAN);
	const struct psx_frame *frame;
	struct psx_acquisition *acq;
	struct psx_frame *copy;
	const uint8_t *mask;
	size_t bad = 0;

	zero(dev, NULL, bank);
	mask = psx_bank_get_mask(bank);
	ck_assert_ptr_nonnull(mask);
	for (size_t i = 0; i < 48 * 40; i++)
		bad += mask[i];
	/* at the centre of a cell only: a surround is at 7 V of reverse bias */
	ck_assert_uint_eq(bad, 3);
	acq = psx_acquisition_start(dev, 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_ptr_nonnull(psx_frame_get_mask(frame));
	copy = psx_frame_copy(frame);
	psx_acquisition_free(acq);
	ck_assert_mem_eq(psx_frame_get_mask(copy), mask, 48 * 40);
	psx_bank_free(bank);
	bank = preset_bank(dev, "identity", PSX_MODE_SNAP);
	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), 0);
	acq = psx_acquisition_start(dev, 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_ptr_null(psx_frame_get_mask(frame));
	psx_acquisition_free(acq);
	psx_bank_free(bank);
	psx_device_close(dev);
	ck_assert_uint_le(psx_frame_get_mask(copy)[0], 1);
	psx_frame_free(copy);
}
END_TEST

/* Where the offset DAC ends, a dark map's 1024 levels go further, though not all of the
 * ADC's way: what neither takes is masked, and the others are dark in the dark */
START_TEST(what_is_left_is_masked)
{
	struct psx_device *dev = shoot_open(
		"sim:width=16,height=16,profile=unpassivated,read_noise=0,scene=flat:0");
	struct psx_settings *s = shoot_settings(SECOND, 1);
	struct psx_bank *bank = shoot_flat_bank(dev, 100, 256);
	const uint8_t *mask;
	size_t count, masked = 0, at_the_end = 0;
	double *values;

	zero(dev, s, bank);
	mask = psx_bank_get_mask(bank);
	ck_assert_ptr_nonnull(mask);
	ck_assert_int_eq(psx_device_set_shutter(dev, PSX_SHUTTER_CLOSED), 0);
	values = shoot_mean(dev, 1, &count, NULL);
	for (size_t i = 0; i < count; i++) {
		masked += mask[i];
		at_the_end += !mask[i] && psx_bank_get_offset(bank)[i] == INT16_MAX;
		if (!mask[i])
			ck_assert_msg(fabs(values[i]) <= 1, "%zu: %g in the dark", i, values[i]);
	}
	ck_assert_uint_gt(masked, 0);
	ck_assert_uint_gt(at_the_end, 0);
	free(values);
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

START_TEST(too_much_is_an_error)
{
	struct psx_device *dev = shoot_open("sim:width=20,height=16,scene=flat:0");
	struct psx_bank *bank = preset_bank(dev, "identity", PSX_MODE_SCAN);
	struct psx_settings *s = shoot_settings(20ull * SECOND, 1);
	struct psx_bank *none = NULL;

	ck_assert_int_eq(psx_device_zero(dev, s, &bank, 1, 0, NULL), -1);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "dark current"));
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	ck_assert_int_eq(psx_device_get_status(dev)->shutter, PSX_SHUTTER_OPEN);
	ck_assert_int_eq(psx_device_zero(dev, s, &none, 1, 0, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(psx_device_zero(dev, s, &bank, 0, 0, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

START_TEST(without_dark_current_it_loads)
{
	struct psx_device *dev = shoot_open("sim:profile=ideal,width=20,height=16,scene=flat:0");
	struct psx_bank *bank = preset_bank(dev, "laplacian", PSX_MODE_SCAN);
	uint32_t cfg_id = 0;

	ck_assert_int_eq(psx_device_zero(dev, NULL, &bank, 1, 0, &cfg_id), 0);
	ck_assert_uint_eq(cfg_id, 1);
	ck_assert_ptr_null(psx_bank_get_offset(bank));
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

struct asked {
	struct psx_device *dev;
	enum psx_shutter seen[4];
	unsigned int times;
	bool refuse;
};

/* The hand at a shutter that the device does not know of */
static int ask(void *arg, enum psx_shutter wanted)
{
	struct asked *asked = arg;

	asked->seen[asked->times++] = wanted;
	if (asked->refuse)
		return 1;
	return asked->dev->transport->ops->set_shutter(asked->dev->transport, wanted,
						       &asked->dev->error);
}

START_TEST(without_a_shutter_somebody_is_asked)
{
	struct psx_device *dev = shoot_open("sim:width=20,height=16,scene=flat:100");
	struct psx_bank *bank = preset_bank(dev, "laplacian", PSX_MODE_SCAN);
	struct asked asked = { .dev = dev };

	dev->transport->info.caps &= ~PSX_CAP_SHUTTER;
	ck_assert_int_eq(psx_device_zero(dev, NULL, &bank, 1, 0, NULL), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	psx_device_set_operator(dev, ask, &asked);
	zero(dev, NULL, bank);
	ck_assert_uint_eq(asked.times, 2);
	ck_assert_int_eq(asked.seen[0], PSX_SHUTTER_CLOSED);
	ck_assert_int_eq(asked.seen[1], PSX_SHUTTER_OPEN);
	asked.refuse = true;
	ck_assert_int_eq(psx_device_zero(dev, NULL, &bank, 1, 0, NULL), -1);
	ck_assert_int_eq(errno, ECANCELED);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

/* Two banks in turn, each with maps of its own */
START_TEST(each_bank_has_its_maps)
{
	struct psx_device *dev = shoot_open("sim:width=24,height=20,mismatch=0,scene=flat:0");
	struct psx_bank *banks[2] = { shoot_flat_bank(dev, 90, 256), shoot_flat_bank(dev, -90, 256) };

	ck_assert_int_eq(psx_device_zero(dev, NULL, banks, 2, 2, NULL), 0);
	for (int i = 0; i < 24 * 20; i++) {
		ck_assert_int_gt(psx_bank_get_offset(banks[0])[i], 9000);
		ck_assert_int_lt(psx_bank_get_offset(banks[1])[i], -700);
		ck_assert_int_gt(psx_bank_get_offset(banks[1])[i], -900);
	}
	psx_bank_free(banks[0]);
	psx_bank_free(banks[1]);
	psx_device_close(dev);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zero");
	TCase *c = tcase_create("zero");

	tcase_add_loop_test(c, dark_current_goes, 0, 4);
	tcase_add_test(c, large_banks_are_zeroed);
	tcase_add_test(c, maps_are_the_charge);
	tcase_add_test(c, shutter_and_rails_are_put_back);
	tcase_add_test(c, hot_outputs_are_masked);
	tcase_add_test(c, what_is_left_is_masked);
	tcase_add_test(c, too_much_is_an_error);
	tcase_add_test(c, without_dark_current_it_loads);
	tcase_add_test(c, without_a_shutter_somebody_is_asked);
	tcase_add_test(c, each_bank_has_its_maps);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
