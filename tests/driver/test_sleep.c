// SPDX-License-Identifier: MIT
/*
 * The host sleeps: no voltage meanwhile, and what was loaded is there afterwards;
 * or the detector has forgotten it, and is gone. psx_sleep of tests/vm/helpers stands for
 * the kernel, because the machines of the tests can't sleep themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "refuse.h"

static struct rig rig;
static int fd = -1, claim = -1;
static char name[64]; /* on the platform bus */

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "sleep", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
	rig_device(&rig, name, sizeof(name));
}

static void teardown(void)
{
	if (claim >= 0)
		(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

/* suspend, resume, or forget: 0 or errno */
static int host(const char *what)
{
	return rig_parameter("psx_sleep", what, name);
}

static int rails(uint32_t action, uint32_t hold_ms, uint32_t heartbeat_ms)
{
	struct psxdet_rails arg = {
		.action = action, .hold_ms = hold_ms, .heartbeat_ms = heartbeat_ms,
	};

	return rig_ioctl(claim, PSXDET_IOC_RAILS, &arg);
}

static void asleep(void)
{
	const struct psxdet_status st = rig_status(fd);

	ck_assert_uint_eq(st.rails, PSXDET_RAILS_OFF);
	ck_assert_int_eq(st.rail_positive_mv, 0);
	ck_assert_int_eq(st.rail_negative_mv, 0);
	ck_assert(!(st.flags & (PSXDET_STATUS_RUNNING | PSXDET_STATUS_HELD)));
}

/* All of it happened before suspend returned */
static void await_host(void)
{
	struct psxdet_event event;

	do {
		ck_assert(rig_poll(fd) & POLLPRI);
		event = rig_event(fd, PSXDET_EVENT_RAILS);
		ck_assert_uint_eq(event.cause, PSXDET_CAUSE_HOST);
	} while (event.state != PSXDET_RAILS_OFF);
}

/* Frames, and all of them */
static void frames(uint64_t count)
{
	uint64_t head = rig_status(fd).head;

	(void)rig_start(claim, count);
	(void)rig_event(fd, PSXDET_EVENT_END);
	ck_assert_uint_eq(rig_status(fd).head - head, count);
}

START_TEST(test_sleep)
{
	struct psxdet_start start = { .frames = 1 };
	uint32_t cfg_id;
	int i;

	rig_ready(&rig, fd, claim);
	cfg_id = rig_status(fd).cfg_id;
	for (i = 0; i < 3; i++) {
		(void)rig_start(claim, 0);
		(void)rig_drain_events(fd);
		ck_assert_int_eq(host("suspend"), 0);
		asleep();
		await_host();
		refuse(claim, PSXDET_IOC_START, &start, EBUSY, "START in a sleep");
		ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 0), EBUSY);
		asleep();
		ck_assert_int_eq(host("resume"), 0);
		asleep();
		ck_assert_uint_eq(rig_status(fd).cfg_id, cfg_id);
		ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 0), 0);
		rig_await_rails(fd, PSXDET_RAILS_ON);
		(void)rig_drain_events(fd);
		frames(10);
	}
	/* It is petted, and taken down, as before */
	(void)poll(NULL, 0, 2500);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 50), 0);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
}
END_TEST

/* A hold and a heartbeat end with it; the owner may go meanwhile */
START_TEST(test_sleep_held)
{
	rig_ready(&rig, fd, claim);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 60000, 0), 0);
	(void)close(claim);
	claim = -1;
	ck_assert(rig_status(fd).flags & PSXDET_STATUS_HELD);
	(void)rig_drain_events(fd);
	ck_assert_int_eq(host("suspend"), 0);
	await_host();
	asleep();
	ck_assert_int_eq(host("resume"), 0);
	claim = rig_claim(fd);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 60000, 60000), 0);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	ck_assert_int_eq(host("suspend"), 0);
	refuse(claim, PSXDET_IOC_BEAT, NULL, EINVAL, "BEAT in a sleep");
	(void)close(claim);
	claim = -1;
	asleep();
	ck_assert_int_eq(host("resume"), 0);
	asleep();
	claim = rig_claim(fd);
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	frames(3);
}
END_TEST

START_TEST(test_sleep_tripped)
{
	struct psxdet_status st;

	rig_ready(&rig, fd, claim);
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "0"), 0);
	rig_await_rails(fd, PSXDET_RAILS_TRIPPED);
	ck_assert_int_eq(host("suspend"), 0);
	st = rig_status(fd);
	ck_assert_int_eq(st.rail_positive_mv, 0);
	ck_assert_int_eq(host("resume"), 0);
	st = rig_status(fd);
	ck_assert_uint_eq(st.rails, PSXDET_RAILS_TRIPPED);
	ck_assert_uint_eq(st.cause, PSXDET_CAUSE_CURRENT);
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "never"), 0);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_CLEAR, 0, 0), 0);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 0), 0);
	rig_await_rails(fd, PSXDET_RAILS_ON);
}
END_TEST

START_TEST(test_forgotten)
{
	struct psxdet_status st;

	rig_ready(&rig, fd, claim);
	(void)rig_drain_events(fd);
	ck_assert_int_eq(host("suspend"), 0);
	await_host();
	ck_assert_int_eq(host("forget"), 0);
	ck_assert_int_eq(host("resume"), ENODEV);
	(void)rig_event(fd, PSXDET_EVENT_GONE);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_GET_STATUS, &st), ENODEV);
	ck_assert_int_eq(rails(PSXDET_RAILS_DO_ON, 0, 0), ENODEV);
	ck_assert_int_eq(rig_poll(fd) & (POLLHUP | POLLERR), POLLHUP | POLLERR);
	/* It sleeps well, too */
	ck_assert_int_eq(host("suspend"), 0);
	ck_assert_int_eq(host("resume"), 0);
	(void)close(claim);
	claim = -1;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sleep");
	TCase *tcase = rig_case(suite, "sleep");
	int failed;

	if (!rig_modules()) {
		printf("# skipped: PSX_MODULES does not say where modules are\n");
		return 0;
	}
	(void)rig_unload("psx_sleep");
	errno = rig_load("psx_sleep");
	if (errno) {
		perror("psx_sleep can't be loaded");
		return 1;
	}
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_sleep);
	tcase_add_test(tcase, test_sleep_held);
	tcase_add_test(tcase, test_sleep_tripped);
	tcase_add_test(tcase, test_forgotten);
	failed = rig_main(suite);
	(void)rig_unload("psx_sleep");
	return failed;
}
