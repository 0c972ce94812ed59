// SPDX-License-Identifier: GPL-2.0
/*
 * The rails: who has them up, and what takes them down. Which is the device, by
 * itself, when it trips, and when nobody pets its watchdog; and the driver, when
 * the owner asks for it, ends, or is silent, and when the host goes away.
 *
 * All of it is under service, which is never held for long: a pet does not wait
 * for a plane that is loaded, as it would under control. And a driver that can't
 * take the rails down any more, because something is stuck in service, does not
 * pet either.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "psxdet.h"

#define WATCHDOG_MS	2000
#define PET_EVERY_NS	(500 * NSEC_PER_MSEC)
#define SLEW_DEFAULT	100	/* mV per ms */
#define OFF_LOOK_MS	10
#define OFF_MARGIN_MS	2000

static u32 rail_state(struct psx_device *psx)
{
	return psx_read(psx, PSX_REG_RAIL_STATE) & 0xff;
}

static void look_within(struct psx_rails *rails, u64 ns)
{
	/* Rounded up: not again and again within the tick before */
	mod_delayed_work(system_highpri_wq, &rails->work, ns ? nsecs_to_jiffies(ns) + 1 : 0);
}

/* What the state is now, to all files, with the reason of whoever changed it */
void psx_rails_report(struct psx_device *psx)
{
	struct psx_rails *rails = &psx->rails;
	u32 word = psx_read(psx, PSX_REG_RAIL_STATE);
	struct psxdet_event event = {
		.type = PSXDET_EVENT_RAILS,
		.state = word & 0xff,
		.cause = word >> 8 & 0xff,
	};

	lockdep_assert_held(&psx->service);
	if (!event.cause)
		event.cause = rails->reason;
	if (!event.cause && event.state == PSXDET_RAILS_OFF &&
	    psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN)
		event.cause = PSXDET_CAUSE_INTERLOCK;
	psx_event_broadcast(psx, &event);
	if (event.state != PSXDET_RAILS_OFF && event.state != PSXDET_RAILS_TRIPPED)
		return;
	rails->wanted = false;
	rails->held = false;
	rails->heartbeat_ns = 0;
	rails->reason = PSXDET_CAUSE_NONE;
	psx_write(psx, PSX_REG_WATCHDOG_MS, 0);
}

/* The device ramps down from here on; it takes OFF in any state */
static void take_down(struct psx_device *psx, u32 cause)
{
	struct psx_rails *rails = &psx->rails;

	lockdep_assert_held(&psx->service);
	/* What was before had another reason */
	psx_service(psx);
	if (rails->wanted)
		rails->reason = cause;
	rails->wanted = false;
	rails->held = false;
	rails->heartbeat_ns = 0;
	psx_write(psx, PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	psx_service(psx);
}

/* Whose time is over by @now? */
static void expire(struct psx_device *psx, u64 now)
{
	struct psx_rails *rails = &psx->rails;

	if (rails->held && now >= rails->held_until)
		take_down(psx, PSXDET_CAUSE_OWNER);
	if (rails->heartbeat_ns && now >= rails->beat_until) {
		rails->beat_missed = true;
		take_down(psx, PSXDET_CAUSE_HEARTBEAT);
	}
}

static void turn(struct psx_device *psx)
{
	struct psx_rails *rails = &psx->rails;
	u64 now = ktime_get_ns();
	u64 next = PET_EVERY_NS;
	u32 state;

	expire(psx, now);
	/* One that tripped needs nobody */
	state = rail_state(psx);
	if (state == PSX_RAIL_STATE_OFF || state == PSX_RAIL_STATE_TRIPPED)
		return;
	psx_write(psx, PSX_REG_WATCHDOG_PET, 1);
	if (rails->held)
		next = min(next, rails->held_until - now);
	if (rails->heartbeat_ns)
		next = min(next, rails->beat_until - now);
	look_within(rails, next);
}

static void rails_work(struct work_struct *work)
{
	struct psx_device *psx = container_of(work, struct psx_device, rails.work.work);

	mutex_lock(&psx->service);
	if (!psx->gone)
		turn(psx);
	mutex_unlock(&psx->service);
}

void psx_rails_init(struct psx_device *psx)
{
	INIT_DELAYED_WORK(&psx->rails.work, rails_work);
}

void psx_rails_stop(struct psx_device *psx)
{
	cancel_delayed_work_sync(&psx->rails.work);
}

static bool rails_valid(const struct psx_identity *id, const struct psxdet_rails *r)
{
	if (r->action != PSXDET_RAILS_DO_ON)
		return (r->action == PSXDET_RAILS_DO_OFF || r->action == PSXDET_RAILS_DO_CLEAR) &&
		       !r->slew && !r->hold_ms && !r->heartbeat_ms;
	return r->slew <= id->slew_max && r->hold_ms <= PSXDET_HOLD_MAX_MS &&
	       (!r->heartbeat_ms || (r->heartbeat_ms >= PSXDET_HEARTBEAT_MIN_MS &&
				     r->heartbeat_ms <= PSXDET_HEARTBEAT_MAX_MS));
}

/* Slew and watchdog are set first. An error leaves them as they were. */
static int switch_on(struct psx_device *psx, u32 slew)
{
	u32 before = psx_read(psx, PSX_REG_RAIL_SLEW);
	bool off = rail_state(psx) == PSX_RAIL_STATE_OFF;
	int error;

	if (!slew)
		slew = off ? min_t(u32, SLEW_DEFAULT, psx->id.slew_max) : before;
	if (!off && slew != before)
		return -EBUSY;
	if (slew != before)
		psx_write(psx, PSX_REG_RAIL_SLEW, slew);
	psx_write(psx, PSX_REG_WATCHDOG_MS, WATCHDOG_MS);
	psx_write(psx, PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	error = psx_control_check(psx);
	/* An error that came by itself says nothing of the rails */
	if (!error || !off || (error == -EIO && rail_state(psx) != PSX_RAIL_STATE_OFF))
		return error == -EIO ? 0 : error;
	psx_write(psx, PSX_REG_WATCHDOG_MS, 0);
	psx_write(psx, PSX_REG_RAIL_SLEW, before);
	return error;
}

static int rails_on(struct psx_device *psx, const struct psxdet_rails *r)
{
	struct psx_rails *rails = &psx->rails;
	int error;

	psx_service(psx);
	if (psx->leaving || psx->gone)
		return -ENODEV;
	if (psx->asleep)
		return -EBUSY;
	if (rail_state(psx) == PSX_RAIL_STATE_TRIPPED ||
	    psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN)
		return -EBUSY;
	error = switch_on(psx, r->slew);
	if (error)
		return error;
	rails->wanted = true;
	rails->reason = PSXDET_CAUSE_NONE;
	rails->hold_ns = (u64)r->hold_ms * NSEC_PER_MSEC;
	rails->heartbeat_ns = (u64)r->heartbeat_ms * NSEC_PER_MSEC;
	rails->beat_until = ktime_get_ns() + rails->heartbeat_ns;
	rails->beat_missed = false;
	look_within(rails, 0);
	return 0;
}

static int clear_trip(struct psx_device *psx)
{
	u32 state;

	psx_service(psx);
	state = rail_state(psx);
	if (state != PSX_RAIL_STATE_TRIPPED)
		return psx_control_check(psx) ?: -EINVAL;
	psx_write(psx, PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
	return psx_control_check(psx);
}

/* Without control: it waits for nobody, and no device refuses it */
static int switch_off(struct psx_device *psx)
{
	int error;

	mutex_lock(&psx->service);
	take_down(psx, PSXDET_CAUSE_NONE);
	error = psx->gone ? -ENODEV : 0;
	mutex_unlock(&psx->service);
	return error;
}

int psx_set_rails(struct psx_device *psx, const struct psxdet_rails *r)
{
	int error;

	if (!rails_valid(&psx->id, r))
		return -EINVAL;
	if (r->action == PSXDET_RAILS_DO_OFF)
		return switch_off(psx);
	error = psx_control_begin(psx);
	if (error)
		return error;
	mutex_lock(&psx->service);
	error = r->action == PSXDET_RAILS_DO_ON ? rails_on(psx, r) : clear_trip(psx);
	psx_service(psx);
	mutex_unlock(&psx->service);
	psx_control_end(psx);
	return error;
}

int psx_beat(struct psx_device *psx)
{
	struct psx_rails *rails = &psx->rails;
	u64 now = ktime_get_ns();
	int error = 0;

	mutex_lock(&psx->service);
	expire(psx, now);
	if (rails->heartbeat_ns)
		rails->beat_until = now + rails->heartbeat_ns;
	else
		error = rails->beat_missed ? -ETIMEDOUT : -EINVAL;
	mutex_unlock(&psx->service);
	return error;
}

/* An owner begins: rails that were held are its own */
void psx_rails_take(struct psx_device *psx)
{
	struct psx_rails *rails = &psx->rails;

	mutex_lock(&psx->service);
	expire(psx, ktime_get_ns());
	rails->held = false;
	rails->hold_ns = 0;
	rails->heartbeat_ns = 0;
	rails->beat_missed = false;
	mutex_unlock(&psx->service);
}

/* An owner is gone, and what it ran with it; the rails where it asked for no hold */
void psx_rails_release(struct psx_device *psx)
{
	struct psx_rails *rails = &psx->rails;

	mutex_lock(&psx->service);
	psx_service(psx);
	expire(psx, ktime_get_ns());
	if (rails->wanted && rails->hold_ns) {
		psx_write(psx, PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
		psx_service(psx);
		rails->heartbeat_ns = 0;
		rails->held_until = ktime_get_ns() + rails->hold_ns;
		rails->held = true;
		look_within(rails, min_t(u64, rails->hold_ns, PET_EVERY_NS));
	} else {
		take_down(psx, PSXDET_CAUSE_OWNER);
	}
	mutex_unlock(&psx->service);
}

/* Time until held rails go down, 0 = they are not held; under service */
u32 psx_rails_hold_ms(const struct psx_device *psx)
{
	const struct psx_rails *rails = &psx->rails;
	u64 now = ktime_get_ns();

	lockdep_assert_held(&psx->service);
	if (!rails->held)
		return 0;
	/* Not 0 before they do */
	return rails->held_until > now ?
	       (u32)div_u64(rails->held_until - now, NSEC_PER_MSEC) + 1 : 1;
}

static s32 voltage(struct psx_device *psx)
{
	return max(abs((s32)psx_read(psx, PSX_REG_RAIL_POS_MV)),
		   abs((s32)psx_read(psx, PSX_REG_RAIL_NEG_MV)));
}

/*
 * Down because the host goes, and wait for it: as long as the slew takes.
 * -EBUSY when there is voltage left.
 */
int psx_rails_off(struct psx_device *psx)
{
	u32 slew = max(psx_read(psx, PSX_REG_RAIL_SLEW), 1u);
	unsigned long end;

	mutex_lock(&psx->service);
	take_down(psx, PSXDET_CAUSE_HOST);
	mutex_unlock(&psx->service);
	end = jiffies + msecs_to_jiffies(psx->id.rail_mv / slew + OFF_MARGIN_MS);
	do {
		if (!voltage(psx) || psx_read(psx, PSX_REG_ID) != PSX_ID)
			break;
		msleep(OFF_LOOK_MS);
	} while (time_before(jiffies, end));
	psx_interrupt(psx);
	if (!voltage(psx) || psx_read(psx, PSX_REG_ID) != PSX_ID)
		return 0;
	dev_err(&psx->dev, "the rails did not go down\n");
	return -EBUSY;
}
