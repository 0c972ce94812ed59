/* SPDX-License-Identifier: MIT */
/* Pictures point by point: one macro-pixel, and a stage that moves the object. */
#ifndef PSXCTL_RASTER_H
#define PSXCTL_RASTER_H

#include "plan.h"

struct raster {
	uint32_t width, height; /* points; 0 = none wanted */
	double step;		/* from point to point, in pitches of the sub-pixels */
};

/* "X,Y[,STEP]"; -1 when it is something else */
int raster_parse(struct raster *raster, const char *text);
/*
 * With the plan loaded at threshold 0 and rails up: a frame of width x height points,
 * that of (x, y) with the middle of the macro-pixel at level (x, y) * step of the object;
 * kept in `output` unless that is NULL. Points that were missed are marked. An exit code.
 */
int raster_run(struct ctl *ctl, const struct plan *plan, const struct raster *raster,
	       struct psx_device *dev, const char *output);

#endif
