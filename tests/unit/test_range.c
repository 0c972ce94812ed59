// SPDX-License-Identifier: MIT
/* Dose series, edges and stability: numbers worked out by hand. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <string.h>

#include "unit.h"

#define DECADES 7
#define STEPS	10

/* Signals of a detector that bends by a at the low end and by b at the high one */
static size_t make_series(struct psx_dose_point *points, double a, double b, double noise)
{
	size_t count = 0, i;

	for (i = 0; i <= DECADES * STEPS; i++) {
		const double rate = 0.01 * pow(10, (double)i / STEPS);

		points[count++] = (struct psx_dose_point){
			.rate = rate, .seconds = 0.5, .noise = noise,
			.signal = -8 * 0.5 * rate * rate / (rate + a) / (1 + pow(rate / b, 4)),
		};
	}
	return count;
}

static void check_range(double least, double most)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	const size_t count = make_series(points, least / 19, most * pow(19, 0.25), 1e-6);
	struct psx_range range;
	size_t i;

	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
	ck_assert_double_eq_tol(range.db, 20 * log10(most / least), 0.1);
	ck_assert_double_eq_tol(range.least / least, 1, 0.01);
	ck_assert_double_eq_tol(range.most / most, 1, 0.005);
	ck_assert_double_eq_tol(range.sensitivity, -8, 0.01);
	ck_assert(!range.least_open && !range.most_open);
	ck_assert_double_le(range.deviation, 0.05);
	ck_assert_double_gt(range.deviation, 0.03);
	for (i = 0; i < count; i++)
		ck_assert_int_eq(points[i].inside,
				 points[i].rate > range.least && points[i].rate < range.most);
}

START_TEST(range_is_found)
{
	check_range(0.165, 32920);
	check_range(13.1, 32920);
	check_range(0.4, 900);
}
END_TEST

/* Below three times the noise nothing counts, however straight the line is */
START_TEST(noise_ends_it)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	const size_t count = make_series(points, 0, 1e9, 1.2);
	struct psx_range range;

	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
	/* 4 r = 3.6 at r = 0.9: the first point of the series above is 1 */
	ck_assert_double_eq_tol(range.least, 1, 0.001);
	ck_assert(!range.least_open);
	ck_assert(range.most_open);
	ck_assert_double_eq_tol(range.most, 1e5, 1);
	ck_assert_int_eq(psx_range_find(points, count, 0, 6, &range), 0);
	ck_assert_double_eq_tol(range.least, 1.995, 0.001);
}
END_TEST

START_TEST(series_that_are_none)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	const size_t count = make_series(points, 0, 1e9, 1e9);
	struct psx_range range;

	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), -1);
	ck_assert_int_eq(errno, ENODATA);
	ck_assert_int_eq(psx_range_find(points, 2, 0, 0, &range), -1);
	ck_assert_int_eq(errno, EINVAL);
	points[7].rate = points[6].rate;
	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* 1 - exp(-t / tau) from 10 to 90 % takes tau * ln 9 */
START_TEST(edge_is_timed)
{
	struct psx_sample samples[400];
	struct psx_edge edge;
	int i;

	for (i = 0; i < 400; i++) {
		const double t = 0.01 * (i - 99);

		samples[i] = (struct psx_sample){ 5 + t, i < 100 ? 3 : 103 - 100 * exp(-t / 0.2) };
	}
	ck_assert_int_eq(psx_edge_find(samples, 400, 100, &edge), 0);
	ck_assert_double_eq_tol(edge.seconds, 0.2 * log(9), 0.001);
	ck_assert(!edge.within);
	ck_assert_double_eq_tol(edge.before, 3, 1e-9);
	ck_assert_double_eq_tol(edge.after, 103, 0.2);
	/* a step, down */
	for (i = 0; i < 400; i++)
		samples[i].signal = i < 100 ? 50 : 2;
	ck_assert_int_eq(psx_edge_find(samples, 400, 100, &edge), 0);
	ck_assert(edge.within);
	ck_assert_double_eq_tol(edge.seconds, 0.01, 1e-9);
	for (i = 0; i < 400; i++)
		samples[i].signal = 50 + (i & 1);
	ck_assert_int_eq(psx_edge_find(samples, 400, 100, &edge), -1);
	ck_assert_int_eq(errno, ENODATA);
	ck_assert_int_eq(psx_edge_find(samples, 400, 1, &edge), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* 2 % an hour, and noise of a known size: the error covers it */
START_TEST(drift_is_found)
{
	struct psx_sample samples[200];
	struct psx_stability s;
	uint64_t random = 5;
	int i, round, within = 0;

	for (round = 0; round < 100; round++) {
		for (i = 0; i < 200; i++) {
			double noise = -6;
			int n;

			for (n = 0; n < 12; n++)
				noise += (double)(unit_random(&random) >> 11) * 0x1p-53;
			samples[i] = (struct psx_sample){
				i, 1000 * (1 + 0.02 * (i - 99.5) / 3600) + 0.5 * noise };
		}
		ck_assert_int_eq(psx_stability_find(samples, 200, &s), 0);
		ck_assert_double_eq_tol(s.noise, 0.5, 0.12);
		ck_assert_double_eq_tol(s.mean, 1000, 0.2);
		within += fabs(s.drift.value - 0.02) < s.drift.error;
	}
	ck_assert_int_ge(within, 55);
	ck_assert_int_le(within, 81);
	ck_assert_int_eq(psx_stability_find(samples, 2, &s), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("range");
	TCase *cases = tcase_create("range");

	tcase_add_test(cases, range_is_found);
	tcase_add_test(cases, noise_ends_it);
	tcase_add_test(cases, series_that_are_none);
	tcase_add_test(cases, edge_is_timed);
	tcase_add_test(cases, drift_is_found);
	suite_add_tcase(suite, cases);
	return unit_main(suite);
}
