// SPDX-License-Identifier: MIT
/* Training: an epoch of mini-batch gradient descent, the outputs measured. */
#include "classifier_train.h"

#include "error.h"
#include "splitmix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GUESSES_WORST 1.5 /* times the loss of guessing: diverged */
#define LONGEST_STEP  2	  /* of a weight at once: from one end of its range to the other */

static int no_memory(struct psx_error *err)
{
	return psx_error_set(err, ENOMEM, "out of memory");
}

static void free_banks(struct psx_training *t)
{
	unsigned int n;

	for (n = 0; n < t->c->info.classes; n++) {
		psx_bank_free(t->banks[n]);
		t->banks[n] = NULL;
	}
}

static void clean_up(struct psx_training *t)
{
	psx_exposer_end(&t->exposer);
	free_banks(t);
	free(t->order);
	free(t->rows);
	free(t->weights);
	free(t->gradient);
	free(t->tests);
	free(t->answers);
}

static int set_up(struct psx_training *t)
{
	const struct psx_classifier_info *info = &t->c->info;
	const size_t weights = (size_t)info->classes * psx_classifier_taps(t->c);

	t->order = calloc(info->train, sizeof(*t->order));
	t->rows = calloc(t->data->count, sizeof(*t->rows));
	t->weights = calloc(weights, sizeof(*t->weights));
	t->gradient = calloc(weights, sizeof(*t->gradient));
	t->tests = calloc(info->test * info->classes, sizeof(*t->tests));
	t->answers = calloc(info->test, sizeof(*t->answers));
	if (!t->order || !t->rows || !t->weights || !t->gradient || !t->tests || !t->answers)
		return no_memory(t->err);
	memcpy(t->weights, t->c->weights, weights * sizeof(*t->weights));
	return 0;
}

/* Fisher and Yates, from the seed and the epoch's number: what came before does
 * not matter, so nothing is to be remembered */
static void shuffle(struct psx_training *t)
{
	uint64_t state = t->c->info.options.seed ^ (0x5851f42d4c957f2dull * (t->c->info.epochs + 1));
	size_t count = 0, i, n;

	for (n = 0; n < t->data->count; n++) {
		if (t->data->items[n].test)
			continue;
		t->rows[n] = count;
		t->order[count++] = n;
	}
	for (i = count - 1; i > 0; i--) {
		const size_t other = (size_t)psx_splitmix_below(&state, i + 1), kept = t->order[i];

		t->order[i] = t->order[other];
		t->order[other] = kept;
	}
}

int psx_training_load(struct psx_training *t)
{
	const unsigned int classes = t->c->info.classes;
	unsigned int n;

	free_banks(t);
	for (n = 0; n < classes; n++) {
		t->banks[n] = psx_exposer_bank(&t->exposer, t->weights + n * psx_classifier_taps(t->c));
		if (!t->banks[n])
			return -1;
	}
	return psx_exposer_load(&t->exposer, t->banks, classes);
}

int psx_training_measure(struct psx_training *t, size_t index, double *outputs)
{
	int32_t sums[PSX_CLASSES_MOST];

	if (psx_exposer_show(&t->exposer, t->data->items[index].image, index, sums))
		return -1;
	psx_classifier_outputs(t->c, t->weights, sums, outputs);
	return 0;
}

/* The gradient of one sample's cross-entropy joins the batch's */
static void learn(struct psx_training *t, size_t index, const double *outputs)
{
	const unsigned int classes = t->c->info.classes, taps = psx_classifier_taps(t->c);
	const unsigned int label = t->data->items[index].label;
	const int32_t *inputs = t->c->inputs + t->rows[index] * taps;
	const double unit = psx_classifier_unit(t->c);
	double p[PSX_CLASSES_MOST];
	unsigned int n, i;

	psx_classifier_softmax(outputs, classes, p);
	t->loss -= log(fmax(p[label], 1e-300));
	t->right += psx_classifier_answer(outputs, classes) == label;
	for (n = 0; n < classes; n++)
		for (i = 0; i < taps; i++)
			t->gradient[n * taps + i] +=
				(p[n] - (n == label)) * (inputs[i] / unit - t->c->mean[i]);
}

/* The ends of the weights keep the loss bounded at any rate; what tells is how far
 * one change goes */
static int change_weights(struct psx_training *t, size_t batch)
{
	const size_t count = (size_t)t->c->info.classes * psx_classifier_taps(t->c);
	const double rate = t->c->info.options.rate;
	double longest = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const double step = rate * (t->gradient[i] / (double)batch);

		longest = fmax(longest, fabs(step));
		t->weights[i] = fmax(-1, fmin(1, t->weights[i] - step));
		t->gradient[i] = 0;
	}
	if (longest <= LONGEST_STEP)
		return 0;
	return psx_error_set(t->err, ERANGE,
			     "the learning rate %g is too large: it changes a weight by %.3g at once, "
			     "where all of its range is %d", rate, longest, LONGEST_STEP);
}

static int train_samples(struct psx_training *t)
{
	const size_t train = t->c->info.train;
	double outputs[PSX_CLASSES_MOST];
	size_t first, i, batch;

	for (first = 0; first < train; first += batch) {
		batch = train - first < t->c->info.options.batch ? train - first :
								   t->c->info.options.batch;
		if (psx_training_load(t))
			return -1;
		for (i = 0; i < batch; i++) {
			if (psx_training_measure(t, t->order[first + i], outputs))
				return -1;
			learn(t, t->order[first + i], outputs);
		}
		if (change_weights(t, batch))
			return -1;
	}
	t->loss /= (double)train;
	return 0;
}

static int check_loss(const struct psx_training *t)
{
	const double guessing = log(t->c->info.classes);

	if (isfinite(t->loss) && t->loss <= GUESSES_WORST * guessing)
		return 0;
	return psx_error_set(t->err, ERANGE,
			     "the learning rate %g is too large: the loss became %.3g, where guessing "
			     "has %.3g", t->c->info.options.rate, t->loss, guessing);
}

int psx_classifier_check(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
			 const struct psx_dataset *data, struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(rig->device);
	const uint32_t calibration =
		rig->calibration ? psx_calibration_get_info(rig->calibration)->id : 0;

	if (psx_exposer_check(c, rig, err))
		return -1;
	if (!data && !c->info.best)
		return psx_error_set(err, ENODATA, "the classifier was not trained");
	if (!data)
		return 0;
	if (psx_dataset_id(data) != c->info.data_id)
		return psx_error_set(err, EXDEV, "not the data set that the training began with");
	if (!c->info.epochs)
		return 0;
	if (strcmp(info->serial, c->info.serial) != 0)
		return psx_error_set(err, EXDEV, "the training began on detector %s, this is %s",
				     c->info.serial, info->serial);
	if (calibration != c->info.calibration_id)
		return psx_error_set(err, EXDEV,
				     "the training began with calibration %08x (0 = none), this is %08x",
				     c->info.calibration_id, calibration);
	return 0;
}

static void take_identity(struct psx_classifier *c, const struct psx_classifier_rig *rig)
{
	const struct psx_device_info *info = psx_device_get_info(rig->device);

	memcpy(c->info.serial, info->serial, sizeof(c->info.serial));
	memcpy(c->info.model, info->model, sizeof(c->info.model));
	c->info.simulated = info->simulated;
	c->info.calibration_id =
		rig->calibration ? psx_calibration_get_info(rig->calibration)->id : 0;
}

/* Measured once: what the gradient is computed from */
static int measure_inputs(struct psx_training *t)
{
	struct psx_classifier *c = t->c;

	if (c->inputs)
		return 0;
	if (psx_classifier_make_inputs(c))
		return no_memory(t->err);
	if (!psx_exposer_inputs(&t->exposer, t->data, c->inputs)) {
		psx_classifier_set_mean(c);
		return 0;
	}
	free(c->inputs);
	c->inputs = NULL;
	return -1;
}

int psx_classifier_train(struct psx_classifier *c, const struct psx_classifier_rig *rig,
			 const struct psx_dataset *data, struct psx_error *err)
{
	struct psx_training t = { .c = c, .data = data, .err = err };
	int failed;

	if (psx_classifier_check(c, rig, data, err))
		return -1;
	if (!c->info.epochs) {
		free(c->inputs); /* of another detector, if the first epoch failed */
		c->inputs = NULL;
	}
	failed = set_up(&t) || psx_exposer_begin(&t.exposer, c, rig, err) || measure_inputs(&t);
	t.exposer.what = "samples";
	t.exposer.done = 0;
	t.exposer.total = data->count;
	if (!failed) {
		shuffle(&t);
		failed = train_samples(&t) || check_loss(&t) || psx_training_test(&t);
	}
	if (!failed && !c->info.epochs)
		take_identity(c, rig);
	failed = failed || psx_training_finish(&t);
	clean_up(&t);
	return failed ? -1 : 0;
}
