// SPDX-License-Identifier: MIT
/* From frame bits to outputs, probabilities and their distributions. */
#include "classifier.h"

#include <math.h>
#include <stdlib.h>

void psx_classifier_outputs(const struct psx_classifier *c, const double *weights,
			    const int32_t *sums, double *outputs)
{
	const unsigned int taps = psx_classifier_taps(c);
	unsigned int n, i;

	for (n = 0; n < c->info.classes; n++) {
		outputs[n] = sums[n] / psx_classifier_unit(c);
		for (i = 0; i < taps; i++)
			outputs[n] -= weights[n * taps + i] * c->mean[i];
	}
}

unsigned int psx_classifier_answer(const double *outputs, unsigned int classes)
{
	unsigned int best = 0, n;

	for (n = 1; n < classes; n++)
		if (outputs[n] > outputs[best])
			best = n;
	return best;
}

void psx_classifier_softmax(const double *outputs, unsigned int classes, double *probabilities)
{
	const double most = outputs[psx_classifier_answer(outputs, classes)];
	double sum = 0;
	unsigned int n;

	for (n = 0; n < classes; n++) {
		probabilities[n] = exp(outputs[n] - most);
		sum += probabilities[n];
	}
	for (n = 0; n < classes; n++)
		probabilities[n] /= sum;
}

static int by_value(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double share_of(const double *sorted, size_t count, double share)
{
	const double place = share * (double)(count - 1);
	const size_t below = (size_t)place;
	const double rest = place - (double)below;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + rest * (sorted[below + 1] - sorted[below]);
}

struct psx_box psx_box_of(double *values, size_t count)
{
	double sum = 0;
	size_t i;

	if (!count)
		return (struct psx_box){ 0 };
	qsort(values, count, sizeof(*values), by_value);
	for (i = 0; i < count; i++)
		sum += values[i];
	return (struct psx_box){
		.least = values[0],
		.p1 = share_of(values, count, 0.01),
		.q1 = share_of(values, count, 0.25),
		.median = share_of(values, count, 0.5),
		.q3 = share_of(values, count, 0.75),
		.p99 = share_of(values, count, 0.99),
		.most = values[count - 1],
		.mean = sum / (double)count,
	};
}
