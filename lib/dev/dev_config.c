// SPDX-License-Identifier: MIT
/* Banks, planes, scenes and the commit, through the claim. */
#include "dev.h"

#include <errno.h>
#include <stdio.h>

int psx_dev_shape(struct psx_transport *t, const struct psx_slot *slot, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_bank bank = {
		.bank = slot->slot,
		.k = slot->k,
		.phases = slot->phases,
		.scale = slot->scale,
		.threshold = slot->threshold,
	};

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_BANK, &bank, "bank", err);
}

static struct psxdet_transfer transfer_of(const struct psx_dev *dev, enum psx_target target,
					  uint32_t slot, unsigned int phase, const int16_t *values,
					  char *what, size_t size)
{
	static const struct {
		uint32_t target;
		const char *name;
	} targets[] = {
		[PSX_TARGET_PLANE] = { PSXDET_TARGET_PLANE, "bias plane" },
		[PSX_TARGET_DARK] = { PSXDET_TARGET_DARK, "dark map" },
		[PSX_TARGET_OFFSET] = { PSXDET_TARGET_OFFSET, "offset map" },
		[PSX_TARGET_MONITORS] = { PSXDET_TARGET_READBACK, "monitors of plane" },
	};

	(void)snprintf(what, size, "%s %u of bank %u", targets[target].name, phase, slot);
	return (struct psxdet_transfer){
		.target = targets[target].target,
		.bank = slot,
		.phase = phase,
		.bytes = 2ull * dev->facts.width * dev->facts.height,
		.address = (uintptr_t)values,
	};
}

int psx_dev_write(struct psx_transport *t, enum psx_target target, uint32_t slot,
		  unsigned int phase, const int16_t *values, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	char what[48];
	struct psxdet_transfer transfer =
		transfer_of(dev, target, slot, phase, values, what, sizeof(what));

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_UPLOAD, &transfer, what, err);
}

int psx_dev_read(struct psx_transport *t, enum psx_target target, uint32_t slot,
		 unsigned int phase, int16_t *values, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	char what[48];
	struct psxdet_transfer transfer =
		transfer_of(dev, target, slot, phase, values, what, sizeof(what));

	return psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_DOWNLOAD, &transfer, what, err);
}

int psx_dev_present(struct psx_transport *t, const uint16_t *levels, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_transfer scene = {
		.target = PSXDET_TARGET_SCENE,
		.bytes = 2ull * t->info.scene_width * t->info.scene_height,
		.address = (uintptr_t)levels,
	};

	return psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_UPLOAD, &scene, "scene", err);
}

int psx_dev_commit(struct psx_transport *t, const struct psx_settings *s, enum psx_mode mode,
		   const uint32_t *slots, size_t count, uint64_t calibration, uint32_t *cfg_id,
		   struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_config config = {
		.mode = (uint32_t)mode,
		.polarity = s->polarity == PSX_BOTH,
		.pga = (uint32_t)__builtin_ctz(s->pga),
		.trigger = s->software_trigger ? PSXDET_TRIGGER_SOFTWARE : PSXDET_TRIGGER_TIMER,
		.channels = (uint32_t)count,
		.exposure_ns = s->exposure_ns,
		.period_ns = s->period_ns,
		.calibration = calibration,
	};
	size_t i;

	if (count > PSXDET_CHANNELS_MAX)
		return psx_error_set(err, ENOSPC, "a schedule has at most %u banks",
				     PSXDET_CHANNELS_MAX);
	for (i = 0; i < count; i++)
		config.bank[i] = (uint8_t)slots[i];
	if (psx_dev_ioctl(dev, dev->claim_fd, PSXDET_IOC_COMMIT, &config, "commit", err))
		return -1;
	*cfg_id = config.cfg_id;
	return 0;
}

static int read_bank(struct psx_dev *dev, uint32_t slot, uint32_t mode,
		     struct psx_channel_info *channel, struct psx_error *err)
{
	struct psxdet_bank bank = { .bank = slot };

	if (psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_GET_BANK, &bank, "bank", err))
		return -1;
	*channel = (struct psx_channel_info){
		.bank = slot,
		.k = bank.k,
		.phases = bank.phases,
		.mode = (enum psx_mode)mode,
		.scale = (uint16_t)bank.scale,
		.threshold = (uint16_t)bank.threshold,
	};
	return 0;
}

int psx_dev_get_schedule(struct psx_transport *t, struct psx_channel_info *channels, size_t room,
			 size_t *count, struct psx_settings *settings, struct psx_error *err)
{
	struct psx_dev *dev = (struct psx_dev *)t;
	struct psxdet_config config = { 0 };
	size_t i;

	if (psx_dev_ioctl(dev, dev->fd, PSXDET_IOC_GET_CONFIG, &config, "configuration", err))
		return errno == ENODATA ? psx_error_set(err, ENODATA, "nothing is loaded") : -1;
	*settings = (struct psx_settings){
		.polarity = config.polarity ? PSX_BOTH : PSX_POSITIVE,
		.pga = 1u << (config.pga & 7),
		.exposure_ns = config.exposure_ns,
		.period_ns = config.period_ns,
		.software_trigger = config.trigger == PSXDET_TRIGGER_SOFTWARE,
	};
	*count = config.channels < PSXDET_CHANNELS_MAX ? config.channels : PSXDET_CHANNELS_MAX;
	for (i = 0; i < *count && i < room; i++)
		if (read_bank(dev, config.bank[i], config.mode, &channels[i], err))
			return -1;
	return 0;
}
