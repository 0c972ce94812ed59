/* SPDX-License-Identifier: MIT */
/* What `cal` does with a calibration. */
#ifndef PSXCTL_CAL_H
#define PSXCTL_CAL_H

#include "plan.h"

struct cal {
	struct ctl *ctl;
	struct plan plan; /* kernels and mode */
	struct plan_input shared;
	const char *action, *path; /* the file to read */
	const char *output; /* run: the file; show: a picture of the curves */
	const char *map;    /* show: a picture of the residuals */
	bool pixel_given;
	uint32_t x, y;
	struct psx_calibration_options options;
	bool stays;
	uint32_t hold_ms;
	const char *only_of; /* an option that was given and goes with this action */
};

/* Measure, null and save; an exit code */
int cal_run(struct cal *c);
/* Facts, a sub-pixel, pictures; an exit code */
int cal_show(struct cal *c);
/* cal_plot.c: curves of the best, the median and the worst fit, and of the sub-pixel
 * that was asked for. -1 with errno; ENOTSUP: built without cairo */
int cal_plot(const struct cal *c, const struct psx_calibration *cal);
/* The larger residual of both signs */
double cal_residual(const struct psx_calibration *cal, uint32_t x, uint32_t y);

#endif
