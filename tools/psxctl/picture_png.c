// SPDX-License-Identifier: MIT
/* Pictures as PNG files. */
#include "../../lib/output.h"
#include "picture.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

static void on_error(png_structp png, png_const_charp message)
{
	(void)message;
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

/* libpng leaves by longjmp(); all that is to be freed is the caller's. */
static int encode(png_structp png, png_infop info, const struct picture *picture, FILE *file)
{
	uint32_t y;

	if (setjmp(png_jmpbuf(png)))
		return -1;
	png_init_io(png, file);
	png_set_user_limits(png, picture->width, picture->height);
	png_set_IHDR(png, info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (y = 0; y < picture->height; y++)
		png_write_row(png, picture->rgb[(size_t)y * picture->width]);
	png_write_end(png, info);
	return 0;
}

/* Write to a stream of its own on the open file */
static int write_to(const struct picture *picture, int fd)
{
	png_structp png =
		png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "wb");
	int failed, code;

	errno = info && file ? 0 : ENOMEM;
	failed = !info || !file || encode(png, info, picture, file) || fflush(file);
	code = errno ? errno : EIO;
	png_destroy_write_struct(&png, &info);
	if (file && fclose(file)) {
		code = failed ? code : errno;
		failed = 1;
	} else if (!file && copy >= 0) {
		(void)close(copy);
	}
	errno = code;
	return failed ? -1 : 0;
}

int picture_write_png(const struct picture *picture, const char *path)
{
	struct psx_output out;

	if (!psx_output_open(&out, path) && !write_to(picture, out.fd) && !psx_output_commit(&out))
		return 0;
	psx_output_discard(&out);
	return -1;
}
