// SPDX-License-Identifier: MIT
/* Readers: lossy ones that are overrun, cursors that lie, positions, many at once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"
#include "refuse.h"

#define SEED 0x5eed0001ull

static struct rig rig;
static int fd = -1, claim = -1;

static void setup(void)
{
	struct psxdet_config config = rig_config(0);

	rig_clean();
	rig_plug(&rig, "readers", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
	config.trigger = PSXDET_TRIGGER_TIMER;
	(void)rig_commit(claim, &config);
	/* Whatever of that interrupts has been told of by then */
	(void)rig_status(fd);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

/* Frames that nobody waits for: all are made, and delivered if nothing reserves */
static void run_frames(uint64_t frames)
{
	(void)rig_start(claim, frames);
	(void)rig_event(fd, PSXDET_EVENT_END);
}

/* Count and sum of the overrun events that are there */
static unsigned int overrun_events(const struct reader *r, uint64_t *sum)
{
	struct psxdet_event event;
	unsigned int count = 0;

	*sum = 0;
	while (rig_poll(r->fd) & POLLPRI) {
		ck_assert_int_eq(read(r->fd, &event, sizeof(event)), sizeof(event));
		if (event.type == PSXDET_EVENT_OVERRUN) {
			count++;
			*sum += event.count;
		}
	}
	return count;
}

START_TEST(test_overrun)
{
	struct reader r;
	uint64_t told, before, lap;
	int round;

	reader_join(&r, &rig, READER_LOSSY, 0, 0);
	lap = r.entries + r.entries / 4;
	/* Nothing is lost yet, and nobody says so */
	run_frames(r.entries / 4);
	(void)reader_take(&r, UINT64_MAX);
	ck_assert_uint_eq(r.overrun, 0);
	ck_assert_uint_eq(overrun_events(&r, &told), 0);
	for (round = 0; round < 2; round++) {
		before = r.overrun;
		run_frames(lap);
		ck_assert_uint_eq(reader_unread(&r), lap);
		(void)reader_take(&r, UINT64_MAX);
		reader_good(&r);
		/* Its own count is exact; the event came once, when it began */
		ck_assert_uint_ge(r.overrun - before, lap - r.entries);
		ck_assert_uint_eq(overrun_events(&r, &told), 1);
		ck_assert_uint_ge(told, 1);
		ck_assert_uint_le(told, r.overrun - before);
		reader_account(&r, true);
		/* It has caught up: a new one is told again */
		run_frames(1);
		(void)reader_take(&r, UINT64_MAX);
	}
	ck_assert_uint_eq(reader_stats(&r).dropped_full, 0);
	reader_close(&r);
}
END_TEST

/* While it runs, at full speed: what is read is right, or known to be lost */
START_TEST(test_overrun_while_running)
{
	uint64_t told, frames = rig_frames(12000);
	struct reader r;

	reader_join(&r, &rig, READER_LOSSY, 0, 0);
	(void)rig_start(claim, frames);
	while (reader_running(&r)) {
		/* Waits until it is overrun, reads some in the midst of it */
		if (reader_unread(&r) < r.entries && r.cursor + r.entries < frames)
			continue;
		(void)reader_take(&r, 200);
		if (r.wrong[0])
			break;
	}
	(void)reader_take(&r, UINT64_MAX);
	reader_good(&r);
	reader_account(&r, true);
	ck_assert_uint_eq(reader_stats(&r).made, frames);
	if (frames > 2 * r.entries) {
		ck_assert_uint_gt(r.overrun, 0);
		ck_assert_uint_ge(overrun_events(&r, &told), 1);
	}
	reader_close(&r);
}
END_TEST

static void refuse_cursor(struct reader *r, uint64_t cursor)
{
	struct psxdet_reader_stats before = reader_stats(r), after;

	__atomic_store_n(&r->cons->cursor, cursor, __ATOMIC_RELEASE);
	after = reader_stats(r);
	ck_assert_msg(after.cursor == before.cursor, "cursor %llu was taken",
		      (unsigned long long)cursor);
	ck_assert_uint_eq(after.cursors_refused, before.cursors_refused + 1);
	/* Once, not each time it is looked at */
	ck_assert_uint_eq(reader_stats(r).cursors_refused, after.cursors_refused);
	/* What is not given back stays; a tick may just see what was */
	ck_assert_uint_le(after.oldest, before.cursor);
}

START_TEST(test_cursors)
{
	uint64_t seed = SEED, cursor, refused;
	struct reader r;
	int i;

	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	run_frames(r.entries + 100);
	ck_assert_uint_eq(reader_stats(&r).dropped_full, 100);
	ck_assert_uint_eq(reader_take(&r, 1000), 1000);
	reader_good(&r);
	reader_account(&r, false);
	refuse_cursor(&r, r.cursor - 1);
	refuse_cursor(&r, 0);
	refuse_cursor(&r, r.entries + 1);
	refuse_cursor(&r, UINT64_MAX);
	refuse_cursor(&r, r.cursor + (1ull << 32));
	refuse_cursor(&r, r.cursor + (1ull << 63));
	for (i = 0; i < 50; i++) {
		cursor = rig_random(&seed);
		if (cursor >= r.cursor && cursor <= r.entries)
			continue;
		refuse_cursor(&r, cursor);
	}
	refused = reader_stats(&r).cursors_refused;
	ck_assert_uint_eq(refused, 56);
	/* The truth is taken as ever */
	__atomic_store_n(&r.cons->cursor, r.cursor, __ATOMIC_RELEASE);
	ck_assert_uint_eq(reader_stats(&r).cursor, r.cursor);
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), r.entries - 1000);
	reader_good(&r);
	ck_assert_uint_eq(reader_stats(&r).cursor, r.entries);
	ck_assert_uint_eq(reader_stats(&r).cursors_refused, refused);
	reader_close(&r);
}
END_TEST

/* A cursor that goes wild at random while frames come: no more room than is given */
START_TEST(test_wild_cursor)
{
	uint64_t seed = SEED + 1, frames = rig_frames(5000), lie;
	struct reader wild, good;

	reader_join(&wild, &rig, READER_RESERVING, 0, 0);
	reader_join(&good, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, frames);
	while (reader_running(&good)) {
		(void)reader_take(&good, 100);
		(void)reader_take(&wild, 10);
		/* Its page is its own to spoil */
		lie = rig_random(&seed);
		lie >>= rig_random(&seed) % 64;
		__atomic_store_n(&wild.cons->cursor, lie, __ATOMIC_RELEASE);
		if (good.wrong[0])
			break;
	}
	(void)reader_take(&good, UINT64_MAX);
	reader_good(&good);
	reader_account(&good, true);
	ck_assert_uint_eq(good.overrun, 0);
	reader_close(&wild);
	reader_close(&good);
}
END_TEST

START_TEST(test_join)
{
	struct psxdet_join join = { .watermark = 1 };
	int only_read = rig_open(&rig, O_RDONLY), files[PSXDET_READERS_MAX], another, i;
	struct psxdet_info info = rig_info(fd);

	join.watermark = info.ring_entries / 2 + 1;
	refuse(fd, PSXDET_IOC_JOIN, &join, EINVAL, "watermark");
	join = (struct psxdet_join) { .timeout_us = PSXDET_TIMEOUT_MAX_US + 1 };
	refuse(fd, PSXDET_IOC_JOIN, &join, EINVAL, "timeout");
	join = (struct psxdet_join) { .flags = 2 };
	refuse(fd, PSXDET_IOC_JOIN, &join, EINVAL, "flags");
	join = (struct psxdet_join) { .flags = PSXDET_READER_RESERVING };
	refuse(only_read, PSXDET_IOC_JOIN, &join, EPERM, "reserving, open read-only");
	refuse(fd, PSXDET_IOC_LEAVE, NULL, EINVAL, "LEAVE before JOIN");
	join = (struct psxdet_join) {
		.watermark = info.ring_entries / 2, .timeout_us = PSXDET_TIMEOUT_MAX_US,
	};
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_JOIN, &join), 0);
	join = (struct psxdet_join) { .flags = PSXDET_READER_RESERVING };
	refuse(fd, PSXDET_IOC_JOIN, &join, EBUSY, "a second JOIN");
	ck_assert_uint_eq(rig_status(fd).reserving, 0);
	for (i = 0; i < (int)PSXDET_READERS_MAX - 1; i++) {
		files[i] = rig_open(&rig, O_RDWR);
		ck_assert_int_eq(rig_ioctl(files[i], PSXDET_IOC_JOIN, &join), 0);
	}
	another = rig_open(&rig, O_RDWR);
	join = (struct psxdet_join) { 0 };
	refuse(another, PSXDET_IOC_JOIN, &join, EUSERS, "one too many");
	refuse(only_read, PSXDET_IOC_JOIN, &join, EUSERS, "one too many, open read-only");
	(void)close(files[0]);
	ck_assert_int_eq(rig_ioctl(another, PSXDET_IOC_JOIN, &join), 0);
	ck_assert_uint_eq(rig_status(fd).readers, PSXDET_READERS_MAX);
	ck_assert_uint_eq(rig_status(fd).reserving, PSXDET_READERS_MAX - 2);
	(void)close(another);
	/* Who only watches gets a place while half of them are free */
	for (i = 1; i < (int)PSXDET_READERS_MAX / 2; i++)
		(void)close(files[i]);
	refuse(only_read, PSXDET_IOC_JOIN, &join, EUSERS, "a watcher among many");
	for (; i < (int)PSXDET_READERS_MAX - 1; i++)
		(void)close(files[i]);
	ck_assert_int_eq(rig_ioctl(only_read, PSXDET_IOC_JOIN, &join), 0);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_LEAVE, NULL), 0);
	refuse(fd, PSXDET_IOC_LEAVE, NULL, EINVAL, "a second LEAVE");
	ck_assert_uint_eq(rig_status(fd).readers, 1);
	(void)close(only_read);
}
END_TEST

/* A file without CONS: ready when head has passed the position it last gave */
START_TEST(test_position)
{
	struct psxdet_position position = { 0 };
	struct reader r, writable;

	refuse(fd, PSXDET_IOC_POSITION, &position, EINVAL, "POSITION before JOIN");
	run_frames(5);
	reader_join(&r, &rig, READER_ONLY, 0, 0);
	ck_assert_uint_eq(r.joined, 5);
	ck_assert_int_eq(rig_poll(r.fd), 0);
	run_frames(10);
	(void)rig_drain_events(r.fd);
	ck_assert_int_eq(rig_poll(r.fd), POLLIN | POLLRDNORM);
	position.position = 12;
	ck_assert_int_eq(rig_ioctl(r.fd, PSXDET_IOC_POSITION, &position), 0);
	ck_assert_int_eq(rig_poll(r.fd), POLLIN | POLLRDNORM);
	position.position = 11;
	refuse(r.fd, PSXDET_IOC_POSITION, &position, ERANGE, "POSITION goes back");
	position.position = 16;
	refuse(r.fd, PSXDET_IOC_POSITION, &position, ERANGE, "POSITION beyond head");
	ck_assert_uint_eq(reader_stats(&r).cursor, 12);
	ck_assert_uint_eq(reader_stats(&r).cursors_refused, 2);
	position.position = 15;
	ck_assert_int_eq(rig_ioctl(r.fd, PSXDET_IOC_POSITION, &position), 0);
	ck_assert_int_eq(rig_poll(r.fd), 0);
	run_frames(1);
	(void)rig_drain_events(r.fd);
	ck_assert_int_eq(rig_poll(r.fd), POLLIN | POLLRDNORM);
	reader_join(&writable, &rig, READER_LOSSY, 0, 0);
	refuse(writable.fd, PSXDET_IOC_POSITION, &position, EINVAL, "POSITION beside CONS");
	reader_close(&writable);
	reader_close(&r);
}
END_TEST

/* Readers that come and go at random, and all that each saw adds up */
START_TEST(test_coming_and_going)
{
	struct reader r[4];
	bool there[4] = { false };
	uint64_t seed = SEED + 2, dice;
	int step, i;

	(void)rig_start(claim, 0);
	for (step = 0; step < 300; step++) {
		dice = rig_random(&seed);
		i = (int)(dice % 4);
		if (!there[i]) {
			reader_join(&r[i], &rig, (enum reader_kind)(dice / 4 % 3), 0, 0);
			there[i] = true;
		} else if (dice / 16 % 8 == 0) {
			reader_account(&r[i], false);
			reader_close(&r[i]);
			there[i] = false;
		} else {
			(void)reader_take(&r[i], dice / 128 % 300);
			ck_assert_msg(!r[i].wrong[0], "seed 0x%llx, step %d: %s",
				      (unsigned long long)SEED + 2, step, r[i].wrong);
		}
	}
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(fd, PSXDET_EVENT_END);
	for (i = 0; i < 4; i++) {
		if (!there[i])
			continue;
		(void)reader_take(&r[i], UINT64_MAX);
		reader_good(&r[i]);
		reader_close(&r[i]);
	}
	ck_assert_uint_eq(rig_status(fd).readers, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("readers");
	TCase *tcase = rig_case(suite, "readers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_overrun);
	tcase_add_test(tcase, test_overrun_while_running);
	tcase_add_test(tcase, test_cursors);
	tcase_add_test(tcase, test_wild_cursor);
	tcase_add_test(tcase, test_join);
	tcase_add_test(tcase, test_position);
	tcase_add_test(tcase, test_coming_and_going);
	return rig_main(suite);
}
