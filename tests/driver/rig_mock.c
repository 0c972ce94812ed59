// SPDX-License-Identifier: MIT
/* Mock detectors, through configfs, and what the kernel says of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rig.h"

#define CLASS_DIR "/sys/class/psxdet"

static void path_of(char *path, size_t size, const char *name, const char *key)
{
	(void)snprintf(path, size, RIG_CONFIGFS "/%.64s%s%.16s", name, *key ? "/" : "", key);
}

void rig_clean(void)
{
	DIR *dir = opendir(RIG_CONFIGFS);
	const struct dirent *entry;
	char path[128];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		path_of(path, sizeof(path), entry->d_name, "");
		(void)rmdir(path);
	}
	(void)closedir(dir);
}

void rig_make(struct rig *rig, const char *name)
{
	char path[128];

	memset(rig, 0, sizeof(*rig));
	(void)snprintf(rig->name, sizeof(rig->name), "%s", name);
	path_of(path, sizeof(path), name, "");
	ck_assert_msg(mkdir(path, 0755) == 0, "mkdir %s: %s", path, strerror(errno));
}

int rig_set(const struct rig *rig, const char *key, const char *value)
{
	char path[128];
	ssize_t done;
	int fd, error;

	path_of(path, sizeof(path), rig->name, key);
	fd = open(path, O_WRONLY);
	ck_assert_msg(fd >= 0, "open %s: %s", path, strerror(errno));
	done = write(fd, value, strlen(value));
	error = done < 0 ? errno : 0;
	(void)close(fd);
	return error;
}

static void set_number(const struct rig *rig, const char *key, uint32_t value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", value);
	ck_assert_int_eq(rig_set(rig, key, text), 0);
}

/* Numbers of the devices in sysfs, a bit each */
static uint64_t devices(void)
{
	DIR *dir = opendir(CLASS_DIR);
	const struct dirent *entry;
	uint64_t found = 0;

	ck_assert(dir != NULL);
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, "psxdet", 6) == 0)
			found |= 1ull << (strtoul(entry->d_name + 6, NULL, 10) & 63);
	(void)closedir(dir);
	return found;
}

void rig_live(struct rig *rig)
{
	uint64_t before = devices(), after;
	int error = rig_set(rig, "live", "1");

	ck_assert_msg(!error, "%s is not live: %s", rig->name, strerror(error));
	after = devices() & ~before;
	ck_assert_msg(after && !(after & (after - 1)), "%s made no device, or several", rig->name);
	(void)snprintf(rig->node, sizeof(rig->node), "/dev/psxdet%d", __builtin_ctzll(after));
}

void rig_plug(struct rig *rig, const char *name, uint32_t width, uint32_t height, const char *rate)
{
	rig_make(rig, name);
	rig->width = width;
	rig->height = height;
	ck_assert_int_eq(rig_set(rig, "profile", "ideal"), 0);
	set_number(rig, "width", width);
	set_number(rig, "height", height);
	ck_assert_int_eq(rig_set(rig, "rate", rate), 0);
	rig_live(rig);
}

void rig_unplug(struct rig *rig)
{
	char path[128];

	path_of(path, sizeof(path), rig->name, "");
	ck_assert_msg(rmdir(path) == 0, "rmdir %s: %s", path, strerror(errno));
}

void rig_device(const struct rig *rig, char *name, size_t size)
{
	char path[64], link[256];
	ssize_t length;

	(void)snprintf(path, sizeof(path), CLASS_DIR "/%s/device", rig->node + 5);
	length = readlink(path, link, sizeof(link) - 1);
	ck_assert_msg(length > 0, "%s: %s", path, strerror(errno));
	link[length] = '\0';
	(void)snprintf(name, size, "%s", strrchr(link, '/') + 1);
}

static int command(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	int error;

	ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
	error = write(file, text, strlen(text)) < 0 ? errno : 0;
	(void)close(file);
	return error;
}

int rig_driver(const char *file, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/sys/bus/platform/drivers/psxdet/%s", file);
	return command(path, text);
}

int rig_parameter(const char *module, const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	return command(path, text);
}

const char *rig_modules(void)
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

int rig_load(const char *name)
{
	char path[512];
	int file, error;

	(void)snprintf(path, sizeof(path), "%s/%s.ko", rig_modules(), name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno;
	error = syscall(SYS_finit_module, file, "", 0) < 0 ? errno : 0;
	(void)close(file);
	return error;
}

int rig_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) < 0 ? errno : 0;
}

int rig_log_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(log, 0);
	ck_assert(lseek(log, 0, SEEK_END) >= 0);
	return log;
}

bool rig_log_has(int log, const char *text)
{
	char record[2048];
	bool found = false;
	ssize_t length;

	for (;;) {
		length = read(log, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			return found;
		record[length] = '\0';
		found |= strstr(record, text) != NULL;
	}
}
