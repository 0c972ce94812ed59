// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "codec.h"

/*
 * A payload being written. The index grows at the end of the room that the
 * frame may take and moves behind the chunks when they are complete.
 */
struct writer {
	u8 *out;
	size_t length;		/* header and chunks so far */
	size_t room;		/* for header and chunks */
	u8 *entry;
};

static size_t index_size(const struct psx_layout *layout)
{
	return ((size_t)layout->chunks + 1) * PSX_INDEX_ENTRY;
}

static size_t dense_size(const struct psx_layout *layout)
{
	u32 last = layout->chunks - 1;
	size_t size = last * (last ? psx_dense_chunk_size(layout, 0) : 0);

	return PSX_HEADER_SIZE + size + psx_dense_chunk_size(layout, last) + index_size(layout);
}

static int writer_begin(struct writer *w, const struct psx_layout *layout,
			const struct psx_frame_header *header, u8 *out, size_t size)
{
	size_t index = index_size(layout);

	if (size < PSX_HEADER_SIZE + index)
		return -ENOSPC;
	w->out = out;
	w->length = PSX_HEADER_SIZE;
	w->room = size - index;
	w->entry = out + w->room;
	psx_header_put(out, header);
	return 0;
}

static void writer_chunk(struct writer *w, size_t length)
{
	psx_put_le32(w->entry, (u32)(w->length / PSX_UNIT));
	psx_put_le32(w->entry + 4, psx_crc32c(0, w->out + w->length, length));
	w->entry += PSX_INDEX_ENTRY;
	w->length += length;
}

/* Returns the length of the payload. */
static size_t writer_end(struct writer *w, const struct psx_layout *layout)
{
	size_t index = index_size(layout);
	u8 *to = w->out + w->length;
	u32 crc = psx_crc32c(0, w->out, PSX_HEADER_SIZE);

	psx_put_le32(w->entry, (u32)(w->length / PSX_UNIT));
	memmove(to, w->out + w->room, index);
	psx_put_le32(to + index - 4, psx_crc32c(crc, to, index - 4));
	return w->length + index;
}

/* Values as the comparator leaves them, then padding; counts those kept. */
static u32 put_dense_rows(const struct psx_layout *layout, const s16 *values, size_t stride,
			  u32 rows, u8 *out, size_t length)
{
	u8 *end = out + length;
	u32 r, x, count = 0;

	for (r = 0; r < rows; r++, values += stride) {
		for (x = 0; x < layout->width; x++, out += 2) {
			s32 v = values[x];
			bool keep = v >= layout->threshold ||
				    (layout->both && v <= -layout->threshold);

			psx_put_le16(out, keep ? (u16)v : 0);
			count += keep;
		}
	}
	memset(out, 0, (size_t)(end - out));
	return count;
}

/* Chunk @i behind what is written; its length, or -1 when there is no room. */
static long put_chunk(const struct writer *w, const struct psx_layout *layout, u32 i,
		      const s16 *values, size_t stride, u32 *effective)
{
	u32 rows = psx_chunk_height(layout, i);
	size_t length;

	if (!layout->dense)
		return psx_encode_tiles(layout, values, stride, rows, w->out + w->length,
					w->room - w->length, effective);
	length = psx_dense_chunk_size(layout, i);
	*effective += put_dense_rows(layout, values, stride, rows, w->out + w->length, length);
	return (long)length;
}

/* 0, or -ENOSPC when the frame takes more than @size bytes, or -ECANCELED. */
static int encode_chunks(const struct psx_frame_header *header, const s16 *values,
			 size_t stride, u8 *out, size_t size, size_t *length, u32 *effective,
			 const struct psx_codec_watch *watch)
{
	struct psx_layout layout;
	struct writer w;
	u32 i;

	psx_layout_init(&layout, header);
	if (writer_begin(&w, &layout, header, out, size))
		return -ENOSPC;
	*effective = 0;
	for (i = 0; i < layout.chunks; i++) {
		long chunk = put_chunk(&w, &layout, i, values, stride, effective);

		if (chunk < 0)
			return -ENOSPC;
		writer_chunk(&w, (size_t)chunk);
		values += (size_t)layout.band * PSX_CODEC_TILE * stride;
		if (watch && !watch->go_on(watch->context))
			return -ECANCELED;
	}
	*length = writer_end(&w, &layout);
	return 0;
}

int psx_codec_encode_watched(const struct psx_frame_header *header, const s16 *values,
			     size_t stride, void *out, size_t size, size_t *length,
			     u32 *effective, const struct psx_codec_watch *watch)
{
	struct psx_frame_header tiled = *header;
	struct psx_frame_header dense = *header;
	struct psx_layout layout;
	size_t most;
	int ret;

	if (!psx_codec_header_valid(header))
		return -EINVAL;
	tiled.flags &= (u8)~PSX_FRAME_DENSE;
	dense.flags |= PSX_FRAME_DENSE;
	psx_layout_init(&layout, &dense);
	most = dense_size(&layout);
	ret = encode_chunks(&tiled, values, stride, out, size < most ? size : most, length,
			    effective, watch);
	if (ret == -ENOSPC && most <= size)
		ret = encode_chunks(&dense, values, stride, out, most, length, effective, watch);
	if (!header->threshold)
		*effective = header->width * header->height;
	return ret;
}

int psx_codec_encode(const struct psx_frame_header *header, const s16 *values,
		     size_t stride, void *out, size_t size,
		     size_t *length, u32 *effective)
{
	return psx_codec_encode_watched(header, values, stride, out, size, length, effective,
					NULL);
}
