// SPDX-License-Identifier: MIT
/* Any bytes as a calibration file: loaded, asked, and banks made of it. */
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mend.h"

#define MOST_PIXELS (32u * 32u)

/* Bytes of the text, or of the numbers in one of its blocks */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	if (seed % 2 == 0)
		size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16 != 0)
		size = mend_calibration(data, size, max_size, seed % 2 ? seed / 16 + 1 : 0);
	return size;
}

static void ask(const struct psx_calibration *cal)
{
	const struct psx_calibration_info *info = psx_calibration_get_info(cal);
	struct psx_calibration_null null;
	struct psx_hecht hecht;
	uint32_t x, y;
	size_t i;

	for (y = 0; y < info->geometry.height; y++) {
		for (x = 0; x < info->geometry.width; x++) {
			require(!psx_calibration_get_hecht(cal, x, y, (x + y) & 1, &hecht));
			require(hecht.gain >= 0 && hecht.mu_tau > 0 && isfinite(hecht.dark));
			require(psx_calibration_get_defect(cal, x, y) <= PSX_WEAK);
		}
	}
	for (i = 0; i < info->nulls; i++)
		require(!psx_calibration_get_null(cal, i, &null) && null.k & 1);
	require(psx_calibration_get_null(cal, i, &null) == -1);
}

static void make_banks(const struct psx_calibration *cal)
{
	static const char *const names[] = { "laplacian", "log" };
	const struct psx_calibration_info *info = psx_calibration_get_info(cal);
	int16_t *codes = malloc(sizeof(*codes) * info->geometry.width * info->geometry.height);

	for (unsigned int i = 0; i < 4; i++) {
		struct psx_kernel *kernel = psx_kernel_preset(names[i / 2], NULL);
		struct psx_error err = { 0 };
		struct psx_bank *bank = psx_calibration_make_bank(
			cal, kernel, i & 1 ? PSX_MODE_SNAP : PSX_MODE_SCAN, &err);

		require(bank || strlen(err.message) > 0);
		for (unsigned int phase = 0; bank && phase < psx_bank_get_phases(bank); phase++)
			require(!psx_bank_get_plane(bank, phase, codes));
		psx_bank_free(bank);
		psx_kernel_free(kernel);
	}
	free(codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct psx_calibration_info *info;
	int fd = memfd_create("fuzz", 0);
	struct psx_calibration *cal;
	struct psx_error err;
	char path[32];

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cal = psx_calibration_load(path, &err);
	(void)close(fd);
	if (!cal) {
		require(strlen(err.message) > 0);
		return 0;
	}
	info = psx_calibration_get_info(cal);
	if (info->geometry.width * info->geometry.height <= MOST_PIXELS) {
		ask(cal);
		make_banks(cal);
		require(!psx_calibration_save(cal, "/dev/null", &err));
	}
	psx_calibration_free(cal);
	return 0;
}
