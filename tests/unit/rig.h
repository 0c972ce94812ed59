/* SPDX-License-Identifier: MIT */
/*
 * One model on the bench, driven through its registers alone, in host memory
 * that is checked at every byte. For test_registers.c and test_acquire.c.
 */
#ifndef PSX_TEST_RIG_H
#define PSX_TEST_RIG_H

#include <pthread.h>

#include <codec/psx_codec.h>
#include <model/psx_model.h>
#include <psx_regs.h>

#include "unit.h"

#define MAX_AREA      4096u
#define MAX_PAYLOAD   16384u
#define DATA_BYTES    32768u
#define QUEUE_BYTES   (64u * 128u)
#define STAGING_BYTES (2u * MAX_AREA)
#define MS	      1000000ull
#define NEVER	      (~0ull)
#define FROST_MC      (-40000) /* where dark current leaves the ADC room */
#define FULL_RAIL_NS  (1050 * MS)
#define UNIT_CODE     31129 /* about +95 V: weight 1 */
#define FRAME_NS      (9 * 2 * MS) /* of make_ready(): settling and exposure */

enum region { DATA, QUEUE, STAGING, REGIONS };

struct host {
	u8 *memory[REGIONS];
	unsigned int allocations, fail_at, live, interrupts;
	bool deaf; /* no region answers */
	/* What another thread does, once, while a frame is computed, after so many yields */
	void (*meanwhile)(void);
	unsigned int after_yields;
	unsigned int yields;   /* in the frame that is computed, or was last */
	bool unlocked;	       /* the model computes: nothing but yield is called */
	pthread_mutex_t *lock; /* of hosts with threads */
};

struct ring {
	u32 seg_shift, seg_count, cq_shift;
	u64 taken, end;
};

struct frame {
	struct psx_completion c;
	struct psx_frame_header header;
	s16 values[MAX_AREA];
};

extern struct host host;
extern struct ring ring;
extern struct psx_model *m;
extern u32 width, height;

/* Around every test: memory, and that none is left behind */
void setup(void);
void teardown(void);
TCase *add_case(Suite *suite, const char *name);
u64 address(enum region region, u64 offset);

struct psx_model_config make_config(enum psx_model_profile profile, u32 w, u32 h);
struct psx_model_host model_host(void);
struct psx_model *create(const struct psx_model_config *config, int *error);
void make_from(const struct psx_model_config *config);
/* An ideal detector, at reset */
void make(u32 w, u32 h);
/* One with a bank of k = 3 in scan mode that wants nothing but a START */
void make_ready(u32 w, u32 h);

void wr(u32 reg, u32 value);
void wr64(u32 reg, u64 value);
u32 rd(u32 reg);
u64 rd64(u32 reg);
void advance(u64 ns);
/* ERROR is 0; or is that code and register, and is cleared */
void check_taken(void);
void check_refused(u32 code, u32 reg);
void refuse(u32 reg, u32 value, u32 code);
void refuse64(u32 reg, u64 value, u32 code);

/* A piece through the staging memory, without looking at ERROR */
void load(u32 target, u32 offset, u32 bytes, u32 direction);
void load_all(u32 target, const void *values);
u32 area_bytes(void);
void shape(u32 bank, u32 k, u32 phases);
/* planes: [phases][height][width]; the comparator is off */
void load_bank(u32 bank, u32 k, u32 phases, const s16 *planes);
/* The same code everywhere, in all phases */
void load_flat_bank(u32 bank, u32 k, u32 phases, s16 code);
void load_scene(u16 least, u16 range, uint64_t seed);
u32 commit(void);
u32 commit_bank(u32 bank, u32 mode);

/* Segments lie in host memory in reverse order */
void enable_ring(u32 seg_shift, u32 seg_count, u32 cq_shift);
u64 ring_size(void);
void grant(void);
/* The next frame, checked in all that holds for every frame; false: none there */
bool take(struct frame *f);

void rails_on(void);
void start(u64 frames);
bool running(void);
/* One frame from START to DONE */
void shoot(struct frame *f);

#endif
