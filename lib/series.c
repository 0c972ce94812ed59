// SPDX-License-Identifier: MIT
/*
 * Readings of the same sub-pixels. Which of them can be read changes with exposure and gain,
 * and defects answer in another way than the crystal: a mean over those of the day has a
 * step wherever the setting changes.
 */
#include "odd.h"
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct kept {
	struct kept *next;
	struct psx_reading *reading; /* the caller's */
	unsigned int frames;
	float *jumps;
	float levels[]; /* and these jumps */
};

struct psx_series {
	struct kept *first;
	size_t count; /* sub-pixels */
};

struct psx_series *psx_series_new(void)
{
	return calloc(1, sizeof(struct psx_series));
}

void psx_series_free(struct psx_series *series)
{
	while (series && series->first) {
		struct kept *next = series->first->next;

		free(series->first);
		series->first = next;
	}
	free(series);
}

int psx_series_add(struct psx_series *series, const struct psx_probe *probe,
		   struct psx_reading *reading)
{
	struct kept *kept;
	size_t i;

	if (!probe->seen || (series->first && series->count != probe->count)) {
		errno = EINVAL;
		return -1;
	}
	kept = malloc(sizeof(*kept) + 2 * probe->count * sizeof(*kept->levels));
	if (!kept)
		return -1;
	kept->reading = reading;
	kept->frames = probe->seen;
	kept->jumps = kept->levels + probe->count;
	for (i = 0; i < probe->count; i++) {
		kept->levels[i] = probe->levels[i];
		kept->jumps[i] = probe->jumps[i];
	}
	kept->next = series->first;
	series->first = kept;
	series->count = probe->count;
	return 0;
}

/* By all readings, in which the strong ones count most; NAN for what can't be read in all */
static void find_responses(const struct psx_series *series, float *responses)
{
	const struct kept *kept;
	size_t i;

	for (kept = series->first; kept; kept = kept->next) {
		const float usual = psx_odd_median(kept->levels, series->count);

		for (i = 0; i < series->count; i++)
			responses[i] += usual * kept->levels[i];
	}
	psx_odd_leave_out(responses, series->count);
}

static void read_again(struct kept *kept, const float *responses, size_t count)
{
	const size_t before = kept->reading->used;
	size_t i;

	for (i = 0; i < count; i++)
		if (isnan(responses[i]))
			kept->levels[i] = (float)NAN;
	psx_probe_sum_up(kept->levels, kept->jumps, count, kept->frames, kept->reading);
	kept->reading->dark_error *= sqrt((double)before / (double)kept->reading->used);
}

int psx_series_agree(struct psx_series *series, size_t *used, size_t *left_out)
{
	float *responses = calloc(series->count + 1, sizeof(*responses));
	struct kept *kept;
	size_t i;

	if (!responses)
		return -1;
	find_responses(series, responses);
	for (kept = series->first; kept; kept = kept->next)
		read_again(kept, responses, series->count);
	for (*used = 0, i = 0; i < series->count; i++)
		*used += isnan(responses[i]) ? 0 : 1;
	*left_out = series->count - *used;
	free(responses);
	return 0;
}
