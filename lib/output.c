// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES	  100
#define NAME_PART 240

/* A new file `.NAME.XXXXXX` beside the target, with the mode that open() gives;
 * of a long name as much as fits. */
static int open_temporary(struct psx_output *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	const char *slash = strrchr(out->target, '/');
	int folder = slash ? (int)(slash + 1 - out->target) : 0;

	for (int tries = 0; tries < TRIES; tries++) {
		char *name, suffix[7] = "";
		uint8_t random[6];

		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return -1;
		for (int i = 0; i < 6; i++)
			suffix[i] = letters[random[i] % 32];
		if (asprintf(&name, "%.*s.%.*s.%s", folder, out->target, NAME_PART,
			     out->target + folder, suffix) < 0)
			return -1;
		out->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (out->fd >= 0) {
			out->temporary = name;
			return 0;
		}
		free(name);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static int open_any(struct psx_output *out, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		if (errno != ENOENT || !*path || !lstat(path, &st)) /* or a link to nothing */
			return -1;
		out->target = strdup(path);
		return out->target ? open_temporary(out) : -1;
	}
	if (!S_ISREG(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
		return out->fd < 0 ? -1 : 0;
	}
	if (access(path, W_OK))
		return -1;
	out->target = realpath(path, NULL);
	if (!out->target || open_temporary(out))
		return -1;
	return fchmod(out->fd, st.st_mode & 07777);
}

int psx_output_open(struct psx_output *out, const char *path)
{
	*out = (struct psx_output){ .fd = -1 };
	if (!open_any(out, path))
		return 0;
	psx_output_discard(out);
	return -1;
}

/* Durable, as far as the kind of file can be. What was lost once, later calls don't bring back. */
static int sync_data(struct psx_output *out)
{
	if (out->lossy) {
		errno = EIO;
		return -1;
	}
	if (!fsync(out->fd) ||
	    (!out->temporary && (errno == EINVAL || errno == ENOTSUP || errno == EROFS)))
		return 0;
	out->lossy = true;
	return -1;
}

/* A name is as durable as its folder is */
static int sync_folder(char *target)
{
	char *slash = strrchr(target, '/');
	int folder, failed;

	if (slash)
		slash[1] = '\0';
	folder = open(slash ? target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	failed = fsync(folder);
	(void)close(folder);
	return failed;
}

int psx_output_commit(struct psx_output *out)
{
	int failed;

	if (sync_data(out) || (out->temporary && rename(out->temporary, out->target)))
		return -1;
	failed = close(out->fd);
	out->fd = -1;
	if (!failed && out->temporary)
		failed = sync_folder(out->target);
	free(out->temporary);
	out->temporary = NULL;
	psx_output_discard(out);
	return failed;
}

char *psx_output_leave(struct psx_output *out)
{
	char *name = out->temporary;
	const int code = name && sync_data(out) ? errno : 0;

	out->temporary = NULL;
	psx_output_discard(out);
	errno = code;
	return name;
}

void psx_output_discard(struct psx_output *out)
{
	int code = errno;

	if (out->fd >= 0)
		(void)close(out->fd);
	if (out->temporary)
		(void)unlink(out->temporary);
	free(out->temporary);
	free(out->target);
	*out = (struct psx_output){ .fd = -1 };
	errno = code;
}
