/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PSX_MOCK_DECIMAL_H
#define PSX_MOCK_DECIMAL_H

#include <linux/types.h>

/* "0.02" with 6 @places is 20000. -EINVAL, -ERANGE. */
int mock_decimal_parse(const char *text, unsigned int places, u64 *value);
int mock_decimal_print(char *buffer, size_t size, unsigned int places, u64 value);

#endif /* PSX_MOCK_DECIMAL_H */
