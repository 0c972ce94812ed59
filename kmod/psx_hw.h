/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What psxdet's core asks of the hardware under it: registers, memory that the
 * device reaches, an interrupt. A front end (PCI, platform) offers the table;
 * the core knows no other way to a device.
 */
#ifndef PSX_HW_H
#define PSX_HW_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct device;

/* All calls may sleep. Registers that are gone read as all ones. */
struct psx_hw_ops {
	u32 (*read)(void *hw, u32 reg);
	void (*write)(void *hw, u32 reg, u32 value);

	/* Zeroed, seen by both sides without syncing; @address is the device's */
	void *(*alloc_coherent)(void *hw, size_t bytes, u64 *address);
	void (*free_coherent)(void *hw, size_t bytes, void *memory, u64 address);

	/* Contiguous pages that the device may write until they are unmapped */
	size_t (*max_map)(void *hw);
	int (*map)(void *hw, struct page *page, size_t bytes, u64 *address);
	void (*unmap)(void *hw, size_t bytes, u64 address);
	void (*sync_for_cpu)(void *hw, u64 address, size_t bytes);
	void (*sync_for_device)(void *hw, u64 address, size_t bytes);

	/* @handler is called in process context, and never after free_irq() */
	int (*request_irq)(void *hw, void (*handler)(void *arg), void *arg);
	void (*free_irq)(void *hw);

	/* Cut the device off host memory: no DMA from here on */
	void (*quiesce)(void *hw);
};

/* Platform data of a "psxdet" platform device */
struct psx_platform_data {
	const struct psx_hw_ops *ops;
	void *hw;
};

#define PSX_PLATFORM_NAME	"psxdet"

#endif /* PSX_HW_H */
