// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Bank memory, and the loader that moves planes, maps and scenes. */
#include "model.h"

static size_t area_of(const struct psx_model *m)
{
	return (size_t)m->config.width * m->config.height;
}

/* What a bank takes of the plane memory */
static u32 planes_of(const struct psx_bank_slot *bank)
{
	return bank->phases + !!bank->dark + !!bank->offset;
}

static void bank_clear(struct psx_model *m, struct psx_bank_slot *bank)
{
	void *blocks[] = { bank->planes, bank->dark, bank->offset };
	size_t i;

	m->planes_used -= planes_of(bank);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		psx_block_free(m, blocks[i]);
	memset(bank, 0, sizeof(*bank));
}

void psx_banks_free(struct psx_model *m)
{
	u32 i;

	for (i = 0; i < PSX_BANKS; i++)
		bank_clear(m, &m->bank[i]);
}

u32 psx_bank_write_shape(struct psx_model *m, u32 value)
{
	struct psx_bank_slot *bank = &m->bank[m->bank_sel];
	u32 k = value & 0xff;
	u32 phases = value >> 8;
	s16 *planes;

	if (bank->users)
		return PSX_ERR_STATE;
	if (!value) {
		bank_clear(m, bank);
		return PSX_ERR_NONE;
	}
	if (!(k & 1) || k > PSX_MODEL_MAX_K || (phases != 1 && phases != k * k))
		return PSX_ERR_RANGE;
	if (m->planes_used - planes_of(bank) + phases > m->planes_max)
		return PSX_ERR_SPACE;
	planes = m->host.alloc(m->host.context, phases * area_of(m) * sizeof(s16));
	if (!planes)
		return PSX_ERR_SPACE;
	bank_clear(m, bank);
	bank->planes = planes;
	bank->k = k;
	bank->phases = phases;
	bank->scale = 256;
	bank->threshold = 1;
	m->planes_used += phases;
	return PSX_ERR_NONE;
}

/* The piece is one of a target of @size bytes */
static bool piece_valid(const struct psx_loader *l, size_t size)
{
	return l->bytes && !((l->bytes | l->offset) & 1) && l->offset <= size &&
	       l->bytes <= size - l->offset;
}

/*
 * Copy between host memory and @piece, a page of host memory at a time, as pages
 * are all that a host can promise to be in one piece. Values are little-endian on
 * the bus, which is the model's own order on every machine it is built for.
 */
static u32 move(struct psx_model *m, u8 *piece, u32 direction)
{
	const struct psx_loader *l = &m->loader;
	u32 done, part;
	void *window;

	for (done = 0; done < l->bytes; done += part) {
		part = psx_page_part(l->addr + done, l->bytes - done);
		window = m->host.map(m->host.context, l->addr + done, part);
		if (!window)
			return PSX_ERR_DMA;
		if (direction == PSX_LOAD_WRITE)
			memcpy(piece + done, window, part);
		else
			memcpy(window, piece + done, part);
	}
	return PSX_ERR_NONE;
}

static u32 transfer(struct psx_model *m, u8 *memory, size_t size, u32 direction)
{
	if (!piece_valid(&m->loader, size))
		return PSX_ERR_RANGE;
	return move(m, memory + m->loader.offset, direction);
}

/* Code -32768 has no voltage; a plane with one is not taken. */
static bool codes_valid(const s16 *codes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (codes[i] < -PSX_MAX_CODE)
			return false;
	return true;
}

static u32 load_plane(struct psx_model *m, struct psx_bank_slot *bank, u32 phase, u32 direction)
{
	size_t bytes = area_of(m) * sizeof(s16);
	s16 *plane, *planes;
	size_t first;
	u32 error;

	if (phase >= bank->phases)
		return PSX_ERR_RANGE;
	plane = bank->planes + phase * area_of(m);
	if (direction == PSX_LOAD_READ)
		return phase < bank->loaded ? transfer(m, (u8 *)plane, bytes, direction) :
					      PSX_ERR_INCOMPLETE;
	if (bank->users)
		return PSX_ERR_STATE;
	/*
	 * Planes come in order, each from its first byte to its last; phase 0
	 * begins the bank anew.
	 */
	if (!m->loader.offset && !phase) {
		bank->loaded = 0;
		bank->fill = 0;
		memset(bank->codes, 0, sizeof(bank->codes));
	}
	if (phase != bank->loaded || m->loader.offset != bank->fill)
		return PSX_ERR_STATE;
	/* a frame reads whole banks, and these begin anew: nothing to keep */
	planes = psx_block_own(m, bank->planes, bank->phases * bytes, 0);
	if (!planes)
		return PSX_ERR_SPACE;
	bank->planes = planes;
	plane = planes + phase * area_of(m);
	error = transfer(m, (u8 *)plane, bytes, direction);
	if (error)
		return error;
	first = bank->fill / sizeof(s16);
	if (!codes_valid(plane + first, m->loader.bytes / sizeof(s16)))
		return PSX_ERR_RANGE;
	psx_sensor_sum_codes(&m->sensor, first, plane + first, m->loader.bytes / sizeof(s16),
			     bank->codes);
	bank->fill += m->loader.bytes;
	if (bank->fill == bytes) {
		bank->loaded++;
		bank->fill = 0;
	}
	return PSX_ERR_NONE;
}

/* What the DACs' monitors show for a plane */
static u32 load_readback(struct psx_model *m, const struct psx_bank_slot *bank, u32 phase,
			 u32 direction)
{
	const struct psx_loader *l = &m->loader;
	const u8 *plane;
	u32 error;
	u8 *piece;

	if (phase >= bank->phases || direction != PSX_LOAD_READ ||
	    !piece_valid(l, area_of(m) * sizeof(s16)))
		return PSX_ERR_RANGE;
	if (phase >= bank->loaded)
		return PSX_ERR_INCOMPLETE;
	piece = m->host.alloc(m->host.context, l->bytes);
	if (!piece)
		return PSX_ERR_SPACE;
	plane = (const u8 *)(bank->planes + phase * area_of(m));
	memcpy(piece, plane + l->offset, l->bytes);
	psx_readback_show(m, (s16 *)piece, l->offset / sizeof(s16), l->bytes / sizeof(s16));
	error = move(m, piece, direction);
	m->host.free(m->host.context, piece);
	return error;
}

static u32 load_map(struct psx_model *m, struct psx_bank_slot *bank, s16 **map, u32 direction)
{
	size_t bytes = area_of(m) * sizeof(s16);
	s16 *own;
	u32 error;

	if (!bank->k || (!*map && direction == PSX_LOAD_READ))
		return PSX_ERR_INCOMPLETE;
	if (direction == PSX_LOAD_WRITE && bank->users)
		return PSX_ERR_STATE;
	if (*map) {
		own = direction == PSX_LOAD_WRITE ? psx_block_own(m, *map, bytes, bytes) : *map;
		if (!own)
			return PSX_ERR_SPACE;
		*map = own;
		return transfer(m, (u8 *)own, bytes, direction);
	}
	if (m->planes_used == m->planes_max)
		return PSX_ERR_SPACE;
	*map = m->host.alloc(m->host.context, bytes);
	if (!*map)
		return PSX_ERR_SPACE;
	error = transfer(m, (u8 *)*map, bytes, direction);
	if (error) {
		m->host.free(m->host.context, *map);
		*map = NULL;
		return error;
	}
	m->planes_used++;
	return PSX_ERR_NONE;
}

static u32 load_scene(struct psx_model *m, u32 direction)
{
	size_t bytes = psx_scene_area(m) * sizeof(u16);
	u16 *own = m->scene;

	if (m->acq.running)
		return PSX_ERR_STATE;
	if (direction == PSX_LOAD_WRITE)
		own = psx_block_own(m, m->scene, bytes, bytes);
	if (!own)
		return PSX_ERR_SPACE;
	m->scene = own;
	return transfer(m, (u8 *)own, bytes, direction);
}

u32 psx_loader_go(struct psx_model *m, u32 direction)
{
	u32 kind = m->loader.target & 0xff;
	u32 number = m->loader.target >> 8 & 0xff;
	u32 phase = m->loader.target >> 16;
	struct psx_bank_slot *bank = &m->bank[number];
	u32 error;

	if (direction != PSX_LOAD_WRITE && direction != PSX_LOAD_READ)
		return PSX_ERR_RANGE;
	if (phase && kind != PSX_LOAD_PLANE && kind != PSX_LOAD_READBACK)
		return PSX_ERR_RANGE;
	if (number && kind == PSX_LOAD_SCENE)
		return PSX_ERR_RANGE;
	switch (kind) {
	case PSX_LOAD_PLANE:
		error = load_plane(m, bank, phase, direction);
		break;
	case PSX_LOAD_DARK:
		error = load_map(m, bank, &bank->dark, direction);
		break;
	case PSX_LOAD_OFFSET_MAP:
		error = load_map(m, bank, &bank->offset, direction);
		break;
	case PSX_LOAD_READBACK:
		error = load_readback(m, bank, phase, direction);
		break;
	case PSX_LOAD_SCENE:
		error = load_scene(m, direction);
		break;
	default:
		return PSX_ERR_RANGE;
	}
	if (!error)
		psx_model_raise(m, PSX_IRQ_LOADER);
	return error;
}
