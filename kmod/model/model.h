/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Internals of the model. One detector is one struct psx_model. */
#ifndef PSX_MODEL_INTERNAL_H
#define PSX_MODEL_INTERNAL_H

#include "psx_model.h"
#include "../psx_regs.h"
#include "../codec/psx_codec.h"

#ifndef __SIZEOF_INT128__
#error "the model needs 128-bit products"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model stores what goes to the host in its own, little-endian order"
#endif

#define PSX_U64_MAX		(~0ull)
#define PSX_BANKS		256u
#define PSX_SEGS		4096u
#define PSX_SEG_SHIFT_LIMIT	30u
#define PSX_CQ_SHIFT_LIMIT	20u
#define PSX_WEIGHT_SHIFT	30	/* responses are Q30 of weight 1 */
#define PSX_MAX_CODE		32767
#define PSX_SETTLE_NS		1000000u	/* of a plane, in every phase */
#define PSX_NS_PER_MS		1000000ull
#define PSX_EXPOSURE_LEAST_NS	1000u
#define PSX_EXPOSURE_MOST_MS	100000u
#define PSX_PERIOD_MOST_NS	(PSX_U64_MAX >> 8)
#define PSX_CLOCK_END		BIT_ULL(63)	/* time does not go beyond */
#define PSX_DOSE_RATE_MOST	329200000000ull	/* pGy/s */
#define PSX_FULL_LEVEL		4095u	/* of the open beam at PSX_NOMINAL_PGY_S, in 1 s */
#define PSX_TEMPERATURE_LEAST	(-40000)	/* 1/1000 degree Celsius */
#define PSX_TEMPERATURE_MOST	125000
#define PSX_SLEW_MOST		1000u	/* mV per ms */
#define PSX_RAIL_MV		105000u	/* for biases up to +-100 V */
#define PSX_READ_NOISE_MOST	1000000u	/* 1/1000 grey level */

/* What is wrong with a sub-pixel */
enum psx_flaw {
	PSX_FLAW_NONE,
	PSX_FLAW_BLIND,		/* dead, or of the border */
	PSX_FLAW_HOT,
	PSX_FLAW_STUCK,
};

/* What a sub-pixel gives at a bias */
struct psx_current {
	s64 response;		/* Q30 of weight 1 */
	s64 dark;		/* levels a second at 25 degrees, Q30 */
};

/*
 * The crystal. With per-sub-pixel deviations the response follows from the
 * tables of charge collection; an ideal crystal has one table of responses.
 */
struct psx_sensor {
	s32 *response;		/* [65536] by (u16)code, nominal sub-pixel, Q30 */
	u32 *collection[2];	/* [65536] by |code|, hole and electron branch, Q30 */
	s16 *gain;		/* [width * height] deviations, Q16; NULL = none */
	s16 *mu_tau;
	s16 *surface;
	s16 *dark;
	u8 *flaw;		/* [width * height] enum psx_flaw; NULL = all are good */
	u32 *seen;		/* [65536] by level, what the crystal makes of it, Q16 levels */
	u64 unit;		/* response of weight 1 before division, Q30 */
	u64 stuck_seed;
	u32 dark_step[2];	/* forward, reverse: dark current of a code, Q30 levels/s */
};

/* The planes of one kernel. A bank in use keeps its planes and shape. */
struct psx_bank_slot {
	s16 *planes;		/* phases * width * height codes */
	s16 *dark;		/* width * height ADC codes, NULL = zero */
	s16 *offset;		/* width * height offset DAC codes, NULL = zero */
	u32 k;			/* 0 = no shape yet */
	u32 phases;
	u32 loaded;		/* whole planes there, in order */
	u32 fill;		/* bytes of the plane that is being loaded */
	u32 users;		/* latched and pending configurations */
	u64 codes[2];		/* sums of |code| by sign, a hot sub-pixel's as many times */
	u16 scale;
	u16 threshold;
};

struct psx_channel {
	u16 bank;
	u16 scale;
	u16 threshold;
};

struct psx_config {
	u64 exposure;
	u64 period;
	u32 id;			/* 0 = nothing latched */
	u32 mode;
	u32 polarity;
	u32 pga;		/* log2 */
	u32 trigger;
	u32 channels;
	struct psx_channel channel[PSX_SCHEDULE_MAX];
};

struct psx_ring {
	u64 seg_addr[PSX_SEGS];
	u64 cq_addr;
	u64 grant_data;
	u64 grant_cq;
	u64 position;		/* of the next payload, before padding */
	u64 completions;
	u32 seg_sel;
	u32 seg_shift;
	u32 seg_count;
	u32 cq_shift;
	bool enabled;
};

struct psx_loader {
	u64 addr;
	u32 bytes;
	u32 offset;
	u32 target;
};

struct psx_power {
	u64 watchdog_at;	/* device time; PSX_U64_MAX = off */
	s64 uv[2];		/* positive, negative rail, microvolts */
	u64 time;		/* to which uv[] is true */
	u32 state;
	u32 cause;
	u32 slew;
	u32 watchdog_ms;
	bool wanted;
	bool interlock_open;	/* as far as it was acted upon */
	bool broke_down;	/* faults.overcurrent_ns has passed */
	bool broken_down;	/* until there is no voltage left */
};

/*
 * The frame that is computed, with all that it takes from the registers: these
 * may change meanwhile. The memory that it reads is not written or freed before
 * its end; what the model gives up of it meanwhile is kept in @left until then.
 */
struct psx_shot {
	struct psx_frame_header header;
	const u16 *scene;
	const s16 *planes;
	const s16 *before;	/* the plane before them, in the next; NULL = 0 V */
	const s16 *before_planes;
	const s16 *dark;
	const s16 *offset;
	u64 exposure;
	u32 k;
	u32 phases;
	u32 pga;		/* log2 */
	u32 bank;
	s32 stage[2];
	u32 shutter;
	s32 temperature_mc;
	u32 saturated;
	u32 effective;
	u32 length;		/* of the payload; 0 = none */
	u32 crc32c;
	void *left[5];
	u32 left_count;
	bool computing;
	bool lost;		/* read without the lock */
};

struct psx_acquire {
	u64 frames;		/* still to make; PSX_U64_MAX = endless */
	u64 frames_reg;
	u64 frame_end;		/* PSX_U64_MAX = no frame in the making */
	u64 next_start;
	u32 channel;
	u32 held;		/* bank + 1 whose last plane the DACs hold, 0 = 0 V */
	u32 triggers;
	bool running;
	bool stopping;
};

struct psx_model {
	struct psx_model_host host;
	struct psx_model_config config;
	struct psx_sensor sensor;
	u16 *scene;		/* as large as the scene is, grey levels */
	u16 *view;		/* what of it is on the sensor; NULL = all, without a stage */
	s32 stage[2];		/* x, y: where on the scene sub-pixel (0, 0) is, um */
	s32 stage_sent[2];	/* where it was sent */
	s16 *values;		/* this and the next three: of the frame that is computed */
	s64 *sums;		/* one row of cells: weighted sum, Q30 levels */
	u64 *squares;		/* the same: sum of w^2 * level, Q30 */
	s64 *darks;		/* the same: dark current, Q30 levels a second */
	u8 *payload;
	size_t payload_size;
	struct psx_bank_slot bank[PSX_BANKS];
	u32 bank_sel;
	u32 planes_max;		/* planes and maps that the banks hold together */
	u32 planes_used;
	struct psx_config staged;
	struct psx_config pending;
	struct psx_config active;
	u32 schedule_sel;
	u32 commits;
	u32 readback_faults;	/* at the last latch, as the next */
	u32 readback_first;
	struct psx_ring ring;
	struct psx_loader loader;
	struct psx_power power;
	struct psx_acquire acq;
	struct psx_shot shot;
	u64 clock;
	u64 made;
	u64 dropped;
	u64 dropped_full;
	u32 irq_status;
	u32 irq_enable;
	u32 error;
	u32 latch_hi;		/* of the last _LO read */
	u32 shadow_lo;		/* of the last _LO write */
	u32 serial[4];
	u32 shutter;
};

static inline const struct psx_kind *psx_kind_of(const struct psx_model *m)
{
	return &psx_kinds[m->config.profile];
}

static inline size_t psx_scene_area(const struct psx_model *m)
{
	return (size_t)m->config.scene_width * m->config.scene_height;
}

/* stage.c: what the sensor sees of the scene where the stage is, into m->view */
void psx_stage_look(struct psx_model *m);
u32 psx_stage_move(struct psx_model *m, u32 axis, u32 um);
/* It is where it was sent, unless it is held */
void psx_stage_go(struct psx_model *m);
bool psx_stage_moving(const struct psx_model *m);

/* hecht.c */
struct psx_carrier {
	u64 field_nv;		/* L^2 / mu-tau, nV */
	u64 surface_nv;		/* L * s / mu, nV */
};

extern const struct psx_carrier psx_holes;
extern const struct psx_carrier psx_electrons;
/* Charge collection (mu-tau V / L^2) (1 - exp(-L^2 / (mu-tau V))), Q30 */
u32 psx_hecht_collection(const struct psx_carrier *carrier, u64 nv);
/* 1 / (1 + L (s / mu) / V) with @surface_nv = L s / mu, Q30 */
u32 psx_hecht_surface(u64 surface_nv, u64 nv);
u64 psx_code_to_nv(u32 magnitude);
/* exp(-y), y and result Q30 */
u64 psx_exp_neg(u64 y);
/* @a / @b in Q30, both below 2^63; saturates where the quotient is 2^33 or more */
u64 psx_divide_q30(u64 a, u64 b);

/* sensor.c */
int psx_sensor_init(struct psx_model *m);
void psx_sensor_free(struct psx_model *m);
/* Response of the sub-pixel at @index, were it good, Q30 of weight 1 */
s32 psx_sensor_response(const struct psx_sensor *sensor, size_t index, s16 code);
/* What the sub-pixel at @index gives; without @lit no response is worked out */
struct psx_current psx_sensor_current(const struct psx_sensor *sensor, size_t index, s16 code,
				      bool lit);
/* What its DAC is at when @code is loaded */
s16 psx_sensor_code(const struct psx_sensor *sensor, size_t index, s16 code);
/* Add |code| of those who carry dark current, by sign */
void psx_sensor_sum_codes(const struct psx_sensor *sensor, size_t first, const s16 *codes,
			  size_t count, u64 *sums);
/* Dark current over that at 25 degrees, Q30 */
u64 psx_sensor_warmth(s32 temperature_mc);

/* defects.c: sub-pixels in an order that follows from the seed, border left out */
u32 psx_defects_room(const struct psx_model_config *config);
size_t psx_defect_place(const struct psx_model_config *config, u32 number);
/* Compare the DACs' monitors with the codes in force */
void psx_readback_check(struct psx_model *m);
/* Make @count codes, of sub-pixel @first and on, what their monitors show */
void psx_readback_show(const struct psx_model *m, s16 *codes, size_t first, size_t count);

/* random.c */
u64 psx_hash(u64 seed, u64 counter);
s32 psx_gauss(u64 seed, u64 counter);	/* standard normal, Q16 */

/* shot.c: compute the frame that ends now; false: it was lost meanwhile */
bool psx_shot_make(struct psx_model *m);
bool psx_shot_go_on(void *model);
void psx_yield(const struct psx_model *m);
/* Free @block, when the frame that is computed reads it then with that frame */
void psx_block_free(struct psx_model *m, void *block);
/*
 * @block of @bytes, to be written: where the frame that is computed reads it, new
 * memory with the first @keep bytes of it. NULL: none left
 */
void *psx_block_own(struct psx_model *m, void *block, size_t bytes, size_t keep);

/* readout.c: expose all phases of m->shot, fill m->values; false: it was lost */
bool psx_readout(struct psx_model *m);
void psx_output_size(const struct psx_model *m, u32 mode, u32 k, u32 *width, u32 *height);

/* chain.c: from a sum of currents to a value of a frame */
struct psx_chain {
	u64 dose;		/* of the exposure over nominal, Q32 */
	u64 open;		/* part of a sub-pixel that a collimator leaves open, Q32 */
	u64 dark_time;		/* seconds in which dark current flows as at 25 degrees, Q32 */
	u64 noise_seed;
	u32 pga;
	u32 scale;
	u32 photons;
	u32 lag;		/* what the plane before has of this exposure, Q30 */
	u64 read_variance;	/* levels^2, Q30 */
	bool ideal;
};

void psx_chain_init(struct psx_chain *chain, const struct psx_model *m);

/* What has gathered for one output pixel */
struct psx_charge {
	s64 sum;		/* weighted sum of the scene, Q30 levels */
	u64 squares;		/* sum of w^2 * level, Q30 */
	s64 dark;		/* dark current, Q30 levels a second at 25 degrees */
};

s16 psx_chain_value(const struct psx_chain *chain, const struct psx_charge *charge, size_t pixel,
		    s16 offset, s16 dark, u32 *saturated);

/*
 * loader.c, config.c, ring.c, power.c, acquire.c; the rest of the registers in
 * regs_write.c. Each write function returns a PSX_ERR_ code.
 */
u32 psx_bank_write_shape(struct psx_model *m, u32 value);
u32 psx_loader_go(struct psx_model *m, u32 direction);
void psx_banks_free(struct psx_model *m);
u64 psx_config_duration(const struct psx_model *m, const struct psx_config *config, u32 channel);
u32 psx_config_commit(struct psx_model *m);
void psx_config_latch(struct psx_model *m);
void psx_config_reset(struct psx_model *m);
u32 psx_ring_ctrl(struct psx_model *m, u32 value);
bool psx_ring_put(struct psx_model *m);
u32 psx_power_ctrl(struct psx_model *m, u32 value);
void psx_power_reset(struct psx_model *m);
void psx_power_faults(struct psx_model *m);
s32 psx_power_leakage(const struct psx_model *m);
void psx_power_pet(struct psx_model *m);
u64 psx_power_next(const struct psx_model *m);
void psx_power_advance(struct psx_model *m);
u32 psx_acquire_ctrl(struct psx_model *m, u32 value);
u32 psx_acquire_trigger(struct psx_model *m);
void psx_acquire_end(struct psx_model *m);

/* model.c */
void psx_model_reset(struct psx_model *m);

/* regs_write.c */
void psx_model_raise(struct psx_model *m, u32 irq);
void psx_model_fail(struct psx_model *m, u32 error, u32 reg);

#define PSX_PRODUCT_MOST	((s64)BIT_ULL(61))

/* How much of @length from @address on lies in one page of the host */
static inline u32 psx_page_part(u64 address, u32 length)
{
	u32 left = PSX_SEG_ALIGN - (u32)(address & (PSX_SEG_ALIGN - 1));

	return length < left ? length : left;
}

/*
 * a * b >> shift, rounded to nearest, halves away from zero; saturates at
 * +-PSX_PRODUCT_MOST, so that three of them can be added
 */
static inline s64 psx_mul_shift(s64 a, u64 b, unsigned int shift)
{
	__uint128_t size = (__uint128_t)(a < 0 ? -(u64)a : (u64)a) * b;
	s64 result = PSX_PRODUCT_MOST;

	size = (size + ((__uint128_t)1 << (shift - 1))) >> shift;
	if (size < PSX_PRODUCT_MOST)
		result = (s64)size;
	return a < 0 ? -result : result;
}

#endif /* PSX_MODEL_INTERNAL_H */
