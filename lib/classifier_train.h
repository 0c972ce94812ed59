/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_CLASSIFIER_TRAIN_H
#define PSX_LIB_CLASSIFIER_TRAIN_H

#include "classifier.h"

/* An epoch at work; only a whole one goes into the classifier */
struct psx_training {
	struct psx_classifier *c;
	const struct psx_dataset *data;
	struct psx_exposer exposer;
	struct psx_error *err;
	size_t *order;	/* [train] of samples in the data set, shuffled */
	size_t *rows;	/* [data->count], its row in c->inputs */
	double *weights, *gradient; /* [classes][k * k] */
	struct psx_bank *banks[PSX_CLASSES_MOST]; /* of these weights */
	double *tests;	/* [test][classes], outputs */
	unsigned int *answers; /* [test] */
	int16_t *codes;	/* [classes][k * k], of the tests */
	double loss;
	size_t right;
};

/* The weights onto the device */
int psx_training_load(struct psx_training *t);
/* Sample `index` of the data set */
int psx_training_measure(struct psx_training *t, size_t index, double *outputs);

/* classifier_test.c: the test samples with the last weights */
int psx_training_test(struct psx_training *t);
/* What was measured goes into the classifier as an epoch, 0 for the first */
int psx_training_add_epoch(struct psx_training *t);
/* The same with the weights; on failure nothing has */
int psx_training_keep(struct psx_training *t);

#endif
