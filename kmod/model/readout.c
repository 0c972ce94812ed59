// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Exposures of a frame. In phase (px, py) the switches join the sub-pixels
 * into macro-pixels with corners where x mod k = px and y mod k = py; the
 * currents of a macro-pixel add up in one node. A macro-pixel whose centre is
 * off the sensor has no output; at the edges one has fewer sub-pixels.
 */
#include "model.h"

void psx_output_size(const struct psx_model *m, u32 mode, u32 k, u32 *width, u32 *height)
{
	switch (mode) {
	case PSX_MODE_REG_SNAP:
		*width = m->config.width / k;
		*height = m->config.height / k;
		break;
	case PSX_MODE_REG_POINT:
		*width = *height = 1;
		break;
	default:
		*width = m->config.width;
		*height = m->config.height;
	}
}

/*
 * The cells of one exposure, in one direction: cell n covers sub-pixels
 * first + n * k .. first + n * k + k - 1, where they exist.
 */
struct cells {
	s32 first;
	u32 count;
};

static struct cells cells_of_phase(u32 phase, u32 k, u32 size)
{
	u32 centre = (phase + k / 2) % k;	/* of the first cell with an output */
	struct cells cells = { .first = (s32)centre - (s32)(k / 2), .count = 0 };

	if (centre < size)
		cells.count = (size - 1 - centre) / k + 1;
	return cells;
}

/* What one phase of a frame needs to know */
struct exposure {
	const s16 *plane;
	const s16 *before;	/* that the DACs come from, NULL = 0 V */
	u32 lag;		/* what it still has of this exposure, Q30 */
	struct cells columns, rows;
	u32 step;		/* output pixels from cell to cell */
	u32 left, top;		/* output pixel of the first cell */
	u32 stride;		/* output pixels a row */
};

/* What comes through the shutter */
static u32 level_at(const struct psx_shot *shot, size_t index)
{
	switch (shot->shutter) {
	case PSX_SHUTTER_CLOSED:
		return 0;
	case PSX_SHUTTER_BEAM:
		return PSX_FULL_LEVEL;
	default:
		return shot->scene[index];
	}
}

/* What a sub-pixel gives in this exposure, on average over it */
static struct psx_current mean_current(const struct psx_model *m, const struct exposure *e,
				       size_t index, bool lit)
{
	struct psx_current now = psx_sensor_current(&m->sensor, index, e->plane[index], lit);
	struct psx_current before;

	if (!e->lag)
		return now;
	before = psx_sensor_current(&m->sensor, index, e->before ? e->before[index] : 0, lit);
	now.response += psx_mul_shift(before.response - now.response, e->lag, 30);
	now.dark += psx_mul_shift(before.dark - now.dark, e->lag, 30);
	return now;
}

/*
 * The cell at sub-pixel column @corner, clipped to the sensor: its current from
 * the row of sub-pixels that begins at @row, and the variance that goes with it
 */
static void add_cell(struct psx_model *m, const struct exposure *e, size_t row, s32 corner,
		     u32 k, u32 cell)
{
	s32 x = corner < 0 ? 0 : corner;
	s32 end = corner + (s32)k;

	if (end > (s32)m->config.width)
		end = (s32)m->config.width;
	for (; x < end; x++) {
		size_t index = row + (u32)x;
		u32 seen = m->sensor.seen[level_at(&m->shot, index)];
		struct psx_current current = mean_current(m, e, index, seen);
		u64 weight = (u64)(current.response < 0 ? -current.response :
							  current.response) >> 15;

		m->sums[cell] += current.response * seen >> 16;
		m->squares[cell] += weight * weight * seen >> 16;
		m->darks[cell] += current.dark;
	}
}

/*
 * Whole cells of an ideal crystal, which has one table and no noise; inlined
 * with a constant k.
 */
static __always_inline void
add_whole_cells(const s32 *response, const s16 *code, const u16 *level, s64 *sums, u32 count,
		const u32 k)
{
	u32 cell, c;

	for (cell = 0; cell < count; cell++, code += k, level += k) {
		s64 sum = 0;

		for (c = 0; c < k; c++)
			sum += (s64)response[(u16)code[c]] * level[c];
		sums[cell] += sum;
	}
}

/* Add the currents of sub-pixel row @y to the cells it runs through */
static void add_row(struct psx_model *m, const struct exposure *e, u32 y)
{
	const struct cells cells = e->columns;
	const u32 k = m->shot.k;
	size_t row = (size_t)y * m->config.width;
	u32 begin = cells.first < 0;
	u32 end = cells.count;
	const s16 *code;
	const u16 *level;
	u32 cell;

	if (m->config.profile != PSX_PROFILE_IDEAL || m->shot.shutter != PSX_SHUTTER_OPEN) {
		begin = 0;
		end = 0;
	} else if (end && cells.first + (s32)(end * k) > (s32)m->config.width) {
		end--;
	}
	for (cell = 0; cell < cells.count; cell++)
		if (cell < begin || cell >= end)
			add_cell(m, e, row, cells.first + (s32)(cell * k), k, cell);
		else
			cell = end - 1;
	if (begin >= end)
		return;
	code = e->plane + row + (u32)(cells.first + (s32)(begin * k));
	level = m->shot.scene + row + (u32)(cells.first + (s32)(begin * k));
	if (k == 3)
		add_whole_cells(m->sensor.response, code, level, m->sums + begin, end - begin, 3);
	else if (k == 5)
		add_whole_cells(m->sensor.response, code, level, m->sums + begin, end - begin, 5);
	else
		add_whole_cells(m->sensor.response, code, level, m->sums + begin, end - begin, k);
}

static bool expose(struct psx_model *m, const struct exposure *e, const struct psx_chain *chain)
{
	struct psx_shot *shot = &m->shot;
	u32 k = shot->k;
	u32 row, cell, r;

	for (row = 0; row < e->rows.count; row++) {
		size_t pixel = (size_t)(e->top + row * e->step) * e->stride + e->left;

		memset(m->sums, 0, e->columns.count * sizeof(*m->sums));
		memset(m->squares, 0, e->columns.count * sizeof(*m->squares));
		memset(m->darks, 0, e->columns.count * sizeof(*m->darks));
		for (r = 0; r < k; r++) {
			s32 y = e->rows.first + (s32)(row * k + r);

			if (y >= 0 && y < (s32)m->config.height)
				add_row(m, e, (u32)y);
		}
		for (cell = 0; cell < e->columns.count; cell++, pixel += e->step) {
			s16 offset = shot->offset ? shot->offset[pixel] : 0;
			s16 dark = shot->dark ? shot->dark[pixel] : 0;
			struct psx_charge charge = {
				m->sums[cell], m->squares[cell], m->darks[cell],
			};

			m->values[pixel] = psx_chain_value(chain, &charge, pixel, offset, dark,
							   &shot->saturated);
		}
		if (!psx_shot_go_on(m))
			return false;
	}
	return true;
}

bool psx_readout(struct psx_model *m)
{
	const struct psx_shot *shot = &m->shot;
	size_t area = (size_t)m->config.width * m->config.height;
	u32 k = shot->k;
	struct exposure e = { .before = shot->before, .stride = shot->header.width };
	struct psx_chain chain;
	u32 phase;

	psx_chain_init(&chain, m);
	e.lag = chain.lag;
	for (phase = 0; phase < shot->phases; phase++) {
		e.plane = shot->planes + phase * area;
		if (shot->header.mode == PSX_MODE_REG_SCAN) {
			e.columns = cells_of_phase(phase % k, k, m->config.width);
			e.rows = cells_of_phase(phase / k, k, m->config.height);
			e.step = k;
			e.left = (u32)(e.columns.first + (s32)(k / 2));
			e.top = (u32)(e.rows.first + (s32)(k / 2));
		} else {
			e.columns = (struct cells){ 0, shot->header.width };
			e.rows = (struct cells){ 0, shot->header.height };
			e.step = 1;
		}
		if (!expose(m, &e, &chain))
			return false;
		e.before = e.plane;
	}
	return true;
}
