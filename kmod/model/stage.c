// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The stage that moves the object before a detector of few sub-pixels. A level of
 * the scene covers as much of the object as a sub-pixel of the sensor; between two of
 * them a sub-pixel sees the part that its opening, in its middle, covers of each. Beyond
 * its edge the scene goes on as it is there.
 */
#include "model.h"

#define STAGE_LIMIT	100000000	/* um: 100 m, either way */

/* A place on the scene: a column or row, and how far on to the next, Q16 */
struct place {
	u32 first;
	u32 second;
	u32 part;
};

static u32 clamp_place(s64 place, u32 count)
{
	return place < 0 ? 0 : place >= count ? count - 1 : (u32)place;
}

/* In halves of a um: an opening may begin at one */
static struct place find(const struct psx_model_config *c, s32 stage_um, u32 index, u32 count)
{
	u32 pitch = 2 * c->pitch_um, aperture = 2 * c->aperture_um;
	s64 begin = (s64)index * pitch + 2 * (s64)stage_um + (c->pitch_um - c->aperture_um);
	s64 whole = begin / (s64)pitch, rest = begin % (s64)pitch;
	struct place p;

	if (rest < 0) {
		whole--;
		rest += pitch;
	}
	rest += aperture;	/* where it ends */
	p.first = clamp_place(whole, count);
	p.second = clamp_place(whole + 1, count);
	p.part = rest > pitch ? (u32)(((u64)(rest - pitch) << 16) / aperture) : 0;
	return p;
}

static u32 between(u32 a, u32 b, u32 part)
{
	return (u32)(((u64)a * (65536 - part) + (u64)b * part) >> 16);
}

static u32 level_of(const struct psx_model *m, const struct place *x, const struct place *y)
{
	const u16 *upper = m->scene + (size_t)y->first * m->config.scene_width;
	const u16 *lower = m->scene + (size_t)y->second * m->config.scene_width;
	/* with a bit more than levels have, so that it is rounded once */
	u32 above = between((u32)upper[x->first] << 8, (u32)upper[x->second] << 8, x->part);
	u32 below = between((u32)lower[x->first] << 8, (u32)lower[x->second] << 8, x->part);

	return (between(above, below, y->part) + 128) >> 8;
}

void psx_stage_look(struct psx_model *m)
{
	const struct psx_model_config *c = &m->config;
	u32 x, y;

	for (y = 0; y < c->height; y++) {
		struct place row = find(c, m->stage[1], y, c->scene_height);

		for (x = 0; x < c->width; x++) {
			struct place column = find(c, m->stage[0], x, c->scene_width);

			m->view[y * c->width + x] = (u16)level_of(m, &column, &row);
		}
	}
}

void psx_stage_go(struct psx_model *m)
{
	if (!m->config.faults.stage_held)
		memcpy(m->stage, m->stage_sent, sizeof(m->stage));
}

bool psx_stage_moving(const struct psx_model *m)
{
	return memcmp(m->stage, m->stage_sent, sizeof(m->stage));
}

u32 psx_stage_move(struct psx_model *m, u32 axis, u32 um)
{
	if (!psx_kind_of(m)->stage)
		return PSX_ERR_REGISTER;
	if (m->acq.running)
		return PSX_ERR_STATE;
	if ((s32)um > STAGE_LIMIT || (s32)um < -STAGE_LIMIT)
		return PSX_ERR_RANGE;
	m->stage_sent[axis] = (s32)um;
	psx_stage_go(m);
	return PSX_ERR_NONE;
}
