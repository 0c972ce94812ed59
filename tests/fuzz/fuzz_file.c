// SPDX-License-Identifier: MIT
/* Any bytes as a .psx file: opened, and every frame fetched and decoded. */
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mend.h"

#define MOST_FRAMES 64u
#define MOST_PIXELS (512u * 512u)

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16 != 0)
		mend_file(data, size);
	return size;
}

static void use_frame(const struct psx_frame *frame)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	size_t pixels = (size_t)info->width * info->height;
	const uint8_t *mask = psx_frame_get_mask(frame);
	struct psx_error err;
	int16_t *values;

	if (pixels > MOST_PIXELS)
		return;
	for (size_t i = 0; mask && i < pixels; i++)
		require(mask[i] <= 1);
	values = malloc(pixels * sizeof(*values));
	if (psx_frame_to_dense(frame, values, info->width, &err))
		require(strlen(err.message) > 0);
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	struct psx_file *file;
	struct psx_error err;
	char path[32];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = psx_file_open(path, &err);
	(void)close(fd);
	if (!file) {
		require(strlen(err.message) > 0);
		return 0;
	}
	require(psx_file_get_metadata(file)[0] != '\0');
	for (uint64_t i = 0; i < psx_file_get_count(file) && i < MOST_FRAMES; i++) {
		struct psx_frame *frame = psx_file_get_frame(file, i);

		if (frame)
			use_frame(frame);
		else
			require(psx_file_is_complete(file) && psx_file_error(file)[0]);
		psx_frame_free(frame);
	}
	psx_file_close(file);
	return 0;
}
