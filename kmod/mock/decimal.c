// SPDX-License-Identifier: GPL-2.0
/* Numbers with a decimal point, as whole numbers of a small unit. */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/overflow.h>

#include "decimal.h"

static bool push_digit(u64 *value, char digit)
{
	return !check_mul_overflow(*value, 10ull, value) &&
	       !check_add_overflow(*value, (u64)(digit - '0'), value);
}

int mock_decimal_parse(const char *text, unsigned int places, u64 *value)
{
	bool point = false, any = false;

	*value = 0;
	for (; *text && *text != '\n'; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (!isdigit(*text) || (point && !places--))
			return -EINVAL;
		if (!push_digit(value, *text))
			return -ERANGE;
		any = true;
	}
	if (!any || (*text == '\n' && text[1]))
		return -EINVAL;
	while (places--)
		if (!push_digit(value, '0'))
			return -ERANGE;
	return 0;
}

int mock_decimal_print(char *buffer, size_t size, unsigned int places, u64 value)
{
	u64 unit = 1, fraction, whole;
	unsigned int i;

	for (i = 0; i < places; i++)
		unit *= 10;
	whole = div64_u64_rem(value, unit, &fraction);
	for (; fraction && !(fraction % 10); places--)
		fraction = div_u64(fraction, 10);
	if (!fraction)
		return scnprintf(buffer, size, "%llu\n", whole);
	return scnprintf(buffer, size, "%llu.%0*llu\n", whole, places, fraction);
}
