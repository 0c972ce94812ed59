// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Rails, their slew, and the watchdog that brings them down when the host is
 * silent.
 */
#include "model.h"

#define RAIL_UV		(PSX_RAIL_MV * 1000ll)
#define DEFAULT_SLEW	100	/* mV per ms */
#define UV_PER_MV	1000

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
		if (p->state == PSX_RAIL_STATE_TRIPPED)
			return PSX_ERR_STATE;
		psx_power_pet(m);
		if (p->state != PSX_RAIL_STATE_ON)
			ramp(m, true);
		return PSX_ERR_NONE;
	case PSX_RAIL_CLEAR:
		if (p->state != PSX_RAIL_STATE_TRIPPED || distance(p))
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
	const struct psx_power *p = &m->power;
	bool moving = distance(p) || p->state == PSX_RAIL_STATE_RAMPING;

	return moving && ramp_end(p) < p->watchdog_at ? ramp_end(p) : p->watchdog_at;
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
	if (m->clock < p->watchdog_at)
		return;
	p->watchdog_at = PSX_U64_MAX;
	if (p->wanted) {
		p->wanted = false;
		p->cause = PSX_TRIP_WATCHDOG;
		set_state(m, PSX_RAIL_STATE_TRIPPED);
		psx_acquire_end(m);
	}
}
