// SPDX-License-Identifier: MIT
/* Data sets: labelled images of k x k grey levels. */
#include "dataset.h"

#include "../kmod/codec/psx_codec.h"
#include "error.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct psx_dataset *psx_dataset_new(unsigned int k, struct psx_error *err)
{
	struct psx_dataset *data;

	if (!(k & 1) || k < 3 || k > PSX_KERNEL_MAX_K)
		return psx_error_null(err, EINVAL, "images of %u x %u: need an odd side of 3..%d", k, k,
				      PSX_KERNEL_MAX_K);
	data = calloc(1, sizeof(*data));
	if (!data)
		return psx_error_null(err, ENOMEM, "out of memory");
	data->k = k;
	return data;
}

/* What part of source pixel `i` belongs to output `o`, one of k over `size` */
static double share(uint32_t i, unsigned int o, uint32_t size, unsigned int k)
{
	double low = fmax((double)size * o / k, i);
	double high = fmin((double)size * (o + 1) / k, i + 1.0);

	return high > low ? high - low : 0;
}

static double mean_of(const struct psx_image *image, unsigned int row, unsigned int column,
		      unsigned int k)
{
	const uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	const uint16_t *levels = psx_image_get_levels(image);
	double sum = 0;
	uint32_t x, y;

	for (y = (uint32_t)((uint64_t)height * row / k); y < height; y++) {
		const double part = share(y, row, height, k);

		if (part <= 0)
			break;
		for (x = (uint32_t)((uint64_t)width * column / k); x < width; x++) {
			const double both = part * share(x, column, width, k);

			if (both <= 0)
				break;
			sum += both * levels[(size_t)y * width + x];
		}
	}
	return sum * k * k / ((double)width * height);
}

struct psx_image *psx_dataset_reduce(const struct psx_image *image, unsigned int k)
{
	struct psx_image *small = psx_image_new(k, k);
	unsigned int i;

	for (i = 0; small && i < k * k; i++)
		psx_image_edit_levels(small)[i] = (uint16_t)lround(mean_of(image, i / k, i % k, k));
	return small;
}

bool psx_label_is_text(const char *label)
{
	json_t *string = json_string(label); /* NULL when it is not UTF-8 */

	json_decref(string);
	while (*label && !iscntrl((unsigned char)*label))
		label++;
	return string && !*label;
}

/* The number of a label, which joins when it is new; -1 */
static int find_label(struct psx_dataset *data, const char *label, struct psx_error *err)
{
	char **labels;
	unsigned int i;

	for (i = 0; i < data->classes; i++)
		if (!strcmp(data->labels[i], label))
			return (int)i;
	if (!*label)
		return psx_error_set(err, EINVAL, "no label");
	if (!psx_label_is_text(label))
		return psx_error_set(err, EINVAL, "a label that is not UTF-8, or has control characters");
	if (data->classes == PSX_CLASSES_MOST)
		return psx_error_set(err, EINVAL, "more than %u labels", PSX_CLASSES_MOST);
	labels = realloc(data->labels, (data->classes + 1) * sizeof(*labels));
	if (labels)
		data->labels = labels;
	if (!labels || !(labels[data->classes] = strdup(label)))
		return psx_error_set(err, ENOMEM, "out of memory");
	return (int)data->classes++;
}

static int make_room(struct psx_dataset *data)
{
	const size_t room = data->room ? 2 * data->room : 64;
	struct psx_dataset_item *items;

	if (data->count < data->room)
		return 0;
	items = reallocarray(data->items, room, sizeof(*items));
	if (!items)
		return -1;
	data->items = items;
	data->room = room;
	return 0;
}

int psx_dataset_add(struct psx_dataset *data, const struct psx_image *image, const char *label,
		    bool test, const char *name, struct psx_error *err)
{
	const uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	struct psx_dataset_item item = { .test = test };
	int number;

	if (width < data->k || height < data->k)
		return psx_error_set(err, EINVAL, "%u x %u levels where %u x %u are needed", width,
				     height, data->k, data->k);
	if (data->count && (width != data->width || height != data->height))
		return psx_error_set(err, EINVAL, "%u x %u, where %s is %u x %u", width, height,
				     psx_error_path(data->items[0].name), data->width, data->height);
	if (data->count == PSX_SAMPLES_MOST)
		return psx_error_set(err, EINVAL, "more than %u samples", PSX_SAMPLES_MOST);
	number = find_label(data, label, err);
	if (number < 0)
		return -1;
	item.label = (unsigned int)number;
	item.image = psx_dataset_reduce(image, data->k);
	item.name = strdup(name);
	if (!item.image || !item.name || make_room(data)) {
		psx_image_free(item.image);
		free(item.name);
		return psx_error_set(err, ENOMEM, "out of memory");
	}
	data->items[data->count++] = item;
	data->width = width;
	data->height = height;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int psx_dataset_sort(struct psx_dataset *data, struct psx_error *err)
{
	char **sorted;
	unsigned int i;
	size_t n;

	if (!data->classes)
		return 0;
	sorted = malloc(data->classes * sizeof(*sorted));
	if (!sorted)
		return psx_error_set(err, ENOMEM, "out of memory");
	memcpy(sorted, data->labels, data->classes * sizeof(*sorted));
	qsort(sorted, data->classes, sizeof(*sorted), by_name);
	for (n = 0; n < data->count; n++) {
		for (i = 0; sorted[i] != data->labels[data->items[n].label]; i++)
			;
		data->items[n].label = i;
	}
	free(data->labels);
	data->labels = sorted;
	return 0;
}

uint32_t psx_dataset_id(const struct psx_dataset *data)
{
	const uint8_t k = (uint8_t)data->k;
	uint32_t crc = psx_crc32c(0, &k, 1);
	unsigned int i;
	size_t n;

	for (i = 0; i < data->classes; i++)
		crc = psx_crc32c(crc, data->labels[i], strlen(data->labels[i]) + 1);
	for (n = 0; n < data->count; n++) {
		const struct psx_dataset_item *item = &data->items[n];
		const uint8_t head[] = { (uint8_t)item->label, item->test };

		crc = psx_crc32c(crc, head, sizeof(head));
		for (i = 0; i < data->k * data->k; i++) {
			const uint16_t level = psx_image_get_levels(item->image)[i];
			const uint8_t bytes[] = { (uint8_t)level, (uint8_t)(level >> 8) };

			crc = psx_crc32c(crc, bytes, sizeof(bytes));
		}
	}
	return crc;
}

struct psx_dataset *psx_dataset_load(const char *path, unsigned int k, struct psx_error *err)
{
	struct psx_dataset *data;
	struct stat st;

	if (stat(path, &st))
		return psx_error_null(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	if (S_ISDIR(st.st_mode))
		data = psx_dataset_load_folder(path, k, err);
	else
		data = psx_dataset_load_csv(path, err);
	if (data && k && data->k != k) {
		(void)psx_error_set(err, EBADMSG, "%s: rows of %u x %u levels, not %u x %u",
				    psx_error_path(path), data->k, data->k, k, k);
	} else if (data && !data->count) {
		(void)psx_error_set(err, EBADMSG, "%s: no images", psx_error_path(path));
	} else if (data && !psx_dataset_sort(data, err)) {
		return data;
	}
	psx_dataset_free(data);
	return NULL;
}

void psx_dataset_free(struct psx_dataset *data)
{
	int code = errno;
	size_t n;

	if (!data)
		return;
	for (n = 0; n < data->count; n++) {
		psx_image_free(data->items[n].image);
		free(data->items[n].name);
	}
	while (data->classes)
		free(data->labels[--data->classes]);
	free(data->labels);
	free(data->items);
	free(data);
	errno = code;
}

unsigned int psx_dataset_get_k(const struct psx_dataset *data)
{
	return data->k;
}

void psx_dataset_get_size(const struct psx_dataset *data, uint32_t *width, uint32_t *height)
{
	*width = data->width;
	*height = data->height;
}

unsigned int psx_dataset_get_classes(const struct psx_dataset *data)
{
	return data->classes;
}

const char *psx_dataset_get_label(const struct psx_dataset *data, unsigned int label)
{
	return label < data->classes ? data->labels[label] : NULL;
}

size_t psx_dataset_get_count(const struct psx_dataset *data)
{
	return data->count;
}

int psx_dataset_get_sample(const struct psx_dataset *data, size_t index, struct psx_labelled *sample)
{
	const struct psx_dataset_item *item;

	if (index >= data->count) {
		errno = EINVAL;
		return -1;
	}
	item = &data->items[index];
	*sample = (struct psx_labelled){ item->image, item->label, item->test, item->name };
	return 0;
}
