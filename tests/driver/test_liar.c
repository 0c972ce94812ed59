// SPDX-License-Identifier: MIT
/*
 * A device that writes where it may not: it takes more room than it was granted.
 * Its frames are refused and counted, and honest ones come through again.
 */
#include <fcntl.h>
#include <unistd.h>

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

int main(void)
{
	Suite *suite = suite_create("liar");
	TCase *tcase = rig_case(suite, "liar");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_beyond_the_grant);
	return rig_main(suite);
}
