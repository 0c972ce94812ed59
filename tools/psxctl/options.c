// SPDX-License-Identifier: MIT
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct psx_kernel *option_kernel(const char *text, struct psx_error *err)
{
	struct psx_kernel *kernel = psx_kernel_preset(text, err);

	if (!kernel && errno == ENOENT && strpbrk(text, "/."))
		kernel = psx_kernel_load(text, err);
	return kernel;
}

double option_real(const char *text, char **end)
{
	const size_t other = strcspn(text, "xXnN"); /* hexadecimal, inf, nan */
	const double value = strtod(text, end);

	if (isspace((unsigned char)*text) || other < (size_t)(*end - text))
		*end = (char *)(uintptr_t)text;
	return value;
}

int option_decimal(const char *text, double *value)
{
	char *end;

	*value = option_real(text, &end);
	return end == text || *end || !isfinite(*value) ? -1 : 0;
}

int option_number(const char *text, unsigned long long least, unsigned long long most,
		  unsigned long long *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *value < least || *value > most)
		return -1;
	return 0;
}

int option_numbers(const char *text, const char *signs, uint32_t *values)
{
	for (;; text++, signs++, values++) {
		char *end;
		unsigned long value;

		errno = 0;
		value = strtoul(text, &end, 10);
		if (!isdigit((unsigned char)*text) || errno || value > UINT32_MAX || *end != *signs)
			return -1;
		*values = (uint32_t)value;
		if (!*signs)
			return 0;
		text = end;
	}
}

int option_threshold(const char *text, struct threshold *threshold)
{
	unsigned long long bits;
	char *end;
	double percent;

	*threshold = (struct threshold){ 0 };
	if (!option_number(text, 0, INT16_MAX, &bits)) {
		threshold->bits = (unsigned int)bits;
		return 0;
	}
	percent = option_real(text, &end);
	if (end == text || strcmp(end, "%") != 0 || !(percent > 0 && percent <= 100))
		return -1;
	threshold->share = percent / 100;
	return 0;
}

int option_polarity(const char *text, enum psx_polarity *polarity)
{
	if (!strcmp(text, "positive"))
		*polarity = PSX_POSITIVE;
	else if (!strcmp(text, "both"))
		*polarity = PSX_BOTH;
	else
		return -1;
	return 0;
}

int option_mode(const char *text, enum psx_mode *mode)
{
	for (*mode = PSX_MODE_SCAN; *mode <= PSX_MODE_POINT; ++*mode)
		if (!strcmp(text, ctl_mode_name(*mode)))
			return 0;
	*mode = PSX_MODE_SCAN;
	return -1;
}

int option_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 } };
	char *end;
	double value = option_real(text, &end);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end == text || strcmp(end, units[i].unit) != 0)
			continue;
		value *= units[i].ns;
		if (!(value >= 1 && value < 1e15))
			return -1;
		*ns = (uint64_t)llround(value);
		return 0;
	}
	return -1;
}

unsigned int threshold_of(const struct threshold *threshold, int32_t maximum)
{
	double bits;

	if (threshold->share <= 0)
		return threshold->bits;
	bits = ceil(threshold->share * maximum);
	if (bits < 1)
		return 1;
	return bits > INT16_MAX ? INT16_MAX : (unsigned int)bits;
}
