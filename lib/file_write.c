// SPDX-License-Identifier: MIT
/* Writing .psx files: to a temporary file, which commit gives its name. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../kmod/codec/psx_codec.h"
#include "error.h"
#include "frame.h"

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

	if (write_all(file->out.fd, parts, 3))
		return -1;
	file->end += head_size + size + fill;
	return 0;
}

static int begin(struct psx_file *file, const char *metadata)
{
	size_t length = strlen(metadata);
	uint8_t header[PSX_FILE_HEADER];

	if (length > PSX_FILE_MAX_METADATA || !psx_file_is_object(metadata, length))
		return psx_error_set(&file->error, EINVAL,
				     "%s: metadata is not a JSON object of at most 16 MiB",
				     psx_error_path(file->path));
	file->metadata = strdup(metadata);
	if (!file->metadata || psx_output_open(&file->out, file->path))
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

	if (!file->out.temporary || ftruncate(file->out.fd, (off_t)file->end) ||
	    lseek(file->out.fd, (off_t)file->end, SEEK_SET) < 0)
		file->torn = true;
	errno = code;
}

static int check_writable(struct psx_file *file)
{
	if (file->out.fd < 0)
		return psx_error_set(&file->error, EBADF, "%s: not open for writing", psx_error_path(file->path));
	if (file->torn)
		return psx_error_set(&file->error, EIO, "%s: ends in an unfinished frame",
				     psx_error_path(file->path));
	return 0;
}

/* Without growing the file, so that a crash leaves no zeros. Where the file system can't, libc
 * writes to each block; whether there is room a remote one says at fsync only. An errno */
static int set_aside(const struct psx_file *file, uint64_t bytes)
{
	const off_t from = (off_t)file->end, length = (off_t)bytes;
	int code;

	do
		code = fallocate(file->out.fd, FALLOC_FL_KEEP_SIZE, from, length) ? errno : 0;
	while (code == EINTR);
	while (code == EOPNOTSUPP || code == EINTR)
		code = posix_fallocate(file->out.fd, from, length);
	return code ? code : fdatasync(file->out.fd) ? errno : 0;
}

int psx_file_reserve(struct psx_file *file, uint64_t frames, uint32_t width, uint32_t height)
{
	const uint64_t bits = psx_file_mask_length(width, height);
	const uint64_t each = PSX_FILE_RECORD + psx_codec_bound(width, height) + PSX_FILE_MASK +
			      bits + psx_file_fill(bits) + 8 + 2 * 8; /* filled up; and noted */
	uint64_t bytes;
	int code;

	if (check_writable(file))
		return -1;
	if (!file->out.temporary)
		return 0;
	code = __builtin_mul_overflow(frames, each, &bytes) ||
			       bytes > INT64_MAX - PSX_FILE_TRAILER - file->end ?
		       EFBIG :
		       set_aside(file, bytes + PSX_FILE_TRAILER);
	if (code) {
		take_back(file);
		errno = code;
		return psx_file_failed(file);
	}
	file->reserved = true;
	return 0;
}

/* What was set aside and is not used */
static int give_back(const struct psx_file *file)
{
	const off_t end = lseek(file->out.fd, 0, SEEK_CUR);

	return !file->reserved ? 0 : end < 0 || ftruncate(file->out.fd, end);
}

static int write_mask(struct psx_file *file, struct psx_mask *mask)
{
	struct psx_file_mask_record record = {
		.length = psx_file_mask_length(mask->width, mask->height),
		.width = mask->width,
		.height = mask->height,
		.number = file->mask_count + 1,
	};
	uint8_t *bits = calloc(1, record.length), bytes[PSX_FILE_MASK];
	uint64_t offset = file->end;
	int failed;
	size_t i;

	if (!bits)
		return -1;
	for (i = 0; i < (size_t)mask->width * mask->height; i++)
		bits[i / 8] |= (uint8_t)(mask->bad[i] << i % 8);
	record.crc32c = psx_crc32c(0, bits, record.length);
	psx_file_put_mask(bytes, &record);
	failed = write_padded(file, bytes, sizeof(bytes), bits, record.length);
	free(bits);
	if (failed)
		take_back(file);
	return failed || psx_file_note_mask(file, offset, mask) ? -1 : 0;
}

/* The number of a frame's mask, which is written when the file has none like it */
static int number_mask(struct psx_file *file, struct psx_mask *mask, uint32_t *number)
{
	uint32_t i;

	*number = 0;
	if (!mask)
		return 0;
	for (i = file->mask_count; i; i--) {
		const struct psx_mask *known = file->masks[i - 1].mask;

		if (known == mask || (known->width == mask->width && known->height == mask->height &&
				      !memcmp(known->bad, mask->bad,
					      (size_t)mask->width * mask->height)))
			break;
	}
	if (!i && file->mask_count == PSX_FILE_MOST_MASKS) {
		errno = EFBIG;
		return -1;
	}
	if (!i && write_mask(file, mask))
		return -1;
	*number = i ? i : file->mask_count;
	return 0;
}

int psx_file_append(struct psx_file *file, const struct psx_frame *frame)
{
	struct psx_file_record record = { .info = *psx_frame_get_info(frame) };
	uint8_t bytes[PSX_FILE_RECORD];
	size_t length;
	const void *payload = psx_frame_get_payload(frame, &length);
	uint64_t offset;

	if (check_writable(file))
		return -1;
	if (number_mask(file, frame->mask, &record.mask))
		return psx_file_failed(file);
	offset = file->end;
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
	uint8_t *masks = malloc(8 * (size_t)file->mask_count + 1), trailer[PSX_FILE_TRAILER];
	struct iovec parts[3] = {
		{ file->noted, file->count * 8 },
		{ masks, 8 * (size_t)file->mask_count },
		{ trailer, sizeof(trailer) },
	};
	uint32_t i;
	int failed;

	if (!masks)
		return -1;
	for (i = 0; i < file->mask_count; i++)
		psx_file_put_offset(masks + 8 * (size_t)i, file->masks[i].offset);
	psx_file_put_trailer(trailer, file);
	failed = write_all(file->out.fd, parts, 3);
	free(masks);
	return failed;
}

int psx_file_commit(struct psx_file *file)
{
	if (check_writable(file))
		return -1;
	if (write_index(file) || give_back(file) || psx_output_commit(&file->out)) {
		if (file->out.fd >= 0)
			take_back(file);
		return psx_file_failed(file);
	}
	file->complete = true;
	return 0;
}

const char *psx_file_leave(struct psx_file *file)
{
	if (!file->count || !file->out.temporary)
		return NULL;
	(void)give_back(file);
	file->left = psx_output_leave(&file->out);
	return file->left;
}
