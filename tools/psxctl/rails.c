// SPDX-License-Identifier: MIT
/* Rails up and down. */
#include "rails.h"

#include "../../lib/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { RAILS_ON = 2 };

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool rails_are_up(struct psx_device *dev)
{
	const struct psx_device_status *st = psx_device_get_status(dev);

	return st && st->rails == RAILS_ON;
}

/* What the monitors say while another thread waits for the rails: a device of its own */
struct watch {
	struct psx_device *dev; /* NULL = nothing is shown */
	pthread_t thread;
	atomic_bool end;
};

static void *show_volts(void *arg)
{
	struct watch *w = arg;
	const struct psx_device_status *st;

	while (!atomic_load(&w->end) && (st = psx_device_get_status(w->dev))) {
		fprintf(stderr, "\rrails %+.1f V / %+.1f V\033[K", st->rail_mv[0] / 1e3,
			st->rail_mv[1] / 1e3);
		(void)usleep(100000);
	}
	fputs("\r\033[K", stderr);
	return NULL;
}

static void watch_begin(struct watch *w, const struct ctl *ctl, const struct psx_device *dev)
{
	*w = (struct watch){ .dev = NULL };
	if (ctl->quiet || ctl_in_process(dev) || !isatty(STDERR_FILENO))
		return;
	w->dev = psx_device_open(psx_device_get_info(dev)->uri, NULL);
	if (w->dev && pthread_create(&w->thread, NULL, show_volts, w)) {
		psx_device_close(w->dev);
		w->dev = NULL;
	}
}

static void watch_end(struct watch *w)
{
	if (!w->dev)
		return;
	atomic_store(&w->end, true);
	(void)pthread_join(w->thread, NULL);
	psx_device_close(w->dev);
}

int rails_up(const struct ctl *ctl, struct psx_device *dev, uint32_t slew, struct psx_error *err)
{
	const struct psx_rails_options options = { .slew = slew };
	struct watch watch;
	int failed;

	if (rails_are_up(dev))
		return 0;
	watch_begin(&watch, ctl, dev);
	failed = psx_device_rails_on(dev, &options);
	watch_end(&watch);
	if (failed)
		return psx_error_set(err, errno, "%s", psx_device_error(dev));
	return 0;
}

int rails_up_for_run(const struct ctl *ctl, struct psx_device *dev, struct psx_error *err)
{
	const struct psx_device_status *st;

	if (rails_are_up(dev))
		return 0;
	if (rails_up(ctl, dev, 0, err))
		return -1;
	st = psx_device_get_status(dev);
	if (st)
		ctl_remark(ctl, "rails are up: %+.1f V / %+.1f V", st->rail_mv[0] / 1e3,
			   st->rail_mv[1] / 1e3);
	return 0;
}

static int take_down(const struct ctl *ctl, struct psx_device *dev)
{
	struct watch watch;
	int failed;

	watch_begin(&watch, ctl, dev);
	failed = psx_device_rails_off(dev);
	watch_end(&watch);
	if (failed)
		return ctl_fail(ctl, "the rails are still up: %s", psx_device_error(dev));
	ctl_remark(ctl, "rails are down");
	return CTL_OK;
}

struct rails_before rails_before(struct psx_device *dev)
{
	const struct psx_device_status *st = psx_device_get_status(dev);

	return (struct rails_before){ .noted = true, .up = st && st->rails == RAILS_ON,
				      .until_ms = st && st->hold_ms ? now_ms() + st->hold_ms : 0 };
}

int rails_restore(const struct ctl *ctl, struct psx_device *dev, struct rails_before *before,
		  int code)
{
	const uint64_t now = now_ms();
	struct psx_rails_options hold = { 0 };
	int down;

	if (!before->noted)
		return code;
	before->noted = false;
	if (!rails_are_up(dev))
		return code;
	if (!before->up) {
		down = take_down(ctl, dev);
		return code == CTL_OK ? down : code;
	}
	hold.hold_ms = before->until_ms > now ? (uint32_t)(before->until_ms - now) : 0;
	if (!hold.hold_ms || !psx_device_rails_on(dev, &hold))
		return code;
	(void)ctl_fail(ctl, "the rails, which were held, will go down: %s", psx_device_error(dev));
	return code == CTL_OK ? CTL_FAILED : code;
}
