// SPDX-License-Identifier: MIT
/* Frames of the embedded model against a direct convolution that shares no
 * code with it, on phantoms and images, edges included. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "unit.h"

#define SEED 20241

static const double laplacian[9] = { -1, -1, -1, -1, 8, -1, -1, -1, -1 };
static const double log5[25] = { 0, 0, -1, 0, 0, 0, -1, -2, -1, 0, -1, -2, 16, -2, -1,
				 0, -1, -2, -1, 0, 0, 0, -1, 0, 0 };
static const double mean[9] = { 1 / 9.0, 1 / 9.0, 1 / 9.0, 1 / 9.0, 1 / 9.0,
				1 / 9.0, 1 / 9.0, 1 / 9.0, 1 / 9.0 };
static const double identity[9] = { 0, 0, 0, 0, 1, 0, 0, 0, 0 };
static const double sobel_x[9] = { -1, 0, 1, -2, 0, 2, -1, 0, 1 };
static const double sobel_y[9] = { -1, -2, -1, 0, 0, 0, 1, 2, 1 };
static const double kirsch_n[9] = { 5, 5, 5, -3, 0, -3, -3, -3, -3 };
static const double kirsch_se[9] = { -3, -3, -3, -3, 0, 5, -3, 5, 5 };

static const struct {
	const char *name;
	unsigned int k;
	const double *coefficients;
} kernels[] = {
	{ "laplacian", 3, laplacian }, { "log", 5, log5 },	   { "mean", 3, mean },
	{ "identity", 3, identity },   { "sobel-x", 3, sobel_x },  { "sobel-y", 3, sobel_y },
	{ "kirsch-n", 3, kirsch_n },   { "kirsch-se", 3, kirsch_se },
};

#define KERNELS (sizeof(kernels) / sizeof(kernels[0]))

/* One frame of an ideal model that shows `image` through `kernel` */
static struct psx_frame *frame_of(struct psx_image *image, const struct psx_kernel *kernel,
				  enum psx_mode mode, unsigned int threshold,
				  enum psx_polarity polarity)
{
	uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	struct psx_settings *s = psx_settings_new();
	struct psx_error err = { 0 };
	const struct psx_frame *lent;
	struct psx_acquisition *acq;
	struct psx_device *dev;
	struct psx_frame *frame;
	struct psx_bank *bank;
	char uri[96];

	(void)snprintf(uri, sizeof(uri), "sim:profile=ideal,width=%u,height=%u,scene=flat:0", width,
		       height);
	dev = psx_device_open(uri, &err);
	ck_assert_msg(dev != NULL, "%s", err.message);
	bank = psx_bank_new(kernel, &(struct psx_geometry){ width, height, 0 }, mode, &err);
	ck_assert_msg(bank != NULL, "%s", err.message);
	ck_assert_int_eq(psx_settings_set_threshold(s, threshold), 0);
	ck_assert_int_eq(psx_settings_set_polarity(s, polarity), 0);
	ck_assert_int_eq(psx_device_present(dev, image), 0);
	ck_assert_msg(!psx_device_load(dev, s, &bank, 1, NULL), "%s",
		      psx_device_error(dev));
	acq = psx_acquisition_start(dev, 1);
	ck_assert_msg(acq != NULL, "%s", psx_device_error(dev));
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &lent), 1);
	frame = psx_frame_copy(lent);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &lent), 0);
	psx_acquisition_free(acq);
	psx_bank_free(bank);
	psx_settings_free(s);
	psx_device_close(dev);
	return frame;
}

static double clip(double value)
{
	return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

/* All values within slack + 2.5e-4 |value| of exact. Returns how many are not
 * the exact value, rounded, where that is a whole number. */
static size_t compare(const struct psx_frame *frame, const double *exact, double slack,
		      const char *what)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	size_t count = (size_t)info->width * info->height, differ = 0;
	int16_t *values = malloc(count * sizeof(*values));

	ck_assert_int_eq(psx_frame_to_dense(frame, values, info->width, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		double wanted = clip(exact[i]);

		ck_assert_msg(fabs(values[i] - wanted) <= slack + 2.5e-4 * fabs(wanted),
			      "%s: (%zu, %zu) is %d, exact %.3f", what, i % info->width,
			      i / info->width, values[i], wanted);
		differ += fabs(wanted - round(wanted)) < 1e-6 && values[i] != lround(wanted);
	}
	free(values);
	return differ;
}

/* Everything a kernel is checked for on one image. Without slack beyond the half
 * bit of rounding, whole numbers are exact up to 10 bits. */
static void check_image(struct psx_image *image, unsigned int bits, const char *name, unsigned int k,
			const double *coefficients, struct psx_kernel *kernel, double slack)
{
	uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	const uint16_t *levels = psx_image_get_levels(image);
	double *exact = malloc((size_t)width * height * sizeof(*exact));
	struct psx_frame *frame = frame_of(image, kernel, PSX_MODE_SCAN, 0, PSX_BOTH);
	size_t differ;

	reference_scan(levels, width, height, k, coefficients, exact);
	differ = compare(frame, exact, slack, name);
	if (bits <= 10 && slack <= 0.5)
		ck_assert_msg(!differ, "%s: %zu values differ", name, differ);
	psx_frame_free(frame);
	if (width >= k && height >= k) {
		frame = frame_of(image, kernel, PSX_MODE_SNAP, 0, PSX_BOTH);
		ck_assert_uint_eq(psx_frame_get_info(frame)->width, width / k);
		ck_assert_uint_eq(psx_frame_get_info(frame)->height, height / k);
		reference_snap(levels, width, height, k, coefficients, exact);
		(void)compare(frame, exact, slack, name);
		psx_frame_free(frame);
	}
	free(exact);
}

static void check_preset(struct psx_image *image, unsigned int bits, size_t which)
{
	struct psx_kernel *kernel = psx_kernel_preset(kernels[which].name, NULL);

	check_image(image, bits, kernels[which].name, kernels[which].k, kernels[which].coefficients, kernel,
		    0.5);
	psx_kernel_free(kernel);
}

START_TEST(presets_on_the_baggage_phantom)
{
	struct psx_image *image = psx_image_phantom("baggage", 203, 151, SEED, NULL);

	check_preset(image, 12, (size_t)_i);
	psx_image_free(image);
}
END_TEST

/* Noise is the hardest scene: every cell has full contrast. 8-bit levels, and
 * odd sizes down to one pixel, where a cell is cut at both edges. */
START_TEST(presets_on_noise_of_any_size)
{
	static const struct {
		uint32_t width, height;
	} sizes[] = { { 1, 1 }, { 2, 1 }, { 1, 7 }, { 2, 2 }, { 3, 3 }, { 4, 5 }, { 5, 4 },
		      { 6, 6 }, { 7, 11 }, { 31, 8 }, { 64, 33 } };
	uint64_t state = SEED;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct psx_image *image = psx_image_new(sizes[s].width, sizes[s].height);
		uint16_t *levels = psx_image_edit_levels(image);

		for (size_t i = 0; i < (size_t)sizes[s].width * sizes[s].height; i++)
			levels[i] = (uint16_t)(unit_random(&state) >> 56);
		check_preset(image, 8, (size_t)_i);
		psx_image_free(image);
	}
}
END_TEST

/* Folding may shrink such a kernel to weights of a few hundredths, which the
 * DAC meets to about half a step of 9e-5: bits of error in noise of 8 bits
 * (whose deviation is 74), one deviation */
static double noise_of(const struct psx_kernel *kernel)
{
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 29, 23, 0 }, PSX_MODE_SCAN, NULL);
	double scale = psx_bank_get_scale(bank) / 256.0;

	psx_bank_free(bank);
	return scale * 4.5e-5 * psx_kernel_get_k(kernel) * 74;
}

/* k = 1, 5 and 7 with weights of every kind, twenty of each */
START_TEST(custom_kernels_on_noise)
{
	static const unsigned int sides[] = { 1, 5, 7 };
	unsigned int k = sides[_i];
	uint64_t state = SEED + (uint64_t)_i;

	for (int round = 0; round < 20; round++) {
		struct psx_image *image = psx_image_new(29, 23);
		double coefficients[49];
		struct psx_kernel *kernel;

		for (size_t i = 0; i < 29 * 23; i++)
			psx_image_edit_levels(image)[i] =
				(uint16_t)(unit_random(&state) >> 56);
		for (unsigned int i = 0; i < k * k; i++)
			coefficients[i] = (double)(unit_random(&state) >> 60) - 7;
		coefficients[0] = 8;
		kernel = psx_kernel_new("custom", k, coefficients, 0, NULL);
		ck_assert_ptr_nonnull(kernel);
		check_image(image, 8, "custom", k, coefficients, kernel, 0.5 + 4 * noise_of(kernel));
		psx_kernel_free(kernel);
		psx_image_free(image);
	}
}
END_TEST

/* Effective pixels of phantoms, counted on the reference: the suite bites
 * without the images, too. */
START_TEST(effective_pixels_of_phantoms)
{
	static const char *const names[] = { "baggage", "hust", "blade", "wedge", "flat:1000",
					     "letter:H;rot=10;dx=0.1;dy=-0.1" };
	struct psx_image *image = psx_image_phantom(names[_i / 2], 180, 140, SEED, NULL);
	enum psx_polarity polarity = _i % 2 ? PSX_BOTH : PSX_POSITIVE;
	double *exact = malloc(180 * 140 * sizeof(*exact));

	for (size_t which = 0; which < 2; which++) {
		struct psx_kernel *kernel = psx_kernel_preset(kernels[which].name, NULL);
		uint32_t wanted[3] = { 0 };

		reference_scan(psx_image_get_levels(image), 180, 140, kernels[which].k,
			       kernels[which].coefficients, exact);
		for (unsigned int t = 0; t < 3; t++) {
			static const unsigned int thresholds[] = { 1, 8, 100 };
			struct psx_frame *frame = frame_of(image, kernel, PSX_MODE_SCAN,
							   thresholds[t], polarity);

			for (size_t i = 0; i < 180 * 140; i++)
				wanted[t] += (polarity == PSX_BOTH ? fabs(exact[i]) : exact[i]) >=
					     thresholds[t];
			ck_assert_msg(psx_frame_get_info(frame)->effective == wanted[t],
				      "%s, %s, T=%u: %u effective, not %u", names[_i / 2],
				      kernels[which].name, thresholds[t],
				      psx_frame_get_info(frame)->effective, wanted[t]);
			psx_frame_free(frame);
		}
		psx_kernel_free(kernel);
	}
	free(exact);
	psx_image_free(image);
}
END_TEST

/* The counts that were worked out elsewhere, on real radiographs */
START_TEST(effective_pixels_of_images)
{
	static const struct {
		const char *name;
		uint32_t laplacian, log, both;
	} table[] = {
		{ "bag_pencase.pgm", 72712, 77200, 142168 },
		{ "bag_pencase_X2.pgm", 72801, 77522, 141454 },
		{ "bag_B0046_0004_c1430x900.pgm", 526137, 581982, 1060663 },
		{ "cast_C0001_0001.pgm", 198269, 204760, 401167 },
		{ "cast_C0021_0010.pgm", 77271, 78286, 157705 },
		{ "nat_apples.pgm", 65133, 68392, 132255 },
		{ "weld_W0003_0010.pgm", 963271, 973711, 1934074 },
	};
	const char *path = unit_data(table[_i].name);
	const uint32_t wanted[] = { table[_i].laplacian, table[_i].log, table[_i].both };

	if (!path)
		return;
	for (int what = 0; what < 3; what++) {
		struct psx_image *image = psx_image_load(path, NULL);
		struct psx_kernel *kernel = psx_kernel_preset(what == 1 ? "log" : "laplacian", NULL);
		struct psx_frame *frame;

		ck_assert_ptr_nonnull(image);
		frame = frame_of(image, kernel, PSX_MODE_SCAN, 1, what == 2 ? PSX_BOTH : PSX_POSITIVE);
		ck_assert_uint_eq(psx_frame_get_info(frame)->effective, wanted[what]);
		psx_frame_free(frame);
		psx_kernel_free(kernel);
		psx_image_free(image);
	}
}
END_TEST

START_TEST(kernels_on_images)
{
	static const char *const names[] = { "bag_pencase.pgm", "med_RG3_cr10bit.pgm" };
	const char *path = unit_data(names[_i / (int)KERNELS]);
	struct psx_image *image = path ? psx_image_load(path, NULL) : NULL;

	if (!image)
		return;
	check_preset(image, 10, (size_t)_i % KERNELS);
	psx_image_free(image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *c = tcase_create("scan");

	tcase_add_loop_test(c, presets_on_the_baggage_phantom, 0, (int)KERNELS);
	tcase_add_loop_test(c, presets_on_noise_of_any_size, 0, (int)KERNELS);
	tcase_add_loop_test(c, custom_kernels_on_noise, 0, 3);
	tcase_add_loop_test(c, effective_pixels_of_phantoms, 0, 12);
	tcase_add_loop_test(c, effective_pixels_of_images, 0, 7);
	tcase_add_loop_test(c, kernels_on_images, 0, 2 * (int)KERNELS);
	tcase_set_timeout(c, 120);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
