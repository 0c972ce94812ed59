// SPDX-License-Identifier: MIT
/* Detectors that go while they are used. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "codec/psx_codec.h"
#include "reader.h"

#define SEED	0x5eed0201ull
#define RACERS	4

static struct rig rig;
static int fd = -1, claim = -1;

static void plug(const char *name)
{
	rig_plug(&rig, name, 64, 48, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
	rig_scene(&rig, claim, 256, 1);
}

static void setup(void)
{
	rig_clean();
	plug("unplug");
}

static void nothing(void)
{
}

/* ------------------------------------------------------- while it is used -- */

struct sleeper {
	pthread_t thread;
	int fd;
	pid_t tid;
	ssize_t done;
	int error;
	short events;
	struct psxdet_event event;
};

static void *wait_in_poll(void *arg)
{
	struct sleeper *s = arg;

	__atomic_store_n(&s->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	s->events = rig_sleep(s->fd, 0);
	return NULL;
}

static void *wait_in_read(void *arg)
{
	struct sleeper *s = arg;

	__atomic_store_n(&s->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	s->done = read(s->fd, &s->event, sizeof(s->event));
	s->error = errno;
	return NULL;
}

static void begin(struct sleeper *s, void *(*sleep)(void *))
{
	struct rig_patience patience = rig_patience();

	s->fd = rig_open(&rig, O_RDONLY);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, sleep, s), 0);
	while (!__atomic_load_n(&s->tid, __ATOMIC_ACQUIRE))
		rig_wait(&patience, "a thread");
	rig_await_sleep(s->tid);
}

/* The claim and every call on the device file */
static void all_gone(int file)
{
	struct psxdet_transfer t = { .target = PSXDET_TARGET_PLANE, .bytes = 2 * 64 * 48 };
	union {
		struct psxdet_info info;
		struct psxdet_status status;
		struct psxdet_reader_stats stats;
		struct psxdet_join join;
		struct psxdet_position position;
		struct psxdet_claim claim;
		struct psxdet_bank bank;
		struct psxdet_config config;
		struct psxdet_rails rails;
		struct psxdet_start start;
		struct psxdet_stop stop;
		struct psxdet_shutter shutter;
		struct psxdet_move move;
	} a = { 0 };
	static int16_t codes[64 * 48];
	int error;

	t.address = (uintptr_t)codes;
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_GET_INFO, &a.info), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_GET_STATUS, &a.status), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_GET_STATS, &a.stats), ENODEV);
	memset(&a, 0, sizeof(a));
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_JOIN, &a.join), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_LEAVE, NULL), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_POSITION, &a.position), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_DOWNLOAD, &t), ENODEV);
	ck_assert_int_eq(rig_ioctl(file, PSXDET_IOC_CLAIM, &a.claim), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &t), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_RAILS, &a.rails), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_START, &a.start), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_STOP, &a.stop), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_SHUTTER, &a.shutter), ENODEV);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_MOVE, &a.move), ENODEV);
	a.config = rig_config(0);
	/* Values are looked at first, where they are wrong for any device */
	error = rig_ioctl(claim, PSXDET_IOC_COMMIT, &a.config);
	ck_assert_int_eq(error, ENODEV);
	memset(&a, 0, sizeof(a));
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_BANK, &a.bank), ENODEV);
	ck_assert_int_eq(rig_poll(file) & (POLLHUP | POLLERR), POLLHUP | POLLERR);
}

/* What is in the ring can be read to its end; the mapping outlives the file */
static void still_readable(struct reader *r)
{
	uint64_t left = reader_unread(r), i;
	uint32_t state = __atomic_load_n(&r->ctrl->state, __ATOMIC_ACQUIRE);

	ck_assert_uint_eq(state, PSXDET_STATE_GONE);
	ck_assert_uint_eq(reader_take(r, UINT64_MAX), left);
	reader_good(r);
	(void)close(r->fd);
	for (i = r->cursor - left; i < r->cursor; i++) {
		const struct psxdet_desc *d = &r->desc[i & (r->entries - 1)];
		const uint8_t *payload = r->data + d->position % r->bytes;

		ck_assert_uint_eq(psx_crc32c(0, payload, d->length), d->crc32c);
	}
	r->fd = -1;
}

static void unplug_in_use(bool by_live)
{
	struct sleeper in_poll = { 0 }, in_read = { 0 };
	struct psxdet_event event;
	struct reader r;
	int other = rig_open(&rig, O_RDWR);
	char node[sizeof(rig.node)];

	begin(&in_poll, wait_in_poll);
	begin(&in_read, wait_in_read);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 0);
	while (r.consumed < 200) {
		(void)reader_take(&r, 100);
		reader_good(&r);
	}
	(void)rig_drain_events(fd);
	if (by_live)
		ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	else
		rig_unplug(&rig);
	/* Sleepers wake: one to be told, one by the last event */
	ck_assert_int_eq(pthread_join(in_poll.thread, NULL), 0);
	ck_assert_int_eq(in_poll.events, POLLHUP | POLLERR);
	ck_assert_int_eq(pthread_join(in_read.thread, NULL), 0);
	ck_assert_int_eq(in_read.done, sizeof(in_read.event));
	event = rig_event(fd, PSXDET_EVENT_GONE);
	ck_assert(read(fd, &event, sizeof(event)) == -1 && errno == ENODEV);
	all_gone(fd);
	ck_assert(open(rig.node, O_RDWR) == -1 && (errno == ENOENT || errno == ENXIO));
	ck_assert(mmap(NULL, r.bytes, PROT_READ, MAP_SHARED, r.fd,
		       (off_t)PSXDET_OFFSET_DATA) == MAP_FAILED || !r.wrong[0]);
	still_readable(&r);
	/* Another one comes, under another name while this one is held */
	memcpy(node, rig.node, sizeof(node));
	if (by_live)
		rig_live(&rig);
	else
		rig_plug(&rig, "again", 64, 48, "0");
	ck_assert_str_ne(rig.node, node);
	(void)close(claim);
	(void)close(fd);
	(void)close(other);
	(void)close(in_poll.fd);
	(void)close(in_read.fd);
	ck_assert_uint_eq(psx_crc32c(0, r.data + r.last.position % r.bytes, r.last.length),
			  r.last.crc32c);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
	reader_close(&r);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 50);
	reader_run(&r, 0);
	reader_good(&r);
	reader_account(&r, true);
	ck_assert_uint_eq(r.consumed, 50);
	reader_close(&r);
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

START_TEST(test_rmdir)
{
	unplug_in_use(false);
}
END_TEST

START_TEST(test_live)
{
	unplug_in_use(true);
}
END_TEST

/* ------------------------------------------------------------------- races -- */

struct racer {
	pthread_t thread;
	uint64_t seed;
	bool *stop;
	int wrong; /* an errno that none of it may give */
	uint64_t calls;
};

/* What a call may say when its device may go at any time */
static void allow(struct racer *r, int error)
{
	static const int allowed[] = {
		0, ENODEV, ENOENT, ENXIO, EBUSY, EINVAL, EPERM, EAGAIN, EIO,
	};
	size_t i;

	r->calls++;
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (error == allowed[i])
			return;
	r->wrong = error;
}

static void race_claim(struct racer *r, int file)
{
	struct psxdet_claim arg = { 0 };
	struct psxdet_rails rails = { .action = PSXDET_RAILS_DO_ON };
	struct psxdet_start start = { .frames = 3 };
	struct psxdet_bank bank = { .bank = 1, .k = 1, .phases = 1, .scale = 256 };
	int error = rig_ioctl(file, PSXDET_IOC_CLAIM, &arg);

	allow(r, error);
	if (error)
		return;
	allow(r, rig_ioctl(arg.fd, PSXDET_IOC_RAILS, &rails));
	allow(r, rig_ioctl(arg.fd, PSXDET_IOC_BANK, &bank));
	allow(r, rig_ioctl(arg.fd, PSXDET_IOC_START, &start));
	(void)close(arg.fd);
}

static void race_map(struct racer *r, int file)
{
	struct psxdet_join join = { .flags = PSXDET_READER_RESERVING };
	const struct psxdet_ctrl *ctrl;

	allow(r, rig_ioctl(file, PSXDET_IOC_JOIN, &join));
	ctrl = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
	if (ctrl == MAP_FAILED) {
		allow(r, errno);
		return;
	}
	if (ctrl->abi != PSXDET_ABI)
		r->wrong = EPROTO;
	(void)munmap((void *)(uintptr_t)ctrl, 4096);
}

static void *race(void *arg)
{
	struct racer *r = arg;
	struct psxdet_status status;
	struct psxdet_event event;
	char node[32];
	int file;

	while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED) && !r->wrong) {
		(void)snprintf(node, sizeof(node), "/dev/psxdet%d",
			       (int)(rig_random(&r->seed) % 3));
		file = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		allow(r, file < 0 ? errno : 0);
		if (file < 0)
			continue;
		if (rig_random(&r->seed) % 2)
			race_claim(r, file);
		allow(r, rig_ioctl(file, PSXDET_IOC_GET_STATUS, &status));
		if (rig_random(&r->seed) % 2)
			race_map(r, file);
		allow(r, read(file, &event, sizeof(event)) < 0 ? errno : 0);
		(void)close(file);
	}
	return NULL;
}

START_TEST(test_races)
{
	struct racer racers[RACERS];
	uint64_t calls = 0;
	bool stop = false;
	int i;

	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
	for (i = 0; i < RACERS; i++) {
		racers[i] = (struct racer) { .seed = SEED + (unsigned int)i, .stop = &stop };
		ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (i = 0; i < 20; i++) {
		rig_plug(&rig, "race", 16, 12, "0");
		if (i % 2)
			ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
		rig_unplug(&rig);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < RACERS; i++) {
		ck_assert_int_eq(pthread_join(racers[i].thread, NULL), 0);
		ck_assert_msg(!racers[i].wrong, "seed 0x%llx: %s",
			      (unsigned long long)SEED + (unsigned int)i,
			      strerror(racers[i].wrong));
		calls += racers[i].calls;
	}
	printf("# %llu calls while detectors came and went\n", (unsigned long long)calls);
	plug("after");
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}
END_TEST

START_TEST(test_two)
{
	struct rig other;
	struct reader one, two;
	int other_fd, other_claim;

	rig_plug(&other, "other", 33, 17, "0");
	other_fd = rig_open(&other, O_RDWR);
	other_claim = rig_claim(other_fd);
	rig_ready(&other, other_fd, other_claim);
	ck_assert_uint_eq(rig_info(other_fd).width, 33);
	ck_assert_str_ne(rig_info(other_fd).serial, rig_info(fd).serial);
	reader_join(&one, &rig, READER_RESERVING, 0, 0);
	reader_join(&two, &other, READER_RESERVING, 0, 0);
	ck_assert_uint_eq(two.ctrl->width, 33);
	(void)rig_start(claim, 300);
	(void)rig_start(other_claim, 400);
	reader_run(&two, 0);
	reader_run(&one, 0);
	reader_good(&one);
	reader_good(&two);
	reader_account(&one, true);
	reader_account(&two, true);
	ck_assert_uint_eq(rig_status(fd).made, 300);
	ck_assert_uint_eq(rig_status(other_fd).made, 400);
	/* One goes, the other does not notice */
	(void)close(other_claim);
	(void)close(other_fd);
	rig_unplug(&other);
	(void)rig_start(claim, 100);
	reader_run(&one, 0);
	reader_good(&one);
	reader_account(&one, true);
	reader_close(&one);
	reader_close(&two);
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unplug");
	TCase *tcase = rig_case(suite, "unplug");

	tcase_add_checked_fixture(tcase, setup, nothing);
	tcase_add_test(tcase, test_rmdir);
	tcase_add_test(tcase, test_live);
	tcase_add_test(tcase, test_races);
	tcase_add_test(tcase, test_two);
	return rig_main(suite);
}
