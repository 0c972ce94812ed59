// SPDX-License-Identifier: MIT
#include "options.h"

#include "../../lib/error.h"
#include "../../lib/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char doc[] =
	"A picture (PGM, PNG, TIFF) or a phantom (docs/phantoms.md) as grey levels of 16 bits, row by "
	"row. FILE.pgm is a picture again; FILE.raw, or a name without an ending, means the levels alone, "
	"little-endian: what psxdet-mock takes as its scene.\v"
	"Prints width and height. A file keeps its size; --width and --height, where given, must be "
	"its own. A phantom is 640 x 480 without them.";

enum { OPT_OUTPUT = 'o', OPT_WIDTH = 0x3001, OPT_HEIGHT, OPT_SEED };

#define MAX_SIDE	65535
#define DEFAULT_WIDTH	640
#define DEFAULT_HEIGHT	480
#define BLOCK		4096 /* grey levels written at once */

static const struct argp_option options[] = {
	{ "output", OPT_OUTPUT, "FILE", 0, "Where to: .raw or .pgm", 0 },
	{ "width", OPT_WIDTH, "W", 0, "Of a phantom", 0 },
	{ "height", OPT_HEIGHT, "H", 0, "Of a phantom", 0 },
	{ "seed", OPT_SEED, "N", 0, "Of a phantom (default 1)", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	const char *scene, *output;
	unsigned long long width, height, seed; /* sides: 0 = not given */
};

static error_t parse_number(struct arguments *a, const char *name, const char *text,
			    unsigned long long least, unsigned long long most,
			    unsigned long long *value)
{
	if (option_number(text, least, most, value))
		return ctl_usage(a->ctl, "%s '%s' is not %llu..%llu", name, text, least, most);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_OUTPUT:
		a->output = arg;
		return 0;
	case OPT_WIDTH:
		return parse_number(a, "width", arg, 1, MAX_SIDE, &a->width);
	case OPT_HEIGHT:
		return parse_number(a, "height", arg, 1, MAX_SIDE, &a->height);
	case OPT_SEED:
		return parse_number(a, "seed", arg, 0, UINT64_MAX, &a->seed);
	case ARGP_KEY_ARG:
		if (a->scene)
			return ctl_usage(a->ctl, "unexpected argument '%s': one scene at a time", arg);
		a->scene = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A phantom where there is one of that name, else the file */
static struct psx_image *open_scene(const struct arguments *a, struct psx_error *err)
{
	const uint32_t width = a->width ? (uint32_t)a->width : DEFAULT_WIDTH;
	const uint32_t height = a->height ? (uint32_t)a->height : DEFAULT_HEIGHT;
	struct psx_image *img = psx_image_phantom(a->scene, width, height, a->seed, err);

	if (img || errno != ENOENT)
		return img;
	img = psx_image_load(a->scene, err);
	if (!img && errno == ENOENT && !strpbrk(a->scene, "/."))
		(void)psx_error_set(err, ENOENT,
				    "'%.80s' is neither a file nor a phantom (hust blade wedge "
				    "flat:LEVEL baggage letter:H)", a->scene);
	if (!img)
		return NULL;
	if ((a->width && a->width != psx_image_get_width(img)) ||
	    (a->height && a->height != psx_image_get_height(img))) {
		(void)psx_error_set(err, EINVAL, "%s is %u x %u, not the size that was asked for",
				    psx_error_path(a->scene), psx_image_get_width(img),
				    psx_image_get_height(img));
		psx_image_free(img);
		return NULL;
	}
	return img;
}

static int write_all(int fd, const uint8_t *bytes, size_t count)
{
	while (count) {
		ssize_t done = write(fd, bytes, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		bytes += done;
		count -= (size_t)done;
	}
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), tail = strlen(end);

	return length > tail && !strcasecmp(text + length - tail, end);
}

/* .raw and .pgm; or none, which is raw */
static bool has_known_ending(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strchr(slash ? slash : path, '.') || ends_with(path, ".raw") || ends_with(path, ".pgm");
}

/* PGM has its high bytes first */
static int write_levels(int fd, const struct psx_image *img, bool pgm)
{
	const size_t count = (size_t)psx_image_get_width(img) * psx_image_get_height(img);
	const uint16_t *levels = psx_image_get_levels(img);
	uint8_t block[2 * BLOCK];
	size_t done = 0;

	while (done < count) {
		const size_t part = count - done < BLOCK ? count - done : BLOCK;
		size_t i;

		for (i = 0; i < part; i++) {
			block[2 * i + pgm] = (uint8_t)levels[done + i];
			block[2 * i + !pgm] = (uint8_t)(levels[done + i] >> 8);
		}
		if (write_all(fd, block, 2 * part))
			return -1;
		done += part;
	}
	return 0;
}

static int write_image(const struct psx_image *img, const char *path)
{
	const bool pgm = ends_with(path, ".pgm");
	struct psx_output out;

	if (psx_output_open(&out, path))
		return -1;
	if ((!pgm || dprintf(out.fd, "P5\n%u %u\n65535\n", psx_image_get_width(img),
			     psx_image_get_height(img)) > 0) &&
	    !write_levels(out.fd, img, pgm) && !psx_output_commit(&out))
		return 0;
	psx_output_discard(&out);
	return -1;
}

static int convert(const struct arguments *a)
{
	struct psx_error err;
	struct psx_image *img = open_scene(a, &err);
	uint32_t width, height;
	int failed;

	if (!img)
		return ctl_fail(a->ctl, "%s", err.message);
	width = psx_image_get_width(img);
	height = psx_image_get_height(img);
	failed = write_image(img, a->output);
	psx_image_free(img);
	if (failed)
		return ctl_fail(a->ctl, "%s: %s", psx_error_path(a->output), strerror(errno));
	if (a->ctl->json)
		ctl_json(a->ctl, json_pack("{s:o, s:i, s:i, s:I}", "output",
					   ctl_json_text(a->output), "width", (int)width, "height",
					   (int)height, "bytes", (json_int_t)width * height * 2));
	else
		printf("%u %u\n", width, height);
	return CTL_OK;
}

int verb_convert(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "SCENE -o FILE", .doc = doc,
	};
	struct arguments a = { .ctl = ctl, .seed = 1 };

	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	if (ctl->uri)
		return ctl_usage(ctl, "it needs no detector: -d means nothing here");
	if (!a.scene)
		return ctl_usage(ctl, "say what to convert: a picture or a phantom (try --help)");
	if (!a.output)
		return ctl_usage(ctl, "say where to, with -o FILE");
	if (!has_known_ending(a.output))
		return ctl_usage(ctl, "%s: it writes grey levels, as .raw or .pgm",
				 psx_error_path(a.output));
	return convert(&a);
}
