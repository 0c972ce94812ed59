// SPDX-License-Identifier: MIT
/* Putting banks into a device: slots, planes, commit. */
#include "bank.h"
#include "device.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keeps errno and the device's error */
static void free_slots(struct psx_device *dev, const uint32_t *slots, size_t count)
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

/* Slots that another process has left in force are retired, too. -1 with ENOMEM */
static int adopt_slots(struct psx_device *dev)
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
	free_retired(dev);
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
static int take_slot(struct psx_device *dev, struct psx_slot *shape)
{
	for (; shape->slot < dev->transport->info.banks; shape->slot++) {
		if (contains(dev->slots, dev->count, shape->slot) ||
		    contains(dev->retired, dev->retired_count, shape->slot))
			continue;
		if (!dev->transport->ops->shape(dev->transport, shape, &dev->error))
			return 0;
		if (errno != EBUSY)
			return -1;
	}
	return psx_error_set(&dev->error, ENOSPC, "all %u banks of the device are in use",
			     dev->transport->info.banks);
}

static int check_banks(struct psx_device *dev, struct psx_bank *const *banks, size_t count)
{
	const struct psx_device_info *info = &dev->transport->info;
	size_t i, planes = 0;

	if (!count)
		return psx_error_set(&dev->error, EINVAL, "no banks to load");
	if (info->max_mv != PSX_MAX_MV)
		return psx_error_set(&dev->error, ENOTSUP,
				     "biases of +-%u mV are not known to this version", info->max_mv);
	for (i = 0; i < count; i++) {
		if (!banks[i])
			return psx_error_set(&dev->error, EINVAL, "bank %zu is NULL", i);
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
		if (banks[i]->span_mv > info->max_neighbour_mv)
			return psx_error_set(&dev->error, ERANGE,
					     "neighbours %u mV apart, the device allows %u",
					     banks[i]->span_mv, info->max_neighbour_mv);
		planes += psx_bank_get_phases(banks[i]);
	}
	if (planes > info->planes)
		return psx_error_set(&dev->error, ENOSPC,
				     "these kernels need %zu bias planes, the device has %u", planes,
				     info->planes);
	return 0;
}

/* To three digits, so that what is printed is possible */
static double round_down(double value)
{
	double unit = pow(10, floor(log10(value)) - 2);

	return floor(value / unit) * unit;
}

static int check_timing(struct psx_device *dev, const struct psx_settings *s,
			struct psx_bank *const *banks, size_t count)
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
					     round_down(1e9 / (double)needed));
	}
	return 0;
}

/* The bank into a slot from *slot on, which is advanced to the one that it took */
static int upload(struct psx_device *dev, const struct psx_settings *s,
		  const struct psx_bank *bank, uint32_t *slot, int16_t *plane)
{
	struct psx_slot shape = {
		.slot = *slot,
		.k = bank->k,
		.phases = psx_bank_get_phases(bank),
		.scale = bank->scale,
		.threshold = s->threshold,
	};
	unsigned int phase;

	if (take_slot(dev, &shape))
		return -1;
	*slot = shape.slot;
	for (phase = 0; phase < shape.phases; phase++) {
		if (psx_bank_get_plane(bank, phase, plane) ||
		    dev->transport->ops->write(dev->transport, PSX_TARGET_PLANE, shape.slot, phase,
					       plane, &dev->error)) {
			free_slots(dev, slot, 1);
			return -1;
		}
	}
	return 0;
}

/* All banks into slots of their own; returns how many slots were taken */
static size_t upload_all(struct psx_device *dev, const struct psx_settings *s,
			 struct psx_bank *const *banks, size_t count, uint32_t *slots)
{
	const struct psx_device_info *info = &dev->transport->info;
	int16_t *plane = malloc((size_t)info->width * info->height * sizeof(*plane));
	uint32_t slot = 0;
	size_t i = 0;

	if (!plane)
		(void)psx_error_set(&dev->error, ENOMEM, "out of memory");
	while (plane && i < count && !upload(dev, s, banks[i], &slot, plane))
		slots[i++] = slot++;
	free(plane);
	return i;
}

/* The slots in force join the retired ones, for which there is room; `slots` are
 * in force from now on */
static void replace_slots(struct psx_device *dev, uint32_t *slots, size_t count)
{
	size_t i;

	for (i = 0; i < dev->count; i++)
		dev->retired[dev->retired_count++] = dev->slots[i];
	free(dev->slots);
	dev->slots = slots;
	dev->count = count;
	free_retired(dev);
}

int psx_device_load(struct psx_device *dev, const struct psx_settings *s,
		    struct psx_bank *const *banks, size_t count, uint32_t *cfg_id)
{
	uint32_t *slots, *retired, id;
	size_t taken;

	if (!s)
		s = &psx_default_settings;
	if (check_banks(dev, banks, count) || check_timing(dev, s, banks, count) ||
	    psx_device_claim(dev) || adopt_slots(dev))
		return -1;
	free_retired(dev);
	slots = calloc(count, sizeof(*slots));
	retired = realloc(dev->retired, (dev->retired_count + dev->count + 1) * sizeof(*retired));
	if (retired)
		dev->retired = retired;
	if (!slots || !retired) {
		free(slots);
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	}
	taken = upload_all(dev, s, banks, count, slots);
	if (taken < count || dev->transport->ops->commit(dev->transport, s, banks[0]->mode, slots,
							 count, 0, &id, &dev->error)) {
		free_slots(dev, slots, taken);
		free(slots);
		return -1;
	}
	replace_slots(dev, slots, count);
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
	return dev->transport->ops->read(dev->transport, PSX_TARGET_PLANE, dev->slots[channel],
					 phase, codes, &dev->error);
}
