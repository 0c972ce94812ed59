// SPDX-License-Identifier: MIT
#include "raster.h"

#include "interrupt.h"
#include "progress.h"

#include "../../lib/error.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POINTS 8192
#define MOST_STEP   1e4
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

int raster_parse(struct raster *raster, const char *text)
{
	const char *comma = strchr(text, ',');
	const char *step = comma ? strchr(comma + 1, ',') : NULL;
	char points[32] = "", *end = "";
	uint32_t size[2];

	raster->step = 1;
	if (step) {
		raster->step = option_real(step + 1, &end);
		if (end == step + 1)
			return -1;
	}
	if (snprintf(points, sizeof(points), "%.*s", step ? (int)(step - text) : INT_MAX, text) >=
	    (int)sizeof(points))
		return -1;
	if (*end || option_numbers(points, ",", size) || !size[0] || !size[1] ||
	    size[0] > MOST_POINTS || size[1] > MOST_POINTS ||
	    !(raster->step > 0 && raster->step <= MOST_STEP))
		return -1;
	raster->width = size[0];
	raster->height = size[1];
	return 0;
}

/* Corner of the macro-pixel at point `i` of a row or column, um */
static double place(const struct plan *plan, const struct psx_device *dev, size_t i)
{
	const unsigned int radius = psx_kernel_get_k(plan->kernels[0]) / 2;

	return ((double)i * plan->raster.step - radius) * psx_device_get_info(dev)->pitch_um;
}

static int move_to(const struct plan *plan, struct psx_device *dev, size_t x, size_t y,
		   struct psx_error *err)
{
	const int32_t x_um = (int32_t)lround(place(plan, dev, x));
	const int32_t y_um = (int32_t)lround(place(plan, dev, y));
	int failed;

	do
		failed = psx_device_move(dev, x_um, y_um);
	while (failed && errno == EINTR && !interrupt_came());
	return failed ? psx_error_set(err, errno, "%s", psx_device_error(dev)) : 0;
}

int raster_leave(struct run *run, struct psx_error *err)
{
	int failed = 0;

	if (!run->away)
		return 0;
	do
		failed = psx_device_move(run->dev, run->home[0], run->home[1]);
	while (failed && errno == EINTR);
	return failed ? psx_error_set(err, errno, "the stage is not back at %d, %d um: %s",
				      run->home[0], run->home[1], psx_device_error(run->dev)) : 0;
}

int raster_check(struct run *run, struct psx_error *err)
{
	const struct plan *plan = run->plan;
	struct psx_device *dev = run->dev;
	const struct raster *r = &plan->raster;
	const double far = fmax(place(plan, dev, r->width), place(plan, dev, r->height));
	const unsigned int k = psx_kernel_get_k(plan->kernels[0]);
	const struct psx_device_status *status;
	size_t i;

	if (!(psx_device_get_info(dev)->caps & PSX_CAP_STAGE))
		return psx_error_set(err, ENOTSUP, "%s has no stage: --raster needs one",
				     psx_device_get_info(dev)->uri);
	for (i = 1; i < plan->kernel_count; i++)
		if (psx_kernel_get_k(plan->kernels[i]) != k)
			return psx_error_set(err, EINVAL,
					     "--raster: kernels of one size, not %ux%u and %ux%u", k, k,
					     psx_kernel_get_k(plan->kernels[i]),
					     psx_kernel_get_k(plan->kernels[i]));
	if (far > INT32_MAX)
		return psx_error_set(err, ERANGE, "--raster: %.0f m are out of any stage's reach",
				     far / 1e6);
	status = psx_device_get_status(dev);
	if (!status)
		return psx_error_set(err, errno, "%s", psx_device_error(dev));
	run->home[0] = status->stage_x;
	run->home[1] = status->stage_y;
	run->away = true;
	return move_to(plan, dev, r->width - 1, r->height - 1, err) ||
	       move_to(plan, dev, 0, 0, err) ? -1 : 0;
}

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

	if (move_to(plan, s->dev, point % plan->raster.width, point / plan->raster.width, err))
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
	const int32_t corner = (int32_t)lround(place(plan, s->dev, 0));
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
	int code;

	if (!s->stats.frames)
		return ctl_fail(ctl, "%s", interrupt_came() ? "interrupted before the first point" :
					   why.code ? why.message : "not one point was made");
	code = deliver_all(s);
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
