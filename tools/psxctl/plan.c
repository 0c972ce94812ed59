// SPDX-License-Identifier: MIT
#include "plan.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void plan_init(struct plan *plan)
{
	*plan = (struct plan){
		.threshold = { .bits = 1 }, .accumulate = 1, .pga = 1, .exposure_ns = 1000000000,
	};
}

void plan_free(struct plan *plan)
{
	while (plan->kernel_count)
		psx_kernel_free(plan->kernels[--plan->kernel_count]);
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

/* The tool cuts what the device's comparator could not: sums, shares */
static bool cut_by_tool(const struct plan *plan)
{
	return plan->accumulate > 1 || plan->threshold.share > 0;
}

static struct psx_settings *settings_of(const struct plan *plan, struct psx_error *err)
{
	struct psx_settings *s = psx_settings_new();

	if (s && !psx_settings_set_polarity(s, plan->polarity) &&
	    !psx_settings_set_threshold(s, cut_by_tool(plan) ? 0 : plan->threshold.bits) &&
	    !psx_settings_set_pga(s, plan->pga) &&
	    !psx_settings_set_exposure(s, plan->exposure_ns) &&
	    !psx_settings_set_period(s, plan->period_ns) &&
	    !psx_settings_set_software_trigger(s, plan->software_trigger))
		return s;
	(void)psx_error_set(err, errno, "%s", strerror(errno));
	psx_settings_free(s);
	return NULL;
}

static int load_banks(const struct plan *plan, struct psx_device *dev, struct psx_bank **banks,
		      struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	struct psx_settings *s;
	size_t i;
	int failed;

	for (i = 0; i < plan->kernel_count; i++) {
		banks[i] = psx_bank_new(plan->kernels[i], &(struct psx_geometry){ info->width, info->height, info->border },
					plan->mode, err);
		if (!banks[i])
			return -1;
	}
	s = settings_of(plan, err);
	if (!s)
		return -1;
	failed = psx_device_load(dev, s, banks, plan->kernel_count,
				 NULL);
	if (failed)
		(void)psx_error_set(err, errno, "%s", psx_device_error(dev));
	psx_settings_free(s);
	return failed;
}

int plan_load(const struct plan *plan, struct psx_device *dev, struct psx_error *err)
{
	struct psx_bank **banks = calloc(plan->kernel_count, sizeof(struct psx_bank *));
	int failed = -1;
	size_t i;

	if (banks)
		failed = load_banks(plan, dev, banks, err);
	else
		(void)psx_error_set(err, ENOMEM, "out of memory");
	for (i = 0; banks && i < plan->kernel_count; i++)
		psx_bank_free(banks[i]);
	free(banks);
	return failed;
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
	static const char *const modes[] = { "scan", "snap", "point" };

	(void)json_object_update_new(object, json_pack(
		"{s:s, s:s, s:i, s:f, s:i, s:i, s:I, s:I}", "mode", modes[plan->mode], "polarity",
		plan->polarity == PSX_BOTH ? "both" : "positive", "threshold",
		(int)plan->threshold.bits, "threshold_share", plan->threshold.share, "accumulate",
		(int)plan->accumulate, "pga", (int)plan->pga, "exposure_ns",
		(json_int_t)plan->exposure_ns, "period_ns", (json_int_t)plan->period_ns));
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
	if (plan->kernel_count)
		add_settings(object, plan);
	(void)json_object_set_new(object, "kernels", kernels);
	return object;
}
