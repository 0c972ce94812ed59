// SPDX-License-Identifier: GPL-2.0
/*
 * Planes, maps and scenes between user space and the device. They pass through
 * memory of the driver's own: what was checked is what is loaded, and user
 * memory that faults slowly holds no lock.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "psxdet.h"

#define LOADER_TIMEOUT	(5 * HZ)
#define LOADER_LOOK	(HZ / 10)
#define CODE_MOST	32767

/* How many values a target has */
static u32 values(const struct psx_device *psx, u32 target)
{
	const struct psx_identity *id = &psx->id;

	return target == PSXDET_TARGET_SCENE ? id->scene_width * id->scene_height :
					       id->width * id->height;
}

static bool transfer_valid(const struct psx_device *psx, const struct psxdet_transfer *t)
{
	if (t->flags || !psx_is_zero(t->reserved, sizeof(t->reserved)) ||
	    t->bytes != (u64)values(psx, t->target) * sizeof(u16) || t->bank >= psx->id.banks ||
	    t->phase > U16_MAX)
		return false;
	switch (t->target) {
	case PSXDET_TARGET_PLANE:
	case PSXDET_TARGET_READBACK:
		return true;
	case PSXDET_TARGET_DARK:
	case PSXDET_TARGET_OFFSET:
		return !t->phase;
	case PSXDET_TARGET_SCENE:
		return !t->phase && !t->bank;
	default:
		return false;
	}
}

/* How many codes @mv are, rounded down; no difference is larger than 2^16 - 1 */
u32 psx_mv_to_code(const struct psx_device *psx, u32 mv)
{
	return min_t(u64, div_u64((u64)mv * CODE_MOST, psx->id.max_mv), U16_MAX);
}

static u32 step(s32 a, s32 b)
{
	return abs(a - b);
}

/*
 * The last look before biases get near a crystal: range, and neighbours, the
 * largest step between which is *span. Under loading.
 */
static int check_plane(const struct psx_device *psx, const s16 *code, u32 *span)
{
	u32 width = psx->id.width;
	u32 x, y;

	*span = 0;
	for (y = 0; y < psx->id.height; y++, code += width) {
		for (x = 0; x < width; x++) {
			if (code[x] < -CODE_MOST)
				return -EINVAL;
			if (x)
				*span = max(*span, step(code[x], code[x - 1]));
			if (y)
				*span = max(*span, step(code[x], (code - width)[x]));
		}
		cond_resched();
	}
	return *span > psx_mv_to_code(psx, psx->neighbour_mv) ? -ERANGE : 0;
}

/* Wait for the loader, which interrupts at its end; under control */
static int wait_idle(struct psx_device *psx)
{
	unsigned long end = jiffies + LOADER_TIMEOUT;

	while (psx_read(psx, PSX_REG_STATUS) & PSX_STATUS_LOADER_BUSY) {
		if (time_after(jiffies, end))
			return psx_control_check(psx) ?: -EIO;
		wait_for_completion_timeout(&psx->loaded, LOADER_LOOK);
		reinit_completion(&psx->loaded);
	}
	return 0;
}

/* One piece through the staging memory; under control */
static int load_piece(struct psx_device *psx, u32 target, u32 offset, void *memory, u32 bytes,
		      u32 direction)
{
	/* A load that was given up may still use that memory */
	int error = wait_idle(psx);

	if (error)
		return error;
	if (direction == PSX_LOAD_WRITE)
		memcpy(psx->staging, memory, bytes);
	reinit_completion(&psx->loaded);
	psx_write64(psx, PSX_REG_LOAD_ADDR_LO, psx->staging_address);
	psx_write(psx, PSX_REG_LOAD_BYTES, bytes);
	psx_write(psx, PSX_REG_LOAD_OFFSET, offset);
	psx_write(psx, PSX_REG_LOAD_TARGET, target);
	/* It is written before the device is told */
	wmb();
	psx_write(psx, PSX_REG_LOAD_GO, direction);
	error = wait_idle(psx) ?: psx_control_check(psx);
	if (!error && direction == PSX_LOAD_READ)
		memcpy(memory, psx->staging, bytes);
	return error;
}

/* One piece at a time has control: nobody waits for a whole plane */
static int load(struct psx_device *psx, const struct psxdet_transfer *t, void *memory,
		u32 direction, u32 span)
{
	u32 target = PSX_LOAD_TARGET(t->target, t->bank, t->phase);
	u32 total = (u32)t->bytes;
	u32 offset, part;
	int error = 0;

	for (offset = 0; !error && offset < total; offset += part) {
		part = min(total - offset, PSX_STAGING_BYTES);
		if (READ_ONCE(psx->leaving))
			return -ENODEV;
		if (fatal_signal_pending(current))
			return -EINTR;
		psx_control_begin_always(psx);
		psx->span[t->bank] = max_t(u32, psx->span[t->bank], span);
		error = load_piece(psx, target, offset, memory + offset, part, direction);
		psx_control_end(psx);
		cond_resched();
	}
	return error;
}

/* The pieces of two planes never mix: each was checked as a whole */
static int transfer(struct psx_device *psx, const struct psxdet_transfer *t, void *memory,
		    u32 direction)
{
	int error = psx_enter(psx);
	u32 span = 0;

	if (error)
		return error;
	if (mutex_lock_interruptible(&psx->loading)) {
		psx_leave(psx);
		return -ERESTARTSYS;
	}
	if (direction == PSX_LOAD_WRITE && t->target == PSXDET_TARGET_PLANE)
		error = check_plane(psx, memory, &span);
	if (!error)
		error = load(psx, t, memory, direction, span);
	mutex_unlock(&psx->loading);
	psx_leave(psx);
	return error;
}

/* Memory of the driver's own for a transfer that makes sense; kvfree() */
static void *get_memory(const struct psx_device *psx, const struct psxdet_transfer *t)
{
	static_assert(PSXDET_TARGET_PLANE == PSX_LOAD_PLANE);
	static_assert(PSXDET_TARGET_DARK == PSX_LOAD_DARK);
	static_assert(PSXDET_TARGET_OFFSET == PSX_LOAD_OFFSET_MAP);
	static_assert(PSXDET_TARGET_SCENE == PSX_LOAD_SCENE);
	static_assert(PSXDET_TARGET_READBACK == PSX_LOAD_READBACK);
	void *memory;

	if (!transfer_valid(psx, t))
		return ERR_PTR(-EINVAL);
	if (t->target == PSXDET_TARGET_SCENE && !(psx->id.caps & PSX_CAPS_SCENE))
		return ERR_PTR(-EOPNOTSUPP);
	memory = kvmalloc(t->bytes, GFP_KERNEL_ACCOUNT);
	return memory ?: ERR_PTR(-ENOMEM);
}

int psx_upload(struct psx_device *psx, const struct psxdet_transfer *t)
{
	void *memory;
	int error;

	if (t->target == PSXDET_TARGET_READBACK)
		return -EINVAL;
	memory = get_memory(psx, t);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	if (copy_from_user(memory, u64_to_user_ptr(t->address), t->bytes))
		error = -EFAULT;
	else
		error = transfer(psx, t, memory, PSX_LOAD_WRITE);
	kvfree(memory);
	return error;
}

int psx_download(struct psx_device *psx, const struct psxdet_transfer *t)
{
	void *memory = get_memory(psx, t);
	int error;

	if (IS_ERR(memory))
		return PTR_ERR(memory);
	error = transfer(psx, t, memory, PSX_LOAD_READ);
	if (!error && copy_to_user(u64_to_user_ptr(t->address), memory, t->bytes))
		error = -EFAULT;
	kvfree(memory);
	return error;
}
