// SPDX-License-Identifier: MIT
/*
 * Guest memory: windows of guest addresses onto files that the client shares.
 * With an emulated IOMMU there is a window for every page, so a file is mapped
 * once, whole. It must be sealed against shrinking, as QEMU's memfds are:
 * memory that can vanish would end this process.
 */
#include "vfu.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define WINDOWS_MOST 65535u /* as the protocol has it, unless said otherwise */
#define PAGE	     4096u

/* The first window that ends behind `address` */
static size_t search(const struct vfu_dma *dma, u64 address)
{
	size_t low = 0, high = dma->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct vfu_window *w = &dma->window[middle];

		if (w->address + w->size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void file_put(struct vfu_file *file)
{
	if (!file || --file->users)
		return;
	(void)munmap(file->memory, file->size);
	file->memory = NULL;
}

static int file_open(struct vfu_file *file, int fd, const struct stat *st)
{
	int seals = fcntl(fd, F_GET_SEALS);
	void *memory;

	if (seals < 0 || !(seals & F_SEAL_SHRINK)) {
		errno = EPERM;
		return -1;
	}
	memory = mmap(NULL, (size_t)st->st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	*file = (struct vfu_file){
		.memory = memory,
		.size = (u64)st->st_size,
		.device = st->st_dev,
		.inode = st->st_ino,
	};
	return 0;
}

/* The mapping of a file, which counts one user more; NULL and errno */
static struct vfu_file *file_get(struct vfu_dma *dma, int fd)
{
	struct vfu_file *unused = NULL;
	struct stat st;
	size_t i;

	if (fstat(fd, &st))
		return NULL;
	for (i = 0; i < VFU_FILES; i++) {
		struct vfu_file *file = &dma->file[i];

		if (!file->memory) {
			unused = file;
		} else if (file->device == st.st_dev && file->inode == st.st_ino) {
			file->users++;
			return file;
		}
	}
	if (!unused) {
		errno = ENOSPC;
		return NULL;
	}
	if (file_open(unused, fd, &st))
		return NULL;
	unused->users = 1;
	return unused;
}

static int make_room(struct vfu_dma *dma)
{
	size_t room = dma->room ? 2 * dma->room : 64;
	struct vfu_window *window;

	if (dma->count >= WINDOWS_MOST)
		return ENOSPC;
	if (dma->count < dma->room)
		return 0;
	window = realloc(dma->window, room * sizeof(*window));
	if (!window)
		return ENOMEM;
	dma->window = window;
	dma->room = room;
	return 0;
}

int vfu_dma_map(struct vfu_dma *dma, const struct vfu_window *want, int fd)
{
	struct vfu_window window = *want;
	size_t place;
	int error;

	if (!window.size || window.size > UINT64_MAX - window.address ||
	    ((window.address | window.size | window.offset) & (PAGE - 1)))
		return EINVAL;
	place = search(dma, window.address);
	if (place < dma->count && dma->window[place].address < window.address + window.size)
		return EEXIST;
	error = make_room(dma);
	if (error)
		return error;
	window.file = NULL;
	if (fd >= 0) {
		window.file = file_get(dma, fd);
		if (!window.file)
			return errno;
		if (window.offset > window.file->size ||
		    window.size > window.file->size - window.offset) {
			file_put(window.file);
			return EINVAL;
		}
	}
	memmove(&dma->window[place + 1], &dma->window[place],
		(dma->count - place) * sizeof(window));
	dma->window[place] = window;
	dma->count++;
	return 0;
}

int vfu_dma_unmap(struct vfu_dma *dma, u64 address, u64 size)
{
	size_t first = search(dma, address), end = first, i;

	if (size > UINT64_MAX - address)
		return EINVAL;
	while (end < dma->count && dma->window[end].address < address + size) {
		const struct vfu_window *w = &dma->window[end++];

		if (w->address < address || w->address + w->size > address + size)
			return EINVAL;
	}
	if (first == end)
		return ENOENT;
	for (i = first; i < end; i++)
		file_put(dma->window[i].file);
	memmove(&dma->window[first], &dma->window[end],
		(dma->count - end) * sizeof(*dma->window));
	dma->count -= end - first;
	return 0;
}

void vfu_dma_clear(struct vfu_dma *dma)
{
	size_t i;

	for (i = 0; i < dma->count; i++)
		file_put(dma->window[i].file);
	free(dma->window);
	dma->window = NULL;
	dma->count = dma->room = 0;
}

void *vfu_dma_find(const struct vfu_dma *dma, u64 address, size_t bytes, bool write)
{
	size_t place = search(dma, address);
	const struct vfu_window *w;

	if (place == dma->count)
		return NULL;
	w = &dma->window[place];
	if (address < w->address || bytes > w->size || address - w->address > w->size - bytes)
		return NULL;
	if (!w->file || !(write ? w->writable : w->readable))
		return NULL;
	return w->file->memory + w->offset + (address - w->address);
}
