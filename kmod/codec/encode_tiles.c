// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One row of tiles, to its chunk. A tile is first turned into the values of a
 * dense record, which are 0 where the comparator drops; the mask record is made
 * of those that are not.
 */
#include "codec.h"

#define TILE		PSX_CODEC_TILE
#define PIXELS		(TILE * TILE)
#define ROOM		(PSX_RECORD_MAX + PSX_PACK_SLACK)

struct tile {
	s16 value[PIXELS];	/* as in a dense record */
	u64 mask;		/* a bit for each that is not 0 */
	s32 highest;
	s32 lowest;
};

/* What a mask record stores for dense value @d, not 0. */
static s32 mask_value(s32 d)
{
	return d - (d > 0);
}

static void compare_row(const struct psx_layout *layout, const s16 *v, struct tile *tile, u32 row)
{
	const s32 threshold = layout->threshold;
	const s32 flip = layout->both ? 2 * threshold - 1 : 0;
	s32 highest = tile->highest, lowest = tile->lowest;
	s16 *out = tile->value + row * TILE;
	u32 c, mask = 0;

	for (c = 0; c < TILE; c++) {
		s32 sign = v[c] >> 31;
		s32 stored = v[c] - threshold + (sign & flip);
		s32 kept = ~((flip ? stored ^ sign : stored) >> 31);
		s32 d = (stored + 1 + sign) & kept;

		out[c] = (s16)d;
		mask |= (u32)(kept & 1) << c;
		highest = d > highest ? d : highest;
		lowest = d < lowest ? d : lowest;
	}
	tile->highest = highest;
	tile->lowest = lowest;
	tile->mask |= (u64)mask << row * TILE;
}

/* Compare @cols x @rows pixels; the rest of the tile is outside the image. */
static void compare_tile(const struct psx_layout *layout, const s16 *values, size_t stride,
			 u32 cols, u32 rows, struct tile *tile)
{
	s16 padded[TILE] = { 0 };
	u32 r;

	tile->mask = 0;
	tile->highest = 0;
	tile->lowest = 0;
	for (r = 0; r < rows; r++, values += stride) {
		if (cols == TILE) {
			compare_row(layout, values, tile, r);
			continue;
		}
		memcpy(padded, values, cols * sizeof(*padded));
		compare_row(layout, padded, tile, r);
	}
	memset(tile->value + rows * TILE, 0, (TILE - rows) * TILE * sizeof(*tile->value));
}

/* The width of unsigned numbers, or of two's complement ones when @both. */
static u32 width_for(s32 highest, s32 lowest, bool both)
{
	u32 bits = (u32)(highest | (lowest ^ lowest >> 31));
	u32 width = both && (highest || lowest);

	for (; bits; bits >>= 1)
		width++;
	if (width == 11)
		return 12;
	return width > 12 ? 16 : width;
}

static u32 code_of(u32 width)
{
	if (width <= 10)
		return width;
	return width == 12 ? 11 : 12;
}

static u64 pack_four(const s16 *value, u32 width)
{
	u64 mask = (1u << width) - 1;

	return ((u64)value[0] & mask) | ((u64)value[1] & mask) << width |
	       ((u64)value[2] & mask) << 2 * width | ((u64)value[3] & mask) << 3 * width;
}

/* Pack @count values, zero up to a multiple of eight; returns their end. */
static u8 *pack(const s16 *value, u32 count, u32 width, u8 *out)
{
	u8 *end = out + (count * width + 7) / 8;
	u32 i, half = 4 * width;

	if (width == 16) {
		for (i = 0; i < count; i++)
			psx_put_le16(out + 2 * i, (u16)value[i]);
		return end;
	}
	for (i = 0; i < count; i += 8, value += 8, out += width) {
		u64 lo = pack_four(value, width);
		u64 hi = pack_four(value + 4, width);

		psx_put_le64(out, lo | hi << half);
		psx_put_le64(out + 8, hi >> 1 >> (63 - half));
	}
	return end;
}

static u8 *put_dense(const struct tile *tile, u32 width, u8 *out)
{
	*out++ = (u8)(PSX_RECORD_DENSE | code_of(width));
	return pack(tile->value, PIXELS, width, out);
}

static u8 *put_mask(const struct tile *tile, u32 rows, bool has_rows, u32 width, u8 *out)
{
	s16 value[PIXELS + 8];
	u32 i, count = 0;

	*out++ = (u8)((has_rows ? PSX_RECORD_ROWS : 0) | code_of(width));
	if (has_rows)
		*out++ = (u8)rows;
	for (i = 0; i < TILE; i++) {
		*out = (u8)(tile->mask >> i * TILE);
		out += !has_rows || (rows >> i & 1);
	}
	for (i = 0; i < PIXELS; i++) {
		value[count] = (s16)mask_value(tile->value[i]);
		count += (u32)(tile->mask >> i) & 1;
	}
	memset(value + count, 0, 8 * sizeof(*value));
	return pack(value, count, width, out);
}

/* Write a record of a tile that is not empty; returns its end. */
static u8 *put_record(const struct tile *tile, bool both, u8 *out)
{
	u32 dense_width = width_for(tile->highest, tile->lowest, both);
	u32 mask_width = width_for(mask_value(tile->highest), tile->lowest, both);
	u32 rows = psx_rows_of(tile->mask);
	u32 row_bytes = 1 + psx_count_bits(rows);
	u32 mask_bytes = psx_min(row_bytes, TILE);
	u32 value_bytes = (psx_count_bits(tile->mask) * mask_width + 7) / 8;

	if (TILE * dense_width <= mask_bytes + value_bytes)
		return put_dense(tile, dense_width, out);
	return put_mask(tile, rows, row_bytes < TILE, mask_width, out);
}

/* Write the record of tile @i if it has one; its end, or NULL without room. */
static u8 *encode_tile(const struct psx_layout *layout, const struct tile *tile, u8 *out,
		       const u8 *end)
{
	u8 scratch[ROOM];
	size_t length;

	if ((size_t)(end - out) >= ROOM)
		return put_record(tile, layout->both, out);
	length = (size_t)(put_record(tile, layout->both, scratch) - scratch);
	if (length > (size_t)(end - out))
		return NULL;
	memcpy(out, scratch, length);
	return out + length;
}

/* Fill a chunk up to a multiple of PSX_UNIT. */
static long close_chunk(u8 *chunk, u8 *out, size_t room)
{
	size_t length = (size_t)(out - chunk);
	size_t padded = (length + PSX_UNIT - 1) / PSX_UNIT * PSX_UNIT;

	if (padded > room)
		return -1;
	memset(out, 0, padded - length);
	return (long)padded;
}

long psx_encode_tiles(const struct psx_layout *layout, const s16 *values, size_t stride,
		      u32 rows, u8 *chunk, size_t room, u32 *effective)
{
	u8 *out = NULL;
	struct tile tile;
	u32 i;

	for (i = 0; i < layout->tiles; i++, values += TILE) {
		u32 cols = psx_min(TILE, layout->width - i * TILE);

		compare_tile(layout, values, stride, cols, rows, &tile);
		if (!tile.mask)
			continue;
		if (!out) {
			if (room < layout->bitmap)
				return -1;
			memset(chunk, 0, layout->bitmap);
			out = chunk + layout->bitmap;
		}
		out = encode_tile(layout, &tile, out, chunk + room);
		if (!out)
			return -1;
		chunk[i / 8] |= (u8)(1 << i % 8);
		*effective += psx_count_bits(tile.mask);
	}
	return out ? close_chunk(chunk, out, room) : 0;
}
