// SPDX-License-Identifier: MIT
#include "plan.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void plan_init(struct plan *plan)
{
	*plan = (struct plan){
		.threshold = { .bits = 1 }, .accumulate = 1, .exposure_ns = 1000000000,
	};
}

void plan_free(struct plan *plan)
{
	while (plan->kernel_count)
		psx_kernel_free(plan->kernels[--plan->kernel_count]);
	psx_calibration_free(plan->cal);
	plan->cal = NULL;
}

size_t plan_channels(const struct plan *plan)
{
	return plan->map_path ? 1 : plan->kernel_count;
}

const char *plan_kernel_name(const struct plan *plan, unsigned int channel)
{
	if (channel >= plan_channels(plan))
		return "loaded";
	return plan->map_path ? "map" : psx_kernel_get_name(plan->kernels[channel]);
}

int plan_add_kernels(struct plan *plan, const char *names, struct psx_error *err)
{
	char *copy = strdup(names), *rest = copy, *name;
	int result = copy ? 0 : psx_error_set(err, ENOMEM, "out of memory");

	while (!result && (name = strsep(&rest, ","))) {
		struct psx_kernel *kernel = NULL;

		if (plan->kernel_count < PLAN_KERNELS)
			kernel = option_kernel(name, err);
		else
			(void)psx_error_set(err, E2BIG, "more than %d kernels", PLAN_KERNELS);
		if (kernel)
			plan->kernels[plan->kernel_count++] = kernel;
		else
			result = -1;
	}
	free(copy);
	return result;
}

static json_t *kernel_json(const struct psx_kernel *kernel)
{
	unsigned int k = psx_kernel_get_k(kernel), i;
	json_t *weights = json_array();

	for (i = 0; i < k * k; i++)
		(void)json_array_append_new(weights, json_real(psx_kernel_get_weights(kernel)[i]));
	return json_pack("{s:o, s:i, s:f, s:o}", "name",
			 ctl_json_text(psx_kernel_get_name(kernel)), "k", (int)k, "scale",
			 psx_kernel_get_scale(kernel), "weights", weights);
}

/* What the plan has the device do; what was loaded by others is not known */
static void add_settings(json_t *object, const struct plan *plan)
{
	(void)json_object_update_new(object, json_pack(
		"{s:s, s:s, s:i, s:f, s:i, s:I, s:I}", "mode", ctl_mode_name(plan->mode), "polarity",
		plan->polarity == PSX_BOTH ? "both" : "positive", "threshold",
		(int)plan->threshold.bits, "threshold_share", plan->threshold.share, "accumulate",
		(int)plan->accumulate, "exposure_ns", (json_int_t)plan->exposure_ns, "period_ns",
		(json_int_t)plan->period_ns));
	if (plan->pga) /* else chosen: every frame has its own */
		(void)json_object_set_new(object, "pga", json_integer(plan->pga));
}

json_t *plan_json(const struct plan *plan, const struct psx_device_info *info)
{
	json_t *kernels = json_array(), *object;
	size_t i;

	for (i = 0; i < plan->kernel_count; i++)
		(void)json_array_append_new(kernels, kernel_json(plan->kernels[i]));
	object = json_pack("{s:o, s:o, s:o, s:b, s:i, s:i}", "device", ctl_json_text(info->uri),
			   "model", ctl_json_text(info->model), "serial", ctl_json_text(info->serial),
			   "simulated", info->simulated, "width", (int)info->width, "height",
			   (int)info->height);
	if (info->border)
		(void)json_object_set_new(object, "border", json_integer(info->border));
	if (plan->cal)
		(void)json_object_set_new(object, "calibration",
					  json_integer(psx_calibration_get_info(plan->cal)->id));
	if (plan->map_path)
		(void)json_object_set_new(object, "bank_map", ctl_json_text(plan->map_path));
	if (plan->raster.width)
		(void)json_object_set_new(object, "raster", json_pack(
			"{s:i, s:i, s:f, s:i}", "width", (int)plan->raster.width, "height",
			(int)plan->raster.height, "step", plan->raster.step, "pitch_um",
			(int)info->pitch_um));
	if (plan->kernel_count)
		add_settings(object, plan);
	(void)json_object_set_new(object, "kernels", kernels);
	return object;
}
