/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_DATASET_H
#define PSX_LIB_DATASET_H

#include <psxdet.h>

#define PSX_CLASSES_MOST 256u /* channels of a schedule */
#define PSX_SAMPLES_MOST 1000000u

struct psx_dataset_item {
	struct psx_image *image;
	char *name;
	unsigned int label;
	bool test;
};

struct psx_dataset {
	unsigned int k;
	uint32_t width, height; /* of its images before they were reduced, 0 without any */
	char **labels;
	unsigned int classes;
	struct psx_dataset_item *items;
	size_t count, room;
};

/* Can it be a label in a file and on a terminal? */
bool psx_label_is_text(const char *label);
/* Labels in the order of their names, numbers in theirs: "2" before "10" */
int psx_dataset_sort(struct psx_dataset *data, struct psx_error *err);
/* crc32c of k, labels, levels and split */
uint32_t psx_dataset_id(const struct psx_dataset *data);
/* Means of k x k equal areas; NULL with ENOMEM */
struct psx_image *psx_dataset_reduce(const struct psx_image *image, unsigned int k);

struct psx_dataset *psx_dataset_load_csv(const char *path, struct psx_error *err);
struct psx_dataset *psx_dataset_load_folder(const char *path, unsigned int k,
					    struct psx_error *err);

#endif
