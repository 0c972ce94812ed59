// SPDX-License-Identifier: MIT
#include "options.h"
#include "study.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_VOLTS	 (-73.0)
#define DEFAULT_EXPOSURE 10000000u
#define DEFAULT_FRAMES	 100
#define DEFAULT_CYCLES	 2

static const char doc[] =
	"How the signal comes, stays and goes: shutter closed, open, closed, in turn.\v"
	"Claims the detector, ramps its rails up, runs, ramps down; what was loaded is lost. Lit is the "
	"open beam. A sample is the mean of the sub-pixels in one exposure. Rise and fall are from 10 to "
	"90 %; those faster than a sample are below it. Drift is that of the last lit part. Times are the "
	"device's.";

enum { OPT_CYCLES = 0x2001, OPT_BIAS };

static const struct argp_option options[] = {
	{ "cycles", OPT_CYCLES, "N", 0, "Times that the shutter opens, 1..100 (default 2)", 0 },
	{ "bias", OPT_BIAS, "VOLTS", 0, "Of all sub-pixels (default -73)", 0 },
	{ 0 },
};

struct it {
	struct study study;
	unsigned int cycles;
	size_t parts, count;	    /* dark and lit in turn; samples of all */
	size_t sub_pixels;
	struct psx_sample *samples;
	struct psx_reading *readings; /* by part */
	bool measured; /* all of them */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct it *it = state->input;
	unsigned long long value;

	switch (key) {
	case OPT_CYCLES:
		if (option_number(arg, 1, 100, &value))
			return (error_t)ctl_usage(it->study.ctl, "cycles '%s' is not 1..100", arg);
		it->cycles = (unsigned int)value;
		return 0;
	case OPT_BIAS:
		if (option_decimal(arg, &it->study.volts) || !(fabs(it->study.volts) <= 100))
			return (error_t)ctl_usage(it->study.ctl, "bias '%s' is not -100..100 V", arg);
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &it->study;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int take_parts(struct it *it, struct psx_probe *probe, unsigned int pga)
{
	const struct study *s = &it->study;
	size_t i;

	if (psx_probe_set(probe, s->volts, s->exposure_ns, pga, 0))
		return -1;
	for (i = 0; i < it->parts; i++)
		if (psx_probe_expose(probe, i & 1 ? PSX_SHUTTER_BEAM : PSX_SHUTTER_CLOSED, s->frames,
				     &it->readings[i], it->samples + i * s->frames))
			return -1;
	return 0;
}

/* All parts at one gain: from the beginning at a lower one, where something clips */
static int measure(struct study *s, void *arg, struct psx_error *err)
{
	struct it *it = arg;
	struct psx_probe *probe = psx_probe_new(s->dev, &s->region, err);
	unsigned int pga;
	int failed;

	if (!probe)
		return -1;
	psx_probe_set_progress(probe, study_progress, s);
	it->sub_pixels = (size_t)psx_probe_get_region(probe)->width *
			 psx_probe_get_region(probe)->height;
	failed = psx_probe_choose_pga(probe, s->volts, s->exposure_ns, PSX_SHUTTER_BEAM, &pga);
	if (!failed) {
		psx_probe_leave_out_odd(probe);
		do
			failed = take_parts(it, probe, pga);
		while (failed && errno == ERANGE && (pga /= 2));
	}
	if (failed)
		(void)psx_error_set(err, errno, "%s", psx_probe_error(probe));
	it->measured = !failed;
	psx_probe_free(probe);
	return failed ? -1 : 0;
}

/* Part i comes after another: how the signal got there */
static bool edge_of(const struct it *it, size_t part, struct psx_edge *edge)
{
	const size_t frames = it->study.frames;

	return part && !psx_edge_find(it->samples + (part - 1) * frames, 2 * frames, frames, edge);
}

static void print_part(const struct it *it, size_t part)
{
	const struct psx_reading *r = &it->readings[part];
	const char *light = part & 1 ? "lit" : "dark";
	struct psx_edge edge = { 0 };
	const bool found = edge_of(it, part, &edge);

	if (it->study.ctl->json) {
		json_t *object = json_pack("{s:s, s:f, s:f}", "light", light, "signal", r->signal,
					   "noise", r->noise);

		if (found)
			(void)json_object_update_new(object, json_pack(
				"{s:s, s:f, s:b}", "edge", part & 1 ? "rise" : "fall", "seconds",
				edge.seconds, "within", edge.within));
		ctl_json(it->study.ctl, object);
		return;
	}
	printf("%-5s %+12.4f %12.4f", light, r->signal, r->noise);
	if (found)
		printf("  %s %s%.4g ms", part & 1 ? "rise" : "fall", edge.within ? "below " : "",
		       1e3 * edge.seconds);
	printf("\n");
}

/* An exit code */
static int print_summary(const struct it *it)
{
	const size_t lit = it->parts - 2;
	const size_t used = it->readings[lit].used;
	struct psx_stability s;

	/* In the first one the bias is on its way from 0 V */
	if (psx_stability_find(it->samples + lit * it->study.frames + 1, it->study.frames - 1, &s))
		return ctl_fail(it->study.ctl, "at %g V the beam makes no signal above its noise: "
				"%.2g +- %.2g levels", it->study.volts, s.mean, s.noise);
	if (it->study.ctl->json)
		ctl_json(it->study.ctl, json_pack(
			"{s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "volts", it->study.volts, "dose_rate",
			study_rate(&it->study), "mean", s.mean, "noise", s.noise, "drift_hour",
			s.drift.value, "drift_error", s.drift.error, "used",
			(json_int_t)used, "left_out", (json_int_t)(it->sub_pixels - used)));
	else
		printf("lit: %.4f levels, of the mean of %zu sub-pixels +-%.2g %%, %zu left out; drift %+.3g "
		       "+- %.2g %% an hour\n", s.mean, used, 100 * fabs(s.noise / s.mean),
		       it->sub_pixels - used, 100 * s.drift.value, 100 * s.drift.error);
	return CTL_OK;
}

static int write_out(const struct it *it)
{
	double *seconds = calloc(2 * it->count, sizeof(*seconds)), *signal = seconds + it->count;
	struct table t;
	int code = CTL_OK;
	size_t i;

	if (!seconds)
		return ctl_fail(it->study.ctl, "out of memory");
	for (i = 0; i < it->count; i++) {
		seconds[i] = it->samples[i].seconds - it->samples[0].seconds;
		signal[i] = it->samples[i].signal;
	}
	if (it->study.table && table_open(&t, it->study.table, "seconds,lit,signal")) {
		code = study_no_table(&it->study);
	} else if (it->study.table) {
		for (i = 0; i < it->count; i++)
			fprintf(t.file, "%.9f,%d,%.9g\n", seconds[i], (int)(i / it->study.frames & 1),
				signal[i]);
		code = table_close(&t) ? study_no_table(&it->study) : CTL_OK;
	}
	if (code == CTL_OK)
		code = study_chart(&it->study, &(const struct chart){
			.title = "signal, grey levels", .x_name = "device time, s", .count = 1,
			.series = { { NULL, it->count, seconds, signal,
				      .line = true, .marks = true } } }, 1);
	free(seconds);
	return code;
}

static int run(struct it *it)
{
	int code, shown, written;
	size_t i;

	it->parts = 2 * it->cycles + 1;
	it->count = it->parts * it->study.frames;
	it->samples = calloc(it->count, sizeof(*it->samples));
	it->readings = calloc(it->parts, sizeof(*it->readings));
	if (!it->samples || !it->readings)
		return ctl_fail(it->study.ctl, "out of memory");
	code = study_run(&it->study, measure, it);
	if (!it->measured)
		return code;
	if (!it->study.ctl->json)
		printf("%-5s %12s %12s\n", "light", "levels", "noise");
	for (i = 0; i < it->parts; i++)
		print_part(it, i);
	shown = print_summary(it);
	written = write_out(it);
	return code != CTL_OK ? code : shown != CTL_OK ? shown : written;
}

int verb_it(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &study_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .doc = doc, .children = children,
	};
	struct it it = {
		.study = { .ctl = ctl, .volts = DEFAULT_VOLTS, .exposure_ns = DEFAULT_EXPOSURE,
			   .frames = DEFAULT_FRAMES },
		.cycles = DEFAULT_CYCLES,
	};
	int code = CTL_USAGE;

	if (ctl_parse(ctl, &argp, argc, argv, &it))
		return code;
	if (it.study.frames < 4)
		return ctl_usage(ctl, "an edge needs at least 4 frames on each side");
	if (study_open(&it.study, &code))
		code = run(&it);
	free(it.samples);
	free(it.readings);
	psx_device_close(it.study.dev);
	return code;
}
