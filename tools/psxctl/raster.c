// SPDX-License-Identifier: MIT
#include "raster.h"

#include "interrupt.h"
#include "progress.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000 /* beyond the exposure */

/* What is known of one kernel's picture */
struct taken {
	size_t points;
	uint32_t saturated;
	struct psx_frame_info info; /* of the last point */
};

/* Of a value. What nobody came to is 0, so that memory is needed as points are taken */
enum state { MISSED, TAKEN, MASKED /* of no meaning on the detector itself */ };

struct scanning {
	struct run *run;
	struct psx_device *dev;
	size_t points, channels;
	struct taken *taken; /* by channel */
	int16_t *values;     /* [channel][point] */
	uint8_t *state;	     /* the same: enum state */
	struct psx_acquisition_stats stats;
};

static int keep_value(struct scanning *s, size_t point, const struct psx_frame *frame,
		      struct psx_error *err)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const uint8_t *mask = psx_frame_get_mask(frame);
	struct taken *taken;
	size_t at;

	if (info->channel >= s->channels || info->width != 1 || info->height != 1)
		return psx_error_set(err, EBADMSG, "frame %llu is not one value of a kernel",
				     (unsigned long long)info->seq);
	at = info->channel * s->points + point;
	if (psx_frame_to_dense(frame, &s->values[at], 1, err))
		return -1;
	s->state[at] = mask && mask[0] ? MASKED : TAKEN;
	taken = &s->taken[info->channel];
	taken->points++;
	taken->saturated += info->saturated;
	taken->info = *info;
	return 0;
}

static void add_stats(struct psx_acquisition_stats *sum, const struct psx_acquisition_stats *one)
{
	sum->made += one->made;
	sum->frames += one->frames;
	sum->dropped += one->dropped;
	sum->discarded += one->discarded;
	sum->damaged += one->damaged;
	sum->saturated += one->saturated;
	sum->overrun += one->overrun;
	sum->dropped_full += one->dropped_full;
	sum->dropped_device += one->dropped_device;
}

/* Every kernel's value at one point; -1 with *err when there is no going on */
static int take_point(struct scanning *s, size_t point, struct psx_error *err)
{
	const struct plan *plan = s->run->plan;
	const int patience = PATIENCE_MS + (int)fmin((double)plan->exposure_ns / 1e6, 1e8);
	struct psx_acquisition *acq;
	const struct psx_frame *frame;
	unsigned int damaged = 0;
	int got;

	if (raster_move_to(plan, s->dev, point % plan->raster.width, point / plan->raster.width, err))
		return -1;
	acq = psx_acquisition_start(s->dev, s->channels);
	if (!acq)
		return psx_error_set(err, errno, "%s", psx_device_error(s->dev));
	interrupt_stops(acq);
	do {
		got = psx_acquisition_next(acq, patience, &frame);
		if (got > 0 && keep_value(s, point, frame, err)) {
			if (errno != EBADMSG)
				break;
			damaged++;
		}
	} while (got > 0 || (got < 0 && (errno == EBADMSG || errno == EINTR)));
	if (got < 0)
		(void)psx_error_set(err, errno, "%s", psx_acquisition_error(acq));
	interrupt_stops(NULL);
	add_stats(&s->stats, psx_acquisition_get_stats(acq));
	s->stats.frames -= damaged;
	s->stats.damaged += damaged;
	psx_acquisition_free(acq);
	return got ? -1 : 0;
}

/* That long at least: a model may be faster, a stage takes its time beside it */
static void announce(const struct scanning *s)
{
	const struct plan *plan = s->run->plan;
	const double seconds = (double)plan->exposure_ns / 1e9;
	char each[40], all[40];

	ctl_remark(s->run->ctl, "%zu point%s, %zu exposure%s of %s each: %s of exposure", s->points,
		   s->points == 1 ? "" : "s", s->channels, s->channels == 1 ? "" : "s",
		   progress_time(each, sizeof(each), seconds),
		   progress_time(all, sizeof(all), seconds * (double)(s->points * s->channels)));
}

/* -1 with *err when that ended early, unless it was a signal */
static int take_all(struct scanning *s, struct psx_error *err)
{
	struct progress bar;
	int failed = 0;
	size_t i;

	announce(s);
	progress_begin_alone(&bar, "points", s->points, !s->run->ctl->quiet);
	for (i = 0; i < s->points && !interrupt_came(); i++) {
		failed = take_point(s, i, err);
		if (failed)
			break;
		progress_show(&bar, i + 1);
	}
	progress_end(&bar);
	return failed;
}

/* A kernel's picture, before the comparator */
static struct psx_frame *assemble(const struct scanning *s, size_t channel,
				  struct psx_error *err)
{
	const struct taken *taken = &s->taken[channel];
	uint8_t *bad = s->state + channel * s->points;
	const struct plan *plan = s->run->plan;
	const int32_t corner = (int32_t)lround(raster_place(plan, s->dev, 0));
	struct psx_frame_info info = taken->info;
	struct psx_frame *frame;
	size_t i;

	for (i = 0; i < s->points; i++)
		bad[i] = bad[i] != TAKEN;
	info.width = plan->raster.width;
	info.height = plan->raster.height;
	info.stage_x = corner;
	info.stage_y = corner;
	info.saturated = taken->saturated;
	info.flags = taken->saturated ? PSX_FRAME_SATURATED : 0;
	frame = psx_frame_encode(&info, s->values + channel * s->points, info.width, err);
	if (frame && memchr(bad, 1, s->points) && psx_frame_mark(frame, bad, err)) {
		psx_frame_free(frame);
		return NULL;
	}
	return frame;
}

static int deliver(struct scanning *s, size_t channel, struct psx_error *err)
{
	struct psx_frame *whole = assemble(s, channel, err);
	struct psx_frame *frame = whole ? plan_cut(s->run->plan, whole, err) : NULL;
	int failed = !frame || run_deliver(s->run, frame, whole, err);

	psx_frame_free(frame);
	psx_frame_free(whole);
	return failed ? -1 : 0;
}

/* What there is, wherever it can be; an exit code */
static int deliver_all(struct scanning *s)
{
	struct psx_error first = { 0 }, err;
	size_t i;
	int code;

	for (i = 0; i < s->channels; i++) {
		s->run->missed[i] = s->points - s->taken[i].points;
		if (s->taken[i].points && deliver(s, i, &err) && !first.code)
			first = err;
	}
	code = run_finish(s->run, &s->stats);
	return first.code ? ctl_fail(s->run->ctl, "%s", first.message) : code;
}

static bool missed_some(const struct scanning *s)
{
	size_t i = 0;

	while (i < s->channels && !s->run->missed[i])
		i++;
	return i < s->channels;
}

static int scan(struct scanning *s)
{
	struct ctl *ctl = s->run->ctl;
	struct psx_error why = { 0 };
	const bool broke = take_all(s, &why);
	const int down = rails_restore(ctl, s->dev, &s->run->before, CTL_OK);
	int code;

	if (!s->stats.frames)
		return ctl_fail(ctl, "%s", interrupt_came() ? "interrupted before the first point" :
					   why.code ? why.message : "not one point was made");
	code = deliver_all(s);
	code = code == CTL_OK ? down : code;
	if (code != CTL_OK || !missed_some(s))
		return code;
	if (interrupt_came() || broke)
		code = ctl_fail(ctl, "%s after %llu of %zu points",
				interrupt_came() ? "interrupted" : why.message,
				(unsigned long long)s->stats.frames / s->channels, s->points);
	return interrupt_came() ? code : CTL_LOST;
}

int raster_run(struct run *run)
{
	const size_t points = (size_t)run->plan->raster.width * run->plan->raster.height;
	const size_t channels = plan_channels(run->plan);
	struct scanning s = {
		.run = run, .dev = run->dev, .points = points, .channels = channels,
		.taken = calloc(channels, sizeof(*s.taken)),
		.values = calloc(points, channels * sizeof(*s.values)),
		.state = calloc(points, channels),
	};
	int code;

	if (s.taken && s.values && s.state)
		code = scan(&s);
	else
		code = ctl_fail(run->ctl, "out of memory");
	free(s.taken);
	free(s.values);
	free(s.state);
	return code;
}
