/* SPDX-License-Identifier: MIT */
/*
 * Before the library: says where the stage is sent, "move X Y", in the file $STAGE_LOG; its
 * move $STAGE_SIGNAL is cut short by a signal, dense value $STAGE_DAMAGE is damaged, and
 * there is no room for frame $STAGE_FULL of a file
 */
#include <psxdet.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int is_due(const char *name, int *count)
{
	const char *text = getenv(name);

	return ++*count == (text ? strtol(text, NULL, 10) : -1);
}

int psx_device_move(struct psx_device *dev, int32_t x_um, int32_t y_um)
{
	int (*move)(struct psx_device *dev, int32_t x, int32_t y);
	FILE *log = fopen(getenv("STAGE_LOG"), "ae");
	static int count;

	*(void **)&move = dlsym(RTLD_NEXT, "psx_device_move");
	if (log) {
		fprintf(log, "move %d %d\n", x_um, y_um);
		fclose(log);
	}
	if (is_due("STAGE_SIGNAL", &count)) {
		errno = EINTR;
		return -1;
	}
	return move(dev, x_um, y_um);
}

int psx_frame_to_dense(const struct psx_frame *frame, int16_t *values, size_t stride,
		       struct psx_error *err)
{
	int (*to_dense)(const struct psx_frame *f, int16_t *v, size_t s, struct psx_error *e);
	static int count;

	*(void **)&to_dense = dlsym(RTLD_NEXT, "psx_frame_to_dense");
	if (is_due("STAGE_DAMAGE", &count)) {
		err->code = errno = EBADMSG;
		snprintf(err->message, sizeof(err->message), "damaged");
		return -1;
	}
	return to_dense(frame, values, stride, err);
}

int psx_file_append(struct psx_file *file, const struct psx_frame *frame)
{
	int (*append)(struct psx_file *f, const struct psx_frame *one);
	static int count;

	*(void **)&append = dlsym(RTLD_NEXT, "psx_file_append");
	if (is_due("STAGE_FULL", &count)) {
		errno = ENOSPC;
		return -1;
	}
	return append(file, frame);
}
