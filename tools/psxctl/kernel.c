// SPDX-License-Identifier: MIT
#include "plan.h"

#include <stdio.h>
#include <string.h>

static const char doc[] =
	"Convolution kernels: presets, or files of k lines of k numbers (or JSON).\v"
	"list               the presets\n"
	"show NAME|FILE     weights, volts and codes of a nominal sub-pixel\n"
	"load NAME|FILE...  put kernels into a detector (default sim:, whose state\n"
	"                   ends with the command)";

struct arguments {
	struct plan plan;
	const char *action;
	const char *names[PLAN_KERNELS];
	int count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (!a->action)
		a->action = arg;
	else if (a->count < PLAN_KERNELS)
		a->names[a->count++] = arg;
	return 0;
}

static int list(const struct ctl *ctl)
{
	const char *name;
	size_t i;

	for (i = 0; (name = psx_kernel_preset_name(i)); i++) {
		struct psx_kernel *kernel = psx_kernel_preset(name, NULL);

		if (kernel && ctl->json)
			ctl_json(json_pack("{s:s, s:i, s:f}", "name", name,
					   "k", (int)psx_kernel_get_k(kernel),
					   "scale", psx_kernel_get_scale(kernel)));
		else if (kernel)
			printf("%-10s %u x %u  scale %g\n", name, psx_kernel_get_k(kernel),
			       psx_kernel_get_k(kernel), psx_kernel_get_scale(kernel));
		psx_kernel_free(kernel);
	}
	return CTL_OK;
}

static void show_table(const char *title, const char *format, unsigned int k, const double *values)
{
	unsigned int i;

	printf("%s\n", title);
	for (i = 0; i < k * k; i++) {
		printf(format, values[i]);
		if (i % k == k - 1)
			printf("\n");
	}
}

static json_t *array(const double *values, unsigned int count)
{
	json_t *list_of = json_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		(void)json_array_append_new(list_of, json_real(values[i]));
	return list_of;
}

/* A cell in the middle of a sensor, codes as a device gets them */
static int show_kernel(const struct ctl *ctl, const struct psx_kernel *kernel)
{
	unsigned int k = psx_kernel_get_k(kernel), count = k * k, i;
	double volts[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K], codes[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	int16_t plane[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	struct psx_error err;
	struct psx_bank *bank = psx_bank_new(kernel, k, k, PSX_MODE_SNAP, &err);

	if (!bank || psx_bank_get_plane(bank, 0, plane)) {
		psx_bank_free(bank);
		return ctl_fail(ctl, "%s", err.message);
	}
	for (i = 0; i < count; i++) {
		volts[i] = psx_sensor_volts(psx_kernel_get_weights(kernel)[i]);
		codes[i] = plane[i];
	}
	if (ctl->json) {
		ctl_json(json_pack("{s:s, s:i, s:f, s:f, s:f, s:o, s:o, s:o}", "name",
				   psx_kernel_get_name(kernel), "k", (int)k,
				   "scale", psx_kernel_get_scale(kernel),
				   "device_scale", psx_bank_get_scale(bank) / 256.0,
				   "residual", psx_bank_get_residual(bank),
				   "weights", array(psx_kernel_get_weights(kernel), count),
				   "volts", array(volts, count), "codes", array(codes, count)));
	} else {
		printf("%s, %u x %u, %g bits a grey level at weight 1\n",
		       psx_kernel_get_name(kernel), k, k, psx_kernel_get_scale(kernel));
		show_table("weights", " %9.5f", k, psx_kernel_get_weights(kernel));
		show_table("volts on a nominal sub-pixel", " %9.3f", k, volts);
		printf("codes, weights times %.5f to meet the DAC's steps and scale %g; sum off by %.1e\n",
		       psx_kernel_get_scale(kernel) * 256 / psx_bank_get_scale(bank),
		       psx_bank_get_scale(bank) / 256.0, psx_bank_get_residual(bank));
		show_table("", " %9.0f", k, codes);
	}
	psx_bank_free(bank);
	return CTL_OK;
}

static int load(const struct ctl *ctl, const struct plan *plan)
{
	struct psx_device_status status;
	struct psx_error err;
	struct psx_device *dev = psx_device_open(ctl->uri ? ctl->uri : "sim:", &err);
	int code = CTL_OK;

	if (!dev)
		return ctl_fail(ctl, "%s", err.message);
	if (plan_load(plan, dev, &err)) {
		code = ctl_fail(ctl, "%s", err.message);
	} else {
		(void)psx_device_get_status(dev, &status);
		if (ctl->json)
			ctl_json(json_pack("{s:i, s:i}", "cfg_id", (int)status.cfg_id, "channels",
					   (int)plan->kernel_count));
		else
			printf("configuration %u: %zu kernel%s loaded%s\n", status.cfg_id,
			       plan->kernel_count, plan->kernel_count == 1 ? "" : "s",
			       psx_device_get_info(dev)->simulated ? " (ends with this command)" : "");
	}
	psx_device_close(dev);
	return code;
}

static int act(const struct ctl *ctl, struct arguments *a)
{
	struct psx_error err;
	int code = CTL_OK, i;

	if (!a->action || (!strcmp(a->action, "list") && a->count))
		return ctl_usage(ctl, "say list, show NAME or load NAME (try --help)");
	if (!strcmp(a->action, "list"))
		return list(ctl);
	if (strcmp(a->action, "show") != 0 && strcmp(a->action, "load") != 0)
		return ctl_usage(ctl, "no action '%s' (list, show, load)", a->action);
	if (!a->count)
		return ctl_usage(ctl, "%s needs a kernel's name or file (psxctl kernel list)", a->action);
	for (i = 0; i < a->count; i++)
		if (plan_add_kernels(&a->plan, a->names[i], &err))
			return ctl_usage(ctl, "%s", err.message);
	if (!strcmp(a->action, "load"))
		return load(ctl, &a->plan);
	for (i = 0; i < (int)a->plan.kernel_count && code == CTL_OK; i++)
		code = show_kernel(ctl, a->plan.kernels[i]);
	return code;
}

int verb_kernel(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .parser = parse, .args_doc = "list|show|load [KERNEL...]", .doc = doc };
	struct arguments a = { 0 };
	int code;

	plan_init(&a.plan);
	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	code = act(ctl, &a);
	plan_free(&a.plan);
	return code;
}
