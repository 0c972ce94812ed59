// SPDX-License-Identifier: MIT
/* Sums of exposures, a sum a channel. */
#include "error.h"
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHANNELS  256
#define MAX_EXPOSURES 65535 /* sums of as many 16-bit values fit 32 bits */

struct sum {
	int32_t *values;
	struct psx_frame_info info; /* of the last frame added */
	struct psx_mask *mask;      /* its */
	uint32_t saturated;
	unsigned int count;
};

struct psx_accumulator {
	unsigned int exposures;
	struct sum sums[MAX_CHANNELS];
	struct sum *complete;
	int16_t *dense;
	size_t dense_size;
};

struct psx_accumulator *psx_accumulator_new(unsigned int exposures, struct psx_error *err)
{
	struct psx_accumulator *acc;

	if (!exposures || exposures > MAX_EXPOSURES)
		return psx_error_null(err, EINVAL, "sums are of 1..%d exposures, not %u",
				      MAX_EXPOSURES, exposures);
	acc = calloc(1, sizeof(*acc));
	if (!acc)
		return psx_error_null(err, ENOMEM, "out of memory");
	acc->exposures = exposures;
	return acc;
}

void psx_accumulator_free(struct psx_accumulator *acc)
{
	unsigned int i;

	if (!acc)
		return;
	for (i = 0; i < MAX_CHANNELS; i++) {
		free(acc->sums[i].values);
		psx_mask_unref(acc->sums[i].mask);
	}
	free(acc->dense);
	free(acc);
}

static size_t size_of(const struct psx_frame_info *info)
{
	return (size_t)info->width * info->height;
}

/* Memory for a channel's new sum and for a decoded frame */
static int begin(struct psx_accumulator *acc, struct sum *sum, const struct psx_frame_info *info)
{
	size_t size = size_of(info);
	int32_t *values;
	int16_t *dense;

	if (size > acc->dense_size) {
		dense = realloc(acc->dense, size * sizeof(*dense));
		if (!dense)
			return -1;
		acc->dense = dense;
		acc->dense_size = size;
	}
	values = realloc(sum->values, size * sizeof(*values));
	if (!values)
		return -1;
	memset(values, 0, size * sizeof(*values));
	sum->values = values;
	sum->saturated = 0;
	return 0;
}

int psx_accumulator_add(struct psx_accumulator *acc, const struct psx_frame *frame,
			struct psx_error *err)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	struct sum *sum = &acc->sums[info->channel];
	size_t i;

	if (acc->complete)
		return psx_error_set(err, EINVAL, "a complete sum has not been taken");
	if (!sum->count && begin(acc, sum, info))
		return psx_error_set(err, ENOMEM, "out of memory");
	if (sum->count && (sum->info.cfg_id != info->cfg_id || sum->info.width != info->width ||
			   sum->info.height != info->height)) {
		sum->count = 0;
		return psx_error_set(err, EINVAL,
				     "the configuration changed within a sum, which begins anew");
	}
	if (psx_frame_to_dense(frame, acc->dense, info->width, err))
		return -1;
	for (i = 0; i < size_of(info); i++)
		sum->values[i] += acc->dense[i];
	sum->info = *info;
	psx_mask_unref(sum->mask);
	sum->mask = psx_mask_ref(frame->mask);
	sum->saturated += info->saturated;
	if (++sum->count < acc->exposures)
		return 0;
	acc->complete = sum;
	return 1;
}

int32_t psx_accumulator_get_maximum(const struct psx_accumulator *acc, enum psx_polarity polarity)
{
	const struct sum *sum = acc->complete;
	int32_t maximum = 0;
	size_t i;

	for (i = 0; sum && i < size_of(&sum->info); i++) {
		int32_t value = sum->values[i];

		if (value < 0 && polarity == PSX_BOTH)
			value = -value;
		if (value > maximum && !(sum->mask && sum->mask->bad[i]))
			maximum = value;
	}
	return maximum;
}

struct psx_frame *psx_accumulator_take(struct psx_accumulator *acc, unsigned int threshold,
				       enum psx_polarity polarity, struct psx_error *err)
{
	struct sum *sum = acc->complete;
	struct psx_frame_info info;
	struct psx_frame *frame;
	size_t i;

	if (!sum || threshold > INT16_MAX)
		return psx_error_null(err, EINVAL, sum ? "threshold %u is above 32767" :
							 "no sum is complete", threshold);
	info = sum->info;
	info.saturated = sum->saturated;
	info.threshold = (uint16_t)threshold;
	info.polarity = (uint8_t)polarity;
	for (i = 0; i < size_of(&info); i++) {
		int32_t value = sum->values[i];

		if (value != (int16_t)value) {
			value = value < 0 ? INT16_MIN : INT16_MAX;
			info.saturated++;
		}
		acc->dense[i] = (int16_t)value;
	}
	if (info.saturated)
		info.flags |= PSX_FRAME_SATURATED;
	sum->count = 0;
	acc->complete = NULL;
	frame = psx_frame_encode(&info, acc->dense, info.width, err);
	if (frame)
		psx_frame_set_mask(frame, sum->mask);
	return frame;
}
