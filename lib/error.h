/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_ERROR_H
#define PSX_LIB_ERROR_H

#include <psxdet.h>

/* Fill *err (may be NULL), set errno = code. Both return the failure value. */
int psx_error_set(struct psx_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void *psx_error_null(struct psx_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The end of a path, short enough that the reason behind it has room */
const char *psx_error_path(const char *path);

#endif
