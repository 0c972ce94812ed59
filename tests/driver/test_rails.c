// SPDX-License-Identifier: MIT
/*
 * The rails: what switches them on, who takes them down, in what time, and which
 * event says why. Times are the device's own: the mock's clock stands still while
 * nothing is due, so that of two looks at it is what lay between.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "refuse.h"

#define MS	1000000ull
#define SLEW	100u /* when none is asked for */

static struct rig rig;
static int fd = -1, claim = -1;

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "rails", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	if (claim >= 0)
		(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static int rails(uint32_t action, uint32_t slew, uint32_t hold_ms, uint32_t heartbeat_ms)
{
	struct psxdet_rails arg = {
		.action = action, .slew = slew, .hold_ms = hold_ms, .heartbeat_ms = heartbeat_ms,
	};

	return rig_ioctl(claim, PSXDET_IOC_RAILS, &arg);
}

static void on(uint32_t slew, uint32_t hold_ms, uint32_t heartbeat_ms)
{
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, slew, hold_ms, heartbeat_ms), 0);
	rig_await_rails(fd, PSXDET_RAILS_ON);
}

static void off(void)
{
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_OFF, 0, 0, 0), 0);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
}

static void refuse_rails(uint32_t action, uint32_t slew, uint32_t hold_ms, uint32_t heartbeat_ms,
			 int error, const char *what)
{
	struct psxdet_rails arg = {
		.action = action, .slew = slew, .hold_ms = hold_ms, .heartbeat_ms = heartbeat_ms,
	};

	refuse(claim, PSXDET_IOC_RAILS, &arg, error, what);
}

/* The event that says so; one of the way there may come before it, with the same cause */
static void await(uint32_t state, uint32_t cause)
{
	struct psxdet_event event;

	do {
		event = rig_event(fd, PSXDET_EVENT_RAILS);
		ck_assert_msg(event.cause == cause, "rails %u by cause %u, wanted %u", event.state,
			      event.cause, cause);
	} while (event.state == PSXDET_RAILS_RAMPING && state != PSXDET_RAILS_RAMPING);
	ck_assert_uint_eq(event.state, state);
}

/* No voltage, and device time since `before` */
static uint64_t await_nothing(uint64_t before)
{
	struct rig_patience patience = rig_patience();
	struct psxdet_status st;

	for (;;) {
		st = rig_status(fd);
		if (!st.rail_positive_mv && !st.rail_negative_mv)
			return st.device_ns - before;
		rig_wait(&patience, "no voltage");
	}
}

static uint64_t slew_time(uint32_t slew)
{
	return rig_info(fd).rail_mv * MS / slew;
}

/* ------------------------------------------------------------------ options -- */

START_TEST(test_slew)
{
	const struct psxdet_info info = rig_info(fd);
	const uint32_t slews[] = { 1, 50, info.slew_max };
	uint64_t before, took;
	size_t i;

	ck_assert_uint_ge(info.rail_mv, info.max_mv);
	ck_assert_uint_ge(info.slew_max, SLEW);
	ck_assert(info.features & PSXDET_FEATURE_RAILS);
	refuse_rails(PSXDET_RAILS_DO_ON, info.slew_max + 1, 0, 0, EINVAL, "too fast");
	refuse_rails(PSXDET_RAILS_DO_ON, UINT32_MAX, 0, 0, EINVAL, "much too fast");
	refuse_rails(PSXDET_RAILS_DO_OFF, SLEW, 0, 0, EINVAL, "OFF with a slew");
	refuse_rails(PSXDET_RAILS_DO_CLEAR, 0, 1, 0, EINVAL, "CLEAR with a hold");
	refuse_rails(PSXDET_RAILS_DO_CLEAR, 0, 0, 0, EINVAL, "CLEAR without a trip");
	refuse_rails(3, 0, 0, 0, EINVAL, "no such action");
	for (i = 0; i < sizeof(slews) / sizeof(slews[0]); i++) {
		before = rig_status(fd).device_ns;
		on(slews[i], 0, 0);
		took = rig_status(fd).device_ns - before;
		ck_assert_uint_eq(took, slew_time(slews[i]));
		ck_assert_uint_eq(rig_status(fd).slew, slews[i]);
		ck_assert_int_eq(rig_status(fd).rail_positive_mv, (int)info.rail_mv);
		ck_assert_int_eq(rig_status(fd).rail_negative_mv, -(int)info.rail_mv);
		refuse_rails(PSXDET_RAILS_DO_ON, slews[i] == 50 ? 51 : 50, 0, 0, EBUSY,
			     "another slew while they are on");
		ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, slews[i], 0, 0), 0);
		ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 0, 0), 0);
		before = rig_status(fd).device_ns;
		off();
		ck_assert_uint_eq(await_nothing(before), slew_time(slews[i]));
	}
	/* None is 100 again, whatever it was */
	on(0, 0, 0);
	ck_assert_uint_eq(rig_status(fd).slew, SLEW);
}
END_TEST

START_TEST(test_limits)
{
	refuse_rails(PSXDET_RAILS_DO_ON, 0, PSXDET_HOLD_MAX_MS + 1, 0, EINVAL, "too long a hold");
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, PSXDET_HEARTBEAT_MIN_MS - 1, EINVAL,
		     "too fast a heart");
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, PSXDET_HEARTBEAT_MAX_MS + 1, EINVAL,
		     "too slow a heart");
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, PSXDET_HOLD_MAX_MS, PSXDET_HEARTBEAT_MAX_MS),
			 0);
	off();
	refuse(claim, PSXDET_IOC_BEAT, NULL, EINVAL, "BEAT while they are off");
	on(0, 0, 0);
	refuse(claim, PSXDET_IOC_BEAT, NULL, EINVAL, "BEAT without a heartbeat");
}
END_TEST

/* The driver pets for longer than the watchdog's 2 s, whoever sleeps */
START_TEST(test_petted)
{
	struct pollfd pollfd = { .events = POLLPRI };

	on(0, 0, 0);
	(void)rig_drain_events(fd);
	pollfd.fd = fd;
	ck_assert_int_eq(poll(&pollfd, 1, 3000), 0);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	off();
}
END_TEST

START_TEST(test_heartbeat)
{
	uint64_t until;

	/* As long as it beats, twice as long as it may be silent: a busy host is, for a while */
	on(0, 0, 1500);
	until = rig_now() + 3000 * MS;
	while (rig_now() < until) {
		struct timespec ms = { .tv_nsec = 100000000 };

		ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BEAT, NULL), 0);
		(void)nanosleep(&ms, NULL);
	}
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	(void)rig_drain_events(fd);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_HEARTBEAT);
	refuse(claim, PSXDET_IOC_BEAT, NULL, ETIMEDOUT, "BEAT too late");
	refuse(claim, PSXDET_IOC_BEAT, NULL, ETIMEDOUT, "BEAT too late, twice");
	/* ON begins anew; without one none is due */
	on(0, 0, 0);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BEAT, NULL), EINVAL);
	on(0, 0, 60000);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BEAT, NULL), 0);
	off();
}
END_TEST

START_TEST(test_hold)
{
	struct psxdet_status st;
	uint64_t began;

	rig_ready(&rig, fd, claim);
	on(0, 60000, 0);
	st = rig_status(fd);
	ck_assert_uint_eq(st.hold_ms, 0);
	ck_assert(!(st.flags & PSXDET_STATUS_HELD));
	(void)rig_start(claim, 0);
	(void)rig_drain_events(fd);
	(void)close(claim);
	claim = -1;
	/* The acquisition ends, the rails stay */
	(void)rig_event(fd, PSXDET_EVENT_END);
	st = rig_status(fd);
	ck_assert_uint_eq(st.rails, PSXDET_RAILS_ON);
	ck_assert_uint_eq(st.flags & (PSXDET_STATUS_HELD | PSXDET_STATUS_CLAIMED |
				      PSXDET_STATUS_RUNNING), PSXDET_STATUS_HELD);
	ck_assert_uint_gt(st.hold_ms, 0);
	ck_assert_uint_le(st.hold_ms, 60000);
	while (rig_status(fd).hold_ms >= st.hold_ms) {
		struct timespec ms = { .tv_nsec = 1000000 };

		(void)nanosleep(&ms, NULL);
	}
	/* The next owner has them, and no hold */
	claim = rig_claim(fd);
	st = rig_status(fd);
	ck_assert_uint_eq(st.rails, PSXDET_RAILS_ON);
	ck_assert(!(st.flags & PSXDET_STATUS_HELD));
	ck_assert_uint_eq(st.hold_ms, 0);
	(void)rig_drain_events(fd);
	(void)close(claim);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_OWNER);
	/* And a hold ends by itself, no sooner than it should */
	claim = rig_claim(fd);
	on(0, 1000, 0);
	(void)rig_drain_events(fd);
	began = rig_now();
	(void)close(claim);
	claim = -1;
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_OWNER);
	ck_assert_uint_ge(rig_now() - began, 1000 * MS);
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_HELD));
	/* OFF is OFF: nothing to hold */
	claim = rig_claim(fd);
	on(0, 60000, 0);
	off();
	(void)close(claim);
	claim = -1;
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_HELD));
}
END_TEST

/* -------------------------------------------------------------------- faults -- */

static void print_row(const char *what, uint64_t took, const char *event)
{
	printf("#   %-32s %8.1f ms   %s\n", what, (double)took / 1e6, event);
}

static void clear(void)
{
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_CLEAR, 0, 0, 0), 0);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_NONE);
}

static void current(void)
{
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "0"), 0);
	await(PSXDET_RAILS_TRIPPED, PSXDET_CAUSE_CURRENT);
	ck_assert_uint_eq(rig_status(fd).cause, PSXDET_CAUSE_CURRENT);
}

static void after_current(void)
{
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, 0, EBUSY, "ON after a trip");
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "never"), 0);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_TRIPPED);
	clear();
}

static void interlock(void)
{
	ck_assert_int_eq(rig_set(&rig, "interlock_at", "0"), 0);
	await(PSXDET_RAILS_TRIPPED, PSXDET_CAUSE_INTERLOCK);
	ck_assert(rig_status(fd).flags & PSXDET_STATUS_INTERLOCK_OPEN);
}

static void after_interlock(void)
{
	refuse_rails(PSXDET_RAILS_DO_CLEAR, 0, 0, 0, EBUSY, "CLEAR with an open interlock");
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, 0, EBUSY, "ON with an open interlock");
	ck_assert_int_eq(rig_set(&rig, "interlock_at", "never"), 0);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_TRIPPED);
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, 0, EBUSY, "ON before CLEAR");
	(void)rig_drain_events(fd);
	clear();
}

static void silent(void)
{
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_HEARTBEAT);
}

static void closed(void)
{
	(void)close(claim);
	claim = -1;
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_OWNER);
}

static void asked(void)
{
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_OFF, 0, 0, 0), 0);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_NONE);
}

static void killed(void)
{
	int ends[2];
	char word;
	pid_t pid;

	/* Another owner, who dies */
	off();
	(void)close(claim);
	claim = -1;
	ck_assert_int_eq(pipe(ends), 0);
	pid = check_fork();
	if (!pid) {
		claim = rig_claim(fd);
		on(0, 0, 0);
		(void)!write(ends[1], "", 1);
		pause();
	}
	ck_assert_int_eq(read(ends[0], &word, 1), 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)rig_drain_events(fd);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_OWNER);
}

/* The parent ends its claim, its child still has it */
static void inherited(void)
{
	pid_t pid = check_fork();

	if (!pid)
		pause();
	(void)close(claim);
	claim = -1;
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	ck_assert(!(rig_poll(fd) & POLLPRI));
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_OWNER);
}

struct fault {
	const char *what;
	void (*happens)(void);
	void (*after)(void); /* NULL = nothing */
	uint32_t heartbeat_ms;
	bool from_off; /* it switches the rails on by itself */
	const char *event;
};

static const struct fault faults[] = {
	{ "over-current", current, after_current, 0, false, "TRIPPED CURRENT" },
	{ "interlock opened", interlock, after_interlock, 0, false, "TRIPPED INTERLOCK" },
	{ "heartbeat late", silent, NULL, 50, false, "OFF HEARTBEAT" },
	{ "claim closed", closed, NULL, 0, false, "OFF OWNER" },
	{ "owner killed", killed, NULL, 0, true, "OFF OWNER" },
	{ "child of the owner killed last", inherited, NULL, 0, false, "OFF OWNER" },
	{ "switched off", asked, NULL, 0, false, "OFF" },
};

/* Each of them, at two slews: what the rails did, and in what time */
START_TEST(test_table)
{
	static const uint32_t slews[] = { SLEW, 25 };
	const struct fault *fault;
	uint64_t before, took;
	size_t i, j;

	printf("#   %-32s %11s   %s\n", "what happened", "to 0 mV in", "event");
	for (j = 0; j < sizeof(slews) / sizeof(slews[0]); j++) {
		for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			fault = &faults[i];
			if (claim < 0)
				claim = rig_claim(fd);
			on(fault->from_off ? 0 : slews[j], 0, fault->heartbeat_ms);
			(void)rig_drain_events(fd);
			before = rig_status(fd).device_ns;
			fault->happens();
			took = await_nothing(before);
			/* Off, on and off again */
			if (fault->from_off)
				took -= 2 * slew_time(SLEW);
			print_row(fault->what, took, fault->event);
			ck_assert_msg(took == slew_time(fault->from_off ? SLEW : slews[j]),
				      "%s: took %llu ns", fault->what, (unsigned long long)took);
			if (fault->after)
				fault->after();
			if (claim >= 0)
				off();
		}
	}
}
END_TEST

/* The interlock while there is no voltage */
START_TEST(test_interlock_off)
{
	(void)rig_drain_events(fd);
	ck_assert_int_eq(rig_set(&rig, "interlock_at", "0"), 0);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_INTERLOCK);
	ck_assert(rig_status(fd).flags & PSXDET_STATUS_INTERLOCK_OPEN);
	refuse_rails(PSXDET_RAILS_DO_ON, 77, 0, 0, EBUSY, "ON with an open interlock");
	refuse_rails(PSXDET_RAILS_DO_CLEAR, 0, 0, 0, EINVAL, "CLEAR without a trip");
	ck_assert_int_eq(rig_set(&rig, "interlock_at", "never"), 0);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_NONE);
	on(0, 0, 0);
}
END_TEST

/* A trip ends acquisition and hold, and nothing but CLEAR ends a trip */
START_TEST(test_trip_latched)
{
	rig_ready(&rig, fd, claim);
	on(0, 60000, 0);
	(void)rig_start(claim, 0);
	(void)rig_drain_events(fd);
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "0"), 0);
	await(PSXDET_RAILS_TRIPPED, PSXDET_CAUSE_CURRENT);
	while (rig_status(fd).flags & PSXDET_STATUS_RUNNING)
		(void)rig_event(fd, PSXDET_EVENT_END);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_OFF, 0, 0, 0), 0);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_TRIPPED);
	(void)close(claim);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_TRIPPED);
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_HELD));
	claim = rig_claim(fd);
	(void)await_nothing(0);
	refuse_rails(PSXDET_RAILS_DO_ON, 0, 0, 0, EBUSY, "ON of another owner");
	(void)rig_drain_events(fd);
	clear();
	ck_assert_uint_eq(rig_status(fd).cause, PSXDET_CAUSE_NONE);
	on(0, 0, 0);
}
END_TEST

/* The driver lets go of the device, or the device goes, while they are on */
static void leave(bool unbind)
{
	struct psxdet_event event;
	char name[64];

	on(0, 60000, 0);
	(void)rig_drain_events(fd);
	if (unbind) {
		rig_device(&rig, name, sizeof(name));
		ck_assert_int_eq(rig_driver("unbind", name), 0);
	} else {
		ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	}
	/* All of it was there before it returned */
	ck_assert(rig_poll(fd) & POLLPRI);
	await(PSXDET_RAILS_OFF, PSXDET_CAUSE_HOST);
	event = rig_event(fd, PSXDET_EVENT_GONE);
	ck_assert_uint_eq(event.type, PSXDET_EVENT_GONE);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_OFF, 0, 0, 0), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BEAT, NULL), ENODEV);
	print_row(unbind ? "driver unbound" : "detector removed", 0, "OFF HOST, then GONE");
}

START_TEST(test_removed)
{
	leave(false);
}
END_TEST

START_TEST(test_unbound)
{
	leave(true);
}
END_TEST

/* No heart has to beat for rails that tripped, and a trip goes with the detector */
START_TEST(test_removed_tripped)
{
	on(0, 60000, 50);
	(void)rig_drain_events(fd);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BEAT, NULL), 0);
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "0"), 0);
	await(PSXDET_RAILS_TRIPPED, PSXDET_CAUSE_CURRENT);
	(void)await_nothing(0);
	refuse(claim, PSXDET_IOC_BEAT, NULL, EINVAL, "BEAT after a trip");
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	ck_assert_uint_eq(rig_event(fd, PSXDET_EVENT_GONE).type, PSXDET_EVENT_GONE);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_CLEAR, 0, 0, 0), ENODEV);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rails");
	TCase *tcase = rig_case(suite, "rails");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_slew);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_petted);
	tcase_add_test(tcase, test_heartbeat);
	tcase_add_test(tcase, test_hold);
	tcase_add_test(tcase, test_table);
	tcase_add_test(tcase, test_interlock_off);
	tcase_add_test(tcase, test_trip_latched);
	tcase_add_test(tcase, test_removed);
	tcase_add_test(tcase, test_unbound);
	tcase_add_test(tcase, test_removed_tripped);
	return rig_main(suite);
}
