// SPDX-License-Identifier: MIT
/* Values out of range, and commands at the wrong time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "refuse.h"

#define WIDTH	16
#define HEIGHT	12

static struct rig rig;
static struct psxdet_info info;
static int fd = -1, claim = -1;
static int16_t codes[WIDTH * HEIGHT];

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "limits", WIDTH, HEIGHT, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	info = rig_info(fd);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static struct psxdet_transfer plane(uint32_t bank, uint32_t phase)
{
	return rig_transfer(&rig, PSXDET_TARGET_PLANE, bank, phase, codes);
}

static void upload_is(uint32_t bank, uint32_t phase, int error, const char *what)
{
	struct psxdet_transfer t = plane(bank, phase);

	if (error)
		refuse(claim, PSXDET_IOC_UPLOAD, &t, error, what);
	else
		ck_assert_msg(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &t) == 0, "%s", what);
}

START_TEST(test_info)
{
	ck_assert_uint_eq(info.abi, PSXDET_ABI);
	ck_assert_uint_eq(info.width, WIDTH);
	ck_assert_uint_eq(info.height, HEIGHT);
	ck_assert(info.features & PSXDET_FEATURE_RING && info.features & PSXDET_FEATURE_CLAIM &&
		  info.features & PSXDET_FEATURE_EVENTS);
	ck_assert_uint_eq(info.ring_entries & (info.ring_entries - 1), 0);
	ck_assert_uint_eq(info.ring_bytes & (info.ring_bytes - 1), 0);
	ck_assert_uint_ge(info.ring_bytes, 2ull * info.payload_max);
	ck_assert_uint_eq(info.readers_max, PSXDET_READERS_MAX);
	ck_assert_str_eq(info.model, "sim-ideal");
	ck_assert_uint_eq(strlen(info.serial), 32);
}
END_TEST

START_TEST(test_codes)
{
	int most = (int)((uint64_t)info.max_neighbour_mv * 32767 / info.max_mv);
	const size_t at = 5 * WIDTH + 7;

	rig_identity(&rig, claim, 1, CODE_ONE);
	rig_bank(claim, 0, 1, 1);
	memset(codes, 0, sizeof(codes));
	/* One end to the other end of a row, then of the plane */
	codes[at] = -32768;
	upload_is(0, 0, EINVAL, "code -32768");
	codes[at] = 0;
	codes[WIDTH * HEIGHT - 1] = -32768;
	upload_is(0, 0, EINVAL, "code -32768 at the end");
	codes[WIDTH * HEIGHT - 1] = 0;
	codes[at] = 32767;
	codes[at + 1] = (int16_t)(32767 - most - 1);
	upload_is(0, 0, ERANGE, "neighbours in a row");
	codes[at + 1] = (int16_t)(32767 - most);
	upload_is(0, 0, 0, "neighbours in a row at the limit");
	rig_bank(claim, 0, 1, 1);
	codes[at + 1] = 0;
	codes[at + WIDTH] = (int16_t)(32767 - most - 1);
	upload_is(0, 0, ERANGE, "neighbours in a column");
	codes[at + WIDTH] = (int16_t)(32767 - most);
	upload_is(0, 0, 0, "neighbours in a column at the limit");
	/* The end of a row and the next one's beginning are not side by side */
	rig_bank(claim, 0, 1, 1);
	memset(codes, 0, sizeof(codes));
	codes[6 * WIDTH - 1] = 32767;
	codes[6 * WIDTH] = -32767;
	upload_is(0, 0, 0, "ends of rows");
}
END_TEST

START_TEST(test_transfers)
{
	static const struct {
		uint32_t target, bank, phase;
		int64_t more;
	} wrong[] = {
		{ 0, 0, 0, 0 }, { 5, 0, 0, 0 }, { 1, 256, 0, 0 }, { 1, 0, 65536, 0 },
		{ 1, 0, 1, 0 }, { 1, 0, 0, -2 }, { 1, 0, 0, 2 }, { 1, 0, 0, 1ll << 32 },
		{ 1, 0, 0, -(2 * WIDTH * HEIGHT) }, { 2, 0, 1, 0 }, { 3, 0, 1, 0 },
		{ 4, 1, 0, 0 }, { 4, 0, 1, 0 }, { 4, 0, 0, 2 }, { 1, 7, 0, 0 },
		{ 1, 0, 0, 1ll << 62 },
	};
	struct psxdet_transfer t;
	char what[40];
	size_t i;

	rig_bank(claim, 0, 1, 1);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		t = rig_transfer(&rig, wrong[i].target, wrong[i].bank, wrong[i].phase, codes);
		t.bytes += (uint64_t)wrong[i].more;
		(void)snprintf(what, sizeof(what), "transfer %zu", i);
		refuse(claim, PSXDET_IOC_UPLOAD, &t, EINVAL, what);
		refuse(fd, PSXDET_IOC_DOWNLOAD, &t, EINVAL, what);
	}
	t = plane(0, 0);
	t.address = 0;
	refuse(claim, PSXDET_IOC_UPLOAD, &t, EFAULT, "UPLOAD from nowhere");
	t.address = UINT64_MAX - 15;
	refuse(claim, PSXDET_IOC_UPLOAD, &t, EFAULT, "UPLOAD from the end of memory");
	t = plane(0, 0);
	refuse(fd, PSXDET_IOC_DOWNLOAD, &t, EINVAL, "DOWNLOAD of what was never written");
	upload_is(0, 0, 0, "a plane");
	t.address = 0;
	refuse(fd, PSXDET_IOC_DOWNLOAD, &t, EFAULT, "DOWNLOAD to nowhere");
	t = rig_transfer(&rig, PSXDET_TARGET_DARK, 0, 0, codes);
	refuse(fd, PSXDET_IOC_DOWNLOAD, &t, EINVAL, "DOWNLOAD of a map never written");
}
END_TEST

START_TEST(test_phases)
{
	struct psxdet_config config = rig_config(0);

	rig_bank(claim, 0, 3, 9);
	upload_is(0, 1, EBUSY, "phase 1 before 0");
	upload_is(0, 9, EINVAL, "a phase that is not there");
	upload_is(0, 0, 0, "phase 0");
	upload_is(0, 2, EBUSY, "phase 2 after 0");
	refuse(claim, PSXDET_IOC_COMMIT, &config, EINVAL, "an incomplete bank");
	for (uint32_t phase = 1; phase < 9; phase++)
		upload_is(0, phase, 0, "the next phase");
	(void)rig_commit(claim, &config);
	upload_is(0, 0, EBUSY, "a bank in use");
	ck_assert_uint_eq(rig_status(fd).cfg_id, config.cfg_id);
}
END_TEST

START_TEST(test_banks)
{
	static const struct psxdet_bank wrong[] = {
		{ .bank = 256, .k = 1, .phases = 1, .scale = 256 },
		{ .bank = 0, .k = 2, .phases = 1, .scale = 256 },
		{ .bank = 0, .k = 17, .phases = 1, .scale = 256 },
		{ .bank = 0, .k = 3, .phases = 3, .scale = 256 },
		{ .bank = 0, .k = 3, .phases = 0, .scale = 256 },
		{ .bank = 0, .k = 0x10001, .phases = 1, .scale = 256 },
		{ .bank = 0, .k = 1, .phases = 1, .scale = 0 },
		{ .bank = 0, .k = 1, .phases = 1, .scale = 65536 },
		{ .bank = 0, .k = 1, .phases = 1, .scale = 256, .threshold = 32768 },
		{ .bank = 0, .phases = 1 }, { .bank = 0, .scale = 1 },
		{ .bank = 0, .threshold = 1 },
	};
	struct psxdet_bank arg = { .bank = 2, .k = 15, .phases = 225, .scale = 256 };
	struct psxdet_config config = rig_config(0);
	char what[32];
	size_t i;

	rig_identity(&rig, claim, 0, CODE_ONE);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		arg = wrong[i];
		(void)snprintf(what, sizeof(what), "bank %zu", i);
		refuse(claim, PSXDET_IOC_BANK, &arg, EINVAL, what);
	}
	(void)rig_commit(claim, &config);
	arg = (struct psxdet_bank) { .bank = 0 };
	refuse(claim, PSXDET_IOC_BANK, &arg, EBUSY, "freeing a bank in use");
	arg = (struct psxdet_bank) { .bank = 0, .k = 1, .phases = 1, .scale = 256 };
	refuse(claim, PSXDET_IOC_BANK, &arg, EBUSY, "shaping a bank in use");
}
END_TEST

static void commit_fails(void (*spoil)(struct psxdet_config *), int error, const char *what)
{
	struct psxdet_config config = rig_config(0);

	spoil(&config);
	refuse(claim, PSXDET_IOC_COMMIT, &config, error, what);
}

#define SPOIL(name, change) static void name(struct psxdet_config *c) { change; }
SPOIL(mode, c->mode = 3)
SPOIL(polarity, c->polarity = 2)
SPOIL(pga, c->pga = 8)
SPOIL(trigger, c->trigger = 2)
SPOIL(no_channels, c->channels = 0)
SPOIL(channels, c->channels = PSXDET_CHANNELS_MAX + 1)
SPOIL(short_exposure, c->exposure_ns = info.exposure_min_ns - 1)
SPOIL(long_exposure, c->exposure_ns = info.exposure_max_ms * 1000000ull + 1)
SPOIL(unshaped, c->bank[0] = 9)
SPOIL(one_unshaped, c->channels = 3; c->bank[2] = 9)
SPOIL(snap, c->mode = PSXDET_MODE_SNAP; c->bank[0] = 1)
SPOIL(fast, c->period_ns = info.settle_ns + c->exposure_ns - 1)
SPOIL(slow, c->period_ns = 1ull << 56)

START_TEST(test_configs)
{
	struct psxdet_config config = rig_config(0);

	rig_identity(&rig, claim, 0, CODE_ONE);
	rig_bank(claim, 1, 3, 9);
	for (uint32_t phase = 0; phase < 9; phase++)
		upload_is(1, phase, 0, "a phase");
	commit_fails(mode, EINVAL, "mode");
	commit_fails(polarity, EINVAL, "polarity");
	commit_fails(pga, EINVAL, "pga");
	commit_fails(trigger, EINVAL, "trigger");
	commit_fails(no_channels, EINVAL, "no channels");
	commit_fails(channels, EINVAL, "channels");
	commit_fails(short_exposure, EINVAL, "short exposure");
	commit_fails(long_exposure, EINVAL, "long exposure");
	commit_fails(unshaped, EINVAL, "a bank without shape");
	commit_fails(one_unshaped, EINVAL, "one bank without shape");
	commit_fails(snap, EINVAL, "phases that do not fit the mode");
	commit_fails(fast, EINVAL, "a period shorter than the exposures");
	commit_fails(slow, EINVAL, "a period beyond the register");
	config.period_ns = info.settle_ns + config.exposure_ns;
	ck_assert_uint_eq(rig_commit(claim, &config), 1);
	ck_assert_uint_eq(config.pending, 0);
}
END_TEST

START_TEST(test_states)
{
	struct psxdet_start start = { 0 };
	struct psxdet_rails rails = { .action = 3 };
	struct psxdet_stop stop = { .how = 2 };
	struct psxdet_shutter shutter = { .position = 3 };
	struct psxdet_transfer scene = rig_transfer(&rig, PSXDET_TARGET_SCENE, 0, 0, codes);
	struct psxdet_config config = rig_config(0);
	uint32_t series;

	refuse(claim, PSXDET_IOC_START, &start, EINVAL, "START with nothing latched");
	rig_identity(&rig, claim, 0, CODE_ONE);
	(void)rig_commit(claim, &config);
	refuse(claim, PSXDET_IOC_START, &start, EBUSY, "START with the rails off");
	refuse(claim, PSXDET_IOC_TRIGGER, NULL, EBUSY, "TRIGGER when idle");
	refuse(claim, PSXDET_IOC_RAILS, &rails, EINVAL, "RAILS");
	rails.action = PSXDET_RAILS_DO_CLEAR;
	refuse(claim, PSXDET_IOC_RAILS, &rails, EINVAL, "CLEAR without a trip");
	refuse(claim, PSXDET_IOC_STOP, &stop, EINVAL, "STOP");
	refuse(claim, PSXDET_IOC_SHUTTER, &shutter, EINVAL, "SHUTTER");
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	/* A software trigger that nobody pulls: it runs, and nothing moves */
	config = rig_config(0);
	config.trigger = PSXDET_TRIGGER_SOFTWARE;
	(void)rig_commit(claim, &config);
	series = rig_start(claim, 0);
	ck_assert_uint_eq(rig_status(fd).series, series);
	refuse(claim, PSXDET_IOC_START, &start, EBUSY, "START while it runs");
	shutter.position = 0;
	refuse(claim, PSXDET_IOC_SHUTTER, &shutter, EBUSY, "SHUTTER while it runs");
	refuse(claim, PSXDET_IOC_UPLOAD, &scene, EBUSY, "a scene while it runs");
	refuse(fd, PSXDET_IOC_DOWNLOAD, &scene, EBUSY, "a scene back while it runs");
	refuse(claim, PSXDET_IOC_RAILS, &rails, EINVAL, "CLEAR while it runs");
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(fd, PSXDET_EVENT_END);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_SHUTTER, &shutter), 0);
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_SHUTTER_OPEN));
	ck_assert_uint_eq(rig_start(claim, 1), series + 1);
	rig_stop(claim, PSXDET_STOP_ABORT);
}
END_TEST

START_TEST(test_events_file)
{
	void *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct psxdet_event events[3];
	struct psxdet_config config = rig_config(0);
	int own = rig_open(&rig, O_RDWR | O_NONBLOCK);

	rig_identity(&rig, claim, 0, CODE_ONE);
	ck_assert(read(own, events, sizeof(events)) == -1 && errno == EAGAIN);
	(void)rig_commit(claim, &config);
	(void)rig_event(fd, PSXDET_EVENT_COMMIT);
	ck_assert_int_eq(rig_poll(own), POLLPRI);
	ck_assert(read(own, events, sizeof(events[0]) - 1) == -1 && errno == EINVAL);
	ck_assert(read(own, nowhere, sizeof(events)) == -1 && errno == EFAULT);
	/* It is not lost by that; room for two and a half is room for two */
	config = rig_config(0);
	(void)rig_commit(claim, &config);
	(void)rig_event(fd, PSXDET_EVENT_COMMIT);
	ck_assert_int_eq(read(own, events, sizeof(events) - 8), 2 * sizeof(events[0]));
	ck_assert_uint_eq(events[0].type, PSXDET_EVENT_COMMIT);
	ck_assert_uint_eq(events[0].cfg_id, 1);
	ck_assert_uint_eq(events[1].cfg_id, 2);
	ck_assert_uint_eq(events[1].lost, 0);
	ck_assert(write(own, events, sizeof(events)) == -1 && errno == EINVAL);
	ck_assert(lseek(own, 0, SEEK_SET) == -1 && errno == ESPIPE);
	ck_assert(pread(own, events, sizeof(events), 0) == -1 && errno == ESPIPE);
	(void)close(own);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *tcase = rig_case(suite, "limits");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_info);
	tcase_add_test(tcase, test_codes);
	tcase_add_test(tcase, test_transfers);
	tcase_add_test(tcase, test_phases);
	tcase_add_test(tcase, test_banks);
	tcase_add_test(tcase, test_configs);
	tcase_add_test(tcase, test_states);
	tcase_add_test(tcase, test_events_file);
	return rig_main(suite);
}
