/* SPDX-License-Identifier: MIT */
/*
 * Reading a frame ring in mapped memory (include/uapi/linux/psxdet.h). No
 * system call is made here, and nothing that is read is trusted: memory is
 * never touched outside the regions.
 */
#ifndef PSX_LIB_DEV_RING_H
#define PSX_LIB_DEV_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/uapi/linux/psxdet.h"

struct psx_ring {
	const struct psxdet_ctrl *ctrl;
	const struct psxdet_desc *desc;
	const uint8_t *data;
	struct psxdet_cons *cons; /* NULL for a file that is open read-only */
	uint64_t entries, bytes; /* powers of two */

	uint64_t cursor;	/* all descriptors before it are done with */
	uint64_t limit;		/* where this reader ends; UINT64_MAX = with the series */
	uint64_t overrun;	/* frames that a lossy reader lost */
	uint32_t series;	/* the acquisition that is read */
	bool lossy;		/* the driver does not wait for this reader */
	bool lent;		/* the descriptor at cursor is in the user's hands */
	uint8_t *copy;		/* of a lossy reader's payload */
	size_t copy_size;
};

enum psx_ring_result {
	PSX_RING_FRAME,
	PSX_RING_EMPTY,	  /* or a lossy reader was overtaken again and again */
	PSX_RING_END,	  /* of the acquisition, and all its frames were taken */
	PSX_RING_GONE,	  /* the device, and all its frames were taken */
	PSX_RING_DAMAGED, /* a descriptor names memory outside the ring; stepped over */
	PSX_RING_BROKEN,  /* head and cursor contradict each other */
	PSX_RING_NOMEM,
};

/* Begin at descriptor `position`. The regions are set, entries and bytes too. */
void psx_ring_begin(struct psx_ring *ring, uint64_t position, bool lossy);
/* Give back what was lent, and take the next frame, which is lent until the
 * next call. */
enum psx_ring_result psx_ring_take(struct psx_ring *ring, struct psxdet_desc *desc,
				   const void **payload);
/* Give back what was lent, and everything before head; how many were not taken */
uint64_t psx_ring_discard(struct psx_ring *ring);
/* What is there already is the rest of it */
void psx_ring_limit(struct psx_ring *ring);
/* Around a poll(): frames wake it, or they need not */
void psx_ring_need_wakeup(struct psx_ring *ring, bool need);
bool psx_ring_is_running(const struct psx_ring *ring);
/* Read the acquisition that runs now; false when none does */
bool psx_ring_follow(struct psx_ring *ring);
void psx_ring_free_copy(struct psx_ring *ring);

#endif
