// SPDX-License-Identifier: MIT
/*
 * Owners are killed at random moments, in whatever they do: no rail is up without
 * an owner for longer than its slew takes, by the device's clock.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

#define SEED	0x5eed0b1au
#define KILLS	200u
#define WIDTH	320u /* its planes take the loader two pieces */
#define HEIGHT	240u
#define SLEW	20u /* mV per ms: a ramp takes 5.25 s of the device's */
#define MS	1000000ull

enum { CLAIMED, LOADED, COMMITTED, RAMPED, STARTED, STREAMED, STOPPED, STEPS };

static const char *const step_names[] = {
	"claimed", "loaded", "committed", "ramped", "started", "streamed", "stopped",
};

static struct rig rig;
static int fd = -1;

static void step(int to, char which)
{
	if (write(to, &which, 1) != 1)
		_exit(1);
}

/* What an owner does, for ever */
static void own(int to, uint64_t seed)
{
	struct psxdet_rails rails = { .action = PSXDET_RAILS_DO_ON };
	struct psxdet_config config;
	int file = rig_open(&rig, O_RDWR), claim;
	uint32_t bank = 0;

	claim = rig_claim(file);
	step(to, CLAIMED);
	rails.slew = rig_random(&seed) % 2 ? SLEW : 0;
	rails.heartbeat_ms = rig_random(&seed) % 2 ? 60000 : 0;
	for (;; bank ^= 1) {
		/* The bank that is not in use; the other one may be after a kill */
		if (rig_ioctl(file, PSXDET_IOC_GET_CONFIG, &config) == 0)
			bank = !config.bank[0];
		rig_identity(&rig, claim, bank, CODE_ONE);
		step(to, LOADED);
		config = rig_config((uint8_t)bank);
		(void)rig_commit(claim, &config);
		step(to, COMMITTED);
		ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_RAILS, &rails), 0);
		rig_await_rails(file, PSXDET_RAILS_ON);
		step(to, RAMPED);
		(void)rig_drain_events(file);
		(void)rig_start(claim, 0);
		step(to, STARTED);
		while (rig_status(file).made % 4 != 3)
			;
		step(to, STREAMED);
		rig_stop(claim, rig_random(&seed) % 2);
		(void)rig_event(file, PSXDET_EVENT_END);
		step(to, STOPPED);
		rig_rails(claim, PSXDET_RAILS_DO_OFF);
	}
}

/* Wait for so many steps, then for a moment; returns the last step, as far as is known */
static unsigned int let_it_run(int from, uint64_t *seed)
{
	uint32_t steps = (uint32_t)(rig_random(seed) % (2 * STEPS)) + 1;
	uint64_t until;
	char last = 0;

	while (steps--)
		ck_assert_msg(read(from, &last, 1) == 1, "an owner ended by itself");
	for (until = rig_now() + rig_random(seed) % (3 * MS); rig_now() < until;)
		;
	return (unsigned char)last;
}

/*
 * Half of them at once, in the middle of whatever they do. The others are stopped
 * before, so that the device's clock can be looked at: where nothing is due, it
 * stands still until the rails go down.
 */
static struct psxdet_status end_it(pid_t pid, bool stop, bool *still)
{
	struct psxdet_status st;

	if (stop) {
		ck_assert_int_eq(kill(pid, SIGSTOP), 0);
		ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	}
	st = rig_status(fd);
	*still = stop && st.rails == PSXDET_RAILS_ON && !(st.flags & PSXDET_STATUS_RUNNING);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return st;
}

/* Nobody has it: down, by the device's clock in the time of the slew that it has */
static uint64_t check_down(uint64_t from)
{
	struct psxdet_status before = rig_status(fd), after;
	struct rig_patience patience = rig_patience();
	uint64_t most = rig_info(fd).rail_mv * MS / before.slew;

	ck_assert(!(before.flags & (PSXDET_STATUS_CLAIMED | PSXDET_STATUS_RUNNING)));
	ck_assert_msg(before.rails == PSXDET_RAILS_OFF || before.rails == PSXDET_RAILS_RAMPING,
		      "rails are %u without an owner", before.rails);
	for (after = before; after.rail_positive_mv || after.rail_negative_mv;) {
		rig_wait(&patience, "no voltage");
		after = rig_status(fd);
	}
	if (!from)
		from = before.device_ns;
	ck_assert_uint_le(after.device_ns - from, most);
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	return after.device_ns - from;
}

START_TEST(test_kills)
{
	uint32_t count[STEPS] = { 0 }, left = (uint32_t)rig_frames(KILLS), up = 0, timed = 0;
	uint64_t seed = SEED, longest = 0, took;
	struct psxdet_status st;
	bool still;
	unsigned int at;
	int ends[2];
	pid_t pid;

	rig_clean();
	rig_plug(&rig, "kills", WIDTH, HEIGHT, "0");
	fd = rig_open(&rig, O_RDWR);
	printf("# seed %#x\n", SEED);
	while (left--) {
		ck_assert_int_eq(pipe(ends), 0);
		pid = check_fork();
		ck_assert_int_ge(pid, 0);
		if (!pid) {
			(void)close(ends[0]);
			own(ends[1], seed);
		}
		(void)close(ends[1]);
		at = let_it_run(ends[0], &seed);
		ck_assert_uint_lt(at, STEPS);
		count[at]++;
		(void)rig_drain_events(fd);
		st = end_it(pid, rig_random(&seed) % 2, &still);
		up += st.rails != PSXDET_RAILS_OFF;
		timed += still;
		(void)close(ends[0]);
		took = check_down(still ? st.device_ns : 0);
		longest = took > longest ? took : longest;
	}
	for (at = 0; at < STEPS; at++)
		printf("#   %4u killed after: %s\n", count[at], step_names[at]);
	printf("#   %4u with rails up; %u timed, the last voltage at most %.1f ms after\n", up, timed,
	       (double)longest / 1e6);
	(void)close(fd);
	rig_unplug(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kills");
	TCase *tcase = rig_case(suite, "kills");

	tcase_add_test(tcase, test_kills);
	return rig_main(suite);
}
