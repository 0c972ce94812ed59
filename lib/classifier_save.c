// SPDX-License-Identifier: MIT
/* Classifiers as files: JSON (docs/classifier.md). */
#include "classifier.h"

#include "classifier_file.h"
#include "error.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *real_rows(const double *values, size_t rows, size_t columns)
{
	json_t *array = json_array();
	size_t r, i;

	for (r = 0; r < rows; r++) {
		json_t *row = json_array();

		for (i = 0; i < columns; i++)
			(void)json_array_append_new(row, json_real(values[r * columns + i]));
		(void)json_array_append_new(array, row);
	}
	return array;
}

/* Any kind of whole numbers */
#define WHOLE_ROWS(name, type)                                                        \
	static json_t *name(const type *values, size_t rows, size_t columns)          \
	{                                                                             \
		json_t *array = json_array();                                         \
		size_t r, i;                                                          \
                                                                                      \
		for (r = 0; r < rows; r++) {                                          \
			json_t *row = json_array();                                   \
                                                                                      \
			for (i = 0; i < columns; i++)                                 \
				(void)json_array_append_new(                          \
					row, json_integer(values[r * columns + i]));  \
			(void)json_array_append_new(array, row);                      \
		}                                                                     \
		return array;                                                         \
	}

WHOLE_ROWS(code_rows, int16_t)
WHOLE_ROWS(input_rows, int32_t)
WHOLE_ROWS(count_rows, unsigned int)

static json_t *scales_json(const struct psx_classifier *c)
{
	json_t *array = json_array();
	unsigned int n;

	for (n = 0; n < c->info.classes; n++)
		(void)json_array_append_new(array, json_real(c->scales[n] / 256.0));
	return array;
}

static json_t *epoch_json(const struct psx_classifier *c, unsigned int index)
{
	const struct psx_epoch *epoch = &c->epochs[index];
	const size_t boxes = (size_t)c->info.classes * c->info.classes;

	return json_pack("{s:i, s:f, s:f, s:f, s:o}", "epoch", (int)index, "loss", epoch->loss,
			 "train_accuracy", epoch->train_accuracy, "test_accuracy",
			 epoch->test_accuracy, "outputs",
			 real_rows((const double *)epoch->boxes, boxes, PSX_BOX_VALUES));
}

static json_t *options_json(const struct psx_classifier_options *o)
{
	char seed[24];

	(void)snprintf(seed, sizeof(seed), "%llu", (unsigned long long)o->seed);
	return json_pack("{s:f, s:i, s:i, s:i, s:s, s:i, s:I}", "rate", o->rate, "batch", (int)o->batch,
			 "epochs", (int)o->epochs, "patience", (int)o->patience, "seed", seed,
			 "frames", (int)o->frames, "exposure_ns", (json_int_t)o->exposure_ns);
}

static json_t *head_json(const struct psx_classifier *c)
{
	const struct psx_classifier_info *info = &c->info;
	json_t *labels = json_array();
	unsigned int n;

	for (n = 0; n < info->classes; n++)
		(void)json_array_append_new(labels, json_string(c->labels[n]));
	return json_pack("{s:s, s:i, s:s, s:i, s:I, s:I, s:o, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:i}",
			 "format", PSX_CLASSIFIER_FORMAT, "version", PSX_CLASSIFIER_VERSION, "psxdet",
			 psx_version(), "k", (int)info->k, "image_width",
			 (json_int_t)info->image_width, "image_height",
			 (json_int_t)info->image_height, "labels", labels, "serial", info->serial,
			 "model", info->model, "simulated", info->simulated, "calibration_id",
			 (json_int_t)info->calibration_id, "data_id", (json_int_t)info->data_id,
			 "train", (json_int_t)info->train, "test", (json_int_t)info->test, "options",
			 options_json(&info->options), "best", (int)info->best);
}

static json_t *to_json(const struct psx_classifier *c)
{
	const size_t classes = c->info.classes, taps = psx_classifier_taps(c);
	json_t *root = head_json(c), *history = json_array();
	unsigned int i;

	for (i = 0; i < psx_classifier_tests(c); i++)
		(void)json_array_append_new(history, epoch_json(c, i));
	(void)json_object_set_new(root, "weights", real_rows(c->best, classes, taps));
	(void)json_object_set_new(root, "codes", code_rows(c->codes, classes, taps));
	(void)json_object_set_new(root, "scales", scales_json(c));
	(void)json_object_set_new(root, "confusion", count_rows(c->confusion, classes, classes));
	(void)json_object_set_new(root, "history", history);
	(void)json_object_set_new(root, "last_weights", real_rows(c->weights, classes, taps));
	if (c->inputs)
		(void)json_object_set_new(root, "inputs",
					  input_rows(c->inputs, c->info.train, taps));
	return root;
}

static char *to_text(const struct psx_classifier *c)
{
	json_t *root = to_json(c);
	char *text = json_dumps(root, JSON_PRESERVE_ORDER | JSON_COMPACT | JSON_REAL_PRECISION(17));

	json_decref(root);
	return text;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t wrote = write(fd, text, length);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -1;
		text += wrote;
		length -= (size_t)wrote;
	}
	return 0;
}

int psx_classifier_save(const struct psx_classifier *c, const char *path, struct psx_error *err)
{
	struct psx_output out;
	char *text = to_text(c);
	int failed;

	if (!text)
		return psx_error_set(err, ENOMEM, "out of memory");
	failed = psx_output_open(&out, path);
	if (!failed) {
		failed = write_all(out.fd, text, strlen(text)) || write_all(out.fd, "\n", 1) ||
			 psx_output_commit(&out);
		psx_output_discard(&out);
	}
	free(text);
	if (failed)
		return psx_error_set(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	return 0;
}
