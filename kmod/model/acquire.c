// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The timeline of frames: start, exposures, completion, next; and the clock. */
#include "model.h"

u64 psx_model_next_event(const struct psx_model *m)
{
	u64 next = psx_power_next(m);

	if (m->acq.frame_end < next)
		next = m->acq.frame_end;
	else if (m->acq.running && m->acq.frame_end == PSX_U64_MAX &&
		 m->active.trigger == PSX_TRIGGER_TIMER && m->acq.next_start < next)
		next = m->acq.next_start;
	if (next >= PSX_CLOCK_END)
		return PSX_U64_MAX;
	return next > m->clock ? next - m->clock : 0;
}

static void begin_frame(struct psx_model *m)
{
	struct psx_acquire *acq = &m->acq;
	u64 duration = psx_config_duration(m, &m->active, acq->channel);

	acq->frame_end = m->clock + duration;
	acq->next_start = m->clock + (m->active.period > duration ? m->active.period : duration);
	acq->triggers++;
}

void psx_acquire_end(struct psx_model *m)
{
	if (!m->acq.running)
		return;
	m->acq.running = false;
	m->acq.frame_end = PSX_U64_MAX;
	psx_write_once(&m->shot.lost, true);
	psx_config_latch(m);
	psx_model_raise(m, PSX_IRQ_DONE);
}

u32 psx_acquire_ctrl(struct psx_model *m, u32 value)
{
	struct psx_acquire *acq = &m->acq;

	switch (value) {
	case PSX_ACQ_START:
		if (acq->running || !m->active.id || !m->ring.enabled ||
		    m->power.state != PSX_RAIL_STATE_ON || psx_stage_moving(m))
			return PSX_ERR_STATE;
		acq->frames = acq->frames_reg ? acq->frames_reg : PSX_U64_MAX;
		acq->channel = 0;
		acq->triggers = 0;
		acq->held = 0;
		acq->stopping = false;
		acq->running = true;
		acq->next_start = m->clock;
		return PSX_ERR_NONE;
	case PSX_ACQ_STOP:
		acq->stopping = true;
		if (acq->frame_end == PSX_U64_MAX)
			psx_acquire_end(m);
		return PSX_ERR_NONE;
	case PSX_ACQ_ABORT:
		psx_acquire_end(m);
		return PSX_ERR_NONE;
	default:
		return PSX_ERR_RANGE;
	}
}

u32 psx_acquire_trigger(struct psx_model *m)
{
	if (!m->acq.running || m->acq.frame_end != PSX_U64_MAX ||
	    m->active.trigger != PSX_TRIGGER_SOFTWARE)
		return PSX_ERR_STATE;
	begin_frame(m);
	return PSX_ERR_NONE;
}

static void finish_frame(struct psx_model *m)
{
	/* then whoever ended the acquisition has seen to all that follows */
	if (!psx_shot_make(m))
		return;
	m->made++;
	m->acq.held = m->shot.bank + 1;
	if (m->shot.length && psx_ring_put(m)) {
		psx_model_raise(m, PSX_IRQ_FRAME);
	} else {
		m->dropped++;
		psx_model_raise(m, PSX_IRQ_DROP);
	}
	if (++m->acq.channel == m->active.channels)
		m->acq.channel = 0;
	if (m->acq.frames != PSX_U64_MAX)
		m->acq.frames--;
	m->acq.frame_end = PSX_U64_MAX;
	if (m->acq.stopping || !m->acq.frames)
		psx_acquire_end(m);
	else
		psx_config_latch(m);
}

void psx_model_advance(struct psx_model *m, u64 ns)
{
	u64 until = ns < PSX_CLOCK_END - m->clock ? m->clock + ns : PSX_CLOCK_END;
	u64 next = psx_model_next_event(m);

	while (next <= until - m->clock) {
		m->clock += next;
		psx_power_advance(m);
		if (m->acq.running && m->clock >= m->acq.frame_end)
			finish_frame(m);
		else if (m->acq.running && m->acq.frame_end == PSX_U64_MAX &&
			 m->active.trigger == PSX_TRIGGER_TIMER && m->clock >= m->acq.next_start)
			begin_frame(m);
		next = psx_model_next_event(m);
	}
	m->clock = until;
	psx_power_advance(m);
}
