// SPDX-License-Identifier: MIT
/* High voltage: rails up and down, trips, the owner's heartbeat. */
#include "device.h"
#include "error.h"

#include <errno.h>

#define HOLD_MOST_MS	    (24 * 3600 * 1000u)
#define HEARTBEAT_LEAST_MS  10u
#define HEARTBEAT_MOST_MS   (3600 * 1000u)

const char *psx_rails_cause(uint32_t cause)
{
	static const char *const words[] = {
		"for no reason that the device names",
		"by over-current",
		"by the open interlock",
		"by the watchdog: the host did not answer in time",
		"because the heartbeat of their owner was late",
		"because their owner is gone",
		"because the host suspends, shuts down or lets the device go",
	};

	return words[cause < sizeof(words) / sizeof(words[0]) ? cause : 0];
}

static int check_options(struct psx_device *dev, const struct psx_rails_options *options)
{
	const uint32_t most = dev->transport->info.max_slew;

	if (options->slew > most)
		return psx_error_set(&dev->error, EINVAL, "a slew of %u mV/ms: the device allows %u",
				     options->slew, most);
	if (options->hold_ms > HOLD_MOST_MS)
		return psx_error_set(&dev->error, EINVAL, "a hold of %u ms is longer than 24 hours",
				     options->hold_ms);
	if (options->heartbeat_ms && (options->heartbeat_ms < HEARTBEAT_LEAST_MS ||
				      options->heartbeat_ms > HEARTBEAT_MOST_MS))
		return psx_error_set(&dev->error, EINVAL,
				     "a heartbeat of %u ms is not 10 ms .. 1 hour",
				     options->heartbeat_ms);
	return 0;
}

/* Rails that are up keep their slew */
static int check_state(struct psx_device *dev, const struct psx_rails_options *options)
{
	struct psx_device_status now = { 0 };

	if (dev->transport->ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	if (now.rails == PSX_RAILS_ON && options->slew && options->slew != now.slew)
		return psx_error_set(&dev->error, EBUSY,
				     "the rails are up, and keep their slew of %u mV/ms until they are down",
				     now.slew);
	return 0;
}

int psx_device_rails_on(struct psx_device *dev, const struct psx_rails_options *options)
{
	const struct psx_rails_options none = { 0 };

	if (!options)
		options = &none;
	if (check_options(dev, options) || psx_device_claim(dev) || check_state(dev, options))
		return -1;
	return dev->transport->ops->rails_on(dev->transport, options, &dev->error);
}

int psx_device_rails_off(struct psx_device *dev)
{
	if (psx_device_claim(dev))
		return -1;
	return dev->transport->ops->rails_off(dev->transport, &dev->error);
}

static int check_trip(struct psx_device *dev)
{
	struct psx_device_status now = { 0 };

	if (dev->transport->ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	if (now.rails != PSX_RAILS_TRIPPED)
		return psx_error_set(&dev->error, EINVAL, "nothing tripped: there is no trip to clear");
	if (now.interlock_open)
		return psx_error_set(&dev->error, EBUSY,
				     "the interlock is open: close it before the trip is cleared");
	if (now.rail_mv[0] || now.rail_mv[1])
		return psx_error_set(&dev->error, EBUSY,
				     "the rails are still at %+.1f V / %+.1f V: wait until they are down",
				     now.rail_mv[0] / 1e3, now.rail_mv[1] / 1e3);
	return 0;
}

int psx_device_clear_trip(struct psx_device *dev)
{
	if (psx_device_claim(dev) || check_trip(dev))
		return -1;
	return dev->transport->ops->clear_trip(dev->transport, &dev->error);
}

int psx_device_beat(struct psx_device *dev)
{
	if (psx_device_claim(dev))
		return -1;
	return dev->transport->ops->beat(dev->transport, &dev->error);
}
