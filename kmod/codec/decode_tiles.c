// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One row of tiles, from its chunk. Addresses of reads depend on the chunk's
 * length alone and those of writes on the geometry alone: near its end a chunk
 * is read from a copy with so many zeros behind it that any record fits.
 */
#include "codec.h"

#define TILE		PSX_CODEC_TILE
#define ROOM		(PSX_RECORD_MAX + PSX_PACK_SLACK)
#define RESERVED_WIDTH	0xff

static const u8 width_of_code[16] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16,
	RESERVED_WIDTH, RESERVED_WIDTH, RESERVED_WIDTH,
};

/* How stored values become pixels: x = stored, sign-extended; v = x + add,
 * or for negative x, v = x - add + 1; in dense records, add is one less. */
struct value_map {
	u32 sign;
	s32 add;
	s32 flip;
};

static struct value_map value_map(const struct psx_layout *layout, u32 width, bool dense)
{
	s32 threshold = layout->threshold;

	return (struct value_map){
		.sign = layout->both ? 1u << width >> 1 : 0,
		.add = dense ? threshold - 1 : threshold,
		.flip = dense ? 2 * (threshold - 1) : 2 * threshold - 1,
	};
}

static s32 map_value(const struct value_map *map, u32 stored)
{
	s32 x = (s32)(stored ^ map->sign) - (s32)map->sign;

	return x + map->add - (x >> 31 & map->flip);
}

static void unpack_four(u64 bits, u32 width, u16 *out)
{
	u64 mask = (1u << width) - 1;

	out[0] = (u16)(bits & mask);
	out[1] = (u16)(bits >> width & mask);
	out[2] = (u16)(bits >> 2 * width & mask);
	out[3] = (u16)(bits >> 3 * width & mask);
}

/* Unpack @count values of @width bits, and up to 7 that follow. */
static void unpack(const u8 *p, u32 width, u32 count, u16 *out)
{
	u32 i, half = 4 * width;

	if (width == 16) {
		for (i = 0; i < count; i++)
			out[i] = psx_get_le16(p + 2 * i);
		return;
	}
	for (i = 0; i < count; i += 8, p += width) {
		u64 lo = psx_get_le64(p);
		u64 hi = psx_get_le64(p + 8);

		unpack_four(lo, width, out + i);
		unpack_four(lo >> half | hi << (63 - half) << 1, width, out + i + 4);
	}
}

/* Values of a mask record go to the set columns, zeros to the others. */
static const s16 *expand_row(u32 mask, const s16 *value, s16 *dst)
{
	u32 c;

	for (c = 0; c < TILE; c++) {
		u32 set = mask >> c & 1;

		dst[c] = (s16)(*value & -(s32)set);
		value += set;
	}
	return value;
}

static const char *decode_mask(const struct psx_layout *layout, const u8 **record, u32 width,
			       u64 inside, s16 *dst, size_t stride)
{
	const struct value_map map = value_map(layout, width, false);
	const u8 *p = *record;
	bool has_rows = *p++ & PSX_RECORD_ROWS;
	u32 rows = has_rows ? *p++ : 0xff;
	u32 i, count, bits, wide = 0;
	const s16 *value;
	s16 values[TILE * TILE + 1];
	u16 stored[TILE * TILE];
	u64 mask = 0;

	for (i = 0; i < TILE; i++) {
		u32 set = rows >> i & 1;

		mask |= (u64)(*p & -set) << 8 * i;
		p += set;
	}
	if (!mask)
		return "record without an effective pixel";
	if (has_rows && psx_rows_of(mask) != rows)
		return "row of a tile without an effective pixel";
	if (mask & ~inside)
		return "effective pixel outside the image";

	count = psx_count_bits(mask);
	unpack(p, width, count, stored);
	for (i = 0; i < count; i++) {
		s32 v = map_value(&map, stored[i]);

		wide |= (u32)(v + 32768);
		values[i] = (s16)v;
	}
	if (wide >> 16)
		return "value beyond 16 bits";
	values[count] = 0;
	for (i = 0, value = values; i < TILE; i++, dst += stride)
		value = expand_row((u32)(mask >> 8 * i) & 0xff, value, dst);

	bits = count * width;
	p += bits / 8;
	if (bits % 8 && *p++ >> bits % 8)
		return "spare bits are not zero";
	*record = p;
	return NULL;
}

static const char *decode_dense(const struct psx_layout *layout, const u8 **record, u32 width,
				u64 inside, s16 *dst, size_t stride)
{
	const struct value_map map = value_map(layout, width, true);
	u16 stored[TILE * TILE];
	u32 i, c, wide = 0;
	u64 set = 0;

	if (!width)
		return "dense record of width 0";
	unpack(*record + 1, width, TILE * TILE, stored);
	for (i = 0; i < TILE * TILE; i += TILE, dst += stride) {
		for (c = 0; c < TILE; c++) {
			u32 x = stored[i + c];
			s32 v = map_value(&map, x) & -(s32)(x != 0);

			wide |= (u32)(v + 32768);
			set |= (u64)(x != 0) << (i + c);
			dst[c] = (s16)v;
		}
	}
	if (wide >> 16)
		return "value beyond 16 bits";
	if (set & ~inside)
		return "value outside the image";
	*record += 1 + TILE * width;
	return NULL;
}

/* Decode the record at *@record and step over it. @inside has a bit for each
 * pixel of the tile that is in the image. NULL or why it was refused. */
static const char *decode_record(const struct psx_layout *layout, const u8 **record, u64 inside,
				 s16 *dst, size_t stride)
{
	u32 first = **record;
	u32 width = width_of_code[first & PSX_RECORD_CODE];

	if (width == RESERVED_WIDTH)
		return "reserved width code";
	if (first & PSX_RECORD_RESERVED)
		return "reserved bits of a record";
	if (!(first & PSX_RECORD_DENSE))
		return decode_mask(layout, record, width, inside, dst, stride);
	if (first & PSX_RECORD_ROWS)
		return "dense record with a row byte";
	return decode_dense(layout, record, width, inside, dst, stride);
}

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
		reason = decode_record(layout, &record, ~0ull, dst, stride);
	} else {
		reason = decode_record(layout, &record, pixels_inside(cols, rows), tile, TILE);
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
