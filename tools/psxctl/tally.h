/* SPDX-License-Identifier: MIT */
/* How often values occur that a comparator keeps, and that it drops. */
#ifndef PSXCTL_TALLY_H
#define PSXCTL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_BINS 160

struct tally {
	size_t bins;
	double edges[TALLY_BINS + 1]; /* halves, so that no value is on one */
	double kept[TALLY_BINS], dropped[TALLY_BINS];
};

/* Bins over least..most: of one width, or growing from 1 by a sixth away from 0 */
void tally_begin(struct tally *tally, int32_t least, int32_t most, bool growing);
void tally_add(struct tally *tally, int32_t value, bool kept);

#endif
