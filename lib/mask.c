// SPDX-License-Identifier: MIT
#include "mask.h"

#include <stdlib.h>

struct psx_mask *psx_mask_new(uint32_t width, uint32_t height)
{
	struct psx_mask *mask = calloc(1, sizeof(*mask) + (size_t)width * height);

	if (!mask)
		return NULL;
	atomic_init(&mask->references, 1);
	mask->width = width;
	mask->height = height;
	return mask;
}

struct psx_mask *psx_mask_ref(struct psx_mask *mask)
{
	if (mask)
		atomic_fetch_add(&mask->references, 1);
	return mask;
}

void psx_mask_unref(struct psx_mask *mask)
{
	if (mask && atomic_fetch_sub(&mask->references, 1) == 1)
		free(mask);
}

size_t psx_mask_count(const struct psx_mask *mask)
{
	size_t i, count = 0;

	for (i = 0; mask && i < (size_t)mask->width * mask->height; i++)
		count += mask->bad[i];
	return count;
}
