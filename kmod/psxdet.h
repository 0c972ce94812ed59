/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Internals of psxdet.ko.
 *
 * Locks, outermost first:
 *   psx_device.present  read by whoever touches the hardware on behalf of a
 *                       file, written once, when the device goes. Never held
 *                       over access to user memory.
 *   psx_device.loading  one plane, map or scene at a time
 *   psx_device.control  one sequence of control registers at a time, and the
 *                       claim
 *   psx_device.service  the ring, its readers, the rails, and what the device
 *                       reports; never held for long
 *   psx_device.pair     two halves of a 64-bit register
 *   psx_device.files_lock, psx_file.events_lock   spinlocks, innermost
 */
#ifndef PSXDET_INTERNAL_H
#define PSXDET_INTERNAL_H

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/kfifo.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#ifdef __BIG_ENDIAN
#error "codes go to the device as they come from user space: little-endian"
#endif

#include "psx_compat.h"
#include "psx_hw.h"
#include "psx_regs.h"
#include "../include/uapi/linux/psxdet.h"

#define PSX_RING_SHIFT		11	/* descriptors and completions */
#define PSX_RING_ENTRIES	BIT(PSX_RING_SHIFT)
#define PSX_STAGING_BYTES	(128u << 10)
#define PSX_EVENTS		32	/* that wait in a file; a power of two */

struct psx_device;

/* Constant once the device is bound */
struct psx_identity {
	u32 caps;
	u32 width;
	u32 height;
	u32 scene_width;
	u32 scene_height;
	u32 max_k;
	u32 banks;
	u32 planes;
	u32 depth;
	u32 pitch_um;
	u32 max_mv;
	u32 neighbour_mv;	/* the board's; psx_device has the one that counts */
	u32 settle_ns;
	u32 exposure_min_ns;
	u32 exposure_max_ms;
	u32 segs_max;
	u32 seg_shift_max;
	u32 payload_max;
	u32 border;
	u32 slew_max;
	u32 rail_mv;
	char serial[40];
	char model[24];
};

struct psx_segment {
	struct page *page;	/* of 1 << (seg_shift - PAGE_SHIFT), each of its own count */
	u64 address;		/* as the device knows it, while mapped */
};

/*
 * The frame ring. ctrl, desc and data are shared with user space: the driver
 * writes the first two, the device the third, and neither is ever read back.
 */
struct psx_ring {
	/* Memory: constant from bind to the device's release */
	struct psxdet_ctrl *ctrl;
	struct psxdet_desc *desc;
	struct psx_segment *seg;
	u32 segs;
	u32 seg_shift;
	u64 bytes;

	/* Shared with the device alone, from bind to unbind */
	struct psx_completion *queue;
	u64 queue_address;
	u32 mapped;		/* segments */

	/* Under psx_device.service */
	struct list_head readers;
	u64 head;
	u64 oldest;
	u64 taken;		/* completions: head and those that were refused */
	u64 tail;		/* position after the last payload */
	u64 grant_data;
	u64 grant_queue;
	u64 *start;		/* [PSX_RING_ENTRIES] positions of payloads */
	u64 *stamp;		/* [PSX_RING_ENTRIES] when they came */
	u32 readers_count;
	u32 reserving;
	bool blocked;		/* the device has no room: a reader stands in the way */
};

struct psx_counters {
	u64 made;
	u64 dropped;
	u64 dropped_full;
	u64 taken;
	u64 head;
};

/* Under psx_device.service. Times are of CLOCK_MONOTONIC. */
struct psx_rails {
	struct delayed_work work;	/* pets, and looks whose time is over */
	u64 hold_ns;			/* what the owner asked for, 0 = none */
	u64 held_until;
	u64 heartbeat_ns;		/* 0 = none needed */
	u64 beat_until;
	u32 reason;			/* PSXDET_CAUSE_ of the way down, until its end */
	bool wanted;			/* switched on, and nothing took them down yet */
	bool held;			/* nobody owns them */
	bool beat_missed;		/* until they are switched on again */
};

/* Under psx_device.service, but for the shared page */
struct psx_reader {
	struct list_head node;	/* in psx_ring.readers while joined */
	struct psxdet_cons *cons;	/* NULL for a file that is open read-only */
	struct psx_counters joined;
	u64 cursor;		/* the last one that was accepted */
	u64 refused_cursor;	/* the last one that was not */
	u64 cursors_refused;
	u64 timeout_ns;
	u32 watermark;
	bool active;
	bool reserving;
	bool overrun;		/* told, until it catches up */
};

/* An open device file. It holds the device, so a mapping of it does, too. */
struct psx_file {
	struct psx_device *psx;
	struct list_head node;		/* under psx_device.files_lock */
	wait_queue_head_t wait;
	struct psx_reader reader;
	bool writable;			/* constant */
	struct mutex read_lock;		/* one read() at a time */
	spinlock_t events_lock;		/* events, events_lost */
	DECLARE_KFIFO(events, struct psxdet_event, PSX_EVENTS);
	u32 events_lost;
};

/* Freed when the last file and mapping are gone, long after the hardware */
struct psx_device {
	struct device dev;
	struct cdev cdev;
	const struct psx_hw_ops *ops;	/* not called once gone and unbound */
	void *hw;
	struct psx_identity id;
	struct device *hwmon;		/* NULL = none; from bind to unbind */
	long temperature_min;		/* alarms of hwmon, 1/1000 degree Celsius; read and */
	long temperature_max;		/* written by themselves, without a lock */

	struct rw_semaphore present;
	bool gone;			/* set once, under service; read anywhere */

	struct mutex loading;		/* one plane, map or scene at a time */
	/* Only gets smaller: written under loading and control, read anywhere */
	u32 neighbour_mv;

	struct mutex control;		/* one sequence of control registers at a time */
	struct psx_claim *claim;	/* under control */
	DECLARE_BITMAP(shaped, 256);	/* banks with memory, under control */
	u16 span[256];			/* largest step between neighbours of a bank; the same */
	struct psxdet_config config;	/* committed last; cfg_id 0 = none; under control */
	u64 calibration_before;		/* of the one before it; under control */
	s32 stage_x;			/* um, where it was sent last; under control */
	s32 stage_y;
	bool leaving;			/* about to go: nothing begins; set under control */
	bool error_waits;		/* ERROR is to be reported by who ends control */
	void *staging;			/* the loader's, under control */
	u64 staging_address;
	struct completion loaded;	/* by the service, for who holds control */

	struct mutex service;		/* interrupts, the ring, its readers */
	struct psx_ring ring;
	struct psx_rails rails;
	u32 series;			/* under service */
	u32 cfg_told;			/* the last one that an event told of, under service */
	bool running;			/* under service */
	bool asleep;			/* nothing looks by itself; set under service */
	bool ticking;			/* under service */
	struct hrtimer tick;
	struct work_struct tick_work;
	struct delayed_work watch;	/* notices a device that went silently */

	struct mutex pair;		/* from one half of a 64-bit register to the other */
	spinlock_t files_lock;		/* files */
	struct list_head files;		/* struct psx_file */
};

/* core.c */
struct psx_device *psx_device_create(struct device *parent, const struct psx_hw_ops *ops,
				     void *hw);
void psx_device_destroy(void *psx);
/* The host goes down: no voltage stays behind */
void psx_device_shutdown(struct psx_device *psx);
/* -EBUSY: there is voltage left, and nothing has changed but that it goes down */
int psx_device_suspend(struct psx_device *psx);
/* -ENODEV: it lost its state, and is gone for all files */
int psx_device_resume(struct psx_device *psx);
/* Between the two the hardware is there. -ENODEV when it is gone. */
int psx_enter(struct psx_device *psx);
void psx_leave(struct psx_device *psx);
int psx_chrdev_init(void);
void psx_chrdev_exit(void);

/* hw.c: registers */
u32 psx_read(struct psx_device *psx, u32 reg);
void psx_write(struct psx_device *psx, u32 reg, u32 value);
u64 psx_read64(struct psx_device *psx, u32 reg_lo);
void psx_write64(struct psx_device *psx, u32 reg_lo, u64 value);
/* Begin and end a sequence of control registers; check() is its verdict so far */
int psx_control_begin(struct psx_device *psx);
void psx_control_begin_always(struct psx_device *psx);
int psx_control_check(struct psx_device *psx);
void psx_control_end(struct psx_device *psx);
int psx_identify(struct psx_device *psx);

/* control.c: what a claim may do; errno as docs/abi.md has them */
int psx_set_bank(struct psx_device *psx, const struct psxdet_bank *bank);
int psx_commit(struct psx_device *psx, struct psxdet_config *config);
int psx_start(struct psx_device *psx, struct psxdet_start *start);
int psx_stop(struct psx_device *psx, u32 how);
int psx_trigger(struct psx_device *psx);
int psx_set_shutter(struct psx_device *psx, u32 position);
void psx_free_unused_banks(struct psx_device *psx);
/* and what anybody may ask for */
int psx_get_config(struct psx_device *psx, struct psxdet_config *config);
int psx_get_bank(struct psx_device *psx, struct psxdet_bank *bank);
u64 psx_calibration(const struct psx_device *psx, u32 cfg_id);

/* stage.c */
int psx_move(struct psx_device *psx, const struct psxdet_move *to);

/* rails.c */
void psx_rails_init(struct psx_device *psx);
void psx_rails_stop(struct psx_device *psx);
void psx_rails_report(struct psx_device *psx);
int psx_set_rails(struct psx_device *psx, const struct psxdet_rails *r);
int psx_beat(struct psx_device *psx);
void psx_rails_take(struct psx_device *psx);
void psx_rails_release(struct psx_device *psx);
u32 psx_rails_hold_ms(const struct psx_device *psx);
int psx_rails_off(struct psx_device *psx);

/* transfer.c */
u32 psx_mv_to_code(const struct psx_device *psx, u32 mv);
int psx_upload(struct psx_device *psx, const struct psxdet_transfer *t);
int psx_download(struct psx_device *psx, const struct psxdet_transfer *t);

/* hwmon.c */
#if IS_REACHABLE(CONFIG_HWMON)
void psx_hwmon_add(struct psx_device *psx);
void psx_hwmon_remove(struct psx_device *psx);
#else
static inline void psx_hwmon_add(struct psx_device *psx)
{
}

static inline void psx_hwmon_remove(struct psx_device *psx)
{
}
#endif

/* sysfs.c */
extern const struct attribute_group *psx_groups[];

/* claim.c */
int psx_claim_get(struct psx_device *psx, struct file **filp);
bool psx_is_claim_command(unsigned int cmd);
u32 psx_claim_pid(const struct psx_device *psx);

/* cdev.c */
extern const struct file_operations psx_fops;

/* ioctl.c */
#define PSX_IOCTL_MAX_SIZE	512u
#define PSX_IOCTL_ENTER		0x1u	/* called between psx_enter() and psx_leave() */

struct psx_ioctl {
	unsigned int cmd;
	int (*call)(void *context, void *arg);
	unsigned int flags;
};

const struct psx_ioctl *psx_ioctl_find(const struct psx_ioctl *table, size_t count,
				       unsigned int cmd);
long psx_ioctl_call(const struct psx_ioctl *ioctl, struct psx_device *psx, void *context,
		    unsigned int cmd, unsigned long arg);
int psx_ioctl_copy_in(void *to, size_t size, unsigned int cmd, void __user *from);
int psx_ioctl_copy_out(void __user *to, size_t user_size, const void *from, size_t size);
bool psx_is_zero(const void *memory, size_t bytes);

/* mmap.c */
int psx_mmap(struct file *filp, struct vm_area_struct *vma);

/* ring.c: memory */
int psx_ring_alloc(struct psx_device *psx);
int psx_ring_attach(struct psx_device *psx);
void psx_ring_detach(struct psx_device *psx);
void psx_ring_free(struct psx_ring *ring);
struct page *psx_ring_page(const struct psx_ring *ring, u64 position);

/* service.c: what the device reports */
void psx_interrupt(void *psx);
void psx_service(struct psx_device *psx);
void psx_service_later(struct psx_device *psx);
void psx_service_locked(struct psx_device *psx);
void psx_tick_start(struct psx_device *psx);
void psx_service_start(struct psx_device *psx);
void psx_service_init(struct psx_device *psx);
void psx_service_stop(struct psx_device *psx);
void psx_service_pause(struct psx_device *psx);
void psx_lost(struct psx_device *psx);
void psx_report_error(struct psx_device *psx, u32 error);
void psx_report_stray_error(struct psx_device *psx);

/* produce.c: completions become descriptors, cursors become grants */
void psx_ring_take(struct psx_device *psx);
void psx_ring_publish_state(struct psx_device *psx);
void psx_ring_grant(struct psx_device *psx);
int psx_ring_count(struct psx_device *psx, struct psx_counters *now);

/* reader.c */
int psx_reader_join(struct psx_file *file, struct psxdet_join *join);
int psx_reader_leave(struct psx_file *file);
int psx_reader_position(struct psx_file *file, u64 position);
int psx_reader_stats(struct psx_file *file, struct psxdet_reader_stats *stats);
u64 psx_reader_cursor(const struct psx_ring *ring, struct psx_reader *reader);
bool psx_reader_ready(const struct psx_device *psx, struct psx_reader *reader);
bool psx_reader_waits(const struct psx_device *psx, struct psx_file *file);
void psx_reader_wake(const struct psx_device *psx, struct psx_file *file);

/* event.c */
void psx_event_send(struct psx_file *file, const struct psxdet_event *event);
void psx_event_broadcast(struct psx_device *psx, struct psxdet_event *event);
void psx_event_wake_all(struct psx_device *psx);
ssize_t psx_event_read(struct psx_file *file, char __user *buffer, size_t size, bool wait);

#endif /* PSXDET_INTERNAL_H */
