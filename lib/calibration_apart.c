// SPDX-License-Identifier: MIT
/* A board allows neighbours only so much difference of bias. */
#include "calibration.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Room for corrections, which take some sub-pixels further */
#define APART_MARGIN 0.998

struct span {
	float positive, negative; /* volts of weights +headroom and -headroom; 0 of no use */
};

static struct span span_of(const struct psx_calibration *cal, size_t place)
{
	double volts[2] = { 0 };
	int sign;

	for (sign = 0; sign < 2; sign++) {
		const struct psx_curve *curve = &cal->curves[sign][place];
		const struct psx_carrier carrier = { curve->mu_tau, curve->surface };
		const double wanted = cal->info.headroom * psx_hecht_unit() / curve->gain;
		struct psx_slopes slopes;

		if (cal->defects[place] || !psx_calibration_sees(cal, place))
			continue;
		volts[sign] = psx_hecht_volts(&carrier, wanted, PSX_UNIT_VOLTS, PSX_MOST_VOLTS, &slopes);
	}
	return (struct span){ (float)volts[1], (float)-volts[0] };
}

static double apart(struct span a, struct span b)
{
	return fmax((double)a.positive - b.negative, (double)b.positive - a.negative);
}

int psx_calibration_keep_near(struct psx_calibration *cal, double most_volts, struct psx_error *err)
{
	const size_t width = cal->info.geometry.width;
	struct span *spans = calloc(cal->count, sizeof(*spans));
	double most = 0;
	size_t place;

	if (!spans)
		return psx_error_set(err, ENOMEM, "out of memory");
	for (place = 0; place < cal->count; place++) {
		spans[place] = span_of(cal, place);
		if (place % width)
			most = fmax(most, apart(spans[place], spans[place - 1]));
		if (place >= width)
			most = fmax(most, apart(spans[place], spans[place - width]));
	}
	free(spans);
	/* Volts grow faster than weights: in proportion is enough */
	if (most > APART_MARGIN * most_volts)
		cal->info.headroom *= APART_MARGIN * most_volts / most;
	return 0;
}
