// SPDX-License-Identifier: MIT
/* Members of a calibration file, checked. */
#include "base64.h"
#include "calibration_file.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../kmod/codec/psx_codec.h"

int psx_read_refuse(const struct psx_cal_reader *r, const char *member, const char *why)
{
	return psx_error_set(r->err, EBADMSG, "%s: %s: %s", psx_error_path(r->path), member, why);
}

int psx_read_integer(const struct psx_cal_reader *r, json_t *object, const char *name,
		     json_int_t least, json_int_t most, json_int_t *value)
{
	json_t *member = json_object_get(object, name);

	*value = json_integer_value(member);
	if (!json_is_integer(member) || *value < least || *value > most)
		return psx_read_refuse(r, name, "not a whole number in its range");
	return 0;
}

int psx_read_real(const struct psx_cal_reader *r, const char *name, double least, double most,
		  double *value)
{
	json_t *member = json_object_get(r->root, name);

	*value = json_number_value(member);
	if (!json_is_number(member) || !(*value >= least && *value <= most))
		return psx_read_refuse(r, name, "not a number in its range");
	return 0;
}

int psx_read_text(const struct psx_cal_reader *r, json_t *object, const char *name, char *text,
		  size_t size)
{
	json_t *member = json_object_get(object, name);

	if (!json_is_string(member) || json_string_length(member) >= size)
		return psx_read_refuse(r, name, "not a text, or too long");
	(void)snprintf(text, size, "%s", json_string_value(member));
	return 0;
}

int psx_read_check_block(const struct psx_cal_reader *r, json_t *block, const char *what,
			 const char *type, size_t count, size_t size)
{
	const char *has = json_string_value(json_object_get(block, "type"));
	json_t *counted = json_object_get(block, "count");
	json_t *text = json_object_get(block, "base64");

	if (!json_is_object(block) || !has || !json_is_integer(counted) || !json_is_string(text))
		return psx_read_refuse(r, what, "not a block of numbers");
	if (strcmp(has, type) != 0)
		return psx_read_refuse(r, what, "numbers of another type");
	if (json_integer_value(counted) < 0 || (size_t)json_integer_value(counted) != count)
		return psx_read_refuse(r, what, "another count than its geometry has");
	if (json_string_length(text) != psx_base64_length(count * size))
		return psx_read_refuse(r, what, "cut short, or too long");
	return 0;
}

int psx_read_block(const struct psx_cal_reader *r, json_t *block, const char *what, const char *type,
		   void *values, size_t count, size_t size)
{
	json_t *text = json_object_get(block, "base64");
	const char *crc = json_string_value(json_object_get(block, "crc32c"));
	char real[9];

	if (psx_read_check_block(r, block, what, type, count, size))
		return -1;
	if (!psx_base64_decode(json_string_value(text), json_string_length(text), values,
			       count * size))
		return psx_read_refuse(r, what, "not base64");
	(void)snprintf(real, sizeof(real), "%08x", psx_crc32c(0, values, count * size));
	if (!crc || strcmp(crc, real) != 0)
		return psx_read_refuse(r, what, "wrong crc32c");
	return 0;
}
