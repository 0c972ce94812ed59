// SPDX-License-Identifier: MIT
#include "plan.h"

#include "../../lib/error.h"

#include <errno.h>

/* Exposures for `frames` sums: channels take turns, and so do their sums */
static uint64_t exposures_for(const struct plan *plan, uint64_t frames)
{
	const uint64_t channels = plan_channels(plan) ? plan_channels(plan) : 1;

	if (plan->accumulate == 1)
		return frames;
	return (frames + channels - 1) / channels * channels * plan->accumulate;
}

int stream_start(struct stream *stream, const struct plan *plan, struct psx_device *dev,
		 uint64_t frames, struct psx_error *err)
{
	*stream = (struct stream){
		.plan = plan, .dev = dev, .left = frames ? frames : UINT64_MAX,
	};
	if (plan->accumulate > 1) {
		stream->sums = psx_accumulator_new(plan->accumulate, err);
		if (!stream->sums)
			return -1;
	}
	if (plan->begin == PLAN_START)
		stream->acq = psx_acquisition_start(dev, exposures_for(plan, frames));
	else
		stream->acq = psx_acquisition_join(dev, plan->begin == PLAN_JOIN_RESERVING);
	if (stream->acq)
		return 0;
	(void)psx_error_set(err, errno, "%s", psx_device_error(dev));
	psx_accumulator_free(stream->sums);
	stream->sums = NULL;
	return -1;
}

static int next_exposure(struct stream *stream, const struct psx_frame **frame,
			 struct psx_error *err)
{
	int got;

	if (stream->plan->software_trigger && psx_device_trigger(stream->dev) && errno != EBUSY)
		return psx_error_set(err, errno, "%s", psx_device_error(stream->dev));
	do
		got = psx_acquisition_next(stream->acq, -1, frame);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		(void)psx_error_set(err, errno, "%s", psx_acquisition_error(stream->acq));
	return got;
}

static int next_sum(struct stream *stream, const struct psx_frame **frame, struct psx_error *err)
{
	int complete = 0, got;

	while (!complete) {
		got = next_exposure(stream, frame, err);
		if (got <= 0)
			return got;
		complete = psx_accumulator_add(stream->sums, *frame, err);
		if (complete < 0)
			return -1;
	}
	psx_frame_free(stream->sum);
	*frame = stream->sum = psx_accumulator_take(stream->sums, 0, stream->plan->polarity, err);
	return stream->sum ? 1 : -1;
}

int stream_next(struct stream *stream, const struct psx_frame **frame, struct psx_error *err)
{
	int got;

	if (!stream->left)
		return 0;
	got = stream->sums ? next_sum(stream, frame, err) : next_exposure(stream, frame, err);
	if (got > 0 && plan_cuts(stream->plan)) {
		psx_frame_free(stream->cut);
		stream->whole = *frame;
		*frame = stream->cut = plan_cut(stream->plan, stream->whole, err);
		got = *frame ? 1 : -1;
	}
	if (got > 0)
		stream->left--;
	return got;
}

void stream_end(struct stream *stream)
{
	psx_frame_free(stream->sum);
	psx_frame_free(stream->cut);
	psx_accumulator_free(stream->sums);
	psx_acquisition_free(stream->acq);
	*stream = (struct stream){ 0 };
}
