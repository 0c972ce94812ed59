// SPDX-License-Identifier: MIT
#include "number.h"

#include <locale.h>
#include <stdlib.h>

double psx_number(const char *text, char **end)
{
	locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	double value;

	if (!plain) {
		*end = (char *)text;
		return 0;
	}
	value = strtod_l(text, end, plain);
	freelocale(plain);
	return value;
}
