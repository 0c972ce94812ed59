/* SPDX-License-Identifier: MIT */
/* RFC 4648, section 4: with padding, without line breaks */
#ifndef PSX_LIB_BASE64_H
#define PSX_LIB_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of so many bytes */
static inline size_t psx_base64_length(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* psx_base64_length(bytes) characters, no zero behind them */
void psx_base64_encode(const uint8_t *in, size_t bytes, char *out);
/* False unless `in` is just that many characters and they are all legal */
bool psx_base64_decode(const char *in, size_t length, uint8_t *out, size_t bytes);

#endif
