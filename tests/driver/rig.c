// SPDX-License-Identifier: MIT
#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

int rig_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	rig_clean();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

TCase *rig_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 4 * RIG_TIMEOUT);
	suite_add_tcase(suite, tcase);
	return tcase;
}

uint64_t rig_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

uint64_t rig_frames(uint64_t most)
{
	const char *text = getenv("PSX_DRIVER_FRAMES");
	uint64_t wanted = text ? strtoull(text, NULL, 10) : most;

	return wanted && wanted < most ? wanted : most;
}

/* ------------------------------------------------------------------- calls -- */

int rig_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

static void must(int fd, unsigned long cmd, void *arg, const char *name)
{
	int error = rig_ioctl(fd, cmd, arg);

	ck_assert_msg(!error, "%s: %s", name, strerror(error));
}

int rig_open(const struct rig *rig, int flags)
{
	int fd = open(rig->node, flags | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "open %s: %s", rig->node, strerror(errno));
	return fd;
}

int rig_claim(int fd)
{
	struct psxdet_claim claim = { 0 };

	must(fd, PSXDET_IOC_CLAIM, &claim, "CLAIM");
	ck_assert_int_ge(claim.fd, 0);
	return claim.fd;
}

struct psxdet_info rig_info(int fd)
{
	struct psxdet_info info;

	must(fd, PSXDET_IOC_GET_INFO, &info, "GET_INFO");
	return info;
}

struct psxdet_status rig_status(int fd)
{
	struct psxdet_status status;

	must(fd, PSXDET_IOC_GET_STATUS, &status, "GET_STATUS");
	return status;
}

void rig_bank(int claim, uint32_t bank, uint32_t k, uint32_t phases)
{
	struct psxdet_bank arg = {
		.bank = bank, .k = k, .phases = phases,
		.scale = k ? 256 : 0, .threshold = k ? 1 : 0,
	};

	must(claim, PSXDET_IOC_BANK, &arg, "BANK");
}

void rig_rails(int claim, uint32_t action)
{
	struct psxdet_rails arg = { .action = action };

	must(claim, PSXDET_IOC_RAILS, &arg, "RAILS");
}

uint32_t rig_start(int claim, uint64_t frames)
{
	struct psxdet_start arg = { .frames = frames };

	must(claim, PSXDET_IOC_START, &arg, "START");
	return arg.series;
}

void rig_stop(int claim, uint32_t how)
{
	struct psxdet_stop arg = { .how = how };

	must(claim, PSXDET_IOC_STOP, &arg, "STOP");
}

struct psxdet_transfer rig_transfer(const struct rig *rig, uint32_t target, uint32_t bank,
				    uint32_t phase, const void *values)
{
	return (struct psxdet_transfer) {
		.target = target,
		.bank = bank,
		.phase = phase,
		.bytes = 2ull * rig->width * rig->height,
		.address = (uintptr_t)values,
	};
}

struct psxdet_config rig_config(uint8_t bank)
{
	return (struct psxdet_config) {
		.mode = PSXDET_MODE_SCAN, .channels = 1, .bank = { bank },
		.exposure_ns = 1000000000,
	};
}

uint32_t rig_commit(int claim, struct psxdet_config *config)
{
	must(claim, PSXDET_IOC_COMMIT, config, "COMMIT");
	ck_assert_uint_ne(config->cfg_id, 0);
	return config->cfg_id;
}

void rig_identity(const struct rig *rig, int claim, uint32_t bank, int16_t code)
{
	size_t count = (size_t)rig->width * rig->height, i;
	int16_t *codes = malloc(count * sizeof(*codes));
	struct psxdet_transfer plane = rig_transfer(rig, PSXDET_TARGET_PLANE, bank, 0, codes);

	ck_assert(codes != NULL);
	for (i = 0; i < count; i++)
		codes[i] = code;
	rig_bank(claim, bank, 1, 1);
	must(claim, PSXDET_IOC_UPLOAD, &plane, "UPLOAD of a plane");
	free(codes);
}

void rig_scene(const struct rig *rig, int claim, uint32_t levels, uint64_t seed)
{
	size_t count = (size_t)rig->width * rig->height, i;
	uint16_t *grey = malloc(count * sizeof(*grey));
	struct psxdet_transfer scene = rig_transfer(rig, PSXDET_TARGET_SCENE, 0, 0, grey);

	ck_assert(grey != NULL);
	for (i = 0; i < count; i++)
		grey[i] = levels ? (uint16_t)(rig_random(&seed) % levels) : 0;
	must(claim, PSXDET_IOC_UPLOAD, &scene, "UPLOAD of a scene");
	free(grey);
}

void rig_ready(const struct rig *rig, int fd, int claim)
{
	struct psxdet_config config = rig_config(0);

	rig_identity(rig, claim, 0, CODE_ONE);
	(void)rig_commit(claim, &config);
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	rig_await_rails(fd, PSXDET_RAILS_ON);
}

/* ------------------------------------------------------------------ events -- */

/* One event, or a failed test */
static struct psxdet_event next_event(int fd, uint32_t wanted)
{
	struct psxdet_event event;
	ssize_t done;

	ck_assert_msg(rig_sleep(fd, POLLPRI), "no event %u within %d s", wanted, RIG_TIMEOUT);
	done = read(fd, &event, sizeof(event));
	ck_assert_msg(done == (ssize_t)sizeof(event), "no event %u, read(): %s", wanted,
		      done < 0 ? strerror(errno) : "short");
	return event;
}

struct psxdet_event rig_event(int fd, uint32_t type)
{
	struct psxdet_event event;

	do {
		event = next_event(fd, type);
	} while (event.type != type);
	return event;
}

void rig_await_rails(int fd, uint32_t state)
{
	while (rig_status(fd).rails != state)
		(void)rig_event(fd, PSXDET_EVENT_RAILS);
}

short rig_sleep(int fd, short events)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	uint64_t begin = rig_now();
	int ready = poll(&pollfd, 1, RIG_TIMEOUT * 1000);

	/* At its end it looks once more, and may find what it was not told */
	if (ready != 1 || rig_now() - begin >= RIG_TIMEOUT * 1000000000ull)
		return 0;
	return pollfd.revents;
}

short rig_poll(int fd)
{
	struct pollfd pollfd = {
		.fd = fd, .events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT,
	};

	ck_assert_int_ge(poll(&pollfd, 1, 0), 0);
	return pollfd.revents;
}

unsigned int rig_drain_events(int fd)
{
	unsigned int count = 0;
	struct psxdet_event event;

	while (rig_poll(fd) & POLLPRI) {
		ck_assert_int_eq(read(fd, &event, sizeof(event)), sizeof(event));
		count++;
	}
	return count;
}

bool rig_has_event(int fd, uint32_t type)
{
	struct psxdet_event event;
	bool found = false;

	while (rig_poll(fd) & POLLPRI) {
		ck_assert_int_eq(read(fd, &event, sizeof(event)), sizeof(event));
		found |= event.type == type;
	}
	return found;
}

/* ----------------------------------------------------------------- waiting -- */

uint64_t rig_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct rig_patience rig_patience(void)
{
	return (struct rig_patience) { rig_now() + RIG_TIMEOUT * 1000000000ull };
}

void rig_wait(const struct rig_patience *patience, const char *what)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	ck_assert_msg(rig_now() < patience->until, "%s: not within %d s", what, RIG_TIMEOUT);
	(void)nanosleep(&ms, NULL);
}

/* The state of a task is the letter behind its name in parentheses */
static char task_state(pid_t tid)
{
	char path[64], text[256] = "";
	const char *end;
	ssize_t length;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return '?';
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (length < 0)
		return '?';
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : '?';
}

void rig_await_sleep(pid_t tid)
{
	struct rig_patience patience = rig_patience();
	unsigned int seen = 0;

	/* Twice, as a task may sleep for a page on its way */
	while (seen < 2) {
		if (task_state(tid) == 'S')
			seen++;
		rig_wait(&patience, "a task that sleeps");
	}
}
