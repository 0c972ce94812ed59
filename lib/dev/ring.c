// SPDX-License-Identifier: MIT
/* A reader's side of the frame ring. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#define OVERTAKEN_MOST 8 /* in a row; then the caller looks at its clock */

#define load(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)

static void move(struct psx_ring *ring, uint64_t cursor)
{
	ring->cursor = cursor;
	if (ring->cons)
		__atomic_store_n(&ring->cons->cursor, cursor, __ATOMIC_RELEASE);
}

void psx_ring_begin(struct psx_ring *ring, uint64_t position, bool lossy)
{
	ring->cursor = position;
	ring->limit = UINT64_MAX;
	ring->overrun = 0;
	ring->series = load(ring->ctrl->series);
	ring->lossy = lossy;
	ring->lent = false;
}

bool psx_ring_is_running(const struct psx_ring *ring)
{
	return load(ring->ctrl->state) & PSXDET_STATE_RUNNING;
}

/* State before series: that of what runs is stored before its state */
bool psx_ring_follow(struct psx_ring *ring)
{
	if (!psx_ring_is_running(ring))
		return false;
	ring->series = load(ring->ctrl->series);
	return true;
}

void psx_ring_limit(struct psx_ring *ring)
{
	ring->limit = load(ring->ctrl->head);
}

void psx_ring_need_wakeup(struct psx_ring *ring, bool need)
{
	if (!ring->cons)
		return;
	__atomic_store_n(&ring->cons->need_wakeup, need, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* before the poll looks at head */
}

static void give_back(struct psx_ring *ring)
{
	if (ring->lent)
		move(ring, ring->cursor + 1);
	ring->lent = false;
}

/*
 * Skip what was overwritten; false when nothing was. A reader that is overtaken
 * while it reads makes for the middle, or it would be overtaken again.
 */
static bool skip_overrun(struct psx_ring *ring, bool overtaken)
{
	uint64_t oldest = load(ring->ctrl->oldest);
	uint64_t head = load(ring->ctrl->head);

	if (oldest <= ring->cursor)
		return false;
	if (overtaken && head > oldest)
		oldest += (head - oldest) / 2;
	ring->overrun += oldest - ring->cursor;
	move(ring, oldest);
	return true;
}

/* Whether what was read before this is whole: acquire fence, then oldest */
static bool still_there(const struct psx_ring *ring)
{
	if (!ring->lossy)
		return true;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return load(ring->ctrl->oldest) <= ring->cursor;
}

static bool is_later(uint32_t series, uint32_t than)
{
	return (int32_t)(series - than) > 0;
}

static bool is_inside(const struct psx_ring *ring, const struct psxdet_desc *desc)
{
	uint64_t place = desc->position & (ring->bytes - 1);

	return desc->length <= ring->bytes - place;
}

/* A lossy reader's payload, out of the driver's way */
static const void *copy_payload(struct psx_ring *ring, const uint8_t *payload, size_t length)
{
	if (length > ring->copy_size || !ring->copy) {
		uint8_t *larger = realloc(ring->copy, length + 1);

		if (!larger)
			return NULL;
		ring->copy = larger;
		ring->copy_size = length;
	}
	return memcpy(ring->copy, payload, length);
}

/* The frame at cursor; EMPTY when it was overrun meanwhile */
static enum psx_ring_result read_frame(struct psx_ring *ring, struct psxdet_desc *desc,
				       const void **payload)
{
	const uint8_t *place;

	memcpy(desc, &ring->desc[ring->cursor & (ring->entries - 1)], sizeof(*desc));
	if (!still_there(ring))
		return PSX_RING_EMPTY;
	if (is_later(desc->series, ring->series))
		return PSX_RING_END;
	if (!is_inside(ring, desc)) {
		move(ring, ring->cursor + 1);
		return PSX_RING_DAMAGED;
	}
	place = ring->data + (desc->position & (ring->bytes - 1));
	*payload = place;
	if (ring->lossy) {
		*payload = copy_payload(ring, place, desc->length);
		if (!*payload)
			return PSX_RING_NOMEM;
		if (!still_there(ring))
			return PSX_RING_EMPTY;
	}
	ring->lent = true;
	return PSX_RING_FRAME;
}

enum psx_ring_result psx_ring_take(struct psx_ring *ring, struct psxdet_desc *desc,
				   const void **payload)
{
	enum psx_ring_result result;
	unsigned int overtaken = 0;

	give_back(ring);
	for (;;) {
		/* State before head: it is stored after the last head */
		uint32_t state = load(ring->ctrl->state);
		uint32_t series = load(ring->ctrl->series);
		uint64_t head = load(ring->ctrl->head);

		if (skip_overrun(ring, overtaken))
			continue;
		if (ring->cursor >= ring->limit)
			return PSX_RING_END;
		if (ring->cursor > head)
			return PSX_RING_BROKEN;
		if (ring->cursor == head) {
			if (state & PSXDET_STATE_GONE)
				return PSX_RING_GONE;
			if (!(state & PSXDET_STATE_RUNNING) || is_later(series, ring->series))
				return PSX_RING_END;
			return PSX_RING_EMPTY;
		}
		result = read_frame(ring, desc, payload);
		if (result != PSX_RING_EMPTY)
			return result;
		if (++overtaken == OVERTAKEN_MOST)
			return PSX_RING_EMPTY;
	}
}

uint64_t psx_ring_discard(struct psx_ring *ring)
{
	uint64_t head, count;

	give_back(ring);
	(void)skip_overrun(ring, false);
	head = load(ring->ctrl->head);
	if (head < ring->cursor)
		return 0;
	count = head - ring->cursor;
	move(ring, head);
	return count;
}

void psx_ring_free_copy(struct psx_ring *ring)
{
	free(ring->copy);
	ring->copy = NULL;
	ring->copy_size = 0;
}
