// SPDX-License-Identifier: MIT
/* The claim, and what is switched with it: rails, shutter, stage, trigger. */
#include "../device.h"
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static int say_owner(struct psx_dev *dev, const struct psxdet_status *st, struct psx_error *err)
{
	char owner[64];

	if (!(st->flags & PSXDET_STATUS_CLAIMED))
		return psx_error_set(err, EBUSY, "%s was in use until just now: try again", dev->node);
	return psx_error_set(err, EBUSY, "%s is in use by %s", dev->node,
			     psx_error_owner((int32_t)st->claim_pid, owner, sizeof(owner)));
}

/* Who held it may be gone by the time that we ask for the name: then once more */
int psx_dev_claim(struct psx_transport *t, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_status st;
	int tries;

	if (dev->claim_fd >= 0)
		return 0;
	if (psx_dev_check_writable(dev, err))
		return -1;
	for (tries = 0; tries < 2; tries++) {
		struct psxdet_claim claim = { 0 };

		if (!psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_CLAIM, &claim, "claim", err)) {
			dev->claim_fd = claim.fd;
			return 0;
		}
		if (errno != EBUSY || psx_dev_read_status(dev, &st, err))
			return -1;
		if (st.flags & PSXDET_STATUS_CLAIMED)
			break;
	}
	return say_owner(dev, &st, err);
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

/* That they may take, from one end to the other */
static uint64_t ramp_ms(const struct psx_dev *dev, const struct psxdet_status *st)
{
	return PSX_DEV_RAMP_MS + (st->slew ? dev->facts.rail_mv / st->slew : 0);
}

static int wait_for_rails(struct psx_dev *dev, uint32_t wanted, struct psx_error *err)
{
	const uint64_t begin = now_ms();
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
					     psx_rails_cause(st.cause));
		}
		if (now_ms() - begin > ramp_ms(dev, &st))
			return psx_error_set(err, ETIMEDOUT,
					     "%s: the rails are at %+.1f V / %+.1f V after %.1f s",
					     dev->node, st.rail_positive_mv / 1e3,
					     st.rail_negative_mv / 1e3, (double)ramp_ms(dev, &st) / 1e3);
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
	if (st.rails != PSXDET_RAILS_TRIPPED && st.flags & PSXDET_STATUS_INTERLOCK_OPEN)
		return psx_error_set(err, EIO, "%s: the interlock is open", dev->node);
	if (st.rails != PSXDET_RAILS_TRIPPED)
		return psx_error_set(err, why.code, "%s", why.message);
	return psx_error_set(err, EIO, "%s: the rails are tripped %s, until the trip is cleared",
			     dev->node, psx_rails_cause(st.cause));
}

static int set_rails(struct psx_dev *dev, struct psxdet_rails *rails, uint32_t wanted,
		     struct psx_error *err)
{
	if (psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_RAILS, rails, "rails", err))
		return errno == EBUSY ? say_tripped(dev, err) : -1;
	return wait_for_rails(dev, wanted, err);
}

int psx_dev_rails_on(struct psx_transport *t, const struct psx_rails_options *options,
		     struct psx_error *err)
{
	struct psxdet_rails rails = {
		.action = PSXDET_RAILS_DO_ON,
		.slew = options->slew,
		.hold_ms = options->hold_ms,
		.heartbeat_ms = options->heartbeat_ms,
	};

	return set_rails((struct psx_dev *)t, &rails, PSXDET_RAILS_ON, err);
}

int psx_dev_rails_off(struct psx_transport *t, struct psx_error *err)
{
	struct psxdet_rails rails = { .action = PSXDET_RAILS_DO_OFF };

	return set_rails((struct psx_dev *)t, &rails, PSXDET_RAILS_OFF, err);
}

int psx_dev_clear_trip(struct psx_transport *t, struct psx_error *err)
{
	struct psxdet_rails rails = { .action = PSXDET_RAILS_DO_CLEAR };

	return set_rails((struct psx_dev *)t, &rails, PSXDET_RAILS_OFF, err);
}

int psx_dev_beat(struct psx_transport *t, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_BEAT, NULL, "heartbeat", err);
}

int psx_dev_set_shutter(struct psx_transport *t, enum psx_shutter position,
			struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_shutter shutter = { .position = position };

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_SHUTTER, &shutter, "shutter", err);
}

int psx_dev_move(struct psx_transport *t, int32_t x_um, int32_t y_um, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_move to = { .x_um = x_um, .y_um = y_um };
	struct psxdet_status st;

	if (!psx_dev_ioctl_once(dev, dev->claim_fd, PSXDET_IOC_MOVE, &to, "stage", err))
		return 0;
	if (errno != ETIMEDOUT || psx_dev_read_status(dev, &st, err))
		return -1;
	return psx_error_set(err, ETIMEDOUT, "%s: the stage stays at %d, %d um, on its way to %d, %d",
			     dev->node, st.stage_x, st.stage_y, x_um, y_um);
}

int psx_dev_trigger(struct psx_transport *t, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_TRIGGER, NULL, "trigger", err);
}
