// SPDX-License-Identifier: MIT
/* Reading .psx files. Every byte of the mapping is checked before it is used. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kmod/codec/psx_codec.h"
#include "error.h"
#include "frame.h"

static int damaged(struct psx_file *file, uint64_t offset, const char *reason)
{
	return psx_error_set(&file->error, EBADMSG, "%s: byte %llu: %s", psx_error_path(file->path),
			     (unsigned long long)offset, reason);
}

static int map_file(struct psx_file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0)
		return psx_file_failed(file);
	if (fstat(fd, &st)) {
		(void)psx_file_failed(file);
		(void)close(fd);
		return -1;
	}
	file->size = (size_t)st.st_size;
	if (!S_ISREG(st.st_mode) || file->size < PSX_FILE_HEADER) {
		(void)close(fd);
		return damaged(file, 0, "not a .psx file");
	}
	map = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		(void)psx_file_failed(file);
	(void)close(fd);
	if (map == MAP_FAILED)
		return -1;
	file->map = map;
	return 0;
}

static int read_header(struct psx_file *file)
{
	const char *metadata = (const char *)file->map + PSX_FILE_HEADER;
	uint32_t length, crc;
	const char *reason = psx_file_get_header(file->map, &length, &crc);

	if (reason)
		return damaged(file, 0, reason);
	if (length > PSX_FILE_MAX_METADATA || length > file->size - PSX_FILE_HEADER)
		return damaged(file, 12, "metadata longer than the file or 16 MiB");
	if (psx_crc32c(0, metadata, length) != crc)
		return damaged(file, PSX_FILE_HEADER, "wrong crc32c of the metadata");
	if (!psx_file_is_object(metadata, length))
		return damaged(file, PSX_FILE_HEADER, "metadata is not a JSON object");
	file->metadata = strndup(metadata, length);
	if (!file->metadata)
		return psx_file_failed(file);
	file->first = PSX_FILE_HEADER + length + psx_file_fill(length);
	return 0;
}

/* Mask `number`, whose record is at `offset`, a new one; the position behind it in
 * *next. */
static struct psx_mask *read_mask(struct psx_file *file, uint32_t number, uint64_t offset,
				  uint64_t *next)
{
	const uint64_t bits = offset + PSX_FILE_MASK;
	struct psx_file_mask_record record;
	struct psx_mask *mask;
	const char *reason;
	size_t i;

	if (offset % 8 || offset < file->first || offset > file->index ||
	    file->index - offset < PSX_FILE_MASK)
		reason = "no room for a mask's record";
	else
		reason = psx_file_get_mask(file->map + offset, &record);
	if (!reason && record.number != number)
		reason = "record of another mask";
	if (!reason && record.length > file->index - bits)
		reason = "mask beyond the frames";
	if (!reason && psx_crc32c(0, file->map + bits, record.length) != record.crc32c)
		reason = "wrong crc32c of a mask";
	if (reason) {
		(void)damaged(file, offset, reason);
		return NULL;
	}
	mask = psx_mask_new(record.width, record.height);
	if (!mask) {
		(void)psx_file_failed(file);
		return NULL;
	}
	for (i = 0; i < (size_t)mask->width * mask->height; i++)
		mask->bad[i] = file->map[bits + i / 8] >> i % 8 & 1;
	*next = bits + record.length + psx_file_fill(record.length);
	return mask;
}

/* Share the mask that a record names with its frame */
static int set_mask(struct psx_file *file, uint32_t number, uint64_t offset,
		    struct psx_frame *frame)
{
	struct psx_file_mask *entry;
	uint64_t next;

	if (!number)
		return 0;
	if (number > file->mask_count)
		return damaged(file, offset + 109, "a mask that is not there");
	entry = &file->masks[number - 1];
	if (!entry->mask)
		entry->mask = read_mask(file, number, entry->offset, &next);
	if (!entry->mask)
		return -1;
	if (entry->mask->width != frame->info.width || entry->mask->height != frame->info.height)
		return damaged(file, offset + 109, "a mask of another size");
	psx_frame_set_mask(frame, entry->mask);
	return 0;
}

/*
 * Frame `number`, whose record is at `offset`: bind it to *frame. Returns the
 * position behind it in *next. Nothing is read beyond file->index.
 */
static int read_frame(struct psx_file *file, uint64_t number, uint64_t offset,
		      struct psx_frame *frame, uint64_t *next)
{
	uint64_t payload = offset + PSX_FILE_RECORD;
	struct psx_file_record record;
	struct psx_error why;
	const char *reason;

	if (offset % 8 || offset < file->first || offset > file->index ||
	    file->index - offset < PSX_FILE_RECORD)
		return damaged(file, offset, "no room for a record");
	reason = psx_file_get_record(file->map + offset, &record);
	if (reason)
		return damaged(file, offset, reason);
	if (record.number != number)
		return damaged(file, offset + 16, "record of another frame");
	if (record.length > file->index - payload)
		return damaged(file, offset + 8, "payload beyond the frames");
	if (psx_frame_bind(frame, file->map + payload, record.length, &record.info, &why))
		return psx_error_set(&file->error, why.code,
				     "%s: frame %llu, payload at byte %llu: %s", psx_error_path(file->path),
				     (unsigned long long)number, (unsigned long long)payload,
				     why.message);
	if (set_mask(file, record.mask, offset, frame))
		return -1;
	*next = payload + record.length + psx_file_fill(record.length);
	return 0;
}

/* Note the record at *offset, which is advanced: 1 a whole one, 0 none, -1 ENOMEM */
static int walk_on(struct psx_file *file, uint64_t *offset)
{
	const uint64_t here = *offset;
	struct psx_frame frame;
	int failed;

	if (file->index - here >= PSX_FILE_MASK && psx_file_is_mask(file->map + here)) {
		struct psx_mask *mask = read_mask(file, file->mask_count + 1, here, offset);

		if (!mask)
			return 0;
		failed = psx_file_note_mask(file, here, mask);
		psx_mask_unref(mask);
	} else {
		if (read_frame(file, file->count, here, &frame, offset))
			return 0;
		psx_frame_set_mask(&frame, NULL);
		failed = psx_file_note(file, here);
	}
	return failed ? -1 : 1;
}

/* Without an index, note what is whole. */
static int walk(struct psx_file *file)
{
	uint64_t offset = file->first;
	int found;

	file->index = file->size;
	do
		found = offset <= file->index ? walk_on(file, &offset) : 0;
	while (found > 0);
	if (found < 0)
		return psx_file_failed(file);
	file->error = (struct psx_error){ 0 };
	return 0;
}

static int find_frames(struct psx_file *file)
{
	uint32_t masks, i;

	file->complete = psx_file_get_trailer(file->map, file->size, &file->index, &file->count,
					      &masks);
	if (!file->complete || file->index < file->first) {
		file->complete = false;
		file->count = 0;
		return walk(file);
	}
	file->offsets = file->map + file->index;
	for (i = 0; i < masks; i++)
		if (psx_file_note_mask(file, psx_file_get_offset(file->offsets + (file->count + i) * 8),
				       NULL))
			return psx_file_failed(file);
	return 0;
}

struct psx_file *psx_file_open(const char *path, struct psx_error *err)
{
	struct psx_file *file = psx_file_new(path, err);

	if (!file)
		return NULL;
	if (map_file(file) || read_header(file) || find_frames(file)) {
		(void)psx_error_null(err, file->error.code, "%s", file->error.message);
		psx_file_close(file);
		return NULL;
	}
	return file;
}

struct psx_frame *psx_file_get_frame(struct psx_file *file, uint64_t index)
{
	struct psx_frame *frame;
	uint64_t offset, next;

	if (!file->map || index >= file->count) {
		(void)psx_error_set(&file->error, ERANGE, "%s: no frame %llu to read", psx_error_path(file->path),
				    (unsigned long long)index);
		return NULL;
	}
	frame = malloc(sizeof(*frame));
	if (!frame) {
		(void)psx_file_failed(file);
		return NULL;
	}
	offset = psx_file_get_offset(file->offsets + index * 8);
	if (read_frame(file, index, offset, frame, &next)) {
		free(frame);
		return NULL;
	}
	return frame;
}
