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

/* Weights, codes and confusion of the best epoch, which this one is */
static int keep_best(struct psx_training *t)
{
	struct psx_classifier *c = t->c;
	const unsigned int classes = c->info.classes, taps = psx_classifier_taps(c);
	unsigned int n;
	size_t i, row = 0;

	for (n = 0; n < classes; n++) {
		if (psx_bank_get_plane(t->banks[n], 0, c->codes + (size_t)n * taps))
			return psx_error_set(t->err, errno, "%s", strerror(errno));
		c->scales[n] = psx_bank_get_scale(t->banks[n]);
	}
	memcpy(c->best, t->weights, (size_t)classes * taps * sizeof(*c->best));
	memset(c->confusion, 0, (size_t)classes * classes * sizeof(*c->confusion));
	for (i = 0; i < t->data->count; i++)
		if (t->data->items[i].test)
			c->confusion[t->data->items[i].label * classes + t->answers[row++]]++;
	c->info.best = c->info.epochs;
	return 0;
}

int psx_training_finish(struct psx_training *t)
{
	struct psx_classifier *c = t->c;
	const unsigned int classes = c->info.classes, taps = psx_classifier_taps(c);
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
	memcpy(c->weights, t->weights, (size_t)classes * taps * sizeof(*c->weights));
	c->info.stop = psx_classifier_judge(c);
	if (!c->info.best || psx_epoch_is_better(epoch, &c->epochs[c->info.best - 1]))
		return keep_best(t);
	return 0;
}
