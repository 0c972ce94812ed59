// SPDX-License-Identifier: MIT
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int unit_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

uint64_t unit_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

const char *unit_data(const char *name)
{
	static char path[512];
	const char *folder = getenv("PSX_TEST_DATA");

	(void)snprintf(path, sizeof(path), "%s/%s", folder ? folder : "../shared/data/xray", name);
	if (access(path, R_OK) == 0)
		return path;
	printf("# skipped: no test image %s\n", name);
	return NULL;
}
