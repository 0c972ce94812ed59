// SPDX-License-Identifier: MIT
#include "rig.h"

#include <stdlib.h>

#define REGION_SHIFT 40

/* ---------------------------------------------------------------- host -- */

static const size_t region_size[REGIONS] = { DATA_BYTES, QUEUE_BYTES, STAGING_BYTES };

struct host host;
struct ring ring;
struct psx_model *m;
u32 width, height;

static void *host_alloc(void *context, size_t bytes)
{
	(void)context;
	ck_assert(!host.unlocked);
	if (++host.allocations == host.fail_at)
		return NULL;
	host.live++;
	return calloc(1, bytes);
}

static void host_free(void *context, void *memory)
{
	(void)context;
	ck_assert(!host.unlocked);
	host.live -= memory != NULL;
	free(memory);
}

static void *host_map(void *context, u64 at, size_t bytes)
{
	u64 region = at >> REGION_SHIFT;
	u64 offset = at & ((1ull << REGION_SHIFT) - 1);

	(void)context;
	ck_assert(!host.unlocked);
	if (host.deaf || region >= REGIONS || offset > region_size[region] ||
	    bytes > region_size[region] - offset)
		return NULL;
	return host.memory[region] + offset;
}

static void host_irq(void *context)
{
	(void)context;
	ck_assert(!host.unlocked);
	host.interrupts++;
}

static void do_meanwhile(void)
{
	void (*meanwhile)(void) = host.meanwhile;

	if (!meanwhile || host.yields != host.after_yields)
		return;
	host.meanwhile = NULL;
	host.unlocked = false;
	meanwhile();
	host.unlocked = true;
}

static void host_unlock(void *context)
{
	(void)context;
	ck_assert(!host.unlocked);
	host.yields = 0;
	if (host.lock) {
		pthread_mutex_unlock(host.lock);
		return;
	}
	host.unlocked = true;
	do_meanwhile();
}

static void host_lock(void *context)
{
	(void)context;
	if (host.lock)
		pthread_mutex_lock(host.lock);
	ck_assert(host.lock || host.unlocked);
	host.unlocked = false;
}

static void host_yield(void *context)
{
	(void)context;
	host.yields++;
	if (host.unlocked)
		do_meanwhile();
}

u64 address(enum region region, u64 offset)
{
	return (u64)region << REGION_SHIFT | offset;
}

/* -------------------------------------------------------------- device -- */

void wr(u32 reg, u32 value)
{
	psx_model_write(m, reg, value);
}

void wr64(u32 reg, u64 value)
{
	wr(reg, (u32)value);
	wr(reg + 4, (u32)(value >> 32));
}

u32 rd(u32 reg)
{
	return psx_model_read(m, reg);
}

u64 rd64(u32 reg)
{
	u64 low = rd(reg);

	return (u64)rd(reg + 4) << 32 | low;
}

void advance(u64 ns)
{
	psx_model_advance(m, ns);
}

void check_taken(void)
{
	u32 error = rd(PSX_REG_ERROR);

	ck_assert_msg(!error, "error %u at register 0x%x", PSX_ERR_CODE(error), PSX_ERR_REG(error));
}

void check_refused(u32 code, u32 reg)
{
	u32 error = rd(PSX_REG_ERROR);

	ck_assert_msg(PSX_ERR_CODE(error) == code && PSX_ERR_REG(error) == reg,
		      "error %u at 0x%x, wanted %u at 0x%x", PSX_ERR_CODE(error),
		      PSX_ERR_REG(error), code, reg);
	wr(PSX_REG_ERROR, 0);
}

void refuse(u32 reg, u32 value, u32 code)
{
	wr(reg, value);
	check_refused(code, reg);
}

void refuse64(u32 reg, u64 value, u32 code)
{
	wr64(reg, value);
	check_refused(code, reg + 4);
}

struct psx_model_config make_config(enum psx_model_profile profile, u32 w, u32 h)
{
	struct psx_model_config config = {
		.profile = profile, .width = w, .height = h, .pitch_um = 100,
		.dose_rate_pgy_s = PSX_NOMINAL_PGY_S, .seed = 7,
		.faults = { .interlock_ns = NEVER, .overcurrent_ns = NEVER,
			    .temperature_mc = 25000 },
	};

	if (profile != PSX_PROFILE_IDEAL) {
		config.faults.temperature_mc = FROST_MC;
		config.mismatch_ppm = 20000;
		config.photons = 30000;
		config.read_noise_milli = 50;
	}
	return config;
}

struct psx_model_host model_host(void)
{
	return (struct psx_model_host){
		.alloc = host_alloc, .free = host_free, .map = host_map, .irq = host_irq,
		.yield = host_yield, .unlock = host_unlock, .lock = host_lock,
	};
}

struct psx_model *create(const struct psx_model_config *config, int *error)
{
	const struct psx_model_host calls = model_host();

	return psx_model_create(&calls, config, error);
}

void make_from(const struct psx_model_config *config)
{
	int error;

	m = create(config, &error);
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(error, 0);
	width = config->width;
	height = config->height;
}

void make(u32 w, u32 h)
{
	struct psx_model_config config = make_config(PSX_PROFILE_IDEAL, w, h);

	make_from(&config);
}

void setup(void)
{
	for (int i = 0; i < REGIONS; i++) {
		host.memory[i] = aligned_alloc(4096, (region_size[i] + 4095) & ~4095ull);
		ck_assert_ptr_nonnull(host.memory[i]);
		memset(host.memory[i], 0, region_size[i]);
	}
}

void teardown(void)
{
	psx_model_destroy(m);
	m = NULL;
	for (int i = 0; i < REGIONS; i++)
		free(host.memory[i]);
	ck_assert_uint_eq(host.live, 0);
}

TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

/* -------------------------------------------------------------- loader -- */

u32 area_bytes(void)
{
	return 2 * width * height;
}

void load(u32 target, u32 offset, u32 bytes, u32 direction)
{
	wr64(PSX_REG_LOAD_ADDR_LO, address(STAGING, 0));
	wr(PSX_REG_LOAD_BYTES, bytes);
	wr(PSX_REG_LOAD_OFFSET, offset);
	wr(PSX_REG_LOAD_TARGET, target);
	wr(PSX_REG_LOAD_GO, direction);
}

void load_all(u32 target, const void *values)
{
	memcpy(host.memory[STAGING], values, area_bytes());
	load(target, 0, area_bytes(), PSX_LOAD_WRITE);
}

void shape(u32 bank, u32 k, u32 phases)
{
	wr(PSX_REG_BANK_SEL, bank);
	wr(PSX_REG_BANK_SHAPE, k | phases << 8);
	check_taken();
}

void load_bank(u32 bank, u32 k, u32 phases, const s16 *planes)
{
	shape(bank, k, phases);
	wr(PSX_REG_BANK_THRESHOLD, 0);
	for (u32 phase = 0; phase < phases; phase++)
		load_all(PSX_LOAD_TARGET(PSX_LOAD_PLANE, bank, phase),
			 planes + phase * width * height);
	check_taken();
}

void load_flat_bank(u32 bank, u32 k, u32 phases, s16 code)
{
	s16 *planes = calloc(phases * width * height, sizeof(*planes));

	for (u32 i = 0; i < phases * width * height; i++)
		planes[i] = code;
	load_bank(bank, k, phases, planes);
	free(planes);
}

void load_scene(u16 least, u16 range, uint64_t seed)
{
	u16 levels[MAX_AREA];

	for (u32 i = 0; i < width * height; i++)
		levels[i] = (u16)(least + unit_random(&seed) % range);
	load_all(PSX_LOAD_SCENE, levels);
	check_taken();
}

u32 commit(void)
{
	u32 id;

	wr(PSX_REG_COMMIT, 1);
	check_taken();
	id = rd(PSX_REG_CFG_PENDING);
	return id ? id : rd(PSX_REG_CFG_ID);
}

u32 commit_bank(u32 bank, u32 mode)
{
	wr(PSX_REG_CFG_MODE, mode);
	wr(PSX_REG_CFG_POLARITY, 1);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 0);
	wr(PSX_REG_CFG_SCHEDULE_BANK, bank);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 1);
	return commit();
}

/* ---------------------------------------------------------------- ring -- */

u64 ring_size(void)
{
	return (u64)ring.seg_count << ring.seg_shift;
}

static u64 segment_offset(u32 segment)
{
	return (u64)(ring.seg_count - 1 - segment) << ring.seg_shift;
}

void grant(void)
{
	wr64(PSX_REG_GRANT_DATA_LO, ring.end + ring_size());
	wr64(PSX_REG_GRANT_CQ_LO, ring.taken + (1ull << ring.cq_shift));
}

void enable_ring(u32 seg_shift, u32 seg_count, u32 cq_shift)
{
	ring.seg_shift = seg_shift;
	ring.seg_count = seg_count;
	ring.cq_shift = cq_shift;
	ring.taken = ring.end = 0;
	memset(host.memory[QUEUE], 0, QUEUE_BYTES);
	wr(PSX_REG_RING_CTRL, 0);
	wr(PSX_REG_SEG_SHIFT, seg_shift);
	wr(PSX_REG_SEG_COUNT, seg_count);
	for (u32 i = 0; i < seg_count; i++) {
		wr(PSX_REG_SEG_SEL, i);
		wr64(PSX_REG_SEG_ADDR_LO, address(DATA, segment_offset(i)));
	}
	wr64(PSX_REG_CQ_ADDR_LO, address(QUEUE, 0));
	wr(PSX_REG_CQ_SHIFT, cq_shift);
	wr(PSX_REG_RING_CTRL, 1);
	check_taken();
}

static void copy_payload(const struct psx_completion *c, u8 *payload)
{
	for (u32 i = 0; i < c->length; i++) {
		u64 place = (c->position + i) & (ring_size() - 1);

		payload[i] = host.memory[DATA][segment_offset((u32)(place >> ring.seg_shift)) +
					       (place & ((1ull << ring.seg_shift) - 1))];
	}
}

static void check_place(const struct psx_completion *c)
{
	u64 next = (ring.end + 63) & ~63ull;
	u64 size = ring_size();

	ck_assert_uint_le((c->position & (size - 1)) + c->length, size);
	if ((next & (size - 1)) + c->length > size)
		next = (next + size - 1) & ~(size - 1);
	ck_assert_uint_eq(c->position, next);
}

bool take(struct frame *f)
{
	const struct psx_completion *queue = (const void *)host.memory[QUEUE];
	static const u32 zero[14];
	struct psx_codec_error error;
	struct psx_codec_frame parsed;
	u8 payload[MAX_PAYLOAD];

	f->c = queue[ring.taken & ((1u << ring.cq_shift) - 1)];
	if (f->c.tag != (u32)(ring.taken >> ring.cq_shift) + 1)
		return false;
	check_place(&f->c);
	ck_assert_uint_le(f->c.length, MAX_PAYLOAD);
	copy_payload(&f->c, payload);
	ck_assert_uint_eq(f->c.crc32c, psx_crc32c(0, payload, f->c.length));
	ck_assert_mem_eq(f->c.reserved, zero, sizeof(zero));
	ck_assert_int_eq(psx_codec_parse(payload, f->c.length, &parsed, &error), 0);
	f->header = parsed.header;
	ck_assert_int_eq(psx_codec_decode(&parsed, 0, parsed.tile_rows, f->values,
					  parsed.header.width, &error), 0);
	ck_assert_uint_eq(f->header.seq, f->c.seq);
	ck_assert_uint_eq(f->header.cfg_id, f->c.cfg_id);
	ck_assert_uint_eq(f->header.channel, f->c.channel);
	ck_assert_uint_eq(f->header.mode, f->c.mode);
	ck_assert_uint_eq(f->header.pga, 1u << f->c.pga);
	ring.taken++;
	ring.end = f->c.position + f->c.length;
	return true;
}

void rails_on(void)
{
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	advance(FULL_RAIL_NS);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_ON);
}

void start(u64 frames)
{
	wr64(PSX_REG_ACQ_FRAMES_LO, frames);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_START);
	check_taken();
}

bool running(void)
{
	return rd(PSX_REG_STATUS) & PSX_STATUS_RUNNING;
}

void shoot(struct frame *f)
{
	grant();
	start(1);
	while (running())
		advance(psx_model_next_event(m));
	ck_assert(take(f));
}

void make_ready(u32 w, u32 h)
{
	make(w, h);
	load_flat_bank(0, 3, 9, UNIT_CODE / 9);
	load_scene(100, 400, 1);
	wr64(PSX_REG_CFG_EXPOSURE_LO, MS);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 8, 3);
	rails_on();
	grant();
}
