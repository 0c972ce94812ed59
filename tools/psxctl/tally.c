// SPDX-License-Identifier: MIT
#include "tally.h"

#include <math.h>
#include <string.h>

#define SINGLE 10   /* values to either side of 0 that have a bin of their own */
#define GROWTH 1.16
#define EVEN   100  /* bins of one width */

/* The edge beyond an edge away from 0 */
static double next_edge(double edge)
{
	return edge < SINGLE ? edge + 1 : floor(edge * GROWTH) + 0.5;
}

static void add_edge(struct tally *t, double edge)
{
	t->edges[t->bins++] = edge;
}

static void grow(struct tally *t, int32_t least, int32_t most)
{
	double away[TALLY_BINS] = { 0.5 };
	size_t count = 1, i;

	for (; away[count - 1] < fmax(-least, most); count++)
		away[count] = next_edge(away[count - 1]);
	for (i = count; i-- > 0;)
		if (!i || away[i - 1] < -least)
			add_edge(t, -away[i]);
	for (i = 0; i < count; i++)
		if (!i || away[i - 1] < most)
			add_edge(t, away[i]);
}

static void divide(struct tally *t, int32_t least, int32_t most)
{
	const int32_t width = (most - least) / EVEN + 1, count = (most - least) / width + 1;
	int32_t i;

	for (i = 0; i <= count; i++)
		add_edge(t, least + i * width - 0.5);
}

void tally_begin(struct tally *t, int32_t least, int32_t most, bool growing)
{
	memset(t, 0, sizeof(*t));
	if (growing)
		grow(t, least, most);
	else
		divide(t, least, most);
	t->bins--;
}

void tally_add(struct tally *t, int32_t value, bool kept)
{
	size_t low = 0, high = t->bins;

	while (high - low > 1) {
		const size_t middle = (low + high) / 2;

		if (value < t->edges[middle])
			high = middle;
		else
			low = middle;
	}
	if (kept)
		t->kept[low]++;
	else
		t->dropped[low]++;
}
