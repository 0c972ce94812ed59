/* SPDX-License-Identifier: MIT */
/* Pictures of 8-bit RGB, and PNG files of them. */
#ifndef PSXCTL_PICTURE_H
#define PSXCTL_PICTURE_H

#include "mapping.h"

#include <stdbool.h>

struct picture {
	uint32_t width, height;
	uint8_t rgb[][3];
};

/* Black. NULL with ENOMEM; free() it. */
struct picture *picture_new(uint32_t width, uint32_t height);

/* Each value as a square of factor x factor pixels, at the upper left corner. */
void picture_draw_values(struct picture *picture, const struct mapping *mapping,
			 const int32_t *values, uint32_t width, uint32_t height, uint32_t factor);

/* Where the mask is not 0, a square of a colour that no map has. NULL: nothing */
void picture_mark(struct picture *picture, const uint8_t *mask, uint32_t width, uint32_t height,
		  uint32_t factor);

/* How much a picture of width x height is enlarged so that it can be looked at */
uint32_t picture_factor(uint32_t width, uint32_t height);

/* Clipped to the picture. */
void picture_fill(struct picture *picture, int64_t x, int64_t y, int64_t width, int64_t height,
		  const uint8_t rgb[3]);

/* Digits and the few letters that axes need, PICTURE_GLYPH pixels apart. */
void picture_text(struct picture *picture, int64_t x, int64_t y, const char *text,
		  const uint8_t rgb[3]);
#define PICTURE_GLYPH_WIDTH  12
#define PICTURE_GLYPH_HEIGHT 14

/* What stood under `path` is replaced once the new file is complete; a device
 * or pipe is written to. -1 with errno, and no partial file. */
int picture_write_png(const struct picture *picture, const char *path);

#endif
