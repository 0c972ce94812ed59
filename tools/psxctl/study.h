/* SPDX-License-Identifier: MIT */
/* What the verbs that characterise a detector share. */
#ifndef PSXCTL_STUDY_H
#define PSXCTL_STUDY_H

#include "chart.h"
#include "progress.h"
#include "psxctl.h"

#include "../../lib/output.h"

#include <stdio.h>

struct study {
	struct ctl *ctl;
	struct psx_region region; /* width 0 = all that see */
	const char *place;	  /* the option that gave it */
	double dose_rate;	  /* 0 = not given */
	double volts;
	uint64_t exposure_ns; /* 0 = not given, as the next */
	const char *exposure; /* as it was typed; NULL = not */
	unsigned int frames;
	const char *table, *picture; /* NULL = not wanted */
	const char *keeps; /* what is said of that when it breaks off; NULL = nothing */
	struct psx_device *dev;
	struct progress bar;
};

/* --region --pixel --dose-rate --exposure --frames -o --plot; its input is a struct
 * study */
extern const struct argp study_argp;

double study_rate(const struct study *s);
/* The detector, with files that can be written; NULL with an exit code */
struct psx_device *study_open(struct study *s, int *code);
/* A psx_progress for a struct study; a signal ends the work */
int study_progress(void *study, const char *what, uint64_t done, uint64_t total);
/* Rails up for `work`, and down again whatever comes, which may fail, too; an exit code.
 * `work` gives -1 with *err */
int study_run(struct study *s, int (*work)(struct study *s, void *arg, struct psx_error *err),
	      void *arg);

/* A table as comma-separated values: lines are written to `file` */
struct table {
	struct psx_output out;
	FILE *file;
};
int table_open(struct table *t, const char *path, const char *header);
/* Both -1 with errno */
int table_close(struct table *t);
/* An exit code: a line when the picture could not be written */
int study_chart(const struct study *s, const struct chart *charts, size_t count);
int study_no_table(const struct study *s);

#endif
