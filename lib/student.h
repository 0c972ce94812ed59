/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_STUDENT_H
#define PSX_LIB_STUDENT_H

/* The error that is exceeded in 31.7 % (Student), of a standard deviation by so many degrees
 * of freedom; to 1.5 % */
static inline double psx_student(double freedom)
{
	return 1 + (1 + (0.5 + 0.125 / freedom) / freedom) / (2 * freedom);
}

#endif
