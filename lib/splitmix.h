/* SPDX-License-Identifier: MIT */
/* SplitMix64 (Steele, Lea, Flood 2014): the random numbers of training, the same
 * on every machine. */
#ifndef PSX_LIB_SPLITMIX_H
#define PSX_LIB_SPLITMIX_H

#include <stdint.h>

static inline uint64_t psx_splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Uniform in [0, 1), of 53 bits */
static inline double psx_splitmix_unit(uint64_t *state)
{
	return (double)(psx_splitmix(state) >> 11) * 0x1p-53;
}

/* 0 .. count - 1; the bias is below count / 2^64 */
static inline uint64_t psx_splitmix_below(uint64_t *state, uint64_t count)
{
	return (uint64_t)(((unsigned __int128)psx_splitmix(state) * count) >> 64);
}

#endif
