// SPDX-License-Identifier: MIT
/* Detectors that the running kernel knows, through udev. */
#include <psxdet.h>

#include <errno.h>
#include <libudev.h>

#define SUBSYSTEM "psxdet"

static const char *attribute(struct udev_device *device, const char *name)
{
	const char *value = udev_device_get_sysattr_value(device, name);

	return value ? value : "";
}

static int show_all(struct udev *udev, struct udev_enumerate *list,
		    int (*found)(const struct psx_device_entry *entry, void *arg), void *arg)
{
	struct udev_list_entry *entry;
	int result = 0;

	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list)) {
		struct udev_device *device =
			udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
		const char *node = device ? udev_device_get_devnode(device) : NULL;

		if (node) {
			const struct psx_device_entry shown = {
				.node = node,
				.serial = attribute(device, "serial"),
				.model = attribute(device, "model"),
			};

			result = found(&shown, arg);
		}
		udev_device_unref(device);
		if (result)
			break;
	}
	return result;
}

int psx_device_enumerate(int (*found)(const struct psx_device_entry *entry, void *arg), void *arg)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	int result = -1;

	if (list && udev_enumerate_add_match_subsystem(list, SUBSYSTEM) >= 0 &&
	    udev_enumerate_scan_devices(list) >= 0)
		result = show_all(udev, list, found, arg);
	else
		errno = ENODEV;
	udev_enumerate_unref(list);
	udev_unref(udev);
	return result;
}
