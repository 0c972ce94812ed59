/* SPDX-License-Identifier: MIT */
/* Files that have their name only when they are whole. The tool is built with
 * this, too. */
#ifndef PSX_LIB_OUTPUT_H
#define PSX_LIB_OUTPUT_H

/* A file being written: beside its target, or, when that is a device or a
 * pipe, in place. */
struct psx_output {
	int fd;          /* -1 = not open */
	char *target;    /* what commit replaces; NULL = written in place */
	char *temporary; /* NULL = nothing to remove */
};

/* -1 with errno, and nothing left. What stands under `path` stays until the
 * commit; a file that may not be written is not replaced either. */
int psx_output_open(struct psx_output *out, const char *path);
/* Make it durable, close it and give it its name. -1 with errno: then it is
 * gone, and what stood there before stays; unless only the folder could not be
 * made durable. */
int psx_output_commit(struct psx_output *out);
/* Close it, and leave what was written under its temporary name, which the caller frees; NULL
 * where it has none */
char *psx_output_leave(struct psx_output *out);
/* Close it and remove what was written; nothing after a commit. Keeps errno. */
void psx_output_discard(struct psx_output *out);

#endif
