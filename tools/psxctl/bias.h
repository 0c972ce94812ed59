/* SPDX-License-Identifier: MIT */
/* Codes of a region of a detector, for the verb `bias`. */
#ifndef PSXCTL_BIAS_H
#define PSXCTL_BIAS_H

#include "plan.h"
#include "rails.h"

struct region {
	uint32_t x, y, width, height;
};

struct bias {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	struct psx_device *dev;
	const char *action, *value, *output;
	long channel, phase; /* -1 = not given */
	struct region region; /* width 0 = the sensor */
	bool stays;
	struct rails_stay stay;
};

/* bias_show.c: codes of the region as loaded, or as monitored with those loaded
 * beside them (else NULL); an exit code */
int bias_show(struct bias *b, const struct psx_channel_info *channel, const int16_t *codes,
	      const int16_t *loaded);
/* bias_set.c: the value onto the region, into the device; an exit code */
int bias_set(struct bias *b);

#endif
