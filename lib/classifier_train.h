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
	double loss;
	size_t right;
};

/* The weights onto the device */
int psx_training_load(struct psx_training *t);
/* Sample `index` of the data set */
int psx_training_measure(struct psx_training *t, size_t index, double *outputs);

/* classifier_test.c: the test samples with the last weights */
int psx_training_test(struct psx_training *t);
/* The epoch goes into the classifier */
int psx_training_finish(struct psx_training *t);

#endif
