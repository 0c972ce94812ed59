// SPDX-License-Identifier: GPL-2.0
/*
 * What a claim may change. Each call checks what it was given, writes a
 * sequence of registers and asks the device whether it took them.
 */
#include "psxdet.h"

static bool bank_valid(const struct psx_identity *id, const struct psxdet_bank *bank)
{
	if (bank->bank >= id->banks)
		return false;
	if (!bank->k)
		return !bank->phases && !bank->scale && !bank->threshold;
	return bank->k % 2 && bank->k <= id->max_k &&
	       (bank->phases == 1 || bank->phases == bank->k * bank->k) && bank->scale &&
	       bank->scale <= U16_MAX && bank->threshold <= S16_MAX;
}

/* Under control */
static int shape(struct psx_device *psx, const struct psxdet_bank *bank)
{
	int error;

	psx_write(psx, PSX_REG_BANK_SEL, bank->bank);
	psx_write(psx, PSX_REG_BANK_SHAPE, bank->k | bank->phases << 8);
	error = psx_control_check(psx);
	if (error)
		return error;
	psx->span[bank->bank] = 0;
	if (!bank->k) {
		clear_bit(bank->bank, psx->shaped);
		return 0;
	}
	set_bit(bank->bank, psx->shaped);
	psx_write(psx, PSX_REG_BANK_SCALE, bank->scale);
	psx_write(psx, PSX_REG_BANK_THRESHOLD, bank->threshold);
	return psx_control_check(psx);
}

int psx_set_bank(struct psx_device *psx, const struct psxdet_bank *bank)
{
	int error;

	if (!bank_valid(&psx->id, bank))
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	error = shape(psx, bank);
	psx_control_end(psx);
	return error;
}

/* A new owner finds the memory of banks that nothing uses free; under control */
void psx_free_unused_banks(struct psx_device *psx)
{
	struct psxdet_bank none = { 0 };

	for_each_set_bit(none.bank, psx->shaped, psx->id.banks) {
		psx_write(psx, PSX_REG_BANK_SEL, none.bank);
		if (!(psx_read(psx, PSX_REG_BANK_STATE) & PSX_BANK_IN_USE))
			shape(psx, &none);
	}
}

static bool config_valid(const struct psx_identity *id, const struct psxdet_config *c)
{
	u32 i;

	if (c->flags || c->mode > PSXDET_MODE_POINT || c->polarity > 1 || c->pga > 7 ||
	    c->trigger > PSXDET_TRIGGER_SOFTWARE || !c->channels ||
	    c->channels > PSXDET_CHANNELS_MAX || c->exposure_ns < id->exposure_min_ns ||
	    c->exposure_ns > (u64)id->exposure_max_ms * NSEC_PER_MSEC)
		return false;
	for (i = 0; i < c->channels; i++)
		if (c->bank[i] >= id->banks)
			return false;
	return true;
}

static int write_config(struct psx_device *psx, const struct psxdet_config *c)
{
	u32 i;

	psx_write(psx, PSX_REG_CFG_MODE, c->mode);
	psx_write(psx, PSX_REG_CFG_POLARITY, c->polarity);
	psx_write(psx, PSX_REG_CFG_PGA, c->pga);
	psx_write(psx, PSX_REG_CFG_TRIGGER, c->trigger);
	psx_write64(psx, PSX_REG_CFG_EXPOSURE_LO, c->exposure_ns);
	psx_write64(psx, PSX_REG_CFG_PERIOD_LO, c->period_ns);
	for (i = 0; i < c->channels; i++) {
		psx_write(psx, PSX_REG_CFG_SCHEDULE_SEL, i);
		psx_write(psx, PSX_REG_CFG_SCHEDULE_BANK, c->bank[i]);
	}
	psx_write(psx, PSX_REG_CFG_SCHEDULE_LEN, c->channels);
	return psx_control_check(psx);
}

/* What was loaded was checked against the limit of its time; under control */
static int check_spans(const struct psx_device *psx, const struct psxdet_config *c)
{
	u32 most = psx_mv_to_code(psx, psx->neighbour_mv);
	u32 i;

	for (i = 0; i < c->channels; i++)
		if (psx->span[c->bank[i]] > most)
			return -ERANGE;
	return 0;
}

/*
 * Only one commit can be pending, and what was latched before is reported before
 * the next: so each one's event has its own count of DACs. Under control.
 */
static int commit(struct psx_device *psx, struct psxdet_config *c)
{
	int error;

	if (psx_read(psx, PSX_REG_CFG_PENDING))
		return psx_control_check(psx) ?: -EBUSY;
	psx_interrupt(psx);
	error = check_spans(psx, c) ?: write_config(psx, c);
	if (error)
		return error;
	psx_write(psx, PSX_REG_COMMIT, 1);
	error = psx_control_check(psx);
	if (error)
		return error;
	c->cfg_id = psx_read(psx, PSX_REG_CFG_PENDING);
	c->pending = c->cfg_id != 0;
	if (!c->pending)
		c->cfg_id = psx_read(psx, PSX_REG_CFG_ID);
	psx->calibration_before = psx->config.calibration;
	psx->config = *c;
	psx_interrupt(psx);
	return 0;
}

int psx_commit(struct psx_device *psx, struct psxdet_config *c)
{
	int error;

	if (!config_valid(&psx->id, c))
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	error = commit(psx, c);
	psx_control_end(psx);
	return error;
}

int psx_get_config(struct psx_device *psx, struct psxdet_config *c)
{
	int error = psx_control_begin(psx);

	if (error)
		return error;
	*c = psx->config;
	c->pending = psx_read(psx, PSX_REG_CFG_PENDING) == c->cfg_id;
	psx_control_end(psx);
	return c->cfg_id ? 0 : -ENODATA;
}

/* The mark of @cfg_id, which is in force: committed last, or the one before */
u64 psx_calibration(const struct psx_device *psx, u32 cfg_id)
{
	lockdep_assert_held(&psx->control);
	return cfg_id == psx->config.cfg_id ? psx->config.calibration : psx->calibration_before;
}

int psx_get_bank(struct psx_device *psx, struct psxdet_bank *bank)
{
	u32 shape;
	int error;

	if (bank->bank >= psx->id.banks)
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	psx_write(psx, PSX_REG_BANK_SEL, bank->bank);
	shape = psx_read(psx, PSX_REG_BANK_SHAPE);
	bank->k = shape & 0xff;
	bank->phases = shape >> 8;
	if (bank->k) {
		bank->scale = psx_read(psx, PSX_REG_BANK_SCALE);
		bank->threshold = psx_read(psx, PSX_REG_BANK_THRESHOLD);
	}
	error = psx_control_check(psx);
	psx_control_end(psx);
	return error;
}

int psx_start(struct psx_device *psx, struct psxdet_start *start)
{
	int error;

	if (start->flags)
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	mutex_lock(&psx->service);
	psx_service(psx);
	error = -ENODEV;
	if (psx->leaving)
		goto end;
	error = -EBUSY;
	if (psx->running)
		goto end;
	error = -EINVAL;
	if (!psx_read(psx, PSX_REG_CFG_ID))
		goto end;
	psx_ring_grant(psx);
	psx_write64(psx, PSX_REG_ACQ_FRAMES_LO, start->frames);
	psx_write(psx, PSX_REG_ACQ_CTRL, PSX_ACQ_START);
	error = psx_control_check(psx);
	/* An error that came by itself says nothing of the start */
	if (error && !(error == -EIO && psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_RUNNING))
		goto end;
	error = 0;
	psx->running = true;
	start->series = ++psx->series;
	psx_ring_publish_state(psx);
end:
	mutex_unlock(&psx->service);
	psx_control_end(psx);
	return error;
}

int psx_stop(struct psx_device *psx, u32 how)
{
	int error;

	if (how > PSXDET_STOP_ABORT)
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	psx_write(psx, PSX_REG_ACQ_CTRL, how == PSXDET_STOP_ABORT ? PSX_ACQ_ABORT : PSX_ACQ_STOP);
	error = psx_control_check(psx);
	psx_control_end(psx);
	psx_interrupt(psx);
	return error;
}

int psx_trigger(struct psx_device *psx)
{
	int error = psx_control_begin(psx);

	if (error)
		return error;
	psx_write(psx, PSX_REG_TRIGGER, 1);
	error = psx_control_check(psx);
	psx_control_end(psx);
	return error;
}

int psx_set_shutter(struct psx_device *psx, u32 position)
{
	int error;

	if (!(psx->id.caps & PSX_CAPS_SHUTTER))
		return -EOPNOTSUPP;
	if (position > PSXDET_SHUTTER_BEAM)
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	psx_write(psx, PSX_REG_SHUTTER, position);
	error = psx_control_check(psx);
	psx_control_end(psx);
	return error;
}
