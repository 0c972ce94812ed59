/* SPDX-License-Identifier: MIT */
/*
 * What a way to a detector has to offer. The device object above it chooses
 * bank slots and words errors; a transport moves codes, commands and frames.
 * Functions return 0, or -1 with errno and a line in *err.
 */
#ifndef PSX_LIB_TRANSPORT_H
#define PSX_LIB_TRANSPORT_H

#include "frame.h"
#include "settings.h"

struct psx_transport;

/* A bank slot's contents but for its planes */
struct psx_slot {
	uint32_t slot;
	unsigned int k, phases;
	uint16_t scale; /* Q8.8 */
	uint16_t threshold;
};

enum psx_target {
	PSX_TARGET_PLANE,
	PSX_TARGET_DARK,
	PSX_TARGET_OFFSET,
	PSX_TARGET_MONITORS, /* read only */
};

/* Of one reader, since it joined */
struct psx_counts {
	uint64_t made;
	uint64_t dropped_full, dropped_device;
	uint64_t refused; /* named memory outside the ring */
	uint64_t overrun;
};

struct psx_transport_ops {
	void (*close)(struct psx_transport *t);
	int (*get_status)(struct psx_transport *t, struct psx_device_status *st,
			  struct psx_error *err);
	/* Take the right to change anything, which is kept until close; the
	 * functions up to trigger() need it, but for read(), get_schedule() and what a
	 * joined reader calls. NULL where it is always there. EBUSY. */
	int (*claim)(struct psx_transport *t, struct psx_error *err);
	/* psx_device_next_event(), psx_device_get_fd(); NULL without events */
	int (*next_event)(struct psx_transport *t, int timeout_ms, struct psx_device_event *event,
			  struct psx_error *err);
	int (*get_fd)(const struct psx_transport *t);
	int (*present)(struct psx_transport *t, const uint16_t *levels, struct psx_error *err);
	int (*set_shutter)(struct psx_transport *t, enum psx_shutter position,
			   struct psx_error *err);

	/* The stage, um; NULL where there is none, or no way to it */
	int (*move)(struct psx_transport *t, int32_t x_um, int32_t y_um, struct psx_error *err);

	/* Give a slot its shape, dropping what it held; k = 0 frees it. EBUSY
	 * when a configuration uses the slot. */
	int (*shape)(struct psx_transport *t, const struct psx_slot *slot, struct psx_error *err);
	/* width * height values. Planes 0, 1, 2 .. of a shaped slot, in order; maps
	 * have phase 0. */
	int (*write)(struct psx_transport *t, enum psx_target target, uint32_t slot,
		     unsigned int phase, const int16_t *values, struct psx_error *err);
	int (*read)(struct psx_transport *t, enum psx_target target, uint32_t slot,
		    unsigned int phase, int16_t *values, struct psx_error *err);
	/* Latch the slots, in this order, with the settings; `calibration` is kept
	 * for the status (see psx_calibration_mark() in device.h) */
	int (*commit)(struct psx_transport *t, const struct psx_settings *s, enum psx_mode mode,
		      const uint32_t *slots, size_t count, uint64_t calibration,
		      uint32_t *cfg_id, struct psx_error *err);
	/* What is in force, by slot, and its settings but for the threshold, which is
	 * each channel's; ENODATA when nothing is */
	int (*get_schedule)(struct psx_transport *t, struct psx_channel_info *channels,
			    size_t room, size_t *count, struct psx_settings *settings,
			    struct psx_error *err);

	/* Returns when the rails are there */
	int (*rails_on)(struct psx_transport *t, const struct psx_rails_options *options,
			struct psx_error *err);
	int (*rails_off)(struct psx_transport *t, struct psx_error *err);
	int (*clear_trip)(struct psx_transport *t, struct psx_error *err);
	int (*beat)(struct psx_transport *t, struct psx_error *err);
	/* Make frames, and read them, reserving; EBUSY when some are made */
	int (*start)(struct psx_transport *t, uint64_t frames, struct psx_error *err);
	/* Read along with what runs, without a claim; ENODATA when nothing does.
	 * NULL where there is one reader only. */
	int (*join)(struct psx_transport *t, bool reserving, struct psx_error *err);
	/* The end of reading, after start() or join(); NULL when it means nothing.
	 * Counts stay as they are. */
	void (*leave)(struct psx_transport *t);
	/* Of who started: the acquisition; of who joined: the reading alone */
	int (*stop)(struct psx_transport *t, bool abort, struct psx_error *err);
	/* Make a next() that waits return EINTR; from any thread or signal. A
	 * wake that nobody waited for is forgotten at the next start. */
	void (*wake)(struct psx_transport *t);
	int (*trigger)(struct psx_transport *t, struct psx_error *err);
	/* As psx_acquisition_next(); the frame's memory is free for reuse at
	 * the next call. *info and *payload are filled at 1. EBADMSG: a frame
	 * that is not in the ring, stepped over. */
	int (*next)(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
		    const void **payload, size_t *length, struct psx_error *err);
	/* Give up what is ready and was not fetched; returns how many frames */
	uint64_t (*discard)(struct psx_transport *t);
	int (*get_counts)(struct psx_transport *t, struct psx_counts *counts,
			  struct psx_error *err);
};

struct psx_transport {
	const struct psx_transport_ops *ops;
	struct psx_device_info info;
};

/* The model in this process: `keys` is what follows "sim:" */
struct psx_transport *psx_sim_open(const char *keys, struct psx_error *err);

/* A device of the kernel driver, by its node */
struct psx_transport *psx_dev_open(const char *node, struct psx_error *err);
/* The node of the one detector whose serial number begins so, into node[size] */
int psx_dev_find(const char *serial, char *node, size_t size, struct psx_error *err);

#endif
