// SPDX-License-Identifier: MIT
#include "../../lib/error.h"
#include "psxctl.h"

#include <stdio.h>
#include <string.h>

static const char doc[] = "Show identity, geometry, limits and state of a detector (default sim:).";

static json_t *owner_json(const struct psx_device_status *st)
{
	char name[32];

	if (!st->claimed)
		return json_null();
	return json_pack("{s:i, s:o}", "pid", (int)st->claim_pid, "command",
			 ctl_json_text(psx_error_program(st->claim_pid, name, sizeof(name))));
}

static void show_json(struct ctl *ctl, const struct psx_device_info *info,
		      const struct psx_device_status *st)
{
	ctl_json(ctl, json_pack(
		"{s:o, s:o, s:o, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:b,"
		" s:I, s:I, s:I, s:i, s:s, s:i, s:i, s:I, s:i, s:b, s:b, s:I, s:I, s:I,"
		" s:i, s:i, s:s, s:b, s:o, s:i, s:i, s:b}",
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
		"software_trigger", st->software_trigger));
}

/* A model in this process: nobody else can have it */
static bool in_process(const struct psx_device_info *info)
{
	return !strncmp(info->uri, "sim", 3);
}

static void show_owner(const struct psx_device_status *st)
{
	char owner[64];

	printf("owner        %s\n",
	       st->claimed ? psx_error_owner(st->claim_pid, owner, sizeof(owner)) : "nobody");
}

static void show_text(const struct psx_device_info *info, const struct psx_device_status *st)
{
	printf("device       %s (%s%s), serial %s\n", info->uri, info->model,
	       info->simulated ? ", simulated" : "", info->serial);
	printf("sensor       %u x %u sub-pixels, pitch %u um\n", info->width, info->height,
	       info->pitch_um);
	printf("kernels      up to %u x %u; %u banks, %u planes of %.1f MB\n", info->max_k,
	       info->max_k, info->banks, info->planes, info->width * (double)info->height * 2e-6);
	printf("bias         +-%g V in %u bits, neighbours at most %g V apart\n",
	       info->max_mv / 1e3, info->dac_bits, info->max_neighbour_mv / 1e3);
	printf("exposure     %g us .. %g s, settling %g ms\n", (double)info->min_exposure_ns / 1e3,
	       (double)info->max_exposure_ns / 1e9, (double)info->settle_ns / 1e6);
	printf("can          %s%s\n", info->caps & PSX_CAP_SHUTTER ? "shutter " : "",
	       info->caps & PSX_CAP_SCENE ? "scene" : "");
	printf("rails        %s%s%s, %+.1f V / %+.1f V%s\n", ctl_rails_name(st->rails),
	       st->cause ? " by " : "", st->cause ? ctl_cause_name(st->cause) : "",
	       st->rail_mv[0] / 1e3, st->rail_mv[1] / 1e3,
	       st->interlock_open ? ", interlock open" : "");
	printf("temperature  %.1f C\n", st->temperature_mc / 1e3);
	if (st->cfg_id)
		printf("loaded       configuration %u%s\n", st->cfg_id,
		       st->software_trigger ? ", software trigger" : "");
	else
		printf("loaded       nothing\n");
	printf("frames       %llu made, %llu dropped, series %u%s\n", (unsigned long long)st->made,
	       (unsigned long long)st->dropped, st->series, st->running ? " is running" : "");
	if (in_process(info))
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
		show_text(psx_device_get_info(dev), status);
	psx_device_close(dev);
	return code;
}
