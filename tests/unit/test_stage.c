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

static void check_at(struct psx_device *dev, int32_t x, int32_t y)
{
	const struct psx_device_status *status = psx_device_get_status(dev);

	ck_assert_ptr_nonnull(status);
	ck_assert_int_eq(status->stage_x, x);
	ck_assert_int_eq(status->stage_y, y);
}

/* Refused on one axis, it moves on neither */
START_TEST(what_can_not_be_moved)
{
	struct psx_device *dev = open_object(), *array = shoot_open("sim:width=9,height=9");
	struct psx_image *small = psx_image_new(3, 3);
	struct psx_acquisition *acq;

	ck_assert_int_eq(psx_device_move(array, 0, 0), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	check_at(array, 0, 0);
	check_at(dev, 0, 0);
	ck_assert_int_eq(psx_device_move(dev, 3000, -4500), 0);
	check_at(dev, 3000, -4500);
	ck_assert_int_eq(psx_device_move(dev, 100000001, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	check_at(dev, 3000, -4500);
	ck_assert_int_eq(psx_device_move(dev, 0, -100000001), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), ": the stage can't go to 0, -100000001 um"));
	check_at(dev, 3000, -4500);
	ck_assert_int_eq(psx_device_present(dev, small), -1);
	ck_assert_int_eq(errno, EINVAL);
	load_identity(dev);
	acq = psx_acquisition_start(dev, 5);
	ck_assert_ptr_nonnull(acq);
	ck_assert_int_eq(psx_device_move(dev, 0, 0), -1);
	ck_assert_int_eq(errno, EBUSY);
	psx_acquisition_free(acq);
	check_at(dev, 3000, -4500);
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
		{ "sim:aperture=100", "profile=real has no collimator" },
		{ "sim:profile=macropixel,aperture=3001", "aperture=3001: profile=macropixel has a pitch" },
		{ "sim:profile=macropixel,aperture=0", "aperture=0: need a whole number 1.." },
		{ "sim:profile=macropixel,aperture=0.5", "aperture=0.5: need a whole number 1.." },
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

/* ------------------------------------------------------------ the collimator -- */

/* Levels of no order, up to `most` */
static uint16_t rough(int x, int y, unsigned int most)
{
	x = x < 0 ? 0 : x >= WIDTH ? WIDTH - 1 : x;
	y = y < 0 ? 0 : y >= HEIGHT ? HEIGHT - 1 : y;
	return (uint16_t)((unsigned int)(x * 7919 + y * 104729 + x * x * y * 31) % most);
}

/* How much of [begin, end) level n, of one pitch, covers */
static double covered(double begin, double end, int n)
{
	return fmax(0, fmin(end, (n + 1.0) * PITCH) - fmax(begin, (double)n * PITCH));
}

/* The mean over the opening of the sub-pixel in the middle */
static double open_mean(int32_t stage_x, int32_t stage_y, double aperture, unsigned int most)
{
	const double left = stage_x + PITCH + (PITCH - aperture) / 2;
	const double top = stage_y + PITCH + (PITCH - aperture) / 2;
	const int x0 = (int)floor(left / PITCH), y0 = (int)floor(top / PITCH);
	double sum = 0;
	int x, y;

	for (y = y0; y <= y0 + 1; y++)
		for (x = x0; x <= x0 + 1; x++)
			sum += rough(x, y, most) * covered(left, left + aperture, x) *
			       covered(top, top + aperture, y);
	return sum / aperture / aperture;
}

static struct psx_device *open_rough(int aperture, unsigned int most)
{
	struct psx_image *image = psx_image_new(WIDTH, HEIGHT);
	struct psx_device *dev;
	char uri[128];
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			psx_image_edit_levels(image)[y * WIDTH + x] = rough(x, y, most);
	(void)snprintf(uri, sizeof(uri), "sim:profile=macropixel,mismatch=0,photons=4000000000,"
		       "read_noise=0,aperture=%d,scene=flat:0,width=%d,height=%d", aperture, WIDTH,
		       HEIGHT);
	dev = shoot_open(uri);
	ck_assert_msg(!psx_device_present(dev, image), "%s", psx_device_error(dev));
	psx_image_free(image);
	return dev;
}

START_TEST(through_its_opening)
{
	static const int apertures[] = { 3000, 2999, 1999, 1000, 301, 100 };
	static const int32_t places[][2] = {
		{ 0, 0 }, { 1, -1 }, { 999, 1000 }, { 1001, 2000 }, { 4499, 7501 }, { -2500, 3100 },
		{ -9000, -9000 }, { 40000, 30000 }, { 28001, 13999 }, { 12345, 6789 },
	};
	struct psx_frame_info frame;
	size_t a, i;

	for (a = 0; a < sizeof(apertures) / sizeof(apertures[0]); a++) {
		const double aperture = apertures[a], open = aperture * aperture / PITCH / PITCH;
		const unsigned int most = (unsigned int)fmin(8000 / open, 60000);
		struct psx_device *dev = open_rough(apertures[a], most);

		load_identity(dev);
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			const double wanted =
				open * open_mean(places[i][0], places[i][1], aperture, most);
			const double seen = look(dev, places[i][0], places[i][1], &frame);

			/* rounded to a bit; bending is a part of the light, as docs/sensor.md has it */
			ck_assert_msg(fabs(seen - wanted) < 0.7 + wanted * 2e-4,
				      "aperture %g at %d, %d: %g, not %g", aperture, places[i][0],
				      places[i][1], seen, wanted);
		}
		psx_device_close(dev);
	}
}
END_TEST

/* Values of one frame of bias +95 V, in the dark or in the light, at -40 degrees */
static void take_frames(const char *keys, enum psx_shutter shutter, unsigned int frames,
			double *mean, double *deviation)
{
	char uri[160];
	struct psx_settings *s = shoot_settings(SECOND, 1);
	struct psx_acquisition *acq;
	const struct psx_frame *frame;
	struct psx_device *dev;
	struct psx_bank *bank;
	double sum = 0, squares = 0;
	int16_t value[9];

	(void)snprintf(uri, sizeof(uri), "sim:profile=macropixel,mismatch=0,temperature=-40,%s", keys);
	dev = shoot_open(uri);
	bank = shoot_flat_bank(dev, 95, 256);
	ck_assert_int_eq(psx_device_set_shutter(dev, shutter), 0);
	ck_assert_msg(!psx_device_load(dev, s, &bank, 1, NULL), "%s", psx_device_error(dev));
	acq = psx_acquisition_start(dev, frames);
	ck_assert_ptr_nonnull(acq);
	for (unsigned int n = 0; n < frames; n++) {
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		ck_assert_int_eq(psx_frame_to_dense(frame, value, 3, NULL), 0);
		sum += value[4];
		squares += (double)value[4] * value[4];
	}
	*mean = sum / frames;
	*deviation = sqrt(fmax(0, squares / frames - *mean * *mean));
	psx_acquisition_free(acq);
	psx_bank_free(bank);
	psx_settings_free(s);
	psx_device_close(dev);
}

/* Less light has more noise; dark current and read noise stay what they are */
START_TEST(it_takes_light_alone)
{
	const char *whole = "scene=flat:4000,photons=10", *half = "scene=flat:4000,photons=10,aperture=1500";
	double dark[2], light[2], noise[2];

	take_frames(whole, PSX_SHUTTER_CLOSED, 50, &dark[0], &noise[0]);
	take_frames(half, PSX_SHUTTER_CLOSED, 50, &dark[1], &noise[1]);
	ck_assert_double_gt(dark[0], 100);
	ck_assert_double_eq(dark[0], dark[1]);
	ck_assert_double_eq(noise[0], noise[1]);
	take_frames(whole, PSX_SHUTTER_OPEN, 400, &light[0], &noise[0]);
	take_frames(half, PSX_SHUTTER_OPEN, 400, &light[1], &noise[1]);
	/* sqrt(4000 / 10), and half of it; each known to 1/28 */
	ck_assert_double_eq_tol(noise[0], 20, 2.5);
	ck_assert_double_eq_tol(noise[1], 10, 1.25);
	ck_assert_double_eq_tol(light[0] - dark[0], 4000, 5);
	ck_assert_double_eq_tol(light[1] - dark[1], 1000, 2.5);
	/* An opening of a pitch is no collimator */
	take_frames("scene=blade,photons=10,aperture=3000", PSX_SHUTTER_OPEN, 20, &light[0], &noise[0]);
	take_frames("scene=blade,photons=10", PSX_SHUTTER_OPEN, 20, &light[1], &noise[1]);
	ck_assert_double_eq(light[0], light[1]);
	ck_assert_double_eq(noise[0], noise[1]);
	/* and the open beam comes through it, too */
	take_frames(half, PSX_SHUTTER_BEAM, 400, &light[1], &noise[1]);
	ck_assert_double_eq_tol(light[1] - dark[1], 4095 / 4.0, 2.5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stage");
	TCase *cases = tcase_create("stage");

	tcase_add_test(cases, it_sees_where_it_is);
	tcase_add_test(cases, what_can_not_be_moved);
	tcase_add_test(cases, objects_of_any_size);
	tcase_add_test(cases, through_its_opening);
	tcase_add_test(cases, it_takes_light_alone);
	suite_add_tcase(suite, cases);
	return unit_main(suite);
}
