/* SPDX-License-Identifier: MIT */
/* Calls that must be refused, and must have changed nothing. */
#ifndef PSX_TEST_DRIVER_REFUSE_H
#define PSX_TEST_DRIVER_REFUSE_H

#include "rig.h"

/* Look at this detector, of at most REFUSE_PIXELS, through this file */
#define REFUSE_PIXELS 1024u
void refuse_watch(const struct rig *rig, int fd);

/* ioctl() must fail with that errno and change nothing that can be seen */
void refuse(int fd, unsigned long cmd, void *arg, int error, const char *what);

#endif
