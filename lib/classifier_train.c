// SPDX-License-Identifier: MIT
/* Training: an epoch of mini-batch gradient descent, the outputs measured. */
#include "classifier_train.h"

#include "error.h"
#include "splitmix.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUESSES_WORST 1.5 /* times the loss of guessing: diverged */
#define LONGEST_STEP  2	  /* of a weight at once: from one end of its range to the other */
#define USUAL_INPUT   2	  /* with some margin: 4095 levels are 1 */

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
	free(t->codes);
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
	t->codes = calloc(weights, sizeof(*t->codes));
	if (!t->order || !t->rows || !t->weights || !t->gradient || !t->tests || !t->answers ||
	    !t->codes)
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

/* One training sample's part of loss and accuracy; `p` gets the probabilities */
static void count(struct psx_training *t, size_t index, const double *outputs, double *p)
{
	const unsigned int classes = t->c->info.classes, label = t->data->items[index].label;

	psx_classifier_softmax(outputs, classes, p);
	t->loss -= log(fmax(p[label], 1e-300));
	t->right += psx_classifier_answer(outputs, classes) == label;
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

	count(t, index, outputs, p);
	for (n = 0; n < classes; n++)
		for (i = 0; i < taps; i++)
			t->gradient[n * taps + i] +=
				(p[n] - (n == label)) * (inputs[i] / unit - t->c->mean[i]);
}

/* Not the rate's fault alone where inputs are large: the gradient grows as they do, outputs,
 * too */
static int diverged(const struct psx_training *t, const char *why)
{
	const struct psx_classifier *c = t->c;
	const double rate = c->info.options.rate;
	double most = 0;
	size_t i;

	for (i = 0; i < c->info.train * psx_classifier_taps(c); i++)
		most = fmax(most, c->inputs[i] / psx_classifier_unit(c));
	if (most <= USUAL_INPUT)
		return psx_error_set(t->err, ERANGE, "the learning rate %g is too large: %s", rate, why);
	return psx_error_set(t->err, ERANGE,
			     "the learning rate %g is too large for inputs up to %.3g, as levels beyond %d "
			     "are: %.1g would do what it does for those up to 1", rate, most,
			     PSX_INPUT_LEVELS, rate / (most * most));
}

/* The ends of the weights keep the loss bounded at any rate; what tells is how far
 * one change goes */
static int change_weights(struct psx_training *t, size_t batch)
{
	const size_t count = (size_t)t->c->info.classes * psx_classifier_taps(t->c);
	const double rate = t->c->info.options.rate;
	double longest = 0;
	char why[96];
	size_t i;

	for (i = 0; i < count; i++) {
		const double step = rate * (t->gradient[i] / (double)batch);

		longest = fmax(longest, fabs(step));
		t->weights[i] = fmax(-1, fmin(1, t->weights[i] - step));
		t->gradient[i] = 0;
	}
	if (longest <= LONGEST_STEP)
		return 0;
	(void)snprintf(why, sizeof(why), "it changes a weight by %.3g at once, where all of its range is %d",
		       longest, LONGEST_STEP);
	return diverged(t, why);
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
	char why[96];

	if (isfinite(t->loss) && t->loss <= GUESSES_WORST * guessing)
		return 0;
	(void)snprintf(why, sizeof(why), "the loss became %.3g, where guessing has %.3g", t->loss,
		       guessing);
	return diverged(t, why);
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

/* Loss and accuracy of weights that have not been trained, of the inputs */
static void judge_inputs(struct psx_training *t)
{
	const unsigned int classes = t->c->info.classes, taps = psx_classifier_taps(t->c);
	double outputs[PSX_CLASSES_MOST], p[PSX_CLASSES_MOST];
	unsigned int n, i;
	size_t s;

	for (s = 0; s < t->data->count; s++) {
		const int32_t *inputs = t->c->inputs + t->rows[s] * taps;

		if (t->data->items[s].test)
			continue;
		for (n = 0; n < classes; n++)
			for (i = 0, outputs[n] = 0; i < taps; i++)
				outputs[n] += t->weights[n * taps + i] *
					      (inputs[i] / psx_classifier_unit(t->c) - t->c->mean[i]);
		count(t, s, outputs, p);
	}
	t->loss /= (double)t->c->info.train;
}

static void begin(struct psx_training *t, const char *what, size_t total)
{
	t->exposer.what = what;
	t->exposer.done = 0;
	t->exposer.total = total;
	t->loss = 0;
	t->right = 0;
}

/* What the gradient is computed from is measured once; then epoch 0 is tested */
static int measure_first(struct psx_training *t)
{
	struct psx_classifier *c = t->c;

	if (psx_classifier_make_inputs(c))
		return no_memory(t->err);
	if (psx_exposer_inputs(&t->exposer, t->data, c->inputs))
		return -1;
	psx_classifier_set_mean(c);
	begin(t, "tests", c->info.test);
	judge_inputs(t);
	return psx_training_test(t) || psx_training_add_epoch(t) ? -1 : 0;
}

int psx_classifier_train(struct psx_classifier *c, const struct psx_classifier_rig *rig,
			 const struct psx_dataset *data, struct psx_error *err)
{
	struct psx_training t = { .c = c, .data = data, .err = err };
	int failed;

	if (psx_classifier_check(c, rig, data, err))
		return -1;
	failed = set_up(&t) || psx_exposer_begin(&t.exposer, c, rig, err);
	if (!failed) {
		shuffle(&t);
		failed = !c->info.epochs && measure_first(&t);
	}
	if (!failed) {
		begin(&t, "samples", data->count);
		failed = train_samples(&t) || check_loss(&t) || psx_training_test(&t) ||
			 psx_training_keep(&t);
	}
	if (failed && !c->info.epochs)
		psx_classifier_forget(c);
	else if (c->info.epochs == 1)
		take_identity(c, rig);
	clean_up(&t);
	return failed ? -1 : 0;
}
