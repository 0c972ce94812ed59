/* SPDX-License-Identifier: MIT */
/* What loading notes in a device: slots and masks of its configurations */
#ifndef PSX_LIB_SLOTS_H
#define PSX_LIB_SLOTS_H

#include "bank.h"
#include "device.h"

/* Keeps errno and the device's error */
void psx_slots_free(struct psx_device *dev, const uint32_t *slots, size_t count);
/* Those of the configuration before the one in force, where it has gone */
void psx_slots_free_retired(struct psx_device *dev);
/* Those that another process has left in force; -1 with ENOMEM */
int psx_slots_adopt(struct psx_device *dev);
/* Shape the lowest slot from shape->slot on that no configuration uses */
int psx_slots_take(struct psx_device *dev, struct psx_slot *shape);
/* `slots` are in force from now on, and the device's */
void psx_slots_replace(struct psx_device *dev, uint32_t *slots, size_t count);

/* load_masks.c: those of banks, shared; -1 with ENOMEM */
int psx_masks_take(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		   struct psx_masks *masks);
void psx_masks_drop(struct psx_masks *masks);
void psx_masks_replace(struct psx_device *dev, const struct psx_masks *masks);

#endif
