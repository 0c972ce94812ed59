/* SPDX-License-Identifier: MIT */
/* What the unit tests share: a main, a random source, test data. */
#ifndef PSX_TEST_UNIT_H
#define PSX_TEST_UNIT_H

#include <check.h>
#include <stdint.h>

/* Run one suite; exit status for main */
int unit_main(Suite *suite);

/* xorshift64*: the same numbers everywhere; seed != 0 */
uint64_t unit_random(uint64_t *state);

/* Path of a test image in $PSX_TEST_DATA or ../shared/data/xray, NULL (after
 * saying so once a name) when there is none; static buffer */
const char *unit_data(const char *name);

#endif
