// SPDX-License-Identifier: MIT
#include "base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void psx_base64_encode(const uint8_t *in, size_t bytes, char *out)
{
	for (; bytes; out += 4) {
		const size_t part = bytes < 3 ? bytes : 3;
		uint32_t word = (uint32_t)in[0] << 16;

		if (part > 1)
			word |= (uint32_t)in[1] << 8;
		if (part > 2)
			word |= in[2];
		out[0] = letters[word >> 18];
		out[1] = letters[word >> 12 & 63];
		out[2] = part > 1 ? letters[word >> 6 & 63] : '=';
		out[3] = part > 2 ? letters[word & 63] : '=';
		in += part;
		bytes -= part;
	}
}

/* 0..63, or 64 for what is no letter */
static uint8_t value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool psx_base64_decode(const char *in, size_t length, uint8_t *out, size_t bytes)
{
	if (length != psx_base64_length(bytes))
		return false;
	for (; bytes; in += 4) {
		const size_t part = bytes < 3 ? bytes : 3;
		uint32_t word = 0;
		size_t i;

		for (i = 0; i < 4; i++) {
			uint8_t value = value_of(in[i]);

			if (i > part ? in[i] != '=' : value > 63)
				return false;
			word = word << 6 | (i > part ? 0 : value);
		}
		if (word & ((1u << 8 * (3 - part)) - 1))
			return false;
		for (i = 0; i < part; i++)
			*out++ = (uint8_t)(word >> (16 - 8 * i));
		bytes -= part;
	}
	return true;
}
