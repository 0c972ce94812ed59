// SPDX-License-Identifier: MIT
#include "crystal.h"

#include <check.h>
#include <stdlib.h>

static void *test_alloc(void *context, size_t bytes)
{
	(void)context;
	return calloc(1, bytes);
}

static void test_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

struct psx_model *crystal_seeded(u32 side, u32 mismatch_ppm, u64 seed)
{
	struct psx_model *m = calloc(1, sizeof(*m));

	ck_assert_ptr_nonnull(m);
	m->host.alloc = test_alloc;
	m->host.free = test_free;
	m->config.width = side;
	m->config.height = side;
	m->config.mismatch_ppm = mismatch_ppm;
	m->config.seed = seed;
	ck_assert_int_eq(psx_sensor_init(m), 0);
	return m;
}

struct psx_model *crystal_new(u32 side, u32 mismatch_ppm)
{
	return crystal_seeded(side, mismatch_ppm, 7);
}

void crystal_free(struct psx_model *m)
{
	psx_sensor_free(m);
	free(m);
}
