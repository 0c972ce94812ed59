// SPDX-License-Identifier: MIT
/* Register writes while a frame is computed: at each point where the model yields. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

/* Yields in the frame of make_meanwhile(): 33 rows of cells, 2 of tiles, crc */
#define YIELDS 36
static const unsigned int points[] = { 0, 1, 20, 32, 33, 34, 35, YIELDS };
#define POINTS ((int)(sizeof(points) / sizeof(points[0])))

static struct frame alone, f;
static unsigned int live;

/* make_ready(), with one frame taken undisturbed, and the next one about to end */
static void make_meanwhile(void)
{
	make_ready(13, 11);
	shoot(&alone);
	ck_assert_uint_eq(host.yields, YIELDS);
	grant();
	start(0);
	advance(FRAME_NS - 1);
	live = host.live;
}

/* End the frame, and do @what at that point of it */
static void end_frame(void (*what)(void), int point)
{
	host.meanwhile = what;
	host.after_yields = points[point];
	advance(1);
	ck_assert_ptr_null(host.meanwhile);
}

static void check_lost(void)
{
	ck_assert(!take(&f));
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 0);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS) & (PSX_IRQ_DROP | PSX_IRQ_ERROR), 0);
	check_taken();
}

static void check_like_alone(u64 seq)
{
	ck_assert_uint_eq(f.c.seq, seq);
	ck_assert_uint_eq(f.c.bank, alone.c.bank);
	ck_assert_mem_eq(f.values, alone.values, area_bytes());
}

static void abort_it(void)
{
	ck_assert_uint_eq(psx_model_next_event(m), 0);
	ck_assert(running());
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 1);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert(!running());
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_DONE);
}

START_TEST(aborted_frame_has_no_number)
{
	make_meanwhile();
	end_frame(abort_it, _i);
	ck_assert_uint_le(host.yields, points[_i] < YIELDS - 1 ? points[_i] + 1 : YIELDS);
	check_lost();
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 1);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_DONE);
	shoot(&f);
	check_like_alone(1);
}
END_TEST

static void stop_it(void)
{
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	ck_assert(running());
}

START_TEST(stopped_frame_is_made)
{
	make_meanwhile();
	end_frame(stop_it, _i);
	ck_assert(!running());
	ck_assert(take(&f));
	check_like_alone(1);
}
END_TEST

static void switch_off(void)
{
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	ck_assert(!running());
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_RAMPING);
}

START_TEST(no_frame_without_rails)
{
	make_meanwhile();
	end_frame(switch_off, _i);
	check_lost();
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 1);
	advance(FULL_RAIL_NS);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_OFF);
}
END_TEST

/* Banks are gone at once, the memory that is read when it is read no more */
static void reset_it(void)
{
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	ck_assert_uint_eq(rd(PSX_REG_STATUS), PSX_STATUS_SHUTTER_OPEN);
	ck_assert_uint_eq(rd(PSX_REG_BANK_SHAPE), 0);
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), 0);
	ck_assert_uint_eq(host.live, live);
}

START_TEST(reset_loses_the_frame)
{
	make_meanwhile();
	end_frame(reset_it, _i);
	check_lost();
	ck_assert_uint_eq(host.live, live - 1);
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 0);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), 0);
}
END_TEST

static void reset_and_set_up(void)
{
	reset_it();
	load_flat_bank(0, 1, 1, -UNIT_CODE);
	load_scene(77, 1, 1);
	wr64(PSX_REG_CFG_EXPOSURE_LO, 1000 * MS);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 4, 2);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	grant();
}

START_TEST(reset_and_whole_new_set_up)
{
	make_meanwhile();
	end_frame(reset_and_set_up, _i);
	check_lost();
	shoot(&f);
	ck_assert_uint_eq(f.c.seq, 0);
	ck_assert_uint_eq(f.c.cfg_id, 1);
	ck_assert_uint_eq(f.c.trigger, 1);
	for (u32 i = 0; i < width * height; i++)
		ck_assert_int_eq(f.values[i], f.values[0]);
	ck_assert_int_lt(f.values[0], -50);
	ck_assert_int_gt(f.values[0], -100);
	ck_assert_uint_eq(host.live, live);
}
END_TEST

static void commit_it(void)
{
	wr(PSX_REG_CFG_PGA, 2);
	ck_assert_uint_eq(commit_bank(0, PSX_MODE_REG_SCAN), 2);
	ck_assert_uint_eq(rd(PSX_REG_CFG_PENDING), 2);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 1);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_STATE);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
}

START_TEST(commit_waits_for_the_frame)
{
	make_meanwhile();
	end_frame(commit_it, _i);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 2);
	advance(FRAME_NS);
	ck_assert(take(&f));
	check_like_alone(1);
	ck_assert_uint_eq(f.c.cfg_id, 1);
	ck_assert_uint_eq(f.c.pga, 0);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.cfg_id, 2);
	ck_assert_uint_eq(f.c.pga, 2);
}
END_TEST

/* The abort latches a pending commit; then the next one need not wait */
static void commit_abort_commit(void)
{
	ck_assert_uint_eq(commit_bank(0, PSX_MODE_REG_SCAN), 2);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 2);
	ck_assert_uint_eq(commit(), 3);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 3);
}

START_TEST(abort_latches)
{
	make_meanwhile();
	end_frame(commit_abort_commit, _i);
	check_lost();
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 3);
	shoot(&f);
	check_like_alone(1);
	ck_assert_uint_eq(f.c.cfg_id, 3);
}
END_TEST

static void write_banks(void)
{
	wr(PSX_REG_BANK_SEL, 0);
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), PSX_BANK_IN_USE | 9 << 16);
	refuse(PSX_REG_BANK_SHAPE, 3 | 9 << 8, PSX_ERR_STATE);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), 0, area_bytes(), PSX_LOAD_WRITE);
	check_refused(PSX_ERR_STATE, PSX_REG_LOAD_GO);
	load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, area_bytes(), PSX_LOAD_WRITE);
	check_refused(PSX_ERR_STATE, PSX_REG_LOAD_GO);
	load(PSX_LOAD_SCENE, 0, area_bytes(), PSX_LOAD_WRITE);
	check_refused(PSX_ERR_STATE, PSX_REG_LOAD_GO);
	wr(PSX_REG_BANK_SCALE, 9999);
	wr(PSX_REG_BANK_THRESHOLD, 9999);
	load_flat_bank(1, 3, 9, -1234);
	wr(PSX_REG_BANK_SEL, 0);
}

START_TEST(bank_of_the_frame_is_in_use)
{
	make_meanwhile();
	end_frame(write_banks, _i);
	ck_assert(take(&f));
	check_like_alone(1);
	advance(FRAME_NS);
	ck_assert(take(&f));
	check_like_alone(2);
	ck_assert_uint_eq(host.live, live + 1);
}
END_TEST

static void commit_another_bank(void)
{
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	load_flat_bank(1, 1, 1, -1234);
	commit_bank(1, PSX_MODE_REG_SCAN);
	wr(PSX_REG_BANK_SEL, 0);
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), 9 << 16);
	live = host.live;
}

static void load_zeros(u32 target)
{
	memset(host.memory[STAGING], 0, area_bytes());
	load(target, 0, area_bytes(), PSX_LOAD_WRITE);
}

/* Not in use any more, but still read: written all the same, elsewhere */
static void write_what_is_read(void)
{
	s16 *staging = (s16 *)host.memory[STAGING];

	commit_another_bank();
	for (u32 phase = 0; phase < 9; phase++)
		load_zeros(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, phase));
	load_zeros(PSX_LOAD_SCENE);
	staging[0] = 7;
	load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 2, 2, PSX_LOAD_WRITE);
	load_zeros(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 0, 0));
	ck_assert_uint_eq(host.live, live + 4);
	load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, 6, PSX_LOAD_READ);
	ck_assert_int_eq(staging[0], 5);
	ck_assert_int_eq(staging[1], 7);
	ck_assert_int_eq(staging[2], 5);
	wr(PSX_REG_SHUTTER, 0);
	check_taken();
}

static void free_what_is_read(void)
{
	commit_another_bank();
	shape(0, 3, 9);
	ck_assert_uint_eq(host.live, live + 1);
	shape(0, 0, 0);
	shape(0, 1, 1);
	shape(0, 0, 0);
	ck_assert_uint_eq(host.live, live);
	live -= 3;
}

static void make_with_maps(void)
{
	s16 *staging = (s16 *)host.memory[STAGING];

	make_ready(13, 11);
	load_flat_bank(1, 3, 9, 300);
	commit_bank(1, PSX_MODE_REG_SCAN);
	for (u32 i = 0; i < width * height; i++)
		staging[i] = 5;
	load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, area_bytes(), PSX_LOAD_WRITE);
	load(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 0, 0), 0, area_bytes(), PSX_LOAD_WRITE);
	commit_bank(0, PSX_MODE_REG_SCAN);
	start(0);
	advance(FRAME_NS - 1);
}

START_TEST(memory_that_is_read_is_written_elsewhere)
{
	make_with_maps();
	end_frame(write_what_is_read, _i);
	check_lost();
	ck_assert_uint_eq(host.live, live);
	wr(PSX_REG_SHUTTER, 1);
	commit_bank(0, PSX_MODE_REG_SCAN);
	load_scene(1000, 1, 1);
	shoot(&f);
	for (u32 i = 0; i < width * height; i++)
		ck_assert_int_eq(f.values[i], 0);
}
END_TEST

START_TEST(memory_that_is_read_is_freed_later)
{
	make_with_maps();
	end_frame(free_what_is_read, _i);
	check_lost();
	ck_assert_uint_eq(host.live, live);
}
END_TEST

static void refuse_load(u32 target)
{
	host.fail_at = host.allocations + 1;
	load_zeros(target);
	check_refused(PSX_ERR_SPACE, PSX_REG_LOAD_GO);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
}

static void no_memory_elsewhere(void)
{
	commit_another_bank();
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0));
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0));
	refuse_load(PSX_LOAD_SCENE);
	ck_assert_uint_eq(host.live, live);
}

START_TEST(no_memory_to_write_elsewhere)
{
	make_with_maps();
	end_frame(no_memory_elsewhere, _i);
	check_lost();
	load_flat_bank(0, 3, 9, 1);
	ck_assert_uint_eq(host.live, live - 2);
}
END_TEST

static void grant_it(void)
{
	grant();
}

START_TEST(grant_counts_until_the_frame_is_there)
{
	make_ready(13, 11);
	enable_ring(12, 8, 3);
	start(2);
	advance(FRAME_NS - 1);
	end_frame(grant_it, _i);
	ck_assert(take(&f));
	ck_assert_uint_eq(f.c.seq, 0);
	ck_assert_uint_eq(rd64(PSX_REG_DROPPED_LO), 0);
}
END_TEST

static void abort_and_start(void)
{
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	start(1);
	ck_assert_uint_eq(psx_model_next_event(m), 0);
}

static void abort_and_trigger(void)
{
	refuse(PSX_REG_TRIGGER, 1, PSX_ERR_STATE);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
	wr(PSX_REG_CFG_TRIGGER, PSX_TRIGGER_SOFTWARE);
	commit();
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	start(1);
	wr(PSX_REG_TRIGGER, 1);
	check_taken();
	ck_assert_uint_eq(psx_model_next_event(m), FRAME_NS);
}

static void check_new_acquisition(void (*what)(void), int point)
{
	u64 end;

	make_meanwhile();
	end = rd64(PSX_REG_CLOCK_LO) + 1;
	end_frame(what, point);
	check_lost();
	ck_assert(running());
	advance(FRAME_NS);
	ck_assert(!running());
	ck_assert(take(&f));
	check_like_alone(1);
	ck_assert_uint_eq(f.c.trigger, 1);
	ck_assert_uint_eq(f.c.device_ns, end + FRAME_NS);
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), 2);
}

START_TEST(start_after_abort)
{
	check_new_acquisition(abort_and_start, _i);
}
END_TEST

START_TEST(trigger_after_abort)
{
	check_new_acquisition(abort_and_trigger, _i);
}
END_TEST

static void set_watchdog(void)
{
	wr(PSX_REG_WATCHDOG_MS, 5);
}

/* Time stands still while a frame is computed */
START_TEST(watchdog_runs_out_after_the_frame)
{
	u64 clock;

	make_meanwhile();
	clock = rd64(PSX_REG_CLOCK_LO);
	end_frame(set_watchdog, _i);
	ck_assert_uint_eq(rd64(PSX_REG_CLOCK_LO), clock + 1);
	ck_assert(take(&f));
	check_like_alone(1);
	ck_assert_uint_eq(psx_model_next_event(m), 5 * MS);
	advance(5 * MS - 1);
	ck_assert(running());
	advance(1);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_TRIPPED | PSX_TRIP_WATCHDOG << 8);
	ck_assert(!running());
}
END_TEST

/* ------------------------------------------------------------- threads -- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool over;	/* under the mutex, as all the rest */

/* The model's own thread: device time passes as fast as it can */
static void *run_model(void *unused)
{
	u64 next;

	pthread_mutex_lock(&mutex);
	while (!over) {
		next = psx_model_next_event(m);
		if (next != UINT64_MAX)
			advance(next);
		pthread_mutex_unlock(&mutex);
		if (next == UINT64_MAX)
			usleep(50);
		pthread_mutex_lock(&mutex);
	}
	pthread_mutex_unlock(&mutex);
	return unused;
}

/* Frames of a bank that come after 0 V, and after itself */
struct pair {
	struct frame first, next;
};

/* Microseconds that two frames take */
static u32 make_two_banks(struct pair *of_bank)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 31, 37);
	clock_t began, took = 0;

	config.photons = config.read_noise_milli = 0;	/* frames without a number in them */
	make_from(&config);
	load_scene(100, 400, 1);
	wr64(PSX_REG_CFG_EXPOSURE_LO, MS);
	enable_ring(12, 8, 3);
	rails_on();
	for (u32 bank = 0; bank < 2; bank++) {
		load_flat_bank(bank, 3, 9, bank ? -9000 : 5000);
		commit_bank(bank, PSX_MODE_REG_SCAN);
		began = clock();
		grant();
		start(2);
		while (running())
			advance(psx_model_next_event(m));
		took = clock() - began;
		ck_assert(take(&of_bank[bank].first));
		ck_assert(take(&of_bank[bank].next));
	}
	ck_assert_mem_ne(of_bank[0].first.values, of_bank[1].first.values, area_bytes());
	return (u32)(took * 1000000 / CLOCKS_PER_SEC) + 1;
}

/* One of the things that a driver does, or two that want each other */
static void disturb(uint64_t *random)
{
	u32 bank = unit_random(random) & 1;

	wr(PSX_REG_BANK_SEL, bank);
	switch (unit_random(random) % 6) {
	case 0:
		wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
		break;
	case 1:
		if (!(rd(PSX_REG_BANK_STATE) & PSX_BANK_IN_USE))
			load_flat_bank(bank, 3, 9, bank ? -9000 : 5000);
		break;
	case 2:
		if (!rd(PSX_REG_CFG_PENDING) && rd(PSX_REG_BANK_STATE) >> 16 == 9)
			commit_bank(bank, PSX_MODE_REG_SCAN);
		break;
	case 3:
		if (!running())
			load_scene(100, 400, 1);
		break;
	case 4:
		wr(PSX_REG_WATCHDOG_PET, 1);
		break;
	default:
		if (!running())
			start(unit_random(random) % 3);
	}
}

static u32 take_all(const struct pair *of_bank)
{
	u32 count = 0;

	for (; take(&f); count++) {
		const struct pair *pair = &of_bank[f.c.bank];

		if (memcmp(f.values, pair->first.values, area_bytes()) != 0)
			ck_assert_mem_eq(f.values, pair->next.values, area_bytes());
	}
	grant();
	return count;
}

/* Whatever else happens, a frame that is delivered is what its bank and scene give */
START_TEST(frames_are_whole)
{
	static struct pair of_bank[2];
	uint64_t random = 77;
	u32 frames = 4, frame_us;
	pthread_t thread;

	host.lock = &mutex;
	pthread_mutex_lock(&mutex);
	frame_us = make_two_banks(of_bank);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_model, NULL), 0);
	while (frames < 300) {
		for (u64 i = unit_random(&random) % 6; i; i--)
			disturb(&random);
		check_taken();
		pthread_mutex_unlock(&mutex);
		usleep((useconds_t)(unit_random(&random) % (3 * frame_us)));
		pthread_mutex_lock(&mutex);
		frames += take_all(of_bank);
	}
	ck_assert_uint_eq(rd64(PSX_REG_MADE_LO), frames + rd64(PSX_REG_DROPPED_LO));
	over = true;
	pthread_mutex_unlock(&mutex);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	host.lock = NULL;
}
END_TEST

START_TEST(lock_and_unlock_go_together)
{
	struct psx_model_config config = make_config(PSX_PROFILE_IDEAL, 3, 3);
	struct psx_model_host half = model_host();
	int error;

	half.lock = NULL;
	ck_assert_ptr_null(psx_model_create(&half, &config, &error));
	ck_assert_int_eq(error, -EINVAL);
}
END_TEST

/* ---------------------------------------------------------------------- */

int main(void)
{
	Suite *suite = suite_create("meanwhile");
	TCase *tc = add_case(suite, "end of the acquisition");

	tcase_add_loop_test(tc, aborted_frame_has_no_number, 0, POINTS);
	tcase_add_loop_test(tc, stopped_frame_is_made, 0, POINTS);
	tcase_add_loop_test(tc, no_frame_without_rails, 0, POINTS);
	tcase_add_loop_test(tc, reset_loses_the_frame, 0, POINTS);
	tcase_add_loop_test(tc, reset_and_whole_new_set_up, 0, POINTS);
	tcase_add_loop_test(tc, start_after_abort, 0, POINTS);
	tcase_add_loop_test(tc, trigger_after_abort, 0, POINTS);

	tc = add_case(suite, "configuration and banks");
	tcase_add_loop_test(tc, commit_waits_for_the_frame, 0, POINTS);
	tcase_add_loop_test(tc, abort_latches, 0, POINTS);
	tcase_add_loop_test(tc, bank_of_the_frame_is_in_use, 0, POINTS);
	tcase_add_loop_test(tc, memory_that_is_read_is_written_elsewhere, 0, POINTS);
	tcase_add_loop_test(tc, memory_that_is_read_is_freed_later, 0, POINTS);
	tcase_add_loop_test(tc, no_memory_to_write_elsewhere, 0, POINTS);

	tc = add_case(suite, "time and room");
	tcase_add_loop_test(tc, grant_counts_until_the_frame_is_there, 0, POINTS);
	tcase_add_loop_test(tc, watchdog_runs_out_after_the_frame, 0, POINTS);

	tc = add_case(suite, "threads");
	tcase_add_test(tc, frames_are_whole);
	tcase_add_test(tc, lock_and_unlock_go_together);
	return unit_main(suite);
}
