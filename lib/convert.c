// SPDX-License-Identifier: MIT
/* Frames to other representations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "frame.h"

int psx_frame_to_dense(const struct psx_frame *frame, int16_t *values, size_t stride,
		       struct psx_error *err)
{
	if (stride < frame->info.width)
		return psx_error_set(err, EINVAL, "frame: stride below the width");
	return psx_frame_decode(frame, 0, frame->codec.tile_rows, values, stride, err);
}

/* Rows first .. end - 1, which are part of one row of tiles. */
static int decode_part(const struct psx_frame *frame, uint32_t first, uint32_t end,
		       int16_t *values, size_t stride, struct psx_error *err)
{
	size_t width = frame->info.width;
	int16_t *strip = malloc(psx_frame_strip_size(frame) * sizeof(*strip));
	int ret;

	if (!strip)
		return psx_error_set(err, ENOMEM, "frame: out of memory");
	ret = psx_frame_decode(frame, first / PSX_CODEC_TILE, 1, strip, width, err);
	for (uint32_t y = first; !ret && y < end; y++, values += stride)
		memcpy(values, strip + y % PSX_CODEC_TILE * width, width * sizeof(*values));
	free(strip);
	return ret;
}

int psx_frame_to_dense_rows(const struct psx_frame *frame, uint32_t first, uint32_t count,
			    int16_t *values, size_t stride, struct psx_error *err)
{
	uint32_t height = frame->info.height;
	uint32_t y, next, end = first + count;

	if (stride < frame->info.width)
		return psx_error_set(err, EINVAL, "frame: stride below the width");
	if (first > height || count > height - first)
		return psx_error_set(err, EINVAL, "frame: rows beyond its height");
	for (y = first; y < end; values += (next - y) * stride, y = next) {
		uint32_t tile_row = y / PSX_CODEC_TILE;
		uint32_t tiles_end = end == height ? frame->codec.tile_rows : end / PSX_CODEC_TILE;
		int ret;

		if (y % PSX_CODEC_TILE == 0 && tile_row < tiles_end) {
			next = end == height ? end : tiles_end * PSX_CODEC_TILE;
			ret = psx_frame_decode(frame, tile_row, tiles_end - tile_row, values,
					       stride, err);
		} else {
			next = (tile_row + 1) * PSX_CODEC_TILE;
			if (next > end)
				next = end;
			ret = decode_part(frame, y, next, values, stride, err);
		}
		if (ret)
			return -1;
	}
	return 0;
}

/* Where the effective pixels go; each array may be NULL. */
struct sink {
	uint32_t *row_count; /* counts of row y in [y + 1] */
	uint32_t *x, *y;
	int16_t *value;
};

static void put_pixel(const struct sink *sink, uint32_t i, const struct psx_pixel *pixel)
{
	if (sink->row_count)
		sink->row_count[pixel->y + 1]++;
	if (sink->y)
		sink->y[i] = pixel->y;
	sink->x[i] = pixel->x;
	sink->value[i] = pixel->value;
}

/* Never more than info->effective entries, and an error when they are fewer. */
static int list_pixels(const struct psx_frame *frame, const struct sink *sink,
		       struct psx_error *err)
{
	struct psx_pixel_iter *iter = psx_pixel_iter_new(frame);
	struct psx_pixel pixel;
	uint32_t count = 0;
	int got, ret = 0;

	if (!iter)
		return psx_error_set(err, ENOMEM, "frame: out of memory");
	while ((got = psx_pixel_iter_next(iter, &pixel)) > 0 && count < frame->info.effective)
		put_pixel(sink, count++, &pixel);
	if (got < 0)
		ret = psx_error_set(err, EBADMSG, "%s", psx_pixel_iter_error(iter));
	else if (got > 0 || count < frame->info.effective)
		ret = psx_error_set(err, EBADMSG, "frame: %s effective pixels than the %u stated",
				    got > 0 ? "more" : "fewer", frame->info.effective);
	psx_pixel_iter_free(iter);
	return ret;
}

int psx_frame_to_csr(const struct psx_frame *frame, uint32_t *row_start, uint32_t *column,
		     int16_t *value, struct psx_error *err)
{
	const struct sink sink = { .row_count = row_start, .x = column, .value = value };
	uint32_t height = frame->info.height;

	memset(row_start, 0, ((size_t)height + 1) * sizeof(*row_start));
	if (list_pixels(frame, &sink, err))
		return -1;
	for (uint32_t y = 0; y < height; y++)
		row_start[y + 1] += row_start[y];
	return 0;
}

int psx_frame_to_coo(const struct psx_frame *frame, uint32_t *x, uint32_t *y, int16_t *value,
		     struct psx_error *err)
{
	const struct sink sink = { .x = x, .y = y, .value = value };

	return list_pixels(frame, &sink, err);
}
