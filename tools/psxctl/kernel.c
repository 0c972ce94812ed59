// SPDX-License-Identifier: MIT
#include "load.h"

#include <stdio.h>
#include <string.h>

static const char doc[] =
	"Convolution kernels: presets, or files of k lines of k numbers (or JSON).\v"
	"list               the presets\n"
	"show NAME|FILE     weights, volts, and the codes that a scan uses away from\n"
	"                   the sensor's edges\n"
	"load NAME|FILE...  put kernels into a detector (default sim:, whose state\n"
	"                   ends with the command), switch the rails on, and keep them\n"
	"                   up until Ctrl-C. Codes stay loaded; with --hold 0 that is\n"
	"                   all, and the rails are left alone";

enum { OPT_HOLD = 0x2001 };

static const struct argp_option options[] = {
	{ "hold", OPT_HOLD, "SECONDS", 0,
	  "load: return, and leave the rails up for so long (0: as they are)", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	bool stays; /* in the foreground, or held */
	struct rails_stay stay;
	const char *action;
	const char *names[PLAN_KERNELS];
	int count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = &a->shared;
		return 0;
	}
	if (key == OPT_HOLD) {
		if (rails_parse_hold(arg, &a->stay.hold_ms))
			return ctl_usage(a->ctl, "hold '%s' is not a time up to 24 h, such as 600 "
						 "(seconds)", arg);
		a->stays = a->stay.hold_ms;
		return 0;
	}
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (!a->action)
		a->action = arg;
	else if (a->count == PLAN_KERNELS)
		return ctl_usage(a->ctl, "more than %d kernels", PLAN_KERNELS);
	else
		a->names[a->count++] = arg;
	return 0;
}

static int list(struct ctl *ctl)
{
	const char *name;
	size_t i;

	for (i = 0; (name = psx_kernel_preset_name(i)); i++) {
		struct psx_kernel *kernel = psx_kernel_preset(name, NULL);

		if (kernel && ctl->json)
			ctl_json(ctl, json_pack("{s:s, s:i, s:f}", "name", name,
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

static json_t *integers(const double *values, unsigned int count)
{
	json_t *list_of = json_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		(void)json_array_append_new(list_of, json_integer((json_int_t)values[i]));
	return list_of;
}

#define MAX_TAPS (PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K)

/* A cell of a scan, away from the sensor's edges */
struct cell {
	double volts[MAX_TAPS]; /* wanted, on a nominal sub-pixel */
	double codes[MAX_TAPS]; /* that the device gets */
	double scale;           /* of the device */
	double residual;        /* realised sum of weights - wanted */
};

static int make_cell(struct cell *cell, const struct psx_kernel *kernel, struct psx_error *err)
{
	const unsigned int k = psx_kernel_get_k(kernel), side = 3 * k;
	const double *weights = psx_kernel_get_weights(kernel);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ side, side, 0 }, PSX_MODE_SCAN, err);
	int16_t plane[9 * MAX_TAPS];
	unsigned int i;

	if (!bank)
		return -1;
	(void)psx_bank_get_plane(bank, 0, plane);
	*cell = (struct cell){ .scale = psx_bank_get_scale(bank) / 256.0 };
	for (i = 0; i < k * k; i++) {
		const int16_t code = plane[(k + i / k) * side + k + i % k];

		cell->volts[i] = psx_sensor_volts(weights[i]);
		cell->codes[i] = code;
		cell->residual += psx_sensor_weight(psx_code_to_volts(code)) -
				  weights[i] * psx_kernel_get_scale(kernel) / cell->scale;
	}
	psx_bank_free(bank);
	return 0;
}

static int show_kernel(struct ctl *ctl, const struct psx_kernel *kernel)
{
	const unsigned int k = psx_kernel_get_k(kernel), count = k * k;
	const double *weights = psx_kernel_get_weights(kernel);
	const double scale = psx_kernel_get_scale(kernel);
	struct psx_error err;
	struct cell cell;
	char title[128];

	if (make_cell(&cell, kernel, &err))
		return ctl_fail(ctl, "%s", err.message);
	if (ctl->json) {
		ctl_json(ctl, json_pack("{s:o, s:i, s:f, s:f, s:f, s:o, s:o, s:o}", "name",
					ctl_json_text(psx_kernel_get_name(kernel)), "k", (int)k,
					"scale", scale, "device_scale", cell.scale,
					"residual", cell.residual, "weights", array(weights, count),
					"volts", array(cell.volts, count),
					"codes", integers(cell.codes, count)));
		return CTL_OK;
	}
	printf("%s, %u x %u, %g bits a grey level at weight 1\n", psx_kernel_get_name(kernel), k, k,
	       scale);
	show_table("weights", " %9.5f", k, weights);
	show_table("volts on a nominal sub-pixel", " %9.3f", k, cell.volts);
	(void)snprintf(title, sizeof(title),
		       "codes, weights times %.5f to meet the DAC's steps and scale %g; sum off by %.1e",
		       scale / cell.scale, cell.scale, cell.residual);
	show_table(title, " %9.0f", k, cell.codes);
	return CTL_OK;
}

static int act(struct ctl *ctl, struct arguments *a)
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
		return load_kernels(ctl, &a->plan, a->stays ? &a->stay : NULL);
	for (i = 0; i < (int)a->plan.kernel_count && code == CTL_OK; i++)
		code = show_kernel(ctl, a->plan.kernels[i]);
	return code;
}

int verb_kernel(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_load_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "list|show|load [KERNEL...]",
		.doc = doc, .children = children,
	};
	struct arguments a = {
		.ctl = ctl, .shared = { .ctl = ctl, .plan = &a.plan }, .stays = true,
	};
	int code;

	plan_init(&a.plan);
	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	code = act(ctl, &a);
	plan_free(&a.plan);
	return code;
}
