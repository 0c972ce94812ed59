// SPDX-License-Identifier: MIT
/* Putting banks into a device: slots, planes, commit. */
#include "average.h"
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

static int check_geometry(struct psx_device *dev, const struct psx_geometry *bank)
{
	const struct psx_device_info *info = &dev->transport->info;

	if (bank->width != info->width || bank->height != info->height)
		return psx_error_set(&dev->error, EINVAL,
				     "a bank for %u x %u does not fit a sensor of %u x %u", bank->width,
				     bank->height, info->width, info->height);
	if (bank->border != info->border)
		return psx_error_set(&dev->error, EINVAL,
				     "a bank for a border of %u does not fit a sensor with one of %u",
				     bank->border, info->border);
	return 0;
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
		if (check_geometry(dev, &banks[i]->geometry))
			return -1;
		if (banks[i]->k > info->max_k)
			return psx_error_set(&dev->error, EINVAL,
					     "kernels of %u x %u are larger than the device's %u",
					     banks[i]->k, banks[i]->k, info->max_k);
		if (banks[i]->mode != banks[0]->mode)
			return psx_error_set(&dev->error, EINVAL,
					     "banks of different modes cannot share a schedule");
		planes += psx_bank_get_phases(banks[i]) + !!banks[i]->offset + !!banks[i]->dark;
	}
	if (planes > info->planes)
		return psx_error_set(&dev->error, ENOSPC,
				     "these kernels need %zu bias planes and maps, the device has room for %u",
				     planes, info->planes);
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

int psx_load_check(struct psx_device *dev, const struct psx_settings *s,
		   struct psx_bank *const *banks, size_t count)
{
	return check_banks(dev, banks, count) || check_timing(dev, s, banks, count) ? -1 : 0;
}

/* The largest difference of bias between neighbours, mV */
static uint32_t span_mv(const struct psx_geometry *geometry, const int16_t *plane)
{
	const uint32_t width = geometry->width;
	int most = 0;
	uint32_t x, y;

	for (y = 0; y < geometry->height; y++, plane += width) {
		for (x = 0; x < width; x++) {
			int right = x + 1 < width ? abs(plane[x + 1] - plane[x]) : 0;
			int below = y + 1 < geometry->height ? abs(plane[x + width] - plane[x]) : 0;

			most = right > most ? right : most;
			most = below > most ? below : most;
		}
	}
	return (uint32_t)ceil(most * ((double)PSX_MAX_MV / PSX_CODE_MAX));
}

static int upload_plane(struct psx_device *dev, const struct psx_bank *bank, uint32_t slot,
			unsigned int phase, int16_t *plane)
{
	const struct psx_device_info *info = &dev->transport->info;
	uint32_t span;

	(void)psx_bank_get_plane(bank, phase, plane);
	span = span_mv(&bank->geometry, plane);
	if (span > info->max_neighbour_mv)
		return psx_error_set(&dev->error, ERANGE,
				     "neighbours %u mV apart, the device allows %u", span,
				     info->max_neighbour_mv);
	return dev->transport->ops->write(dev->transport, PSX_TARGET_PLANE, slot, phase, plane,
					  &dev->error);
}

/* A map of outputs; the device's have room for every sub-pixel */
static int upload_map(struct psx_device *dev, const struct psx_bank *bank, uint32_t slot,
		      enum psx_target target, const int16_t *map, int16_t *plane)
{
	uint32_t width, height;

	if (!map)
		return 0;
	psx_bank_outputs(bank, &width, &height);
	memset(plane, 0, psx_bank_area(bank) * sizeof(*plane));
	memcpy(plane, map, (size_t)width * height * sizeof(*plane));
	return dev->transport->ops->write(dev->transport, target, slot, 0, plane, &dev->error);
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
	int failed = 0;

	if (take_slot(dev, &shape))
		return -1;
	*slot = shape.slot;
	for (phase = 0; !failed && phase < shape.phases; phase++)
		failed = upload_plane(dev, bank, shape.slot, phase, plane);
	if (!failed && !upload_map(dev, bank, shape.slot, PSX_TARGET_OFFSET, bank->offset, plane) &&
	    !upload_map(dev, bank, shape.slot, PSX_TARGET_DARK, bank->dark, plane))
		return 0;
	free_slots(dev, slot, 1);
	return -1;
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

/* The masks of these banks, for frames; -1 with ENOMEM */
static int take_masks(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
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

static void drop_masks(struct psx_masks *masks)
{
	while (masks->count)
		psx_mask_unref(masks->masks[--masks->count]);
	free(masks->masks);
	*masks = (struct psx_masks){ 0 };
}

/* The configuration that was loaded last is the one before now: its frames may
 * still come */
static void replace_masks(struct psx_device *dev, const struct psx_masks *masks)
{
	drop_masks(&dev->masks[1]);
	dev->masks[1] = dev->masks[0];
	dev->masks[0] = *masks;
}

void psx_device_drop_masks(struct psx_device *dev)
{
	drop_masks(&dev->masks[0]);
	drop_masks(&dev->masks[1]);
}

struct psx_mask *psx_device_mask(const struct psx_device *dev, uint32_t cfg_id, unsigned int channel)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (dev->masks[i].cfg_id == cfg_id && channel < dev->masks[i].count)
			return dev->masks[i].masks[channel];
	return NULL;
}

/* Room for what a load that succeeds has to note: slots, retired slots, masks */
static int make_room(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		     uint32_t **slots, struct psx_masks *masks)
{
	uint32_t *retired =
		realloc(dev->retired, (dev->retired_count + dev->count + 1) * sizeof(*retired));

	if (!retired)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	dev->retired = retired;
	if (take_masks(dev, banks, count, masks))
		return -1;
	*slots = calloc(count, sizeof(**slots));
	if (*slots)
		return 0;
	drop_masks(masks);
	return psx_error_set(&dev->error, ENOMEM, "out of memory");
}

/* The calibration that all banks are of; 0 when they differ */
static uint64_t mark_of(struct psx_bank *const *banks, size_t count)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (banks[i]->calibration != banks[0]->calibration)
			return 0;
	return banks[0]->calibration;
}

int psx_device_load(struct psx_device *dev, const struct psx_settings *s,
		    struct psx_bank *const *banks, size_t count, uint32_t *cfg_id)
{
	struct psx_masks masks;
	uint32_t *slots;
	size_t taken;

	if (!s)
		s = &psx_default_settings;
	if (psx_load_check(dev, s, banks, count) || psx_device_claim(dev) || adopt_slots(dev))
		return -1;
	free_retired(dev);
	if (make_room(dev, banks, count, &slots, &masks))
		return -1;
	taken = upload_all(dev, s, banks, count, slots);
	if (taken < count ||
	    dev->transport->ops->commit(dev->transport, s, banks[0]->mode, slots, count,
					mark_of(banks, count), &masks.cfg_id, &dev->error)) {
		free_slots(dev, slots, taken);
		free(slots);
		drop_masks(&masks);
		return -1;
	}
	if (cfg_id)
		*cfg_id = masks.cfg_id;
	replace_slots(dev, slots, count);
	replace_masks(dev, &masks);
	return 0;
}

/* Of what is in force, whoever loaded it */
static int read_back(struct psx_device *dev, enum psx_target target, unsigned int channel,
		     unsigned int phase, int16_t *codes)
{
	struct psx_channel_info info;

	if (psx_device_get_channel(dev, channel, &info))
		return -1;
	return dev->transport->ops->read(dev->transport, target, info.bank, phase, codes,
					 &dev->error);
}

int psx_device_read_plane(struct psx_device *dev, unsigned int channel, unsigned int phase,
			  int16_t *codes)
{
	return read_back(dev, PSX_TARGET_PLANE, channel, phase, codes);
}

int psx_device_read_monitors(struct psx_device *dev, unsigned int channel, unsigned int phase,
			     int16_t *codes)
{
	return read_back(dev, PSX_TARGET_MONITORS, channel, phase, codes);
}
