// SPDX-License-Identifier: MIT
/* How much noise and mismatch there is, not just that there is some: variances
 * of flat scenes against theory, a deviant sub-pixel against the Hecht equation
 * in floating point, and a dark map beyond the ADC's range. */
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crystal.h"
#include "unit.h"

#define SIDE	 256u
#define INNER	 (SIDE - 2) /* at the edges folded weights have another variance */
#define LEVEL	 2000.0
#define SECOND	 1000000000ull
#define Q30	 1073741824.0
#define Q16	 65536.0
#define MISMATCH 0.02

/* Mean and variance of a frame's values, edges left out */
struct moments {
	double mean, variance;
};

struct noise {
	const char *kernel, *keys;
	uint64_t exposure;
	double signal; /* mean, bits */
	double shot;   /* variance from photons, bits^2: (scale w)^2 * level * dose / photons */
	double read;   /* standard deviation, levels */
};

static const struct noise noises[] = {
	{ "identity", "photons=10,read_noise=0", SECOND, 2000, 200, 0 },
	{ "identity", "photons=10,read_noise=0", SECOND / 4, 500, 50, 0 },
	{ "identity", "photons=10,read_noise=0,dose_rate=988", SECOND, 4000, 400, 0 },
	{ "identity", "photons=40,read_noise=0", SECOND, 2000, 50, 0 },
	{ "mean", "photons=10,read_noise=0", SECOND, 2000, 200.0 / 9, 0 },
	{ "laplacian", "photons=10,read_noise=0", SECOND, 0, 64 * 200 * 1.125, 0 },
	{ "identity", "photons=4294967295,read_noise=5", SECOND, 2000, 0, 5 },
	{ "identity", "photons=4294967295,read_noise=5", SECOND / 4, 500, 0, 5 },
	{ "identity", "photons=10,read_noise=20", SECOND, 2000, 200, 20 },
};

#define NOISES (sizeof(noises) / sizeof(noises[0]))

static struct moments moments_of(const struct psx_frame *frame)
{
	static int16_t values[SIDE * SIDE];
	double sum = 0, squares = 0, count = (double)INNER * INNER;
	struct moments result;

	ck_assert_int_eq(psx_frame_to_dense(frame, values, SIDE, NULL), 0);
	for (size_t y = 1; y <= INNER; y++)
		for (size_t x = 1; x <= INNER; x++)
			sum += values[y * SIDE + x];
	result.mean = sum / count;
	for (size_t y = 1; y <= INNER; y++)
		for (size_t x = 1; x <= INNER; x++)
			squares += pow(values[y * SIDE + x] - result.mean, 2);
	result.variance = squares / (count - 1);
	return result;
}

#define FROST	     (-30)		/* where dark current leaves the ADC room */
#define DARK_FORWARD (166 * LEVELS_PER_NA)	/* levels a second at +100 and -100 V */
#define DARK_REVERSE (14 * LEVELS_PER_NA)
/* Weight 1 at 494 uGy/s on 9 mm2 is 4095 levels a second */
#define LEVELS_PER_NA (4095 / (494e-6 * 360.5e-6 * 0.09 * 1e9))

static double dark_rate(int code, double celsius)
{
	double full = code > 0 ? DARK_FORWARD : DARK_REVERSE;

	return full * code / PSX_CODE_MAX * pow(2, (celsius - 25) / 10);
}

/* Dark current of a whole cell of 3 x 3 in phase 0, levels a second */
static double dark_of_cell(const struct psx_bank *bank)
{
	static int16_t plane[SIDE * SIDE];
	double sum = 0;

	ck_assert_int_eq(psx_bank_get_plane(bank, 0, plane), 0);
	if (psx_bank_get_k(bank) == 1)
		return dark_rate(plane[0], FROST);
	for (size_t i = 0; i < 9; i++)
		sum += dark_rate(plane[(3 + i / 3) * SIDE + 3 + i % 3], FROST);
	return sum;
}

/* One frame of a flat scene; *scale is the bank's, which may be 1/64 above the
 * kernel's, so that read noise, which no weight makes smaller, counts for more.
 * The mean is without dark current. */
static struct moments measure(const struct noise *noise, double *scale)
{
	struct psx_settings *s = psx_settings_new();
	struct psx_kernel *kernel = psx_kernel_preset(noise->kernel, NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ SIDE, SIDE, 0 }, PSX_MODE_SCAN, NULL);
	struct psx_error err = { 0 };
	const struct psx_frame *frame;
	struct psx_acquisition *acq;
	struct psx_device *dev;
	struct moments result;
	char uri[160];

	(void)snprintf(uri, sizeof(uri),
		       "sim:profile=real,mismatch=0,seed=3,width=%u,height=%u,scene=flat:%.0f,"
		       "temperature=%d,%s", SIDE, SIDE, LEVEL, FROST, noise->keys);
	dev = psx_device_open(uri, &err);
	ck_assert_msg(dev != NULL, "%s", err.message);
	ck_assert_int_eq(psx_settings_set_threshold(s, 0), 0);
	ck_assert_int_eq(psx_settings_set_pga(s, 1), 0);
	ck_assert_int_eq(psx_settings_set_exposure(s, noise->exposure), 0);
	ck_assert_msg(!psx_device_load(dev, s, &bank, 1, NULL), "%s", psx_device_error(dev));
	acq = psx_acquisition_start(dev, 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_uint_eq(psx_frame_get_info(frame)->saturated, 0);
	result = moments_of(frame);
	*scale = psx_bank_get_scale(bank) / 256.0;
	result.mean -= *scale * dark_of_cell(bank) * (double)noise->exposure / SECOND;
	psx_acquisition_free(acq);
	psx_device_close(dev);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_settings_free(s);
	return result;
}

/* Shot and read noise, the steps of the ADC (1/4 level) and of the bits */
START_TEST(noise_has_the_variance_of_its_theory)
{
	const struct noise *noise = &noises[_i];
	double scale, wanted;
	struct moments got = measure(noise, &scale);

	wanted = noise->shot + scale * scale * (noise->read * noise->read + 1.0 / 16 / 12) +
		 1.0 / 12;
	ck_assert_msg(fabs(got.variance / wanted - 1) < 0.03, "%s, %s: variance %.2f, not %.2f",
		      noise->kernel, noise->keys, got.variance, wanted);
	/* five standard errors, and what ADC and DAC steps may do */
	ck_assert_msg(fabs(got.mean - noise->signal) < 5 * sqrt(wanted) / INNER + 0.25,
		      "%s, %s: mean %.3f, not %.0f", noise->kernel, noise->keys, got.mean,
		      noise->signal);
}
END_TEST

/* ---------------------------------------------------------------------- */

/* Deviations of one sub-pixel, as fractions */
struct deviations {
	double gain, mu_tau, surface;
};

/* The Hecht equation with constants of docs/sensor.md, without S0 */
static double hecht(double volts, struct deviations d)
{
	double mu_tau = (volts < 0 ? 2.05e-3 : 0.58e-3) * (1 + d.mu_tau);
	double surface = (volts < 0 ? 98.5 : 13.7) * (1 + d.surface);
	double thickness = 0.2, size = fabs(volts);
	double x = mu_tau * size / (thickness * thickness);
	double response = x * (1 - exp(-1 / x)) / (1 + thickness * surface / size);

	return copysign(response * (1 + d.gain), volts);
}

#define DEVIANT 9u /* of 4 x 4; the others are nominal */

static void check_response(const struct psx_model *m, struct deviations d, s16 code)
{
	static const struct deviations none = { 0, 0, 0 };
	double volts = code * 100.0 / PSX_CODE_MAX, unit = hecht(95, none);
	double got = psx_sensor_response(&m->sensor, DEVIANT, code) / Q30;
	double other = psx_sensor_response(&m->sensor, DEVIANT + 1, code) / Q30;
	double wanted = hecht(volts, d) / unit;

	ck_assert_msg(fabs(got / wanted - 1) < 1e-4, "code %d: %.9f, not %.9f", code, got, wanted);
	wanted = hecht(volts, none) / unit;
	ck_assert_msg(fabs(other / wanted - 1) < 1e-4, "code %d, beside: %.9f, not %.9f", code,
		      other, wanted);
}

/* _i: a bit for each that deviates (gain, mu-tau, s), 8 for less rather than more */
START_TEST(deviations_enter_the_hecht_equation)
{
	static const s16 codes[] = { 150, 1000, 2621, 10000, 23920, 31128, 32767 };
	struct psx_model *m = crystal_new(4, (u32)lround(MISMATCH * 1e6));
	s16 *maps[] = { m->sensor.gain, m->sensor.mu_tau, m->sensor.surface };
	const int sizes[] = { 3277, 2621, 3932 }; /* Q16: 5, 4 and 6 % */
	struct deviations d;

	for (int i = 0; i < 3; i++) {
		memset(maps[i], 0, 16 * sizeof(*maps[i]));
		if (_i & 1 << i)
			maps[i][DEVIANT] = (s16)(_i & 8 ? -sizes[i] : sizes[i]);
	}
	d.gain = maps[0][DEVIANT] / Q16;
	d.mu_tau = maps[1][DEVIANT] / Q16;
	d.surface = maps[2][DEVIANT] / Q16;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		check_response(m, d, codes[i]);
		check_response(m, d, (s16)-codes[i]);
	}
	crystal_free(m);
}
END_TEST

/* Mean of a[i] * b[i]; the mean of each is near 0 */
static double covariance(const s16 *a, const s16 *b)
{
	double sum = 0;

	for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
		sum += a[i] / Q16 * b[i] / Q16;
	return sum / SIDE / SIDE;
}

START_TEST(deviations_are_independent)
{
	static const char *const names[] = { "gain", "mu-tau", "s" };
	struct psx_model *m = crystal_new(SIDE, (u32)lround(MISMATCH * 1e6));
	const s16 *maps[] = { m->sensor.gain, m->sensor.mu_tau, m->sensor.surface };

	for (int i = 0; i < 3; i++) {
		double deviation = sqrt(covariance(maps[i], maps[i])), sum = 0;
		int next = (i + 1) % 3;
		double r = covariance(maps[i], maps[next]) / (MISMATCH * MISMATCH);

		for (size_t k = 0; k < (size_t)SIDE * SIDE; k++)
			sum += maps[i][k] / Q16;
		ck_assert_msg(fabs(sum / SIDE / SIDE) < 0.001, "%s: mean not 0", names[i]);
		ck_assert_msg(fabs(deviation / MISMATCH - 1) < 0.05, "%s: standard deviation %.5f",
			      names[i], deviation);
		ck_assert_msg(fabs(r) < 0.05, "%s and %s: correlation %.3f", names[i], names[next],
			      r);
	}
	crystal_free(m);
}
END_TEST

/* ---------------------------------------------------------------------- */

/* ADC value less dark frame takes 17 bits, and only the result is cut to 16 */
START_TEST(dark_frame_does_not_wrap)
{
	static const struct {
		int level, dark;
		u32 pga;
		int wanted;
		u32 saturated;
	} table[] = {
		{ 5000, -32768, 0, 6024, 0 },  { 1, -32768, 0, 1025, 0 },
		{ -5000, 32767, 0, -6024, 0 }, { 9000, -32768, 0, 9216, 1 },
		{ -9000, 32767, 0, -9216, 1 }, { 100, -32768, 7, 72, 1 },
		{ 5000, 20000, 0, 4375, 0 },   { 32, -32768, 7, 40, 0 },
	};
	struct psx_chain chain = {
		.dose = 1ull << 32, .open = 1ull << 32, .scale = 256, .pga = table[_i].pga,
	};
	const struct psx_charge charge = { .sum = table[_i].level * (1ll << PSX_WEIGHT_SHIFT) };
	u32 saturated = 0;
	s16 got = psx_chain_value(&chain, &charge, 0, 0, (s16)table[_i].dark, &saturated);

	/* halves of the ADC's quarters are rounded away from zero */
	ck_assert_int_eq(got, table[_i].wanted);
	ck_assert_uint_eq(saturated, table[_i].saturated);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("physics");
	TCase *c = tcase_create("physics");

	tcase_add_loop_test(c, noise_has_the_variance_of_its_theory, 0, NOISES);
	tcase_add_loop_test(c, deviations_enter_the_hecht_equation, 0, 16);
	tcase_add_test(c, deviations_are_independent);
	tcase_add_loop_test(c, dark_frame_does_not_wrap, 0, 8);
	tcase_set_timeout(c, 120);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
