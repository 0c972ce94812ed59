// SPDX-License-Identifier: MIT
#include "refuse.h"

#include <string.h>

#define BANKS 2u /* whose planes are looked at: the first ones */

/* What a refused call must leave alone */
struct look {
	struct psxdet_status status;
	int plane_error[BANKS];
	int16_t plane[BANKS][REFUSE_PIXELS];
};

static const struct rig *watched;
static int watched_fd;

void refuse_watch(const struct rig *rig, int fd)
{
	ck_assert_uint_le(rig->width * rig->height, REFUSE_PIXELS);
	watched = rig;
	watched_fd = fd;
}

static void look_at(struct look *look)
{
	struct psxdet_transfer plane;
	uint32_t bank;

	memset(look, 0, sizeof(*look));
	look->status = rig_status(watched_fd);
	look->status.device_ns = 0;
	for (bank = 0; bank < BANKS; bank++) {
		plane = rig_transfer(watched, PSXDET_TARGET_PLANE, bank, 0, look->plane[bank]);
		look->plane_error[bank] = rig_ioctl(watched_fd, PSXDET_IOC_DOWNLOAD, &plane);
	}
}

void refuse(int fd, unsigned long cmd, void *arg, int error, const char *what)
{
	static struct look before, after;
	int got;

	look_at(&before);
	got = rig_ioctl(fd, cmd, arg);
	ck_assert_msg(got == error, "%s: %s, wanted %s", what, strerror(got), strerror(error));
	look_at(&after);
	ck_assert_msg(memcmp(&before, &after, sizeof(before)) == 0,
		      "%s: refused, but changed state", what);
}
