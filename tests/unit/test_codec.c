// SPDX-License-Identifier: MIT
/* The codec against vectors, against the reference, against damage. */
#include <check.h>
#include <codec/psx_codec.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame_reference.h"
#include "unit.h"

#define SEED 0x5eed5eed5eed5eedull

static uint64_t rng;

static uint32_t random32(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng * 0x2545f4914f6cdd1dull >> 32);
}

static void seed_rng(void)
{
	rng = SEED;
}

/* ------------------------------------------------------------ frames -- */

struct sample {
	struct psx_frame_header header;
	s16 *values;   /* as they came */
	s16 *expected; /* as the comparator leaves them */
	u32 effective;
	u8 *payload;
	size_t length;
};

static bool keeps(const struct psx_frame_header *h, int v)
{
	if (!h->threshold)
		return true;
	return v >= h->threshold || (h->flags & PSX_FRAME_BOTH && v <= -(int)h->threshold);
}

enum content { EMPTY, SPARSE, SMOOTH, NOISE, EXTREME, NEAR_T, CONTENTS };

static s16 make_value(enum content content, u32 i, u32 width, u32 threshold)
{
	static const int extreme[] = { -32768, 32767, -32767, 0, 1, -1, 32766 };
	int sign = random32() & 1 ? 1 : -1;

	switch (content) {
	case SPARSE:
		return (s16)(random32() % 23 ? 0 : (int)(random32() % 2000) - 1000);
	case SMOOTH:
		return (s16)(i % width + i / width + random32() % 3 - 20);
	case NOISE:
		return (s16)random32();
	case EXTREME:
		return (s16)extreme[random32() % 7];
	case NEAR_T:
		return (s16)(sign * (int)((threshold + random32() % 3 - 1) & 0x7fff));
	default:
		return 0;
	}
}

static struct sample make_sample(u32 width, u32 height, u32 threshold, bool both,
				 enum content content)
{
	size_t size = (size_t)width * height;
	size_t bound = psx_codec_bound(width, height);
	struct sample s = {
		.header = { .seq = (u64)random32() << 32 | random32(), .width = width,
			    .height = height, .cfg_id = random32(), .threshold = (u16)threshold,
			    .scale = (u16)random32(), .flags = both ? PSX_FRAME_BOTH : 0,
			    .channel = (u8)random32(), .pga = (u8)(1 << random32() % 8),
			    .mode = (u8)(random32() % 3) },
		.values = malloc(size * sizeof(s16)),
		.expected = malloc(size * sizeof(s16)),
		.payload = malloc(bound),
	};

	for (u32 i = 0; i < size; i++) {
		s.values[i] = make_value(content, i, width, threshold);
		s.expected[i] = keeps(&s.header, s.values[i]) ? s.values[i] : 0;
		s.effective += keeps(&s.header, s.values[i]);
	}
	return s;
}

static void encode_sample(struct sample *s)
{
	size_t bound = psx_codec_bound(s->header.width, s->header.height);
	u32 effective;

	ck_assert_int_eq(psx_codec_encode(&s->header, s->values, s->header.width, s->payload,
					  bound, &s->length, &effective), 0);
	ck_assert_uint_eq(effective, s->effective);
	ck_assert_uint_le(s->length, bound);
	s->payload = realloc(s->payload, s->length); /* so that checkers see overreads */
}

static void free_sample(struct sample *s)
{
	free(s->values);
	free(s->expected);
	free(s->payload);
}

static int decode_all(const u8 *payload, size_t length, s16 *values, struct psx_codec_error *why)
{
	struct psx_codec_frame frame;

	int ret = psx_codec_parse(payload, length, &frame, why);

	if (ret)
		return ret;
	return psx_codec_decode(&frame, 0, frame.tile_rows, values, frame.header.width, why);
}

/* --------------------------------------------------------------- CRC -- */

START_TEST(crc_known)
{
	u8 zeros[32] = { 0 };

	ck_assert_uint_eq(psx_crc32c(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(psx_crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
	ck_assert_uint_eq(psx_crc32c(0, "", 0), 0);
}
END_TEST

START_TEST(crc_chains)
{
	u8 data[300];

	seed_rng();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (u8)random32();
	for (u32 i = 0; i < 2000; i++) {
		size_t length = random32() % sizeof(data), cut = length ? random32() % length : 0;
		u32 whole = ref_crc32c(data, length, 0);

		ck_assert_uint_eq(psx_crc32c(0, data, length), whole);
		ck_assert_uint_eq(psx_crc32c(psx_crc32c(0, data, cut), data + cut, length - cut),
				  whole);
	}
}
END_TEST

/* ----------------------------------------------------------- vectors -- */

static const char *const vectors[] = { "one", "signed", "rows", "packed", "off", "dense" };

static FILE *open_vector(const char *name, const char *extension)
{
	char file[] = __FILE__, path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/../vectors/%s.%s", dirname(file), name, extension);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: can't be opened; run the tests from the source tree", path);
	return f;
}

static size_t read_hex(const char *name, u8 *out, size_t size)
{
	FILE *f = open_vector(name, "hex");
	char byte[3];
	size_t n = 0;

	while (n < size && fscanf(f, "%2s", byte) == 1)
		out[n++] = (u8)strtoul(byte, NULL, 16);
	(void)fclose(f);
	return n;
}

static long read_number(FILE *f)
{
	char word[32];

	ck_assert_int_eq(fscanf(f, "%31s", word), 1);
	return strcmp(word, "both") == 0 ? 1 : strtol(word, NULL, 10);
}

static long read_field(FILE *f, const char *name)
{
	char key[16];

	ck_assert_int_eq(fscanf(f, "%15s", key), 1);
	ck_assert_str_eq(key, name);
	return read_number(f);
}

static struct sample read_vector(const char *name)
{
	FILE *f = open_vector(name, "txt");
	struct sample s = { .payload = malloc(4096) };
	struct psx_frame_header *h = &s.header;

	h->width = (u32)read_field(f, "width");
	h->height = (u32)read_field(f, "height");
	h->threshold = (u16)read_field(f, "threshold");
	h->flags = read_field(f, "polarity") ? PSX_FRAME_BOTH : 0;
	h->seq = (u64)read_field(f, "seq");
	h->cfg_id = (u32)read_field(f, "cfg_id");
	h->scale = (u16)read_field(f, "scale");
	h->channel = (u8)read_field(f, "channel");
	h->pga = (u8)read_field(f, "pga");
	h->mode = (u8)read_field(f, "mode");
	s.effective = (u32)read_field(f, "effective");
	ck_assert_int_eq(fscanf(f, " values"), 0);
	s.values = calloc((size_t)h->width * h->height, sizeof(s16));
	for (u32 i = 0; i < h->width * h->height; i++)
		s.values[i] = (s16)read_number(f);
	(void)fclose(f);
	s.length = read_hex(name, s.payload, 4096);
	return s;
}

START_TEST(vector_decodes)
{
	struct sample s = read_vector(vectors[_i]);
	struct psx_codec_frame frame;
	struct psx_codec_error why;
	size_t size = (size_t)s.header.width * s.header.height * sizeof(s16);
	s16 *values = malloc(size);

	ck_assert_int_eq(psx_codec_parse(s.payload, s.length, &frame, &why), 0);
	ck_assert_int_eq(frame.header.flags & PSX_FRAME_BOTH, s.header.flags);
	ck_assert_uint_eq(frame.header.seq, s.header.seq);
	ck_assert_uint_eq(frame.header.width, s.header.width);
	ck_assert_uint_eq(frame.header.height, s.header.height);
	ck_assert_uint_eq(frame.header.cfg_id, s.header.cfg_id);
	ck_assert_uint_eq(frame.header.threshold, s.header.threshold);
	ck_assert_uint_eq(frame.header.scale, s.header.scale);
	ck_assert_uint_eq(frame.header.channel, s.header.channel);
	ck_assert_uint_eq(frame.header.pga, s.header.pga);
	ck_assert_uint_eq(frame.header.mode, s.header.mode);
	ck_assert_int_eq(decode_all(s.payload, s.length, values, &why), 0);
	ck_assert_mem_eq(values, s.values, size);
	free(values);
	free_sample(&s);
}
END_TEST

START_TEST(vector_encodes)
{
	struct sample s = read_vector(vectors[_i]);
	u8 out[4096];
	size_t length;
	u32 effective;

	ck_assert_int_eq(psx_codec_encode(&s.header, s.values, s.header.width, out, sizeof(out),
					  &length, &effective), 0);
	ck_assert_uint_eq(effective, s.effective);
	ck_assert_uint_eq(length, s.length);
	ck_assert_mem_eq(out, s.payload, length);
	free_sample(&s);
}
END_TEST

START_TEST(vector_agrees_with_reference)
{
	struct sample s = read_vector(vectors[_i]);
	struct ref_frame ref;

	ck_assert(ref_decode(s.payload, s.length, &ref));
	ck_assert_mem_eq(ref.values, s.values, 2 * (size_t)ref.width * ref.height);
	ck_assert_uint_eq(ref.effective, s.effective);
	free(ref.values);
	free_sample(&s);
}
END_TEST

/* -------------------------------------------------------- round trips -- */

static const u32 sizes[][2] = { { 1, 1 }, { 1, 200 }, { 200, 1 }, { 7, 9 }, { 8, 8 }, { 9, 7 },
				{ 16, 16 }, { 65, 3 }, { 3, 65 }, { 32, 32 }, { 63, 64 },
				{ 64, 63 }, { 130, 17 }, { 1, 2000 } };
#define SIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

static const u32 thresholds[] = { 0, 1, 2, 300, 32767 };
#define THRESHOLDS (sizeof(thresholds) / sizeof(thresholds[0]))

static void check_round_trip(struct sample *s)
{
	size_t size = (size_t)s->header.width * s->header.height * sizeof(s16);
	s16 *values = malloc(size);
	struct psx_codec_error why = { 0, "" };
	struct ref_frame ref;

	encode_sample(s);
	ck_assert_msg(decode_all(s->payload, s->length, values, &why) == 0, "byte %llu: %s",
		      (unsigned long long)why.offset, why.reason);
	ck_assert_mem_eq(values, s->expected, size);
	ck_assert(ref_decode(s->payload, s->length, &ref));
	ck_assert_mem_eq(ref.values, s->expected, size);
	ck_assert_uint_eq(ref.effective, s->effective);
	free(ref.values);
	free(values);
}

/* One size, with every threshold, polarity and content. */
START_TEST(round_trip)
{
	seed_rng();
	for (size_t t = 0; t < THRESHOLDS; t++) {
		for (u32 i = 0; i < 2 * CONTENTS; i++) {
			struct sample s = make_sample(sizes[_i][0], sizes[_i][1], thresholds[t],
						      i & 1, (enum content)(i / 2));

			check_round_trip(&s);
			free_sample(&s);
		}
	}
}
END_TEST

/* What fits is written without a byte beyond, what doesn't is refused. */
START_TEST(room)
{
	seed_rng();
	for (u32 i = 0; i < 2 * CONTENTS; i++) {
		struct sample s = make_sample(sizes[_i][0], sizes[_i][1], 1, i & 1,
					      (enum content)(i / 2));
		size_t length;
		u32 effective;
		u8 *out;

		encode_sample(&s);
		out = malloc(s.length);
		ck_assert_int_eq(psx_codec_encode(&s.header, s.values, s.header.width, out,
						  s.length, &length, &effective), 0);
		ck_assert_uint_eq(length, s.length);
		ck_assert_mem_eq(out, s.payload, length);
		for (size_t less = 0; less < s.length; less += 1 + less / 3) {
			size_t size = s.length - less - 1;

			out = realloc(out, size ? size : 1);
			ck_assert_int_eq(psx_codec_encode(&s.header, s.values, s.header.width,
							  out, size, &length, &effective),
					 -ENOSPC);
		}
		free(out);
		free_sample(&s);
	}
}
END_TEST

/* The encoder falls back to a dense frame, and just when that is shorter. */
START_TEST(noise_is_dense)
{
	struct sample s;
	struct ref_frame ref;
	size_t dense;

	seed_rng();
	s = make_sample(640, 480, 1, true, NOISE);
	encode_sample(&s);
	ck_assert(ref_decode(s.payload, s.length, &ref));
	ck_assert(ref.dense);
	dense = 640 * 480 * 2 + 32 + 8 * 61;
	ck_assert_uint_eq(s.length, dense);
	free(ref.values);
	free_sample(&s);

	s = make_sample(640, 480, 1, true, SMOOTH);
	encode_sample(&s);
	ck_assert(ref_decode(s.payload, s.length, &ref));
	ck_assert(!ref.dense);
	ck_assert_uint_lt(s.length, dense);
	free(ref.values);
	free_sample(&s);
}
END_TEST

/* 64 values of 1 and 2, T = 1: 17 bytes as a mask record and as a dense one. */
START_TEST(tie_is_dense)
{
	const struct psx_frame_header header = { .width = 8, .height = 8, .threshold = 1, .pga = 1 };
	s16 values[64];
	u8 out[512];
	size_t length;
	u32 effective;

	for (int i = 0; i < 64; i++)
		values[i] = (s16)(1 + i % 2);
	ck_assert_int_eq(psx_codec_encode(&header, values, 8, out, sizeof(out), &length,
					  &effective), 0);
	ck_assert_uint_eq(length, 32 + 24 + 16);
	ck_assert_uint_eq(out[33], 0x12);
}
END_TEST

/* Seven masks and a row byte are as long as eight masks: no row byte then. */
START_TEST(row_byte_below_seven_rows)
{
	const struct psx_frame_header header = { .width = 8, .height = 8, .threshold = 1, .pga = 1 };
	u8 out[512];
	size_t length;
	u32 effective;

	for (u32 rows = 1; rows <= 8; rows++) {
		s16 values[64] = { 0 };

		for (u32 y = 0; y < rows; y++)
			values[9 * y] = 300;
		ck_assert_int_eq(psx_codec_encode(&header, values, 8, out, sizeof(out), &length,
						  &effective), 0);
		ck_assert_uint_eq(out[33], rows < 7 ? 0x29 : 0x09);
	}
}
END_TEST

/* Any run of rows of tiles equals that part of the frame; with a stride above
 * the width nothing between the rows is touched. */
START_TEST(regions)
{
	const u32 width = sizes[_i][0], height = sizes[_i][1], stride = width + 5;
	struct psx_codec_frame frame;
	struct psx_codec_error why;

	seed_rng();
	for (u32 c = 0; c < CONTENTS; c++) {
		struct sample s = make_sample(width, height, 1, true, (enum content)c);
		s16 *out = malloc((size_t)stride * height * sizeof(s16));

		encode_sample(&s);
		ck_assert_int_eq(psx_codec_parse(s.payload, s.length, &frame, &why), 0);
		for (u32 i = 0; i < 20; i++) {
			u32 first = random32() % frame.tile_rows;
			u32 count = random32() % (frame.tile_rows - first) + 1;
			u32 end = (first + count) * 8 < height ? (first + count) * 8 : height;

			memset(out, 0x5a, (size_t)stride * height * sizeof(s16));
			ck_assert_int_eq(psx_codec_decode(&frame, first, count,
							  out + (size_t)first * 8 * stride, stride,
							  &why), 0);
			for (u32 y = 0; y < height; y++) {
				for (u32 x = 0; x < stride; x++) {
					bool in = y >= first * 8 && y < end && x < width;
					int want = in ? s.expected[y * width + x] : 0x5a5a;

					ck_assert_int_eq(out[y * stride + x], want);
				}
			}
		}
		free(out);
		free_sample(&s);
	}
}
END_TEST

struct patience {
	u32 asked, until;
};

static bool go_on(void *context)
{
	struct patience *p = context;

	return ++p->asked != p->until;
}

/* The watch is asked after each of 60 rows of tiles; again when they have no room */
START_TEST(watched)
{
	const u32 rows = _i ? 60 + 59 : 60;
	struct patience patience = { 0, 0 };
	const struct psx_codec_watch watch = { go_on, &patience };
	size_t bound = psx_codec_bound(640, 480), length;
	u8 *out = malloc(bound);
	struct sample s;
	u32 effective;

	seed_rng();
	s = make_sample(640, 480, 1, true, _i ? NOISE : SMOOTH);
	encode_sample(&s);
	ck_assert_int_eq(psx_codec_encode_watched(&s.header, s.values, 640, out, bound, &length,
						  &effective, &watch), 0);
	ck_assert_uint_eq(patience.asked, rows);
	ck_assert_uint_eq(length, s.length);
	ck_assert_mem_eq(out, s.payload, length);
	for (u32 until = 1; until <= rows; until += 7) {
		patience = (struct patience){ 0, until };
		ck_assert_int_eq(psx_codec_encode_watched(&s.header, s.values, 640, out, bound,
							  &length, &effective, &watch),
				 -ECANCELED);
		ck_assert_uint_eq(patience.asked, until);
	}
	free(out);
	free_sample(&s);
}
END_TEST

START_TEST(header_refused_by_encoder)
{
	const struct psx_frame_header good = { .width = 2, .height = 2, .threshold = 1, .pga = 1 };
	struct psx_frame_header bad[8];
	const s16 values[4] = { 0 };
	u8 out[256];
	size_t length;
	u32 effective;

	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].width = 0;
	bad[1].height = 65536;
	bad[2].threshold = 32768;
	bad[3].pga = 0;
	bad[4].pga = 3;
	bad[5].mode = 3;
	bad[6].flags = 4;
	bad[7].width = 65536;
	ck_assert_int_eq(psx_codec_encode(&good, values, 2, out, sizeof(out), &length, &effective),
			 0);
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(psx_codec_encode(&bad[i], values, 2, out, sizeof(out), &length,
						  &effective), -EINVAL);
}
END_TEST

/* ------------------------------------------------------------- damage -- */

/* A copy of exactly `length` bytes, decoded; the reference must agree. */
static bool accepted(const u8 *payload, size_t length)
{
	u8 *copy = malloc(length ? length : 1);
	s16 *values = NULL;
	struct psx_codec_frame frame;
	struct psx_codec_error why = { 0, NULL };
	struct ref_frame ref;
	bool ok, legal;

	memcpy(copy, payload, length);
	ok = psx_codec_parse(copy, length, &frame, &why) == 0;
	if (ok) {
		values = malloc((size_t)frame.header.width * frame.header.height * sizeof(s16));
		ok = decode_all(copy, length, values, &why) == 0;
	}
	if (!ok) {
		ck_assert_ptr_nonnull(why.reason);
		ck_assert_uint_le(why.offset, length);
	}
	legal = ref_decode(copy, length, &ref);
	ck_assert_msg(ok == legal, "codec: %s at byte %llu, reference: %s",
		      ok ? "accepted" : why.reason, (unsigned long long)why.offset,
		      legal ? "legal" : "not legal");
	if (ok) {
		ck_assert_mem_eq(values, ref.values, 2 * (size_t)ref.width * ref.height);
		free(ref.values);
	}
	free(values);
	free(copy);
	return ok;
}

/* Small frames that between them have every kind of chunk and record. */
static struct sample damage_sample(int i)
{
	static const struct { u32 w, h, t; bool both; enum content content; } kinds[] = {
		{ 1, 1, 1, false, EXTREME }, { 20, 20, 3, true, SPARSE },
		{ 17, 9, 1, false, SMOOTH }, { 16, 16, 0, false, NEAR_T },
		{ 13, 11, 1, true, NOISE },  { 24, 16, 300, true, NEAR_T },
		{ 9, 9, 2, true, EMPTY },    { 40, 8, 32767, true, EXTREME },
	};
	struct sample s;

	seed_rng();
	s = make_sample(kinds[i].w, kinds[i].h, kinds[i].t, kinds[i].both, kinds[i].content);
	encode_sample(&s);
	return s;
}
#define DAMAGE_SAMPLES 8

START_TEST(truncated)
{
	struct sample s = damage_sample(_i);

	for (size_t length = 0; length < s.length; length++)
		ck_assert(!accepted(s.payload, length));
	s.payload = realloc(s.payload, s.length + 8);
	memset(s.payload + s.length, 0, 8);
	for (size_t more = 1; more <= 8; more++)
		ck_assert(!accepted(s.payload, s.length + more));
	free_sample(&s);
}
END_TEST

START_TEST(flipped_bit)
{
	struct sample s = damage_sample(_i);

	for (size_t bit = 0; bit < 8 * s.length; bit++) {
		s.payload[bit / 8] ^= (u8)(1 << bit % 8);
		ck_assert_msg(!accepted(s.payload, s.length), "bit %zu", bit);
		s.payload[bit / 8] ^= (u8)(1 << bit % 8);
	}
	ck_assert(accepted(s.payload, s.length));
	free_sample(&s);
}
END_TEST

/* One to three random bytes changed and all CRCs made right again. */
START_TEST(mutated_with_right_crcs)
{
	struct sample s = damage_sample(_i);
	u8 *copy = malloc(s.length);
	u32 alive = 0, rounds = 4000;

	for (u32 i = 0; i < rounds; i++) {
		memcpy(copy, s.payload, s.length);
		for (u32 n = random32() % 3 + 1; n; n--) {
			/* rarely the header, whose fields are few */
			size_t from = random32() % 8 ? 32 : 0;

			copy[from + random32() % (s.length - from)] ^= (u8)(1 << random32() % 8);
		}
		ref_mend_crcs(copy, s.length);
		alive += accepted(copy, s.length);
	}
	ck_assert_uint_gt(alive, 0);
	ck_assert_uint_lt(alive, rounds);
	free(copy);
	free_sample(&s);
}
END_TEST

/* --------------------------------------- one fault each, CRCs all right -- */

struct fault {
	const char *reason; /* NULL: legal, if unusual */
	u32 width, height;
	u32 threshold;
	u8 flags;
	const char *chunks[3]; /* hex */
	u32 offset;            /* of the fault, in the payload */
};

/* Flags: 1 both, 2 dense. Chunk 0 is at byte 32. */
static const struct fault faults[] = {
	{ NULL, 8, 8, 1, 0, { "01 23 01 01 04 000000" }, 0 },
	{ "reserved width code", 8, 8, 1, 0, { "01 2d 01 01 04 000000" }, 33 },
	{ "reserved width code", 8, 8, 1, 0, { "01 0f 01 01 04 000000" }, 33 },
	{ "reserved bits of a record", 8, 8, 1, 0, { "01 63 01 01 04 000000" }, 33 },
	{ "reserved bits of a record", 8, 8, 1, 0, { "01 a3 01 01 04 000000" }, 33 },
	{ "dense record with a row byte", 8, 8, 1, 0, { "01 31 01 00000000 00 00 00000000000000" },
	  33 },
	{ "dense record of width 0", 8, 8, 1, 0, { "01 10 000000000000" }, 33 },
	{ "chunk without a tile", 8, 8, 1, 0, { "00 23 01 01 04 000000" }, 32 },
	{ "tile outside the image", 8, 8, 1, 0, { "03 23 01 01 04 000000" }, 32 },
	{ "tile outside the image", 72, 8, 1, 0, { "01 02 23 01 01 04 0000" }, 32 },
	{ "chunk ends before its records", 16, 8, 1, 0, { "03 2c 01 03 0100 0200" }, 40 },
	{ "record without an effective pixel", 8, 8, 1, 0, { "01 23 00 00 04 000000" }, 33 },
	{ "record without an effective pixel", 8, 8, 1, 0, { "01 00 0000000000000000 000000000000" },
	  33 },
	{ "row of a tile without an effective pixel", 8, 8, 1, 0, { "01 23 03 01 00 04 0000" }, 33 },
	{ "spare bits are not zero", 8, 8, 1, 0, { "01 23 01 01 0c 000000" }, 33 },
	{ "padding is not zero", 8, 8, 1, 0, { "01 23 01 01 04 000001" }, 37 },
	{ "padding is not zero", 8, 8, 1, 0, { "01 23 01 01 04 010000" }, 37 },
	{ "chunk longer than its records", 8, 8, 1, 0, { "01 22 01 01 03 000000 0000000000000000" },
	  37 },
	{ "record beyond the end of its chunk", 8, 8, 1, 0, { "01 2c 01 ff 0100 0200" }, 33 },
	{ "record beyond the end of its chunk", 8, 8, 1, 0, { "01 13 00000000 0000" }, 33 },
	{ "effective pixel outside the image", 7, 8, 1, 0, { "01 23 01 80 04 000000" }, 33 },
	{ "effective pixel outside the image", 8, 7, 1, 0, { "01 23 80 01 04 000000" }, 33 },
	{ "value outside the image", 7, 8, 1, 0, { "01 11 80 0000000000 0000000000000000" }, 33 },
	{ "value outside the image", 8, 7, 1, 0, { "01 11 00000000000000 01 000000000000" }, 33 },
	{ NULL, 7, 7, 1, 0, { "01 11 7f 00000000000000 000000000000" }, 0 },
	/* 32767 = 32766 + 1 fits, 32768 doesn't; -32768 = -32768 - 1 + 1 does. */
	{ NULL, 8, 8, 1, 0, { "01 2c 01 01 fe7f 0000" }, 0 },
	{ "value beyond 16 bits", 8, 8, 1, 0, { "01 2c 01 01 ff7f 0000" }, 33 },
	{ "value beyond 16 bits", 8, 8, 1, 0, { "01 2c 01 01 ffff 0000" }, 33 },
	{ "value beyond 16 bits", 8, 8, 1, 1, { "01 2c 01 01 ff7f 0000" }, 33 },
	{ NULL, 8, 8, 1, 1, { "01 2c 01 01 0080 0000" }, 0 },
	{ "value beyond 16 bits", 8, 8, 2, 1, { "01 2c 01 01 0080 0000" }, 33 },
	{ NULL, 8, 8, 32767, 0, { "01 20 01 01 00000000" }, 0 },
	{ "value beyond 16 bits", 8, 8, 32767, 0, { "01 21 01 01 01 000000" }, 33 },
	{ NULL, 8, 8, 32767, 1, { "01 22 01 03 0e 000000" }, 0 },
	{ "value beyond 16 bits", 8, 8, 32767, 1, { "01 22 01 03 09 000000" }, 33 },
	{ "value beyond 16 bits", 8, 8, 32767, 0,
	  { "01 12 02 000000000000000000000000000000 000000000000" }, 33 },
	/* wasteful but legal: too wide, a row byte for all rows, all zeros */
	{ NULL, 8, 8, 1, 0, { "01 2a 01 01 04 00 0000" }, 0 },
	{ NULL, 8, 8, 1, 0, { "01 20 ff 0101010101010101 0000000000" }, 0 },
	{ NULL, 8, 8, 1, 0, { "01 11 0000000000000000 000000000000" }, 0 },
	/* rows of tiles without a chunk */
	{ NULL, 8, 24, 1, 0, { "", "01 23 01 01 04 000000", "" }, 0 },
	/* a bitmap of eight bytes and nothing else */
	{ "chunk of an impossible length", 505, 1, 1, 0, { "ff00000000000000" }, 40 },
	/* dense frames */
	{ NULL, 4, 1, 300, 2, { "2c01 0000 ff7f 0000" }, 0 },
	{ "row with a value that the comparator drops", 4, 1, 300, 2, { "2c01 2b01 ff7f 0000" }, 32 },
	{ "row with a value that the comparator drops", 4, 1, 300, 2, { "2c01 0080 ff7f 0000" }, 32 },
	{ NULL, 4, 1, 300, 3, { "2c01 0080 d4fe 0000" }, 0 },
	{ "row with a value that the comparator drops", 4, 1, 300, 3, { "2c01 0080 d5fe 0000" }, 32 },
	{ NULL, 4, 1, 0, 2, { "2c01 0080 d4fe 0000" }, 0 },
	{ NULL, 3, 1, 1, 2, { "0100 0200 0300 0000" }, 0 },
	{ "padding is not zero", 3, 1, 1, 2, { "0100 0200 0300 0100" }, 38 },
	{ "chunk of an impossible length", 5, 1, 1, 2, { "0100 0200 0300 0000" }, 0 },
	{ "chunk of an impossible length", 3, 1, 1, 2, { "0100 0200 0300 0000 0000000000000000" }, 0 },
};
#define FAULTS ((int)(sizeof(faults) / sizeof(faults[0])))

static size_t put_hex(u8 *out, const char *hex)
{
	size_t n = 0;

	for (; *hex; hex++) {
		const char byte[3] = { hex[0], hex[1], '\0' };

		if (*hex == ' ')
			continue;
		out[n++] = (u8)strtoul(byte, NULL, 16);
		hex++;
	}
	return n;
}

static void put32(u8 *p, u64 x)
{
	for (int i = 0; i < 4; i++, x >>= 8)
		p[i] = (u8)x;
}

/* A payload of these chunks, put together here and not by the encoder. */
static size_t build(const struct fault *f, u8 *out)
{
	u32 rows = (f->height + 7) / 8, chunks = f->flags & 2 ? 1 : rows;
	size_t at[4] = { 32 };

	memset(out, 0, 32);
	memcpy(out, "PSXF\1", 5);
	out[5] = f->flags;
	put32(out + 6, f->threshold);
	put32(out + 8, f->width);
	put32(out + 12, f->height);
	for (u32 i = 0; i < chunks; i++)
		at[i + 1] = at[i] + put_hex(out + at[i], f->chunks[i]);
	for (u32 i = 0; i <= chunks; i++)
		put32(out + at[chunks] + (size_t)8 * i, at[i] / 8);
	ref_mend_crcs(out, at[chunks] + 8 * ((size_t)chunks + 1));
	return at[chunks] + 8 * ((size_t)chunks + 1);
}

START_TEST(fault)
{
	const struct fault *f = &faults[_i];
	u8 payload[512];
	s16 values[2048];
	struct psx_codec_error why = { 0, NULL };
	size_t length = build(f, payload);
	int ret = decode_all(payload, length, values, &why);

	ck_assert_msg(accepted(payload, length) == !f->reason, "fault %d", _i);
	ck_assert_int_eq(ret, f->reason ? -EBADMSG : 0);
	if (!f->reason)
		return;
	ck_assert_msg(strcmp(why.reason, f->reason) == 0, "fault %d: %s", _i, why.reason);
	if (f->offset)
		ck_assert_uint_eq(why.offset, f->offset);
}
END_TEST

/* Header and index fields with right CRCs, each changed to what is refused. */
START_TEST(header_fault)
{
	static const struct { u32 at; u8 value; const char *reason; } bytes[] = {
		{ 0, 'X', "not a sparse frame" }, { 4, 2, "unknown version" },
		{ 5, 4, "reserved flag" }, { 5, 0x80, "reserved flag" },
		{ 7, 0x80, "threshold above 32767" }, { 8, 0, "width not 1..65535" },
		{ 10, 1, "width not 1..65535" }, { 12, 0, "height not 1..65535" },
		{ 15, 1, "height not 1..65535" }, { 31, 3 << 3, "unknown mode" },
		{ 31, 1 << 5, "unknown mode" }, { 31, 0x80, "unknown mode" },
		{ 9, 255, "shorter than header and index" },
		{ 40, 5, "first chunk not after the header" },
		{ 48, 3, "chunk offsets decrease" }, { 48, 4, "chunks do not end" },
		{ 48, 6, "chunks do not end" }, { 51, 1, "chunk of an impossible length" },
	};
	struct fault legal = faults[0];
	u8 payload[512];
	struct psx_codec_frame frame;
	struct psx_codec_error why;

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		size_t length = build(&legal, payload);
		u32 crc;

		if (bytes[i].at == 9) { /* 8 x 65280 pixels */
			payload[13] = 255;
			payload[9] = 0;
		} else {
			payload[bytes[i].at] = bytes[i].value;
		}
		crc = ref_crc32c(payload + 40, 12, ref_crc32c(payload, 32, 0));
		put32(payload + 52, crc);
		ck_assert_int_eq(psx_codec_parse(payload, length, &frame, &why), -EBADMSG);
		ck_assert_msg(strstr(why.reason, bytes[i].reason) != NULL, "case %zu: %s", i,
			      why.reason);
	}
}
END_TEST

/* A payload in memory that its writer still reaches: what changes between parse
 * and decode is refused or decoded, never followed out of the buffer. */
START_TEST(changed_after_parse)
{
	struct sample s = make_sample(70, 50, 1, _i & 1, _i & 2 ? NOISE : SMOOTH);
	struct psx_codec_frame frame;
	struct psx_codec_error why;
	s16 *values = malloc((size_t)70 * 50 * sizeof(s16));

	encode_sample(&s);
	for (size_t at = 0; at < s.length; at++) {
		for (int bit = 0; bit < 8; bit++) {
			ck_assert_int_eq(psx_codec_parse(s.payload, s.length, &frame, &why), 0);
			s.payload[at] ^= (u8)(1 << bit);
			if (psx_codec_decode(&frame, 0, frame.tile_rows, values, 70, &why))
				ck_assert_uint_le(why.offset, s.length);
			s.payload[at] ^= (u8)(1 << bit);
		}
	}
	free(values);
	free_sample(&s);
}
END_TEST

START_TEST(too_long)
{
	struct fault f = { NULL, 1, 1, 1, 0, { NULL }, 0 };
	char hex[2 * 160 + 1];
	u8 payload[512];
	struct psx_codec_frame frame;
	struct psx_codec_error why;
	size_t length;

	/* A frame of one pixel may take 130 bytes; this has 32 + 144 + 16. */
	memset(hex, '0', 2 * 144);
	hex[2 * 144] = '\0';
	f.chunks[0] = hex;
	length = build(&f, payload);
	ck_assert_int_eq(psx_codec_parse(payload, length, &frame, &why), -EBADMSG);
	ck_assert_str_eq(why.reason, "longer than a frame of this size can be");

	/* One of 8 x 8 may take 257, but a single record no chunk of 152. */
	memset(hex, '0', 2 * 152);
	hex[2 * 152] = '\0';
	f.width = 8;
	f.height = 8;
	length = build(&f, payload);
	ck_assert_int_eq(psx_codec_parse(payload, length, &frame, &why), -EBADMSG);
	ck_assert_str_eq(why.reason, "chunk of an impossible length");
}
END_TEST

/* ------------------------------------------------------ radiographs -- */

struct picture {
	int width, height;
	int *level;
};

static const char *data_folder(void)
{
	const char *folder = getenv("PSX_TEST_DATA");

	return folder ? folder : "../shared/data/xray";
}

static bool read_pgm(const char *name, struct picture *p)
{
	char path[4096], magic[3];
	long most;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.pgm", data_folder(), name);
	f = fopen(path, "rb");
	if (!f)
		return false;
	ck_assert_int_eq(fscanf(f, "%2s", magic), 1);
	ck_assert_str_eq(magic, "P5");
	p->width = (int)read_number(f);
	p->height = (int)read_number(f);
	most = read_number(f);
	(void)fgetc(f);
	p->level = calloc((size_t)p->width * (size_t)p->height, sizeof(*p->level));
	for (int i = 0; i < p->width * p->height; i++) {
		p->level[i] = fgetc(f);
		if (most > 255)
			p->level[i] = p->level[i] << 8 | fgetc(f);
	}
	(void)fclose(f);
	return true;
}

static int level_at(const struct picture *p, int x, int y)
{
	x = x < 0 ? 0 : x >= p->width ? p->width - 1 : x;
	y = y < 0 ? 0 : y >= p->height ? p->height - 1 : y;
	return p->level[y * p->width + x];
}

static s16 laplacian_at(const struct picture *p, int x, int y)
{
	int sum = 9 * level_at(p, x, y);

	for (int i = 0; i < 9; i++)
		sum -= level_at(p, x + i % 3 - 1, y + i / 3 - 1);
	return (s16)(sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum);
}

START_TEST(radiograph)
{
	static const struct { const char *name; u32 t; bool both; double most; } wanted[] = {
		{ "bag_pencase", 1, false, 65685 },
		{ "bag_B0046_0004_c1430x900", 1, false, 487656 },
		{ "bag_B0046_0004_c1430x900", 16, true, 184000 },
		{ "med_RG3_cr10bit", 1, true, 0.45 * 2 * 1024 * 1024 },
	};
	struct picture p;
	struct sample s;

	if (!read_pgm(wanted[_i].name, &p)) {
		(void)printf("# skipped: no %s/%s.pgm\n", data_folder(), wanted[_i].name);
		return;
	}
	seed_rng();
	s = make_sample((u32)p.width, (u32)p.height, wanted[_i].t, wanted[_i].both, EMPTY);
	s.effective = 0;
	for (int i = 0; i < p.width * p.height; i++) {
		s.values[i] = laplacian_at(&p, i % p.width, i / p.width);
		s.expected[i] = keeps(&s.header, s.values[i]) ? s.values[i] : 0;
		s.effective += keeps(&s.header, s.values[i]);
	}
	check_round_trip(&s);
	ck_assert_double_le((double)s.length, wanted[_i].most * 1.05);
	free(p.level);
	free_sample(&s);
}
END_TEST

/* -------------------------------------------------------------------- */

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("codec");
	TCase *tc = add_case(suite, "crc");

	tcase_add_test(tc, crc_known);
	tcase_add_test(tc, crc_chains);

	tc = add_case(suite, "vectors");
	tcase_add_loop_test(tc, vector_decodes, 0, 6);
	tcase_add_loop_test(tc, vector_encodes, 0, 6);
	tcase_add_loop_test(tc, vector_agrees_with_reference, 0, 6);

	tc = add_case(suite, "round trips");
	tcase_add_loop_test(tc, round_trip, 0, SIZES);
	tcase_add_loop_test(tc, room, 0, SIZES);
	tcase_add_loop_test(tc, regions, 0, SIZES);
	tcase_add_test(tc, noise_is_dense);
	tcase_add_test(tc, tie_is_dense);
	tcase_add_test(tc, row_byte_below_seven_rows);
	tcase_add_test(tc, header_refused_by_encoder);
	tcase_add_loop_test(tc, watched, 0, 2);

	tc = add_case(suite, "damage");
	tcase_add_loop_test(tc, truncated, 0, DAMAGE_SAMPLES);
	tcase_add_loop_test(tc, flipped_bit, 0, DAMAGE_SAMPLES);
	tcase_add_loop_test(tc, mutated_with_right_crcs, 0, DAMAGE_SAMPLES);
	tcase_add_loop_test(tc, fault, 0, FAULTS);
	tcase_add_test(tc, header_fault);
	tcase_add_test(tc, too_long);
	tcase_add_loop_test(tc, changed_after_parse, 0, 4);

	tc = add_case(suite, "radiographs");
	tcase_add_loop_test(tc, radiograph, 0, 4);
	return suite;
}

int main(void)
{
	return unit_main(make_suite());
}
