/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The sparse frame format of docs/frame-format.md: encoder and decoder in
 * freestanding C, without allocation, without state, callable from any thread.
 */
#ifndef PSX_CODEC_H
#define PSX_CODEC_H

#include "../psx_types.h"

#define PSX_CODEC_TILE		8u
#define PSX_CODEC_MAX_SIDE	65535u
#define PSX_CODEC_MAX_THRESHOLD	32767u
#define PSX_CODEC_MAX_MODE	2u

/* Header flags; all other bits are reserved and zero. */
#define PSX_FRAME_BOTH		0x01u	/* |v| >= T was kept, else v >= T */
#define PSX_FRAME_DENSE		0x02u	/* no tiles: every value raw, 16 bits */

/* What a payload says of itself. */
struct psx_frame_header {
	u64 seq;
	u32 width;		/* output pixels, 1..PSX_CODEC_MAX_SIDE */
	u32 height;
	u32 cfg_id;
	u16 threshold;		/* bits; 0 = comparator off, all values kept */
	u16 scale;		/* Q8.8 frame bits for a grey level at weight 1 */
	u8 flags;		/* PSX_FRAME_* */
	u8 channel;
	u8 pga;			/* gain, a power of two 1..128 */
	u8 mode;		/* 0 scan, 1 snap, 2 point */
};

/* Where and why a payload was refused. */
struct psx_codec_error {
	u64 offset;		/* bytes from the start of the payload */
	const char *reason;	/* static text */
};

/* A payload whose header and index were checked. Borrows the buffer. */
struct psx_codec_frame {
	struct psx_frame_header header;
	const u8 *data;
	size_t length;
	u32 tile_rows;
};

/* The most bytes that any frame of this size takes: dense * 1.01 + 128. */
size_t psx_codec_bound(u32 width, u32 height);

/* Whether every field has a value that the format can express. */
bool psx_codec_header_valid(const struct psx_frame_header *header);

/*
 * Encode height rows of width values, @stride values apart. Values that the
 * comparator of @header drops are not stored. Writes @header->flags' DENSE bit
 * by itself. Returns 0, -EINVAL for a bad header, -ENOSPC when @size is below
 * what this frame needs (psx_codec_bound() is always enough).
 */
int psx_codec_encode(const struct psx_frame_header *header, const s16 *values,
		     size_t stride, void *out, size_t size,
		     size_t *length, u32 *effective);

/* What is asked after each row of tiles: false ends the work */
struct psx_codec_watch {
	bool (*go_on)(void *context);
	void *context;
};

/* The same with a watch; -ECANCELED when it has ended the work. */
int psx_codec_encode_watched(const struct psx_frame_header *header, const s16 *values,
			     size_t stride, void *out, size_t size, size_t *length,
			     u32 *effective, const struct psx_codec_watch *watch);

/*
 * Check header, index and lengths of a payload; 0 or -EBADMSG with *@error set.
 * The chunks themselves are checked when they are decoded.
 */
int psx_codec_parse(const void *payload, size_t length,
		    struct psx_codec_frame *frame,
		    struct psx_codec_error *error);

/*
 * Decode @count rows of tiles from row of tiles @first on (8 pixel rows each,
 * the last may have fewer), all below @frame->tile_rows; dropped pixels become
 * 0. @dst is pixel row @first * 8. Different rows may be decoded by different
 * threads at once. 0 or -EBADMSG with *@error set; what @dst holds is then
 * undefined.
 */
int psx_codec_decode(const struct psx_codec_frame *frame, u32 first, u32 count,
		     s16 *dst, size_t stride, struct psx_codec_error *error);

/* CRC-32C (Castagnoli) as in iSCSI; start with crc = 0, chainable. */
u32 psx_crc32c(u32 crc, const void *data, size_t length);

#endif /* PSX_CODEC_H */
