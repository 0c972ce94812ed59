// SPDX-License-Identifier: MIT
/* The whole way of `psxctl eval`, a scene in, a sparse frame out, in Mpixel/s,
 * and loading a kernel beside memcpy of as many bytes of bias planes. */
#include "bench.h"

#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WIDTH  1430u
#define HEIGHT 900u
#define ROUNDS 9

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *samples)
{
	qsort(samples, ROUNDS, sizeof(*samples), ascending);
	return samples[ROUNDS / 2];
}

static void die(const char *message)
{
	(void)fprintf(stderr, "bench: %s\n", message);
	exit(1);
}

/* Seconds to show the scene and fetch its frame */
static double time_frame(struct psx_device *dev, const struct psx_image *scene)
{
	double start = now();
	const struct psx_frame *frame;
	struct psx_acquisition *acq;

	if (psx_device_present(dev, scene))
		die(psx_device_error(dev));
	acq = psx_acquisition_start(dev, 1);
	if (!acq)
		die(psx_device_error(dev));
	if (psx_acquisition_next(acq, -1, &frame) != 1)
		die(psx_acquisition_error(acq));
	psx_acquisition_free(acq);
	return now() - start;
}

static double time_load(struct psx_device *dev, struct psx_bank *bank)
{
	struct psx_settings *s = psx_settings_new();
	double start = now();

	if (!s || psx_device_load(dev, s, &bank, 1, NULL))
		die(psx_device_error(dev));
	psx_settings_free(s);
	return now() - start;
}

static double time_copy(size_t bytes)
{
	char *from = malloc(bytes), *to = malloc(bytes);
	double start;

	if (!from || !to)
		die("out of memory");
	memset(from, 1, bytes);
	memset(to, 2, bytes);
	start = now();
	memcpy(to, from, bytes);
	start = now() - start;
	if (to[bytes - 1] != 1)
		die("memcpy failed");
	free(from);
	free(to);
	return start;
}

/* All planes of a bank, checked, moved and committed, beside memcpy of as many bytes */
static void print_load(struct psx_device *dev, struct psx_bank *bank)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	size_t bytes = (size_t)info->width * info->height * 2 * psx_bank_get_phases(bank);
	double loads[ROUNDS], copies[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		loads[r] = time_load(dev, bank);
		copies[r] = time_copy(bytes);
	}
	(void)printf("load %6.1f ms, %4.1f x memcpy of its %.0f MB\n", 1e3 * median(loads),
		     median(loads) / median(copies), (double)bytes * 1e-6);
}

static struct psx_bank *make_bank(const char *name, uint32_t width, uint32_t height)
{
	const struct psx_geometry geometry = { width, height, 0 };
	struct psx_kernel *kernel = psx_kernel_preset(name, NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &geometry, PSX_MODE_SCAN, NULL);

	if (!bank)
		die("no bank");
	psx_kernel_free(kernel);
	return bank;
}

static void bench_kernel(const char *profile, const char *name, const struct psx_image *scene)
{
	struct psx_bank *bank = make_bank(name, WIDTH, HEIGHT);
	double frames[ROUNDS];
	struct psx_device *dev;
	struct psx_error err;
	char uri[96];

	(void)snprintf(uri, sizeof(uri), "sim:profile=%s,width=%u,height=%u,scene=flat:0", profile,
		       WIDTH, HEIGHT);
	dev = psx_device_open(uri, &err);
	if (!dev)
		die(err.message);
	(void)time_load(dev, bank);
	for (int r = 0; r < ROUNDS; r++)
		frames[r] = time_frame(dev, scene);
	(void)printf("%-6s %-10s %8.1f Mpixel/s   ", profile, name,
		     WIDTH * HEIGHT * 1e-6 / median(frames));
	print_load(dev, bank);
	psx_device_close(dev);
	psx_bank_free(bank);
}

void bench_device(const char *uri)
{
	struct psx_error err;
	struct psx_device *dev = psx_device_open(uri, &err);
	const struct psx_device_info *info = dev ? psx_device_get_info(dev) : NULL;
	struct psx_bank *bank;

	if (!dev)
		die(err.message);
	bank = make_bank("laplacian", info->width, info->height);
	(void)printf("%s, %u x %u, laplacian: ", uri, info->width, info->height);
	print_load(dev, bank);
	psx_device_close(dev);
	psx_bank_free(bank);
}

void bench_eval(void)
{
	struct psx_error err;
	struct psx_image *scene = psx_image_phantom("baggage", WIDTH, HEIGHT, 1, &err);

	if (!scene)
		die(err.message);
	(void)printf("\nscene to sparse frame, %u x %u, one thread, medians of %d rounds\n", WIDTH,
		     HEIGHT, ROUNDS);
	bench_kernel("ideal", "laplacian", scene);
	bench_kernel("ideal", "log", scene);
	bench_kernel("real", "laplacian", scene);
	psx_image_free(scene);
}
