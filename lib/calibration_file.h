/* SPDX-License-Identifier: MIT */
/* What writer and reader of docs/calibration-file.md share. */
#ifndef PSX_LIB_CALIBRATION_FILE_H
#define PSX_LIB_CALIBRATION_FILE_H

#include <jansson.h>

#include "calibration.h"

#define PSX_CALIBRATION_FORMAT	"psxdet calibration"
#define PSX_CALIBRATION_VERSION 1

/* The members of struct psx_curve, and of an object in the file */
struct psx_curve_member {
	const char *name;
	size_t offset;
	float least;
};

#define PSX_CURVE_MEMBERS 5
extern const struct psx_curve_member psx_curve_members[PSX_CURVE_MEMBERS];
extern const char *const psx_curve_names[2]; /* reverse, forward */

static inline float *psx_curve_value(struct psx_curve *curve, unsigned int member)
{
	return (float *)((char *)curve + psx_curve_members[member].offset);
}

/* Of all members but "crc32c", as docs/calibration-file.md has it; into text[9] */
int psx_calibration_crc(json_t *root, char *text);

#endif
