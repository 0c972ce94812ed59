// SPDX-License-Identifier: MIT
/*
 * Speed of the frame codec beside memset and memcpy of the same bytes. Each
 * round times every operation once, so that a ratio is of neighbours in time;
 * what is shown are medians over the rounds. Frames rotate through more memory
 * than any cache holds.
 */
#include <codec/psx_codec.h>
#include <lz4.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"

#define ROUNDS   15
#define ROTATION ((size_t)256 << 20) /* bytes of dense frames */
#define BATCH    ((size_t)16 << 20)  /* bytes an operation handles in a round */

enum operation { MEMSET, MEMCPY, DECODE, ENCODE, LZ4_DECODE, LZ4_ENCODE, OPERATIONS };

struct workload {
	const char *image; /* file without .pgm */
	const char *label;
	uint16_t threshold;
	enum psx_polarity polarity;
};

static const struct workload workloads[] = {
	{ "bag_B0046_0004_c1430x900", "bag +1", 1, PSX_POSITIVE },
	{ "bag_B0046_0004_c1430x900", "bag +-1", 1, PSX_BOTH },
	{ "bag_B0046_0004_c1430x900", "bag +-16", 16, PSX_BOTH },
	{ "weld_W0003_0005", "weld +-1", 1, PSX_BOTH },
	{ "med_RG3_cr10bit", "med +-16", 16, PSX_BOTH },
};
#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/* One frame, as values, payload and LZ4 block; and the slots it rotates in. */
struct bench {
	struct psx_frame_header header;
	size_t pixels, dense; /* values and bytes of a frame */
	size_t slots;
	s16 *values; /* `slots` frames */
	u8 *payload;
	size_t length;
	char *packed;
	int packed_length;
	u8 *scratch; /* an encoder's output */
	size_t scratch_size;
};

static _Noreturn void die(const char *message)
{
	(void)fprintf(stderr, "bench: %s\n", message);
	exit(1);
}

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		die("out of memory");
	return p;
}

/* Time of this thread alone: others may share the host. */
static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------- frames -- */

static int level_at(const uint16_t *levels, int width, int height, int x, int y)
{
	x = x < 0 ? 0 : x >= width ? width - 1 : x;
	y = y < 0 ? 0 : y >= height ? height - 1 : y;
	return levels[(size_t)y * (size_t)width + (size_t)x];
}

static void laplacian(struct psx_image *img, s16 *out)
{
	int width = (int)psx_image_get_width(img), height = (int)psx_image_get_height(img);
	const uint16_t *levels = psx_image_get_levels(img);

	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			int sum = 9 * level_at(levels, width, height, x, y);

			for (int i = 0; i < 9; i++)
				sum -= level_at(levels, width, height, x + i % 3 - 1, y + i / 3 - 1);
			*out++ = (s16)(sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum);
		}
	}
}

/* The workload's radiograph, or a phantom when there is none. */
static struct psx_image *load(const struct workload *w, const char **label)
{
	const char *folder = getenv("PSX_TEST_DATA");
	char path[4096];
	struct psx_image *img;
	struct psx_error err;

	(void)snprintf(path, sizeof(path), "%s/%s.pgm", folder ? folder : "../shared/data/xray",
		       w->image);
	img = psx_image_load(path, NULL);
	*label = w->label;
	if (!img) {
		*label = "phantom";
		img = psx_image_phantom("baggage", 1430, 900, 1, &err);
		if (!img)
			die(err.message);
	}
	return img;
}

static void prepare(struct bench *b, const struct workload *w, const char **label)
{
	struct psx_image *img = load(w, label);
	u32 effective;
	int most;

	b->header = (struct psx_frame_header){
		.width = psx_image_get_width(img), .height = psx_image_get_height(img),
		.threshold = w->threshold, .pga = 1,
		.flags = w->polarity == PSX_BOTH ? PSX_FRAME_BOTH : 0,
	};
	b->pixels = (size_t)b->header.width * b->header.height;
	if (!b->pixels)
		die("empty image");
	b->dense = b->pixels * sizeof(s16);
	b->slots = ROTATION / b->dense + 2;
	b->values = allocate(b->slots * b->dense);
	most = LZ4_compressBound((int)b->dense);
	b->scratch_size = psx_codec_bound(b->header.width, b->header.height);
	if (b->scratch_size < (size_t)most)
		b->scratch_size = (size_t)most;
	b->scratch = allocate(b->scratch_size);
	b->payload = allocate(b->scratch_size);
	b->packed = allocate((size_t)most);

	laplacian(img, b->values);
	psx_image_free(img);
	if (psx_codec_encode(&b->header, b->values, b->header.width, b->payload, b->scratch_size,
			     &b->length, &effective))
		die("encoder failed");
	for (size_t i = 1; i < b->slots; i++)
		memcpy(b->values + i * b->pixels, b->values, b->dense);
}

/* All slots hold what the comparator leaves, as LZ4 would see it. */
static void prepare_lz4(struct bench *b)
{
	b->packed_length = LZ4_compress_default((const char *)b->values, b->packed, (int)b->dense,
						LZ4_compressBound((int)b->dense));
	if (b->packed_length <= 0)
		die("LZ4 failed");
}

static void release(struct bench *b)
{
	free(b->values);
	free(b->payload);
	free(b->packed);
	free(b->scratch);
}

/* -------------------------------------------------------------- timing -- */

static void decode(const struct bench *b, s16 *out)
{
	struct psx_codec_frame frame;
	struct psx_codec_error why;

	if (psx_codec_parse(b->payload, b->length, &frame, &why) ||
	    psx_codec_decode(&frame, 0, frame.tile_rows, out, b->header.width, &why))
		die(why.reason);
}

static void encode(const struct bench *b, const s16 *values)
{
	size_t length;
	u32 effective;

	if (psx_codec_encode(&b->header, values, b->header.width, b->scratch, b->scratch_size,
			     &length, &effective) || length != b->length)
		die("encoder failed");
}

static void run(const struct bench *b, enum operation operation, s16 *slot, const s16 *other)
{
	int size = (int)b->dense;

	switch (operation) {
	case MEMSET:
		memset(slot, 0, b->dense);
		break;
	case MEMCPY:
		memcpy(slot, other, b->dense);
		break;
	case DECODE:
		decode(b, slot);
		break;
	case ENCODE:
		encode(b, slot);
		break;
	case LZ4_DECODE:
		if (LZ4_decompress_safe(b->packed, (char *)slot, b->packed_length, size) != size)
			die("LZ4 failed");
		break;
	default:
		if (LZ4_compress_default((const char *)slot, (char *)b->scratch, size,
					 (int)b->scratch_size) != b->packed_length)
			die("LZ4 failed");
		break;
	}
}

/* `at` is below twice the number of slots. */
static s16 *slot_at(const struct bench *b, size_t at)
{
	return b->values + (at < b->slots ? at : at - b->slots) * b->pixels;
}

/* GB/s of dense values; goes on from slot *at. */
static double rate(const struct bench *b, enum operation operation, size_t *at)
{
	size_t frames = BATCH / b->dense + 1;
	double start = now();

	for (size_t i = 0; i < frames; i++) {
		run(b, operation, slot_at(b, *at), slot_at(b, *at + b->slots / 2));
		*at = *at + 1 < b->slots ? *at + 1 : 0;
	}
	return (double)(frames * b->dense) / (now() - start) * 1e-9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median; *spread is half the distance of the quartiles, in % of it. */
static double median(const double *samples, double *spread)
{
	double sorted[ROUNDS];

	memcpy(sorted, samples, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(*sorted), ascending);
	*spread = 50 * (sorted[3 * ROUNDS / 4] - sorted[ROUNDS / 4]) / sorted[ROUNDS / 2];
	return sorted[ROUNDS / 2];
}

static double median_ratio(const double *a, const double *b)
{
	double ratios[ROUNDS], spread;

	for (int i = 0; i < ROUNDS; i++)
		ratios[i] = a[i] / b[i];
	return median(ratios, &spread);
}

/* --------------------------------------------------------------- codec -- */

static void print_codec_row(const struct bench *b, const char *label, double (*rates)[ROUNDS])
{
	(void)printf("%-8s", label);
	for (int o = 0; o < OPERATIONS; o++) {
		double spread, middle = median(rates[o], &spread);

		(void)printf("  %6.2f %2.0f%%", middle, spread);
	}
	(void)printf("  %6.2f %6.2f %6.2f %6.2f  %6.1f%% %6.1f%%\n",
		     median_ratio(rates[DECODE], rates[MEMSET]),
		     median_ratio(rates[DECODE], rates[MEMCPY]),
		     median_ratio(rates[ENCODE], rates[MEMCPY]),
		     median_ratio(rates[DECODE], rates[LZ4_DECODE]),
		     100 * (double)b->length / (double)b->dense,
		     100 * b->packed_length / (double)b->dense);
}

static void bench_codec(const struct workload *w)
{
	double rates[OPERATIONS][ROUNDS];
	const char *label;
	struct bench b;
	size_t at = 0;

	prepare(&b, w, &label);
	for (size_t i = 0; i < b.slots; i++)
		decode(&b, b.values + i * b.pixels);
	prepare_lz4(&b);
	for (int r = -1; r < ROUNDS; r++) {
		for (int o = 0; o < OPERATIONS; o++) {
			double x = rate(&b, (enum operation)o, &at);

			if (r >= 0) /* the first round warms up */
				rates[o][r] = x;
		}
		/* memset left zeros: encoders get frames again */
		for (size_t i = 0; i < b.slots; i++)
			decode(&b, b.values + i * b.pixels);
	}
	print_codec_row(&b, label, rates);
	release(&b);
}

/* bench: all; bench URI: loading into that device */
int main(int argc, char **argv)
{
	if (argc > 1) {
		bench_device(argv[1]);
		return 0;
	}
	(void)printf("frame codec, one thread, GB/s of dense 16-bit values: median and spread of "
		     "%d rounds\n", ROUNDS);
	(void)printf("%-8s  %10s  %10s  %10s  %10s  %10s  %10s  %6s %6s %6s %6s  %7s %7s\n", "",
		     "memset", "memcpy", "decode", "encode", "LZ4 dec.", "LZ4 enc.", "dec/", "dec/",
		     "enc/", "dec/", "", "LZ4");
	(void)printf("%-8s%72s  %6s %6s %6s %6s  %7s %7s\n", "", "", "memset", "memcpy", "memcpy",
		     "LZ4", "bytes", "bytes");
	for (size_t i = 0; i < WORKLOADS; i++)
		bench_codec(&workloads[i]);
	bench_eval();
	return 0;
}
