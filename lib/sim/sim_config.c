// SPDX-License-Identifier: MIT
/* Banks, planes, scenes and the commit, through the model's registers. */
#include "sim.h"
#include "../error.h"

#include <errno.h>
#include <string.h>

/* Move one map of 16-bit values through the staging memory */
static int load(struct psx_sim *sim, uint32_t target, size_t bytes, uint32_t direction,
		const char *what, struct psx_error *err)
{
	psx_sim_write64(sim, PSX_REG_LOAD_ADDR_LO, psx_sim_address(SIM_STAGING, 0));
	psx_sim_write(sim, PSX_REG_LOAD_BYTES, (uint32_t)bytes);
	psx_sim_write(sim, PSX_REG_LOAD_OFFSET, 0);
	psx_sim_write(sim, PSX_REG_LOAD_TARGET, target);
	psx_sim_write(sim, PSX_REG_LOAD_GO, direction);
	return psx_sim_check(sim, what, err);
}

static size_t plane_bytes(const struct psx_transport *t)
{
	return (size_t)t->info.width * t->info.height * sizeof(int16_t);
}

int psx_sim_present(struct psx_transport *t, const uint16_t *levels, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	const struct psx_device_info *info = &t->info;
	const size_t bytes = (size_t)info->scene_width * info->scene_height * sizeof(*levels);

	memcpy(sim->region[SIM_STAGING].memory, levels, bytes);
	return load(sim, PSX_LOAD_SCENE, bytes, PSX_LOAD_WRITE, "scene", err);
}

int psx_sim_shape(struct psx_transport *t, const struct psx_slot *slot, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	psx_sim_write(sim, PSX_REG_BANK_SEL, slot->slot);
	if (psx_sim_check(sim, "bank", err))
		return -1;
	psx_sim_write(sim, PSX_REG_BANK_SHAPE, slot->k | slot->phases << 8);
	if (psx_sim_check(sim, "bank", err))
		return -1;
	if (!slot->k)
		return 0;
	psx_sim_write(sim, PSX_REG_BANK_SCALE, slot->scale);
	psx_sim_write(sim, PSX_REG_BANK_THRESHOLD, slot->threshold);
	return psx_sim_check(sim, "bank", err);
}

static uint32_t load_target(enum psx_target target, uint32_t slot, unsigned int phase)
{
	static const uint32_t kinds[] = {
		[PSX_TARGET_PLANE] = PSX_LOAD_PLANE,
		[PSX_TARGET_DARK] = PSX_LOAD_DARK,
		[PSX_TARGET_OFFSET] = PSX_LOAD_OFFSET_MAP,
		[PSX_TARGET_MONITORS] = PSX_LOAD_READBACK,
	};

	return PSX_LOAD_TARGET(kinds[target], slot, phase);
}

int psx_sim_write_target(struct psx_transport *t, enum psx_target target, uint32_t slot,
			 unsigned int phase, const int16_t *values, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	memcpy(sim->region[SIM_STAGING].memory, values, plane_bytes(t));
	return load(sim, load_target(target, slot, phase), plane_bytes(t), PSX_LOAD_WRITE,
		    "bias plane or map", err);
}

int psx_sim_read_target(struct psx_transport *t, enum psx_target target, uint32_t slot,
			unsigned int phase, int16_t *values, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	if (load(sim, load_target(target, slot, phase), plane_bytes(t), PSX_LOAD_READ,
		 "bias plane or map", err))
		return -1;
	memcpy(values, sim->region[SIM_STAGING].memory, plane_bytes(t));
	return 0;
}

int psx_sim_commit(struct psx_transport *t, const struct psx_settings *s, enum psx_mode mode,
		   const uint32_t *slots, size_t count, uint64_t calibration, uint32_t *cfg_id,
		   struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	uint32_t i;

	if (count > PSX_SCHEDULE_MAX)
		return psx_error_set(err, ENOSPC, "a schedule has at most %u banks",
				     PSX_SCHEDULE_MAX);
	psx_sim_write(sim, PSX_REG_CFG_MODE, (uint32_t)mode);
	psx_sim_write(sim, PSX_REG_CFG_POLARITY, s->polarity == PSX_BOTH);
	psx_sim_write(sim, PSX_REG_CFG_PGA, (uint32_t)__builtin_ctz(s->pga));
	psx_sim_write(sim, PSX_REG_CFG_TRIGGER,
		      s->software_trigger ? PSX_TRIGGER_SOFTWARE : PSX_TRIGGER_TIMER);
	psx_sim_write64(sim, PSX_REG_CFG_EXPOSURE_LO, s->exposure_ns);
	psx_sim_write64(sim, PSX_REG_CFG_PERIOD_LO, s->period_ns);
	for (i = 0; i < count; i++) {
		psx_sim_write(sim, PSX_REG_CFG_SCHEDULE_SEL, i);
		psx_sim_write(sim, PSX_REG_CFG_SCHEDULE_BANK, slots[i]);
	}
	psx_sim_write(sim, PSX_REG_CFG_SCHEDULE_LEN, (uint32_t)count);
	if (psx_sim_check(sim, "configuration", err))
		return -1;
	psx_sim_write(sim, PSX_REG_COMMIT, 1);
	if (psx_sim_check(sim, "commit", err))
		return -1;
	sim->settings = *s;
	sim->mode = mode;
	sim->calibration = calibration;
	for (i = 0; i < count; i++)
		sim->schedule[i] = (uint8_t)slots[i];
	sim->channels = count;
	*cfg_id = psx_sim_read(sim, PSX_REG_CFG_PENDING);
	if (!*cfg_id)
		*cfg_id = psx_sim_read(sim, PSX_REG_CFG_ID);
	return 0;
}

int psx_sim_get_schedule(struct psx_transport *t, struct psx_channel_info *channels, size_t room,
			 size_t *count, struct psx_settings *settings, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	size_t i;

	if (!sim->channels)
		return psx_error_set(err, ENODATA, "nothing is loaded");
	*settings = sim->settings;
	for (i = 0; i < sim->channels && i < room; i++) {
		uint32_t shape;

		psx_sim_write(sim, PSX_REG_BANK_SEL, sim->schedule[i]);
		shape = psx_sim_read(sim, PSX_REG_BANK_SHAPE);
		channels[i] = (struct psx_channel_info){
			.bank = sim->schedule[i],
			.k = shape & 0xff,
			.phases = shape >> 8 & 0xff,
			.mode = sim->mode,
			.scale = (uint16_t)psx_sim_read(sim, PSX_REG_BANK_SCALE),
			.threshold = (uint16_t)psx_sim_read(sim, PSX_REG_BANK_THRESHOLD),
		};
	}
	*count = sim->channels;
	return psx_sim_check(sim, "schedule", err);
}
