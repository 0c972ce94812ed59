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

/* At this scale a value is the ADC's code; above a gain of 32 it is half of it */
static uint16_t code_scale(unsigned int pga)
{
	unsigned int scale = PSX_ADC_STEPS * Q8_8 * pga;

	return scale < UINT16_MAX ? (uint16_t)scale : UINT16_MAX;
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
	struct psx_bank **list = calloc(count, sizeof(*list));
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
	failed = copies && list ? psx_device_load(dev, &s, list, count, NULL) :
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

/* A sum of 1024 values of 16 bits, as of float, is not exact: below half a step
 * in a sum of 2^25, 1e-8 of the ADC's range */
static int add(struct psx_device *dev, const struct psx_frame *frame, struct psx_average *average,
	       unsigned int pga, int16_t *values)
{
	const int end = (int)lround((double)INT16_MAX * code_scale(pga) /
				    (PSX_ADC_STEPS * Q8_8 * pga)) - 1;
	size_t i;

	if ((size_t)frame->info.width * frame->info.height != average->outputs)
		return psx_error_set(&dev->error, EPROTO, "a frame of %u x %u was not asked for",
				     frame->info.width, frame->info.height);
	if (psx_frame_to_dense(frame, values, frame->info.width, &dev->error))
		return -1;
	for (i = 0; i < average->outputs; i++) {
		average->codes[i] += values[i];
		average->clipped[i] |= abs(values[i]) >= end;
	}
	return 0;
}

static int tell(struct psx_device *dev, const struct psx_task *task)
{
	if (!task->progress || !task->progress(task->arg, task->what, task->done, task->total))
		return 0;
	return psx_error_set(&dev->error, ECANCELED, "given up");
}

/* `left` frames of all channels together, which take turns */
static int collect(struct psx_device *dev, struct psx_acquisition *acq, int timeout_ms,
		   unsigned int pga, uint64_t left, struct psx_task *task,
		   struct psx_average *averages, size_t count, int16_t *values)
{
	const struct psx_frame *frame;

	while (left) {
		int got = psx_acquisition_next(acq, timeout_ms, &frame);

		if (got < 0 && errno != EINTR)
			return psx_error_set(&dev->error, errno, "%s", psx_acquisition_error(acq));
		if (!got)
			return psx_error_set(&dev->error, EIO, "the acquisition ended early");
		if (got > 0) {
			if (frame->info.channel >= count ||
			    add(dev, frame, &averages[frame->info.channel], pga, values))
				return -1;
			task->done++;
			left--;
		}
		if (tell(dev, task))
			return -1;
	}
	return 0;
}

int psx_average_take(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		     uint64_t exposure_ns, unsigned int pga, unsigned int frames,
		     struct psx_task *task, struct psx_average *averages)
{
	const float unit = (float)(PSX_ADC_STEPS * Q8_8) * (float)pga / code_scale(pga) /
			   (float)frames;
	struct psx_acquisition *acq;
	int16_t *values;
	int failed;
	size_t i, n;

	if (make_averages(dev, banks, count, averages) ||
	    load_for_codes(dev, banks, count, exposure_ns, pga))
		return -1;
	values = malloc(psx_bank_area(banks[0]) * sizeof(*values));
	if (!values)
		return psx_error_set(&dev->error, ENOMEM, "out of memory");
	acq = psx_acquisition_start(dev, (uint64_t)frames * count);
	failed = !acq || collect(dev, acq, timeout_of(dev, banks, count, exposure_ns), pga,
				 (uint64_t)frames * count, task, averages, count, values);
	psx_acquisition_free(acq);
	free(values);
	for (i = 0; !failed && i < count; i++)
		for (n = 0; n < averages[i].outputs; n++)
			averages[i].codes[n] *= unit;
	return failed ? -1 : 0;
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
