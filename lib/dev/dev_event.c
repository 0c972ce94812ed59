// SPDX-License-Identifier: MIT
/* What a device reports by itself. */
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

int psx_dev_get_fd(const struct psx_transport *t)
{
	return ((const struct psx_dev *)t)->fd;
}

int psx_dev_read_event(struct psx_dev *dev, struct psxdet_event *event)
{
	ssize_t got;

	memset(event, 0, sizeof(*event));
	do
		got = read(dev->fd, event, sizeof(*event));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -1;
	return got == (ssize_t)sizeof(*event);
}

void psx_dev_drain_events(struct psx_dev *dev)
{
	struct psxdet_event event;

	while (psx_dev_read_event(dev, &event) > 0)
		if (event.type == PSXDET_EVENT_ERROR && dev->joined)
			dev->error = event.error;
}

static void translate(const struct psxdet_event *from, struct psx_device_event *to)
{
	*to = (struct psx_device_event){
		.type = (enum psx_event)from->type,
		.lost = from->lost,
		.mono_ns = from->mono_ns,
		.rails = from->state,
		.cause = from->cause,
		.cfg_id = from->cfg_id,
		.series = from->series,
		.error = from->error,
		.error_register = from->reg,
		.count = from->count,
	};
}

int psx_dev_next_event(struct psx_transport *t, int timeout_ms, struct psx_device_event *event,
		       struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct pollfd device = { .fd = dev->fd, .events = POLLPRI };
	struct psxdet_event raw;
	int got, ready = 0;

	for (;;) {
		got = psx_dev_read_event(dev, &raw);
		if (got > 0) {
			translate(&raw, event);
			return 1;
		}
		if (got < 0 && errno != ENODEV)
			return psx_error_set(err, errno, "%s: %s", dev->node, strerror(errno));
		if (got < 0 || (ready > 0 && (device.revents & (POLLHUP | POLLERR))))
			return psx_dev_gone(dev, err);
		ready = poll(&device, 1, timeout_ms);
		if (ready < 0)
			return psx_error_set(err, errno, "%s: %s", dev->node, strerror(errno));
		if (!ready)
			return psx_error_set(err, ETIMEDOUT, "no event yet");
	}
}
