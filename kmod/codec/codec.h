/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of the codec share. One row of tiles is coded by
 * psx_encode_tiles() and psx_decode_tiles(); everything else of a frame is in
 * encode.c, decode.c and frame.c.
 */
#ifndef PSX_CODEC_INTERNAL_H
#define PSX_CODEC_INTERNAL_H

#include "psx_codec.h"

#define PSX_HEADER_SIZE		32u
#define PSX_INDEX_ENTRY		8u
#define PSX_UNIT		8u	/* chunks are aligned to it, offsets count it */
#define PSX_RECORD_MAX		138u	/* first byte, row byte, 8 masks, 128 of values */
#define PSX_PACK_SLACK		16u	/* packing may touch so much past a record */

/* First byte of a record. */
#define PSX_RECORD_CODE		0x0fu
#define PSX_RECORD_DENSE	0x10u
#define PSX_RECORD_ROWS		0x20u
#define PSX_RECORD_RESERVED	0xc0u

/* How the values of a frame are laid out and coded. */
struct psx_layout {
	u32 width;
	u32 height;
	u32 tiles;		/* in a row of tiles */
	u32 tile_rows;
	u32 bitmap;		/* bytes at the start of a chunk */
	u32 band;		/* rows of tiles in a chunk */
	u32 chunks;
	s32 threshold;		/* at least 1 */
	bool both;
	bool dense;
};

void psx_layout_init(struct psx_layout *layout, const struct psx_frame_header *header);

/* Bytes of pixel rows in a dense chunk, padding included. */
size_t psx_dense_chunk_size(const struct psx_layout *layout, u32 chunk);

#define PSX_FIRST_CHUNK		(PSX_HEADER_SIZE / PSX_UNIT)

/* Whether chunk @chunk can be @length bytes long. */
bool psx_chunk_length_valid(const struct psx_layout *layout, u32 chunk, size_t length);

/* Pixel rows of chunk @chunk. */
u32 psx_chunk_height(const struct psx_layout *layout, u32 chunk);

void psx_header_put(u8 *out, const struct psx_frame_header *header);

/*
 * Encode one row of tiles of @rows pixel rows; adds the effective pixels to
 * *@effective. Returns the length of the chunk, a multiple of PSX_UNIT, or -1
 * when @room is too small.
 */
long psx_encode_tiles(const struct psx_layout *layout, const s16 *values, size_t stride,
		      u32 rows, u8 *out, size_t room, u32 *effective);

/*
 * Decode one row of tiles of @rows pixel rows. 0 or -EBADMSG with *@error set,
 * its offset counted from @chunk.
 */
int psx_decode_tiles(const struct psx_layout *layout, const u8 *chunk, size_t length,
		     u32 rows, s16 *dst, size_t stride, struct psx_codec_error *error);

/*
 * Decode the record at *@record, which has PSX_RECORD_MAX + PSX_PACK_SLACK
 * readable bytes, and step over it. @inside has a bit for each pixel of the
 * tile that is in the image. NULL or why it was refused.
 */
const char *psx_decode_record(const struct psx_layout *layout, const u8 **record, u64 inside,
			      s16 *dst, size_t stride);

int psx_refuse(struct psx_codec_error *error, u64 offset, const char *reason);

extern const u32 psx_crc32c_table[8][256];

static inline u16 psx_get_le16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 psx_get_le32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u64 psx_get_le64(const u8 *p)
{
	return (u64)p[0] | (u64)p[1] << 8 | (u64)p[2] << 16 | (u64)p[3] << 24 |
	       (u64)p[4] << 32 | (u64)p[5] << 40 | (u64)p[6] << 48 | (u64)p[7] << 56;
}

static inline void psx_put_le16(u8 *p, u16 x)
{
	p[0] = (u8)x;
	p[1] = (u8)(x >> 8);
}

static inline void psx_put_le32(u8 *p, u32 x)
{
	p[0] = (u8)(x & 0xff);
	p[1] = (u8)(x >> 8 & 0xff);
	p[2] = (u8)(x >> 16 & 0xff);
	p[3] = (u8)(x >> 24);
}

static inline void psx_put_le64(u8 *p, u64 x)
{
	psx_put_le32(p, (u32)x);
	psx_put_le32(p + 4, (u32)(x >> 32));
}

static inline u32 psx_min(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* Set bits of @x; the kernel has no libgcc to count them without popcnt. */
static inline u32 psx_count_bits(u64 x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (u32)(x * 0x0101010101010101u >> 56);
}

/* Bit r of the result is set when byte r of @mask is not zero. */
static inline u32 psx_rows_of(u64 mask)
{
	u64 x = mask | ((mask & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu);

	return (u32)((x >> 7 & 0x0101010101010101u) * 0x0102040810204080u >> 56);
}

#endif /* PSX_CODEC_INTERNAL_H */
