// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One row of tiles, from its chunk. Where is written depends on the geometry
 * alone. Near its end a chunk is read from a copy with so many zeros behind it
 * that any record fits, so nothing beyond the chunk is ever read.
 */
#include "codec.h"

#define TILE		PSX_CODEC_TILE
#define ROOM		(PSX_RECORD_MAX + PSX_PACK_SLACK)

/* Copy the part of a tile that is in the image. */
static void put_edge(const s16 *tile, u32 cols, u32 rows, s16 *dst, size_t stride)
{
	u32 r;

	for (r = 0; r < rows; r++, tile += TILE, dst += stride)
		memcpy(dst, tile, cols * sizeof(*dst));
}

static void clear(s16 *dst, u32 cols, u32 rows, size_t stride)
{
	u32 r;

	for (r = 0; r < rows; r++, dst += stride)
		memset(dst, 0, cols * sizeof(*dst));
}

/* One bit for each pixel of a tile with @cols x @rows pixels in the image. */
static u64 pixels_inside(u32 cols, u32 rows)
{
	u64 mask = (u64)((1u << cols) - 1) * 0x0101010101010101u;

	return rows < TILE ? mask & ((1ull << TILE * rows) - 1) : mask;
}

static const char *check_bitmap(const struct psx_layout *layout, const u8 *bitmap)
{
	u32 i, spare = layout->tiles % 8;
	u32 any = 0;

	for (i = 0; i < layout->bitmap; i++)
		any |= bitmap[i];
	if (!any)
		return "chunk without a tile";
	if (spare && bitmap[layout->bitmap - 1] >> spare)
		return "tile outside the image";
	return NULL;
}

/* The records of a chunk. */
struct reader {
	const u8 *p;
	const u8 *end;
	bool copied;
	u8 tail[2 * ROOM];
};

/* Called before each record: with less than ROOM ahead, go on in a copy. */
static void reader_make_room(struct reader *in)
{
	size_t left = (size_t)(in->end - in->p);

	if (in->copied || left >= ROOM)
		return;
	memcpy(in->tail, in->p, left);
	memset(in->tail + left, 0, sizeof(in->tail) - left);
	in->p = in->tail;
	in->end = in->tail + left;
	in->copied = true;
}

static const char *read_tile(struct reader *in, const struct psx_layout *layout,
			     u32 cols, u32 rows, s16 *dst, size_t stride)
{
	const u8 *record;
	const char *reason;
	s16 tile[TILE * TILE];

	reader_make_room(in);
	if (in->p == in->end)
		return "chunk ends before its records";
	record = in->p;
	if (cols == TILE && rows == TILE) {
		reason = psx_decode_record(layout, &record, ~0ull, dst, stride);
	} else {
		reason = psx_decode_record(layout, &record, pixels_inside(cols, rows), tile, TILE);
		if (!reason)
			put_edge(tile, cols, rows, dst, stride);
	}
	if (!reason && record > in->end)
		reason = "record beyond the end of its chunk";
	if (!reason)
		in->p = record;
	return reason;
}

static const char *check_padding(const struct reader *in)
{
	const u8 *p = in->p;

	if (in->end - p >= (long)PSX_UNIT)
		return "chunk longer than its records";
	while (p < in->end)
		if (*p++)
			return "padding is not zero";
	return NULL;
}

/* Tiles from @first on that have no record. */
static u32 count_empty(const struct psx_layout *layout, const u8 *bitmap, u32 first)
{
	u32 i = first;

	while (i < layout->tiles && !(bitmap[i / 8] >> i % 8 & 1))
		i++;
	return i - first;
}

int psx_decode_tiles(const struct psx_layout *layout, const u8 *chunk, size_t length,
		     u32 rows, s16 *dst, size_t stride, struct psx_codec_error *error)
{
	const char *reason = check_bitmap(layout, chunk);
	struct reader in = { .p = chunk + layout->bitmap, .end = chunk + length };
	u32 i, run;

	if (reason)
		return psx_refuse(error, 0, reason);
	for (i = 0; i < layout->tiles && !reason; i += run, dst += TILE * run) {
		u32 left = layout->width - i * TILE;

		run = count_empty(layout, chunk, i);
		if (run) {
			clear(dst, psx_min(TILE * run, left), rows, stride);
		} else {
			reason = read_tile(&in, layout, psx_min(TILE, left), rows, dst, stride);
			run = 1;
		}
	}
	if (!reason)
		reason = check_padding(&in);
	if (reason)
		return psx_refuse(error, length - (size_t)(in.end - in.p), reason);
	return 0;
}
