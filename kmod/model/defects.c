// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Places of defective sub-pixels: all places in an order that follows from the
 * seed, so that any number of them are distinct, without a list. First in it are
 * the dead ones, then the hot, the stuck, and those whose DAC's monitor is wrong.
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

/* Sub-pixels whose monitors may show another code than was loaded */
static u32 suspects(const struct psx_model_config *config)
{
	u32 others = config->dead + config->hot;
	u32 room = psx_defects_room(config) - others - config->stuck;
	u32 wrong = config->faults.readback;

	return config->stuck + (wrong < room ? wrong : room);
}

static size_t suspect_place(const struct psx_model_config *config, u32 number)
{
	return psx_defect_place(config, config->dead + config->hot + number);
}

/* A plane of the configuration in force has another code for @place */
static bool is_stuck_elsewhere(const struct psx_model *m, size_t place)
{
	size_t area = (size_t)m->config.width * m->config.height;
	u32 channel, phase;

	for (channel = 0; channel < m->active.channels; channel++) {
		const struct psx_bank_slot *bank = &m->bank[m->active.channel[channel].bank];

		for (phase = 0; phase < bank->phases; phase++) {
			s16 code = bank->planes[phase * area + place];

			if (psx_sensor_code(&m->sensor, place, code) != code)
				return true;
		}
	}
	return false;
}

void psx_readback_check(struct psx_model *m)
{
	u32 number;

	m->readback_faults = 0;
	m->readback_first = 0;
	for (number = 0; number < suspects(&m->config); number++) {
		u32 place = (u32)suspect_place(&m->config, number);

		if (number < m->config.stuck && !is_stuck_elsewhere(m, place))
			continue;
		if (!m->readback_faults++ || place < m->readback_first)
			m->readback_first = place;
	}
}

void psx_readback_show(const struct psx_model *m, s16 *codes, size_t first, size_t count)
{
	u32 number;

	for (number = 0; number < suspects(&m->config); number++) {
		size_t place = suspect_place(&m->config, number);
		s16 *code;

		if (place < first || place >= first + count)
			continue;
		code = &codes[place - first];
		*code = number < m->config.stuck ? psx_sensor_code(&m->sensor, place, *code) :
						   (s16)(*code ^ 1);
	}
}
