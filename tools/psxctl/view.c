// SPDX-License-Identifier: MIT
#include "../../lib/error.h"
#include "histogram.h"
#include "picture.h"
#include "psxctl.h"
#include "subject.h"
#include "terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Show a frame or an image, in the terminal or as a PNG picture.\v"
	"FILE is a file of frames, the payload of one frame, or an image (PGM, PNG, TIFF). Without "
	"--map the frame decides: signed where values are negative, edges where over a tenth is 0, "
	"else grey. Pictures under 256 pixels are enlarged by a whole number. With --json nothing "
	"is drawn in the terminal.";

enum { OPT_MAP = 0x2001, OPT_HISTOGRAM };

static const struct argp_option options[] = {
	{"output", 'o', "PNG", 0, "Write a picture instead of drawing in the terminal", 0},
	{"number", 'n', "INDEX", 0, "Frame of the file, from 0; -1 is the last", 0},
	{"map", OPT_MAP, "MAP", 0, "grey, signed or edges", 0},
	{"histogram", OPT_HISTOGRAM, NULL, 0, "With a histogram beneath", 0},
	{0},
};

struct view {
	struct ctl *ctl;
	const char *path, *output;
	long long index;
	enum map map;
	bool histogram;
	/* found while showing */
	struct subject subject;
	struct mapping mapping;
	uint32_t factor; /* PNG pixels a side for each value */
};

static error_t parse_index(struct view *v, const char *text)
{
	char *end;

	errno = 0;
	v->index = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return (error_t)ctl_usage(v->ctl, "-n needs a whole number, not '%s'", text);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct view *v = state->input;

	switch (key) {
	case 'o':
		v->output = arg;
		return 0;
	case 'n':
		return parse_index(v, arg);
	case OPT_MAP:
		if (mapping_parse(arg, &v->map))
			return (error_t)ctl_usage(v->ctl, "no map '%s' (grey signed edges)", arg);
		return 0;
	case OPT_HISTOGRAM:
		v->histogram = true;
		return 0;
	case ARGP_KEY_ARG:
		if (v->path)
			return (error_t)ctl_usage(v->ctl, "one file at a time, not also '%s'", arg);
		v->path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct histogram_input histogram_of(const struct view *v)
{
	const struct subject *s = &v->subject;

	return (struct histogram_input){
		.values = s->values,
		.mask = s->mask,
		.count = (size_t)s->width * s->height,
		.effective_only = s->is_frame && s->info.threshold > 0,
		.threshold = s->info.threshold,
		.both = s->info.polarity == PSX_BOTH,
		.unit = subject_unit(s),
	};
}

static int write_picture(struct view *v)
{
	static const uint8_t beside[3] = {250, 250,
					  250}; /* a picture narrower than its histogram */
	const struct subject *s = &v->subject;
	const struct histogram_input in = histogram_of(v);
	struct picture *picture;
	uint32_t width, height;
	int failed;

	v->factor = picture_factor(s->width, s->height);
	width = s->width * v->factor;
	height = s->height * v->factor;
	picture = picture_new(v->histogram && width < HISTOGRAM_MIN_WIDTH ? HISTOGRAM_MIN_WIDTH
									  : width,
			      height + (v->histogram ? HISTOGRAM_HEIGHT : 0));
	if (!picture)
		return ctl_fail(v->ctl, "no memory for a picture of %u x %u", width, height);
	picture_fill(picture, width, 0, picture->width, height, beside);
	picture_draw_values(picture, &v->mapping, s->values, s->width, s->height, v->factor);
	picture_mark(picture, s->mask, s->width, s->height, v->factor);
	failed = v->histogram && histogram_draw(picture, height, &in);
	if (!failed)
		failed = picture_write_png(picture, v->output);
	free(picture);
	return failed ? ctl_fail(v->ctl, "%s: %s", psx_error_path(v->output), strerror(errno)) : CTL_OK;
}

/* The picture, and rows left for the histogram and two lines of caption. */
static int draw_in_terminal(struct view *v)
{
	const struct subject *s = &v->subject;
	const struct histogram_input in = histogram_of(v);
	struct picture *picture = picture_new(s->width, s->height);
	uint32_t columns, rows;
	int failed;

	if (!picture)
		return ctl_fail(v->ctl, "no memory for a picture of %u x %u", s->width, s->height);
	picture_draw_values(picture, &v->mapping, s->values, s->width, s->height, 1);
	picture_mark(picture, s->mask, s->width, s->height, 1);
	terminal_size(&columns, &rows);
	rows = rows > 8 ? rows - 4 : 4;
	failed = terminal_draw(stdout, picture, columns, rows);
	free(picture);
	if (failed)
		return ctl_fail(v->ctl, "built without libchafa: use -o FILE.png");
	if (v->histogram && histogram_print(stdout, columns, &in))
		return ctl_fail(v->ctl, "no memory for a histogram");
	return CTL_OK;
}

static void print_caption(const struct view *v)
{
	const struct subject *s = &v->subject;
	char map[128], total[48] = "";

	if (subject_has_others(s))
		(void)snprintf(total, sizeof(total), " of %llu, %.1f %% of all",
			       (unsigned long long)s->active, 100 * subject_occupancy_total(s));
	mapping_describe(&v->mapping, subject_unit(s), map, sizeof(map));
	if (s->is_frame) {
		printf("frame %lld of %lld: %u x %u, %s%sT %u %s, %u effective (occupancy %.1f "
		       "%%%s), "
		       "%zu B payload (%.1f %% of dense 16-bit)\n",
		       s->index, s->count, s->width, s->height, s->kernel, *s->kernel ? ", " : "",
		       s->info.threshold, s->info.polarity == PSX_BOTH ? "both" : "positive",
		       s->info.effective, 100 * subject_occupancy(s), total, s->payload_bytes,
		       100 * (double)s->payload_bytes / (double)subject_dense_bytes(s));
	} else {
		printf("image: %u x %u\n", s->width, s->height);
	}
	if (!s->complete)
		printf("(incomplete: its writer died; %lld whole frame%s)\n", s->count,
		       s->count == 1 ? "" : "s");
	puts(map);
	if (s->bad)
		printf("magenta: %zu bad pixel%s, in no figure but the file's own\n", s->bad,
		       s->bad == 1 ? "" : "s");
	if (v->output && v->factor > 1)
		printf("%s: enlarged, a pixel is %u x %u\n", v->output, v->factor, v->factor);
}

static void print_json(struct view *v)
{
	const struct subject *s = &v->subject;
	json_t *object =
		json_pack("{s:o, s:s, s:i, s:i, s:{s:s, s:i, s:i}}", "file", ctl_json_text(v->path), "kind",
			  s->is_frame ? "frame" : "image", "width", (int)s->width, "height",
			  (int)s->height, "map", "name", mapping_name(&v->mapping), "low",
			  (int)v->mapping.low, "high", (int)v->mapping.high);

	if (s->is_frame) {
		json_t *frame = json_pack(
			"{s:I, s:I, s:b, s:I, s:i, s:i, s:o, s:i, s:s, s:i, s:I, s:f, s:I, s:I, s:f, s:I}",
			"index", (json_int_t)s->index, "frames", (json_int_t)s->count, "complete",
			s->complete, "seq",
			(json_int_t)s->info.seq, "cfg_id", (int)s->info.cfg_id, "channel",
			(int)s->info.channel, "kernel",
			*s->kernel ? ctl_json_text(s->kernel) : json_null(), "threshold",
			(int)s->info.threshold, "polarity",
			s->info.polarity == PSX_BOTH ? "both" : "positive", "pga",
			(int)s->info.pga, "effective",
			(json_int_t)s->info.effective, "occupancy", subject_occupancy(s),
			"payload_bytes", (json_int_t)s->payload_bytes, "dense_bytes",
			(json_int_t)subject_dense_bytes(s), "byte_ratio",
			(double)s->payload_bytes / (double)subject_dense_bytes(s), "saturated",
			(json_int_t)s->info.saturated);

		if (s->bad)
			(void)json_object_set_new(frame, "bad_pixels",
						  json_integer((json_int_t)s->bad));
		if (subject_has_others(s))
			(void)json_object_update_new(frame, json_pack(
				"{s:I, s:f}", "active", (json_int_t)s->active, "occupancy_total",
				subject_occupancy_total(s)));
		(void)json_object_update(object, frame);
		json_decref(frame);
	}
	if (v->output)
		(void)json_object_update_new(object, json_pack("{s:o, s:i}", "picture",
							       ctl_json_text(v->output),
							       "enlarged", (int)v->factor));
	ctl_json(v->ctl, object);
}

static int show(struct view *v)
{
	const struct subject *s = &v->subject;
	const enum map map = s->is_frame || v->map != MAP_AUTO ? v->map : MAP_GREY;
	int code = CTL_OK;

	if (mapping_choose(&v->mapping, map, s->values, s->mask, (size_t)s->width * s->height))
		return ctl_fail(v->ctl, "no memory");
	if (v->output)
		code = write_picture(v);
	else if (!v->ctl->json)
		code = draw_in_terminal(v);
	if (code != CTL_OK)
		return code;
	if (v->ctl->json)
		print_json(v);
	else if (!v->ctl->quiet)
		print_caption(v);
	return CTL_OK;
}

int verb_view(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = {options, parse, "FILE", doc, NULL, NULL, NULL};
	struct view v = {.ctl = ctl};
	struct psx_error err;
	int code;

	if (ctl_parse(ctl, &argp, argc, argv, &v))
		return CTL_USAGE;
	if (!v.path)
		return ctl_usage(ctl, "which file? (try --help)");
	code = ctl_spare(ctl, v.output, NULL, v.path, "the file to view");
	if (code != CTL_OK)
		return code;
	if (subject_load(&v.subject, v.path, v.index, &err))
		return ctl_fail(ctl, "%s", err.message);
	code = show(&v);
	subject_free(&v.subject);
	return code;
}
