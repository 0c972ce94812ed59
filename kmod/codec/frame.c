// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Header and index: everything of a payload but its chunks.
 */
#include "codec.h"

#define MAGIC		0x46585350u	/* "PSXF" */
#define VERSION		1u
#define MODE_SHIFT	3
#define DENSE_CHUNK	64u		/* a dense chunk has about so many columns * bands */

int psx_refuse(struct psx_codec_error *error, u64 offset, const char *reason)
{
	error->offset = offset;
	error->reason = reason;
	return -EBADMSG;
}

size_t psx_codec_bound(u32 width, u32 height)
{
	size_t dense = 2 * (size_t)width * height;

	return dense + dense / 100 + 128;
}

void psx_layout_init(struct psx_layout *layout, const struct psx_frame_header *header)
{
	u32 tiles = (header->width + PSX_CODEC_TILE - 1) / PSX_CODEC_TILE;
	u32 tile_rows = (header->height + PSX_CODEC_TILE - 1) / PSX_CODEC_TILE;
	bool dense = header->flags & PSX_FRAME_DENSE;
	u32 band = dense ? (DENSE_CHUNK + header->width - 1) / header->width : 1;

	*layout = (struct psx_layout){
		.width = header->width,
		.height = header->height,
		.tiles = tiles,
		.tile_rows = tile_rows,
		.bitmap = (tiles + 7) / 8,
		.band = band,
		.chunks = (tile_rows + band - 1) / band,
		.threshold = header->threshold ? header->threshold : 1,
		.both = !header->threshold || (header->flags & PSX_FRAME_BOTH),
		.dense = dense,
	};
}

u32 psx_chunk_height(const struct psx_layout *layout, u32 chunk)
{
	u32 rows = layout->band * PSX_CODEC_TILE;

	return psx_min(rows, layout->height - chunk * rows);
}

size_t psx_dense_chunk_size(const struct psx_layout *layout, u32 chunk)
{
	size_t size = 2 * (size_t)layout->width * psx_chunk_height(layout, chunk);

	return (size + PSX_UNIT - 1) / PSX_UNIT * PSX_UNIT;
}

void psx_header_put(u8 *out, const struct psx_frame_header *header)
{
	u32 gain = 0;

	while (header->pga >> gain > 1)
		gain++;
	psx_put_le32(out, MAGIC);
	out[4] = VERSION;
	out[5] = header->flags;
	psx_put_le16(out + 6, header->threshold);
	psx_put_le32(out + 8, header->width);
	psx_put_le32(out + 12, header->height);
	psx_put_le64(out + 16, header->seq);
	psx_put_le32(out + 24, header->cfg_id);
	psx_put_le16(out + 28, header->scale);
	out[30] = header->channel;
	out[31] = (u8)(gain | (u32)header->mode << MODE_SHIFT);
}

static bool bad_side(u32 side)
{
	return side == 0 || side > PSX_CODEC_MAX_SIDE;
}

bool psx_codec_header_valid(const struct psx_frame_header *header)
{
	return !bad_side(header->width) && !bad_side(header->height) &&
	       header->threshold <= PSX_CODEC_MAX_THRESHOLD &&
	       !(header->flags & ~(PSX_FRAME_BOTH | PSX_FRAME_DENSE)) &&
	       header->pga && header->pga <= 128 && !(header->pga & (header->pga - 1)) &&
	       header->mode <= PSX_CODEC_MAX_MODE;
}

static int header_get(const u8 *in, struct psx_frame_header *header,
		      struct psx_codec_error *error)
{
	if (psx_get_le32(in) != MAGIC)
		return psx_refuse(error, 0, "not a sparse frame");
	if (in[4] != VERSION)
		return psx_refuse(error, 4, "unknown version");
	*header = (struct psx_frame_header){
		.seq = psx_get_le64(in + 16),
		.width = psx_get_le32(in + 8),
		.height = psx_get_le32(in + 12),
		.cfg_id = psx_get_le32(in + 24),
		.threshold = psx_get_le16(in + 6),
		.scale = psx_get_le16(in + 28),
		.flags = in[5],
		.channel = in[30],
		.pga = (u8)(1 << (in[31] & 7)),
		.mode = in[31] >> MODE_SHIFT,
	};
	if (header->flags & ~(PSX_FRAME_BOTH | PSX_FRAME_DENSE))
		return psx_refuse(error, 5, "reserved flag");
	if (header->threshold > PSX_CODEC_MAX_THRESHOLD)
		return psx_refuse(error, 6, "threshold above 32767");
	if (bad_side(header->width))
		return psx_refuse(error, 8, "width not 1..65535");
	if (bad_side(header->height))
		return psx_refuse(error, 12, "height not 1..65535");
	if (header->mode > PSX_CODEC_MAX_MODE)
		return psx_refuse(error, 31, "unknown mode");
	return 0;
}

bool psx_chunk_length_valid(const struct psx_layout *layout, u32 chunk, size_t length)
{
	size_t most = (size_t)PSX_RECORD_MAX * layout->tiles + layout->bitmap + PSX_UNIT - 1;

	if (layout->dense)
		return length == psx_dense_chunk_size(layout, chunk);
	return length <= most && (!length || length > layout->bitmap);
}

/* Each chunk of a length that it can have, the last one ending at @end. */
static int check_offsets(const struct psx_layout *layout, const u8 *payload, size_t end,
			 struct psx_codec_error *error)
{
	const u8 *entry = payload + end;
	size_t from = psx_get_le32(entry);
	u32 i;

	if (from != PSX_FIRST_CHUNK)
		return psx_refuse(error, end, "first chunk not after the header");
	for (i = 0; i < layout->chunks; i++) {
		size_t to = psx_get_le32(entry + PSX_INDEX_ENTRY);

		if (to < from)
			return psx_refuse(error, (u64)(entry - payload) + PSX_INDEX_ENTRY,
					  "chunk offsets decrease");
		if (!psx_chunk_length_valid(layout, i, (to - from) * PSX_UNIT))
			return psx_refuse(error, (u64)(entry - payload),
					  "chunk of an impossible length");
		entry += PSX_INDEX_ENTRY;
		from = to;
	}
	if (from != end / PSX_UNIT)
		return psx_refuse(error, (u64)(entry - payload),
				  "chunks do not end where the index begins");
	return 0;
}

int psx_codec_parse(const void *payload, size_t length,
		    struct psx_codec_frame *frame,
		    struct psx_codec_error *error)
{
	const u8 *data = payload;
	struct psx_layout layout;
	size_t index, end;
	u32 crc;

	if (length < PSX_HEADER_SIZE)
		return psx_refuse(error, length, "shorter than a header");
	if (header_get(data, &frame->header, error))
		return -EBADMSG;
	psx_layout_init(&layout, &frame->header);
	index = ((size_t)layout.chunks + 1) * PSX_INDEX_ENTRY;
	if (length > psx_codec_bound(layout.width, layout.height))
		return psx_refuse(error, length, "longer than a frame of this size can be");
	if (length < PSX_HEADER_SIZE + index)
		return psx_refuse(error, length, "shorter than header and index");
	if (length % PSX_UNIT)
		return psx_refuse(error, length, "length not a multiple of 8");
	end = length - index;
	crc = psx_crc32c(0, data, PSX_HEADER_SIZE);
	crc = psx_crc32c(crc, data + end, index - 4);
	if (crc != psx_get_le32(data + length - 4))
		return psx_refuse(error, length - 4, "wrong crc32c of header and index");
	frame->data = data;
	frame->length = length;
	frame->tile_rows = layout.tile_rows;
	return check_offsets(&layout, data, end, error);
}
