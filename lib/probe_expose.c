// SPDX-License-Identifier: MIT
/* Exposures of a probe: levels, and noise from frame to frame. */
#include "error.h"
#include "probe.h"

#include <errno.h>
#include <math.h>

/* Blind sub-pixels are known before; those that clip only afterwards */
static bool is_blind(const struct psx_probe *probe, size_t i)
{
	return probe->now && isnan(probe->now->levels[i]);
}

static bool is_odd(const struct psx_probe *probe, size_t i)
{
	return probe->now && isnan(probe->responses[i]);
}

static double step_of(const struct psx_probe *probe)
{
	return 1.0 / (PSX_ADC_STEPS * probe->settings.pga);
}

/* A signal that drifts is no noise, so frames are compared with those before */
static void visit(void *arg, const struct psx_frame_info *info, const int16_t *values, float unit)
{
	struct psx_probe *probe = arg;
	const float step = unit * (float)step_of(probe);
	double sum = 0;
	size_t used = 0, i;

	for (i = 0; i < probe->count; i++) {
		const float level = (float)values[psx_probe_place(probe, i)] * step;
		const float jump = level - probe->last[i];

		probe->last[i] = level;
		probe->jumps[i] = probe->seen ? probe->jumps[i] + jump * jump : 0;
		if (is_blind(probe, i) || is_odd(probe, i))
			continue;
		sum += level - (probe->now ? probe->now->levels[i] : 0);
		used++;
	}
	if (probe->samples)
		probe->samples[probe->seen] = (struct psx_sample){
			.seconds = (double)info->device_ns / 1e9,
			.signal = used ? sum / (double)used : (double)NAN,
		};
	probe->seen++;
}

/* NAN where a sub-pixel can't be read */
static void find_levels(struct psx_probe *probe, const struct psx_average *average,
			struct psx_reading *reading)
{
	const double step = step_of(probe);
	size_t i;

	for (i = 0; i < probe->count; i++) {
		const size_t place = psx_probe_place(probe, i);

		probe->levels[i] = (float)(average->codes[place] * step) -
				   (probe->now ? probe->now->levels[i] : 0);
		if (is_blind(probe, i)) {
			reading->blind++;
		} else if (is_odd(probe, i)) {
			probe->levels[i] = (float)NAN;
		} else if (average->clipped[place]) {
			probe->levels[i] = NAN;
			reading->clipped++;
		}
	}
}

/* Of so many differences of neighbours in each of `used` rows, of which all but the
 * ends are used twice: the variance of a variance */
static double part_of_noise(unsigned int frames, size_t used)
{
	return sqrt((3.0 * frames - 4) / (double)used) / (2.0 * (frames - 1));
}

void psx_probe_sum_up(const float *levels, const float *jumps, size_t count, unsigned int frames,
		      struct psx_reading *reading)
{
	double sum = 0, squares = 0, jumped = 0;
	size_t i;

	reading->used = 0;
	for (i = 0; i < count; i++) {
		if (isnan(levels[i]))
			continue;
		sum += levels[i];
		jumped += jumps[i];
		reading->used++;
	}
	reading->signal = sum / (double)reading->used;
	for (i = 0; i < count; i++)
		if (!isnan(levels[i]))
			squares += pow(levels[i] - reading->signal, 2);
	reading->spread = reading->used > 1 ? sqrt(squares / (double)(reading->used - 1)) : 0;
	reading->noise = frames > 1 ? sqrt(jumped / 2 / (frames - 1.0) / (double)reading->used) :
				      (double)NAN;
	reading->noise_error = reading->noise * part_of_noise(frames, reading->used);
	reading->error = reading->noise / sqrt((double)reading->used * frames);
}

static void sum_up_dark(const struct psx_probe *probe, struct psx_reading *reading)
{
	double dark = 0;
	size_t i;

	for (i = 0; i < probe->count; i++)
		if (!isnan(probe->levels[i]))
			dark += probe->dark[i];
	reading->dark = dark / (double)reading->used;
	if (probe->now)
		reading->dark_error = probe->now->reading.error;
}

int psx_probe_light(struct psx_probe *probe, enum psx_shutter shutter)
{
	if (probe->position == (int)shutter)
		return 0;
	probe->position = -1;
	if (psx_device_light(probe->dev, shutter))
		return -1;
	probe->position = (int)shutter;
	return 0;
}

int psx_probe_take(struct psx_probe *probe, enum psx_shutter shutter, unsigned int frames,
		   struct psx_reading *reading, struct psx_sample *samples)
{
	struct psx_average average = { 0 };
	int failed;

	probe->samples = samples;
	probe->seen = 0;
	*reading = (struct psx_reading){ 0 };
	probe->task.what = shutter == PSX_SHUTTER_CLOSED ? "dark" : "light";
	failed = psx_probe_light(probe, shutter) ||
		 psx_average_take_each(probe->dev, &probe->bank, 1, probe->settings.exposure_ns,
				       probe->settings.pga, frames, &probe->task, !samples, visit,
				       probe, &average);
	if (!failed) {
		find_levels(probe, &average, reading);
		psx_probe_sum_up(probe->levels, probe->jumps, probe->count, frames, reading);
		sum_up_dark(probe, reading);
	}
	psx_average_free(&average, 1);
	return failed ? -1 : 0;
}
