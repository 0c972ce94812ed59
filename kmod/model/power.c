// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Rails, their slew, and what brings them down: the host, over-current, an open
 * interlock, or the watchdog when the host is silent.
 */
#include "model.h"

#define RAIL_UV		(PSX_RAIL_MV * 1000ll)
/* Dark current of a code on 1 um2, Q44 pA: 166 and 14 nA of 9 mm2 at +-100 V */
#define PA_FORWARD	9902588ull
#define PA_REVERSE	835158ull
#define BREAKDOWN_PA	10000000000ll
#define DEFAULT_SLEW	100	/* mV per ms */
#define UV_PER_MV	1000
#define S32_MOST	0x7fffffff

static s64 target(const struct psx_power *p, u32 rail)
{
	if (!p->wanted)
		return 0;
	return rail ? -RAIL_UV : RAIL_UV;
}

static void set_state(struct psx_model *m, u32 state)
{
	if (m->power.state == state)
		return;
	m->power.state = state;
	psx_model_raise(m, PSX_IRQ_RAIL);
}

static u64 distance(const struct psx_power *p)
{
	s64 away = target(p, 0) - p->uv[0];

	return (u64)(away < 0 ? -away : away);
}

static void ramp(struct psx_model *m, bool on)
{
	m->power.wanted = on;
	if (m->power.state != PSX_RAIL_STATE_TRIPPED)
		set_state(m, PSX_RAIL_STATE_RAMPING);
}

static void trip(struct psx_model *m, u32 cause)
{
	if (!m->power.wanted)
		return;
	m->power.wanted = false;
	m->power.cause = cause;
	set_state(m, PSX_RAIL_STATE_TRIPPED);
	psx_acquire_end(m);
}

u32 psx_power_ctrl(struct psx_model *m, u32 value)
{
	struct psx_power *p = &m->power;

	switch (value) {
	case PSX_RAIL_OFF:
		psx_acquire_end(m);
		if (p->state != PSX_RAIL_STATE_OFF)
			ramp(m, false);
		return PSX_ERR_NONE;
	case PSX_RAIL_ON:
		if (p->state == PSX_RAIL_STATE_TRIPPED || p->interlock_open)
			return PSX_ERR_STATE;
		psx_power_pet(m);
		if (p->state != PSX_RAIL_STATE_ON)
			ramp(m, true);
		return PSX_ERR_NONE;
	case PSX_RAIL_CLEAR:
		if (p->state != PSX_RAIL_STATE_TRIPPED || distance(p) || p->interlock_open)
			return PSX_ERR_STATE;
		p->cause = PSX_TRIP_NONE;
		set_state(m, PSX_RAIL_STATE_OFF);
		return PSX_ERR_NONE;
	default:
		return PSX_ERR_RANGE;
	}
}

void psx_power_pet(struct psx_model *m)
{
	struct psx_power *p = &m->power;

	p->watchdog_at = p->watchdog_ms ? m->clock + p->watchdog_ms * PSX_NS_PER_MS : PSX_U64_MAX;
}

/*
 * Registers go back to their defaults; voltage does not vanish, it ramps down,
 * and a trip stays until it is cleared.
 */
void psx_power_reset(struct psx_model *m)
{
	struct psx_power *p = &m->power;

	p->wanted = false;
	p->slew = DEFAULT_SLEW;
	p->watchdog_ms = 0;
	p->watchdog_at = PSX_U64_MAX;
	if (p->state != PSX_RAIL_STATE_TRIPPED)
		p->state = distance(p) ? PSX_RAIL_STATE_RAMPING : PSX_RAIL_STATE_OFF;
}

static u64 ramp_end(const struct psx_power *p)
{
	u64 rate = (u64)p->slew * UV_PER_MV;	/* uV per ms */

	return p->time + (distance(p) * PSX_NS_PER_MS + rate - 1) / rate;
}

u64 psx_power_next(const struct psx_model *m)
{
	const struct psx_model_faults *faults = &m->config.faults;
	const struct psx_power *p = &m->power;
	u64 next = p->watchdog_at;

	if ((distance(p) || p->state == PSX_RAIL_STATE_RAMPING) && ramp_end(p) < next)
		next = ramp_end(p);
	if (!p->interlock_open && faults->interlock_ns < next)
		next = faults->interlock_ns;
	if (!p->broke_down && (p->wanted || p->uv[0]) && faults->overcurrent_ns < next)
		next = faults->overcurrent_ns;
	return next;
}

/* What of m->config.faults is true by now */
void psx_power_faults(struct psx_model *m)
{
	const struct psx_model_faults *faults = &m->config.faults;
	struct psx_power *p = &m->power;
	bool open = m->clock >= faults->interlock_ns;

	if (!p->broke_down && m->clock >= faults->overcurrent_ns) {
		p->broke_down = true;
		p->broken_down = true;
		trip(m, PSX_TRIP_CURRENT);
	}
	p->broken_down = p->broken_down && p->uv[0];
	if (open == p->interlock_open)
		return;
	p->interlock_open = open;
	psx_model_raise(m, PSX_IRQ_RAIL);
	if (open)
		trip(m, PSX_TRIP_INTERLOCK);
}

/* Bring rails and watchdog up to m->clock */
void psx_power_advance(struct psx_model *m)
{
	struct psx_power *p = &m->power;
	u64 us = (m->clock - p->time) / 1000;
	s64 step = (s64)(us * p->slew);		/* mV/ms is uV/us */
	bool arrived = m->clock >= ramp_end(p);
	u32 rail;

	for (rail = 0; rail < 2; rail++) {
		s64 aim = target(p, rail);

		if (arrived)
			p->uv[rail] = aim;
		else
			p->uv[rail] += p->uv[rail] < aim ? step : -step;
	}
	p->time = arrived ? m->clock : p->time + us * 1000;
	if (arrived && p->state == PSX_RAIL_STATE_RAMPING)
		set_state(m, p->wanted ? PSX_RAIL_STATE_ON : PSX_RAIL_STATE_OFF);
	psx_power_faults(m);
	if (m->clock < p->watchdog_at)
		return;
	p->watchdog_at = PSX_U64_MAX;
	trip(m, PSX_TRIP_WATCHDOG);
}

/* Dark current of the codes in force, on average over all planes; signed as they */
static s64 dark_current_pa(const struct psx_model *m)
{
	u64 area = (u64)m->config.pitch_um * m->config.pitch_um * psx_kind_of(m)->dark;
	u64 codes[2] = { 0, 0 };
	u32 planes = 0, i;

	for (i = 0; i < m->active.channels; i++) {
		const struct psx_bank_slot *bank = &m->bank[m->active.channel[i].bank];

		codes[0] += bank->codes[0];
		codes[1] += bank->codes[1];
		planes += bank->phases;
	}
	if (!planes)
		return 0;
	return psx_mul_shift((s64)(codes[0] / planes), area * PA_FORWARD, 44) -
	       psx_mul_shift((s64)(codes[1] / planes), area * PA_REVERSE, 44);
}

s32 psx_power_leakage(const struct psx_model *m)
{
	u64 rail = ((u64)m->power.uv[0] << 32) / RAIL_UV;
	s64 pa = dark_current_pa(m);

	pa = psx_mul_shift(pa, psx_sensor_warmth(m->config.faults.temperature_mc), 30);
	pa = psx_mul_shift(pa, rail, 32);
	if (m->power.broken_down)
		pa += BREAKDOWN_PA;
	return (s32)(pa > S32_MOST ? S32_MOST : pa < -S32_MOST ? -S32_MOST : pa);
}
