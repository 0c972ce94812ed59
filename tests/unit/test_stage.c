// SPDX-License-Identifier: MIT
/* The stage: what the discrete detector sees of an object that is larger than it. */
#include <errno.h>
#include <math.h>
#include <psxdet.h>
#include <stdio.h>
#include <string.h>

#include "shoot.h"
#include "unit.h"

#define WIDTH  11
#define HEIGHT 7
#define PITCH  3000 /* um */
#define SECOND 1000000000u

/* 100 + 200 x + 37 y: every place is told apart */
static double level(double x, double y)
{
	return 100 + 200 * fmin(fmax(x, 0), WIDTH - 1) + 37 * fmin(fmax(y, 0), HEIGHT - 1);
}

static struct psx_device *open_object(void)
{
	const char *path = "stage-test.pgm";
	struct psx_image *image = psx_image_new(WIDTH, HEIGHT);
	struct psx_device *dev;
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			psx_image_edit_levels(image)[y * WIDTH + x] = (uint16_t)level(x, y);
	ck_assert_int_eq(psx_image_save(image, path, NULL), 0);
	psx_image_free(image);
	dev = shoot_open("sim:profile=macropixel,mismatch=0,photons=1000000000,read_noise=0,"
			 "scene=stage-test.pgm");
	(void)remove(path);
	return dev;
}

/* What the sub-pixel in the middle sees, with the stage there */
static double look(struct psx_device *dev, int32_t x, int32_t y, struct psx_frame_info *info)
{
	struct psx_acquisition *acq;
	const struct psx_frame *frame;
	int16_t value;

	ck_assert_msg(!psx_device_move(dev, x, y), "%s", psx_device_error(dev));
	acq = psx_acquisition_start(dev, 1);
	ck_assert_msg(acq != NULL, "%s", psx_device_error(dev));
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_int_eq(psx_frame_to_dense(frame, &value, 1, NULL), 0);
	*info = *psx_frame_get_info(frame);
	errno = 0;
	psx_acquisition_free(acq);
	return value;
}

static void load_identity(struct psx_device *dev)
{
	const struct psx_geometry geometry = shoot_geometry(dev);
	struct psx_kernel *kernel = psx_kernel_preset("identity", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &geometry, PSX_MODE_POINT, NULL);
	struct psx_settings *s = shoot_settings(SECOND, 1);

	ck_assert_ptr_nonnull(bank);
	ck_assert_msg(!psx_device_zero(dev, s, &bank, 1, 0, NULL), "%s", psx_device_error(dev));
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
}

START_TEST(it_sees_where_it_is)
{
	struct psx_device *dev = open_object();
	const struct psx_device_info *info = psx_device_get_info(dev);
	struct psx_frame_info frame;
	int x, y;

	ck_assert_uint_eq(info->width, 3);
	ck_assert_uint_eq(info->scene_width, WIDTH);
	ck_assert_uint_eq(info->scene_height, HEIGHT);
	ck_assert(info->caps & PSX_CAP_STAGE);
	load_identity(dev);
	/* beyond every edge, too */
	for (y = -3; y < HEIGHT + 2; y += 2) {
		for (x = -3; x < WIDTH + 2; x++) {
			ck_assert_double_eq_tol(look(dev, x * PITCH, y * PITCH, &frame),
						level(x + 1, y + 1), 1);
			ck_assert_int_eq(frame.stage_x, x * PITCH);
			ck_assert_int_eq(frame.stage_y, y * PITCH);
		}
	}
	/* between levels it sees the part that it covers of each */
	ck_assert_double_eq_tol(look(dev, 3 * PITCH + PITCH / 4, 2 * PITCH, &frame), level(4.25, 3), 1);
	ck_assert_double_eq_tol(look(dev, -PITCH / 2, PITCH / 3, &frame), level(0.5, 4 / 3.0), 1);
	psx_device_close(dev);
}
END_TEST

START_TEST(what_can_not_be_moved)
{
	struct psx_device *dev = open_object(), *array = shoot_open("sim:width=9,height=9");
	struct psx_image *small = psx_image_new(3, 3);
	struct psx_acquisition *acq;

	ck_assert_int_eq(psx_device_move(array, 0, 0), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(psx_device_move(dev, 100000001, 0), -1);
	ck_assert_int_eq(psx_device_move(dev, 0, -100000001), -1);
	ck_assert_int_eq(psx_device_present(dev, small), -1);
	ck_assert_int_eq(errno, EINVAL);
	load_identity(dev);
	acq = psx_acquisition_start(dev, 5);
	ck_assert_ptr_nonnull(acq);
	ck_assert_int_eq(psx_device_move(dev, 0, 0), -1);
	ck_assert_int_eq(errno, EBUSY);
	psx_acquisition_free(acq);
	ck_assert_int_eq(psx_device_move(dev, 0, 0), 0);
	psx_image_free(small);
	psx_device_close(dev);
	psx_device_close(array);
}
END_TEST

/* The sensor is what it is; the object has the size that is asked for */
START_TEST(objects_of_any_size)
{
	static const struct {
		const char *keys;
		uint32_t width, height;
	} objects[] = {
		{ "scene=hust,width=157,height=60", 157, 60 },
		{ "width=3,height=3", 3, 3 },
		{ "scene=flat:7,width=1,height=8192", 1, 8192 },
		{ "scene=blade", 640, 480 },
	};
	static const struct {
		const char *uri, *says;
	} wrong[] = {
		{ "sim:profile=macropixel,scene=size-test.pgm,width=5", "is 11 x 7, not the 5 x 7" },
		{ "sim:profile=cmos32,width=33", "cmos32 is 32 x 32, not 33 x 32" },
		{ "sim:profile=macropixel,pitch=100", "pitch of 3000" },
	};
	char uri[96], serial[sizeof(((struct psx_device_info *)0)->serial)] = "";
	struct psx_image *image = psx_image_new(WIDTH, HEIGHT);
	struct psx_error err;
	size_t i;

	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		const struct psx_device_info *info;
		struct psx_device *dev;

		(void)snprintf(uri, sizeof(uri), "sim:profile=macropixel,%s", objects[i].keys);
		dev = shoot_open(uri);
		info = psx_device_get_info(dev);
		ck_assert_uint_eq(info->width, 3);
		ck_assert_uint_eq(info->height, 3);
		ck_assert_uint_eq(info->scene_width, objects[i].width);
		ck_assert_uint_eq(info->scene_height, objects[i].height);
		if (i)
			ck_assert_str_eq(info->serial, serial);
		memcpy(serial, info->serial, sizeof(serial));
		psx_device_close(dev);
	}
	ck_assert_int_eq(psx_image_save(image, "size-test.pgm", NULL), 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_ptr_null(psx_device_open(wrong[i].uri, &err));
		ck_assert_msg(strstr(err.message, wrong[i].says) != NULL, "%s", err.message);
	}
	(void)remove("size-test.pgm");
	psx_image_free(image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stage");
	TCase *cases = tcase_create("stage");

	tcase_add_test(cases, it_sees_where_it_is);
	tcase_add_test(cases, what_can_not_be_moved);
	tcase_add_test(cases, objects_of_any_size);
	suite_add_tcase(suite, cases);
	return unit_main(suite);
}
