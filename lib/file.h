/* SPDX-License-Identifier: MIT */
/* What writer and reader of docs/file-format.md share. */
#ifndef PSX_LIB_FILE_H
#define PSX_LIB_FILE_H

#include <psxdet.h>

#include "mask.h"
#include "output.h"

#define PSX_FILE_HEADER       24u
#define PSX_FILE_RECORD       112u
#define PSX_FILE_MASK         32u
#define PSX_FILE_TRAILER      32u
#define PSX_FILE_MOST_MASKS   0xffffffu
#define PSX_FILE_MAX_METADATA (16u << 20)

/* A mask that frames share; they name it by its place in the list, from 1 */
struct psx_file_mask {
	uint64_t offset;       /* of its record */
	struct psx_mask *mask; /* NULL = not read yet */
};

struct psx_file {
	char *path; /* as the caller gave it */
	char *metadata;
	struct psx_error error;
	uint64_t count;         /* of frames */
	const uint8_t *offsets; /* of their records, as in the index */
	uint8_t *noted;         /* the same, when not from a mapped index */
	size_t noted_room;
	struct psx_file_mask *masks;
	uint32_t mask_count;

	/* Writing. */
	struct psx_output out;
	uint64_t end; /* of the last whole frame */
	bool reserved; /* room beyond that */
	bool torn;    /* bytes of an unfinished frame could not be taken back */
	char *left;   /* the name under which it was left */

	/* Reading. */
	const uint8_t *map; /* NULL when not reading */
	size_t size;
	uint64_t first; /* record */
	uint64_t index; /* where the records end */
	bool complete;
};

/* A record's facts. */
struct psx_file_record {
	struct psx_frame_info info;
	uint64_t length; /* of the payload */
	uint64_t number; /* in the file */
	uint32_t mask;   /* 0 = none */
};

/* A mask's: bits, row by row, lowest first, follow */
struct psx_file_mask_record {
	uint64_t length; /* of the bits, bytes */
	uint32_t width, height;
	uint32_t number; /* in the file, from 1 */
	uint32_t crc32c; /* of the bits */
};

struct psx_file *psx_file_new(const char *path, struct psx_error *err);
bool psx_file_is_object(const char *text, size_t length);
/* Note the position of the next record; ENOMEM. */
int psx_file_note(struct psx_file *file, uint64_t offset);
/* The same of a mask, which is shared; NULL = to be read */
int psx_file_note_mask(struct psx_file *file, uint64_t offset, struct psx_mask *mask);
/* file->error from errno, as "NAME: no space left on device"; returns -1. */
int psx_file_failed(struct psx_file *file);

void psx_file_put_header(uint8_t *out, const char *metadata, uint32_t length);
/* NULL, or why these PSX_FILE_HEADER bytes are refused. */
const char *psx_file_get_header(const uint8_t *in, uint32_t *length, uint32_t *crc32c);
void psx_file_put_record(uint8_t *out, const struct psx_file_record *record);
void psx_file_put_mask(uint8_t *out, const struct psx_file_mask_record *record);
bool psx_file_is_mask(const uint8_t *in);
/* NULL, or why these PSX_FILE_MASK bytes are refused. */
const char *psx_file_get_mask(const uint8_t *in, struct psx_file_mask_record *record);
/* NULL, or why these PSX_FILE_RECORD bytes are refused. */
const char *psx_file_get_record(const uint8_t *in, struct psx_file_record *record);
void psx_file_put_trailer(uint8_t *out, const struct psx_file *file);
/* Whether the file ends in an index and trailer that are right. */
bool psx_file_get_trailer(const uint8_t *map, size_t size, uint64_t *index, uint64_t *count,
			  uint32_t *masks);

void psx_file_put_offset(uint8_t *out, uint64_t offset);
uint64_t psx_file_get_offset(const uint8_t *in);

static inline uint64_t psx_file_mask_length(uint32_t width, uint32_t height)
{
	return ((uint64_t)width * height + 7) / 8;
}

static inline uint64_t psx_file_fill(uint64_t length)
{
	return (length + 7) / 8 * 8 - length;
}

#endif
