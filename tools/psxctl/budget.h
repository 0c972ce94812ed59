/* SPDX-License-Identifier: MIT */
/* Streams of a detector, and links that they have to go through, for `budget`. */
#ifndef PSXCTL_BUDGET_H
#define PSXCTL_BUDGET_H

#include "plan.h"

#include <stdio.h>

#define BUDGET_STREAMS (PLAN_KERNELS + 1)
#define BUDGET_LINKS   5

struct link {
	const char *name;
	double gbit;   /* a second; 0 = not what limits it */
	double images; /* a second; 0 = the same */
};
extern const struct link budget_links[BUDGET_LINKS];

struct stream_rate {
	const char *name;
	double byte_ratio, occupancy;
	double values; /* of a frame */
	double exposure; /* the longest, s; not above 0: there is no time */
};

struct budget {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	char **images;
	size_t image_count;
	uint32_t width, height; /* 0 = as the first image */
	double rate;
	const char *table, *picture;
	struct stream_rate streams[BUDGET_STREAMS];
	size_t count;
};

double budget_gbit(const struct budget *b, const struct stream_rate *s);
/* Frames a second that a link carries */
double budget_frames(const struct stream_rate *s, const struct link *link);
/* That it does, of a detector that has the time for them */
bool budget_fits(const struct budget *b, const struct stream_rate *s, const struct link *link);

/* budget_show.c */
void budget_print(struct budget *b);
int budget_write(const struct budget *b); /* table and picture; an exit code */

#endif
