// SPDX-License-Identifier: GPL-2.0
/*
 * What a claim may change. Each call checks what it was given, writes a
 * sequence of registers and asks the device whether it took them.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "psxdet.h"

#define OFF_TIMEOUT	(10 * HZ)

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

static int stage(struct psx_device *psx, const struct psxdet_config *c)
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

int psx_commit(struct psx_device *psx, struct psxdet_config *c)
{
	int error;

	if (!config_valid(&psx->id, c))
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	error = stage(psx, c);
	if (error)
		goto end;
	psx_write(psx, PSX_REG_COMMIT, 1);
	error = psx_control_check(psx);
	if (error)
		goto end;
	c->cfg_id = psx_read(psx, PSX_REG_CFG_PENDING);
	c->pending = c->cfg_id != 0;
	psx->software_trigger = c->trigger == PSXDET_TRIGGER_SOFTWARE;
	if (!c->pending)
		c->cfg_id = psx_read(psx, PSX_REG_CFG_ID);
end:
	psx_control_end(psx);
	return error;
}

int psx_set_rails(struct psx_device *psx, u32 action)
{
	static const u32 commands[] = {
		[PSXDET_RAILS_DO_OFF] = PSX_RAIL_OFF,
		[PSXDET_RAILS_DO_ON] = PSX_RAIL_ON,
		[PSXDET_RAILS_DO_CLEAR] = PSX_RAIL_CLEAR,
	};
	int error;

	if (action >= ARRAY_SIZE(commands))
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	if (psx->leaving && action == PSXDET_RAILS_DO_ON) {
		error = -ENODEV;
	} else {
		psx_write(psx, PSX_REG_RAIL_CTRL, commands[action]);
		error = psx_control_check(psx);
	}
	psx_control_end(psx);
	psx_interrupt(psx);
	return error;
}

/* Down for good, and wait for it: the hardware is about to go */
void psx_rails_off(struct psx_device *psx)
{
	unsigned long end = jiffies + OFF_TIMEOUT;
	u32 state;

	psx_control_begin_always(psx);
	WRITE_ONCE(psx->leaving, true);
	psx_write(psx, PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	psx_control_check(psx);
	psx_control_end(psx);
	do {
		state = psx_read(psx, PSX_REG_RAIL_STATE);
		if (state == ~0u || (!psx_read(psx, PSX_REG_RAIL_POS_MV) &&
				     !psx_read(psx, PSX_REG_RAIL_NEG_MV)))
			return;
		fsleep(10 * USEC_PER_MSEC);
	} while (time_before(jiffies, end));
	dev_err(&psx->dev, "the rails did not go down\n");
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

int psx_set_shutter(struct psx_device *psx, u32 open)
{
	int error;

	if (!(psx->id.caps & PSX_CAPS_SHUTTER))
		return -EOPNOTSUPP;
	if (open > 1)
		return -EINVAL;
	error = psx_control_begin(psx);
	if (error)
		return error;
	psx_write(psx, PSX_REG_SHUTTER, open);
	error = psx_control_check(psx);
	psx_control_end(psx);
	return error;
}
