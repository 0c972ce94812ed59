// SPDX-License-Identifier: MIT
/* Kernels into a detector, and rails: what `kernel load` and `cal load` do. */
#include "load.h"

#include "interrupt.h"

#include <stdio.h>

static void say_loaded(struct ctl *ctl, const struct plan *plan, struct psx_device *dev,
		       const struct psx_device_status *status)
{
	if (ctl->json)
		ctl_json(ctl, json_pack("{s:i, s:i, s:i}", "cfg_id", (int)status->cfg_id, "channels",
					(int)plan->kernel_count, "readback_faults",
					(int)status->readback_faults));
	else
		printf("configuration %u: %zu kernel%s loaded%s\n", status->cfg_id,
		       plan->kernel_count, plan->kernel_count == 1 ? "" : "s",
		       ctl_in_process(dev) ? " (ends with this command)" : "");
	fflush(stdout);
	if (status->readback_faults)
		ctl_warn(ctl, "%u DACs did not follow (psxctl bias read)", status->readback_faults);
}

/* Codes into the device, then rails; an exit code */
static int load_into(struct ctl *ctl, struct plan *plan, struct psx_device *dev,
		     const struct rails_stay *stay)
{
	struct rails_before before = rails_before(dev);
	const struct psx_device_status *status;
	struct psx_error err;
	int code = CTL_OK, failed;

	interrupt_catch();
	failed = plan_load(ctl, plan, dev, &err);
	if (failed || !stay)
		code = rails_restore(ctl, dev, &before, CTL_OK);
	if (failed)
		return ctl_fail(ctl, "%s", err.message);
	status = psx_device_get_status(dev);
	if (!status)
		return ctl_fail(ctl, "%s", psx_device_error(dev));
	say_loaded(ctl, plan, dev, status);
	return stay ? rails_stay(ctl, dev, stay) : code;
}

int load_kernels(struct ctl *ctl, struct plan *plan, const struct rails_stay *stay)
{
	struct psx_device *dev;
	int code;

	if (!ctl->uri)
		ctl->uri = "sim:";
	dev = ctl_open(ctl, &code);
	if (dev)
		code = load_into(ctl, plan, dev, stay);
	psx_device_close(dev);
	return code;
}
