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

static void bench_kernel(const char *profile, const char *name, const struct psx_image *scene)
{
	struct psx_kernel *kernel = psx_kernel_preset(name, NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ WIDTH, HEIGHT, 0 }, PSX_MODE_SCAN, NULL);
	double frames[ROUNDS], loads[ROUNDS], copies[ROUNDS];
	struct psx_device *dev;
	struct psx_error err;
	char uri[96];
	size_t bytes;

	(void)snprintf(uri, sizeof(uri), "sim:profile=%s,width=%u,height=%u,scene=flat:0", profile,
		       WIDTH, HEIGHT);
	dev = psx_device_open(uri, &err);
	if (!dev || !bank)
		die(err.message);
	bytes = (size_t)WIDTH * HEIGHT * 2 * psx_bank_get_phases(bank);
	for (int r = 0; r < ROUNDS; r++) {
		loads[r] = time_load(dev, bank);
		copies[r] = time_copy(bytes);
		frames[r] = time_frame(dev, scene);
	}
	(void)printf("%-6s %-10s %8.1f Mpixel/s   load %6.1f ms, %4.1f x memcpy of its %.0f MB\n",
		     profile, name, WIDTH * HEIGHT * 1e-6 / median(frames), 1e3 * median(loads),
		     median(loads) / median(copies), (double)bytes * 1e-6);
	psx_device_close(dev);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
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
