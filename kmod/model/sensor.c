// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The crystal: response of a sub-pixel to a bias code. Forward (positive)
 * bias collects holes, reverse bias electrons, each with its own mu-tau and
 * surface recombination.
 */
#include "model.h"

#define CODES		65536u
#define CODES_STRETCH	1024u	/* and deviations, about a millisecond of either */
#define DEVIATIONS_STRETCH 65536u
#define UNIT_NV		95000000000ull	/* weight 1 is the response at +95 V */
/* Decorrelates the three deviations of a sub-pixel from each other */
#define SEED_GAIN	0x6761696eull
#define SEED_MU_TAU	0x6d757461ull
#define SEED_SURFACE	0x73757266ull

/* |response| of a nominal sub-pixel in units of @unit, Q30 */
static s32 nominal(const struct psx_carrier *carrier, u32 magnitude, u64 unit)
{
	u64 nv = psx_code_to_nv(magnitude);
	u64 collection = psx_hecht_collection(carrier, nv);

	return (s32)(collection * psx_hecht_surface(carrier->surface_nv, nv) / unit);
}

static void fill_tables(struct psx_model *m)
{
	struct psx_sensor *sensor = &m->sensor;
	u32 code;

	sensor->unit = ((u64)psx_hecht_collection(&psx_holes, UNIT_NV) *
			psx_hecht_surface(psx_holes.surface_nv, UNIT_NV)) >> 30;
	for (code = 1; code <= PSX_MAX_CODE; code++) {
		sensor->response[code] = nominal(&psx_holes, code, sensor->unit);
		sensor->response[CODES - code] = -nominal(&psx_electrons, code, sensor->unit);
		if (!(code % CODES_STRETCH))
			psx_yield(m);
	}
	if (!sensor->gain)
		return;
	for (code = 0; code < CODES; code++) {
		u64 nv = psx_code_to_nv(code);

		sensor->collection[0][code] = psx_hecht_collection(&psx_holes, nv);
		sensor->collection[1][code] = psx_hecht_collection(&psx_electrons, nv);
		if (!(code % CODES_STRETCH))
			psx_yield(m);
	}
}

static void fill_deviations(const struct psx_model *m, s16 *deviation, u64 seed)
{
	size_t count = (size_t)m->config.width * m->config.height;
	size_t i;

	for (i = 0; i < count; i++) {
		/* Q16 deviate * ppm / 1e6, kept within +-45 % */
		s64 value = (s64)psx_gauss(seed, i) * m->config.mismatch_ppm / 1000000;

		if (value > 29491)
			value = 29491;
		if (value < -29491)
			value = -29491;
		deviation[i] = (s16)value;
		if (!(i % DEVIATIONS_STRETCH))
			psx_yield(m);
	}
}

int psx_sensor_init(struct psx_model *m)
{
	struct psx_sensor *sensor = &m->sensor;
	size_t count = (size_t)m->config.width * m->config.height;
	s16 **deviations[] = { &sensor->gain, &sensor->mu_tau, &sensor->surface };
	const u64 seeds[] = { SEED_GAIN, SEED_MU_TAU, SEED_SURFACE };
	u32 i;

	sensor->response = m->host.alloc(m->host.context, CODES * sizeof(s32));
	if (!sensor->response)
		return -ENOMEM;
	if (m->config.mismatch_ppm) {
		for (i = 0; i < 3; i++) {
			s16 *deviation = m->host.alloc(m->host.context, count * sizeof(s16));

			if (!deviation)
				return -ENOMEM;
			*deviations[i] = deviation;
			fill_deviations(m, deviation, psx_hash(m->config.seed, seeds[i]));
		}
		for (i = 0; i < 2; i++) {
			sensor->collection[i] = m->host.alloc(m->host.context,
							      CODES * sizeof(u32));
			if (!sensor->collection[i])
				return -ENOMEM;
		}
	}
	fill_tables(m);
	return 0;
}

void psx_sensor_free(struct psx_model *m)
{
	struct psx_sensor *sensor = &m->sensor;
	void *blocks[] = {
		sensor->response, sensor->collection[0], sensor->collection[1],
		sensor->gain, sensor->mu_tau, sensor->surface,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		m->host.free(m->host.context, blocks[i]);
}

/* Charge collection at @code * (1 + deviation), between two table entries */
static u64 collection_at(const u32 *table, u32 code, s16 deviation)
{
	u64 where = (u64)code * (u64)(65536 + deviation);
	u64 cell = where >> 16;

	return table[cell] + (((u64)(table[cell + 1] - table[cell]) * (where & 0xffff)) >> 16);
}

s32 psx_sensor_response(const struct psx_sensor *sensor, size_t index, s16 code)
{
	const struct psx_carrier *carrier = code < 0 ? &psx_electrons : &psx_holes;
	u32 magnitude = (u32)(code < 0 ? -code : code);
	u64 surface_uv, uv, value;

	if (!sensor->gain || !magnitude)
		return sensor->response[(u16)code];
	uv = psx_code_to_nv(magnitude) / 1000;
	surface_uv = (carrier->surface_nv / 1000 * (u64)(65536 + sensor->surface[index])) >> 16;
	value = collection_at(sensor->collection[code < 0], magnitude, sensor->mu_tau[index]);
	value = value * uv / (uv + surface_uv);
	value = (value << 30) / sensor->unit;
	value = (value * (u64)(65536 + sensor->gain[index])) >> 16;
	return code < 0 ? -(s32)value : (s32)value;
}
