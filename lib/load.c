// SPDX-License-Identifier: MIT
/* Putting banks into a device: slots, planes, commit. */
#include "bank.h"
#include "device.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_slots(struct psx_device *dev, const uint32_t *slots, size_t count)
{
	struct psx_error ignored;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct psx_slot none = { .slot = slots[i] };

		(void)dev->transport->ops->shape(dev->transport, &none, &ignored);
	}
}

/* Slots of the configuration before the one in force; those that are still
 * latched, because a commit waits for a frame boundary, stay in the list. */
static void free_retired(struct psx_device *dev)
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

static bool contains(const uint32_t *slots, size_t count, uint32_t slot)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (slots[i] == slot)
			return true;
	return false;
}

/* The lowest slots that neither the configuration in force nor its predecessor has */
static uint32_t *choose_slots(struct psx_device *dev, size_t count)
{
	uint32_t *slots = calloc(count, sizeof(*slots));
	uint32_t slot;
	size_t got = 0;

	if (!slots)
		return psx_error_null(&dev->error, ENOMEM, "out of memory");
	for (slot = 0; got < count && slot < dev->transport->info.banks; slot++)
		if (!contains(dev->slots, dev->count, slot) &&
		    !contains(dev->retired, dev->retired_count, slot))
			slots[got++] = slot;
	if (got == count)
		return slots;
	free(slots);
	return psx_error_null(&dev->error, ENOSPC,
			      "%zu banks beside the %zu in force are more than the %u of the device",
			      count, dev->count, dev->transport->info.banks);
}

static int check_banks(struct psx_device *dev, const struct psx_bank *const *banks, size_t count)
{
	const struct psx_device_info *info = &dev->transport->info;
	size_t i;

	if (!count)
		return psx_error_set(&dev->error, EINVAL, "no banks to load");
	for (i = 0; i < count; i++) {
		if (banks[i]->width != info->width || banks[i]->height != info->height)
			return psx_error_set(&dev->error, EINVAL,
					     "a bank for %u x %u does not fit a sensor of %u x %u",
					     banks[i]->width, banks[i]->height, info->width,
					     info->height);
		if (banks[i]->k > info->max_k)
			return psx_error_set(&dev->error, EINVAL,
					     "kernels of %u x %u are larger than the device's %u",
					     banks[i]->k, banks[i]->k, info->max_k);
		if (banks[i]->mode != banks[0]->mode)
			return psx_error_set(&dev->error, EINVAL,
					     "banks of different modes cannot share a schedule");
	}
	return 0;
}

static int check_timing(struct psx_device *dev, const struct psx_settings *s,
			const struct psx_bank *const *banks, size_t count)
{
	const struct psx_device_info *info = &dev->transport->info;
	size_t i;

	if (s->exposure_ns < info->min_exposure_ns || s->exposure_ns > info->max_exposure_ns)
		return psx_error_set(&dev->error, EINVAL,
				     "an exposure of %g s is outside the device's %g .. %g s",
				     (double)s->exposure_ns / 1e9, (double)info->min_exposure_ns / 1e9,
				     (double)info->max_exposure_ns / 1e9);
	for (i = 0; s->period_ns && i < count; i++) {
		unsigned int phases = psx_bank_get_phases(banks[i]);
		uint64_t needed = phases * (s->exposure_ns + info->settle_ns);

		if (s->period_ns < needed)
			return psx_error_set(&dev->error, EINVAL,
					     "%u exposures of %g s and their settling need %g s a frame: "
					     "the rate is at most %.3g frames a second", phases,
					     (double)s->exposure_ns / 1e9, (double)needed / 1e9,
					     1e9 / (double)needed);
	}
	return 0;
}

static int upload(struct psx_device *dev, const struct psx_settings *s,
		  const struct psx_bank *bank, uint32_t slot, int16_t *plane)
{
	const struct psx_transport_ops *ops = dev->transport->ops;
	const struct psx_slot shape = {
		.slot = slot,
		.k = bank->k,
		.phases = psx_bank_get_phases(bank),
		.scale = bank->scale,
		.threshold = s->threshold,
	};
	unsigned int phase;

	if (ops->shape(dev->transport, &shape, &dev->error))
		return -1;
	for (phase = 0; phase < shape.phases; phase++)
		if (psx_bank_get_plane(bank, phase, plane) ||
		    ops->write_plane(dev->transport, slot, phase, plane, &dev->error))
			return -1;
	return 0;
}

int psx_device_load(struct psx_device *dev, const struct psx_settings *s,
		    const struct psx_bank *const *banks, size_t count, uint32_t *cfg_id)
{
	const struct psx_device_info *info = &dev->transport->info;
	uint32_t *slots;
	int16_t *plane;
	uint32_t id;
	size_t i;
	int failed = 0;

	if (!s)
		s = &psx_default_settings;
	if (check_banks(dev, banks, count) || check_timing(dev, s, banks, count))
		return -1;
	free_retired(dev);
	slots = choose_slots(dev, count);
	if (!slots)
		return -1;
	plane = malloc((size_t)info->width * info->height * sizeof(*plane));
	if (!plane)
		failed = psx_error_set(&dev->error, ENOMEM, "out of memory");
	for (i = 0; !failed && i < count; i++)
		failed = upload(dev, s, banks[i], slots[i], plane);
	free(plane);
	if (!failed)
		failed = dev->transport->ops->commit(dev->transport, s, banks[0]->mode, slots, count,
						     &id, &dev->error);
	if (failed) {
		int code = errno;

		free_slots(dev, slots, count);
		free(slots);
		errno = code;
		return -1;
	}
	free(dev->retired);
	dev->retired = dev->slots;
	dev->retired_count = dev->count;
	dev->slots = slots;
	dev->count = count;
	free_retired(dev);
	if (cfg_id)
		*cfg_id = id;
	return 0;
}

int psx_device_read_plane(struct psx_device *dev, unsigned int channel, unsigned int phase,
			  int16_t *codes)
{
	if (channel >= dev->count)
		return psx_error_set(&dev->error, EINVAL, "no channel %u: %zu banks are loaded",
				     channel, dev->count);
	return dev->transport->ops->read_plane(dev->transport, dev->slots[channel], phase, codes,
					       &dev->error);
}
