// SPDX-License-Identifier: MIT
/* All sub-pixels of a region at one bias, read one by one as grey levels. */
#include "calibration.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DARK_FRAMES 16
#define MOST_FRAMES 1024

#define BAD	    INT16_MIN /* among dark codes */

/* What was seen in the dark at one setting, of the region */
struct darkness {
	struct darkness *next;
	double volts;
	uint64_t exposure_ns;
	unsigned int pga;
	int16_t codes[]; /* offset, then dark, by sub-pixel */
};

struct psx_probe {
	struct psx_device *dev;
	struct psx_region region;
	struct psx_settings settings;
	struct psx_bench bench;
	struct psx_bank *bank; /* NULL before psx_probe_set() */
	struct darkness *darkness;
	struct psx_task task;
	size_t count; /* sub-pixels */
	float *levels, *dark;
	float *last; /* of the frame before */
	double jumps; /* squares, from frame to frame, over all frames and sub-pixels */
	size_t jumped;
	struct psx_sample *samples; /* NULL = nobody wants them */
	unsigned int seen;	    /* frames */
};

static int check_region(struct psx_device *dev, const struct psx_region *wanted,
			struct psx_region *region)
{
	const struct psx_device_info *info = &dev->transport->info;
	const uint32_t border = info->border;

	if (wanted && wanted->width) {
		*region = *wanted;
		if (region->height && region->x < info->width && region->y < info->height &&
		    region->width <= info->width - region->x &&
		    region->height <= info->height - region->y)
			return 0;
		return psx_error_set(&dev->error, ERANGE,
				     "region %u,%u,%ux%u is not inside %u x %u sub-pixels", region->x,
				     region->y, region->width, region->height, info->width,
				     info->height);
	}
	*region = (struct psx_region){ border, border, info->width - 2 * border,
				       info->height - 2 * border };
	return 0;
}

struct psx_probe *psx_probe_new(struct psx_device *dev, const struct psx_region *region,
				struct psx_error *err)
{
	struct psx_probe *probe = calloc(1, sizeof(*probe));
	int failed;

	if (!probe)
		return psx_error_null(err, ENOMEM, "out of memory");
	probe->dev = dev;
	probe->settings = psx_default_settings;
	failed = check_region(dev, region, &probe->region);
	if (!failed) {
		probe->count = (size_t)probe->region.width * probe->region.height;
		probe->levels = calloc(probe->count, sizeof(*probe->levels));
		probe->dark = calloc(probe->count, sizeof(*probe->dark));
		probe->last = calloc(probe->count, sizeof(*probe->last));
		failed = probe->levels && probe->dark && probe->last ?
				 psx_bench_begin(dev, &probe->bench) :
				 psx_error_set(&dev->error, ENOMEM, "out of memory");
	}
	if (!failed)
		return probe;
	if (err)
		*err = dev->error;
	free(probe->levels);
	free(probe->dark);
	free(probe->last);
	free(probe);
	errno = dev->error.code;
	return NULL;
}

void psx_probe_free(struct psx_probe *probe)
{
	if (!probe)
		return;
	psx_bench_end(probe->dev, &probe->bench);
	psx_bank_free(probe->bank);
	while (probe->darkness) {
		struct darkness *next = probe->darkness->next;

		free(probe->darkness);
		probe->darkness = next;
	}
	free(probe->levels);
	free(probe->dark);
	free(probe->last);
	free(probe);
}

const char *psx_probe_error(const struct psx_probe *probe)
{
	return probe->dev->error.message;
}

void psx_probe_set_progress(struct psx_probe *probe, psx_progress progress, void *arg)
{
	probe->task.progress = progress;
	probe->task.arg = arg;
}

/* The place of the region's sub-pixel i among the sensor's */
static size_t place_of(const struct psx_probe *probe, size_t i)
{
	const struct psx_region *r = &probe->region;

	return (r->y + i / r->width) * probe->dev->transport->info.width + r->x + i % r->width;
}

static struct darkness *find(const struct psx_probe *probe, double volts)
{
	struct darkness *d;

	for (d = probe->darkness; d; d = d->next)
		if (d->volts == volts && d->exposure_ns == probe->settings.exposure_ns &&
		    d->pga == probe->settings.pga)
			return d;
	return NULL;
}

/* Exposures in the dark, and what they are kept as; NULL with the device's error */
static struct darkness *measure(struct psx_probe *probe, double volts, unsigned int frames)
{
	struct darkness *d = calloc(1, sizeof(*d) + 2 * probe->count * sizeof(*d->codes));
	const struct psx_bank *bank = probe->bank;
	size_t i;

	if (!d)
		return psx_error_null(&probe->dev->error, ENOMEM, "out of memory");
	probe->task.what = "dark";
	if (psx_device_light(probe->dev, PSX_SHUTTER_CLOSED) ||
	    psx_zero_measure(probe->dev, &probe->settings, &probe->bank, 1, frames, &probe->task)) {
		free(d);
		return NULL;
	}
	d->volts = volts;
	d->exposure_ns = probe->settings.exposure_ns;
	d->pga = probe->settings.pga;
	for (i = 0; bank->offset && i < probe->count; i++) {
		const size_t place = place_of(probe, i);

		d->codes[i] = bank->offset[place];
		d->codes[probe->count + i] =
			bank->mask && bank->mask->bad[place] ? BAD : bank->dark[place];
	}
	d->next = probe->darkness;
	probe->darkness = d;
	return d;
}

/* Maps of the bank, as they were measured before; and dark levels */
static int use(struct psx_probe *probe, const struct darkness *d)
{
	const float step = 1.0f / (float)(PSX_DARK_STEPS * PSX_ADC_STEPS * d->pga);
	struct psx_bank *bank = probe->bank;
	const size_t area = psx_bank_area(bank);
	size_t i;

	if ((probe->dev->transport->info.caps & PSX_CAP_OFFSET) && !bank->offset) {
		bank->offset = calloc(area, sizeof(*bank->offset));
		bank->dark = calloc(area, sizeof(*bank->dark));
		if (!bank->offset || !bank->dark)
			return psx_error_set(&probe->dev->error, ENOMEM, "out of memory");
	}
	for (i = 0; i < probe->count; i++) {
		const int16_t offset = d->codes[i], dark = d->codes[probe->count + i];

		probe->dark[i] = dark == BAD ? (float)NAN :
					       (float)offset * PSX_OFFSET_LEVELS + (float)dark * step;
		if (bank->offset) {
			bank->offset[place_of(probe, i)] = offset;
			bank->dark[place_of(probe, i)] = dark == BAD ? 0 : dark;
		}
	}
	return 0;
}

static int check_setting(struct psx_device *dev, double volts, unsigned int pga,
			 unsigned int frames)
{
	if (!(fabs(volts) <= PSX_MOST_VOLTS))
		return psx_error_set(&dev->error, EINVAL, "%g V are not -100..100 V", volts);
	if (!pga || pga > PSX_PGA_MOST || (pga & (pga - 1)))
		return psx_error_set(&dev->error, EINVAL, "a gain of %u is not 1, 2, 4 .. 128", pga);
	if (frames > MOST_FRAMES)
		return psx_error_set(&dev->error, EINVAL, "%u frames are more than %d", frames,
				     MOST_FRAMES);
	return 0;
}

int psx_probe_set(struct psx_probe *probe, double volts, uint64_t exposure_ns, unsigned int pga,
		  unsigned int frames)
{
	const struct psx_device_info *info = &probe->dev->transport->info;
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	struct darkness *d;

	psx_bank_free(probe->bank);
	probe->bank = NULL;
	if (check_setting(probe->dev, volts, pga, frames))
		return -1;
	probe->bank = psx_beam_bank(&geometry, volts, &probe->dev->error);
	if (!probe->bank)
		return -1;
	probe->settings.exposure_ns = exposure_ns;
	probe->settings.pga = pga;
	if (!psx_load_check(probe->dev, &probe->settings, &probe->bank, 1,
			    info->caps & PSX_CAP_OFFSET)) {
		d = find(probe, volts);
		if (!d)
			d = measure(probe, volts, frames ? frames : DARK_FRAMES);
		if (d && !use(probe, d))
			return 0;
	}
	psx_bank_free(probe->bank);
	probe->bank = NULL;
	return -1;
}

/* Noise from frame to frame: a signal that drifts is no noise */
static void visit(void *arg, const struct psx_frame_info *info, const int16_t *values, float unit)
{
	struct psx_probe *probe = arg;
	const float step = unit / (float)(PSX_ADC_STEPS * probe->settings.pga);
	double sum = 0;
	size_t used = 0, i;

	for (i = 0; i < probe->count; i++) {
		const float level = (float)values[place_of(probe, i)] * step;
		const float jump = level - probe->last[i];

		probe->last[i] = level;
		if (isnan(probe->dark[i]))
			continue;
		sum += level;
		used++;
		if (probe->seen)
			probe->jumps += (double)jump * jump;
	}
	if (probe->seen)
		probe->jumped += used;
	if (probe->samples)
		probe->samples[probe->seen] = (struct psx_sample){
			.seconds = (double)info->device_ns / 1e9,
			.signal = used ? sum / (double)used : (double)NAN,
		};
	probe->seen++;
}

static void sum_up(struct psx_probe *probe, const struct psx_average *average,
		   struct psx_reading *reading)
{
	const double step = 1.0 / (PSX_ADC_STEPS * probe->settings.pga);
	double sum = 0, dark = 0, squares = 0;
	size_t i;

	*reading = (struct psx_reading){ .noise = (double)NAN };
	for (i = 0; i < probe->count; i++) {
		const size_t place = place_of(probe, i);

		probe->levels[i] = (float)(average->codes[place] * step);
		if (average->clipped[place] || isnan(probe->dark[i])) {
			probe->levels[i] = NAN;
			reading->clipped++;
			continue;
		}
		sum += probe->levels[i];
		dark += probe->dark[i];
		reading->used++;
	}
	reading->signal = sum / (double)reading->used;
	reading->dark = dark / (double)reading->used;
	for (i = 0; i < probe->count; i++)
		if (!isnan(probe->levels[i]))
			squares += (probe->levels[i] - reading->signal) *
				   (probe->levels[i] - reading->signal);
	if (reading->used > 1)
		reading->spread = sqrt(squares / (double)(reading->used - 1));
	if (probe->jumped)
		reading->noise = sqrt(probe->jumps / 2 / (double)probe->jumped);
}

int psx_probe_expose(struct psx_probe *probe, enum psx_shutter shutter, unsigned int frames,
		     struct psx_reading *reading, struct psx_sample *samples)
{
	struct psx_average average = { 0 };
	int failed;

	if (!probe->bank || !frames || frames > MOST_FRAMES)
		return psx_error_set(&probe->dev->error, EINVAL, "%s",
				     probe->bank ? "frames are 1..1024" : "no bias was set");
	probe->samples = samples;
	probe->seen = 0;
	probe->jumps = 0;
	probe->jumped = 0;
	probe->task.what = shutter == PSX_SHUTTER_CLOSED ? "dark" : "light";
	failed = psx_device_light(probe->dev, shutter) ||
		 psx_average_take_each(probe->dev, &probe->bank, 1, probe->settings.exposure_ns,
				       probe->settings.pga, frames, &probe->task, visit, probe,
				       &average);
	if (!failed)
		sum_up(probe, &average, reading);
	psx_average_free(&average, 1);
	return failed ? -1 : 0;
}

const float *psx_probe_get_levels(const struct psx_probe *probe)
{
	return probe->levels;
}

const float *psx_probe_get_dark(const struct psx_probe *probe)
{
	return probe->dark;
}

const struct psx_region *psx_probe_get_region(const struct psx_probe *probe)
{
	return &probe->region;
}
