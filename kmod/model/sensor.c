// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The crystal: what a sub-pixel makes of a bias code and of X-rays. Forward
 * (positive) bias collects holes, reverse bias electrons, each with its own mu-tau
 * and surface recombination. Constants are explained in docs/sensor.md.
 */
#include "model.h"

#define CODES		65536u
#define CODES_STRETCH	1024u	/* and deviations, about a millisecond of either */
#define DEVIATIONS_STRETCH 65536u
#define UNIT_NV		95000000000ull	/* weight 1 is the response at +95 V */
#define HOT		100	/* times the dark current */
#define LINEAR_MOST	32920000000ull	/* pGy/s; the response is 5 % low there */
#define NOMINAL_MC	25000
#define DOUBLING_MC	10000	/* dark current doubles every so many degrees */
#define LN2_Q30		744261118ull
/* Dark current of a code, Q30 levels/s: 166 and 14 nA of 9 mm2 at +-100 V */
#define DARK_FORWARD	1389794074u
#define DARK_REVERSE	117211548u
/* Decorrelates the deviations of a sub-pixel from each other */
#define SEED_GAIN	0x6761696eull
#define SEED_MU_TAU	0x6d757461ull
#define SEED_SURFACE	0x73757266ull
#define SEED_DARK	0x6461726bull
#define SEED_STUCK	0x73747563ull

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

/*
 * Traps swallow a constant of a low dose rate, r^2 / (r + a); charge that is in the
 * way of other charge takes of a high one, r / (1 + (r / b)^4). a and b are such that
 * 5 % are missing at the ends of the linear range. Rates here are those of a level,
 * times PSX_FULL_LEVEL.
 */
static void fill_seen(struct psx_model *m)
{
	u64 a = psx_kind_of(m)->linear_least * PSX_FULL_LEVEL / 19;
	u32 level;

	for (level = 0; level < CODES; level++) {
		u64 rate = level * m->config.dose_rate_pgy_s;
		u64 high, low, y;

		m->sensor.seen[level] = level << 16;
		if (!a)
			continue;
		low = psx_divide_q30(rate, rate + a);
		y = psx_divide_q30(rate, LINEAR_MOST * PSX_FULL_LEVEL);
		y = (u64)psx_mul_shift((s64)y, y, 30);
		y = (u64)psx_mul_shift((s64)y, y, 30);
		high = psx_divide_q30(19ull << 30, (19ull << 30) + y);
		m->sensor.seen[level] = (u32)(level * (low * high >> 30) >> 14);
		if (!(level % CODES_STRETCH))
			psx_yield(m);
	}
}

static void fill_flaws(struct psx_model *m)
{
	const struct psx_model_config *config = &m->config;
	u32 border = psx_kind_of(m)->border;
	u32 dead = config->dead, hot = dead + config->hot, stuck = hot + config->stuck;
	u8 *flaw = m->sensor.flaw;
	u32 x, y, i;

	for (y = 0; border && y < config->height; y++)
		for (x = 0; x < config->width; x++)
			if (x < border || x >= config->width - border || y < border ||
			    y >= config->height - border)
				flaw[y * config->width + x] = PSX_FLAW_BLIND;
	for (i = 0; i < stuck; i++) {
		flaw[psx_defect_place(config, i)] = i < dead ? PSX_FLAW_BLIND :
						    i < hot ? PSX_FLAW_HOT : PSX_FLAW_STUCK;
		if (!(i % CODES_STRETCH))
			psx_yield(m);
	}
}

int psx_sensor_init(struct psx_model *m)
{
	struct psx_sensor *sensor = &m->sensor;
	size_t count = (size_t)m->config.width * m->config.height;
	s16 **deviations[] = {
		&sensor->gain, &sensor->mu_tau, &sensor->surface, &sensor->dark,
	};
	const u64 seeds[] = { SEED_GAIN, SEED_MU_TAU, SEED_SURFACE, SEED_DARK };
	u32 i;

	sensor->response = m->host.alloc(m->host.context, CODES * sizeof(s32));
	sensor->seen = m->host.alloc(m->host.context, CODES * sizeof(u32));
	if (!sensor->response || !sensor->seen)
		return -ENOMEM;
	sensor->dark_step[0] = psx_kind_of(m)->dark * DARK_FORWARD;
	sensor->dark_step[1] = psx_kind_of(m)->dark * DARK_REVERSE;
	sensor->stuck_seed = psx_hash(m->config.seed, SEED_STUCK);
	if (psx_kind_of(m)->border || m->config.dead || m->config.hot || m->config.stuck) {
		sensor->flaw = m->host.alloc(m->host.context, count);
		if (!sensor->flaw)
			return -ENOMEM;
		fill_flaws(m);
	}
	if (m->config.mismatch_ppm) {
		for (i = 0; i < ARRAY_SIZE(deviations); i++) {
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
	fill_seen(m);
	return 0;
}

void psx_sensor_free(struct psx_model *m)
{
	struct psx_sensor *sensor = &m->sensor;
	void *blocks[] = {
		sensor->response, sensor->collection[0], sensor->collection[1],
		sensor->gain, sensor->mu_tau, sensor->surface, sensor->dark, sensor->flaw,
		sensor->seen,
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

s16 psx_sensor_code(const struct psx_sensor *sensor, size_t index, s16 code)
{
	if (!sensor->flaw || sensor->flaw[index] != PSX_FLAW_STUCK)
		return code;
	return (s16)((s32)(psx_hash(sensor->stuck_seed, index) % (2 * PSX_MAX_CODE + 1)) -
		     PSX_MAX_CODE);
}

static s64 dark_current(const struct psx_sensor *sensor, size_t index, s16 code)
{
	s64 dark = (s64)code * sensor->dark_step[code < 0];

	if (sensor->dark)
		dark += dark * sensor->dark[index] / 65536;
	return dark;
}

struct psx_current psx_sensor_current(const struct psx_sensor *sensor, size_t index, s16 code,
				      bool lit)
{
	u8 flaw = sensor->flaw ? sensor->flaw[index] : PSX_FLAW_NONE;
	struct psx_current current = { 0, 0 };

	if (flaw == PSX_FLAW_BLIND)
		return current;
	code = psx_sensor_code(sensor, index, code);
	current.dark = dark_current(sensor, index, code);
	if (flaw == PSX_FLAW_HOT)
		current.dark *= HOT;
	if (lit)
		current.response = psx_sensor_response(sensor, index, code);
	return current;
}

void psx_sensor_sum_codes(const struct psx_sensor *sensor, size_t first, const s16 *codes,
			  size_t count, u64 *sums)
{
	size_t i;

	for (i = 0; i < count; i++) {
		u8 flaw = sensor->flaw ? sensor->flaw[first + i] : PSX_FLAW_NONE;
		s16 code = psx_sensor_code(sensor, first + i, codes[i]);

		if (flaw != PSX_FLAW_BLIND)
			sums[code < 0] += (u64)(code < 0 ? -code : code) *
					  (flaw == PSX_FLAW_HOT ? HOT : 1);
	}
}

u64 psx_sensor_warmth(s32 temperature_mc)
{
	s32 over = temperature_mc - NOMINAL_MC;
	s32 doublings = over / DOUBLING_MC + (over % DOUBLING_MC > 0);
	u64 rest = (u64)(doublings * DOUBLING_MC - over);
	u64 warmth = psx_exp_neg(rest * LN2_Q30 / DOUBLING_MC);

	return doublings < 0 ? warmth >> -doublings : warmth << doublings;
}
