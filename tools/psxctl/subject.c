// SPDX-License-Identifier: MIT
#include "subject.h"

#include "../../lib/error.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_values(struct subject *s, struct psx_error *err)
{
	s->values = calloc((size_t)s->width * s->height, sizeof(s->values[0]));
	return s->values ? 0
			 : psx_error_set(err, ENOMEM, "no memory for %u x %u pixels", s->width, s->height);
}

static int take_mask(struct subject *s, const struct psx_frame *frame, struct psx_error *err)
{
	const size_t count = (size_t)s->width * s->height;
	const uint8_t *mask = psx_frame_get_mask(frame);
	size_t i;

	if (!mask)
		return 0;
	s->mask = malloc(count);
	if (!s->mask)
		return psx_error_set(err, ENOMEM, "no memory for %u x %u pixels", s->width, s->height);
	memcpy(s->mask, mask, count);
	for (i = 0; i < count; i++)
		s->bad += mask[i];
	return 0;
}

static int take_frame(struct subject *s, const struct psx_frame *frame, struct psx_error *err)
{
	int16_t *strip;
	uint32_t y;
	size_t x;

	s->is_frame = true;
	s->info = *psx_frame_get_info(frame);
	s->width = s->info.width;
	s->height = s->info.height;
	(void)psx_frame_get_payload(frame, &s->payload_bytes);
	if (make_values(s, err))
		return -1;
	strip = malloc((size_t)s->width * 8 * sizeof(strip[0]));
	if (!strip)
		return psx_error_set(err, ENOMEM, "no memory for %u x 8 pixels", s->width);
	for (y = 0; y < s->height; y += 8) {
		const uint32_t rows = s->height - y < 8 ? s->height - y : 8;

		if (psx_frame_to_dense_rows(frame, y, rows, strip, s->width, err))
			break;
		for (x = 0; x < (size_t)rows * s->width; x++)
			s->values[(size_t)y * s->width + x] = strip[x];
	}
	free(strip);
	return y < s->height ? -1 : take_mask(s, frame, err);
}

static int load_image(struct subject *s, const char *path, struct psx_error *err)
{
	struct psx_image *img = psx_image_load(path, err);
	const uint16_t *levels;
	size_t i;
	int failed;

	if (!img)
		return -1;
	s->width = psx_image_get_width(img);
	s->height = psx_image_get_height(img);
	levels = psx_image_get_levels(img);
	failed = make_values(s, err);
	for (i = 0; !failed && i < (size_t)s->width * s->height; i++)
		s->values[i] = levels[i];
	psx_image_free(img);
	return failed;
}

/* All of a file that can be sought in. */
static void *read_all(const char *path, size_t *length, struct psx_error *err)
{
	FILE *file = fopen(path, "rbe");
	void *data = NULL;
	long end = -1;

	if (file && !fseek(file, 0, SEEK_END))
		end = ftell(file);
	if (end >= 0) {
		rewind(file);
		data = malloc((size_t)end + 1);
	}
	if (data && fread(data, 1, (size_t)end, file) != (size_t)end) {
		free(data);
		data = NULL;
	}
	if (!data)
		(void)psx_error_set(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	if (file)
		(void)fclose(file);
	*length = (size_t)end;
	return data;
}

static int load_payload(struct subject *s, const char *path, struct psx_error *err)
{
	struct psx_error inner = {0};
	struct psx_frame *frame;
	size_t length;
	void *data = read_all(path, &length, err);
	int failed;

	if (!data)
		return -1;
	frame = psx_frame_parse(data, length, &inner);
	failed = !frame || take_frame(s, frame, &inner);
	if (failed)
		(void)psx_error_set(err, inner.code, "%s: %s", psx_error_path(path), inner.message);
	psx_frame_free(frame);
	free(data);
	return failed ? -1 : 0;
}

/* What the file's metadata know: the kernel of the frame's channel, the border. */
static void find_facts(struct subject *s, const char *metadata)
{
	json_t *root = json_loads(metadata ? metadata : "", 0, NULL);
	const json_t *kernel = json_array_get(json_object_get(root, "kernels"), s->info.channel);
	const char *name = json_string_value(json_object_get(kernel, "name"));

	if (json_object_get(root, "bank_map"))
		name = "map";
	if (name)
		(void)snprintf(s->kernel, sizeof(s->kernel), "%s", name);
	if (s->info.mode == PSX_MODE_SCAN)
		s->border = (uint32_t)json_integer_value(json_object_get(root, "border"));
	json_decref(root);
}

static int load_from_file(struct subject *s, const char *path, long long index,
			  struct psx_error *err)
{
	struct psx_error inner = {0};
	struct psx_file *file = psx_file_open(path, err);
	struct psx_frame *frame;
	int failed;

	if (!file)
		return -1;
	s->count = (long long)psx_file_get_count(file);
	s->index = index < 0 ? index + s->count : index;
	if (s->index < 0 || s->index >= s->count) {
		psx_file_close(file);
		return psx_error_set(err, ERANGE, "%s: no frame %lld, the file has %lld",
				     psx_error_path(path), index, s->count);
	}
	s->complete = psx_file_is_complete(file);
	frame = psx_file_get_frame(file, (uint64_t)s->index);
	failed = !frame || take_frame(s, frame, &inner);
	if (!frame)
		(void)psx_error_set(err, errno, "%s", psx_file_error(file));
	else if (failed)
		(void)psx_error_set(err, inner.code, "%s: %s", psx_error_path(path), inner.message);
	else
		find_facts(s, psx_file_get_metadata(file));
	psx_frame_free(frame);
	psx_file_close(file);
	return failed ? -1 : 0;
}

/* A sensor's border sees nothing, whatever came of its pixels, and bad pixels mean nothing */
static void count_active(struct subject *s)
{
	const uint32_t b = s->width > 2 * s->border && s->height > 2 * s->border ? s->border : 0;
	uint32_t x, y;

	s->active = (uint64_t)(s->width - 2 * b) * (s->height - 2 * b);
	s->active_effective = s->info.effective;
	if (!b && !s->bad)
		return;
	s->active = s->active_effective = 0;
	for (y = b; y < s->height - b; y++) {
		for (x = b; x < s->width - b; x++) {
			const size_t i = (size_t)y * s->width + x;
			const bool good = !(s->mask && s->mask[i]);

			s->active += good;
			s->active_effective += good && s->values[i] != 0;
		}
	}
}

/* What kind of file it is, by its first bytes. */
enum kind { KIND_IMAGE, KIND_PAYLOAD, KIND_FILE };

static enum kind kind_of(const char *path)
{
	unsigned char magic[4] = {0};
	FILE *file = fopen(path, "rbe");

	if (!file)
		return KIND_FILE; /* whose reader says why */
	if (fread(magic, 1, sizeof(magic), file) == 0)
		memset(magic, 0, sizeof(magic));
	(void)fclose(file);
	if (!memcmp(magic, "PSXF", 4))
		return KIND_PAYLOAD;
	if ((magic[0] == 'P' && magic[1] >= '1' && magic[1] <= '7') ||
	    !memcmp(magic, "\x89PNG", 4) || !memcmp(magic, "II", 2) || !memcmp(magic, "MM", 2))
		return KIND_IMAGE;
	return KIND_FILE;
}

int subject_load(struct subject *s, const char *path, long long index, struct psx_error *err)
{
	const enum kind kind = kind_of(path);
	int failed;

	*s = (struct subject){.count = 1, .complete = true};
	if (kind == KIND_FILE)
		failed = load_from_file(s, path, index, err);
	else if (index != 0 && index != -1)
		failed = psx_error_set(err, ERANGE, "%s: no frame %lld, the file has one",
				       psx_error_path(path), index);
	else
		failed = kind == KIND_PAYLOAD ? load_payload(s, path, err)
					      : load_image(s, path, err);
	if (failed)
		subject_free(s);
	else if (s->is_frame)
		count_active(s);
	return failed ? -1 : 0;
}

void subject_free(struct subject *s)
{
	free(s->values);
	free(s->mask);
	s->values = NULL;
	s->mask = NULL;
}
