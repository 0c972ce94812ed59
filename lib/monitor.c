// SPDX-License-Identifier: MIT
/* Detectors as they come and go, through udev. */
#include "error.h"

#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBSYSTEM "psxdet"

/* A detector that is there. Its serial number can't be asked once it is gone. */
struct known {
	struct known *next;
	bool told; /* that it is present */
	struct psx_monitor_event event;
};

struct psx_monitor {
	struct udev *udev;
	struct udev_monitor *source;
	struct known *known; /* in the order in which they came */
};

static struct known **find(struct psx_monitor *mon, const char *node)
{
	struct known **place = &mon->known;

	while (*place && strcmp((*place)->event.node, node) != 0)
		place = &(*place)->next;
	return place;
}

/* NULL with ENOMEM */
static struct known *remember(struct psx_monitor *mon, const char *node, const char *serial,
			      const char *model)
{
	struct known **place = find(mon, node), *known = *place;

	if (!known)
		known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	*place = known;
	(void)snprintf(known->event.node, sizeof(known->event.node), "%s", node);
	(void)snprintf(known->event.serial, sizeof(known->event.serial), "%s", serial ? serial : "");
	(void)snprintf(known->event.model, sizeof(known->event.model), "%s", model ? model : "");
	return known;
}

static int remember_entry(const struct psx_device_entry *entry, void *arg)
{
	struct known *known = remember(arg, entry->node, entry->serial, entry->model);

	if (known)
		known->event.action = PSX_MONITOR_PRESENT;
	return known ? 0 : ENOMEM;
}

static int open_source(struct psx_monitor *mon)
{
	/* Where no udevd sets permissions and tells, the kernel's word must do */
	const char *name = access("/run/udev/control", F_OK) ? "kernel" : "udev";

	mon->udev = udev_new();
	mon->source = mon->udev ? udev_monitor_new_from_netlink(mon->udev, name) : NULL;
	if (!mon->source ||
	    udev_monitor_filter_add_match_subsystem_devtype(mon->source, SUBSYSTEM, NULL) < 0 ||
	    udev_monitor_enable_receiving(mon->source) < 0)
		return -1;
	return 0;
}

struct psx_monitor *psx_monitor_new(struct psx_error *err)
{
	struct psx_monitor *mon = calloc(1, sizeof(*mon));
	int found;

	if (!mon)
		return psx_error_null(err, ENOMEM, "out of memory");
	/* Listen first: what comes in between is then told, though perhaps twice */
	if (open_source(mon)) {
		psx_monitor_free(mon);
		return psx_error_null(err, ENODEV, "udev does not tell which devices come and go");
	}
	found = psx_device_enumerate(remember_entry, mon);
	if (found) {
		psx_monitor_free(mon);
		return psx_error_null(err, found > 0 ? ENOMEM : ENODEV, "%s",
				      found > 0 ? "out of memory" : "udev does not answer");
	}
	return mon;
}

void psx_monitor_free(struct psx_monitor *mon)
{
	int code = errno;

	if (!mon)
		return;
	while (mon->known) {
		struct known *next = mon->known->next;

		free(mon->known);
		mon->known = next;
	}
	udev_monitor_unref(mon->source);
	udev_unref(mon->udev);
	free(mon);
	errno = code;
}

int psx_monitor_get_fd(const struct psx_monitor *mon)
{
	return udev_monitor_get_fd(mon->source);
}

static int next_present(struct psx_monitor *mon, struct psx_monitor_event *event)
{
	struct known *known = mon->known;

	while (known && known->told)
		known = known->next;
	if (!known)
		return 0;
	known->told = true;
	*event = known->event;
	return 1;
}

/* 1, 0 when it is old news, -1 with ENOMEM */
static int added(struct psx_monitor *mon, struct udev_device *device, const char *node,
		 struct psx_monitor_event *event)
{
	struct known *known = *find(mon, node);

	if (known)
		return 0;
	known = remember(mon, node, udev_device_get_sysattr_value(device, "serial"),
			 udev_device_get_sysattr_value(device, "model"));
	if (!known)
		return -1;
	known->told = true;
	known->event.action = PSX_MONITOR_ADDED;
	*event = known->event;
	return 1;
}

static int removed(struct psx_monitor *mon, const char *node, struct psx_monitor_event *event)
{
	struct known **place = find(mon, node), *known = *place;

	if (!known)
		return 0;
	*event = known->event;
	event->action = PSX_MONITOR_REMOVED;
	*place = known->next;
	free(known);
	return 1;
}

static int receive(struct psx_monitor *mon, struct psx_monitor_event *event)
{
	struct udev_device *device = udev_monitor_receive_device(mon->source);
	const char *action = device ? udev_device_get_action(device) : NULL;
	const char *node = device ? udev_device_get_devnode(device) : NULL;
	int got = 0;

	if (node && action && !strcmp(action, "add"))
		got = added(mon, device, node, event);
	else if (node && action && !strcmp(action, "remove"))
		got = removed(mon, node, event);
	udev_device_unref(device);
	return got;
}

int psx_monitor_next(struct psx_monitor *mon, int timeout_ms, struct psx_monitor_event *event)
{
	struct pollfd source = { .fd = psx_monitor_get_fd(mon), .events = POLLIN };
	int got = next_present(mon, event);

	while (!got) {
		int ready = poll(&source, 1, timeout_ms);

		if (ready <= 0) {
			errno = ready ? errno : ETIMEDOUT;
			return -1;
		}
		got = receive(mon, event);
	}
	if (got < 0)
		errno = ENOMEM;
	return got;
}
