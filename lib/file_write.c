// SPDX-License-Identifier: MIT
/* Writing .psx files: to a temporary file, which commit gives its name. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "error.h"

/* Everything in `parts`, which are used up. */
static int write_all(int fd, struct iovec *parts, int count)
{
	while (count) {
		ssize_t n;

		if (parts->iov_len == 0) {
			parts++;
			count--;
			continue;
		}
		n = writev(fd, parts, count);
		if (n < 0 && errno != EINTR)
			return -1;
		for (int i = 0; i < count && n > 0; i++) {
			size_t done = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;

			parts[i].iov_base = (uint8_t *)parts[i].iov_base + done;
			parts[i].iov_len -= done;
			n -= (ssize_t)done;
		}
	}
	return 0;
}

/* Head, body and what fills it up to 8. */
static int write_padded(struct psx_file *file, uint8_t *head, size_t head_size, const void *body,
			size_t size)
{
	uint8_t zeros[8] = { 0 };
	size_t fill = psx_file_fill(size);
	struct iovec parts[3] = {
		{ head, head_size },
		{ (void *)(uintptr_t)body, size },
		{ zeros, fill },
	};

	if (write_all(file->fd, parts, 3))
		return -1;
	file->end += head_size + size + fill;
	return 0;
}

/* A new file `.NAME.XXXXXX` beside `target`, with the mode that open() gives. */
static int open_temporary(struct psx_file *file)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	const char *slash = strrchr(file->target, '/');
	int folder = slash ? (int)(slash + 1 - file->target) : 0;

	for (int tries = 0; tries < 100; tries++) {
		char *name, suffix[7] = "";
		uint8_t random[6];

		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -1;
		for (int i = 0; i < 6; i++)
			suffix[i] = letters[random[i] % 32];
		if (asprintf(&name, "%.*s.%s.%s", folder, file->target, file->target + folder,
			     suffix) < 0)
			return -1;
		file->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->fd >= 0) {
			file->temporary = name;
			return 0;
		}
		free(name);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static int open_for_writing(struct psx_file *file)
{
	struct stat st;

	if (stat(file->path, &st)) {
		if (errno != ENOENT)
			return -1;
		file->target = strdup(file->path);
		return file->target ? open_temporary(file) : -1;
	}
	if (!S_ISREG(st.st_mode)) {
		file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
		return file->fd < 0 ? -1 : 0;
	}
	if (access(file->path, W_OK))
		return -1;
	file->target = realpath(file->path, NULL);
	return file->target ? open_temporary(file) : -1;
}

static int begin(struct psx_file *file, const char *metadata)
{
	size_t length = strlen(metadata);
	uint8_t header[PSX_FILE_HEADER];

	if (length > PSX_FILE_MAX_METADATA || !psx_file_is_object(metadata, length))
		return psx_error_set(&file->error, EINVAL,
				     "%s: metadata is not a JSON object of at most 16 MiB",
				     file->path);
	file->metadata = strdup(metadata);
	if (!file->metadata || open_for_writing(file))
		return psx_file_failed(file);
	psx_file_put_header(header, metadata, (uint32_t)length);
	if (write_padded(file, header, sizeof(header), metadata, length))
		return psx_file_failed(file);
	return 0;
}

struct psx_file *psx_file_create(const char *path, const char *metadata, struct psx_error *err)
{
	struct psx_file *file = psx_file_new(path, err);

	if (!file)
		return NULL;
	if (begin(file, metadata)) {
		(void)psx_error_null(err, file->error.code, "%s", file->error.message);
		psx_file_close(file);
		return NULL;
	}
	return file;
}

/* Cut what was written of an unfinished frame off again. */
static void take_back(struct psx_file *file)
{
	int code = errno;

	if (!file->temporary || ftruncate(file->fd, (off_t)file->end) ||
	    lseek(file->fd, (off_t)file->end, SEEK_SET) < 0)
		file->torn = true;
	errno = code;
}

static int check_writable(struct psx_file *file)
{
	if (file->fd < 0)
		return psx_error_set(&file->error, EBADF, "%s: not open for writing", file->path);
	if (file->torn)
		return psx_error_set(&file->error, EIO, "%s: ends in an unfinished frame",
				     file->path);
	return 0;
}

int psx_file_append(struct psx_file *file, const struct psx_frame *frame)
{
	struct psx_file_record record = { .info = *psx_frame_get_info(frame) };
	uint8_t bytes[PSX_FILE_RECORD];
	size_t length;
	const void *payload = psx_frame_get_payload(frame, &length);
	uint64_t offset = file->end;

	if (check_writable(file))
		return -1;
	record.length = length;
	record.number = file->count;
	psx_file_put_record(bytes, &record);
	if (psx_file_note(file, offset))
		return psx_file_failed(file);
	if (write_padded(file, bytes, sizeof(bytes), payload, length)) {
		file->count--;
		take_back(file);
		return psx_file_failed(file);
	}
	return 0;
}

static int write_index(struct psx_file *file)
{
	uint8_t trailer[PSX_FILE_TRAILER];
	struct iovec parts[2] = {
		{ file->noted, file->count * 8 },
		{ trailer, sizeof(trailer) },
	};

	psx_file_put_trailer(trailer, file);
	return write_all(file->fd, parts, 2);
}

/* Durable, as far as the kind of file can be. */
static int sync_file(struct psx_file *file)
{
	int ret = fsync(file->fd);

	if (ret && !file->temporary && (errno == EINVAL || errno == ENOTSUP || errno == EROFS))
		ret = 0;
	if (close(file->fd))
		ret = -1;
	file->fd = -1;
	return ret;
}

static int give_name(struct psx_file *file)
{
	char *slash;
	int folder, ret;

	if (!file->temporary)
		return 0;
	if (rename(file->temporary, file->target))
		return -1;
	free(file->temporary);
	file->temporary = NULL;
	slash = strrchr(file->target, '/');
	if (slash)
		slash[1] = '\0';
	folder = open(slash ? file->target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	ret = fsync(folder);
	(void)close(folder);
	return ret;
}

int psx_file_commit(struct psx_file *file)
{
	int ret = check_writable(file);

	if (!ret && (write_index(file) || sync_file(file) || give_name(file)))
		ret = psx_file_failed(file);
	psx_file_discard(file);
	if (!ret)
		file->complete = true;
	return ret;
}
