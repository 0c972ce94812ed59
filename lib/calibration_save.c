// SPDX-License-Identifier: MIT
/* Calibrations as JSON, written whole or not at all. */
#include "base64.h"
#include "calibration_file.h"
#include "error.h"
#include "output.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../kmod/codec/psx_codec.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "blocks of numbers are stored in the host's own, little-endian order"
#endif

const struct psx_curve_member psx_curve_members[PSX_CURVE_MEMBERS] = {
	{ "gain", offsetof(struct psx_curve, gain), 0 },
	{ "mu_tau", offsetof(struct psx_curve, mu_tau), FLT_MIN },
	{ "surface", offsetof(struct psx_curve, surface), 0 },
	{ "residual", offsetof(struct psx_curve, residual), 0 },
	{ "dark", offsetof(struct psx_curve, dark), -INFINITY },
};

const char *const psx_curve_names[2] = { "reverse", "forward" };

static int add_to_crc(const char *text, size_t length, void *crc)
{
	*(uint32_t *)crc = psx_crc32c(*(uint32_t *)crc, text, length);
	return 0;
}

int psx_calibration_crc(json_t *root, char *text)
{
	json_t *own = json_object_get(root, "crc32c");
	uint32_t crc = 0;
	int failed;

	json_incref(own);
	(void)json_object_del(root, "crc32c");
	failed = json_dump_callback(root, add_to_crc, &crc, JSON_SORT_KEYS | JSON_COMPACT);
	if (own)
		failed |= json_object_set_new(root, "crc32c", own);
	(void)snprintf(text, 9, "%08x", crc);
	return failed;
}

/* An array as an object; takes and frees nothing. NULL when memory is short */
static json_t *new_block(const char *type, const void *values, size_t count, size_t size)
{
	size_t length = psx_base64_length(count * size);
	char *text = malloc(length + 1), crc[9];
	json_t *block = NULL;

	if (!text)
		return NULL;
	psx_base64_encode(values, count * size, text);
	(void)snprintf(crc, sizeof(crc), "%08x", psx_crc32c(0, values, count * size));
	block = json_pack("{s:s, s:I, s:s, s:s#}", "type", type, "count", (json_int_t)count, "crc32c",
			  crc, "base64", text, (int)length);
	free(text);
	return block;
}

static json_t *new_curves(const struct psx_calibration *cal, int sign)
{
	float *values = malloc(cal->count * sizeof(*values));
	json_t *curves = json_object();
	unsigned int member;
	size_t i;

	for (member = 0; values && member < PSX_CURVE_MEMBERS; member++) {
		for (i = 0; i < cal->count; i++)
			values[i] = *psx_curve_value(&cal->curves[sign][i], member);
		if (json_object_set_new(curves, psx_curve_members[member].name,
					new_block("f32le", values, cal->count, sizeof(*values)))) {
			json_decref(curves);
			curves = NULL;
		}
	}
	free(values);
	return values ? curves : NULL;
}

/* A kernel's name may be of a file, in any encoding, or cut within a character */
static json_t *new_name(const char *name)
{
	char plain[sizeof(((struct psx_null *)NULL)->name)];
	json_t *text = json_string(name);
	size_t i;

	if (text)
		return text;
	for (i = 0; name[i]; i++)
		plain[i] = (char)(name[i] & 0x80 ? '?' : name[i]);
	plain[i] = '\0';
	return json_string(plain);
}

static json_t *new_null(const struct psx_null *null)
{
	json_t *weights = json_array();
	unsigned int i;

	for (i = 0; i < null->k * null->k; i++)
		(void)json_array_append_new(weights, json_real(null->weights[i]));
	return json_pack("{s:o, s:i, s:i, s:o, s:o}", "name", new_name(null->name), "k", (int)null->k, "mode",
			 (int)null->mode, "weights", weights, "corrections",
			 new_block("f32le", null->corrections, null->outputs,
				   sizeof(*null->corrections)));
}

static json_t *new_nulls(const struct psx_calibration *cal)
{
	json_t *nulls = json_array();
	size_t i;

	for (i = 0; i < cal->info.nulls; i++)
		if (json_array_append_new(nulls, new_null(&cal->nulls[i]))) {
			json_decref(nulls);
			return NULL;
		}
	return nulls;
}

static json_t *new_file(const struct psx_calibration *cal)
{
	const struct psx_calibration_info *info = &cal->info;
	const time_t seconds = (time_t)info->time;
	char when[32] = "", crc[9];
	struct tm tm;
	json_t *root;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	root = json_pack("{s:s, s:i, s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:i, s:I, s:i, s:i, s:f, s:f, s:f, "
			 "s:{s:I, s:I, s:I, s:I, s:o}, s:{s:o, s:o}, s:o}",
			 "format", PSX_CALIBRATION_FORMAT, "version", PSX_CALIBRATION_VERSION,
			 "id", (json_int_t)info->id, "serial", info->serial, "model", info->model,
			 "width", (json_int_t)info->geometry.width,
			 "height", (json_int_t)info->geometry.height,
			 "border", (json_int_t)info->geometry.border, "time", when,
			 "temperature_mc", (int)info->temperature_mc,
			 "exposure_ns", (json_int_t)cal->exposure_ns,
			 "biases", (int)info->biases, "frames", (int)info->frames,
			 "headroom", info->headroom, "fit_rms", info->fit_rms,
			 "fit_max", info->fit_max,
			 "defects", "dead", (json_int_t)info->dead, "hot", (json_int_t)info->hot,
			 "stuck", (json_int_t)info->stuck, "weak", (json_int_t)info->weak,
			 "map", new_block("u8", cal->defects, cal->count, 1),
			 "curves", psx_curve_names[0], new_curves(cal, 0),
			 psx_curve_names[1], new_curves(cal, 1), "nulls", new_nulls(cal));
	if (root && (psx_calibration_crc(root, crc) ||
		     json_object_set_new(root, "crc32c", json_string(crc)))) {
		json_decref(root);
		return NULL;
	}
	return root;
}

/* Through stdio, which goes on after a short write and knows why it can't. -1 with errno */
static int write_json(json_t *root, int fd)
{
	int own = dup(fd), failed, code;
	FILE *file = own < 0 ? NULL : fdopen(own, "w");

	if (!file) {
		code = errno;
		if (own >= 0)
			(void)close(own);
		errno = code;
		return -1;
	}
	errno = 0;
	failed = json_dumpf(root, file, JSON_INDENT(1));
	code = failed && !errno ? ENOMEM : errno;
	if (fclose(file) && !failed) {
		failed = -1;
		code = errno;
	}
	errno = code;
	return failed;
}

int psx_calibration_save(const struct psx_calibration *cal, const char *path, struct psx_error *err)
{
	json_t *root = new_file(cal);
	struct psx_output out;
	char text[128] = "";
	int failed, code;

	if (!root)
		return psx_error_set(err, ENOMEM, "%s: out of memory", psx_error_path(path));
	failed = psx_output_open(&out, path) || write_json(root, out.fd) || psx_output_commit(&out);
	psx_output_discard(&out);
	code = errno;
	json_decref(root);
	if (!failed)
		return 0;
	return psx_error_set(err, code, "%s: %s", psx_error_path(path),
			     strerror_r(code, text, sizeof(text)));
}
