// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Random numbers by counter, so that any of them can be had in any order. */
#include "model.h"

/* The mixing function of SplitMix64 (Steele, Lea, Flood 2014) on a counter. */
u64 psx_hash(u64 seed, u64 counter)
{
	u64 z = seed + (counter + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Sum of twelve 16-bit uniform numbers: mean 12 * 65535 / 2, variance 1 in Q16 */
s32 psx_gauss(u64 seed, u64 counter)
{
	s32 sum = -393210;
	u32 word, lane;

	for (word = 0; word < 3; word++) {
		u64 bits = psx_hash(seed, counter * 3 + word);

		for (lane = 0; lane < 4; lane++)
			sum += (s32)(bits >> (16 * lane) & 0xffff);
	}
	return sum;
}
