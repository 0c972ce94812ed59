// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The frame ring in host memory: data segments and completion queue. */
#include "model.h"

u32 psx_ring_ctrl(struct psx_model *m, u32 value)
{
	struct psx_ring *ring = &m->ring;

	if (value > 1)
		return PSX_ERR_RANGE;
	if (m->acq.running)
		return PSX_ERR_STATE;
	if (value) {
		if (!ring->seg_count || !ring->seg_shift || !ring->cq_shift)
			return PSX_ERR_INCOMPLETE;
		ring->position = 0;
		ring->completions = 0;
		ring->grant_data = 0;
		ring->grant_cq = 0;
	}
	ring->enabled = value;
	return PSX_ERR_NONE;
}

/*
 * Where a payload of @length goes: aligned, and padded to the end of the ring
 * instead of wrapping
 */
static u64 place(const struct psx_ring *ring, u32 length)
{
	u64 size = (u64)ring->seg_count << ring->seg_shift;
	u64 position = (ring->position + PSX_DATA_ALIGN - 1) & ~(u64)(PSX_DATA_ALIGN - 1);

	if ((position & (size - 1)) + length > size)
		position = (position | (size - 1)) + 1;
	return position;
}

static bool copy_out(struct psx_model *m, u64 position, const u8 *data, u32 length)
{
	const struct psx_ring *ring = &m->ring;
	u64 seg_size = 1ull << ring->seg_shift;

	while (length) {
		u64 within = position & (seg_size - 1);
		u32 segment = (u32)(position >> ring->seg_shift) & (ring->seg_count - 1);
		u64 address = ring->seg_addr[segment] + within;
		u32 part = psx_page_part(address, length);
		void *window;

		window = m->host.map(m->host.context, address, part);
		if (!window) {
			psx_model_fail(m, PSX_ERR_DMA, PSX_REG_SEG_ADDR_HI);
			return false;
		}
		memcpy(window, data, part);
		position += part;
		data += part;
		length -= part;
	}
	return true;
}

static void describe(const struct psx_model *m, u64 position, struct psx_completion *c)
{
	const struct psx_shot *shot = &m->shot;

	*c = (struct psx_completion){
		.seq = cpu_to_le64(shot->header.seq),
		.device_ns = cpu_to_le64(m->clock),
		.position = cpu_to_le64(position),
		.dropped = cpu_to_le64(m->dropped),
		.length = cpu_to_le32(shot->length),
		.effective = cpu_to_le32(shot->effective),
		.saturated = cpu_to_le32(shot->saturated),
		.cfg_id = cpu_to_le32(shot->header.cfg_id),
		.trigger = cpu_to_le32(m->acq.triggers),
		.stage_x = cpu_to_le32((u32)m->shot.stage[0]),
		.stage_y = cpu_to_le32((u32)m->shot.stage[1]),
		.crc32c = cpu_to_le32(shot->crc32c),
		.bank = (u8)shot->bank,
		.channel = shot->header.channel,
		.mode = shot->header.mode,
		.pga = (u8)shot->pga,
	};
}

/*
 * Write payload and completion of m->shot; false when they were not granted room
 * or the host memory did not answer
 */
bool psx_ring_put(struct psx_model *m)
{
	struct psx_ring *ring = &m->ring;
	u64 entry = ring->completions & ((1ull << ring->cq_shift) - 1);
	u64 size = (u64)ring->seg_count << ring->seg_shift;
	u32 length = m->shot.length;
	u64 position = place(ring, length);
	struct psx_completion c, *slot;

	if (length > size || position + length > ring->grant_data ||
	    ring->completions >= ring->grant_cq) {
		m->dropped_full++;
		return false;
	}
	if (!copy_out(m, position, m->payload, length))
		return false;
	slot = m->host.map(m->host.context, ring->cq_addr + entry * sizeof(c), sizeof(c));
	if (!slot) {
		psx_model_fail(m, PSX_ERR_DMA, PSX_REG_CQ_ADDR_HI);
		return false;
	}
	describe(m, position, &c);
	memcpy(slot, &c, offsetof(struct psx_completion, tag));
	psx_store_release(&slot->tag,
			  cpu_to_le32((u32)(ring->completions >> ring->cq_shift) + 1));
	ring->position = position + length;
	ring->completions++;
	return true;
}
