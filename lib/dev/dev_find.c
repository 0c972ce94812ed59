// SPDX-License-Identifier: MIT
/* Which detectors there are, and why one can't be opened. */
#include "dev.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Detectors' names, as far as they fit */
struct names {
	const char *prefix; /* of the serial number; NULL = any */
	size_t prefix_length;
	char text[160];
	size_t length;
	unsigned int count;
	bool exact; /* the prefix is a whole serial number, and only such count */
	char node[64];
};

static int collect(const struct psx_device_entry *entry, void *arg)
{
	struct names *names = arg;
	bool exact = names->prefix && !strcmp(entry->serial, names->prefix);
	int added;

	if (names->prefix && strncmp(entry->serial, names->prefix, names->prefix_length) != 0)
		return 0;
	if (names->exact && !exact)
		return 0;
	if (exact && !names->exact)
		*names = (struct names){ .prefix = names->prefix, .prefix_length = names->prefix_length };
	names->exact = exact;
	names->count++;
	(void)snprintf(names->node, sizeof(names->node), "%s", entry->node);
	added = snprintf(names->text + names->length, sizeof(names->text) - names->length,
			 names->prefix ? "%s%s (%.16s)" : "%s%s", names->length ? ", " : "",
			 entry->node, entry->serial);
	if (added > 0 && (size_t)added < sizeof(names->text) - names->length)
		names->length += (size_t)added;
	else
		names->text[names->length] = '\0';
	return 0;
}

/* What to do where there is no such detector */
static void hint(char *text, size_t size)
{
	struct names all = { 0 };

	(void)psx_device_enumerate(collect, &all);
	if (all.count)
		(void)snprintf(text, size, "there %s %s", all.count > 1 ? "are" : "is", all.text);
	else if (access("/sys/module/psxdet", F_OK))
		(void)snprintf(text, size, "the kernel module psxdet is not loaded (sudo modprobe "
					   "psxdet); sim: is a model");
	else
		(void)snprintf(text, size, "the kernel module psxdet has found none; sim: is a model");
}

static int say_absent(const char *node, struct psx_error *err)
{
	char text[200];

	hint(text, sizeof(text));
	return psx_error_set(err, ENOENT, "%s: no such detector; %s", node, text);
}

/* The group's name, or its number where the name can't be known */
static void name_group(gid_t gid, char *name, size_t size)
{
	const size_t room = 1u << 20; /* for its members, too */
	struct group entry, *group = NULL;
	char *text = malloc(room);

	if (text)
		(void)getgrgid_r(gid, &entry, text, room, &group);
	if (group)
		(void)snprintf(name, size, "%s", group->gr_name);
	else
		(void)snprintf(name, size, "%u", (unsigned int)gid);
	free(text);
}

static int say_forbidden(const char *node, struct psx_error *err)
{
	char group[40];
	struct stat st;

	if (stat(node, &st))
		return psx_error_set(err, EACCES, "%s: permission denied", node);
	if (!st.st_gid && !(st.st_mode & S_IRWXO))
		return psx_error_set(err, EACCES,
				     "%s: permission denied: it is root's alone (psxdet's udev rule is "
				     "not installed)", node);
	if (!st.st_gid || !(st.st_mode & S_IWGRP) || group_member(st.st_gid))
		return psx_error_set(err, EACCES, "%s: permission denied by its mode, %03o, or by a "
				     "container", node, (unsigned int)st.st_mode & 0777);
	name_group(st.st_gid, group, sizeof(group));
	return psx_error_set(err, EACCES,
			     "%s: permission denied: you are not in its group '%s' (sudo usermod -aG "
			     "%s USER, then log in again)", node, group, group);
}

int psx_dev_open_error(const char *node, int code, struct psx_error *err)
{
	if (code == ENOENT || code == ENXIO || code == ENODEV)
		return say_absent(node, err);
	if (code == EACCES || code == EPERM)
		return say_forbidden(node, err);
	return psx_error_set(err, code, "%s: %s", node, strerror(code));
}

int psx_dev_check_node(const char *node, struct psx_error *err)
{
	char path[64], target[256], *name;
	struct stat st;
	ssize_t length;

	if (stat(node, &st))
		return psx_dev_open_error(node, errno, err);
	(void)snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/subsystem", major(st.st_rdev),
		       minor(st.st_rdev));
	length = S_ISCHR(st.st_mode) ? readlink(path, target, sizeof(target) - 1) : 0;
	if (length < 0 && errno == ENOENT && access("/sys/dev/char", F_OK))
		return 0; /* without sysfs the driver says whether it is its own */
	if (length > 0) {
		target[length] = '\0';
		name = strrchr(target, '/');
		if (!strcmp(name ? name + 1 : target, "psxdet"))
			return 0;
	}
	return psx_error_set(err, ENODEV, "%s is not a detector", node);
}

int psx_dev_find(const char *serial, char *node, size_t size, struct psx_error *err)
{
	struct names found = { .prefix = serial, .prefix_length = strlen(serial) };
	char text[200];

	if (!*serial)
		return psx_error_set(err, EINVAL, "serial: wants a serial number, or how it begins "
						  "(psxctl list)");
	if (psx_device_enumerate(collect, &found) < 0)
		return psx_error_set(err, ENODEV, "serial:%.40s: udev does not answer; /dev/psxdetN works "
						  "without", serial);
	if (found.count > 1)
		return psx_error_set(err, EINVAL, "serial:%.40s is not unique: %s", serial, found.text);
	if (found.count) {
		(void)snprintf(node, size, "%s", found.node);
		return 0;
	}
	hint(text, sizeof(text));
	return psx_error_set(err, ENOENT, "serial:%.40s: no such detector; %s", serial, text);
}
