// SPDX-License-Identifier: MIT
/* The masks of loaded banks, kept for the frames that come of them. */
#include "slots.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>

/* The masks of these banks, for frames; -1 with ENOMEM */
int psx_masks_take(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		      struct psx_masks *masks)
{
	size_t i;

	*masks = (struct psx_masks){ .count = count };
	masks->masks = calloc(count, sizeof(struct psx_mask *));
	if (!masks->masks)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	for (i = 0; i < count; i++)
		masks->masks[i] = psx_mask_ref(banks[i]->mask);
	return 0;
}

void psx_masks_drop(struct psx_masks *masks)
{
	while (masks->count)
		psx_mask_unref(masks->masks[--masks->count]);
	free(masks->masks);
	*masks = (struct psx_masks){ 0 };
}

/* The configuration that was loaded last is the one before now: its frames may
 * still come */
void psx_masks_replace(struct psx_device *dev, const struct psx_masks *masks)
{
	psx_masks_drop(&dev->masks[1]);
	dev->masks[1] = dev->masks[0];
	dev->masks[0] = *masks;
}

void psx_device_drop_masks(struct psx_device *dev)
{
	psx_masks_drop(&dev->masks[0]);
	psx_masks_drop(&dev->masks[1]);
}

struct psx_mask *psx_device_mask(const struct psx_device *dev, uint32_t cfg_id, unsigned int channel)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (dev->masks[i].cfg_id == cfg_id && channel < dev->masks[i].count)
			return dev->masks[i].masks[channel];
	return NULL;
}
