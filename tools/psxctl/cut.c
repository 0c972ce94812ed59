// SPDX-License-Identifier: MIT
/* The comparator in the tool. */
#include "plan.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdlib.h>

bool plan_cuts(const struct plan *plan)
{
	return plan->accumulate > 1 || plan->threshold.share > 0 || plan->raster.width;
}

/* The largest value that counts, 0 if none is above */
static int32_t maximum_of(const int16_t *values, const uint8_t *mask, size_t count,
			  enum psx_polarity polarity)
{
	int32_t most = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const int32_t value = polarity == PSX_BOTH ? abs(values[i]) : values[i];

		if (value > most && !(mask && mask[i]))
			most = value;
	}
	return most;
}

struct psx_frame *plan_cut(const struct plan *plan, const struct psx_frame *whole,
			   struct psx_error *err)
{
	struct psx_frame_info info = *psx_frame_get_info(whole);
	const size_t count = (size_t)info.width * info.height;
	const uint8_t *mask = psx_frame_get_mask(whole);
	int16_t *values = calloc(count, sizeof(*values));
	struct psx_frame *frame = NULL;

	if (!values)
		return psx_error_null(err, ENOMEM, "out of memory");
	if (!psx_frame_to_dense(whole, values, info.width, err)) {
		info.threshold = (uint16_t)threshold_of(
			&plan->threshold, maximum_of(values, mask, count, plan->polarity));
		info.polarity = (uint8_t)plan->polarity;
		frame = psx_frame_encode(&info, values, info.width, err);
	}
	free(values);
	if (frame && mask && psx_frame_mark(frame, mask, err)) {
		psx_frame_free(frame);
		return NULL;
	}
	return frame;
}
