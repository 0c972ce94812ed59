// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The register file: what a host reads and writes in BAR 0. */
#include "model.h"

#define EXPOSURE_MIN_NS		1000u
#define EXPOSURE_MAX_MS		100000u
#define NS_PER_MS		1000000ull
#define LIMIT_MV		100000u
#define NEIGHBOUR_MV		170000u
#define SEG_SHIFT_MIN		12u
#define TEMPERATURE_MC		25000u

void psx_model_raise(struct psx_model *m, u32 irq)
{
	m->irq_status |= irq;
	if ((irq & m->irq_enable) && m->host.irq)
		m->host.irq(m->host.context);
}

static u32 status(const struct psx_model *m)
{
	return (m->acq.running ? PSX_STATUS_RUNNING : 0) |
	       (m->pending.id ? PSX_STATUS_COMMIT_PENDING : 0) |
	       (m->shutter_open ? PSX_STATUS_SHUTTER_OPEN : 0) |
	       (m->ring.enabled ? PSX_STATUS_RING_ENABLED : 0);
}

static u32 read_identity(const struct psx_model *m, u32 reg)
{
	static const char *const names[] = { "sim-ideal", "sim-real" };
	const char *name = names[m->config.profile];
	u32 word = 0, i;

	switch (reg) {
	case PSX_REG_ID:
		return PSX_ID;
	case PSX_REG_VERSION:
		return PSX_VERSION_1_0;
	case PSX_REG_CAPS:
		return PSX_CAPS_SHUTTER | PSX_CAPS_SCENE;
	case PSX_REG_WIDTH:
		return m->config.width;
	case PSX_REG_HEIGHT:
		return m->config.height;
	case PSX_REG_MAX_K:
		return PSX_MODEL_MAX_K;
	case PSX_REG_BANKS:
		return PSX_BANKS;
	case PSX_REG_PLANES:
		return m->planes_max;
	case PSX_REG_DEPTH:
		return 16 | 16 << 8;
	case PSX_REG_PITCH:
		return m->config.pitch_um;
	case PSX_REG_MAX_MV:
		return LIMIT_MV;
	case PSX_REG_NEIGHBOUR_MV:
		return NEIGHBOUR_MV;
	case PSX_REG_SETTLE_NS:
		return PSX_SETTLE_NS;
	case PSX_REG_EXPOSURE_MIN_NS:
		return EXPOSURE_MIN_NS;
	case PSX_REG_EXPOSURE_MAX_MS:
		return EXPOSURE_MAX_MS;
	case PSX_REG_SEGS_MAX:
		return PSX_SEGS;
	case PSX_REG_SEG_SHIFT_MAX:
		return PSX_SEG_SHIFT_LIMIT;
	case PSX_REG_CQ_SHIFT_MAX:
		return PSX_CQ_SHIFT_LIMIT;
	case PSX_REG_PAYLOAD_MAX:
		return (u32)m->payload_size;
	}
	if (reg >= PSX_REG_SERIAL && reg < PSX_REG_SERIAL + 16)
		return m->serial[(reg - PSX_REG_SERIAL) / 4];
	if (reg >= PSX_REG_NAME && reg < PSX_REG_NAME + 16)
		for (i = 0; i < reg - PSX_REG_NAME + 4 && name[i]; i++)
			if (i >= reg - PSX_REG_NAME)
				word |= (u32)(u8)name[i] << (8 * (i & 3));
	return word;
}

static u32 read_low(struct psx_model *m, u64 value)
{
	m->latch_hi = (u32)(value >> 32);
	return (u32)value;
}

static u32 bank_state(const struct psx_bank_slot *bank)
{
	return (bank->users ? PSX_BANK_IN_USE : 0) | bank->loaded << 16;
}

u32 psx_model_read(struct psx_model *m, u32 reg)
{
	const struct psx_bank_slot *bank = &m->bank[m->bank_sel];

	if (reg < PSX_REG_CTRL)
		return read_identity(m, reg);
	switch (reg) {
	case PSX_REG_STATUS:
		return status(m);
	case PSX_REG_ERROR:
		return m->error;
	case PSX_REG_IRQ_STATUS:
		return m->irq_status;
	case PSX_REG_IRQ_ENABLE:
		return m->irq_enable;
	case PSX_REG_BANK_SEL:
		return m->bank_sel;
	case PSX_REG_BANK_SHAPE:
		return bank->k | bank->phases << 8;
	case PSX_REG_BANK_SCALE:
		return bank->scale;
	case PSX_REG_BANK_THRESHOLD:
		return bank->threshold;
	case PSX_REG_BANK_STATE:
		return bank_state(bank);
	case PSX_REG_CFG_MODE:
		return m->staged.mode;
	case PSX_REG_CFG_POLARITY:
		return m->staged.polarity;
	case PSX_REG_CFG_PGA:
		return m->staged.pga;
	case PSX_REG_CFG_TRIGGER:
		return m->staged.trigger;
	case PSX_REG_CFG_EXPOSURE_LO:
		return read_low(m, m->staged.exposure);
	case PSX_REG_CFG_PERIOD_LO:
		return read_low(m, m->staged.period);
	case PSX_REG_CFG_SCHEDULE_LEN:
		return m->staged.channels;
	case PSX_REG_CFG_SCHEDULE_SEL:
		return m->schedule_sel;
	case PSX_REG_CFG_SCHEDULE_BANK:
		return m->staged.channel[m->schedule_sel].bank;
	case PSX_REG_CFG_PENDING:
		return m->pending.id;
	case PSX_REG_CFG_ID:
		return m->active.id;
	case PSX_REG_RAIL_STATE:
		return m->power.state | m->power.cause << 8;
	case PSX_REG_RAIL_POS_MV:
		return (u32)(s32)(m->power.uv[0] / 1000);
	case PSX_REG_RAIL_NEG_MV:
		return (u32)(s32)(m->power.uv[1] / 1000);
	case PSX_REG_RAIL_SLEW:
		return m->power.slew;
	case PSX_REG_TEMPERATURE:
		return TEMPERATURE_MC;
	case PSX_REG_WATCHDOG_MS:
		return m->power.watchdog_ms;
	case PSX_REG_ACQ_FRAMES_LO:
		return read_low(m, m->acq.frames_reg);
	case PSX_REG_SHUTTER:
		return m->shutter_open;
	case PSX_REG_SEG_SHIFT:
		return m->ring.seg_shift;
	case PSX_REG_SEG_COUNT:
		return m->ring.seg_count;
	case PSX_REG_CQ_SHIFT:
		return m->ring.cq_shift;
	case PSX_REG_MADE_LO:
		return read_low(m, m->made);
	case PSX_REG_DROPPED_LO:
		return read_low(m, m->dropped);
	case PSX_REG_CLOCK_LO:
		return read_low(m, m->clock);
	case PSX_REG_CFG_EXPOSURE_HI:
	case PSX_REG_CFG_PERIOD_HI:
	case PSX_REG_ACQ_FRAMES_HI:
	case PSX_REG_MADE_HI:
	case PSX_REG_DROPPED_HI:
	case PSX_REG_CLOCK_HI:
		return m->latch_hi;
	default:
		return 0;
	}
}

static u32 set_u32(u32 *field, u32 value, u32 least, u32 most)
{
	if (value < least || value > most)
		return PSX_ERR_RANGE;
	*field = value;
	return PSX_ERR_NONE;
}

static u32 set_u16(u16 *field, u32 value, u32 most)
{
	if (value > most)
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
		return set_u64(&c->exposure, wide, EXPOSURE_MIN_NS, EXPOSURE_MAX_MS * NS_PER_MS);
	case PSX_REG_CFG_PERIOD_HI:
		return set_u64(&c->period, wide, 0, PSX_U64_MAX >> 8);
	case PSX_REG_CFG_SCHEDULE_LEN:
		return set_u32(&c->channels, value, 1, PSX_SCHEDULE_MAX);
	case PSX_REG_CFG_SCHEDULE_SEL:
		return set_u32(&m->schedule_sel, value, 0, PSX_SCHEDULE_MAX - 1);
	case PSX_REG_CFG_SCHEDULE_BANK:
		return set_u16(&c->channel[m->schedule_sel].bank, value, PSX_BANKS - 1);
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
		return set_u32(&m->power.slew, value, 1, 1000);
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
		ring->seg_addr[ring->seg_sel] = wide;
		return PSX_ERR_NONE;
	case PSX_REG_SEG_SHIFT:
		return set_u32(&ring->seg_shift, value, SEG_SHIFT_MIN, PSX_SEG_SHIFT_LIMIT);
	case PSX_REG_SEG_COUNT:
		if (value & (value - 1))
			return PSX_ERR_RANGE;
		return set_u32(&ring->seg_count, value, 1, PSX_SEGS);
	case PSX_REG_CQ_ADDR_HI:
		ring->cq_addr = wide;
		return PSX_ERR_NONE;
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
	struct psx_bank_slot *bank = &m->bank[m->bank_sel];

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
		return set_u32(&m->irq_enable, value, 0, PSX_IRQ_ALL);
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
		return value ? set_u16(&bank->scale, value, 65535) : PSX_ERR_RANGE;
	case PSX_REG_BANK_THRESHOLD:
		return set_u16(&bank->threshold, value, 32767);
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
		if (value > 1)
			return PSX_ERR_RANGE;
		m->shutter_open = value;
		return PSX_ERR_NONE;
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

void psx_model_write(struct psx_model *m, u32 reg, u32 value)
{
	u32 error;

	if (is_low_half(reg)) {
		m->shadow_lo = value;
		return;
	}
	if (reg >= PSX_REG_CFG_MODE && reg <= PSX_REG_CFG_ID)
		error = write_config(m, reg, value);
	else if (reg >= PSX_REG_RAIL_CTRL && reg <= PSX_REG_WATCHDOG_PET)
		error = write_power(m, reg, value);
	else if (reg >= PSX_REG_SEG_SEL && reg <= PSX_REG_GRANT_CQ_HI)
		error = write_ring(m, reg, value);
	else
		error = write_control(m, reg, value);
	if (!error)
		return;
	if (!m->error)
		m->error = error | reg << 16;
	psx_model_raise(m, PSX_IRQ_ERROR);
}
