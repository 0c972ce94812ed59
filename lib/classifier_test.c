// SPDX-License-Identifier: MIT
/* The end of an epoch: its weights tested, and what is kept of it. */
#include "classifier_train.h"

#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int psx_training_test(struct psx_training *t)
{
	const unsigned int classes = t->c->info.classes;
	size_t n, row = 0;

	if (psx_training_load(t))
		return -1;
	for (n = 0; n < t->data->count; n++) {
		if (!t->data->items[n].test)
			continue;
		if (psx_training_measure(t, n, t->tests + row * classes))
			return -1;
		t->answers[row] = psx_classifier_answer(t->tests + row * classes, classes);
		row++;
	}
	return 0;
}

/* Distribution of one output over the test samples of one label */
static struct psx_box box_at(const struct psx_training *t, unsigned int label, unsigned int output,
			     double *values)
{
	size_t n, row = 0, count = 0;

	for (n = 0; n < t->data->count; n++) {
		if (!t->data->items[n].test)
			continue;
		if (t->data->items[n].label == label)
			values[count++] = t->tests[row * t->c->info.classes + output];
		row++;
	}
	return psx_box_of(values, count);
}

static int read_codes(struct psx_training *t)
{
	const unsigned int taps = psx_classifier_taps(t->c);
	unsigned int n;

	for (n = 0; n < t->c->info.classes; n++)
		if (psx_bank_get_plane(t->banks[n], 0, t->codes + (size_t)n * taps))
			return psx_error_set(t->err, errno, "%s", strerror(errno));
	return 0;
}

/* Weights, codes and confusion of the best epoch, which this one is */
static void keep_best(struct psx_training *t)
{
	struct psx_classifier *c = t->c;
	const unsigned int classes = c->info.classes, taps = psx_classifier_taps(c);
	unsigned int n;
	size_t i, row = 0;

	for (n = 0; n < classes; n++)
		c->scales[n] = psx_bank_get_scale(t->banks[n]);
	memcpy(c->codes, t->codes, (size_t)classes * taps * sizeof(*c->codes));
	memcpy(c->best, t->weights, (size_t)classes * taps * sizeof(*c->best));
	memset(c->confusion, 0, (size_t)classes * classes * sizeof(*c->confusion));
	for (i = 0; i < t->data->count; i++)
		if (t->data->items[i].test)
			c->confusion[t->data->items[i].label * classes + t->answers[row++]]++;
	c->info.best = c->info.epochs;
}

int psx_training_add_epoch(struct psx_training *t)
{
	struct psx_classifier *c = t->c;
	const unsigned int classes = c->info.classes;
	double *values = calloc(c->info.test, sizeof(*values));
	struct psx_epoch *epoch = values ? psx_classifier_add_epoch(c) : NULL;
	size_t n, row = 0, right = 0;
	unsigned int i;

	if (!epoch) {
		free(values);
		return psx_error_set(t->err, ENOMEM, "out of memory");
	}
	for (n = 0; n < t->data->count; n++)
		if (t->data->items[n].test)
			right += t->answers[row++] == t->data->items[n].label;
	epoch->loss = t->loss;
	epoch->train_accuracy = (double)t->right / (double)c->info.train;
	epoch->test_accuracy = (double)right / (double)c->info.test;
	for (i = 0; i < classes * classes; i++)
		((struct psx_box *)epoch->boxes)[i] = box_at(t, i / classes, i % classes, values);
	free(values);
	return 0;
}

int psx_training_keep(struct psx_training *t)
{
	struct psx_classifier *c = t->c;
	const unsigned int best = c->info.best;

	if (read_codes(t) || psx_training_add_epoch(t)) /* which is the last that can fail */
		return -1;
	memcpy(c->weights, t->weights,
	       (size_t)c->info.classes * psx_classifier_taps(c) * sizeof(*c->weights));
	c->info.stop = psx_classifier_judge(c);
	if (!best || psx_epoch_is_better(&c->epochs[c->info.epochs], &c->epochs[best]))
		keep_best(t);
	return 0;
}
