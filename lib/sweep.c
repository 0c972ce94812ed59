// SPDX-License-Identifier: MIT
/* Response curves: dark and open beam at biases of both signs. */
#include "calibration.h"
#include "error.h"
#include "sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DEFAULT_BIASES	 17
#define LEAST_BIASES	 5
#define DEFAULT_FRAMES	 4
#define MOST_FRAMES	 1024
#define DEFAULT_EXPOSURE 1000000000u
/* Room in the ADC for sub-pixels above the nominal, and for what zeroing leaves */
#define MARGIN		 1.5
#define MARGIN_LEVELS	 8
#define NOISE_TIMES	 4

/* Denser at low volts, where the curves bend */
static void choose_biases(struct psx_sweep *sweep, unsigned int biases)
{
	const double code = psx_code_to_volts(1);
	unsigned int i;

	sweep->points = 2 * biases;
	for (i = 0; i < biases; i++) {
		const double part = (i + 1.0) / biases;
		const double volts = round(PSX_MOST_VOLTS * part * part / code) * code;

		sweep->volts[biases - 1 - i] = -volts;
		sweep->volts[biases + i] = volts;
	}
}

static int check_options(struct psx_device *dev, const struct psx_sweep_options *o)
{
	if (o->biases && (o->biases < LEAST_BIASES || o->biases > PSX_HECHT_POINTS))
		return psx_error_set(&dev->error, EINVAL, "%u biases of each sign are not %d..%d",
				     o->biases, LEAST_BIASES, PSX_HECHT_POINTS);
	if (o->frames > MOST_FRAMES)
		return psx_error_set(&dev->error, EINVAL, "%u frames are more than %d", o->frames,
				     MOST_FRAMES);
	if (!(o->dose_rate >= 0 && o->dose_rate < 1e9))
		return psx_error_set(&dev->error, EINVAL, "a dose rate of %g uGy/s", o->dose_rate);
	return 0;
}

struct sweeping {
	struct psx_device *dev;
	struct psx_probe *probe;
	struct psx_sweep *sweep;
	uint64_t exposure_ns;
	unsigned int frames;
	double beam; /* levels at weight 1 */
};

static unsigned int pga_of(const struct sweeping *s, unsigned int point)
{
	return psx_pga_for(MARGIN_LEVELS +
			   MARGIN * s->beam * fabs(psx_sensor_weight(s->sweep->volts[point])));
}

static int set_point(struct sweeping *s, unsigned int point)
{
	return psx_probe_set(s->probe, s->sweep->volts[point], s->exposure_ns, pga_of(s, point),
			     s->frames);
}

/* Where all is beyond the offset DAC, nothing is known of this point */
static int measure_dark(struct sweeping *s, unsigned int point)
{
	const float *dark = psx_probe_get_dark(s->probe);
	double sum = 0;
	size_t used = 0, i;

	s->sweep->dark[point] = (double)NAN;
	if (set_point(s, point))
		return errno == ERANGE ? 0 : -1;
	for (i = 0; i < s->sweep->count; i++) {
		if (isnan(dark[i]))
			continue;
		sum += dark[i];
		used++;
	}
	s->sweep->dark[point] = sum / (double)used / s->sweep->seconds;
	return 0;
}

static int measure_light(struct sweeping *s, unsigned int point)
{
	float *levels = s->sweep->levels + point * s->sweep->count;
	const float *seen = psx_probe_get_levels(s->probe);
	struct psx_reading reading;
	size_t i;

	s->sweep->noise[point] = (double)NAN;
	for (i = 0; i < s->sweep->count; i++)
		levels[i] = (float)NAN;
	if (isnan(s->sweep->dark[point]))
		return 0;
	if (set_point(s, point) ||
	    psx_probe_expose(s->probe, PSX_SHUTTER_BEAM, s->frames, &reading, NULL))
		return -1;
	/* where noise reaches the ADC's end, those that can be read are a choice */
	if (fabs(reading.signal) + NOISE_TIMES * reading.noise >
	    PSX_ADC_LEVELS / (double)pga_of(s, point))
		return 0;
	for (i = 0; i < s->sweep->count; i++)
		levels[i] = seen[i];
	s->sweep->noise[point] = reading.noise;
	return 0;
}

/* All that is dark first: where a person is the shutter, it is asked for twice */
static int measure(struct sweeping *s, struct psx_task *task)
{
	unsigned int i;

	task->what = "beam";
	if (psx_beam_measure(s->dev, s->exposure_ns, s->frames, task, &s->beam))
		return -1;
	for (i = 0; i < s->sweep->points; i++)
		if (measure_dark(s, i))
			return -1;
	for (i = 0; i < s->sweep->points; i++)
		if (measure_light(s, i))
			return -1;
	return 0;
}

static int allocate(struct psx_sweep *sweep)
{
	const size_t count = sweep->count;

	sweep->levels = calloc(count * sweep->points, sizeof(*sweep->levels));
	sweep->found[0] = calloc(count, sizeof(*sweep->found[0]));
	sweep->found[1] = calloc(count, sizeof(*sweep->found[1]));
	sweep->used[0] = calloc(count, sizeof(*sweep->used[0]));
	sweep->used[1] = calloc(count, sizeof(*sweep->used[1]));
	sweep->off = calloc(count, sizeof(*sweep->off));
	return sweep->levels && sweep->found[0] && sweep->found[1] && sweep->used[0] &&
			       sweep->used[1] && sweep->off ? 0 : -1;
}

static int run(struct psx_device *dev, struct psx_probe *probe, struct psx_sweep *sweep,
	       const struct psx_sweep_options *options)
{
	struct sweeping s = {
		.dev = dev, .probe = probe, .sweep = sweep,
		.exposure_ns = options->exposure_ns ? options->exposure_ns : DEFAULT_EXPOSURE,
		.frames = options->frames ? options->frames : DEFAULT_FRAMES,
	};
	struct psx_task task = { .progress = options->progress, .arg = options->arg };
	const double rate = options->dose_rate > 0 ? options->dose_rate : PSX_NOMINAL_RATE;

	psx_probe_set_progress(probe, options->progress, options->arg);
	sweep->region = *psx_probe_get_region(probe);
	sweep->count = (size_t)sweep->region.width * sweep->region.height;
	sweep->seconds = (double)s.exposure_ns / 1e9;
	sweep->weight = PSX_NOMINAL_RATE / (PSX_NOMINAL_LEVEL * rate * sweep->seconds);
	choose_biases(sweep, options->biases ? options->biases : DEFAULT_BIASES);
	if (allocate(sweep))
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	if (measure(&s, &task))
		return -1;
	/* Given up, it is measured all the same */
	return psx_sweep_fit_all(dev, sweep, &task) && errno != ECANCELED ? -1 : 0;
}

struct psx_sweep *psx_sweep_run(struct psx_device *dev, const struct psx_region *region,
				const struct psx_sweep_options *options, struct psx_error *err)
{
	const struct psx_sweep_options none = { 0 };
	struct psx_sweep *sweep = NULL;
	struct psx_probe *probe;
	int failed;

	if (!options)
		options = &none;
	failed = check_options(dev, options);
	probe = failed ? NULL : psx_probe_new(dev, region, &dev->error);
	if (probe) {
		sweep = calloc(1, sizeof(*sweep));
		failed = sweep ? run(dev, probe, sweep, options) :
				 psx_error_set(&dev->error, ENOMEM, "out of memory");
		psx_probe_free(probe);
		if (sweep && !failed) {
			if (err && !sweep->fits[1].used)
				*err = dev->error;
			return sweep;
		}
	}
	psx_sweep_free(sweep);
	return psx_error_null(err, dev->error.code, "%s", dev->error.message);
}

void psx_sweep_free(struct psx_sweep *sweep)
{
	if (!sweep)
		return;
	free(sweep->levels);
	free(sweep->found[0]);
	free(sweep->found[1]);
	free(sweep->used[0]);
	free(sweep->used[1]);
	free(sweep->off);
	free(sweep);
}

size_t psx_sweep_get_count(const struct psx_sweep *sweep)
{
	return sweep->points;
}
