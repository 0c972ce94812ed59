/* SPDX-License-Identifier: MIT */
/* A model with just what its sensor needs, for tests of single sub-pixels. */
#ifndef PSX_TEST_CRYSTAL_H
#define PSX_TEST_CRYSTAL_H

#include "model/model.h"

/* side x side sub-pixels, seed 7; with no mismatch the ideal table alone */
struct psx_model *crystal_new(u32 side, u32 mismatch_ppm);
struct psx_model *crystal_seeded(u32 side, u32 mismatch_ppm, u64 seed);
void crystal_free(struct psx_model *m);

#endif
