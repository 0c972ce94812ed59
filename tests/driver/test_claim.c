// SPDX-License-Identifier: MIT
/* Claims: who gets one, how long it lives, and what its end does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refuse.h"

static struct rig rig;
static int fd = -1;

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "claim", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	(void)close(fd);
	rig_unplug(&rig);
}

static bool claimed(void)
{
	return rig_status(fd).flags & PSXDET_STATUS_CLAIMED;
}

/* A child process runs `part` and waits to be killed, or ends */
static pid_t child(void (*part)(int pipe_fd), int *from)
{
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = check_fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)close(ends[0]);
		part(ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	*from = ends[0];
	return pid;
}

static void await_word(int from)
{
	char word;

	ck_assert_int_eq(read(from, &word, 1), 1);
}

static void end(pid_t pid, int signal)
{
	ck_assert(!signal || kill(pid, signal) == 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(test_one_at_a_time)
{
	struct psxdet_claim arg = { 0 };
	int other = rig_open(&rig, O_RDWR), only_read = rig_open(&rig, O_RDONLY);
	int claim;

	ck_assert(!claimed());
	refuse(only_read, PSXDET_IOC_CLAIM, &arg, EPERM, "CLAIM on a file that is open read-only");
	claim = rig_claim(fd);
	ck_assert(claimed());
	ck_assert_uint_eq(rig_status(other).claim_pid, (unsigned int)getpid());
	ck_assert_int_eq(fcntl(claim, F_GETFD), FD_CLOEXEC);
	refuse(other, PSXDET_IOC_CLAIM, &arg, EBUSY, "CLAIM beside another");
	refuse(fd, PSXDET_IOC_CLAIM, &arg, EBUSY, "CLAIM by its owner");
	ck_assert_int_eq(arg.fd, 0);
	(void)close(claim);
	ck_assert(!claimed());
	ck_assert_uint_eq(rig_status(fd).claim_pid, 0);
	claim = rig_claim(other);
	/* It is nothing but ioctls */
	ck_assert_int_eq(read(claim, &arg, sizeof(arg)), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert(mmap(NULL, 4096, PROT_READ, MAP_SHARED, claim, 0) == MAP_FAILED);
	ck_assert_int_eq(errno, ENODEV);
	/* Its own life, not that of the file that it came from */
	(void)close(other);
	ck_assert(claimed());
	rig_rails(claim, PSXDET_RAILS_DO_OFF);
	(void)close(claim);
	(void)close(only_read);
}
END_TEST

/* No descriptor for the answer: no claim */
START_TEST(test_no_descriptor)
{
	struct psxdet_claim arg = { 0 };
	struct rlimit full, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &full), 0);
	none = full;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	refuse(fd, PSXDET_IOC_CLAIM, &arg, EMFILE, "CLAIM without a descriptor");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &full), 0);
	ck_assert(!claimed());
	(void)close(rig_claim(fd));
}
END_TEST

static int inherited;

static void hold_inherited(int to)
{
	(void)!write(to, "", 1);
	pause();
}

START_TEST(test_inherited)
{
	struct psxdet_rails on = { .action = PSXDET_RAILS_DO_ON };
	int from;
	pid_t pid;

	inherited = rig_claim(fd);
	rig_ready(&rig, fd, inherited);
	pid = child(hold_inherited, &from);
	await_word(from);
	(void)close(inherited);
	/* The child has it */
	ck_assert(claimed());
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	ck_assert_int_eq(rig_ioctl(inherited, PSXDET_IOC_RAILS, &on), EBADF);
	end(pid, SIGKILL);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	ck_assert(!claimed());
	ck_assert_int_eq(rig_status(fd).rail_positive_mv, 0);
	(void)close(from);
}
END_TEST

static void claim_and_run(int to)
{
	int own = rig_open(&rig, O_RDWR);
	int claim = rig_claim(own);

	rig_ready(&rig, own, claim);
	(void)rig_start(claim, 0);
	(void)!write(to, "", 1);
	pause();
}

/* The owner dies in the middle of an acquisition */
START_TEST(test_owner_killed)
{
	struct psxdet_event event;
	int from;
	pid_t pid = child(claim_and_run, &from);

	await_word(from);
	ck_assert(rig_status(fd).flags & PSXDET_STATUS_RUNNING);
	ck_assert_int_eq((int)rig_status(fd).claim_pid, pid);
	end(pid, SIGKILL);
	event = rig_event(fd, PSXDET_EVENT_END);
	ck_assert_uint_eq(event.series, rig_status(fd).series);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	ck_assert(!(rig_status(fd).flags & (PSXDET_STATUS_RUNNING | PSXDET_STATUS_CLAIMED)));
	(void)close(from);
	/* And the next one goes on */
	(void)close(rig_claim(fd));
}
END_TEST

START_TEST(test_close_while_running)
{
	struct psxdet_status before;
	int claim = rig_claim(fd);

	rig_ready(&rig, fd, claim);
	(void)rig_drain_events(fd);
	(void)rig_start(claim, 0);
	(void)close(claim);
	(void)rig_event(fd, PSXDET_EVENT_END);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	before = rig_status(fd);
	ck_assert(!(before.flags & (PSXDET_STATUS_RUNNING | PSXDET_STATUS_CLAIMED)));
	ck_assert_int_eq(before.rail_positive_mv, 0);
	ck_assert_int_eq(before.rail_negative_mv, 0);
	/* Biases stay, and what is latched does */
	ck_assert_uint_ne(before.cfg_id, 0);
	ck_assert_uint_eq(rig_status(fd).made, before.made);
}
END_TEST

START_TEST(test_rails_events)
{
	struct psxdet_event event;
	int claim = rig_claim(fd);

	(void)rig_drain_events(fd);
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	event = rig_event(fd, PSXDET_EVENT_RAILS);
	/* Two changes may be seen as one: events say what is */
	if (event.state != PSXDET_RAILS_ON) {
		ck_assert_uint_eq(event.state, PSXDET_RAILS_RAMPING);
		event = rig_event(fd, PSXDET_EVENT_RAILS);
	}
	ck_assert_uint_eq(event.state, PSXDET_RAILS_ON);
	ck_assert_uint_eq(event.cause, PSXDET_CAUSE_NONE);
	ck_assert_uint_ne(event.mono_ns, 0);
	ck_assert_int_gt(rig_status(fd).rail_positive_mv, 100000);
	ck_assert_int_lt(rig_status(fd).rail_negative_mv, -100000);
	rig_rails(claim, PSXDET_RAILS_DO_OFF);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	(void)close(claim);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("claim");
	TCase *tcase = rig_case(suite, "claim");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_one_at_a_time);
	tcase_add_test(tcase, test_no_descriptor);
	tcase_add_test(tcase, test_inherited);
	tcase_add_test(tcase, test_owner_killed);
	tcase_add_test(tcase, test_close_while_running);
	tcase_add_test(tcase, test_rails_events);
	return rig_main(suite);
}
