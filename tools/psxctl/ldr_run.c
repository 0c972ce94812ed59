// SPDX-License-Identifier: MIT
#include "ldr.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LEVELS_PER_UGY (4095 / 494.0) /* at weight 1 */
#define WELL	       6000.0 /* levels that an exposure should give at most */
#define MARGIN	       1.3
#define MARGIN_LEVELS  8
#define ADC_LEVELS     8192
#define MOST_PGA       128u
#define SHORTER	       10 /* from exposure to exposure */
#define TRIES	       3

static unsigned int pga_for(double levels)
{
	unsigned int pga = 1;

	while (pga < MOST_PGA && 2 * pga * (MARGIN * levels + MARGIN_LEVELS) <= ADC_LEVELS)
		pga *= 2;
	return pga;
}

static int fail(const struct source *source, struct psx_error *err)
{
	return psx_error_set(err, errno, "%s", psx_probe_error(source->probe));
}

/* At the exposure and gain that this rate needs; shorter where the ADC ends even so */
static int take_point(const struct ldr *ldr, struct source *source, double rate,
		      struct psx_dose_point *point, unsigned int *pga, struct psx_error *err)
{
	const double a_second = rate * LEVELS_PER_UGY * fabs(psx_sensor_weight(ldr->study.volts));
	const uint64_t least = psx_device_get_info(source->dev)->min_exposure_ns;
	uint64_t ns = ldr->study.exposure_ns;
	struct psx_reading reading;
	int tries;

	while (a_second * (double)ns / 1e9 > WELL && ns / SHORTER >= least)
		ns /= SHORTER;
	for (tries = 0;; tries++, ns /= SHORTER) {
		*pga = pga_for(a_second * (double)ns / 1e9);
		if (psx_probe_set(source->probe, ldr->study.volts, ns, *pga, 2 * ldr->study.frames) ||
		    psx_probe_expose(source->probe, source->light, ldr->study.frames, &reading, NULL))
			return fail(source, err);
		if (reading.used > reading.clipped || tries == TRIES || ns / SHORTER < least)
			break;
	}
	*point = (struct psx_dose_point){
		.rate = rate, .seconds = (double)ns / 1e9,
		.signal = reading.used > reading.clipped ? reading.signal : (double)NAN,
		.noise = reading.noise,
	};
	return 0;
}

/* In the dark, where the least can be seen */
static int take_noise(const struct ldr *ldr, struct source *source, struct ldr_series *series,
		      struct psx_error *err)
{
	struct psx_reading reading;

	if (psx_probe_set(source->probe, ldr->study.volts, ldr->study.exposure_ns, MOST_PGA,
			  2 * ldr->study.frames) ||
	    psx_probe_expose(source->probe, PSX_SHUTTER_CLOSED, ldr->study.frames, &reading, NULL))
		return fail(source, err);
	series->dark_noise = reading.noise;
	return 0;
}

static int take_all(const struct ldr *ldr, struct source *source, struct ldr_series *series,
		    struct psx_error *err)
{
	const double decades = log10(ldr->to / ldr->from);
	const size_t count = (size_t)ceil(decades * ldr->steps - 1e-9) + 1;
	double rate;
	size_t i;

	for (i = 0; i < count; i++) {
		const double wanted =
			fmin(ldr->from * pow(10, (double)i / ldr->steps), ldr->to);
		const size_t n = series->count;

		if (source_set(source, wanted, &rate, err))
			return -1;
		if (n && rate <= series->points[n - 1].rate)
			continue; /* a scene's level, or a person, can't be so fine */
		if (!n && take_noise(ldr, source, series, err))
			return -1;
		if (take_point(ldr, source, rate, &series->points[n], &series->pga[n], err))
			return -1;
		series->count++;
	}
	return 0;
}

int ldr_measure(struct ldr *ldr, struct ldr_series *series, struct psx_error *err)
{
	struct source source = { .study = &ldr->study, .uri = series->uri };
	int failed;

	(void)memcpy(series->model, psx_device_get_info(ldr->study.dev)->model,
		     sizeof(series->model));
	failed = take_all(ldr, &source, series, err);
	source_end(&source);
	if (failed)
		return -1;
	if (psx_range_find(series->points, series->count, 0, 0, &series->range))
		return psx_error_set(err, errno, errno == ENODATA ?
				     "nothing in this series is above three times its noise" :
				     "too few different dose rates");
	return 0;
}
