// SPDX-License-Identifier: MIT
/*
 * Measuring a calibration: every sub-pixel is read by itself (k = 1) at biases of
 * both signs, first in the dark, then in the open beam.
 */
#include "calibration.h"
#include "error.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kmod/codec/psx_codec.h"

#define DEFAULT_BIASES	 17
#define LEAST_BIASES	 5
#define MOST_BIASES	 64
#define DEFAULT_FRAMES	 4
#define MOST_FRAMES	 1024
#define DEFAULT_EXPOSURE 1000000000u
/* Room in the ADC for sub-pixels above the nominal, and for what zeroing leaves */
#define MARGIN		 1.5
#define MARGIN_LEVELS	 8
#define ZERO_STEPS	 2 /* frames of zeroing beside those that are averaged */

struct run {
	struct psx_device *dev;
	struct psx_calibration *cal;
	struct psx_points points;
	struct psx_settings settings;
	unsigned int frames;
	struct psx_task task;
	int16_t *codes; /* a plane */
};

/* Denser at low volts, where the curves bend */
static void choose_biases(struct psx_points *points, unsigned int biases)
{
	unsigned int i;

	points->count = 2 * biases;
	for (i = 0; i < biases; i++) {
		double part = (i + 1.0) / biases;

		points->volts[i] = -PSX_MOST_VOLTS * part * part;
		points->volts[biases + i] = PSX_MOST_VOLTS * part * part;
	}
}

static struct psx_bank *begin_point(struct run *run, unsigned int point)
{
	double volts = run->points.volts[point];

	run->settings.pga = psx_pga_for(MARGIN_LEVELS + MARGIN * run->points.beam *
								fabs(psx_sensor_weight(volts)));
	return psx_beam_bank(&run->cal->info.geometry, volts, &run->dev->error);
}

/* Count DACs whose monitors show another code than is loaded */
static int check_monitors(struct run *run, const struct psx_bank *bank)
{
	const int tolerance = 1 << (16 - run->dev->transport->info.dac_bits);
	size_t i;

	if (psx_device_read_monitors(run->dev, 0, 0, run->codes))
		return -1;
	for (i = 0; i < run->cal->count; i++)
		run->points.unfollowed[i] |= abs(run->codes[i] - bank->planes[i]) > tolerance;
	return 0;
}

/* Dark levels of a point; of the highest bias that could be measured the slope */
static void note_dark(struct run *run, unsigned int point, const struct psx_bank *bank)
{
	float *levels = run->points.levels + point * run->cal->count;
	struct psx_curve *curves = run->cal->curves[run->points.volts[point] > 0];
	double seconds = (double)run->settings.exposure_ns / 1e9;
	size_t i;

	for (i = 0; i < run->cal->count; i++) {
		levels[i] = 0;
		if (bank->offset)
			levels[i] = (float)bank->offset[i] * PSX_OFFSET_LEVELS +
				    (float)bank->dark[i] /
					    (float)(PSX_DARK_STEPS * PSX_ADC_STEPS *
						    run->settings.pga);
		if (bank->mask && bank->mask->bad[i])
			levels[i] = NAN;
		else
			curves[i].dark =
				(float)(levels[i] / run->points.volts[point] / seconds);
	}
}

static int measure_dark(struct run *run, unsigned int point)
{
	struct psx_bank *bank = begin_point(run, point);
	int failed = !bank || psx_zero_measure(run->dev, &run->settings, &bank, 1, run->frames,
					       &run->task);

	/* where all is beyond the offset DAC, nothing is known of this point */
	if (failed && bank && errno == ERANGE && bank->offset) {
		size_t i;

		for (i = 0; i < run->cal->count; i++)
			run->points.levels[point * run->cal->count + i] = NAN;
		psx_bank_free(bank);
		return 0;
	}
	if (!failed) {
		note_dark(run, point, bank);
		failed = bank->offset ? check_monitors(run, bank) : 0;
	}
	psx_bank_free(bank);
	return failed ? -1 : 0;
}

/* Maps that take dark levels away, as zeroing made them */
static int restore_maps(struct run *run, unsigned int point, struct psx_bank *bank)
{
	const float *levels = run->points.levels + point * run->cal->count;
	size_t i;

	bank->offset = calloc(run->cal->count, sizeof(*bank->offset));
	bank->dark = calloc(run->cal->count, sizeof(*bank->dark));
	if (!bank->offset || !bank->dark)
		return psx_error_set(&run->dev->error, ENOMEM, "out of memory");
	for (i = 0; i < run->cal->count; i++) {
		double offset;

		if (isnan(levels[i]))
			continue;
		offset = round((double)levels[i] / PSX_OFFSET_LEVELS);
		bank->offset[i] = (int16_t)offset;
		bank->dark[i] = (int16_t)lround((levels[i] - offset * PSX_OFFSET_LEVELS) *
						PSX_DARK_STEPS * PSX_ADC_STEPS *
						run->settings.pga);
	}
	return 0;
}

/* Dark levels give way to those of the beam */
static int measure_beam(struct run *run, unsigned int point)
{
	float *levels = run->points.levels + point * run->cal->count;
	struct psx_average average = { 0 };
	struct psx_bank *bank = begin_point(run, point);
	int failed = !bank || restore_maps(run, point, bank) ||
		     psx_average_take(run->dev, &bank, 1, run->settings.exposure_ns,
				      run->settings.pga, run->frames, &run->task, &average);
	size_t i;

	for (i = 0; !failed && i < run->cal->count; i++)
		levels[i] = isnan(levels[i]) || average.clipped[i] ? (float)NAN :
				    average.codes[i] / (float)(PSX_ADC_STEPS * run->settings.pga);
	psx_average_free(&average, 1);
	psx_bank_free(bank);
	return failed ? -1 : 0;
}

static int measure(struct run *run)
{
	unsigned int i;

	run->task.what = "beam";
	if (psx_beam_measure(run->dev, run->settings.exposure_ns, run->frames, &run->task,
			     &run->points.beam) ||
	    psx_device_light(run->dev, PSX_SHUTTER_CLOSED))
		return -1;
	run->task.what = "dark";
	for (i = 0; i < run->points.count; i++)
		if (measure_dark(run, i))
			return -1;
	if (psx_device_light(run->dev, PSX_SHUTTER_BEAM))
		return -1;
	run->task.what = "response";
	for (i = 0; i < run->points.count; i++)
		if (measure_beam(run, i))
			return -1;
	return 0;
}

static int check_options(struct psx_device *dev, const struct psx_calibration_options *o)
{
	if (o->biases && (o->biases < LEAST_BIASES || o->biases > MOST_BIASES))
		return psx_error_set(&dev->error, EINVAL, "%u biases of each sign are not %d..%d",
				     o->biases, LEAST_BIASES, MOST_BIASES);
	if (o->frames > MOST_FRAMES)
		return psx_error_set(&dev->error, EINVAL, "%u frames are more than %d", o->frames,
				     MOST_FRAMES);
	return 0;
}

/* Who, when and how warm */
static int note_facts(struct run *run)
{
	const struct psx_device_info *info = &run->dev->transport->info;
	struct psx_calibration_info *facts = &run->cal->info;
	struct psx_device_status now = { 0 };

	if (run->dev->transport->ops->get_status(run->dev->transport, &now, &run->dev->error))
		return -1;
	memcpy(facts->serial, info->serial, sizeof(facts->serial));
	memcpy(facts->model, info->model, sizeof(facts->model));
	facts->time = (int64_t)time(NULL);
	facts->temperature_mc = now.temperature_mc;
	facts->biases = run->points.count / 2;
	facts->frames = run->frames;
	return 0;
}

/* A number by which a calibration is known: what it says, and when */
static uint32_t id_of(const struct psx_calibration *cal)
{
	uint32_t id = psx_crc32c(0, &cal->info.time, sizeof(cal->info.time));
	int sign;

	for (sign = 0; sign < 2; sign++)
		id = psx_crc32c(id, cal->curves[sign], cal->count * sizeof(*cal->curves[sign]));
	return id ? id : 1;
}

static int run_it(struct run *run)
{
	struct psx_points *points = &run->points;
	struct psx_bench bench = { 0 };
	int failed;

	points->levels = calloc(points->count, run->cal->count * sizeof(*points->levels));
	points->unfollowed = calloc(run->cal->count, 1);
	run->codes = calloc(run->cal->count, sizeof(*run->codes));
	if (!points->levels || !points->unfollowed || !run->codes)
		return psx_error_set(&run->dev->error, ENOMEM, "out of memory");
	failed = psx_bench_begin(run->dev, &bench) || measure(run) || note_facts(run);
	psx_bench_end(run->dev, &bench);
	if (failed)
		return -1;
	psx_calibration_fit(run->cal, points);
	if (psx_calibration_judge(run->cal, points, &run->dev->error) ||
	    psx_calibration_keep_near(
		    run->cal, run->dev->transport->info.max_neighbour_mv / 1e3, &run->dev->error))
		return -1;
	run->cal->exposure_ns = run->settings.exposure_ns;
	run->cal->info.id = id_of(run->cal);
	return 0;
}

struct psx_calibration *psx_calibration_run(struct psx_device *dev,
					    const struct psx_calibration_options *options,
					    struct psx_error *err)
{
	const struct psx_device_info *info = &dev->transport->info;
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	const struct psx_calibration_options none = { 0 };
	struct run run = { .dev = dev, .settings = psx_default_settings };
	int failed;

	if (!options)
		options = &none;
	failed = check_options(dev, options);
	if (!failed) {
		choose_biases(&run.points, options->biases ? options->biases : DEFAULT_BIASES);
		run.frames = options->frames ? options->frames : DEFAULT_FRAMES;
		run.settings.exposure_ns =
			options->exposure_ns ? options->exposure_ns : DEFAULT_EXPOSURE;
		run.task = (struct psx_task){
			.progress = options->progress,
			.arg = options->arg,
			.total = psx_beam_frames(run.frames) +
				 (uint64_t)run.points.count * (ZERO_STEPS + 2 * run.frames),
		};
		run.cal = psx_calibration_create(&geometry, &dev->error);
		failed = !run.cal || run_it(&run);
	}
	free(run.points.levels);
	free(run.points.unfollowed);
	free(run.codes);
	if (!failed)
		return run.cal;
	psx_calibration_free(run.cal);
	return psx_error_null(err, dev->error.code, "%s", dev->error.message);
}
