/* SPDX-License-Identifier: MIT */
/* Files that have their name only when they are whole. The tool is built with
 * this, too. */
#ifndef PSX_LIB_OUTPUT_H
#define PSX_LIB_OUTPUT_H

#include <stdbool.h>

/* A file being written: beside its target, or, when that is a device or a
 * pipe, in place. */
struct psx_output {
	int fd;          /* -1 = not open */
	char *target;    /* what commit replaces; NULL = written in place */
	char *temporary; /* NULL = nothing to remove */
	bool lossy;      /* not all that was written got to the disk */
};

/* -1 with errno, and nothing left. What stands under `path` stays until the
 * commit; a file that may not be written is not replaced either. */
int psx_output_open(struct psx_output *out, const char *path);
/* Make it durable, give it its name and close it. -1 with errno: then what stood there
 * before stays, and what was written is to be left or discarded; unless only the folder
 * could not be made durable. */
int psx_output_commit(struct psx_output *out);
/* Close it, and leave what was written under its temporary name, which the caller frees; NULL
 * where it has none. errno is 0, or why some of it may be lost. */
char *psx_output_leave(struct psx_output *out);
/* Close it and remove what was written; nothing after a commit. Keeps errno. */
void psx_output_discard(struct psx_output *out);

#endif
