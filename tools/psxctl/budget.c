// SPDX-License-Identifier: MIT
#include "evaluator.h"
#include "study.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RATE 30.0
#define DENSE_BITS   16.0 /* a value */
#define SETTLE_S     1e-3 /* of a bias plane, before each exposure */
#define GIGA	     1e9
#define MOST_STREAMS (PLAN_KERNELS + 1)

static const char doc[] =
	"Data rates of a detector against links.\v"
	"The images go through an ideal detector, as in `psxctl eval`: the byte ratio, payload / dense 16-bit, "
	"is measured, pooled over them, for each kernel (laplacian and log without --kernel). It is that of "
	"these images at this threshold; others differ, noise most of all. Rates are payloads alone, "
	"1 Gb/s = 1e9 bits a second. Reconstruction counts images, however small they are. In scan mode a "
	"frame is k * k exposures, each after 1 ms of settling: the longest exposure that the rate leaves is "
	"shown.";

/* What data have to go through */
static const struct link {
	const char *name;
	double gbit;   /* a second; 0 = not what limits it */
	double images; /* a second; 0 = the same */
} links[] = {
	{ "CameraLink HS", 10, 0 },
	{ "GigE", 6.8, 0 },
	{ "CT slip ring", 10, 0 },
	{ "CT detector", 40, 0 },
	{ "reconstruction", 0, 64 },
};
#define LINKS (sizeof(links) / sizeof(links[0]))

enum { OPT_SIZE = 0x2001, OPT_RATE, OPT_PLOT };

static const struct argp_option options[] = {
	{ "size", OPT_SIZE, "WxH", 0, "Sub-pixels of the detector (default: as the first image)", 0 },
	{ "rate", OPT_RATE, "HZ", 0, "Frames a second (default 30)", 0 },
	{ "output", 'o', "CSV", 0, "The table, as comma-separated values", 0 },
	{ "plot", OPT_PLOT, "PNG", 0, "Bars of raw and sparse data beside the links", 0 },
	{ 0 },
};

struct stream_rate {
	const char *name;
	double byte_ratio, occupancy;
	double values; /* of a frame */
	double exposure; /* the longest, s; not above 0: there is no time */
};

struct budget {
	struct ctl *ctl;
	struct plan plan;
	struct plan_input shared;
	char **images;
	size_t image_count;
	double width, height, rate;
	const char *table, *picture;
	struct stream_rate streams[MOST_STREAMS];
	size_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct budget *b = state->input;
	uint32_t size[2];
	char *end;

	switch (key) {
	case OPT_SIZE:
		if (option_numbers(arg, "x", size) || !size[0] || !size[1])
			return (error_t)ctl_usage(b->ctl, "size '%s' is not WxH", arg);
		b->width = size[0];
		b->height = size[1];
		return 0;
	case OPT_RATE:
		b->rate = strtod(arg, &end);
		if (end == arg || *end || !(b->rate > 0 && b->rate <= 1e6))
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

static double gbit_of(const struct budget *b, const struct stream_rate *s)
{
	return s->values * DENSE_BITS * s->byte_ratio * b->rate / GIGA;
}

/* Frames a second that a link carries */
static double frames_of(const struct stream_rate *s, const struct link *link)
{
	return link->images > 0 ? link->images :
				  link->gbit * GIGA / (s->values * DENSE_BITS * s->byte_ratio);
}

static int set_size(struct budget *b, struct psx_error *err)
{
	struct psx_image *image;

	if (b->width > 0)
		return 0;
	image = psx_image_load(b->images[0], err);
	if (!image)
		return -1;
	b->width = psx_image_get_width(image);
	b->height = psx_image_get_height(image);
	psx_image_free(image);
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
		.values = snap ? floor(b->width / k) * floor(b->height / k) : b->width * b->height,
		.exposure = 1 / (b->rate * (snap ? 1 : k * k)) - SETTLE_S,
	};
	return failed ? -1 : 0;
}

static int measure_all(struct budget *b, struct psx_error *err)
{
	struct progress bar;
	int failed = set_size(b, err);
	size_t i;

	b->streams[b->count++] = (struct stream_rate){
		.name = "raw", .byte_ratio = 1, .occupancy = 1, .values = b->width * b->height,
		.exposure = 1 / b->rate - SETTLE_S,
	};
	progress_begin(&bar, "images", b->image_count, !b->ctl->quiet);
	for (i = 0; !failed && i < b->plan.kernel_count; i++)
		failed = measure(b, b->plan.kernels[i], &bar, err);
	progress_end(&bar);
	return failed;
}

static void print_json(struct budget *b)
{
	size_t i, n;

	for (i = 0; i < b->count; i++) {
		const struct stream_rate *s = &b->streams[i];
		json_t *list = json_array();

		for (n = 0; n < LINKS; n++)
			(void)json_array_append_new(list, json_pack(
				"{s:s, s:f, s:f, s:b}", "link", links[n].name, "share",
				b->rate / frames_of(s, &links[n]), "frames_s", frames_of(s, &links[n]),
				"fits", b->rate <= frames_of(s, &links[n])));
		ctl_json(b->ctl, json_pack(
			"{s:o, s:f, s:f, s:f, s:f, s:f, s:o}", "stream", ctl_json_text(s->name), "rate",
			b->rate, "byte_ratio", s->byte_ratio, "occupancy", s->occupancy, "gbit_s",
			gbit_of(b, s), "longest_exposure_s", fmax(s->exposure, 0), "links", list));
	}
}

static void print_text(const struct budget *b)
{
	size_t i, n;

	printf("%g x %g sub-pixels, %g frames a second, T = %u bits, %zu image%s\n", b->width, b->height,
	       b->rate, b->plan.threshold.bits, b->image_count, b->image_count == 1 ? "" : "s");
	printf("%-12s %10s %8s %9s %11s", "stream", "byte ratio", "occupied", "Gb/s", "exposure");
	for (n = 0; n < LINKS; n++)
		printf(" %15s", links[n].name);
	printf("\n%-12s %10s %8s %9s %11s", "", "", "", "", "at most");
	for (n = 0; n < LINKS; n++)
		printf(links[n].gbit > 0 ? " %10g Gb/s" : " %6g images/s",
		       links[n].gbit > 0 ? links[n].gbit : links[n].images);
	printf("\n");
	for (i = 0; i < b->count; i++) {
		const struct stream_rate *s = &b->streams[i];

		printf("%-12s %10.4f %8.4f %9.4g", s->name, s->byte_ratio, s->occupancy,
		       gbit_of(b, s));
		if (s->exposure > 0)
			printf(" %8.3g ms", 1e3 * s->exposure);
		else
			printf(" %11s", "no time");
		for (n = 0; n < LINKS; n++)
			printf(" %8.4g /s%s", frames_of(s, &links[n]),
			       b->rate <= frames_of(s, &links[n]) ? " yes" : "  no");
		printf("\n");
	}
}

static int write_table(const struct budget *b)
{
	struct table t;
	size_t i;

	if (!b->table)
		return CTL_OK;
	if (table_open(&t, b->table, "stream,rate,byte_ratio,occupancy,gbit_s,longest_exposure_s"))
		return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->table), strerror(errno));
	for (i = 0; i < b->count; i++)
		fprintf(t.file, "%s,%.9g,%.9g,%.9g,%.9g,%.9g\n", b->streams[i].name, b->rate,
			b->streams[i].byte_ratio, b->streams[i].occupancy,
			gbit_of(b, &b->streams[i]), fmax(b->streams[i].exposure, 0));
	if (table_close(&t))
		return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->table), strerror(errno));
	return CTL_OK;
}

/* Raw and sparse beside the links; images a second are those of raw data */
static int draw(const struct budget *b)
{
	struct chart_bar bars[MOST_STREAMS], lines[LINKS];
	char names[LINKS][64];
	size_t i;

	if (!b->picture)
		return CTL_OK;
	for (i = 0; i < b->count; i++)
		bars[i] = (struct chart_bar){ b->streams[i].name, gbit_of(b, &b->streams[i]), i > 0 };
	for (i = 0; i < LINKS; i++) {
		const struct link *l = &links[i];
		const double gbit = l->gbit > 0 ? l->gbit :
						  l->images * b->streams[0].values * DENSE_BITS / GIGA;

		if (l->gbit > 0)
			(void)snprintf(names[i], sizeof(names[i]), "%s %g Gb/s", l->name, l->gbit);
		else
			(void)snprintf(names[i], sizeof(names[i]), "%s %g raw images/s", l->name,
				       l->images);
		lines[i] = (struct chart_bar){ names[i], gbit, 0 };
	}
	if (!chart_write_bars(b->picture, &(const struct chart_bars){
			"data rate, Gb/s", bars, lines, b->count, LINKS }))
		return CTL_OK;
	if (errno == ENOTSUP)
		return ctl_fail(b->ctl, "built without cairo: no pictures of bars");
	return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->picture), strerror(errno));
}

static int run(struct budget *b)
{
	struct psx_error err = { 0 };
	int code;

	if (b->ctl->uri)
		return ctl_usage(b->ctl, "budget works on images: -d means nothing here");
	if (!b->image_count)
		return ctl_usage(b->ctl, "name at least one image");
	if (b->plan.mode == PSX_MODE_POINT)
		return ctl_usage(b->ctl, "mode 'point' is not scan or snap");
	if ((!b->plan.kernel_count && plan_add_kernels(&b->plan, "laplacian,log", &err)) ||
	    measure_all(b, &err))
		return ctl_fail(b->ctl, "%s", err.message);
	if (b->ctl->json)
		print_json(b);
	else
		print_text(b);
	code = write_table(b);
	return code == CTL_OK ? draw(b) : code;
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
