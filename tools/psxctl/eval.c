// SPDX-License-Identifier: MIT
#include "plan.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Every image through an ideal detector: how many pixels are effective, how many bytes leave.\v"
	"Images are PGM, PNG or TIFF; the grey level is the sample value. Occupancy is effective / all "
	"pixels, suppressed is 1 - occupancy, byte ratio is payload / dense 16-bit. The mean is over "
	"images, pooled over all their pixels.";

enum { OPT_KERNEL = 'k', OPT_THRESHOLD = 't', OPT_POLARITY = 'p', OPT_MODE = 'm' };

static const struct argp_option options[] = {
	{ "kernel", OPT_KERNEL, "NAME", 0, "Preset or kernel file (default laplacian)", 0 },
	{ "threshold", OPT_THRESHOLD, "T", 0, "In bits, or N% of the frame's maximum (default 1)", 0 },
	{ "polarity", OPT_POLARITY, "P", 0, "positive (v >= T, default) or both (|v| >= T)", 0 },
	{ "mode", OPT_MODE, "MODE", 0, "scan (default) or snap", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	struct plan plan;
	char **images;
	size_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct psx_error err;

	switch (key) {
	case OPT_KERNEL:
		plan_free(&a->plan);
		if (plan_add_kernels(&a->plan, arg, &err))
			return ctl_usage(a->ctl, "%s", err.message);
		if (a->plan.kernel_count > 1)
			return ctl_usage(a->ctl, "one kernel at a time");
		return 0;
	case OPT_THRESHOLD:
		if (option_threshold(arg, &a->plan.threshold))
			return ctl_usage(a->ctl, "threshold '%s' is not 0..32767 bits or a percentage", arg);
		return 0;
	case OPT_POLARITY:
		if (option_polarity(arg, &a->plan.polarity))
			return ctl_usage(a->ctl, "polarity '%s' is not positive or both", arg);
		return 0;
	case OPT_MODE:
		if (option_mode(arg, &a->plan.mode) || a->plan.mode == PSX_MODE_POINT)
			return ctl_usage(a->ctl, "mode '%s' is not scan or snap", arg);
		return 0;
	case ARGP_KEY_ARG:
		a->images[a->count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The detector that images go through; a model is remade when the size changes */
struct bench {
	const char *uri; /* NULL = an ideal model */
	struct psx_device *dev;
};

static int fit(struct bench *bench, const struct plan *plan, const struct psx_image *image,
	       struct psx_error *err)
{
	uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	char uri[96];

	if (bench->dev && (bench->uri || (psx_device_get_info(bench->dev)->width == width &&
					  psx_device_get_info(bench->dev)->height == height)))
		return 0;
	psx_device_close(bench->dev);
	(void)snprintf(uri, sizeof(uri), "sim:profile=ideal,width=%u,height=%u,scene=flat:0", width,
		       height);
	bench->dev = psx_device_open(bench->uri ? bench->uri : uri, err);
	return bench->dev ? plan_load(plan, bench->dev, err) : -1;
}

static int expose(struct bench *bench, const struct plan *plan, const char *path,
		  struct figures *figures, struct psx_error *err)
{
	struct psx_image *image = psx_image_load(path, err);
	const struct psx_frame *frame;
	struct stream stream;
	int result = -1;

	if (!image)
		return -1;
	if (!fit(bench, plan, image, err)) {
		if (psx_device_present(bench->dev, image))
			(void)snprintf(err->message, sizeof(err->message), "%s: %s", path,
				       psx_device_error(bench->dev));
		else if (!stream_start(&stream, plan, bench->dev, 1, err)) {
			result = stream_next(&stream, &frame, err) == 1 ? 0 : -1;
			if (!result)
				*figures = figures_of(frame);
			stream_end(&stream);
		}
	}
	psx_image_free(image);
	return result;
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

static void show_image(const struct ctl *ctl, const char *path, const struct figures *f)
{
	json_t *object;

	if (!ctl->json) {
		show_row(base_name(path), f);
		return;
	}
	object = json_pack("{s:s}", "image", path);
	(void)json_object_update_new(object, counts(f));
	ctl_json(object);
}

static void show_summary(const struct ctl *ctl, double occupancy, double ratio,
			 const struct figures *pooled)
{
	if (ctl->json) {
		ctl_json(json_pack("{s:o}", "mean", shares(occupancy, ratio)));
		ctl_json(json_pack("{s:o}", "pooled", counts(pooled)));
		return;
	}
	printf("%-40s %9s %9s %8.4f %10.4f %10s %10.4f\n", "mean", "", "", occupancy, 1 - occupancy,
	       "", ratio);
	show_row("pooled", pooled);
}

static int eval_all(struct arguments *a)
{
	struct bench bench = { .uri = a->ctl->uri };
	struct figures pooled = { 0 }, one;
	struct progress progress;
	struct psx_error err;
	double occupancy = 0, ratio = 0;
	size_t i;
	int code = CTL_OK;

	if (!a->ctl->json)
		printf("%-40s %9s %9s %8s %10s %10s %10s\n", "image", "pixels", "effective",
		       "occupied", "suppressed", "payload B", "byte ratio");
	progress_begin(&progress, "images", a->count, !a->ctl->quiet);
	for (i = 0; i < a->count && code == CTL_OK; i++) {
		if (expose(&bench, &a->plan, a->images[i], &one, &err)) {
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
	psx_device_close(bench.dev);
	if (code == CTL_OK)
		show_summary(a->ctl, occupancy, ratio, &pooled);
	return code;
}

int verb_eval(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "IMAGE...", .doc = doc };
	struct arguments a = { .ctl = ctl, .images = calloc((size_t)argc, sizeof(char *)) };
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
