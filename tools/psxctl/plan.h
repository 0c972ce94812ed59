/* SPDX-License-Identifier: MIT */
/* What an acquisition is to do, and the stream of frames that comes of it. */
#ifndef PSXCTL_PLAN_H
#define PSXCTL_PLAN_H

#include "options.h"

#define PLAN_KERNELS 256

/* A picture point by point, of one macro-pixel, while a stage moves the object */
struct raster {
	uint32_t width, height; /* points; 0 = none wanted */
	double step;		/* from point to point, in pitches of the sub-pixels */
};

struct plan {
	enum psx_mode mode;
	enum psx_polarity polarity;
	struct threshold threshold;
	unsigned int accumulate, pga;
	uint64_t exposure_ns, period_ns;
	bool software_trigger;
	struct psx_kernel *kernels[PLAN_KERNELS]; /* one a channel */
	size_t kernel_count;			  /* 0 = what is loaded */
	const char *cal_path; /* banks through a calibration; NULL = nominal sub-pixels */
	bool force;	      /* though it is of another detector */
	bool no_zero;	      /* no dark frames */
	struct raster raster;
	const char *map_path; /* a kernel of its own for each macro-pixel; NULL = none */
	struct psx_calibration *cal; /* once it is loaded */
	const char *changes; /* an option that what is loaded can't follow; NULL = none given */
	enum {
		PLAN_START,
		PLAN_JOIN_LOSSY, /* read along with what runs */
		PLAN_JOIN_RESERVING,
	} begin;
};

/* The options --kernel, --mode, --threshold and --polarity; and --cal, --force and
 * --no-zero. Their input is a struct plan_input */
extern const struct argp plan_argp, plan_load_argp;
struct plan_input {
	struct ctl *ctl;
	struct plan *plan;
};

/* Scan, positive, T = 1, one exposure a frame, PGA 1, 1 s, no kernels */
void plan_init(struct plan *plan);
void plan_free(struct plan *plan);
/* "NAME[,NAME...]"; -1 with *err */
int plan_add_kernels(struct plan *plan, const char *names, struct psx_error *err);
/* Frames of one turn of the schedule, 0 = what is loaded, and what they are called */
size_t plan_channels(const struct plan *plan);
const char *plan_kernel_name(const struct plan *plan, unsigned int channel);
/* The calibration that it names, with a warning when it is old; plan_load() does it,
 * too. -1 with *err */
int plan_load_calibration(const struct ctl *ctl, struct plan *plan, struct psx_device *dev,
			  struct psx_error *err);
struct psx_settings *plan_settings(const struct plan *plan, struct psx_error *err);
/*
 * Make banks of the kernels for this device and latch them. Where it has dark
 * current the rails go up, with a remark, and stay, and dark frames are taken.
 * -1 with *err
 */
int plan_load(const struct ctl *ctl, struct plan *plan, struct psx_device *dev,
	      struct psx_error *err);
/* The plan, for a file's metadata; new reference */
json_t *plan_json(const struct plan *plan, const struct psx_device_info *info);

/* The comparator is the tool's where the device's comes too early: for sums, shares of a
 * maximum, pictures point by point. Frames are whole then, until plan_cut(), which keeps
 * their masks and leaves masked pixels out of the maximum; NULL with *err */
bool plan_cuts(const struct plan *plan);
struct psx_frame *plan_cut(const struct plan *plan, const struct psx_frame *whole,
			   struct psx_error *err);

/* Frames as the plan wants them: summed and cut where that is the tool's, else as they
 * come */
struct stream {
	const struct plan *plan;
	struct psx_device *dev;
	struct psx_acquisition *acq;
	struct psx_accumulator *sums; /* NULL = one exposure a frame */
	struct psx_frame *sum, *cut;  /* the last ones that the tool made */
	const struct psx_frame *whole; /* before the comparator, of the frame that was delivered
					* last; NULL when that was the device's */
	uint64_t left;		       /* to deliver */
};

/* `frames` frames to deliver, 0 = endless; -1 with *err */
int stream_start(struct stream *stream, const struct plan *plan, struct psx_device *dev,
		 uint64_t frames, struct psx_error *err);
/* 1 with a frame, valid until the next call; 0 at the end; -1 with *err */
int stream_next(struct stream *stream, const struct psx_frame **frame, struct psx_error *err);
void stream_end(struct stream *stream);

/* Effective, sizes and ratios of a frame, in the words that all verbs use */
struct figures {
	uint64_t pixels, effective, payload_bytes, dense_bytes, saturated;
	uint64_t active, active_effective; /* of pixels that see something and are not bad */
	uint64_t bad; /* pixels whose value means nothing */
};
struct figures figures_of(const struct psx_frame *frame, const struct psx_device_info *device);
/* Does the middle of output (x, y) see something? */
bool figures_sees(const struct psx_frame_info *info, const struct psx_device_info *device,
		  uint32_t x, uint32_t y);
void figures_add(struct figures *sum, const struct figures *one);
/* Of the active pixels, and of all */
double figures_occupancy(const struct figures *f);
double figures_occupancy_total(const struct figures *f);
double figures_byte_ratio(const struct figures *f);

#endif
