// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "codec.h"

static u32 crc_byte(u32 crc, u8 byte)
{
	return crc >> 8 ^ psx_crc32c_table[0][(crc ^ byte) & 0xff];
}

static u32 crc_word(u32 crc, const u8 *p)
{
	const u32 (*t)[256] = psx_crc32c_table;
	u32 lo = psx_get_le32(p) ^ crc;
	u32 hi = psx_get_le32(p + 4);

	return t[7][lo & 0xff] ^ t[6][lo >> 8 & 0xff] ^ t[5][lo >> 16 & 0xff] ^ t[4][lo >> 24] ^
	       t[3][hi & 0xff] ^ t[2][hi >> 8 & 0xff] ^ t[1][hi >> 16 & 0xff] ^ t[0][hi >> 24];
}

u32 psx_crc32c(u32 crc, const void *data, size_t length)
{
	const u8 *p = data;

	crc = ~crc;
	for (; length >= 8; length -= 8, p += 8)
		crc = crc_word(crc, p);
	for (; length; length--)
		crc = crc_byte(crc, *p++);
	return ~crc;
}
