/* SPDX-License-Identifier: MIT */
/*
 * The detector model as a PCI device that speaks vfio-user: one client, one
 * thread. The client is QEMU's vfio-user-pci, or anything that connects, so
 * every number in its messages is checked.
 */
#ifndef PSX_VFU_H
#define PSX_VFU_H

#include <psxdet.h>
#include <signal.h>

#include "../../kmod/model/psx_model.h"
#include "../../kmod/psx_regs.h"

#define VFU_CONFIG_SPACE 4096u
/* Of the data of one region access */
#define VFU_DATA_MOST	 4096u

/* ------------------------------------------------------ config.c: PCI header */

struct vfu_config {
	u8 bytes[VFU_CONFIG_SPACE];
};

void vfu_config_reset(struct vfu_config *config);
void vfu_config_read(const struct vfu_config *config, u32 offset, u8 *data, u32 count);
/* True when the write was a function level reset, which the caller does */
bool vfu_config_write(struct vfu_config *config, u32 offset, const u8 *data, u32 count);
bool vfu_config_master(const struct vfu_config *config);
/* In D0; in D3 a device has no memory and does nothing on the bus */
bool vfu_config_awake(const struct vfu_config *config);

/* -------------------------------------------------- dma.c: the client's memory */

#define VFU_FILES 16u

struct vfu_file {
	u8 *memory; /* all of it; NULL = free entry */
	u64 size;
	u64 device, inode;
	u32 users;
};

struct vfu_window {
	u64 address, size;
	u64 offset; /* in the file */
	struct vfu_file *file; /* NULL: the client gave no memory for it */
	bool readable, writable;
};

struct vfu_dma {
	struct vfu_window *window; /* by address */
	size_t count, room;
	struct vfu_file file[VFU_FILES];
};

/* Both 0 or an errno. `fd` stays the caller's; -1 for none. */
int vfu_dma_map(struct vfu_dma *dma, const struct vfu_window *want, int fd);
/* All windows within the range; none may be cut */
int vfu_dma_unmap(struct vfu_dma *dma, u64 address, u64 size);
void vfu_dma_clear(struct vfu_dma *dma);
/* Memory that the device may read or else write; NULL where there is none */
void *vfu_dma_find(const struct vfu_dma *dma, u64 address, size_t bytes, bool write);

/* ---------------------------------------------------------------- the device */

/* time.c keeps it */
struct vfu_time {
	u64 device_ns;	 /* CLOCK, without the latch that a guest may have read half of */
	u64 seen;	 /* real time at which device time last moved */
	u64 pace_ns;	 /* least real time from frame to frame; 0 = none */
	u64 due_ns;	 /* real time of the next frame */
	u64 watchdog_at; /* real time; UINT64_MAX = it rests */
	u32 watchdog_ms;
	bool stepping;	 /* the model computes, and yields to what the client asks */
	bool computed;	 /* a frame, in this step */
	bool stopping;	 /* what is in the making is the last */
	/* What the ring holds, as register writes and completions tell */
	u32 low; /* of a grant */
	u64 grant_data, grant_cq, end, completions;
	u64 last_address; /* that the device wrote to in this step */
	size_t last_bytes;
};

struct vfu_client;

struct vfu {
	struct psx_model *model;
	struct vfu_config config;
	struct vfu_dma dma;
	struct vfu_time time;
	struct vfu_client *client;
	int irq_fd; /* of the one vector; -1 = none */
	volatile sig_atomic_t unplugged; /* all ones, and not on the bus any more */
	u32 rails; /* RAIL_STATE as it was seen last, and whether there was voltage */
	bool loading; /* what is moved goes from host to device */
	const u8 *scene; /* while it is loaded: host memory from address 0 on */
	size_t scene_bytes;
};

/* device.c. `keys` as of a sim: URI */
struct vfu *vfu_new(const char *keys, struct psx_error *err);
void vfu_free(struct vfu *v);
u32 vfu_bar_read(struct vfu *v, u32 reg);
void vfu_bar_write(struct vfu *v, u32 reg, u32 value);
/* As by power-on; eventfd and windows stay */
void vfu_reset(struct vfu *v);
void vfu_interrupt(struct vfu *v);
/* A line on stderr where the rails' state is another one, or the voltage gone */
void vfu_tell_rails(struct vfu *v);
/* Takes the fd; -1 for none */
void vfu_set_irq_fd(struct vfu *v, int fd);
/* Registers answer, and host memory may be reached */
bool vfu_is_there(const struct vfu *v);

/* time.c */
void vfu_time_init(struct vfu *v, double rate);
/* Before and after a register is written; false: the model doesn't see it */
bool vfu_time_before_write(struct vfu *v, u32 reg, u32 value);
void vfu_time_after_write(struct vfu *v, u32 reg, u32 value);
/* Idle time passes */
void vfu_time_catch_up(struct vfu *v);
/* Real time until vfu_time_step() has something to do; UINT64_MAX for never */
u64 vfu_time_wait(struct vfu *v);
/* Do the next thing that is due, if it is time */
void vfu_time_step(struct vfu *v);

/* ------------------------------------------------------------- the protocol */

/* request.c: what one message wants. Returns 0 or an errno; *reply_size bytes
 * of answer in `reply`, which has room for VFU_REPLY_MOST */
#define VFU_REPLY_MOST (16u + VFU_DATA_MOST)

struct vfu_request {
	u16 command;
	const u8 *data;
	size_t size;
	int *fds; /* one that was taken is set to -1 */
	size_t fd_count;
};

int vfu_request(struct vfu *v, const struct vfu_request *request, u8 *reply, size_t *reply_size);

/* The fixed part of a message; EINVAL when it isn't there */
static inline int vfu_take(const struct vfu_request *request, void *to, size_t size)
{
	if (request->size < size)
		return EINVAL;
	memcpy(to, request->data, size);
	return 0;
}

static inline void vfu_answer(u8 *reply, size_t *reply_size, const void *data, size_t size)
{
	memcpy(reply, data, size);
	*reply_size = size;
}

/* region.c */
int vfu_region_info(const struct vfu_request *r, u8 *reply, size_t *reply_size);
int vfu_region_read(struct vfu *v, const struct vfu_request *r, u8 *reply, size_t *reply_size);
int vfu_region_write(struct vfu *v, const struct vfu_request *r, u8 *reply, size_t *reply_size);

/* serve.c: until the client has gone; the fd stays the caller's */
void vfu_serve(struct vfu *v, int fd);
/* Answer some of the messages that wait; for the model's pauses */
void vfu_serve_waiting(struct vfu *v);

#endif
