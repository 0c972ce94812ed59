// SPDX-License-Identifier: MIT
#include "histogram.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bins {
	int32_t low;   /* first value of the first bin */
	int32_t width; /* values a bin */
	uint32_t count;
	uint64_t most;
	uint64_t *pixels;
};

static bool left_out(const struct histogram_input *in, size_t i)
{
	return (in->effective_only && !in->values[i]) || (in->mask && in->mask[i]);
}

/* Bins over the range of the values, at most `limit`. */
static int fill(struct bins *bins, const struct histogram_input *in, uint32_t limit)
{
	int32_t low = INT32_MAX, high = INT32_MIN;
	size_t i;

	for (i = 0; i < in->count; i++) {
		if (left_out(in, i))
			continue;
		low = in->values[i] < low ? in->values[i] : low;
		high = in->values[i] > high ? in->values[i] : high;
	}
	if (low > high) /* nothing at all */
		low = high = 0;
	bins->low = low;
	bins->width = (high - low) / (int32_t)limit + 1;
	bins->count = (uint32_t)((high - low) / bins->width) + 1;
	bins->most = 1;
	bins->pixels = calloc(bins->count, sizeof(bins->pixels[0]));
	if (!bins->pixels)
		return -1;
	for (i = 0; i < in->count; i++) {
		uint64_t *bin;

		if (left_out(in, i))
			continue;
		bin = bins->pixels + (in->values[i] - low) / bins->width;
		bins->most = ++*bin > bins->most ? *bin : bins->most;
	}
	return 0;
}

/* 0 for none, 1 for as many as the fullest bin, logarithmic between. */
static double share(const struct bins *bins, uint64_t pixels)
{
	return log10((double)pixels + 1) / log10((double)bins->most + 1);
}

static const uint8_t paper[3] = {250, 250, 250}, ink[3] = {30, 30, 30};
static const uint8_t grid[3] = {215, 215, 215}, bar[3] = {60, 110, 170};
static const uint8_t mark[3] = {213, 94, 0};

/* The plot's place in the picture, in pixels. */
struct plot {
	int64_t left, top, width, height;
};

/* Counts 1, 10, 100 ... as lines with their number. */
static void draw_counts(struct picture *picture, const struct plot *plot, const struct bins *bins)
{
	static const char *const names[] = {"1",    "10", "100", "1k",	 "10k",
					    "100k", "1M", "10M", "100M", "1G"};
	uint64_t pixels = 1;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && pixels <= bins->most;
	     i++, pixels *= 10) {
		const int64_t y = plot->top + plot->height -
				  (int64_t)((double)plot->height * share(bins, pixels));

		picture_fill(picture, plot->left, y, plot->width, 1, grid);
		picture_text(picture,
			     plot->left - 8 - PICTURE_GLYPH_WIDTH * (int64_t)strlen(names[i]),
			     y - PICTURE_GLYPH_HEIGHT / 2, names[i], ink);
	}
}

static int64_t x_of(const struct plot *plot, const struct bins *bins, double value)
{
	const double span = (double)bins->width * bins->count;

	return plot->left + (int64_t)((value - bins->low) / span * (double)plot->width);
}

/* 1, 2, 5, 10, 20 ... */
static int32_t round_number(unsigned int index)
{
	static const int32_t first[] = {1, 2, 5};
	int32_t number = first[index % 3];

	for (; index >= 3; index -= 3)
		number *= 10;
	return number;
}

static int ticks_between(double low, double high, int32_t step)
{
	return (int)(floor(high / step) - ceil(low / step)) + 1;
}

/* A round step that gives at most `most` ticks, but two at least. */
static int32_t tick_step(int32_t low, int32_t high, double most)
{
	unsigned int i = 0;

	while (((double)high - low) / round_number(i) > most)
		i++;
	while (i && ticks_between(low, high, round_number(i)) < 2)
		i--;
	return round_number(i);
}

static void draw_values(struct picture *picture, const struct plot *plot, const struct bins *bins,
			const char *unit)
{
	const int32_t end = bins->low + bins->width * (int32_t)bins->count;
	const int32_t step = tick_step(bins->low, end, (double)plot->width / 110);
	const int64_t y = plot->top + plot->height;
	int32_t value = bins->low / step * step;
	char text[16];

	picture_fill(picture, plot->left, y, plot->width, 2, ink);
	for (; value <= end; value += step) {
		const int64_t x = x_of(plot, bins, value);

		if (value < bins->low)
			continue;
		(void)snprintf(text, sizeof(text), "%d", value);
		picture_fill(picture, x, y, 2, 7, ink);
		picture_text(picture, x - PICTURE_GLYPH_WIDTH * (int64_t)strlen(text) / 2, y + 11,
			     text, ink);
	}
	picture_text(picture,
		     plot->left + plot->width - PICTURE_GLYPH_WIDTH * (int64_t)strlen(unit), y + 32,
		     unit, ink);
}

static void draw_threshold(struct picture *picture, const struct plot *plot,
			   const struct bins *bins, int32_t value)
{
	const int64_t x = x_of(plot, bins, value);
	char text[16];

	if (x < plot->left || x > plot->left + plot->width)
		return;
	(void)snprintf(text, sizeof(text), "T=%d", value);
	picture_fill(picture, x, plot->top - 4, 2, plot->height + 4, mark);
	picture_text(picture,
		     value < 0 ? x - 6 - PICTURE_GLYPH_WIDTH * (int64_t)strlen(text) : x + 6,
		     plot->top - PICTURE_GLYPH_HEIGHT - 6, text, mark);
}

int histogram_draw(struct picture *picture, uint32_t top, const struct histogram_input *in)
{
	const struct plot plot = {76, (int64_t)top + 34, (int64_t)picture->width - 76 - 30,
				  HISTOGRAM_HEIGHT - 34 - 56};
	struct bins bins;
	uint32_t i;

	if (fill(&bins, in, (uint32_t)plot.width))
		return -1;
	picture_fill(picture, 0, top, picture->width, HISTOGRAM_HEIGHT, paper);
	picture_text(picture, 6, (int64_t)top + 8, "pixels", ink);
	draw_counts(picture, &plot, &bins);
	for (i = 0; i < bins.count; i++) {
		const int64_t x = plot.left + plot.width * i / bins.count;
		const int64_t next = plot.left + plot.width * (i + 1) / bins.count;
		const int64_t height =
			(int64_t)((double)plot.height * share(&bins, bins.pixels[i]));

		picture_fill(picture, x, plot.top + plot.height - height, next - x, height, bar);
	}
	draw_values(picture, &plot, &bins, in->unit);
	if (in->threshold)
		draw_threshold(picture, &plot, &bins, (int32_t)in->threshold);
	if (in->threshold && in->both)
		draw_threshold(picture, &plot, &bins, -(int32_t)in->threshold);
	free(bins.pixels);
	return 0;
}

/* A bar in eighths of a column. */
static void print_bar(FILE *out, double columns)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	const bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	int left = (int)(columns * 8 + 0.5);

	for (; left >= 8; left -= 8)
		fputs(utf8 ? "█" : "#", out);
	if (utf8)
		fputs(eighths[left], out);
}

int histogram_print(FILE *out, uint32_t columns, const struct histogram_input *in)
{
	const uint32_t room = columns > 44 ? columns - 32 : 12;
	const int32_t t = (int32_t)in->threshold;
	struct bins bins;
	uint32_t i;

	if (fill(&bins, in, 20))
		return -1;
	for (i = 0; i < bins.count; i++) {
		const int32_t first = bins.low + bins.width * (int32_t)i,
			      last = first + bins.width - 1;
		const bool here =
			t && ((first <= t && t <= last) || (in->both && first <= -t && -t <= last));

		fprintf(out, "%6d..%-6d %c", first, last, here ? 'T' : ' ');
		print_bar(out, bins.pixels[i] ? room * share(&bins, bins.pixels[i]) : 0);
		fprintf(out, " %llu\n", (unsigned long long)bins.pixels[i]);
	}
	free(bins.pixels);
	return 0;
}
