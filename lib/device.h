/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_DEVICE_H
#define PSX_LIB_DEVICE_H

#include "mask.h"
#include "transport.h"

/* Of one configuration's banks, by channel */
struct psx_masks {
	uint32_t cfg_id;
	size_t count;
	struct psx_mask **masks; /* NULL = all good */
};

struct psx_device {
	struct psx_transport *transport;
	struct psx_error error;
	uint32_t *slots;   /* in force, one a channel */
	uint32_t *retired; /* in force before; freed when the new ones latched */
	size_t count, retired_count;
	struct psx_device_status status; /* at the last psx_device_get_status() */
	unsigned int references; /* the user's and a running acquisition's */
	bool acquiring;
	bool adopted; /* slots that were in force at the claim are among the retired */
	struct psx_masks masks[2]; /* of what was loaded last, and before it */
	psx_operator ask; /* NULL = nobody */
	void *ask_arg;
};

/* Of struct psx_device_status */
enum { PSX_RAILS_OFF, PSX_RAILS_RAMPING, PSX_RAILS_ON, PSX_RAILS_TRIPPED };
/* Why they went down: "by over-current" */
const char *psx_rails_cause(uint32_t cause);

/* Before anything is changed: -1 when somebody else may */
int psx_device_claim(struct psx_device *dev);

/* load_masks.c: the mask of a frame, NULL = all good; still the device's */
struct psx_mask *psx_device_mask(const struct psx_device *dev, uint32_t cfg_id,
				 unsigned int channel);
void psx_device_drop_masks(struct psx_device *dev);

/* A calibration as configurations carry it: id, and minutes since 1970; 0 = none */
static inline uint64_t psx_calibration_mark(uint32_t id, int64_t time)
{
	return (uint64_t)id << 32 | (uint32_t)(time / 60);
}

static inline void psx_calibration_unmark(uint64_t mark, uint32_t *id, int64_t *time)
{
	*id = (uint32_t)(mark >> 32);
	*time = (int64_t)(uint32_t)mark * 60;
}

#endif
