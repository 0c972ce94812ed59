/* SPDX-License-Identifier: MIT */
/* Pictures in the terminal, through libchafa where it was there at the build. */
#ifndef PSXCTL_TERMINAL_H
#define PSXCTL_TERMINAL_H

#include "picture.h"

#include <stdio.h>

/* Columns and rows of the terminal; 80 x 24 where there is none. */
void terminal_size(uint32_t *columns, uint32_t *rows);

/* Draw in at most columns x rows characters; no colours where `out` is no
 * terminal or a dumb one. -1 with ENOTSUP when built without libchafa. */
int terminal_draw(FILE *out, const struct picture *picture, uint32_t columns, uint32_t rows);

#endif
