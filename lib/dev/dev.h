/* SPDX-License-Identifier: MIT */
/* The transport to the kernel driver, /dev/psxdetN. */
#ifndef PSX_LIB_DEV_H
#define PSX_LIB_DEV_H

#include "../error.h"
#include "../transport.h"
#include "ring.h"

#define PSX_DEV_RAMP_MS 10000 /* rails that take longer than their slew does are an error */

struct psx_dev {
	struct psx_transport base;
	char node[64];
	int fd;	      /* of the device, non-blocking */
	bool read_only; /* it watches: no claim, and none but a lossy reader */
	int claim_fd; /* -1 = not claimed */
	int wake_fd;  /* eventfd */
	struct psxdet_info facts;

	struct psx_ring ring; /* mapped at the first join, until close */
	bool joined, starter;
	bool stopped;	    /* by us, so that its early end is no failure */
	uint32_t error;	    /* of the device since the start, PSXDET_EVENT_ERROR */
	struct psxdet_reader_stats stats; /* as they were last */
	uint64_t dropped_at_join, refused_at_join; /* the shared page's, for when it is gone */
};

/* dev.c: an ioctl on the device's or the claim's file; a failure is worded as
 * "NODE: what: reason". A signal ends it: EINTR. */
int psx_dev_ioctl_once(struct psx_dev *dev, int fd, unsigned long request, void *arg,
		       const char *what, struct psx_error *err);
/* No signal does */
int psx_dev_ioctl(struct psx_dev *dev, int fd, unsigned long request, void *arg, const char *what,
		  struct psx_error *err);
int psx_dev_gone(const struct psx_dev *dev, struct psx_error *err);
/* -1 with EACCES, which says why, where the node may only be read */
int psx_dev_check_writable(const struct psx_dev *dev, struct psx_error *err);
int psx_dev_read_status(struct psx_dev *dev, struct psxdet_status *st, struct psx_error *err);

/* dev_claim.c */
int psx_dev_claim(struct psx_transport *t, struct psx_error *err);
int psx_dev_rails_on(struct psx_transport *t, const struct psx_rails_options *options,
		     struct psx_error *err);
int psx_dev_rails_off(struct psx_transport *t, struct psx_error *err);
int psx_dev_clear_trip(struct psx_transport *t, struct psx_error *err);
int psx_dev_beat(struct psx_transport *t, struct psx_error *err);
int psx_dev_set_shutter(struct psx_transport *t, enum psx_shutter position,
			struct psx_error *err);
int psx_dev_move(struct psx_transport *t, int32_t x_um, int32_t y_um, struct psx_error *err);
int psx_dev_trigger(struct psx_transport *t, struct psx_error *err);

/* dev_config.c */
int psx_dev_shape(struct psx_transport *t, const struct psx_slot *slot, struct psx_error *err);
int psx_dev_write(struct psx_transport *t, enum psx_target target, uint32_t slot,
		  unsigned int phase, const int16_t *values, struct psx_error *err);
int psx_dev_read(struct psx_transport *t, enum psx_target target, uint32_t slot,
		 unsigned int phase, int16_t *values, struct psx_error *err);
int psx_dev_commit(struct psx_transport *t, const struct psx_settings *s, enum psx_mode mode,
		   const uint32_t *slots, size_t count, uint64_t calibration, uint32_t *cfg_id,
		   struct psx_error *err);
int psx_dev_get_schedule(struct psx_transport *t, struct psx_channel_info *channels, size_t room,
			 size_t *count, struct psx_settings *settings, struct psx_error *err);
int psx_dev_present(struct psx_transport *t, const uint16_t *levels, struct psx_error *err);

/* dev_ring.c */
int psx_dev_start(struct psx_transport *t, uint64_t frames, struct psx_error *err);
int psx_dev_join(struct psx_transport *t, bool reserving, struct psx_error *err);
void psx_dev_leave(struct psx_transport *t);
int psx_dev_stop(struct psx_transport *t, bool abort, struct psx_error *err);
void psx_dev_wake(struct psx_transport *t);
int psx_dev_next(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
		 const void **payload, size_t *length, struct psx_error *err);
uint64_t psx_dev_discard(struct psx_transport *t);
int psx_dev_get_counts(struct psx_transport *t, struct psx_counts *counts, struct psx_error *err);
void psx_dev_unmap(struct psx_dev *dev);

/* dev_event.c. next() without waiting: 1, 0 when there is none, -1 */
int psx_dev_read_event(struct psx_dev *dev, struct psxdet_event *event);
int psx_dev_next_event(struct psx_transport *t, int timeout_ms, struct psx_device_event *event,
		       struct psx_error *err);
int psx_dev_get_fd(const struct psx_transport *t);
/* Take the events that are there, and note what concerns the acquisition */
void psx_dev_drain_events(struct psx_dev *dev);

/* dev_find.c: why a node could not be opened, in words */
int psx_dev_open_error(const char *node, int code, struct psx_error *err);
/* Whether the node is a detector's; -1 with ENOENT, ENODEV */
int psx_dev_check_node(const char *node, struct psx_error *err);

#endif
