// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One detector: its memory, its reset, its serial number. */
#include "model.h"

#define PLANE_BYTES	(256ull << 20)
#define PLANES_LEAST	54	/* two banks of k = 5 with both maps, at any size */
#define PLANES_MOST	14400

/*
 * 106 dB up to 32,920 uGy/s, 68 dB without passivation; a square pitch of 3 mm is
 * the paper's 9 mm2
 */
const struct psx_kind psx_kinds[PSX_MODEL_PROFILES] = {
	[PSX_PROFILE_IDEAL] = { .name = "sim-ideal" },
	[PSX_PROFILE_REAL] = { .name = "sim-real", .dark = 1, .linear_least = 165000 },
	[PSX_PROFILE_CMOS32] = {
		.name = "sim-cmos32", .side = 32, .border = 1, .dark = 1, .linear_least = 165000,
	},
	[PSX_PROFILE_MACROPIXEL] = {
		.name = "sim-macropixel", .side = 3, .pitch_um = 3000, .dark = 1, .stage = true,
		.linear_least = 165000,
	},
	[PSX_PROFILE_UNPASSIVATED] = {
		.name = "sim-unpassivated", .dark = 3, .linear_least = 13105688,
	},
};

void psx_model_reset(struct psx_model *m)
{
	m->irq_enable = 0;
	psx_acquire_end(m);
	psx_config_reset(m);
	psx_banks_free(m);
	psx_power_reset(m);
	memset(&m->ring, 0, sizeof(m->ring));
	memset(&m->loader, 0, sizeof(m->loader));
	memset(&m->acq, 0, sizeof(m->acq));
	m->acq.frame_end = PSX_U64_MAX;
	m->bank_sel = 0;
	m->made = 0;
	m->dropped = 0;
	m->dropped_full = 0;
	m->irq_status = 0;
	m->error = 0;
	m->latch_hi = 0;
	m->shadow_lo = 0;
	m->shutter = PSX_SHUTTER_OPEN;
	memcpy(m->stage_sent, m->stage, sizeof(m->stage_sent));
}

static bool size_valid(const struct psx_model_config *config)
{
	u32 side = psx_kinds[config->profile].side;

	if (side)
		return config->width == side && config->height == side;
	return config->width && config->width <= PSX_MODEL_MAX_SIDE && config->height &&
	       config->height <= PSX_MODEL_MAX_SIDE;
}

static bool scene_valid(const struct psx_model_config *config)
{
	if (!config->scene_width && !config->scene_height)
		return true;
	if (!psx_kinds[config->profile].stage)
		return config->scene_width == config->width &&
		       config->scene_height == config->height;
	return config->scene_width && config->scene_width <= PSX_MODEL_MAX_SIDE &&
	       config->scene_height && config->scene_height <= PSX_MODEL_MAX_SIDE;
}

/* A collimator goes with a stage */
static bool aperture_valid(const struct psx_model_config *config)
{
	const struct psx_kind *kind = &psx_kinds[config->profile];

	return !config->aperture_um || (kind->stage && config->aperture_um <= kind->pitch_um);
}

static bool config_valid(const struct psx_model_config *config)
{
	u64 defects = (u64)config->dead + config->hot + config->stuck;

	if (config->profile >= PSX_MODEL_PROFILES || !size_valid(config) ||
	    !scene_valid(config) || !aperture_valid(config))
		return false;
	if (config->profile == PSX_PROFILE_IDEAL && defects)
		return false;
	return defects <= psx_defects_room(config) &&
	       config->dose_rate_pgy_s <= PSX_DOSE_RATE_MOST &&
	       config->read_noise_milli <= PSX_READ_NOISE_MOST &&
	       config->faults.temperature_mc >= PSX_TEMPERATURE_LEAST &&
	       config->faults.temperature_mc <= PSX_TEMPERATURE_MOST;
}

static void set_serial(struct psx_model *m)
{
	const struct psx_model_config *config = &m->config;
	u64 hash = psx_hash(config->seed, config->profile);
	u32 i;

	hash = psx_hash(hash, (u64)config->width << 32 | config->height);
	hash = psx_hash(hash, config->mismatch_ppm);
	hash = psx_hash(hash, (u64)config->dead << 32 | config->hot);
	hash = psx_hash(hash, config->stuck);
	for (i = 0; i < 4; i++)
		m->serial[i] = (u32)psx_hash(hash, i);
}

struct psx_model *psx_model_create(const struct psx_model_host *host,
				   const struct psx_model_config *config, int *error)
{
	size_t area = (size_t)config->width * config->height;
	u64 plane_budget = PLANE_BYTES;
	struct psx_model *m;

	*error = -EINVAL;
	if (!config_valid(config) || !host->lock != !host->unlock)
		return NULL;
	*error = -ENOMEM;
	m = host->alloc(host->context, sizeof(*m));
	if (!m)
		return NULL;
	m->host = *host;
	m->config = *config;
	if (psx_kind_of(m)->pitch_um)
		m->config.pitch_um = psx_kind_of(m)->pitch_um;
	if (!m->config.aperture_um)
		m->config.aperture_um = m->config.pitch_um;
	m->payload_size = psx_codec_bound(config->width, config->height);
	if (!m->config.scene_width) {
		m->config.scene_width = config->width;
		m->config.scene_height = config->height;
	}
	m->scene = host->alloc(host->context, psx_scene_area(m) * sizeof(*m->scene));
	if (psx_kind_of(m)->stage)
		m->view = host->alloc(host->context, area * sizeof(*m->view));
	m->values = host->alloc(host->context, area * sizeof(*m->values));
	m->sums = host->alloc(host->context, config->width * sizeof(*m->sums));
	m->squares = host->alloc(host->context, config->width * sizeof(*m->squares));
	m->darks = host->alloc(host->context, config->width * sizeof(*m->darks));
	m->payload = host->alloc(host->context, m->payload_size);
	if (!m->scene || (psx_kind_of(m)->stage && !m->view) || !m->values || !m->sums ||
	    !m->squares || !m->darks || !m->payload || psx_sensor_init(m)) {
		psx_model_destroy(m);
		return NULL;
	}
	plane_budget /= area * sizeof(s16);
	if (plane_budget < PLANES_LEAST)
		plane_budget = PLANES_LEAST;
	if (plane_budget > PLANES_MOST)
		plane_budget = PLANES_MOST;
	m->planes_max = (u32)plane_budget;
	set_serial(m);
	psx_model_reset(m);
	psx_power_faults(m);
	*error = 0;
	return m;
}

void psx_model_set_faults(struct psx_model *m, const struct psx_model_faults *faults)
{
	struct psx_model_faults *now = &m->config.faults;

	if (faults->overcurrent_ns != now->overcurrent_ns)
		m->power.broke_down = false;
	*now = *faults;
	if (now->temperature_mc < PSX_TEMPERATURE_LEAST)
		now->temperature_mc = PSX_TEMPERATURE_LEAST;
	if (now->temperature_mc > PSX_TEMPERATURE_MOST)
		now->temperature_mc = PSX_TEMPERATURE_MOST;
	psx_power_faults(m);
	psx_stage_go(m);
}

void psx_model_destroy(struct psx_model *m)
{
	struct psx_model_host host;

	if (!m)
		return;
	host = m->host;
	psx_banks_free(m);
	psx_sensor_free(m);
	host.free(host.context, m->scene);
	host.free(host.context, m->view);
	host.free(host.context, m->values);
	host.free(host.context, m->sums);
	host.free(host.context, m->squares);
	host.free(host.context, m->darks);
	host.free(host.context, m->payload);
	host.free(host.context, m);
}
