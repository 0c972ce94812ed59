// SPDX-License-Identifier: MIT
/* The modules: not unloaded under what is used, and loaded again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

static struct rig rig;
static int fd = -1, claim = -1;

static void plug(void)
{
	rig_clean();
	rig_plug(&rig, "modules", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_ready(&rig, fd, claim);
}

static void nothing(void)
{
}

/* A file, a claim, a mapping: each alone keeps the driver, a folder keeps the mock */
START_TEST(test_held)
{
	struct psxdet_ctrl *ctrl;

	ck_assert_int_eq(rig_unload("psxdet"), EWOULDBLOCK);
	ck_assert_int_eq(rig_unload("psxdet_mock"), EWOULDBLOCK);
	(void)close(fd);
	ck_assert_int_eq(rig_unload("psxdet"), EWOULDBLOCK);
	fd = rig_open(&rig, O_RDONLY);
	(void)close(claim);
	ctrl = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert(ctrl != MAP_FAILED);
	(void)close(fd);
	ck_assert_int_eq(rig_unload("psxdet"), EWOULDBLOCK);
	ck_assert_uint_eq(ctrl->abi, PSXDET_ABI);
	/* Nor does it matter that the detector went */
	rig_unplug(&rig);
	ck_assert_int_eq(rig_unload("psxdet"), EWOULDBLOCK);
	ck_assert_uint_eq(ctrl->abi, PSXDET_ABI);
	(void)munmap(ctrl, 4096);
}
END_TEST

START_TEST(test_again)
{
	int i;

	(void)close(claim);
	(void)close(fd);
	if (!rig_modules()) {
		printf("# skipped: PSX_MODULES does not say where modules are\n");
		return;
	}
	for (i = 0; i < 3; i++) {
		/* Under a detector that is live, and it is found again */
		ck_assert_int_eq(rig_unload("psxdet"), 0);
		ck_assert_int_eq(access(rig.node, F_OK), -1);
		ck_assert_int_eq(rig_load("psxdet"), 0);
		fd = rig_open(&rig, O_RDWR);
		claim = rig_claim(fd);
		rig_ready(&rig, fd, claim);
		(void)close(claim);
		(void)close(fd);
		rig_unplug(&rig);
		ck_assert_int_eq(rig_unload("psxdet_mock"), 0);
		ck_assert_int_eq(rig_load("psxdet-mock"), 0);
		rig_plug(&rig, "modules", 16, 12, "0");
	}
	/* Mocks first is the other way round */
	rig_unplug(&rig);
	ck_assert_int_eq(rig_unload("psxdet_mock"), 0);
	ck_assert_int_eq(rig_unload("psxdet"), 0);
	ck_assert_int_eq(rig_load("psxdet"), 0);
	ck_assert_int_eq(rig_load("psxdet-mock"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("modules");
	TCase *tcase = rig_case(suite, "modules");

	tcase_add_checked_fixture(tcase, plug, nothing);
	tcase_add_test(tcase, test_held);
	tcase_add_test(tcase, test_again);
	return rig_main(suite);
}
