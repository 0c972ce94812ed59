// SPDX-License-Identifier: MIT
/* How well a range is known: what comes out when the series is repeated. */
#include "range.h"
#include "splitmix.h"

#include <math.h>

#define REPEATS 200

/* Of about standard deviation 1 */
static double normal(uint64_t *random)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += psx_splitmix_unit(random);
	return sum;
}

/* The series as it might have come out. Darkness is taken off all points of one setting
 * together: its share is kept in `deviation` meanwhile. */
static void vary(const struct psx_dose_point *from, struct psx_dose_point *to, size_t count,
		 uint64_t *random)
{
	size_t i, n;

	for (i = 0; i < count; i++) {
		struct psx_reading *r = &to[i].reading;

		to[i] = from[i];
		for (n = 0; n < i && (from[n].seconds != from[i].seconds || from[n].pga != from[i].pga);)
			n++;
		to[i].deviation = n < i ? to[n].deviation : normal(random);
		r->signal += normal(random) * r->error + to[i].deviation * r->dark_error;
		r->noise = fabs(r->noise + normal(random) * r->noise_error);
	}
}

static void add_square(double *sum, const struct psx_estimate *one, const struct psx_estimate *mean)
{
	*sum += pow(one->value - mean->value, 2);
}

void psx_range_errors(const struct psx_dose_point *points, struct psx_dose_point *copy, size_t count,
		      const struct psx_limits *l, struct psx_range *range)
{
	double line = 0, least = 0, most = 0, db = 0;
	struct psx_range again;
	struct psx_straight ignored;
	uint64_t random = 1;
	int i, found = 0;

	for (i = 0; i < REPEATS; i++) {
		vary(points, copy, count, &random);
		if (!psx_range_try(copy, count, l, &ignored, &again))
			continue;
		found++;
		add_square(&line, &again.sensitivity, &range->sensitivity);
		add_square(&least, &again.least, &range->least);
		add_square(&most, &again.most, &range->most);
		add_square(&db, &again.db, &range->db);
	}
	range->sensitivity.error = sqrt(line / found);
	range->least.error = sqrt(least / found);
	range->most.error = sqrt(most / found);
	range->db.error = sqrt(db / found);
}
