// SPDX-License-Identifier: MIT
/* Any bytes as a classifier: loaded, asked, shown to a detector, saved and loaded again. */
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mend.h"

#define MOST_FRAMES 64u /* of a sample */

/* Bytes of the text, or a value of it */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	if (seed % 4 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mend_classifier(data, size, max_size, seed / 4);
}

static void ask(const struct psx_classifier *c)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	unsigned int n, i;

	require(info->best <= info->epochs && info->classes >= 2 && info->classes <= 256);
	for (n = 0; n < info->classes; n++) {
		require(psx_classifier_get_label(c, n)[0] != '\0');
		for (i = 0; i < info->k * info->k; i++)
			require(fabs(psx_classifier_get_weights(c, n)[i]) <= 1);
		require(!info->best == !psx_classifier_get_codes(c, n));
	}
	for (n = 0; n < info->epochs + !!info->epochs; n++)
		require(psx_classifier_get_epoch(c, n)->test_accuracy <= 1);
	require(!psx_classifier_get_epoch(c, n));
}

/* Outputs that are numbers, or a line that says why not */
static void show(const struct psx_classifier *c)
{
	const unsigned int k = psx_classifier_get_info(c)->k;
	struct psx_image *image = psx_image_new(k, k);
	const struct psx_image *const images[] = { image };
	struct psx_classifier_rig rig = { .device = NULL };
	double outputs[256], p[256];
	unsigned int answer;
	struct psx_error err;
	char uri[80];

	(void)snprintf(uri, sizeof(uri), "sim:profile=ideal,width=%u,height=%u,scene=flat:0", k, k);
	rig.device = psx_device_open(uri, NULL);
	require(rig.device && image);
	if (psx_classifier_run(c, &rig, images, 1, outputs, &answer, &err)) {
		require(strlen(err.message) > 0);
	} else {
		psx_classifier_softmax(outputs, psx_classifier_get_info(c)->classes, p);
		require(p[answer] > 0 && p[answer] <= 1);
	}
	psx_device_close(rig.device);
	psx_image_free(image);
}

static void save_and_load(const struct psx_classifier *c)
{
	struct psx_classifier *again;
	struct psx_error err;
	char path[64];

	(void)snprintf(path, sizeof(path), "/dev/shm/psx-fuzz-%d", (int)getpid());
	require(!psx_classifier_save(c, path, &err));
	again = psx_classifier_load(path, &err);
	require(again && !unlink(path));
	ask(again);
	psx_classifier_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	struct psx_classifier *c;
	struct psx_error err;
	char path[32];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	c = psx_classifier_load(path, &err);
	(void)close(fd);
	if (!c) {
		require(strlen(err.message) > 0);
		return 0;
	}
	ask(c);
	if (psx_classifier_get_info(c)->classes * psx_classifier_get_info(c)->options.frames <= MOST_FRAMES)
		show(c);
	save_and_load(c);
	psx_classifier_free(c);
	return 0;
}
