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

/* calibration_read.c: a file that is being read */
struct psx_cal_reader {
	const char *path;
	struct psx_error *err;
	json_t *root;
	struct psx_calibration *cal;
};

/* "FILE: MEMBER: why"; -1 */
int psx_read_refuse(const struct psx_cal_reader *r, const char *member, const char *why);
/* These name the member that they refuse; -1 */
int psx_read_integer(const struct psx_cal_reader *r, json_t *object, const char *name,
		     json_int_t least, json_int_t most, json_int_t *value);
int psx_read_real(const struct psx_cal_reader *r, const char *name, double least, double most,
		  double *value);
int psx_read_text(const struct psx_cal_reader *r, json_t *object, const char *name, char *text,
		  size_t size);
/* Is it a block of so many numbers? `what` names it in errors */
int psx_read_check_block(const struct psx_cal_reader *r, json_t *block, const char *what,
			 const char *type, size_t count, size_t size);
/* The same, and its numbers */
int psx_read_block(const struct psx_cal_reader *r, json_t *block, const char *what, const char *type,
		   void *values, size_t count, size_t size);

#endif
