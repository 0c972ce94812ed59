/* SPDX-License-Identifier: GPL-2.0 */
/* The front ends: where detectors are found. */
#ifndef PSX_FRONT_H
#define PSX_FRONT_H

int psx_platform_register(void);
void psx_platform_unregister(void);
int psx_pci_register(void);
void psx_pci_unregister(void);

#endif /* PSX_FRONT_H */
