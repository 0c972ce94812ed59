// SPDX-License-Identifier: MIT
/*
 * TIFF files: the first page, in strips or tiles, 8 or 16 bits, grey or RGB
 * (then luma). Where white is 0 the sample is turned over, so that the picture
 * looks as in any viewer; alpha and further samples are ignored.
 */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

struct reader {
	struct psx_image_source *src;
	struct psx_image *img;
	TIFF *tif;
	uint16_t bits, samples, photometric;
	char complaint[128]; /* libtiff's first */
};

static int on_error(TIFF *tif, void *arg, const char *module, const char *format, va_list args)
{
	struct reader *r = arg;

	(void)tif;
	(void)module;
	if (!r->complaint[0])
		(void)vsnprintf(r->complaint, sizeof(r->complaint), format, args);
	r->complaint[strcspn(r->complaint, "\r\n")] = '\0';
	return 1;
}

static int on_warning(TIFF *tif, void *arg, const char *module, const char *format, va_list args)
{
	(void)tif;
	(void)arg;
	(void)module;
	(void)format;
	(void)args;
	return 1;
}

static int broken(const struct reader *r)
{
	psx_image_reject(r->src, EBADMSG, "broken TIFF: %s",
			 r->complaint[0] ? r->complaint : "no reason given");
	return -1;
}

static uint16_t get_tag(const struct reader *r, uint32_t tag, uint16_t missing)
{
	uint16_t value;

	return TIFFGetFieldDefaulted(r->tif, tag, &value) ? value : missing;
}

/* What this reader does not read, in words; NULL when it does. */
static const char *unsupported(struct reader *r)
{
	const uint16_t packing = get_tag(r, TIFFTAG_COMPRESSION, COMPRESSION_NONE);

	r->bits = get_tag(r, TIFFTAG_BITSPERSAMPLE, 1);
	r->samples = get_tag(r, TIFFTAG_SAMPLESPERPIXEL, 1);
	r->photometric = get_tag(r, TIFFTAG_PHOTOMETRIC, UINT16_MAX);
	if (get_tag(r, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) != SAMPLEFORMAT_UINT)
		return "float or signed samples";
	if (r->bits != 8 && r->bits != 16)
		return "samples of other than 8 or 16 bits";
	if (r->photometric != PHOTOMETRIC_MINISBLACK && r->photometric != PHOTOMETRIC_MINISWHITE &&
	    r->photometric != PHOTOMETRIC_RGB)
		return "colours other than grey and RGB";
	if (r->samples > 16 || (r->photometric == PHOTOMETRIC_RGB && r->samples < 3))
		return "this number of samples a pixel";
	if (r->samples > 1 && get_tag(r, TIFFTAG_PLANARCONFIG, 1) != PLANARCONFIG_CONTIG)
		return "separate colour planes";
	if (get_tag(r, TIFFTAG_ORIENTATION, 1) != ORIENTATION_TOPLEFT)
		return "an orientation other than top left";
	if (packing != COMPRESSION_NONE && packing != COMPRESSION_LZW &&
	    packing != COMPRESSION_ADOBE_DEFLATE && packing != COMPRESSION_DEFLATE &&
	    packing != COMPRESSION_PACKBITS)
		return "compression other than LZW, deflate and PackBits";
	return NULL;
}

/* `count` pixels of a decoded strip or tile to levels. */
static void to_levels(const struct reader *r, const void *raw, uint16_t *levels, size_t count)
{
	const uint8_t *raw8 = raw;
	const uint16_t *raw16 = raw;
	const uint16_t top = r->bits == 16 ? UINT16_MAX : UINT8_MAX;
	uint32_t rgb[3] = {0};
	size_t i, at;
	int c;

	for (i = 0; i < count; i++) {
		at = i * r->samples;
		for (c = 0; c < (r->photometric == PHOTOMETRIC_RGB ? 3 : 1); c++, at++)
			rgb[c] = r->bits == 16 ? raw16[at] : raw8[at];
		if (r->photometric == PHOTOMETRIC_RGB)
			levels[i] = psx_image_luma(rgb[0], rgb[1], rgb[2]);
		else if (r->photometric == PHOTOMETRIC_MINISWHITE)
			levels[i] = (uint16_t)(top - rgb[0]);
		else
			levels[i] = (uint16_t)rgb[0];
	}
}

static int read_rows(struct reader *r, void *raw)
{
	uint32_t y;

	for (y = 0; y < r->img->height; y++) {
		if (TIFFReadScanline(r->tif, raw, y, 0) != 1)
			return broken(r);
		to_levels(r, raw, r->img->levels + (size_t)y * r->img->width, r->img->width);
	}
	return 0;
}

static int read_tiles(struct reader *r, uint8_t *raw, uint32_t tile_width, uint32_t tile_height)
{
	const size_t pixel = (size_t)r->samples * (r->bits / 8);
	const uint32_t width = r->img->width, height = r->img->height;
	uint32_t x, y, row;

	for (y = 0; y < height; y += tile_height)
		for (x = 0; x < width; x += tile_width) {
			if (TIFFReadTile(r->tif, raw, x, y, 0, 0) < 0)
				return broken(r);
			for (row = 0; row < tile_height && row < height - y; row++)
				to_levels(r, raw + row * pixel * tile_width,
					  r->img->levels + (size_t)(y + row) * width + x,
					  tile_width < width - x ? tile_width : width - x);
		}
	return 0;
}

static int decode(struct reader *r)
{
	uint32_t width = 0, height = 0, tile_width = 0, tile_height = 0;
	uint64_t bytes;
	const char *what;
	void *raw;
	int failed;

	TIFFGetField(r->tif, TIFFTAG_IMAGEWIDTH, &width);
	TIFFGetField(r->tif, TIFFTAG_IMAGELENGTH, &height);
	what = unsupported(r);
	if (what) {
		psx_image_reject(r->src, ENOTSUP, "TIFF with %s", what);
		return -1;
	}
	r->img = psx_image_new_for(r->src, width, height,
				   (uint64_t)width * height * r->samples * (r->bits / 8u),
				   PSX_IMAGE_MAX_RATIO);
	if (!r->img)
		return -1;

	if (TIFFIsTiled(r->tif)) {
		TIFFGetField(r->tif, TIFFTAG_TILEWIDTH, &tile_width);
		TIFFGetField(r->tif, TIFFTAG_TILELENGTH, &tile_height);
		bytes = TIFFTileSize64(r->tif);
	} else {
		bytes = TIFFScanlineSize64(r->tif);
	}
	if (!bytes || bytes / PSX_IMAGE_MAX_RATIO > r->src->size ||
	    tile_width > 2 * PSX_IMAGE_MAX_SIDE || tile_height > 2 * PSX_IMAGE_MAX_SIDE)
		return broken(r);
	raw = malloc(bytes);
	if (!raw) {
		psx_image_reject(r->src, ENOMEM, "no memory for a row of the TIFF");
		return -1;
	}
	failed = tile_width ? read_tiles(r, raw, tile_width, tile_height) : read_rows(r, raw);
	free(raw);
	return failed;
}

static TIFF *open_tiff(struct reader *r)
{
	const uint64_t room = 2 * r->src->size + (1u << 20);
	TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
	TIFF *tif = NULL;

	if (!options)
		return NULL;
	TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
	TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
	TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)room);
	/* m: not mapped, a file that shrinks meanwhile must not kill us */
	if (lseek(fileno(r->src->file), 0, SEEK_SET) == 0)
		tif = TIFFFdOpenExt(fileno(r->src->file), r->src->path, "rm", options);
	TIFFOpenOptionsFree(options);
	return tif;
}

struct psx_image *psx_image_read_tiff(struct psx_image_source *src)
{
	struct reader r = {.src = src};
	int failed, code;

	if (src->size == UINT64_MAX)
		return psx_image_reject(src, ESPIPE, "a TIFF can't be read from a pipe");
	r.tif = open_tiff(&r);
	failed = r.tif ? decode(&r) : broken(&r);
	code = errno;
	if (r.tif)
		TIFFCleanup(r.tif); /* the descriptor stays our caller's */
	if (!failed)
		return r.img;
	psx_image_free(r.img);
	errno = code;
	return NULL;
}
