/* SPDX-License-Identifier: MIT */
/* Images through an ideal detector, or through the one that was named. */
#ifndef PSXCTL_EVALUATOR_H
#define PSXCTL_EVALUATOR_H

#include "plan.h"

struct evaluator {
	const char *uri; /* NULL = an ideal model of each image's size */
	struct plan *plan;
	struct psx_device *dev;
};

/* Both -1 with *err. A plan of one kernel, which outlives it */
int evaluator_begin(struct evaluator *e, const char *uri, struct plan *plan, struct psx_error *err);
int evaluator_image(struct evaluator *e, const char *path, struct figures *figures,
		    struct psx_error *err);
void evaluator_end(struct evaluator *e);

#endif
