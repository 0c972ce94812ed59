// SPDX-License-Identifier: MIT
/* Putting banks into a device: planes, maps, commit. */
#include "calibration.h"
#include "error.h"
#include "settings.h"
#include "slots.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

	if (psx_slots_take(dev, &shape))
		return -1;
	*slot = shape.slot;
	for (phase = 0; !failed && phase < shape.phases; phase++)
		failed = upload_plane(dev, bank, shape.slot, phase, plane);
	if (!failed && !upload_map(dev, bank, shape.slot, PSX_TARGET_OFFSET, bank->offset, plane) &&
	    !upload_map(dev, bank, shape.slot, PSX_TARGET_DARK, bank->dark, plane))
		return 0;
	psx_slots_free(dev, slot, 1);
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

/* Room for what a load that succeeds has to note: slots, retired slots, masks */
static int make_room(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		     uint32_t **slots, struct psx_masks *masks)
{
	uint32_t *retired =
		realloc(dev->retired, (dev->retired_count + dev->count + 1) * sizeof(*retired));

	if (retired)
		dev->retired = retired;
	*slots = retired ? calloc(count, sizeof(**slots)) : NULL;
	if (!*slots) {
		(void)psx_error_set(&dev->error, ENOMEM, "out of memory");
		return -1;
	}
	if (!psx_masks_take(dev, banks, count, masks))
		return 0;
	free(*slots);
	return -1;
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

unsigned int psx_pga_for(double levels)
{
	unsigned int pga = 1;

	while (pga < PSX_PGA_MOST && levels * 2 * pga <= PSX_ADC_LEVELS)
		pga *= 2;
	return pga;
}

struct psx_settings psx_load_settings(const struct psx_settings *s, struct psx_bank *const *banks,
				      size_t count)
{
	struct psx_settings settings = *s;
	double swing = 0;
	size_t i;

	for (i = 0; i < count; i++)
		swing = fmax(swing, banks[i]->swing);
	if (!settings.pga)
		settings.pga = psx_pga_for(swing * PSX_FULL_DOSE * (double)settings.exposure_ns / 1e9);
	return settings;
}

int psx_device_load(struct psx_device *dev, const struct psx_settings *s,
		    struct psx_bank *const *banks, size_t count, uint32_t *cfg_id)
{
	struct psx_settings settings;
	struct psx_masks masks;
	uint32_t *slots = NULL;
	size_t taken;

	if (!s)
		s = &psx_default_settings;
	if (psx_load_check(dev, s, banks, count, false) || psx_device_claim(dev) || psx_slots_adopt(dev))
		return -1;
	psx_slots_free_retired(dev);
	if (make_room(dev, banks, count, &slots, &masks))
		return -1;
	settings = psx_load_settings(s, banks, count);
	taken = upload_all(dev, &settings, banks, count, slots);
	if (taken < count ||
	    dev->transport->ops->commit(dev->transport, &settings, banks[0]->mode, slots, count,
					mark_of(banks, count), &masks.cfg_id, &dev->error)) {
		psx_slots_free(dev, slots, taken);
		free(slots);
		psx_masks_drop(&masks);
		return -1;
	}
	if (cfg_id)
		*cfg_id = masks.cfg_id;
	psx_slots_replace(dev, slots, count);
	psx_masks_replace(dev, &masks);
	return 0;
}

int psx_load_instead(struct psx_device *dev, const struct psx_settings *s,
		     struct psx_bank *const *banks, size_t count, uint32_t *cfg_id)
{
	const struct psx_device_info *info = &dev->transport->info;
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	struct psx_bank *nothing;
	int failed = psx_device_load(dev, s, banks, count, cfg_id);

	if (!failed || errno != ENOSPC)
		return failed;
	nothing = psx_beam_bank(&geometry, 0, &dev->error);
	failed = !nothing || psx_device_load(dev, NULL, &nothing, 1, NULL) ||
		 psx_device_load(dev, s, banks, count, cfg_id);
	psx_bank_free(nothing);
	return failed ? -1 : 0;
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
