// SPDX-License-Identifier: MIT
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_ROOM 120

static void error_fill(struct psx_error *err, int code, const char *format, va_list args)
{
	if (err) {
		err->code = code;
		(void)vsnprintf(err->message, sizeof(err->message), format, args);
	}
	errno = code;
}

int psx_error_set(struct psx_error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_fill(err, code, format, args);
	va_end(args);
	return -1;
}

void *psx_error_null(struct psx_error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_fill(err, code, format, args);
	va_end(args);
	return NULL;
}

const char *psx_error_path(const char *path)
{
	const size_t length = strlen(path);

	if (length <= PATH_ROOM)
		return path;
	path += length - PATH_ROOM;
	while ((*path & 0xc0) == 0x80) /* within a character */
		path++;
	return path;
}
