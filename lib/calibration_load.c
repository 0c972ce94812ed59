// SPDX-License-Identifier: MIT
/* Calibrations from JSON. Every member is checked before it is used. */
#include "calibration_file.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_NULLS 4096

/* The same text again, so that nothing else passes for a time */
static int get_time(const struct psx_cal_reader *r, int64_t *seconds)
{
	char text[32], again[32] = "";
	struct tm tm = { 0 };
	time_t when;

	if (psx_read_text(r, r->root, "time", text, sizeof(text)))
		return -1;
	if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return psx_read_refuse(r, "time", "not YYYY-MM-DDThh:mm:ssZ");
	when = timegm(&tm);
	if (gmtime_r(&when, &tm))
		(void)strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (when < 0 || strcmp(text, again) != 0)
		return psx_read_refuse(r, "time", "not a time since 1970");
	*seconds = when;
	return 0;
}

static int get_geometry(const struct psx_cal_reader *r, struct psx_geometry *geometry)
{
	json_int_t width, height, border;
	struct psx_error why;

	if (psx_read_integer(r, r->root, "width", 1, UINT16_MAX, &width) ||
	    psx_read_integer(r, r->root, "height", 1, UINT16_MAX, &height) ||
	    psx_read_integer(r, r->root, "border", 0, UINT16_MAX, &border))
		return -1;
	*geometry = (struct psx_geometry){ (uint32_t)width, (uint32_t)height, (uint32_t)border };
	if (psx_geometry_check(geometry, PSX_MODE_SCAN, 1, &why))
		return psx_read_refuse(r, "border", why.message);
	return 0;
}

static int get_facts(struct psx_cal_reader *r)
{
	struct psx_calibration_info *info = &r->cal->info;
	json_int_t id, temperature, exposure, biases, frames;

	if (psx_read_integer(r, r->root, "id", 1, UINT32_MAX, &id) ||
	    psx_read_text(r, r->root, "serial", info->serial, sizeof(info->serial)) ||
	    psx_read_text(r, r->root, "model", info->model, sizeof(info->model)) ||
	    get_time(r, &info->time) ||
	    psx_read_integer(r, r->root, "temperature_mc", -273150, INT32_MAX, &temperature) ||
	    psx_read_integer(r, r->root, "exposure_ns", 1, INT64_MAX, &exposure) ||
	    psx_read_integer(r, r->root, "biases", 1, INT32_MAX, &biases) ||
	    psx_read_integer(r, r->root, "frames", 1, INT32_MAX, &frames) ||
	    psx_read_real(r, "headroom", 1e-3, 1, &info->headroom) ||
	    psx_read_real(r, "fit_rms", 0, 1, &info->fit_rms) ||
	    psx_read_real(r, "fit_max", 0, 1, &info->fit_max))
		return -1;
	info->id = (uint32_t)id;
	info->temperature_mc = (int32_t)temperature;
	r->cal->exposure_ns = (uint64_t)exposure;
	info->biases = (unsigned int)biases;
	info->frames = (unsigned int)frames;
	return 0;
}

static int get_curves(struct psx_cal_reader *r, int sign, float *values)
{
	struct psx_calibration *cal = r->cal;
	json_t *curves = json_object_get(json_object_get(r->root, "curves"), psx_curve_names[sign]);
	unsigned int member;
	char what[48];
	size_t i;

	for (member = 0; member < PSX_CURVE_MEMBERS; member++) {
		const struct psx_curve_member *m = &psx_curve_members[member];

		(void)snprintf(what, sizeof(what), "curves.%s.%s", psx_curve_names[sign], m->name);
		if (psx_read_block(r, json_object_get(curves, m->name), what, "f32le", values,
				   cal->count, sizeof(*values)))
			return -1;
		for (i = 0; i < cal->count; i++) {
			if (!isfinite(values[i]) || values[i] < m->least)
				return psx_read_refuse(r, what, "a value that none can have");
			*psx_curve_value(&cal->curves[sign][i], member) = values[i];
		}
	}
	return 0;
}

/* Places, and that they are as many as is said */
static int get_defects(struct psx_cal_reader *r)
{
	struct psx_calibration_info *info = &r->cal->info;
	uint32_t *counts[] = { NULL, &info->dead, &info->hot, &info->stuck, &info->weak };
	static const char *const names[] = { NULL, "dead", "hot", "stuck", "weak" };
	json_t *defects = json_object_get(r->root, "defects");
	unsigned int kind;
	json_int_t said;
	size_t i;

	if (psx_read_block(r, json_object_get(defects, "map"), "defects.map", "u8", r->cal->defects,
			   r->cal->count, 1))
		return -1;
	for (i = 0; i < r->cal->count; i++) {
		const uint8_t defect = r->cal->defects[i];

		if (defect > PSX_WEAK)
			return psx_read_refuse(r, "defects.map", "an unknown defect");
		if (defect)
			++*counts[defect];
		else if (!(r->cal->curves[0][i].gain > 0 && r->cal->curves[1][i].gain > 0))
			return psx_read_refuse(r, "curves", "a good sub-pixel without response");
	}
	for (kind = 1; kind <= PSX_WEAK; kind++) {
		if (psx_read_integer(r, defects, names[kind], 0, UINT32_MAX, &said))
			return -1;
		if ((uint32_t)said != *counts[kind])
			return psx_read_refuse(r, names[kind], "another count than the map has");
	}
	return 0;
}

static int get_null(struct psx_cal_reader *r, json_t *object, struct psx_null *null)
{
	const struct psx_axis x = psx_axis_x(&r->cal->info.geometry);
	const struct psx_axis y = psx_axis_y(&r->cal->info.geometry);
	json_t *weights = json_object_get(object, "weights");
	json_t *corrections = json_object_get(object, "corrections");
	json_int_t k, mode;
	size_t i;

	if (psx_read_text(r, object, "name", null->name, sizeof(null->name)) ||
	    psx_read_integer(r, object, "k", 1, PSX_KERNEL_MAX_K, &k) ||
	    psx_read_integer(r, object, "mode", PSX_MODE_SCAN, PSX_MODE_POINT, &mode))
		return -1;
	if (!(k & 1) || json_array_size(weights) != (size_t)(k * k))
		return psx_read_refuse(r, "nulls.weights", "not k x k numbers");
	null->k = (unsigned int)k;
	null->mode = (enum psx_mode)mode;
	for (i = 0; i < (size_t)(k * k); i++) {
		null->weights[i] = json_number_value(json_array_get(weights, i));
		if (!json_is_number(json_array_get(weights, i)) || !(fabs(null->weights[i]) <= 1))
			return psx_read_refuse(r, "nulls.weights", "not a weight");
	}
	null->outputs = (size_t)psx_axis_outputs(&x, null->mode, null->k) *
			psx_axis_outputs(&y, null->mode, null->k);
	if (psx_read_check_block(r, corrections, "nulls.corrections", "f32le", null->outputs,
				 sizeof(*null->corrections)))
		return -1;
	null->corrections = calloc(null->outputs + 1, sizeof(*null->corrections));
	if (!null->corrections)
		return psx_error_set(r->err, ENOMEM, "out of memory");
	if (psx_read_block(r, corrections, "nulls.corrections", "f32le", null->corrections,
			   null->outputs, sizeof(*null->corrections)))
		return -1;
	for (i = 0; i < null->outputs; i++)
		if (!(fabsf(null->corrections[i]) <= 1))
			return psx_read_refuse(r, "nulls.corrections",
					       "a value that none can have");
	return 0;
}

static int get_nulls(struct psx_cal_reader *r)
{
	json_t *nulls = json_object_get(r->root, "nulls");
	size_t count = json_array_size(nulls);

	if (!json_is_array(nulls) || count > MOST_NULLS)
		return psx_read_refuse(r, "nulls", "not an array, or too many");
	r->cal->nulls = calloc(count + 1, sizeof(*r->cal->nulls));
	if (!r->cal->nulls)
		return psx_error_set(r->err, ENOMEM, "out of memory");
	while (r->cal->info.nulls < count) {
		const size_t i = r->cal->info.nulls++;

		if (get_null(r, json_array_get(nulls, i), &r->cal->nulls[i]))
			return -1;
	}
	return 0;
}

static int check_kind(struct psx_cal_reader *r)
{
	const char *format = json_string_value(json_object_get(r->root, "format"));
	json_int_t version;

	if (!format || strcmp(format, PSX_CALIBRATION_FORMAT) != 0)
		return psx_error_set(r->err, EBADMSG, "%s: not a calibration",
				     psx_error_path(r->path));
	if (psx_read_integer(r, r->root, "version", 1, INT64_MAX, &version))
		return -1;
	if (version > PSX_CALIBRATION_VERSION)
		return psx_error_set(
			r->err, ENOTSUP, "%s: a calibration of version %lld, this library knows %d",
			psx_error_path(r->path), (long long)version, PSX_CALIBRATION_VERSION);
	return 0;
}

/* What no block's own crc covers */
static int check_crc(struct psx_cal_reader *r)
{
	const char *crc = json_string_value(json_object_get(r->root, "crc32c"));
	char real[9];

	if (psx_calibration_crc(r->root, real))
		return psx_error_set(r->err, ENOMEM, "out of memory");
	if (!crc || strcmp(crc, real) != 0)
		return psx_read_refuse(r, "crc32c", "wrong: the file was altered");
	return 0;
}

static int read_all(struct psx_cal_reader *r)
{
	json_t *map = json_object_get(json_object_get(r->root, "defects"), "map");
	struct psx_geometry geometry;
	float *values;
	int failed;

	/* memory is taken for a geometry only once the file has as much to say of it */
	if (check_kind(r) || get_geometry(r, &geometry) ||
	    psx_read_check_block(r, map, "defects.map", "u8",
				 (size_t)geometry.width * geometry.height, 1))
		return -1;
	r->cal = psx_calibration_create(&geometry, r->err);
	if (!r->cal)
		return -1;
	values = malloc(r->cal->count * sizeof(*values));
	if (!values)
		return psx_error_set(r->err, ENOMEM, "out of memory");
	failed = get_facts(r) || get_curves(r, 0, values) || get_curves(r, 1, values) ||
		 get_defects(r) || get_nulls(r) || check_crc(r);
	free(values);
	return failed;
}

struct psx_calibration *psx_calibration_load(const char *path, struct psx_error *err)
{
	struct psx_cal_reader r = { .path = path, .err = err };
	FILE *file = fopen(path, "re");
	char text[128] = "";
	json_error_t why;
	int failed;

	if (!file)
		return psx_error_null(err, errno, "%s: %s", psx_error_path(path),
				      strerror_r(errno, text, sizeof(text)));
	r.root = json_loadf(file, JSON_REJECT_DUPLICATES, &why);
	failed = ferror(file) ? errno : 0;
	(void)fclose(file);
	if (!r.root && failed)
		return psx_error_null(err, failed, "%s: %s", psx_error_path(path),
				      strerror_r(failed, text, sizeof(text)));
	if (!r.root)
		return psx_error_null(err, EBADMSG, "%s:%d: %s", psx_error_path(path), why.line,
				      why.text);
	if (read_all(&r)) {
		int code = errno;

		psx_calibration_free(r.cal);
		json_decref(r.root);
		errno = code;
		return NULL;
	}
	json_decref(r.root);
	return r.cal;
}
