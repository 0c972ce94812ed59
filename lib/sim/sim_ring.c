// SPDX-License-Identifier: MIT
/* The model's frame ring: grant room, let device time pass, take completions. */
#include "sim.h"
#include "../device.h"
#include "../error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SEG_SHIFT    16
#define QUEUE_SHIFT  8
#define FRAMES_WIDE  2 /* payloads of the largest size that fit at least */

int psx_sim_ring_init(struct psx_sim *sim, struct psx_error *err)
{
	uint64_t least = (uint64_t)FRAMES_WIDE * psx_sim_read(sim, PSX_REG_PAYLOAD_MAX);
	const struct psx_device_info *info = &sim->base.info;
	const size_t area = (size_t)info->width * info->height;
	const size_t scene = (size_t)info->scene_width * info->scene_height;
	const size_t sizes[SIM_REGIONS] = {
		[SIM_QUEUE] = sizeof(struct psx_completion) << QUEUE_SHIFT,
		[SIM_STAGING] = 2 * (area > scene ? area : scene),
	};
	unsigned int seg_shift = SEG_SHIFT;
	uint32_t segments, i;

	sim->ring_size = 1ull << SEG_SHIFT;
	while (sim->ring_size < least)
		sim->ring_size *= 2;
	while (sim->ring_size >> seg_shift > psx_sim_read(sim, PSX_REG_SEGS_MAX))
		seg_shift++;
	segments = (uint32_t)(sim->ring_size >> seg_shift);
	sim->queue_size = 1ull << QUEUE_SHIFT;
	for (i = 0; i < SIM_REGIONS; i++) {
		size_t size = i == SIM_DATA ? sim->ring_size : sizes[i];

		sim->region[i].memory = calloc(1, size);
		if (!sim->region[i].memory)
			return psx_error_set(err, ENOMEM, "sim: no memory for a ring of %zu bytes",
					     size);
		sim->region[i].size = size;
	}
	psx_sim_write(sim, PSX_REG_SEG_SHIFT, seg_shift);
	for (i = 0; i < segments; i++) {
		psx_sim_write(sim, PSX_REG_SEG_SEL, i);
		psx_sim_write64(sim, PSX_REG_SEG_ADDR_LO,
				psx_sim_address(SIM_DATA, (uint64_t)i << seg_shift));
	}
	psx_sim_write(sim, PSX_REG_SEG_COUNT, segments);
	psx_sim_write64(sim, PSX_REG_CQ_ADDR_LO, psx_sim_address(SIM_QUEUE, 0));
	psx_sim_write(sim, PSX_REG_CQ_SHIFT, QUEUE_SHIFT);
	return psx_sim_check(sim, "ring", err);
}

static void grant(struct psx_sim *sim)
{
	psx_sim_write64(sim, PSX_REG_GRANT_DATA_LO, sim->consumed + sim->ring_size);
	psx_sim_write64(sim, PSX_REG_GRANT_CQ_LO, sim->taken + sim->queue_size);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int psx_sim_start(struct psx_transport *t, uint64_t frames, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	uint64_t stale;

	(void)!read(sim->wake_fd, &stale, sizeof(stale));
	memset(sim->region[SIM_QUEUE].memory, 0, sim->region[SIM_QUEUE].size);
	sim->taken = sim->consumed = sim->lent = 0;
	sim->due_ns = now_ns();
	sim->series++;
	sim->stopping = false;
	psx_sim_write(sim, PSX_REG_RING_CTRL, 0);
	psx_sim_write(sim, PSX_REG_RING_CTRL, 1);
	grant(sim);
	psx_sim_write64(sim, PSX_REG_ACQ_FRAMES_LO, frames);
	psx_sim_write(sim, PSX_REG_ACQ_CTRL, PSX_ACQ_START);
	return psx_sim_check(sim, "start", err);
}

int psx_sim_stop(struct psx_transport *t, bool abort, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	sim->stopping = true;
	psx_sim_write(sim, PSX_REG_ACQ_CTRL, abort ? PSX_ACQ_ABORT : PSX_ACQ_STOP);
	return psx_sim_check(sim, "stop", err);
}

/* The completion at `taken`, when it is there */
static const struct psx_completion *peek(struct psx_sim *sim)
{
	const struct psx_completion *queue = (const void *)sim->region[SIM_QUEUE].memory;
	const struct psx_completion *c = &queue[sim->taken & (sim->queue_size - 1)];
	uint32_t tag = (uint32_t)(sim->taken >> QUEUE_SHIFT) + 1;

	return le32_to_cpu(__atomic_load_n(&c->tag, __ATOMIC_ACQUIRE)) == tag ? c : NULL;
}

/* With a rate: real time until the next frame may be handed out. 0; or ETIMEDOUT
 * after as long as was allowed, or EINTR when woken. */
static int pace(struct psx_sim *sim, int timeout_ms)
{
	struct pollfd woken = { .fd = sim->wake_fd, .events = POLLIN };
	uint64_t now = now_ns(), wait, count;
	struct timespec limit;
	bool late = false;

	if (sim->rate <= 0 || now >= sim->due_ns)
		return 0;
	wait = sim->due_ns - now;
	if (timeout_ms >= 0 && (uint64_t)timeout_ms * 1000000 < wait) {
		wait = (uint64_t)timeout_ms * 1000000;
		late = true;
	}
	limit.tv_sec = (time_t)(wait / 1000000000);
	limit.tv_nsec = (long)(wait % 1000000000);
	if (ppoll(&woken, 1, &limit, NULL)) {
		(void)!read(sim->wake_fd, &count, sizeof(count));
		return EINTR;
	}
	return late ? ETIMEDOUT : 0;
}

void psx_sim_wake(struct psx_transport *t)
{
	const struct psx_sim *sim = (const struct psx_sim *)t;
	const uint64_t one = 1;

	(void)!write(sim->wake_fd, &one, sizeof(one));
}

static bool running(struct psx_sim *sim)
{
	return psx_sim_read(sim, PSX_REG_STATUS) & PSX_STATUS_RUNNING;
}

static void fill_info(const struct psx_completion *c, struct psx_frame_info *info)
{
	*info = (struct psx_frame_info){
		.seq = le64_to_cpu(c->seq),
		.device_ns = le64_to_cpu(c->device_ns),
		.mono_ns = now_ns(),
		.dropped = le64_to_cpu(c->dropped),
		.cfg_id = le32_to_cpu(c->cfg_id),
		.effective = le32_to_cpu(c->effective),
		.saturated = le32_to_cpu(c->saturated),
		.trigger = le32_to_cpu(c->trigger),
		.stage_x = (int32_t)le32_to_cpu(c->stage_x),
		.stage_y = (int32_t)le32_to_cpu(c->stage_y),
		.crc32c = le32_to_cpu(c->crc32c),
		.flags = le32_to_cpu(c->saturated) ? PSX_FRAME_SATURATED : 0,
		.bank = c->bank,
		.channel = c->channel,
		.mode = c->mode,
		.pga = (uint8_t)(1u << (c->pga & 7)),
	};
}

/* 0; or what ended it before its time */
static int ended(struct psx_sim *sim, struct psx_error *err)
{
	if (sim->stopping || psx_sim_rails(sim) != PSX_RAIL_STATE_TRIPPED)
		return 0;
	return psx_error_set(err, EIO, "the rails tripped %s", psx_rails_cause(psx_sim_cause(sim)));
}

int psx_sim_next(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
		 const void **payload, size_t *length, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	const struct psx_completion *c;
	uint64_t position;
	int wait;

	sim->consumed = sim->lent;
	grant(sim);
	while (!(c = peek(sim))) {
		uint64_t next = psx_model_next_event(sim->model);

		if (!running(sim))
			return ended(sim, err);
		if (next == UINT64_MAX)
			return psx_error_set(err, ETIMEDOUT, "the device waits for a trigger, or its clock has ended");
		psx_model_advance(sim->model, next);
	}
	wait = sim->stopping ? 0 : pace(sim, timeout_ms);
	if (wait)
		return psx_error_set(err, wait, "no frame yet");
	position = le64_to_cpu(c->position);
	*length = le32_to_cpu(c->length);
	if (*length > sim->ring_size ||
	    (position & (sim->ring_size - 1)) + *length > sim->ring_size)
		return psx_error_set(err, EIO, "the device names a payload outside the ring");
	fill_info(c, info);
	info->series = sim->series;
	*payload = sim->region[SIM_DATA].memory + (position & (sim->ring_size - 1));
	sim->taken++;
	sim->lent = position + *length;
	if (sim->rate > 0)
		sim->due_ns += (uint64_t)(1e9 / sim->rate);
	return 1;
}

uint64_t psx_sim_discard(struct psx_transport *t)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	const struct psx_completion *c;
	uint64_t count = 0;

	while ((c = peek(sim))) {
		sim->lent = le64_to_cpu(c->position) + le32_to_cpu(c->length);
		sim->taken++;
		count++;
	}
	sim->consumed = sim->lent;
	return count;
}
