/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_NUMBER_H
#define PSX_LIB_NUMBER_H

/* strtod() with a decimal point, whatever the program's locale; `text` itself
 * in *end where there is no number */
double psx_number(const char *text, char **end);

#endif
