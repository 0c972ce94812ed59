/* SPDX-License-Identifier: MIT */
/* High voltage as verbs use it: up, down, and up until somebody ends it. */
#ifndef PSXCTL_RAILS_H
#define PSXCTL_RAILS_H

#include "psxctl.h"

/* Up, and wait for it, while the terminal shows how far they are; rails that are up
 * stay as they are. -1 with *err */
int rails_up(const struct ctl *ctl, struct psx_device *dev, uint32_t slew,
	     struct psx_error *err);
/* The same, with a remark */
int rails_up_for_run(const struct ctl *ctl, struct psx_device *dev, struct psx_error *err);
bool rails_are_up(struct psx_device *dev);

/* As they were before a verb. Those that are held belong to whoever has the claim; so they
 * are held again after it, for the rest of the time */
struct rails_before {
	bool noted; /* and not yet restored */
	bool up;
	uint64_t until_ms; /* of a clock; 0 = they were not held */
};
struct rails_before rails_before(struct psx_device *dev);
/* The same again, once: as soon as there is nothing to measure, before it is shown, as whoever
 * reads that may take hours. `code`, which is kept unless that fails, which is said */
int rails_restore(const struct ctl *ctl, struct psx_device *dev, struct rails_before *before,
		  int code);

struct rails_stay {
	uint32_t slew;	    /* 0 = the device's usual */
	uint32_t hold_ms;   /* 0 = in the foreground, with a heartbeat */
};

/* "SECONDS" into hold_ms, 0 allowed; -1 */
int rails_parse_hold(const char *text, uint32_t *hold_ms);

/* Up, then until a signal comes or the rails trip; or held, and return. An exit code */
int rails_stay(struct ctl *ctl, struct psx_device *dev, const struct rails_stay *stay);

#endif
