/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_FRAME_H
#define PSX_LIB_FRAME_H

#include <psxdet.h>

#include "mask.h"
#include "../kmod/codec/psx_codec.h"

struct psx_frame {
	struct psx_frame_info info;
	struct psx_codec_frame codec; /* borrows the payload */
	void *owned;                  /* the payload when it is the frame's own, else NULL */
	struct psx_mask *mask;        /* NULL = all good */
};

/*
 * Make *frame borrow a payload with all its facts. Header and index are
 * checked; EBADMSG also when the payload says other than *info. It has no mask then,
 * nothing needs to be freed, *frame may be bound again.
 */
int psx_frame_bind(struct psx_frame *frame, const void *payload, size_t length,
		   const struct psx_frame_info *info, struct psx_error *err);

/* The same for what a device delivers, whose descriptor lacks size, threshold,
 * scale and polarity: they are filled in from the payload. */
int psx_frame_bind_device(struct psx_frame *frame, const void *payload, size_t length,
			  struct psx_frame_info *info, struct psx_error *err);

/* Share `mask` (may be NULL), in the place of the one that it had; not one of
 * another size */
void psx_frame_set_mask(struct psx_frame *frame, struct psx_mask *mask);

/* psx_codec_decode(), a refusal put in words. */
int psx_frame_decode(const struct psx_frame *frame, uint32_t first, uint32_t count,
		     int16_t *values, size_t stride, struct psx_error *err);

/* Values of a strip, one row of tiles at full width. */
size_t psx_frame_strip_size(const struct psx_frame *frame);

#endif
