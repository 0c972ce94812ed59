// SPDX-License-Identifier: MIT
#include "ldr.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WELL	    6000.0 /* levels that an exposure should give at most */
#define SHORTER	    10 /* from exposure to exposure */
#define PART	    1e-3 /* of the signal, that it should be known to */
#define MORE	    16 /* times as many frames at most, for that */
#define DARK	    2 /* frames in the dark for one of the light */
#define MOST_FRAMES 1024

static int fail(const struct source *source, struct psx_error *err)
{
	return psx_error_set(err, errno, "%s", psx_probe_error(source->probe));
}

/* At this gain, or a lower one where something clips; too long where most are blind */
static int expose(const struct source *source, uint64_t ns, unsigned int *pga, unsigned int frames,
		  struct psx_reading *reading)
{
	const unsigned int dark = frames < MOST_FRAMES / DARK ? DARK * frames : MOST_FRAMES;

	for (;; *pga /= 2) {
		if (psx_probe_set(source->probe, source->study->volts, ns, *pga, dark) ||
		    psx_probe_expose(source->probe, source->light, frames, reading, NULL))
			return -1;
		if (!reading->clipped && reading->blind <= reading->used)
			return 0;
		if (*pga == 1 || !reading->clipped) {
			errno = ERANGE;
			return -1;
		}
	}
}

/* Where little signal is in much noise, exposures are what helps */
static unsigned int frames_for(const struct psx_reading *reading, unsigned int frames)
{
	const double off = hypot(reading->error, reading->dark_error) / (PART * fabs(reading->signal));

	return (unsigned int)fmin(ceil(frames * fmin(off * off, MORE)), MOST_FRAMES);
}

static int take_reading(const struct source *source, uint64_t ns, unsigned int *pga,
			struct psx_reading *reading)
{
	const unsigned int frames = source->study->frames;
	unsigned int wanted;

	if (psx_probe_choose_pga(source->probe, source->study->volts, ns, source->light, pga) ||
	    expose(source, ns, pga, frames, reading))
		return -1;
	wanted = frames_for(reading, frames);
	return wanted > frames ? expose(source, ns, pga, wanted, reading) : 0;
}

/* Shorter where darkness or the light is beyond what can be read. *seconds is what it was */
static int take_longest(const struct source *source, uint64_t ns, double *seconds, unsigned int *pga,
			struct psx_reading *reading)
{
	const uint64_t least = psx_device_get_info(source->dev)->min_exposure_ns;
	int failed = take_reading(source, ns, pga, reading);

	while (failed && errno == ERANGE && ns / SHORTER >= least) {
		ns /= SHORTER;
		failed = take_reading(source, ns, pga, reading);
	}
	*seconds = (double)ns / 1e9;
	return failed;
}

static int take_point(const struct source *source, double rate, struct ldr_series *series,
		      struct psx_error *err)
{
	struct psx_dose_point *point = &series->points[series->count];
	const double a_second = rate * PSX_NOMINAL_LEVEL / PSX_NOMINAL_RATE *
				fabs(psx_sensor_weight(source->study->volts));
	const uint64_t least = psx_device_get_info(source->dev)->min_exposure_ns;
	uint64_t ns = source->study->exposure_ns;

	while (a_second * (double)ns / 1e9 > WELL && ns / SHORTER >= least)
		ns /= SHORTER;
	*point = (struct psx_dose_point){ .rate = rate, .deviation = (double)NAN };
	return take_longest(source, ns, &point->seconds, &point->pga, &point->reading) ||
			       psx_series_add(series->readings, source->probe, &point->reading) ?
		       fail(source, err) : 0;
}

/* In the dark, where the least can be seen */
static int take_noise(struct source *source, struct ldr_series *series, struct psx_error *err)
{
	const enum psx_shutter light = source->light;
	unsigned int pga;
	int failed;

	source->light = PSX_SHUTTER_CLOSED;
	failed = take_longest(source, source->study->exposure_ns, &series->dark_seconds, &pga,
			      &series->dark) ||
		 psx_series_add(series->readings, source->probe, &series->dark);
	source->light = light;
	return failed ? fail(source, err) : 0;
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
		if (!n && take_noise(source, series, err))
			return -1;
		if (take_point(source, rate, series, err))
			return -1;
		series->count++;
	}
	return 0;
}

int ldr_measure(const struct ldr *ldr, struct ldr_series *series, struct psx_error *err)
{
	struct source source = { .study = &series->study, .most = ldr->to };
	int failed;

	series->readings = psx_series_new();
	if (!series->readings)
		return psx_error_set(err, errno, "out of memory");
	(void)memcpy(series->model, psx_device_get_info(series->study.dev)->model,
		     sizeof(series->model));
	failed = take_all(ldr, &source, series, err);
	source_end(&source);
	if (psx_series_agree(series->readings, &series->used, &series->left_out))
		failed = psx_error_set(err, errno, "out of memory");
	psx_series_free(series->readings);
	series->found = !psx_range_find(series->points, series->count, 0, 0, &series->range);
	if (failed || series->found)
		return failed;
	return psx_error_set(err, errno, errno == ENODATA ?
			     "nothing in this series is above three times its noise" :
			     errno == EINVAL ? "too few different dose rates" : "out of memory");
}
