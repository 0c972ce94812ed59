// SPDX-License-Identifier: GPL-2.0
/*
 * The producer's side of the frame ring: completions become descriptors, and
 * readers' cursors become grants. All under psx_device.service.
 */
#include <linux/ktime.h>

#include "psxdet.h"

#define MASK		(PSX_RING_ENTRIES - 1)
#define COUNT_TRIES	16

enum psx_direction {
	PSX_FOR_CPU,
	PSX_FOR_DEVICE,
};

/* Positions from..to, segment by segment, to whom they belong from now on */
static void sync_range(struct psx_device *psx, u64 from, u64 to, enum psx_direction direction)
{
	const struct psx_ring *ring = &psx->ring;
	u64 size = 1ull << ring->seg_shift;

	while (from < to) {
		u64 within = from & (size - 1);
		u64 part = min(size - within, to - from);
		u64 address = ring->seg[(from >> ring->seg_shift) & (ring->segs - 1)].address;

		if (direction == PSX_FOR_CPU)
			psx->ops->sync_for_cpu(psx->hw, address + within, part);
		else
			psx->ops->sync_for_device(psx->hw, address + within, part);
		from += part;
	}
}

/* Does a payload lie where the device was allowed to put it? */
static bool placed_well(const struct psx_device *psx, u64 position, u32 length)
{
	const struct psx_ring *ring = &psx->ring;

	return length && length <= psx->id.payload_max && !(position & (PSX_DATA_ALIGN - 1)) &&
	       position >= ring->tail && position <= ring->grant_data &&
	       length <= ring->grant_data - position &&
	       (position & (ring->bytes - 1)) + length <= ring->bytes &&
	       ring->head - ring->oldest < PSX_RING_ENTRIES;
}

static void describe(struct psx_device *psx, const struct psx_completion *c, u64 now)
{
	struct psxdet_desc *desc = &psx->ring.desc[psx->ring.head & MASK];

	*desc = (struct psxdet_desc) {
		.seq = le64_to_cpu(c->seq),
		.mono_ns = now,
		.device_ns = le64_to_cpu(c->device_ns),
		.position = le64_to_cpu(c->position),
		.dropped = le64_to_cpu(c->dropped),
		.series = psx->series,
		.length = le32_to_cpu(c->length),
		.effective = le32_to_cpu(c->effective),
		.saturated = le32_to_cpu(c->saturated),
		.cfg_id = le32_to_cpu(c->cfg_id),
		.trigger = le32_to_cpu(c->trigger),
		.stage_x = (s32)le32_to_cpu(c->stage_x),
		.stage_y = (s32)le32_to_cpu(c->stage_y),
		.crc32c = le32_to_cpu(c->crc32c),
		.bank = c->bank,
		.channel = c->channel,
		.mode = c->mode,
		.pga = c->pga,
	};
}

static void take(struct psx_device *psx, const struct psx_completion *c)
{
	struct psx_ring *ring = &psx->ring;
	u64 position = le64_to_cpu(c->position);
	u32 length = le32_to_cpu(c->length);
	u64 now = ktime_get_ns();

	ring->taken++;
	WRITE_ONCE(ring->ctrl->dropped, le64_to_cpu(c->dropped));
	if (!placed_well(psx, position, length)) {
		WRITE_ONCE(ring->ctrl->refused, ring->taken - ring->head);
		dev_warn_ratelimited(&psx->dev,
				     "the device named %u bytes at %llu, outside the ring\n",
				     length, position);
		return;
	}
	sync_range(psx, position, position + length, PSX_FOR_CPU);
	describe(psx, c, now);
	ring->start[ring->head & MASK] = position;
	ring->stamp[ring->head & MASK] = now;
	ring->tail = position + length;
	ring->head++;
	/* Pairs with the acquire of readers: descriptor and payload are whole */
	smp_store_release(&ring->ctrl->head, ring->head);
}

/* Take what the device has completed, a lap at most; copied first, then judged */
void psx_ring_take(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	struct psx_completion c;
	const struct psx_completion *entry;
	u32 i;

	lockdep_assert_held(&psx->service);
	for (i = 0; i < PSX_RING_ENTRIES; i++) {
		entry = &ring->queue[ring->taken & MASK];
		if (le32_to_cpu(READ_ONCE(entry->tag)) != (u32)(ring->taken >> PSX_RING_SHIFT) + 1)
			return;
		/* The tag was stored last: the entry is read after it */
		dma_rmb();
		c = *entry;
		take(psx, &c);
	}
}

void psx_ring_publish_state(struct psx_device *psx)
{
	struct psxdet_ctrl *ctrl = psx->ring.ctrl;
	u32 state = psx->running ? PSXDET_STATE_RUNNING : 0;

	lockdep_assert_held(&psx->service);
	if (psx->gone)
		state |= PSXDET_STATE_GONE;
	WRITE_ONCE(ctrl->series, psx->series);
	/* After the last head, so that "not running" means that all is there */
	smp_store_release(&ctrl->state, state);
}

static u64 start_of(const struct psx_ring *ring, u64 index)
{
	return index == ring->head ? ring->tail : ring->start[index & MASK];
}

/* Room that the device should have: half the ring, and for the largest payload */
static u64 wanted_room(const struct psx_device *psx)
{
	const struct psx_ring *ring = &psx->ring;
	u64 position = round_up(ring->tail, (u64)PSX_DATA_ALIGN);

	if ((position & (ring->bytes - 1)) + psx->id.payload_max > ring->bytes)
		position = round_up(position, ring->bytes);
	return max(position + psx->id.payload_max - ring->tail, ring->bytes / 2);
}

static bool roomy(const struct psx_device *psx, u64 oldest)
{
	const struct psx_ring *ring = &psx->ring;

	return ring->head - oldest <= PSX_RING_ENTRIES / 2 &&
	       start_of(ring, oldest) + ring->bytes - ring->tail >= wanted_room(psx);
}

/* The first descriptor that a reserving reader still needs */
static u64 reserved_from(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	struct psx_reader *reader;
	u64 limit = ring->head;

	list_for_each_entry(reader, &ring->readers, node)
		if (reader->reserving)
			limit = min(limit, psx_reader_cursor(ring, reader));
	return limit;
}

static void tell_overrun(struct psx_device *psx, u64 oldest)
{
	struct psx_ring *ring = &psx->ring;
	struct psx_reader *reader;

	list_for_each_entry(reader, &ring->readers, node) {
		struct psxdet_event event = { .type = PSXDET_EVENT_OVERRUN };
		u64 cursor = psx_reader_cursor(ring, reader);

		if (cursor >= ring->oldest)
			reader->overrun = false;
		if (cursor < oldest && !reader->overrun) {
			reader->overrun = true;
			event.mono_ns = ktime_get_ns();
			event.count = oldest - cursor;
			psx_event_send(container_of(reader, struct psx_file, reader), &event);
		}
	}
}

/*
 * Give the device room: old frames go, as far as no reserving reader needs them
 * and the device has too little without
 */
void psx_ring_grant(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	u64 limit = reserved_from(psx);
	u64 oldest = ring->oldest;
	u64 data, queue;

	lockdep_assert_held(&psx->service);
	while (oldest < limit && !roomy(psx, oldest))
		oldest++;
	if (oldest != ring->oldest) {
		u64 from = start_of(ring, ring->oldest);

		tell_overrun(psx, oldest);
		ring->oldest = oldest;
		WRITE_ONCE(ring->ctrl->oldest, oldest);
		/* A lossy reader that sees overwritten data sees oldest, too */
		wmb();
		sync_range(psx, from, start_of(ring, oldest), PSX_FOR_DEVICE);
	}
	data = start_of(ring, oldest) + ring->bytes;
	queue = ring->taken + PSX_RING_ENTRIES - (ring->head - oldest);
	if (data > ring->grant_data) {
		ring->grant_data = data;
		psx_write64(psx, PSX_REG_GRANT_DATA_LO, data);
	}
	if (queue > ring->grant_queue) {
		ring->grant_queue = queue;
		psx_write64(psx, PSX_REG_GRANT_CQ_LO, queue);
	}
	ring->blocked = limit < ring->head && !roomy(psx, oldest);
}

/*
 * The device's counters and ours, at one moment where there is one: then made =
 * taken + dropped. Where frames end all the time, made is ahead by what is in
 * flight. -ENODEV when the device is gone.
 */
int psx_ring_count(struct psx_device *psx, struct psx_counters *now)
{
	struct psx_ring *ring = &psx->ring;
	int i;

	lockdep_assert_held(&psx->service);
	psx_service(psx);
	for (i = 0; i < COUNT_TRIES; i++) {
		now->dropped = psx_read64(psx, PSX_REG_DROPPED_LO);
		now->dropped_full = psx_read64(psx, PSX_REG_DROPPED_FULL_LO);
		psx_ring_take(psx);
		now->made = psx_read64(psx, PSX_REG_MADE_LO);
		if (now->made == ring->taken + now->dropped)
			break;
	}
	now->taken = ring->taken;
	now->head = ring->head;
	if (now->dropped_full > now->dropped)
		now->dropped_full = now->dropped;
	if (now->made == U64_MAX)
		psx_service(psx);
	return psx->gone ? -ENODEV : 0;
}
