/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_MEDIAN_H
#define PSX_LIB_MEDIAN_H

#include <stddef.h>

/* Sorts them; 0 of none */
float psx_median(float *values, size_t count);

#endif
