// SPDX-License-Identifier: MIT
/* A reader of the driver's frame ring, in plain memory; a thread is the driver. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dev/ring.h"
#include "unit.h"

#define ENTRIES 8u
#define BYTES	1024u
#define SERIES	7u
#define PAGE	65536 /* at least one, on any machine */

/* The driver: its own counters, and the shared regions behind them */
struct driver {
	struct psxdet_ctrl ctrl;
	struct psxdet_cons cons;
	uint64_t head, oldest, position, seq;
	uint64_t start[ENTRIES]; /* positions */
};

static struct driver d;
/* Whole pages, only the beginning of which is the ring's */
static _Alignas(PAGE) struct psxdet_desc descs[PAGE / sizeof(struct psxdet_desc)];
static _Alignas(PAGE) uint8_t data[PAGE];
static struct psx_ring ring;

static void publish_oldest(void)
{
	__atomic_store_n(&d.ctrl.oldest, d.oldest, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Whether a frame of that length fits behind what is at `position` */
static bool fits(uint64_t position, uint64_t length)
{
	return d.head - d.oldest < ENTRIES &&
	       (d.head == d.oldest || position + length - d.start[d.oldest % ENTRIES] <= BYTES);
}

/* Each byte of a payload is the low byte of its frame's number */
static void produce(uint32_t length)
{
	struct psxdet_desc *desc = &descs[d.head % ENTRIES];
	uint64_t position = d.position;

	if (position % BYTES + length > BYTES)
		position += BYTES - position % BYTES;
	while (!fits(position, length))
		d.oldest++;
	publish_oldest();
	memset(data + position % BYTES, (int)(d.seq & 0xff), length);
	*desc = (struct psxdet_desc){
		.seq = d.seq++, .position = position, .length = length, .series = d.ctrl.series,
	};
	d.start[d.head % ENTRIES] = position;
	d.position = position + length;
	__atomic_store_n(&d.ctrl.head, ++d.head, __ATOMIC_RELEASE);
}

static void set_state(uint32_t state)
{
	__atomic_store_n(&d.ctrl.state, state, __ATOMIC_RELEASE);
}

/* A driver whose counters begin near where 32 bits end */
static void setup(void)
{
	memset(&d, 0, sizeof(d));
	d.head = d.oldest = d.ctrl.head = d.ctrl.oldest = 0xfffffffcu;
	d.position = 0xffffff00u;
	d.ctrl.series = SERIES;
	set_state(PSXDET_STATE_RUNNING);
	ring = (struct psx_ring){
		.ctrl = &d.ctrl, .desc = descs, .data = data, .cons = &d.cons,
		.entries = ENTRIES, .bytes = BYTES,
	};
}

static void teardown(void)
{
	psx_ring_free_copy(&ring);
}

static void begin(bool lossy)
{
	psx_ring_begin(&ring, d.head, lossy);
	d.cons.cursor = d.head;
}

static enum psx_ring_result take(struct psxdet_desc *desc, const uint8_t **payload)
{
	const void *memory = NULL;
	enum psx_ring_result result = psx_ring_take(&ring, desc, &memory);

	*payload = memory;
	return result;
}

static void check_frame(const struct psxdet_desc *desc, const uint8_t *payload)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < desc->length; i++)
		wrong += payload[i] != (desc->seq & 0xff);
	ck_assert_uint_eq(wrong, 0);
}

START_TEST(frames_come_in_order_and_are_given_back)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t before = d.head;

		produce(1 + (uint32_t)(i * 37) % (BYTES / 2));
		ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
		ck_assert_uint_eq(desc.seq, i);
		check_frame(&desc, payload);
		ck_assert_uint_eq(d.cons.cursor, before); /* lent */
		ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
		ck_assert_uint_eq(d.cons.cursor, d.head);
	}
	ck_assert_uint_eq(ring.overrun, 0);
}
END_TEST

START_TEST(the_end_comes_after_the_last_frame)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	produce(10);
	produce(20);
	set_state(0);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_END);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_END);
	ck_assert_uint_eq(d.cons.cursor, d.head);
}
END_TEST

/* The next acquisition's frames are not this one's, whether it has some or not */
START_TEST(another_series_is_the_end)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	produce(10);
	d.ctrl.series++;
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_END);
	produce(10);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_END);
}
END_TEST

/* One that begins while a reader joins is the one that is read */
START_TEST(a_reader_follows_what_runs)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	set_state(0);
	begin(_i);
	ck_assert(!psx_ring_follow(&ring));
	d.ctrl.series++;
	set_state(PSXDET_STATE_RUNNING);
	ck_assert(psx_ring_follow(&ring));
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
	produce(10);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
}
END_TEST

/* A file that is open read-only has no page of its own */
START_TEST(without_a_page_of_its_own)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	ring.cons = NULL;
	psx_ring_begin(&ring, d.head, true);
	for (int i = 0; i < 30; i++)
		produce(10);
	psx_ring_need_wakeup(&ring, false);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	check_frame(&desc, payload);
	ck_assert_uint_eq(ring.overrun, 22);
	ck_assert_uint_eq(psx_ring_discard(&ring), 7);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
	ck_assert_uint_eq(ring.cursor, d.head);
}
END_TEST

START_TEST(frames_outlive_the_device)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	produce(10);
	set_state(PSXDET_STATE_GONE);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_GONE);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_GONE);
}
END_TEST

START_TEST(a_reader_that_stops_takes_what_is_there)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	produce(10);
	produce(10);
	psx_ring_limit(&ring);
	produce(10);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_END);
	ck_assert_uint_eq(psx_ring_discard(&ring), 1);
	ck_assert_uint_eq(d.cons.cursor, d.head);
}
END_TEST

START_TEST(what_is_discarded_is_counted)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	for (int i = 0; i < 5; i++)
		produce(10);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_uint_eq(psx_ring_discard(&ring), 4);
	ck_assert_uint_eq(psx_ring_discard(&ring), 0);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
}
END_TEST

START_TEST(an_overrun_is_found_and_counted)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(true);
	for (int i = 0; i < 30; i++)
		produce(10);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_uint_eq(desc.seq, 22);
	ck_assert_uint_eq(ring.overrun, 22);
	check_frame(&desc, payload);
	/* What a lossy reader holds is its own */
	for (int i = 0; i < 30; i++)
		produce(10);
	check_frame(&desc, payload);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	ck_assert_uint_eq(ring.overrun, 22 + 29);
	ck_assert_uint_eq(desc.seq, 22 + 30);
}
END_TEST

static void *trap; /* what can't be read until the driver has run */

static void on_trap(int number)
{
	(void)number;
	ck_assert_int_eq(mprotect(trap, PAGE, PROT_READ | PROT_WRITE), 0);
	for (unsigned int i = 0; i < ENTRIES; i++)
		produce(50);
}

/* The driver overruns this reader between the first byte that it reads of a
 * descriptor, or of a payload, and the last */
START_TEST(an_overrun_while_reading)
{
	const struct sigaction action = { .sa_handler = on_trap };
	struct psxdet_desc desc;
	const uint8_t *payload;

	ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
	begin(true);
	for (unsigned int i = 0; i < ENTRIES; i++)
		produce(50);
	trap = _i ? (void *)data : (void *)descs;
	ck_assert_int_eq(mprotect(trap, PAGE, PROT_NONE), 0);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	check_frame(&desc, payload);
	/* It makes for the middle of what is left */
	ck_assert_uint_eq(desc.seq, ENTRIES + ENTRIES / 2);
	ck_assert_uint_eq(ring.overrun, desc.seq);
}
END_TEST

/* Next time at the other region */
static void on_every_trap(int number)
{
	on_trap(number);
	trap = trap == (void *)descs ? (void *)data : (void *)descs;
	ck_assert_int_eq(mprotect(trap, PAGE, PROT_NONE), 0);
}

/* Who is overtaken each time gets no frame, but does not try for ever */
START_TEST(an_overrun_whenever_it_reads)
{
	const struct sigaction action = { .sa_handler = on_every_trap };
	struct psxdet_desc desc;
	const uint8_t *payload;

	ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
	begin(true);
	for (unsigned int i = 0; i < ENTRIES; i++)
		produce(50);
	trap = descs;
	ck_assert_int_eq(mprotect(trap, PAGE, PROT_NONE), 0);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_EMPTY);
	ck_assert_int_eq(mprotect(trap, PAGE, PROT_READ | PROT_WRITE), 0);
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
	check_frame(&desc, payload);
	ck_assert_uint_eq(ring.overrun, desc.seq);
}
END_TEST

/* Nothing outside the regions is touched, whatever a descriptor says */
START_TEST(garbage_is_refused)
{
	static const struct {
		uint64_t position;
		uint32_t length;
	} bad[] = {
		{ 0, BYTES + 1 }, { 1, BYTES }, { BYTES - 1, 2 }, { UINT64_MAX, 2 },
		{ UINT64_MAX - BYTES + 2, BYTES }, { 0, UINT32_MAX }, { UINT64_MAX, UINT32_MAX },
	};
	struct psxdet_desc desc;
	const uint8_t *payload;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup();
		begin(_i);
		produce(10);
		produce(10);
		descs[(d.head - 2) % ENTRIES].position = bad[i].position;
		descs[(d.head - 2) % ENTRIES].length = bad[i].length;
		ck_assert_int_eq(take(&desc, &payload), PSX_RING_DAMAGED);
		ck_assert_uint_eq(desc.seq, 0);
		ck_assert_int_eq(take(&desc, &payload), PSX_RING_FRAME);
		ck_assert_uint_eq(desc.seq, 1);
		check_frame(&desc, payload);
		teardown();
	}
}
END_TEST

START_TEST(counters_that_contradict_each_other)
{
	struct psxdet_desc desc;
	const uint8_t *payload;

	begin(_i);
	d.ctrl.head--;
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_BROKEN);
	ck_assert_uint_eq(psx_ring_discard(&ring), 0);
	d.ctrl.oldest = d.head + 5;
	ck_assert_int_eq(take(&desc, &payload), PSX_RING_BROKEN);
}
END_TEST

#define MANY 50000u

/* The driver at full speed, without regard for anybody */
static void *run_over(void *arg)
{
	uint64_t state = 1;

	(void)arg;
	for (uint32_t i = 0; i < MANY; i++)
		produce(1 + (uint32_t)(unit_random(&state) % 300));
	set_state(0);
	return NULL;
}

/* The same, but it waits for the cursor, as for a reserving reader */
static void *run_along(void *arg)
{
	uint64_t state = 2;

	(void)arg;
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t length = 1 + (uint32_t)(unit_random(&state) % 300);
		uint64_t position = d.position;

		if (position % BYTES + length > BYTES)
			position += BYTES - position % BYTES;
		while (!fits(position, length)) {
			uint64_t cursor = __atomic_load_n(&d.cons.cursor, __ATOMIC_ACQUIRE);

			ck_assert_uint_le(cursor, d.head);
			ck_assert_uint_ge(cursor, d.oldest);
			d.oldest = cursor;
			(void)sched_yield();
		}
		produce(length);
	}
	set_state(0);
	return NULL;
}

/* Not one byte of another frame, and every frame in the account */
START_TEST(a_race_with_the_driver)
{
	const bool lossy = _i;
	struct psxdet_desc desc;
	const uint8_t *payload;
	enum psx_ring_result result;
	uint64_t frames = 0, last = 0;
	pthread_t thread;

	begin(lossy);
	ck_assert_int_eq(pthread_create(&thread, NULL, lossy ? run_over : run_along, NULL), 0);
	while ((result = take(&desc, &payload)) != PSX_RING_END) {
		if (result == PSX_RING_EMPTY) {
			(void)sched_yield();
			continue;
		}
		ck_assert_int_eq(result, PSX_RING_FRAME);
		ck_assert(!frames || desc.seq > last);
		last = desc.seq;
		check_frame(&desc, payload);
		frames++;
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(frames + ring.overrun, MANY);
	if (!lossy)
		ck_assert_uint_eq(frames, MANY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring");
	TCase *c = tcase_create("ring");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, frames_come_in_order_and_are_given_back, 0, 2);
	tcase_add_loop_test(c, the_end_comes_after_the_last_frame, 0, 2);
	tcase_add_loop_test(c, another_series_is_the_end, 0, 2);
	tcase_add_loop_test(c, a_reader_follows_what_runs, 0, 2);
	tcase_add_test(c, without_a_page_of_its_own);
	tcase_add_loop_test(c, frames_outlive_the_device, 0, 2);
	tcase_add_loop_test(c, a_reader_that_stops_takes_what_is_there, 0, 2);
	tcase_add_loop_test(c, what_is_discarded_is_counted, 0, 2);
	tcase_add_test(c, an_overrun_is_found_and_counted);
	tcase_add_loop_test(c, an_overrun_while_reading, 0, 2);
	tcase_add_test(c, an_overrun_whenever_it_reads);
	tcase_add_loop_test(c, garbage_is_refused, 0, 2);
	tcase_add_loop_test(c, counters_that_contradict_each_other, 0, 2);
	tcase_add_loop_test(c, a_race_with_the_driver, 0, 2);
	tcase_set_timeout(c, 120);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
