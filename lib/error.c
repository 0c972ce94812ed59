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

const char *psx_error_program(int32_t pid, char *name, size_t size)
{
	char path[40];
	FILE *file;

	name[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file)
		return name;
	if (!fgets(name, (int)size, file))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
	return name;
}

const char *psx_error_owner(int32_t pid, char *text, size_t size)
{
	char name[32];

	if (!pid) {
		(void)snprintf(text, size, "a process that cannot be seen from here");
		return text;
	}
	(void)psx_error_program(pid, name, sizeof(name));
	(void)snprintf(text, size, "%s (pid %d)", *name ? name : "another process", (int)pid);
	return text;
}
