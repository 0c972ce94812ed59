// SPDX-License-Identifier: MIT
/* The linear range of a dose series. */
#include "range.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 0.05
#define SNR	  3.0
#define DECADE	  10.0
#define LEAST	  3 /* points of the window that gives the line */
#define SLACK	  1.0001
#define MOST_ROUNDS 30 /* of line and ends, which depend on each other */
#define SETTLED	  1e-6
#define LEAST_POWER 0.5 /* of the rate, of a bend */

static double ratio(const struct psx_dose_point *p)
{
	return p->reading.signal / (p->rate * p->seconds);
}

static bool is_seen(const struct psx_dose_point *p, double snr)
{
	return isfinite(p->reading.signal) && fabs(p->reading.signal) >= snr * p->reading.noise;
}

/* The end of the decade that begins at `first`: one past its last point, or `first`
 * when one in it is not seen */
static size_t decade_end(const struct psx_dose_point *points, size_t count, size_t first, double snr)
{
	size_t i;

	for (i = first; i < count && points[i].rate <= points[first].rate * DECADE * SLACK; i++)
		if (!is_seen(&points[i], snr))
			return first;
	return i;
}

/* Mean signal per dose over the decade where it changes least: at both ends it bends
 * away, so a line through all points is off by a part of what they are judged by */
static struct psx_straight find_line(const struct psx_dose_point *points, size_t count, double snr)
{
	struct psx_straight line = { 0 };
	double best = INFINITY;
	size_t first, i;

	for (first = 0; first < count; first++) {
		const size_t end = decade_end(points, count, first, snr);
		double least = INFINITY, most = -INFINITY, mean = 0;

		/* A whole decade, or all there is */
		if (end < first + LEAST ||
		    (line.slope != 0 && points[first].rate * DECADE > points[count - 1].rate * SLACK))
			continue;
		for (i = first; i < end; i++) {
			least = fmin(least, ratio(&points[i]));
			most = fmax(most, ratio(&points[i]));
			mean += ratio(&points[i]) / (double)(end - first);
		}
		if ((most - least) / fabs(mean) < best) {
			best = (most - least) / fabs(mean);
			line = (struct psx_straight){ mean, first, end };
		}
	}
	return line;
}

/* Both have their limits at 1 */
static void judge(struct psx_dose_point *p, const struct psx_straight *line, const struct psx_limits *l,
		  struct psx_badness *off, struct psx_badness *weak)
{
	const struct psx_reading *r = &p->reading;
	const double part = ratio(p) / line->slope;
	const double error = hypot(r->error, r->dark_error) / fabs(r->signal);
	const double unit = part > 1 ? (1 + l->tolerance) / l->tolerance :
				       (1 - l->tolerance) / l->tolerance;

	p->deviation = part - 1;
	*off = *weak = (struct psx_badness){ INFINITY, 0 };
	if (!(part > 0))
		return;
	*off = (struct psx_badness){ fabs(1 / part - 1) * unit, error / part * unit };
	weak->value = l->snr * r->noise / fabs(r->signal);
	weak->error = l->snr * hypot(r->noise_error, r->noise * error) / fabs(r->signal);
}

/* How the signal leaves the line */
struct bend {
	bool is;
	struct psx_power law;
	double limit; /* what is missing at the end, over what is seen; negative: too much */
};

static struct bend find_bend(const struct psx_dose_point *points, size_t count, size_t begin, int way,
			     const struct psx_limits *l)
{
	struct bend bend = { 0 };
	size_t i = begin;

	bend.is = psx_range_end(points, l->off, count, begin, way, &bend.law);
	if (!bend.is)
		return bend;
	while (i + (size_t)way < count && way * (log(points[i].rate) - bend.law.end) < 0)
		i += (size_t)way;
	bend.limit = points[i].deviation > 0 ? -l->tolerance / (1 + l->tolerance) :
					       l->tolerance / (1 - l->tolerance);
	return bend;
}

/* One end, whichever limit comes first; false: it is the series' own */
static bool find_end(const struct psx_dose_point *points, size_t count, size_t begin, int way,
		     const struct psx_limits *l, const struct bend *bend, double *rate)
{
	struct psx_power weak;
	const bool is_weak = psx_range_end(points, l->weak, count, begin, way, &weak);

	*rate = points[way > 0 ? count - 1 : 0].rate;
	if (bend->is && is_weak)
		*rate = exp(way * fmin(way * bend->law.end, way * weak.end));
	else if (bend->is || is_weak)
		*rate = exp(bend->is ? bend->law.end : weak.end);
	return bend->is || is_weak;
}

/* What the bends take off where the line is straightest; one that is so slow that it
 * can't be told from the line takes nothing */
static double missing(const struct bend *bend, double rate)
{
	if (!bend->is || fabs(bend->law.power) < LEAST_POWER)
		return 0;
	return bend->limit * exp(bend->law.power * (log(rate) - bend->law.end));
}

static double unbend(const struct psx_dose_point *points, const struct psx_straight *line,
		     const struct bend *low, const struct bend *high)
{
	double slope = 0;
	size_t i;

	for (i = line->first; i < line->end; i++)
		slope += ratio(&points[i]) *
			 (1 + missing(low, points[i].rate) + missing(high, points[i].rate)) /
			 (double)(line->end - line->first);
	return slope;
}

/* The first point of the straight decade that is as near to the line as any */
static size_t find_begin(const struct psx_straight *line, const struct psx_limits *l)
{
	size_t begin = line->first, i;

	for (i = begin; i < line->end; i++)
		if (l->off[i].value < l->off[begin].value)
			begin = i;
	return begin;
}
bool psx_range_try(struct psx_dose_point *points, size_t count, const struct psx_limits *l,
		   struct psx_straight *line, struct psx_range *range)
{
	struct bend low = { 0 }, high = { 0 };
	size_t begin = 0, i;
	double slope;
	int round;

	*range = (struct psx_range){ 0 };
	*line = find_line(points, count, l->snr);
	if (line->slope == 0)
		return false;
	for (round = 0; round < MOST_ROUNDS; round++) {
		slope = unbend(points, line, &low, &high);
		if (round && fabs(slope / line->slope - 1) < SETTLED)
			break;
		line->slope = slope;
		for (i = 0; i < count; i++)
			judge(&points[i], line, l, &l->off[i], &l->weak[i]);
		begin = find_begin(line, l);
		if (psx_range_is_out(&l->off[begin]) || psx_range_is_out(&l->weak[begin]))
			return false;
		low = find_bend(points, count, begin, -1, l);
		high = find_bend(points, count, begin, 1, l);
	}
	range->sensitivity.value = line->slope;
	range->least_open = !find_end(points, count, begin, -1, l, &low, &range->least.value);
	range->most_open = !find_end(points, count, begin, 1, l, &high, &range->most.value);
	range->db.value = 20 * log10(range->most.value / range->least.value);
	return true;
}

/* The sub-pixels are a sample of the crystal */
static void add_spread(const struct psx_dose_point *points, const struct psx_straight *line,
		       struct psx_estimate *sensitivity)
{
	double spread = 0, error = 0;
	size_t i;

	for (i = line->first; i < line->end; i++) {
		const struct psx_reading *r = &points[i].reading;
		const double part = r->spread / (points[i].rate * points[i].seconds) /
				    (double)(line->end - line->first);

		spread += part;
		if (r->used > 1)
			error += part / sqrt((double)r->used);
	}
	sensitivity->spread = spread;
	sensitivity->error = hypot(sensitivity->error, error);
}

static bool is_series(const struct psx_dose_point *points, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!(points[i].rate > 0 && points[i].seconds > 0) ||
		    (i && !(points[i].rate > points[i - 1].rate)))
			return false;
	return count >= LEAST;
}

static int find_all(struct psx_dose_point *points, struct psx_dose_point *copy, size_t count,
		    const struct psx_limits *l, struct psx_range *range)
{
	struct psx_straight line;
	size_t i;

	if (!psx_range_try(points, count, l, &line, range)) {
		errno = ENODATA;
		return -1;
	}
	for (i = 0; i < count; i++) {
		points[i].inside = points[i].rate >= range->least.value &&
				   points[i].rate <= range->most.value;
		if (!points[i].inside)
			continue;
		range->inside++;
		range->deviation = fmax(range->deviation, fabs(points[i].deviation));
	}
	psx_range_errors(points, copy, count, l, range);
	add_spread(points, &line, &range->sensitivity);
	return 0;
}

int psx_range_find(struct psx_dose_point *points, size_t count, double tolerance, double snr,
		   struct psx_range *range)
{
	struct psx_limits l = { tolerance > 0 ? tolerance : TOLERANCE, snr > 0 ? snr : SNR, NULL, NULL };
	struct psx_dose_point *copy;
	int failed = -1;

	if (!is_series(points, count)) {
		errno = EINVAL;
		return -1;
	}
	copy = calloc(count, sizeof(*copy));
	l.off = calloc(count, sizeof(*l.off));
	l.weak = calloc(count, sizeof(*l.weak));
	if (copy && l.off && l.weak)
		failed = find_all(points, copy, count, &l, range);
	free(copy);
	free(l.off);
	free(l.weak);
	return failed;
}
