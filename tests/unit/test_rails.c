// SPDX-License-Identifier: MIT
/* Rails through the library: what is refused, what stays, what a trip does. */
#include <errno.h>
#include <psxdet.h>
#include <string.h>

#include "unit.h"

enum { OFF, RAMPING, ON, TRIPPED };

#define SMALL "sim:width=12,height=9,scene=flat:1000,profile=ideal"

static struct psx_device *open_device(const char *uri)
{
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(uri, &err);

	ck_assert_msg(dev != NULL, "%s", err.message);
	return dev;
}

static const struct psx_device_status *status(struct psx_device *dev)
{
	const struct psx_device_status *st = psx_device_get_status(dev);

	ck_assert_ptr_nonnull(st);
	return st;
}

static void load(struct psx_device *dev)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &geometry, PSX_MODE_SCAN, NULL);

	ck_assert_msg(!psx_device_load(dev, NULL, &bank, 1, NULL), "%s", psx_device_error(dev));
	psx_bank_free(bank);
	psx_kernel_free(kernel);
}

static void run_one(struct psx_device *dev)
{
	struct psx_acquisition *acq = psx_acquisition_start(dev, 1);
	const struct psx_frame *frame;

	ck_assert_msg(acq != NULL, "%s", psx_device_error(dev));
	ck_assert_uint_eq(status(dev)->rails, ON);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 0);
	psx_acquisition_free(acq);
}

START_TEST(they_go_up_and_down)
{
	struct psx_device *dev = open_device(SMALL);
	const struct psx_device_info *info = psx_device_get_info(dev);

	ck_assert_uint_eq(info->rail_mv, 105000);
	ck_assert_uint_eq(status(dev)->rails, OFF);
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	ck_assert_msg(!psx_device_rails_on(dev, NULL), "%s", psx_device_error(dev));
	ck_assert_uint_eq(status(dev)->rails, ON);
	ck_assert_int_eq(status(dev)->rail_mv[0], 105000);
	ck_assert_int_eq(status(dev)->rail_mv[1], -105000);
	ck_assert_uint_eq(status(dev)->slew, 100);
	ck_assert_int_eq(psx_device_beat(dev), 0);
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	ck_assert_uint_eq(status(dev)->rails, OFF);
	ck_assert_int_eq(status(dev)->rail_mv[0], 0);
	psx_device_close(dev);
}
END_TEST

/* The device's own clock tells how long a ramp takes */
START_TEST(slew)
{
	static const uint32_t slews[] = { 1, 10, 100, 1000 };
	const struct psx_rails_options other = { .slew = 500 };

	for (size_t i = 0; i < 4; i++) {
		const struct psx_rails_options options = { .slew = slews[i] };
		struct psx_device *dev = open_device(SMALL);
		const uint64_t begin = status(dev)->device_ns;

		ck_assert_int_eq(psx_device_rails_on(dev, &options), 0);
		ck_assert_uint_eq(status(dev)->device_ns - begin, 105000 / slews[i] * 1000000ull);
		ck_assert_uint_eq(status(dev)->slew, slews[i]);
		/* as they are, or with the slew that they have; no other */
		ck_assert_int_eq(psx_device_rails_on(dev, NULL), 0);
		ck_assert_int_eq(psx_device_rails_on(dev, &options), 0);
		ck_assert_int_eq(psx_device_rails_on(dev, &other), -1);
		ck_assert_int_eq(errno, EBUSY);
		ck_assert_uint_eq(status(dev)->rails, ON);
		psx_device_close(dev);
	}
}
END_TEST

START_TEST(what_is_out_of_range)
{
	static const struct {
		struct psx_rails_options options;
		const char *word;
	} wrong[] = {
		{ { .slew = 1001 }, "the device allows 1000" },
		{ { .slew = UINT32_MAX }, "the device allows 1000" },
		{ { .hold_ms = 86400001 }, "24 hours" },
		{ { .heartbeat_ms = 9 }, "10 ms" },
		{ { .heartbeat_ms = 3600001 }, "1 hour" },
	};
	static const struct psx_rails_options right[] = {
		{ .slew = 1000 }, { .hold_ms = 86400000 }, { .heartbeat_ms = 10 },
		{ .heartbeat_ms = 3600000 },
	};
	struct psx_device *dev = open_device(SMALL);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_eq(psx_device_rails_on(dev, &wrong[i].options), -1);
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_ptr_nonnull(strstr(psx_device_error(dev), wrong[i].word));
		ck_assert_uint_eq(status(dev)->rails, OFF);
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		ck_assert_int_eq(psx_device_rails_on(dev, &right[i]), 0);
		ck_assert_int_eq(psx_device_rails_off(dev), 0);
	}
	psx_device_close(dev);
}
END_TEST

/* An acquisition takes down what it switched on, and nothing else */
START_TEST(acquisitions_leave_them_as_they_were)
{
	struct psx_device *dev = open_device(SMALL);

	load(dev);
	run_one(dev);
	ck_assert_uint_eq(status(dev)->rails, OFF);
	ck_assert_int_eq(psx_device_rails_on(dev, NULL), 0);
	run_one(dev);
	run_one(dev);
	ck_assert_uint_eq(status(dev)->rails, ON);
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	run_one(dev);
	ck_assert_uint_eq(status(dev)->rails, OFF);
	psx_device_close(dev);
}
END_TEST

START_TEST(off_ends_an_acquisition)
{
	struct psx_device *dev = open_device(SMALL);
	struct psx_acquisition *acq;
	const struct psx_frame *frame;

	load(dev);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	ck_assert(!status(dev)->running);
	while (psx_acquisition_next(acq, -1, &frame) == 1)
		;
	psx_acquisition_free(acq);
	ck_assert_uint_eq(status(dev)->rails, OFF);
	psx_device_close(dev);
}
END_TEST

START_TEST(a_trip_stays_until_it_is_cleared)
{
	struct psx_device *dev = open_device(SMALL ",overcurrent_at=3");
	struct psx_acquisition *acq;
	const struct psx_frame *frame;
	int got;

	ck_assert_int_eq(psx_device_clear_trip(dev), -1);
	ck_assert_int_eq(errno, EINVAL);
	load(dev);
	acq = psx_acquisition_start(dev, 100);
	while ((got = psx_acquisition_next(acq, -1, &frame)) == 1)
		;
	ck_assert_int_eq(got, -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_ptr_nonnull(strstr(psx_acquisition_error(acq), "by over-current"));
	ck_assert_uint_eq(status(dev)->rails, TRIPPED);
	ck_assert_uint_eq(status(dev)->cause, 1);
	if (status(dev)->rail_mv[0]) { /* it takes its time */
		ck_assert_int_eq(psx_device_clear_trip(dev), -1);
		ck_assert_int_eq(errno, EBUSY);
	}
	psx_acquisition_free(acq);
	ck_assert_ptr_null(psx_acquisition_start(dev, 1));
	ck_assert_int_eq(errno, EIO);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "until the trip is cleared"));
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	ck_assert_msg(!psx_device_clear_trip(dev), "%s", psx_device_error(dev));
	ck_assert_uint_eq(status(dev)->rails, OFF);
	ck_assert_uint_eq(status(dev)->cause, 0);
	run_one(dev);
	psx_device_close(dev);
}
END_TEST

START_TEST(an_open_interlock)
{
	struct psx_device *dev = open_device(SMALL ",interlock_at=0.5");

	ck_assert_int_eq(psx_device_rails_on(dev, NULL), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "by the open interlock"));
	ck_assert_uint_eq(status(dev)->rails, TRIPPED);
	ck_assert(status(dev)->interlock_open);
	ck_assert_int_eq(psx_device_rails_off(dev), 0);
	ck_assert_int_eq(psx_device_clear_trip(dev), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "interlock is open"));
	psx_device_close(dev);
}
END_TEST

START_TEST(what_is_in_force)
{
	struct psx_device *dev = open_device(SMALL);
	struct psx_channel_info channel = { 0 };

	ck_assert_int_eq(psx_device_get_channels(dev), -1);
	ck_assert_int_eq(errno, ENODATA);
	ck_assert_int_eq(psx_device_get_channel(dev, 0, &channel), -1);
	ck_assert_int_eq(errno, ENODATA);
	load(dev);
	ck_assert_int_eq(psx_device_get_channels(dev), 1);
	ck_assert_int_eq(psx_device_get_channel(dev, 0, &channel), 0);
	ck_assert_uint_eq(channel.k, 3);
	ck_assert_uint_eq(channel.phases, 9);
	ck_assert_int_eq(channel.mode, PSX_MODE_SCAN);
	ck_assert_uint_eq(channel.threshold, 1);
	ck_assert_uint_ge(channel.scale, 8 * 256);
	ck_assert_int_eq(psx_device_get_channel(dev, 1, &channel), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(status(dev)->calibration_id, 0);
	psx_device_close(dev);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rails");
	TCase *tc = tcase_create("rails");

	tcase_add_test(tc, they_go_up_and_down);
	tcase_add_test(tc, slew);
	tcase_add_test(tc, what_is_out_of_range);
	tcase_add_test(tc, acquisitions_leave_them_as_they_were);
	tcase_add_test(tc, off_ends_an_acquisition);
	tcase_add_test(tc, a_trip_stays_until_it_is_cleared);
	tcase_add_test(tc, an_open_interlock);
	tcase_add_test(tc, what_is_in_force);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
