// SPDX-License-Identifier: MIT
#include "plan.h"
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char doc[] =
	"Frames from a detector.\v"
	"Claims the detector, ramps its rails up, runs, ramps down. Ctrl-C stops after the frame that "
	"is being made; what was taken is kept. Several kernels take turns, a channel each. Occupancy "
	"is effective / all pixels; byte ratio is payload / dense 16-bit.";

enum {
	OPT_NUMBER = 'n', OPT_OUTPUT = 'o', OPT_KERNEL = 'k', OPT_MODE = 'm',
	OPT_THRESHOLD = 't', OPT_POLARITY = 'p',
	OPT_EXPOSURE = 0x2001, OPT_RATE, OPT_TRIGGER, OPT_PGA, OPT_ACCUMULATE,
};

static const struct argp_option options[] = {
	{ "frames", OPT_NUMBER, "N", 0, "How many; 0 = until Ctrl-C (default: one a kernel)", 0 },
	{ "output", OPT_OUTPUT, "FILE.psx", 0, "Keep frames and all that is known of them", 0 },
	{ "kernel", OPT_KERNEL, "NAME[,NAME...]", 0,
	  "Presets or kernel files (default: what is loaded, or identity)", 0 },
	{ "mode", OPT_MODE, "MODE", 0, "scan (default), snap or point", 0 },
	{ "threshold", OPT_THRESHOLD, "T", 0, "In bits, or N% of each frame's maximum (default 1)", 0 },
	{ "polarity", OPT_POLARITY, "P", 0, "positive (v >= T, default) or both (|v| >= T)", 0 },
	{ "exposure", OPT_EXPOSURE, "TIME", 0, "Of one exposure: 1s (default), 20ms, 50us", 0 },
	{ "rate", OPT_RATE, "HZ", 0, "Frames a second (default: as exposures allow)", 0 },
	{ "trigger", OPT_TRIGGER, "HOW", 0, "timer (default) or software", 0 },
	{ "pga", OPT_PGA, "GAIN", 0, "1 (default), 2, 4 .. 128", 0 },
	{ "accumulate", OPT_ACCUMULATE, "M", 0, "Sums of M exposures", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	struct plan plan;
	unsigned long long frames;
	bool frames_given;
	const char *output;
};

static error_t parse_rate(struct arguments *a, const char *text)
{
	char *end;
	double rate = strtod(text, &end);

	if (end == text || *end || !(rate > 1e-6 && rate <= 1e6))
		return ctl_usage(a->ctl, "rate '%s' is not a number of frames a second", text);
	a->plan.period_ns = (uint64_t)(1e9 / rate);
	return 0;
}

static error_t parse_number(struct arguments *a, int key, const char *text)
{
	unsigned long long value;

	switch (key) {
	case OPT_NUMBER:
		a->frames_given = true;
		if (option_number(text, 0, 1ull << 48, &a->frames))
			return ctl_usage(a->ctl, "'%s' is not a number of frames", text);
		return 0;
	case OPT_PGA:
		if (option_number(text, 1, 128, &value) || (value & (value - 1)))
			return ctl_usage(a->ctl, "pga '%s' is not 1, 2, 4 .. 128", text);
		a->plan.pga = (unsigned int)value;
		return 0;
	default:
		if (option_number(text, 1, 65535, &value))
			return ctl_usage(a->ctl, "accumulate '%s' is not 1..65535", text);
		a->plan.accumulate = (unsigned int)value;
		return 0;
	}
}

static error_t parse_word(struct arguments *a, int key, const char *text)
{
	switch (key) {
	case OPT_MODE:
		if (option_mode(text, &a->plan.mode))
			return ctl_usage(a->ctl, "mode '%s' is not scan, snap or point", text);
		return 0;
	case OPT_THRESHOLD:
		if (option_threshold(text, &a->plan.threshold))
			return ctl_usage(a->ctl, "threshold '%s' is not 0..32767 bits or a percentage",
					 text);
		return 0;
	case OPT_POLARITY:
		if (option_polarity(text, &a->plan.polarity))
			return ctl_usage(a->ctl, "polarity '%s' is not positive or both", text);
		return 0;
	case OPT_EXPOSURE:
		if (option_time(text, &a->plan.exposure_ns))
			return ctl_usage(a->ctl, "exposure '%s' is not a time such as 1s, 20ms, 50us",
					 text);
		return 0;
	default:
		a->plan.software_trigger = !strcmp(text, "software");
		if (!a->plan.software_trigger && strcmp(text, "timer") != 0)
			return ctl_usage(a->ctl, "trigger '%s' is not timer or software", text);
		return 0;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct psx_error err;

	switch (key) {
	case OPT_NUMBER:
	case OPT_PGA:
	case OPT_ACCUMULATE:
		return parse_number(a, key, arg);
	case OPT_MODE:
	case OPT_THRESHOLD:
	case OPT_POLARITY:
	case OPT_EXPOSURE:
	case OPT_TRIGGER:
		return parse_word(a, key, arg);
	case OPT_RATE:
		return parse_rate(a, arg);
	case OPT_OUTPUT:
		a->output = arg;
		return 0;
	case OPT_KERNEL:
		if (plan_add_kernels(&a->plan, arg, &err))
			return ctl_usage(a->ctl, "%s", err.message);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A run: what it delivers to, and what it has delivered */
struct run {
	struct arguments *a;
	struct psx_device *dev;
	struct psx_file *file;
	struct stream stream;
	struct figures sums[PLAN_KERNELS];
	uint64_t frames[PLAN_KERNELS];
	uint64_t delivered;
};

static const char *kernel_name(const struct plan *plan, unsigned int channel)
{
	return channel < plan->kernel_count ? psx_kernel_get_name(plan->kernels[channel]) : "loaded";
}

static void show_frame(const struct run *run, const struct psx_frame *frame)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	struct figures f = figures_of(frame);

	if (run->a->ctl->json)
		ctl_json(json_pack(
			"{s:I, s:i, s:i, s:s, s:I, s:I, s:f, s:I, s:I, s:I}", "seq",
			(json_int_t)info->seq, "cfg_id", (int)info->cfg_id, "channel",
			(int)info->channel, "kernel", kernel_name(&run->a->plan, info->channel),
			"pixels", (json_int_t)f.pixels, "effective", (json_int_t)f.effective,
			"occupancy", figures_occupancy(&f), "payload_bytes",
			(json_int_t)f.payload_bytes, "dense_bytes", (json_int_t)f.dense_bytes,
			"saturated", (json_int_t)f.saturated));
	else if (!run->a->ctl->quiet)
		printf("frame %llu  %s  %u x %u  effective %llu (%.4f)  %llu B\n",
		       (unsigned long long)info->seq, kernel_name(&run->a->plan, info->channel),
		       info->width, info->height, (unsigned long long)f.effective,
		       figures_occupancy(&f), (unsigned long long)f.payload_bytes);
}

static void show_table(const struct run *run, const struct psx_acquisition_stats *stats)
{
	unsigned int i;

	printf("%-12s %7s %8s %10s %9s %12s %10s\n", "kernel", "frames", "dropped", "effective",
	       "occupancy", "payload B", "byte ratio");
	for (i = 0; i < PLAN_KERNELS; i++) {
		const struct figures *f = &run->sums[i];

		if (!run->frames[i])
			continue;
		printf("%-12s %7llu %8llu %10llu %9.4f %12llu %10.4f\n",
		       kernel_name(&run->a->plan, i), (unsigned long long)run->frames[i],
		       (unsigned long long)stats->dropped, (unsigned long long)f->effective,
		       figures_occupancy(f), (unsigned long long)f->payload_bytes,
		       figures_byte_ratio(f));
	}
	if (stats->damaged || stats->saturated)
		printf("damaged frames %llu, saturated values %llu\n",
		       (unsigned long long)stats->damaged, (unsigned long long)stats->saturated);
	if (run->a->output)
		printf("kept in %s\n", run->a->output);
}

static void show_summary(const struct run *run, const struct psx_acquisition_stats *stats)
{
	struct figures sum = { 0 };
	unsigned int i;

	if (!run->a->ctl->json) {
		show_table(run, stats);
		return;
	}
	for (i = 0; i < PLAN_KERNELS; i++)
		figures_add(&sum, &run->sums[i]);
	ctl_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:f, s:I}", "frames",
			   (json_int_t)run->delivered, "dropped", (json_int_t)stats->dropped,
			   "damaged", (json_int_t)stats->damaged, "discarded",
			   (json_int_t)stats->discarded, "made", (json_int_t)stats->made, "pixels",
			   (json_int_t)sum.pixels, "effective", (json_int_t)sum.effective,
			   "occupancy", figures_occupancy(&sum), "payload_bytes",
			   (json_int_t)sum.payload_bytes, "dense_bytes", (json_int_t)sum.dense_bytes,
			   "byte_ratio", figures_byte_ratio(&sum), "saturated",
			   (json_int_t)sum.saturated));
}

/* The acquisition that a signal stops; the one thing a handler can reach */
static struct psx_acquisition *volatile interruptible;
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	if (interruptible)
		psx_acquisition_stop(interruptible);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* Frames to the end; CTL_OK, or CTL_FAILED after a line */
static int take_frames(struct run *run)
{
	struct ctl *ctl = run->a->ctl;
	const struct psx_frame *frame;
	struct progress progress;
	struct psx_error err;
	int got;

	progress_begin(&progress, "frames", run->a->frames, !ctl->quiet);
	while ((got = stream_next(&run->stream, &frame, &err)) != 0) {
		unsigned int channel;
		struct figures f;

		if (got < 0 && errno == EBADMSG)
			continue; /* counted as damaged; the stream goes on */
		if (got < 0) {
			progress_end(&progress);
			return ctl_fail(ctl, "%s", err.message);
		}
		if (run->file && psx_file_append(run->file, frame)) {
			progress_end(&progress);
			return ctl_fail(ctl, "%s", psx_file_error(run->file));
		}
		channel = psx_frame_get_info(frame)->channel;
		f = figures_of(frame);
		figures_add(&run->sums[channel], &f);
		run->frames[channel]++;
		show_frame(run, frame);
		progress_show(&progress, ++run->delivered);
	}
	progress_end(&progress);
	return CTL_OK;
}

/* Exit code of a run that went through: was anything lost or cut short? */
static int judge(const struct run *run, const struct psx_acquisition_stats *stats)
{
	if (stats->dropped || stats->damaged)
		return CTL_LOST;
	if (interrupted && run->a->frames)
		return ctl_fail(run->a->ctl, "interrupted after %llu of %llu frames",
				(unsigned long long)run->delivered, run->a->frames);
	return CTL_OK;
}

static int run_stream(struct run *run)
{
	struct psx_acquisition_stats stats;
	struct psx_error err;
	int code;

	if (stream_start(&run->stream, &run->a->plan, run->dev, run->a->frames, &err))
		return ctl_fail(run->a->ctl, "%s", err.message);
	interruptible = run->stream.acq;
	if (interrupted)
		psx_acquisition_stop(run->stream.acq);
	code = take_frames(run);
	psx_acquisition_get_stats(run->stream.acq, &stats);
	interruptible = NULL;
	stream_end(&run->stream);
	if (code != CTL_OK)
		return code;
	if (run->file && psx_file_commit(run->file))
		return ctl_fail(run->a->ctl, "%s", psx_file_error(run->file));
	show_summary(run, &stats);
	return judge(run, &stats);
}

static int open_file(struct run *run)
{
	json_t *metadata = plan_json(&run->a->plan, psx_device_get_info(run->dev));
	struct psx_error err;
	char now[32] = "";
	time_t seconds = time(NULL);
	struct tm utc;
	char *text;

	if (gmtime_r(&seconds, &utc))
		(void)strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc);
	(void)json_object_set_new(metadata, "start", json_string(now));
	(void)json_object_set_new(metadata, "psxdet", json_string(psx_version()));
	text = json_dumps(metadata, JSON_COMPACT | JSON_REAL_PRECISION(12));
	run->file = text ? psx_file_create(run->a->output, text, &err) : NULL;
	json_decref(metadata);
	free(text);
	return run->file ? CTL_OK : ctl_fail(run->a->ctl, "%s", err.message);
}

/* Kernels into the device: those that were named, or what is loaded, or identity */
static int prepare(struct run *run)
{
	struct plan *plan = &run->a->plan;
	struct psx_device_status status;
	struct psx_error err;

	(void)psx_device_get_status(run->dev, &status);
	if (!plan->kernel_count && !status.cfg_id && plan_add_kernels(plan, "identity", &err))
		return ctl_fail(run->a->ctl, "%s", err.message);
	if (!run->a->frames_given)
		run->a->frames = plan->kernel_count ? plan->kernel_count : 1;
	if (plan->kernel_count && plan_load(plan, run->dev, &err))
		return ctl_fail(run->a->ctl, "%s", err.message);
	return run->a->output ? open_file(run) : CTL_OK;
}

int verb_acquire(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .doc = doc };
	struct arguments a = { .ctl = ctl };
	struct run run = { .a = &a };
	struct psx_error err;
	int code = CTL_USAGE;

	plan_init(&a.plan);
	if (ctl_parse(ctl, &argp, argc, argv, &a))
		goto out;
	if (!ctl->uri) {
		(void)ctl_usage(ctl, "say which detector with -d URI (psxctl list; -d sim: is a model)");
		goto out;
	}
	run.dev = psx_device_open(ctl->uri, &err);
	if (!run.dev) {
		code = ctl_fail(ctl, "%s", err.message);
		goto out;
	}
	catch_signals();
	code = prepare(&run);
	if (code == CTL_OK)
		code = run_stream(&run);
	psx_file_close(run.file);
	psx_device_close(run.dev);
out:
	plan_free(&a.plan);
	return code;
}
