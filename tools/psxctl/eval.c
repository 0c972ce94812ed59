// SPDX-License-Identifier: MIT
#include "evaluator.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Every image through an ideal detector: how many pixels are effective, how many bytes leave.\v"
	"Images are PGM, PNG or TIFF; the grey level is the sample value. One kernel at a time, laplacian "
	"without --kernel; scan or snap. Occupancy is effective / all pixels, suppressed is 1 - occupancy, "
	"byte ratio is payload / dense 16-bit. The mean is over images, pooled over all their pixels.";

struct arguments {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	char **images;
	size_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->shared;
		return 0;
	case ARGP_KEY_ARG:
		a->images[a->count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static json_t *shares(double occupancy, double byte_ratio)
{
	return json_pack("{s:f, s:f, s:f}", "occupancy", occupancy, "suppressed", 1 - occupancy,
			 "byte_ratio", byte_ratio);
}

static json_t *counts(const struct figures *f)
{
	return json_pack("{s:I, s:I, s:f, s:f, s:I, s:I, s:f}", "pixels", (json_int_t)f->pixels,
			 "effective", (json_int_t)f->effective, "occupancy", figures_occupancy(f),
			 "suppressed", 1 - figures_occupancy(f), "payload_bytes",
			 (json_int_t)f->payload_bytes, "dense_bytes", (json_int_t)f->dense_bytes,
			 "byte_ratio", figures_byte_ratio(f));
}

static void show_row(const char *name, const struct figures *f)
{
	printf("%-40s %9llu %9llu %8.4f %10.4f %10llu %10.4f\n", name,
	       (unsigned long long)f->pixels, (unsigned long long)f->effective, figures_occupancy(f),
	       1 - figures_occupancy(f), (unsigned long long)f->payload_bytes, figures_byte_ratio(f));
}

static void show_image(struct ctl *ctl, const char *path, const struct figures *f)
{
	json_t *object;

	if (!ctl->json) {
		show_row(base_name(path), f);
		return;
	}
	object = json_pack("{s:o}", "image", ctl_json_text(path));
	(void)json_object_update_new(object, counts(f));
	ctl_json(ctl, object);
}

static void show_summary(struct ctl *ctl, double occupancy, double ratio,
			 const struct figures *pooled)
{
	if (ctl->json) {
		ctl_json(ctl, json_pack("{s:o}", "mean", shares(occupancy, ratio)));
		ctl_json(ctl, json_pack("{s:o}", "pooled", counts(pooled)));
		return;
	}
	printf("%-40s %9s %9s %8.4f %10.4f %10s %10.4f\n", "mean", "", "", occupancy, 1 - occupancy,
	       "", ratio);
	show_row("pooled", pooled);
}

static int eval_all(struct arguments *a)
{
	struct figures pooled = { 0 }, one = { 0 };
	struct evaluator eval;
	struct progress progress;
	struct psx_error err;
	double occupancy = 0, ratio = 0;
	size_t i;
	int code = CTL_OK;

	if (evaluator_begin(&eval, a->ctl->uri, &a->plan, &err))
		return ctl_fail(a->ctl, "%s", err.message);
	if (!a->ctl->json)
		printf("%-40s %9s %9s %8s %10s %10s %10s\n", "image", "pixels", "effective",
		       "occupied", "suppressed", "payload B", "byte ratio");
	progress_begin(&progress, "images", a->count, !a->ctl->quiet);
	for (i = 0; i < a->count && code == CTL_OK; i++) {
		if (evaluator_image(&eval, a->images[i], &one, &err)) {
			progress_end(&progress);
			code = ctl_fail(a->ctl, "%s", err.message);
			break;
		}
		show_image(a->ctl, a->images[i], &one);
		figures_add(&pooled, &one);
		occupancy += figures_occupancy(&one) / (double)a->count;
		ratio += figures_byte_ratio(&one) / (double)a->count;
		progress_show(&progress, i + 1);
	}
	progress_end(&progress);
	evaluator_end(&eval);
	if (code == CTL_OK)
		show_summary(a->ctl, occupancy, ratio, &pooled);
	return code;
}

int verb_eval(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.parser = parse, .args_doc = "IMAGE...", .doc = doc, .children = children,
	};
	struct arguments a = {
		.ctl = ctl,
		.shared = { .ctl = ctl, .plan = &a.plan },
		.images = calloc((size_t)argc, sizeof(char *)),
	};
	struct psx_error err;
	int code = CTL_USAGE;

	if (!a.images)
		return ctl_fail(ctl, "out of memory");
	plan_init(&a.plan);
	if (ctl_parse(ctl, &argp, argc, argv, &a))
		goto out;
	if (!a.count) {
		code = ctl_usage(ctl, "name at least one image");
		goto out;
	}
	if (a.plan.kernel_count > 1 || a.plan.mode == PSX_MODE_POINT) {
		code = ctl_usage(ctl, a.plan.kernel_count > 1 ? "one kernel at a time" :
							       "mode 'point' is not scan or snap");
		goto out;
	}
	if (!a.plan.kernel_count && plan_add_kernels(&a.plan, "laplacian", &err)) {
		code = ctl_fail(ctl, "%s", err.message);
		goto out;
	}
	code = eval_all(&a);
out:
	plan_free(&a.plan);
	free(a.images);
	return code;
}
