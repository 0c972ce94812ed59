// SPDX-License-Identifier: MIT
#include "raster.h"

#include "interrupt.h"
#include "options.h"
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

struct scanning {
	struct ctl *ctl;
	const struct plan *plan;
	const struct raster *raster;
	struct psx_device *dev;
	int16_t *values;
	uint8_t *missed;
	size_t misses, saturated;
	struct psx_frame_info info; /* of the last point */
};

int raster_parse(struct raster *raster, const char *text)
{
	const char *comma = strchr(text, ',');
	const char *step = comma ? strchr(comma + 1, ',') : NULL;
	char points[32] = "", *end = "";
	uint32_t size[2];

	raster->step = 1;
	if (step) {
		raster->step = strtod(step + 1, &end);
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

/* Corner of the macro-pixel, um */
static int32_t place(const struct scanning *s, uint32_t i)
{
	const double radius = psx_kernel_get_k(s->plan->kernels[0]) / 2;

	return (int32_t)lround((i * s->raster->step - radius) *
			       psx_device_get_info(s->dev)->pitch_um);
}

/* 1 with a value, 0 when it was missed, -1 with *err when there is no going on */
static int take_point(struct scanning *s, size_t point, struct psx_error *err)
{
	const uint32_t x = (uint32_t)(point % s->raster->width);
	const uint32_t y = (uint32_t)(point / s->raster->width);
	const int patience = PATIENCE_MS + (int)fmin((double)s->plan->exposure_ns / 1e6, 1e8);
	struct psx_acquisition *acq;
	const struct psx_frame *frame;
	int got;

	if (psx_device_move(s->dev, place(s, x), place(s, y)))
		return psx_error_set(err, errno, "%s", psx_device_error(s->dev));
	acq = psx_acquisition_start(s->dev, 1);
	if (!acq)
		return psx_error_set(err, errno, "%s", psx_device_error(s->dev));
	do
		got = psx_acquisition_next(acq, patience, &frame);
	while (got < 0 && errno == EINTR && !interrupt_came());
	if (got < 0 && errno != EBADMSG && errno != ETIMEDOUT)
		(void)psx_error_set(err, errno, "%s", psx_acquisition_error(acq));
	else if (got < 0)
		got = 0;
	if (got > 0) {
		s->info = *psx_frame_get_info(frame);
		s->saturated += s->info.saturated;
		got = psx_frame_to_dense(frame, &s->values[point], 1, err) ? 0 : 1;
	}
	psx_acquisition_free(acq);
	return got;
}

static int take_all(struct scanning *s, struct psx_error *err)
{
	const size_t count = (size_t)s->raster->width * s->raster->height;
	struct progress bar;
	size_t i;
	int got = 0;

	progress_begin(&bar, "points", count, !s->ctl->quiet);
	for (i = 0; got >= 0 && i < count && !interrupt_came(); i++) {
		got = take_point(s, i, err);
		s->missed[i] = got <= 0;
		progress_show(&bar, i + 1);
	}
	for (; i < count; i++)
		s->missed[i] = 1;
	for (i = 0; i < count; i++)
		s->misses += s->missed[i];
	progress_end(&bar);
	return s->misses < count ? 0 :
	       got < 0		 ? -1 : psx_error_set(err, EIO, "not one point was made");
}

/* The points as a frame, with the comparator that the plan asks for */
static struct psx_frame *assemble(struct scanning *s, struct psx_error *err)
{
	struct psx_frame_info info = s->info;
	const size_t count = (size_t)s->raster->width * s->raster->height;
	struct psx_frame *frame;
	int32_t most = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const int32_t v = s->plan->polarity == PSX_BOTH ? abs(s->values[i]) : s->values[i];

		most = v > most ? v : most;
	}
	info.width = s->raster->width;
	info.height = s->raster->height;
	info.threshold = (uint16_t)threshold_of(&s->plan->threshold, most);
	info.polarity = (uint8_t)s->plan->polarity;
	info.saturated = (uint32_t)s->saturated;
	frame = psx_frame_encode(&info, s->values, info.width, err);
	if (frame && s->misses && psx_frame_mark(frame, s->missed, err)) {
		psx_frame_free(frame);
		return NULL;
	}
	return frame;
}

static int keep(const struct scanning *s, const struct psx_frame *frame, const char *output,
		struct psx_error *err)
{
	json_t *metadata = plan_json(s->plan, psx_device_get_info(s->dev));
	struct psx_file *file = NULL;
	char *text;
	int failed = 0;

	(void)json_object_set_new(metadata, "raster_step", json_real(s->raster->step));
	(void)json_object_set_new(metadata, "missed", json_integer((json_int_t)s->misses));
	text = json_dumps(metadata, JSON_COMPACT | JSON_REAL_PRECISION(12));
	file = text ? psx_file_create(output, text, err) : NULL;
	if (file && (psx_file_append(file, frame) || psx_file_commit(file)))
		failed = psx_error_set(err, errno, "%s", psx_file_error(file));
	failed |= !file;
	psx_file_close(file);
	json_decref(metadata);
	free(text);
	return failed ? -1 : 0;
}

static void show(const struct scanning *s, const struct psx_frame *frame, const char *output)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const uint64_t pixels = (uint64_t)info->width * info->height;
	size_t bytes;

	(void)psx_frame_get_payload(frame, &bytes);
	if (s->ctl->json) {
		ctl_json(s->ctl, json_pack(
			"{s:i, s:i, s:f, s:I, s:I, s:f, s:I, s:f, s:I, s:I}", "width", (int)info->width,
			"height", (int)info->height, "step", s->raster->step, "missed",
			(json_int_t)s->misses, "effective", (json_int_t)info->effective, "occupancy",
			(double)info->effective / (double)pixels, "payload_bytes", (json_int_t)bytes,
			"byte_ratio", (double)bytes / (2.0 * (double)pixels), "dense_bytes",
			(json_int_t)(2 * pixels), "saturated", (json_int_t)s->saturated));
		return;
	}
	printf("%u x %u points, %g pitches apart: effective %u (%.4f), %zu B (%.4f of dense)\n",
	       info->width, info->height, s->raster->step, info->effective,
	       (double)info->effective / (double)pixels, bytes,
	       (double)bytes / (2.0 * (double)pixels));
	if (s->misses)
		printf("%zu points were missed; they are marked as bad\n", s->misses);
	if (output)
		printf("kept in %s\n", output);
}

int raster_run(struct ctl *ctl, const struct plan *plan, const struct raster *raster,
	       struct psx_device *dev, const char *output)
{
	const size_t count = (size_t)raster->width * raster->height;
	struct scanning s = {
		.ctl = ctl, .plan = plan, .raster = raster, .dev = dev,
		.values = calloc(count, sizeof(int16_t)), .missed = calloc(count, 1),
	};
	struct psx_error err = { .message = "out of memory" };
	struct psx_frame *frame = NULL;
	int code = CTL_FAILED;

	if (s.values && s.missed && !take_all(&s, &err))
		frame = assemble(&s, &err);
	if (frame && (!output || !keep(&s, frame, output, &err))) {
		show(&s, frame, output);
		code = s.misses ? CTL_LOST : CTL_OK;
	} else {
		code = ctl_fail(ctl, "%s", err.message);
	}
	psx_frame_free(frame);
	free(s.values);
	free(s.missed);
	return code;
}
