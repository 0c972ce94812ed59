// SPDX-License-Identifier: MIT
/*
 * PNG files of every kind. Samples of less than 8 bits are taken as they are
 * (0..1, 0..3, 0..15), a palette is looked up, colour becomes luma, and
 * alpha, gamma and colour profiles are ignored.
 */
#include "image.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>

struct reader {
	struct psx_image_source *src;
	struct psx_image *img;
	png_structp png;
	png_infop info;
	png_bytep raw; /* one row, or all of an interlaced image */
};

static void on_error(png_structp png, png_const_charp message)
{
	struct reader *r = png_get_error_ptr(png);

	psx_image_reject(r->src, EBADMSG, "broken PNG: %s", message);
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static void on_read(png_structp png, png_bytep data, size_t length)
{
	struct reader *r = png_get_io_ptr(png);

	if (fread(data, 1, length, r->src->file) != length)
		png_error(png, "cut short");
}

static void to_levels(struct reader *r, png_const_bytep raw, uint32_t y)
{
	const unsigned int channels = png_get_channels(r->png, r->info);
	const unsigned int bytes = png_get_bit_depth(r->png, r->info) == 16 ? 2 : 1;
	uint16_t *row = r->img->levels + (size_t)y * r->img->width;
	uint32_t x, rgb[3] = {0};
	unsigned int c;

	for (x = 0; x < r->img->width; x++) {
		for (c = 0; c < channels; c++, raw += bytes)
			rgb[c] = bytes == 2 ? (uint32_t)raw[0] << 8 | raw[1] : raw[0];
		row[x] = channels == 3 ? psx_image_luma(rgb[0], rgb[1], rgb[2]) : (uint16_t)rgb[0];
	}
}

/* Leaves by longjmp() where the file is broken. */
static void decode(struct reader *r)
{
	uint32_t width, height, y;
	size_t row_bytes;
	int pass, passes;

	png_set_user_limits(r->png, PSX_IMAGE_MAX_SIDE, PSX_IMAGE_MAX_SIDE);
	png_set_read_fn(r->png, r, on_read);
	png_read_info(r->png, r->info);
	width = png_get_image_width(r->png, r->info);
	height = png_get_image_height(r->png, r->info);
	r->img = psx_image_new_for(r->src, width, height,
				   (uint64_t)png_get_rowbytes(r->png, r->info) * height,
				   PSX_IMAGE_MAX_RATIO);
	if (!r->img)
		png_longjmp(r->png, 1);

	png_set_packing(r->png);
	if (png_get_color_type(r->png, r->info) == PNG_COLOR_TYPE_PALETTE)
		png_set_palette_to_rgb(r->png); /* would scale up grey of less than 8 bits */
	png_set_strip_alpha(r->png);
	passes = png_set_interlace_handling(r->png);
	png_read_update_info(r->png, r->info);
	if (png_get_channels(r->png, r->info) != 1 && png_get_channels(r->png, r->info) != 3)
		png_error(r->png, "neither grey nor colour");
	row_bytes = png_get_rowbytes(r->png, r->info);
	r->raw = png_malloc_warn(r->png, (passes > 1 ? height : 1) * (png_alloc_size_t)row_bytes);
	if (!r->raw) {
		psx_image_reject(r->src, ENOMEM, "no memory to decode the PNG");
		png_longjmp(r->png, 1);
	}

	for (pass = 1; pass <= passes; pass++)
		for (y = 0; y < height; y++) {
			const size_t at = passes > 1 ? y * row_bytes : 0;

			png_read_row(r->png, r->raw + at, NULL);
			if (pass == passes)
				to_levels(r, r->raw + at, y);
		}
	png_read_end(r->png, NULL);
}

/* setjmp() lives here alone: everything that changes after it is in *r. */
static int decode_guarded(struct reader *r)
{
	if (setjmp(png_jmpbuf(r->png)))
		return -1;
	decode(r);
	return 0;
}

struct psx_image *psx_image_read_png(struct psx_image_source *src)
{
	struct reader r = {.src = src};
	int failed, code;

	r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
	r.info = r.png ? png_create_info_struct(r.png) : NULL;
	if (!r.info) {
		png_destroy_read_struct(&r.png, NULL, NULL);
		return psx_image_reject(src, ENOMEM, "no memory for a PNG reader");
	}
	failed = decode_guarded(&r);
	code = errno;
	png_free(r.png, r.raw);
	png_destroy_read_struct(&r.png, &r.info, NULL);
	if (!failed)
		return r.img;
	psx_image_free(r.img);
	errno = code;
	return NULL;
}
