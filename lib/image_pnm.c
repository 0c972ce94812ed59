// SPDX-License-Identifier: MIT
/* PGM files, text (P2) and binary (P5). */
#include "image.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* The next character; a comment reads as the end of its line. */
static int next_char(FILE *file)
{
	int c = getc(file);

	if (c == '#')
		do
			c = getc(file);
		while (c != '\n' && c != '\r' && c != EOF);
	return c;
}

/* A decimal number and the one character after it; -1 when there is none or
 * it exceeds `most`. */
static long next_number(FILE *file, long most)
{
	long value = 0;
	int c;

	do
		c = next_char(file);
	while (isspace(c));
	if (!isdigit(c))
		return -1;
	for (; isdigit(c); c = next_char(file)) {
		value = value * 10 + (c - '0');
		if (value > most)
			return -1;
	}
	return c == EOF || isspace(c) ? value : -1;
}

static int read_text(const struct psx_image_source *src, struct psx_image *img, long maxval)
{
	const size_t count = (size_t)img->width * img->height;
	size_t i;
	long v;

	for (i = 0; i < count; i++) {
		v = next_number(src->file, maxval);
		if (v < 0) {
			psx_image_reject(
				src, EBADMSG,
				"sample %zu of %zu is missing, no number or above maxval %ld",
				i + 1, count, maxval);
			return -1;
		}
		img->levels[i] = (uint16_t)v;
	}
	return 0;
}

/* One row, read into the end of its own place and widened from the front. */
static int read_row(FILE *file, uint16_t *row, size_t width, size_t bytes)
{
	unsigned char *raw = (unsigned char *)row + (2 - bytes) * width;
	size_t x;

	if (fread(raw, bytes, width, file) != width)
		return -1;
	for (x = 0; x < width; x++)
		row[x] = (uint16_t)(bytes == 2 ? raw[2 * x] << 8 | raw[2 * x + 1] : raw[x]);
	return 0;
}

static int read_binary(const struct psx_image_source *src, struct psx_image *img, long maxval)
{
	const size_t width = img->width;
	size_t x, y;

	for (y = 0; y < img->height; y++) {
		uint16_t *row = img->levels + y * width;

		if (read_row(src->file, row, width, maxval > 255 ? 2 : 1)) {
			psx_image_reject(src, EBADMSG, "cut short in row %zu of %u", y + 1,
					 img->height);
			return -1;
		}
		for (x = 0; x < width; x++) {
			if (row[x] <= maxval)
				continue;
			psx_image_reject(src, EBADMSG,
					 "sample %u at x %zu, y %zu exceeds maxval %ld",
					 (unsigned int)row[x], x, y, maxval);
			return -1;
		}
	}
	return 0;
}

struct psx_image *psx_image_read_pnm(struct psx_image_source *src)
{
	struct psx_image *img;
	long width, height, maxval;
	char magic[2];
	bool text;

	if (fread(magic, 1, 2, src->file) != 2)
		return psx_image_reject(src, EBADMSG, "the PGM header is cut short");
	text = magic[1] == '2';
	if (memchr("1346", magic[1], 4))
		return psx_image_reject(src, ENOTSUP, "P%c is no grey picture, only P2 and P5 are",
					magic[1]);
	if (!text && magic[1] != '5')
		return psx_image_reject(src, EBADMSG, "not a PGM, PNG or TIFF file");

	width = next_number(src->file, PSX_IMAGE_MAX_SIDE);
	height = width < 0 ? -1 : next_number(src->file, PSX_IMAGE_MAX_SIDE);
	maxval = height < 0 ? -1 : next_number(src->file, 65535);
	if (maxval <= 0)
		return psx_image_reject(
			src, EBADMSG,
			"the PGM header needs width, height and maxval, each 1..65535");

	/* in text a sample takes a digit and a space, in binary a byte or two */
	img = psx_image_new_for(src, (uint64_t)width, (uint64_t)height,
				(uint64_t)width * (uint64_t)height * (text || maxval > 255 ? 2 : 1),
				1);
	if (!img)
		return NULL;
	if (text ? read_text(src, img, maxval) : read_binary(src, img, maxval)) {
		psx_image_free(img);
		return NULL;
	}
	return img;
}
