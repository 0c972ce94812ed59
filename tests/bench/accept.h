/* SPDX-License-Identifier: MIT */
/* What `make accept` compares with what is wanted, a file a subject. */
#ifndef PSX_ACCEPT_H
#define PSX_ACCEPT_H

#include <psxdet.h>

_Noreturn void die(const char *message);
/* A bound, and whether it was kept: "ok" or "MISSED", which main() exits with */
const char *verdict(bool good);
/* Ends the program when it can't */
struct psx_calibration *calibrate(struct psx_device *dev);

/* accept_classifier.c: letters learned */
void classifiers(void);

#endif
