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

/* The name of a process, into name[size]; "" when it can't be known */
const char *psx_error_program(int32_t pid, char *name, size_t size);
/* Who has a claim, "NAME (pid N)", into text[size]; pid 0 can't be seen */
const char *psx_error_owner(int32_t pid, char *text, size_t size);

#endif
