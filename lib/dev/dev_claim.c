// SPDX-License-Identifier: MIT
/* The claim, and what is switched with it: rails, shutter, trigger. */
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The name of a program that runs; empty when it can't be known */
static void read_command(uint32_t pid, char *name, size_t size)
{
	char path[40];
	FILE *file;

	name[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(name, (int)size, file))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

static int say_owner(struct psx_dev *dev, struct psx_error *err)
{
	struct psxdet_status st;
	char name[32];

	if (psx_dev_read_status(dev, &st, err))
		return -1;
	if (!st.claim_pid)
		return psx_error_set(err, EBUSY, "%s is in use by a process that cannot be seen from here",
				     dev->node);
	read_command(st.claim_pid, name, sizeof(name));
	return psx_error_set(err, EBUSY, "%s is in use by %s (pid %u)", dev->node,
			     *name ? name : "another process", st.claim_pid);
}

int psx_dev_claim(struct psx_transport *t, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_claim claim = { 0 };

	if (dev->claim_fd >= 0)
		return 0;
	if (psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_CLAIM, &claim, "claim", err))
		return errno == EBUSY ? say_owner(dev, err) : -1;
	dev->claim_fd = claim.fd;
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* An event tells of a change; in case it was lost, ask now and then */
static void wait_for_event(struct psx_dev *dev)
{
	struct pollfd device = { .fd = dev->fd, .events = POLLPRI };

	(void)poll(&device, 1, 100);
	psx_dev_drain_events(dev);
}

static int wait_for_rails(struct psx_dev *dev, uint32_t wanted, struct psx_error *err)
{
	const uint64_t deadline = now_ms() + PSX_DEV_RAMP_MS;
	struct psxdet_status st;

	for (;;) {
		if (psx_dev_read_status(dev, &st, err))
			return -1;
		if (st.rails == wanted)
			return 0;
		if (st.rails == PSXDET_RAILS_TRIPPED) {
			if (wanted == PSXDET_RAILS_OFF)
				return 0;
			return psx_error_set(err, EIO, "%s: the rails tripped %s", dev->node,
					     psx_dev_cause(st.cause));
		}
		if (now_ms() > deadline)
			return psx_error_set(err, ETIMEDOUT,
					     "%s: the rails are at %+.1f V / %+.1f V after %d s", dev->node,
					     st.rail_positive_mv / 1e3, st.rail_negative_mv / 1e3,
					     PSX_DEV_RAMP_MS / 1000);
		wait_for_event(dev);
	}
}

/* Why the rails do not go on, in words */
static int say_tripped(struct psx_dev *dev, struct psx_error *err)
{
	const struct psx_error why = *err;
	struct psxdet_status st;

	if (psx_dev_read_status(dev, &st, err))
		return -1;
	if (st.rails != PSXDET_RAILS_TRIPPED)
		return psx_error_set(err, why.code, "%s", why.message);
	return psx_error_set(err, EIO, "%s: the rails are tripped %s, until the trip is cleared",
			     dev->node, psx_dev_cause(st.cause));
}

int psx_dev_set_rails(struct psx_transport *t, bool on, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_rails rails = { .action = on ? PSXDET_RAILS_DO_ON : PSXDET_RAILS_DO_OFF };

	if (psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_RAILS, &rails, "rails", err))
		return errno == EBUSY ? say_tripped(dev, err) : -1;
	return wait_for_rails(dev, on ? PSXDET_RAILS_ON : PSXDET_RAILS_OFF, err);
}

int psx_dev_set_shutter(struct psx_transport *t, bool open, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_shutter shutter = { .open = open };

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_SHUTTER, &shutter, "shutter", err);
}

int psx_dev_trigger(struct psx_transport *t, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_TRIGGER, NULL, "trigger", err);
}
