// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Places of defective sub-pixels: all places in an order that follows from the
 * seed, so that any number of them are distinct, without a list.
 */
#include "model.h"

#define SEED_PLACES	0x706c6163ull
#define ROUNDS		4u

u32 psx_defects_room(const struct psx_model_config *config)
{
	u32 border = 2 * psx_kinds[config->profile].border;

	return (config->width - border) * (config->height - border);
}

/* A Feistel network permutes the numbers of 2 * @bits bits */
static u32 permute(u64 seed, u32 number, u32 bits)
{
	u32 mask = (u32)BIT_ULL(bits) - 1;
	u32 left = number >> bits, right = number & mask;
	u32 round, next;

	for (round = 0; round < ROUNDS; round++) {
		next = left ^ ((u32)psx_hash(seed, (u64)round << 32 | right) & mask);
		left = right;
		right = next;
	}
	return left << bits | right;
}

size_t psx_defect_place(const struct psx_model_config *config, u32 number)
{
	u32 border = psx_kinds[config->profile].border;
	u32 across = config->width - 2 * border;
	u32 room = psx_defects_room(config);
	u64 seed = psx_hash(config->seed, SEED_PLACES);
	u32 bits = 1;

	while (BIT_ULL(2 * bits) < room)
		bits++;
	/* what leaves the room comes back into it, as the permutation is a cycle */
	do
		number = permute(seed, number, bits);
	while (number >= room);
	return (size_t)(border + number / across) * config->width + border + number % across;
}
