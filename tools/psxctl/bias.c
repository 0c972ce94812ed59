// SPDX-License-Identifier: MIT
#include "bias.h"
#include "interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Biases of sub-pixels.\v"
	"get             codes and volts as they were loaded\n"
	"read            as the DACs' monitors show them; fails when some do not follow\n"
	"set CODE|VOLTS  1234 is a code, -6.9V are volts; then the rails go up, until\n"
	"                Ctrl-C. With --hold 0 codes are loaded and rails left alone\n"
	"\n"
	"Small regions are printed, large ones summed up; -o FILE.png draws them. It is what is loaded; "
	"with --kernel that kernel is loaded before, and `set` begins with identity where nothing is. "
	"`set` keeps scales, threshold, polarity, PGA and exposure, but no dark frames.";

enum { OPT_CHANNEL = 0x2001, OPT_PHASE, OPT_REGION, OPT_HOLD };

static const struct argp_option options[] = {
	{ "channel", OPT_CHANNEL, "N", 0, "Of the schedule, from 0 (default: 0; set: all)", 0 },
	{ "phase", OPT_PHASE, "P", 0, "Of the scan, from 0 (default: 0; set: all)", 0 },
	{ "region", OPT_REGION, "X,Y,WxH", 0, "Sub-pixels (default: the whole sensor)", 0 },
	{ "output", 'o', "PNG", 0, "get, read: a picture of the codes", 0 },
	{ "hold", OPT_HOLD, "SECONDS", 0, "set: return, and leave the rails up for so long (0: as they are)", 0 },
	{ 0 },
};

static int parse_region(struct region *region, const char *text)
{
	uint32_t values[4];

	if (option_numbers(text, ",,x", values) || !values[2] || !values[3])
		return -1;
	*region = (struct region){ values[0], values[1], values[2], values[3] };
	return 0;
}

static error_t parse_place(struct bias *b, int key, const char *text)
{
	unsigned long long value;

	if (option_number(text, 0, key == OPT_CHANNEL ? 255 : 224, &value))
		return (error_t)ctl_usage(b->ctl, "'%s' is not the number of a %s", text,
					  key == OPT_CHANNEL ? "channel" : "phase");
	*(key == OPT_CHANNEL ? &b->channel : &b->phase) = (long)value;
	return 0;
}

static error_t parse_argument(struct bias *b, char *text)
{
	if (!b->action)
		b->action = text;
	else if (!b->value)
		b->value = text;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bias *b = state->input;

	switch (key) {
	case OPT_CHANNEL:
	case OPT_PHASE:
		return parse_place(b, key, arg);
	case OPT_REGION:
		if (parse_region(&b->region, arg))
			return (error_t)ctl_usage(b->ctl, "region '%s' is not X,Y,WxH, such as 10,20,3x3",
						  arg);
		return 0;
	case OPT_HOLD:
		if (rails_parse_hold(arg, &b->stay.hold_ms))
			return (error_t)ctl_usage(b->ctl, "hold '%s' is not a time up to 24 h, such as "
							  "600 (seconds)", arg);
		b->stays = b->stay.hold_ms;
		return 0;
	case 'o':
		b->output = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &b->shared;
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(b, arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int show(struct bias *b)
{
	const unsigned int channel = b->channel < 0 ? 0 : (unsigned int)b->channel;
	const unsigned int phase = b->phase < 0 ? 0 : (unsigned int)b->phase;
	const struct psx_device_info *info = psx_device_get_info(b->dev);
	const size_t area = (size_t)info->width * info->height;
	const bool read = !strcmp(b->action, "read");
	struct psx_channel_info found;
	int16_t *codes = NULL;
	int code = CTL_FAILED;

	if (psx_device_get_channel(b->dev, channel, &found))
		return ctl_fail(b->ctl, "%s%s", psx_device_error(b->dev),
				errno == ENODATA ? ": --kernel loads something" : "");
	if (phase >= found.phases)
		return ctl_fail(b->ctl, "no phase %u: channel %u has %u, from 0", phase, channel,
				found.phases);
	b->channel = channel;
	b->phase = phase;
	codes = calloc(2 * area, sizeof(*codes));
	if (!codes)
		return ctl_fail(b->ctl, "out of memory");
	if (psx_device_read_plane(b->dev, channel, phase, codes) ||
	    (read && psx_device_read_monitors(b->dev, channel, phase, codes + area)))
		(void)ctl_fail(b->ctl, "%s", psx_device_error(b->dev));
	else
		code = bias_show(b, &found, read ? codes + area : codes, read ? codes : NULL);
	free(codes);
	return code;
}

/* Something to look at or to change, and a region inside the sensor; an exit code */
static int prepare(struct bias *b)
{
	const struct psx_device_info *info = psx_device_get_info(b->dev);
	const struct psx_device_status *st = psx_device_get_status(b->dev);
	struct region *r = &b->region;
	struct psx_error err;

	if (!st)
		return ctl_fail(b->ctl, "%s", psx_device_error(b->dev));
	if (!r->width)
		*r = (struct region){ 0, 0, info->width, info->height };
	if (r->x >= info->width || r->y >= info->height || r->width > info->width - r->x ||
	    r->height > info->height - r->y)
		return ctl_usage(b->ctl, "region %u,%u,%ux%u is not inside %u x %u sub-pixels", r->x,
				 r->y, r->width, r->height, info->width, info->height);
	if (!b->plan.kernel_count && !st->cfg_id && !strcmp(b->action, "set") &&
	    plan_add_kernels(&b->plan, "identity", &err))
		return ctl_fail(b->ctl, "%s", err.message);
	b->plan.no_zero = true; /* for codes that are to change, or to be looked at */
	if (b->plan.kernel_count && plan_load(b->ctl, &b->plan, b->dev, &err))
		return ctl_fail(b->ctl, "%s", err.message);
	return CTL_OK;
}

static int check(struct bias *b)
{
	const bool set = b->action && !strcmp(b->action, "set");

	if (!b->action)
		return ctl_usage(b->ctl, "say get, read or set (try --help)");
	if (!set && strcmp(b->action, "get") != 0 && strcmp(b->action, "read") != 0)
		return ctl_usage(b->ctl, "no action '%s' (get, read, set)", b->action);
	if (set && !b->value)
		return ctl_usage(b->ctl, "set what? A code, or volts such as -6.9V");
	if (!set && b->value)
		return ctl_usage(b->ctl, "unexpected argument '%s' (try --help)", b->value);
	if (set && b->output)
		return ctl_usage(b->ctl, "-o goes with get and read");
	return CTL_OK;
}

static bool is_negative(const char *word)
{
	return word[0] == '-' && word[1] && strchr("0123456789.", word[1]);
}

/* The words again, with the first negative number at the end, behind a "--": it is no
 * option. NULL with ENOMEM */
static char **with_end_of_options(int *argc, char **argv)
{
	static char end[] = "--";
	char **words = calloc((size_t)*argc + 2, sizeof(*words)), *negative = NULL;
	bool ended = false;
	int i, count = 0;

	for (i = 0; words && i < *argc; i++) {
		ended = ended || !strcmp(argv[i], end);
		if (!negative && !ended && is_negative(argv[i]))
			negative = argv[i];
		else
			words[count++] = argv[i];
	}
	if (words && negative) {
		if (!ended)
			words[count++] = end;
		words[count++] = negative;
	}
	*argc = count;
	return words;
}

int verb_bias(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "get|read|set [CODE|VOLTS]",
		.doc = doc, .children = children,
	};
	struct bias b = {
		.ctl = ctl, .shared = { .ctl = ctl, .plan = &b.plan }, .channel = -1, .phase = -1,
		.stays = true,
	};
	char **words = with_end_of_options(&argc, argv);
	int code = CTL_USAGE;

	if (!words)
		return ctl_fail(ctl, "out of memory");
	plan_init(&b.plan);
	if (!ctl_parse(ctl, &argp, argc, words, &b))
		code = check(&b);
	if (code == CTL_OK)
		b.dev = ctl_open(ctl, &code);
	if (b.dev) {
		interrupt_catch();
		code = prepare(&b);
		if (code == CTL_OK)
			code = strcmp(b.action, "set") ? show(&b) : bias_set(&b);
	}
	psx_device_close(b.dev);
	plan_free(&b.plan);
	free(words);
	return code;
}
