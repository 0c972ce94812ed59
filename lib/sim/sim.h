/* SPDX-License-Identifier: MIT */
/* The sim: transport: a driver for the model, in this process. */
#ifndef PSX_LIB_SIM_H
#define PSX_LIB_SIM_H

#include "../transport.h"
#include "../../kmod/model/psx_model.h"
#include "../../kmod/psx_regs.h"

/* What the keys of a sim: URI say */
struct psx_sim_options {
	struct psx_model_config model;
	struct psx_image *scene;
	double rate; /* frames a second of real time; 0 = as fast as they come */
};

/* Read "key=value,..." and the scene; the scene is the caller's afterwards. */
int psx_sim_parse(const char *keys, struct psx_sim_options *options, struct psx_error *err);

/* Memory that the model may reach, by the number in an address's upper bits */
enum psx_sim_region { SIM_DATA, SIM_QUEUE, SIM_STAGING, SIM_REGIONS };

struct psx_sim {
	struct psx_transport base;
	struct psx_model *model;
	struct {
		uint8_t *memory;
		size_t size;
	} region[SIM_REGIONS];
	uint64_t ring_size, queue_size;
	uint64_t taken;	   /* completions fetched */
	uint64_t consumed; /* data position up to which frames were given back */
	uint64_t lent;	   /* the same, once the lent frame is given back */
	uint64_t due_ns;   /* real time of the next frame, with a rate */
	double rate;
	uint64_t made_before, dropped_before, full_before; /* counters at the start */
	uint32_t series;
	struct psx_settings settings; /* as committed last, and what follows */
	enum psx_mode mode;
	uint8_t schedule[PSX_SCHEDULE_MAX]; /* slots, one a channel */
	size_t channels;		    /* 0 = nothing is committed */
	uint64_t calibration;
	bool stopping; /* what is ready is handed out at once */
	int wake_fd; /* eventfd; -1 = none */
};

/* sim.c: registers, with an error code made errno and words */
uint32_t psx_sim_read(struct psx_sim *sim, uint32_t reg);
uint64_t psx_sim_read64(struct psx_sim *sim, uint32_t reg_lo);
void psx_sim_write(struct psx_sim *sim, uint32_t reg, uint32_t value);
void psx_sim_write64(struct psx_sim *sim, uint32_t reg_lo, uint64_t value);
int psx_sim_check(struct psx_sim *sim, const char *what, struct psx_error *err);
uint32_t psx_sim_rails(struct psx_sim *sim); /* PSX_RAIL_STATE_ */
uint32_t psx_sim_cause(struct psx_sim *sim);
uint64_t psx_sim_address(enum psx_sim_region region, uint64_t offset);

/* sim_ring.c */
int psx_sim_ring_init(struct psx_sim *sim, struct psx_error *err);
int psx_sim_start(struct psx_transport *t, uint64_t frames, struct psx_error *err);
int psx_sim_stop(struct psx_transport *t, bool abort, struct psx_error *err);
void psx_sim_wake(struct psx_transport *t);
int psx_sim_next(struct psx_transport *t, int timeout_ms, struct psx_frame_info *info,
		 const void **payload, size_t *length, struct psx_error *err);
uint64_t psx_sim_discard(struct psx_transport *t);

/* sim_config.c */
int psx_sim_shape(struct psx_transport *t, const struct psx_slot *slot, struct psx_error *err);
int psx_sim_write_target(struct psx_transport *t, enum psx_target target, uint32_t slot,
			 unsigned int phase, const int16_t *values, struct psx_error *err);
int psx_sim_read_target(struct psx_transport *t, enum psx_target target, uint32_t slot,
			unsigned int phase, int16_t *values, struct psx_error *err);
int psx_sim_commit(struct psx_transport *t, const struct psx_settings *s, enum psx_mode mode,
		   const uint32_t *slots, size_t count, uint64_t calibration, uint32_t *cfg_id,
		   struct psx_error *err);
int psx_sim_get_schedule(struct psx_transport *t, struct psx_channel_info *channels, size_t room,
			 size_t *count, struct psx_settings *settings, struct psx_error *err);
int psx_sim_present(struct psx_transport *t, const uint16_t *levels, struct psx_error *err);

#endif
