// SPDX-License-Identifier: MIT
/* Where a raster's points are, and the stage that goes there. */
#include "raster.h"

#include "interrupt.h"

#include "../../lib/error.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_POINTS 8192
#define MOST_STEP   1e4

int raster_parse(struct raster *raster, const char *text)
{
	const char *comma = strchr(text, ',');
	const char *step = comma ? strchr(comma + 1, ',') : NULL;
	char points[32] = "", *end = "";
	uint32_t size[2];

	raster->step = 1;
	if (step) {
		raster->step = option_real(step + 1, &end);
		if (end == step + 1)
			return -1;
	}
	if (snprintf(points, sizeof(points), "%.*s", step ? (int)(step - text) : INT_MAX, text) >=
	    (int)sizeof(points))
		return -1;
	if (*end || option_numbers(points, ",", size) || !size[0] || !size[1] ||
	    size[0] > MOST_POINTS || size[1] > MOST_POINTS ||
	    !(raster->step > 0 && raster->step <= MOST_STEP))
		return -1;
	raster->width = size[0];
	raster->height = size[1];
	return 0;
}

double raster_place(const struct plan *plan, const struct psx_device *dev, size_t i)
{
	const unsigned int radius = psx_kernel_get_k(plan->kernels[0]) / 2;

	return ((double)i * plan->raster.step - radius) * psx_device_get_info(dev)->pitch_um;
}

int raster_move_to(const struct plan *plan, struct psx_device *dev, size_t x, size_t y,
		   struct psx_error *err)
{
	const int32_t x_um = (int32_t)lround(raster_place(plan, dev, x));
	const int32_t y_um = (int32_t)lround(raster_place(plan, dev, y));
	int failed;

	do
		failed = psx_device_move(dev, x_um, y_um);
	while (failed && errno == EINTR && !interrupt_came());
	return failed ? psx_error_set(err, errno, "%s", psx_device_error(dev)) : 0;
}

int raster_leave(struct run *run, struct psx_error *err)
{
	int failed = 0;

	if (!run->away)
		return 0;
	do
		failed = psx_device_move(run->dev, run->home[0], run->home[1]);
	while (failed && errno == EINTR);
	return failed ? psx_error_set(err, errno, "the stage is not back at %d, %d um: %s",
				      run->home[0], run->home[1], psx_device_error(run->dev)) : 0;
}

int raster_check(struct run *run, struct psx_error *err)
{
	const struct plan *plan = run->plan;
	struct psx_device *dev = run->dev;
	const struct raster *r = &plan->raster;
	const double far = fmax(raster_place(plan, dev, r->width), raster_place(plan, dev, r->height));
	const unsigned int k = psx_kernel_get_k(plan->kernels[0]);
	const struct psx_device_status *status;
	size_t i;

	if (!(psx_device_get_info(dev)->caps & PSX_CAP_STAGE))
		return psx_error_set(err, ENOTSUP, "%s has no stage: --raster needs one",
				     psx_device_get_info(dev)->uri);
	for (i = 1; i < plan->kernel_count; i++)
		if (psx_kernel_get_k(plan->kernels[i]) != k)
			return psx_error_set(err, EINVAL,
					     "--raster: kernels of one size, not %ux%u and %ux%u", k, k,
					     psx_kernel_get_k(plan->kernels[i]),
					     psx_kernel_get_k(plan->kernels[i]));
	if (far > INT32_MAX)
		return psx_error_set(err, ERANGE, "--raster: %.0f m are out of any stage's reach",
				     far / 1e6);
	status = psx_device_get_status(dev);
	if (!status)
		return psx_error_set(err, errno, "%s", psx_device_error(dev));
	run->home[0] = status->stage_x;
	run->home[1] = status->stage_y;
	run->away = true;
	return raster_move_to(plan, dev, r->width - 1, r->height - 1, err) ||
	       raster_move_to(plan, dev, 0, 0, err) ? -1 : 0;
}
