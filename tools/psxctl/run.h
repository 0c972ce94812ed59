/* SPDX-License-Identifier: MIT */
/* A run of `acquire`: what it delivers to, and what it has delivered. */
#ifndef PSXCTL_RUN_H
#define PSXCTL_RUN_H

#include "panels.h"
#include "rails.h"

struct run {
	struct ctl *ctl;
	const struct plan *plan;
	uint64_t frames;    /* wanted; 0 = endless */
	const char *output; /* NULL = frames are not kept */
	struct psx_device *dev;
	struct rails_before before;
	struct psx_file *file;
	const char *plot;      /* NULL = no picture */
	struct panels *panels; /* for it */
	struct stream stream;
	struct figures sums[PLAN_KERNELS]; /* by channel */
	uint64_t counts[PLAN_KERNELS];
	uint64_t delivered;
	bool away;	 /* a raster has moved the stage */
	int32_t home[2]; /* from there: x, y, um */
	uint64_t missed[PLAN_KERNELS]; /* values of rasters, by channel */
};

/* File and picture that it is to keep, if any; an exit code */
int run_open(struct run *run);
void run_close(struct run *run);
/* The plan that is loaded, to its end or to a signal; an exit code */
int run_plan(struct run *run);
/* Count, show and write a frame; `whole` is the same before the comparator, or NULL. -1
 * with *err; when that was the file, there is none any more */
int run_deliver(struct run *run, const struct psx_frame *frame, const struct psx_frame *whole,
		struct psx_error *err);
/* What was delivered is kept, drawn and summed up, each though another fails; an exit
 * code */
int run_finish(struct run *run, const struct psx_acquisition_stats *stats);

/* run_show.c */
/* -1 with errno when standard output takes no more: the errno of that write */
int run_show_frame(const struct run *run, const struct psx_frame *frame, const struct figures *f);
void run_show_summary(const struct run *run, const struct psx_acquisition_stats *stats);

#endif
