// SPDX-License-Identifier: MIT
#include "../../lib/error.h"
#include "psxctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char doc[] = "Show identity, geometry, limits and state of a detector (default sim:).";

static json_t *owner_json(const struct psx_device_status *st)
{
	char name[32];

	if (!st->claimed)
		return json_null();
	return json_pack("{s:i, s:o}", "pid", (int)st->claim_pid, "command",
			 ctl_json_text(psx_error_program(st->claim_pid, name, sizeof(name))));
}

/* What only a detector with a stage has */
static json_t *with_stage(json_t *root, const struct psx_device_info *info,
			  const struct psx_device_status *st)
{
	json_t *stage;

	if (!(info->caps & PSX_CAP_STAGE))
		return root;
	stage = json_pack("{s:i, s:i, s:b, s:i, s:i}", "stage_x_um", st->stage_x, "stage_y_um",
			  st->stage_y, "stage_moving", st->stage_moving, "scene_width",
			  (int)info->scene_width, "scene_height", (int)info->scene_height);
	(void)json_object_update(root, stage);
	json_decref(stage);
	return root;
}

static void show_json(struct ctl *ctl, const struct psx_device_info *info,
		      const struct psx_device_status *st)
{
	ctl_json(ctl, with_stage(json_pack(
		"{s:o, s:o, s:o, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:b,"
		" s:I, s:I, s:I, s:i, s:s, s:i, s:i, s:I, s:i, s:b, s:b, s:I, s:I, s:I,"
		" s:i, s:i, s:s, s:b, s:o, s:i, s:i, s:b, s:i, s:i, s:i, s:b, s:s, s:I, s:i, s:i, s:i,"
		" s:I, s:I, s:b}",
		"uri", ctl_json_text(info->uri), "model", ctl_json_text(info->model),
		"serial", ctl_json_text(info->serial),
		"simulated", info->simulated, "width", (int)info->width, "height", (int)info->height,
		"max_k", (int)info->max_k, "banks", (int)info->banks, "planes", (int)info->planes,
		"dac_bits", (int)info->dac_bits, "adc_bits", (int)info->adc_bits,
		"pitch_um", (int)info->pitch_um, "max_mv", (int)info->max_mv,
		"max_neighbour_mv", (int)info->max_neighbour_mv,
		"shutter", (info->caps & PSX_CAP_SHUTTER) != 0,
		"scene", (info->caps & PSX_CAP_SCENE) != 0,
		"min_exposure_ns", (json_int_t)info->min_exposure_ns,
		"max_exposure_ns", (json_int_t)info->max_exposure_ns,
		"settle_ns", (json_int_t)info->settle_ns, "cfg_id", (int)st->cfg_id,
		"rails", ctl_rails_name(st->rails), "rail_positive_mv", st->rail_mv[0],
		"rail_negative_mv", st->rail_mv[1], "leakage_pa", (json_int_t)st->leakage_pa,
		"temperature_mc", st->temperature_mc, "running", st->running,
		"shutter_open", st->shutter_open, "made", (json_int_t)st->made,
		"dropped", (json_int_t)st->dropped, "device_ns", (json_int_t)st->device_ns,
		"series", (int)st->series, "pending_cfg_id", (int)st->pending_cfg_id,
		"cause", ctl_cause_name(st->cause), "interlock_open", st->interlock_open, "owner", owner_json(st),
		"readers", (int)st->readers, "reserving", (int)st->reserving,
		"software_trigger", st->software_trigger, "border", (int)info->border, "max_slew",
		(int)info->max_slew, "rail_mv", (int)info->rail_mv, "offset",
		(info->caps & PSX_CAP_OFFSET) != 0, "shutter_position",
		ctl_shutter_name(st->shutter), "hold_ms", (json_int_t)st->hold_ms, "slew",
		(int)st->slew, "readback_faults", (int)st->readback_faults, "readback_first",
		(int)st->readback_first, "calibration_id", (json_int_t)st->calibration_id,
		"calibration_time", (json_int_t)st->calibration_time,
		"stage", (info->caps & PSX_CAP_STAGE) != 0), info, st));
}

static void show_owner(const struct psx_device_status *st)
{
	char owner[64];

	printf("owner        %s\n",
	       st->claimed ? psx_error_owner(st->claim_pid, owner, sizeof(owner)) : "nobody");
}

/* What is in force, and by which calibration */
static void show_loaded(const struct psx_device_info *info, const struct psx_device_status *st)
{
	const time_t made = (time_t)st->calibration_time;
	char when[32] = "";
	struct tm utc;

	if (!st->cfg_id) {
		printf("loaded       nothing\n");
		return;
	}
	printf("loaded       configuration %u%s\n", st->cfg_id,
	       st->software_trigger ? ", software trigger" : "");
	if (st->calibration_id && gmtime_r(&made, &utc) &&
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &utc))
		printf("calibration  %08x of %s, %.1f days old\n", st->calibration_id, when,
		       difftime(time(NULL), made) / 86400);
	else
		printf("calibration  none: nominal sub-pixels\n");
	if (st->readback_faults)
		printf("readback     %u DACs did not follow, first that of %u,%u\n",
		       st->readback_faults, st->readback_first % info->width,
		       st->readback_first / info->width);
}

static void show_rails(const struct psx_device_info *info, const struct psx_device_status *st)
{
	printf("rails        %s%s%s, %+.1f V / %+.1f V, slew %u of %u V/s%s\n",
	       ctl_rails_name(st->rails), st->cause ? " " : "", ctl_cause_words(st->cause),
	       st->rail_mv[0] / 1e3, st->rail_mv[1] / 1e3, st->slew, info->max_slew,
	       st->interlock_open ? ", interlock open" : "");
	if (st->hold_ms)
		printf("held         for another %.1f s\n", st->hold_ms / 1e3);
	printf("leakage      %.3f nA\n", (double)st->leakage_pa / 1e3);
	printf("temperature  %.1f C\n", st->temperature_mc / 1e3);
}

static void show_text(const struct psx_device *dev, const struct psx_device_status *st)
{
	const struct psx_device_info *info = psx_device_get_info(dev);

	printf("device       %s (%s%s), serial %s\n", info->uri, info->model,
	       info->simulated ? ", simulated" : "", info->serial);
	printf("sensor       %u x %u sub-pixels, pitch %u um", info->width, info->height,
	       info->pitch_um);
	if (info->border)
		printf(", %u at every edge see nothing", info->border);
	printf("\n");
	printf("kernels      up to %u x %u; %u banks, %u planes of %.1f MB\n", info->max_k,
	       info->max_k, info->banks, info->planes, info->width * (double)info->height * 2e-6);
	printf("bias         +-%g V in %u bits, neighbours at most %g V apart\n",
	       info->max_mv / 1e3, info->dac_bits, info->max_neighbour_mv / 1e3);
	printf("exposure     %g us .. %g s, settling %g ms\n", (double)info->min_exposure_ns / 1e3,
	       (double)info->max_exposure_ns / 1e9, (double)info->settle_ns / 1e6);
	if (info->caps & PSX_CAP_SHUTTER)
		printf("shutter      %s\n", ctl_shutter_name(st->shutter));
	else
		printf("shutter      none\n");
	if (info->caps & PSX_CAP_STAGE)
		printf("stage        at %d, %d um%s; object %u x %u\n", st->stage_x, st->stage_y,
		       st->stage_moving ? ", on its way" : "", info->scene_width,
		       info->scene_height);
	show_rails(info, st);
	show_loaded(info, st);
	printf("frames       %llu made, %llu dropped, series %u%s\n", (unsigned long long)st->made,
	       (unsigned long long)st->dropped, st->series, st->running ? " is running" : "");
	if (ctl_in_process(dev))
		return;
	show_owner(st);
	printf("readers      %u, of which %u reserve room\n", st->readers, st->reserving);
}

int verb_info(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .doc = doc };
	const struct psx_device_status *status;
	struct psx_device *dev;
	struct psx_error err;
	int code = CTL_OK;

	if (ctl_parse(ctl, &argp, argc, argv, NULL))
		return CTL_USAGE;
	dev = psx_device_open(ctl->uri ? ctl->uri : "sim:", &err);
	if (!dev)
		return ctl_fail(ctl, "%s", err.message);
	status = psx_device_get_status(dev);
	if (!status)
		code = ctl_fail(ctl, "%s", psx_device_error(dev));
	else if (ctl->json)
		show_json(ctl, psx_device_get_info(dev), status);
	else
		show_text(dev, status);
	psx_device_close(dev);
	return code;
}
