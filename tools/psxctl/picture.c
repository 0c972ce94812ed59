// SPDX-License-Identifier: MIT
#include "picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct picture *picture_new(uint32_t width, uint32_t height)
{
	struct picture *picture;
	size_t bytes;

	if (__builtin_mul_overflow((size_t)width * 3, height, &bytes) ||
	    bytes > SIZE_MAX - sizeof(*picture)) {
		errno = ENOMEM;
		return NULL;
	}
	picture = calloc(1, sizeof(*picture) + bytes);
	if (!picture)
		return NULL;
	picture->width = width;
	picture->height = height;
	return picture;
}

void picture_draw_values(struct picture *picture, const struct mapping *mapping,
			 const int32_t *values, uint32_t width, uint32_t height, uint32_t factor)
{
	uint8_t rgb[3];
	uint32_t x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			mapping_colour(mapping, values[(size_t)y * width + x], rgb);
			picture_fill(picture, (int64_t)x * factor, (int64_t)y * factor, factor,
				     factor, rgb);
		}
}

void picture_mark(struct picture *picture, const uint8_t *mask, uint32_t width, uint32_t height,
		  uint32_t factor)
{
	static const uint8_t magenta[3] = {255, 0, 255};
	uint32_t x, y;

	for (y = 0; mask && y < height; y++)
		for (x = 0; x < width; x++)
			if (mask[(size_t)y * width + x])
				picture_fill(picture, (int64_t)x * factor, (int64_t)y * factor,
					     factor, factor, magenta);
}

uint32_t picture_factor(uint32_t width, uint32_t height)
{
	const uint32_t longer = width > height ? width : height;

	return longer < 256 ? (256 + longer - 1) / longer : 1;
}

void picture_fill(struct picture *picture, int64_t x, int64_t y, int64_t width, int64_t height,
		  const uint8_t rgb[3])
{
	const int64_t right = x + width < picture->width ? x + width : picture->width;
	const int64_t bottom = y + height < picture->height ? y + height : picture->height;
	int64_t column;

	for (y = y < 0 ? 0 : y; y < bottom; y++)
		for (column = x < 0 ? 0 : x; column < right; column++)
			memcpy(picture->rgb[(size_t)y * picture->width + (size_t)column], rgb, 3);
}

/* Seven rows of five dots, bit 4 at the left. */
static const struct {
	char name;
	uint8_t rows[7];
} glyphs[] = {
	{'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}},
	{'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
	{'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}},
	{'3', {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e}},
	{'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}},
	{'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
	{'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}},
	{'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
	{'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}},
	{'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
	{'-', {0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00}},
	{'=', {0x00, 0x00, 0x1f, 0x00, 0x1f, 0x00, 0x00}},
	{'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0e}},
	{'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}},
	{'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04}},
	{'b', {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x1e}},
	{'e', {0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e}},
	{'g', {0x00, 0x00, 0x0f, 0x11, 0x0f, 0x01, 0x0e}},
	{'i', {0x04, 0x00, 0x0c, 0x04, 0x04, 0x04, 0x0e}},
	{'k', {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12}},
	{'l', {0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}},
	{'p', {0x00, 0x00, 0x1e, 0x11, 0x1e, 0x10, 0x10}},
	{'r', {0x00, 0x00, 0x16, 0x19, 0x10, 0x10, 0x10}},
	{'s', {0x00, 0x00, 0x0f, 0x10, 0x0e, 0x01, 0x1e}},
	{'t', {0x08, 0x08, 0x1c, 0x08, 0x08, 0x09, 0x06}},
	{'v', {0x00, 0x00, 0x11, 0x11, 0x11, 0x0a, 0x04}},
	{'x', {0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11}},
	{'y', {0x00, 0x00, 0x11, 0x11, 0x0f, 0x01, 0x0e}},
};

void picture_text(struct picture *picture, int64_t x, int64_t y, const char *text,
		  const uint8_t rgb[3])
{
	size_t g;
	int dot;

	for (; *text; text++, x += PICTURE_GLYPH_WIDTH)
		for (g = 0; g < sizeof(glyphs) / sizeof(glyphs[0]); g++)
			for (dot = 0; glyphs[g].name == *text && dot < 35; dot++)
				if (glyphs[g].rows[dot / 5] >> (4 - dot % 5) & 1)
					picture_fill(picture, x + 2 * (dot % 5), y + 2 * (dot / 5),
						     2, 2, rgb);
}
