// SPDX-License-Identifier: MIT
/* Bank slots: which a device's configurations have, and which are free. */
#include "slots.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>

/* Keeps errno and the device's error */
void psx_slots_free(struct psx_device *dev, const uint32_t *slots, size_t count)
{
	struct psx_error ignored;
	int code = errno;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct psx_slot none = { .slot = slots[i] };

		(void)dev->transport->ops->shape(dev->transport, &none, &ignored);
	}
	errno = code;
}

/* Slots of the configuration before the one in force; those that are still
 * latched, because a commit waits for a frame boundary, stay in the list. */
void psx_slots_free_retired(struct psx_device *dev)
{
	struct psx_error ignored;
	size_t i, kept = 0;

	for (i = 0; i < dev->retired_count; i++) {
		const struct psx_slot none = { .slot = dev->retired[i] };

		if (dev->transport->ops->shape(dev->transport, &none, &ignored))
			dev->retired[kept++] = dev->retired[i];
	}
	dev->retired_count = kept;
}

/* Slots that another process has left in force are retired, too. -1 with ENOMEM */
int psx_slots_adopt(struct psx_device *dev)
{
	const uint32_t banks = dev->transport->info.banks;
	uint32_t i;

	if (dev->adopted || !dev->transport->ops->claim)
		return 0;
	dev->retired = calloc(banks, sizeof(*dev->retired));
	if (!dev->retired)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	dev->adopted = true;
	for (i = 0; i < banks; i++)
		dev->retired[dev->retired_count++] = i;
	psx_slots_free_retired(dev);
	return 0;
}

static bool contains(const uint32_t *slots, size_t count, uint32_t slot)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (slots[i] == slot)
			return true;
	return false;
}

/* Shape the lowest slot from *slot on that no configuration uses */
int psx_slots_take(struct psx_device *dev, struct psx_slot *shape)
{
	for (; shape->slot < dev->transport->info.banks; shape->slot++) {
		if (contains(dev->slots, dev->count, shape->slot) ||
		    contains(dev->retired, dev->retired_count, shape->slot))
			continue;
		if (!dev->transport->ops->shape(dev->transport, shape, &dev->error))
			return 0;
		if (errno == ENOSPC)
			return psx_error_set(&dev->error, ENOSPC,
					     "no room for these kernels beside those in force (%u planes in all): load a small one before",
					     dev->transport->info.planes);
		if (errno != EBUSY)
			return -1;
	}
	return psx_error_set(&dev->error, ENOSPC, "all %u banks of the device are in use",
			     dev->transport->info.banks);
}

/* The slots in force join the retired ones, for which there is room; `slots` are
 * in force from now on */
void psx_slots_replace(struct psx_device *dev, uint32_t *slots, size_t count)
{
	size_t i;

	for (i = 0; i < dev->count; i++)
		dev->retired[dev->retired_count++] = dev->slots[i];
	free(dev->slots);
	dev->slots = slots;
	dev->count = count;
	psx_slots_free_retired(dev);
}
