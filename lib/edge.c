// SPDX-License-Identifier: MIT
/* How a signal comes, stays and goes. */
#include "student.h"

#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stddef.h>

#define LOW	   0.1 /* of the way */
#define HIGH	   0.9
#define LEAST_STEP 5.0 /* of noise */
#define HOUR	   3600.0
#define LEAST_SIDE 2
#define LEAST_STAY 3

static int fail(int code)
{
	errno = code;
	return -1;
}

/* Mean of the last half, and the noise of one sample */
static double settled(const struct psx_sample *samples, size_t count, double *noise)
{
	const size_t begin = count / 2, length = count - begin;
	double sum = 0, squares = 0;
	size_t i;

	for (i = begin; i < count; i++)
		sum += samples[i].signal;
	for (i = begin; i < count; i++)
		squares += pow(samples[i].signal - sum / (double)length, 2);
	*noise = length > 1 ? sqrt(squares / (double)(length - 1)) : 0;
	return sum / (double)length;
}

/* The time from sample to sample after the edge; samples are integrals, so nothing
 * faster is seen */
static double grain(const struct psx_sample *samples, size_t count, size_t first)
{
	return (samples[count - 1].seconds - samples[first].seconds) / (double)(count - 1 - first);
}

int psx_edge_find(const struct psx_sample *samples, size_t count, size_t first, struct psx_edge *edge)
{
	double noise_before, noise_after, low = (double)NAN, high = (double)NAN, before = 0;
	size_t i;

	if (first < LEAST_SIDE || count < first + LEAST_SIDE)
		return fail(EINVAL);
	*edge = (struct psx_edge){ 0 };
	edge->before = settled(samples, first, &noise_before);
	edge->after = settled(samples + first, count - first, &noise_after);
	if (!(fabs(edge->after - edge->before) > LEAST_STEP * fmax(noise_before, noise_after)) ||
	    edge->after == edge->before)
		return fail(ENODATA);
	/* `before`: how far the sample before had come; the edge is at the end of the last
	 * exposure in the old light */
	for (i = first; i < count && isnan(high); i++) {
		const double far = (samples[i].signal - edge->before) / (edge->after - edge->before);
		const double step = i > first ? samples[i].seconds - samples[i - 1].seconds :
						grain(samples, count, first);
		const double begin = samples[i].seconds - step;

		if (isnan(low) && far >= LOW)
			low = begin + step * (LOW - before) / (far - before);
		if (far >= HIGH)
			high = begin + step * (HIGH - before) / (far - before);
		before = far;
	}
	edge->within = i == first + 1;
	edge->seconds = edge->within ? grain(samples, count, first) : high - low;
	return 0;
}

int psx_stability_find(const struct psx_sample *samples, size_t count,
		       struct psx_stability *stability)
{
	double seconds = 0, sum = 0, xx = 0, xy = 0, squares = 0, slope;
	size_t i;

	if (count < LEAST_STAY)
		return fail(EINVAL);
	for (i = 0; i < count; i++) {
		seconds += samples[i].seconds / (double)count;
		sum += samples[i].signal / (double)count;
	}
	for (i = 0; i < count; i++) {
		xx += pow(samples[i].seconds - seconds, 2);
		xy += (samples[i].seconds - seconds) * (samples[i].signal - sum);
	}
	if (!(xx > 0))
		return fail(EINVAL);
	slope = xy / xx;
	for (i = 0; i < count; i++)
		squares += pow(samples[i].signal - sum - slope * (samples[i].seconds - seconds), 2);
	*stability = (struct psx_stability){
		.mean = sum, .noise = sqrt(squares / (double)(count - 2)),
	};
	if (!(fabs(sum) > LEAST_STEP * stability->noise))
		return fail(ENODATA);
	stability->drift.value = HOUR * slope / sum;
	stability->drift.error = psx_student((double)count - 2) *
				 fabs(HOUR * stability->noise / sqrt(xx) / sum);
	return 0;
}
