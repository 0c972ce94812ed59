// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One record, to the 64 values of its tile.
 */
#include "codec.h"

#define TILE		PSX_CODEC_TILE
#define RESERVED_WIDTH	0xff

static const u8 width_of_code[16] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16,
	RESERVED_WIDTH, RESERVED_WIDTH, RESERVED_WIDTH,
};

/*
 * How stored values become pixels: x = stored, sign-extended; v = x + add,
 * or for negative x, v = x - add + 1; in dense records, add is one less.
 */
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

const char *psx_decode_record(const struct psx_layout *layout, const u8 **record, u64 inside,
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
