/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A psxdet detector in software, seen from the program that hosts it: the
 * mock driver, the library's sim: transport or the vfio-user server.
 * Integer arithmetic only; memory comes from the host, and none is asked for
 * while frames are made. The host serialises all calls on one model.
 */
#ifndef PSX_MODEL_H
#define PSX_MODEL_H

#include "../psx_types.h"

struct psx_model;

enum psx_model_profile {
	PSX_PROFILE_IDEAL,	/* no noise, mismatch, dark current or ADC steps */
	PSX_PROFILE_REAL,
};

#define PSX_MODEL_MAX_SIDE	8192u
#define PSX_MODEL_MAX_K		15u
#define PSX_NOMINAL_PGY_S	494000000ull	/* 4095 grey levels in 1 s */

struct psx_model_config {
	enum psx_model_profile profile;
	u32 width;		/* sub-pixels, 1..PSX_MODEL_MAX_SIDE */
	u32 height;
	u32 pitch_um;
	u32 mismatch_ppm;	/* standard deviation of gain, mu-tau and s */
	u32 photons;		/* a grey level */
	u32 read_noise_milli;	/* 1/1000 grey level */
	u64 dose_rate_pgy_s;	/* behind which the scene's levels stand at 1 s */
	u64 seed;
};

/*
 * What a model asks of its host. Addresses are the host's own coin: the model
 * hands them back as they came through the registers, plus an offset.
 */
struct psx_model_host {
	void *context;
	void *(*alloc)(void *context, size_t bytes);	/* zeroed, or NULL */
	void (*free)(void *context, void *memory);	/* NULL too */
	/*
	 * Host memory for the device's access, valid until the next call, and
	 * as well aligned as @address is; NULL where there is none
	 */
	void *(*map)(void *context, u64 address, size_t bytes);
	void (*irq)(void *context);	/* an enabled interrupt is pending; no calls back */
	void (*yield)(void *context);	/* called every few milliseconds of work */
};

/* NULL and *@error (negative errno): -EINVAL, -ENOMEM, with nothing left behind. */
struct psx_model *psx_model_create(const struct psx_model_host *host,
				   const struct psx_model_config *config, int *error);
void psx_model_destroy(struct psx_model *model);

u32 psx_model_read(struct psx_model *model, u32 reg);
void psx_model_write(struct psx_model *model, u32 reg, u32 value);

/* Device time until something will happen by itself; U64_MAX for never. */
u64 psx_model_next_event(const struct psx_model *model);
/*
 * Let @ns of device time pass; what falls due is done, in order. The clock
 * stands still once it shows 2^63 ns.
 */
void psx_model_advance(struct psx_model *model, u64 ns);

#endif /* PSX_MODEL_H */
