// SPDX-License-Identifier: MIT
#include "frame_reference.h"

#include <stdlib.h>

uint32_t ref_crc32c(const uint8_t *p, size_t length, uint32_t before)
{
	uint32_t crc = ~before;

	while (length--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

static uint64_t le(const uint8_t *p, unsigned int bytes)
{
	uint64_t x = 0;

	while (bytes--)
		x = x << 8 | p[bytes];
	return x;
}

/* A chunk, read bit by bit; `bad` once something was read past its end. */
struct bits {
	const uint8_t *p;
	uint64_t at, end;
	bool bad;
};

static uint32_t take(struct bits *b, unsigned int count)
{
	uint32_t x = 0;

	for (unsigned int i = 0; i < count; i++, b->at++) {
		if (b->at >= b->end)
			b->bad = true;
		else
			x |= (uint32_t)(b->p[b->at / 8] >> b->at % 8 & 1) << i;
	}
	return x;
}

/* The rest of the byte that the last bit is in must be 0. */
static bool take_spare(struct bits *b)
{
	return take(b, (unsigned int)((8 - b->at % 8) % 8)) == 0;
}

/* Less than eight bytes left, all 0. */
static bool take_padding(struct bits *b)
{
	if (b->bad || b->end - b->at >= 64)
		return false;
	while (b->at < b->end)
		if (take(b, 1))
			return false;
	return true;
}

static int64_t stored_to_value(const struct ref_frame *f, uint32_t raw, unsigned int width,
			       bool dense)
{
	bool both = f->both || f->threshold == 0;
	int64_t t = f->threshold ? f->threshold : 1;
	int64_t s = raw;

	if (dense && raw == 0)
		return 0;
	if (dense)
		t--;
	if (both && width && raw >> (width - 1))
		return s - ((int64_t)1 << width) - (dense ? t : t - 1);
	return s + t;
}

static bool put(struct ref_frame *f, uint32_t x, uint32_t y, int64_t v)
{
	if (v < -32768 || v > 32767)
		return false;
	if (x >= f->width || y >= f->height)
		return v == 0;
	f->values[(size_t)y * f->width + x] = (int16_t)v;
	return true;
}

static bool decode_mask(struct bits *b, struct ref_frame *f, uint32_t x0, uint32_t y0,
			unsigned int width, bool has_rows)
{
	uint32_t rows = has_rows ? take(b, 8) : 0xff;
	uint32_t mask[8] = { 0 }, count = 0;

	for (unsigned int r = 0; r < 8; r++) {
		if (!(rows >> r & 1))
			continue;
		mask[r] = take(b, 8);
		count += mask[r] != 0;
		if (has_rows && !mask[r])
			return false;
	}
	if (!count)
		return false;
	for (unsigned int i = 0; i < 64; i++) {
		uint32_t x = x0 + i % 8, y = y0 + i / 8;

		if (!(mask[i / 8] >> i % 8 & 1))
			continue;
		if (x >= f->width || y >= f->height)
			return false;
		if (!put(f, x, y, stored_to_value(f, take(b, width), width, false)))
			return false;
	}
	return take_spare(b);
}

static bool decode_record(struct bits *b, struct ref_frame *f, uint32_t x0, uint32_t y0)
{
	static const unsigned int widths[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16 };
	uint32_t first = take(b, 8);
	unsigned int width;

	if ((first & 15) > 12 || first >> 6)
		return false;
	width = widths[first & 15];
	if (!(first & 16))
		return decode_mask(b, f, x0, y0, width, first & 32);
	if (first & 32 || !width)
		return false;
	for (unsigned int i = 0; i < 64; i++) {
		int64_t v = stored_to_value(f, take(b, width), width, true);

		if (!put(f, x0 + i % 8, y0 + i / 8, v))
			return false;
	}
	return true;
}

static bool decode_tiles(struct bits *b, struct ref_frame *f, uint32_t row)
{
	uint32_t nt = (f->width + 7) / 8, set = 0;
	bool *there = calloc(nt, sizeof(*there));
	bool ok = there != NULL;

	for (uint32_t i = 0; ok && i < nt; i++)
		set += there[i] = take(b, 1);
	ok = ok && take_spare(b) && set;
	for (uint32_t i = 0; ok && i < nt; i++)
		ok = !there[i] || (decode_record(b, f, i * 8, row * 8) && !b->bad);
	free(there);
	return ok && take_padding(b);
}

static bool decode_plain(struct bits *b, struct ref_frame *f, uint32_t y, uint32_t rows)
{
	int64_t t = f->threshold ? f->threshold : 1;
	bool both = f->both || f->threshold == 0;

	for (uint32_t i = 0; i < rows * f->width; i++) {
		int64_t v = (int16_t)take(b, 16);

		if (v && v < t && !(both && v <= -t))
			return false;
		(void)put(f, i % f->width, y + i / f->width, v);
	}
	return take_padding(b);
}

static bool decode_header(const uint8_t *p, size_t length, struct ref_frame *f)
{
	if (length < 32 || le(p, 4) != 0x46585350 || p[4] != 1 || p[5] > 3)
		return false;
	*f = (struct ref_frame){
		.width = (uint32_t)le(p + 8, 4),
		.height = (uint32_t)le(p + 12, 4),
		.threshold = (uint32_t)le(p + 6, 2),
		.both = p[5] & 1,
		.dense = p[5] & 2,
	};
	return f->threshold <= 32767 && f->width && f->width <= 65535 && f->height &&
	       f->height <= 65535 && p[31] >> 3 <= 2;
}

static bool decode_chunk(const uint8_t *p, uint64_t from, uint64_t to, struct ref_frame *f,
			 uint32_t chunk, uint32_t band)
{
	struct bits b = { .p = p + from, .end = 8 * (to - from) };
	uint32_t nt = (f->width + 7) / 8;
	uint32_t y = chunk * band * 8;
	uint32_t rows = f->height - y < band * 8 ? f->height - y : band * 8;

	if (f->dense)
		return decode_plain(&b, f, y, rows);
	if (from == to)
		return true;
	return to - from <= 138ull * nt + (nt + 7) / 8 + 7 && decode_tiles(&b, f, chunk);
}

static uint32_t count_chunks(const struct ref_frame *f, uint32_t *band)
{
	uint32_t nr = (f->height + 7) / 8;

	*band = f->dense ? (64 + f->width - 1) / f->width : 1;
	return (nr + *band - 1) / *band;
}

bool ref_decode(const uint8_t *p, size_t length, struct ref_frame *f)
{
	uint64_t dense, from = 32;
	uint32_t band, nc;
	const uint8_t *index;
	bool ok = true;

	if (!decode_header(p, length, f))
		return false;
	dense = 2ull * f->width * f->height;
	nc = count_chunks(f, &band);
	if (length > dense + dense / 100 + 128 || length < 32 + 8ull * (nc + 1))
		return false;
	index = p + length - 8ull * (nc + 1);
	if (le(index, 4) != 4 || 8 * le(index + 8ull * nc, 4) != (uint64_t)(index - p))
		return false;
	if (ref_crc32c(index, 8ull * nc + 4, ref_crc32c(p, 32, 0)) != le(index + 8ull * nc + 4, 4))
		return false;
	f->values = calloc((size_t)f->width * f->height, sizeof(*f->values));
	for (uint32_t i = 0; ok && f->values && i < nc; i++) {
		uint64_t to = 8 * le(index + 8ull * (i + 1), 4);

		ok = to >= from && to <= (uint64_t)(index - p) &&
		     ref_crc32c(p + from, to - from, 0) == le(index + 8ull * i + 4, 4) &&
		     decode_chunk(p, from, to, f, i, band);
		from = to;
	}
	for (size_t i = 0; ok && f->values && i < (size_t)f->width * f->height; i++)
		f->effective += f->values[i] || !f->threshold;
	if (!ok) {
		free(f->values);
		f->values = NULL;
	}
	return f->values != NULL;
}

static void put_le32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++, x >>= 8)
		p[i] = (uint8_t)x;
}

void ref_mend_crcs(uint8_t *p, size_t length)
{
	struct ref_frame f;
	uint32_t band, nc;
	uint8_t *index;

	if (!decode_header(p, length, &f))
		return;
	nc = count_chunks(&f, &band);
	if (length < 32 + 8ull * (nc + 1))
		return;
	index = p + length - 8ull * (nc + 1);
	for (uint32_t i = 0; i < nc; i++) {
		uint64_t from = 8 * le(index + 8ull * i, 4), to = 8 * le(index + 8ull * i + 8, 4);

		if (from <= to && to <= length)
			put_le32(index + 8ull * i + 4, ref_crc32c(p + from, to - from, 0));
	}
	put_le32(index + 8ull * nc + 4, ref_crc32c(index, 8ull * nc + 4, ref_crc32c(p, 32, 0)));
}
