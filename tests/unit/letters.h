/* SPDX-License-Identifier: MIT */
/* What classifiers are tried on: letters, as 3 x 3 sub-pixels see them. */
#ifndef PSX_TEST_LETTERS_H
#define PSX_TEST_LETTERS_H

#include <psxdet.h>

#define LETTERS 4u /* H, U, S, T */

/* So many samples of each letter, turned by up to 15 degrees and shifted by up to so
 * much; aborts when it can't */
struct psx_dataset *letters_new(uint64_t seed, double shift_x, double shift_y, unsigned int train,
				unsigned int test);

#endif
