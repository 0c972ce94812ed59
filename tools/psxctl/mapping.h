/* SPDX-License-Identifier: MIT */
/* How values become colours; each mapping has a name that the user is told. */
#ifndef PSXCTL_MAPPING_H
#define PSXCTL_MAPPING_H

#include <stddef.h>
#include <stdint.h>

enum map {
	MAP_AUTO,
	MAP_GREY,   /* black to white, for pictures */
	MAP_SIGNED, /* blue, black at 0, orange: symmetric, for both signs */
	MAP_EDGES,  /* black at 0, violet, red, yellow: for positive sparse frames */
};

struct mapping {
	enum map map;
	int32_t low, high;
};

/* "grey", "signed" or "edges"; -1 for another text. */
int mapping_parse(const char *text, enum map *map);

/*
 * Limits for these values, and for MAP_AUTO the map: signed when one is
 * negative, edges when over a tenth are 0, else grey. 99.5 % of the effective
 * (non-zero) values are inside; for grey, those between 0.5 % and 99.5 % of all.
 * Those with a mask that is not 0 don't count; NULL for none. -1 with ENOMEM.
 */
int mapping_choose(struct mapping *mapping, enum map map, const int32_t *values,
		   const uint8_t *mask, size_t count);

/* "map: signed (blue-black-orange), -312..312 bits, ..." */
void mapping_describe(const struct mapping *mapping, const char *unit, char *text, size_t size);
const char *mapping_name(const struct mapping *mapping);

void mapping_colour(const struct mapping *mapping, int32_t value, uint8_t rgb[3]);

#endif
