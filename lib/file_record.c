// SPDX-License-Identifier: MIT
/* Header, record and trailer of a .psx file, as bytes. */
#include "file.h"

#include <string.h>

#include "../kmod/codec/psx_codec.h"

#define VERSION 2u /* 1 had no masks */

static const uint8_t file_magic[8] = { 0x89, 'P', 'S', 'X', '\r', '\n', 0x1a, '\n' };
static const uint8_t record_magic[4] = { 'F', 'R', 'A', 'M' };
static const uint8_t mask_magic[4] = { 'M', 'A', 'S', 'K' };
static const uint8_t trailer_magic[8] = { 'P', 'S', 'X', 'E', 'N', 'D', '\r', '\n' };

static void put(uint8_t *out, uint64_t x, unsigned int bytes)
{
	for (; bytes; bytes--, x >>= 8)
		*out++ = (uint8_t)x;
}

static uint64_t get(const uint8_t *in, unsigned int bytes)
{
	uint64_t x = 0;

	while (bytes--)
		x = x << 8 | in[bytes];
	return x;
}

static uint32_t get32(const uint8_t *in)
{
	return (uint32_t)get(in, 4);
}

void psx_file_put_offset(uint8_t *out, uint64_t offset)
{
	put(out, offset, 8);
}

uint64_t psx_file_get_offset(const uint8_t *in)
{
	return get(in, 8);
}

void psx_file_put_header(uint8_t *out, const char *metadata, uint32_t length)
{
	memcpy(out, file_magic, sizeof(file_magic));
	put(out + 8, VERSION, 4);
	put(out + 12, length, 4);
	put(out + 16, psx_crc32c(0, metadata, length), 4);
	put(out + 20, psx_crc32c(0, out, 20), 4);
}

const char *psx_file_get_header(const uint8_t *in, uint32_t *length, uint32_t *crc32c)
{
	if (memcmp(in, file_magic, sizeof(file_magic)) != 0)
		return "not a .psx file";
	if (get32(in + 20) != psx_crc32c(0, in, 20))
		return "wrong crc32c of the header";
	if (!get32(in + 8) || get32(in + 8) > VERSION)
		return "unknown version";
	*length = get32(in + 12);
	*crc32c = get32(in + 16);
	return NULL;
}

void psx_file_put_record(uint8_t *out, const struct psx_file_record *record)
{
	const struct psx_frame_info *info = &record->info;

	memset(out, 0, PSX_FILE_RECORD);
	memcpy(out, record_magic, sizeof(record_magic));
	put(out + 8, record->length, 8);
	put(out + 16, record->number, 8);
	put(out + 24, info->seq, 8);
	put(out + 32, info->device_ns, 8);
	put(out + 40, info->mono_ns, 8);
	put(out + 48, info->dropped, 8);
	put(out + 56, info->series, 4);
	put(out + 60, info->width, 4);
	put(out + 64, info->height, 4);
	put(out + 68, info->cfg_id, 4);
	put(out + 72, info->effective, 4);
	put(out + 76, info->saturated, 4);
	put(out + 80, info->trigger, 4);
	put(out + 84, (uint32_t)info->stage_x, 4);
	put(out + 88, (uint32_t)info->stage_y, 4);
	put(out + 92, info->crc32c, 4);
	put(out + 96, info->flags, 4);
	put(out + 100, info->threshold, 2);
	put(out + 102, info->scale, 2);
	out[104] = info->bank;
	out[105] = info->channel;
	out[106] = info->mode;
	out[107] = info->polarity;
	out[108] = info->pga;
	put(out + 109, record->mask, 3);
	put(out + 4, psx_crc32c(0, out + 8, PSX_FILE_RECORD - 8), 4);
}

const char *psx_file_get_record(const uint8_t *in, struct psx_file_record *record)
{
	if (memcmp(in, record_magic, sizeof(record_magic)) != 0)
		return "not a frame's record";
	if (get32(in + 4) != psx_crc32c(0, in + 8, PSX_FILE_RECORD - 8))
		return "wrong crc32c of a record";
	*record = (struct psx_file_record){
		.length = get(in + 8, 8),
		.number = get(in + 16, 8),
		.mask = (uint32_t)get(in + 109, 3),
		.info = {
			.seq = get(in + 24, 8),
			.device_ns = get(in + 32, 8),
			.mono_ns = get(in + 40, 8),
			.dropped = get(in + 48, 8),
			.series = get32(in + 56),
			.width = get32(in + 60),
			.height = get32(in + 64),
			.cfg_id = get32(in + 68),
			.effective = get32(in + 72),
			.saturated = get32(in + 76),
			.trigger = get32(in + 80),
			.stage_x = (int32_t)get32(in + 84),
			.stage_y = (int32_t)get32(in + 88),
			.crc32c = get32(in + 92),
			.flags = get32(in + 96),
			.threshold = (uint16_t)get(in + 100, 2),
			.scale = (uint16_t)get(in + 102, 2),
			.bank = in[104],
			.channel = in[105],
			.mode = in[106],
			.polarity = in[107],
			.pga = in[108],
		},
	};
	return NULL;
}

void psx_file_put_mask(uint8_t *out, const struct psx_file_mask_record *record)
{
	memcpy(out, mask_magic, sizeof(mask_magic));
	put(out + 8, record->length, 8);
	put(out + 16, record->width, 4);
	put(out + 20, record->height, 4);
	put(out + 24, record->number, 4);
	put(out + 28, record->crc32c, 4);
	put(out + 4, psx_crc32c(0, out + 8, PSX_FILE_MASK - 8), 4);
}

bool psx_file_is_mask(const uint8_t *in)
{
	return memcmp(in, mask_magic, sizeof(mask_magic)) == 0;
}

const char *psx_file_get_mask(const uint8_t *in, struct psx_file_mask_record *record)
{
	if (!psx_file_is_mask(in))
		return "not a mask's record";
	if (get32(in + 4) != psx_crc32c(0, in + 8, PSX_FILE_MASK - 8))
		return "wrong crc32c of a mask's record";
	*record = (struct psx_file_mask_record){
		.length = get(in + 8, 8),
		.width = get32(in + 16),
		.height = get32(in + 20),
		.number = get32(in + 24),
		.crc32c = get32(in + 28),
	};
	if (!record->width || !record->height ||
	    record->length != psx_file_mask_length(record->width, record->height))
		return "length of a mask";
	return NULL;
}

void psx_file_put_trailer(uint8_t *out, const struct psx_file *file)
{
	uint32_t crc = psx_crc32c(0, file->offsets, file->count * 8);
	uint8_t offset[8];
	uint32_t i;

	for (i = 0; i < file->mask_count; i++) {
		put(offset, file->masks[i].offset, 8);
		crc = psx_crc32c(crc, offset, sizeof(offset));
	}
	put(out, file->end, 8);
	put(out + 8, file->count, 8);
	put(out + 16, psx_crc32c(crc, out, 16), 4);
	put(out + 20, file->mask_count, 4);
	memcpy(out + 24, trailer_magic, sizeof(trailer_magic));
}

bool psx_file_get_trailer(const uint8_t *map, size_t size, uint64_t *index, uint64_t *count,
			  uint32_t *masks)
{
	const uint8_t *in;
	uint32_t crc;

	if (size < PSX_FILE_HEADER + PSX_FILE_TRAILER)
		return false;
	size -= PSX_FILE_TRAILER;
	in = map + size;
	*index = get(in, 8);
	*count = get(in + 8, 8);
	*masks = get32(in + 20);
	if (memcmp(in + 24, trailer_magic, sizeof(trailer_magic)) != 0)
		return false;
	if (*index > size || (size - *index) % 8 || *masks > (size - *index) / 8 ||
	    *count != (size - *index) / 8 - *masks)
		return false;
	crc = psx_crc32c(0, map + *index, size - *index);
	return psx_crc32c(crc, in, 16) == get32(in + 16);
}
