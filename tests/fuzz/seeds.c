// SPDX-License-Identifier: MIT
/*
 * Inputs to start from: seeds FRAME_FOLDER FILE_FOLDER CALIBRATION_FOLDER DATASET_FOLDER
 * CLASSIFIER_FOLDER VECTOR.hex... Payloads of the vectors and of small frames of every
 * kind, and a file of each, the noisy ones with masks. Calibrations with and without
 * border, nulls and defects. Data sets, and what an epoch or two make of them.
 */
#include <calibration.h>
#include <frame.h>
#include <libgen.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void save_file(const char *folder, const char *name, const struct psx_frame *frame)
{
	char path[4096];
	struct psx_error err;
	struct psx_file *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = psx_file_create(path, "{\"seed\":1}", &err);
	if (!file || psx_file_append(file, frame) || psx_file_append(file, frame))
		exit(1);
	/* Records are told apart by their number, so twice the same will do. */
	if (psx_file_commit(file))
		exit(1);
	psx_file_close(file);
}

static void save_frame(const char *folder, const char *name, const struct psx_frame *frame)
{
	char path[4096];
	size_t length;
	const void *payload = psx_frame_get_payload(frame, &length);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(payload, 1, length, f) != length || fclose(f))
		exit(1);
}

static void save(char **folders, const char *name, const struct psx_frame *frame)
{
	save_frame(folders[0], name, frame);
	save_file(folders[1], name, frame);
}

static void save_vector(char **folders, char *path)
{
	unsigned char payload[4096];
	unsigned int byte;
	size_t length = 0;
	struct psx_frame *frame;
	FILE *f = fopen(path, "r");

	if (!f)
		exit(1);
	while (length < sizeof(payload) && fscanf(f, "%2x", &byte) == 1)
		payload[length++] = (unsigned char)byte;
	(void)fclose(f);
	frame = psx_frame_parse(payload, length, NULL);
	if (!frame)
		exit(1);
	save(folders, basename(path), frame);
	psx_frame_free(frame);
}

static void add_mask(struct psx_frame *frame, unsigned int which)
{
	struct psx_mask *mask = psx_mask_new(frame->info.width, frame->info.height);

	if (!mask)
		exit(1);
	mask->bad[which] = 1;
	psx_frame_set_mask(frame, mask);
	psx_mask_unref(mask);
}

/* Noise of so many bits, of which the threshold leaves more or less. */
static void save_noise(char **folders, unsigned int bits, unsigned int threshold, bool both)
{
	struct psx_frame_info info = {
		.width = 20 + bits, .height = 18, .threshold = (uint16_t)threshold,
		.polarity = both, .pga = 1,
	};
	int16_t values[36 * 18];
	char name[64];
	struct psx_frame *frame;

	srand(bits);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		values[i] = (int16_t)(rand() % (1 << bits) - (both ? 1 << bits >> 1 : 0));
	frame = psx_frame_encode(&info, values, info.width, NULL);
	if (!frame)
		exit(1);
	add_mask(frame, bits);
	(void)snprintf(name, sizeof(name), "noise-%u-%u-%d", bits, threshold, both);
	save(folders, name, frame);
	psx_frame_free(frame);
}

static void save_calibration(const char *folder, const char *name, struct psx_geometry geometry,
			     unsigned int k)
{
	struct psx_calibration *cal = psx_calibration_create(&geometry, NULL);
	struct psx_kernel *kernel = psx_kernel_preset(k == 5 ? "log" : "laplacian", NULL);
	char path[4096];

	if (!cal || !kernel)
		exit(1);
	cal->info.id = 1;
	cal->info.biases = cal->info.frames = 17;
	cal->exposure_ns = 1000000;
	(void)strcpy(cal->info.serial, "seed");
	if (k) {
		struct psx_null *null = calloc(1, sizeof(*null));

		cal->defects[cal->count / 2] = PSX_WEAK;
		cal->info.weak = 1;
		*null = (struct psx_null){ .name = "null", .k = k, .mode = PSX_MODE_SCAN,
					   .outputs = cal->count };
		null->corrections = calloc(cal->count, sizeof(*null->corrections));
		memcpy(null->weights, psx_kernel_get_weights(kernel), k * k * sizeof(double));
		cal->nulls = null;
		cal->info.nulls = 1;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (psx_calibration_save(cal, path, NULL))
		exit(1);
	psx_calibration_free(cal);
	psx_kernel_free(kernel);
}

/* A data set of 3 x 3 or 5 x 5, in text */
static void save_dataset(const char *path, unsigned int k, unsigned int samples)
{
	FILE *f = fopen(path, "w");

	if (!f)
		exit(1);
	(void)fprintf(f, "# seed\nsplit,\"label\"");
	for (unsigned int i = 0; i < k * k; i++)
		(void)fprintf(f, ",p%u%u", i / k, i % k);
	for (unsigned int n = 0; n < samples; n++) {
		(void)fprintf(f, "\n%s,%s", n % 3 == 2 ? "test" : "train", n % 2 ? "a" : "\"b, \"\"c\"\"\"");
		for (unsigned int i = 0; i < k * k; i++)
			(void)fprintf(f, ",%u", (n + i) % 2 ? 4095 - n : i);
	}
	if (fclose(f))
		exit(1);
}

static void save_classifier(const char **folders, unsigned int k, unsigned int samples,
			    unsigned int epochs)
{
	struct psx_classifier_rig rig = { .device = NULL };
	struct psx_classifier *c;
	struct psx_dataset *data;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/set-%u-%u", folders[0], k, samples);
	save_dataset(path, k, samples);
	data = psx_dataset_load(path, 0, NULL);
	c = data ? psx_classifier_new(data, NULL, NULL) : NULL;
	(void)snprintf(path, sizeof(path), "sim:profile=ideal,width=%u,height=%u,scene=flat:0", k, k);
	rig.device = psx_device_open(path, NULL);
	if (!c || !rig.device)
		exit(1);
	while (epochs--)
		if (psx_classifier_train(c, &rig, data, NULL))
			exit(1);
	(void)snprintf(path, sizeof(path), "%s/model-%u-%u", folders[1], k, samples);
	if (psx_classifier_save(c, path, NULL))
		exit(1);
	psx_classifier_free(c);
	psx_dataset_free(data);
	psx_device_close(rig.device);
}

int main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	save_classifier((const char **)argv + 4, 3, 4, 1);
	save_classifier((const char **)argv + 4, 3, 9, 2);
	save_classifier((const char **)argv + 4, 5, 4, 0);
	save_calibration(argv[3], "plain", (struct psx_geometry){ 7, 6, 0 }, 0);
	save_calibration(argv[3], "null", (struct psx_geometry){ 6, 7, 0 }, 3);
	save_calibration(argv[3], "border", (struct psx_geometry){ 9, 8, 1 }, 5);
	for (int i = 6; i < argc; i++)
		save_vector(argv + 1, argv[i]);
	for (unsigned int bits = 1; bits <= 15; bits += 2) {
		for (unsigned int both = 0; both <= 1; both++) {
			save_noise(argv + 1, bits, 0, both);
			save_noise(argv + 1, bits, 1, both);
			save_noise(argv + 1, bits, 3u << bits >> 3, both);
		}
	}
	return 0;
}
