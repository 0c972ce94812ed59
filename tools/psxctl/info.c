// SPDX-License-Identifier: MIT
#include "psxctl.h"

#include <stdio.h>

static const char doc[] = "Show identity, geometry, limits and state of a detector (default sim:).";

static const char *const rail_names[] = { "off", "ramping", "on", "tripped" };

static const char *rails(const struct psx_device_status *st)
{
	return st->rails < 4 ? rail_names[st->rails] : "unknown";
}

static void show_json(struct ctl *ctl, const struct psx_device_info *info,
		      const struct psx_device_status *st)
{
	ctl_json(ctl, json_pack(
		"{s:o, s:o, s:o, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:b,"
		" s:I, s:I, s:I, s:i, s:s, s:i, s:i, s:I, s:i, s:b, s:b, s:I, s:I, s:I}",
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
		"rails", rails(st), "rail_positive_mv", st->rail_mv[0],
		"rail_negative_mv", st->rail_mv[1], "leakage_pa", (json_int_t)st->leakage_pa,
		"temperature_mc", st->temperature_mc, "running", st->running,
		"shutter_open", st->shutter_open, "made", (json_int_t)st->made,
		"dropped", (json_int_t)st->dropped, "device_ns", (json_int_t)st->device_ns));
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
	printf("rails        %s, %+.1f V / %+.1f V\n", rails(st), st->rail_mv[0] / 1e3,
	       st->rail_mv[1] / 1e3);
	printf("temperature  %.1f C\n", st->temperature_mc / 1e3);
	if (st->cfg_id)
		printf("loaded       configuration %u\n", st->cfg_id);
	else
		printf("loaded       nothing\n");
	printf("frames       %llu made, %llu dropped%s\n", (unsigned long long)st->made,
	       (unsigned long long)st->dropped, st->running ? ", running" : "");
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
