// SPDX-License-Identifier: MIT
/* Joining a device's frame ring, waiting for frames, ending. */
#include "../device.h"
#include "dev.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ABORT_MS 2000 /* an acquisition that is aborted has ended by then */
#define GOING_MS 3000 /* from the end of the voltage to that of the device */

/* NULL with errno */
static void *map(const struct psx_dev *dev, uint64_t offset, size_t bytes, int access)
{
	void *memory = mmap(NULL, bytes, access, MAP_SHARED, dev->fd, (off_t)offset);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap(const void *memory, size_t bytes)
{
	if (memory)
		(void)munmap((void *)memory, bytes);
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t desc_bytes(const struct psx_dev *dev)
{
	return dev->facts.ring_entries * sizeof(struct psxdet_desc);
}

void psx_dev_unmap(struct psx_dev *dev)
{
	struct psx_ring *ring = &dev->ring;

	unmap(ring->ctrl, page_size());
	unmap(ring->cons, page_size());
	unmap(ring->desc, desc_bytes(dev));
	unmap(ring->data, dev->facts.ring_bytes);
	psx_ring_free_copy(ring);
}

/* What is not mapped yet; our own page is there once the file has joined */
static int map_regions(struct psx_dev *dev, struct psx_error *err)
{
	struct psx_ring *ring = &dev->ring;

	if (!ring->ctrl)
		ring->ctrl = map(dev, PSXDET_OFFSET_CTRL, page_size(), PROT_READ);
	if (ring->ctrl && !ring->desc)
		ring->desc = map(dev, PSXDET_OFFSET_DESC, desc_bytes(dev), PROT_READ);
	if (ring->desc && !ring->data)
		ring->data = map(dev, PSXDET_OFFSET_DATA, dev->facts.ring_bytes, PROT_READ);
	if (ring->data && !ring->cons && !dev->read_only)
		ring->cons = map(dev, PSXDET_OFFSET_CONS, page_size(), PROT_READ | PROT_WRITE);
	ring->entries = dev->facts.ring_entries;
	ring->bytes = dev->facts.ring_bytes;
	if (ring->cons || (ring->data && dev->read_only))
		return 0;
	if (errno == ENODEV)
		return psx_dev_gone(dev, err);
	return psx_error_set(err, errno, "%s: mapping the frame ring: %s", dev->node,
			     strerror(errno));
}

/* Keeps errno */
static void leave(struct psx_dev *dev)
{
	struct psx_error ignored;
	int code = errno;

	if (dev->joined)
		(void)psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_LEAVE, NULL, "leave", &ignored);
	dev->joined = false;
	errno = code;
}

static int join(struct psx_dev *dev, bool reserving, struct psx_error *err)
{
	struct psxdet_join join = { .flags = reserving ? PSXDET_READER_RESERVING : 0 };
	uint64_t stale;

	(void)!read(dev->wake_fd, &stale, sizeof(stale));
	if (reserving && psx_dev_check_writable(dev, err))
		return -1;
	if (psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_JOIN, &join, "join", err))
		return errno != EBUSY ? -1 : psx_error_set(err, EBUSY, "%s: this file reads already",
							   dev->node);
	dev->joined = true;
	if (map_regions(dev, err)) {
		leave(dev);
		return -1;
	}
	psx_dev_drain_events(dev);
	dev->starter = dev->stopped = false;
	dev->error = 0;
	dev->stats = (struct psxdet_reader_stats){ .position = join.position };
	dev->dropped_at_join = __atomic_load_n(&dev->ring.ctrl->dropped, __ATOMIC_RELAXED);
	dev->refused_at_join = __atomic_load_n(&dev->ring.ctrl->refused, __ATOMIC_RELAXED);
	psx_ring_begin(&dev->ring, join.position, !reserving);
	psx_ring_need_wakeup(&dev->ring, false);
	return 0;
}

/* Joined before the first frame is made, so that none is missed */
int psx_dev_start(struct psx_transport *t, uint64_t frames, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_start start = { .frames = frames };

	if (join(dev, true, err))
		return -1;
	if (psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_START, &start, "start", err)) {
		leave(dev);
		return -1;
	}
	dev->starter = true;
	dev->ring.series = start.series;
	return 0;
}

int psx_dev_join(struct psx_transport *t, bool reserving, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	if (join(dev, reserving, err))
		return -1;
	if (psx_ring_follow(&dev->ring))
		return 0;
	leave(dev);
	return psx_error_set(err, ENODATA, "%s: no acquisition is running", dev->node);
}

/* While the device answers: the driver's account; then the shared page's */
static void read_stats(struct psx_dev *dev)
{
	const struct psxdet_ctrl *ctrl = dev->ring.ctrl;
	struct psxdet_reader_stats now = { 0 }, *stats = &dev->stats;
	struct psx_error ignored;
	uint64_t dropped;

	if (!psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_GET_STATS, &now, "account", &ignored)) {
		*stats = now;
		return;
	}
	dropped = __atomic_load_n(&ctrl->dropped, __ATOMIC_RELAXED) - dev->dropped_at_join;
	stats->head = __atomic_load_n(&ctrl->head, __ATOMIC_ACQUIRE);
	stats->refused = __atomic_load_n(&ctrl->refused, __ATOMIC_RELAXED) - dev->refused_at_join;
	if (dropped > stats->dropped_full + stats->dropped_device)
		stats->dropped_full = dropped - stats->dropped_device;
	stats->made = stats->head - stats->position + stats->refused + stats->dropped_full +
		      stats->dropped_device;
}

void psx_dev_leave(struct psx_transport *t)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	if (dev->joined)
		read_stats(dev);
	leave(dev);
}

int psx_dev_get_counts(struct psx_transport *t, struct psx_counts *counts, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	(void)err;
	if (dev->joined)
		read_stats(dev);
	*counts = (struct psx_counts){
		.made = dev->stats.made,
		.dropped_full = dev->stats.dropped_full,
		.dropped_device = dev->stats.dropped_device,
		.refused = dev->stats.refused,
		.overrun = dev->ring.overrun,
	};
	return 0;
}

int psx_dev_stop(struct psx_transport *t, bool abort, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_stop stop = { .how = abort ? PSXDET_STOP_ABORT : PSXDET_STOP_DRAIN };

	dev->stopped = true;
	if (!dev->starter) {
		psx_ring_limit(&dev->ring);
		return 0;
	}
	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_STOP, &stop, "stop", err);
}

void psx_dev_wake(struct psx_transport *t)
{
	const struct psx_dev *dev = (const struct psx_dev *)t;
	const uint64_t one = 1;

	(void)!write(dev->wake_fd, &one, sizeof(one));
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A file that is open read-only has no page to say it in */
static void say_position(struct psx_dev *dev)
{
	struct psxdet_position here = { .position = dev->ring.cursor };
	struct psx_error ignored;

	if (dev->read_only)
		(void)psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_POSITION, &here, "position", &ignored);
}

/* Until something happens or the time is over. 0, else -1 with EINTR, ETIMEDOUT */
static int wait_until(struct psx_dev *dev, uint64_t deadline_ns, struct psx_error *err)
{
	struct pollfd fds[] = {
		{ .fd = dev->fd, .events = POLLIN | POLLPRI },
		{ .fd = dev->wake_fd, .events = POLLIN },
	};
	struct timespec limit = { 0 };
	uint64_t now = now_ns(), woken;
	int ready, code;

	if (deadline_ns > now) {
		limit.tv_sec = (time_t)((deadline_ns - now) / 1000000000);
		limit.tv_nsec = (long)((deadline_ns - now) % 1000000000);
	}
	say_position(dev);
	psx_ring_need_wakeup(&dev->ring, true);
	ready = ppoll(fds, 2, deadline_ns == UINT64_MAX ? NULL : &limit, NULL);
	code = errno;
	psx_ring_need_wakeup(&dev->ring, false);
	if (ready < 0)
		return psx_error_set(err, code, "%s", strerror(code));
	if (!ready)
		return psx_error_set(err, ETIMEDOUT, "no frame yet");
	if (fds[1].revents) {
		(void)!read(dev->wake_fd, &woken, sizeof(woken));
		return psx_error_set(err, EINTR, "woken");
	}
	if (fds[0].revents & POLLPRI)
		psx_dev_drain_events(dev);
	return 0;
}

/* The rails went down under the acquisition. A driver that lets go of its device
 * takes the voltage off first: then it is gone soon. Who stops does not wait. */
static int say_rails_down(struct psx_dev *dev, struct psx_error *err)
{
	const uint64_t deadline_ns = now_ns() + GOING_MS * 1000000ull;
	struct pollfd fds[] = {
		{ .fd = dev->fd, .events = POLLPRI },
		{ .fd = dev->wake_fd, .events = POLLIN },
	};

	while (now_ns() < deadline_ns && !fds[1].revents) {
		(void)poll(fds, 2, 10);
		if (fds[0].revents & (POLLERR | POLLHUP))
			return psx_dev_gone(dev, err);
		psx_dev_drain_events(dev);
	}
	return psx_error_set(err, EIO, "%s: the rails went down", dev->node);
}

/* 0, unless it is we who started and the device that ended it */
static int judge_end(struct psx_dev *dev, struct psx_error *err)
{
	struct psxdet_status st;

	if (!dev->starter || dev->stopped)
		return 0;
	psx_dev_drain_events(dev);
	if (psx_dev_read_status(dev, &st, err))
		return -1;
	if (st.rails == PSXDET_RAILS_TRIPPED)
		return psx_error_set(err, EIO, "%s: the rails tripped %s", dev->node,
				     psx_rails_cause(st.cause));
	if (st.rails != PSXDET_RAILS_ON)
		return say_rails_down(dev, err);
	if (dev->error)
		return psx_error_set(err, EIO, "%s reports error %u (docs/registers.md)", dev->node,
				     dev->error);
	return 0;
}

static void fill_info(const struct psxdet_desc *desc, struct psx_frame_info *info)
{
	*info = (struct psx_frame_info){
		.seq = desc->seq,
		.device_ns = desc->device_ns,
		.mono_ns = desc->mono_ns,
		.dropped = desc->dropped,
		.series = desc->series,
		.cfg_id = desc->cfg_id,
		.effective = desc->effective,
		.saturated = desc->saturated,
		.trigger = desc->trigger,
		.stage_x = desc->stage_x,
		.stage_y = desc->stage_y,
		.crc32c = desc->crc32c,
		.flags = desc->saturated ? PSX_FRAME_SATURATED : 0,
		.bank = desc->bank,
		.channel = desc->channel,
		.mode = desc->mode,
		.pga = (uint8_t)(1u << (desc->pga & 7)),
	};
}

int psx_dev_next(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
		 const void **payload, size_t *length, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_desc desc = { 0 };
	uint64_t deadline_ns = 0;

	for (;;) {
		switch (psx_ring_take(&dev->ring, &desc, payload)) {
		case PSX_RING_FRAME:
			fill_info(&desc, info);
			*length = desc.length;
			return 1;
		case PSX_RING_END:
			return judge_end(dev, err);
		case PSX_RING_GONE:
			return psx_dev_gone(dev, err);
		case PSX_RING_DAMAGED:
			return psx_error_set(err, EBADMSG, "frame %llu lies outside the ring",
					     (unsigned long long)desc.seq);
		case PSX_RING_NOMEM:
			return psx_error_set(err, ENOMEM, "no memory for a frame of %u bytes",
					     desc.length);
		case PSX_RING_BROKEN:
			return psx_error_set(err, EIO, "%s: the frame ring contradicts itself",
					     dev->node);
		case PSX_RING_EMPTY:
			break;
		}
		if (!deadline_ns)
			deadline_ns = timeout_ms < 0 ? UINT64_MAX :
						       now_ns() + (uint64_t)timeout_ms * 1000000;
		else if (now_ns() >= deadline_ns)
			return psx_error_set(err, ETIMEDOUT, "no frame yet");
		if (wait_until(dev, deadline_ns, err))
			return -1;
	}
}

/* An aborted acquisition ends at once, but not before its last frames are there */
static void wait_for_end(struct psx_dev *dev)
{
	const uint64_t deadline_ns = now_ns() + ABORT_MS * 1000000ull;
	struct pollfd device = { .fd = dev->fd, .events = POLLPRI };

	while (psx_ring_is_running(&dev->ring) && now_ns() < deadline_ns) {
		(void)poll(&device, 1, 10);
		psx_dev_drain_events(dev);
		if (device.revents & (POLLERR | POLLHUP))
			break;
	}
}

uint64_t psx_dev_discard(struct psx_transport *t)
{
	struct psx_dev *dev = (struct psx_dev *)t;

	if (dev->starter)
		wait_for_end(dev);
	return psx_ring_discard(&dev->ring);
}
