// SPDX-License-Identifier: MIT
/*
 * A device that writes where it may not: it takes more room than it was granted.
 * Its frames are refused and counted, and honest ones come through again. And one that
 * says of itself what can't be, as psx_liar of tests/vm/helpers lets it: nobody binds it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "psx_regs.h"
#include "reader.h"

#define WIDTH	256u
#define HEIGHT	256u
#define BEYOND	"4194304" /* half the ring */

static struct rig rig;
static int fd, claim;

static void setup(void)
{
	rig_clean();
	rig_make(&rig, "liar");
	rig.width = WIDTH;
	rig.height = HEIGHT;
	ck_assert_int_eq(rig_set(&rig, "profile", "ideal"), 0);
	ck_assert_int_eq(rig_set(&rig, "width", "256"), 0);
	ck_assert_int_eq(rig_set(&rig, "height", "256"), 0);
	ck_assert_int_eq(rig_set(&rig, "fault_grant", BEYOND), 0);
	rig_live(&rig);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_scene(&rig, claim, 30000, 3);
	rig_ready(&rig, fd, claim);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

START_TEST(test_beyond_the_grant)
{
	struct psxdet_reader_stats full, end;
	struct reader r;

	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	(void)rig_start(claim, 300);
	(void)rig_event(fd, PSXDET_EVENT_END);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON); /* or its end was another one */
	full = reader_stats(&r);
	ck_assert_uint_gt(full.refused, 0);
	ck_assert_uint_lt(full.head - full.position, 300);
	ck_assert_uint_eq(full.made, 300);
	ck_assert_uint_eq(full.made, full.dropped_full + full.dropped_device + full.refused +
					     (full.head - full.position));
	ck_assert_uint_eq(full.oldest, full.position);

	/* What was held is lost: a device that lies has overwritten some of it */
	__atomic_store_n(&r.cons->cursor, full.head, __ATOMIC_RELEASE);
	(void)rig_start(claim, 20);
	(void)rig_event(fd, PSXDET_EVENT_END);
	end = reader_stats(&r);
	ck_assert_uint_gt(end.head, full.head);
	ck_assert_uint_eq(end.made, 320);
	ck_assert_uint_eq(end.made, end.dropped_full + end.dropped_device + end.refused +
					    (end.head - end.position));
	reader_close(&r);
}
END_TEST

/* ------------------------------------------------------------ of its identity -- */

static char name[64]; /* on the platform bus */

/* What the driver says to a device of which that register reads so: 0 or errno */
static int bind_lying(uint32_t reg, uint32_t value)
{
	char lie[128];

	(void)snprintf(lie, sizeof(lie), "%s %x %u", name, reg, value);
	ck_assert_int_eq(rig_parameter("psx_liar", "lie", lie), 0);
	return rig_driver("bind", name);
}

static void set_up_identity(void)
{
	rig_clean();
	rig_plug(&rig, "liar", 16, 12, "0");
	rig_device(&rig, name, sizeof(name));
	ck_assert_int_eq(rig_driver("unbind", name), 0);
	(void)rig_unload("psx_liar");
	ck_assert_int_eq(rig_load("psx_liar"), 0);
}

/* What was the liar's goes before it */
static void tear_down_identity(void)
{
	rig_unplug(&rig);
	ck_assert_int_eq(rig_unload("psx_liar"), 0);
}

START_TEST(test_impossible)
{
	static const struct {
		uint32_t reg, value;
	} lies[] = {
		{ PSX_REG_WIDTH, 0 }, { PSX_REG_WIDTH, 8193 },
		{ PSX_REG_HEIGHT, 0 }, { PSX_REG_HEIGHT, 8193 },
		{ PSX_REG_MAX_K, 0 }, { PSX_REG_MAX_K, 256 },
		{ PSX_REG_BANKS, 0 }, { PSX_REG_BANKS, 257 },
		{ PSX_REG_MAX_MV, 0 }, { PSX_REG_MAX_MV, 1000001 },
		{ PSX_REG_EXPOSURE_MAX_MS, 0 }, { PSX_REG_SEGS_MAX, 0 },
		{ PSX_REG_CQ_SHIFT_MAX, 10 }, { PSX_REG_PAYLOAD_MAX, 0 },
		{ PSX_REG_PAYLOAD_MAX, (256u << 20) + 1 }, { PSX_REG_RAIL_MV, 1000001 },
		{ PSX_REG_SCENE_WIDTH, 8193 }, { PSX_REG_SCENE_WIDTH, UINT32_MAX },
		{ PSX_REG_SCENE_HEIGHT, 8193 }, { PSX_REG_SCENE_HEIGHT, UINT32_MAX },
	};
	size_t i;
	int log;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		log = rig_log_open();
		ck_assert_msg(bind_lying(lies[i].reg, lies[i].value) == EIO &&
			      rig_log_has(log, "the device's limits make no sense"),
			      "register 0x%03x was believed to be %u", lies[i].reg, lies[i].value);
		(void)close(log);
		ck_assert_int_eq(access(rig.node, F_OK), -1);
	}
	ck_assert_int_eq(bind_lying(PSX_REG_ID, 0x12345678), ENODEV);
	ck_assert_int_eq(bind_lying(PSX_REG_VERSION, 0x20000), ENODEV);
}
END_TEST

/* Possible by themselves, but no ring fits: what was begun is undone, and the next one binds */
START_TEST(test_no_ring)
{
	static const struct {
		uint32_t reg, value;
	} lies[] = { { PSX_REG_SEG_SHIFT_MAX, 0 }, { PSX_REG_SEGS_MAX, 1 } };
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		ck_assert_int_eq(bind_lying(lies[i].reg, lies[i].value), ENOMEM);
		ck_assert_int_eq(access(rig.node, F_OK), -1);
	}
	ck_assert_int_eq(bind_lying(PSX_REG_SCENE_HEIGHT, 0), 0);
}
END_TEST

/* The largest object is one, and without a word of it it is the sensor's size */
START_TEST(test_possible)
{
	struct psxdet_info info;

	ck_assert_int_eq(bind_lying(PSX_REG_SCENE_WIDTH, 8192), 0);
	fd = rig_open(&rig, O_RDONLY);
	info = rig_info(fd);
	ck_assert_uint_eq(info.scene_width, 8192);
	ck_assert_uint_eq(info.scene_height, 12);
	(void)close(fd);
	ck_assert_int_eq(rig_driver("unbind", name), 0);
	ck_assert_int_eq(bind_lying(PSX_REG_SCENE_HEIGHT, 0), 0);
	fd = rig_open(&rig, O_RDONLY);
	info = rig_info(fd);
	ck_assert_uint_eq(info.scene_width, 16);
	ck_assert_uint_eq(info.scene_height, 12);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("liar");
	TCase *tcase = rig_case(suite, "liar"), *identity = rig_case(suite, "identity");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_beyond_the_grant);
	if (rig_modules()) {
		tcase_add_checked_fixture(identity, set_up_identity, tear_down_identity);
		tcase_add_test(identity, test_impossible);
		tcase_add_test(identity, test_no_ring);
		tcase_add_test(identity, test_possible);
	} else {
		printf("# skipped: PSX_MODULES does not say where modules are\n");
	}
	return rig_main(suite);
}
