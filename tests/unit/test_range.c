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
			.rate = rate, .seconds = 0.5,
			.reading = {
				.signal = -8 * 0.5 * rate * rate / (rate + a) / (1 + pow(rate / b, 4)),
				.noise = noise },
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
	ck_assert_double_eq_tol(range.db.value, 20 * log10(most / least), 0.02);
	ck_assert_double_eq_tol(range.least.value / least, 1, 0.01);
	ck_assert_double_eq_tol(range.most.value / most, 1, 0.005);
	ck_assert_double_eq_tol(range.sensitivity.value, -8, 0.001);
	ck_assert(!range.least_open && !range.most_open);
	ck_assert_double_le(range.deviation, 0.05);
	ck_assert_double_gt(range.deviation, 0.03);
	for (i = 0; i < count; i++)
		ck_assert_int_eq(points[i].inside,
				 points[i].rate > range.least.value && points[i].rate < range.most.value);
}

START_TEST(range_is_found)
{
	check_range(0.165, 32920);
	check_range(13.1, 32920);
	check_range(0.4, 900);
}
END_TEST

/* All of it bends: the line is where it goes to */
START_TEST(line_has_no_bend)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	struct psx_range range;

	(void)make_series(points, 0.165 / 19, 1e9, 1e-6);
	ck_assert_int_eq(psx_range_find(points, 28, 0, 0, &range), 0); /* 0.01 to 5 */
	ck_assert_double_eq_tol(range.sensitivity.value, -8, 0.001);
	ck_assert_double_eq_tol(range.least.value, 0.165, 0.001);
	ck_assert(range.most_open);
}
END_TEST

/* Below three times the noise nothing counts, however straight the line is */
START_TEST(noise_ends_it)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	const size_t count = make_series(points, 0, 1e9, 1.2);
	struct psx_range range;

	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
	/* 4 r = 3.6 at r = 0.9 */
	ck_assert_double_eq_tol(range.least.value, 0.9, 0.001);
	ck_assert(!range.least_open);
	ck_assert(range.most_open);
	ck_assert_double_eq_tol(range.most.value, 1e5, 1);
	ck_assert_int_eq(psx_range_find(points, count, 0, 6, &range), 0);
	ck_assert_double_eq_tol(range.least.value, 1.8, 0.001);
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

/* Out by more than its error allows, or only by chance */
START_TEST(one_outlier_cuts_nothing)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	const size_t count = make_series(points, 0.165 / 19, 32920 * pow(19, 0.25), 1e-6);
	struct psx_range range;
	size_t i;

	for (i = 0; i < count; i++)
		points[i].reading.error = 0.01 * fabs(points[i].reading.signal);
	points[25].reading.signal *= 0.93;
	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
	ck_assert_double_eq_tol(range.db.value, 106, 0.2);
	ck_assert(points[25].inside);
	ck_assert_double_gt(range.deviation, 0.06);
	points[25].reading.error *= 0.1;
	ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
	ck_assert_double_gt(range.least.value, points[24].rate);
	ck_assert_double_lt(range.least.value, points[26].rate);
}
END_TEST

static double noise(uint64_t *random)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += (double)(unit_random(random) >> 11) * 0x1p-53;
	return sum;
}

/* Series with errors of a known size, darkness that all have in common, and an end by the
 * line or by noise: stated errors hold as often as they should, that of the
 * line more often: which decade is straightest is chance. Of 60, 1 sigma are 41 +- 3.6 */
static void check_errors(double read_noise, double least)
{
	struct psx_dose_point points[DECADES * STEPS + 1];
	uint64_t random = 7;
	int round, one = 0, two = 0, line = 0;

	for (round = 0; round < 60; round++) {
		const size_t count =
			make_series(points, 0.165 / 19, 32920 * pow(19, 0.25), read_noise);
		const double dark = noise(&random);
		struct psx_range range;
		size_t i;

		for (i = 0; i < count; i++) {
			struct psx_reading *r = &points[i].reading;

			r->error = 3e-3;
			r->dark_error = 2e-3;
			r->noise_error = 0.02 * read_noise;
			r->signal += r->error * noise(&random) + r->dark_error * dark;
			r->noise += r->noise_error * noise(&random);
		}
		ck_assert_int_eq(psx_range_find(points, count, 0, 0, &range), 0);
		one += fabs(range.least.value - least) < range.least.error;
		two += fabs(range.least.value - least) < 2 * range.least.error;
		line += fabs(range.sensitivity.value + 8) < range.sensitivity.error;
		ck_assert_double_eq_tol(range.db.error, 20 / M_LN10 * range.least.error / least,
					0.3 * range.db.error);
	}
	ck_assert_msg(one >= 27 && one <= 55, "%d of 60 within 1 sigma", one);
	ck_assert_msg(two >= 51, "%d of 60 within 2 sigma", two);
	ck_assert_msg(line >= 27, "line: %d of 60 within 1 sigma", line);
}

START_TEST(errors_cover)
{
	check_errors(1e-6, 0.165);
	check_errors(0.5, 0.3835); /* 4 r^2 / (r + 0.165 / 19) = 1.5 */
}
END_TEST

/* A probe of a model with much noise: what the ADC would cut off is not left out */
START_TEST(probe_leaves_room_for_noise)
{
	struct psx_device *dev =
		psx_device_open("sim:width=16,height=16,scene=flat:0,read_noise=20", NULL);
	struct psx_probe *probe = psx_probe_new(dev, NULL, NULL);
	struct psx_reading r;
	struct psx_sample samples[8];
	unsigned int pga = 0;

	ck_assert_ptr_nonnull(probe);
	ck_assert_int_eq(psx_probe_choose_pga(probe, -73, 10000000, PSX_SHUTTER_BEAM, &pga), 0);
	ck_assert_uint_le(pga, 32);
	ck_assert_uint_ge(pga, 8);
	ck_assert_int_eq(psx_probe_set(probe, -73, 10000000, pga, 64), 0);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_BEAM, 32, &r, NULL), 0);
	ck_assert_uint_eq(r.used, 256);
	ck_assert_uint_eq(r.clipped + r.blind, 0);
	ck_assert_double_eq_tol(r.noise, 20, 5 * r.noise_error);
	ck_assert_double_eq_tol(r.error, 20 / sqrt(256 * 32), 0.02);
	ck_assert_double_eq_tol(r.dark_error, 20 / sqrt(256 * 64), 0.02);
	ck_assert_double_eq_tol(r.signal, -40.95, 4 * hypot(0.15, hypot(r.error, r.dark_error)));

	/* At too high a gain half of it is noise and clips: counted, or an error */
	ck_assert_int_eq(psx_probe_set(probe, -73, 10000000, 128, 4), 0);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_BEAM, 8, &r, NULL), 0);
	ck_assert_uint_gt(r.clipped, 0);
	ck_assert_uint_eq(r.used + r.clipped + r.blind, 256);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_BEAM, 8, &r, samples), -1);
	ck_assert_int_eq(errno, ERANGE);
	psx_probe_free(probe);
	psx_device_close(dev);
}
END_TEST

static double signal_of(struct psx_device *dev, struct psx_probe *probe, unsigned int level,
			unsigned int frames, struct psx_reading *r)
{
	struct psx_image *image = psx_image_new(16, 16);
	int i;

	for (i = 0; i < 256; i++)
		psx_image_edit_levels(image)[i] = (uint16_t)level;
	ck_assert_int_eq(psx_device_present(dev, image), 0);
	psx_image_free(image);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_OPEN, frames, r, NULL), 0);
	return r->signal;
}

/* Levels that are seen of so many, as docs/sensor.md says */
static double seen(double level)
{
	const double rate = level / 4095 * 494;

	return level * rate / (rate + 0.165 / 19);
}

/* At a gain of 128 the value's steps are several of the ADC's: which way they round does not go
 * with the signal. Half a step of 1/512 level is far more than the error */
START_TEST(probe_rounds_alike)
{
	struct psx_device *dev =
		psx_device_open("sim:width=16,height=16,mismatch=0,scene=flat:0", NULL);
	struct psx_probe *probe = psx_probe_new(dev, NULL, NULL);
	struct psx_reading r;
	unsigned int level;

	ck_assert_int_eq(psx_probe_set(probe, -73, 1000000000, 128, 1024), 0);
	for (level = 6; level <= 24; level *= 2) {
		const double off = signal_of(dev, probe, level, 1024, &r) + seen(level);

		ck_assert_double_eq_tol(signal_of(dev, probe, 2 * level, 1024, &r) + seen(2 * level),
					2 * off, 4 * sqrt(6) * r.error);
	}
	psx_probe_free(probe);
	psx_device_close(dev);
}
END_TEST

/* In a short exposure a bias is on its way from 0 V: not in what is measured, but in its samples */
START_TEST(probe_settles)
{
	struct psx_device *dev = psx_device_open(
		"sim:width=16,height=16,mismatch=0,scene=flat:0,dose_rate=4940", NULL);
	struct psx_probe *probe = psx_probe_new(dev, NULL, NULL);
	struct psx_sample samples[2];
	struct psx_reading r;
	double first;

	ck_assert_int_eq(psx_probe_set(probe, -73, 10000000, 1, 256), 0);
	first = signal_of(dev, probe, 40950, 1, &r);
	ck_assert_double_eq_tol(signal_of(dev, probe, 40950, 256, &r), first, 64 * r.error);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_OPEN, 2, &r, samples), 0);
	/* 0.02 e^-5 of it */
	ck_assert_double_eq_tol(samples[0].signal / samples[1].signal, 1 - 1.35e-4, 4e-5);
	psx_probe_free(probe);
	psx_device_close(dev);
}
END_TEST

/* Levels, samples and noise are of the same sub-pixels: one has a dark current that
 * nothing takes off */
START_TEST(probe_leaves_the_same_out)
{
	struct psx_device *dev = psx_device_open(
		"sim:width=8,height=8,scene=flat:0,hot=3,mismatch=0,photons=1e6", NULL);
	struct psx_probe *probe = psx_probe_new(dev, NULL, NULL);
	struct psx_sample samples[16];
	struct psx_reading r;
	double mean = 0;
	int i;

	ck_assert_int_eq(psx_probe_set(probe, -73, 1000000000, 1, 0), 0);
	ck_assert_int_eq(psx_probe_expose(probe, PSX_SHUTTER_BEAM, 16, &r, samples), 0);
	ck_assert_uint_eq(r.blind, 3);
	ck_assert_uint_eq(r.used, 61);
	for (i = 0; i < 16; i++)
		mean += samples[i].signal / 16;
	ck_assert_double_eq_tol(mean, r.signal, 1e-3);
	ck_assert_double_eq_tol(r.signal, -4095, 0.5);
	ck_assert_double_lt(r.noise, 0.2);
	psx_probe_free(probe);
	psx_device_close(dev);
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

/* Of three samples one degree of freedom is left: without Student's factor half of the
 * errors hold. Of 400, 68 % are 273 +- 9 */
static void check_few(uint64_t *random)
{
	struct psx_sample samples[3];
	struct psx_stability s;
	int i, round, within = 0;

	for (round = 0; round < 400; round++) {
		for (i = 0; i < 3; i++)
			samples[i] = (struct psx_sample){ i, 1000 + 0.5 * noise(random) };
		ck_assert_int_eq(psx_stability_find(samples, 3, &s), 0);
		within += fabs(s.drift.value) < s.drift.error;
	}
	ck_assert_msg(within >= 245 && within <= 301, "%d of 400", within);
}

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
	check_few(&random);
	ck_assert_int_eq(psx_stability_find(samples, 2, &s), -1);
	for (i = 0; i < 200; i++)
		samples[i].signal = i & 1 ? 1 : -0.5;
	ck_assert_int_eq(psx_stability_find(samples, 200, &s), -1);
	ck_assert_int_eq(errno, ENODATA);
	for (i = 0; i < 200; i++)
		samples[i].signal = 0;
	ck_assert_int_eq(psx_stability_find(samples, 200, &s), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("range");
	TCase *cases = tcase_create("range");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, range_is_found);
	tcase_add_test(cases, line_has_no_bend);
	tcase_add_test(cases, noise_ends_it);
	tcase_add_test(cases, series_that_are_none);
	tcase_add_test(cases, one_outlier_cuts_nothing);
	tcase_add_test(cases, errors_cover);
	tcase_add_test(cases, probe_leaves_room_for_noise);
	tcase_add_test(cases, probe_rounds_alike);
	tcase_add_test(cases, probe_settles);
	tcase_add_test(cases, probe_leaves_the_same_out);
	tcase_add_test(cases, edge_is_timed);
	tcase_add_test(cases, drift_is_found);
	suite_add_tcase(suite, cases);
	return unit_main(suite);
}
