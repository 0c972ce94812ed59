// SPDX-License-Identifier: GPL-2.0
/*
 * The watchdog counts real time: the driver pets in real time, while the model's
 * clock leaps. So the model's own is off until the moment it bites.
 */
#include <linux/ktime.h>

#include "mock.h"
#include "../psx_regs.h"

void mock_watchdog_init(struct mock_watchdog *w)
{
	w->ms = 0;
	w->at = U64_MAX;
}

static void pet(struct mock_watchdog *w)
{
	w->at = w->ms ? ktime_get_ns() + w->ms * NSEC_PER_MSEC : U64_MAX;
}

/* Is a write to @reg the watchdog's alone? */
bool mock_watchdog_write(struct mock_watchdog *w, u32 reg, u32 value)
{
	if (reg == PSX_REG_WATCHDOG_MS)
		w->ms = value;
	if (reg == PSX_REG_CTRL && value == PSX_CTRL_RESET)
		w->ms = 0;
	if (reg == PSX_REG_WATCHDOG_MS || reg == PSX_REG_WATCHDOG_PET ||
	    (reg == PSX_REG_RAIL_CTRL && value == PSX_RAIL_ON) || !w->ms)
		pet(w);
	return reg == PSX_REG_WATCHDOG_MS;
}

/* Real time that is left to it, after it has bitten where there was none */
u64 mock_watchdog_turn(struct mock_watchdog *w, struct psx_model *model)
{
	u64 now;

	if (w->at == U64_MAX)
		return U64_MAX;
	now = ktime_get_ns();
	if (now < w->at)
		return w->at - now;
	w->at = U64_MAX;
	psx_model_write(model, PSX_REG_WATCHDOG_MS, 1);
	psx_model_advance(model, NSEC_PER_MSEC);
	psx_model_write(model, PSX_REG_WATCHDOG_MS, 0);
	return U64_MAX;
}
