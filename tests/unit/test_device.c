// SPDX-License-Identifier: MIT
/* Devices, loading and acquisitions, on the embedded model. */
#include <errno.h>
#include <psxdet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "unit.h"

static struct psx_device *open_device(const char *uri)
{
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(uri, &err);

	ck_assert_msg(dev != NULL, "%s", err.message);
	return dev;
}

static int load(struct psx_device *dev, const char *const *names, size_t count, uint32_t *cfg_id)
{
	const struct psx_device_info *info = psx_device_get_info(dev);
	struct psx_bank *banks[8] = { NULL };
	int result;

	for (size_t i = 0; i < count; i++) {
		struct psx_kernel *kernel = psx_kernel_preset(names[i], NULL);

		banks[i] = psx_bank_new(kernel, &(struct psx_geometry){ info->width, info->height, 0 }, PSX_MODE_SCAN, NULL);
		psx_kernel_free(kernel);
	}
	result = psx_device_load(dev, NULL, banks, count, cfg_id);
	for (size_t i = 0; i < count; i++)
		psx_bank_free(banks[i]);
	return result;
}

static const char *const log_and_laplacian[] = { "log", "laplacian" };

START_TEST(configurations_count)
{
	struct psx_device *dev = open_device("sim:width=20,height=10,scene=flat:9");
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 20, 10, 0 },
					     PSX_MODE_SCAN, NULL);
	struct psx_bank *banks[] = { bank, bank };
	uint32_t id = 0;

	ck_assert_ptr_null(psx_acquisition_start(dev, 1));
	ck_assert_int_eq(errno, EINVAL);
	for (uint32_t wanted = 1; wanted < 600; wanted++) {
		ck_assert_msg(!psx_device_load(dev, NULL, banks, 2, &id), "%s",
			      psx_device_error(dev));
		ck_assert_uint_eq(id, wanted);
	}
	ck_assert_uint_eq(psx_device_get_status(dev)->cfg_id, 599);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

/* Without a wish the gain is the highest at which full dose, and a beam a tenth above it,
 * can't be clipped */
START_TEST(gain_follows_kernel_and_exposure)
{
	static const struct {
		const char *kernel;
		uint64_t exposure_ns;
		unsigned int pga;
	} table[] = {
		{ "identity", 1000000000, 1 }, { "identity", 100000000, 16 },
		{ "identity", 1000000, 128 },  { "identity", 3000000000, 1 },
		{ "laplacian", 1000000000, 2 }, { "sobel-x", 1000000000, 1 },
		{ "sobel-x", 500000000, 2 },
	};
	struct psx_device *dev = open_device("sim:width=20,height=10,scene=flat:9");
	struct psx_kernel *kernel = psx_kernel_preset(table[_i].kernel, NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 20, 10, 0 },
					     PSX_MODE_SNAP, NULL);
	struct psx_settings *s = psx_settings_new();
	const struct psx_frame *frame;
	struct psx_acquisition *acq;

	ck_assert_int_eq(psx_settings_set_exposure(s, table[_i].exposure_ns), 0);
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), 0);
	acq = psx_acquisition_start(dev, 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_uint_eq(psx_frame_get_info(frame)->pga, table[_i].pga);
	psx_acquisition_free(acq);
	psx_settings_free(s);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

/* Banks that are replaced while frames are made are given back once the new ones are
 * latched: three times what is loaded doesn't fit, so that a leak shows. */
START_TEST(replaced_banks_are_given_back)
{
	enum { K = PSX_KERNEL_MAX_K, CHANNELS = 24 };
	struct psx_device *dev = open_device("sim:profile=ideal,width=32,height=32,scene=flat:9");
	static int16_t codes[K * K * 32 * 32];
	struct psx_bank *banks[CHANNELS], *bank =
		psx_bank_new_codes(K, PSX_MODE_SCAN, &(struct psx_geometry){ 32, 32, 0 }, 256, codes,
				   NULL);
	const struct psx_frame *frame;

	ck_assert_uint_gt(3 * K * K * CHANNELS, psx_device_get_info(dev)->planes);
	for (int i = 0; i < CHANNELS; i++)
		banks[i] = bank;
	for (int round = 0; round < 4; round++) {
		struct psx_acquisition *acq;

		ck_assert_msg(!psx_device_load(dev, NULL, banks, CHANNELS, NULL), "round %d: %s",
			      round, psx_device_error(dev));
		acq = psx_acquisition_start(dev, 3);
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		ck_assert_msg(!psx_device_load(dev, NULL, banks, CHANNELS, NULL), "round %d: %s",
			      round, psx_device_error(dev));
		while (psx_acquisition_next(acq, -1, &frame) == 1)
			;
		psx_acquisition_free(acq);
	}
	psx_bank_free(bank);
	psx_device_close(dev);
}
END_TEST

START_TEST(settings_in_force)
{
	struct psx_device *dev = open_device("sim:width=20,height=10,scene=flat:9");
	struct psx_settings *s = psx_settings_new(), *again;
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 20, 10, 0 },
					     PSX_MODE_SNAP, NULL);

	ck_assert_ptr_null(psx_device_get_settings(dev));
	ck_assert_int_eq(errno, ENODATA);
	ck_assert(!psx_settings_set_polarity(s, PSX_BOTH) && !psx_settings_set_threshold(s, 7) &&
		  !psx_settings_set_pga(s, 8) && !psx_settings_set_exposure(s, 1000000) &&
		  !psx_settings_set_period(s, 1000000000) &&
		  !psx_settings_set_software_trigger(s, true));
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), 0);
	again = psx_device_get_settings(dev);
	ck_assert_ptr_nonnull(again);
	ck_assert(again->polarity == s->polarity && again->threshold == s->threshold &&
		  again->pga == s->pga && again->exposure_ns == s->exposure_ns &&
		  again->period_ns == s->period_ns &&
		  again->software_trigger == s->software_trigger);
	psx_settings_free(s);
	psx_settings_free(again);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

START_TEST(a_new_configuration_shows_in_the_frames)
{
	struct psx_device *dev = open_device("sim:profile=ideal,width=64,height=48");
	const struct psx_frame *frame;
	struct psx_acquisition *acq;
	uint32_t first, second;

	ck_assert_int_eq(load(dev, log_and_laplacian, 1, &first), 0);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_uint_eq(psx_frame_get_info(frame)->cfg_id, first);
	ck_assert_int_eq(load(dev, log_and_laplacian, 2, &second), 0);
	do
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	while (psx_frame_get_info(frame)->cfg_id == first);
	ck_assert_uint_eq(psx_frame_get_info(frame)->cfg_id, second);
	ck_assert_uint_eq(psx_frame_get_info(frame)->channel, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_uint_eq(psx_frame_get_info(frame)->channel, 1);
	psx_acquisition_free(acq);
	psx_device_close(dev);
}
END_TEST

static void check_account(struct psx_acquisition *acq, uint64_t in_flight)
{
	const struct psx_acquisition_stats *stats = psx_acquisition_get_stats(acq);

	ck_assert_uint_eq(stats->dropped, stats->dropped_full + stats->dropped_device);
	ck_assert_uint_eq(stats->made, stats->frames + stats->dropped + stats->discarded +
					       stats->damaged + stats->overrun + in_flight);
}

START_TEST(the_account_is_even)
{
	struct psx_device *dev = open_device("sim:width=64,height=48");
	const struct psx_frame *frame;
	struct psx_acquisition *acq;

	ck_assert_int_eq(load(dev, log_and_laplacian, 2, NULL), 0);
	acq = psx_acquisition_start(dev, 1000);
	ck_assert_ptr_nonnull(acq);
	ck_assert_ptr_null(psx_acquisition_start(dev, 1));
	ck_assert_int_eq(errno, EBUSY);
	for (uint64_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		ck_assert_uint_eq(psx_frame_get_info(frame)->seq, i);
		ck_assert_uint_eq(psx_frame_get_info(frame)->series, 1);
		check_account(acq, 0);
	}
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 0);
	psx_acquisition_free(acq);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_uint_eq(psx_frame_get_info(frame)->series, 2);
	psx_acquisition_abort(acq);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 0);
	check_account(acq, 0);
	psx_acquisition_free(acq);
	psx_device_close(dev);
}
END_TEST

START_TEST(rails_are_up_only_while_frames_are_made)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9");
	struct psx_acquisition *acq;

	ck_assert_int_eq(load(dev, log_and_laplacian, 1, NULL), 0);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 2);
	ck_assert_int_ge(psx_device_get_status(dev)->rail_mv[0], 100000);
	psx_acquisition_free(acq);
	ck_assert_uint_eq(psx_device_get_status(dev)->rails, 0);
	ck_assert_int_eq(psx_device_get_status(dev)->rail_mv[0], 0);
	ck_assert_int_eq(psx_device_get_status(dev)->rail_mv[1], 0);
	psx_device_close(dev);
}
END_TEST

START_TEST(a_device_outlives_close_until_its_acquisition_is_freed)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9");
	const struct psx_frame *frame;
	struct psx_acquisition *acq;

	ck_assert_int_eq(load(dev, log_and_laplacian, 1, NULL), 0);
	acq = psx_acquisition_start(dev, 2);
	psx_device_close(dev);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	psx_acquisition_free(acq);
}
END_TEST

static void *stop_it(void *arg)
{
	psx_acquisition_stop(arg);
	return NULL;
}

/* One frame in a thousand seconds: only a stop that wakes ends this in time. */
START_TEST(stop_wakes_who_waits)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9,rate=0.001");
	const struct psx_frame *frame;
	struct psx_acquisition *acq;
	pthread_t thread;

	ck_assert_int_eq(load(dev, log_and_laplacian, 1, NULL), 0);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_int_eq(psx_acquisition_next(acq, 0, &frame), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_it, acq), 0);
	while (psx_acquisition_next(acq, -1, &frame) == 1)
		;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	check_account(acq, 0);
	psx_acquisition_free(acq);
	psx_device_close(dev);
}
END_TEST

/* A stop that nobody waited for is no reason to interrupt the next acquisition */
START_TEST(a_stop_is_over_with_its_acquisition)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9,rate=1000");
	const struct psx_frame *frame;

	ck_assert_int_eq(load(dev, log_and_laplacian, 1, NULL), 0);
	for (int round = 0; round < 2; round++) {
		struct psx_acquisition *acq = psx_acquisition_start(dev, 3);

		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		psx_acquisition_stop(acq);
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 0);
		psx_acquisition_free(acq);
	}
	psx_device_close(dev);
}
END_TEST

START_TEST(a_software_trigger_makes_one_frame)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9");
	struct psx_settings *s = psx_settings_new();
	struct psx_kernel *kernel = psx_kernel_preset("mean", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 9, 9, 0 }, PSX_MODE_SNAP, NULL);
	const struct psx_frame *frame;
	struct psx_acquisition *acq;

	ck_assert(!psx_device_get_status(dev)->software_trigger);
	ck_assert_int_eq(psx_settings_set_software_trigger(s, true), 0);
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), 0);
	ck_assert(psx_device_get_status(dev)->software_trigger);
	acq = psx_acquisition_start(dev, 0);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(psx_device_trigger(dev), 0);
	ck_assert_int_eq(psx_device_trigger(dev), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), -1);
	psx_acquisition_free(acq);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_settings_free(s);
	psx_device_close(dev);
}
END_TEST

START_TEST(planes_are_read_back)
{
	struct psx_device *dev = open_device("sim:width=13,height=11,scene=flat:9");
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 13, 11, 0 }, PSX_MODE_SCAN, NULL);
	int16_t wanted[143], got[143];

	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), 0);
	for (unsigned int phase = 0; phase < 9; phase++) {
		ck_assert_int_eq(psx_bank_get_plane(bank, phase, wanted), 0);
		ck_assert_int_eq(psx_device_read_plane(dev, 0, phase, got), 0);
		ck_assert_mem_eq(got, wanted, sizeof(wanted));
	}
	ck_assert_int_eq(psx_device_read_plane(dev, 1, 0, got), -1);
	ck_assert_int_eq(errno, EINVAL);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

/* The board's limit is between neighbours of one plane, not between any two biases */
START_TEST(neighbours_may_not_be_too_far_apart)
{
	struct psx_device *dev = open_device("sim:width=6,height=5,scene=flat:9");
	const struct psx_geometry geometry = { 6, 5, 0 };
	int16_t codes[30];

	for (int i = 0; i < 30; i++)
		codes[i] = (int16_t)(i % 6 < 2 ? 32767 : i % 6 < 4 ? 0 : -32767);
	for (int fault = 0; fault < 3; fault++) {
		struct psx_bank *bank;

		if (fault == 1)
			codes[2 * 6] = codes[2 * 6 + 1] = -32767; /* above and below +100 V */
		if (fault == 2) {
			codes[2 * 6] = codes[2 * 6 + 1] = 32767;
			codes[29] = 29000; /* in the last corner */
		}
		bank = psx_bank_new_codes(1, PSX_MODE_SCAN, &geometry, 256, codes, NULL);
		ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), fault ? -1 : 0);
		if (fault) {
			ck_assert_int_eq(errno, ERANGE);
			ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "the device allows 170000"));
		}
		ck_assert_uint_eq(psx_device_get_status(dev)->cfg_id, 1);
		psx_bank_free(bank);
	}
	psx_device_close(dev);
}
END_TEST

/* Banks for another border are for another sensor */
START_TEST(the_border_must_fit)
{
	struct psx_device *dev = open_device("sim:profile=cmos32,scene=flat:9");
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 32, 32, 0 },
					     PSX_MODE_SCAN, NULL);

	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "border"));
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

/* Maps take room like planes: what fits without them does not with them */
START_TEST(maps_take_room)
{
	struct psx_device *dev = open_device("sim:width=20,height=20,mismatch=0,scene=flat:0");
	const struct psx_geometry geometry = { 20, 20, 0 };
	int16_t *codes = calloc(225 * 400, sizeof(*codes));
	struct psx_bank *bank = psx_bank_new_codes(15, PSX_MODE_SCAN, &geometry, 256, codes, NULL);
	struct psx_bank *banks[64];

	ck_assert_uint_eq(psx_device_get_info(dev)->planes, 64 * 225);
	for (int i = 0; i < 64; i++)
		banks[i] = bank;
	ck_assert_int_eq(psx_device_zero(dev, NULL, &bank, 1, 1, NULL), 0);
	ck_assert_int_eq(psx_device_load(dev, NULL, banks, 64, NULL), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_ptr_nonnull(strstr(psx_device_error(dev), "14528 bias planes and maps"));
	ck_assert_int_eq(psx_device_load(dev, NULL, banks, 62, NULL), 0);
	psx_bank_free(bank);
	free(codes);
	psx_device_close(dev);
}
END_TEST

/* What the DACs' monitors show is what was loaded, but where one does not follow */
START_TEST(monitors_are_read)
{
	struct psx_device *dev = open_device("sim:width=13,height=11,stuck=2,scene=flat:9");
	struct psx_kernel *kernel = psx_kernel_preset("laplacian", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 13, 11, 0 },
					     PSX_MODE_SCAN, NULL);
	int16_t plane[143], shown[143];
	int others = 0;

	ck_assert_int_eq(psx_device_read_monitors(dev, 0, 0, shown), -1);
	ck_assert_int_eq(errno, ENODATA);
	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), 0);
	ck_assert_int_eq(psx_device_read_plane(dev, 0, 4, plane), 0);
	ck_assert_int_eq(psx_device_read_monitors(dev, 0, 4, shown), 0);
	for (int i = 0; i < 143; i++)
		others += plane[i] != shown[i];
	ck_assert_int_eq(others, 2);
	psx_bank_free(bank);
	psx_kernel_free(kernel);
	psx_device_close(dev);
}
END_TEST

/* A failed load leaves the configuration in force */
START_TEST(a_refused_load_changes_nothing)
{
	struct psx_device *dev = open_device("sim:width=20,height=10,scene=flat:9");
	struct psx_settings *s = psx_settings_new();
	struct psx_kernel *kernel = psx_kernel_preset("log", NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ 20, 10, 0 }, PSX_MODE_SCAN, NULL);
	struct psx_bank *other = psx_bank_new(kernel, &(struct psx_geometry){ 10, 20, 0 }, PSX_MODE_SCAN, NULL);
	struct psx_bank *none = NULL, *mixed[2] = { bank, NULL };

	mixed[1] = psx_bank_new(kernel, &(struct psx_geometry){ 20, 10, 0 }, PSX_MODE_SNAP, NULL);
	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 1, NULL), 0);
	ck_assert_int_eq(psx_device_load(dev, NULL, &other, 1, NULL), -1);
	ck_assert_int_eq(psx_device_load(dev, NULL, &none, 1, NULL), -1);
	ck_assert_int_eq(psx_device_load(dev, NULL, mixed, 2, NULL), -1);
	ck_assert_int_eq(psx_device_load(dev, NULL, &bank, 0, NULL), -1);
	ck_assert_int_eq(psx_settings_set_exposure(s, 1), 0);
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), -1);
	ck_assert_int_eq(psx_settings_set_exposure(s, 1000000), 0);
	ck_assert_int_eq(psx_settings_set_period(s, 25 * 2000000 - 1), 0);
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(psx_device_get_status(dev)->cfg_id, 1);
	ck_assert_int_eq(psx_settings_set_period(s, 25 * 2000000), 0);
	ck_assert_msg(!psx_device_load(dev, s, &bank, 1, NULL), "%s", psx_device_error(dev));
	psx_bank_free(bank);
	psx_bank_free(other);
	psx_bank_free(mixed[1]);
	psx_kernel_free(kernel);
	psx_settings_free(s);
	psx_device_close(dev);
}
END_TEST

/* Same seed, same frames; the scene is not in the serial number */
START_TEST(a_real_detector_repeats_itself)
{
	static const char uri[] = "sim:width=40,height=30,scene=flat:500,seed=9";
	uint32_t crc[2];

	for (int i = 0; i < 2; i++) {
		struct psx_device *dev = open_device(uri);
		const struct psx_frame *frame;
		struct psx_acquisition *acq;

		ck_assert_int_eq(load(dev, log_and_laplacian, 1, NULL), 0);
		acq = psx_acquisition_start(dev, 1);
		ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
		crc[i] = psx_frame_get_info(frame)->crc32c;
		psx_acquisition_free(acq);
		psx_device_close(dev);
	}
	ck_assert_uint_eq(crc[0], crc[1]);
}
END_TEST

/* What only a device of the driver has is refused by a model in this process */
START_TEST(a_model_has_one_reader_and_no_events)
{
	struct psx_device *dev = open_device("sim:width=9,height=9,scene=flat:9");
	struct psx_device_event event;

	ck_assert_ptr_null(psx_acquisition_join(dev, false));
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(psx_device_next_event(dev, 0, &event), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert_int_eq(psx_device_get_fd(dev), -1);
	ck_assert_int_eq(errno, ENOTSUP);
	ck_assert(!psx_device_get_status(dev)->claimed);
	psx_device_close(dev);
}
END_TEST

START_TEST(sums_of_exposures)
{
	const int16_t values[4] = { 10, -20, 30000, 0 };
	const uint8_t bad[4] = { 0, 0, 1, 0 };
	struct psx_frame_info info = { .width = 2, .height = 2, .scale = 256, .pga = 1, .cfg_id = 1 };
	struct psx_frame *frame = psx_frame_encode(&info, values, 2, NULL), *other, *sum;
	struct psx_accumulator *acc = psx_accumulator_new(2, NULL);
	int16_t got[4];

	ck_assert_ptr_null(psx_accumulator_new(0, NULL));
	ck_assert_int_eq(psx_accumulator_add(acc, frame, NULL), 0);
	ck_assert_int_eq(psx_accumulator_add(acc, frame, NULL), 1);
	ck_assert_int_eq(psx_accumulator_add(acc, frame, NULL), -1);
	ck_assert_int_eq(psx_accumulator_get_maximum(acc, PSX_POSITIVE), 60000);
	sum = psx_accumulator_take(acc, 21, PSX_BOTH, NULL);
	ck_assert_ptr_nonnull(sum);
	ck_assert_uint_eq(psx_frame_get_info(sum)->effective, 2);
	ck_assert_uint_eq(psx_frame_get_info(sum)->saturated, 1);
	ck_assert_int_eq(psx_frame_to_dense(sum, got, 2, NULL), 0);
	ck_assert_int_eq(got[0], 0);
	ck_assert_int_eq(got[1], -40);
	ck_assert_int_eq(got[2], 32767);
	info.cfg_id = 2;
	other = psx_frame_encode(&info, values, 2, NULL);
	ck_assert_int_eq(psx_accumulator_add(acc, frame, NULL), 0);
	ck_assert_int_eq(psx_accumulator_add(acc, other, NULL), -1);
	ck_assert_int_eq(psx_frame_mark(other, bad, NULL), 0);
	ck_assert_int_eq(psx_accumulator_add(acc, other, NULL), 0);
	ck_assert_int_eq(psx_accumulator_add(acc, other, NULL), 1);
	ck_assert_int_eq(psx_accumulator_get_maximum(acc, PSX_POSITIVE), 20);
	ck_assert_int_eq(psx_accumulator_get_maximum(acc, PSX_BOTH), 40);
	psx_frame_free(sum);
	psx_frame_free(other);
	psx_frame_free(frame);
	psx_accumulator_free(acc);
}
END_TEST

START_TEST(bad_uris_are_refused)
{
	static const char *const bad[] = {
		"", "sim", "nonsense", "sim:width=0", "sim:width=1.5", "sim:width=1e9", "sim:width",
		"sim:=5", "sim:frob=1", "sim:width=12,,height=3", "sim:rate=1e-9", "sim:mismatch=nan",
		"sim:profile=ideal,photons=3", "sim:scene=/nowhere/x.pgm", "/dev/psxdet99",
		"/dev/null", "/dev/", "serial:", "serial:0123456789",
	};
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(bad[_i], &err);

	if (!strcmp(bad[_i], "sim")) {
		ck_assert_ptr_nonnull(dev);
		psx_device_close(dev);
		return;
	}
	ck_assert_msg(dev == NULL, "'%s' opened", bad[_i]);
	ck_assert_int_ne(err.code, 0);
	ck_assert_int_eq(errno, err.code);
	ck_assert_uint_gt(strlen(err.message), 5);
	ck_assert_ptr_null(strchr(err.message, '\n'));
	errno = 0;
	ck_assert_ptr_null(psx_device_open(bad[_i], NULL));
	ck_assert_int_eq(errno, err.code);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device");
	TCase *c = tcase_create("device");

	tcase_add_test(c, configurations_count);
	tcase_add_loop_test(c, gain_follows_kernel_and_exposure, 0, 7);
	tcase_add_test(c, settings_in_force);
	tcase_add_test(c, replaced_banks_are_given_back);
	tcase_add_test(c, a_new_configuration_shows_in_the_frames);
	tcase_add_test(c, the_account_is_even);
	tcase_add_test(c, rails_are_up_only_while_frames_are_made);
	tcase_add_test(c, a_device_outlives_close_until_its_acquisition_is_freed);
	tcase_add_test(c, stop_wakes_who_waits);
	tcase_add_test(c, a_stop_is_over_with_its_acquisition);
	tcase_add_test(c, a_software_trigger_makes_one_frame);
	tcase_add_test(c, planes_are_read_back);
	tcase_add_test(c, neighbours_may_not_be_too_far_apart);
	tcase_add_test(c, the_border_must_fit);
	tcase_add_test(c, maps_take_room);
	tcase_add_test(c, monitors_are_read);
	tcase_add_test(c, a_refused_load_changes_nothing);
	tcase_add_test(c, a_real_detector_repeats_itself);
	tcase_add_test(c, a_model_has_one_reader_and_no_events);
	tcase_add_test(c, sums_of_exposures);
	tcase_add_loop_test(c, bad_uris_are_refused, 0, 19);
	tcase_set_timeout(c, 120);
	suite_add_tcase(suite, c);
	return unit_main(suite);
}
