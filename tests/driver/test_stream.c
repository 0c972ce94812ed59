// SPDX-License-Identifier: MIT
/* Frames from the device to readers: every byte, every count, a full ring. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader.h"

#define READERS 5

static struct rig rig;
static int fd = -1, claim = -1;
static struct reader *shared; /* [READERS] that children fill in */

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "stream", 64, 48, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
	rig_scene(&rig, claim, 256, 1);
	shared = mmap(NULL, READERS * sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static void await_end(pid_t pid, const char *who)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: status 0x%x", who, (unsigned int)status);
}

START_TEST(test_many_frames)
{
	uint64_t frames = rig_frames(10000);
	struct reader r;

	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, frames);
	reader_run(&r, 500);
	reader_good(&r);
	reader_account(&r, true);
	ck_assert_uint_eq(r.consumed + r.gaps + (rig_status(fd).made - 1 - r.last.seq), frames);
	ck_assert_uint_eq(r.overrun, 0);
	ck_assert_uint_gt(r.consumed, frames / 10);
	printf("# %llu frames, %llu dropped\n", (unsigned long long)r.consumed,
	       (unsigned long long)(frames - r.consumed));
	reader_close(&r);
}
END_TEST

/* A second acquisition goes on where the first one was: numbers, positions, ring */
START_TEST(test_series)
{
	struct reader r;
	uint64_t before;
	uint32_t series;
	int i;

	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	for (i = 1; i <= 5; i++) {
		before = rig_now();
		series = rig_start(claim, 20);
		reader_run(&r, 0);
		ck_assert(r.last.mono_ns > before && r.last.mono_ns < rig_now());
		reader_good(&r);
		ck_assert_uint_eq(r.last.series, series);
		ck_assert_uint_eq(r.last.trigger, 20);
		ck_assert_uint_eq(r.last.seq + 1, 20 * (unsigned int)i);
		ck_assert_uint_eq(r.ctrl->series, series);
		reader_account(&r, true);
	}
	ck_assert_uint_eq(r.gaps, 0);
	reader_close(&r);
}
END_TEST

static void read_in_child(struct reader *r, enum reader_kind kind, int joined)
{
	reader_join(r, &rig, kind, kind == READER_LOSSY ? 16 : 0, 1000);
	ck_assert_int_eq(write(joined, "", 1), 1);
	reader_run(r, kind == READER_ONLY ? 0 : 300);
	reader_good(r);
	reader_account(r, true);
}

START_TEST(test_several_readers)
{
	static const enum reader_kind kinds[READERS] = {
		READER_RESERVING, READER_LOSSY, READER_ONLY, READER_RESERVING, READER_LOSSY,
	};
	uint64_t frames = rig_frames(4000), delivered;
	struct psxdet_status before = rig_status(fd), after;
	pid_t pids[READERS];
	int joined[2], i;
	char word;

	ck_assert_int_eq(pipe(joined), 0);
	for (i = 0; i < READERS; i++) {
		pids[i] = check_fork();
		ck_assert_int_ge(pids[i], 0);
		if (!pids[i]) {
			read_in_child(&shared[i], kinds[i], joined[1]);
			_exit(0);
		}
	}
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(read(joined[0], &word, 1), 1);
	ck_assert_uint_eq(rig_status(fd).readers, READERS);
	ck_assert_uint_eq(rig_status(fd).reserving, 2);
	(void)rig_start(claim, frames);
	for (i = 0; i < READERS; i++)
		await_end(pids[i], "a reader");
	after = rig_status(fd);
	delivered = after.head - before.head;
	ck_assert_uint_eq(after.made - before.made, frames);
	for (i = 0; i < READERS; i++) {
		ck_assert_uint_eq(shared[i].consumed + shared[i].overrun, delivered);
		ck_assert(kinds[i] != READER_RESERVING || !shared[i].overrun);
		printf("# reader %d: %llu read, %llu overrun\n", i,
		       (unsigned long long)shared[i].consumed,
		       (unsigned long long)shared[i].overrun);
	}
	/* Their files went with them */
	ck_assert_uint_eq(after.readers, 0);
}
END_TEST

/* Wait until the device has dropped frames for want of room; returns head then */
static uint64_t await_full(void)
{
	struct rig_patience patience = rig_patience();
	struct psxdet_status first = rig_status(fd), now;

	for (;;) {
		now = rig_status(fd);
		if (now.dropped_full >= first.dropped_full + 50)
			break;
		rig_wait(&patience, "a ring that is full");
	}
	/* It has not stalled: head stands still, frames are made and dropped */
	ck_assert_uint_eq(rig_status(fd).head, now.head);
	ck_assert_uint_gt(now.made, first.made);
	ck_assert_uint_eq(now.dropped_device, first.dropped_device);
	return now.head;
}

/* From here on a system call is the end */
static void no_system_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	(void)alarm(RIG_TIMEOUT);
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		printf("# skipped: no seccomp filters, system calls are not counted\n");
}

/*
 * Nothing but memory: reads all that is there and on, until frames come that
 * there was no room for when it began
 */
static void drain_silently(struct reader *r, uint64_t until)
{
	no_system_calls();
	while (r->cursor < until && !r->wrong[0])
		(void)reader_take(r, UINT64_MAX);
	_exit(r->wrong[0] != '\0');
}

static void full_ring(bool bytes)
{
	struct reader *r = &shared[0];
	uint64_t head;
	pid_t pid;
	int round;

	reader_join(r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 0);
	for (round = 0; round < 3; round++) {
		head = await_full();
		if (bytes)
			ck_assert_uint_lt(head - r->cursor, r->entries);
		else
			ck_assert_uint_eq(head - r->cursor, r->entries);
		reader_account(r, false);
		ck_assert_uint_eq(rig_status(fd).oldest, r->cursor);
		pid = check_fork();
		ck_assert_int_ge(pid, 0);
		if (!pid)
			drain_silently(r, head + 300);
		await_end(pid, r->wrong[0] ? r->wrong : "a reader without system calls");
		reader_good(r);
		ck_assert_uint_ge(r->cursor, head + 300);
		reader_account(r, false);
	}
	rig_stop(claim, PSXDET_STOP_DRAIN);
	reader_run(r, 0);
	reader_good(r);
	reader_account(r, true);
	ck_assert_uint_gt(r->gaps, 0);
	reader_close(r);
}

START_TEST(test_full_of_bytes)
{
	/* Noise, which does not pack well */
	rig_scene(&rig, claim, 30000, 2);
	full_ring(true);
}
END_TEST

START_TEST(test_full_of_descriptors)
{
	rig_scene(&rig, claim, 0, 1);
	full_ring(false);
}
END_TEST

/* Reads all, then waits for the driver to see that, with no frame to remind it */
static void drain_and_wait(struct reader *r)
{
	uint64_t oldest = __atomic_load_n(&r->ctrl->oldest, __ATOMIC_ACQUIRE);

	no_system_calls();
	(void)reader_take(r, UINT64_MAX);
	while (__atomic_load_n(&r->ctrl->oldest, __ATOMIC_ACQUIRE) == oldest)
		;
	_exit(r->wrong[0] != '\0');
}

/* By software trigger nothing happens by itself: it is the tick that looks */
START_TEST(test_tick)
{
	struct rig_patience patience = rig_patience();
	struct psxdet_config config = rig_config(0);
	struct psxdet_status now, before;
	struct reader *r = &shared[0];
	struct rig large;
	int own, own_claim;
	pid_t pid;

	rig_plug(&large, "large", 512, 512, "0");
	own = rig_open(&large, O_RDWR);
	own_claim = rig_claim(own);
	rig_ready(&large, own, own_claim);
	rig_scene(&large, own_claim, 30000, 3);
	config.trigger = PSXDET_TRIGGER_SOFTWARE;
	(void)rig_commit(own_claim, &config);
	reader_join(r, &large, READER_RESERVING, 0, 0);
	(void)rig_start(own_claim, 0);
	/* Until one is dropped */
	do {
		before = rig_status(own);
		ck_assert_int_eq(rig_ioctl(own_claim, PSXDET_IOC_TRIGGER, NULL), 0);
		do {
			rig_wait(&patience, "a ring that is full");
			now = rig_status(own);
		} while (now.made == before.made);
	} while (!now.dropped_full);
	ck_assert_uint_gt(now.head, 2);
	pid = check_fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		drain_and_wait(r);
	await_end(pid, r->wrong[0] ? r->wrong : "a reader that waits for the tick");
	/* So the next frame finds room */
	ck_assert_int_eq(rig_ioctl(own_claim, PSXDET_IOC_TRIGGER, NULL), 0);
	rig_stop(own_claim, PSXDET_STOP_DRAIN);
	reader_run(r, 0);
	reader_good(r);
	reader_account(r, true);
	ck_assert_uint_eq(rig_status(own).dropped_full, 1);
	ck_assert_uint_eq(r->gaps, 1);
	reader_close(r);
	(void)close(own_claim);
	(void)close(own);
	rig_unplug(&large);
}
END_TEST

static void hold_all(int joined)
{
	struct reader r;

	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	ck_assert_int_eq(write(joined, "", 1), 1);
	for (;;)
		pause();
}

/* Who holds space and is killed, holds it no more */
START_TEST(test_killed_readers)
{
	struct rig_patience patience;
	struct reader r;
	int joined[2], i;
	pid_t pids[2];
	uint64_t head;
	char word;

	rig_scene(&rig, claim, 0, 1);
	ck_assert_int_eq(pipe(joined), 0);
	for (i = 0; i < 2; i++) {
		pids[i] = check_fork();
		ck_assert_int_ge(pids[i], 0);
		if (!pids[i])
			hold_all(joined[1]);
		ck_assert_int_eq(read(joined[0], &word, 1), 1);
	}
	reader_join(&r, &rig, READER_LOSSY, 0, 0);
	(void)rig_start(claim, 0);
	(void)await_full();
	ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
	ck_assert_int_eq(waitpid(pids[0], NULL, 0), pids[0]);
	/* The other one still holds all */
	head = await_full();
	ck_assert_uint_eq(rig_status(fd).reserving, 1);
	ck_assert_int_eq(kill(pids[1], SIGKILL), 0);
	ck_assert_int_eq(waitpid(pids[1], NULL, 0), pids[1]);
	ck_assert_uint_eq(rig_status(fd).reserving, 0);
	patience = rig_patience();
	while (rig_status(fd).head < head + 100)
		rig_wait(&patience, "frames after a reader's death");
	rig_stop(claim, PSXDET_STOP_ABORT);
	reader_run(&r, 0);
	reader_good(&r);
	reader_account(&r, true);
	reader_close(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tcase = rig_case(suite, "stream");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_many_frames);
	tcase_add_test(tcase, test_series);
	tcase_add_test(tcase, test_several_readers);
	tcase_add_test(tcase, test_full_of_bytes);
	tcase_add_test(tcase, test_full_of_descriptors);
	tcase_add_test(tcase, test_tick);
	tcase_add_test(tcase, test_killed_readers);
	return rig_main(suite);
}
