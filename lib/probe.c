// SPDX-License-Identifier: MIT
/* All sub-pixels of a region at one bias, read one by one as grey levels. */
#include "error.h"
#include "odd.h"
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DARK_FRAMES 16
/* A look at a gain of 1 */
#define LOOK_DARK     8
#define LOOK_LIGHT    2
#define MARGIN	      1.1 /* of the signal */
#define MARGIN_LEVELS (PSX_OFFSET_LEVELS)
/* Sigmas; the offset is found by one exposure, so it has the noise, too */
#define MARGIN_NOISE  (6 * M_SQRT2)

int psx_device_check_region(struct psx_device *dev, const struct psx_region *region)
{
	const struct psx_device_info *info = &dev->transport->info;

	if (region->width && region->height && region->x < info->width && region->y < info->height &&
	    region->width <= info->width - region->x && region->height <= info->height - region->y)
		return 0;
	return psx_error_set(&dev->error, ERANGE,
			     "region %u,%u,%ux%u is not inside %u x %u sub-pixels", region->x,
			     region->y, region->width, region->height, info->width, info->height);
}

static int set_region(struct psx_probe *probe, const struct psx_region *wanted)
{
	const struct psx_device_info *info = &probe->dev->transport->info;
	const uint32_t border = info->border;

	if (wanted && wanted->width) {
		probe->region = *wanted;
		return psx_device_check_region(probe->dev, wanted);
	}
	probe->region = (struct psx_region){ border, border, info->width - 2 * border,
					     info->height - 2 * border };
	return 0;
}

static void release(struct psx_probe *probe)
{
	psx_bank_free(probe->bank);
	psx_probe_forget(probe);
	free(probe->levels);
	free(probe->dark);
	free(probe->last);
	free(probe->jumps);
	free(probe->responses);
	free(probe);
}

struct psx_probe *psx_probe_new(struct psx_device *dev, const struct psx_region *region,
				struct psx_error *err)
{
	struct psx_probe *probe = calloc(1, sizeof(*probe));
	int failed;

	if (!probe)
		return psx_error_null(err, ENOMEM, "out of memory");
	probe->dev = dev;
	probe->position = -1;
	probe->settings = psx_default_settings;
	failed = set_region(probe, region);
	if (!failed) {
		probe->count = (size_t)probe->region.width * probe->region.height;
		probe->levels = calloc(probe->count, sizeof(*probe->levels));
		probe->dark = calloc(probe->count, sizeof(*probe->dark));
		probe->last = calloc(probe->count, sizeof(*probe->last));
		probe->jumps = calloc(probe->count, sizeof(*probe->jumps));
		probe->responses = calloc(probe->count, sizeof(*probe->responses));
		failed = probe->levels && probe->dark && probe->last && probe->jumps &&
					 probe->responses ?
				 psx_bench_begin(dev, &probe->bench) :
				 psx_error_set(&dev->error, ENOMEM, "out of memory");
	}
	if (!failed)
		return probe;
	if (err)
		*err = dev->error;
	release(probe);
	errno = dev->error.code;
	return NULL;
}

void psx_probe_free(struct psx_probe *probe)
{
	if (!probe)
		return;
	psx_bench_end(probe->dev, &probe->bench);
	release(probe);
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

size_t psx_probe_place(const struct psx_probe *probe, size_t i)
{
	const struct psx_region *r = &probe->region;

	return (r->y + i / r->width) * probe->dev->transport->info.width + r->x + i % r->width;
}

static int check_setting(struct psx_device *dev, double volts, unsigned int pga,
			 unsigned int frames)
{
	if (!(fabs(volts) <= PSX_MOST_VOLTS))
		return psx_error_set(&dev->error, EINVAL, "%g V are not -100..100 V", volts);
	if (!pga || pga > PSX_PGA_MOST || (pga & (pga - 1)))
		return psx_error_set(&dev->error, EINVAL, "a gain of %u is not 1, 2, 4 .. 128", pga);
	if (frames > PSX_PROBE_FRAMES)
		return psx_error_set(&dev->error, EINVAL, "%u frames are more than %d", frames,
				     PSX_PROBE_FRAMES);
	return 0;
}

int psx_probe_set(struct psx_probe *probe, double volts, uint64_t exposure_ns, unsigned int pga,
		  unsigned int frames)
{
	const struct psx_device_info *info = &probe->dev->transport->info;
	const struct psx_geometry geometry = { info->width, info->height, info->border };

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
			    info->caps & PSX_CAP_OFFSET) &&
	    !psx_probe_darken(probe, volts, frames ? frames : DARK_FRAMES))
		return 0;
	psx_bank_free(probe->bank);
	probe->bank = NULL;
	return -1;
}

int psx_probe_expose(struct psx_probe *probe, enum psx_shutter shutter, unsigned int frames,
		     struct psx_reading *reading, struct psx_sample *samples)
{
	if (!probe->bank || !frames || frames > PSX_PROBE_FRAMES)
		return psx_error_set(&probe->dev->error, EINVAL, "%s",
				     probe->bank ? "frames are 1..1024" : "no bias was set");
	if (psx_probe_take(probe, shutter, frames, reading, samples))
		return -1;
	if (samples && reading->clipped)
		return psx_error_set(&probe->dev->error, ERANGE,
				     "%zu sub-pixels are beyond the ADC at a gain of %u",
				     reading->clipped, probe->settings.pga);
	return 0;
}

static double largest(const struct psx_probe *probe)
{
	float most = 0;
	size_t i;

	for (i = 0; i < probe->count; i++)
		if (!isnan(probe->levels[i]))
			most = fmaxf(most, fabsf(probe->levels[i]));
	return (double)most;
}

/* What noise may be, of a few exposures */
static double most_noise(const struct psx_reading *reading)
{
	return reading->noise + 2 * reading->noise_error;
}

int psx_probe_choose_pga(struct psx_probe *probe, double volts, uint64_t exposure_ns,
			 enum psx_shutter shutter, unsigned int *pga)
{
	struct psx_reading look = { 0 };
	double noise;

	if (psx_probe_set(probe, volts, exposure_ns, 1, LOOK_DARK) ||
	    psx_probe_expose(probe, shutter, LOOK_LIGHT, &look, NULL))
		return -1;
	if (look.clipped)
		return psx_error_set(&probe->dev->error, ERANGE,
				     "the light is beyond the ADC: shorten the exposure");
	noise = fmax(most_noise(&look), most_noise(&probe->now->reading));
	*pga = psx_pga_for(MARGIN * largest(probe) + MARGIN_NOISE * noise + MARGIN_LEVELS);
	return 0;
}

void psx_probe_leave_out_odd(struct psx_probe *probe)
{
	memcpy(probe->responses, probe->levels, probe->count * sizeof(*probe->responses));
	psx_odd_leave_out(probe->responses, probe->count);
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
