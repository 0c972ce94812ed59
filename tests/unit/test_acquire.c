// SPDX-License-Identifier: MIT
/* Acquisition by docs/registers.md: ring, timeline, rails, and which pixel a code reaches. */
#include <stdlib.h>

#include "rig.h"

/* ---------------------------------------------------------------- ring -- */

START_TEST(no_grant_drops_the_newest)
{
	struct frame f;

	make_ready(13, 11);
	enable_ring(12, 8, 3);
	start(3);
	advance(3 * FRAME_NS);
	ck_assert(!take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 3);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 3);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_FULL_LO), 3);
	ck_assert_uint_ne(rd(PSX_REG_IRQ_STATUS) & PSX_IRQ_DROP, 0);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS) & PSX_IRQ_FRAME, 0);
	grant();
	start(1);
	advance(FRAME_NS);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.seq, 3);
	ck_assert_uint_eq(f.c.dropped, 3);
	ck_assert_uint_eq(f.c.position, 0);
}
END_TEST

START_TEST(completions_need_grants_too)
{
	struct frame f;

	make_ready(13, 11);
	enable_ring(12, 8, 3);
	wr64(PSX_REG_GRANT_DATA_LO, ring_size());
	wr64(PSX_REG_GRANT_CQ_LO, 2);
	start(5);
	advance(5 * FRAME_NS);
	ck_assert(take(&f));
	ck_assert(take(&f));
	ck_assert(!take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 3);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_FULL_LO), 3);
}
END_TEST

START_TEST(grants_end_at_the_byte)
{
	struct frame f;
	u32 length;

	make_ready(13, 11);
	shoot(&f);
	length = f.c.length;
	enable_ring(12, 8, 3);
	wr64(PSX_REG_GRANT_DATA_LO, length - 1);
	wr64(PSX_REG_GRANT_CQ_LO, 8);
	start(1);
	advance(FRAME_NS);
	ck_assert(!take(&f));
	wr64(PSX_REG_GRANT_DATA_LO, length);
	start(1);
	advance(FRAME_NS);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.length, length);
}
END_TEST

/* However much is granted */
START_TEST(payload_longer_than_the_ring)
{
	make_ready(64, 48);
	load_scene(0, 60000, 3);
	wr(PSX_REG_BANK_SCALE, 0xff00);
	commit();
	enable_ring(12, 1, 3);
	wr64(PSX_REG_GRANT_DATA_LO, UINT64_MAX);
	wr64(PSX_REG_GRANT_CQ_LO, 8);
	start(1);
	advance(FRAME_NS);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_FULL_LO), 1);
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_FULL_LO), 0);
}
END_TEST

START_TEST(host_memory_is_deaf)
{
	struct frame f;

	make_ready(13, 11);
	host.deaf = true;
	start(1);
	advance(FRAME_NS);
	check_refused(PSX_ERR_DMA, PSX_REG_SEG_ADDR_HI);
	host.deaf = false;
	ck_assert(!take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 1);
	wr(PSX_REG_RING_CTRL, 0);
	wr64(PSX_REG_CQ_ADDR_LO, ~127ull);
	wr(PSX_REG_RING_CTRL, 1);
	grant();
	start(1);
	advance(FRAME_NS);
	check_refused(PSX_ERR_DMA, PSX_REG_CQ_ADDR_HI);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 2);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_FULL_LO), 0);
}
END_TEST

/* Eight channels of one sub-pixel kernel, each with a threshold of its own */
static void make_stream(void)
{
	make(64, 48);
	for (u32 bank = 0; bank < 8; bank++) {
		load_flat_bank(bank, 1, 1, UNIT_CODE);
		wr(PSX_REG_BANK_THRESHOLD, bank * 2000);
		wr(PSX_REG_BANK_SCALE, 0xff00);
		wr(PSX_REG_CFG_SCHEDULE_SEL, bank);
		wr(PSX_REG_CFG_SCHEDULE_BANK, bank);
	}
	load_scene(0, 60000, 3);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 8);
	wr64(PSX_REG_CFG_EXPOSURE_LO, MS);
	commit();
	enable_ring(12, 4, 2);
	rails_on();
	grant();
}

/* A consumer that is often late: all frames are accounted for */
START_TEST(thousands_of_frames)
{
	u64 gaps = 0, next = 0, padded = 0, end = 0, delivered = 0;
	uint64_t random = 99;
	struct frame f;

	make_stream();
	start(0);
	for (u32 i = 0; i < 6000; i++) {
		advance(2 * MS);
		if (unit_random(&random) % 3 == 0)
			continue;
		for (u32 n = unit_random(&random) % 4; n && take(&f); n--) {
			gaps += f.c.seq - next;
			next = f.c.seq + 1;
			ck_assert_uint_eq(f.c.dropped, gaps);
			padded += f.c.position - end >= 64;
			end = ring.end;
			delivered++;
		}
		grant();
	}
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	advance(2 * MS);
	while (take(&f))
		delivered++;
	ck_assert_uint_ge(rd64(PSX_REG_MADE_LO), 6000);
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), delivered + rd64(PSX_REG_DROPPED_LO));
	ck_assert_uint_gt(delivered, 2000);
	ck_assert_uint_gt(gaps, 500);
	ck_assert_uint_gt(padded, 300);
	check_taken();
}
END_TEST

/* ------------------------------------------------------------ timeline -- */

START_TEST(back_to_back_and_period)
{
	static const u64 ends[2][3] = {
		{ 1 * FRAME_NS, 2 * FRAME_NS, 3 * FRAME_NS },
		{ FRAME_NS, FRAME_NS + 25 * MS, FRAME_NS + 50 * MS },
	};
	struct frame f;
	u64 began;

	make_ready(13, 11);
	wr64(PSX_REG_CFG_PERIOD_LO, _i ? 25 * MS : 0);
	commit();
	began = rd64(PSX_REG_CLOCK_LO);
	start(3);
	advance(1000 * MS);
	ck_assert_uint_eq(rd64(PSX_REG_CLOCK_LO), began + 1000 * MS);
	for (u32 i = 0; i < 3; i++) {
		ck_assert(take(&f));
		ck_assert_uint_eq(f.c.device_ns, began + ends[_i][i]);
		ck_assert_uint_eq(f.c.trigger, i + 1);
	}
	ck_assert(!take(&f));
	ck_assert_uint_ne(rd(PSX_REG_IRQ_STATUS) & PSX_IRQ_DONE, 0);
	ck_assert(!running());
}
END_TEST

START_TEST(stop_and_abort)
{
	struct frame f;

	make_ready(13, 11);
	start(0);
	advance(FRAME_NS / 2);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	ck_assert(running());
	advance(FRAME_NS);
	ck_assert(!running());
	ck_assert(take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 1);
	start(0);
	advance(FRAME_NS / 2);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert(!running());
	advance(FRAME_NS);
	ck_assert(!take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 1);
	start(1);
	advance(FRAME_NS);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.seq, 1);
	ck_assert_uint_eq(f.c.trigger, 1);
}
END_TEST

START_TEST(software_trigger)
{
	struct frame f;

	make_ready(13, 11);
	wr(PSX_REG_CFG_TRIGGER, PSX_TRIGGER_SOFTWARE);
	commit();
	start(0);
	ck_assert_uint_eq(psx_model_next_event(m), UINT64_MAX);
	advance(1000 * MS);
	ck_assert(!take(&f));
	for (u32 i = 1; i <= 3; i++) {
		wr(PSX_REG_TRIGGER, 1);
		refuse(PSX_REG_TRIGGER, 1, PSX_ERR_STATE);
		advance(FRAME_NS);
		ck_assert(take(&f));
		ck_assert_uint_eq(f.c.trigger, i);
	}
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	ck_assert(!running());
}
END_TEST

START_TEST(timer_after_software_trigger)
{
	struct frame f;
	u64 now;

	make_ready(13, 11);
	wr(PSX_REG_CFG_TRIGGER, PSX_TRIGGER_SOFTWARE);
	commit();
	start(0);
	advance(1000 * MS);
	now = rd64(PSX_REG_CLOCK_LO);
	wr(PSX_REG_CFG_TRIGGER, PSX_TRIGGER_TIMER);
	commit();
	ck_assert_uint_eq(psx_model_next_event(m), 0);
	advance(FRAME_NS);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.device_ns, now + FRAME_NS);
}
END_TEST

START_TEST(clock_stands_at_its_end)
{
	make(13, 11);
	advance(UINT64_MAX);
	ck_assert_uint_eq(rd64(PSX_REG_CLOCK_LO), 1ull << 63);
	advance(UINT64_MAX);
	ck_assert_uint_eq(rd64(PSX_REG_CLOCK_LO), 1ull << 63);
}
END_TEST

/* --------------------------------------------------------------- rails -- */

static void check_rails(u32 state, s32 mv)
{
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), state);
	ck_assert_int_eq((s32)rd(PSX_REG_RAIL_POS_MV), mv);
	ck_assert_int_eq((s32)rd(PSX_REG_RAIL_NEG_MV), -mv);
}

START_TEST(rails_slew)
{
	make(13, 11);
	check_rails(PSX_RAIL_STATE_OFF, 0);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	check_rails(PSX_RAIL_STATE_RAMPING, 0);
	refuse(PSX_REG_RAIL_SLEW, 10, PSX_ERR_STATE);
	for (u32 i = 0; i < 2100; i++)
		advance(500);
	check_rails(PSX_RAIL_STATE_RAMPING, 105);
	advance(FULL_RAIL_NS - 1050001);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_RAMPING);
	advance(1);
	check_rails(PSX_RAIL_STATE_ON, 105000);
	wr(PSX_REG_RAIL_SLEW, 1000);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	advance(5 * MS);
	check_rails(PSX_RAIL_STATE_RAMPING, 100000);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	advance(2 * MS);
	check_rails(PSX_RAIL_STATE_RAMPING, 102000);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	advance(102 * MS);
	check_rails(PSX_RAIL_STATE_OFF, 0);
	check_taken();
}
END_TEST

START_TEST(on_and_off_at_one_time)
{
	make(13, 11);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	ck_assert_uint_eq(psx_model_next_event(m), 0);
	advance(0);
	check_rails(PSX_RAIL_STATE_OFF, 0);
}
END_TEST

START_TEST(no_start_without_rails)
{
	make_ready(13, 11);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
	advance(FULL_RAIL_NS);
	refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	advance(FULL_RAIL_NS / 2);
	refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
	advance(FULL_RAIL_NS / 2);
	start(0);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	ck_assert(!running());
	ck_assert_uint_ne(rd(PSX_REG_IRQ_STATUS) & PSX_IRQ_DONE, 0);
}
END_TEST

START_TEST(watchdog)
{
	const u32 tripped = PSX_RAIL_STATE_TRIPPED | PSX_TRIP_WATCHDOG << 8;

	make_ready(13, 11);
	wr(PSX_REG_WATCHDOG_MS, 100);
	start(0);
	for (u32 i = 0; i < 10; i++) {
		advance(99 * MS);
		wr(PSX_REG_WATCHDOG_PET, 1);
	}
	ck_assert(running());
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	advance(100 * MS);
	check_rails(tripped, 105000);
	ck_assert(!running());
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS) & (PSX_IRQ_RAIL | PSX_IRQ_DONE),
			  PSX_IRQ_RAIL | PSX_IRQ_DONE);
	refuse(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR, PSX_ERR_STATE);
	refuse(PSX_REG_RAIL_CTRL, PSX_RAIL_ON, PSX_ERR_STATE);
	refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	advance(FULL_RAIL_NS);
	check_rails(tripped, 0);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
	check_rails(PSX_RAIL_STATE_OFF, 0);
	check_taken();
}
END_TEST

/* An expiry with the rails down must not leave the next ramp unguarded */
START_TEST(switching_on_arms_the_watchdog)
{
	make(13, 11);
	wr(PSX_REG_WATCHDOG_MS, 100);
	advance(1000 * MS);
	check_rails(PSX_RAIL_STATE_OFF, 0);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	advance(99 * MS);
	check_rails(PSX_RAIL_STATE_RAMPING, 9900);
	advance(MS);
	check_rails(PSX_RAIL_STATE_TRIPPED | PSX_TRIP_WATCHDOG << 8, 10000);
}
END_TEST

/* --------------------------------------------------------------- light -- */

START_TEST(shutter_closed_is_zero)
{
	struct frame f;
	u32 lit = 0;

	make_ready(13, 11);
	load_scene(30000, 1, 1);
	shoot(&f);
	for (u32 i = 0; i < width * height; i++)
		lit += f.values[i] > 0;
	ck_assert_uint_eq(lit, width * height);
	wr(PSX_REG_SHUTTER, 0);
	ck_assert_uint_eq(rd(PSX_REG_STATUS) & PSX_STATUS_SHUTTER_OPEN, 0);
	shoot(&f);
	for (u32 i = 0; i < width * height; i++)
		ck_assert_int_eq(f.values[i], 0);
}
END_TEST

/* The output pixel to which sub-pixel (x, y) adds in this phase, or -1 */
static int user_of(u32 mode, int k, int phase, int x, int y)
{
	int px = mode == PSX_MODE_REG_SCAN ? phase % k : 0;
	int py = mode == PSX_MODE_REG_SCAN ? phase / k : 0;
	int column = (x - px + k) / k - 1, row = (y - py + k) / k - 1;

	if (mode == PSX_MODE_REG_SNAP) {
		if (column >= (int)width / k || row >= (int)height / k)
			return -1;
		return row * ((int)width / k) + column;
	}
	x = px + column * k + k / 2;
	y = py + row * k + k / 2;
	if (x < 0 || y < 0 || x >= (int)width || y >= (int)height)
		return -1;
	return y * (int)width + x;
}

static void random_planes(s16 *planes, u32 count)
{
	uint64_t random = 5;

	for (u32 i = 0; i < count; i++)
		planes[i] = (s16)((int)(unit_random(&random) % 12000) - 6000);
}

/* With one code wrong, exactly the pixel that uses it differs from @good */
static void check_one_wrong(const struct frame *good, s16 *planes, u32 mode, int k, u32 at)
{
	u32 area = width * height, phases = mode == PSX_MODE_REG_SCAN ? (u32)(k * k) : 1;
	int place = (int)(at % area);
	int user = user_of(mode, k, (int)(at / area), place % (int)width, place / (int)width);
	u32 bank = 1 + at % 2;
	s16 code = planes[at];
	struct frame f;

	planes[at] = 32767;
	load_bank(bank, (u32)k, phases, planes);
	planes[at] = code;
	commit_bank(bank, mode);
	shoot(&f);
	for (u32 i = 0; i < good->header.width * good->header.height; i++)
		ck_assert_msg((f.values[i] != good->values[i]) == ((int)i == user),
			      "phase %u sub-pixel %d: pixel %u is %d, was %d, user is %d",
			      at / area, place, i, f.values[i], good->values[i], user);
}

static const struct { u32 mode, k, w, h; } wrong[] = {
	{ PSX_MODE_REG_SCAN, 3, 13, 11 }, { PSX_MODE_REG_SCAN, 3, 12, 2 },
	{ PSX_MODE_REG_SCAN, 5, 13, 11 }, { PSX_MODE_REG_SCAN, 5, 3, 10 },
	{ PSX_MODE_REG_SNAP, 3, 13, 11 }, { PSX_MODE_REG_SNAP, 5, 13, 11 },
};

START_TEST(wrong_code_shows_where_it_is_used)
{
	u32 mode = wrong[_i].mode, k = wrong[_i].k;
	u32 phases = mode == PSX_MODE_REG_SCAN ? k * k : 1;
	u32 count = phases * wrong[_i].w * wrong[_i].h;
	s16 *planes = calloc(count, sizeof(*planes));
	struct frame good;

	make(wrong[_i].w, wrong[_i].h);
	random_planes(planes, count);
	load_scene(100, 300, 11);
	load_bank(0, k, phases, planes);
	wr64(PSX_REG_CFG_EXPOSURE_LO, 1000 * MS);
	commit_bank(0, mode);
	enable_ring(12, 8, 3);
	rails_on();
	shoot(&good);
	ck_assert_uint_eq(good.header.width, mode == PSX_MODE_REG_SCAN ? width : width / k);
	ck_assert_uint_eq(good.header.height, mode == PSX_MODE_REG_SCAN ? height : height / k);
	for (u32 at = 0; at < count; at++)
		check_one_wrong(&good, planes, mode, (int)k, at);
	free(planes);
}
END_TEST

static void shoot_two(struct psx_model_config config, uint64_t seed, struct frame *f)
{
	config.seed = seed;
	make_from(&config);
	load_flat_bank(0, 3, 9, UNIT_CODE / 3);
	load_scene(100, 400, 1);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 8, 3);
	rails_on();
	shoot(&f[0]);
	shoot(&f[1]);
	psx_model_destroy(m);
	m = NULL;
}

static void check_seeds(const struct psx_model_config *config, struct frame *first)
{
	struct frame again[2], other[2];

	shoot_two(*config, 7, first);
	shoot_two(*config, 7, again);
	shoot_two(*config, 8, other);
	for (u32 i = 0; i < 2; i++) {
		ck_assert_mem_eq(&first[i].c, &again[i].c, sizeof(first[i].c));
		ck_assert_mem_eq(first[i].values, again[i].values, 2 * 13 * 11);
		ck_assert_mem_ne(first[i].values, other[i].values, 2 * 13 * 11);
	}
}

START_TEST(noise_follows_from_the_seed)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 13, 11);
	struct frame f[2];

	config.mismatch_ppm = 0;
	check_seeds(&config, f);
	ck_assert_mem_ne(f[0].values, f[1].values, 2 * 13 * 11);
}
END_TEST

START_TEST(mismatch_follows_from_the_seed)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 13, 11);
	struct frame f[2];

	config.photons = config.read_noise_milli = 0;
	check_seeds(&config, f);
	ck_assert_mem_eq(f[0].values, f[1].values, 2 * 13 * 11);
}
END_TEST

/* Eight steps of a dark map are 1/4 grey level, one of the offset DAC 4; in one pixel each */
START_TEST(maps_correct_one_pixel)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 13, 11);
	s16 dark[13 * 11] = { [20] = 320 }, offset[13 * 11] = { [30] = -5 };
	struct frame plain, mapped;

	config.mismatch_ppm = config.photons = config.read_noise_milli = 0;
	make_from(&config);
	load_flat_bank(0, 3, 9, UNIT_CODE / 3);
	load_flat_bank(1, 3, 9, UNIT_CODE / 3);
	load_all(PSX_LOAD_TARGET(PSX_LOAD_DARK, 1, 0), dark);
	load_all(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 1, 0), offset);
	load_scene(100, 400, 1);
	enable_ring(12, 8, 3);
	rails_on();
	commit_bank(0, PSX_MODE_REG_SCAN);
	shoot(&plain);
	commit_bank(1, PSX_MODE_REG_SCAN);
	shoot(&mapped);
	for (u32 i = 0; i < width * height; i++)
		ck_assert_int_eq(mapped.values[i] - plain.values[i],
				 (i == 20 ? -10 : i == 30 ? 20 : 0));
}
END_TEST

/* The brightest scene, longest exposure and highest dose rate saturate, with their sign */
START_TEST(overload_saturates)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 15, 15);
	struct frame f;

	config.dose_rate_pgy_s = 32920000000ull;
	make_from(&config);
	load_flat_bank(0, 15, 1, _i ? -32767 : 32767);
	load_scene(65535, 1, 1);
	wr64(PSX_REG_CFG_EXPOSURE_LO, 100000 * MS);
	commit_bank(0, PSX_MODE_REG_SNAP);
	wr(PSX_REG_BANK_SCALE, 65535);
	commit();
	enable_ring(12, 8, 3);
	rails_on();
	shoot(&f);
	ck_assert_int_eq(f.values[0], _i ? -32768 : 32767);
	ck_assert_uint_eq(f.c.saturated, 1);
}
END_TEST

/* ---------------------------------------------------------------------- */

static void add_frames(Suite *suite)
{
	TCase *tc = add_case(suite, "ring");

	tcase_add_test(tc, no_grant_drops_the_newest);
	tcase_add_test(tc, completions_need_grants_too);
	tcase_add_test(tc, grants_end_at_the_byte);
	tcase_add_test(tc, payload_longer_than_the_ring);
	tcase_add_test(tc, host_memory_is_deaf);
	tcase_add_test(tc, thousands_of_frames);

	tc = add_case(suite, "timeline");
	tcase_add_loop_test(tc, back_to_back_and_period, 0, 2);
	tcase_add_test(tc, stop_and_abort);
	tcase_add_test(tc, software_trigger);
	tcase_add_test(tc, timer_after_software_trigger);
	tcase_add_test(tc, clock_stands_at_its_end);

	tc = add_case(suite, "rails");
	tcase_add_test(tc, rails_slew);
	tcase_add_test(tc, on_and_off_at_one_time);
	tcase_add_test(tc, no_start_without_rails);
	tcase_add_test(tc, watchdog);
	tcase_add_test(tc, switching_on_arms_the_watchdog);
}

int main(void)
{
	Suite *suite = suite_create("acquire");
	TCase *tc;

	add_frames(suite);
	tc = add_case(suite, "light");
	tcase_add_test(tc, shutter_closed_is_zero);
	tcase_add_loop_test(tc, wrong_code_shows_where_it_is_used, 0, 6);
	tcase_add_test(tc, noise_follows_from_the_seed);
	tcase_add_test(tc, mismatch_follows_from_the_seed);
	tcase_add_test(tc, maps_correct_one_pixel);
	tcase_add_loop_test(tc, overload_saturates, 0, 2);
	return unit_main(suite);
}
