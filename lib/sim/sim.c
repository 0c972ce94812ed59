// SPDX-License-Identifier: MIT
/* Opening a model, its registers, rails and state. */
#include "sim.h"
#include "../device.h"
#include "../error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define REGION_SHIFT 48
#define DEFAULT_SLEW 100 /* mV per ms */

uint64_t psx_sim_address(enum psx_sim_region region, uint64_t offset)
{
	return (uint64_t)region << REGION_SHIFT | offset;
}

static void *host_alloc(void *context, size_t bytes)
{
	(void)context;
	return calloc(1, bytes);
}

static void host_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static void *host_map(void *context, u64 address, size_t bytes)
{
	struct psx_sim *sim = context;
	uint64_t region = address >> REGION_SHIFT;
	uint64_t offset = address & ((1ull << REGION_SHIFT) - 1);

	if (region >= SIM_REGIONS || offset > sim->region[region].size ||
	    bytes > sim->region[region].size - offset)
		return NULL;
	return sim->region[region].memory + offset;
}

uint32_t psx_sim_read(struct psx_sim *sim, uint32_t reg)
{
	return psx_model_read(sim->model, reg);
}

uint64_t psx_sim_read64(struct psx_sim *sim, uint32_t reg_lo)
{
	uint64_t low = psx_sim_read(sim, reg_lo);

	return (uint64_t)psx_sim_read(sim, reg_lo + 4) << 32 | low;
}

void psx_sim_write(struct psx_sim *sim, uint32_t reg, uint32_t value)
{
	psx_model_write(sim->model, reg, value);
}

void psx_sim_write64(struct psx_sim *sim, uint32_t reg_lo, uint64_t value)
{
	psx_sim_write(sim, reg_lo, (uint32_t)value);
	psx_sim_write(sim, reg_lo + 4, (uint32_t)(value >> 32));
}

int psx_sim_check(struct psx_sim *sim, const char *what, struct psx_error *err)
{
	static const struct {
		int code;
		const char *words;
	} errors[] = {
		[PSX_ERR_NONE] = { 0, "" },
		[PSX_ERR_REGISTER] = { EIO, "the device has no such register" },
		[PSX_ERR_RANGE] = { EINVAL, "out of the device's range" },
		[PSX_ERR_STATE] = { EBUSY, "not possible in the device's present state" },
		[PSX_ERR_SPACE] = { ENOSPC, "no memory left for banks" },
		[PSX_ERR_INCOMPLETE] = { EINVAL, "planes of a bank are missing" },
		[PSX_ERR_RATE] = { EINVAL, "the frame period is shorter than its exposures" },
		[PSX_ERR_DMA] = { EIO, "host memory did not answer" },
	};
	uint32_t error = psx_sim_read(sim, PSX_REG_ERROR);
	uint32_t code = PSX_ERR_CODE(error);

	if (!error)
		return 0;
	psx_sim_write(sim, PSX_REG_ERROR, 0);
	if (code >= sizeof(errors) / sizeof(errors[0]))
		code = PSX_ERR_REGISTER;
	return psx_error_set(err, errors[code].code, "%s: %s (register 0x%03x)", what,
			     errors[code].words, PSX_ERR_REG(error));
}

static void sim_close(struct psx_transport *t)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	int i;

	psx_model_destroy(sim->model);
	if (sim->wake_fd >= 0)
		(void)close(sim->wake_fd);
	for (i = 0; i < SIM_REGIONS; i++)
		free(sim->region[i].memory);
	free(sim);
}

uint32_t psx_sim_rails(struct psx_sim *sim)
{
	return psx_sim_read(sim, PSX_REG_RAIL_STATE) & 0xff;
}

uint32_t psx_sim_cause(struct psx_sim *sim)
{
	return psx_sim_read(sim, PSX_REG_RAIL_STATE) >> 8;
}

static int sim_get_status(struct psx_transport *t, struct psx_device_status *st,
			  struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	uint32_t status = psx_sim_read(sim, PSX_REG_STATUS);

	(void)err;
	st->cfg_id = psx_sim_read(sim, PSX_REG_CFG_ID);
	st->rails = psx_sim_rails(sim);
	st->rail_mv[0] = (int32_t)psx_sim_read(sim, PSX_REG_RAIL_POS_MV);
	st->rail_mv[1] = (int32_t)psx_sim_read(sim, PSX_REG_RAIL_NEG_MV);
	st->leakage_pa = (int32_t)psx_sim_read(sim, PSX_REG_LEAKAGE_PA);
	st->temperature_mc = (int32_t)psx_sim_read(sim, PSX_REG_TEMPERATURE);
	st->running = status & PSX_STATUS_RUNNING;
	st->shutter_open = status & PSX_STATUS_SHUTTER_OPEN;
	st->made = psx_sim_read64(sim, PSX_REG_MADE_LO);
	st->dropped = psx_sim_read64(sim, PSX_REG_DROPPED_LO);
	st->device_ns = psx_sim_read64(sim, PSX_REG_CLOCK_LO);
	st->pending_cfg_id = psx_sim_read(sim, PSX_REG_CFG_PENDING);
	st->cause = psx_sim_cause(sim);
	st->series = sim->series;
	st->software_trigger = sim->settings.software_trigger;
	st->interlock_open = status & PSX_STATUS_INTERLOCK_OPEN;
	st->shutter = (enum psx_shutter)psx_sim_read(sim, PSX_REG_SHUTTER);
	st->slew = psx_sim_read(sim, PSX_REG_RAIL_SLEW);
	st->readback_faults = psx_sim_read(sim, PSX_REG_READBACK_FAULTS);
	st->readback_first = psx_sim_read(sim, PSX_REG_READBACK_FIRST);
	if (sim->base.info.caps & PSX_CAP_STAGE) {
		st->stage_x = (int32_t)psx_sim_read(sim, PSX_REG_STAGE_X);
		st->stage_y = (int32_t)psx_sim_read(sim, PSX_REG_STAGE_Y);
	}
	st->stage_moving = status & PSX_STATUS_STAGE_MOVING;
	psx_calibration_unmark(sim->calibration, &st->calibration_id, &st->calibration_time);
	return 0;
}

static int sim_set_shutter(struct psx_transport *t, enum psx_shutter position,
			   struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	psx_sim_write(sim, PSX_REG_SHUTTER, position);
	return psx_sim_check(sim, "shutter", err);
}

static int sim_move(struct psx_transport *t, int32_t x_um, int32_t y_um, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;
	const uint32_t x = psx_sim_read(sim, PSX_REG_STAGE_X);
	const uint32_t y = psx_sim_read(sim, PSX_REG_STAGE_Y);

	psx_sim_write(sim, PSX_REG_STAGE_X, (uint32_t)x_um);
	psx_sim_write(sim, PSX_REG_STAGE_Y, (uint32_t)y_um);
	if (!psx_sim_check(sim, "stage", err))
		return 0;
	psx_sim_write(sim, PSX_REG_STAGE_X, x);
	psx_sim_write(sim, PSX_REG_STAGE_Y, y);
	psx_sim_write(sim, PSX_REG_ERROR, 0);
	return -1;
}

/* Until the rails are where they were sent, tripped ones at 0 V */
static int ramp(struct psx_sim *sim, struct psx_error *err)
{
	for (;;) {
		uint32_t state = psx_sim_rails(sim);
		uint64_t next;

		if (state != PSX_RAIL_STATE_RAMPING &&
		    (state != PSX_RAIL_STATE_TRIPPED || !psx_sim_read(sim, PSX_REG_RAIL_POS_MV)))
			return 0;
		next = psx_model_next_event(sim->model);
		if (next == UINT64_MAX)
			return psx_error_set(err, EIO, "the device's clock has ended");
		psx_model_advance(sim->model, next);
	}
}

/* Hold and heartbeat are for the time after a process, or beside it: here the
 * detector is in it */
static int sim_rails_on(struct psx_transport *t, const struct psx_rails_options *options,
			struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	if (psx_sim_rails(sim) == PSX_RAIL_STATE_ON)
		return 0;
	if (psx_sim_rails(sim) == PSX_RAIL_STATE_TRIPPED)
		return psx_error_set(err, EIO, "the rails are tripped %s, until the trip is cleared",
				     psx_rails_cause(psx_sim_cause(sim)));
	if (psx_sim_read(sim, PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN)
		return psx_error_set(err, EIO, "the interlock is open");
	psx_sim_write(sim, PSX_REG_RAIL_SLEW, options->slew ? options->slew : DEFAULT_SLEW);
	if (psx_sim_check(sim, "slew", err))
		return -1;
	psx_sim_write(sim, PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	if (psx_sim_check(sim, "rails", err) || ramp(sim, err))
		return -1;
	if (psx_sim_rails(sim) != PSX_RAIL_STATE_ON)
		return psx_error_set(err, EIO, "the rails tripped %s",
				     psx_rails_cause(psx_sim_cause(sim)));
	return 0;
}

static int sim_rails_off(struct psx_transport *t, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	psx_sim_write(sim, PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	return psx_sim_check(sim, "rails", err) ? -1 : ramp(sim, err);
}

static int sim_clear_trip(struct psx_transport *t, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	psx_sim_write(sim, PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
	return psx_sim_check(sim, "trip", err);
}

static int sim_beat(struct psx_transport *t, struct psx_error *err)
{
	(void)t;
	(void)err;
	return 0;
}

static int sim_trigger(struct psx_transport *t, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	psx_sim_write(sim, PSX_REG_TRIGGER, 1);
	return psx_sim_check(sim, "trigger", err);
}

static int sim_start(struct psx_transport *t, uint64_t frames, struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	sim->made_before = psx_sim_read64(sim, PSX_REG_MADE_LO);
	sim->dropped_before = psx_sim_read64(sim, PSX_REG_DROPPED_LO);
	sim->full_before = psx_sim_read64(sim, PSX_REG_DROPPED_FULL_LO);
	return psx_sim_start(t, frames, err);
}

static int sim_get_counts(struct psx_transport *t, struct psx_counts *counts,
			  struct psx_error *err)
{
	struct psx_sim *sim = (struct psx_sim *)t;

	(void)err;
	*counts = (struct psx_counts){
		.made = psx_sim_read64(sim, PSX_REG_MADE_LO) - sim->made_before,
		.dropped_full = psx_sim_read64(sim, PSX_REG_DROPPED_FULL_LO) - sim->full_before,
		.dropped_device = psx_sim_read64(sim, PSX_REG_DROPPED_LO) - sim->dropped_before,
	};
	counts->dropped_device -= counts->dropped_full;
	return 0;
}

static const struct psx_transport_ops sim_ops = {
	.close = sim_close,
	.get_status = sim_get_status,
	.present = psx_sim_present,
	.set_shutter = sim_set_shutter,
	.move = sim_move,
	.shape = psx_sim_shape,
	.write = psx_sim_write_target,
	.read = psx_sim_read_target,
	.commit = psx_sim_commit,
	.get_schedule = psx_sim_get_schedule,
	.rails_on = sim_rails_on,
	.rails_off = sim_rails_off,
	.clear_trip = sim_clear_trip,
	.beat = sim_beat,
	.start = sim_start,
	.stop = psx_sim_stop,
	.trigger = sim_trigger,
	.wake = psx_sim_wake,
	.next = psx_sim_next,
	.discard = psx_sim_discard,
	.get_counts = sim_get_counts,
};

static void fill_info(struct psx_sim *sim)
{
	struct psx_device_info *info = &sim->base.info;
	uint32_t depth = psx_sim_read(sim, PSX_REG_DEPTH), caps = psx_sim_read(sim, PSX_REG_CAPS);
	uint32_t name[4], i;

	for (i = 0; i < 4; i++) {
		name[i] = psx_sim_read(sim, PSX_REG_NAME + 4 * i);
		(void)snprintf(info->serial + 8 * i, 9, "%08x",
			       psx_sim_read(sim, PSX_REG_SERIAL + 4 * i));
	}
	memcpy(info->model, name, sizeof(name));
	info->width = psx_sim_read(sim, PSX_REG_WIDTH);
	info->height = psx_sim_read(sim, PSX_REG_HEIGHT);
	info->max_k = psx_sim_read(sim, PSX_REG_MAX_K);
	info->banks = psx_sim_read(sim, PSX_REG_BANKS);
	info->planes = psx_sim_read(sim, PSX_REG_PLANES);
	info->dac_bits = depth & 0xff;
	info->adc_bits = depth >> 8;
	info->pitch_um = psx_sim_read(sim, PSX_REG_PITCH);
	info->max_mv = psx_sim_read(sim, PSX_REG_MAX_MV);
	info->max_neighbour_mv = psx_sim_read(sim, PSX_REG_NEIGHBOUR_MV);
	info->settle_ns = psx_sim_read(sim, PSX_REG_SETTLE_NS);
	info->min_exposure_ns = psx_sim_read(sim, PSX_REG_EXPOSURE_MIN_NS);
	info->max_exposure_ns = psx_sim_read(sim, PSX_REG_EXPOSURE_MAX_MS) * 1000000ull;
	info->caps = (caps & PSX_CAPS_SHUTTER ? PSX_CAP_SHUTTER : 0) |
		     (caps & PSX_CAPS_SCENE ? PSX_CAP_SCENE : 0) |
		     (caps & PSX_CAPS_STAGE ? PSX_CAP_STAGE : 0) |
		     (caps & PSX_CAPS_OFFSET ? PSX_CAP_OFFSET : 0);
	info->scene_width = psx_sim_read(sim, PSX_REG_SCENE_WIDTH);
	info->scene_height = psx_sim_read(sim, PSX_REG_SCENE_HEIGHT);
	info->simulated = caps & PSX_CAPS_SCENE;
	info->border = psx_sim_read(sim, PSX_REG_BORDER);
	info->max_slew = psx_sim_read(sim, PSX_REG_SLEW_MAX);
	info->rail_mv = psx_sim_read(sim, PSX_REG_RAIL_MV);
}

static int start_model(struct psx_sim *sim, const struct psx_sim_options *options,
		       struct psx_error *err)
{
	const struct psx_model_host host = {
		.context = sim, .alloc = host_alloc, .free = host_free, .map = host_map,
	};
	int error;

	sim->rate = options->rate;
	sim->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sim->wake_fd < 0)
		return psx_error_set(err, errno, "sim: eventfd: %s", strerror(errno));
	sim->model = psx_model_create(&host, &options->model, &error);
	if (!sim->model)
		return psx_error_set(err, -error, "sim: a model of %u x %u: %s",
				     options->model.width, options->model.height,
				     strerror(-error));
	fill_info(sim);
	if (psx_sim_ring_init(sim, err))
		return -1;
	return psx_sim_present(&sim->base, psx_image_get_levels(options->scene), err);
}

struct psx_transport *psx_sim_open(const char *keys, struct psx_error *err)
{
	struct psx_sim_options options;
	struct psx_sim *sim;
	int failed, code;

	if (psx_sim_parse(keys, &options, err))
		return NULL;
	sim = calloc(1, sizeof(*sim));
	if (!sim) {
		psx_image_free(options.scene);
		return psx_error_null(err, ENOMEM, "out of memory");
	}
	sim->base.ops = &sim_ops;
	sim->wake_fd = -1;
	failed = start_model(sim, &options, err);
	code = errno;
	psx_image_free(options.scene);
	if (!failed)
		return &sim->base;
	sim_close(&sim->base);
	errno = code;
	return NULL;
}
