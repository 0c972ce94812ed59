/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The interface of psxdet.ko to user space; docs/abi.md explains it, with the
 * errno of every refusal. One layout for 32- and 64-bit programs.
 *
 * Structures may grow at their end. A program passes the size that it was
 * built with, in the number of the ioctl: what a longer one has beyond the
 * driver's must be zero on the way in, and is zeroed on the way out.
 */
#ifndef _UAPI_LINUX_PSXDET_H
#define _UAPI_LINUX_PSXDET_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PSXDET_ABI			1

/* ------------------------------------------------------- the frame ring -- */

/*
 * Regions of one file for mmap(): MAP_SHARED, whole, from these offsets on.
 * All are read-only but CONS, the joined reader's own page.
 */
#define PSXDET_OFFSET_CTRL		0x000000000ull	/* struct psxdet_ctrl, a page */
#define PSXDET_OFFSET_CONS		0x100000000ull	/* struct psxdet_cons, a page */
#define PSXDET_OFFSET_DESC		0x200000000ull	/* ring_entries * struct psxdet_desc */
#define PSXDET_OFFSET_DATA		0x400000000ull	/* ring_bytes */

#define PSXDET_STATE_RUNNING		0x01u
#define PSXDET_STATE_GONE		0x02u

/*
 * Head, oldest and cursors count descriptors; they never wrap. Descriptor i
 * is entry i mod ring_entries and can be read while oldest <= i < head.
 */
struct psxdet_ctrl {
	__u32 abi;		/* PSXDET_ABI */
	__u32 state;		/* PSXDET_STATE_; stored after the last head */
	__u32 series;		/* acquisition that runs or ran last */
	__u32 ring_entries;
	__aligned_u64 ring_bytes;
	__u32 width;		/* sub-pixels */
	__u32 height;
	__u32 reserved0[8];
	__aligned_u64 head;	/* descriptors written */
	__u32 reserved1[14];
	__aligned_u64 oldest;	/* the first that is not overwritten */
	__u32 reserved2[14];
	__aligned_u64 dropped;	/* frames that the device dropped, since it was bound */
	__aligned_u64 refused;	/* completions that named memory outside the ring */
	__u32 reserved3[12];
};

/* What a reader tells the driver; written by the reader alone, atomically */
struct psxdet_cons {
	__aligned_u64 cursor;	/* all descriptors before it are done with */
	__u32 need_wakeup;	/* 0: poll() need not be told of frames. 1 at first */
	__u32 reserved;
};

struct psxdet_desc {
	__aligned_u64 seq;	/* of the frame; dropped ones have one, too */
	__aligned_u64 mono_ns;	/* CLOCK_MONOTONIC when the driver saw it */
	__aligned_u64 device_ns;
	__aligned_u64 position;	/* at DATA + position mod ring_bytes, in one piece */
	__aligned_u64 dropped;	/* by the device before it */
	__u32 series;
	__u32 length;		/* bytes of payload */
	__u32 flags;		/* none yet */
	__u32 effective;
	__u32 saturated;
	__u32 cfg_id;
	__u32 trigger;
	__s32 stage_x;		/* um */
	__s32 stage_y;
	__u32 crc32c;		/* of the payload, from the device */
	__u8 bank;
	__u8 channel;
	__u8 mode;		/* PSXDET_MODE_ */
	__u8 pga;		/* log2 of the gain */
	__u32 reserved[11];
};

/* ---------------------------------------------------- facts and state -- */

#define PSXDET_CAP_SHUTTER		0x01u
#define PSXDET_CAP_SCENE		0x02u	/* a model: it can be shown a scene */
#define PSXDET_CAP_STAGE		0x04u
#define PSXDET_CAP_OFFSET		0x08u	/* it has dark current; offset and dark maps act */

/* What this driver can do, for programs that are newer or older */
#define PSXDET_FEATURE_RING		0x01ull
#define PSXDET_FEATURE_CLAIM		0x02ull
#define PSXDET_FEATURE_EVENTS		0x04ull
#define PSXDET_FEATURE_RAILS		0x08ull	/* slew, hold, heartbeat, readback */
#define PSXDET_FEATURE_STAGE		0x10ull	/* MOVE, where it is, a scene's own size */

struct psxdet_info {
	__u32 abi;
	__u32 caps;		/* PSXDET_CAP_, the device's */
	__aligned_u64 features;	/* PSXDET_FEATURE_, the driver's */
	__u32 width;		/* sub-pixels */
	__u32 height;
	__u32 max_k;
	__u32 banks;
	__u32 planes;		/* planes and maps that all banks hold together */
	__u32 dac_bits;
	__u32 adc_bits;
	__u32 pitch_um;
	__u32 max_mv;		/* what code 32767 gives */
	__u32 max_neighbour_mv;	/* the board's, or a lower one set in sysfs */
	__u32 settle_ns;
	__u32 exposure_min_ns;
	__u32 exposure_max_ms;
	__u32 payload_max;	/* bytes */
	__u32 ring_entries;
	__u32 readers_max;
	__aligned_u64 ring_bytes;
	char serial[40];
	char model[24];
	__u32 border;		/* sub-pixels at every edge that see nothing */
	__u32 slew_max;		/* of the rails, mV per ms */
	__u32 rail_mv;		/* where the rails are when they are on */
	__u32 scene_width;	/* levels; the sensor's, but where a stage moves the object */
	__u32 scene_height;
	__u32 reserved[11];
};

#define PSXDET_RAILS_OFF		0u
#define PSXDET_RAILS_RAMPING		1u
#define PSXDET_RAILS_ON			2u
#define PSXDET_RAILS_TRIPPED		3u

#define PSXDET_CAUSE_NONE		0u
#define PSXDET_CAUSE_CURRENT		1u
#define PSXDET_CAUSE_INTERLOCK		2u
#define PSXDET_CAUSE_WATCHDOG		3u
/* Of events alone: the driver took the rails down, and nothing is latched */
#define PSXDET_CAUSE_HEARTBEAT		4u	/* the owner's is late */
#define PSXDET_CAUSE_OWNER		5u	/* closed its claim, or its hold is over */
#define PSXDET_CAUSE_HOST		6u	/* suspend, shutdown, unbinding */

#define PSXDET_STATUS_RUNNING		0x01u
#define PSXDET_STATUS_SHUTTER_OPEN	0x02u
#define PSXDET_STATUS_INTERLOCK_OPEN	0x04u
#define PSXDET_STATUS_CLAIMED		0x08u
#define PSXDET_STATUS_SOFTWARE_TRIGGER	0x10u	/* as committed last */
#define PSXDET_STATUS_HELD		0x20u	/* rails are held for who claims next */
#define PSXDET_STATUS_BEAM		0x40u	/* the shutter is at PSXDET_SHUTTER_BEAM */
#define PSXDET_STATUS_STAGE_MOVING	0x80u	/* not where it was sent: START is EBUSY */

struct psxdet_status {
	__u32 flags;		/* PSXDET_STATUS_ */
	__u32 series;
	__u32 cfg_id;		/* in force, 0 = none yet */
	__u32 pending_cfg_id;	/* waits for the frame boundary, 0 = none */
	__u32 rails;		/* PSXDET_RAILS_ */
	__u32 cause;		/* PSXDET_CAUSE_, when tripped */
	__s32 rail_positive_mv;
	__s32 rail_negative_mv;
	__s32 leakage_pa;
	__s32 temperature_mc;	/* 1/1000 degree Celsius */
	__u32 claim_pid;	/* in the caller's namespace, 0 = none or not visible */
	__u32 readers;
	__u32 reserving;	/* of these, reserving ones */
	__u32 reserved0;
	__aligned_u64 made;	/* frames, since the device was bound */
	__aligned_u64 dropped_full;
	__aligned_u64 dropped_device;
	__aligned_u64 device_ns;
	__aligned_u64 head;
	__aligned_u64 oldest;
	__aligned_u64 calibration;	/* psxdet_config.calibration of what is in force */
	__u32 readback_faults;	/* DACs that did not follow at the last latch */
	__u32 readback_first;	/* sub-pixel of the first of them */
	__u32 hold_ms;		/* until held rails go down */
	__u32 slew;		/* of the rails, mV per ms */
	__s32 stage_x;		/* um; 0 without PSXDET_CAP_STAGE */
	__s32 stage_y;
};

/* --------------------------------------------------------------- readers -- */

#define PSXDET_READER_RESERVING		0x01u	/* else lossy */

#define PSXDET_READERS_MAX		64u
#define PSXDET_TIMEOUT_MAX_US		10000000u

/* Begin to read, at the head. One reader for each open file */
struct psxdet_join {
	__u32 flags;		/* PSXDET_READER_ */
	__u32 watermark;	/* frames for which poll() wakes, 0 = 1 */
	__u32 timeout_us;	/* that a frame below the watermark waits at most */
	__u32 reserved0;
	__aligned_u64 position;	/* out: the first descriptor that it will see */
	__u32 reserved[8];
};

/* How far a reader without CONS has come: a file that is open read-only */
struct psxdet_position {
	__aligned_u64 position;
};

/*
 * Frames since the reader joined:
 * made = dropped_full + dropped_device + refused + (head - position at join)
 * + completions that the driver has not looked at yet (none when idle)
 */
struct psxdet_reader_stats {
	__aligned_u64 made;
	__aligned_u64 dropped_full;	/* no room in the ring */
	__aligned_u64 dropped_device;	/* for other reasons */
	__aligned_u64 refused;		/* the device named memory outside the ring */
	__aligned_u64 position;		/* where it joined */
	__aligned_u64 cursor;		/* last one that the driver took */
	__aligned_u64 head;
	__aligned_u64 oldest;
	__aligned_u64 cursors_refused;	/* they went back or beyond head */
	__u32 reserved[8];
};

/* ---------------------------------------------------------------- claims -- */

/* The right to change biases, rails and acquisitions, as a file of its own */
struct psxdet_claim {
	__u32 flags;		/* 0 */
	__s32 fd;		/* out */
	__u32 reserved[6];
};

/* Shape a bank, dropping what it held; k = 0 frees it */
struct psxdet_bank {
	__u32 bank;
	__u32 k;
	__u32 phases;
	__u32 scale;		/* Q8.8 */
	__u32 threshold;
	__u32 reserved[3];
};

#define PSXDET_TARGET_PLANE		1u	/* s16 DAC codes */
#define PSXDET_TARGET_DARK		2u	/* s16 eighths of ADC codes */
#define PSXDET_TARGET_OFFSET		3u	/* s16 offset DAC codes */
#define PSXDET_TARGET_SCENE		4u	/* u16 grey levels; PSXDET_CAP_SCENE */
#define PSXDET_TARGET_READBACK		5u	/* s16 DAC codes as monitored; DOWNLOAD only */

/*
 * One whole plane or map: width * height values in native order; or a scene:
 * scene_width * scene_height
 */
struct psxdet_transfer {
	__u32 target;		/* PSXDET_TARGET_ */
	__u32 bank;
	__u32 phase;
	__u32 flags;		/* 0 */
	__aligned_u64 bytes;	/* 2 for each value */
	__aligned_u64 address;
	__u32 reserved[4];
};

#define PSXDET_MODE_SCAN		0u
#define PSXDET_MODE_SNAP		1u
#define PSXDET_MODE_POINT		2u

#define PSXDET_TRIGGER_TIMER		0u
#define PSXDET_TRIGGER_SOFTWARE		1u

#define PSXDET_CHANNELS_MAX		256u

/* One configuration, latched whole at a frame boundary */
struct psxdet_config {
	__u32 flags;		/* 0 */
	__u32 mode;
	__u32 polarity;		/* 0 positive, 1 both */
	__u32 pga;		/* log2 of the gain, 0..7 */
	__u32 trigger;
	__u32 channels;		/* 1..PSXDET_CHANNELS_MAX */
	__aligned_u64 exposure_ns;
	__aligned_u64 period_ns;	/* 0 = as fast as exposures allow */
	__u8 bank[PSXDET_CHANNELS_MAX];
	__u32 cfg_id;		/* out */
	__u32 pending;		/* out: 1 when it waits for the frame boundary */
	__aligned_u64 calibration;	/* of user space, for psxdet_status; 0 = none */
	__u32 reserved[6];
};

#define PSXDET_RAILS_DO_OFF		0u
#define PSXDET_RAILS_DO_ON		1u
#define PSXDET_RAILS_DO_CLEAR		2u	/* a trip */

#define PSXDET_HOLD_MAX_MS		86400000u
#define PSXDET_HEARTBEAT_MIN_MS		10u
#define PSXDET_HEARTBEAT_MAX_MS		3600000u

/* ON also when they are on: for another hold or heartbeat. 0 in the others */
struct psxdet_rails {
	__u32 action;		/* PSXDET_RAILS_DO_ */
	__u32 slew;		/* mV per ms, up to slew_max; 0 = 100; not while they are up */
	__u32 hold_ms;		/* that they stay up after the claim's end */
	__u32 heartbeat_ms;	/* between two PSXDET_IOC_BEAT at most; 0 = none needed */
};

struct psxdet_start {
	__aligned_u64 frames;	/* 0 = endless */
	__u32 flags;		/* 0 */
	__u32 series;		/* out */
	__u32 reserved[4];
};

#define PSXDET_STOP_DRAIN		0u	/* after the frame in the making */
#define PSXDET_STOP_ABORT		1u	/* the frame in the making is lost */

struct psxdet_stop {
	__u32 how;
	__u32 reserved[3];
};

#define PSXDET_SHUTTER_CLOSED		0u
#define PSXDET_SHUTTER_OPEN		1u
#define PSXDET_SHUTTER_BEAM		2u	/* open, and the object out of the beam */

struct psxdet_shutter {
	__u32 position;		/* PSXDET_SHUTTER_ */
	__u32 reserved[3];
};

/* Where on the object the first sub-pixel is to be; the next one ends it. PSXDET_CAP_STAGE */
struct psxdet_move {
	__s32 x_um;
	__s32 y_um;
	__u32 reserved[6];
};

/* ---------------------------------------------------------------- events -- */

#define PSXDET_EVENT_RAILS		1u	/* state, cause */
#define PSXDET_EVENT_COMMIT		2u	/* cfg_id is latched; count DACs did not follow */
#define PSXDET_EVENT_END		3u	/* series ended, all its frames are there */
#define PSXDET_EVENT_OVERRUN		4u	/* this lossy reader lost count frames */
#define PSXDET_EVENT_ERROR		5u	/* error, reg: the device's ERROR register */
#define PSXDET_EVENT_GONE		6u	/* the last one */

/* read() returns whole events */
struct psxdet_event {
	__u32 type;		/* PSXDET_EVENT_ */
	__u32 lost;		/* events before it that found the queue full */
	__aligned_u64 mono_ns;
	__u32 state;		/* PSXDET_RAILS_ */
	__u32 cause;		/* PSXDET_CAUSE_ */
	__u32 cfg_id;
	__u32 series;
	__u32 error;
	__u32 reg;
	__aligned_u64 count;
	__u32 reserved[4];
};

/* ---------------------------------------------------------------- ioctls -- */

#define PSXDET_IOC_MAGIC		0xd5

/* On /dev/psxdetN */
#define PSXDET_IOC_GET_INFO	_IOR(PSXDET_IOC_MAGIC, 0x00, struct psxdet_info)
#define PSXDET_IOC_GET_STATUS	_IOR(PSXDET_IOC_MAGIC, 0x01, struct psxdet_status)
#define PSXDET_IOC_JOIN		_IOWR(PSXDET_IOC_MAGIC, 0x02, struct psxdet_join)
#define PSXDET_IOC_LEAVE	_IO(PSXDET_IOC_MAGIC, 0x03)
#define PSXDET_IOC_POSITION	_IOW(PSXDET_IOC_MAGIC, 0x04, struct psxdet_position)
#define PSXDET_IOC_GET_STATS	_IOR(PSXDET_IOC_MAGIC, 0x05, struct psxdet_reader_stats)
#define PSXDET_IOC_DOWNLOAD	_IOW(PSXDET_IOC_MAGIC, 0x06, struct psxdet_transfer)
#define PSXDET_IOC_CLAIM	_IOWR(PSXDET_IOC_MAGIC, 0x07, struct psxdet_claim)
/* What was committed last, with cfg_id and pending; and the bank that is named */
#define PSXDET_IOC_GET_CONFIG	_IOR(PSXDET_IOC_MAGIC, 0x08, struct psxdet_config)
#define PSXDET_IOC_GET_BANK	_IOWR(PSXDET_IOC_MAGIC, 0x09, struct psxdet_bank)

/* On a claim */
#define PSXDET_IOC_BANK		_IOW(PSXDET_IOC_MAGIC, 0x20, struct psxdet_bank)
#define PSXDET_IOC_UPLOAD	_IOW(PSXDET_IOC_MAGIC, 0x21, struct psxdet_transfer)
#define PSXDET_IOC_COMMIT	_IOWR(PSXDET_IOC_MAGIC, 0x22, struct psxdet_config)
#define PSXDET_IOC_RAILS	_IOW(PSXDET_IOC_MAGIC, 0x23, struct psxdet_rails)
#define PSXDET_IOC_START	_IOWR(PSXDET_IOC_MAGIC, 0x24, struct psxdet_start)
#define PSXDET_IOC_STOP		_IOW(PSXDET_IOC_MAGIC, 0x25, struct psxdet_stop)
#define PSXDET_IOC_TRIGGER	_IO(PSXDET_IOC_MAGIC, 0x26)
#define PSXDET_IOC_SHUTTER	_IOW(PSXDET_IOC_MAGIC, 0x27, struct psxdet_shutter)
#define PSXDET_IOC_BEAT		_IO(PSXDET_IOC_MAGIC, 0x28)
#define PSXDET_IOC_MOVE		_IOW(PSXDET_IOC_MAGIC, 0x29, struct psxdet_move)

#endif /* _UAPI_LINUX_PSXDET_H */
