// SPDX-License-Identifier: MIT
/* Samples shown to a device: banks zeroed and loaded, one frame a bank. */
#include "classifier.h"

#include "error.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Dark exposures; see docs/classifier.md */
#define ZERO_FRAMES 4	  /* to one of a sample */
#define MEAN_FRAMES 64	  /* of the inputs: their error is in the mean, so in all outputs */
#define PATIENCE_MS 10000 /* beyond what an exposure takes */
#define LONGEST_MS  (INT_MAX - PATIENCE_MS)

static int device_failed(struct psx_exposer *e)
{
	return psx_error_set(e->err, errno, "%s", psx_device_error(e->rig->device));
}

int psx_exposer_begin(struct psx_exposer *e, const struct psx_classifier *c,
		      const struct psx_classifier_rig *rig, struct psx_error *err)
{
	*e = (struct psx_exposer){ .c = c, .rig = rig, .err = err };
	e->settings = psx_settings_new();
	if (!e->settings)
		return psx_error_set(err, ENOMEM, "out of memory");
	(void)psx_settings_set_polarity(e->settings, PSX_BOTH);
	(void)psx_settings_set_threshold(e->settings, 0);
	(void)psx_settings_set_pga(e->settings, 1); /* whose range the exposure was chosen for */
	(void)psx_settings_set_exposure(e->settings, c->info.options.exposure_ns);
	/* A sample of ours is all that lies on the stage */
	if (psx_bench_begin(rig->device, &e->bench) ||
	    (!rig->present && (psx_device_get_info(rig->device)->caps & PSX_CAP_STAGE) &&
	     psx_device_move(rig->device, 0, 0)) ||
	    ((psx_device_get_info(rig->device)->caps & PSX_CAP_SHUTTER) &&
	     psx_device_set_shutter(rig->device, PSX_SHUTTER_OPEN)))
		return device_failed(e);
	return 0;
}

void psx_exposer_end(struct psx_exposer *e)
{
	if (!e->settings)
		return;
	psx_bench_end(e->rig->device, &e->bench);
	psx_settings_free(e->settings);
	e->settings = NULL;
}

static struct psx_bank *zero_bank(struct psx_exposer *e, const struct psx_geometry *geometry)
{
	static const int16_t codes[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];

	return psx_bank_new_codes(e->c->info.k, PSX_MODE_SNAP, geometry, PSX_OUTPUT_SCALE * 256, codes,
				  e->err);
}

struct psx_bank *psx_exposer_bank(struct psx_exposer *e, const double *weights)
{
	const unsigned int k = e->c->info.k;
	const struct psx_geometry geometry = { .width = k, .height = k };
	double coefficients[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	struct psx_kernel *kernel;
	struct psx_bank *bank;
	bool nothing = true;
	unsigned int i;

	for (i = 0; i < k * k; i++) {
		coefficients[i] = weights[i] * PSX_OUTPUT_SCALE;
		nothing &= weights[i] == 0;
	}
	if (nothing) /* which is no kernel */
		return zero_bank(e, &geometry);
	kernel = psx_kernel_new("class", k, coefficients, PSX_OUTPUT_SCALE, e->err);
	if (!kernel)
		return NULL;
	bank = e->rig->calibration ?
		       psx_calibration_make_bank(e->rig->calibration, kernel, PSX_MODE_SNAP, e->err) :
		       psx_bank_new(kernel, &geometry, PSX_MODE_SNAP, e->err);
	psx_kernel_free(kernel);
	return bank;
}

static int load(struct psx_exposer *e, struct psx_bank *const *banks, size_t count,
		unsigned int least)
{
	const unsigned int frames = ZERO_FRAMES * e->c->info.options.frames;

	if (psx_device_zero(e->rig->device, e->settings, banks, count,
			    frames > least ? frames : least, NULL))
		return device_failed(e);
	e->channels = count;
	return 0;
}

int psx_exposer_load(struct psx_exposer *e, struct psx_bank *const *banks, size_t count)
{
	return load(e, banks, count, 0);
}

static int tell(struct psx_exposer *e)
{
	const struct psx_classifier_rig *rig = e->rig;

	if (!rig->progress || !rig->progress(rig->arg, e->what, e->done, e->total))
		return 0;
	return psx_error_set(e->err, ECANCELED, "given up");
}

static int present(struct psx_exposer *e, const struct psx_image *image, size_t index)
{
	if (!e->rig->present)
		return psx_device_present(e->rig->device, image) ? device_failed(e) : 0;
	if (e->rig->present(e->rig->arg, index, image))
		return psx_error_set(e->err, ECANCELED, "given up");
	return 0;
}

/* The one value of a frame joins the sum of its channel */
static int take(struct psx_exposer *e, const struct psx_frame *frame, int32_t *sums)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	int16_t value;

	if (info->width != 1 || info->height != 1 || info->channel >= e->channels)
		return psx_error_set(e->err, EPROTO, "a frame of %u x %u, channel %u, was not asked for",
				     info->width, info->height, info->channel);
	if (psx_frame_to_dense(frame, &value, 1, e->err))
		return -1;
	if (info->saturated || value == INT16_MAX || value == INT16_MIN)
		return psx_error_set(e->err, ERANGE,
				     "an output is beyond the ADC: take exposures shorter than %g s",
				     (double)e->c->info.options.exposure_ns / 1e9);
	sums[info->channel] += value;
	return 0;
}

static int collect(struct psx_exposer *e, struct psx_acquisition *acq, uint64_t left, int32_t *sums)
{
	const uint64_t exposure_ms = e->c->info.options.exposure_ns / 1000000;
	const int timeout_ms =
		(exposure_ms < LONGEST_MS ? (int)exposure_ms : LONGEST_MS) + PATIENCE_MS;
	const struct psx_frame *frame;

	while (left) {
		int got = psx_acquisition_next(acq, timeout_ms, &frame);

		if (got < 0 && errno != EINTR)
			return psx_error_set(e->err, errno, "%s", psx_acquisition_error(acq));
		if (!got)
			return psx_error_set(e->err, EIO, "the detector ended an acquisition early");
		if (got > 0 && take(e, frame, sums))
			return -1;
		left -= got > 0;
		if (got < 0 && tell(e))
			return -1;
	}
	return 0;
}

int psx_exposer_show(struct psx_exposer *e, const struct psx_image *image, size_t index,
		     int32_t *sums)
{
	const uint64_t frames = (uint64_t)e->c->info.options.frames * e->channels;
	struct psx_acquisition *acq;
	int failed;

	memset(sums, 0, e->channels * sizeof(*sums));
	if (tell(e) || present(e, image, index))
		return -1;
	acq = psx_acquisition_start(e->rig->device, frames);
	if (!acq)
		return device_failed(e);
	failed = collect(e, acq, frames, sums);
	psx_acquisition_free(acq);
	e->done++;
	return failed;
}

/* Inputs first .. first + count - 1 of all training samples */
static int show_inputs(struct psx_exposer *e, const struct psx_dataset *data, unsigned int first,
		       int32_t *inputs)
{
	const unsigned int taps = psx_classifier_taps(e->c);
	int32_t sums[PSX_CLASSES_MOST];
	size_t n;

	for (n = 0; n < data->count; n++) {
		if (data->items[n].test)
			continue;
		if (psx_exposer_show(e, data->items[n].image, n, sums))
			return -1;
		memcpy(inputs + first, sums, e->channels * sizeof(*sums));
		inputs += taps;
	}
	return 0;
}

/* One-hot banks, as many at a time as the device holds beside those that they replace */
static unsigned int banks_at_once(const struct psx_exposer *e)
{
	const struct psx_device_info *info = psx_device_get_info(e->rig->device);
	const unsigned int taps = psx_classifier_taps(e->c);
	const uint32_t most = (info->banks < info->planes ? info->banks : info->planes) / 2;

	return most && most < taps ? most : taps;
}

int psx_exposer_inputs(struct psx_exposer *e, const struct psx_dataset *data, int32_t *inputs)
{
	const unsigned int taps = psx_classifier_taps(e->c), step = banks_at_once(e);
	const size_t lit = e->c->info.train * e->c->info.options.frames;
	const unsigned int dark = lit < MEAN_FRAMES ? (unsigned int)lit : MEAN_FRAMES;
	struct psx_bank *banks[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	unsigned int first, count = 0;
	int failed = 0;

	e->what = "inputs";
	e->done = 0;
	e->total = (uint64_t)e->c->info.train * ((taps + step - 1) / step);
	for (first = 0; !failed && first < taps; first += step) {
		for (count = 0; !failed && count < step && first + count < taps; count++) {
			double weights[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K] = { 0 };

			weights[first + count] = 1;
			banks[count] = psx_exposer_bank(e, weights);
			failed = !banks[count];
		}
		failed = failed || load(e, banks, count, dark) ||
			 show_inputs(e, data, first, inputs);
		while (count)
			psx_bank_free(banks[--count]);
	}
	return failed ? -1 : 0;
}
