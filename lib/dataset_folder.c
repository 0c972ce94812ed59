// SPDX-License-Identifier: MIT
/* Data sets of image files: a folder a label. */
#include "dataset.h"

#include "../kmod/codec/psx_codec.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEST_EVERY 5 /* a fifth is for testing */

struct walk {
	unsigned int k;
	struct psx_dataset *data; /* NULL before the first image */
	struct psx_error *err;
};

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_version(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static uint32_t name_hash(const char *name)
{
	return psx_crc32c(0, name, strlen(name));
}

/* As good as random, and the same on every machine */
static int by_hash(const struct dirent **a, const struct dirent **b)
{
	const uint32_t left = name_hash((*a)->d_name), right = name_hash((*b)->d_name);

	if (left != right)
		return left < right ? -1 : 1;
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_list(struct dirent **list, int count)
{
	while (count > 0)
		free(list[--count]);
	free(list);
}

/* 0 where there is nothing */
static mode_t kind_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mode & S_IFMT;
}

static char *join(const char *folder, const char *name, struct psx_error *err)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return psx_error_null(err, ENOMEM, "out of memory");
	return path;
}

/* The first image says what all are like */
static int begin(struct walk *w, const struct psx_image *image, const char *path)
{
	const uint32_t side = psx_image_get_width(image), height = psx_image_get_height(image);

	if (!w->k && (height != side || side > PSX_KERNEL_MAX_K || side < 3 || !(side & 1)))
		return psx_error_set(w->err, EBADMSG,
				     "%s: %u x %u: as many pixels as there are sub-pixels (3 x 3, 5 x 5 .. "
				     "%d x %d), or say to which side images are reduced",
				     psx_error_path(path), side, height, PSX_KERNEL_MAX_K,
				     PSX_KERNEL_MAX_K);
	w->data = psx_dataset_new(w->k ? w->k : side, w->err);
	return w->data ? 0 : -1;
}

static int add(struct walk *w, const struct psx_image *image, const char *label, bool test,
	       const char *path)
{
	struct psx_error why;

	if (!w->data && begin(w, image, path))
		return -1;
	if (psx_dataset_add(w->data, image, label, test, path, &why))
		return psx_error_set(w->err, why.code == EINVAL ? EBADMSG : why.code, "%s: %s",
				     psx_error_path(path), why.message);
	return 0;
}

static int read_image(struct walk *w, const char *folder, const char *name, const char *label,
		      bool test)
{
	char *path = join(folder, name, w->err);
	const mode_t kind = path ? kind_of(path) : 0;
	struct psx_image *image = NULL;
	int failed = -1;

	if (kind && kind != S_IFREG) /* which may have no end */
		(void)psx_error_set(w->err, EBADMSG, "%s: %s among images of label '%.40s'",
				    psx_error_path(path),
				    kind == S_IFDIR ? "a folder" : "no regular file", label);
	else if (path)
		image = psx_image_load(path, w->err);
	if (image)
		failed = add(w, image, label, test, path);
	psx_image_free(image);
	free(path);
	return failed;
}

enum split { SPLIT_TRAIN, SPLIT_TEST, SPLIT_BY_NAME };

/* All images of a label */
static int read_label(struct walk *w, const char *folder, const char *label, enum split split)
{
	struct dirent **list = NULL;
	int count = scandir(folder, &list, is_visible, split == SPLIT_BY_NAME ? by_hash : by_version);
	int failed = 0, i;

	if (count < 0)
		return psx_error_set(w->err, errno, "%s: %s", psx_error_path(folder), strerror(errno));
	if (split == SPLIT_BY_NAME && count < TEST_EVERY)
		failed = psx_error_set(w->err, EBADMSG,
				       "%s: %d images: to keep a fifth for testing needs %d, or folders "
				       "train and test", psx_error_path(folder), count, TEST_EVERY);
	for (i = 0; !failed && i < count; i++)
		failed = read_image(w, folder, list[i]->d_name, label,
				    split == SPLIT_TEST ||
					    (split == SPLIT_BY_NAME && i % TEST_EVERY == 0));
	free_list(list, count);
	return failed;
}

/* A folder of folders whose names are labels */
static int read_labels(struct walk *w, const char *folder, enum split split)
{
	struct dirent **list = NULL;
	int count = scandir(folder, &list, is_visible, by_version);
	int failed = 0, i;

	if (count < 0)
		return psx_error_set(w->err, errno, "%s: %s", psx_error_path(folder), strerror(errno));
	for (i = 0; !failed && i < count; i++) {
		char *path = join(folder, list[i]->d_name, w->err);

		if (path && kind_of(path) != S_IFDIR)
			failed = psx_error_set(w->err, EBADMSG,
					       "%s: unlabelled: an image is in a folder that is its label",
					       psx_error_path(path));
		else
			failed = path ? read_label(w, path, list[i]->d_name, split) : -1;
		free(path);
	}
	free_list(list, count);
	return failed;
}

/* Has it train and test, and nothing else? */
static bool is_split(const char *folder)
{
	struct dirent **list = NULL;
	int count = scandir(folder, &list, is_visible, by_version);
	bool split = count == 2 && !strcmp(list[0]->d_name, "test") &&
		     !strcmp(list[1]->d_name, "train");

	free_list(list, count);
	return split;
}

static int read_split(struct walk *w, const char *folder)
{
	char *train = join(folder, "train", w->err), *test = join(folder, "test", w->err);
	int failed = !train || !test || read_labels(w, train, SPLIT_TRAIN) ||
		     read_labels(w, test, SPLIT_TEST);

	free(train);
	free(test);
	return failed;
}

struct psx_dataset *psx_dataset_load_folder(const char *path, unsigned int k,
					    struct psx_error *err)
{
	struct walk w = { .k = k, .err = err };
	int failed;

	failed = is_split(path) ? read_split(&w, path) : read_labels(&w, path, SPLIT_BY_NAME);
	if (!failed && !w.data)
		failed = psx_error_set(err, EBADMSG, "%s: no images", psx_error_path(path));
	if (!failed)
		return w.data;
	psx_dataset_free(w.data);
	return NULL;
}
