/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_PARALLEL_H
#define PSX_LIB_PARALLEL_H

#include <stddef.h>

/* Call `work` for parts first .. end - 1 that together are 0 .. count - 1, by as
 * many threads as there are processors; returns when all are done. What a part
 * writes must depend on its numbers alone. */
void psx_parallel(size_t count, void (*work)(size_t first, size_t end, void *arg), void *arg);

#endif
