// SPDX-License-Identifier: MIT
/* Detectors through configfs: what attributes take, and what keeps one from going live. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

#define SCENE "psx-driver-test.raw"

static struct rig rig;

static void setup(void)
{
	rig_clean();
	rig_make(&rig, "mock");
	rig.width = 16;
	rig.height = 12;
	ck_assert_int_eq(rig_set(&rig, "width", "16"), 0);
	ck_assert_int_eq(rig_set(&rig, "height", "12"), 0);
}

static void teardown(void)
{
	rig_unplug(&rig);
}

static void get(const char *key, char *text, size_t size)
{
	char path[128];
	ssize_t length;
	int file;

	(void)snprintf(path, sizeof(path), RIG_CONFIGFS "/%s/%s", rig.name, key);
	file = open(path, O_RDONLY);
	ck_assert_int_ge(file, 0);
	length = read(file, text, size - 1);
	ck_assert_int_ge(length, 1);
	text[length - 1] = '\0'; /* in place of the end of the line */
	(void)close(file);
}

static void is(const char *key, const char *value)
{
	char text[256];

	get(key, text, sizeof(text));
	ck_assert_msg(strcmp(text, value) == 0, "%s is '%s', wanted '%s'", key, text, value);
}

START_TEST(test_attributes)
{
	static const struct {
		const char *key, *value, *shown;
	} good[] = {
		{ "seed", "18446744073709551615", "18446744073709551615" },
		{ "mismatch", "0.02", "0.02" }, { "mismatch", "0.000001\n", "0.000001" },
		{ "read_noise", "12.345", "12.345" }, { "rate", "0.5", "0.5" },
		{ "rate", "1000.", "1000" }, { "dose_rate", ".25", "0.25" },
		{ "photons", "007", "7" }, { "pitch", "75", "75" },
		{ "scene", "x/y.raw\n", "x/y.raw" },
		{ "dead", "3", "3" }, { "hot", "65536", "65536" }, { "stuck", "0", "0" },
		{ "readback_faults", "5\n", "5" },
		{ "interlock_at", "1.5", "1.5" }, { "interlock_at", "never\n", "never" },
		{ "overcurrent_at", "0.000000001", "0.000000001" },
		{ "temperature", "-3.5", "-3.5" }, { "temperature", "-0.25\n", "-0.25" },
		{ "temperature", "125", "125" }, { "temperature", "0", "0" },
	};
	static const struct {
		const char *key, *value;
		int error;
	} bad[] = {
		{ "width", "-1", EINVAL }, { "width", "\n", EINVAL }, { "width", "1e3", EINVAL },
		{ "width", "1.5", EINVAL }, { "width", "0x10", EINVAL },
		{ "seed", "18446744073709551616", ERANGE }, { "mismatch", "0.0000001", EINVAL },
		{ "rate", ".", EINVAL }, { "rate", "1.2.3", EINVAL }, { "rate", "1 2", EINVAL },
		{ "rate", "18446744073709551615", ERANGE },
		{ "profile", "a-profile-that-is-much-too-long", ENAMETOOLONG },
		{ "live", "perhaps", EINVAL },
		{ "temperature", "-40.001", ERANGE }, { "temperature", "125.001", ERANGE },
		{ "temperature", "warm", EINVAL }, { "temperature", "--1", EINVAL },
		{ "interlock_at", "soon", EINVAL }, { "overcurrent_at", "9000000001", ERANGE },
		{ "readback_faults", "65537", ERANGE }, { "readback_faults", "-1", EINVAL },
	};
	char before[256];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(rig_set(&rig, good[i].key, good[i].value), 0);
		is(good[i].key, good[i].shown);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		get(bad[i].key, before, sizeof(before));
		ck_assert_msg(rig_set(&rig, bad[i].key, bad[i].value) == bad[i].error, "%s = '%s'",
			      bad[i].key, bad[i].value);
		is(bad[i].key, before);
	}
}
END_TEST

/* `live` says EINVAL, and the kernel's log says why */
START_TEST(test_refused)
{
	static const struct {
		const char *key, *value, *says;
	} wrong[] = {
		{ "profile", "perfect", "mock: profile is 'perfect', need ideal, real, cmos32" },
		{ "dead", "65537", "mock: dead is 65537, need 0 to 65536" },
		{ "width", "0", "mock: width is 0, need 1 to 8192" },
		{ "height", "8193", "mock: height is 8193, need 1 to 8192" },
		{ "mismatch", "0.2", "mock: mismatch is 0.2, need 0 to 0.1" },
		{ "photons", "0", "mock: photons is 0, need 1 to" },
		{ "read_noise", "1000.5", "mock: read_noise is 1000.5, need 0 to 1000" },
		{ "rate", "1000000.001", "mock: rate is 1000000.001, need 0 to 1000000" },
		{ "dose_rate", "0.01", "mock: dose_rate is 0.01, need 0.1 to" },
		{ "pitch", "0", "mock: pitch is 0, need 1 to" },
		{ "aperture", "50", "mock: aperture is 50, but profile real has no collimator" },
	};
	char before[64];
	size_t i;
	int log;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		get(wrong[i].key, before, sizeof(before));
		ck_assert_int_eq(rig_set(&rig, wrong[i].key, wrong[i].value), 0);
		log = rig_log_open();
		ck_assert_msg(rig_set(&rig, "live", "1") == EINVAL, "%s %s", wrong[i].key,
			      wrong[i].value);
		ck_assert_msg(rig_log_has(log, wrong[i].says), "not said: %s", wrong[i].says);
		(void)close(log);
		is("live", "0");
		ck_assert_int_eq(rig_set(&rig, wrong[i].key, before), 0);
	}
	rig_live(&rig);
}
END_TEST

START_TEST(test_locked_while_live)
{
	static const char * const keys[] = {
		"profile", "width", "height", "scene", "seed", "mismatch", "photons", "read_noise",
		"rate", "dose_rate", "pitch", "aperture", "dead", "hot", "stuck",
	};
	char before[64];
	size_t i;

	rig_live(&rig);
	is("live", "1");
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		get(keys[i], before, sizeof(before));
		ck_assert_msg(rig_set(&rig, keys[i], "1") == EBUSY, "%s", keys[i]);
		is(keys[i], before);
	}
	ck_assert_int_eq(rig_set(&rig, "live", "1"), 0);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	is("live", "0");
	ck_assert_int_eq(rig_set(&rig, "width", "24"), 0);
}
END_TEST

/* Where request_firmware() looks first */
static void firmware_path(char *path, size_t size)
{
	char folder[256] = "";
	ssize_t length;
	int file = open("/sys/module/firmware_class/parameters/path", O_RDONLY);

	ck_assert_int_ge(file, 0);
	length = read(file, folder, sizeof(folder) - 1);
	(void)close(file);
	folder[length > 0 ? strcspn(folder, "\n") : 0] = '\0';
	(void)snprintf(path, size, "%s/%s", *folder ? folder : "/lib/firmware", SCENE);
}

static void write_scene(const char *path, size_t pixels)
{
	FILE *file = fopen(path, "we");
	size_t i;

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	for (i = 0; i < pixels; i++) {
		(void)putc((int)(i & 0xff), file);
		(void)putc((int)(i >> 8), file);
	}
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_scene)
{
	struct psxdet_transfer t;
	uint16_t grey[16 * 12] = { 0 };
	char path[320];
	int log, fd;
	uint16_t i;

	firmware_path(path, sizeof(path));
	(void)unlink(path);
	ck_assert_int_eq(rig_set(&rig, "scene", SCENE), 0);
	log = rig_log_open();
	ck_assert_int_eq(rig_set(&rig, "live", "1"), ENOENT);
	ck_assert(rig_log_has(log, "scene '" SCENE "' cannot be loaded"));
	write_scene(path, 16 * 12 - 1);
	ck_assert_int_eq(rig_set(&rig, "live", "1"), EINVAL);
	ck_assert(rig_log_has(log, "has 382 bytes, 16 x 12 grey levels are 384"));
	(void)close(log);
	write_scene(path, 16 * 12);
	rig_live(&rig);
	(void)unlink(path);
	fd = rig_open(&rig, O_RDONLY);
	t = rig_transfer(&rig, PSXDET_TARGET_SCENE, 0, 0, grey);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_DOWNLOAD, &t), 0);
	for (i = 0; i < 16 * 12; i++)
		ck_assert_uint_eq(grey[i], i);
	(void)close(fd);
}
END_TEST

/* Those with a size of their own set it, and are nothing else; the size of an object on a
 * stage is anyone's */
START_TEST(test_profiles)
{
	static const struct {
		const char *name, *width, *height, *pitch, *model;
		uint32_t side;
	} own[] = {
		{ "macropixel", "16", "12", "3000", "sim-macropixel", 3 },
		{ "cmos32", "32", "32", "100", "sim-cmos32", 32 },
	};
	static const char *const wrong[][2] = {
		{ "pitch", "100" }, { "aperture", "0" }, { "aperture", "3001" },
	};
	struct psxdet_info info;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		ck_assert_int_eq(rig_set(&rig, "profile", own[i].name), 0);
		is("width", own[i].width);
		is("height", own[i].height);
		is("pitch", own[i].pitch);
		is("aperture", i ? "0" : "3000");
		rig_live(&rig);
		fd = rig_open(&rig, O_RDONLY);
		info = rig_info(fd);
		ck_assert_str_eq(info.model, own[i].model);
		ck_assert_uint_eq(info.width, own[i].side);
		ck_assert_uint_eq(info.height, own[i].side);
		ck_assert_uint_eq(info.border, i == 1);
		(void)close(fd);
		ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	}
	ck_assert_int_eq(rig_set(&rig, "width", "16"), 0);
	ck_assert_int_eq(rig_set(&rig, "live", "1"), EINVAL);
	/* What one has set is set back by the next */
	ck_assert_int_eq(rig_set(&rig, "profile", "macropixel"), 0);
	is("width", "640");
	is("height", "480");
	is("pitch", "3000");
	ck_assert_int_eq(rig_set(&rig, "height", "12"), 0);
	ck_assert_int_eq(rig_set(&rig, "profile", "real"), 0);
	is("width", "640");
	is("height", "12");
	is("pitch", "100");
	is("aperture", "0");
	ck_assert_int_eq(rig_set(&rig, "profile", "macropixel"), 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_eq(rig_set(&rig, wrong[i][0], wrong[i][1]), 0);
		ck_assert_int_eq(rig_set(&rig, "live", "1"), EINVAL);
		ck_assert_int_eq(rig_set(&rig, wrong[i][0], "3000"), 0);
	}
}
END_TEST

/* The same serial number for the same detector, whatever it sees */
START_TEST(test_serial)
{
	char first[40];
	int fd;

	rig_live(&rig);
	fd = rig_open(&rig, O_RDONLY);
	memcpy(first, rig_info(fd).serial, sizeof(first));
	ck_assert_str_eq(rig_info(fd).model, "sim-real");
	(void)close(fd);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	rig_live(&rig);
	fd = rig_open(&rig, O_RDONLY);
	ck_assert_str_eq(rig_info(fd).serial, first);
	(void)close(fd);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	ck_assert_int_eq(rig_set(&rig, "seed", "2"), 0);
	rig_live(&rig);
	fd = rig_open(&rig, O_RDONLY);
	ck_assert_str_ne(rig_info(fd).serial, first);
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mock");
	TCase *tcase = rig_case(suite, "mock");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_attributes);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_locked_while_live);
	tcase_add_test(tcase, test_scene);
	tcase_add_test(tcase, test_profiles);
	tcase_add_test(tcase, test_serial);
	return rig_main(suite);
}
