/* SPDX-License-Identifier: MIT */
/* Frames beside each other, under each how often its values occur; as Fig. 4 of Pang et
 * al. 2024. */
#ifndef PSXCTL_PANELS_H
#define PSXCTL_PANELS_H

#include "plan.h"

#define PANELS 16

struct panels;

/* Plan and device must outlive it. NULL with errno; ENOTSUP: built without cairo */
struct panels *panels_new(const struct plan *plan, const struct psx_device_info *device);
void panels_free(struct panels *p);
/* This frame instead of its channel's last one, if that is among the first PANELS; `whole`
 * is the same before the comparator, NULL where the tool has not seen that. -1: ENOMEM */
int panels_put(struct panels *p, const struct psx_frame *frame, const struct psx_frame *whole);
/* A PNG file, whole or not at all; -1 with errno */
int panels_write(const struct panels *p, const char *path);

#endif
