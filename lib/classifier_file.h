/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_CLASSIFIER_FILE_H
#define PSX_LIB_CLASSIFIER_FILE_H

#include <jansson.h>

#define PSX_CLASSIFIER_FORMAT  "psxdet classifier"
#define PSX_CLASSIFIER_VERSION 1
#define PSX_BOX_VALUES	       8 /* doubles of struct psx_box */

#endif
