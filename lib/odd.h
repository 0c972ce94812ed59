/* SPDX-License-Identifier: MIT */
/* Which sub-pixels are not of the crystal: much further off than the median one. */
#ifndef PSX_LIB_ODD_H
#define PSX_LIB_ODD_H

#include <stddef.h>

#define PSX_ODD_PART 0.1 /* of a response, that one may be off */

/* Without the unknown; of every so many, where there are more than a few thousand */
float psx_odd_median(const float *all, size_t count);
/* How far one may be off: `least`, or more where noise makes the median one so */
double psx_odd_limit(const float *off, size_t count, double least);
/* NAN for responses that are odd; to nothing, nothing is */
void psx_odd_leave_out(float *responses, size_t count);

#endif
