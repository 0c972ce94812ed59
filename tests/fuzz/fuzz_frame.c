// SPDX-License-Identifier: MIT
/*
 * Any bytes as a payload: codec and naive reference must agree whether they
 * are legal and what they mean, and legal ones must survive re-encoding.
 */
#include <codec/psx_codec.h>
#include <psxdet.h>
#include <stdlib.h>
#include <unit/frame_reference.h>

#include "mend.h"

#define MOST_PIXELS (512u * 512u)

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16 == 0)
		return size;
	size -= size % 8;
	mend_frame(data, size);
	return size;
}

static void reencode(const struct psx_codec_frame *frame, const s16 *values, u32 effective)
{
	const struct psx_frame_header *h = &frame->header;
	size_t bound = psx_codec_bound(h->width, h->height), length;
	size_t size = (size_t)h->width * h->height * sizeof(*values);
	struct psx_codec_frame again;
	struct psx_codec_error why;
	u8 *out = malloc(bound);
	s16 *decoded = malloc(size);
	u32 kept;

	require(psx_codec_encode(h, values, h->width, out, bound, &length, &kept) == 0);
	require(kept == effective);
	require(psx_codec_parse(out, length, &again, &why) == 0);
	require(psx_codec_decode(&again, 0, again.tile_rows, decoded, h->width, &why) == 0);
	require(memcmp(decoded, values, size) == 0);
	free(out);
	free(decoded);
}

/* The same through the library, whose arrays have just the promised size. */
static void list(const uint8_t *data, size_t size, const struct ref_frame *ref)
{
	struct psx_frame *frame = psx_frame_parse(data, size, NULL);
	size_t n = ref->effective;
	uint32_t *start = malloc(((size_t)ref->height + 1) * sizeof(*start));
	uint32_t *column = malloc(n * sizeof(*column) + 1);
	int16_t *value = malloc(n * sizeof(*value) + 1);

	require(frame != NULL);
	require(psx_frame_get_info(frame)->effective == n);
	require(psx_frame_to_csr(frame, start, column, value, NULL) == 0);
	for (uint32_t y = 0; y < ref->height; y++)
		for (uint32_t i = start[y]; i < start[y + 1]; i++)
			require(value[i] == ref->values[(size_t)y * ref->width + column[i]]);
	free(start);
	free(column);
	free(value);
	psx_frame_free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct psx_codec_frame frame;
	struct psx_codec_error why = { 0, NULL };
	struct ref_frame ref;
	bool ok = psx_codec_parse(data, size, &frame, &why) == 0;
	s16 *values = NULL;

	if (ok && (u64)frame.header.width * frame.header.height > MOST_PIXELS)
		return 0;
	if (ok) {
		values = malloc((size_t)frame.header.width * frame.header.height * sizeof(*values));
		ok = psx_codec_decode(&frame, 0, frame.tile_rows, values, frame.header.width,
				      &why) == 0;
	}
	require(ok || (why.reason && why.offset <= size));
	require(ok == ref_decode(data, size, &ref));
	if (ok) {
		require(memcmp(values, ref.values, 2 * (size_t)ref.width * ref.height) == 0);
		reencode(&frame, values, ref.effective);
		list(data, size, &ref);
		free(ref.values);
	}
	free(values);
	return 0;
}
