// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Configurations: staged by registers, checked at the commit, latched whole at
 * a frame boundary.
 */
#include "model.h"

static void use_banks(struct psx_model *m, const struct psx_config *config, bool use)
{
	u32 i;

	for (i = 0; i < config->channels; i++) {
		if (use)
			m->bank[config->channel[i].bank].users++;
		else
			m->bank[config->channel[i].bank].users--;
	}
}

u64 psx_config_duration(const struct psx_model *m, const struct psx_config *c, u32 channel)
{
	return m->bank[c->channel[channel].bank].phases * (c->exposure + PSX_SETTLE_NS);
}

static u32 check_bank(const struct psx_model *m, const struct psx_config *c, u32 channel)
{
	const struct psx_bank_slot *bank = &m->bank[c->channel[channel].bank];
	bool scan = c->mode == PSX_MODE_REG_SCAN;

	if (!bank->k || bank->loaded != bank->phases)
		return PSX_ERR_INCOMPLETE;
	if (bank->phases != (scan ? bank->k * bank->k : 1))
		return PSX_ERR_RANGE;
	if (!scan && (m->config.width < bank->k || m->config.height < bank->k))
		return PSX_ERR_RANGE;
	if (c->period && c->period < psx_config_duration(m, c, channel))
		return PSX_ERR_RATE;
	return PSX_ERR_NONE;
}

u32 psx_config_commit(struct psx_model *m)
{
	struct psx_config *c = &m->staged;
	u32 error, i;

	if (m->pending.id)
		return PSX_ERR_STATE;
	if (!c->channels)
		return PSX_ERR_INCOMPLETE;
	for (i = 0; i < c->channels; i++) {
		error = check_bank(m, c, i);
		if (error)
			return error;
		c->channel[i].scale = m->bank[c->channel[i].bank].scale;
		c->channel[i].threshold = m->bank[c->channel[i].bank].threshold;
	}
	m->pending = *c;
	if (!++m->commits)	/* 0 is no configuration */
		m->commits = 1;
	m->pending.id = m->commits;
	use_banks(m, &m->pending, true);
	if (m->acq.frame_end == PSX_U64_MAX)
		psx_config_latch(m);
	return PSX_ERR_NONE;
}

void psx_config_latch(struct psx_model *m)
{
	if (!m->pending.id)
		return;
	use_banks(m, &m->active, false);
	m->active = m->pending;
	m->pending.id = 0;
	m->acq.channel = 0;
	m->acq.held = 0;
	psx_readback_check(m);
	psx_model_raise(m, PSX_IRQ_COMMIT);
}

void psx_config_reset(struct psx_model *m)
{
	if (m->pending.id)
		use_banks(m, &m->pending, false);
	use_banks(m, &m->active, false);
	memset(&m->pending, 0, sizeof(m->pending));
	memset(&m->active, 0, sizeof(m->active));
	memset(&m->staged, 0, sizeof(m->staged));
	m->staged.exposure = 1000000000;
	m->commits = 0;
	m->readback_faults = 0;
	m->readback_first = 0;
	m->schedule_sel = 0;
}
