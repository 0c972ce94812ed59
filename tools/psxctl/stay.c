// SPDX-License-Identifier: MIT
/* Rails that are up until a signal comes, or held for a time. */
#include "interrupt.h"
#include "options.h"
#include "rails.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BEAT_MS	     1000
#define HEARTBEAT_MS 5000 /* a process that was stopped loses the rails after it */

enum { RAILS_ON = 2, RAILS_TRIPPED = 3 };

int rails_parse_hold(const char *text, uint32_t *hold_ms)
{
	uint64_t ns;

	*hold_ms = 0;
	if (!strcmp(text, "0"))
		return 0;
	if (option_time(text, &ns) || ns > 24ull * 3600 * 1000000000)
		return -1;
	*hold_ms = (uint32_t)((ns + 999999) / 1000000);
	return 0;
}

static void say_up(struct ctl *ctl, struct psx_device *dev, uint32_t hold_ms)
{
	const struct psx_device_status *st = psx_device_get_status(dev);
	const double up = st ? st->rail_mv[0] / 1e3 : 0, down = st ? st->rail_mv[1] / 1e3 : 0;
	const time_t end = time(NULL) + (hold_ms + 999) / 1000;
	char until[16] = "";
	struct tm local;

	if (localtime_r(&end, &local))
		(void)strftime(until, sizeof(until), "%H:%M:%S", &local);
	if (ctl->json)
		ctl_json(ctl, json_pack("{s:s, s:i, s:i, s:I}", "rails", "on", "rail_positive_mv",
					(int)(up * 1e3), "rail_negative_mv", (int)(down * 1e3),
					"hold_ms", (json_int_t)hold_ms));
	else if (!hold_ms)
		printf("rails at %+.1f V / %+.1f V; Ctrl-C takes them down\n", up, down);
	else if (ctl_in_process(dev))
		printf("rails at %+.1f V / %+.1f V; those of a model end with this command\n", up,
		       down);
	else
		printf("rails at %+.1f V / %+.1f V, held until %s\n", up, down, until);
	fflush(stdout);
}

static void say_down(struct ctl *ctl, const char *state, uint32_t cause)
{
	if (ctl->json)
		ctl_json(ctl, json_pack("{s:s, s:s}", "rails", state, "cause",
					ctl_cause_name(cause)));
	else if (!cause)
		printf("rails are down\n");
}

/* Why they went down, from events where the device has some */
static uint32_t take_cause(struct psx_device *dev)
{
	struct psx_device_event event;
	uint32_t cause = 0;

	while (psx_device_next_event(dev, 0, &event) > 0)
		if (event.type == PSX_EVENT_RAILS && event.cause)
			cause = event.cause;
	return cause;
}

/* While they are up; an exit code when they are not */
static int check(struct ctl *ctl, struct psx_device *dev)
{
	const uint32_t told = take_cause(dev);
	const struct psx_device_status *st = psx_device_get_status(dev);

	if (!st)
		return ctl_fail(ctl, "%s", psx_device_error(dev));
	if (st->rails == RAILS_ON)
		return psx_device_beat(dev) ? ctl_fail(ctl, "%s", psx_device_error(dev)) : CTL_OK;
	if (ctl->json)
		say_down(ctl, ctl_rails_name(st->rails), st->cause ? st->cause : told);
	if (st->rails == RAILS_TRIPPED)
		return ctl_fail(ctl, "the rails tripped %s; psxctl hv clear forgets it",
				ctl_cause_words(st->cause));
	return ctl_fail(ctl, "the rails went down %s", ctl_cause_words(told));
}

static int in_foreground(struct ctl *ctl, struct psx_device *dev)
{
	struct pollfd events = { .fd = psx_device_get_fd(dev), .events = POLLPRI };
	int code = CTL_OK;

	say_up(ctl, dev, 0);
	while (!interrupt_came()) {
		code = check(ctl, dev);
		if (code != CTL_OK)
			return code;
		if (interrupt_poll(&events, 1, BEAT_MS) < 0 && errno != EINTR)
			return ctl_fail(ctl, "%s", strerror(errno));
	}
	if (psx_device_rails_off(dev))
		return ctl_fail(ctl, "%s", psx_device_error(dev));
	say_down(ctl, "off", 0);
	return CTL_OK;
}

int rails_stay(struct ctl *ctl, struct psx_device *dev, const struct rails_stay *stay)
{
	const struct psx_rails_options options = {
		.slew = stay->slew,
		.hold_ms = stay->hold_ms,
		.heartbeat_ms = stay->hold_ms ? 0 : HEARTBEAT_MS,
	};

	struct psx_error err;

	interrupt_catch();
	if (rails_up(ctl, dev, stay->slew, &err))
		return ctl_fail(ctl, "%s", err.message);
	if (psx_device_rails_on(dev, &options)) /* now that they are up, the heartbeat can begin */
		return ctl_fail(ctl, "%s", psx_device_error(dev));
	if (!stay->hold_ms || interrupt_came())
		return in_foreground(ctl, dev);
	say_up(ctl, dev, stay->hold_ms);
	return CTL_OK;
}
