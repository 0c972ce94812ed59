// SPDX-License-Identifier: MIT
#include "mend.h"

#include <codec/psx_codec.h>

static uint64_t get(const uint8_t *p, int bytes)
{
	uint64_t x = 0;

	while (bytes--)
		x = x << 8 | p[bytes];
	return x;
}

static void put(uint8_t *p, uint64_t x, int bytes)
{
	for (; bytes; bytes--, x >>= 8)
		*p++ = (uint8_t)x;
}

/* Magic, version, size below 512 x 512; returns the chunks of that size. */
static uint64_t mend_frame_header(uint8_t *p)
{
	uint64_t width, height, band;

	memcpy(p, "PSXF\1", 5);
	memset(p + 10, 0, 2);
	memset(p + 14, 0, 2);
	p[9] &= 1;
	p[13] &= 1;
	width = get(p + 8, 4);
	height = get(p + 12, 4);
	if (!width)
		width = p[8] = 1;
	if (!height)
		height = p[12] = 1;
	band = 8 * (p[5] & PSX_FRAME_DENSE ? (63 + width) / width : 1);
	return (height + band - 1) / band;
}

void mend_frame(uint8_t *p, size_t length)
{
	uint64_t chunks, index;

	if (length < 32)
		return;
	chunks = mend_frame_header(p);
	if (length < 32 + 8 * (chunks + 1))
		return;
	index = length - 8 * (chunks + 1);
	put(p + index, 4, 4);
	put(p + index + 8 * chunks, index / 8, 4);
	for (uint64_t i = 0; i < chunks; i++) {
		uint64_t from = 8 * get(p + index + 8 * i, 4), to = 8 * get(p + index + 8 * i + 8, 4);

		if (from <= to && to <= index)
			put(p + index + 8 * i + 4, psx_crc32c(0, p + from, to - from), 4);
	}
	put(p + length - 4, psx_crc32c(psx_crc32c(0, p, 32), p + index, 8 * chunks + 4), 4);
}

/* A mask's record: its CRCs, and the length that its size has */
static uint64_t mend_mask(uint8_t *p, uint64_t at, uint64_t end)
{
	uint64_t length;

	memset(p + at + 18, 0, 2);
	memset(p + at + 22, 0, 2);
	length = (get(p + at + 16, 4) * get(p + at + 20, 4) + 7) / 8;
	put(p + at + 8, length, 8);
	if (length > end - at - 32)
		length = end - at - 32;
	put(p + at + 28, psx_crc32c(0, p + at + 32, length), 4);
	put(p + at + 4, psx_crc32c(0, p + at + 8, 24), 4);
	return at + 32 + (length + 7) / 8 * 8;
}

/* Records from `at` on: what the payload says, then the CRC. */
static uint64_t mend_records(uint8_t *p, uint64_t at, uint64_t end, uint64_t *masks)
{
	while (at + 112 <= end) {
		uint64_t length = get(p + at + 8, 8);

		if (memcmp(p + at, "MASK", 4) == 0) {
			at = mend_mask(p, at, end);
			++*masks;
			continue;
		}
		if (memcmp(p + at, "FRAM", 4) != 0)
			break;
		uint8_t *payload = p + at + 112;

		if (length > end - at - 112)
			length = 0;
		mend_frame(payload, length);
		if (length >= 32) {
			memcpy(p + at + 60, payload + 8, 8);   /* size */
			memcpy(p + at + 24, payload + 16, 8);  /* seq */
			memcpy(p + at + 68, payload + 24, 4);  /* cfg_id */
			memcpy(p + at + 100, payload + 6, 2);  /* threshold */
			memcpy(p + at + 102, payload + 28, 2); /* scale */
			p[at + 105] = payload[30];
			p[at + 106] = payload[31] >> 3;
			p[at + 107] = payload[5] & 1;
			p[at + 108] = (uint8_t)(1 << (payload[31] & 7));
		}
		put(p + at + 4, psx_crc32c(0, p + at + 8, 104), 4);
		at += 112 + (length + 7) / 8 * 8;
	}
	return at;
}

void mend_file(uint8_t *p, size_t length)
{
	uint64_t metadata, index, masks = 0, entries;
	uint8_t *trailer = p + length - 32;

	if (length < 56)
		return;
	memcpy(p, "\x89PSX\r\n\x1a\n\2\0\0\0", 12);
	metadata = get(p + 12, 4);
	if (metadata <= length - 24)
		put(p + 16, psx_crc32c(0, p + 24, metadata), 4);
	put(p + 20, psx_crc32c(0, p, 20), 4);
	if (metadata > length - 56)
		return;
	index = mend_records(p, 24 + (metadata + 7) / 8 * 8, length - 32, &masks);
	if (index > length - 32 || memcmp(trailer + 24, "PSXEND\r\n", 8) != 0)
		return;
	put(trailer, index, 8);
	entries = (length - 32 - index) / 8;
	masks = masks < entries ? masks : entries;
	put(trailer + 8, entries - masks, 8);
	put(trailer + 20, masks, 4);
	put(trailer + 16, psx_crc32c(0, p + index, length - 32 - index + 16), 4);
}
