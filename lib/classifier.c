// SPDX-License-Identifier: MIT
/* The classifier object. */
#include "classifier.h"

#include "error.h"
#include "splitmix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_WEIGHT 0.1
#define ADC_SHARE    0.9 /* of its range, for the brightest sample at full weights */
#define SECOND_NS    1000000000

static const struct psx_classifier_options defaults = {
	.rate = 0.5, .batch = 16, .epochs = 50, .patience = 10, .frames = 1,
};

int psx_classifier_check_options(struct psx_classifier_options *o, struct psx_error *err)
{
	if (o->rate == 0)
		o->rate = defaults.rate;
	o->batch = o->batch ? o->batch : defaults.batch;
	o->epochs = o->epochs ? o->epochs : defaults.epochs;
	o->patience = o->patience ? o->patience : defaults.patience;
	o->frames = o->frames ? o->frames : defaults.frames;
	if (!(o->rate > 0) || !isfinite(o->rate))
		return psx_error_set(err, EINVAL, "a learning rate of %g is not above 0", o->rate);
	if (o->batch > PSX_MOST_BATCH)
		return psx_error_set(err, EINVAL, "a batch of %u is more than %u", o->batch,
				     PSX_MOST_BATCH);
	if (o->epochs > PSX_MOST_EPOCHS || o->patience > PSX_MOST_EPOCHS)
		return psx_error_set(err, EINVAL, "%u epochs are more than %u",
				     o->epochs > PSX_MOST_EPOCHS ? o->epochs : o->patience,
				     PSX_MOST_EPOCHS);
	if (o->frames > PSX_MOST_FRAMES)
		return psx_error_set(err, EINVAL, "%u exposures a sample are more than %u", o->frames,
				     PSX_MOST_FRAMES);
	return 0;
}

struct psx_classifier *psx_classifier_make(unsigned int k, unsigned int classes)
{
	struct psx_classifier *c = calloc(1, sizeof(*c));
	const size_t taps = (size_t)k * k, weights = taps * classes;

	if (!c)
		return NULL;
	c->info.k = k;
	c->info.classes = classes;
	c->labels = calloc(classes, sizeof(*c->labels));
	c->weights = calloc(weights, sizeof(*c->weights));
	c->best = calloc(weights, sizeof(*c->best));
	c->codes = calloc(weights, sizeof(*c->codes));
	c->scales = calloc(classes, sizeof(*c->scales));
	c->confusion = calloc((size_t)classes * classes, sizeof(*c->confusion));
	c->mean = calloc(taps, sizeof(*c->mean));
	if (c->labels && c->weights && c->best && c->codes && c->scales && c->confusion && c->mean)
		return c;
	psx_classifier_free(c);
	errno = ENOMEM;
	return NULL;
}

int psx_classifier_make_inputs(struct psx_classifier *c)
{
	c->inputs = calloc(c->info.train * psx_classifier_taps(c), sizeof(*c->inputs));
	return c->inputs ? 0 : -1;
}

void psx_classifier_set_mean(struct psx_classifier *c)
{
	const unsigned int taps = psx_classifier_taps(c);
	unsigned int i;
	size_t n;

	for (i = 0; i < taps; i++) {
		int64_t sum = 0;

		for (n = 0; n < c->info.train; n++)
			sum += c->inputs[n * taps + i];
		c->mean[i] = (double)sum / (double)c->info.train / psx_classifier_unit(c);
	}
}

/* So long that the brightest sample stays within the ADC, 1 s at most */
static uint64_t exposure_for(const struct psx_dataset *data)
{
	double most = 1;
	unsigned int i;
	size_t n;

	for (n = 0; n < data->count; n++) {
		double sum = 0;

		for (i = 0; i < data->k * data->k; i++)
			sum += psx_image_get_levels(data->items[n].image)[i];
		most = fmax(most, sum);
	}
	return (uint64_t)(fmin(1, ADC_SHARE * PSX_ADC_LEVELS / most) * SECOND_NS);
}

static int count_samples(const struct psx_dataset *data, struct psx_classifier_info *info,
			 struct psx_error *err)
{
	size_t counts[PSX_CLASSES_MOST] = { 0 }, n;
	unsigned int i;

	info->train = info->test = 0;
	for (n = 0; n < data->count; n++) {
		info->test += data->items[n].test;
		info->train += !data->items[n].test;
		counts[data->items[n].label] += !data->items[n].test;
	}
	if (data->classes < 2)
		return psx_error_set(err, EINVAL, "%u label%s: a classifier needs at least 2",
				     data->classes, data->classes == 1 ? "" : "s");
	for (i = 0; i < data->classes; i++)
		if (!counts[i])
			return psx_error_set(err, EINVAL, "label '%.40s' has no samples to train with",
					     data->labels[i]);
	if (!info->test)
		return psx_error_set(err, EINVAL, "no samples are kept for testing");
	return 0;
}

struct psx_classifier *psx_classifier_new(const struct psx_dataset *data,
					  const struct psx_classifier_options *options,
					  struct psx_error *err)
{
	struct psx_classifier_options chosen = options ? *options : defaults;
	struct psx_classifier_info counts;
	struct psx_classifier *c;
	uint64_t state = chosen.seed;
	unsigned int i;

	if (psx_classifier_check_options(&chosen, err) || count_samples(data, &counts, err))
		return NULL;
	c = psx_classifier_make(data->k, data->classes);
	if (!c)
		return psx_error_null(err, ENOMEM, "out of memory");
	c->info.options = chosen;
	if (!chosen.exposure_ns)
		c->info.options.exposure_ns = exposure_for(data);
	c->info.data_id = psx_dataset_id(data);
	psx_dataset_get_size(data, &c->info.image_width, &c->info.image_height);
	c->info.train = counts.train;
	c->info.test = counts.test;
	for (i = 0; i < data->classes * psx_classifier_taps(c); i++)
		c->weights[i] = c->best[i] = FIRST_WEIGHT * (2 * psx_splitmix_unit(&state) - 1);
	for (i = 0; i < data->classes; i++) {
		c->labels[i] = strdup(data->labels[i]);
		if (!c->labels[i]) {
			psx_classifier_free(c);
			return psx_error_null(err, ENOMEM, "out of memory");
		}
	}
	return c;
}

void psx_classifier_free(struct psx_classifier *c)
{
	int code = errno;
	unsigned int i;

	if (!c)
		return;
	for (i = 0; c->labels && i < c->info.classes; i++)
		free(c->labels[i]);
	for (i = 0; i < psx_classifier_tests(c); i++)
		free((void *)c->epochs[i].boxes);
	free(c->labels);
	free(c->weights);
	free(c->best);
	free(c->codes);
	free(c->scales);
	free(c->confusion);
	free(c->inputs);
	free(c->mean);
	free(c->epochs);
	free(c);
	errno = code;
}

struct psx_epoch *psx_classifier_add_epoch(struct psx_classifier *c)
{
	const size_t boxes = (size_t)c->info.classes * c->info.classes;
	const unsigned int tests = psx_classifier_tests(c);
	const struct psx_epoch epoch = { .boxes = calloc(boxes, sizeof(struct psx_box)) };
	struct psx_epoch *epochs =
		epoch.boxes ? reallocarray(c->epochs, tests + 1, sizeof(*epochs)) : NULL;

	if (!epochs) {
		free((void *)epoch.boxes);
		return NULL;
	}
	c->epochs = epochs;
	c->info.epochs = tests;
	epochs[tests] = epoch;
	return &epochs[tests];
}

void psx_classifier_forget(struct psx_classifier *c)
{
	free(c->inputs);
	c->inputs = NULL;
	memset(c->mean, 0, psx_classifier_taps(c) * sizeof(*c->mean));
	if (c->epochs)
		free((void *)c->epochs[0].boxes);
	free(c->epochs);
	c->epochs = NULL;
}

bool psx_epoch_is_better(const struct psx_epoch *a, const struct psx_epoch *b)
{
	if (a->test_accuracy != b->test_accuracy)
		return a->test_accuracy > b->test_accuracy;
	return a->loss < b->loss;
}

/* Patience counts from the last epoch that was better in its test than all before */
enum psx_classifier_stop psx_classifier_judge(const struct psx_classifier *c)
{
	const struct psx_classifier_info *info = &c->info;
	unsigned int i, since = 0;
	double best = -1;

	for (i = 1; i <= info->epochs; i++) {
		since = c->epochs[i].test_accuracy > best ? i : since;
		best = fmax(best, c->epochs[i].test_accuracy);
	}
	if (info->epochs && c->epochs[info->epochs].test_accuracy >= 1)
		return PSX_STOP_PERFECT;
	if (info->epochs >= since + info->options.patience)
		return PSX_STOP_PATIENCE;
	return info->epochs >= info->options.epochs ? PSX_STOP_EPOCHS : PSX_STOP_NONE;
}

const struct psx_classifier_info *psx_classifier_get_info(const struct psx_classifier *c)
{
	return &c->info;
}

static bool refuse(bool bad, int code)
{
	if (bad)
		errno = code;
	return bad;
}

const char *psx_classifier_get_label(const struct psx_classifier *c, unsigned int label)
{
	return label < c->info.classes ? c->labels[label] : NULL;
}

const double *psx_classifier_get_weights(const struct psx_classifier *c, unsigned int label)
{
	if (refuse(label >= c->info.classes, EINVAL))
		return NULL;
	return c->best + (size_t)label * psx_classifier_taps(c);
}

const int16_t *psx_classifier_get_codes(const struct psx_classifier *c, unsigned int label)
{
	if (refuse(label >= c->info.classes, EINVAL) || refuse(!c->info.best, ENODATA))
		return NULL;
	return c->codes + (size_t)label * psx_classifier_taps(c);
}

const struct psx_epoch *psx_classifier_get_epoch(const struct psx_classifier *c, unsigned int epoch)
{
	return refuse(epoch >= psx_classifier_tests(c), EINVAL) ? NULL : &c->epochs[epoch];
}

const unsigned int *psx_classifier_get_confusion(const struct psx_classifier *c)
{
	return c->confusion;
}

int psx_classifier_set_epochs(struct psx_classifier *c, unsigned int epochs)
{
	if (refuse(!epochs || epochs > PSX_MOST_EPOCHS, EINVAL))
		return -1;
	c->info.options.epochs = epochs;
	c->info.stop = psx_classifier_judge(c);
	return 0;
}
