// SPDX-License-Identifier: MIT
#include "../../lib/error.h"
#include "options.h"
#include "rails.h"

#include <stdio.h>
#include <string.h>

static const char doc[] =
	"High voltage: the rails that all biases come from.\v"
	"on      ramp them up, and keep them up until Ctrl-C; with --hold return, and\n"
	"        they go down by themselves after that time\n"
	"off     ramp them down\n"
	"status  where they are, who has them, leakage and temperature\n"
	"clear   forget a trip: over-current, open interlock or watchdog\n"
	"\n"
	"`acquire` and `cal` ramp them up and down by themselves; rails that are up they leave up. "
	"In the foreground psxctl beats like a heart: when it is stopped, the rails go down.";

enum { OPT_SLEW = 0x2001, OPT_HOLD };

static const struct argp_option options[] = {
	{ "slew", OPT_SLEW, "V/S", 0, "How fast, in volts a second (default 100)", 0 },
	{ "hold", OPT_HOLD, "SECONDS", 0, "Return, and leave them up for so long (24 h at most)", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	const char *action;
	struct rails_stay stay;
	bool options; /* one was given */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	unsigned long long value;

	switch (key) {
	case OPT_SLEW:
		if (option_number(arg, 1, UINT32_MAX, &value))
			return (error_t)ctl_usage(a->ctl, "slew '%s' is not a number of volts a second",
						  arg);
		a->stay.slew = (uint32_t)value;
		a->options = true;
		return 0;
	case OPT_HOLD:
		if (rails_parse_hold(arg, &a->stay.hold_ms) || !a->stay.hold_ms)
			return (error_t)ctl_usage(a->ctl, "hold '%s' is not a time up to 24 h, such as "
							  "600 (seconds)", arg);
		a->options = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->action)
			return ARGP_ERR_UNKNOWN;
		a->action = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int on(struct arguments *a, struct psx_device *dev)
{
	return rails_stay(a->ctl, dev, &a->stay);
}

static int off(struct arguments *a, struct psx_device *dev)
{
	if (psx_device_rails_off(dev))
		return ctl_fail(a->ctl, "%s", psx_device_error(dev));
	if (a->ctl->json)
		ctl_json(a->ctl, json_pack("{s:s, s:s}", "rails", "off", "cause", "none"));
	else
		printf("rails are down\n");
	return CTL_OK;
}

static void show(const struct psx_device_info *info, const struct psx_device_status *st)
{
	char owner[64];

	printf("rails        %s%s%s, %+.1f V / %+.1f V\n", ctl_rails_name(st->rails),
	       st->cause ? " " : "", ctl_cause_words(st->cause), st->rail_mv[0] / 1e3,
	       st->rail_mv[1] / 1e3);
	printf("slew         %u V/s, the device allows %u\n", st->slew, info->max_slew);
	printf("interlock    %s\n", st->interlock_open ? "open" : "closed");
	printf("owner        %s\n",
	       st->claimed ? psx_error_owner(st->claim_pid, owner, sizeof(owner)) : "nobody");
	if (st->hold_ms)
		printf("held         for another %.1f s\n", st->hold_ms / 1e3);
	printf("leakage      %.3f nA\n", (double)st->leakage_pa / 1e3);
	printf("temperature  %.1f C\n", st->temperature_mc / 1e3);
}

static int status(struct arguments *a, struct psx_device *dev)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	const struct psx_device_status *st = psx_device_get_status(dev);

	if (!st)
		return ctl_fail(a->ctl, "%s", psx_device_error(dev));
	if (!a->ctl->json) {
		show(info, st);
		return CTL_OK;
	}
	ctl_json(a->ctl, json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:b, s:i, s:I, s:I, s:i}",
				   "rails", ctl_rails_name(st->rails), "cause",
				   ctl_cause_name(st->cause), "rail_positive_mv", st->rail_mv[0],
				   "rail_negative_mv", st->rail_mv[1], "slew", (int)st->slew,
				   "max_slew", (int)info->max_slew, "interlock_open",
				   st->interlock_open, "claimed", st->claimed, "owner_pid",
				   (int)st->claim_pid, "hold_ms", (json_int_t)st->hold_ms,
				   "leakage_pa", (json_int_t)st->leakage_pa, "temperature_mc",
				   st->temperature_mc));
	return CTL_OK;
}

static int clear(struct arguments *a, struct psx_device *dev)
{
	if (psx_device_clear_trip(dev))
		return ctl_fail(a->ctl, "%s", psx_device_error(dev));
	if (a->ctl->json)
		ctl_json(a->ctl, json_pack("{s:s, s:s}", "rails", "off", "cause", "none"));
	else
		printf("the trip is forgotten; rails are off\n");
	return CTL_OK;
}

int verb_hv(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct arguments *a, struct psx_device *dev);
	} actions[] = { { "on", on }, { "off", off }, { "status", status }, { "clear", clear } };
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "on|off|status|clear", .doc = doc,
	};
	struct arguments a = { .ctl = ctl };
	struct psx_device *dev;
	int code = CTL_OK;
	size_t i = 0;

	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	if (!a.action)
		return ctl_usage(ctl, "say on, off, status or clear (try --help)");
	while (i < 4 && strcmp(a.action, actions[i].name) != 0)
		i++;
	if (i == 4)
		return ctl_usage(ctl, "no action '%s' (on, off, status, clear)", a.action);
	if (i && a.options)
		return ctl_usage(ctl, "--slew and --hold go with `on`");
	dev = ctl_open(ctl, &code);
	if (dev)
		code = actions[i].run(&a, dev);
	psx_device_close(dev);
	return code;
}
