// SPDX-License-Identifier: MIT
/* What is not ideal, in device time and in numbers: dark current, bending, settling,
 * defects, monitors, leakage and trips, against closed forms in floating point. */
#include <math.h>
#include <stdlib.h>

#include "rig.h"

#define W	    13u
#define H	    11u
#define SECOND	    (1000 * MS)
#define FULL	    4095
#define NANOAMPERES (494e-6 * 360.5e-6 * 0.09 * 1e9) /* weight 1, 494 uGy/s, 9 mm2 */
#define TRIPPED(c)  (PSX_RAIL_STATE_TRIPPED | (c) << 8)

/* No noise and mismatch; the scale is 1 and bits are grey levels */
static struct psx_model_config quiet(enum psx_model_profile profile, u32 w, u32 h)
{
	struct psx_model_config config = make_config(profile, w, h);

	config.mismatch_ppm = config.photons = config.read_noise_milli = 0;
	return config;
}

/* One code everywhere, k = 1, in the dark unless the shutter says otherwise */
static void make_flat(const struct psx_model_config *config, s16 code, u64 exposure, u32 shutter)
{
	make_from(config);
	load_flat_bank(0, 1, 1, code);
	wr64(PSX_REG_CFG_EXPOSURE_LO, exposure);
	wr(PSX_REG_SHUTTER, shutter);
	enable_ring(12, 8, 3);
	rails_on();
}

/* Levels a second at 25 degrees */
static double dark(double code)
{
	return code / 32767 * (code > 0 ? 166 : 14) / NANOAMPERES * FULL;
}

static double lag(double exposure_s)
{
	return 2e-4 / exposure_s * exp(-5) * (1 - exp(-exposure_s / 2e-4));
}

START_TEST(dark_current_is_that_of_its_bias)
{
	static const struct {
		s16 code;
		s32 mc;
		u64 exposure;
	} table[] = {
		{ 5000, 25000, SECOND }, { -32767, 25000, SECOND }, { 3000, 35000, SECOND / 2 },
		{ 32767, -40000, 10 * SECOND }, { -20000, 15000, 3 * SECOND }, { 9000, 21300, SECOND / 4 },
		{ 0, 100000, SECOND }, { 32767, 25000, SECOND / 8 },
	};
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);
	double seconds = (double)table[_i].exposure / SECOND, wanted;
	struct frame f;

	config.faults.temperature_mc = table[_i].mc;
	make_flat(&config, table[_i].code, table[_i].exposure, PSX_SHUTTER_CLOSED);
	ck_assert_int_eq((s32)rd(PSX_REG_TEMPERATURE), table[_i].mc);
	ck_assert_uint_ne(rd(PSX_REG_CAPS) & PSX_CAPS_OFFSET, 0);
	commit_bank(0, PSX_MODE_REG_SCAN);
	shoot(&f);
	wanted = dark(table[_i].code) * seconds * pow(2, (table[_i].mc - 25000) / 1e4);
	wanted *= 1 - (lag(seconds) < 1e-5 ? 0 : lag(seconds));
	ck_assert_msg(fabs(f.values[70] - wanted) <= 0.75, "%d, not %.2f", f.values[70], wanted);
	ck_assert_uint_eq(f.c.saturated, 0);
}
END_TEST

START_TEST(dark_current_saturates_without_its_offset)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);
	s16 offset[W * H];
	struct frame f;

	config.faults.temperature_mc = 25000;
	make_flat(&config, 32767, SECOND, PSX_SHUTTER_CLOSED);
	commit_bank(0, PSX_MODE_REG_SCAN);
	shoot(&f);
	ck_assert_uint_eq(f.c.saturated, W * H);
	load_flat_bank(1, 1, 1, 32767);
	for (u32 i = 0; i < W * H; i++)
		offset[i] = 10000;
	load_all(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 1, 0), offset);
	commit_bank(1, PSX_MODE_REG_SCAN);
	shoot(&f);
	ck_assert_uint_eq(f.c.saturated, 0);
	ck_assert_double_eq_tol(f.values[0], dark(32767) - 40000, 0.75);
}
END_TEST

/* Spread by the mismatch, but about nominal, and not as the response */
START_TEST(dark_current_has_a_deviation)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, 64, 64);
	double sum = 0, squares = 0, nominal = dark(5000);
	struct frame f;

	config.mismatch_ppm = 20000;
	config.faults.temperature_mc = 25000;
	make_flat(&config, 5000, SECOND, PSX_SHUTTER_CLOSED);
	commit_bank(0, PSX_MODE_REG_SCAN);
	shoot(&f);
	for (u32 i = 0; i < 4096; i++) {
		sum += f.values[i] / nominal - 1;
		squares += pow(f.values[i] / nominal - 1, 2);
	}
	ck_assert_double_lt(fabs(sum / 4096), 0.001);
	ck_assert_double_eq_tol(sqrt(squares / 4096), 0.02, 0.001);
}
END_TEST

/* Bending, by the forms of docs/sensor.md; the open beam is 4095 levels */
START_TEST(response_bends_beyond_its_range)
{
	static const double rates[] = { 0.1, 0.165, 1, 494, 5000, 32920, 100000, 329200 };
	const bool bare = _i & 8;
	struct psx_model_config config =
		quiet(bare ? PSX_PROFILE_UNPASSIVATED : PSX_PROFILE_REAL, W, H);
	double r = rates[_i & 7], a = (bare ? 32920 / pow(10, 3.4) : 0.165) / 19;
	double seconds = r < 10 ? 50 : 494 / r, line = FULL * r / 494 * seconds, got, wanted;
	double current = dark(UNIT_CODE) * (bare ? 3 : 1) * pow(2, -6.5) * seconds;
	s16 steps = (s16)(current / 4), offset[W * H];
	struct frame f;

	config.dose_rate_pgy_s = (u64)llround(r * 1e6);
	make_flat(&config, UNIT_CODE, (u64)(seconds * 1e9), PSX_SHUTTER_BEAM);
	ck_assert_uint_eq(rd(PSX_REG_SHUTTER), PSX_SHUTTER_BEAM);
	ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_SHUTTER_OPEN, 0);
	for (u32 i = 0; i < W * H; i++)
		offset[i] = steps;
	load_all(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 0, 0), offset);
	wr(PSX_REG_CFG_PGA, r < 10 ? 2 : 0);
	wr(PSX_REG_BANK_SCALE, r < 10 ? 32 * 256 : 256);
	commit_bank(0, PSX_MODE_REG_SCAN);
	shoot(&f);
	ck_assert_uint_eq(f.c.saturated, 0);
	got = f.values[0] / (r < 10 ? 32.0 : 1) - (current - 4.0 * steps);
	wanted = line * r / (r + a) / (1 + pow(r / 32920, 4) / 19);
	if (!bare && (r == 0.165 || r == 32920))
		ck_assert_double_eq_tol(wanted / line, 0.95, 1e-5);
	wanted *= 1 - (seconds < 0.13 ? lag(seconds) : 0);
	ck_assert_msg(fabs(got - wanted) <= (r < 10 ? 0.06 : 1) + 1e-3 * wanted,
		      "%g uGy/s: %.3f, not %.3f", r, got, wanted);
}
END_TEST

/* The first frame comes from 0 V, the next from this bank's last plane */
START_TEST(biases_settle)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);
	s16 planes[9 * W * H];
	double expected, unit;
	struct frame f[2];

	for (u32 i = 0; i < 9 * W * H; i++)
		planes[i] = i / (W * H) < 8 ? 0 : UNIT_CODE;
	config.dose_rate_pgy_s = 100 * PSX_NOMINAL_PGY_S;
	config.faults.temperature_mc = 25000;
	make_from(&config);
	load_bank(0, 3, 9, planes);
	load_scene(1000, 1, 1);
	wr(PSX_REG_BANK_SCALE, 16384);
	wr(PSX_REG_CFG_PGA, 2);
	wr64(PSX_REG_CFG_EXPOSURE_LO, MS);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 8, 3);
	rails_on();
	grant();
	start(2);
	while (running())
		advance(psx_model_next_event(m));
	ck_assert(take(&f[0]));
	ck_assert(take(&f[1]));
	/* phase 0 makes the pixel (1, 1), nine sub-pixels of 1000 levels * 0.1 */
	unit = 9 * (1000 * 0.1 + dark(UNIT_CODE) * 1e-3);
	expected = unit * lag(1e-3) * 64;
	ck_assert_int_eq(f[0].values[W + 1], 0);
	ck_assert_msg(fabs(f[1].values[W + 1] - expected) <= 2, "%d, not %.2f",
		      f[1].values[W + 1], expected);
	ck_assert_double_gt(expected, 100);
	shoot(&f[1]);
	ck_assert_int_eq(f[1].values[W + 1], 0);
}
END_TEST

/* ------------------------------------------------------------- defects -- */

/* k = 1: outputs are sub-pixels */
START_TEST(defects_are_where_they_are)
{
	struct psx_model_config config = quiet(_i ? PSX_PROFILE_CMOS32 : PSX_PROFILE_REAL,
					       _i ? 32 : W, _i ? 32 : H);
	u32 seen[4] = { 0 }, border = (u32)_i, inner;
	s16 monitors[MAX_AREA];
	struct frame f, g;

	config.dead = 3;
	config.hot = 4;
	config.stuck = 5;
	config.faults.readback = 6;
	make_flat(&config, 300, SECOND, PSX_SHUTTER_CLOSED);
	ck_assert_uint_eq(rd(PSX_REG_BORDER), border);
	load(PSX_LOAD_TARGET(PSX_LOAD_READBACK, 0, 0), 0, area_bytes(), PSX_LOAD_READ);
	check_taken();
	memcpy(monitors, host.memory[STAGING], area_bytes());
	commit_bank(0, PSX_MODE_REG_SCAN);
	ck_assert_uint_eq(rd(PSX_REG_READBACK_FAULTS), 11);
	shoot(&f);
	wr(PSX_REG_SHUTTER, PSX_SHUTTER_BEAM);
	shoot(&g);
	for (u32 i = 0; i < width * height; i++) {
		u32 x = i % width, y = i / width;
		bool edge = x < border || y < border || x >= width - border || y >= height - border;
		/* 388 levels a second at 25 degrees, 4.3 in the frost */
		bool blind = f.values[i] == 0 && g.values[i] == 0;
		bool hot = monitors[i] == 300 && f.values[i] > 400;

		inner = !edge;
		if (edge)
			ck_assert(blind && monitors[i] == 300);
		seen[0] += inner && blind;
		seen[1] += inner && hot;
		seen[2] += monitors[i] != 300 && monitors[i] != (300 ^ 1);
		seen[3] += monitors[i] == (300 ^ 1);
		if (monitors[i] != 300 && seen[2] + seen[3] == 1)
			ck_assert_uint_eq(rd(PSX_REG_READBACK_FIRST), i);
		if (monitors[i] != 300 && monitors[i] != (300 ^ 1))
			ck_assert_double_eq_tol(f.values[i], dark(monitors[i]) * pow(2, -6.5), 0.75);
		else if (inner && !blind && !hot)
			ck_assert_int_eq(f.values[i], 4);
	}
	ck_assert_uint_eq(seen[0], 3);
	ck_assert_uint_eq(seen[1], 4);
	ck_assert_uint_eq(seen[2], 5);
	ck_assert_uint_eq(seen[3], 6);
	/* who is stuck at the very code that was loaded has followed */
	load_bank(1, 1, 1, monitors);
	commit_bank(1, PSX_MODE_REG_SCAN);
	ck_assert_uint_eq(rd(PSX_REG_READBACK_FAULTS), 6);
}
END_TEST

START_TEST(defects_have_room)
{
	struct psx_model_config config = quiet(PSX_PROFILE_CMOS32, 32, 32);
	int error;

	config.dead = 300;
	config.hot = 300;
	config.stuck = 300;
	make_from(&config);
	psx_model_destroy(m);
	m = NULL;
	config.stuck++;
	ck_assert_ptr_null(create(&config, &error));
	ck_assert_int_eq(error, -EINVAL);
	config = quiet(PSX_PROFILE_IDEAL, 8, 8);
	config.dead = 1;
	ck_assert_ptr_null(create(&config, &error));
	config = quiet(PSX_PROFILE_MACROPIXEL, 3, 4);
	ck_assert_ptr_null(create(&config, &error));
	config = quiet(PSX_PROFILE_CMOS32, 33, 32);
	ck_assert_ptr_null(create(&config, &error));
}
END_TEST

START_TEST(monitors_are_read_only)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);
	const u32 target = PSX_LOAD_TARGET(PSX_LOAD_READBACK, 0, 8);
	const s16 *codes = (const s16 *)host.memory[STAGING];

	config.faults.readback = W * H + 7; /* as many as there are */
	make_from(&config);
	shape(0, 3, 9);
	load(target, 0, 2, PSX_LOAD_READ);
	check_refused(PSX_ERR_INCOMPLETE, PSX_REG_LOAD_GO);
	load_flat_bank(0, 3, 9, 100);
	load(target, 0, 2, PSX_LOAD_WRITE);
	check_refused(PSX_ERR_RANGE, PSX_REG_LOAD_GO);
	load(PSX_LOAD_TARGET(PSX_LOAD_READBACK, 0, 9), 0, 2, PSX_LOAD_READ);
	check_refused(PSX_ERR_RANGE, PSX_REG_LOAD_GO);
	load(target, area_bytes(), 2, PSX_LOAD_READ);
	check_refused(PSX_ERR_RANGE, PSX_REG_LOAD_GO);
	load(target, 4, 6, PSX_LOAD_READ);
	check_taken();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(codes[i], 101);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 8), 4, 6, PSX_LOAD_READ);
	ck_assert_int_eq(codes[0], 100);
	commit_bank(0, PSX_MODE_REG_SCAN);
	ck_assert_uint_eq(rd(PSX_REG_READBACK_FAULTS), W * H);
	config.faults.readback = 0;
	psx_model_set_faults(m, &config.faults);
	commit();
	ck_assert_uint_eq(rd(PSX_REG_READBACK_FAULTS), 0);
	ck_assert_uint_eq(rd(PSX_REG_READBACK_FIRST), 0);
}
END_TEST

/* --------------------------------------------------- leakage and trips -- */

static s32 leakage(void)
{
	return (s32)rd(PSX_REG_LEAKAGE_PA);
}

/* Two channels, of one and nine planes: the mean is over planes */
START_TEST(leakage_is_that_of_the_codes)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);
	const double unit = 1e4 / 9e6 / 32767 * (W * H - 2 + 99);
	double wanted;

	config.dead = 2;
	config.hot = 1;
	config.faults.temperature_mc = 35000;
	make_from(&config);
	rails_on();
	ck_assert_int_eq(leakage(), 0);
	load_flat_bank(0, 1, 1, 20000);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), 0, area_bytes(), PSX_LOAD_WRITE);
	load_flat_bank(1, 3, 9, -10000);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 1);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 1);
	commit_bank(0, PSX_MODE_REG_SCAN);
	wanted = 2 * unit * 20000 * 166000;
	ck_assert_double_eq_tol(leakage(), wanted, wanted * 1e-5 + 1);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 2);
	commit();
	wanted = (wanted - 9 * 2 * unit * 10000 * 14000) / 10;
	ck_assert_double_eq_tol(leakage(), wanted, wanted * 1e-5 + 1);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	advance(FULL_RAIL_NS / 2);
	ck_assert_double_eq_tol(leakage(), wanted / 2, wanted * 1e-5 + 1);
	advance(FULL_RAIL_NS / 2);
	ck_assert_int_eq(leakage(), 0);
}
END_TEST

START_TEST(interlock_trips)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);

	config.faults.interlock_ns = 2 * FULL_RAIL_NS;
	make_flat(&config, 100, SECOND, 1);
	commit_bank(0, PSX_MODE_REG_SCAN);
	start(0);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	ck_assert_uint_eq(psx_model_next_event(m), 0); /* the frame begins */
	advance(0);
	advance(FULL_RAIL_NS - 1);
	ck_assert_uint_eq(psx_model_next_event(m), 1);
	ck_assert_uint_eq(rd(PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN, 0);
	ck_assert(running());
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	advance(1);
	ck_assert(!running());
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_RAIL | PSX_IRQ_DONE);
	ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN, 0);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), TRIPPED(PSX_TRIP_INTERLOCK));
	advance(FULL_RAIL_NS);
	refuse(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR, PSX_ERR_STATE);
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN, 0);
	config.faults.interlock_ns = NEVER;
	psx_model_set_faults(m, &config.faults);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_RAIL);
	ck_assert_uint_eq(rd(PSX_REG_STATUS) & PSX_STATUS_INTERLOCK_OPEN, 0);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), TRIPPED(PSX_TRIP_INTERLOCK));
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
	check_taken();
	rails_on();
}
END_TEST

/* Opened while there is no voltage: nothing trips, nothing can be switched on */
START_TEST(open_interlock_refuses_on)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);

	config.faults.interlock_ns = 5 * MS;
	make_from(&config);
	ck_assert_uint_eq(psx_model_next_event(m), 5 * MS);
	advance(5 * MS);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_RAIL);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_OFF);
	ck_assert_uint_eq(psx_model_next_event(m), NEVER);
	refuse(PSX_REG_RAIL_CTRL, PSX_RAIL_ON, PSX_ERR_STATE);
	config.faults.interlock_ns = 6 * MS;
	psx_model_set_faults(m, &config.faults);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	check_taken();
	advance(MS);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), TRIPPED(PSX_TRIP_INTERLOCK));
}
END_TEST

START_TEST(breakdown_trips_once)
{
	struct psx_model_config config = quiet(PSX_PROFILE_REAL, W, H);

	config.faults.overcurrent_ns = 500 * MS;
	make_from(&config);
	ck_assert_uint_eq(psx_model_next_event(m), NEVER); /* it would do nothing */
	load_flat_bank(0, 1, 1, 20000);
	commit_bank(0, PSX_MODE_REG_SCAN);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	ck_assert_uint_eq(psx_model_next_event(m), 500 * MS);
	advance(500 * MS - 1);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_RAMPING);
	advance(1);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), TRIPPED(PSX_TRIP_CURRENT));
	ck_assert_int_eq(leakage(), 0x7fffffff);
	/* the host's other faults are said together with the one that has been */
	config.faults.temperature_mc = 20000;
	psx_model_set_faults(m, &config.faults);
	advance(499 * MS);
	ck_assert_int_eq(leakage(), 0x7fffffff);
	advance(MS);
	ck_assert_int_eq(leakage(), 0);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
	check_taken();
	rails_on();
	psx_model_set_faults(m, &config.faults);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_ON);
	config.faults.overcurrent_ns = 0;
	psx_model_set_faults(m, &config.faults);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), TRIPPED(PSX_TRIP_CURRENT));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tc = add_case(suite, "crystal");

	tcase_add_loop_test(tc, dark_current_is_that_of_its_bias, 0, 8);
	tcase_add_test(tc, dark_current_saturates_without_its_offset);
	tcase_add_test(tc, dark_current_has_a_deviation);
	tcase_add_loop_test(tc, response_bends_beyond_its_range, 0, 16);
	tcase_add_test(tc, biases_settle);
	tc = add_case(suite, "defects");
	tcase_add_loop_test(tc, defects_are_where_they_are, 0, 2);
	tcase_add_test(tc, defects_have_room);
	tcase_add_test(tc, monitors_are_read_only);
	tc = add_case(suite, "trips");
	tcase_add_test(tc, leakage_is_that_of_the_codes);
	tcase_add_test(tc, interlock_trips);
	tcase_add_test(tc, open_interlock_refuses_on);
	tcase_add_test(tc, breakdown_trips_once);
	return unit_main(suite);
}
