// SPDX-License-Identifier: MIT
#include "../../lib/error.h"
#include "interrupt.h"
#include "rails.h"
#include "raster.h"
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Frames from a detector.\v"
	"Claims the detector, ramps its rails up, runs, ramps down; rails that are up stay up. Where the "
	"detector has dark current, kernels begin with dark frames. Ctrl-C stops after the frame that "
	"is being made; what was taken is kept, as it is when the detector fails; on a full disk it "
	"is left beside FILE.psx, as .FILE.psx.XXXXXX. Without --kernel it is what is loaded, with its "
	"settings, or identity where nothing is; several kernels take turns, a channel each; of a raster "
	"each has a picture, with what was missed marked as bad, and the stage goes back to where it was. "
	"With --join it claims and starts nothing: it reads the frames that another program acquires, up "
	"to the end of that. Occupancy is effective / active pixels, which are those that see something "
	"and are not bad; byte ratio is payload / dense 16-bit.";

enum {
	OPT_NUMBER = 'n', OPT_OUTPUT = 'o',
	OPT_EXPOSURE = 0x2001, OPT_RATE, OPT_TRIGGER, OPT_PGA, OPT_ACCUMULATE,
	OPT_JOIN, OPT_BANK_MAP, OPT_RASTER, OPT_PLOT,
};

static const struct argp_option options[] = {
	{ "frames", OPT_NUMBER, "N", 0, "How many; 0 = until Ctrl-C (default: one a kernel; with --join all, to the end)", 0 },
	{ "output", OPT_OUTPUT, "FILE.psx", 0, "Keep frames and all that is known of them", 0 },
	{ "exposure", OPT_EXPOSURE, "TIME", 0, "Of one exposure: 1s (default), 20ms, 50us", 0 },
	{ "rate", OPT_RATE, "HZ", 0, "Frames a second (default: as exposures allow)", 0 },
	{ "trigger", OPT_TRIGGER, "HOW", 0, "timer (default) or software", 0 },
	{ "pga", OPT_PGA, "GAIN", 0, "1, 2, 4 .. 128 (default: the highest for full dose)", 0 },
	{ "accumulate", OPT_ACCUMULATE, "M", 0, "Sums of M exposures", 0 },
	{ "bank-map", OPT_BANK_MAP, "FILE", 0,
	  "With --mode snap: a picture whose grey value is, for each macro-pixel, the place of its "
	  "kernel in --kernel, from 0", 0 },
	{ "raster", OPT_RASTER, "X,Y[,STEP]", 0,
	  "With --mode point and a stage: a picture of X x Y points, STEP sub-pixel pitches apart "
	  "(default 1), of each kernel", 0 },
	{ "plot", OPT_PLOT, "PNG", 0,
	  "A picture of each kernel's last frame, with a histogram and the threshold in it", 0 },
	{ "join", OPT_JOIN, "HOW", 0,
	  "Read along: lossy (may skip frames, disturbs nobody) or reserving (room is kept for it)", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	unsigned long long frames;
	bool frames_given;
	const char *output, *plot;
};

static error_t parse_rate(struct arguments *a, const char *text)
{
	double rate;

	if (option_decimal(text, &rate) || !(rate > 1e-6 && rate <= 1e6))
		return ctl_usage(a->ctl, "rate '%s' is not a number of frames a second", text);
	a->plan.period_ns = (uint64_t)(1e9 / rate);
	a->plan.changes = "--rate";
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
		a->plan.changes = "--pga";
		return 0;
	default:
		if (option_number(text, 1, 65535, &value))
			return ctl_usage(a->ctl, "accumulate '%s' is not 1..65535", text);
		a->plan.accumulate = (unsigned int)value;
		a->plan.changes = "--accumulate";
		return 0;
	}
}

static error_t parse_word(struct arguments *a, int key, const char *text)
{
	switch (key) {
	case OPT_EXPOSURE:
		if (option_time(text, &a->plan.exposure_ns))
			return ctl_usage(a->ctl, "exposure '%s' is not a time such as 1s, 20ms, 50us",
					 text);
		a->plan.changes = "--exposure";
		return 0;
	case OPT_JOIN:
		a->plan.begin = strcmp(text, "lossy") ? PLAN_JOIN_RESERVING : PLAN_JOIN_LOSSY;
		if (a->plan.begin == PLAN_JOIN_RESERVING && strcmp(text, "reserving") != 0)
			return ctl_usage(a->ctl, "join '%s' is not lossy or reserving", text);
		return 0;
	default:
		a->plan.changes = "--trigger";
		a->plan.software_trigger = !strcmp(text, "software");
		if (!a->plan.software_trigger && strcmp(text, "timer") != 0)
			return ctl_usage(a->ctl, "trigger '%s' is not timer or software", text);
		return 0;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_NUMBER:
	case OPT_PGA:
	case OPT_ACCUMULATE:
		return parse_number(a, key, arg);
	case OPT_EXPOSURE:
	case OPT_TRIGGER:
	case OPT_JOIN:
		return parse_word(a, key, arg);
	case OPT_RATE:
		return parse_rate(a, arg);
	case OPT_OUTPUT:
		a->output = arg;
		return 0;
	case OPT_PLOT:
		a->plot = arg;
		return 0;
	case OPT_RASTER:
		if (raster_parse(&a->plan.raster, arg))
			return (error_t)ctl_usage(a->ctl, "raster '%s' is not X,Y or X,Y,STEP", arg);
		return 0;
	case OPT_BANK_MAP:
		a->plan.map_path = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = &a->shared;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is to be loaded: kernels that were named, or identity where nothing is. What is loaded may wait for triggers: ours. An exit code. */
static int choose(struct arguments *a, struct psx_device *dev)
{
	struct plan *plan = &a->plan;
	const struct psx_device_status *status;
	struct psx_error err;

	if (!plan->kernel_count) {
		status = psx_device_get_status(dev);
		if (!status)
			return ctl_fail(a->ctl, "%s", psx_device_error(dev));
		if (status->cfg_id && plan->changes)
			return ctl_usage(a->ctl,
					 "%s needs --kernel: what is loaded (configuration %u) keeps its "
					 "own settings", plan->changes, status->cfg_id);
		if (!status->cfg_id && plan_add_kernels(plan, "identity", &err))
			return ctl_fail(a->ctl, "%s", err.message);
		plan->software_trigger |= status->cfg_id && status->software_trigger;
	}
	if (!a->frames_given)
		a->frames = plan_channels(plan) ? plan_channels(plan) : 1;
	return CTL_OK;
}

/* All that can be refused, then the rails; an exit code */
static int prepare(struct arguments *a, struct run *run)
{
	struct psx_error err;

	if (plan_load_calibration(a->ctl, &a->plan, run->dev, &err))
		return ctl_fail(a->ctl, "%s", err.message);
	if (run_open(run) != CTL_OK)
		return CTL_FAILED;
	if ((a->plan.raster.width && raster_check(run, &err)) ||
	    (a->plan.kernel_count && plan_load(a->ctl, &a->plan, run->dev, &err)) ||
	    rails_up_for_run(a->ctl, run->dev, &err))
		return ctl_fail(a->ctl, "%s", err.message);
	return CTL_OK;
}

/* With rails up, which go down afterwards unless they were up before; an exit code */
static int start(struct arguments *a, struct run *run)
{
	struct psx_error err;
	int code = choose(a, run->dev);

	run->before = rails_before(run->dev);
	run->frames = a->frames;
	if (code == CTL_OK)
		code = prepare(a, run);
	if (code == CTL_OK)
		code = a->plan.raster.width ? raster_run(run) : run_plan(run);
	if (raster_leave(run, &err)) {
		(void)ctl_fail(a->ctl, "%s", err.message);
		code = code == CTL_OK ? CTL_FAILED : code;
	}
	return rails_restore(a->ctl, run->dev, &run->before, code);
}

static int acquire(struct arguments *a)
{
	struct run run = { .ctl = a->ctl, .plan = &a->plan, .output = a->output,
			   .plot = a->plot };
	int code;

	run.dev = ctl_open(a->ctl, &code);
	if (!run.dev)
		return code;
	interrupt_catch();
	run.frames = a->frames;
	if (a->plan.begin == PLAN_START)
		code = start(a, &run);
	else
		code = run_open(&run) == CTL_OK ? run_plan(&run) : CTL_FAILED;
	run_close(&run);
	psx_device_close(run.dev);
	return code;
}

/* No file takes the place of another; an exit code */
static int check_files(const struct arguments *a)
{
	int code = ctl_check_outputs(a->ctl, a->output, a->plot);

	if (code == CTL_OK)
		code = ctl_spare(a->ctl, a->output, a->plot, a->plan.cal_path, "the calibration");
	if (code == CTL_OK)
		code = ctl_spare(a->ctl, a->output, a->plot, a->plan.map_path, "the bank map");
	return code;
}

/* What contradicts itself before any detector is asked; an exit code */
static int check(const struct arguments *a)
{
	if (ctl_need_device(a->ctl) != CTL_OK)
		return CTL_USAGE;
	if (a->plan.begin != PLAN_START && (a->plan.kernel_count || a->plan.changes))
		return ctl_usage(a->ctl, "%s does not go with --join, which takes frames as they come",
				 a->plan.kernel_count ? "--kernel" : a->plan.changes);
	if (a->plan.map_path && (a->plan.mode != PSX_MODE_SNAP || !a->plan.kernel_count))
		return ctl_usage(a->ctl, "--bank-map needs --mode snap and --kernel");
	if (a->plan.raster.width && (a->plan.mode != PSX_MODE_POINT || !a->plan.kernel_count))
		return ctl_usage(a->ctl, "--raster needs --mode point and --kernel");
	if (a->plan.raster.width && (a->frames_given || a->plan.accumulate > 1 ||
				     a->plan.period_ns || a->plan.software_trigger))
		return ctl_usage(a->ctl,
				 "--raster does not go with -n, --accumulate, --rate or --trigger");
	if (a->plot && plan_channels(&a->plan) > PANELS)
		return ctl_usage(a->ctl, "--plot shows %d kernels at most", PANELS);
	if (a->plan.map_path && a->plan.cal_path)
		return ctl_usage(a->ctl, "--bank-map does not go with --cal");
	return check_files(a);
}

int verb_acquire(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_argp, 0, NULL, 0 },
						{ &plan_load_argp, 0, NULL, 0 },
						{ 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .doc = doc, .children = children,
	};
	struct arguments a = { .ctl = ctl, .shared = { .ctl = ctl, .plan = &a.plan } };
	int code = CTL_USAGE;

	plan_init(&a.plan);
	if (!ctl_parse(ctl, &argp, argc, argv, &a))
		code = check(&a);
	if (code == CTL_OK)
		code = acquire(&a);
	plan_free(&a.plan);
	return code;
}
