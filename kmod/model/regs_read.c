// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a host reads from BAR 0. */
#include "model.h"

#define LIMIT_MV		100000u
#define NEIGHBOUR_MV		170000u
#define DAC_BITS		16u
#define ADC_BITS		16u

static u32 status(const struct psx_model *m)
{
	return (m->acq.running ? PSX_STATUS_RUNNING : 0) |
	       (m->pending.id ? PSX_STATUS_COMMIT_PENDING : 0) |
	       (m->shutter != PSX_SHUTTER_CLOSED ? PSX_STATUS_SHUTTER_OPEN : 0) |
	       (m->power.interlock_open ? PSX_STATUS_INTERLOCK_OPEN : 0) |
	       (m->ring.enabled ? PSX_STATUS_RING_ENABLED : 0) |
	       (psx_stage_moving(m) ? PSX_STATUS_STAGE_MOVING : 0);
}

/* Four characters of the name, zeros after its end */
static u32 name_word(const struct psx_model *m, u32 index)
{
	const char *part = psx_kind_of(m)->name + 4 * index;
	u32 word = 0, i;

	for (i = 0; i < 4; i++)
		word |= (u32)(u8)part[i] << (8 * i);
	return word;
}

static u32 read_identity(const struct psx_model *m, u32 reg)
{
	if (reg >= PSX_REG_SERIAL && reg < PSX_REG_NAME)
		return m->serial[(reg - PSX_REG_SERIAL) / 4];
	if (reg >= PSX_REG_NAME && reg < PSX_REG_SEGS_MAX)
		return name_word(m, (reg - PSX_REG_NAME) / 4);
	switch (reg) {
	case PSX_REG_ID:
		return PSX_ID;
	case PSX_REG_VERSION:
		return PSX_VERSION_1_1;
	case PSX_REG_CAPS:
		return PSX_CAPS_SHUTTER | PSX_CAPS_SCENE |
		       (psx_kind_of(m)->stage ? PSX_CAPS_STAGE : 0) |
		       (psx_kind_of(m)->dark ? PSX_CAPS_OFFSET : 0);
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
		return DAC_BITS | ADC_BITS << 8;
	case PSX_REG_PITCH:
		return m->config.pitch_um;
	case PSX_REG_MAX_MV:
		return LIMIT_MV;
	case PSX_REG_NEIGHBOUR_MV:
		return NEIGHBOUR_MV;
	case PSX_REG_SETTLE_NS:
		return PSX_SETTLE_NS;
	case PSX_REG_EXPOSURE_MIN_NS:
		return PSX_EXPOSURE_LEAST_NS;
	case PSX_REG_EXPOSURE_MAX_MS:
		return PSX_EXPOSURE_MOST_MS;
	case PSX_REG_SEGS_MAX:
		return PSX_SEGS;
	case PSX_REG_SEG_SHIFT_MAX:
		return PSX_SEG_SHIFT_LIMIT;
	case PSX_REG_CQ_SHIFT_MAX:
		return PSX_CQ_SHIFT_LIMIT;
	case PSX_REG_PAYLOAD_MAX:
		return (u32)m->payload_size;
	case PSX_REG_BORDER:
		return psx_kind_of(m)->border;
	case PSX_REG_SLEW_MAX:
		return PSX_SLEW_MOST;
	case PSX_REG_RAIL_MV:
		return PSX_RAIL_MV;
	case PSX_REG_SCENE_WIDTH:
		return m->config.scene_width;
	case PSX_REG_SCENE_HEIGHT:
		return m->config.scene_height;
	default:
		return 0;
	}
}

static u32 read_bank(const struct psx_model *m, u32 reg)
{
	const struct psx_bank_slot *bank = &m->bank[m->bank_sel];

	switch (reg) {
	case PSX_REG_LOAD_BYTES:
		return m->loader.bytes;
	case PSX_REG_LOAD_OFFSET:
		return m->loader.offset;
	case PSX_REG_LOAD_TARGET:
		return m->loader.target;
	case PSX_REG_BANK_SEL:
		return m->bank_sel;
	case PSX_REG_BANK_SHAPE:
		return bank->k | bank->phases << 8;
	case PSX_REG_BANK_SCALE:
		return bank->scale;
	case PSX_REG_BANK_THRESHOLD:
		return bank->threshold;
	case PSX_REG_BANK_STATE:
		return (bank->users ? PSX_BANK_IN_USE : 0) | bank->loaded << 16;
	default:
		return 0;
	}
}

static u32 read_config(const struct psx_model *m, u32 reg)
{
	switch (reg) {
	case PSX_REG_CFG_MODE:
		return m->staged.mode;
	case PSX_REG_CFG_POLARITY:
		return m->staged.polarity;
	case PSX_REG_CFG_PGA:
		return m->staged.pga;
	case PSX_REG_CFG_TRIGGER:
		return m->staged.trigger;
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
	case PSX_REG_READBACK_FAULTS:
		return m->readback_faults;
	case PSX_REG_READBACK_FIRST:
		return m->readback_first;
	default:
		return 0;
	}
}

static u32 read_rest(const struct psx_model *m, u32 reg)
{
	switch (reg) {
	case PSX_REG_STATUS:
		return status(m);
	case PSX_REG_ERROR:
		return m->error;
	case PSX_REG_IRQ_STATUS:
		return m->irq_status;
	case PSX_REG_IRQ_ENABLE:
		return m->irq_enable;
	case PSX_REG_RAIL_STATE:
		return m->power.state | m->power.cause << 8;
	case PSX_REG_RAIL_POS_MV:
		return (u32)(s32)(m->power.uv[0] / 1000);
	case PSX_REG_RAIL_NEG_MV:
		return (u32)(s32)(m->power.uv[1] / 1000);
	case PSX_REG_RAIL_SLEW:
		return m->power.slew;
	case PSX_REG_LEAKAGE_PA:
		return (u32)psx_power_leakage(m);
	case PSX_REG_TEMPERATURE:
		return (u32)m->config.faults.temperature_mc;
	case PSX_REG_WATCHDOG_MS:
		return m->power.watchdog_ms;
	case PSX_REG_SHUTTER:
		return m->shutter;
	case PSX_REG_STAGE_X:
	case PSX_REG_STAGE_Y:
		return (u32)m->stage[(reg - PSX_REG_STAGE_X) / 4];
	case PSX_REG_SEG_SEL:
		return m->ring.seg_sel;
	case PSX_REG_SEG_SHIFT:
		return m->ring.seg_shift;
	case PSX_REG_SEG_COUNT:
		return m->ring.seg_count;
	case PSX_REG_CQ_SHIFT:
		return m->ring.cq_shift;
	case PSX_REG_RING_CTRL:
		return m->ring.enabled;
	default:
		return 0;
	}
}

/* The 64-bit register whose lower half @reg is; false: there is none */
static bool wide(const struct psx_model *m, u32 reg, u64 *value)
{
	switch (reg) {
	case PSX_REG_LOAD_ADDR_LO:
		*value = m->loader.addr;
		return true;
	case PSX_REG_CFG_EXPOSURE_LO:
		*value = m->staged.exposure;
		return true;
	case PSX_REG_CFG_PERIOD_LO:
		*value = m->staged.period;
		return true;
	case PSX_REG_ACQ_FRAMES_LO:
		*value = m->acq.frames_reg;
		return true;
	case PSX_REG_SEG_ADDR_LO:
		*value = m->ring.seg_addr[m->ring.seg_sel];
		return true;
	case PSX_REG_CQ_ADDR_LO:
		*value = m->ring.cq_addr;
		return true;
	case PSX_REG_GRANT_DATA_LO:
		*value = m->ring.grant_data;
		return true;
	case PSX_REG_GRANT_CQ_LO:
		*value = m->ring.grant_cq;
		return true;
	case PSX_REG_MADE_LO:
		*value = m->made;
		return true;
	case PSX_REG_DROPPED_LO:
		*value = m->dropped;
		return true;
	case PSX_REG_DROPPED_FULL_LO:
		*value = m->dropped_full;
		return true;
	case PSX_REG_CLOCK_LO:
		*value = m->clock;
		return true;
	default:
		return false;
	}
}

u32 psx_model_read(struct psx_model *m, u32 reg)
{
	u64 value;

	if (wide(m, reg, &value)) {
		m->latch_hi = (u32)(value >> 32);
		return (u32)value;
	}
	if (wide(m, reg - 4, &value))
		return m->latch_hi;
	if (reg & 3)
		return 0;
	if (reg < PSX_REG_CTRL)
		return read_identity(m, reg);
	if (reg >= PSX_REG_LOAD_ADDR_LO && reg < PSX_REG_CFG_MODE)
		return read_bank(m, reg);
	if (reg >= PSX_REG_CFG_MODE && reg < PSX_REG_RAIL_CTRL)
		return read_config(m, reg);
	return read_rest(m, reg);
}
