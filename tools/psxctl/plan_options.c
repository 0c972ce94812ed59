// SPDX-License-Identifier: MIT
/* The options of a plan that more than one verb takes. */
#include "plan.h"

enum { OPT_KERNEL = 'k', OPT_MODE = 'm', OPT_THRESHOLD = 't', OPT_POLARITY = 'p' };

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "NAME[,NAME...]", 0, "Presets (psxctl kernel list) or kernel files", 0 },
	{ "mode", OPT_MODE, "MODE", 0, "scan (default), snap, or point (acquire only)", 0 },
	{ "threshold", OPT_THRESHOLD, "T", 0, "In bits, or N% of each frame's maximum (default 1)", 0 },
	{ "polarity", OPT_POLARITY, "P", 0, "positive (v >= T, default) or both (|v| >= T)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct plan_input *in = state->input;
	struct psx_error err;

	switch (key) {
	case OPT_KERNEL:
		if (plan_add_kernels(in->plan, arg, &err))
			return ctl_usage(in->ctl, "%s", err.message);
		return 0;
	case OPT_MODE:
		if (option_mode(arg, &in->plan->mode))
			return ctl_usage(in->ctl, "mode '%s' is not scan, snap or point", arg);
		in->plan->changes = "--mode";
		return 0;
	case OPT_THRESHOLD:
		if (option_threshold(arg, &in->plan->threshold))
			return ctl_usage(in->ctl, "threshold '%s' is not 0..32767 bits or a percentage",
					 arg);
		in->plan->changes = "--threshold";
		return 0;
	case OPT_POLARITY:
		if (option_polarity(arg, &in->plan->polarity))
			return ctl_usage(in->ctl, "polarity '%s' is not positive or both", arg);
		in->plan->changes = "--polarity";
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

enum { OPT_CAL = 0x3001, OPT_FORCE, OPT_NO_ZERO };

static const struct argp_option load_options[] = {
	{ "cal", OPT_CAL, "FILE", 0, "Biases through a calibration (psxctl cal run)", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Even one of another detector", 0 },
	{ "no-zero", OPT_NO_ZERO, NULL, 0, "No dark frames before: dark current stays in", 0 },
	{ 0 },
};

static error_t parse_load(int key, char *arg, struct argp_state *state)
{
	const struct plan_input *in = state->input;

	switch (key) {
	case OPT_CAL:
		in->plan->cal_path = arg;
		in->plan->changes = "--cal";
		return 0;
	case OPT_FORCE:
		in->plan->force = true;
		return 0;
	case OPT_NO_ZERO:
		in->plan->no_zero = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp plan_load_argp = { .options = load_options, .parser = parse_load };
const struct argp plan_argp = { .options = options, .parser = parse };
