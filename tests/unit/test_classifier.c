// SPDX-License-Identifier: MIT
/* Data sets and classifiers, on the embedded model. */
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "classifier.h"
#include "device.h"
#include "error.h"
#include "letters.h"
#include "unit.h"

#define IDEAL "sim:profile=ideal,width=3,height=3,scene=flat:0"
#define REAL  "sim:profile=real,width=3,height=3,scene=flat:0"
#define TAPS  9
#define CLASSES LETTERS

static char folder[64];

static void make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/psx-classifier-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void remove_folder(void)
{
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *in_folder(const char *name)
{
	static char path[4][160];
	static unsigned int next;

	next = (next + 1) % 4;
	(void)snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
	return path[next];
}

static const char *write_text(const char *name, const char *text)
{
	const char *path = in_folder(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

static struct psx_device *open_device(const char *uri)
{
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(uri, &err);

	ck_assert_msg(dev != NULL, "%s", err.message);
	return dev;
}

static struct psx_classifier *begin(const struct psx_dataset *data,
				    const struct psx_classifier_options *options)
{
	struct psx_error err = { 0 };
	struct psx_classifier *c = psx_classifier_new(data, options, &err);

	ck_assert_msg(c != NULL, "%s", err.message);
	return c;
}

/* Until a test has no error, for at most `epochs`; the last epoch */
static const struct psx_epoch *train(struct psx_classifier *c, struct psx_device *dev,
				     const struct psx_calibration *cal,
				     const struct psx_dataset *data, unsigned int epochs)
{
	const struct psx_classifier_rig rig = { .device = dev, .calibration = cal };
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	struct psx_error err = { 0 };

	while (info->epochs < epochs && info->stop != PSX_STOP_PERFECT)
		ck_assert_msg(!psx_classifier_train(c, &rig, data, &err), "%s", err.message);
	return psx_classifier_get_epoch(c, info->epochs);
}

/* ---- data sets ---- */

#define HEADER "split,label,p00,p01,p02,p10,p11,p12,p20,p21,p22\n"
#define ROW    "train,a,1,2,3,4,5,6,7,8,9\n"

START_TEST(csv_is_read)
{
	const char *path = write_text("good.csv", "# notes\r\n\n" HEADER ROW
						  "test, 10 ,9,8,7,6,5,4,3,2,65535\n"
						  "train,2,0,0,0,0,0,0,0,0,0\r\n");
	struct psx_dataset *data = psx_dataset_load(path, 0, NULL);
	struct psx_labelled sample;

	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(psx_dataset_get_count(data), 3);
	ck_assert_uint_eq(psx_dataset_get_k(data), 3);
	ck_assert_uint_eq(psx_dataset_get_classes(data), 3);
	ck_assert_str_eq(psx_dataset_get_label(data, 0), "2"); /* before 10, before letters */
	ck_assert_str_eq(psx_dataset_get_label(data, 1), "10");
	ck_assert_str_eq(psx_dataset_get_label(data, 2), "a");
	ck_assert_ptr_null(psx_dataset_get_label(data, 3));
	ck_assert_int_eq(psx_dataset_get_sample(data, 1, &sample), 0);
	ck_assert(sample.test);
	ck_assert_uint_eq(sample.label, 1);
	ck_assert_uint_eq(psx_image_get_levels(sample.image)[8], 65535);
	ck_assert_ptr_nonnull(strstr(sample.name, "good.csv:5"));
	ck_assert_int_eq(psx_dataset_get_sample(data, 3, &sample), -1);
	psx_dataset_free(data);
	ck_assert_ptr_null(psx_dataset_load(path, 5, NULL));
	ck_assert_int_eq(errno, EBADMSG);
}
END_TEST

/* As spreadsheets and R write them */
START_TEST(csv_may_be_quoted)
{
	struct psx_dataset *data = psx_dataset_load(
		write_text("quoted.csv", "\"split\",\"label\",p00,p01,p02,p10,p11,p12,p20,p21,\"p22\"\r\n"
					 "\"train\", \"a, \"\"b\"\"\",\"1\",2,3,4,5,6,7,8,\"9\"\r\n"),
		0, NULL);
	struct psx_labelled sample;

	ck_assert_ptr_nonnull(data);
	ck_assert_str_eq(psx_dataset_get_label(data, 0), "a, \"b\"");
	(void)psx_dataset_get_sample(data, 0, &sample);
	ck_assert_uint_eq(psx_image_get_levels(sample.image)[0], 1);
	ck_assert_uint_eq(psx_image_get_levels(sample.image)[8], 9);
	psx_dataset_free(data);
}
END_TEST

static const struct {
	const char *text, *where, *why;
} bad_csv[] = {
	{ "", "bad.csv", "empty" },
	{ "# only\n", "bad.csv", "empty" },
	{ HEADER, "bad.csv", "no images" },
	{ ROW, "bad.csv:1", "header" },
	{ "split,label,p00,p01\n", "bad.csv:1", "2 columns" },
	{ "split,label,p00,p01,p02,p10,p11,p12,p20,p21,q22\n", "bad.csv:1: column 11", "q22" },
	{ "split,label,p22,p21,p20,p12,p11,p10,p02,p01,p00\n", "bad.csv:1: column 3", "'p22', not p00" },
	{ "split,label,p00,p10,p20,p01,p11,p21,p02,p12,p22\n", "bad.csv:1: column 4", "'p10', not p01" },
	{ HEADER "train,,1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "no label" },
	{ HEADER ROW "train,a,1,2,3,4,5,6,7,8\n", "bad.csv:3", "8 levels" },
	{ HEADER ROW "train,a,1,2,3,4,5,6,7,8,9,10\n", "bad.csv:3", "10 levels" },
	{ HEADER ROW "\ntrial,a,1,2,3,4,5,6,7,8,9\n", "bad.csv:4", "trial" },
	{ HEADER "train,a,1,2,3,4,5,6,7,8,65536\n", "bad.csv:2", "65536" },
	{ HEADER "train,a,1,2,3,4,5,6,7,8,-1\n", "bad.csv:2", "-1" },
	{ HEADER "train,a,1,2,3,4,5,6,7,8,\n", "bad.csv:2", "level" },
	{ HEADER "train,a,1,2,3,4,5,6,7,8,1e3\n", "bad.csv:2", "1e3" },
	{ HEADER "train,\xff,1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "UTF-8" },
	{ HEADER "train,\033[31m,1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "control" },
	{ HEADER "train,\"a,1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "quotation" },
	{ HEADER "train,\"a\"b,1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "quotation" },
	{ HEADER "\"train,a\",1,2,3,4,5,6,7,8,9\n", "bad.csv:2", "train,a" },
};

START_TEST(bad_csv_is_refused_by_line)
{
	struct psx_error err = { 0 };

	ck_assert_ptr_null(psx_dataset_load(write_text("bad.csv", bad_csv[_i].text), 0, &err));
	ck_assert_msg(strstr(err.message, bad_csv[_i].where) && strstr(err.message, bad_csv[_i].why),
		      "%d: %s", _i, err.message);
}
END_TEST

/* Files that never end, or break off */
START_TEST(csv_without_an_end)
{
	static const struct {
		const char *path, *why;
		int code;
	} files[] = {
		{ "/dev/zero", "/dev/zero:1: not text", EBADMSG },
		{ "/proc/self/mem", "/proc/self/mem: Input/output error", EIO },
		{ NULL, "long.csv:2: a line of more than 65535 bytes", EBADMSG },
	};
	char *text = calloc(1, 70000);
	struct psx_error err = { 0 };

	ck_assert_ptr_nonnull(text);
	memset(text, '#', 69000);
	memcpy(text, HEADER, strlen(HEADER));
	ck_assert_ptr_null(psx_dataset_load(
		files[_i].path ? files[_i].path : write_text("long.csv", text), 0, &err));
	ck_assert_msg(err.code == files[_i].code && strstr(err.message, files[_i].why), "%s",
		      err.message);
	free(text);
}
END_TEST

/* k = 11 has columns p0000 .. p1010 */
START_TEST(csv_of_two_digits)
{
	char text[4096] = "split,label", *end = text + strlen(text);
	struct psx_dataset *data;
	unsigned int i;

	for (i = 0; i < 121; i++)
		end += sprintf(end, ",p%02u%02u", i / 11, i % 11);
	end += sprintf(end, "\ntrain,a");
	for (i = 0; i < 121; i++)
		end += sprintf(end, ",%u", i);
	data = psx_dataset_load(write_text("eleven.csv", text), 11, NULL);
	ck_assert_ptr_nonnull(data);
	psx_dataset_free(data);
}
END_TEST

static void save_image(const char *name, uint32_t width, uint32_t height, uint16_t level)
{
	struct psx_image *image = psx_image_new(width, height);
	uint32_t i;

	for (i = 0; i < width * height; i++)
		psx_image_edit_levels(image)[i] = level;
	ck_assert_int_eq(psx_image_save(image, in_folder(name), NULL), 0);
	psx_image_free(image);
}

START_TEST(folders_are_labels)
{
	struct psx_error err = { 0 };
	struct psx_dataset *data;
	struct psx_labelled sample;
	unsigned int tests[2] = { 0 }, i;
	char name[32];

	(void)mkdir(in_folder("set"), 0700);
	(void)mkdir(in_folder("set/b"), 0700);
	(void)mkdir(in_folder("set/a"), 0700);
	for (i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "set/%c/%u.pgm", i % 2 ? 'b' : 'a', i);
		save_image(name, 3, 3, (uint16_t)(i + 1));
	}
	data = psx_dataset_load(in_folder("set"), 0, &err);
	ck_assert_msg(data != NULL, "%s", err.message);
	ck_assert_uint_eq(psx_dataset_get_count(data), 20);
	for (i = 0; i < 20; i++) {
		(void)psx_dataset_get_sample(data, i, &sample);
		tests[sample.label] += sample.test;
		ck_assert_uint_eq(sample.label, (psx_image_get_levels(sample.image)[0] - 1u) % 2);
	}
	ck_assert_uint_eq(tests[0], 2); /* a fifth of each */
	ck_assert_uint_eq(tests[1], 2);
	psx_dataset_free(data);

	save_image("set/a/odd.pgm", 5, 3, 1);
	ck_assert_ptr_null(psx_dataset_load(in_folder("set"), 0, &err));
	ck_assert_msg(strstr(err.message, "odd.pgm") && strstr(err.message, "5 x 3"), "%s", err.message);
	ck_assert_int_eq(unlink(in_folder("set/a/odd.pgm")), 0);

	save_image("set/loose.pgm", 3, 3, 1);
	ck_assert_ptr_null(psx_dataset_load(in_folder("set"), 0, &err));
	ck_assert_msg(strstr(err.message, "loose.pgm") && strstr(err.message, "unlabelled"), "%s",
		      err.message);
	ck_assert_int_eq(unlink(in_folder("set/loose.pgm")), 0);

	ck_assert_int_eq(mkfifo(in_folder("set/a/pipe.pgm"), 0600), 0); /* nobody writes into it */
	ck_assert_ptr_null(psx_dataset_load(in_folder("set"), 0, &err));
	ck_assert_msg(strstr(err.message, "pipe.pgm: no regular file"), "%s", err.message);
	ck_assert_int_eq(unlink(in_folder("set/a/pipe.pgm")), 0);

	(void)write_text("set/b/text.pgm", "no image");
	ck_assert_ptr_null(psx_dataset_load(in_folder("set"), 0, &err));
	ck_assert_msg(strstr(err.message, "text.pgm") != NULL, "%s", err.message);
}
END_TEST

START_TEST(folders_train_and_test)
{
	struct psx_error err = { 0 };
	struct psx_dataset *data;
	struct psx_labelled sample;
	unsigned int i;

	static const char *const places[] = { "s", "s/train", "s/test", "s/train/x", "s/train/y", "s/test/y" };

	for (i = 0; i < 6; i++)
		ck_assert_int_eq(mkdir(in_folder(places[i]), 0700), 0);
	save_image("s/train/x/1.pgm", 30, 24, 10);
	save_image("s/train/y/1.pgm", 30, 24, 20);
	save_image("s/test/y/1.pgm", 30, 24, 30);
	ck_assert_ptr_null(psx_dataset_load(in_folder("s"), 0, &err)); /* how are they reduced? */
	ck_assert_int_eq(errno, EBADMSG);
	data = psx_dataset_load(in_folder("s"), 5, &err);
	ck_assert_msg(data != NULL, "%s", err.message);
	ck_assert_uint_eq(psx_dataset_get_k(data), 5);
	for (i = 0; i < 3; i++) {
		(void)psx_dataset_get_sample(data, i, &sample);
		ck_assert(sample.test == (i == 2));
		ck_assert_uint_eq(psx_image_get_levels(sample.image)[24], 10 * (i + 1));
	}
	psx_dataset_free(data);
}
END_TEST

/* Means of equal areas, also where these cut pixels */
START_TEST(images_are_reduced_to_means)
{
	struct psx_dataset *data = psx_dataset_new(3, NULL);
	struct psx_image *image = psx_image_new(4, 3);
	static const uint16_t levels[] = { 0, 300, 600, 900, 10, 10, 10, 10, 4, 4, 0, 0 };
	static const uint16_t wanted[] = { 75, 450, 825, 10, 10, 10, 4, 2, 0 };
	struct psx_labelled sample;

	memcpy(psx_image_edit_levels(image), levels, sizeof(levels));
	ck_assert_int_eq(psx_dataset_add(data, image, "x", false, "it", NULL), 0);
	(void)psx_dataset_get_sample(data, 0, &sample);
	ck_assert_int_eq(memcmp(psx_image_get_levels(sample.image), wanted, sizeof(wanted)), 0);
	psx_image_free(image);
	psx_dataset_free(data);
}
END_TEST

/* ---- what is measured, against the levels themselves ---- */

static void mean_inputs(const struct psx_dataset *data, double *mean)
{
	struct psx_labelled sample;
	size_t n, count = 0;
	unsigned int i;

	memset(mean, 0, TAPS * sizeof(*mean));
	for (n = 0; !psx_dataset_get_sample(data, n, &sample); n++) {
		count += !sample.test;
		for (i = 0; !sample.test && i < TAPS; i++)
			mean[i] += psx_image_get_levels(sample.image)[i] / 4095.0;
	}
	for (i = 0; i < TAPS; i++)
		mean[i] /= (double)count;
}

/* Before the first step: outputs of the first weights, which plain arithmetic has as well */
START_TEST(epoch_0_is_untrained)
{
	struct psx_dataset *data = letters_new(5, 0.2, 0.2, 10, 3);
	struct psx_classifier *c = begin(data, &(struct psx_classifier_options){ .seed = 7 });
	struct psx_device *dev = open_device(IDEAL);
	double w[CLASSES][TAPS], mean[TAPS], loss = 0, sums[CLASSES][CLASSES] = { 0 };
	unsigned int right[2] = { 0 }, n, i;
	const struct psx_epoch *epoch;
	struct psx_labelled sample;
	size_t s;

	ck_assert_ptr_null(psx_classifier_get_epoch(c, 0));
	mean_inputs(data, mean);
	for (n = 0; n < CLASSES; n++)
		memcpy(w[n], psx_classifier_get_weights(c, n), sizeof(w[n]));
	for (s = 0; !psx_dataset_get_sample(data, s, &sample); s++) {
		double out[CLASSES] = { 0 }, sum = 0;
		unsigned int best = 0;

		for (n = 0; n < CLASSES; n++) {
			for (i = 0; i < TAPS; i++)
				out[n] += w[n][i] *
					  (psx_image_get_levels(sample.image)[i] / 4095.0 - mean[i]);
			best = out[n] > out[best] ? n : best;
			sum += exp(out[n]);
			sums[sample.label][n] += sample.test ? out[n] : 0;
		}
		right[sample.test] += best == sample.label;
		loss -= sample.test ? 0 : log(exp(out[sample.label]) / sum) / 40;
	}
	(void)train(c, dev, NULL, data, 1);
	epoch = psx_classifier_get_epoch(c, 0);
	ck_assert_ptr_nonnull(epoch);
	ck_assert_double_eq_tol(epoch->loss, loss, 1e-4);
	ck_assert_double_eq_tol(epoch->train_accuracy, right[0] / 40.0, 1e-9);
	ck_assert_double_eq_tol(epoch->test_accuracy, right[1] / 12.0, 1e-9);
	for (n = 0; n < CLASSES; n++)
		for (i = 0; i < CLASSES; i++)
			ck_assert_double_eq_tol(epoch->boxes[n * CLASSES + i].mean, sums[n][i] / 3, 1e-3);
	ck_assert_uint_eq(psx_classifier_get_info(c)->best, 1);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* A batch of everything: one step, which plain arithmetic takes as well */
START_TEST(a_step_is_the_gradient)
{
	struct psx_dataset *data = letters_new(5, 0.2, 0, 10, 3);
	struct psx_classifier *c =
		begin(data, &(struct psx_classifier_options){ .batch = 1000, .seed = 7, .rate = 0.8 });
	struct psx_device *dev = open_device(IDEAL);
	double w[CLASSES][TAPS], step[CLASSES][TAPS] = { 0 }, mean[TAPS], loss = 0;
	struct psx_labelled sample;
	unsigned int n, i;
	size_t s;

	mean_inputs(data, mean);
	for (n = 0; n < CLASSES; n++)
		memcpy(w[n], psx_classifier_get_weights(c, n), sizeof(w[n]));
	for (s = 0; !psx_dataset_get_sample(data, s, &sample); s++) {
		double e[CLASSES], sum = 0;

		for (n = 0; !sample.test && n < CLASSES; n++) {
			double out = 0;

			for (i = 0; i < TAPS; i++)
				out += w[n][i] * (psx_image_get_levels(sample.image)[i] / 4095.0 - mean[i]);
			sum += e[n] = exp(out);
		}
		if (sample.test)
			continue;
		loss -= log(e[sample.label] / sum) / 40;
		for (n = 0; n < CLASSES; n++)
			for (i = 0; i < TAPS; i++)
				step[n][i] += (e[n] / sum - (n == sample.label)) / 40 *
					      (psx_image_get_levels(sample.image)[i] / 4095.0 - mean[i]);
	}
	ck_assert_double_eq_tol(train(c, dev, NULL, data, 1)->loss, loss, 1e-4);
	for (n = 0; n < CLASSES; n++)
		for (i = 0; i < TAPS; i++) {
			ck_assert_double_le(fabs(w[n][i]), 0.1);
			ck_assert_double_eq_tol(psx_classifier_get_weights(c, n)[i],
						w[n][i] - 0.8 * step[n][i], 2e-4);
		}
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* The mean is taken off every output, so it has no more noise of the dark exposures than
 * of the samples: 0.05 * sqrt(1 / 40 + 1 / 40) = 0.011 */
START_TEST(mean_of_noisy_inputs)
{
	double mean[TAPS], squares = 0;
	uint64_t seed;
	unsigned int i;

	for (seed = 1; seed <= 4; seed++) {
		struct psx_dataset *data = letters_new(seed, 0.2, 0, 10, 1);
		struct psx_classifier *c =
			begin(data, &(struct psx_classifier_options){ .exposure_ns = 283000000 });
		struct psx_device *dev = open_device(REAL ",mismatch=0,read_noise=58");

		mean_inputs(data, mean);
		(void)train(c, dev, NULL, data, 1);
		for (i = 0; i < TAPS; i++)
			squares += (c->mean[i] - mean[i]) * (c->mean[i] - mean[i]);
		psx_classifier_free(c);
		psx_device_close(dev);
		psx_dataset_free(data);
	}
	ck_assert_double_le(sqrt(squares / (4 * TAPS)), 0.016);
}
END_TEST

static double worst_output(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
			   const struct psx_dataset *data)
{
	const struct psx_image *images[64];
	double outputs[64][CLASSES], mean[TAPS], worst = 0;
	unsigned int answers[64], n, i, best;
	struct psx_labelled sample;
	struct psx_error err = { 0 };
	size_t s;

	mean_inputs(data, mean);
	for (s = 0; s < 64; s++) {
		(void)psx_dataset_get_sample(data, s, &sample);
		images[s] = sample.image;
	}
	ck_assert_msg(!psx_classifier_run(c, rig, images, 64, outputs[0], answers, &err), "%s",
		      err.message);
	for (s = 0; s < 64; s++) {
		for (n = best = 0; n < CLASSES; n++) {
			double out = 0;

			for (i = 0; i < TAPS; i++)
				out += psx_classifier_get_weights(c, n)[i] *
				       (psx_image_get_levels(images[s])[i] / 4095.0 - mean[i]);
			worst = fmax(worst, fabs(out - outputs[s][n]));
			best = outputs[s][n] > outputs[s][best] ? n : best;
		}
		ck_assert_uint_eq(answers[s], best);
	}
	return worst;
}

START_TEST(outputs_are_weighted_sums)
{
	struct psx_dataset *data = letters_new(6, 0.2, 0, 16, 4);
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_classifier_rig rig = { .device = dev };

	(void)train(c, dev, NULL, data, 5);
	ck_assert_double_le(worst_output(c, &rig, data), 2e-3);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* Dark current is ten times the signal: what is left of it, and what a calibration
 * makes of 10 % mismatch */
START_TEST(calibrated_outputs_are_nearer)
{
	struct psx_dataset *data = letters_new(6, 0.2, 0, 16, 4);
	struct psx_device *dev = open_device(REAL ",mismatch=0.1");
	struct psx_calibration *cal = psx_calibration_run(dev, NULL, NULL);
	struct psx_classifier *plain = begin(data, NULL), *calibrated = begin(data, NULL);
	const struct psx_classifier_rig rig = { .device = dev };
	const struct psx_classifier_rig with = { .device = dev, .calibration = cal };
	double before, after;

	ck_assert_ptr_nonnull(cal);
	(void)train(plain, dev, NULL, data, 5);
	(void)train(calibrated, dev, cal, data, 5);
	before = worst_output(plain, &rig, data);
	after = worst_output(calibrated, &with, data);
	printf("# outputs are off by %.4f, calibrated by %.4f\n", before, after);
	ck_assert_double_ge(before, 0.03);
	ck_assert_double_le(after, 0.012);
	ck_assert_uint_eq(psx_classifier_get_info(calibrated)->calibration_id,
			  psx_calibration_get_info(cal)->id);
	psx_classifier_free(plain);
	psx_classifier_free(calibrated);
	psx_calibration_free(cal);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

START_TEST(zero_weights_are_a_bank)
{
	struct psx_dataset *data = psx_dataset_new(3, NULL);
	struct psx_image *image = psx_image_new(3, 3); /* all black: nothing is learned */
	struct psx_device *dev = open_device(REAL);
	struct psx_classifier *c;
	unsigned int i;

	for (i = 0; i < 6; i++)
		ck_assert_int_eq(psx_dataset_add(data, image, i % 2 ? "a" : "b", i > 3, "it", NULL), 0);
	c = begin(data, NULL);
	memset((double *)psx_classifier_get_weights(c, 0), 0, TAPS * sizeof(double));
	ck_assert_double_eq_tol(train(c, dev, NULL, data, 1)->loss, log(2), 0.01);
	psx_classifier_free(c);
	psx_image_free(image);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* ---- that it learns ---- */

static const char *hust(int number)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "hust/hust_x02_seed%d.csv", number);
	return unit_data(name);
}

/* Every seed has no error in a test by this epoch at the latest */
static void learns(const char *path, const char *uri, unsigned int seeds, unsigned int epochs,
		   double least)
{
	struct psx_dataset *data = psx_dataset_load(path, 0, NULL);
	unsigned int seed;

	ck_assert_ptr_nonnull(data);
	for (seed = 0; seed < seeds; seed++) {
		struct psx_classifier *c =
			begin(data, &(struct psx_classifier_options){ .seed = seed });
		struct psx_device *dev = open_device(uri);
		const struct psx_epoch *last = train(c, dev, NULL, data, epochs);
		const struct psx_classifier_info *info = psx_classifier_get_info(c);
		const double best = psx_classifier_get_epoch(c, info->best)->test_accuracy;

		ck_assert_msg(best >= least, "%s on %s, seed %u: %g after %u epochs", path, uri, seed,
			      best, info->epochs);
		ck_assert(isfinite(last->loss));
		psx_classifier_free(c);
		psx_device_close(dev);
	}
	psx_dataset_free(data);
}

START_TEST(hust_is_learned)
{
	const char *path = hust(_i);

	if (path)
		learns(path, IDEAL, 2, 7, 1);
}
END_TEST

/* 5 % of a full input at this exposure; each device with its own mismatch. `make accept` has
 * more crystals, and 20 seeds */
START_TEST(hust_is_learned_in_spite)
{
	static const char *const uris[] = {
		REAL, REAL ",mismatch=0,read_noise=70", REAL ",mismatch=0.1,seed=2",
		REAL ",mismatch=0.1,seed=3",
	};
	static const double least[] = { 1, 1, 0.99, 0.99 };
	const char *path = hust(_i % 5);

	if (path)
		learns(path, uris[_i / 5], 1, 7, least[_i / 5]);
}
END_TEST

/* Letters that are shifted up and down as well are no longer told apart by one
 * layer: who answers without error has seen the tests */
START_TEST(negative_control)
{
	struct psx_dataset *data = letters_new(11 + (uint64_t)_i, 0.2, 0.2, 40, 10);
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_epoch *best;

	(void)train(c, dev, NULL, data, 12);
	best = psx_classifier_get_epoch(c, psx_classifier_get_info(c)->best);
	ck_assert_uint_eq(psx_classifier_get_info(c)->epochs, 12);
	ck_assert_double_ge(best->test_accuracy, 0.8);
	ck_assert_double_le(best->test_accuracy, 0.975);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

START_TEST(boxes_and_confusion_add_up)
{
	struct psx_dataset *data = letters_new(8, 0.2, 0.2, 20, 10);
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_epoch *epoch = train(c, dev, NULL, data, 3);
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	const unsigned int *counts = psx_classifier_get_confusion(c);
	unsigned int right = 0, i, n;

	for (i = 0; i < CLASSES; i++) {
		unsigned int sum = 0;

		for (n = 0; n < CLASSES; n++) {
			const struct psx_box *b = &epoch->boxes[i * CLASSES + n];

			ck_assert(b->least <= b->p1 && b->p1 <= b->q1 && b->q1 <= b->median);
			ck_assert(b->median <= b->q3 && b->q3 <= b->p99 && b->p99 <= b->most);
			ck_assert(b->least < b->mean && b->mean < b->most);
			sum += counts[i * CLASSES + n];
		}
		ck_assert_double_gt(epoch->boxes[i * CLASSES + i].mean, 0); /* its own output */
		ck_assert_uint_eq(sum, 10);
		right += counts[i * CLASSES + i];
	}
	ck_assert_double_eq_tol(right / 40.0, psx_classifier_get_epoch(c, info->best)->test_accuracy,
				1e-12);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* ---- trainings that break off ---- */

static char *saved(const struct psx_classifier *c, const char *name)
{
	ck_assert_int_eq(psx_classifier_save(c, in_folder(name), NULL), 0);
	return read_text(in_folder(name));
}

static char *uninterrupted(const struct psx_dataset *data, unsigned int epochs)
{
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	char *text;

	(void)train(c, dev, NULL, data, epochs);
	text = saved(c, "whole.json");
	psx_classifier_free(c);
	psx_device_close(dev);
	return text;
}

START_TEST(loaded_goes_on_to_the_same_bits)
{
	struct psx_dataset *data = letters_new(9, 0.2, 0.2, 20, 5);
	char *whole = uninterrupted(data, 5), *parts;
	struct psx_classifier *c = begin(data, NULL);
	unsigned int epoch;

	for (epoch = 1; epoch <= 5; epoch++) {
		struct psx_device *dev = open_device(IDEAL);
		struct psx_error err = { 0 };

		(void)train(c, dev, NULL, data, epoch);
		ck_assert_int_eq(psx_classifier_save(c, in_folder("parts.json"), NULL), 0);
		psx_classifier_free(c);
		c = psx_classifier_load(in_folder("parts.json"), &err);
		ck_assert_msg(c != NULL, "%s", err.message);
		psx_device_close(dev);
	}
	parts = saved(c, "parts.json");
	ck_assert_str_eq(parts, whole);
	psx_classifier_free(c);
	psx_dataset_free(data);
	free(whole);
	free(parts);
}
END_TEST

/* A device that goes away after so many frames */
static struct psx_transport_ops failing;
static int (*next_of_device)(struct psx_transport *, int, struct psx_frame_info *, const void **,
			     size_t *, struct psx_error *);
static unsigned int frames_left;

static int next_or_gone(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
			const void **payload, size_t *length, struct psx_error *err)
{
	if (frames_left) {
		frames_left--;
		return next_of_device(t, timeout_ms, info, payload, length, err);
	}
	return psx_error_set(err, ENODEV, "the device was removed");
}

START_TEST(device_removed_in_mid_epoch)
{
	/* of 80 * 9 for the inputs and 80 for epoch 0, then 400 an epoch */
	static const unsigned int lives[] = {
		100, 720 + 50, 800 + 50, 800 + 399, 800 + 400 + 7, 800 + 400 + 350,
	};
	struct psx_dataset *data = letters_new(9, 0.2, 0.2, 20, 5);
	char *whole = uninterrupted(data, 4), *before, *after;
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_classifier_rig rig = { .device = dev };
	struct psx_error err = { 0 };

	failing = *dev->transport->ops;
	next_of_device = failing.next;
	failing.next = next_or_gone;
	frames_left = lives[_i];
	dev->transport->ops = &failing;
	do
		before = saved(c, "before.json");
	while (!psx_classifier_train(c, &rig, data, &err) && (free(before), true));
	ck_assert_int_eq(err.code, ENODEV);
	ck_assert_ptr_nonnull(strstr(err.message, "removed"));
	ck_assert_uint_eq(psx_classifier_get_info(c)->epochs, _i < 4 ? 0 : 1);
	ck_assert(!psx_classifier_get_epoch(c, 0) == (_i < 4));
	after = saved(c, "after.json");
	ck_assert_str_eq(after, before);
	psx_device_close(dev);
	dev = open_device(IDEAL);
	(void)train(c, dev, NULL, data, 4);
	free(after);
	after = saved(c, "after.json");
	ck_assert_str_eq(after, whole);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
	free(before);
	free(after);
	free(whole);
}
END_TEST

static int give_up_at(void *arg, const char *what, uint64_t done, uint64_t total)
{
	ck_assert_uint_lt(done, total);
	return !strcmp(what, "samples") && done == *(const uint64_t *)arg;
}

START_TEST(given_up_in_mid_epoch)
{
	static uint64_t at = 33;
	struct psx_dataset *data = letters_new(9, 0.2, 0.2, 20, 5);
	char *whole = uninterrupted(data, 3), *after;
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_classifier_rig rig = { .device = dev, .progress = give_up_at, .arg = &at };
	struct psx_error err = { 0 };

	(void)train(c, dev, NULL, data, 1);
	ck_assert_int_eq(psx_classifier_train(c, &rig, data, &err), -1);
	ck_assert_int_eq(err.code, ECANCELED);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	(void)train(c, dev, NULL, data, 3);
	after = saved(c, "after.json");
	ck_assert_str_eq(after, whole);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
	free(whole);
	free(after);
}
END_TEST

START_TEST(silly_rates_are_said_to_be)
{
	static const double rates[] = { 50, 1e4, 1e300 };
	struct psx_dataset *data = letters_new(9, 0.2, 0, 20, 5);
	struct psx_classifier *c =
		begin(data, &(struct psx_classifier_options){ .rate = rates[_i] });
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_classifier_rig rig = { .device = dev };
	struct psx_error err = { 0 };
	unsigned int i;

	ck_assert_int_eq(psx_classifier_train(c, &rig, data, &err), -1);
	ck_assert_int_eq(err.code, ERANGE);
	ck_assert_msg(strstr(err.message, "learning rate") && strstr(err.message, "too large"), "%s",
		      err.message);
	ck_assert_uint_eq(psx_classifier_get_info(c)->epochs, 0);
	ck_assert_str_eq(psx_classifier_get_info(c)->serial, "");
	for (i = 0; i < TAPS; i++)
		ck_assert_double_le(fabs(psx_classifier_get_weights(c, 0)[i]), 0.1);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* What is wrong is not the rate */
START_TEST(strange_inputs_are_said_to_be)
{
	static const struct {
		uint64_t exposure_ns;
		int code;
		const char *why;
	} cases[] = {
		{ 1000, EINVAL, "too short: the largest level, 65535, is 0.26 steps of the ADC then" },
		{ 0, ERANGE, "too large for inputs up to 16, as levels beyond 4095 are: 0.002 " },
	};
	struct psx_dataset *data = psx_dataset_new(3, NULL);
	struct psx_image *image = psx_image_new(3, 3);
	struct psx_device *dev = open_device(IDEAL);
	const struct psx_classifier_rig rig = { .device = dev };
	struct psx_classifier *c;
	struct psx_error err = { 0 };
	unsigned int i, n;

	for (i = 0; i < 32; i++) {
		for (n = 0; n < TAPS; n++)
			psx_image_edit_levels(image)[n] = (n + i) % 2 ? 65535 : 0;
		ck_assert_int_eq(psx_dataset_add(data, image, i / 2 % 2 ? "a" : "b", i < 4, "it", NULL), 0);
	}
	c = begin(data, &(struct psx_classifier_options){ .exposure_ns = cases[_i].exposure_ns });
	ck_assert_int_eq(psx_classifier_train(c, &rig, data, &err), -1);
	ck_assert_msg(err.code == cases[_i].code && strstr(err.message, cases[_i].why), "%s",
		      err.message);
	psx_classifier_free(c);
	psx_image_free(image);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* Wherever the stage was left, the detector sees what it is shown; and a larger object
 * is not that */
START_TEST(samples_lie_where_it_looks)
{
	const char *uri = "sim:profile=macropixel,width=3,height=3,scene=flat:0";
	struct psx_dataset *data = letters_new(3, 0.2, 0.1, 4, 2);
	struct psx_classifier *home = begin(data, NULL), *away = begin(data, NULL);
	struct psx_device *there = open_device(uri), *moved = open_device(uri);
	struct psx_device *large = open_device("sim:profile=macropixel,width=9,height=9,scene=flat:0");
	const struct psx_classifier_rig rig = { .device = large };
	unsigned int n;

	ck_assert_int_eq(psx_device_move(moved, 21000, -21000), 0);
	(void)train(home, there, NULL, data, 1);
	(void)train(away, moved, NULL, data, 1);
	for (n = 0; n < CLASSES; n++)
		ck_assert_mem_eq(psx_classifier_get_weights(home, n),
				 psx_classifier_get_weights(away, n), TAPS * sizeof(double));
	ck_assert_int_eq(psx_classifier_check(home, &rig, data, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_device_close(there);
	psx_device_close(moved);
	psx_device_close(large);
	psx_classifier_free(home);
	psx_classifier_free(away);
	psx_dataset_free(data);
}
END_TEST

START_TEST(options_out_of_range)
{
	static const struct psx_classifier_options bad[] = {
		{ .rate = -1 }, { .rate = NAN }, { .rate = INFINITY }, { .batch = 65537 },
		{ .frames = 1025 }, { .epochs = 100001 },
	};
	struct psx_dataset *data = letters_new(9, 0.2, 0, 5, 5), *untested = letters_new(9, 0, 0, 5, 0);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_ptr_null(psx_classifier_new(data, &bad[i], NULL));
		ck_assert_int_eq(errno, EINVAL);
	}
	ck_assert_ptr_null(psx_classifier_new(untested, NULL, NULL));
	ck_assert_int_eq(errno, EINVAL);
	psx_dataset_free(data);
	psx_dataset_free(untested);
}
END_TEST

START_TEST(another_one_is_refused)
{
	struct psx_dataset *data = letters_new(9, 0.2, 0, 5, 5), *other = letters_new(10, 0.2, 0, 5, 5);
	struct psx_classifier *c = begin(data, NULL);
	struct psx_device *dev = open_device(REAL), *second = open_device(REAL ",seed=2");
	struct psx_device *large = open_device("sim:width=6,height=6,scene=flat:0");
	struct psx_classifier_rig rig = { .device = dev };

	ck_assert_int_eq(psx_classifier_train(c, &rig, other, NULL), -1);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(psx_classifier_train(c, &rig, data, NULL), 0);
	rig.device = second;
	ck_assert_int_eq(psx_classifier_train(c, &rig, data, NULL), -1);
	ck_assert_int_eq(errno, EXDEV);
	rig.device = large;
	ck_assert_int_eq(psx_classifier_check(c, &rig, data, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_device_close(dev);
	psx_device_close(second);
	psx_device_close(large);
	psx_classifier_free(c);
	psx_dataset_free(data);
	psx_dataset_free(other);
}
END_TEST

/* Before there is voltage */
START_TEST(more_classes_than_banks)
{
	struct psx_dataset *data = psx_dataset_new(3, NULL);
	struct psx_image *image = psx_image_new(3, 3);
	struct psx_device *dev = open_device(REAL);
	const struct psx_classifier_rig rig = { .device = dev };
	struct psx_classifier *c;
	struct psx_error err = { 0 };
	char label[8];
	unsigned int i;

	for (i = 0; i < 256; i++) {
		(void)snprintf(label, sizeof(label), "%u", i);
		ck_assert_int_eq(psx_dataset_add(data, image, label, false, "it", NULL), 0);
		ck_assert_int_eq(psx_dataset_add(data, image, label, true, "it", NULL), 0);
	}
	c = begin(data, NULL);
	ck_assert_int_eq(psx_classifier_train(c, &rig, data, &err), -1);
	ck_assert_int_eq(err.code, ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.message, "has 256 banks, for 255 of them"));
	ck_assert_uint_eq(psx_device_get_status(dev)->made, 0);
	psx_classifier_free(c);
	psx_image_free(image);
	psx_device_close(dev);
	psx_dataset_free(data);
}
END_TEST

/* Every length cut, and what is changed: an error, or a classifier that is possible */
START_TEST(hostile_files)
{
	static const char *const changes[][2] = {
		{ "\"k\":3", "\"k\":4" },	    { "\"k\":3", "\"k\":5" },
		{ "\"version\":1", "\"version\":2" }, { "\"best\":1", "\"best\":2" },
		{ "\"epoch\":0", "\"epoch\":1" },
		{ "\"train\":20", "\"train\":21" },   { "\"train\":20", "\"train\":9999999" },
		{ "\"batch\":16", "\"batch\":0" },    { "\"rate\":0.5", "\"rate\":-1" },
		{ "\"seed\":\"0\"", "\"seed\":\"\"" },
		{ "\"image_width\":3", "\"image_width\":2" },
		{ "\"seed\":\"0\"", "\"seed\":\"-1\"" }, { "\"scales\":[", "\"scales\":[4.0," },
		{ "\"weights\":[[", "\"weights\":[[1.5," },
		{ "\"codes\":[[", "\"codes\":[[-32768," }, { "[\"H\",", "[" }, { "\"H\"", "7" },
		{ "\"H\"", "\"\\u001b\"" },
		{ "\"inputs\"", "\"outputs\"" },      { "psxdet classifier", "psxdet calibration" },
		{ "\"frames\":1", "\"frames\":1.5" },
	};
	struct psx_dataset *data = letters_new(9, 0.2, 0, 5, 5);
	struct psx_classifier *c = begin(data, NULL), *other;
	struct psx_device *dev = open_device(IDEAL);
	struct psx_error err;
	char *text, *place, *changed = calloc(1, 1 << 20);
	size_t length, i;

	ck_assert_ptr_nonnull(changed);
	(void)train(c, dev, NULL, data, 1);
	text = saved(c, "good.json");
	length = strlen(text);
	for (i = 0; i < length - 1; i += 7) {
		memcpy(changed, text, i);
		changed[i] = '\0';
		ck_assert_ptr_null(psx_classifier_load(write_text("bad.json", changed), &err));
		ck_assert_msg(err.code == EBADMSG && strstr(err.message, "bad.json"), "%s", err.message);
	}
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		place = strstr(text, changes[i][0]);
		ck_assert_msg(place != NULL, "%s", changes[i][0]);
		(void)sprintf(changed, "%.*s%s%s", (int)(place - text), text, changes[i][1],
			      place + strlen(changes[i][0]));
		other = psx_classifier_load(write_text("bad.json", changed), &err);
		ck_assert_msg(!other && (err.code == EBADMSG || err.code == ENOTSUP),
			      "%s was accepted", changes[i][1]);
	}
	ck_assert_ptr_null(psx_classifier_load(in_folder("none.json"), &err));
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_int_eq(psx_classifier_save(c, in_folder("no/where.json"), &err), -1);
	psx_classifier_free(c);
	psx_device_close(dev);
	psx_dataset_free(data);
	free(text);
	free(changed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classifier");
	TCase *data = tcase_create("data sets"), *measured = tcase_create("measured");
	TCase *learned = tcase_create("learned"), *broken = tcase_create("broken off");

	tcase_add_checked_fixture(data, make_folder, remove_folder);
	tcase_add_test(data, csv_is_read);
	tcase_add_test(data, csv_may_be_quoted);
	tcase_add_loop_test(data, bad_csv_is_refused_by_line, 0, sizeof(bad_csv) / sizeof(bad_csv[0]));
	tcase_add_loop_test(data, csv_without_an_end, 0, 3);
	tcase_add_test(data, csv_of_two_digits);
	tcase_add_test(data, folders_are_labels);
	tcase_add_test(data, folders_train_and_test);
	tcase_add_test(data, images_are_reduced_to_means);
	tcase_set_timeout(measured, 60);
	tcase_add_test(measured, epoch_0_is_untrained);
	tcase_add_test(measured, a_step_is_the_gradient);
	tcase_add_test(measured, mean_of_noisy_inputs);
	tcase_add_test(measured, outputs_are_weighted_sums);
	tcase_add_test(measured, calibrated_outputs_are_nearer);
	tcase_add_test(measured, zero_weights_are_a_bank);
	tcase_set_timeout(learned, 120);
	tcase_add_loop_test(learned, hust_is_learned, 0, 5);
	tcase_add_loop_test(learned, hust_is_learned_in_spite, 0, 20);
	tcase_add_loop_test(learned, negative_control, 0, 2);
	tcase_add_test(learned, boxes_and_confusion_add_up);
	tcase_add_checked_fixture(broken, make_folder, remove_folder);
	tcase_set_timeout(broken, 60);
	tcase_add_test(broken, loaded_goes_on_to_the_same_bits);
	tcase_add_loop_test(broken, device_removed_in_mid_epoch, 0, 6);
	tcase_add_test(broken, given_up_in_mid_epoch);
	tcase_add_loop_test(broken, silly_rates_are_said_to_be, 0, 3);
	tcase_add_loop_test(broken, strange_inputs_are_said_to_be, 0, 2);
	tcase_add_test(broken, samples_lie_where_it_looks);
	tcase_add_test(broken, options_out_of_range);
	tcase_add_test(broken, another_one_is_refused);
	tcase_add_test(broken, more_classes_than_banks);
	tcase_add_test(broken, hostile_files);
	suite_add_tcase(suite, data);
	suite_add_tcase(suite, measured);
	suite_add_tcase(suite, learned);
	suite_add_tcase(suite, broken);
	return unit_main(suite);
}
