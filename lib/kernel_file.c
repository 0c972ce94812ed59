// SPDX-License-Identifier: MIT
/* Kernel files: k lines of k numbers, or JSON. */
#include "error.h"
#include "kernel.h"
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COEFFICIENTS (PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K)
#define MAX_BYTES	 65536

/* What was read so far */
struct draft {
	const char *path; /* for messages */
	char name[64];
	double coefficients[MAX_COEFFICIENTS];
	unsigned int rows, columns;
	double scale;
	struct psx_error *err;
};

static int add_row(struct draft *d, const double *row, unsigned int count, int line)
{
	if (d->rows && count != d->columns)
		return psx_error_set(d->err, EBADMSG, "%s:%d: %u numbers where %u were expected",
				     d->path, line, count, d->columns);
	if (count > PSX_KERNEL_MAX_K || d->rows >= PSX_KERNEL_MAX_K)
		return psx_error_set(d->err, EBADMSG, "%s:%d: a kernel is at most %d x %d", d->path,
				     line, PSX_KERNEL_MAX_K, PSX_KERNEL_MAX_K);
	d->columns = count;
	memcpy(d->coefficients + d->rows * count, row, count * sizeof(*row));
	d->rows++;
	return 0;
}

static int read_scale(struct draft *d, const char *text, int line)
{
	char *end;

	d->scale = psx_number(text, &end);
	while (isspace((unsigned char)*end))
		end++;
	if (end == text || *end || !(d->scale > 0))
		return psx_error_set(d->err, EBADMSG, "%s:%d: scale needs one number above 0",
				     d->path, line);
	return 0;
}

static int read_line(struct draft *d, char *text, int line)
{
	double row[PSX_KERNEL_MAX_K + 1];
	unsigned int count = 0;
	char *end;

	text[strcspn(text, "#\r")] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	if (!strncmp(text, "scale", 5) && (isspace((unsigned char)text[5]) || !text[5]))
		return read_scale(d, text + 5, line);
	while (*text) {
		if (count > PSX_KERNEL_MAX_K)
			break;
		row[count++] = psx_number(text, &end);
		if (end == text)
			return psx_error_set(d->err, EBADMSG, "%s:%d: not a number: '%.20s'",
					     d->path, line, text);
		text = end;
		while (isspace((unsigned char)*text) || *text == ',')
			text++;
	}
	return count ? add_row(d, row, count, line) : 0;
}

static int read_text(struct draft *d, char *text)
{
	int line = 0;

	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		if (read_line(d, text, ++line))
			return -1;
		text = end;
	}
	return 0;
}

static int read_json_row(struct draft *d, json_t *array, size_t index)
{
	double row[PSX_KERNEL_MAX_K];
	size_t i;

	if (!json_is_array(array) || json_array_size(array) > PSX_KERNEL_MAX_K ||
	    !json_array_size(array))
		return psx_error_set(d->err, EBADMSG, "%s: weights[%zu] is not a row of 1..%d numbers",
				     d->path, index, PSX_KERNEL_MAX_K);
	for (i = 0; i < json_array_size(array); i++) {
		json_t *number = json_array_get(array, i);

		if (!json_is_number(number))
			return psx_error_set(d->err, EBADMSG, "%s: weights[%zu][%zu] is not a number",
					     d->path, index, i);
		row[i] = json_number_value(number);
	}
	return add_row(d, row, (unsigned int)json_array_size(array), (int)index);
}

static int check_keys(struct draft *d, json_t *root)
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value) {
		if (strcmp(key, "name") != 0 && strcmp(key, "weights") != 0 &&
		    strcmp(key, "scale") != 0)
			return psx_error_set(d->err, EBADMSG,
					     "%s: unknown key \"%.40s\" (name, weights, scale)",
					     d->path, key);
	}
	return 0;
}

static int read_json(struct draft *d, const char *text)
{
	json_error_t where;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	json_t *rows, *scale;
	const char *name;
	int result;
	size_t i;

	if (!root)
		return psx_error_set(d->err, EBADMSG, "%s:%d: %s", d->path, where.line, where.text);
	result = check_keys(d, root);
	rows = json_object_get(root, "weights");
	scale = json_object_get(root, "scale");
	name = json_string_value(json_object_get(root, "name"));
	if (name)
		(void)snprintf(d->name, sizeof(d->name), "%s", name);
	if (!result && !json_is_array(rows))
		result = psx_error_set(d->err, EBADMSG, "%s: no array \"weights\"", d->path);
	for (i = 0; !result && i < json_array_size(rows); i++)
		result = read_json_row(d, json_array_get(rows, i), i);
	if (!result && scale) {
		d->scale = json_number_value(scale);
		if (!(d->scale > 0))
			result = psx_error_set(d->err, EBADMSG, "%s: \"scale\" is not a number above 0",
					       d->path);
	}
	json_decref(root);
	return result;
}

static char *read_whole(const char *path, struct psx_error *err)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t got;

	if (!file)
		return psx_error_null(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	text = malloc(MAX_BYTES + 1);
	if (!text) {
		(void)fclose(file);
		return psx_error_null(err, ENOMEM, "out of memory");
	}
	got = fread(text, 1, MAX_BYTES + 1, file);
	if (ferror(file) || got > MAX_BYTES || memchr(text, 0, got)) {
		int code = ferror(file) ? errno : EBADMSG;

		free(text);
		(void)fclose(file);
		return psx_error_null(err, code, "%s: %s", psx_error_path(path),
				      code == EBADMSG ? "not a kernel file" : strerror(code));
	}
	(void)fclose(file);
	text[got] = '\0';
	return text;
}

struct psx_kernel *psx_kernel_load(const char *path, struct psx_error *err)
{
	const char *base = strrchr(path, '/');
	struct draft d = { .path = psx_error_path(path), .err = err };
	struct psx_kernel *kernel;
	struct psx_error why;
	char *text;
	int failed;

	text = read_whole(path, err);
	if (!text)
		return NULL;
	(void)snprintf(d.name, sizeof(d.name), "%s", base ? base + 1 : path);
	failed = text[strspn(text, " \t\r\n")] == '{' ? read_json(&d, text) : read_text(&d, text);
	free(text);
	if (failed)
		return NULL;
	if (!d.rows || d.rows != d.columns)
		return psx_error_null(err, EBADMSG, "%s: %u rows of %u numbers are not a square kernel",
				      d.path, d.rows, d.columns);
	kernel = psx_kernel_new(d.name, d.rows, d.coefficients, d.scale, &why);
	if (!kernel)
		return psx_error_null(err, why.code, "%s: %s", d.path, why.message);
	return kernel;
}
