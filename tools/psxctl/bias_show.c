// SPDX-License-Identifier: MIT
/* Codes of a region as text, JSON or a picture. */
#include "bias.h"
#include "picture.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_WIDTH  12
#define TABLE_HEIGHT 24
#define LISTED	     10 /* DACs that do not follow */

struct shown {
	const struct bias *b;
	const struct psx_channel_info *channel;
	const int16_t *codes, *loaded;
	uint32_t stride;
	size_t differ;
};

static size_t at(const struct shown *s, uint32_t x, uint32_t y)
{
	return (size_t)(s->b->region.y + y) * s->stride + s->b->region.x + x;
}

static bool differs(const struct shown *s, size_t i)
{
	return s->loaded && s->codes[i] != s->loaded[i];
}

static size_t count_differing(const struct shown *s)
{
	const struct region *r = &s->b->region;
	size_t count = 0;
	uint32_t x, y;

	for (y = 0; y < r->height; y++)
		for (x = 0; x < r->width; x++)
			count += differs(s, at(s, x, y));
	return count;
}

/* A line a row of sub-pixels */
static void print_json(const struct shown *s)
{
	const struct region *r = &s->b->region;
	uint32_t x, y;

	for (y = 0; y < r->height; y++) {
		json_t *codes = json_array(), *volts = json_array(), *differ = json_array();

		for (x = 0; x < r->width; x++) {
			const size_t i = at(s, x, y);

			(void)json_array_append_new(codes, json_integer(s->codes[i]));
			(void)json_array_append_new(volts, json_real(psx_code_to_volts(s->codes[i])));
			if (differs(s, i))
				(void)json_array_append_new(differ, json_integer(r->x + x));
		}
		ctl_json(s->b->ctl, json_pack("{s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "channel",
					      (int)s->b->channel, "phase", (int)s->b->phase, "x",
					      (int)r->x, "y", (int)(r->y + y), "codes", codes,
					      "volts", volts, "differ", differ));
	}
}

static void print_rows(const struct shown *s, bool volts)
{
	const struct region *r = &s->b->region;
	uint32_t x, y;

	puts(volts ? "volts" : "codes");
	for (y = 0; y < r->height; y++) {
		for (x = 0; x < r->width; x++) {
			const size_t i = at(s, x, y);

			if (volts)
				printf(" %8.3f%c", psx_code_to_volts(s->codes[i]),
				       differs(s, i) ? '*' : ' ');
			else
				printf(" %8d%c", s->codes[i], differs(s, i) ? '*' : ' ');
		}
		putchar('\n');
	}
}

static void print_range(const struct shown *s)
{
	const struct region *r = &s->b->region;
	int16_t least = INT16_MAX, most = INT16_MIN;
	uint32_t x, y;

	for (y = 0; y < r->height; y++)
		for (x = 0; x < r->width; x++) {
			const int16_t code = s->codes[at(s, x, y)];

			least = code < least ? code : least;
			most = code > most ? code : most;
		}
	printf("codes %d .. %d, %.3f V .. %.3f V (--region X,Y,WxH up to %dx%d prints them)\n",
	       least, most, psx_code_to_volts(least), psx_code_to_volts(most), TABLE_WIDTH,
	       TABLE_HEIGHT);
}

static void print_differing(const struct shown *s)
{
	const struct region *r = &s->b->region;
	size_t listed = 0;
	uint32_t x, y;

	for (y = 0; y < r->height; y++)
		for (x = 0; x < r->width && listed < LISTED; x++) {
			const size_t i = at(s, x, y);

			if (!differs(s, i))
				continue;
			printf("sub-pixel %u,%u: loaded %.3f V, monitored %.3f V\n", r->x + x,
			       r->y + y, psx_code_to_volts(s->loaded[i]),
			       psx_code_to_volts(s->codes[i]));
			listed++;
		}
	if (s->differ > listed)
		printf("and %zu more\n", s->differ - listed);
}

static void print_text(const struct shown *s)
{
	const struct region *r = &s->b->region;

	printf("channel %ld (%u x %u, %s), phase %ld of %u: sub-pixels %u,%u .. %u,%u, %s\n",
	       s->b->channel, s->channel->k, s->channel->k, ctl_mode_name(s->channel->mode), s->b->phase,
	       s->channel->phases, r->x, r->y, r->x + r->width - 1, r->y + r->height - 1,
	       s->loaded ? "as monitored" : "as loaded");
	if (r->width <= TABLE_WIDTH && r->height <= TABLE_HEIGHT) {
		print_rows(s, true);
		print_rows(s, false);
	} else {
		print_range(s);
	}
	print_differing(s);
}

static int draw(const struct shown *s)
{
	const struct region *r = &s->b->region;
	const uint32_t factor = picture_factor(r->width, r->height);
	const size_t count = (size_t)r->width * r->height;
	struct picture *picture = picture_new(r->width * factor, r->height * factor);
	int32_t *values = calloc(count + 1, sizeof(*values));
	uint8_t *mask = calloc(count + 1, 1);
	struct mapping mapping;
	int failed = !picture || !values || !mask;
	char text[128];
	uint32_t x, y;

	for (y = 0; !failed && y < r->height; y++)
		for (x = 0; x < r->width; x++) {
			values[(size_t)y * r->width + x] = s->codes[at(s, x, y)];
			mask[(size_t)y * r->width + x] = differs(s, at(s, x, y));
		}
	errno = ENOMEM;
	if (!failed)
		failed = mapping_choose(&mapping, MAP_SIGNED, values, mask, count);
	if (!failed) {
		picture_draw_values(picture, &mapping, values, r->width, r->height, factor);
		picture_mark(picture, mask, r->width, r->height, factor);
		failed = picture_write_png(picture, s->b->output);
	}
	if (!failed && !s->b->ctl->json && !s->b->ctl->quiet) {
		mapping_describe(&mapping, "codes", text, sizeof(text));
		printf("%s: %s%s\n", s->b->output, text, s->differ ? "; magenta does not follow" : "");
	}
	free(picture);
	free(values);
	free(mask);
	return failed ? ctl_fail(s->b->ctl, "%s: %s", psx_error_path(s->b->output), strerror(errno)) :
			CTL_OK;
}

int bias_show(struct bias *b, const struct psx_channel_info *channel, const int16_t *codes,
	      const int16_t *loaded)
{
	struct shown s = {
		.b = b, .channel = channel, .codes = codes, .loaded = loaded,
		.stride = psx_device_get_info(b->dev)->width,
	};

	s.differ = count_differing(&s);
	if (b->ctl->json)
		print_json(&s);
	else
		print_text(&s);
	if (b->output && draw(&s) != CTL_OK)
		return CTL_FAILED;
	if (s.differ)
		return ctl_fail(b->ctl, "%zu of %zu DACs do not follow", s.differ,
				(size_t)b->region.width * b->region.height);
	return CTL_OK;
}
