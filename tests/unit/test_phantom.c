// SPDX-License-Identifier: MIT
/* Phantoms: the same on every machine, right in area, noise and messages. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct psx_image *make(const char *name, uint32_t width, uint32_t height, uint64_t seed)
{
	struct psx_error err = { 0 };
	struct psx_image *img = psx_image_phantom(name, width, height, seed, &err);

	ck_assert_msg(img != NULL, "%s %ux%u, seed %llu: %s", name, width, height,
		      (unsigned long long)seed, err.message);
	ck_assert_uint_eq(psx_image_get_width(img), width);
	ck_assert_uint_eq(psx_image_get_height(img), height);
	return img;
}

static size_t pixels(const struct psx_image *img)
{
	return (size_t)psx_image_get_width(img) * psx_image_get_height(img);
}

/* FNV-1a over the levels, low byte first. */
static uint64_t checksum(struct psx_image *img)
{
	const uint16_t *levels = psx_image_get_levels(img);
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < pixels(img); i++) {
		hash = (hash ^ (levels[i] & 255)) * 0x100000001b3u;
		hash = (hash ^ (levels[i] >> 8)) * 0x100000001b3u;
	}
	return hash;
}

static double mean(struct psx_image *img)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < pixels(img); i++)
		sum += psx_image_get_levels(img)[i];
	return sum / (double)pixels(img);
}

static const struct {
	const char *name;
	uint32_t width, height;
	uint64_t seed, checksum;
} pinned[] = {
	{ "flat:1000", 32, 32, 1, 0x0958eafc7f677325 },
	{ "wedge", 32, 32, 1, 0x6f46f4a5cc50c0f1 },
	{ "wedge", 640, 480, 1, 0x72341f6b98878325 },
	{ "blade", 32, 32, 1, 0xd1e457faf0ec18c5 },
	{ "blade", 640, 480, 1, 0x7df9aa1b175a934d },
	{ "hust", 32, 32, 1, 0x2dbd457b2498fc79 },
	{ "hust", 640, 480, 1, 0x94e8cc0e9202037c },
	{ "letter:H;rot=15;dx=0.2;dy=-.1", 3, 3, 1, 0xcc166bc9ab9894d5 },
	{ "letter:U;rot=-15", 64, 48, 1, 0xd49ec1a03b4c1f21 },
	{ "letter:S;rot=7.5;dy=0.05", 64, 48, 1, 0xa94305db086e3188 },
	{ "letter:T", 300, 200, 1, 0xee1c04aafaa7ec95 },
	{ "baggage", 96, 60, 1, 0xd4e9a30ac5ecd0df },
	{ "baggage", 96, 60, 2, 0xccec0fd8742fd331 },
	{ "baggage", 640, 480, 1, 0xd1a2fb81df1c6e8f },
};

START_TEST(checksum_is_pinned)
{
	struct psx_image *img = make(pinned[_i].name, pinned[_i].width, pinned[_i].height,
				     pinned[_i].seed);
	const uint64_t sum = checksum(img);

	psx_image_free(img);
	ck_assert_msg(sum == pinned[_i].checksum, "%s %ux%u, seed %llu: 0x%016llx", pinned[_i].name,
		      pinned[_i].width, pinned[_i].height, (unsigned long long)pinned[_i].seed,
		      (unsigned long long)sum);
}
END_TEST

static const char *const names[] = { "flat:7", "wedge", "blade", "hust", "letter:S;rot=30", "baggage" };
enum { NAMES = sizeof(names) / sizeof(names[0]) };

START_TEST(any_size_works)
{
	static const uint32_t sizes[][2] = { { 1, 1 },	 { 3, 500 },   { 500, 3 },
					     { 7, 129 }, { 65535, 1 }, { 1, 65535 } };
	size_t s, i;

	for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct psx_image *img = make(names[_i], sizes[s][0], sizes[s][1], 3);

		for (i = 0; i < pixels(img); i++)
			ck_assert_uint_le(psx_image_get_levels(img)[i], 4095);
		psx_image_free(img);
	}
}
END_TEST

START_TEST(flat_is_flat)
{
	static const char *const levels[] = { "flat:0", "flat:1", "flat:4095", "flat:65535" };
	struct psx_image *img = make(levels[_i], 50, 20, 1);
	size_t i;

	for (i = 0; i < pixels(img); i++)
		ck_assert_int_eq(psx_image_get_levels(img)[i], strtol(levels[_i] + 5, NULL, 10));
	psx_image_free(img);
}
END_TEST

/* A pixel is the mean of what falls on it: at any size, the same mean. */
START_TEST(mean_is_the_same_at_any_size)
{
	static const char *const sheets[] = { "wedge", "blade", "hust", "letter:H;rot=33;dx=0.4",
					      "letter:U", "letter:S;rot=-80;dy=.3", "letter:T" };
	struct psx_image *large = make(sheets[_i], 1000, 1000, 1);
	const double wanted = mean(large);
	uint32_t side;

	psx_image_free(large);
	for (side = 1; side < 200; side += side < 9 ? 1 : 37) {
		struct psx_image *img = make(sheets[_i], side, side, 1);

		ck_assert_msg(fabs(mean(img) - wanted) < 1, "%s %ux%u: mean %g, not %g", sheets[_i],
			      side, side, mean(img), wanted);
		psx_image_free(img);
	}
}
END_TEST

/* A letter covers what its lines cover: checked against the plain geometry. */
START_TEST(letter_has_its_area)
{
	struct psx_image *h = make("letter:H", 400, 400, 1), *t = make("letter:T", 400, 400, 1);
	const double side = 0.96, line = 0.25, iron = 4095 * (1 - 0.32);
	size_t i;

	ck_assert_double_eq_tol((4095 - mean(h)) / iron, 2 * line * side + (side - 2 * line) * line, 1e-3);
	ck_assert_double_eq_tol((4095 - mean(t)) / iron, side * line + (side - line) * line, 1e-3);
	for (i = 0; i < pixels(h); i++) /* its edges are between pixels here */
		ck_assert(psx_image_get_levels(h)[i] == 4095 || psx_image_get_levels(h)[i] == 1310);
	psx_image_free(h);
	psx_image_free(t);
}
END_TEST

/* dx and dy move by whole pixels where they are whole pixels. */
START_TEST(letter_moves)
{
	struct psx_image *a = make("letter:S", 100, 50, 1);
	struct psx_image *b = make("letter:S;dx=0.1;dy=-0.04", 100, 50, 1);
	uint32_t x, y;

	for (y = 2; y < 50; y++)
		for (x = 0; x < 90; x++)
			ck_assert_int_le(abs(psx_image_get_levels(a)[y * 100 + x] -
					     psx_image_get_levels(b)[(y - 2) * 100 + x + 10]),
					 1);
	psx_image_free(a);
	psx_image_free(b);
}
END_TEST

/* A quarter turn of the upright letter is the turned letter. */
START_TEST(letter_turns_from_x_to_y)
{
	struct psx_image *a = make("letter:U", 60, 60, 1), *b = make("letter:U;rot=90", 60, 60, 1);
	uint32_t x, y;

	for (y = 0; y < 60; y++)
		for (x = 0; x < 60; x++)
			ck_assert_int_le(abs(psx_image_get_levels(a)[y * 60 + x] -
					     psx_image_get_levels(b)[x * 60 + 59 - y]),
					 1);
	psx_image_free(a);
	psx_image_free(b);
}
END_TEST

START_TEST(wedge_follows_beer_lambert)
{
	struct psx_image *img = make("wedge", 500, 300, 1);
	int step;

	for (step = 0; step < 10; step++)
		ck_assert_double_eq_tol(psx_image_get_levels(img)[150 * 500 + 50 * step + 25],
					4095 * exp(-0.08 * 3 * step), 0.51);
	psx_image_free(img);
}
END_TEST

/*
 * Two bags differ by their noise alone, so that half the squared difference of
 * two pixels is the variance: Poisson's, at 25 photons a grey level.
 */
START_TEST(noise_is_poisson)
{
	struct psx_image *a = make("baggage", 700, 440, 11), *b = make("baggage", 700, 440, 12);
	double sum[4] = { 0 }, variance[4] = { 0 }, difference = 0;
	size_t count[4] = { 0 }, i;
	int band;

	for (i = 0; i < pixels(a); i++) {
		const double u = psx_image_get_levels(a)[i], v = psx_image_get_levels(b)[i];

		band = (u + v) / 2 < 1000 ? 0 : (u + v) / 2 < 2000 ? 1 : (u + v) / 2 < 3000 ? 2 : 3;
		count[band]++;
		sum[band] += (u + v) / 2;
		variance[band] += (u - v) * (u - v) / 2;
		difference += u - v;
	}
	for (band = 0; band < 4; band++) {
		const double wanted = sum[band] / 25 / (double)count[band] + 1.0 / 12;

		ck_assert_uint_gt(count[band], 5000);
		ck_assert_msg(fabs(variance[band] / (double)count[band] / wanted - 1) < 0.06,
			      "seeds 11 and 12, levels %d000: variance %g, not %g", band,
			      variance[band] / (double)count[band], wanted);
	}
	ck_assert_double_lt(fabs(difference / (double)pixels(a)), 0.2);
	psx_image_free(a);
	psx_image_free(b);
}
END_TEST

/* A radiograph of a bag: open beam around it, metal in it, and all between. */
START_TEST(baggage_has_its_range)
{
	struct psx_image *img = make("baggage", 640, 400, 5);
	const uint16_t *levels = psx_image_get_levels(img);
	size_t dark = 0, open = 0, i;

	for (i = 0; i < pixels(img); i++) {
		dark += levels[i] < 400;
		open += levels[i] > 3000;
	}
	ck_assert_double_eq_tol((double)dark / (double)pixels(img), 0.04, 0.03);
	ck_assert_double_eq_tol((double)open / (double)pixels(img), 0.2, 0.1);
	psx_image_free(img);
}
END_TEST

START_TEST(seed_matters_to_noise_only)
{
	struct psx_image *a = make("baggage", 64, 40, 1), *b = make("baggage", 64, 40, 1);
	struct psx_image *c = make("hust", 64, 40, 1), *d = make("hust", 64, 40, 2);

	ck_assert_uint_eq(checksum(a), checksum(b));
	ck_assert_uint_eq(checksum(c), checksum(d));
	psx_image_free(a);
	psx_image_free(b);
	psx_image_free(c);
	psx_image_free(d);
}
END_TEST

START_TEST(refuses_bad_names)
{
	static const struct {
		const char *name;
		int code;
		const char *words;
	} bad[] = {
		{ "", ENOENT, "no phantom" },
		{ "nothing", ENOENT, "'nothing'" },
		{ "wed", ENOENT, "'wed'" },
		{ "wedges", ENOENT, "'wedges'" },
		{ "wedge:3", EINVAL, "no parameter" },
		{ "baggage:", EINVAL, "no parameter" },
		{ "flat", EINVAL, "flat:1000" },
		{ "flat:", EINVAL, "flat:1000" },
		{ "flat:-1", EINVAL, "0..65535" },
		{ "flat:65536", EINVAL, "0..65535" },
		{ "flat:1.5", EINVAL, "0..65535" },
		{ "flat:9 ", EINVAL, "0..65535" },
		{ "flat:1e3", EINVAL, "0..65535" },
		{ "flat:99999999999999999999", EINVAL, "0..65535" },
		{ "letter", EINVAL, "H, U, S or T" },
		{ "letter:", EINVAL, "H, U, S or T" },
		{ "letter:h", EINVAL, "H, U, S or T" },
		{ "letter:HU", EINVAL, "H, U, S or T" },
		{ "letter:H;", EINVAL, "rot, dx and dy" },
		{ "letter:H;rot", EINVAL, "rot, dx and dy" },
		{ "letter:H;turn=4", EINVAL, "rot, dx and dy" },
		{ "letter:H;rot=", EINVAL, "numbers" },
		{ "letter:H;rot=nan", EINVAL, "numbers" },
		{ "letter:H;rot=4,dx=1", EINVAL, "numbers" },
		{ "letter:H;rot=361", EINVAL, "-360..360" },
		{ "letter:H;dx=1.01", EINVAL, "-1..1" },
		{ "letter:H;dy=-2", EINVAL, "-1..1" },
	};
	struct psx_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		ck_assert_msg(!psx_image_phantom(bad[i].name, 8, 8, 1, &err), "'%s' made", bad[i].name);
		ck_assert_msg(errno == bad[i].code && err.code == bad[i].code, "'%s': errno %d",
			      bad[i].name, errno);
		ck_assert_msg(strstr(err.message, bad[i].words) != NULL, "'%s': %s", bad[i].name,
			      err.message);
		ck_assert_ptr_null(psx_image_phantom(bad[i].name, 8, 8, 1, NULL));
	}
}
END_TEST

START_TEST(refuses_bad_sizes)
{
	static const uint32_t bad[][2] = { { 0, 1 }, { 1, 0 }, { 65536, 1 }, { 1, 65536 } };
	struct psx_error err;
	size_t i;

	for (i = 0; i < 4; i++) {
		ck_assert_ptr_null(psx_image_phantom("hust", bad[i][0], bad[i][1], 1, &err));
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_ptr_nonnull(strstr(err.message, "1..65535"));
	}
}
END_TEST

static Suite *phantom_suite(void)
{
	Suite *suite = suite_create("phantom");
	TCase *determinism = tcase_create("determinism"), *truth = tcase_create("truth");
	TCase *names_case = tcase_create("names");

	tcase_set_timeout(determinism, 120);
	tcase_add_loop_test(determinism, checksum_is_pinned, 0, sizeof(pinned) / sizeof(pinned[0]));
	tcase_add_test(determinism, seed_matters_to_noise_only);
	suite_add_tcase(suite, determinism);

	tcase_set_timeout(truth, 120);
	tcase_add_loop_test(truth, any_size_works, 0, NAMES);
	tcase_add_loop_test(truth, flat_is_flat, 0, 4);
	tcase_add_loop_test(truth, mean_is_the_same_at_any_size, 0, 7);
	tcase_add_test(truth, letter_has_its_area);
	tcase_add_test(truth, letter_moves);
	tcase_add_test(truth, letter_turns_from_x_to_y);
	tcase_add_test(truth, wedge_follows_beer_lambert);
	tcase_add_test(truth, noise_is_poisson);
	tcase_add_test(truth, baggage_has_its_range);
	suite_add_tcase(suite, truth);

	tcase_add_test(names_case, refuses_bad_names);
	tcase_add_test(names_case, refuses_bad_sizes);
	suite_add_tcase(suite, names_case);
	return suite;
}

int main(void)
{
	return unit_main(phantom_suite());
}
