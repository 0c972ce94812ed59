/* SPDX-License-Identifier: MIT */
/* The image object, and what its file readers share. */
#ifndef PSX_LIB_IMAGE_H
#define PSX_LIB_IMAGE_H

#include <psxdet.h>
#include <stdio.h>

#define PSX_IMAGE_MAX_SIDE 65535u

struct psx_image {
	uint32_t width, height;
	uint16_t levels[];
};

/* A file that is being read, from its first byte on. */
struct psx_image_source {
	FILE *file;
	const char *path;
	uint64_t size; /* bytes; UINT64_MAX for a pipe */
	struct psx_error *err;
};

/* Fail with "PATH: reason"; a read error of the file goes before the reason. */
void *psx_image_reject(const struct psx_image_source *src, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A new image for a header that claims `bytes` of sample data. Refused before
 * anything is allocated when the file, expanded `ratio` times, can't hold them.
 */
struct psx_image *psx_image_new_for(const struct psx_image_source *src, uint64_t width,
				    uint64_t height, uint64_t bytes, unsigned int ratio);

/* The densest that LZW and deflate pack is 1 : 1340 and 1 : 1032. */
#define PSX_IMAGE_MAX_RATIO 1400u

struct psx_image *psx_image_read_pnm(struct psx_image_source *src);
struct psx_image *psx_image_read_png(struct psx_image_source *src);
struct psx_image *psx_image_read_tiff(struct psx_image_source *src);

/* ITU-R BT.601, rounded. */
static inline uint16_t psx_image_luma(uint32_t r, uint32_t g, uint32_t b)
{
	return (uint16_t)((299 * r + 587 * g + 114 * b + 500) / 1000);
}

#endif
