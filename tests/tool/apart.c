// SPDX-License-Identifier: MIT
/* apart A.psx I B.psx J: values of frame I of A less those of frame J of B: the least and
 * the most of the differences, and how many are not 0. */
#include <psxdet.h>

#include <stdio.h>
#include <stdlib.h>

/* NULL after a line to stderr */
static int16_t *values_of(const char *path, const char *number, size_t *count)
{
	struct psx_error err = { .message = "no such frame" };
	struct psx_file *file = psx_file_open(path, &err);
	struct psx_frame *frame = file ? psx_file_get_frame(file, strtoull(number, NULL, 10)) : NULL;
	int16_t *values = NULL;

	if (frame) {
		const struct psx_frame_info *info = psx_frame_get_info(frame);

		*count = (size_t)info->width * info->height;
		values = calloc(*count, sizeof(*values));
		if (values && psx_frame_to_dense(frame, values, info->width, &err)) {
			free(values);
			values = NULL;
		}
	}
	if (!values)
		fprintf(stderr, "apart: %s: %s\n", path, err.message);
	psx_frame_free(frame);
	psx_file_close(file);
	return values;
}

int main(int argc, char **argv)
{
	size_t count = 0, others = 0, differ = 0, i;
	int least = INT32_MAX, most = INT32_MIN;
	int16_t *a, *b;

	if (argc != 5) {
		fprintf(stderr, "usage: apart A.psx I B.psx J\n");
		return 2;
	}
	a = values_of(argv[1], argv[2], &count);
	b = values_of(argv[3], argv[4], &others);
	if (a && b && count == others) {
		for (i = 0; i < count; i++) {
			const int d = a[i] - b[i];

			least = d < least ? d : least;
			most = d > most ? d : most;
			differ += d != 0;
		}
		printf("%d %d %zu\n", least, most, differ);
	}
	free(a);
	free(b);
	return a && b && count == others ? 0 : 1;
}
