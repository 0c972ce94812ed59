// SPDX-License-Identifier: GPL-2.0
/*
 * The stage that moves the object. It takes its time, so a MOVE looks now and then
 * whether it is there, and holds nothing up meanwhile.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/limits.h>

#include "psxdet.h"

#define LOOK_MS		10
#define PATIENCE	(5 * HZ)	/* without coming nearer */

static int write(struct psx_device *psx, s32 x_um, s32 y_um)
{
	psx_write(psx, PSX_REG_STAGE_X, x_um);
	psx_write(psx, PSX_REG_STAGE_Y, y_um);
	return psx_control_check(psx);
}

/* Both axes or none: what is refused leaves it on its way; under control */
static int send(struct psx_device *psx, const struct psxdet_move *to)
{
	int error = write(psx, to->x_um, to->y_um);

	if (error) {
		write(psx, psx->stage_x, psx->stage_y);
	} else {
		psx->stage_x = to->x_um;
		psx->stage_y = to->y_um;
	}
	return error;
}

/* How far it is from there, um, both axes together, 1 where it does not rest; under control */
static s64 distance(struct psx_device *psx, const struct psxdet_move *to)
{
	s64 x = (s32)psx_read(psx, PSX_REG_STAGE_X);
	s64 y = (s32)psx_read(psx, PSX_REG_STAGE_Y);
	s64 moves = !!(psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_STAGE_MOVING);

	/* What is gone seems to be at -1, -1 */
	return psx_control_check(psx) ?: abs(x - to->x_um) + abs(y - to->y_um) ?: moves;
}

/* Another MOVE may take its place; under control */
static bool is_sent(const struct psx_device *psx, const struct psxdet_move *to)
{
	return psx->stage_x == to->x_um && psx->stage_y == to->y_um;
}

/* Send it, or look only: how far it is then, or a negative errno */
static s64 turn(struct psx_device *psx, const struct psxdet_move *to, bool first)
{
	s64 left = psx_enter(psx);

	if (left)
		return left;
	left = psx->id.caps & PSX_CAPS_STAGE ? psx_control_begin(psx) : -EOPNOTSUPP;
	if (!left) {
		if (psx->leaving)
			left = -ENODEV;
		else if (first)
			left = send(psx, to);
		else if (!is_sent(psx, to))
			left = -ECANCELED;
		left = left ?: distance(psx, to);
		psx_control_end(psx);
	}
	psx_leave(psx);
	return left;
}

int psx_move(struct psx_device *psx, const struct psxdet_move *to)
{
	s64 left = turn(psx, to, true), least = S64_MAX;
	unsigned long end = jiffies;

	while (left > 0) {
		if (left < least) {
			least = left;
			end = jiffies + PATIENCE;
		} else if (time_after(jiffies, end)) {
			return -ETIMEDOUT;
		}
		left = msleep_interruptible(LOOK_MS) ? -ERESTARTSYS : turn(psx, to, false);
	}
	/* Begun anew, it would have its patience anew, and what took its place would lose it */
	return left == -ERESTARTSYS && least < S64_MAX ? -EINTR : left;
}
