// SPDX-License-Identifier: MIT
/* Kernels, their files, and the codes that banks make of them. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

START_TEST(every_preset_is_there)
{
	static const char *const names[] = {
		"identity", "laplacian", "log", "mean", "sobel-x", "sobel-y", "kirsch-n",
		"kirsch-ne", "kirsch-e", "kirsch-se", "kirsch-s", "kirsch-sw", "kirsch-w", "kirsch-nw",
	};
	static const double scales[] = { 1, 8, 16, 1, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5 };
	struct psx_kernel *kernel = psx_kernel_preset(names[_i], NULL);

	ck_assert_ptr_nonnull(kernel);
	ck_assert_str_eq(psx_kernel_preset_name((size_t)_i), names[_i]);
	ck_assert_double_eq(psx_kernel_get_scale(kernel), scales[_i]);
	ck_assert_uint_eq(psx_kernel_get_k(kernel), strcmp(names[_i], "log") ? 3 : 5);
	ck_assert_ptr_null(psx_kernel_preset_name(14));
	psx_kernel_free(kernel);
}
END_TEST

/* Kirsch kernels are rotations of their ring by 45 degrees; edge detectors sum to 0. */
START_TEST(presets_have_the_right_sums)
{
	const char *name;

	for (size_t i = 0; (name = psx_kernel_preset_name(i)); i++) {
		struct psx_kernel *kernel = psx_kernel_preset(name, NULL);
		unsigned int k = psx_kernel_get_k(kernel);
		double sum = 0;

		for (unsigned int t = 0; t < k * k; t++)
			sum += psx_kernel_get_weights(kernel)[t];
		ck_assert_double_eq_tol(sum, i == 0 || i == 3 ? 1 : 0, 1e-12);
		psx_kernel_free(kernel);
	}
}
END_TEST

START_TEST(kirsch_turns_clockwise)
{
	static const char *const names[] = { "n", "ne", "e", "se", "s", "sw", "w", "nw" };
	static const int ring[] = { 0, 1, 2, 5, 8, 7, 6, 3 };
	char name[16], next_name[16];

	for (int i = 0; i < 8; i++) {
		struct psx_kernel *kernel, *next;

		(void)snprintf(name, sizeof(name), "kirsch-%s", names[i]);
		(void)snprintf(next_name, sizeof(next_name), "kirsch-%s", names[(i + 1) % 8]);
		kernel = psx_kernel_preset(name, NULL);
		next = psx_kernel_preset(next_name, NULL);
		for (int t = 0; t < 8; t++)
			ck_assert_double_eq(psx_kernel_get_weights(kernel)[ring[t]],
					    psx_kernel_get_weights(next)[ring[(t + 1) % 8]]);
		psx_kernel_free(kernel);
		psx_kernel_free(next);
	}
}
END_TEST

static struct psx_kernel *load_text(const char *text, struct psx_error *err)
{
	char path[] = "/tmp/psx-kernel-XXXXXX";
	int fd = mkstemp(path);
	struct psx_kernel *kernel;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	kernel = psx_kernel_load(path, err);
	(void)unlink(path);
	return kernel;
}

START_TEST(kernel_files_are_read)
{
	static const char *const texts[] = {
		"# comment\n 0 -1 0\n-1 4 -1\n\n0 -1 0\nscale 8\n",
		"scale 8\r\n0,-1,0\r\n-1,4,-1\r\n0,-1,0",
		"{\"name\": \"cross\", \"scale\": 8, \"weights\": [[0,-1,0],[-1,4,-1],[0,-1,0]]}",
	};
	struct psx_error err = { 0 };
	struct psx_kernel *kernel = load_text(texts[_i], &err);

	ck_assert_msg(kernel != NULL, "%s", err.message);
	ck_assert_uint_eq(psx_kernel_get_k(kernel), 3);
	ck_assert_double_eq(psx_kernel_get_scale(kernel), 8);
	ck_assert_double_eq(psx_kernel_get_weights(kernel)[4], 0.5);
	ck_assert_double_eq(psx_kernel_get_weights(kernel)[1], -0.125);
	psx_kernel_free(kernel);
}
END_TEST

START_TEST(bad_kernel_files_are_refused)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "", "0 rows" },
		{ "1 2\n3 4\n", "not odd" },
		{ "1 2 3\n4 5 6\n", "not a square" },
		{ "1 2 3\n4 5\n6 7 8\n", ":2:" },
		{ "1 2 x\n", ":1:" },
		{ "0 0 0\n0 0 0\n0 0 0\n", "all coefficients" },
		{ "1 1 1\n1 1e999 1\n1 1 1\n", "not a number" },
		{ "1 1 1\n1 nan 1\n1 1 1\n", "not a number" },
		{ "1 1 1\n1 9 1\n1 1 1\nscale 2\n", "needs a scale" },
		{ "scale 300\n1\n", "255.99" },
		{ "scale -1\n1\n", "above 0" },
		{ "{\"weights\": [[1,2,", ":1:" },
		{ "{\"weights\": 3}", "no array" },
		{ "{\"weights\": [[1,\"a\",2]]}", "weights[0][1]" },
		{ "{\"weights\": [[]]}", "weights[0]" },
		{ "{\"weights\": [[1]], \"scale\": \"x\"}", "scale" },
		{ "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n", "at most" },
	};
	struct psx_error err = { 0 };
	struct psx_kernel *kernel = load_text(bad[_i].text, &err);

	ck_assert_ptr_null(kernel);
	ck_assert_msg(strstr(err.message, bad[_i].word) != NULL, "'%s' does not say '%s'",
		      err.message, bad[_i].word);
	ck_assert_ptr_null(strchr(err.message, '\n'));
	ck_assert_int_ne(err.code, 0);
}
END_TEST

static double realised_sum(const int16_t *codes, size_t stride, unsigned int k)
{
	double sum = 0;

	for (unsigned int r = 0; r < k; r++)
		for (unsigned int c = 0; c < k; c++)
			sum += psx_sensor_weight(psx_code_to_volts(codes[r * stride + c]));
	return sum;
}

/* The null: a whole cell of an edge kernel sees nothing in a flat scene, to
 * better than the 0.005 % that the effective count needs at T = 1. */
START_TEST(null_leaves_no_sum)
{
	struct psx_kernel *kernel = psx_kernel_preset(psx_kernel_preset_name((size_t)_i), NULL);
	unsigned int k = psx_kernel_get_k(kernel);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 30, 30, 0 }, PSX_MODE_SCAN, NULL);
	double shrink = psx_kernel_get_scale(kernel) * 256 / psx_bank_get_scale(bank);
	double wanted = _i == 0 || _i == 3 ? shrink : 0;
	int16_t *plane = malloc(900 * sizeof(*plane));

	ck_assert_int_eq(psx_bank_get_plane(bank, 0, plane), 0);
	ck_assert_double_eq_tol(realised_sum(plane + 15 * 30 + 15, 30, k), wanted, 3e-5);
	ck_assert_double_lt(psx_bank_get_residual(bank), 5e-5);
	ck_assert_double_gt(shrink, 0.3);
	ck_assert_double_le(shrink, 1);
	free(plane);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
}
END_TEST

/* Every sub-pixel of every phase belongs to one cell; those of no output have
 * code 0. Counted from the definition, for sizes that are no multiple of k. */
START_TEST(planes_tile_the_sensor)
{
	const double ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct psx_kernel *kernel = psx_kernel_new("ones", 3, ones, 9, NULL);
	const uint32_t width = 7, height = 5;
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ width, height, 0 }, PSX_MODE_SCAN, NULL);
	int16_t plane[35];

	for (unsigned int phase = 0; phase < 9; phase++) {
		uint32_t px = phase % 3, py = phase / 3;

		ck_assert_int_eq(psx_bank_get_plane(bank, phase, plane), 0);
		for (uint32_t y = 0; y < height; y++) {
			for (uint32_t x = 0; x < width; x++) {
				int32_t cx = (int32_t)x - (int32_t)((x + 3 - px) % 3) + 1;
				int32_t cy = (int32_t)y - (int32_t)((y + 3 - py) % 3) + 1;
				bool used = cx >= 0 && cx < (int32_t)width && cy >= 0 &&
					    cy < (int32_t)height;

				ck_assert_msg((plane[y * width + x] != 0) == used,
					      "phase %u, sub-pixel (%u, %u)", phase, x, y);
			}
		}
	}
	errno = 0;
	ck_assert_int_eq(psx_bank_get_plane(bank, 9, plane), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
}
END_TEST

/* A border of 2: the bank of the rectangle within, moved, and 0 V around it; cells
 * whose centre lies in the border are off as well */
START_TEST(the_border_is_the_edge)
{
	struct psx_kernel *kernel = psx_kernel_preset(_i % 2 ? "log" : "sobel-x", NULL);
	const unsigned int k = psx_kernel_get_k(kernel), border = _i < 2 ? k : 2;
	const struct psx_geometry whole = { 13 + 2 * border, 11 + 2 * border, border };
	const struct psx_geometry inner = { 13, 11, 0 };
	struct psx_bank *a = psx_bank_new(kernel, &whole, PSX_MODE_SCAN, NULL);
	struct psx_bank *b = psx_bank_new(kernel, &inner, PSX_MODE_SCAN, NULL);
	int16_t *outer = malloc(sizeof(*outer) * whole.width * whole.height), plane[13 * 11];

	ck_assert_uint_eq(psx_bank_get_scale(a), psx_bank_get_scale(b));
	ck_assert_uint_gt(k, 0);
	for (unsigned int phase = 0; phase < k * k; phase++) {
		unsigned int px = (phase % k + border) % k, py = (phase / k + border) % k;

		ck_assert_int_eq(psx_bank_get_plane(a, py * k + px, outer), 0);
		ck_assert_int_eq(psx_bank_get_plane(b, phase, plane), 0);
		for (uint32_t y = 0; y < whole.height; y++)
			for (uint32_t x = 0; x < whole.width; x++) {
				bool in = x >= border && x < 13 + border && y >= border &&
					  y < 11 + border;

				ck_assert_int_eq(outer[y * whole.width + x],
						 in ? plane[(y - border) * 13 + x - border] : 0);
			}
	}
	free(outer);
	psx_bank_free(a);
	psx_bank_free(b);
	psx_kernel_free(kernel);
}
END_TEST

/* A macro-pixel of snap mode that the border cuts is folded; one within it is off */
START_TEST(the_border_cuts_snap_cells)
{
	const double mean[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct psx_kernel *kernel = psx_kernel_new("mean", 3, mean, 9, NULL);
	struct psx_bank *one = psx_bank_new(kernel, &(struct psx_geometry){ 9, 9, 1 },
					    PSX_MODE_SNAP, NULL);
	struct psx_bank *two = psx_bank_new(kernel, &(struct psx_geometry){ 9, 9, 2 },
					    PSX_MODE_SNAP, NULL);
	double shrink = 9.0 * 256 / psx_bank_get_scale(one);
	int16_t plane[81];

	ck_assert_int_eq(psx_bank_get_plane(one, 0, plane), 0);
	ck_assert_double_eq_tol(psx_sensor_weight(psx_code_to_volts(plane[10])), 4 / 9.0 * shrink,
				1e-4);
	ck_assert_int_eq(plane[0], 0);
	ck_assert_int_eq(psx_bank_get_plane(two, 0, plane), 0);
	for (int i = 0; i < 81; i++)
		ck_assert_int_eq(plane[i] != 0, i % 9 / 3 == 1 && i / 9 / 3 == 1);
	psx_bank_free(one);
	psx_bank_free(two);
	psx_kernel_free(kernel);
}
END_TEST

/* Cells of a bank map weigh what their own kernel's bits ask for, at one scale */
START_TEST(macro_pixels_have_their_kernels)
{
	static const char *const names[] = { "laplacian", "sobel-x", "identity" };
	const uint8_t map[12] = { 0, 1, 2, 2, 1, 0, 1, 1, 0, 0, 2, 1 };
	const struct psx_geometry geometry = { 13, 10, 0 };
	const struct psx_kernel *kernels[3], *mixed[2];
	struct psx_error err = { 0 };
	struct psx_bank *bank;
	int16_t plane[130];

	for (int i = 0; i < 3; i++)
		kernels[i] = psx_kernel_preset(names[i], NULL);
	bank = psx_bank_new_map(kernels, 3, map, &geometry, &err);
	ck_assert_msg(bank != NULL, "%s", err.message);
	ck_assert_int_eq(psx_bank_get_mode(bank), PSX_MODE_SNAP);
	ck_assert_uint_eq(psx_bank_get_scale(bank), 8 * 256);
	ck_assert_int_eq(psx_bank_get_plane(bank, 0, plane), 0);
	for (unsigned int i = 0; i < 130; i++) {
		unsigned int x = i % 13, y = i / 13;
		const struct psx_kernel *kernel;
		double bits = 0;

		if (x < 12 && y < 9) {
			kernel = kernels[map[y / 3 * 4 + x / 3]];
			bits = psx_kernel_get_weights(kernel)[y % 3 * 3 + x % 3] *
			       psx_kernel_get_scale(kernel);
		}
		ck_assert_double_eq_tol(8 * psx_sensor_weight(psx_code_to_volts(plane[i])), bits, 1e-3);
	}
	psx_bank_free(bank);
	ck_assert_ptr_null(psx_bank_new_map(kernels, 2, map, &geometry, &err));
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_ptr_null(psx_bank_new_map(kernels, 0, map, &geometry, &err));
	ck_assert_int_eq(err.code, EINVAL);
	mixed[0] = kernels[0];
	mixed[1] = psx_kernel_preset("log", NULL);
	ck_assert_ptr_null(psx_bank_new_map(mixed, 2, map, &geometry, &err));
	ck_assert_int_eq(err.code, EINVAL);
	psx_kernel_free((struct psx_kernel *)mixed[1]);
	for (int i = 0; i < 3; i++)
		psx_kernel_free((struct psx_kernel *)kernels[i]);
}
END_TEST

START_TEST(codes_are_taken_as_they_are)
{
	const struct psx_geometry geometry = { 4, 3, 0 };
	int16_t codes[9 * 12], plane[12];
	struct psx_error err = { 0 };
	struct psx_bank *bank;

	for (int i = 0; i < 9 * 12; i++)
		codes[i] = (int16_t)(i * 600 - 32767);
	bank = psx_bank_new_codes(3, PSX_MODE_SCAN, &geometry, 77, codes, &err);
	ck_assert_ptr_nonnull(bank);
	ck_assert_uint_eq(psx_bank_get_scale(bank), 77);
	ck_assert_uint_eq(psx_bank_get_phases(bank), 9);
	for (unsigned int phase = 0; phase < 9; phase++) {
		ck_assert_int_eq(psx_bank_get_plane(bank, phase, plane), 0);
		ck_assert_mem_eq(plane, codes + phase * 12, sizeof(plane));
	}
	psx_bank_free(bank);
	ck_assert_ptr_null(psx_bank_new_codes(2, PSX_MODE_SCAN, &geometry, 77, codes, &err));
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_ptr_null(psx_bank_new_codes(3, PSX_MODE_SCAN, &geometry, 0, codes, &err));
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_ptr_null(psx_bank_new_codes(3, PSX_MODE_SCAN, &(struct psx_geometry){ 4, 3, 2 }, 77,
					      codes, &err));
	ck_assert_int_eq(err.code, EINVAL);
	codes[107] = INT16_MIN;
	ck_assert_ptr_null(psx_bank_new_codes(3, PSX_MODE_SCAN, &geometry, 77, codes, &err));
	ck_assert_int_eq(err.code, EINVAL);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
	const double two[4] = { 1, 1, 1, 1 }, big[9] = { 0, 0, 0, 0, 255, 0, 0, 0, 0 };
	const double column[9] = { 250, 0, 0, 250, 0, 0, 250, 0, 0 };
	struct psx_error err = { 0 };
	struct psx_kernel *kernel;

	ck_assert_ptr_null(psx_kernel_new("even", 2, two, 1, &err));
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_ptr_null(psx_kernel_preset("lapalcian", &err));
	ck_assert_int_eq(err.code, ENOENT);
	kernel = psx_kernel_new("big", 3, big, 0, &err);
	ck_assert_ptr_nonnull(kernel);
	ck_assert_ptr_null(psx_bank_new(kernel, &(struct psx_geometry){ 2, 9, 0 }, PSX_MODE_SNAP, &err));
	ck_assert_int_eq(err.code, EINVAL);
	psx_kernel_free(kernel);
	/* Folded onto the corner the weights need a scale of 750 */
	kernel = psx_kernel_new("column", 3, column, 0, &err);
	ck_assert_ptr_nonnull(kernel);
	ck_assert_ptr_null(psx_bank_new(kernel, &(struct psx_geometry){ 9, 9, 0 }, PSX_MODE_SCAN, &err));
	ck_assert_int_eq(err.code, ERANGE);
	psx_kernel_free(kernel);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kernel");
	TCase *c = tcase_create("kernel");

	tcase_add_loop_test(c, every_preset_is_there, 0, 14);
	tcase_add_test(c, presets_have_the_right_sums);
	tcase_add_test(c, kirsch_turns_clockwise);
	tcase_add_loop_test(c, kernel_files_are_read, 0, 3);
	tcase_add_loop_test(c, bad_kernel_files_are_refused, 0, 17);
	tcase_add_loop_test(c, null_leaves_no_sum, 0, 14);
	tcase_add_test(c, planes_tile_the_sensor);
	tcase_add_loop_test(c, the_border_is_the_edge, 0, 4);
	tcase_add_test(c, the_border_cuts_snap_cells);
	tcase_add_test(c, macro_pixels_have_their_kernels);
	tcase_add_test(c, codes_are_taken_as_they_are);
	tcase_add_test(c, bad_arguments_are_refused);
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
