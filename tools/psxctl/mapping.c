// SPDX-License-Identifier: MIT
#include "mapping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *colours;
} maps[] = {
	[MAP_GREY] = {"grey", "black-white"},
	[MAP_SIGNED] = {"signed", "blue-black-orange"},
	[MAP_EDGES] = {"edges", "black-violet-red-yellow"},
};

int mapping_parse(const char *text, enum map *map)
{
	for (*map = MAP_GREY; *map <= MAP_EDGES; (*map)++)
		if (!strcmp(text, maps[*map].name))
			return 0;
	return -1;
}

const char *mapping_name(const struct mapping *mapping)
{
	return maps[mapping->map].name;
}

/* How often each value occurs, -32768..65535. */
enum { LEAST = -32768, VALUES = 32768 + 65536 };

static enum map suitable(const size_t *tally, size_t count)
{
	size_t negative = 0;
	int i;

	for (i = 0; i < -LEAST; i++)
		negative += tally[i];
	if (negative)
		return MAP_SIGNED;
	return tally[-LEAST] > count / 10 ? MAP_EDGES : MAP_GREY;
}

/* The smallest magnitude that `share` of the non-zero values don't exceed. */
static int32_t magnitude(const size_t *tally, size_t count, double share)
{
	const double wanted = share * (double)(count - tally[-LEAST]);
	size_t inside = 0;
	int32_t v;

	for (v = 1; v < 65535; v++) {
		inside += tally[v - LEAST] + (v <= -LEAST ? tally[-v - LEAST] : 0);
		if ((double)inside >= wanted)
			break;
	}
	return v;
}

/* The smallest value that `share` of all don't exceed. */
static int32_t quantile(const size_t *tally, size_t count, double share)
{
	size_t inside = 0;
	int i;

	for (i = 0; i < VALUES - 1; i++) {
		inside += tally[i];
		if ((double)inside >= share * (double)count)
			break;
	}
	return i + LEAST;
}

int mapping_choose(struct mapping *mapping, enum map map, const int32_t *values,
		   const uint8_t *mask, size_t count)
{
	size_t *tally = calloc(VALUES, sizeof(*tally));
	const size_t all = count;
	size_t i;

	if (!tally)
		return -1;
	for (i = 0; i < count; i++)
		if (!mask || !mask[i])
			tally[values[i] - LEAST]++;
	for (i = 0; mask && i < all; i++)
		count -= mask[i] != 0;
	mapping->map = map == MAP_AUTO ? suitable(tally, count) : map;
	if (mapping->map == MAP_GREY) {
		mapping->low = quantile(tally, count, 0.005);
		mapping->high = quantile(tally, count, 0.995);
	} else {
		mapping->high = magnitude(tally, count, 0.995);
		mapping->low = mapping->map == MAP_SIGNED ? -mapping->high : 0;
	}
	free(tally);
	return 0;
}

void mapping_describe(const struct mapping *mapping, const char *unit, char *text, size_t size)
{
	(void)snprintf(text, size, "map: %s (%s), %d..%d %s, %s", mapping_name(mapping),
		       maps[mapping->map].colours, mapping->low, mapping->high, unit,
		       mapping->map == MAP_GREY ? "99 % of pixels inside"
						: "99.5 % of effective pixels inside");
}

/* Linear between `count` colours that are evenly spaced over t = 0..1. */
static void between(const uint8_t (*colours)[3], int count, double t, uint8_t rgb[3])
{
	const double at = (t < 0 ? 0 : t > 1 ? 1 : t) * (count - 1);
	const int i = at < count - 1 ? (int)at : count - 2;
	int c;

	for (c = 0; c < 3; c++)
		rgb[c] = (uint8_t)(colours[i][c] + (at - i) * (colours[i + 1][c] - colours[i][c]) +
				   0.5);
}

/* What the comparator kept is seen, however small it is beside the limit. */
static double visible(double share)
{
	return share > 0 ? 0.2 + 0.8 * share : 0;
}

void mapping_colour(const struct mapping *mapping, int32_t value, uint8_t rgb[3])
{
	static const uint8_t grey[][3] = {{0, 0, 0}, {255, 255, 255}};
	static const uint8_t orange[][3] = {
		{0, 0, 0}, {150, 66, 0}, {244, 136, 20}, {255, 226, 150}};
	static const uint8_t blue[][3] = {{0, 0, 0}, {0, 72, 160}, {40, 142, 240}, {160, 222, 255}};
	static const uint8_t fire[][3] = {
		{0, 0, 0}, {80, 18, 123}, {182, 54, 121}, {251, 136, 97}, {252, 253, 191}};
	const double span = mapping->high > mapping->low ? mapping->high - mapping->low : 1;

	switch (mapping->map) {
	case MAP_SIGNED:
		between(value < 0 ? blue : orange, 4,
			visible((value < 0 ? -value : value) / (span / 2)), rgb);
		break;
	case MAP_EDGES:
		between(fire, 5, visible(value / span), rgb);
		break;
	default:
		between(grey, 2, (value - mapping->low) / span, rgb);
		break;
	}
}
