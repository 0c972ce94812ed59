// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a host writes into BAR 0: checked, taken or refused with an error. */
#include "model.h"

#define SEG_SHIFT_LEAST		12u

static void interrupt(struct psx_model *m, u32 irq)
{
	if ((irq & m->irq_enable) && m->host.irq)
		m->host.irq(m->host.context);
}

void psx_model_raise(struct psx_model *m, u32 irq)
{
	m->irq_status |= irq;
	interrupt(m, irq);
}

/* The first error stays in ERROR until it is cleared */
void psx_model_fail(struct psx_model *m, u32 error, u32 reg)
{
	if (!m->error)
		m->error = error | reg << 16;
	psx_model_raise(m, PSX_IRQ_ERROR);
}

static u32 set_u32(u32 *field, u32 value, u32 least, u32 most)
{
	if (value < least || value > most)
		return PSX_ERR_RANGE;
	*field = value;
	return PSX_ERR_NONE;
}

static u32 set_u16(u16 *field, u32 value, u32 least, u32 most)
{
	if (value < least || value > most)
		return PSX_ERR_RANGE;
	*field = (u16)value;
	return PSX_ERR_NONE;
}

static u32 set_u64(u64 *field, u64 value, u64 least, u64 most)
{
	if (value < least || value > most)
		return PSX_ERR_RANGE;
	*field = value;
	return PSX_ERR_NONE;
}

static u32 set_address(u64 *field, u64 value, u64 align)
{
	if (value & (align - 1))
		return PSX_ERR_RANGE;
	*field = value;
	return PSX_ERR_NONE;
}

static u32 write_config(struct psx_model *m, u32 reg, u32 value)
{
	struct psx_config *c = &m->staged;
	u64 wide = (u64)value << 32 | m->shadow_lo;

	switch (reg) {
	case PSX_REG_CFG_MODE:
		return set_u32(&c->mode, value, 0, PSX_MODE_REG_POINT);
	case PSX_REG_CFG_POLARITY:
		return set_u32(&c->polarity, value, 0, 1);
	case PSX_REG_CFG_PGA:
		return set_u32(&c->pga, value, 0, 7);
	case PSX_REG_CFG_TRIGGER:
		return set_u32(&c->trigger, value, 0, PSX_TRIGGER_SOFTWARE);
	case PSX_REG_CFG_EXPOSURE_HI:
		return set_u64(&c->exposure, wide, PSX_EXPOSURE_LEAST_NS,
			       PSX_EXPOSURE_MOST_MS * PSX_NS_PER_MS);
	case PSX_REG_CFG_PERIOD_HI:
		return set_u64(&c->period, wide, 0, PSX_PERIOD_MOST_NS);
	case PSX_REG_CFG_SCHEDULE_LEN:
		return set_u32(&c->channels, value, 1, PSX_SCHEDULE_MAX);
	case PSX_REG_CFG_SCHEDULE_SEL:
		return set_u32(&m->schedule_sel, value, 0, PSX_SCHEDULE_MAX - 1);
	case PSX_REG_CFG_SCHEDULE_BANK:
		return set_u16(&c->channel[m->schedule_sel].bank, value, 0, PSX_BANKS - 1);
	case PSX_REG_COMMIT:
		return psx_config_commit(m);
	default:
		return PSX_ERR_REGISTER;
	}
}

static u32 write_power(struct psx_model *m, u32 reg, u32 value)
{
	switch (reg) {
	case PSX_REG_RAIL_CTRL:
		return psx_power_ctrl(m, value);
	case PSX_REG_RAIL_SLEW:
		if (m->power.state == PSX_RAIL_STATE_RAMPING)
			return PSX_ERR_STATE;
		return set_u32(&m->power.slew, value, 1, PSX_SLEW_MOST);
	case PSX_REG_WATCHDOG_MS:
		m->power.watchdog_ms = value;
		psx_power_pet(m);
		return PSX_ERR_NONE;
	case PSX_REG_WATCHDOG_PET:
		psx_power_pet(m);
		return PSX_ERR_NONE;
	default:
		return PSX_ERR_REGISTER;
	}
}

static u32 write_ring(struct psx_model *m, u32 reg, u32 value)
{
	struct psx_ring *ring = &m->ring;
	u64 wide = (u64)value << 32 | m->shadow_lo;

	if (reg < PSX_REG_RING_CTRL && ring->enabled)
		return PSX_ERR_STATE;
	switch (reg) {
	case PSX_REG_SEG_SEL:
		return set_u32(&ring->seg_sel, value, 0, PSX_SEGS - 1);
	case PSX_REG_SEG_ADDR_HI:
		return set_address(&ring->seg_addr[ring->seg_sel], wide, PSX_SEG_ALIGN);
	case PSX_REG_SEG_SHIFT:
		return set_u32(&ring->seg_shift, value, SEG_SHIFT_LEAST, PSX_SEG_SHIFT_LIMIT);
	case PSX_REG_SEG_COUNT:
		if (value & (value - 1))
			return PSX_ERR_RANGE;
		return set_u32(&ring->seg_count, value, 1, PSX_SEGS);
	case PSX_REG_CQ_ADDR_HI:
		return set_address(&ring->cq_addr, wide, PSX_CQ_ALIGN);
	case PSX_REG_CQ_SHIFT:
		return set_u32(&ring->cq_shift, value, 1, PSX_CQ_SHIFT_LIMIT);
	case PSX_REG_RING_CTRL:
		return psx_ring_ctrl(m, value);
	case PSX_REG_GRANT_DATA_HI:
		return set_u64(&ring->grant_data, wide, ring->grant_data, PSX_U64_MAX);
	case PSX_REG_GRANT_CQ_HI:
		return set_u64(&ring->grant_cq, wide, ring->grant_cq, PSX_U64_MAX);
	default:
		return PSX_ERR_REGISTER;
	}
}

static u32 write_control(struct psx_model *m, u32 reg, u32 value)
{
	switch (reg) {
	case PSX_REG_CTRL:
		if (value != PSX_CTRL_RESET)
			return PSX_ERR_RANGE;
		psx_model_reset(m);
		return PSX_ERR_NONE;
	case PSX_REG_ERROR:
		m->error = 0;
		return PSX_ERR_NONE;
	case PSX_REG_IRQ_STATUS:
		m->irq_status &= ~value;
		return PSX_ERR_NONE;
	case PSX_REG_IRQ_ENABLE:
		if (value & ~PSX_IRQ_ALL)
			return PSX_ERR_RANGE;
		m->irq_enable = value;
		interrupt(m, m->irq_status);
		return PSX_ERR_NONE;
	default:
		return PSX_ERR_REGISTER;
	}
}

static u32 write_bank(struct psx_model *m, u32 reg, u32 value)
{
	struct psx_bank_slot *bank = &m->bank[m->bank_sel];

	switch (reg) {
	case PSX_REG_LOAD_ADDR_HI:
		m->loader.addr = (u64)value << 32 | m->shadow_lo;
		return PSX_ERR_NONE;
	case PSX_REG_LOAD_BYTES:
		m->loader.bytes = value;
		return PSX_ERR_NONE;
	case PSX_REG_LOAD_OFFSET:
		m->loader.offset = value;
		return PSX_ERR_NONE;
	case PSX_REG_LOAD_TARGET:
		m->loader.target = value;
		return PSX_ERR_NONE;
	case PSX_REG_LOAD_GO:
		return psx_loader_go(m, value);
	case PSX_REG_BANK_SEL:
		return set_u32(&m->bank_sel, value, 0, PSX_BANKS - 1);
	case PSX_REG_BANK_SHAPE:
		return psx_bank_write_shape(m, value);
	case PSX_REG_BANK_SCALE:
		if (!bank->k)
			return PSX_ERR_INCOMPLETE;
		return set_u16(&bank->scale, value, 1, 65535);
	case PSX_REG_BANK_THRESHOLD:
		if (!bank->k)
			return PSX_ERR_INCOMPLETE;
		return set_u16(&bank->threshold, value, 0, PSX_CODEC_MAX_THRESHOLD);
	default:
		return PSX_ERR_REGISTER;
	}
}

static u32 write_acquire(struct psx_model *m, u32 reg, u32 value)
{
	switch (reg) {
	case PSX_REG_ACQ_FRAMES_HI:
		m->acq.frames_reg = (u64)value << 32 | m->shadow_lo;
		return PSX_ERR_NONE;
	case PSX_REG_ACQ_CTRL:
		return psx_acquire_ctrl(m, value);
	case PSX_REG_TRIGGER:
		return psx_acquire_trigger(m);
	case PSX_REG_SHUTTER:
		if (m->acq.running)
			return PSX_ERR_STATE;
		return set_u32(&m->shutter, value, PSX_SHUTTER_CLOSED, PSX_SHUTTER_BEAM);
	case PSX_REG_STAGE_X:
	case PSX_REG_STAGE_Y:
		return psx_stage_move(m, (reg - PSX_REG_STAGE_X) / 4, value);
	default:
		return PSX_ERR_REGISTER;
	}
}

static bool is_low_half(u32 reg)
{
	switch (reg) {
	case PSX_REG_LOAD_ADDR_LO:
	case PSX_REG_CFG_EXPOSURE_LO:
	case PSX_REG_CFG_PERIOD_LO:
	case PSX_REG_ACQ_FRAMES_LO:
	case PSX_REG_SEG_ADDR_LO:
	case PSX_REG_CQ_ADDR_LO:
	case PSX_REG_GRANT_DATA_LO:
	case PSX_REG_GRANT_CQ_LO:
		return true;
	default:
		return false;
	}
}

static u32 write_register(struct psx_model *m, u32 reg, u32 value)
{
	if (reg & 3)
		return PSX_ERR_REGISTER;
	if (reg < PSX_REG_LOAD_ADDR_LO)
		return write_control(m, reg, value);
	if (reg < PSX_REG_CFG_MODE)
		return write_bank(m, reg, value);
	if (reg < PSX_REG_RAIL_CTRL)
		return write_config(m, reg, value);
	if (reg < PSX_REG_ACQ_FRAMES_LO)
		return write_power(m, reg, value);
	if (reg < PSX_REG_SEG_SEL)
		return write_acquire(m, reg, value);
	return write_ring(m, reg, value);
}

void psx_model_write(struct psx_model *m, u32 reg, u32 value)
{
	u32 error;

	if (is_low_half(reg)) {
		m->shadow_lo = value;
		return;
	}
	error = write_register(m, reg, value);
	if (error)
		psx_model_fail(m, error, reg);
}
