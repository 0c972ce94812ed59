// SPDX-License-Identifier: MIT
/* Attributes and hwmon channels of a detector: docs/sysfs.md. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refuse.h"

#define WIDTH	16
#define HEIGHT	12
#define AREA	(WIDTH * HEIGHT)

static struct rig rig;
static int fd = -1, claim = -1;
static char dir[64], hwmon[128];

static void find_hwmon(void)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;

	hwmon[0] = '\0';
	ck_assert(entries != NULL);
	while ((entry = readdir(entries)))
		if (strncmp(entry->d_name, "hwmon", 5) == 0)
			(void)snprintf(hwmon, sizeof(hwmon), "%s/%.32s", dir, entry->d_name);
	(void)closedir(entries);
}

static void setup(void)
{
	rig_clean();
	rig_plug(&rig, "sysfs", WIDTH, HEIGHT, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
	(void)snprintf(dir, sizeof(dir), "/sys/class/psxdet/%s", rig.node + 5);
	find_hwmon();
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static int open_at(const char *folder, const char *name, int flags)
{
	char path[192];
	int file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = open(path, flags);
	ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
	return file;
}

static const char *get(const char *folder, const char *name)
{
	static char text[64];
	int file = open_at(folder, name, O_RDONLY);
	ssize_t length = read(file, text, sizeof(text) - 1);

	ck_assert_msg(length > 0, "%s: %s", name, strerror(errno));
	text[length - 1] = '\0';
	(void)close(file);
	return text;
}

static int set(const char *folder, const char *name, const char *value)
{
	int file = open_at(folder, name, O_WRONLY);
	int error = write(file, value, strlen(value)) < 0 ? errno : 0;

	(void)close(file);
	return error;
}

static long number(const char *name)
{
	return strtol(get(hwmon, name), NULL, 10);
}

/* ------------------------------------------------------------ neighbours -- */

/* Two sub-pixels side by side that are `mv` apart, all others at 0 V between them */
static int load(uint32_t bank, uint32_t mv)
{
	static int16_t codes[AREA];
	struct psxdet_transfer plane = rig_transfer(&rig, PSXDET_TARGET_PLANE, bank, 0, codes);
	int most = (int)((uint64_t)mv * 32767 / 100000);

	memset(codes, 0, sizeof(codes));
	codes[5 * WIDTH + 7] = (int16_t)(most / 2);
	codes[6 * WIDTH + 7] = (int16_t)(most / 2 - most);
	rig_bank(claim, bank, 1, 1);
	return rig_ioctl(claim, PSXDET_IOC_UPLOAD, &plane);
}

static void refuse_limit(const char *value, int error)
{
	uint32_t before = rig_info(fd).max_neighbour_mv;

	ck_assert_msg(set(dir, "max_neighbour_mv", value) == error, "max_neighbour_mv = '%s'",
		      value);
	ck_assert_uint_eq(rig_info(fd).max_neighbour_mv, before);
}

START_TEST(test_neighbours)
{
	static const char *const bad[] = {
		"0", "170001", "4294967296", "-1", "", "many", "100000 mV", "1e5",
	};
	struct psxdet_config config = rig_config(0);
	size_t i;

	ck_assert_uint_eq(rig_info(fd).max_neighbour_mv, 170000);
	for (i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_limit(*bad[i] ? bad[i] : "\n", EINVAL);
	refuse_limit("0", EINVAL);
	ck_assert_int_eq(load(0, 120000), 0);
	(void)rig_commit(claim, &config);
	ck_assert_int_eq(load(1, 140000), 0);
	/* As far as what is loaded allows */
	refuse_limit("139000", EBUSY);
	ck_assert_int_eq(set(dir, "max_neighbour_mv", "140000\n"), 0);
	ck_assert_str_eq(get(dir, "max_neighbour_mv"), "140000");
	ck_assert_uint_eq(rig_info(fd).max_neighbour_mv, 140000);
	refuse_limit("140001", EINVAL);
	ck_assert_int_eq(load(1, 141000), ERANGE);
	/* It is shaped, and empty: then what is in force counts */
	refuse_limit("119000", EBUSY);
	ck_assert_int_eq(set(dir, "max_neighbour_mv", "120000"), 0);
	ck_assert_int_eq(load(1, 121000), ERANGE);
	ck_assert_int_eq(load(1, 119000), 0);
	/* And when it isn't in force any more, it may be tighter */
	config = rig_config(1);
	(void)rig_commit(claim, &config);
	rig_bank(claim, 0, 0, 0);
	ck_assert_int_eq(set(dir, "max_neighbour_mv", "119000"), 0);
	/* Another binding, another limit */
	(void)close(claim);
	(void)close(fd);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	rig_live(&rig);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	ck_assert_uint_eq(rig_info(fd).max_neighbour_mv, 170000);
}
END_TEST

/* ----------------------------------------------------------------- values -- */

START_TEST(test_attributes)
{
	struct psxdet_info info = rig_info(fd);
	int held;
	char byte[8];

	ck_assert_str_eq(get(dir, "serial"), info.serial);
	ck_assert_str_eq(get(dir, "model"), info.model);
	ck_assert_str_eq(get(dir, "rails"), "off");
	ck_assert_int_eq(strtol(get(dir, "leakage_pa"), NULL, 10), rig_status(fd).leakage_pa);
	rig_ready(&rig, fd, claim);
	ck_assert_str_eq(get(dir, "rails"), "on");
	ck_assert_int_eq(strtol(get(dir, "leakage_pa"), NULL, 10), rig_status(fd).leakage_pa);
	ck_assert_int_eq(rig_set(&rig, "overcurrent_at", "0"), 0);
	rig_await_rails(fd, PSXDET_RAILS_TRIPPED);
	ck_assert_str_eq(get(dir, "rails"), "tripped");
	/* A file that is open when the detector goes */
	held = open_at(dir, "rails", O_RDONLY);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	ck_assert_int_eq(read(held, byte, sizeof(byte)), -1);
	ck_assert_int_eq(errno, ENODEV);
	(void)close(held);
}
END_TEST

/* A kernel without hwmon has a whole detector, and none of this */
START_TEST(test_hwmon)
{
	const long full = rig_info(fd).rail_mv;
	struct psxdet_rails slow = { .action = PSXDET_RAILS_DO_ON, .slew = 1 };
	int held;
	char byte[8];

	if (access("/sys/class/hwmon", F_OK)) {
		printf("# skipped: this kernel has no hwmon\n");
		return;
	}
	ck_assert(hwmon[0]);
	ck_assert_str_eq(get(hwmon, "name"), "psxdet");
	ck_assert_str_eq(get(hwmon, "in0_label"), "rail+");
	ck_assert_str_eq(get(hwmon, "in1_label"), "rail-");
	ck_assert_str_eq(get(hwmon, "temp1_label"), "crystal");
	ck_assert_int_eq(number("in0_input"), 0);
	ck_assert_int_eq(number("in0_max"), full / 20);
	ck_assert_int_eq(number("in1_min"), -full / 20);
	ck_assert_int_eq(number("in0_alarm") + number("in1_alarm"), 0);
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_RAILS, &slow), 0);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	ck_assert_int_eq(number("in0_input"), full);
	ck_assert_int_eq(number("in1_input"), -full);
	ck_assert_int_eq(number("in0_min"), full - full / 20);
	ck_assert_int_eq(number("in0_max"), full + full / 20);
	ck_assert_int_eq(number("in1_min"), -full - full / 20);
	ck_assert_int_eq(number("in1_max"), -full + full / 20);
	ck_assert_int_eq(number("in0_alarm") + number("in1_alarm"), 0);
	ck_assert_int_eq(rig_set(&rig, "interlock_at", "0"), 0);
	rig_await_rails(fd, PSXDET_RAILS_TRIPPED);
	ck_assert_int_eq(number("in0_alarm") + number("in1_alarm"), 2);
	/* Temperature */
	ck_assert_int_eq(number("temp1_input"), 25000);
	ck_assert_int_eq(number("temp1_min"), 0);
	ck_assert_int_eq(number("temp1_max"), 60000);
	ck_assert_int_eq(number("temp1_alarm"), 0);
	ck_assert_int_eq(rig_set(&rig, "temperature", "60.5"), 0);
	ck_assert_int_eq(number("temp1_input"), 60500);
	ck_assert_int_eq(rig_status(fd).temperature_mc, 60500);
	ck_assert_int_eq(number("temp1_alarm"), 1);
	ck_assert_int_eq(set(hwmon, "temp1_max", "61000"), 0);
	ck_assert_int_eq(number("temp1_alarm"), 0);
	ck_assert_int_eq(rig_set(&rig, "temperature", "-3.5"), 0);
	ck_assert_int_eq(number("temp1_input"), -3500);
	ck_assert_int_eq(number("temp1_alarm"), 1);
	ck_assert_int_eq(set(hwmon, "temp1_min", "-4000"), 0);
	ck_assert_int_eq(number("temp1_alarm"), 0);
	held = open_at(hwmon, "in0_input", O_RDONLY);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	ck_assert_int_eq(read(held, byte, sizeof(byte)), -1);
	ck_assert_int_eq(errno, ENODEV);
	(void)close(held);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sysfs");
	TCase *tcase = rig_case(suite, "sysfs");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_neighbours);
	tcase_add_test(tcase, test_attributes);
	tcase_add_test(tcase, test_hwmon);
	return rig_main(suite);
}
