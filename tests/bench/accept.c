// SPDX-License-Identifier: MIT
/*
 * Physics of a calibrated detector beside what is wanted of it: what is left of a
 * flat scene, effective pixels of radiographs, saturation, noise, letters learned. Through
 * the library alone, on models that know nothing of it. Images are those of the folder
 * PSX_IMAGES; without it phantoms. Ends with 1 when a bound is missed.
 */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"

#define SEEDS	    5
#define THRESHOLD   8
#define PHOTONS	    30000.0
#define READ_NOISE  0.05
#define SECOND	    1000000000u
#define IMAGE_NULL  16 /* exposures of the null, where its noise matters less */
#define IMAGE_PGA   16

static bool missed;

_Noreturn void die(const char *message)
{
	(void)fprintf(stderr, "accept: %s\n", message);
	exit(2);
}

const char *verdict(bool good)
{
	if (!good)
		missed = true;
	return good ? "ok" : "MISSED";
}

static struct psx_device *open_model(uint32_t width, uint32_t height, double mismatch,
				     unsigned int seed)
{
	struct psx_error err = { 0 };
	struct psx_device *dev;
	char uri[128];

	(void)snprintf(uri, sizeof(uri), "sim:width=%u,height=%u,mismatch=%g,seed=%u,scene=flat:0",
		       width, height, mismatch, seed);
	dev = psx_device_open(uri, &err);
	if (!dev)
		die(err.message);
	return dev;
}

struct psx_calibration *calibrate(struct psx_device *dev)
{
	struct psx_error err = { 0 };
	struct psx_calibration *cal = psx_calibration_run(dev, NULL, &err);

	if (!cal)
		die(err.message);
	return cal;
}

static struct psx_bank *nominal(struct psx_device *dev, const struct psx_kernel *kernel)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	struct psx_error err = { 0 };
	struct psx_bank *bank = psx_bank_new(kernel, &geometry, PSX_MODE_SCAN, &err);

	if (!bank)
		die(err.message);
	return bank;
}

static struct psx_bank *calibrated(const struct psx_calibration *cal,
				   const struct psx_kernel *kernel)
{
	struct psx_error err = { 0 };
	struct psx_bank *bank = psx_calibration_make_bank(cal, kernel, PSX_MODE_SCAN, &err);

	if (!bank)
		die(err.message);
	return bank;
}

static struct psx_residual measure(struct psx_device *dev, const struct psx_bank *bank,
				   unsigned int frames)
{
	struct psx_residual residual;
	struct psx_error err = { 0 };

	if (psx_calibration_measure(dev, bank, frames, NULL, NULL, &residual, &err))
		die(err.message);
	return residual;
}

static void null(struct psx_calibration *cal, struct psx_device *dev,
		 const struct psx_kernel *kernel, unsigned int frames, struct psx_residual *before,
		 struct psx_residual *after)
{
	struct psx_error err = { 0 };

	if (psx_calibration_null(cal, dev, kernel, PSX_MODE_SCAN, frames, NULL, before, after, &err))
		die(err.message);
}

/* A frame of what is loaded; the caller's */
static struct psx_frame *shoot(struct psx_device *dev)
{
	struct psx_acquisition *acq = psx_acquisition_start(dev, 1);
	const struct psx_frame *frame;
	struct psx_frame *copy;

	if (!acq)
		die(psx_device_error(dev));
	if (psx_acquisition_next(acq, -1, &frame) != 1)
		die(psx_acquisition_error(acq));
	copy = psx_frame_copy(frame);
	psx_acquisition_free(acq);
	if (!copy)
		die("out of memory");
	return copy;
}

/* ---------------------------------------------------------- flat scenes */

static void flat_scenes(const struct psx_kernel *kernel)
{
	static const struct {
		double mismatch, fit_rms, fit_max;
	} rows[] = { { 0.01, 0.09, 0.19 }, { 0.02, 0.09, 0.21 }, { 0.05, 0.08, 0.21 } };
	const double null_rms[] = { 0.014, 0.014, 0.013 }, null_max[] = { 0.031, 0.031, 0.029 };

	printf("Laplacian, flat scene: residual / centre in %%, rms and max\n"
	       "mismatch seed  uncalibrated   fit (wanted)                     null (wanted, rms 0.005 at T = 1)\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned int seed = 1; seed <= SEEDS; seed++) {
			struct psx_device *dev = open_model(160, 120, rows[i].mismatch, seed);
			struct psx_bank *plain = nominal(dev, kernel), *bank;
			struct psx_residual raw = measure(dev, plain, 4), fit, after;
			struct psx_calibration *cal = calibrate(dev);

			null(cal, dev, kernel, 0, &fit, NULL);
			bank = calibrated(cal, kernel);
			after = measure(dev, bank, 0);
			printf("%6.0f %% %4u  %5.2f %6.2f   %.4f %.4f (%.2f %.2f) %-7s   %.4f %.4f (%.3f %.3f) %s\n",
			       rows[i].mismatch * 100, seed, raw.rms * 100, raw.max * 100,
			       fit.rms * 100, fit.max * 100, rows[i].fit_rms, rows[i].fit_max,
			       verdict(fit.rms * 100 <= rows[i].fit_rms &&
				       fit.max * 100 <= rows[i].fit_max),
			       after.rms * 100, after.max * 100, null_rms[i], null_max[i],
			       verdict(after.rms * 100 <= 0.005 && after.max * 100 <= null_max[i]));
			psx_bank_free(plain);
			psx_bank_free(bank);
			psx_calibration_free(cal);
			psx_device_close(dev);
		}
}

/* ------------------------------------------------------------- pictures */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double gauss(uint64_t *state)
{
	double u = ((double)(next_random(state) >> 11) + 1) / 9007199254740993.0;
	double v = (double)(next_random(state) >> 11) / 9007199254740992.0;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Part of the pixels at or above the threshold that a direct convolution with
 * replicated border gives, noise of the given variance added; `headroom` is that by
 * which weights are smaller, and read noise weighs more */
static double expected_part(const struct psx_image *image, double headroom)
{
	const uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	const uint16_t *levels = psx_image_get_levels(image);
	uint64_t state = 88172645463325252u;
	size_t kept = 0;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			double sum = 0, squares = 0;

			for (int i = 0; i < 9; i++) {
				int64_t cx = (int64_t)x + i % 3 - 1, cy = (int64_t)y + i / 3 - 1;
				double weight = i == 4 ? 1 : -1.0 / 8;
				double level;

				cx = cx < 0 ? 0 : cx >= width ? width - 1 : cx;
				cy = cy < 0 ? 0 : cy >= height ? height - 1 : cy;
				level = levels[(size_t)cy * width + (size_t)cx];
				sum += weight * level;
				squares += weight * weight * level;
			}
			sum += gauss(&state) * sqrt(squares / headroom / PHOTONS +
						    READ_NOISE * READ_NOISE / headroom / headroom);
			kept += round(8 * sum) >= THRESHOLD;
		}
	return (double)kept / ((double)width * height);
}

/* One picture through one detector of 5 % mismatch; wanted 0 = what is expected */
static void picture(const struct psx_image *image, const char *name, unsigned int seed,
		    const struct psx_kernel *kernel, double wanted)
{
	const uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	struct psx_device *dev = open_model(width, height, 0.05, seed);
	struct psx_calibration *cal = calibrate(dev);
	double headroom = psx_calibration_get_info(cal)->headroom, part, unnulled, expected;
	struct psx_settings *s = psx_settings_new();
	struct psx_residual after;
	struct psx_frame *frame;
	struct psx_bank *bank;
	uint64_t saturated;

	if (psx_settings_set_threshold(s, THRESHOLD) || psx_settings_set_pga(s, IMAGE_PGA) ||
	    psx_device_present(dev, image))
		die(psx_device_error(dev));
	bank = calibrated(cal, kernel);
	if (psx_device_load(dev, s, &bank, 1, NULL))
		die(psx_device_error(dev));
	frame = shoot(dev);
	saturated = psx_frame_get_info(frame)->saturated;
	psx_frame_free(frame);
	if (psx_device_zero(dev, s, &bank, 1, 0, NULL))
		die(psx_device_error(dev));
	frame = shoot(dev);
	unnulled = psx_frame_get_info(frame)->effective / ((double)width * height);
	psx_frame_free(frame);
	psx_bank_free(bank);
	null(cal, dev, kernel, IMAGE_NULL, NULL, &after);
	bank = calibrated(cal, kernel);
	if (psx_device_zero(dev, s, &bank, 1, 0, NULL))
		die(psx_device_error(dev));
	frame = shoot(dev);
	part = psx_frame_get_info(frame)->effective / ((double)width * height);
	expected = expected_part(image, headroom);
	if (wanted == 0)
		wanted = expected;
	printf("%-26s %4u  %.3f   %.4f  %.4f  (%.4f +-0.01) %-7s %.4f   %u, %llu of %u without %s\n",
	       name, seed, headroom, unnulled, part, wanted, verdict(fabs(part - wanted) <= 0.01),
	       expected, psx_frame_get_info(frame)->saturated, (unsigned long long)saturated,
	       width * height,
	       verdict(!psx_frame_get_info(frame)->saturated && saturated > width * height / 2));
	psx_frame_free(frame);
	psx_bank_free(bank);
	psx_settings_free(s);
	psx_calibration_free(cal);
	psx_device_close(dev);
}

static void pictures(const struct psx_kernel *kernel)
{
	static const struct {
		const char *name;
		double wanted;
		unsigned int seeds;
	} known[] = { { "bag_pencase", 0.1228, SEEDS }, { "bag_B0046_0004_c1430x900", 0.1091, 1 } };
	const char *folder = getenv("PSX_IMAGES");
	struct psx_error err = { 0 };
	struct psx_image *image;
	char path[4096];

	printf("\nEffective pixels, Laplacian, positive, T = %d, mismatch 5 %%\n"
	       "image                      seed  headroom  fit     null    (wanted)                computed  saturated\n",
	       THRESHOLD);
	for (size_t i = 0; folder && i < sizeof(known) / sizeof(known[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.pgm", folder, known[i].name);
		image = psx_image_load(path, &err);
		if (!image)
			die(err.message);
		for (unsigned int seed = 1; seed <= known[i].seeds; seed++)
			picture(image, known[i].name, seed, kernel, known[i].wanted);
		psx_image_free(image);
	}
	image = psx_image_phantom("baggage", 320, 240, 1, &err);
	if (!image)
		die(err.message);
	for (size_t i = 0; i < 320 * 240; i++) /* 8 bits, as radiographs have */
		psx_image_edit_levels(image)[i] /= 16;
	for (unsigned int seed = 1; seed <= SEEDS; seed++)
		picture(image, "phantom baggage", seed, kernel, 0);
	psx_image_free(image);
}

/* ---------------------------------------------------------------- noise */

/* Variance of values, from the difference of two frames of a flat scene */
static double variance(struct psx_device *dev)
{
	struct psx_frame *frames[2] = { shoot(dev), shoot(dev) };
	const struct psx_frame_info *info = psx_frame_get_info(frames[0]);
	size_t count = (size_t)info->width * info->height;
	int16_t *values = malloc(2 * count * sizeof(*values));
	double squares = 0;

	for (int i = 0; i < 2; i++) {
		if (!values || psx_frame_to_dense(frames[i], values + (size_t)i * count, info->width,
						  NULL))
			die("a frame can't be read");
		psx_frame_free(frames[i]);
	}
	for (size_t i = 0; i < count; i++)
		squares += pow(values[i] - values[count + i], 2) / 2;
	free(values);
	return squares / (double)count;
}

static void noise(void)
{
	const double coefficients[9] = { -25, -25, -25, -25, 200, -25, -25, -25, -25 };
	struct psx_kernel *kernel = psx_kernel_new("laplacian-200", 3, coefficients, 0, NULL);

	printf("\nNoise of a flat scene, Laplacian: variance over that of shot and read noise\n"
	       " level  measured / computed\n");
	for (unsigned int level = 0; level <= 4095; level += 1365) {
		struct psx_device *dev = open_model(160, 120, 0, 1);
		struct psx_bank *bank = nominal(dev, kernel);
		struct psx_image *scene = psx_image_new(160, 120);
		struct psx_settings *s = psx_settings_new();
		double scale = psx_bank_get_scale(bank) / 256.0, shrink = 200 / scale, ratio;
		double computed = scale * scale * (1.125 * shrink * shrink * level / PHOTONS +
						   READ_NOISE * READ_NOISE) + 1.0 / 12;

		for (size_t i = 0; i < 160 * 120; i++)
			psx_image_edit_levels(scene)[i] = (uint16_t)level;
		if (psx_settings_set_threshold(s, 0) || psx_settings_set_pga(s, 128) ||
		    psx_settings_set_polarity(s, PSX_BOTH) || psx_device_present(dev, scene) ||
		    psx_device_zero(dev, s, &bank, 1, 0, NULL))
			die(psx_device_error(dev));
		ratio = variance(dev) / computed;
		printf("%6u  %.3f (1 +-0.05) %s\n", level, ratio, verdict(fabs(ratio - 1) <= 0.05));
		psx_settings_free(s);
		psx_image_free(scene);
		psx_bank_free(bank);
		psx_device_close(dev);
	}
	psx_kernel_free(kernel);
}

int main(void)
{
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	flat_scenes(kernel);
	noise();
	pictures(kernel);
	classifiers();
	psx_kernel_free(kernel);
	puts(missed ? "\na bound was missed" : "\nall bounds are kept");
	return missed;
}
