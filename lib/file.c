// SPDX-License-Identifier: MIT
/* What writing (file_write.c) and reading (file_read.c) of .psx files share. */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"

int psx_file_failed(struct psx_file *file)
{
	char text[128] = "";
	int code = errno;
	const char *reason = strerror_r(code, text, sizeof(text));

	return psx_error_set(&file->error, code, "%s: %c%s", psx_error_path(file->path),
			     tolower((unsigned char)reason[0]), reason + 1);
}

bool psx_file_is_object(const char *text, size_t length)
{
	json_t *json = json_loadb(text, length, 0, NULL);
	bool is_object = json_is_object(json);

	json_decref(json);
	return is_object;
}

struct psx_file *psx_file_new(const char *path, struct psx_error *err)
{
	struct psx_file *file = calloc(1, sizeof(*file));

	if (file)
		file->path = strdup(path);
	if (!file || !file->path) {
		free(file);
		return psx_error_null(err, ENOMEM, "%s: out of memory", psx_error_path(path));
	}
	file->out.fd = -1;
	return file;
}

int psx_file_note(struct psx_file *file, uint64_t offset)
{
	if (file->count * 8 == file->noted_room) {
		size_t room = file->noted_room ? 2 * file->noted_room : 512;
		uint8_t *noted = realloc(file->noted, room);

		if (!noted)
			return -1;
		file->noted = noted;
		file->noted_room = room;
		file->offsets = noted;
	}
	psx_file_put_offset(file->noted + file->count * 8, offset);
	file->count++;
	return 0;
}

int psx_file_note_mask(struct psx_file *file, uint64_t offset, struct psx_mask *mask)
{
	struct psx_file_mask *masks =
		realloc(file->masks, (file->mask_count + 1) * sizeof(*masks));

	if (!masks)
		return -1;
	file->masks = masks;
	masks[file->mask_count++] = (struct psx_file_mask){ offset, psx_mask_ref(mask) };
	return 0;
}

const char *psx_file_error(const struct psx_file *file)
{
	return file->error.message;
}

const char *psx_file_get_metadata(const struct psx_file *file)
{
	return file->metadata;
}

uint64_t psx_file_get_count(const struct psx_file *file)
{
	return file->count;
}

bool psx_file_is_complete(const struct psx_file *file)
{
	return file->complete;
}

void psx_file_close(struct psx_file *file)
{
	if (!file)
		return;
	psx_output_discard(&file->out);
	if (file->map)
		(void)munmap((void *)(uintptr_t)file->map, file->size);
	while (file->mask_count)
		psx_mask_unref(file->masks[--file->mask_count].mask);
	free(file->masks);
	free(file->noted);
	free(file->left);
	free(file->metadata);
	free(file->path);
	free(file);
}
