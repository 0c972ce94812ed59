// SPDX-License-Identifier: GPL-2.0
/* Registers: pairs, sequences and their verdict, and what the device is. */
#include "psxdet.h"

#define SIDE_MOST		8192u
#define PAYLOAD_MOST		(256u << 20)
#define SLEW_MAX_1_0		1000u	/* mV per ms */
#define RAIL_MV_1_0		105000u

u32 psx_read(struct psx_device *psx, u32 reg)
{
	return psx->ops->read(psx->hw, reg);
}

void psx_write(struct psx_device *psx, u32 reg, u32 value)
{
	psx->ops->write(psx->hw, reg, value);
}

/* The device keeps one half for all pairs: nobody else's may come between */
u64 psx_read64(struct psx_device *psx, u32 reg_lo)
{
	u32 low, high;

	mutex_lock(&psx->pair);
	low = psx_read(psx, reg_lo);
	high = psx_read(psx, reg_lo + 4);
	mutex_unlock(&psx->pair);
	return (u64)high << 32 | low;
}

void psx_write64(struct psx_device *psx, u32 reg_lo, u64 value)
{
	mutex_lock(&psx->pair);
	psx_write(psx, reg_lo, lower_32_bits(value));
	psx_write(psx, reg_lo + 4, upper_32_bits(value));
	mutex_unlock(&psx->pair);
}

/* Errors that come by themselves, not from a write to the register they name */
static bool by_itself(u32 error)
{
	return PSX_ERR_CODE(error) == PSX_ERR_DMA &&
	       (PSX_ERR_REG(error) == PSX_REG_SEG_ADDR_HI ||
		PSX_ERR_REG(error) == PSX_REG_CQ_ADDR_HI);
}

static int error_to_errno(u32 error)
{
	switch (PSX_ERR_CODE(error)) {
	case PSX_ERR_RANGE:
	case PSX_ERR_INCOMPLETE:
	case PSX_ERR_RATE:
		return -EINVAL;
	case PSX_ERR_STATE:
		return -EBUSY;
	case PSX_ERR_SPACE:
		return -ENOSPC;
	default:
		return -EIO;
	}
}

/*
 * ERROR keeps the first error, so one that came by itself may hide what became
 * of the sequence: that is -EIO, not success.
 */
int psx_control_check(struct psx_device *psx)
{
	u32 error;

	lockdep_assert_held(&psx->control);
	error = psx_read(psx, PSX_REG_ERROR);
	if (!error)
		return 0;
	if (error == ~0u && psx_read(psx, PSX_REG_ID) != PSX_ID) {
		psx_service_later(psx);	/* the caller may hold service */
		return -ENODEV;
	}
	psx_write(psx, PSX_REG_ERROR, 0);
	if (by_itself(error))
		psx_report_error(psx, error);
	return error_to_errno(error);
}

/* What is left of before is not this sequence's */
static void clear_error(struct psx_device *psx)
{
	u32 error = psx_read(psx, PSX_REG_ERROR);

	if (!error || error == ~0u)
		return;
	psx_write(psx, PSX_REG_ERROR, 0);
	psx_report_error(psx, error);
}

void psx_control_begin_always(struct psx_device *psx)
{
	mutex_lock(&psx->control);
	clear_error(psx);
}

int psx_control_begin(struct psx_device *psx)
{
	if (mutex_lock_interruptible(&psx->control))
		return -ERESTARTSYS;
	clear_error(psx);
	return 0;
}

void psx_control_end(struct psx_device *psx)
{
	mutex_unlock(&psx->control);
	/* Pairs with psx_report_stray_error(), which found control taken */
	smp_mb();
	if (READ_ONCE(psx->error_waits))
		psx_service_later(psx);
}

static void read_strings(struct psx_device *psx)
{
	struct psx_identity *id = &psx->id;
	u32 word, i;

	for (i = 0; i < 4; i++) {
		snprintf(id->serial + 8 * i, 9, "%08x", psx_read(psx, PSX_REG_SERIAL + 4 * i));
		word = psx_read(psx, PSX_REG_NAME + 4 * i);
		id->model[4 * i] = word & 0xff;
		id->model[4 * i + 1] = word >> 8 & 0xff;
		id->model[4 * i + 2] = word >> 16 & 0xff;
		id->model[4 * i + 3] = word >> 24;
	}
	for (i = 0; i < 16; i++)
		if (id->model[i] && (id->model[i] < ' ' || id->model[i] > '~'))
			id->model[i] = '?';
}

/* What the rest of the driver computes with must be sane, whoever said it */
static bool sane(const struct psx_identity *id)
{
	return id->width && id->width <= SIDE_MOST && id->height && id->height <= SIDE_MOST &&
	       id->banks && id->banks <= 256 && id->max_mv && id->max_mv <= 1000000 &&
	       id->rail_mv <= 1000000 && id->scene_width <= SIDE_MOST &&
	       id->scene_height <= SIDE_MOST &&
	       id->max_k && id->max_k <= 255 && id->segs_max && id->payload_max &&
	       id->payload_max <= PAYLOAD_MOST && id->exposure_max_ms;
}

int psx_identify(struct psx_device *psx)
{
	struct device *parent = psx->dev.parent;
	struct psx_identity *id = &psx->id;
	u32 version;

	if (psx_read(psx, PSX_REG_ID) != PSX_ID)
		return dev_err_probe(parent, -ENODEV, "no psxdet device answers\n");
	version = psx_read(psx, PSX_REG_VERSION);
	if (version >> 16 != PSX_VERSION_1_1 >> 16)
		return dev_err_probe(parent, -ENODEV, "register map %u.%u is not known\n",
				     version >> 16, version & 0xffff);
	id->caps = psx_read(psx, PSX_REG_CAPS);
	id->width = psx_read(psx, PSX_REG_WIDTH);
	id->height = psx_read(psx, PSX_REG_HEIGHT);
	id->max_k = psx_read(psx, PSX_REG_MAX_K);
	id->banks = psx_read(psx, PSX_REG_BANKS);
	id->planes = psx_read(psx, PSX_REG_PLANES);
	id->depth = psx_read(psx, PSX_REG_DEPTH);
	id->pitch_um = psx_read(psx, PSX_REG_PITCH);
	id->max_mv = psx_read(psx, PSX_REG_MAX_MV);
	id->neighbour_mv = psx_read(psx, PSX_REG_NEIGHBOUR_MV);
	id->settle_ns = psx_read(psx, PSX_REG_SETTLE_NS);
	id->exposure_min_ns = psx_read(psx, PSX_REG_EXPOSURE_MIN_NS);
	id->exposure_max_ms = psx_read(psx, PSX_REG_EXPOSURE_MAX_MS);
	id->segs_max = psx_read(psx, PSX_REG_SEGS_MAX);
	id->seg_shift_max = psx_read(psx, PSX_REG_SEG_SHIFT_MAX);
	id->payload_max = psx_read(psx, PSX_REG_PAYLOAD_MAX);
	/* What version 1.0 has not reads as 0 */
	id->border = psx_read(psx, PSX_REG_BORDER);
	id->slew_max = psx_read(psx, PSX_REG_SLEW_MAX) ?: SLEW_MAX_1_0;
	id->rail_mv = psx_read(psx, PSX_REG_RAIL_MV) ?: RAIL_MV_1_0;
	id->scene_width = psx_read(psx, PSX_REG_SCENE_WIDTH) ?: id->width;
	id->scene_height = psx_read(psx, PSX_REG_SCENE_HEIGHT) ?: id->height;
	psx->neighbour_mv = id->neighbour_mv;
	if (!sane(id) || psx_read(psx, PSX_REG_CQ_SHIFT_MAX) < PSX_RING_SHIFT)
		return dev_err_probe(parent, -EIO, "the device's limits make no sense\n");
	read_strings(psx);
	return 0;
}
