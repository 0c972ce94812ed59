// SPDX-License-Identifier: MIT
#include "run.h"

#include "../../lib/error.h"
#include "interrupt.h"
#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int open_plot(struct run *run)
{
	int code = ctl_can_write(run->ctl, run->plot);

	if (code != CTL_OK || !run->plot)
		return code;
	run->panels = panels_new(run->plan, psx_device_get_info(run->dev));
	if (run->panels)
		return CTL_OK;
	return ctl_fail(run->ctl, errno == ENOTSUP ? "built without cairo: no --plot" : "out of memory");
}

static int open_file(struct run *run)
{
	const struct raster *raster = &run->plan->raster;
	json_t *metadata = plan_json(run->plan, psx_device_get_info(run->dev));
	struct psx_error err = { .message = "out of memory" };
	char now[32] = "";
	time_t seconds = time(NULL);
	struct tm utc;
	char *text;

	if (gmtime_r(&seconds, &utc))
		(void)strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc);
	(void)json_object_set_new(metadata, "start", json_string(now));
	(void)json_object_set_new(metadata, "psxdet", json_string(psx_version()));
	text = json_dumps(metadata, JSON_COMPACT | JSON_REAL_PRECISION(12));
	run->file = text ? psx_file_create(run->output, text, &err) : NULL;
	json_decref(metadata);
	free(text);
	if (!run->file)
		return ctl_fail(run->ctl, "%s", err.message);
	if (raster->width && psx_file_reserve(run->file, plan_channels(run->plan), raster->width,
					      raster->height))
		return ctl_fail(run->ctl, "%s", psx_file_error(run->file));
	return CTL_OK;
}

int run_open(struct run *run)
{
	int code = open_plot(run);

	return code == CTL_OK && run->output ? open_file(run) : code;
}

void run_close(struct run *run)
{
	psx_file_close(run->file);
	panels_free(run->panels);
}

/* A file that can't grow doesn't get its name; what is in it stays beside that. -1 with *err */
static int give_up_file(struct run *run, struct psx_error *err)
{
	const int code = errno;
	const unsigned long long frames = psx_file_get_count(run->file);
	const char *const left = psx_file_leave(run->file);

	if (left && errno)
		(void)psx_error_set(err, code, "%s; what the disk took of %llu frame%s is in %s",
				    psx_file_error(run->file), frames, frames == 1 ? "" : "s",
				    psx_error_path(left));
	else if (left)
		(void)psx_error_set(err, code, "%s; %llu frame%s in %s", psx_file_error(run->file),
				    frames, frames == 1 ? " is" : "s are", psx_error_path(left));
	else
		(void)psx_error_set(err, code, "%s", psx_file_error(run->file));
	psx_file_close(run->file);
	run->file = NULL;
	return -1;
}

int run_deliver(struct run *run, const struct psx_frame *frame, const struct psx_frame *whole,
		struct psx_error *err)
{
	const unsigned int channel = psx_frame_get_info(frame)->channel;
	const struct figures f = figures_of(frame, psx_device_get_info(run->dev));
	int failed = 0;

	if (run->panels && panels_put(run->panels, frame, whole))
		return psx_error_set(err, ENOMEM, "out of memory");
	if (run->file && psx_file_append(run->file, frame))
		failed = give_up_file(run, err);
	figures_add(&run->sums[channel], &f);
	run->counts[channel]++;
	run->delivered++;
	if (run_show_frame(run, frame, &f))
		return psx_error_set(err, errno, "standard output: %s", strerror(errno));
	return failed;
}

/* Frames to the end; -1 with *err */
static int take_frames(struct run *run, struct psx_error *err)
{
	const struct psx_frame *frame;
	struct progress progress;
	int got;

	progress_begin(&progress, "frames", run->frames, !run->ctl->quiet);
	while ((got = stream_next(&run->stream, &frame, err)) != 0) {
		if (got < 0 && errno == EBADMSG)
			continue; /* counted as damaged; the stream goes on */
		if (got < 0 || run_deliver(run, frame, run->stream.whole, err))
			break;
		progress_show(&progress, run->delivered);
	}
	progress_end(&progress);
	return got ? -1 : 0;
}

/* The end of a run that broke off: frames that are whole are kept */
static int give_up(struct run *run, const struct psx_error *why)
{
	struct psx_error err;

	if (!run->file || !run->delivered)
		return ctl_fail(run->ctl, "%s", why->message);
	if (psx_file_commit(run->file)) {
		(void)give_up_file(run, &err);
		return ctl_fail(run->ctl, "%s; %s", why->message, err.message);
	}
	return ctl_fail(run->ctl, "%s; kept %llu frame%s in %s", why->message,
			(unsigned long long)run->delivered, run->delivered == 1 ? "" : "s",
			psx_error_path(run->output));
}

/* Exit code of a run that went through: was anything lost or cut short? What a
 * lossy reader skips, and what was dropped while it looked, is not its loss. */
static int judge(const struct run *run, const struct psx_acquisition_stats *stats)
{
	const bool short_of = run->delivered < run->frames;
	const bool joined = run->plan->begin != PLAN_START;

	if (stats->damaged || (stats->dropped && run->plan->begin != PLAN_JOIN_LOSSY) ||
	    (short_of && !joined && !interrupt_came()))
		return CTL_LOST;
	if (short_of)
		return ctl_fail(run->ctl, "%s after %llu of %llu frames",
				interrupt_came() ? "interrupted" : "the acquisition ended",
				(unsigned long long)run->delivered, (unsigned long long)run->frames);
	return CTL_OK;
}

int run_finish(struct run *run, const struct psx_acquisition_stats *stats)
{
	struct psx_error err;
	int code = CTL_OK;

	if (run->file && psx_file_commit(run->file)) {
		(void)give_up_file(run, &err);
		code = ctl_fail(run->ctl, "%s", err.message);
	}
	if (run->panels && (!run->delivered || panels_write(run->panels, run->plot))) {
		if (run->delivered)
			code = ctl_fail(run->ctl, "%s: %s", psx_error_path(run->plot),
					strerror(errno));
		panels_free(run->panels);
		run->panels = NULL;
	}
	run_show_summary(run, stats);
	return code;
}

int run_plan(struct run *run)
{
	struct psx_acquisition_stats stats;
	struct psx_error err;
	int failed, code, down;

	if (stream_start(&run->stream, run->plan, run->dev, run->frames, &err))
		return ctl_fail(run->ctl, "%s", err.message);
	interrupt_stops(run->stream.acq);
	failed = take_frames(run, &err);
	stats = *psx_acquisition_get_stats(run->stream.acq);
	interrupt_stops(NULL);
	stream_end(&run->stream);
	down = rails_restore(run->ctl, run->dev, &run->before, CTL_OK);
	if (failed)
		return give_up(run, &err);
	code = run_finish(run, &stats);
	code = code == CTL_OK ? judge(run, &stats) : code;
	return code == CTL_OK ? down : code;
}
