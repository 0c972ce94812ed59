/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_CLASSIFIER_FILE_H
#define PSX_LIB_CLASSIFIER_FILE_H

#include <jansson.h>
#include <psxdet.h>

#define PSX_CLASSIFIER_FORMAT  "psxdet classifier"
#define PSX_CLASSIFIER_VERSION 1
/* A box in a file: least, 1 %, quartile, median, quartile, 99 %, most, mean */
#define PSX_BOX_VALUES	       (sizeof(struct psx_box) / sizeof(double))
_Static_assert(PSX_BOX_VALUES == 8, "struct psx_box is eight doubles");

#endif
