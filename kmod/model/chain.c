// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The signal chain of one macro-pixel, in the order of the hardware: direct
 * injection and integrator give the charge of the exposure (the pedestal that
 * lets both signs through is removed again by correlated double sampling, with
 * the reset noise), then offset DAC, PGA, ADC, dark frame, scale, rounding and
 * saturation. The comparator follows in the encoder.
 */
#include "model.h"

#define ADC_LSB_SHIFT		2	/* an ADC step is 1/4 level at PGA 1 */
#define OFFSET_LSB_LEVELS	4	/* a step of the offset DAC */
#define SETTLE_TAU_NS		200000u	/* of a bias */
#define LAG_LEAST		10737u	/* 1e-5, Q30 */
#define LAG_END_NS		150000000u	/* that of longer exposures is less */
#define MAX_16			32767
#define MIN_16			(-32768)

static s16 clamp_16(s64 value, bool *clipped)
{
	s64 kept = value > MAX_16 ? MAX_16 : value < MIN_16 ? MIN_16 : value;

	*clipped |= kept != value;
	return (s16)kept;
}

/* value / unit, Q32, for a unit below 2^32 */
static u64 ratio(u64 value, u64 unit)
{
	return (value / unit << 32) + (value % unit << 32) / unit;
}

/* The part of a sub-pixel that a collimator leaves open, Q32 */
static u64 open_part(u64 aperture_um, u64 pitch_um)
{
	return aperture_um == pitch_um ? 1ull << 32 :
					 ratio(aperture_um * aperture_um, pitch_um * pitch_um);
}

/*
 * Biases settle exponentially. What is left after PSX_SETTLE_NS decays on in the
 * exposure t: (tau / t) exp(-settle / tau) (1 - exp(-t / tau)) of the difference
 */
static u32 lag(u64 exposure_ns)
{
	u64 rest = psx_exp_neg(((u64)PSX_SETTLE_NS << 30) / SETTLE_TAU_NS);
	u64 length, mean;

	if (exposure_ns > LAG_END_NS)
		return 0;
	length = (exposure_ns << 30) / SETTLE_TAU_NS;
	mean = psx_divide_q30((1ull << 30) - psx_exp_neg(length), length) * rest >> 30;
	return mean < LAG_LEAST ? 0 : (u32)mean;
}

void psx_chain_init(struct psx_chain *chain, const struct psx_model *m)
{
	u64 read = m->config.read_noise_milli;
	u64 seconds = ratio(m->shot.exposure, 1000000000);

	/* 1 s at the nominal rate is exactly 1 */
	chain->dose = (u64)psx_mul_shift((s64)seconds, ratio(m->config.dose_rate_pgy_s,
							     PSX_NOMINAL_PGY_S), 32);
	chain->open = open_part(m->config.aperture_um, m->config.pitch_um);
	chain->dark_time = (u64)psx_mul_shift((s64)seconds,
					      psx_sensor_warmth(m->shot.temperature_mc), 30);
	chain->noise_seed = psx_hash(m->config.seed, m->shot.header.seq);
	chain->pga = m->shot.pga;
	chain->scale = m->shot.header.scale;
	chain->photons = m->config.photons;
	read *= read;
	chain->read_variance = (read / 1000000 << PSX_WEIGHT_SHIFT) +
			       (read % 1000000 << PSX_WEIGHT_SHIFT) / 1000000;
	chain->lag = m->config.profile == PSX_PROFILE_IDEAL ? 0 : lag(m->shot.exposure);
	chain->ideal = m->config.profile == PSX_PROFILE_IDEAL;
}

static u64 square_root(u64 value)
{
	u64 root = 0, bit = 1ull << 62;

	while (bit > value)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (value >= root + bit) {
			value -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/* Shot and read noise, Q30 levels: variance = sum of w^2 * signal / photons + read^2 */
static s64 noise(const struct psx_chain *chain, u64 squares, size_t pixel)
{
	u64 variance = chain->read_variance;

	if (chain->photons)
		variance += (u64)psx_mul_shift((s64)squares, chain->dose, 32) / chain->photons;
	/* the root of Q30 is Q15, the deviate Q16 */
	return ((s64)square_root(variance) * psx_gauss(chain->noise_seed, pixel)) >> 1;
}

s16 psx_chain_value(const struct psx_chain *chain, const struct psx_charge *charge, size_t pixel,
		    s16 offset, s16 dark, u32 *saturated)
{
	bool clipped = false;
	s64 signal = charge->sum;
	u64 squares = charge->squares;
	s16 value;

	if (chain->open != 1ull << 32) {
		signal = psx_mul_shift(signal, chain->open, 32);
		squares = (u64)psx_mul_shift((s64)squares, chain->open, 32);
	}
	if (chain->dose != 1ull << 32)
		signal = psx_mul_shift(signal, chain->dose, 32);
	if (!chain->ideal) {
		unsigned int lsb = PSX_WEIGHT_SHIFT - ADC_LSB_SHIFT - chain->pga;

		signal += psx_mul_shift(charge->dark, chain->dark_time, 32);
		signal += noise(chain, squares, pixel);
		signal -= (s64)offset * OFFSET_LSB_LEVELS * (1ll << PSX_WEIGHT_SHIFT);
		value = clamp_16(psx_mul_shift(signal, 1, lsb), &clipped);
		signal = (value * (1 << PSX_DARK_SHIFT) - dark) * (1ll << (lsb - PSX_DARK_SHIFT));
	}
	value = clamp_16(psx_mul_shift(signal, chain->scale, PSX_WEIGHT_SHIFT + 8), &clipped);
	*saturated += clipped;
	return value;
}
