// SPDX-License-Identifier: MIT
#include "ldr.h"

#include "options.h"

#include <math.h>
#include <stdlib.h>

#define DEFAULT_VOLTS	 (-73.0)
#define DEFAULT_EXPOSURE 10000000000u
#define DEFAULT_FRAMES	 8
#define DEFAULT_FROM	 0.1
#define DEFAULT_TO	 60000.0
#define DEFAULT_STEPS	 10

static const char doc[] =
	"Linear range: a series of dose rates, over gains and exposures.\v"
	"Claims the detector, ramps its rails up, runs, ramps down; what was loaded is lost. The range is "
	"where the signal is within +-5 % of a line through zero and at least 3 times its noise, in dB: "
	"20 log10(most / least). The line is that of the straightest decade. The detection limit is three "
	"times the noise of a sub-pixel in the dark, at the longest exposure, over the line's slope. "
	"Errors are 1 sigma, without that of the dose. Where an exposure's error is above 0.1 % of its "
	"signal, up to 16 times --frames are taken. What was measured is kept when a signal, or a "
	"detector, ends the work. "
	"Who sets the dose rate: models are shown flat scenes, of --dose-rate at level 4095, which "
	"reach from level 1 to 65535; `sim:` is opened anew, with another dose_rate=, where they don't. "
	"A person is asked at the terminal. A range that goes beyond the series is marked with '>'.";

enum { OPT_FROM = 0x2001, OPT_TO, OPT_STEPS, OPT_BIAS, OPT_BESIDE };

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "R", 0, "Lowest dose rate, uGy/s (default 0.1)", 0 },
	{ "to", OPT_TO, "R", 0, "Highest (default 60000)", 0 },
	{ "steps", OPT_STEPS, "N", 0, "Rates a decade, 3..40 (default 10)", 0 },
	{ "bias", OPT_BIAS, "VOLTS", 0, "Of all sub-pixels (default -73)", 0 },
	{ "beside", OPT_BESIDE, "URI", 0, "Another detector, measured in the same way", 0 },
	{ 0 },
};

static error_t parse_value(struct ldr *ldr, int key, const char *text)
{
	double *const value = key == OPT_FROM ? &ldr->from : key == OPT_TO ? &ldr->to :
								       &ldr->study.volts;

	if (option_decimal(text, value))
		return (error_t)ctl_usage(ldr->study.ctl, "'%s' is not a number", text);
	if (key == OPT_BIAS && !(fabs(*value) <= 100 && *value != 0))
		return (error_t)ctl_usage(ldr->study.ctl, "bias '%s' is not -100..100 V, or is 0", text);
	if (key != OPT_BIAS && !(*value > 0 && *value < 1e9))
		return (error_t)ctl_usage(ldr->study.ctl, "'%s' is not a dose rate", text);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ldr *ldr = state->input;
	unsigned long long value;

	switch (key) {
	case OPT_FROM:
	case OPT_TO:
	case OPT_BIAS:
		return parse_value(ldr, key, arg);
	case OPT_STEPS:
		if (option_number(arg, 3, 40, &value))
			return (error_t)ctl_usage(ldr->study.ctl, "steps '%s' is not 3..40", arg);
		ldr->steps = (unsigned int)value;
		return 0;
	case OPT_BESIDE:
		ldr->beside = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &ldr->study;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The first one's bias, light and frames are those of both */
static int open_all(struct ldr *ldr, struct ctl *beside)
{
	size_t i;
	int code;

	for (i = 0; i < LDR_MOST && (!i || ldr->beside); i++) {
		struct study *s = &ldr->series[i].study;

		*s = ldr->study;
		if (i)
			s->ctl = beside;
		if (!study_open(s, &code))
			return code;
	}
	return CTL_OK;
}

static int measure(struct study *s, void *arg, struct psx_error *err)
{
	struct ldr *ldr = arg;

	(void)s;
	return ldr_measure(ldr, &ldr->series[ldr->series_count - 1], err);
}

/* One detector after the other; an exit code */
static int run(struct ldr *ldr)
{
	struct ctl *const ctl = ldr->study.ctl;
	struct ctl beside = *ctl;
	int code, written;
	size_t i;

	ldr->series = calloc(LDR_MOST, sizeof(*ldr->series));
	if (!ldr->series)
		return ctl_fail(ctl, "out of memory");
	beside.uri = ldr->beside;
	code = open_all(ldr, &beside);
	for (i = 0; i < LDR_MOST && ldr->series[i].study.dev && code == CTL_OK; i++) {
		ldr->series_count++;
		code = study_run(&ldr->series[i].study, measure, ldr);
		ldr_print(ctl, &ldr->series[i]);
	}
	if (ldr->series_count) {
		written = ldr_write(ldr);
		code = code == CTL_OK ? written : code;
	}
	for (i = 0; i < LDR_MOST; i++)
		psx_device_close(ldr->series[i].study.dev);
	return code;
}

int verb_ldr(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &study_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .doc = doc, .children = children,
	};
	struct ldr ldr = {
		.study = { .ctl = ctl, .volts = DEFAULT_VOLTS, .exposure_ns = DEFAULT_EXPOSURE,
			   .frames = DEFAULT_FRAMES, .keeps = "what was measured is kept" },
		.from = DEFAULT_FROM, .to = DEFAULT_TO, .steps = DEFAULT_STEPS,
	};
	int code;

	if (ctl_parse(ctl, &argp, argc, argv, &ldr))
		return CTL_USAGE;
	if (!(ldr.from < ldr.to) ||
	    log10(ldr.to / ldr.from) * ldr.steps > LDR_POINTS - 2)
		return ctl_usage(ctl, "dose rates %g..%g uGy/s are no series", ldr.from, ldr.to);
	if (ldr.study.frames < 2)
		return ctl_usage(ctl, "noise needs at least two frames");
	code = run(&ldr);
	free(ldr.series);
	return code;
}
