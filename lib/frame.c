// SPDX-License-Identifier: MIT
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static int refused(struct psx_error *err, const struct psx_codec_error *why)
{
	return psx_error_set(err, EBADMSG, "frame: byte %llu: %s",
			     (unsigned long long)why->offset, why->reason);
}

int psx_frame_decode(const struct psx_frame *frame, uint32_t first, uint32_t count,
		     int16_t *values, size_t stride, struct psx_error *err)
{
	struct psx_codec_error why;

	if (psx_codec_decode(&frame->codec, first, count, values, stride, &why))
		return refused(err, &why);
	return 0;
}

size_t psx_frame_strip_size(const struct psx_frame *frame)
{
	return (size_t)frame->info.width * PSX_CODEC_TILE;
}

static uint8_t polarity_of(const struct psx_frame_header *header)
{
	return header->flags & PSX_FRAME_BOTH ? PSX_BOTH : PSX_POSITIVE;
}

/* What a payload says of itself; everything else 0. */
static struct psx_frame_info info_of(const struct psx_frame_header *header)
{
	return (struct psx_frame_info){
		.seq = header->seq,
		.width = header->width,
		.height = header->height,
		.cfg_id = header->cfg_id,
		.threshold = header->threshold,
		.scale = header->scale,
		.channel = header->channel,
		.mode = header->mode,
		.polarity = polarity_of(header),
		.pga = header->pga,
	};
}

static struct psx_frame_header header_of(const struct psx_frame_info *info)
{
	return (struct psx_frame_header){
		.seq = info->seq,
		.width = info->width,
		.height = info->height,
		.cfg_id = info->cfg_id,
		.threshold = info->threshold,
		.scale = info->scale,
		.flags = info->polarity == PSX_BOTH ? PSX_FRAME_BOTH : 0,
		.channel = info->channel,
		.pga = info->pga,
		.mode = info->mode,
	};
}

/* The first fact that payload and *info disagree on, NULL when there is none. */
static const char *disagreement(const struct psx_frame_header *header,
				const struct psx_frame_info *info)
{
	if (header->seq != info->seq)
		return "seq";
	if (header->width != info->width || header->height != info->height)
		return "size";
	if (header->cfg_id != info->cfg_id)
		return "cfg_id";
	if (header->threshold != info->threshold || polarity_of(header) != info->polarity)
		return "threshold or polarity";
	if (header->scale != info->scale || header->pga != info->pga)
		return "scale or gain";
	if (header->channel != info->channel || header->mode != info->mode)
		return "channel or mode";
	return NULL;
}

/* frame->codec is parsed; take *info when the payload says the same. */
static int bind_parsed(struct psx_frame *frame, const struct psx_frame_info *info,
		       struct psx_error *err)
{
	const char *fact = disagreement(&frame->codec.header, info);

	if (fact)
		return psx_error_set(err, EBADMSG, "frame: payload and facts differ in %s", fact);
	frame->info = *info;
	frame->owned = NULL;
	frame->mask = NULL;
	return 0;
}

void psx_frame_set_mask(struct psx_frame *frame, struct psx_mask *mask)
{
	psx_mask_unref(frame->mask);
	frame->mask = NULL;
	if (mask && mask->width == frame->info.width && mask->height == frame->info.height)
		frame->mask = psx_mask_ref(mask);
}

int psx_frame_mark(struct psx_frame *frame, const uint8_t *bad, struct psx_error *err)
{
	const size_t count = (size_t)frame->info.width * frame->info.height;
	struct psx_mask *mask = psx_mask_new(frame->info.width, frame->info.height);
	size_t i;

	if (!mask)
		return psx_error_set(err, ENOMEM, "out of memory");
	for (i = 0; i < count; i++)
		mask->bad[i] = !!bad[i];
	psx_frame_set_mask(frame, mask);
	psx_mask_unref(mask);
	return 0;
}

int psx_frame_bind(struct psx_frame *frame, const void *payload, size_t length,
		   const struct psx_frame_info *info, struct psx_error *err)
{
	struct psx_codec_error why;

	if (psx_codec_parse(payload, length, &frame->codec, &why))
		return refused(err, &why);
	return bind_parsed(frame, info, err);
}

int psx_frame_bind_device(struct psx_frame *frame, const void *payload, size_t length,
			  struct psx_frame_info *info, struct psx_error *err)
{
	const struct psx_frame_header *header = &frame->codec.header;
	struct psx_codec_error why;

	if (psx_codec_parse(payload, length, &frame->codec, &why))
		return refused(err, &why);
	info->width = header->width;
	info->height = header->height;
	info->threshold = header->threshold;
	info->scale = header->scale;
	info->polarity = polarity_of(header);
	return bind_parsed(frame, info, err);
}

/* Effective pixels of one decoded row of tiles. */
static uint32_t count_effective(const struct psx_frame *frame, const int16_t *values,
				uint32_t rows)
{
	uint32_t size = frame->info.width * rows;
	uint32_t count = 0;

	if (!frame->info.threshold)
		return size;
	for (uint32_t i = 0; i < size; i++)
		count += values[i] != 0;
	return count;
}

/* Decode the whole payload once, for the facts that it does not carry. */
static int count_frame(struct psx_frame *frame, struct psx_error *err)
{
	struct psx_frame_info *info = &frame->info;
	int16_t *strip = malloc(psx_frame_strip_size(frame) * sizeof(*strip));

	if (!strip)
		return psx_error_set(err, ENOMEM, "frame: out of memory");
	for (uint32_t row = 0; row < frame->codec.tile_rows; row++) {
		uint32_t left = info->height - row * PSX_CODEC_TILE;
		uint32_t rows = left < PSX_CODEC_TILE ? left : PSX_CODEC_TILE;

		if (psx_frame_decode(frame, row, 1, strip, info->width, err)) {
			free(strip);
			return -1;
		}
		info->effective += count_effective(frame, strip, rows);
	}
	info->crc32c = psx_crc32c(0, frame->codec.data, frame->codec.length);
	free(strip);
	return 0;
}

struct psx_frame *psx_frame_parse(const void *payload, size_t length, struct psx_error *err)
{
	struct psx_frame *frame = calloc(1, sizeof(*frame));
	struct psx_codec_error why;

	if (!frame)
		return psx_error_null(err, ENOMEM, "frame: out of memory");
	if (psx_codec_parse(payload, length, &frame->codec, &why)) {
		(void)refused(err, &why);
		free(frame);
		return NULL;
	}
	frame->info = info_of(&frame->codec.header);
	if (count_frame(frame, err)) {
		free(frame);
		return NULL;
	}
	return frame;
}

/* A frame that owns `payload` (malloc'd), which is freed when this fails. */
static struct psx_frame *frame_own(void *payload, size_t length, const struct psx_frame_info *info,
				   struct psx_error *err)
{
	struct psx_frame *frame = malloc(sizeof(*frame));

	if (!frame) {
		free(payload);
		return psx_error_null(err, ENOMEM, "frame: out of memory");
	}
	if (psx_frame_bind(frame, payload, length, info, err)) {
		free(payload);
		free(frame);
		return NULL;
	}
	frame->owned = payload;
	return frame;
}

struct psx_frame *psx_frame_encode(const struct psx_frame_info *info, const int16_t *values,
				   size_t stride, struct psx_error *err)
{
	struct psx_frame_header header = header_of(info);
	struct psx_frame_info facts = *info;
	size_t size, length;
	void *payload, *fitted;

	if (!psx_codec_header_valid(&header) || info->polarity > PSX_BOTH)
		return psx_error_null(err, EINVAL, "frame: facts that no frame can have");
	if (stride < info->width)
		return psx_error_null(err, EINVAL, "frame: stride below the width");
	size = psx_codec_bound(info->width, info->height);
	payload = malloc(size);
	if (!payload)
		return psx_error_null(err, ENOMEM, "frame: out of memory");
	(void)psx_codec_encode(&header, values, stride, payload, size, &length, &facts.effective);
	fitted = realloc(payload, length);
	if (fitted)
		payload = fitted;
	facts.crc32c = psx_crc32c(0, payload, length);
	return frame_own(payload, length, &facts, err);
}

struct psx_frame *psx_frame_copy(const struct psx_frame *frame)
{
	size_t length = frame->codec.length;
	void *payload = malloc(length);
	struct psx_frame *copy;

	if (!payload)
		return NULL;
	memcpy(payload, frame->codec.data, length);
	copy = frame_own(payload, length, &frame->info, NULL);
	if (copy)
		psx_frame_set_mask(copy, frame->mask);
	return copy;
}

void psx_frame_free(struct psx_frame *frame)
{
	if (!frame)
		return;
	psx_mask_unref(frame->mask);
	free(frame->owned);
	free(frame);
}

const struct psx_frame_info *psx_frame_get_info(const struct psx_frame *frame)
{
	return &frame->info;
}

const void *psx_frame_get_payload(const struct psx_frame *frame, size_t *length)
{
	*length = frame->codec.length;
	return frame->codec.data;
}

const uint8_t *psx_frame_get_mask(const struct psx_frame *frame)
{
	return frame->mask ? frame->mask->bad : NULL;
}
