// SPDX-License-Identifier: MIT
/* Averages over frames, as the ADC's codes. */
#include "average.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000 /* beyond what the exposures take */
#define Q8_8	    256
/* Codes from there on may be clipped ones, through the scale's rounding */
#define ADC_END	    (INT16_MAX - 2)
#define MOST_SCALE  32768
/* Settling times that an exposure takes in which less than 1e-5 of them is left */
#define SETTLED	    150

/* At this scale a value is the ADC's code, above a gain of 32 half or a quarter of it: exactly,
 * as otherwise rounding, which noise spreads over few codes, goes with the signal */
static uint16_t code_scale(unsigned int pga)
{
	unsigned int scale = PSX_ADC_STEPS * Q8_8 * pga;

	return scale < MOST_SCALE ? (uint16_t)scale : MOST_SCALE;
}

static int timeout_of(const struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		      uint64_t exposure_ns)
{
	unsigned int most = 1;
	uint64_t ms;
	size_t i;

	for (i = 0; i < count; i++)
		if (psx_bank_get_phases(banks[i]) > most)
			most = psx_bank_get_phases(banks[i]);
	ms = most * (exposure_ns + dev->transport->info.settle_ns) / 1000000 + PATIENCE_MS;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

/* The same planes and maps with another scale; borrowed */
static int load_for_codes(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
			  uint64_t exposure_ns, unsigned int pga)
{
	struct psx_settings s = psx_default_settings;
	struct psx_bank *copies = calloc(count, sizeof(*copies));
	struct psx_bank **list = calloc(count, sizeof(struct psx_bank *));
	int failed;
	size_t i;

	s.polarity = PSX_BOTH;
	s.threshold = 0;
	s.pga = pga;
	s.exposure_ns = exposure_ns;
	for (i = 0; copies && list && i < count; i++) {
		copies[i] = *banks[i];
		copies[i].scale = code_scale(pga);
		list[i] = &copies[i];
	}
	failed = copies && list ? psx_load_instead(dev, &s, list, count, NULL) :
				  psx_error_set(&dev->error, ENOMEM, "out of memory");
	free(copies);
	free(list);
	return failed;
}

static int make_averages(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
			 struct psx_average *averages)
{
	uint32_t width, height;
	size_t i;

	memset(averages, 0, count * sizeof(*averages));
	for (i = 0; i < count; i++) {
		psx_bank_outputs(banks[i], &width, &height);
		averages[i].outputs = (size_t)width * height;
		averages[i].codes = calloc(averages[i].outputs, sizeof(float));
		averages[i].clipped = calloc(averages[i].outputs, 1);
		if (!averages[i].codes || !averages[i].clipped)
			return psx_error_set(&dev->error, ENOMEM, "out of memory");
	}
	return 0;
}

/* ADC codes of a value */
static float code_unit(unsigned int pga)
{
	return (float)(PSX_ADC_STEPS * Q8_8 * pga) / code_scale(pga);
}

/* A sum of up to 1024 values of 16 bits, as of float, is exact to 1e-7 */
static int add(struct psx_device *dev, const struct psx_frame *frame, const struct psx_bank *bank,
	       struct psx_average *average, unsigned int pga, int16_t *values)
{
	const float unit = code_unit(pga);
	size_t i;

	if ((size_t)frame->info.width * frame->info.height != average->outputs)
		return psx_error_set(&dev->error, EPROTO, "a frame of %u x %u was not asked for",
				     frame->info.width, frame->info.height);
	if (psx_frame_to_dense(frame, values, frame->info.width, &dev->error))
		return -1;
	for (i = 0; i < average->outputs; i++) {
		float code = (float)values[i] * unit, adc = code;

		if (bank->dark)
			adc += (float)bank->dark[i] / PSX_DARK_STEPS;
		average->codes[i] += code;
		average->clipped[i] |= fabsf(adc) >= ADC_END || values[i] <= -INT16_MAX ||
				       values[i] == INT16_MAX;
	}
	return 0;
}

int psx_task_tell(struct psx_device *dev, const struct psx_task *task)
{
	if (!task->progress || !task->progress(task->arg, task->what, task->done, task->total))
		return 0;
	return psx_error_set(&dev->error, ECANCELED, "given up");
}

struct exposing {
	struct psx_device *dev;
	unsigned int pga, frames; /* of each channel; these take turns */
	unsigned int skip; /* frames before these */
	int timeout_ms;
	int16_t *values; /* of one frame */
	psx_visit visit; /* NULL = nobody looks at single frames */
	void *arg;
};

static int collect(struct psx_acquisition *acq, struct psx_bank *const *banks, size_t count,
		   const struct exposing *e, struct psx_task *task, struct psx_average *averages)
{
	struct psx_device *dev = e->dev;
	uint64_t left = (uint64_t)e->frames * count, skip = e->skip;
	const struct psx_frame *frame;

	while (left) {
		int got = psx_acquisition_next(acq, e->timeout_ms, &frame);

		if (got < 0 && (errno != EINTR || !task->progress))
			return psx_error_set(&dev->error, errno, "%s", psx_acquisition_error(acq));
		if (!got)
			return psx_error_set(&dev->error, EIO, "the acquisition ended early");
		if (got > 0 && skip) {
			skip--;
		} else if (got > 0) {
			const unsigned int channel = frame->info.channel;

			if (channel >= count)
				return psx_error_set(&dev->error, EPROTO,
						     "a frame of channel %u was not asked for",
						     channel);
			if (add(dev, frame, banks[channel], &averages[channel], e->pga, e->values))
				return -1;
			if (e->visit)
				e->visit(e->arg, &frame->info, e->values, code_unit(e->pga));
			task->done++;
			left--;
		}
		if (psx_task_tell(dev, task))
			return -1;
	}
	return 0;
}

int psx_average_take_each(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
			  uint64_t exposure_ns, unsigned int pga, unsigned int frames,
			  struct psx_task *task, bool settled, psx_visit visit, void *arg,
			  struct psx_average *averages)
{
	struct exposing e = { .dev = dev, .pga = pga, .frames = frames,
			      .timeout_ms = timeout_of(dev, banks, count, exposure_ns),
			      .visit = visit, .arg = arg };
	const uint64_t settles_ns = SETTLED * (uint64_t)dev->transport->info.settle_ns;
	struct psx_acquisition *acq;
	int failed;
	size_t i, n;

	if (make_averages(dev, banks, count, averages) ||
	    load_for_codes(dev, banks, count, exposure_ns, pga))
		return -1;
	if (settled && exposure_ns < settles_ns)
		e.skip = 1;
	e.values = malloc(psx_bank_area(banks[0]) * sizeof(*e.values));
	if (!e.values)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	acq = psx_acquisition_start(dev, e.skip + (uint64_t)frames * count);
	failed = !acq || collect(acq, banks, count, &e, task, averages);
	psx_acquisition_free(acq);
	free(e.values);
	for (i = 0; !failed && i < count; i++)
		for (n = 0; n < averages[i].outputs; n++)
			averages[i].codes[n] /= (float)frames;
	return failed ? -1 : 0;
}

int psx_average_take(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		     uint64_t exposure_ns, unsigned int pga, unsigned int frames,
		     struct psx_task *task, struct psx_average *averages)
{
	return psx_average_take_each(dev, banks, count, exposure_ns, pga, frames, task, false, NULL,
				     NULL, averages);
}

void psx_average_free(struct psx_average *averages, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(averages[i].codes);
		free(averages[i].clipped);
	}
	memset(averages, 0, count * sizeof(*averages));
}
