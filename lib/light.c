// SPDX-License-Identifier: MIT
/* Darkness and the open beam, by shutter or by hand; and the rails, for as long
 * as something is measured. */
#include "average.h"
#include "error.h"

#include <errno.h>

void psx_device_set_operator(struct psx_device *dev, psx_operator ask, void *arg)
{
	dev->ask = ask;
	dev->ask_arg = arg;
}

int psx_device_light(struct psx_device *dev, enum psx_shutter position)
{
	if (dev->transport->info.caps & PSX_CAP_SHUTTER)
		return psx_device_set_shutter(dev, position);
	if (!dev->ask)
		return psx_error_set(&dev->error, ENOTSUP,
				     "%s has no shutter, and there is nobody to ask for %s",
				     dev->transport->info.uri,
				     position == PSX_SHUTTER_CLOSED ? "darkness" : "the beam");
	if (dev->ask(dev->ask_arg, position))
		return psx_error_set(&dev->error, ECANCELED, "given up");
	return 0;
}

int psx_bench_begin(struct psx_device *dev, struct psx_bench *bench)
{
	struct psx_device_status now = { 0 };

	if (!(dev->transport->info.caps & PSX_CAP_SHUTTER) && !dev->ask)
		return psx_device_light(dev, PSX_SHUTTER_CLOSED);
	/* Rails may be held, until the claim: only then it is known whether they are on */
	if (psx_device_claim(dev) ||
	    dev->transport->ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	bench->begun = true;
	bench->shutter = now.shutter;
	bench->rails = now.rails != PSX_RAILS_ON;
	return bench->rails ? psx_device_rails_on(dev, NULL) : 0;
}

void psx_bench_end(struct psx_device *dev, const struct psx_bench *bench)
{
	const struct psx_error error = dev->error;
	int code = errno;

	if (!bench->begun)
		return;
	if (bench->rails)
		(void)psx_device_rails_off(dev);
	if (dev->transport->info.caps & PSX_CAP_SHUTTER)
		(void)psx_device_set_shutter(dev, bench->shutter);
	dev->error = error;
	errno = code;
}
