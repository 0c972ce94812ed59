// SPDX-License-Identifier: MIT
#include "budget.h"

#include "evaluator.h"
#include "progress.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DEFAULT_RATE 30.0
#define DENSE_BITS   16.0 /* a value */
#define SETTLE_S     1e-3 /* of a bias plane, before each exposure */
#define GIGA	     1e9

static const char doc[] =
	"Data rates of a detector against links.\v"
	"The images go through an ideal detector, as in `psxctl eval`: the byte ratio, payload / dense 16-bit, "
	"is measured, pooled over them, for each kernel (laplacian and log without --kernel). It is that of "
	"these images at this threshold; others differ, noise most of all. Rates are payloads alone, "
	"1 Gb/s = 1e9 bits a second. Reconstruction counts images, however small they are. In scan mode a "
	"frame is k * k exposures, each after 1 ms of settling: the longest exposure that the rate leaves is "
	"shown. Where that is no time, nothing fits.";

const struct link budget_links[BUDGET_LINKS] = {
	{ "CameraLink HS", 10, 0 },
	{ "GigE", 6.8, 0 },
	{ "CT slip ring", 10, 0 },
	{ "CT detector", 40, 0 },
	{ "reconstruction", 0, 64 },
};

enum { OPT_SIZE = 0x2001, OPT_RATE, OPT_PLOT };

static const struct argp_option options[] = {
	{ "size", OPT_SIZE, "WxH", 0, "Sub-pixels of the detector (default: as the first image)", 0 },
	{ "rate", OPT_RATE, "HZ", 0, "Frames a second (default 30)", 0 },
	{ "output", 'o', "CSV", 0, "The table, as comma-separated values", 0 },
	{ "plot", OPT_PLOT, "PNG", 0, "Raw and sparse data, stage by stage, and what each carries", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct budget *b = state->input;
	uint32_t size[2];

	switch (key) {
	case OPT_SIZE:
		if (option_numbers(arg, "x", size) || !size[0] || !size[1])
			return (error_t)ctl_usage(b->ctl, "size '%s' is not WxH", arg);
		b->width = size[0];
		b->height = size[1];
		return 0;
	case OPT_RATE:
		if (option_decimal(arg, &b->rate) || !(b->rate > 0 && b->rate <= 1e6))
			return (error_t)ctl_usage(b->ctl, "rate '%s' is not a number of frames a second",
						  arg);
		return 0;
	case OPT_PLOT:
		b->picture = arg;
		return 0;
	case 'o':
		b->table = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &b->shared;
		return 0;
	case ARGP_KEY_ARG:
		b->images[b->image_count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

double budget_gbit(const struct budget *b, const struct stream_rate *s)
{
	return s->values * DENSE_BITS * s->byte_ratio * b->rate / GIGA;
}

double budget_frames(const struct stream_rate *s, const struct link *link)
{
	return link->images > 0 ? link->images :
				  link->gbit * GIGA / (s->values * DENSE_BITS * s->byte_ratio);
}

bool budget_fits(const struct budget *b, const struct stream_rate *s, const struct link *link)
{
	return s->exposure > 0 && b->rate <= budget_frames(s, link);
}

static int set_size(struct budget *b, struct psx_error *err)
{
	struct psx_image *image;

	if (b->width)
		return 0;
	image = psx_image_load(b->images[0], err);
	if (!image)
		return -1;
	b->width = psx_image_get_width(image);
	b->height = psx_image_get_height(image);
	psx_image_free(image);
	return 0;
}

/* A detector without a whole cell makes no value in snap mode, and none of its own in scan */
static int check_size(const struct budget *b, struct psx_error *err)
{
	size_t i;

	for (i = 0; i < b->plan.kernel_count; i++) {
		const unsigned int k = psx_kernel_get_k(b->plan.kernels[i]);

		if (b->width < k || b->height < k)
			return psx_error_set(err, EINVAL, "size %ux%u is less than a cell of '%s', %u x %u",
					     b->width, b->height, psx_kernel_get_name(b->plan.kernels[i]),
					     k, k);
	}
	return 0;
}

/* All images through one kernel */
static int measure(struct budget *b, struct psx_kernel *kernel, struct progress *bar,
		   struct psx_error *err)
{
	const double k = psx_kernel_get_k(kernel);
	const bool snap = b->plan.mode == PSX_MODE_SNAP;
	struct figures pooled = { 0 }, one;
	struct plan plan = b->plan;
	struct evaluator eval;
	size_t i;
	int failed;

	plan.kernels[0] = kernel;
	plan.kernel_count = 1;
	failed = evaluator_begin(&eval, NULL, &plan, err);
	for (i = 0; !failed && i < b->image_count; i++) {
		failed = evaluator_image(&eval, b->images[i], &one, err);
		if (!failed)
			figures_add(&pooled, &one);
		progress_show(bar, i + 1);
	}
	evaluator_end(&eval);
	b->streams[b->count++] = (struct stream_rate){
		.name = psx_kernel_get_name(kernel),
		.byte_ratio = figures_byte_ratio(&pooled),
		.occupancy = figures_occupancy(&pooled),
		.values = snap ? floor(b->width / k) * floor(b->height / k) :
				 (double)b->width * b->height,
		.exposure = 1 / (b->rate * (snap ? 1 : k * k)) - SETTLE_S,
	};
	return failed ? -1 : 0;
}

static int measure_all(struct budget *b, struct psx_error *err)
{
	struct progress bar;
	int failed = set_size(b, err) || check_size(b, err);
	size_t i;

	b->streams[b->count++] = (struct stream_rate){
		.name = "raw", .byte_ratio = 1, .occupancy = 1, .values = (double)b->width * b->height,
		.exposure = 1 / b->rate - SETTLE_S,
	};
	progress_begin(&bar, "images", b->image_count, !b->ctl->quiet);
	for (i = 0; !failed && i < b->plan.kernel_count; i++)
		failed = measure(b, b->plan.kernels[i], &bar, err);
	progress_end(&bar);
	return failed;
}

static int run(struct budget *b)
{
	struct psx_error err = { 0 };
	size_t i;
	int code;

	if (b->ctl->uri)
		return ctl_usage(b->ctl, "budget works on images: -d means nothing here");
	if (!b->image_count)
		return ctl_usage(b->ctl, "name at least one image");
	if (b->plan.mode == PSX_MODE_POINT)
		return ctl_usage(b->ctl, "mode 'point' is not scan or snap");
	code = ctl_check_outputs(b->ctl, b->table, b->picture);
	for (i = 0; i < b->image_count && code == CTL_OK; i++)
		code = ctl_spare(b->ctl, b->table, b->picture, b->images[i], "an image");
	if (code == CTL_OK)
		code = ctl_can_write(b->ctl, b->table);
	if (code == CTL_OK)
		code = ctl_can_write(b->ctl, b->picture);
	if (code != CTL_OK)
		return code;
	if ((!b->plan.kernel_count && plan_add_kernels(&b->plan, "laplacian,log", &err)) ||
	    measure_all(b, &err))
		return ctl_fail(b->ctl, "%s", err.message);
	budget_print(b);
	return budget_write(b);
}

int verb_budget(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &plan_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "IMAGE...", .doc = doc,
		.children = children,
	};
	struct budget b = {
		.ctl = ctl, .shared = { .ctl = ctl, .plan = &b.plan }, .rate = DEFAULT_RATE,
		.images = calloc((size_t)argc, sizeof(char *)),
	};
	int code = CTL_USAGE;

	if (!b.images)
		return ctl_fail(ctl, "out of memory");
	plan_init(&b.plan);
	if (!ctl_parse(ctl, &argp, argc, argv, &b))
		code = run(&b);
	plan_free(&b.plan);
	free(b.images);
	return code;
}
