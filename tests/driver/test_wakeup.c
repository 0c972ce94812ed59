// SPDX-License-Identifier: MIT
/* When readers are woken, how acquisitions end, what becomes of many events. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "reader.h"

#define WATERMARK 8u
#define EVENTS 32 /* that a file keeps */

static struct rig rig;
static int fd = -1, claim = -1;

static void plug(const char *rate, uint32_t trigger)
{
	struct psxdet_config config = rig_config(0);

	rig_clean();
	rig_plug(&rig, "wakeup", 16, 12, rate);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
	config.trigger = trigger;
	(void)rig_commit(claim, &config);
	/* Whatever of that interrupts has been told of by then */
	(void)rig_status(fd);
}

static void unplug(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

/* One frame, which is in the ring then, with all that it wakes */
static void trigger(void)
{
	struct rig_patience patience = rig_patience();
	uint64_t head = rig_status(fd).head;

	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), 0);
	while (rig_status(fd).head == head)
		rig_wait(&patience, "a frame");
	/* What interrupts were pending is seen to by then */
	(void)rig_status(fd);
}

START_TEST(test_watermark)
{
	const uint32_t watermark = 64;
	uint64_t frames = rig_frames(4000), wakeups = 0, unread;
	struct reader r;
	short events;

	plug("0", PSXDET_TRIGGER_TIMER);
	reader_join(&r, &rig, READER_RESERVING, watermark, 0);
	(void)rig_start(claim, frames);
	for (;;) {
		events = reader_poll(&r);
		reader_good(&r);
		unread = reader_unread(&r);
		if (events & POLLIN) {
			ck_assert(unread >= watermark || !reader_running(&r));
			wakeups++;
		}
		(void)reader_take(&r, UINT64_MAX);
		if (events & POLLPRI && rig_has_event(r.fd, PSXDET_EVENT_END))
			break;
	}
	(void)reader_take(&r, UINT64_MAX);
	reader_good(&r);
	reader_account(&r, true);
	ck_assert_uint_le(wakeups, frames / watermark + 1);
	printf("# %llu frames, %llu wakeups\n", (unsigned long long)frames,
	       (unsigned long long)wakeups);
	reader_close(&r);
	unplug();
}
END_TEST

/* Below the watermark, without a timeout: not ready */
START_TEST(test_below_watermark)
{
	struct reader r;
	unsigned int i;

	plug("0", PSXDET_TRIGGER_SOFTWARE);
	reader_join(&r, &rig, READER_LOSSY, WATERMARK, 0);
	(void)rig_start(claim, 0);
	for (i = 1; i < 3 * WATERMARK; i++) {
		trigger();
		ck_assert_int_eq(rig_poll(r.fd), i % WATERMARK ? 0 : POLLIN | POLLRDNORM);
		if (!(i % WATERMARK))
			ck_assert_uint_eq(reader_take(&r, UINT64_MAX), WATERMARK);
	}
	ck_assert_int_eq(rig_poll(r.fd), 0);
	/* When nothing more can come, what is there is all */
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(r.fd, PSXDET_EVENT_END);
	ck_assert_int_eq(rig_poll(r.fd), POLLIN | POLLRDNORM);
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), WATERMARK - 1);
	ck_assert_uint_eq(r.last.trigger, 3 * WATERMARK - 1);
	ck_assert_int_eq(rig_poll(r.fd), 0);
	reader_good(&r);
	reader_account(&r, true);
	reader_close(&r);
	unplug();
}
END_TEST

/* One frame that waits for its timeout */
START_TEST(test_timeout)
{
	struct reader r;
	int i;

	plug("0", PSXDET_TRIGGER_SOFTWARE);
	reader_join(&r, &rig, READER_LOSSY, 1000, 20000);
	(void)rig_start(claim, 0);
	for (i = 1; i <= 3; i++) {
		trigger();
		ck_assert_int_eq(reader_poll(&r), POLLIN);
		ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 1);
		ck_assert_int_eq(rig_poll(r.fd), 0);
	}
	reader_good(&r);
	reader_close(&r);
	unplug();
}
END_TEST

struct sleeper {
	pthread_t thread;
	int fd;
	pid_t tid;
	short events;
};

static void *sleep_in_poll(void *arg)
{
	struct sleeper *s = arg;

	__atomic_store_n(&s->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	s->events = rig_sleep(s->fd, POLLIN);
	return NULL;
}

/* How often a task went to sleep by itself */
static unsigned long sleeps_of(pid_t tid)
{
	char path[64], line[128];
	unsigned long count = 0;
	FILE *status;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	status = fopen(path, "re");
	ck_assert(status != NULL);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			count = strtoul(line + 24, NULL, 10);
	(void)fclose(status);
	ck_assert_uint_gt(count, 0);
	return count;
}

START_TEST(test_need_wakeup)
{
	struct rig_patience patience = rig_patience();
	struct sleeper s = { 0 };
	struct reader r;
	unsigned long before;
	int i;

	plug("0", PSXDET_TRIGGER_SOFTWARE);
	reader_join(&r, &rig, READER_LOSSY, 1, 0);
	ck_assert_uint_eq(r.cons->need_wakeup, 1);
	__atomic_store_n(&r.cons->need_wakeup, 0, __ATOMIC_SEQ_CST);
	s.fd = r.fd;
	(void)rig_start(claim, 0);
	ck_assert_int_eq(pthread_create(&s.thread, NULL, sleep_in_poll, &s), 0);
	while (!__atomic_load_n(&s.tid, __ATOMIC_ACQUIRE))
		rig_wait(&patience, "a thread");
	rig_await_sleep(s.tid);
	before = sleeps_of(s.tid);
	for (i = 0; i < 20; i++)
		trigger();
	/* It sleeps still, and has not woken in between */
	rig_await_sleep(s.tid);
	ck_assert_uint_eq(sleeps_of(s.tid), before);
	__atomic_store_n(&r.cons->need_wakeup, 1, __ATOMIC_SEQ_CST);
	trigger();
	ck_assert_int_eq(pthread_join(s.thread, NULL), 0);
	ck_assert_int_eq(s.events, POLLIN);
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 21);
	reader_good(&r);
	reader_close(&r);
	unplug();
}
END_TEST

static void nothing(int signal)
{
	(void)signal;
}

/* A signal ends the wait for an event, and loses none */
START_TEST(test_signal)
{
	const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = nothing };
	struct psxdet_config config = rig_config(0);
	struct psxdet_event event;
	int own;

	plug("0", PSXDET_TRIGGER_TIMER);
	own = rig_open(&rig, O_RDONLY);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	ck_assert_int_eq(read(own, &event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	(void)rig_commit(claim, &config);
	event = rig_event(own, PSXDET_EVENT_COMMIT);
	ck_assert_uint_eq(event.cfg_id, config.cfg_id);
	(void)close(own);
	unplug();
}
END_TEST

/* Triggers are counted; none is taken while a frame is in the making */
START_TEST(test_abort)
{
	struct reader r;

	/* The first frame comes at once, the next one in 100 s */
	plug("0.01", PSXDET_TRIGGER_SOFTWARE);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 0);
	trigger();
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), 0);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), EBUSY);
	ck_assert(reader_running(&r));
	rig_stop(claim, PSXDET_STOP_ABORT);
	(void)rig_event(r.fd, PSXDET_EVENT_END);
	ck_assert(!reader_running(&r));
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 1);
	/* What was in the making is not a frame */
	ck_assert_uint_eq(rig_status(fd).made, 1);
	ck_assert_uint_eq(r.last.trigger, 1);
	reader_account(&r, true);
	/* Rails that go off end it, too */
	(void)rig_start(claim, 0);
	rig_rails(claim, PSXDET_RAILS_DO_OFF);
	(void)rig_event(r.fd, PSXDET_EVENT_END);
	ck_assert(!reader_running(&r));
	reader_good(&r);
	reader_close(&r);
	unplug();
}
END_TEST

/* The frame in the making is there when END comes */
START_TEST(test_drain)
{
	struct reader r;
	uint32_t series;
	struct psxdet_event event;

	plug("1", PSXDET_TRIGGER_SOFTWARE);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	series = rig_start(claim, 0);
	trigger();
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), 0);
	rig_stop(claim, PSXDET_STOP_DRAIN);
	event = rig_event(r.fd, PSXDET_EVENT_END);
	ck_assert_uint_eq(event.series, series);
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 2);
	ck_assert_uint_eq(r.last.trigger, 2);
	reader_good(&r);
	reader_account(&r, true);
	/* Without one, it ends at once */
	(void)rig_start(claim, 0);
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(r.fd, PSXDET_EVENT_END);
	reader_account(&r, true);
	/* And when idle, nothing does */
	rig_stop(claim, PSXDET_STOP_DRAIN);
	rig_stop(claim, PSXDET_STOP_ABORT);
	ck_assert(!rig_has_event(r.fd, PSXDET_EVENT_END));
	reader_close(&r);
	unplug();
}
END_TEST

/* The oldest stay; the first one to fit again says how many were lost */
START_TEST(test_event_overflow)
{
	struct psxdet_config config;
	struct psxdet_event event;
	int own, i;

	plug("0", PSXDET_TRIGGER_TIMER);
	own = rig_open(&rig, O_RDWR | O_NONBLOCK);
	for (i = 0; i < EVENTS + 8; i++) {
		config = rig_config(0);
		(void)rig_commit(claim, &config);
		(void)rig_event(fd, PSXDET_EVENT_COMMIT);
	}
	for (i = 0; i < EVENTS; i++) {
		ck_assert_int_eq(read(own, &event, sizeof(event)), sizeof(event));
		ck_assert_uint_eq(event.type, PSXDET_EVENT_COMMIT);
		ck_assert_uint_eq(event.lost, 0);
		/* rig_ready() and plug() committed before it was open */
		ck_assert_uint_eq(event.cfg_id, 3 + (unsigned int)i);
	}
	ck_assert(read(own, &event, sizeof(event)) == -1 && errno == EAGAIN);
	config = rig_config(0);
	(void)rig_commit(claim, &config);
	(void)rig_event(fd, PSXDET_EVENT_COMMIT);
	ck_assert_int_eq(read(own, &event, sizeof(event)), sizeof(event));
	ck_assert_uint_eq(event.lost, 8);
	ck_assert_uint_eq(event.cfg_id, config.cfg_id);
	(void)close(own);
	unplug();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wakeup");
	TCase *tcase = rig_case(suite, "wakeup");

	tcase_add_test(tcase, test_watermark);
	tcase_add_test(tcase, test_below_watermark);
	tcase_add_test(tcase, test_timeout);
	tcase_add_test(tcase, test_need_wakeup);
	tcase_add_test(tcase, test_signal);
	tcase_add_test(tcase, test_abort);
	tcase_add_test(tcase, test_drain);
	tcase_add_test(tcase, test_event_overflow);
	return rig_main(suite);
}
