/* SPDX-License-Identifier: MIT */
/*
 * docs/frame-format.md read once more, as slowly and plainly as possible, and
 * without a line of the library: what the codec is compared with.
 */
#ifndef PSX_TEST_FRAME_REFERENCE_H
#define PSX_TEST_FRAME_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ref_frame {
	uint32_t width, height;
	uint32_t threshold; /* as in the header */
	bool both, dense;
	int16_t *values;    /* malloc'd, when decoded */
	uint32_t effective;
};

uint32_t ref_crc32c(const uint8_t *p, size_t length, uint32_t before);

/* Whether the payload is legal; then out->values is set and to be freed. */
bool ref_decode(const uint8_t *p, size_t length, struct ref_frame *out);

/* Make the CRCs of a payload right as far as its index makes sense. */
void ref_mend_crcs(uint8_t *p, size_t length);

#endif
