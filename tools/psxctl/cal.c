// SPDX-License-Identifier: MIT
#include "cal.h"
#include "load.h"

#include <string.h>

static const char doc[] =
	"Calibration: how every sub-pixel of one detector answers to its bias.\v"
	"run -o FILE   measure all sub-pixels at biases of both signs, dark and in the\n"
	"              open beam, and fit; then show the kernels (laplacian and log, or\n"
	"              --kernel) the open beam, and keep what makes it nothing\n"
	"show FILE     what it took and found; --pixel for one sub-pixel, -o and --map\n"
	"              for pictures\n"
	"load FILE     load --kernel (default identity) through it, then the rails go\n"
	"              up, as by `psxctl kernel load --cal`\n"
	"\n"
	"A detector without a shutter asks at the terminal for darkness and for the open beam. Ctrl-C "
	"ends a run with nothing kept and the rails down. A calibration is of one detector: elsewhere it "
	"is refused, but for --force.";

enum { OPT_BIASES = 0x2001, OPT_FRAMES, OPT_EXPOSURE, OPT_PIXEL, OPT_MAP, OPT_HOLD };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "run: the calibration; show: a picture (PNG) of the curves", 0 },
	{ "biases", OPT_BIASES, "N", 0, "run: of each sign, 5..64 (default 17)", 0 },
	{ "frames", OPT_FRAMES, "N", 0, "run: exposures averaged at each, 1..1024 (default 4)", 0 },
	{ "exposure", OPT_EXPOSURE, "TIME", 0, "run: of one exposure (default 1s)", 0 },
	{ "pixel", OPT_PIXEL, "X,Y", 0, "show: this sub-pixel, too", 0 },
	{ "map", OPT_MAP, "PNG", 0, "show: a picture of the fits' residuals and of defects", 0 },
	{ "hold", OPT_HOLD, "SECONDS", 0,
	  "load: return, and leave the rails up for so long (0: as they are)", 0 },
	{ 0 },
};

static error_t parse_count(struct cal *c, int key, const char *text)
{
	const bool biases = key == OPT_BIASES;
	unsigned long long value;

	if (option_number(text, biases ? 5 : 1, biases ? 64 : 1024, &value))
		return (error_t)ctl_usage(c->ctl, "%s '%s' is not %s", biases ? "biases" : "frames",
					  text, biases ? "5..64" : "1..1024");
	*(biases ? &c->options.biases : &c->options.frames) = (unsigned int)value;
	c->only_of = "run";
	return 0;
}

static error_t parse_pixel(struct cal *c, const char *text)
{
	uint32_t values[2];

	if (option_numbers(text, ",", values))
		return (error_t)ctl_usage(c->ctl, "pixel '%s' is not X,Y", text);
	c->x = values[0];
	c->y = values[1];
	c->pixel_given = true;
	c->only_of = "show";
	return 0;
}

static error_t parse_word(struct cal *c, int key, char *text)
{
	switch (key) {
	case OPT_EXPOSURE:
		if (option_time(text, &c->options.exposure_ns))
			return (error_t)ctl_usage(c->ctl, "exposure '%s' is not a time such as 1s, "
							  "20ms, 50us", text);
		c->only_of = "run";
		return 0;
	case OPT_MAP:
		c->map = text;
		c->only_of = "show";
		return 0;
	case OPT_HOLD:
		if (rails_parse_hold(text, &c->hold_ms))
			return (error_t)ctl_usage(c->ctl, "hold '%s' is not a time up to 24 h, such as "
							  "600 (seconds)", text);
		c->stays = c->hold_ms;
		c->only_of = "load";
		return 0;
	default:
		if (!c->action)
			c->action = text;
		else if (!c->path)
			c->path = text;
		else
			return ARGP_ERR_UNKNOWN;
		return 0;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cal *c = state->input;

	switch (key) {
	case OPT_BIASES:
	case OPT_FRAMES:
		return parse_count(c, key, arg);
	case OPT_PIXEL:
		return parse_pixel(c, arg);
	case OPT_EXPOSURE:
	case OPT_MAP:
	case OPT_HOLD:
	case ARGP_KEY_ARG:
		return parse_word(c, key, arg);
	case 'o':
		c->output = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->child_inputs[1] = &c->shared;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int load(struct cal *c)
{
	const struct rails_stay stay = { .hold_ms = c->hold_ms };
	struct psx_error err;

	if (ctl_need_device(c->ctl) != CTL_OK)
		return CTL_USAGE;
	c->plan.cal_path = c->path;
	if (!c->plan.kernel_count && plan_add_kernels(&c->plan, "identity", &err))
		return ctl_fail(c->ctl, "%s", err.message);
	return load_kernels(c->ctl, &c->plan, c->stays ? &stay : NULL);
}

static int act(struct cal *c)
{
	if (!c->action)
		return ctl_usage(c->ctl, "say run -o FILE, show FILE or load FILE (try --help)");
	if (strcmp(c->action, "run") && strcmp(c->action, "show") && strcmp(c->action, "load"))
		return ctl_usage(c->ctl, "no action '%s' (run, show, load)", c->action);
	if (c->only_of && strcmp(c->only_of, c->action) != 0)
		return ctl_usage(c->ctl, "an option here goes with `%s`, not with `%s` (try --help)",
				 c->only_of, c->action);
	if (c->plan.cal_path)
		return ctl_usage(c->ctl, "--cal goes with acquire and kernel load; name the file here");
	if (!strcmp(c->action, "run"))
		return cal_run(c);
	if (!c->path)
		return ctl_usage(c->ctl, "%s which calibration? Name its file", c->action);
	return strcmp(c->action, "show") ? load(c) : cal_show(c);
}

int verb_cal(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_argp, 0, NULL, 0 },
						{ &plan_load_argp, 0, NULL, 0 },
						{ 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "run|show|load [FILE]", .doc = doc,
		.children = children,
	};
	struct cal c = { .ctl = ctl, .shared = { .ctl = ctl, .plan = &c.plan }, .stays = true };
	int code = CTL_USAGE;

	plan_init(&c.plan);
	if (!ctl_parse(ctl, &argp, argc, argv, &c))
		code = act(&c);
	plan_free(&c.plan);
	return code;
}
