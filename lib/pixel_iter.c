// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "error.h"
#include "frame.h"

struct psx_pixel_iter {
	const struct psx_frame *frame;
	uint32_t x, y;        /* the pixel to look at next */
	struct psx_error err;
	int16_t strip[];      /* the row of tiles that y is in */
};

struct psx_pixel_iter *psx_pixel_iter_new(const struct psx_frame *frame)
{
	size_t strip = psx_frame_strip_size(frame) * sizeof(int16_t);
	struct psx_pixel_iter *iter = malloc(sizeof(*iter) + strip);

	if (!iter)
		return NULL;
	iter->frame = frame;
	iter->x = 0;
	iter->y = 0;
	iter->err = (struct psx_error){ 0 };
	return iter;
}

static int fetch_strip(struct psx_pixel_iter *iter)
{
	return psx_frame_decode(iter->frame, iter->y / PSX_CODEC_TILE, 1, iter->strip,
				iter->frame->info.width, &iter->err);
}

int psx_pixel_iter_next(struct psx_pixel_iter *iter, struct psx_pixel *pixel)
{
	const struct psx_frame_info *info = &iter->frame->info;

	for (; iter->y < info->height; iter->y++, iter->x = 0) {
		const int16_t *row = iter->strip + (size_t)(iter->y % PSX_CODEC_TILE) * info->width;

		if (iter->x == 0 && iter->y % PSX_CODEC_TILE == 0 && fetch_strip(iter))
			return -1;
		while (iter->x < info->width) {
			uint32_t x = iter->x++;

			if (row[x] == 0 && info->threshold)
				continue;
			*pixel = (struct psx_pixel){ .x = x, .y = iter->y, .value = row[x] };
			return 1;
		}
	}
	return 0;
}

const char *psx_pixel_iter_error(const struct psx_pixel_iter *iter)
{
	return iter->err.message;
}

void psx_pixel_iter_free(struct psx_pixel_iter *iter)
{
	free(iter);
}
