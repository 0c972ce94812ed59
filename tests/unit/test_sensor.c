// SPDX-License-Identifier: MIT
/* The sensor: the library's Hecht equation against figures worked out by hand,
 * and the model's integers against the library. */
#include <math.h>
#include <psxdet.h>
#include <stdlib.h>

#include "crystal.h"
#include "unit.h"

START_TEST(weights_have_known_volts)
{
	static const struct {
		double weight, volts;
	} table[] = {
		{ 1, 95.0 }, { -1, -73.0 }, { -0.125, -6.903 }, { 0.125, 7.999 },
		{ 0.5, 28.70 }, { -0.5, -21.68 }, { 0, 0 },
	};

	ck_assert_double_eq_tol(psx_sensor_volts(table[_i].weight), table[_i].volts, 0.02);
}
END_TEST

START_TEST(sensitivity_is_the_papers)
{
	ck_assert_double_eq_tol(psx_sensor_sensitivity(-100), -396, 1);
	ck_assert_double_eq_tol(psx_sensor_sensitivity(100), 366.9, 1);
	ck_assert_double_eq_tol(psx_sensor_sensitivity(95), 360.5, 0.1);
	ck_assert_double_eq_tol(psx_sensor_sensitivity(-73), -360.5, 0.1);
	ck_assert_double_eq_tol(psx_sensor_weight(100), 1.0176, 0.0005);
	ck_assert_double_nan(psx_sensor_weight(100.1));
	ck_assert_double_nan(psx_sensor_volts(1.02));
	ck_assert_double_nan(psx_sensor_volts(-1.11));
}
END_TEST

START_TEST(volts_and_weights_are_inverse)
{
	for (int i = -1000; i <= 1000; i++) {
		double weight = i / 1000.0;

		ck_assert_double_eq_tol(psx_sensor_weight(psx_sensor_volts(weight)), weight, 1e-12);
	}
}
END_TEST

START_TEST(integer_response_is_the_hecht_response)
{
	struct psx_model *m = crystal_new(64, 0);

	for (int code = -PSX_CODE_MAX; code <= PSX_CODE_MAX; code++) {
		double weight = psx_sensor_weight(psx_code_to_volts((int16_t)code));
		double response = psx_sensor_response(&m->sensor, 0, (s16)code) / 1073741824.0;

		ck_assert_msg(fabs(response - weight) < 1e-8, "code %d: %.12f, not %.12f", code,
			      response, weight);
	}
	crystal_free(m);
}
END_TEST

/* Spread of the response over sub-pixels: gain alone would give the mismatch;
 * mu-tau and s add to it where the collection is incomplete. */
START_TEST(mismatch_spreads_the_response)
{
	struct psx_model *m = crystal_new(64, 20000);
	static const s16 codes[] = { -23920, 31128, -2262, 2621 };
	double nominal = psx_sensor_weight(psx_code_to_volts(codes[_i]));
	double sum = 0, squares = 0, rms;

	for (size_t i = 0; i < 64 * 64; i++) {
		double response = psx_sensor_response(&m->sensor, i, codes[_i]) / 1073741824.0;

		sum += response / nominal - 1;
		squares += (response / nominal - 1) * (response / nominal - 1);
	}
	rms = sqrt(squares / 4096);
	ck_assert_double_lt(fabs(sum / 4096), 0.002);
	ck_assert_msg(rms > 0.018 && rms < 0.04, "code %d: rms %.4f", codes[_i], rms);
	crystal_free(m);
}
END_TEST

START_TEST(mismatch_of_nothing_is_nominal)
{
	struct psx_model *ideal = crystal_new(64, 0), *m = crystal_new(64, 20000);
	size_t i;

	for (i = 0; i < 64 * 64; i++)
		m->sensor.gain[i] = m->sensor.mu_tau[i] = m->sensor.surface[i] = 0;
	for (int code = -PSX_CODE_MAX; code <= PSX_CODE_MAX; code += 11)
		ck_assert_int_le(abs(psx_sensor_response(&m->sensor, 5, (s16)code) -
				     psx_sensor_response(&ideal->sensor, 5, (s16)code)),
				 1 << 14);
	crystal_free(ideal);
	crystal_free(m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sensor");
	TCase *c = tcase_create("sensor");

	tcase_add_loop_test(c, weights_have_known_volts, 0, 7);
	tcase_add_test(c, sensitivity_is_the_papers);
	tcase_add_test(c, volts_and_weights_are_inverse);
	tcase_add_test(c, integer_response_is_the_hecht_response);
	tcase_add_loop_test(c, mismatch_spreads_the_response, 0, 4);
	tcase_add_test(c, mismatch_of_nothing_is_nominal);
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
