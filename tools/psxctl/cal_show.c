// SPDX-License-Identifier: MIT
/* What a calibration holds. */
#include "cal.h"
#include "picture.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_PPM 65535

static const char *const defects[] = {
	[PSX_GOOD] = "good", [PSX_DEAD] = "dead", [PSX_HOT] = "hot", [PSX_STUCK] = "stuck",
	[PSX_WEAK] = "weak",
};

double cal_residual(const struct psx_calibration *cal, uint32_t x, uint32_t y)
{
	struct psx_hecht reverse = { 0 }, forward = { 0 };

	(void)psx_calibration_get_hecht(cal, x, y, false, &reverse);
	(void)psx_calibration_get_hecht(cal, x, y, true, &forward);
	return fmax(reverse.residual, forward.residual);
}

static json_t *hecht_json(const struct psx_hecht *h)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "gain", h->gain, "mu_tau", h->mu_tau, "surface",
			 h->surface, "residual", h->residual, "dark", h->dark);
}

static json_t *nulls_json(const struct psx_calibration *cal)
{
	struct psx_calibration_null null;
	json_t *nulls = json_array();
	size_t i;

	for (i = 0; !psx_calibration_get_null(cal, i, &null); i++)
		(void)json_array_append_new(nulls, json_pack("{s:s, s:i, s:s}", "name", null.name, "k",
							     (int)null.k, "mode",
							     ctl_mode_name(null.mode)));
	return nulls;
}

static void print_json(const struct cal *c, const struct psx_calibration *cal)
{
	const struct psx_calibration_info *info = psx_calibration_get_info(cal);
	struct psx_hecht reverse, forward;
	json_t *object;
	char id[16];

	(void)snprintf(id, sizeof(id), "%08x", info->id);
	object = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f,"
			   " s:f, s:f, s:o}",
			   "id", id, "model", info->model, "serial", info->serial, "time",
			   (json_int_t)info->time, "temperature_mc", info->temperature_mc, "width",
			   (int)info->geometry.width, "height", (int)info->geometry.height, "border",
			   (int)info->geometry.border, "biases", (int)info->biases, "frames",
			   (int)info->frames, "dead", (int)info->dead, "hot", (int)info->hot,
			   "stuck", (int)info->stuck, "weak", (int)info->weak, "headroom",
			   info->headroom, "fit_rms", info->fit_rms, "fit_max", info->fit_max,
			   "nulls", nulls_json(cal));
	if (c->pixel_given && !psx_calibration_get_hecht(cal, c->x, c->y, false, &reverse) &&
	    !psx_calibration_get_hecht(cal, c->x, c->y, true, &forward))
		(void)json_object_set_new(object, "pixel", json_pack(
			"{s:i, s:i, s:s, s:o, s:o}", "x", (int)c->x, "y", (int)c->y, "defect",
			defects[psx_calibration_get_defect(cal, c->x, c->y)], "reverse",
			hecht_json(&reverse), "forward", hecht_json(&forward)));
	ctl_json(c->ctl, object);
}

static void print_sign(const char *name, const struct psx_hecht *h)
{
	printf("  %-8s gain %.4f, mu-tau %.3e cm2/V, s/mu %.2f V/cm, dark %.4g levels/s/V, fit off by "
	       "%.3f %%\n", name, h->gain, h->mu_tau, h->surface, h->dark, 100 * h->residual);
}

static void print_pixel(const struct cal *c, const struct psx_calibration *cal)
{
	struct psx_hecht reverse, forward;

	if (psx_calibration_get_hecht(cal, c->x, c->y, false, &reverse) ||
	    psx_calibration_get_hecht(cal, c->x, c->y, true, &forward))
		return;
	printf("sub-pixel    %u,%u: %s\n", c->x, c->y,
	       defects[psx_calibration_get_defect(cal, c->x, c->y)]);
	print_sign("reverse", &reverse);
	print_sign("forward", &forward);
}

static void print_nulls(const struct psx_calibration *cal)
{
	struct psx_calibration_null null;
	size_t i;

	for (i = 0; !psx_calibration_get_null(cal, i, &null); i++)
		printf("%s%s (%s)", i ? ", " : "nulled       ", null.name, ctl_mode_name(null.mode));
	puts(i ? "" : "nulled       no kernel");
}

static void print_text(const struct cal *c, const struct psx_calibration *cal)
{
	const struct psx_calibration_info *info = psx_calibration_get_info(cal);
	const time_t made = (time_t)info->time;
	char when[32] = "?";
	struct tm utc;

	if (gmtime_r(&made, &utc))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
	printf("calibration  %08x of %s, serial %s\n", info->id, info->model, info->serial);
	printf("made         %s, %.1f days ago, at %.1f C\n", when,
	       difftime(time(NULL), made) / 86400, info->temperature_mc / 1e3);
	printf("sensor       %u x %u sub-pixels\n", info->geometry.width, info->geometry.height);
	printf("measured     %u biases of each sign, %u exposures each\n", info->biases,
	       info->frames);
	printf("defects      %u dead, %u hot, %u stuck, %u weak\n", info->dead, info->hot, info->stuck,
	       info->weak);
	printf("headroom     %.3f of weight 1\n", info->headroom);
	printf("fits         off by %.3f %% rms, %.3f %% at most, of the response at weight 1\n",
	       100 * info->fit_rms, 100 * info->fit_max);
	print_nulls(cal);
	if (c->pixel_given)
		print_pixel(c, cal);
}

/* Residuals in ppm, defects marked */
static int draw_map(const struct cal *c, const struct psx_calibration *cal, struct mapping *mapping)
{
	const struct psx_geometry *g = &psx_calibration_get_info(cal)->geometry;
	const uint32_t factor = picture_factor(g->width, g->height);
	const size_t count = (size_t)g->width * g->height;
	struct picture *picture = picture_new(g->width * factor, g->height * factor);
	int32_t *values = calloc(count, sizeof(*values));
	uint8_t *mask = calloc(count, 1);
	int failed = !picture || !values || !mask;
	size_t i;

	errno = ENOMEM;
	for (i = 0; !failed && i < count; i++) {
		const uint32_t x = (uint32_t)(i % g->width), y = (uint32_t)(i / g->width);

		mask[i] = psx_calibration_get_defect(cal, x, y) != PSX_GOOD;
		if (!mask[i])
			values[i] = (int32_t)fmin(1e6 * cal_residual(cal, x, y), MOST_PPM);
	}
	if (!failed)
		failed = mapping_choose(mapping, MAP_EDGES, values, mask, count);
	if (!failed) {
		picture_draw_values(picture, mapping, values, g->width, g->height, factor);
		picture_mark(picture, mask, g->width, g->height, factor);
		failed = picture_write_png(picture, c->map);
	}
	free(picture);
	free(values);
	free(mask);
	return failed ? -1 : 0;
}

static int draw(const struct cal *c, const struct psx_calibration *cal)
{
	const bool say = !c->ctl->json && !c->ctl->quiet;
	struct mapping mapping;
	char text[128];

	if (c->output && cal_plot(c, cal))
		return errno == ENOTSUP ?
			       ctl_fail(c->ctl, "built without cairo: no pictures of curves") :
			       ctl_fail(c->ctl, "%s: %s", psx_error_path(c->output), strerror(errno));
	if (c->output && say)
		printf("%s: responses of the sub-pixels with the best, median and worst fit\n",
		       c->output);
	if (c->map && draw_map(c, cal, &mapping))
		return ctl_fail(c->ctl, "%s: %s", psx_error_path(c->map), strerror(errno));
	if (c->map && say) {
		mapping_describe(&mapping, "ppm of weight 1 that fits are off by", text, sizeof(text));
		printf("%s: %s; magenta is defective\n", c->map, text);
	}
	return CTL_OK;
}

int cal_show(struct cal *c)
{
	const struct psx_geometry *g;
	struct psx_calibration *cal;
	struct psx_error err;
	int code;

	if (c->ctl->uri)
		return ctl_usage(c->ctl, "show looks at a file: -d means nothing here");
	code = ctl_spare(c->ctl, c->output, NULL, c->path, "the calibration");
	if (code != CTL_OK)
		return code;
	cal = psx_calibration_load(c->path, &err);
	if (!cal)
		return ctl_fail(c->ctl, "%s", err.message);
	g = &psx_calibration_get_info(cal)->geometry;
	if (c->pixel_given && (c->x >= g->width || c->y >= g->height)) {
		code = ctl_usage(c->ctl, "pixel %u,%u is not inside %u x %u sub-pixels", c->x, c->y,
				 g->width, g->height);
	} else {
		if (c->ctl->json)
			print_json(c, cal);
		else
			print_text(c, cal);
		code = draw(c, cal);
	}
	psx_calibration_free(cal);
	return code;
}
