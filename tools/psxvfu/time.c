// SPDX-License-Identifier: MIT
/*
 * Device time against real time.
 *
 * - What is due by itself, the end of a frame or of a ramp, comes at once: device
 *   time skips to it. Frames of an exposure of seconds take what their computing
 *   takes.
 * - Not so while the ring has no room for one more frame of the largest size:
 *   then device time passes as real time does, and what is dropped is dropped at
 *   the rate of a device of wires.
 * - A frame that is the last because of STOP comes at once all the same.
 * - A `rate` holds frames back until their real time.
 * - The watchdog counts real time, as guests pet in real time; skipping never
 *   brings its end nearer. So the model's own is off until the moment it bites.
 * - Device time that nothing is due in passes as real time does.
 */
#include "vfu.h"

#include <time.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

static u64 now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
}

void vfu_time_init(struct vfu *v, double rate)
{
	v->time.seen = now_ns();
	v->time.watchdog_at = UINT64_MAX;
	if (rate > 0)
		v->time.pace_ns = (u64)(1e9 / rate);
}

static void advance(struct vfu *v, u64 ns)
{
	psx_model_advance(v->model, ns);
	v->time.device_ns += ns;
}

static bool running(struct vfu *v)
{
	return psx_model_read(v->model, PSX_REG_STATUS) & PSX_STATUS_RUNNING;
}

/* ------------------------------------------------------------------ watchdog */

static void pet(struct vfu_time *t)
{
	t->watchdog_at = t->watchdog_ms ? now_ns() + t->watchdog_ms * NS_PER_MS : UINT64_MAX;
}

/* The model's own watchdog is set for this moment: it knows what a trip is */
static void bite(struct vfu *v)
{
	v->time.watchdog_at = UINT64_MAX;
	psx_model_write(v->model, PSX_REG_WATCHDOG_MS, 1);
	advance(v, NS_PER_MS);
	psx_model_write(v->model, PSX_REG_WATCHDOG_MS, 0);
	vfu_tell_rails(v);
}

/* ---------------------------------------------------------------------- ring */

static void grant(struct vfu_time *t, u64 *granted, u32 high)
{
	u64 value = (u64)high << 32 | t->low;

	if (value >= *granted)
		*granted = value;
}

static void forget_ring(struct vfu_time *t)
{
	t->grant_data = t->grant_cq = t->end = t->completions = 0;
}

/* What the device wrote last in a step is the completion, if it wrote one */
static void take_completion(struct vfu *v)
{
	struct vfu_time *t = &v->time;
	struct psx_completion completion;
	const void *memory;

	if (t->last_bytes != sizeof(completion))
		return;
	memory = vfu_dma_find(&v->dma, t->last_address, sizeof(completion), true);
	if (!memory)
		return;
	memcpy(&completion, memory, sizeof(completion));
	t->end = completion.position + completion.length;
	t->completions++;
}

static bool has_room(struct vfu *v)
{
	const struct vfu_time *t = &v->time;
	u64 size = (u64)psx_model_read(v->model, PSX_REG_SEG_COUNT)
		   << psx_model_read(v->model, PSX_REG_SEG_SHIFT);
	u64 most = psx_model_read(v->model, PSX_REG_PAYLOAD_MAX);
	u64 place = (t->end + PSX_DATA_ALIGN - 1) & ~(u64)(PSX_DATA_ALIGN - 1);

	if ((place & (size - 1)) + most > size)
		place = (place | (size - 1)) + 1;
	return t->completions < t->grant_cq && place + most <= t->grant_data;
}

/* ----------------------------------------------------------------- registers */

bool vfu_time_before_write(struct vfu *v, u32 reg, u32 value)
{
	struct vfu_time *t = &v->time;

	switch (reg) {
	case PSX_REG_WATCHDOG_MS:
		t->watchdog_ms = value;
		pet(t);
		return false;
	case PSX_REG_WATCHDOG_PET:
		pet(t);
		break;
	case PSX_REG_RAIL_CTRL:
		if (value == PSX_RAIL_ON)
			pet(t);
		break;
	case PSX_REG_CTRL:
		if (value == PSX_CTRL_RESET) {
			t->watchdog_ms = 0;
			pet(t);
		}
		break;
	case PSX_REG_ACQ_CTRL:
		t->stopping = value != PSX_ACQ_START;
		if (!running(v))
			t->due_ns = now_ns();
		break;
	case PSX_REG_RING_CTRL:
		/* Of a running acquisition it isn't taken */
		if (!running(v))
			forget_ring(t);
		break;
	default:
		break;
	}
	return true;
}

void vfu_time_after_write(struct vfu *v, u32 reg, u32 value)
{
	struct vfu_time *t = &v->time;

	switch (reg) {
	case PSX_REG_GRANT_DATA_LO:
	case PSX_REG_GRANT_CQ_LO:
		t->low = value;
		break;
	case PSX_REG_GRANT_DATA_HI:
		grant(t, &t->grant_data, value);
		break;
	case PSX_REG_GRANT_CQ_HI:
		grant(t, &t->grant_cq, value);
		break;
	default:
		break;
	}
}

/* --------------------------------------------------------------------- clock */

void vfu_time_catch_up(struct vfu *v)
{
	u64 now;

	if (v->time.stepping || psx_model_next_event(v->model) != UINT64_MAX)
		return;
	now = now_ns();
	advance(v, now - v->time.seen);
	v->time.seen = now;
}

/* Real time until device time may skip to its next event, `next` ns away */
static u64 hold(struct vfu *v, u64 next, u64 now)
{
	const struct vfu_time *t = &v->time;
	u64 wait = 0;

	if (!running(v) || t->stopping)
		return 0;
	if (!has_room(v) && next > now - t->seen)
		wait = next - (now - t->seen);
	if (t->due_ns > now && t->due_ns - now > wait)
		wait = t->due_ns - now;
	return wait;
}

u64 vfu_time_wait(struct vfu *v)
{
	u64 next = psx_model_next_event(v->model);
	u64 now = now_ns(), wait = UINT64_MAX, event;

	if (v->time.watchdog_at != UINT64_MAX)
		wait = v->time.watchdog_at > now ? v->time.watchdog_at - now : 0;
	if (next == UINT64_MAX)
		return wait;
	event = hold(v, next, now);
	return event < wait ? event : wait;
}

void vfu_time_step(struct vfu *v)
{
	struct vfu_time *t = &v->time;
	u64 now = now_ns(), next;

	if (now >= t->watchdog_at)
		bite(v);
	next = psx_model_next_event(v->model);
	if (next == UINT64_MAX || hold(v, next, now))
		return;
	t->computed = false;
	t->last_bytes = 0;
	t->stepping = true;
	advance(v, next);
	t->stepping = false;
	vfu_tell_rails(v);
	take_completion(v);
	t->seen = now_ns();
	if (t->computed && t->pace_ns)
		t->due_ns = t->due_ns + t->pace_ns > t->seen ? t->due_ns + t->pace_ns : t->seen;
}
