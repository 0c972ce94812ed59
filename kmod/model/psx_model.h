/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A psxdet detector in software, seen from the program that hosts it: the
 * mock driver, the library's sim: transport or the vfio-user server.
 * Integer arithmetic only; memory comes from the host.
 *
 * Calls on one model are serialised by the host, but for one: while
 * psx_model_advance() computes a frame, which takes seconds on the largest
 * sensors, it lets go of the host's lock, when there is one, so that registers
 * are read and written meanwhile. They show and do what they would just before
 * the frame's end; a frame that such a write aborts is not made. With the lock,
 * a payload is copied out, and register writes take and move memory: nothing else
 * is long.
 *
 * Device time stands still while a frame is computed, and what falls due then is
 * done after. So a host that follows a clock of its own leaves out the time that
 * psx_model_advance() took: else a watchdog petted in time would run out.
 */
#ifndef PSX_MODEL_H
#define PSX_MODEL_H

#include "../psx_types.h"

struct psx_model;

enum psx_model_profile {
	PSX_PROFILE_IDEAL,	/* no noise, mismatch, dark current or ADC steps */
	PSX_PROFILE_REAL,
	PSX_PROFILE_CMOS32,	/* real, 32 x 32, the outer ring sees nothing */
	PSX_PROFILE_MACROPIXEL,	/* real, 3 x 3 sub-pixels of 9 mm2 */
	PSX_PROFILE_UNPASSIVATED,	/* real, of a crystal with 68 dB and more dark current */
};

#define PSX_MODEL_PROFILES	5u

/* What sets a profile apart from others */
struct psx_kind {
	char name[20];		/* NAME, 16 at most; behind "sim-" the profile's own */
	u32 side;		/* width and height, 0 = any */
	u32 pitch_um;		/* 0 = any */
	u32 border;		/* sub-pixels at every edge that see nothing */
	u32 dark;		/* current, times that of the passivated crystal */
	bool stage;		/* the object lies on a stage, and may be larger */
	u64 linear_least;	/* pGy/s; 0 = linear everywhere */
};

extern const struct psx_kind psx_kinds[PSX_MODEL_PROFILES];

static inline const char *psx_profile_name(enum psx_model_profile profile)
{
	return psx_kinds[profile].name + sizeof("sim-") - 1;
}

#define PSX_MODEL_MAX_SIDE	8192u
#define PSX_MODEL_MAX_K		15u
#define PSX_NOMINAL_PGY_S	494000000ull	/* 4095 grey levels in 1 s */

/*
 * What goes wrong, and how warm it is; psx_model_set_faults() changes it at any
 * time. Times are device time; UINT64_MAX (~0) is never.
 */
struct psx_model_faults {
	u64 interlock_ns;	/* the interlock is open from then on */
	u64 overcurrent_ns;	/* the crystal breaks down then, once */
	u32 readback;		/* DACs whose monitor shows another code than was loaded */
	s32 temperature_mc;	/* 1/1000 degree Celsius */
	bool stage_held;	/* the stage stays where it is, wherever it is sent */
};

struct psx_model_config {
	enum psx_model_profile profile;
	u32 width;		/* sub-pixels, 1..PSX_MODEL_MAX_SIDE */
	u32 height;
	u32 pitch_um;
	u32 scene_width;	/* 0, or the sensor's, but for profiles with a stage: */
	u32 scene_height;	/* these see a part of it */
	u32 aperture_um;	/* of a collimator, with a stage; up to the pitch, 0 = none */
	u32 mismatch_ppm;	/* standard deviation of gain, mu-tau and s */
	u32 photons;		/* a grey level */
	u32 read_noise_milli;	/* 1/1000 grey level */
	u64 dose_rate_pgy_s;	/* behind which the scene's levels stand at 1 s */
	u64 seed;
	/* Defective sub-pixels; how many, their places follow from the seed */
	u32 dead;		/* without response and dark current */
	u32 hot;		/* with 100 times the dark current */
	u32 stuck;		/* their DAC keeps one code */
	struct psx_model_faults faults;
};

/*
 * What a model asks of its host. Addresses are the host's own coin: the model
 * hands them back as they came through the registers, plus an offset.
 */
struct psx_model_host {
	void *context;
	/*
	 * Zeroed memory, or NULL. Asked for by psx_model_create() and in writes of
	 * BANK_SHAPE and LOAD_GO, which may sleep in it; never while a frame is made.
	 * What such a write puts in the place of memory that an aborted frame still
	 * reads comes on top of PLANES until the frame has ended; NULL is SPACE.
	 */
	void *(*alloc)(void *context, size_t bytes);
	void (*free)(void *context, void *memory);	/* NULL too */
	/*
	 * Host memory for the device's access, valid until the next call, and
	 * as well aligned as @address is; NULL where there is none
	 */
	void *(*map)(void *context, u64 address, size_t bytes);
	void (*irq)(void *context);	/* an enabled interrupt is pending; no calls back */
	/*
	 * May be NULL. Called between stretches of a few milliseconds of work in
	 * psx_model_create() and psx_model_advance(); in the latter without the lock,
	 * so a host of one thread may read and write registers in it
	 */
	void (*yield)(void *context);
	/*
	 * Let go of the lock that the caller of psx_model_advance() holds, and take
	 * it again; both or none, NULL in hosts of one thread
	 */
	void (*unlock)(void *context);
	void (*lock)(void *context);
};

/* NULL and *@error (negative errno): -EINVAL, -ENOMEM, with nothing left behind. */
struct psx_model *psx_model_create(const struct psx_model_host *host,
				   const struct psx_model_config *config, int *error);
void psx_model_destroy(struct psx_model *model);

void psx_model_set_faults(struct psx_model *model, const struct psx_model_faults *faults);

u32 psx_model_read(struct psx_model *model, u32 reg);
void psx_model_write(struct psx_model *model, u32 reg, u32 value);

/*
 * Device time until something will happen by itself; U64_MAX for never, 0 while a
 * frame is computed, unless it was aborted.
 */
u64 psx_model_next_event(const struct psx_model *model);
/*
 * Let @ns of device time pass; what falls due is done, in order. The clock
 * stands still once it shows 2^63 ns. One call at a time, and none of
 * psx_model_destroy() meanwhile.
 */
void psx_model_advance(struct psx_model *model, u64 ns);

#endif /* PSX_MODEL_H */
