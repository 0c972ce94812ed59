// SPDX-License-Identifier: GPL-2.0
/*
 * What the device reports: frames, latched configurations, rails, errors, its
 * end. Interrupts are not counted, they say where to look. While a reserving
 * reader stands in the device's way, a tick looks at its cursor: it gives room
 * back without a system call.
 */
#include <linux/ktime.h>

#include "psxdet.h"

#define TICK_NS		(1 * NSEC_PER_MSEC)
#define WATCH_EVERY	HZ
#define ROUNDS_MOST	64	/* in one go, whatever a device says */

/* Under service; the file operations see it at once, the unbinding follows */
void psx_lost(struct psx_device *psx)
{
	struct psxdet_event gone = { .type = PSXDET_EVENT_GONE };

	lockdep_assert_held(&psx->service);
	if (psx->gone)
		return;
	psx_event_broadcast(psx, &gone);
	/* Should it come back by itself, then without voltage and off the ring */
	psx_write(psx, PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	psx_write(psx, PSX_REG_CTRL, PSX_CTRL_RESET);
	/* Pairs with psx_event_read(): who sees it, finds the event */
	smp_store_release(&psx->gone, true);
	psx->running = false;
	psx_ring_publish_state(psx);
	complete_all(&psx->loaded);
	psx_event_wake_all(psx);
}

void psx_report_error(struct psx_device *psx, u32 error)
{
	struct psxdet_event event = {
		.type = PSXDET_EVENT_ERROR,
		.error = PSX_ERR_CODE(error),
		.reg = PSX_ERR_REG(error),
	};

	dev_warn_ratelimited(&psx->dev, "error %u at register 0x%03x\n", event.error, event.reg);
	psx_event_broadcast(psx, &event);
}

/* One for each configuration, however many were latched since the last look */
static void report_commit(struct psx_device *psx)
{
	struct psxdet_event event = { .type = PSXDET_EVENT_COMMIT };
	u32 now = psx_read(psx, PSX_REG_CFG_ID);
	u32 faults = psx_read(psx, PSX_REG_READBACK_FAULTS);
	u32 first;

	if (now - psx->cfg_told > PSX_EVENTS)
		psx->cfg_told = now - 1;
	if (psx->cfg_told != now && faults) {
		first = psx_read(psx, PSX_REG_READBACK_FIRST);
		dev_warn_ratelimited(&psx->dev, "configuration %u: %u DACs did not follow, the first at x = %u, y = %u\n",
				     now, faults, first % psx->id.width, first / psx->id.width);
	}
	while (psx->cfg_told != now) {
		event.cfg_id = ++psx->cfg_told;
		event.count = event.cfg_id == now ? faults : 0;
		psx_event_broadcast(psx, &event);
	}
}

/*
 * ERROR belongs to the sequence that has control; without one, it is ours. Who
 * has control looks at error_waits after it has let go.
 */
void psx_report_stray_error(struct psx_device *psx)
{
	u32 error;

	WRITE_ONCE(psx->error_waits, true);
	/* Pairs with psx_control_end() */
	smp_mb();
	if (!mutex_trylock(&psx->control))
		return;
	WRITE_ONCE(psx->error_waits, false);
	error = psx_read(psx, PSX_REG_ERROR);
	if (error) {
		psx_write(psx, PSX_REG_ERROR, 0);
		psx_report_error(psx, error);
	}
	mutex_unlock(&psx->control);
}

static void end_series(struct psx_device *psx)
{
	struct psxdet_event event = { .type = PSXDET_EVENT_END, .series = psx->series };

	if (!psx->running || psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_RUNNING)
		return;
	psx_ring_take(psx);
	psx->running = false;
	psx_ring_publish_state(psx);
	psx_event_broadcast(psx, &event);
}

void psx_tick_start(struct psx_device *psx)
{
	lockdep_assert_held(&psx->service);
	if (psx->ticking || psx->gone || psx->asleep)
		return;
	psx->ticking = true;
	hrtimer_start(&psx->tick, TICK_NS, HRTIMER_MODE_REL);
}

/* Frames out, room back; a tick while someone may change that silently */
static void turn_ring(struct psx_device *psx)
{
	struct psx_reader *reader;
	bool again;

	psx_ring_take(psx);
	psx_ring_grant(psx);
	again = psx->ring.blocked && psx->running;
	list_for_each_entry(reader, &psx->ring.readers, node) {
		struct psx_file *file = container_of(reader, struct psx_file, reader);

		psx_reader_wake(psx, file);
		again |= psx_reader_waits(psx, file);
	}
	if (again)
		psx_tick_start(psx);
}

static void handle(struct psx_device *psx, u32 status)
{
	if (status & (PSX_IRQ_LOADER | PSX_IRQ_ERROR))
		complete(&psx->loaded);
	if (status & PSX_IRQ_COMMIT)
		report_commit(psx);
	if (status & PSX_IRQ_RAIL)
		psx_rails_report(psx);
	if (status & PSX_IRQ_DROP)
		WRITE_ONCE(psx->ring.ctrl->dropped, psx_read64(psx, PSX_REG_DROPPED_LO));
	if (status & PSX_IRQ_DONE)
		end_series(psx);
	if (status & PSX_IRQ_ERROR)
		psx_report_stray_error(psx);
	turn_ring(psx);
}

void psx_service_later(struct psx_device *psx)
{
	queue_work(system_highpri_wq, &psx->tick_work);
}

void psx_service(struct psx_device *psx)
{
	u32 status;
	int i;

	lockdep_assert_held(&psx->service);
	for (i = 0; i < ROUNDS_MOST && !psx->gone; i++) {
		status = psx_read(psx, PSX_REG_IRQ_STATUS);
		if (status & ~PSX_IRQ_ALL && psx_read(psx, PSX_REG_ID) != PSX_ID) {
			psx_lost(psx);
			return;
		}
		status &= PSX_IRQ_ALL;
		if (!status)
			return;
		psx_write(psx, PSX_REG_IRQ_STATUS, status);
		handle(psx, status);
	}
	if (!psx->gone)
		psx_service_later(psx);
}

void psx_interrupt(void *arg)
{
	struct psx_device *psx = arg;

	mutex_lock(&psx->service);
	psx_service(psx);
	mutex_unlock(&psx->service);
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct psx_device *psx = container_of(timer, struct psx_device, tick);

	psx_service_later(psx);
	return HRTIMER_NORESTART;
}

static void tick_work(struct work_struct *work)
{
	struct psx_device *psx = container_of(work, struct psx_device, tick_work);

	mutex_lock(&psx->service);
	psx->ticking = false;
	if (!psx->asleep)
		psx_service(psx);
	if (!psx->gone && !psx->asleep) {
		if (READ_ONCE(psx->error_waits))
			psx_report_stray_error(psx);
		turn_ring(psx);
	}
	mutex_unlock(&psx->service);
}

/* What is gone sends no interrupt: who waits for one would wait for ever */
static void watch(struct work_struct *work)
{
	struct psx_device *psx = container_of(work, struct psx_device, watch.work);

	psx_interrupt(psx);
	if (!READ_ONCE(psx->gone))
		psx_service_start(psx);
}

void psx_service_start(struct psx_device *psx)
{
	queue_delayed_work(system_wq, &psx->watch, WATCH_EVERY);
}

void psx_service_init(struct psx_device *psx)
{
	INIT_DELAYED_WORK(&psx->watch, watch);
	hrtimer_setup(&psx->tick, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	INIT_WORK(&psx->tick_work, tick_work);
}

/*
 * Nothing looks by itself until psx_device_resume(); interrupts are off. What is
 * cancelled here may have been about to begin the next: asleep keeps it from that.
 */
void psx_service_pause(struct psx_device *psx)
{
	mutex_lock(&psx->service);
	psx->asleep = true;
	mutex_unlock(&psx->service);
	psx_rails_stop(psx);
	cancel_delayed_work_sync(&psx->watch);
	hrtimer_cancel(&psx->tick);
	cancel_work_sync(&psx->tick_work);
	mutex_lock(&psx->service);
	psx->ticking = false;
	mutex_unlock(&psx->service);
}

/* The device is gone for everybody: no tick comes after this */
void psx_service_stop(struct psx_device *psx)
{
	mutex_lock(&psx->service);
	psx_lost(psx);
	mutex_unlock(&psx->service);
	psx_service_pause(psx);
}
