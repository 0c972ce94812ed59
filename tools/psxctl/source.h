/* SPDX-License-Identifier: MIT */
/* What makes X-rays of a wanted dose rate: a model's tube, a scene, a person. */
#ifndef PSXCTL_SOURCE_H
#define PSXCTL_SOURCE_H

#include "study.h"

struct source {
	const struct study *study;
	double most;		/* rate that will be wanted, uGy/s */
	struct psx_device *dev; /* that sees it; not the study's where a model is made anew */
	struct psx_probe *probe;
	double tube;		/* of a scene's level 4095, uGy/s */
	enum psx_shutter light; /* where the rate is */
};

/* With this rate, or about it; *rate is what it is. Opens what it needs. -1 with *err */
int source_set(struct source *s, double wanted, double *rate, struct psx_error *err);
void source_end(struct source *s);

#endif
