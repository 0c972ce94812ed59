// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The Hecht equation with surface recombination, in integers:
 *
 *   R(V) = S0 x (1 - exp(-1/x)) / (1 + L (s/mu) / V),  x = mu-tau V / L^2
 *
 * with L = 2 mm. Volts are nanovolts, fractions Q30. docs/sensor.md has the
 * constants and where they come from.
 */
#include "model.h"

/* 0.04 cm2 / 0.58e-3 cm2/V; 0.2 cm * 13.7 V/cm */
const struct psx_carrier psx_holes = { 68965517241ull, 2740000000ull };
/* 0.04 cm2 / 2.05e-3 cm2/V; 0.2 cm * 98.5 V/cm */
const struct psx_carrier psx_electrons = { 19512195122ull, 19700000000ull };

#define LN2_Q60		799144290325165978ull	/* ln 2 * 2^60 */
#define EXP_TERMS	20

u64 psx_code_to_nv(u32 magnitude)
{
	return magnitude * 100000000000ull / PSX_MAX_CODE;
}

static u64 mul_q60(u64 a, u64 b)
{
	return (u64)(((__uint128_t)a * b) >> 60);
}

/* Halve by whole ln 2, Taylor series for the rest */
u64 psx_exp_neg(u64 y)
{
	u64 halvings = y / ((LN2_Q60 >> 30) + 1);
	u64 rest, term, sum;
	u32 n;

	if (halvings > 30)	/* below a step of Q30 */
		return 0;
	/* y - halvings * ln 2, both terms below 2^66 before the cut to Q60 */
	rest = (u64)(((__uint128_t)y << 30) - (__uint128_t)halvings * LN2_Q60);
	term = 1ull << 60;
	sum = term;
	for (n = 1; n < EXP_TERMS; n++) {
		term = mul_q60(term, rest) / n;
		if (n & 1)
			sum -= term;
		else
			sum += term;
	}
	return sum >> (30 + halvings);
}

u64 psx_divide_q30(u64 a, u64 b)
{
	u64 whole = a / b;
	u64 rest = a % b;
	unsigned int bit;

	if (whole >> 33)
		return PSX_U64_MAX;
	for (bit = 0; bit < 30; bit++) {
		rest <<= 1;
		whole <<= 1;
		if (rest >= b) {
			rest -= b;
			whole |= 1;
		}
	}
	return whole;
}

u32 psx_hecht_collection(const struct psx_carrier *carrier, u64 nv)
{
	u64 y;

	if (!nv)
		return 0;
	y = psx_divide_q30(carrier->field_nv, nv);
	return (u32)psx_divide_q30((1ull << 30) - psx_exp_neg(y), y);
}

u32 psx_hecht_surface(u64 surface_nv, u64 nv)
{
	return (u32)psx_divide_q30(nv, nv + surface_nv);
}
