/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_KERNEL_H
#define PSX_LIB_KERNEL_H

#include <psxdet.h>

struct psx_kernel {
	char name[64];
	unsigned int k;
	uint16_t scale; /* Q8.8 */
	double weights[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
};

#endif
