// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "codec.h"

/* A chunk as the index has it. */
struct chunk {
	const u8 *data;
	size_t length;
	u64 offset;
	u32 crc;
};

/*
 * The index was checked by psx_codec_parse(), but the payload may be memory that
 * its writer still reaches: what is read again is checked again.
 */
static bool chunk_at(const struct psx_codec_frame *frame, const struct psx_layout *layout, u32 i,
		     struct chunk *chunk, struct psx_codec_error *error)
{
	size_t index = ((size_t)layout->chunks + 1) * PSX_INDEX_ENTRY;
	size_t end = frame->length - index;
	const u8 *entry = frame->data + end + (size_t)i * PSX_INDEX_ENTRY;
	size_t from = psx_get_le32(entry);
	size_t to = psx_get_le32(entry + PSX_INDEX_ENTRY);

	if (from < PSX_FIRST_CHUNK || to < from || to > end / PSX_UNIT ||
	    !psx_chunk_length_valid(layout, i, (to - from) * PSX_UNIT)) {
		psx_refuse(error, (u64)(entry - frame->data), "index changed meanwhile");
		return false;
	}
	*chunk = (struct chunk){
		.data = frame->data + from * PSX_UNIT,
		.length = (to - from) * PSX_UNIT,
		.offset = from * PSX_UNIT,
		.crc = psx_get_le32(entry + 4),
	};
	return true;
}

static void clear_rows(const struct psx_layout *layout, u32 rows, s16 *dst, size_t stride)
{
	u32 r;

	for (r = 0; r < rows; r++, dst += stride)
		memset(dst, 0, layout->width * sizeof(*dst));
}

/* Set in the result's upper half when the comparator would have dropped @v. */
static u32 below(const struct psx_layout *layout, s32 v)
{
	s32 flipped = layout->both && v < 0 ? -v : v;

	return v ? (u32)(flipped - layout->threshold) : 0;
}

/* @rows pixel rows of a dense chunk from its row @first on. */
static int decode_dense(const struct psx_layout *layout, const struct chunk *chunk, u32 first,
			u32 rows, s16 *dst, size_t stride, struct psx_codec_error *error)
{
	size_t pitch = 2 * (size_t)layout->width;
	const u8 *row = chunk->data + pitch * first;
	u32 r, x, dropped;

	for (r = 0; r < rows; r++, row += pitch, dst += stride) {
		dropped = 0;
		for (x = 0; x < layout->width; x++) {
			dst[x] = (s16)psx_get_le16(row + 2 * x);
			dropped |= below(layout, dst[x]);
		}
		if (dropped >> 31)
			return psx_refuse(error, (u64)(row - chunk->data),
					  "row with a value that the comparator drops");
	}
	return 0;
}

static int check_dense_padding(const struct psx_layout *layout, const struct chunk *chunk,
			       u32 i, struct psx_codec_error *error)
{
	size_t at = 2 * (size_t)layout->width * psx_chunk_height(layout, i);

	for (; at < chunk->length; at++)
		if (chunk->data[at])
			return psx_refuse(error, at, "padding is not zero");
	return 0;
}

/* Rows of tiles @first .. @last - 1, all in chunk @i. */
static int decode_chunk(const struct psx_layout *layout, const struct chunk *chunk, u32 i,
			u32 first, u32 last, s16 *dst, size_t stride,
			struct psx_codec_error *error)
{
	u32 top = first * PSX_CODEC_TILE;
	u32 rows = psx_min(last * PSX_CODEC_TILE, layout->height) - top;
	u32 skip = top - i * layout->band * PSX_CODEC_TILE;

	if (psx_crc32c(0, chunk->data, chunk->length) != chunk->crc)
		return psx_refuse(error, 0, "wrong crc32c of a chunk");
	if (layout->dense)
		return check_dense_padding(layout, chunk, i, error) ?:
		       decode_dense(layout, chunk, skip, rows, dst, stride, error);
	if (chunk->length)
		return psx_decode_tiles(layout, chunk->data, chunk->length, rows, dst, stride,
					error);
	clear_rows(layout, rows, dst, stride);
	return 0;
}

int psx_codec_decode(const struct psx_codec_frame *frame, u32 first, u32 count,
		     s16 *dst, size_t stride, struct psx_codec_error *error)
{
	u32 end = first + count;
	struct psx_layout layout;

	psx_layout_init(&layout, &frame->header);
	while (first < end) {
		u32 i = first / layout.band;
		u32 last = psx_min((i + 1) * layout.band, end);
		struct chunk chunk;

		if (!chunk_at(frame, &layout, i, &chunk, error))
			return -EBADMSG;
		if (decode_chunk(&layout, &chunk, i, first, last, dst, stride, error)) {
			error->offset += chunk.offset;
			return -EBADMSG;
		}
		dst += (size_t)(last - first) * PSX_CODEC_TILE * stride;
		first = last;
	}
	return 0;
}
