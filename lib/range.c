// SPDX-License-Identifier: MIT
/* The linear range of a dose series. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stddef.h>

#define TOLERANCE 0.05
#define SNR	  3.0
#define DECADE	  10.0
#define LEAST	  3 /* points of the window that gives the line */
#define SLACK	  1.0001

static double ratio(const struct psx_dose_point *p)
{
	return p->signal / (p->rate * p->seconds);
}

static bool is_seen(const struct psx_dose_point *p, double snr)
{
	return isfinite(p->signal) && fabs(p->signal) >= snr * p->noise;
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

/* Mean signal per dose over the decade where it changes least; 0 when there is none.
 * At both ends it bends away, so a line through all points is off by a part of what
 * they are judged by. */
static double find_line(const struct psx_dose_point *points, size_t count, double snr)
{
	double best = INFINITY, line = 0;
	size_t first, i;

	for (first = 0; first < count; first++) {
		const size_t end = decade_end(points, count, first, snr);
		double least = INFINITY, most = -INFINITY, sum = 0;

		/* A whole decade, or all there is */
		if (end < first + LEAST ||
		    (line != 0 && points[first].rate * DECADE > points[count - 1].rate * SLACK))
			continue;
		for (i = first; i < end; i++) {
			least = fmin(least, ratio(&points[i]));
			most = fmax(most, ratio(&points[i]));
			sum += ratio(&points[i]);
		}
		if ((most - least) / fabs(sum) < best) {
			best = (most - least) / fabs(sum);
			line = sum / (double)(end - first);
		}
	}
	return line;
}

/* Where |deviation| is the tolerance, between a point inside and its neighbour outside:
 * deviations go with powers of the rate */
static double crossing(const struct psx_dose_point *inside, const struct psx_dose_point *outside,
		       double tolerance)
{
	const double near = fmax(fabs(inside->deviation), 1e-12), far = fabs(outside->deviation);
	double part;

	if (!(far > tolerance)) /* it ends by noise */
		return inside->rate;
	part = log(tolerance / near) / log(far / near);
	return inside->rate * pow(outside->rate / inside->rate, part);
}

/* The longest run of points that are good */
static size_t find_run(const struct psx_dose_point *points, size_t count, size_t *first)
{
	size_t length = 0, begin = 0, i;

	for (i = 0; i <= count; i++) {
		if (i < count && points[i].inside)
			continue;
		if (i - begin > length) {
			length = i - begin;
			*first = begin;
		}
		begin = i + 1;
	}
	return length;
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

static int fail(int code)
{
	errno = code;
	return -1;
}

int psx_range_find(struct psx_dose_point *points, size_t count, double tolerance, double snr,
		   struct psx_range *range)
{
	size_t first = 0, last, i;

	if (!is_series(points, count))
		return fail(EINVAL);
	tolerance = tolerance > 0 ? tolerance : TOLERANCE;
	snr = snr > 0 ? snr : SNR;
	*range = (struct psx_range){ .sensitivity = find_line(points, count, snr) };
	if (range->sensitivity == 0)
		return fail(ENODATA);
	for (i = 0; i < count; i++) {
		points[i].deviation = ratio(&points[i]) / range->sensitivity - 1;
		points[i].inside = is_seen(&points[i], snr) && fabs(points[i].deviation) <= tolerance;
	}
	range->inside = find_run(points, count, &first);
	if (!range->inside)
		return fail(ENODATA);
	last = first + range->inside - 1;
	for (i = 0; i < count; i++)
		points[i].inside = i >= first && i <= last;
	for (i = first; i <= last; i++)
		range->deviation = fmax(range->deviation, fabs(points[i].deviation));
	range->least_open = !first;
	range->most_open = last + 1 == count;
	range->least = first ? crossing(&points[first], &points[first - 1], tolerance) :
			       points[first].rate;
	range->most = last + 1 < count ? crossing(&points[last], &points[last + 1], tolerance) :
					 points[last].rate;
	range->db = 20 * log10(range->most / range->least);
	return 0;
}
