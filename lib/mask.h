/* SPDX-License-Identifier: MIT */
/* Outputs whose values mean nothing: shared by a bank, the device that it is
 * loaded into, its frames and files. Constant once shared. */
#ifndef PSX_LIB_MASK_H
#define PSX_LIB_MASK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct psx_mask {
	atomic_uint references;
	uint32_t width, height;
	uint8_t bad[]; /* [height][width], 0 or 1 */
};

/* All good; NULL with ENOMEM */
struct psx_mask *psx_mask_new(uint32_t width, uint32_t height);
struct psx_mask *psx_mask_ref(struct psx_mask *mask);
/* The last one frees it; both accept NULL */
void psx_mask_unref(struct psx_mask *mask);
size_t psx_mask_count(const struct psx_mask *mask);

#endif
