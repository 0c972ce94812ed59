// SPDX-License-Identifier: MIT
/* same A.psx B.psx: are their payloads the same bytes, frame by frame? */
#include <psxdet.h>

#include <stdio.h>
#include <string.h>

static struct psx_file *open_file(const char *path)
{
	struct psx_error err;
	struct psx_file *file = psx_file_open(path, &err);

	if (!file)
		fprintf(stderr, "same: %s\n", err.message);
	return file;
}

static bool same_frame(struct psx_file *a, struct psx_file *b, uint64_t i)
{
	struct psx_frame *fa = psx_file_get_frame(a, i), *fb = psx_file_get_frame(b, i);
	const void *pa, *pb;
	size_t na, nb;
	bool same = false;

	if (fa && fb) {
		pa = psx_frame_get_payload(fa, &na);
		pb = psx_frame_get_payload(fb, &nb);
		same = na == nb && !memcmp(pa, pb, na);
	}
	psx_frame_free(fa);
	psx_frame_free(fb);
	return same;
}

int main(int argc, char **argv)
{
	struct psx_file *a, *b;
	uint64_t i, count;

	if (argc != 3) {
		fprintf(stderr, "usage: same A.psx B.psx\n");
		return 2;
	}
	a = open_file(argv[1]);
	b = a ? open_file(argv[2]) : NULL;
	if (!a || !b)
		return 1;
	count = psx_file_get_count(a);
	if (!count || count != psx_file_get_count(b)) {
		fprintf(stderr, "same: %llu and %llu frames\n", (unsigned long long)count,
			(unsigned long long)psx_file_get_count(b));
		return 1;
	}
	for (i = 0; i < count; i++) {
		if (!same_frame(a, b, i)) {
			fprintf(stderr, "same: frame %llu differs\n", (unsigned long long)i);
			return 1;
		}
	}
	psx_file_close(a);
	psx_file_close(b);
	return 0;
}
