/* SPDX-License-Identifier: MIT */
#ifndef PSXCTL_PROGRESS_H
#define PSXCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bar on stderr, drawn at most ten times a second, and only on a terminal */
struct progress {
	const char *what; /* "frames", "images" */
	uint64_t total;	  /* 0 = not known */
	uint64_t start_ms, drawn_ms;
	bool on;
};

void progress_begin(struct progress *p, const char *what, uint64_t total, bool wanted);
/* The same where nothing is printed meanwhile: stdout may be the terminal, too */
void progress_begin_alone(struct progress *p, const char *what, uint64_t total, bool wanted);
void progress_show(struct progress *p, uint64_t done);
/* "5 h 1 min", "1 min 3 s", "20 s"; returns `text` */
const char *progress_time(char *text, size_t size, double seconds);
/* Take the bar away */
void progress_end(struct progress *p);

#endif
