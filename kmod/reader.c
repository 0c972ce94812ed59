// SPDX-License-Identifier: GPL-2.0
/* Readers of the ring: who they are and how far they have come. */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "psxdet.h"

#define MASK		(PSX_RING_ENTRIES - 1)
#define READERS_MAX	PSXDET_READERS_MAX

/*
 * The cursor of a reader, from the page that it shares with its program:
 * loaded once, and taken only where it goes forward and not beyond head.
 */
u64 psx_reader_cursor(const struct psx_ring *ring, struct psx_reader *reader)
{
	u64 cursor;

	if (!reader->cons)
		return reader->cursor;
	/* Pairs with the release of the reader: it has read all before it */
	cursor = smp_load_acquire(&reader->cons->cursor);
	if (cursor >= reader->cursor && cursor <= ring->head) {
		reader->cursor = cursor;
	} else if (cursor != reader->refused_cursor) {
		reader->refused_cursor = cursor;
		reader->cursors_refused++;
	}
	return reader->cursor;
}

static u64 deadline(const struct psx_ring *ring, const struct psx_reader *reader)
{
	if (reader->cursor < ring->oldest)
		return 0;
	return ring->stamp[reader->cursor & MASK] + reader->timeout_ns;
}

/* Frames for poll(): as many as the watermark, or one that has waited enough */
bool psx_reader_ready(const struct psx_device *psx, struct psx_reader *reader)
{
	const struct psx_ring *ring = &psx->ring;
	u64 unread;

	if (!reader->active)
		return false;
	unread = ring->head - psx_reader_cursor(ring, reader);
	if (!unread)
		return false;
	return unread >= reader->watermark || !psx->running || ring->blocked ||
	       (reader->timeout_ns && ktime_get_ns() >= deadline(ring, reader));
}

/* Does somebody sleep until a frame of this reader has waited enough? */
bool psx_reader_waits(const struct psx_device *psx, struct psx_file *file)
{
	struct psx_reader *reader = &file->reader;

	return psx->running && reader->active && reader->timeout_ns &&
	       wq_has_sleeper(&file->wait) && reader->cursor < psx->ring.head &&
	       !psx_reader_ready(psx, reader);
}

void psx_reader_wake(const struct psx_device *psx, struct psx_file *file)
{
	const struct psxdet_cons *cons = file->reader.cons;

	/* After the store of head: the word is stored before head is loaded */
	smp_mb();
	if (cons && !READ_ONCE(cons->need_wakeup))
		return;
	if (wq_has_sleeper(&file->wait) && psx_reader_ready(psx, &file->reader))
		wake_up_interruptible_poll(&file->wait, EPOLLIN | EPOLLRDNORM);
}

/* The page stays with the file: it may be mapped */
static int get_cons(struct psx_file *file)
{
	struct psx_reader *reader = &file->reader;

	if (!reader->cons && file->writable)
		reader->cons = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!reader->cons)
		return file->writable ? -ENOMEM : 0;
	WRITE_ONCE(reader->cons->need_wakeup, 1);
	/* The program sees it when JOIN has returned */
	smp_store_release(&reader->cons->cursor, reader->cursor);
	return 0;
}

int psx_reader_join(struct psx_file *file, struct psxdet_join *join)
{
	struct psx_reader *reader = &file->reader;
	struct psx_device *psx = file->psx;
	struct psx_ring *ring = &psx->ring;
	bool reserving = join->flags & PSXDET_READER_RESERVING;

	lockdep_assert_held(&psx->service);
	if (reserving && !file->writable)
		return -EPERM;
	if (reader->active)
		return -EBUSY;
	/* Who can only watch leaves places for who acquires */
	if (ring->readers_count >= (file->writable ? READERS_MAX : READERS_MAX / 2))
		return -EUSERS;
	if (psx_ring_count(psx, &reader->joined))
		return -ENODEV;
	/* What was in flight is counted from here on, as it will be seen */
	reader->joined.made = reader->joined.taken + reader->joined.dropped;
	reader->cursor = reader->joined.head;
	if (get_cons(file))
		return -ENOMEM;
	reader->refused_cursor = reader->cursor;
	reader->cursors_refused = 0;
	reader->watermark = max(join->watermark, 1u);
	reader->timeout_ns = (u64)join->timeout_us * NSEC_PER_USEC;
	reader->reserving = reserving;
	reader->overrun = false;
	reader->active = true;
	list_add_tail(&reader->node, &ring->readers);
	ring->readers_count++;
	ring->reserving += reserving;
	join->position = reader->cursor;
	return 0;
}

int psx_reader_leave(struct psx_file *file)
{
	struct psx_reader *reader = &file->reader;
	struct psx_ring *ring = &file->psx->ring;

	lockdep_assert_held(&file->psx->service);
	if (!reader->active)
		return -EINVAL;
	reader->active = false;
	list_del(&reader->node);
	ring->readers_count--;
	ring->reserving -= reader->reserving;
	return 0;
}

int psx_reader_position(struct psx_file *file, u64 position)
{
	struct psx_reader *reader = &file->reader;

	lockdep_assert_held(&file->psx->service);
	if (!reader->active || reader->cons)
		return -EINVAL;
	if (position < reader->cursor || position > file->psx->ring.head) {
		reader->cursors_refused++;
		return -ERANGE;
	}
	reader->cursor = position;
	return 0;
}

int psx_reader_stats(struct psx_file *file, struct psxdet_reader_stats *stats)
{
	struct psx_reader *reader = &file->reader;
	const struct psx_counters *then = &reader->joined;
	struct psx_device *psx = file->psx;
	struct psx_counters now;

	lockdep_assert_held(&psx->service);
	if (!reader->active)
		return -EINVAL;
	if (psx_ring_count(psx, &now))
		return -ENODEV;
	stats->made = now.made - then->made;
	stats->dropped_full = now.dropped_full - then->dropped_full;
	stats->dropped_device = now.dropped - then->dropped - stats->dropped_full;
	stats->refused = (now.taken - now.head) - (then->taken - then->head);
	stats->position = then->head;
	stats->cursor = psx_reader_cursor(&psx->ring, reader);
	stats->head = now.head;
	stats->oldest = psx->ring.oldest;
	stats->cursors_refused = reader->cursors_refused;
	return 0;
}
