/* SPDX-License-Identifier: MIT */
/* A picture of what streams ask of stages one after the other, and what these can do. */
#ifndef PSXCTL_STAGES_H
#define PSXCTL_STAGES_H

#include <stdbool.h>
#include <stddef.h>

struct stage {
	const char *name, *unit;
	double limit;
	const double *wanted; /* by stream */
};

struct stages {
	const char *title, *subtitle;
	const struct stage *stages; /* those of one unit, side by side, share an axis */
	size_t count;
	const char *const *streams;
	const bool *possible; /* by stream; bars of others are hollow */
	size_t stream_count;
};

/* As PNG. -1 with errno; ENOTSUP: built without cairo */
int stages_write(const char *path, const struct stages *s);

#endif
