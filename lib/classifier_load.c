// SPDX-License-Identifier: MIT
/* Classifiers from files, which may hold anything. */
#include "classifier.h"

#include "classifier_file.h"
#include "error.h"
#include "image.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	const char *path; /* for messages */
	const json_t *root;
	struct psx_classifier *c;
	struct psx_error *err;
};

static int reject(const struct reading *r, const char *key)
{
	return psx_error_set(r->err, EBADMSG, "%s: \"%s\" is missing or impossible", r->path, key);
}

static int get_whole(const struct reading *r, const json_t *object, const char *key,
		     json_int_t least, json_int_t most, json_int_t *value)
{
	const json_t *member = json_object_get(object, key);

	*value = json_integer_value(member);
	if (!json_is_integer(member) || *value < least || *value > most)
		return reject(r, key);
	return 0;
}

static int get_real(const struct reading *r, const json_t *object, const char *key, double least,
		    double most, double *value)
{
	const json_t *member = json_object_get(object, key);

	*value = json_number_value(member);
	if (!json_is_number(member) || !(*value >= least && *value <= most))
		return reject(r, key);
	return 0;
}

static int get_text(const struct reading *r, const char *key, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(r->root, key));

	if (!value || strlen(value) >= size)
		return reject(r, key);
	memcpy(text, value, strlen(value) + 1);
	return 0;
}

/* rows x columns numbers within least..most; put() keeps one */
static int get_rows(const struct reading *r, const json_t *array, const char *key, size_t rows,
		    size_t columns, double least, double most, bool whole,
		    void (*put)(void *values, size_t at, double value), void *values)
{
	size_t row, i;

	if (json_array_size(array) != rows)
		return reject(r, key);
	for (row = 0; row < rows; row++) {
		const json_t *numbers = json_array_get(array, row);

		if (json_array_size(numbers) != columns)
			return reject(r, key);
		for (i = 0; i < columns; i++) {
			const json_t *number = json_array_get(numbers, i);
			const double value = json_number_value(number);

			if (!(whole ? json_is_integer(number) : json_is_number(number)) ||
			    !(value >= least && value <= most))
				return reject(r, key);
			put(values, row * columns + i, value);
		}
	}
	return 0;
}

static void put_real(void *values, size_t at, double value)
{
	((double *)values)[at] = value;
}

static void put_code(void *values, size_t at, double value)
{
	((int16_t *)values)[at] = (int16_t)value;
}

static void put_count(void *values, size_t at, double value)
{
	((unsigned int *)values)[at] = (unsigned int)value;
}

static void put_input(void *values, size_t at, double value)
{
	((int32_t *)values)[at] = (int32_t)value;
}

static int read_options(const struct reading *r)
{
	struct psx_classifier_options *o = &r->c->info.options;
	const json_t *object = json_object_get(r->root, "options");
	const char *seed = json_string_value(json_object_get(object, "seed"));
	json_int_t batch, epochs, patience, frames, exposure;
	char *end;

	if (get_real(r, object, "rate", 1e-300, 1e300, &o->rate) ||
	    get_whole(r, object, "batch", 1, PSX_MOST_BATCH, &batch) ||
	    get_whole(r, object, "epochs", 1, PSX_MOST_EPOCHS, &epochs) ||
	    get_whole(r, object, "patience", 1, PSX_MOST_EPOCHS, &patience) ||
	    get_whole(r, object, "frames", 1, PSX_MOST_FRAMES, &frames) ||
	    get_whole(r, object, "exposure_ns", 1, INT64_MAX, &exposure))
		return -1;
	errno = 0;
	o->seed = seed ? strtoull(seed, &end, 10) : 0;
	if (!seed || !isdigit((unsigned char)seed[0]) || *end || errno)
		return reject(r, "seed");
	o->batch = (unsigned int)batch;
	o->epochs = (unsigned int)epochs;
	o->patience = (unsigned int)patience;
	o->frames = (unsigned int)frames;
	o->exposure_ns = (uint64_t)exposure;
	return 0;
}

static int read_labels(const struct reading *r)
{
	const json_t *labels = json_object_get(r->root, "labels");
	unsigned int n;

	for (n = 0; n < r->c->info.classes; n++) {
		const char *label = json_string_value(json_array_get(labels, n));

		if (!label || !*label || !psx_label_is_text(label))
			return reject(r, "labels");
		r->c->labels[n] = strdup(label);
		if (!r->c->labels[n])
			return psx_error_set(r->err, ENOMEM, "out of memory");
	}
	return 0;
}

static int read_facts(const struct reading *r)
{
	struct psx_classifier_info *info = &r->c->info;
	json_int_t width, height, calibration, id, train, test;

	if (get_whole(r, r->root, "image_width", info->k, PSX_IMAGE_MAX_SIDE, &width) ||
	    get_whole(r, r->root, "image_height", info->k, PSX_IMAGE_MAX_SIDE, &height) ||
	    get_whole(r, r->root, "calibration_id", 0, UINT32_MAX, &calibration) ||
	    get_whole(r, r->root, "data_id", 0, UINT32_MAX, &id) ||
	    get_whole(r, r->root, "train", info->classes, PSX_SAMPLES_MOST, &train) ||
	    get_whole(r, r->root, "test", 1, PSX_SAMPLES_MOST, &test) ||
	    get_text(r, "serial", info->serial, sizeof(info->serial)) ||
	    get_text(r, "model", info->model, sizeof(info->model)))
		return -1;
	info->image_width = (uint32_t)width;
	info->image_height = (uint32_t)height;
	info->calibration_id = (uint32_t)calibration;
	info->data_id = (uint32_t)id;
	info->train = (size_t)train;
	info->test = (size_t)test;
	info->simulated = json_is_true(json_object_get(r->root, "simulated"));
	return 0;
}

static int read_history(const struct reading *r)
{
	const json_t *history = json_object_get(r->root, "history");
	const size_t boxes = (size_t)r->c->info.classes * r->c->info.classes;
	json_int_t best;
	size_t i;

	if (!json_is_array(history) || json_array_size(history) == 1 ||
	    json_array_size(history) > PSX_MOST_EPOCHS + 1)
		return reject(r, "history");
	for (i = 0; i < json_array_size(history); i++) {
		const json_t *object = json_array_get(history, i);
		struct psx_epoch *epoch = psx_classifier_add_epoch(r->c);
		json_int_t number;

		if (!epoch)
			return psx_error_set(r->err, ENOMEM, "out of memory");
		if (get_whole(r, object, "epoch", (json_int_t)i, (json_int_t)i, &number))
			return -1;
		if (get_real(r, object, "loss", 0, 1e6, &epoch->loss) ||
		    get_real(r, object, "train_accuracy", 0, 1, &epoch->train_accuracy) ||
		    get_real(r, object, "test_accuracy", 0, 1, &epoch->test_accuracy) ||
		    get_rows(r, json_object_get(object, "outputs"), "outputs", boxes, PSX_BOX_VALUES,
			     -1e6, 1e6, false, put_real, (void *)epoch->boxes))
			return -1;
	}
	if (get_whole(r, r->root, "best", r->c->info.epochs ? 1 : 0, r->c->info.epochs, &best))
		return -1;
	r->c->info.best = (unsigned int)best;
	return 0;
}

static int read_scales(const struct reading *r)
{
	const json_t *scales = json_object_get(r->root, "scales");
	unsigned int n;

	if (json_array_size(scales) != r->c->info.classes)
		return reject(r, "scales");
	for (n = 0; n < r->c->info.classes; n++) {
		const double scale = json_number_value(json_array_get(scales, n)) * 256;

		if (!(scale >= (r->c->info.best ? 1 : 0) && scale <= UINT16_MAX) ||
		    scale != floor(scale))
			return reject(r, "scales");
		r->c->scales[n] = (uint16_t)scale;
	}
	return 0;
}

static int read_arrays(const struct reading *r)
{
	struct psx_classifier *c = r->c;
	const size_t classes = c->info.classes, taps = psx_classifier_taps(c);
	const json_t *root = r->root, *inputs = json_object_get(root, "inputs");

	if (get_rows(r, json_object_get(root, "weights"), "weights", classes, taps, -1, 1, false,
		     put_real, c->best) ||
	    get_rows(r, json_object_get(root, "last_weights"), "last_weights", classes, taps, -1, 1,
		     false, put_real, c->weights) ||
	    get_rows(r, json_object_get(root, "codes"), "codes", classes, taps, -PSX_CODE_MAX,
		     PSX_CODE_MAX, true, put_code, c->codes) ||
	    get_rows(r, json_object_get(root, "confusion"), "confusion", classes, classes, 0,
		     (double)c->info.test, true, put_count, c->confusion))
		return -1;
	if (!c->info.epochs)
		return 0;
	if (json_array_size(inputs) != c->info.train) /* before memory is taken for them */
		return reject(r, "inputs");
	if (psx_classifier_make_inputs(c))
		return psx_error_set(r->err, ENOMEM, "out of memory");
	if (get_rows(r, inputs, "inputs", c->info.train, taps, INT32_MIN, INT32_MAX, true, put_input,
		     c->inputs))
		return -1;
	psx_classifier_set_mean(c);
	return 0;
}

static int read_all(struct reading *r)
{
	const char *format = json_string_value(json_object_get(r->root, "format"));
	const size_t classes = json_array_size(json_object_get(r->root, "labels"));
	json_int_t version, k;

	if (!format || strcmp(format, PSX_CLASSIFIER_FORMAT) != 0)
		return psx_error_set(r->err, EBADMSG, "%s: not a classifier", r->path);
	if (get_whole(r, r->root, "version", 1, INT32_MAX, &version))
		return -1;
	if (version > PSX_CLASSIFIER_VERSION)
		return psx_error_set(r->err, ENOTSUP, "%s: version %d of a classifier, this reads %d",
				     r->path, (int)version, PSX_CLASSIFIER_VERSION);
	if (get_whole(r, r->root, "k", 3, PSX_KERNEL_MAX_K, &k) || !(k & 1))
		return reject(r, "k");
	if (classes < 2 || classes > PSX_CLASSES_MOST)
		return reject(r, "labels");
	r->c = psx_classifier_make((unsigned int)k, (unsigned int)classes);
	if (!r->c)
		return psx_error_set(r->err, ENOMEM, "out of memory");
	if (read_labels(r) || read_facts(r) || read_options(r) || read_history(r) || read_scales(r) ||
	    read_arrays(r))
		return -1;
	r->c->info.stop = psx_classifier_judge(r->c);
	return 0;
}

struct psx_classifier *psx_classifier_load(const char *path, struct psx_error *err)
{
	struct reading r = { .path = psx_error_path(path), .err = err };
	FILE *file = fopen(path, "re");
	json_error_t where;
	json_t *root;
	int failed;

	if (!file)
		return psx_error_null(err, errno, "%s: %s", r.path, strerror(errno));
	errno = 0;
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		const int code = ferror(file) ? errno : 0;

		(void)fclose(file);
		if (code)
			return psx_error_null(err, code, "%s: %s", r.path, strerror(code));
		return psx_error_null(err, EBADMSG, "%s:%d: %s: not a classifier, or cut short", r.path,
				      where.line, where.text);
	}
	(void)fclose(file);
	r.root = root;
	failed = read_all(&r);
	json_decref(root);
	if (!failed)
		return r.c;
	psx_classifier_free(r.c);
	return NULL;
}
