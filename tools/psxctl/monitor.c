// SPDX-License-Identifier: MIT
#include "interrupt.h"
#include "psxctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char doc[] =
	"Detectors as they come and go; with -d also what that one reports: rails, configurations, the "
	"end of acquisitions, errors.\v"
	"Those that are there already are shown first. Needs no claim and disturbs nobody. Ctrl-C ends "
	"it.";

struct watch {
	struct ctl *ctl;
	struct psx_monitor *mon;
	struct psx_device *dev; /* NULL = none, or gone */
};

static void show_hotplug(const struct watch *w, const struct psx_monitor_event *event)
{
	static const char *const names[] = {
		[PSX_MONITOR_PRESENT] = "present",
		[PSX_MONITOR_ADDED] = "added",
		[PSX_MONITOR_REMOVED] = "removed",
	};

	if (w->ctl->json)
		ctl_json(w->ctl, json_pack("{s:s, s:o, s:o, s:o}", "event", names[event->action],
					   "uri", ctl_json_text(event->node), "model",
					   ctl_json_text(event->model), "serial",
					   ctl_json_text(event->serial)));
	else
		printf("%-8s %s  %s  %s\n", names[event->action], event->node, event->model,
		       event->serial);
}

/* But for overruns: this file reads no frames */
static const char *name_of(const struct psx_device_event *event)
{
	static const char *const names[] = {
		[PSX_EVENT_RAILS] = "rails", [PSX_EVENT_COMMIT] = "commit", [PSX_EVENT_END] = "end",
		[PSX_EVENT_ERROR] = "error", [PSX_EVENT_GONE] = "gone",
	};
	const char *name = event->type <= PSX_EVENT_GONE ? names[event->type] : NULL;

	return name ? name : "unknown";
}

/* What this event is about, as members of its JSON object; NULL for nothing */
static json_t *facts_json(const struct psx_device_event *event)
{
	switch (event->type) {
	case PSX_EVENT_RAILS:
		return json_pack("{s:s, s:s}", "rails", ctl_rails_name(event->rails), "cause",
				 ctl_cause_name(event->cause));
	case PSX_EVENT_COMMIT:
		return json_pack("{s:I, s:I}", "cfg_id", (json_int_t)event->cfg_id,
				 "readback_faults", (json_int_t)event->count);
	case PSX_EVENT_END:
		return json_pack("{s:I}", "series", (json_int_t)event->series);
	case PSX_EVENT_ERROR:
		return json_pack("{s:I, s:I}", "error", (json_int_t)event->error, "register",
				 (json_int_t)event->error_register);
	default:
		return json_object();
	}
}

static void describe(const struct psx_device_event *event, char *text, size_t size)
{
	text[0] = '\0';
	if (event->type == PSX_EVENT_RAILS)
		(void)snprintf(text, size, "  %s %s", ctl_rails_name(event->rails),
			       ctl_cause_words(event->cause));
	else if (event->type == PSX_EVENT_COMMIT && event->count)
		(void)snprintf(text, size, "  configuration %u; %llu DACs did not follow",
			       event->cfg_id, (unsigned long long)event->count);
	else if (event->type == PSX_EVENT_COMMIT)
		(void)snprintf(text, size, "  configuration %u", event->cfg_id);
	else if (event->type == PSX_EVENT_END)
		(void)snprintf(text, size, "  series %u", event->series);
	else if (event->type == PSX_EVENT_ERROR)
		(void)snprintf(text, size, "  code %u, register 0x%03x", event->error,
			       event->error_register);
}

static void show_event(const struct watch *w, const struct psx_device_event *event)
{
	const char *uri = psx_device_get_info(w->dev)->uri;
	json_t *object;
	char text[96];

	if (w->ctl->json) {
		object = json_pack("{s:s, s:o, s:I, s:I}", "event", name_of(event), "uri",
				   ctl_json_text(uri), "mono_ns", (json_int_t)event->mono_ns, "lost",
				   (json_int_t)event->lost);
		(void)json_object_update_new(object, facts_json(event));
		ctl_json(w->ctl, object);
		return;
	}
	describe(event, text, sizeof(text));
	if (event->lost)
		printf("%-8s %s  %u events\n", "lost", uri, event->lost);
	printf("%-8s %s%s\n", name_of(event), uri, text);
}

/* All that is there; an exit code */
static int take_hotplug(const struct watch *w)
{
	struct psx_monitor_event event;

	while (psx_monitor_next(w->mon, 0, &event) > 0)
		show_hotplug(w, &event);
	if (errno != ETIMEDOUT && errno != EINTR)
		return ctl_fail(w->ctl, "%s", strerror(errno));
	return CTL_OK;
}

/* The same; a device that is gone is let go */
static int take_events(struct watch *w)
{
	struct psx_device_event event;

	while (w->dev && psx_device_next_event(w->dev, 0, &event) > 0)
		show_event(w, &event);
	if (!w->dev || errno == ETIMEDOUT || errno == EINTR)
		return CTL_OK;
	if (errno != ENODEV)
		return ctl_fail(w->ctl, "%s", psx_device_error(w->dev));
	psx_device_close(w->dev);
	w->dev = NULL;
	return CTL_OK;
}

static int watch(struct watch *w)
{
	int code = CTL_OK;

	interrupt_catch();
	while (code == CTL_OK) {
		struct pollfd files[] = {
			{ .fd = psx_monitor_get_fd(w->mon), .events = POLLIN },
			{ .fd = w->dev ? psx_device_get_fd(w->dev) : -1, .events = POLLPRI },
		};

		code = take_hotplug(w);
		if (code == CTL_OK)
			code = take_events(w);
		if (fflush(stdout) || code != CTL_OK || interrupt_came())
			break;
		if (!w->dev)
			files[1].fd = -1;
		if (interrupt_poll(files, 2, -1) < 0 && errno != EINTR)
			code = ctl_fail(w->ctl, "%s", strerror(errno));
	}
	return code;
}

int verb_monitor(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .doc = doc };
	struct watch w = { .ctl = ctl };
	struct psx_error err;
	int code;

	if (ctl_parse(ctl, &argp, argc, argv, NULL))
		return CTL_USAGE;
	if (ctl->uri) {
		w.dev = psx_device_open(ctl->uri, &err);
		if (!w.dev)
			return ctl_fail(ctl, "%s", err.message);
	}
	if (w.dev && psx_device_get_fd(w.dev) < 0) {
		code = ctl_usage(ctl, "%s is a model in this process: it reports nothing", ctl->uri);
	} else {
		w.mon = psx_monitor_new(&err);
		code = w.mon ? watch(&w) : ctl_fail(ctl, "%s", err.message);
	}
	psx_monitor_free(w.mon);
	psx_device_close(w.dev);
	return code;
}
