// SPDX-License-Identifier: MIT
/* The image object: made, loaded by content, saved as PGM. */
#include "image.h"
#include "output.h"

#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct psx_image *psx_image_new(uint32_t width, uint32_t height)
{
	struct psx_image *img;

	if (!width || !height || width > PSX_IMAGE_MAX_SIDE || height > PSX_IMAGE_MAX_SIDE) {
		errno = EINVAL;
		return NULL;
	}
	if ((uint64_t)width * height > (SIZE_MAX - sizeof(*img)) / sizeof(img->levels[0])) {
		errno = ENOMEM;
		return NULL;
	}
	img = calloc(1, sizeof(*img) + (size_t)width * height * sizeof(img->levels[0]));
	if (!img)
		return NULL;
	img->width = width;
	img->height = height;
	return img;
}

void psx_image_free(struct psx_image *img)
{
	free(img);
}

uint32_t psx_image_get_width(const struct psx_image *img)
{
	return img->width;
}

uint32_t psx_image_get_height(const struct psx_image *img)
{
	return img->height;
}

const uint16_t *psx_image_get_levels(const struct psx_image *img)
{
	return img->levels;
}

uint16_t *psx_image_edit_levels(struct psx_image *img)
{
	return img->levels;
}

void *psx_image_reject(const struct psx_image_source *src, int code, const char *format, ...)
{
	const int io = errno;
	char reason[160];
	va_list args;

	if (ferror(src->file))
		return psx_error_null(src->err, io ? io : EIO, "%s: %s",
				      psx_error_path(src->path), strerror(io ? io : EIO));
	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return psx_error_null(src->err, code, "%s: %s", psx_error_path(src->path), reason);
}

struct psx_image *psx_image_new_for(const struct psx_image_source *src, uint64_t width,
				    uint64_t height, uint64_t bytes, unsigned int ratio)
{
	struct psx_image *img;

	if (!width || !height || width > PSX_IMAGE_MAX_SIDE || height > PSX_IMAGE_MAX_SIDE)
		return psx_image_reject(src, EBADMSG, "size %llux%llu is not within 1..%u a side",
					(unsigned long long)width, (unsigned long long)height,
					PSX_IMAGE_MAX_SIDE);
	if (bytes / ratio > src->size)
		return psx_image_reject(src, EBADMSG, "%llux%llu pixels don't fit into %llu bytes",
					(unsigned long long)width, (unsigned long long)height,
					(unsigned long long)src->size);
	img = psx_image_new((uint32_t)width, (uint32_t)height);
	if (!img)
		return psx_image_reject(src, ENOMEM, "no memory for %llux%llu pixels",
					(unsigned long long)width, (unsigned long long)height);
	return img;
}

/* A .psx file begins as a PNG does, but for these */
static bool has_frames(FILE *file)
{
	char magic[4];
	size_t got = fread(magic, 1, sizeof(magic), file);
	const bool frames = got == sizeof(magic) && !memcmp(magic, "\x89PSX", sizeof(magic));

	while (got)
		(void)ungetc((unsigned char)magic[--got], file);
	return frames;
}

/* The first byte decides who reads; that reader checks the rest. */
static struct psx_image *load_by_content(struct psx_image_source *src)
{
	const int first = getc(src->file);

	ungetc(first, src->file);
	switch (first) {
	case 'P':
		return psx_image_read_pnm(src);
	case 0x89:
		if (has_frames(src->file))
			return psx_image_reject(src, EBADMSG, "a file of frames, not a picture");
		return psx_image_read_png(src);
	case 'I':
	case 'M':
		return psx_image_read_tiff(src);
	case EOF:
		return psx_image_reject(src, EBADMSG, "the file is empty");
	default:
		return psx_image_reject(src, EBADMSG, "not a PGM, PNG or TIFF file");
	}
}

struct psx_image *psx_image_load(const char *path, struct psx_error *err)
{
	struct psx_image_source src = {.path = path, .size = UINT64_MAX, .err = err};
	struct psx_image *img;
	struct stat st;
	int saved;

	src.file = fopen(path, "rbe");
	if (!src.file)
		return psx_error_null(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	if (!fstat(fileno(src.file), &st) && S_ISREG(st.st_mode))
		src.size = (uint64_t)st.st_size;
	img = load_by_content(&src);
	saved = errno;
	(void)fclose(src.file);
	errno = saved;
	return img;
}

static int write_pgm(const struct psx_image *img, FILE *file)
{
	const size_t count = (size_t)img->width * img->height;
	uint16_t top = 0;
	size_t i;

	for (i = 0; i < count; i++)
		top = img->levels[i] > top ? img->levels[i] : top;
	if (fprintf(file, "P5\n%u %u\n%u\n", img->width, img->height, top > 255 ? 65535u : 255u) <
	    0)
		return -1;
	for (i = 0; i < count; i++) {
		if (top > 255 && putc_unlocked(img->levels[i] >> 8, file) == EOF)
			return -1;
		if (putc_unlocked(img->levels[i] & 255, file) == EOF)
			return -1;
	}
	return 0;
}

/* Write to a stream of its own on the open file */
static int write_to(const struct psx_image *img, int fd)
{
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "wb");
	int failed, code;

	if (!file) {
		code = errno;
		if (copy >= 0)
			(void)close(copy);
		errno = code;
		return -1;
	}
	failed = write_pgm(img, file) || fflush(file);
	code = errno;
	if (fclose(file) && !failed)
		return -1;
	errno = code;
	return failed ? -1 : 0;
}

int psx_image_save(const struct psx_image *img, const char *path, struct psx_error *err)
{
	struct psx_output out;

	if (!psx_output_open(&out, path) && !write_to(img, out.fd) && !psx_output_commit(&out))
		return 0;
	psx_output_discard(&out);
	return psx_error_set(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
}
