/* SPDX-License-Identifier: MIT */
/* The other side of tools/psxvfu: vfio-user requests, as QEMU makes them, and worse. */
#ifndef PSX_TEST_VFU_CLIENT_H
#define PSX_TEST_VFU_CLIENT_H

#include <linux/vfio.h>
#include <psx_regs.h>

#include "unit.h"

enum {
	VFU_VERSION = 1,
	VFU_DMA_MAP,
	VFU_DMA_UNMAP,
	VFU_GET_INFO,
	VFU_GET_REGION_INFO,
	VFU_GET_REGION_IO_FDS,
	VFU_GET_IRQ_INFO,
	VFU_SET_IRQS,
	VFU_REGION_READ,
	VFU_REGION_WRITE,
	VFU_DMA_READ,
	VFU_DMA_WRITE,
	VFU_RESET,
};

#define VFU_NO_REPLY 0x10u

struct vfu_header {
	u16 id, command;
	u32 size, flags, error;
};

struct vfu_dma_map {
	u32 argsz, flags;
	u64 offset, address, size;
};

struct vfu_dma_unmap {
	u32 argsz, flags;
	u64 address, size;
};

struct vfu_irq_set {
	u32 argsz, flags, index, start, count;
};

struct vfu_access {
	u64 offset;
	u32 region, count;
};

/* The answer to the last call */
struct vfu_reply {
	size_t size;
	u8 data[16384];
};

extern struct vfu_reply vfu_reply;

void vfu_send(int fd, const void *bytes, size_t size, int passed_fd);
/* False when the server has closed the connection */
bool vfu_receive(int fd, struct vfu_header *header);
/* One command and its answer: 0 or the error */
u32 vfu_call_fd(int fd, u16 command, const void *data, size_t size, int passed_fd);
u32 vfu_call(int fd, u16 command, const void *data, size_t size);
/* Agree on version 0.0, as every client begins */
void vfu_hello(int fd);

u32 vfu_read(int fd, u32 region, u64 offset, void *data, u32 count);
u32 vfu_write(int fd, u32 region, u64 offset, const void *data, u32 count);
u32 vfu_map(int fd, u64 address, u64 size, u64 offset, u32 flags, int memory);
u32 vfu_unmap(int fd, u64 address, u64 size);
u32 vfu_set_irq(int fd, u32 flags, u32 start, u32 count, int eventfd);

u32 vfu_config_get(int fd, u32 offset, u32 count);
void vfu_config_set(int fd, u32 offset, u32 value, u32 count);
u32 vfu_rd(int fd, u32 reg);
u64 vfu_rd64(int fd, u32 reg);
void vfu_wr(int fd, u32 reg, u32 value);
void vfu_wr64(int fd, u32 reg, u64 value);

#endif
