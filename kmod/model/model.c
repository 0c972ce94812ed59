// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One detector: its memory, its reset, its serial number. */
#include "model.h"

void psx_model_reset(struct psx_model *m)
{
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
	m->irq_enable = 0;
	m->irq_status = 0;
	m->error = 0;
	m->shutter_open = true;
}

struct psx_model *psx_model_create(const struct psx_model_host *host,
				   const struct psx_model_config *config, int *error)
{
	size_t area = (size_t)config->width * config->height;
	u64 plane_budget = 256ull << 20;
	struct psx_model *m;
	u64 hash = 0;
	u32 i;

	*error = -EINVAL;
	if (!config->width || !config->height || config->width > PSX_MODEL_MAX_SIDE ||
	    config->height > PSX_MODEL_MAX_SIDE || config->profile > PSX_PROFILE_REAL)
		return NULL;
	*error = -ENOMEM;
	m = host->alloc(host->context, sizeof(*m));
	if (!m)
		return NULL;
	m->host = *host;
	m->config = *config;
	m->payload_size = psx_codec_bound(config->width, config->height);
	m->scene = host->alloc(host->context, area * sizeof(*m->scene));
	m->values = host->alloc(host->context, area * sizeof(*m->values));
	m->sums = host->alloc(host->context, config->width * sizeof(*m->sums));
	m->squares = host->alloc(host->context, config->width * sizeof(*m->squares));
	m->payload = host->alloc(host->context, m->payload_size);
	if (!m->scene || !m->values || !m->sums || !m->squares || !m->payload ||
	    psx_sensor_init(m)) {
		psx_model_destroy(m);
		return NULL;
	}
	/* Room for two banks of k = 5 at any size, for more where they are small */
	plane_budget /= area * sizeof(s16);
	m->planes_max = plane_budget < 50 ? 50 : plane_budget > 14400 ? 14400 : (u32)plane_budget;
	hash = psx_hash(config->seed, config->profile);
	hash = psx_hash(hash, (u64)config->width << 32 | config->height);
	hash = psx_hash(hash, config->mismatch_ppm);
	for (i = 0; i < 4; i++)
		m->serial[i] = (u32)psx_hash(hash, i);
	psx_model_reset(m);
	*error = 0;
	return m;
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
	host.free(host.context, m->values);
	host.free(host.context, m->sums);
	host.free(host.context, m->squares);
	host.free(host.context, m->payload);
	host.free(host.context, m);
}
