/* SPDX-License-Identifier: MIT */
/* Pictures point by point: one macro-pixel, and a stage that moves the object. */
#ifndef PSXCTL_RASTER_H
#define PSXCTL_RASTER_H

#include "run.h"

/* raster_stage.c: "X,Y[,STEP]"; -1 when it is something else */
int raster_parse(struct raster *raster, const char *text);
/* Corner of the macro-pixel at point `i` of a row or column, um */
double raster_place(const struct plan *plan, const struct psx_device *dev, size_t i);
/* The stage to point x, y; -1 with *err */
int raster_move_to(const struct plan *plan, struct psx_device *dev, size_t x, size_t y,
		   struct psx_error *err);
/* Can this device do it? Its stage goes to the last point and back to the first, so
 * that what is out of reach is known before the work of hours. -1 with *err */
int raster_check(struct run *run, struct psx_error *err);
/* The stage to where raster_check() found it, if that moved it: what comes after sees the
 * same place as what came before. -1 with *err */
int raster_leave(struct run *run, struct psx_error *err);

/*
 * raster.c: with the plan loaded and rails up: a frame of the raster's size for each kernel, every
 * kernel taken at a point before the next one. The value of (x, y) is with the middle of
 * the macro-pixel at level (x, y) * step of the object. Points that were missed are
 * masked; what was taken is delivered however it ends. An exit code.
 */
int raster_run(struct run *run);

#endif
