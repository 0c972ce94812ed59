// SPDX-License-Identifier: MIT
/* The modules: not unloaded under what is used, and loaded again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) < 0 ? errno : 0;
}

/* The folder with the modules: PSX_MODULES, or what tests/vm/run tells its guest */
static const char *modules(void)
{
	static char line[512];
	char *folder = getenv("PSX_MODULES");
	FILE *config;

	if (folder)
		return folder;
	config = fopen("/run/psxvm/config", "re");
	while (config && !folder && fgets(line, sizeof(line), config))
		if (strncmp(line, "modules='", 9) == 0)
			folder = strtok(line + 9, "'");
	if (config)
		(void)fclose(config);
	return folder;
}

static int load(const char *folder, const char *name)
{
	char path[512];
	int file, error;

	(void)snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
	error = syscall(SYS_finit_module, file, "", 0) < 0 ? errno : 0;
	(void)close(file);
	return error;
}

/* A file, a claim, a mapping: each alone keeps the driver, a folder keeps the mock */
START_TEST(test_held)
{
	struct psxdet_ctrl *ctrl;

	ck_assert_int_eq(unload("psxdet"), EWOULDBLOCK);
	ck_assert_int_eq(unload("psxdet_mock"), EWOULDBLOCK);
	(void)close(fd);
	ck_assert_int_eq(unload("psxdet"), EWOULDBLOCK);
	fd = rig_open(&rig, O_RDONLY);
	(void)close(claim);
	ctrl = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert(ctrl != MAP_FAILED);
	(void)close(fd);
	ck_assert_int_eq(unload("psxdet"), EWOULDBLOCK);
	ck_assert_uint_eq(ctrl->abi, PSXDET_ABI);
	/* Nor does it matter that the detector went */
	rig_unplug(&rig);
	ck_assert_int_eq(unload("psxdet"), EWOULDBLOCK);
	ck_assert_uint_eq(ctrl->abi, PSXDET_ABI);
	(void)munmap(ctrl, 4096);
}
END_TEST

START_TEST(test_again)
{
	const char *folder = modules();
	int i;

	(void)close(claim);
	(void)close(fd);
	if (!folder) {
		printf("# skipped: PSX_MODULES does not say where modules are\n");
		return;
	}
	for (i = 0; i < 3; i++) {
		/* Under a detector that is live, and it is found again */
		ck_assert_int_eq(unload("psxdet"), 0);
		ck_assert_int_eq(access(rig.node, F_OK), -1);
		ck_assert_int_eq(load(folder, "psxdet"), 0);
		fd = rig_open(&rig, O_RDWR);
		claim = rig_claim(fd);
		rig_ready(&rig, fd, claim);
		(void)close(claim);
		(void)close(fd);
		rig_unplug(&rig);
		ck_assert_int_eq(unload("psxdet_mock"), 0);
		ck_assert_int_eq(load(folder, "psxdet-mock"), 0);
		rig_plug(&rig, "modules", 16, 12, "0");
	}
	/* Mocks first is the other way round */
	rig_unplug(&rig);
	ck_assert_int_eq(unload("psxdet_mock"), 0);
	ck_assert_int_eq(unload("psxdet"), 0);
	ck_assert_int_eq(load(folder, "psxdet"), 0);
	ck_assert_int_eq(load(folder, "psxdet-mock"), 0);
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
