// SPDX-License-Identifier: MIT
/* Any bytes as a data set of text: loaded, asked, and a classifier begun with it. */
#include <psxdet.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mend.h"

static void ask(const struct psx_dataset *data)
{
	const unsigned int k = psx_dataset_get_k(data), classes = psx_dataset_get_classes(data);
	struct psx_labelled sample;
	unsigned int n;
	size_t i;

	require(k % 2 == 1 && k >= 3 && k <= PSX_KERNEL_MAX_K);
	require(classes >= 1 && classes <= 256 && psx_dataset_get_count(data) >= 1);
	for (n = 0; n < classes; n++)
		require(psx_dataset_get_label(data, n)[0] != '\0');
	require(!psx_dataset_get_label(data, n));
	for (i = 0; i < psx_dataset_get_count(data); i++) {
		require(!psx_dataset_get_sample(data, i, &sample));
		require(sample.label < classes && sample.name[0] != '\0');
		require(psx_image_get_width(sample.image) == k &&
			psx_image_get_height(sample.image) == k);
	}
	require(psx_dataset_get_sample(data, i, &sample) == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	struct psx_classifier *c;
	struct psx_dataset *set;
	struct psx_error err;
	char path[32];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	set = psx_dataset_load(path, 0, &err);
	(void)close(fd);
	if (!set) {
		require(strlen(err.message) > 0 && !strpbrk(err.message, "\n"));
		return 0;
	}
	ask(set);
	c = psx_classifier_new(set, NULL, &err);
	require(c || strlen(err.message) > 0);
	require(!c || !psx_classifier_save(c, "/dev/null", &err));
	psx_classifier_free(c);
	psx_dataset_free(set);
	return 0;
}
