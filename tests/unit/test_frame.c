// SPDX-License-Identifier: MIT
/* Frames: the facts, and every conversion against the dense values. */
#include <check.h>
#include <errno.h>
#include <frame.h>
#include <stdlib.h>
#include <string.h>

#include "frame_reference.h"
#include "unit.h"

#define SEED 0xf4a3e5u

/* Sizes with whole and cut tiles both ways. */
static const uint32_t sizes[][2] = { { 1, 1 }, { 8, 8 }, { 7, 9 }, { 65, 3 }, { 20, 41 }, { 3, 70 } };
#define SIZES 6

static uint32_t random32(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static struct psx_frame_info make_info(uint32_t width, uint32_t height, uint16_t threshold,
				       enum psx_polarity polarity)
{
	return (struct psx_frame_info){
		.seq = 1ull << 40, .device_ns = 2, .mono_ns = 3, .dropped = 4, .series = 5,
		.width = width, .height = height, .cfg_id = 6, .saturated = 7, .trigger = 8,
		.stage_x = -9, .stage_y = 10, .flags = PSX_FRAME_SATURATED,
		.threshold = threshold, .scale = 0x800, .bank = 11, .channel = 12,
		.mode = PSX_MODE_SNAP, .polarity = (uint8_t)polarity, .pga = 64,
	};
}

struct sample {
	struct psx_frame_info info;
	int16_t *values; /* as the comparator leaves them */
	struct psx_frame *frame;
};

/* Half of the values below T in magnitude, some rows without any. */
static struct sample make_sample(uint32_t width, uint32_t height, uint16_t threshold,
				 enum psx_polarity polarity)
{
	struct sample s = { .info = make_info(width, height, threshold, polarity) };
	size_t size = (size_t)width * height;
	uint32_t state = SEED;
	struct psx_error err;

	s.values = calloc(size, sizeof(*s.values));
	for (uint32_t i = 0; i < size; i++)
		if (i / width % 5 != 1)
			s.values[i] = (int16_t)((int)(random32(&state) % (4u * threshold + 4)) -
						2 * threshold);
	s.frame = psx_frame_encode(&s.info, s.values, width, &err);
	ck_assert_msg(s.frame != NULL, "%s", err.message);
	for (uint32_t i = 0; i < size; i++) {
		int v = s.values[i];

		if (v < threshold && !(polarity == PSX_BOTH && v <= -(int)threshold) && threshold)
			s.values[i] = 0;
		s.info.effective += s.values[i] || !threshold;
	}
	return s;
}

static void free_sample(struct sample *s)
{
	psx_frame_free(s->frame);
	free(s->values);
}

/* Sizes x polarities x thresholds 0 and 3. */
#define KINDS (SIZES * 4)

static struct sample sample_of_kind(int i)
{
	return make_sample(sizes[i / 4][0], sizes[i / 4][1], i & 2 ? 3 : 0,
			   i & 1 ? PSX_BOTH : PSX_POSITIVE);
}

static void check_carried_facts(const struct psx_frame_info *is, const struct psx_frame_info *want)
{
	ck_assert_uint_eq(is->seq, want->seq);
	ck_assert_uint_eq(is->width, want->width);
	ck_assert_uint_eq(is->height, want->height);
	ck_assert_uint_eq(is->cfg_id, want->cfg_id);
	ck_assert_uint_eq(is->effective, want->effective);
	ck_assert_uint_eq(is->threshold, want->threshold);
	ck_assert_uint_eq(is->scale, want->scale);
	ck_assert_uint_eq(is->channel, want->channel);
	ck_assert_uint_eq(is->mode, want->mode);
	ck_assert_uint_eq(is->polarity, want->polarity);
	ck_assert_uint_eq(is->pga, want->pga);
}

START_TEST(encode_keeps_facts)
{
	struct sample s = sample_of_kind(_i);
	const struct psx_frame_info *info = psx_frame_get_info(s.frame);
	size_t length;
	const void *payload = psx_frame_get_payload(s.frame, &length);

	check_carried_facts(info, &s.info);
	ck_assert_uint_eq(info->device_ns, 2);
	ck_assert_uint_eq(info->mono_ns, 3);
	ck_assert_uint_eq(info->dropped, 4);
	ck_assert_uint_eq(info->series, 5);
	ck_assert_uint_eq(info->saturated, 7);
	ck_assert_uint_eq(info->trigger, 8);
	ck_assert_int_eq(info->stage_x, -9);
	ck_assert_int_eq(info->stage_y, 10);
	ck_assert_uint_eq(info->flags, PSX_FRAME_SATURATED);
	ck_assert_uint_eq(info->bank, 11);
	ck_assert_uint_eq(info->crc32c, ref_crc32c(payload, length, 0));
	free_sample(&s);
}
END_TEST

START_TEST(parse_finds_facts)
{
	struct sample s = sample_of_kind(_i);
	size_t length;
	const void *payload = psx_frame_get_payload(s.frame, &length);
	struct psx_frame *parsed = psx_frame_parse(payload, length, NULL);
	const struct psx_frame_info *info;

	ck_assert_ptr_nonnull(parsed);
	info = psx_frame_get_info(parsed);
	check_carried_facts(info, &s.info);
	ck_assert_uint_eq(info->crc32c, ref_crc32c(payload, length, 0));
	ck_assert_uint_eq(info->series, 0);
	ck_assert_uint_eq(info->bank, 0);
	ck_assert_ptr_eq(psx_frame_get_payload(parsed, &length), payload);
	psx_frame_free(parsed);
	free_sample(&s);
}
END_TEST

START_TEST(copy_stands_alone)
{
	struct sample s = sample_of_kind(_i);
	struct psx_frame *copy = psx_frame_copy(s.frame);
	size_t size = (size_t)s.info.width * s.info.height * sizeof(*s.values);
	int16_t *values = malloc(size);
	struct psx_frame_info info;

	ck_assert_ptr_nonnull(copy);
	info = *psx_frame_get_info(s.frame);
	psx_frame_free(s.frame);
	s.frame = NULL;
	ck_assert_mem_eq(psx_frame_get_info(copy), &info, sizeof(info));
	ck_assert_int_eq(psx_frame_to_dense(copy, values, s.info.width, NULL), 0);
	ck_assert_mem_eq(values, s.values, size);
	psx_frame_free(copy);
	free(values);
	free_sample(&s);
}
END_TEST

/* The source's and the target's rows may lie apart. */
START_TEST(strides)
{
	enum { WIDTH = 9, HEIGHT = 10, IN = 12, OUT = 11 };
	struct psx_frame_info info = make_info(WIDTH, HEIGHT, 1, PSX_BOTH);
	int16_t in[IN * HEIGHT], out[OUT * HEIGHT];
	struct psx_frame *frame;
	struct psx_error err;

	for (int i = 0; i < IN * HEIGHT; i++)
		in[i] = (int16_t)i;
	memset(out, 0x77, sizeof(out));
	frame = psx_frame_encode(&info, in, IN, NULL);
	ck_assert_ptr_nonnull(frame);
	ck_assert_int_eq(psx_frame_to_dense(frame, out, OUT, NULL), 0);
	for (int y = 0; y < HEIGHT; y++) {
		ck_assert_mem_eq(out + y * OUT, in + y * IN, WIDTH * sizeof(*in));
		ck_assert_int_eq(out[y * OUT + WIDTH], 0x7777);
	}
	ck_assert_int_eq(psx_frame_to_dense(frame, out, WIDTH - 1, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_int_eq(psx_frame_to_dense_rows(frame, 0, 1, out, WIDTH - 1, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_frame_free(frame);
}
END_TEST

/* Every run of rows, and nothing written around it. */
START_TEST(rows)
{
	struct sample s = sample_of_kind(_i);
	const uint32_t width = s.info.width, height = s.info.height;
	int16_t *out = malloc((size_t)width * (height + 1) * sizeof(*out));
	struct psx_error err;

	for (uint32_t first = 0; first <= height; first++) {
		for (uint32_t count = 0; count <= height - first; count++) {
			memset(out, 0x77, (size_t)width * (height + 1) * sizeof(*out));
			ck_assert_int_eq(psx_frame_to_dense_rows(s.frame, first, count, out, width,
								 NULL), 0);
			ck_assert_msg(memcmp(out, s.values + (size_t)first * width,
					     (size_t)count * width * sizeof(*out)) == 0,
				      "%u rows from row %u", count, first);
			ck_assert_int_eq(out[count * width], 0x7777);
		}
		ck_assert_int_eq(psx_frame_to_dense_rows(s.frame, first, height - first + 1, out,
							 width, &err), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	ck_assert_int_eq(psx_frame_to_dense_rows(s.frame, height + 1, UINT32_MAX - height, out,
						 width, &err), -1);
	free(out);
	free_sample(&s);
}
END_TEST

struct lists {
	uint32_t *row_start, *x, *y;
	int16_t *value;
};

/* Exactly as large as promised, so that checkers see any write beyond. */
static struct lists make_lists(const struct psx_frame_info *info)
{
	size_t n = info->effective ? info->effective : 1;

	return (struct lists){
		.row_start = malloc(((size_t)info->height + 1) * sizeof(uint32_t)),
		.x = malloc(n * sizeof(uint32_t)),
		.y = malloc(n * sizeof(uint32_t)),
		.value = malloc(n * sizeof(int16_t)),
	};
}

static void free_lists(struct lists *l)
{
	free(l->row_start);
	free(l->x);
	free(l->y);
	free(l->value);
}

static uint32_t next_effective(const struct sample *s, uint32_t i)
{
	while (i < s->info.width * s->info.height && !s->values[i] && s->info.threshold)
		i++;
	return i;
}

START_TEST(lists_agree_with_dense)
{
	struct sample s = sample_of_kind(_i);
	const uint32_t width = s.info.width;
	struct lists coo = make_lists(&s.info), csr = make_lists(&s.info);
	struct psx_pixel_iter *iter = psx_pixel_iter_new(s.frame);
	struct psx_pixel pixel;
	uint32_t n = 0;

	ck_assert_int_eq(psx_frame_to_coo(s.frame, coo.x, coo.y, coo.value, NULL), 0);
	ck_assert_int_eq(psx_frame_to_csr(s.frame, csr.row_start, csr.x, csr.value, NULL), 0);
	ck_assert_uint_eq(csr.row_start[0], 0);
	ck_assert_uint_eq(csr.row_start[s.info.height], s.info.effective);
	for (uint32_t i = next_effective(&s, 0); i < width * s.info.height;
	     i = next_effective(&s, i + 1), n++) {
		ck_assert_uint_eq(coo.x[n], i % width);
		ck_assert_uint_eq(coo.y[n], i / width);
		ck_assert_int_eq(coo.value[n], s.values[i]);
		ck_assert_uint_eq(csr.x[n], i % width);
		ck_assert_int_eq(csr.value[n], s.values[i]);
		ck_assert_uint_ge(n, csr.row_start[i / width]);
		ck_assert_uint_lt(n, csr.row_start[i / width + 1]);
		ck_assert_int_eq(psx_pixel_iter_next(iter, &pixel), 1);
		ck_assert_uint_eq(pixel.x, i % width);
		ck_assert_uint_eq(pixel.y, i / width);
		ck_assert_int_eq(pixel.value, s.values[i]);
	}
	ck_assert_uint_eq(n, s.info.effective);
	ck_assert_int_eq(psx_pixel_iter_next(iter, &pixel), 0);
	ck_assert_int_eq(psx_pixel_iter_next(iter, &pixel), 0);
	psx_pixel_iter_free(iter);
	free_lists(&coo);
	free_lists(&csr);
	free_sample(&s);
}
END_TEST

/* ------------------------------------------------------------- damage -- */

START_TEST(encode_refuses)
{
	const int16_t values[4] = { 0 };
	struct psx_frame_info bad[6];
	struct psx_error err;

	for (int i = 0; i < 6; i++)
		bad[i] = make_info(2, 2, 1, PSX_BOTH);
	bad[0].width = 0;
	bad[1].polarity = 2;
	bad[2].pga = 5;
	bad[3].mode = 3;
	bad[4].threshold = 32768;
	bad[5].height = 65536;
	for (int i = 0; i < 6; i++) {
		err.code = 0;
		ck_assert_ptr_null(psx_frame_encode(&bad[i], values, 2, &err));
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_int_eq(err.code, EINVAL);
	}
	bad[0].width = 2;
	ck_assert_ptr_null(psx_frame_encode(&bad[0], values, 1, NULL));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* Each fact that the payload carries, changed on the other side only. */
START_TEST(bind_refuses_other_facts)
{
	struct sample s = make_sample(20, 20, 3, PSX_BOTH);
	struct psx_frame_info info[11];
	struct psx_frame frame;
	struct psx_error err;
	size_t length;
	const void *payload = psx_frame_get_payload(s.frame, &length);

	for (int i = 0; i < 11; i++)
		info[i] = *psx_frame_get_info(s.frame);
	ck_assert_int_eq(psx_frame_bind(&frame, payload, length, &info[0], NULL), 0);
	ck_assert_mem_eq(psx_frame_get_info(&frame), &info[0], sizeof(info[0]));
	info[0].seq++;
	info[1].width++;
	info[2].height--;
	info[3].cfg_id++;
	info[4].threshold++;
	info[5].polarity = PSX_POSITIVE;
	info[6].scale++;
	info[7].pga = 1;
	info[8].channel++;
	info[9].mode = PSX_MODE_SCAN;
	info[10].polarity = 2;
	for (int i = 0; i < 11; i++) {
		ck_assert_int_eq(psx_frame_bind(&frame, payload, length, &info[i], &err), -1);
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_ptr_nonnull(strstr(err.message, "differ"));
	}
	free_sample(&s);
}
END_TEST

/* A wrong number of effective pixels is found, whichever way it is wrong. */
START_TEST(wrong_effective)
{
	struct sample s = make_sample(20, 20, 3, PSX_BOTH);
	struct psx_frame_info info = *psx_frame_get_info(s.frame);
	struct psx_frame frame;
	struct psx_error err;
	size_t length;
	const void *payload = psx_frame_get_payload(s.frame, &length);

	for (int wrong = -1; wrong <= 1; wrong += 2) {
		struct psx_frame_info other = info;
		struct lists lists;

		other.effective += (uint32_t)wrong;
		lists = make_lists(&other);
		ck_assert_int_eq(psx_frame_bind(&frame, payload, length, &other, NULL), 0);
		ck_assert_int_eq(psx_frame_to_coo(&frame, lists.x, lists.y, lists.value, &err), -1);
		ck_assert_int_eq(err.code, EBADMSG);
		ck_assert_int_eq(psx_frame_to_csr(&frame, lists.row_start, lists.x, lists.value,
						  &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, wrong < 0 ? "more" : "fewer"));
		free_lists(&lists);
	}
	free_sample(&s);
}
END_TEST

/* With the second row of tiles damaged, the others still decode. */
START_TEST(damaged_row)
{
	struct sample s = make_sample(20, 24, 3, PSX_BOTH);
	struct psx_frame_info info = *psx_frame_get_info(s.frame);
	struct lists lists = make_lists(&info);
	struct psx_frame frame;
	struct psx_error err;
	struct psx_pixel pixel;
	struct psx_pixel_iter *iter;
	int16_t out[20 * 24];
	uint32_t pixels = 0;
	size_t length;
	const void *payload = psx_frame_get_payload(s.frame, &length);
	uint8_t *copy = malloc(length);
	uint32_t second;
	int got;

	memcpy(copy, payload, length);
	second = 8u * copy[length - 24]; /* offset 1 of the index's four entries */
	copy[second + 3] ^= 1;
	ck_assert_int_eq(psx_frame_bind(&frame, copy, length, &info, NULL), 0);
	ck_assert_int_eq(psx_frame_to_dense(&frame, out, 20, &err), -1);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_int_eq(strtol(strstr(err.message, "byte ") + 5, NULL, 10), second);
	ck_assert_int_eq(psx_frame_to_dense_rows(&frame, 0, 8, out, 20, NULL), 0);
	ck_assert_int_eq(psx_frame_to_dense_rows(&frame, 16, 8, out, 20, NULL), 0);
	ck_assert_mem_eq(out, s.values + 16 * 20, 8 * 20 * sizeof(*out));
	ck_assert_int_eq(psx_frame_to_dense_rows(&frame, 15, 1, out, 20, NULL), -1);
	ck_assert_int_eq(psx_frame_to_coo(&frame, lists.x, lists.y, lists.value, &err), -1);
	ck_assert_int_eq(err.code, EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.message, "byte "));

	iter = psx_pixel_iter_new(&frame);
	ck_assert_str_eq(psx_pixel_iter_error(iter), "");
	while ((got = psx_pixel_iter_next(iter, &pixel)) == 1)
		pixels++;
	ck_assert_int_eq(got, -1);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_uint_gt(pixels, 0);
	ck_assert_ptr_nonnull(strstr(psx_pixel_iter_error(iter), "byte "));
	ck_assert_int_eq(psx_pixel_iter_next(iter, &pixel), -1);
	psx_pixel_iter_free(iter);

	ck_assert_ptr_null(psx_frame_parse(copy, length, &err));
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_ptr_null(psx_frame_parse(copy, 10, &err));
	ck_assert_str_eq(err.message, "frame: byte 10: shorter than a header");
	free(copy);
	free_lists(&lists);
	free_sample(&s);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("frame");
	TCase *tc = tcase_create("facts");

	tcase_add_loop_test(tc, encode_keeps_facts, 0, KINDS);
	tcase_add_loop_test(tc, parse_finds_facts, 0, KINDS);
	tcase_add_loop_test(tc, copy_stands_alone, 0, KINDS);
	suite_add_tcase(suite, tc);

	tc = tcase_create("conversions");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, strides);
	tcase_add_loop_test(tc, rows, 0, KINDS);
	tcase_add_loop_test(tc, lists_agree_with_dense, 0, KINDS);
	suite_add_tcase(suite, tc);

	tc = tcase_create("damage");
	tcase_add_test(tc, encode_refuses);
	tcase_add_test(tc, bind_refuses_other_facts);
	tcase_add_test(tc, wrong_effective);
	tcase_add_test(tc, damaged_row);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return unit_main(make_suite());
}
