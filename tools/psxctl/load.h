/* SPDX-License-Identifier: MIT */
#ifndef PSXCTL_LOAD_H
#define PSXCTL_LOAD_H

#include "plan.h"
#include "rails.h"

/* The kernels of the plan into the detector of -d, sim: without; then the rails go up
 * and stay, or, for NULL, are left as they were. An exit code */
int load_kernels(struct ctl *ctl, struct plan *plan, const struct rails_stay *stay);

#endif
