// SPDX-License-Identifier: MIT
/*
 * Weights that change while frames are made: sixteen banks in turn, and banks that
 * are loaded and committed under a running acquisition. The scene is flat, so
 * the values of a frame say with which codes each of them was made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/psx_codec.h"
#include "reader.h"
#include "refuse.h"

#define SIDE	32
#define AREA	(SIDE * SIDE)
#define BANKS	16u
#define K	3u
#define LEVEL	400
#define FRAMES	320u
#define COMMITS	60u

static struct rig rig;
static int fd = -1, claim = -1;
static struct reader r;

static int16_t code_of(uint32_t weight)
{
	return (int16_t)(2000 + 1800 * (weight % BANKS));
}

/* All nine planes of `bank`, of one code */
static void load(uint32_t bank, uint32_t weight)
{
	static int16_t codes[AREA];
	struct psxdet_transfer plane;
	uint32_t i;

	for (i = 0; i < AREA; i++)
		codes[i] = code_of(weight);
	rig_bank(claim, bank, K, K * K);
	for (i = 0; i < K * K; i++) {
		plane = rig_transfer(&rig, PSXDET_TARGET_PLANE, bank, i, codes);
		ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &plane), 0);
	}
}

static uint32_t commit(uint8_t bank)
{
	struct psxdet_config config = rig_config(bank);

	return rig_commit(claim, &config);
}

static void next_frame(void)
{
	while (!reader_take(&r, 1)) {
		reader_good(&r);
		(void)reader_poll(&r);
		(void)rig_drain_events(r.fd);
	}
	reader_good(&r);
}

/* The one value of the last frame, but for its edge, where cells have fewer sub-pixels */
static int16_t value(void)
{
	const struct psxdet_desc *d = &r.last;
	struct psx_codec_frame frame;
	struct psx_codec_error error;
	int16_t values[AREA];
	uint32_t x, y;

	ck_assert_int_eq(psx_codec_parse(r.data + d->position % r.bytes, d->length, &frame,
					 &error), 0);
	ck_assert_uint_eq(frame.header.cfg_id, d->cfg_id);
	ck_assert_uint_eq(frame.header.channel, d->channel);
	ck_assert_uint_eq(frame.header.width * frame.header.height, AREA);
	ck_assert_int_eq(psx_codec_decode(&frame, 0, frame.tile_rows, values, SIDE, &error), 0);
	/* An assertion is a system call: one for each that is wrong */
	for (y = 1; y < SIDE - 1; y++)
		for (x = 1; x < SIDE - 1; x++)
			if (values[y * SIDE + x] != values[SIDE + 1])
				ck_abort_msg("frame %llu, cfg_id %u: %d at %u, %u, but %d at 1, 1",
					     (unsigned long long)d->seq, d->cfg_id,
					     values[y * SIDE + x], x, y, values[SIDE + 1]);
	return values[SIDE + 1];
}

static void setup(void)
{
	uint16_t grey[AREA];
	struct psxdet_transfer scene;
	size_t i;

	rig_clean();
	/* No faster than they are looked at */
	rig_plug(&rig, "banks", SIDE, SIDE, "300");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
	for (i = 0; i < AREA; i++)
		grey[i] = LEVEL;
	scene = rig_transfer(&rig, PSXDET_TARGET_SCENE, 0, 0, grey);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &scene), 0);
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
}

static void teardown(void)
{
	reader_close(&r);
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

/* What a frame of each weight shows when nothing else goes on; all differ */
static void learn(int16_t *shows)
{
	uint32_t i;

	for (i = 0; i < BANKS; i++) {
		load(i % 2, i);
		(void)commit((uint8_t)(i % 2));
		(void)rig_start(claim, 1);
		next_frame();
		shows[i] = value();
		ck_assert(!i || shows[i] > shows[i - 1]);
		(void)rig_event(fd, PSXDET_EVENT_END);
	}
}

START_TEST(test_sixteen)
{
	struct psxdet_config config = rig_config(0);
	const uint32_t frames = (uint32_t)rig_frames(FRAMES);
	int16_t shows[BANKS];
	uint32_t i;

	ck_assert_uint_ge(rig_info(fd).planes, BANKS * K * K);
	learn(shows);
	/* Number 5 is the bank that is in use */
	commit(1);
	config.channels = BANKS;
	for (i = 0; i < BANKS; i++) {
		config.bank[i] = (uint8_t)(BANKS + i);
		load(BANKS + i, i * 5);
	}
	(void)rig_commit(claim, &config);
	(void)rig_start(claim, frames);
	for (i = 0; i < frames; i++) {
		next_frame();
		ck_assert_uint_eq(r.last.channel, i % BANKS);
		ck_assert_uint_eq(r.last.bank, BANKS + i % BANKS);
		ck_assert_uint_eq(r.last.cfg_id, config.cfg_id);
		ck_assert_int_eq(value(), shows[i % BANKS * 5 % BANKS]);
	}
	reader_account(&r, true);
	printf("# %u frames of %u banks in turn\n", frames, BANKS);
}
END_TEST

/* Which weight each commit has; the frames of an id show it, and no other */
START_TEST(test_weights_while_streaming)
{
	const uint32_t commits = (uint32_t)rig_frames(COMMITS);
	uint32_t weight[COMMITS + 1], first, round, frames = 0, id;
	int16_t shows[BANKS];

	learn(shows);
	weight[0] = 0;
	load(0, weight[0]);
	first = commit(0);
	(void)rig_start(claim, 0);
	for (round = 1; round <= commits; round++) {
		weight[round] = round * 7 % BANKS;
		/* Not the bank that makes frames: that one can't be written */
		load(round % 2, weight[round]);
		id = commit((uint8_t)(round % 2));
		ck_assert_uint_eq(id, first + round);
		(void)rig_drain_events(fd);
		do {
			next_frame();
			ck_assert_uint_le(r.last.cfg_id - first, round);
			ck_assert_int_eq(value(), shows[weight[r.last.cfg_id - first]]);
			frames++;
		} while (r.last.cfg_id != id);
	}
	rig_stop(claim, PSXDET_STOP_DRAIN);
	(void)rig_event(fd, PSXDET_EVENT_END);
	while (reader_unread(&r)) {
		next_frame();
		ck_assert_int_eq(value(), shows[weight[r.last.cfg_id - first]]);
	}
	reader_account(&r, true);
	printf("# %u frames, %u times other weights\n", frames, commits);
}
END_TEST

/* ------------------------------------------------------- what is in force -- */

START_TEST(test_asked_for)
{
	struct psxdet_bank bank = { .bank = 3 }, none = { .bank = 4 };
	struct psxdet_config config, got;
	int reader = rig_open(&rig, O_RDONLY);

	memset(&got, 0x5a, sizeof(got));
	ck_assert_int_eq(rig_ioctl(reader, PSXDET_IOC_GET_CONFIG, &got), ENODATA);
	ck_assert_uint_eq(rig_status(fd).calibration, 0);
	load(3, 1);
	ck_assert_int_eq(rig_ioctl(reader, PSXDET_IOC_GET_BANK, &bank), 0);
	ck_assert_uint_eq(bank.bank, 3);
	ck_assert_uint_eq(bank.k, K);
	ck_assert_uint_eq(bank.phases, K * K);
	ck_assert_uint_eq(bank.scale, 256);
	ck_assert_uint_eq(bank.threshold, 1);
	ck_assert_int_eq(rig_ioctl(reader, PSXDET_IOC_GET_BANK, &none), 0);
	ck_assert(!none.k && !none.phases && !none.scale && !none.threshold);
	refuse(reader, PSXDET_IOC_GET_BANK, &bank, EINVAL, "GET_BANK with a shape");
	none.bank = rig_info(fd).banks;
	refuse(reader, PSXDET_IOC_GET_BANK, &none, EINVAL, "GET_BANK beyond the banks");
	config = rig_config(3);
	config.calibration = 0x1122334455667788ull;
	config.trigger = PSXDET_TRIGGER_SOFTWARE;
	(void)rig_commit(claim, &config);
	ck_assert_uint_eq(rig_status(fd).calibration, config.calibration);
	ck_assert_int_eq(rig_ioctl(reader, PSXDET_IOC_GET_CONFIG, &got), 0);
	ck_assert_int_eq(memcmp(&got, &config, sizeof(got)), 0);
	/* One without a mark */
	config = rig_config(3);
	(void)rig_commit(claim, &config);
	ck_assert_uint_eq(rig_status(fd).calibration, 0);
	(void)close(reader);
}
END_TEST

/* A mark comes into force with its configuration, not before */
START_TEST(test_pending_mark)
{
	struct rig_patience patience = rig_patience();
	struct psxdet_config config, got;

	reader_close(&r);
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
	rig_plug(&rig, "banks", SIDE, SIDE, "0.01");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	rig_ready(&rig, fd, claim);
	load(1, 1);
	config = rig_config(0);
	config.calibration = 1;
	(void)rig_commit(claim, &config);
	(void)rig_start(claim, 0);
	/* The first frame comes at once, the second one not for a long time */
	while (rig_status(fd).made != 1)
		rig_wait(&patience, "a frame");
	config = rig_config(1);
	config.calibration = 2;
	(void)rig_commit(claim, &config);
	ck_assert_uint_eq(config.pending, 1);
	ck_assert_uint_eq(rig_status(fd).calibration, 1);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_GET_CONFIG, &got), 0);
	ck_assert_int_eq(memcmp(&got, &config, sizeof(got)), 0);
	rig_stop(claim, PSXDET_STOP_ABORT);
	ck_assert_uint_eq(rig_status(fd).calibration, 2);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_GET_CONFIG, &got), 0);
	ck_assert_uint_eq(got.pending, 0);
}
END_TEST

/* DACs that don't follow: counted at each latch, in its event, in status, by name */
START_TEST(test_readback)
{
	static int16_t codes[AREA];
	struct psxdet_transfer monitors = rig_transfer(&rig, PSXDET_TARGET_READBACK, 0, 0, codes);
	static const uint32_t counts[] = { 0, 3, 0, 7 };
	struct psxdet_event event;
	struct psxdet_status st;
	uint32_t i, pixel, wrong, where;
	char text[16];
	int log;

	load(0, 1);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		(void)snprintf(text, sizeof(text), "%u", counts[i]);
		ck_assert_int_eq(rig_set(&rig, "readback_faults", text), 0);
		(void)rig_drain_events(fd);
		log = rig_log_open();
		(void)commit(0);
		event = rig_event(fd, PSXDET_EVENT_COMMIT);
		st = rig_status(fd);
		ck_assert_uint_eq(event.cfg_id, st.cfg_id);
		ck_assert_uint_eq(event.count, st.readback_faults);
		ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_DOWNLOAD, &monitors), 0);
		for (wrong = where = pixel = 0; pixel < AREA; pixel++) {
			if (codes[pixel] == code_of(1))
				continue;
			if (!wrong++)
				where = pixel;
		}
		/* The phase that was looked at has those that the latch had in all of them */
		ck_assert_uint_eq(!wrong, !counts[i]);
		ck_assert_uint_eq(!st.readback_faults, !counts[i]);
		ck_assert(!wrong || st.readback_first == where);
		ck_assert_uint_eq(rig_log_has(log, "DACs did not follow"), counts[i] != 0);
		(void)close(log);
		printf("# %u DACs that don't follow: %u counted, %u seen in phase 0\n", counts[i],
		       st.readback_faults, wrong);
	}
	refuse(claim, PSXDET_IOC_UPLOAD, &monitors, EINVAL, "UPLOAD of monitors");
}
END_TEST

START_TEST(test_shutter)
{
	static const uint32_t flags[] = {
		0, PSXDET_STATUS_SHUTTER_OPEN, PSXDET_STATUS_SHUTTER_OPEN | PSXDET_STATUS_BEAM,
	};
	struct psxdet_shutter shutter = { .position = 3 };
	uint32_t i;

	refuse(claim, PSXDET_IOC_SHUTTER, &shutter, EINVAL, "a fourth position");
	for (i = 3; i--;) {
		shutter.position = i;
		ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_SHUTTER, &shutter), 0);
		ck_assert_uint_eq(rig_status(fd).flags &
				  (PSXDET_STATUS_SHUTTER_OPEN | PSXDET_STATUS_BEAM), flags[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("banks");
	TCase *tcase = rig_case(suite, "banks");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_sixteen);
	tcase_add_test(tcase, test_weights_while_streaming);
	tcase_add_test(tcase, test_asked_for);
	tcase_add_test(tcase, test_pending_mark);
	tcase_add_test(tcase, test_readback);
	tcase_add_test(tcase, test_shutter);
	return rig_main(suite);
}
