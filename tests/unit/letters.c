// SPDX-License-Identifier: MIT
#include "letters.h"

#include <splitmix.h>
#include <stdio.h>
#include <stdlib.h>

static double within(double most, uint64_t *state)
{
	return most * (2 * psx_splitmix_unit(state) - 1);
}

struct psx_dataset *letters_new(uint64_t seed, double shift_x, double shift_y, unsigned int train,
				unsigned int test)
{
	struct psx_dataset *data = psx_dataset_new(3, NULL);
	uint64_t state = seed;
	unsigned int i;

	for (i = 0; i < LETTERS * (train + test); i++) {
		const char label[] = { "HUST"[i % LETTERS], '\0' };
		const double turn = within(15, &state), x = within(shift_x, &state);
		struct psx_image *image;
		char name[96];

		(void)snprintf(name, sizeof(name), "letter:%s;rot=%.3f;dx=%.4f;dy=%.4f", label, turn, x,
			       within(shift_y, &state));
		image = psx_image_phantom(name, 3, 3, 1, NULL);
		if (!data || !image ||
		    psx_dataset_add(data, image, label, i >= LETTERS * train, name, NULL))
			abort();
		psx_image_free(image);
	}
	return data;
}
