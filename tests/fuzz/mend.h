/* SPDX-License-Identifier: MIT */
/* Makes mutated inputs pass the checksums, so that fuzzing gets behind them. */
#ifndef PSX_FUZZ_MEND_H
#define PSX_FUZZ_MEND_H

#include <stddef.h>
#include <stdint.h>

void mend_frame(uint8_t *p, size_t length);
void mend_file(uint8_t *p, size_t length);

#endif
