// SPDX-License-Identifier: MIT
/* The detector that a verb works on, and the person before it. */
#include "interrupt.h"
#include "psxctl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int ctl_need_device(const struct ctl *ctl)
{
	return ctl->uri ? CTL_OK :
			  ctl_usage(ctl, "say which detector with -d URI (psxctl list; -d sim: is a "
					 "model)");
}

int ctl_wait_for_enter(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char c = '\0';

	while (c != '\n') {
		if (interrupt_poll(&input, 1, -1) < 0 || read(STDIN_FILENO, &c, 1) != 1) {
			fputc('\n', stderr); /* where Enter would have done it */
			return -1;
		}
	}
	return 0;
}

static int ask(void *arg, enum psx_shutter wanted)
{
	static const char *const words[] = {
		[PSX_SHUTTER_CLOSED] = "switch the beam off",
		[PSX_SHUTTER_OPEN] = "put the object into the beam",
		[PSX_SHUTTER_BEAM] = "take the object out of the beam, and switch the beam on",
	};
	const struct ctl *ctl = arg;

	fprintf(stderr, "\r\033[Kpsxctl %s: %s, then press Enter (Ctrl-C ends it) ", ctl->verb,
		words[wanted]);
	return ctl_wait_for_enter();
}

struct psx_device *ctl_open(struct ctl *ctl, int *code)
{
	struct psx_device *dev;
	struct psx_error err;

	*code = ctl_need_device(ctl);
	if (*code != CTL_OK)
		return NULL;
	dev = psx_device_open(ctl->uri, &err);
	if (!dev)
		*code = ctl_fail(ctl, "%s", err.message);
	else if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		psx_device_set_operator(dev, ask, ctl);
	return dev;
}

bool ctl_in_process(const struct psx_device *dev)
{
	return !strncmp(psx_device_get_info(dev)->uri, "sim", 3);
}
