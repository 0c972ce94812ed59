// SPDX-License-Identifier: MIT
/* Opening a device of the kernel driver; its facts and state. */
#include "../device.h"
#include "dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

int psx_dev_gone(const struct psx_dev *dev, struct psx_error *err)
{
	return psx_error_set(err, ENODEV, "%s was unplugged", dev->node);
}

int psx_dev_check_writable(const struct psx_dev *dev, struct psx_error *err)
{
	return dev->read_only ? psx_dev_open_error(dev->node, EACCES, err) : 0;
}

/* What the driver means by an errno, where strerror() would not tell */
static const char *reason(int code)
{
	switch (code) {
	case EINVAL:
		return "the device refuses it: out of its range, or not complete";
	case EBUSY:
		return "not possible in the device's present state";
	case ENOSPC:
		return "no memory left for banks";
	case ERANGE:
		return "neighbouring biases are further apart than the device allows";
	case EIO:
		return "the device did not do it";
	case EINTR:
		return "interrupted by a signal";
	case ECANCELED:
		return "another command took its place";
	case EPERM:
		return "it is open for reading only";
	case EUSERS:
		return "as many programs read it already as can (64)";
	case ENOTTY:
		return "this driver cannot do it";
	default:
		return strerror(code);
	}
}

int psx_dev_ioctl_once(struct psx_dev *dev, int fd, unsigned long request, void *arg,
		       const char *what, struct psx_error *err)
{
	if (ioctl(fd, request, arg) >= 0)
		return 0;
	if (errno == ENODEV)
		return psx_dev_gone(dev, err);
	return psx_error_set(err, errno == ENOTTY ? ENOTSUP : errno, "%s: %s: %s", dev->node, what,
			     reason(errno));
}

int psx_dev_ioctl(struct psx_dev *dev, int fd, unsigned long request, void *arg, const char *what,
		  struct psx_error *err)
{
	int result;

	do
		result = psx_dev_ioctl_once(dev, fd, request, arg, what, err);
	while (result && errno == EINTR);
	return result;
}

int psx_dev_read_status(struct psx_dev *dev, struct psxdet_status *st, struct psx_error *err)
{
	memset(st, 0, sizeof(*st));
	return psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_GET_STATUS, st, "state", err);
}

static enum psx_shutter shutter_of(uint32_t flags)
{
	if (flags & PSXDET_STATUS_BEAM)
		return PSX_SHUTTER_BEAM;
	return flags & PSXDET_STATUS_SHUTTER_OPEN ? PSX_SHUTTER_OPEN : PSX_SHUTTER_CLOSED;
}

static int dev_get_status(struct psx_transport *t, struct psx_device_status *status,
			  struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_status st;

	if (psx_dev_read_status(dev, &st, err))
		return -1;
	*status = (struct psx_device_status){
		.cfg_id = st.cfg_id,
		.rails = st.rails,
		.rail_mv = { st.rail_positive_mv, st.rail_negative_mv },
		.leakage_pa = st.leakage_pa,
		.temperature_mc = st.temperature_mc,
		.running = st.flags & PSXDET_STATUS_RUNNING,
		.shutter_open = st.flags & PSXDET_STATUS_SHUTTER_OPEN,
		.made = st.made,
		.dropped = st.dropped_full + st.dropped_device,
		.device_ns = st.device_ns,
		.interlock_open = st.flags & PSXDET_STATUS_INTERLOCK_OPEN,
		.claimed = st.flags & PSXDET_STATUS_CLAIMED,
		.claim_pid = (int32_t)st.claim_pid,
		.pending_cfg_id = st.pending_cfg_id,
		.cause = st.cause,
		.series = st.series,
		.readers = st.readers,
		.reserving = st.reserving,
		.software_trigger = st.flags & PSXDET_STATUS_SOFTWARE_TRIGGER,
		.shutter = shutter_of(st.flags),
		.hold_ms = st.hold_ms,
		.slew = st.slew,
		.readback_faults = st.readback_faults,
		.readback_first = st.readback_first,
		.stage_x = st.stage_x,
		.stage_y = st.stage_y,
		.stage_moving = st.flags & PSXDET_STATUS_STAGE_MOVING,
	};
	psx_calibration_unmark(st.calibration, &status->calibration_id,
			       &status->calibration_time);
	return 0;
}

static void dev_close(struct psx_transport *t)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	if (dev->claim_fd >= 0)
		(void)close(dev->claim_fd);
	psx_dev_unmap(dev);
	if (dev->fd >= 0)
		(void)close(dev->fd);
	if (dev->wake_fd >= 0)
		(void)close(dev->wake_fd);
	free(dev);
}

static const struct psx_transport_ops dev_ops = {
	.close = dev_close,
	.get_status = dev_get_status,
	.claim = psx_dev_claim,
	.next_event = psx_dev_next_event,
	.get_fd = psx_dev_get_fd,
	.present = psx_dev_present,
	.set_shutter = psx_dev_set_shutter,
	.move = psx_dev_move,
	.shape = psx_dev_shape,
	.write = psx_dev_write,
	.read = psx_dev_read,
	.commit = psx_dev_commit,
	.get_schedule = psx_dev_get_schedule,
	.rails_on = psx_dev_rails_on,
	.rails_off = psx_dev_rails_off,
	.clear_trip = psx_dev_clear_trip,
	.beat = psx_dev_beat,
	.start = psx_dev_start,
	.join = psx_dev_join,
	.leave = psx_dev_leave,
	.stop = psx_dev_stop,
	.wake = psx_dev_wake,
	.trigger = psx_dev_trigger,
	.next = psx_dev_next,
	.discard = psx_dev_discard,
	.get_counts = psx_dev_get_counts,
};

static void fill_info(struct psx_device_info *info, const struct psxdet_info *facts)
{
	const bool stage = facts->features & PSXDET_FEATURE_STAGE; /* the driver's */

	(void)snprintf(info->model, sizeof(info->model), "%.*s", (int)sizeof(facts->model),
		       facts->model);
	(void)snprintf(info->serial, sizeof(info->serial), "%.*s", (int)sizeof(info->serial) - 1,
		       facts->serial);
	info->width = facts->width;
	info->height = facts->height;
	info->max_k = facts->max_k;
	info->banks = facts->banks;
	info->planes = facts->planes;
	info->dac_bits = facts->dac_bits;
	info->adc_bits = facts->adc_bits;
	info->pitch_um = facts->pitch_um;
	info->max_mv = facts->max_mv;
	info->max_neighbour_mv = facts->max_neighbour_mv;
	info->settle_ns = facts->settle_ns;
	info->min_exposure_ns = facts->exposure_min_ns;
	info->max_exposure_ns = facts->exposure_max_ms * 1000000ull;
	info->caps = (facts->caps & PSXDET_CAP_SHUTTER ? PSX_CAP_SHUTTER : 0) |
		     (facts->caps & PSXDET_CAP_SCENE ? PSX_CAP_SCENE : 0) |
		     (stage && facts->caps & PSXDET_CAP_STAGE ? PSX_CAP_STAGE : 0) |
		     (facts->caps & PSXDET_CAP_OFFSET ? PSX_CAP_OFFSET : 0);
	info->scene_width = stage ? facts->scene_width : facts->width;
	info->scene_height = stage ? facts->scene_height : facts->height;
	info->simulated = facts->caps & PSXDET_CAP_SCENE;
	info->border = facts->border;
	info->max_slew = facts->slew_max;
	info->rail_mv = facts->rail_mv;
}

static bool is_power_of_two(uint64_t value)
{
	return value && !(value & (value - 1));
}

static int read_facts(struct psx_dev *dev, struct psx_error *err)
{
	if (psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_GET_INFO, &dev->facts, "identity", err))
		return errno == ENOTSUP ? psx_error_set(err, ENODEV, "%s is not a detector",
						       dev->node) : -1;
	if (dev->facts.abi != PSXDET_ABI)
		return psx_error_set(err, EPROTO,
				     "%s: the driver speaks version %u of its interface, libpsxdet %s "
				     "speaks %d: install both from one release", dev->node,
				     dev->facts.abi, psx_version(), PSXDET_ABI);
	if (!is_power_of_two(dev->facts.ring_entries) || !is_power_of_two(dev->facts.ring_bytes))
		return psx_error_set(err, EPROTO, "%s: a ring of %u frames and %llu bytes", dev->node,
				     dev->facts.ring_entries,
				     (unsigned long long)dev->facts.ring_bytes);
	fill_info(&dev->base.info, &dev->facts);
	return 0;
}

static int open_files(struct psx_dev *dev, struct psx_error *err)
{
	if (psx_dev_check_node(dev->node, err))
		return -1;
	dev->fd = open(dev->node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (dev->fd < 0 && errno == EACCES) {
		dev->fd = open(dev->node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		dev->read_only = true;
	}
	if (dev->fd < 0)
		return psx_dev_open_error(dev->node, errno, err);
	dev->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dev->wake_fd < 0)
		return psx_error_set(err, errno, "%s: eventfd: %s", dev->node, strerror(errno));
	return read_facts(dev, err);
}

struct psx_transport *psx_dev_open(const char *node, struct psx_error *err)
{
	struct psx_dev *dev = calloc(1, sizeof(*dev));
	int code;

	if (!dev)
		return psx_error_null(err, ENOMEM, "out of memory");
	dev->base.ops = &dev_ops;
	dev->fd = dev->claim_fd = dev->wake_fd = -1;
	if (strlen(node) < sizeof(dev->node)) {
		(void)snprintf(dev->node, sizeof(dev->node), "%s", node);
		if (!open_files(dev, err))
			return &dev->base;
	} else {
		(void)psx_error_set(err, ENAMETOOLONG, "%s: the name of a device is not that long",
				    psx_error_path(node));
	}
	code = errno;
	dev_close(&dev->base);
	errno = code;
	return NULL;
}
