// SPDX-License-Identifier: MIT
/* Planes and maps there and back; configurations that change while frames are made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"
#include "refuse.h"

#define SEED	0x5eed0101ull
#define WIDTH	32
#define HEIGHT	24
#define AREA	(WIDTH * HEIGHT)

static struct rig rig;
static int fd = -1, claim = -1;
static int16_t there[AREA], back[AREA];

static void plug(const char *rate)
{
	rig_clean();
	rig_plug(&rig, "config", WIDTH, HEIGHT, rate);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
}

static void setup(void)
{
	plug("0");
}

static void unplug(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static int upload(uint32_t target, uint32_t bank, uint32_t phase)
{
	struct psxdet_transfer t = rig_transfer(&rig, target, bank, phase, there);

	return rig_ioctl(claim, PSXDET_IOC_UPLOAD, &t);
}

/* Through a file that is open read-only: looking is allowed to everybody */
static int download(uint32_t target, uint32_t bank, uint32_t phase)
{
	struct psxdet_transfer t = rig_transfer(&rig, target, bank, phase, back);
	int own = rig_open(&rig, O_RDONLY), error;

	memset(back, 0x5a, sizeof(back));
	error = rig_ioctl(own, PSXDET_IOC_DOWNLOAD, &t);
	(void)close(own);
	return error;
}

/* Values of one phase, within what neighbours may differ by */
static void fill(uint64_t seed)
{
	size_t i;

	for (i = 0; i < AREA; i++)
		there[i] = (int16_t)((int)(rig_random(&seed) % 50000) - 25000);
}

START_TEST(test_there_and_back)
{
	static const uint32_t maps[] = { PSXDET_TARGET_DARK, PSXDET_TARGET_OFFSET };
	uint32_t phase;
	size_t i;

	rig_bank(claim, 3, 3, 9);
	for (phase = 0; phase < 9; phase++) {
		fill(SEED + phase);
		ck_assert_int_eq(upload(PSXDET_TARGET_PLANE, 3, phase), 0);
		ck_assert_int_eq(download(PSXDET_TARGET_PLANE, 3, phase + 1), EINVAL);
	}
	for (phase = 0; phase < 9; phase++) {
		fill(SEED + phase);
		ck_assert_int_eq(download(PSXDET_TARGET_PLANE, 3, phase), 0);
		ck_assert_msg(memcmp(there, back, sizeof(there)) == 0, "phase %u", phase);
	}
	/* One code that is another one shows */
	there[AREA - 1] ^= 1;
	ck_assert_int_ne(memcmp(there, back, sizeof(there)), 0);
	/* Maps, any values */
	for (i = 0; i < 2; i++) {
		fill(SEED + 100 + i);
		there[7] = INT16_MIN;
		ck_assert_int_eq(upload(maps[i], 3, 0), 0);
		ck_assert_int_eq(download(maps[i], 3, 0), 0);
		ck_assert_int_eq(memcmp(there, back, sizeof(there)), 0);
	}
	/* The other map and the planes are not touched by it */
	fill(SEED + 100);
	there[7] = INT16_MIN;
	ck_assert_int_eq(download(PSXDET_TARGET_DARK, 3, 0), 0);
	ck_assert_int_eq(memcmp(there, back, sizeof(there)), 0);
	fill(SEED + 8);
	ck_assert_int_eq(download(PSXDET_TARGET_PLANE, 3, 8), 0);
	ck_assert_int_eq(memcmp(there, back, sizeof(there)), 0);
	/* The scene, too */
	fill(SEED + 200);
	ck_assert_int_eq(upload(PSXDET_TARGET_SCENE, 0, 0), 0);
	ck_assert_int_eq(download(PSXDET_TARGET_SCENE, 0, 0), 0);
	ck_assert_int_eq(memcmp(there, back, sizeof(there)), 0);
}
END_TEST

/* A plane whose next half is more than the loader takes at once */
START_TEST(test_pieces)
{
	struct rig large;
	struct psxdet_transfer t;
	size_t area = 640 * 333, i;
	int16_t *codes = calloc(2 * area, sizeof(*codes));
	uint64_t seed = SEED;
	int own, own_claim;

	ck_assert(codes != NULL);
	rig_plug(&large, "large", 640, 333, "0");
	own = rig_open(&large, O_RDWR);
	own_claim = rig_claim(own);
	for (i = 0; i < area; i++)
		codes[i] = (int16_t)((int)(rig_random(&seed) % 50000) - 25000);
	rig_bank(own_claim, 0, 1, 1);
	t = rig_transfer(&large, PSXDET_TARGET_PLANE, 0, 0, codes);
	ck_assert_int_eq(rig_ioctl(own_claim, PSXDET_IOC_UPLOAD, &t), 0);
	t.address = (uintptr_t)(codes + area);
	ck_assert_int_eq(rig_ioctl(own, PSXDET_IOC_DOWNLOAD, &t), 0);
	ck_assert_int_eq(memcmp(codes, codes + area, area * sizeof(*codes)), 0);
	/* The last code is looked at as the first one is */
	codes[area - 1] = INT16_MIN;
	t.address = (uintptr_t)codes;
	rig_bank(own_claim, 0, 1, 1);
	ck_assert_int_eq(rig_ioctl(own_claim, PSXDET_IOC_UPLOAD, &t), EINVAL);
	(void)close(own_claim);
	(void)close(own);
	rig_unplug(&large);
	free(codes);
}
END_TEST

/* What the frame says of its configuration, and what it shows, agree */
static void check_config(struct reader *r, uint32_t dark_from_id)
{
	bool even = (r->last.cfg_id - dark_from_id) % 2 == 0;

	ck_assert_msg(r->last.effective == (even ? 0 : AREA),
		      "cfg_id %u has %u effective pixels", r->last.cfg_id, r->last.effective);
	ck_assert_uint_eq(r->last.bank, even ? 1 : 0);
}

/* Configurations change at full speed; no frame mixes two */
START_TEST(test_commit_while_running)
{
	struct psxdet_config config;
	struct psxdet_event event;
	uint32_t first, id = 0, round, frames = 0;
	struct reader r;

	rig_ready(&rig, fd, claim);
	rig_identity(&rig, claim, 1, 0);
	memset(there, 0, sizeof(there));
	for (round = 0; round < AREA; round++)
		there[round] = 200;
	ck_assert_int_eq(upload(PSXDET_TARGET_SCENE, 0, 0), 0);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	first = rig_status(fd).cfg_id;
	(void)rig_start(claim, 0);
	(void)rig_drain_events(fd);
	for (round = 1; round <= 40; round++) {
		config = rig_config(round % 2);
		id = rig_commit(claim, &config);
		ck_assert_uint_eq(id, first + round);
		event = rig_event(fd, PSXDET_EVENT_COMMIT);
		ck_assert_uint_eq(event.cfg_id, id);
		ck_assert_uint_eq(rig_status(fd).cfg_id, id);
		ck_assert_uint_eq(rig_status(fd).pending_cfg_id, 0);
		/* All that is there, and on until a frame was made with it */
		while (r.last.cfg_id != id) {
			if (!reader_take(&r, 1)) {
				(void)reader_poll(&r);
				(void)rig_drain_events(r.fd);
				continue;
			}
			check_config(&r, first + 1);
			frames++;
		}
	}
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(fd, PSXDET_EVENT_END);
	while (reader_take(&r, 1))
		check_config(&r, first + 1);
	reader_good(&r);
	reader_account(&r, true);
	ck_assert_uint_eq(r.last.cfg_id, id);
	printf("# %u frames, 40 commits\n", frames);
	reader_close(&r);
}
END_TEST

/* A frame in the making keeps its configuration; one commit may wait, not two */
START_TEST(test_pending)
{
	struct rig_patience patience = rig_patience();
	struct psxdet_config config = rig_config(0);
	struct psxdet_bank bank = { .bank = 1 };
	struct psxdet_event event;
	struct reader r;
	uint32_t old;

	plug("0.01");
	rig_ready(&rig, fd, claim);
	rig_identity(&rig, claim, 1, 0);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	config.trigger = PSXDET_TRIGGER_SOFTWARE;
	old = rig_commit(claim, &config);
	(void)rig_start(claim, 0);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), 0);
	while (rig_status(fd).head != r.joined + 1)
		rig_wait(&patience, "a frame");
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_TRIGGER, NULL), 0);
	(void)rig_drain_events(fd);
	config = rig_config(1);
	(void)rig_commit(claim, &config);
	ck_assert_uint_eq(config.pending, 1);
	ck_assert_uint_eq(config.cfg_id, old + 1);
	ck_assert_uint_eq(rig_status(fd).cfg_id, old);
	ck_assert_uint_eq(rig_status(fd).pending_cfg_id, old + 1);
	ck_assert(!rig_has_event(fd, PSXDET_EVENT_COMMIT));
	config = rig_config(0);
	refuse(claim, PSXDET_IOC_COMMIT, &config, EBUSY, "a second pending commit");
	refuse(claim, PSXDET_IOC_BANK, &bank, EBUSY, "a bank that is pending");
	rig_stop(claim, PSXDET_STOP_ABORT);
	event = rig_event(fd, PSXDET_EVENT_COMMIT);
	ck_assert_uint_eq(event.cfg_id, old + 1);
	ck_assert_uint_eq(rig_status(fd).cfg_id, old + 1);
	ck_assert_uint_eq(rig_status(fd).pending_cfg_id, 0);
	ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 1);
	ck_assert_uint_eq(r.last.cfg_id, old);
	reader_good(&r);
	reader_close(&r);
	unplug();
}
END_TEST

/* Channels go round; each frame says which */
START_TEST(test_schedule)
{
	struct psxdet_config config;
	struct reader r;
	uint32_t i;

	rig_ready(&rig, fd, claim);
	for (i = 1; i < 5; i++)
		rig_identity(&rig, claim, i, CODE_ONE);
	config = rig_config(0);
	config.channels = 5;
	for (i = 0; i < 5; i++)
		config.bank[i] = (uint8_t)(4 - i);
	config.pga = 2;
	(void)rig_commit(claim, &config);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 23);
	for (i = 0; i < 23; i++) {
		while (!reader_take(&r, 1)) {
			ck_assert(!r.wrong[0]);
			(void)reader_poll(&r);
			(void)rig_drain_events(r.fd);
		}
		ck_assert_uint_eq(r.last.channel, i % 5);
		ck_assert_uint_eq(r.last.bank, 4 - i % 5);
		ck_assert_uint_eq(r.last.pga, 2);
		ck_assert_uint_eq(r.last.mode, PSXDET_MODE_SCAN);
		ck_assert_uint_eq(r.last.cfg_id, config.cfg_id);
	}
	reader_good(&r);
	reader_close(&r);
}
END_TEST

/* Fill the memory for planes to the last one */
static void fill_memory(uint32_t planes)
{
	struct psxdet_bank arg = { .k = 15, .phases = 225, .scale = 256 };
	uint32_t bank = 1, left = planes;

	for (; left >= 225 && bank < 250; left -= 225)
		rig_bank(claim, bank++, 15, 225);
	for (; left >= 9; left -= 9)
		rig_bank(claim, bank++, 3, 9);
	for (; left; left--)
		rig_bank(claim, bank++, 1, 1);
	arg.bank = bank;
	refuse(claim, PSXDET_IOC_BANK, &arg, ENOSPC, "a bank beyond memory");
	arg.k = arg.phases = 1;
	refuse(claim, PSXDET_IOC_BANK, &arg, ENOSPC, "a plane beyond memory");
	ck_assert_int_eq(upload(PSXDET_TARGET_DARK, 1, 0), ENOSPC);
}

/* The next owner finds the memory free that no configuration uses */
START_TEST(test_new_owner)
{
	uint32_t planes = rig_info(fd).planes;
	struct psxdet_config config = rig_config(0);
	int round;

	ck_assert_uint_ge(planes, 54);
	rig_identity(&rig, claim, 0, CODE_ONE);
	(void)rig_commit(claim, &config);
	for (round = 0; round < 2; round++) {
		fill_memory(planes - 1);
		(void)close(claim);
		claim = rig_claim(fd);
	}
	/* And what is in use is there */
	ck_assert_int_eq(download(PSXDET_TARGET_PLANE, 0, 0), 0);
	ck_assert_int_eq(back[AREA - 1], CODE_ONE);
	rig_bank(claim, 1, 1, 1);
	rig_bank(claim, 1, 0, 0);
	ck_assert_int_eq(download(PSXDET_TARGET_PLANE, 1, 0), EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = rig_case(suite, "config"), *slow = rig_case(suite, "pending");

	tcase_add_checked_fixture(tcase, setup, unplug);
	tcase_add_test(tcase, test_there_and_back);
	tcase_add_test(tcase, test_pieces);
	tcase_add_test(tcase, test_commit_while_running);
	tcase_add_test(tcase, test_schedule);
	tcase_add_test(tcase, test_new_owner);
	tcase_add_test(slow, test_pending);
	return rig_main(suite);
}
