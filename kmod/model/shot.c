// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One frame, computed without the host's lock: from a copy of the registers, in
 * memory of its own, from memory that nobody writes or frees before its end.
 */
#include "model.h"

#define CRC_STRETCH	0x100000u	/* bytes between two yields */

void psx_yield(const struct psx_model *m)
{
	if (m->host.yield)
		m->host.yield(m->host.context);
}

static bool is_read(const struct psx_shot *shot, const void *block)
{
	return shot->computing && block &&
	       (block == shot->scene || block == shot->planes || block == shot->before_planes ||
		block == shot->dark || block == shot->offset);
}

void psx_block_free(struct psx_model *m, void *block)
{
	struct psx_shot *shot = &m->shot;

	if (is_read(shot, block))
		shot->left[shot->left_count++] = block;
	else
		m->host.free(m->host.context, block);
}

void *psx_block_own(struct psx_model *m, void *block, size_t bytes, size_t keep)
{
	void *own;

	if (!is_read(&m->shot, block))
		return block;
	own = m->host.alloc(m->host.context, bytes);
	if (!own)
		return NULL;
	memcpy(own, block, keep);
	psx_block_free(m, block);
	return own;
}

static void take(struct psx_model *m)
{
	const struct psx_config *config = &m->active;
	const struct psx_channel *channel = &config->channel[m->acq.channel];
	const struct psx_bank_slot *bank = &m->bank[channel->bank];
	struct psx_shot *shot = &m->shot;

	if (m->view)
		psx_stage_look(m);
	*shot = (struct psx_shot){
		.header = {
			.seq = m->made,
			.cfg_id = config->id,
			.channel = (u8)m->acq.channel,
			.mode = (u8)config->mode,
			.pga = (u8)(1u << config->pga),
			.threshold = channel->threshold,
			.scale = channel->scale,
			.flags = config->polarity ? PSX_FRAME_BOTH : 0,
		},
		.scene = m->view ? m->view : m->scene,
		.stage = { m->stage[0], m->stage[1] },
		.planes = bank->planes,
		.dark = bank->dark,
		.offset = bank->offset,
		.exposure = config->exposure,
		.k = bank->k,
		.phases = bank->phases,
		.pga = config->pga,
		.bank = channel->bank,
		.shutter = m->shutter,
		.temperature_mc = m->config.faults.temperature_mc,
		.computing = true,
	};
	if (m->acq.held) {
		const struct psx_bank_slot *before = &m->bank[m->acq.held - 1];

		shot->before_planes = before->planes;
		shot->before = before->planes + (size_t)(before->phases - 1) * m->config.width *
						m->config.height;
	}
	psx_output_size(m, config->mode, bank->k, &shot->header.width, &shot->header.height);
}

static u32 crc_of(const struct psx_model *m, size_t length)
{
	size_t at, part;
	u32 crc = 0;

	for (at = 0; at < length; at += part) {
		part = length - at < CRC_STRETCH ? length - at : CRC_STRETCH;
		crc = psx_crc32c(crc, m->payload + at, part);
		psx_yield(m);
	}
	return crc;
}

bool psx_shot_go_on(void *model)
{
	const struct psx_model *m = model;

	psx_yield(m);
	return !psx_read_once(&m->shot.lost);
}

static void compute(struct psx_model *m)
{
	const struct psx_codec_watch watch = { .go_on = psx_shot_go_on, .context = m };
	struct psx_shot *shot = &m->shot;
	size_t length;

	if (!psx_readout(m))
		return;
	if (psx_codec_encode_watched(&shot->header, m->values, shot->header.width, m->payload,
				     m->payload_size, &length, &shot->effective, &watch))
		return;
	shot->crc32c = crc_of(m, length);
	shot->length = (u32)length;
}

static void give_back(struct psx_model *m)
{
	struct psx_shot *shot = &m->shot;

	shot->computing = false;
	while (shot->left_count)
		m->host.free(m->host.context, shot->left[--shot->left_count]);
}

bool psx_shot_make(struct psx_model *m)
{
	take(m);
	if (m->host.unlock)
		m->host.unlock(m->host.context);
	compute(m);
	if (m->host.lock)
		m->host.lock(m->host.context);
	give_back(m);
	return !m->shot.lost;
}
