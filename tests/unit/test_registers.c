// SPDX-License-Identifier: MIT
/* The register file of docs/registers.md, driven as a driver would drive it, and worse. */
#include <stdlib.h>

#include "rig.h"

/* ------------------------------------------------------ values at reset -- */

struct at_reset {
	u32 reg, value;
};

static const struct at_reset at_reset[] = {
	{ PSX_REG_ID, PSX_ID }, { PSX_REG_VERSION, PSX_VERSION_1_1 },
	{ PSX_REG_CAPS, PSX_CAPS_SHUTTER | PSX_CAPS_SCENE },
	{ PSX_REG_WIDTH, 13 }, { PSX_REG_HEIGHT, 11 },
	{ PSX_REG_MAX_K, 15 }, { PSX_REG_BANKS, 256 },
	{ PSX_REG_PLANES, 14400 }, { PSX_REG_DEPTH, 0x1010 },
	{ PSX_REG_PITCH, 100 }, { PSX_REG_MAX_MV, 100000 },
	{ PSX_REG_NEIGHBOUR_MV, 170000 }, { PSX_REG_SETTLE_NS, 1000000 },
	{ PSX_REG_EXPOSURE_MIN_NS, 1000 }, { PSX_REG_EXPOSURE_MAX_MS, 100000 },
	{ PSX_REG_NAME, 0x2d6d6973 }, { PSX_REG_NAME + 4, 0x61656469 },
	{ PSX_REG_NAME + 8, 0x6c }, { PSX_REG_SEGS_MAX, 4096 },
	{ PSX_REG_SEG_SHIFT_MAX, 30 }, { PSX_REG_CQ_SHIFT_MAX, 20 },
	{ PSX_REG_SLEW_MAX, 1000 }, { PSX_REG_RAIL_MV, 105000 },
	{ PSX_REG_SCENE_WIDTH, 13 }, { PSX_REG_SCENE_HEIGHT, 11 },
	{ PSX_REG_PAYLOAD_MAX, 2 * 13 * 11 + 2 + 128 },
	{ PSX_REG_STATUS, PSX_STATUS_SHUTTER_OPEN },
	{ PSX_REG_CFG_EXPOSURE_LO, 1000000000 }, { PSX_REG_RAIL_SLEW, 100 },
	{ PSX_REG_TEMPERATURE, 25000 }, { PSX_REG_SHUTTER, 1 },
};

static bool is_serial(u32 reg)
{
	return reg >= PSX_REG_SERIAL && reg < PSX_REG_NAME;
}

static void check_at_reset(void)
{
	u32 wanted[PSX_REG_SPACE / 4] = { 0 };

	for (size_t i = 0; i < sizeof(at_reset) / sizeof(at_reset[0]); i++)
		wanted[at_reset[i].reg / 4] = at_reset[i].value;
	for (u32 reg = 0; reg < PSX_REG_SPACE; reg += 4)
		if (!is_serial(reg) && reg != PSX_REG_CLOCK_LO && reg != PSX_REG_CLOCK_HI)
			ck_assert_msg(rd(reg) == wanted[reg / 4], "0x%03x is 0x%x, not 0x%x", reg,
				      rd(reg), wanted[reg / 4]);
}

START_TEST(value_at_reset)
{
	make(13, 11);
	check_at_reset();
	ck_assert_uint_eq(rd64(PSX_REG_CLOCK_LO), 0);
}
END_TEST

START_TEST(reset_undoes_everything)
{
	make_ready(13, 11);
	shape(1, 1, 1);
	load_all(PSX_LOAD_TARGET(PSX_LOAD_DARK, 1, 0), host.memory[DATA]);
	check_taken();
	wr(PSX_REG_WATCHDOG_MS, 5000);
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_ALL);
	start(0);
	advance(FRAME_NS * 3 / 2);
	commit_bank(0, PSX_MODE_REG_SCAN);
	ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_COMMIT_PENDING, 0);
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_RAMPING);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_POS_MV), 105000);
	advance(FULL_RAIL_NS);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_RAIL);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	check_at_reset();
	ck_assert_uint_gt(rd64(PSX_REG_CLOCK_LO), 2 * FULL_RAIL_NS);
}
END_TEST

static void check_stage(u32 x, u32 y)
{
	ck_assert_uint_eq(rd(PSX_REG_STAGE_X), x);
	ck_assert_uint_eq(rd(PSX_REG_STAGE_Y), y);
}

/* Also one that is on its way: it is wanted where it is */
START_TEST(reset_stops_the_stage)
{
	struct psx_model_config config = make_config(PSX_PROFILE_MACROPIXEL, 3, 3);

	make_from(&config);
	check_stage(0, 0);
	wr(PSX_REG_STAGE_X, 4500);
	wr(PSX_REG_STAGE_Y, (u32)-3000);
	check_stage(4500, (u32)-3000);
	config.faults.stage_held = true;
	psx_model_set_faults(m, &config.faults);
	wr(PSX_REG_STAGE_X, 9000);
	wr(PSX_REG_CTRL, PSX_CTRL_RESET);
	check_stage(4500, (u32)-3000);
	config.faults.stage_held = false;
	psx_model_set_faults(m, &config.faults);
	check_stage(4500, (u32)-3000);
}
END_TEST

/* No frame is taken of an object that moves */
START_TEST(stage_holds_start_up)
{
	struct psx_model_config config = make_config(PSX_PROFILE_MACROPIXEL, 3, 3);
	u32 axis;

	make_from(&config);
	load_flat_bank(0, 1, 1, UNIT_CODE);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 8, 3);
	rails_on();
	grant();
	for (axis = PSX_REG_STAGE_X; axis <= PSX_REG_STAGE_Y; axis += 4) {
		config.faults.stage_held = true;
		psx_model_set_faults(m, &config.faults);
		wr(axis, 9000);
		ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_STAGE_MOVING, 0);
		refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
		/* Sent to where it is, it is there */
		wr(axis, 0);
		ck_assert_uint_eq(rd(PSX_REG_STATUS) & PSX_STATUS_STAGE_MOVING, 0);
		start(0);
		wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
		wr(axis, 9000);
		config.faults.stage_held = false;
		psx_model_set_faults(m, &config.faults);
		ck_assert_uint_eq(rd(PSX_REG_STATUS) & PSX_STATUS_STAGE_MOVING, 0);
		start(0);
		wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
		check_taken();
	}
}
END_TEST

START_TEST(profile_has_a_name)
{
	const struct psx_kind *kind = &psx_kinds[_i];
	const char *end = memchr(kind->name, '\0', sizeof(kind->name));

	ck_assert_ptr_nonnull(end);
	ck_assert_int_le(end - kind->name, 16); /* registers */
	ck_assert_int_eq(strncmp(kind->name, "sim-", 4), 0);
	ck_assert_uint_ne(strlen(psx_profile_name((enum psx_model_profile)_i)), 0);
}
END_TEST

START_TEST(serial_tells_devices_apart)
{
	struct psx_model_config config = make_config(PSX_PROFILE_IDEAL, 8, 8);
	u32 first[4], other = 0;

	make_from(&config);
	for (u32 i = 0; i < 4; i++)
		first[i] = rd(PSX_REG_SERIAL + 4 * i);
	psx_model_destroy(m);
	config.seed++;
	make_from(&config);
	for (u32 i = 0; i < 4; i++)
		other += first[i] != rd(PSX_REG_SERIAL + 4 * i);
	ck_assert_uint_ge(other, 3);
}
END_TEST

/* ---------------------------------------------------------- bad values -- */

struct bad {
	u32 reg;
	u64 value;
	u32 code;
	bool wide;
};

static const struct bad bad[] = {
	{ PSX_REG_CTRL, 0, PSX_ERR_RANGE, false }, { PSX_REG_CTRL, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_IRQ_ENABLE, 0x80, PSX_ERR_RANGE, false },
	{ PSX_REG_LOAD_GO, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_LOAD_GO, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SEL, 256, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SHAPE, 2 | 4 << 8, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SHAPE, 17 | 1 << 8, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SHAPE, 3 | 8 << 8, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SHAPE, 0 | 1 << 8, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SHAPE, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_BANK_SCALE, 256, PSX_ERR_INCOMPLETE, false },
	{ PSX_REG_BANK_THRESHOLD, 1, PSX_ERR_INCOMPLETE, false },
	{ PSX_REG_CFG_MODE, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_POLARITY, 2, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_PGA, 8, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_TRIGGER, 2, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_EXPOSURE_LO, 999, PSX_ERR_RANGE, true },
	{ PSX_REG_CFG_EXPOSURE_LO, 100000 * MS + 1, PSX_ERR_RANGE, true },
	{ PSX_REG_CFG_PERIOD_LO, 1ull << 56, PSX_ERR_RANGE, true },
	{ PSX_REG_CFG_SCHEDULE_LEN, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_SCHEDULE_LEN, 257, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_SCHEDULE_SEL, 256, PSX_ERR_RANGE, false },
	{ PSX_REG_CFG_SCHEDULE_BANK, 256, PSX_ERR_RANGE, false },
	{ PSX_REG_COMMIT, 1, PSX_ERR_INCOMPLETE, false },
	{ PSX_REG_RAIL_CTRL, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR, PSX_ERR_STATE, false },
	{ PSX_REG_RAIL_SLEW, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_RAIL_SLEW, 1001, PSX_ERR_RANGE, false },
	{ PSX_REG_ACQ_CTRL, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_ACQ_CTRL, 4, PSX_ERR_RANGE, false },
	{ PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE, false },
	{ PSX_REG_TRIGGER, 1, PSX_ERR_STATE, false },
	{ PSX_REG_SHUTTER, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_SEL, 4096, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_ADDR_LO, 2048, PSX_ERR_RANGE, true },
	{ PSX_REG_SEG_SHIFT, 11, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_SHIFT, 31, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_COUNT, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_COUNT, 3, PSX_ERR_RANGE, false },
	{ PSX_REG_SEG_COUNT, 8192, PSX_ERR_RANGE, false },
	{ PSX_REG_CQ_ADDR_LO, 64, PSX_ERR_RANGE, true },
	{ PSX_REG_CQ_SHIFT, 0, PSX_ERR_RANGE, false },
	{ PSX_REG_CQ_SHIFT, 21, PSX_ERR_RANGE, false },
	{ PSX_REG_RING_CTRL, 2, PSX_ERR_RANGE, false },
	{ PSX_REG_RING_CTRL, 1, PSX_ERR_INCOMPLETE, false },
};

#define BAD ((int)(sizeof(bad) / sizeof(bad[0])))

START_TEST(bad_value_is_ignored)
{
	make(13, 11);
	if (bad[_i].wide)
		refuse64(bad[_i].reg, bad[_i].value, bad[_i].code);
	else
		refuse(bad[_i].reg, (u32)bad[_i].value, bad[_i].code);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_ERROR);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
	check_at_reset();
}
END_TEST

START_TEST(bank_and_grant_values)
{
	make(13, 11);
	shape(5, 3, 9);
	refuse(PSX_REG_BANK_SCALE, 0, PSX_ERR_RANGE);
	refuse(PSX_REG_BANK_SCALE, 65536, PSX_ERR_RANGE);
	refuse(PSX_REG_BANK_THRESHOLD, 32768, PSX_ERR_RANGE);
	ck_assert_uint_eq(rd(PSX_REG_BANK_SCALE), 256);
	ck_assert_uint_eq(rd(PSX_REG_BANK_THRESHOLD), 1);
	ck_assert_uint_eq(rd(PSX_REG_BANK_SHAPE), 3 | 9 << 8);
	enable_ring(12, 4, 2);
	wr64(PSX_REG_GRANT_DATA_LO, 1ull << 33);
	wr64(PSX_REG_GRANT_CQ_LO, 4);
	refuse64(PSX_REG_GRANT_DATA_LO, (1ull << 33) - 1, PSX_ERR_RANGE);
	refuse64(PSX_REG_GRANT_CQ_LO, 3, PSX_ERR_RANGE);
	ck_assert_uint_eq(rd64(PSX_REG_GRANT_DATA_LO), 1ull << 33);
	ck_assert_uint_eq(rd64(PSX_REG_GRANT_CQ_LO), 4);
}
END_TEST

/* Every offset that takes a write of some value; all others refuse any */
static bool writable(u32 reg)
{
	static const u32 narrow[] = {
		PSX_REG_CTRL, PSX_REG_ERROR, PSX_REG_IRQ_STATUS, PSX_REG_IRQ_ENABLE,
		PSX_REG_LOAD_BYTES, PSX_REG_LOAD_OFFSET, PSX_REG_LOAD_TARGET, PSX_REG_LOAD_GO,
		PSX_REG_BANK_SEL, PSX_REG_BANK_SHAPE, PSX_REG_BANK_SCALE, PSX_REG_BANK_THRESHOLD,
		PSX_REG_CFG_MODE, PSX_REG_CFG_POLARITY, PSX_REG_CFG_PGA, PSX_REG_CFG_TRIGGER,
		PSX_REG_CFG_SCHEDULE_LEN, PSX_REG_CFG_SCHEDULE_SEL, PSX_REG_CFG_SCHEDULE_BANK,
		PSX_REG_COMMIT, PSX_REG_RAIL_CTRL, PSX_REG_RAIL_SLEW, PSX_REG_WATCHDOG_MS,
		PSX_REG_WATCHDOG_PET, PSX_REG_ACQ_CTRL, PSX_REG_TRIGGER, PSX_REG_SHUTTER,
		PSX_REG_SEG_SEL, PSX_REG_SEG_SHIFT, PSX_REG_SEG_COUNT, PSX_REG_CQ_SHIFT,
		PSX_REG_RING_CTRL,
	};
	static const u32 wide[] = {
		PSX_REG_LOAD_ADDR_LO, PSX_REG_CFG_EXPOSURE_LO, PSX_REG_CFG_PERIOD_LO,
		PSX_REG_ACQ_FRAMES_LO, PSX_REG_SEG_ADDR_LO, PSX_REG_CQ_ADDR_LO,
		PSX_REG_GRANT_DATA_LO, PSX_REG_GRANT_CQ_LO,
	};

	for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (reg == narrow[i])
			return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (reg == wide[i] || reg == wide[i] + 4)
			return true;
	return false;
}

START_TEST(the_rest_is_read_only)
{
	make(13, 11);
	for (u32 reg = 0; reg < PSX_REG_SPACE; reg++)
		if (!writable(reg))
			refuse(reg, 1, PSX_ERR_REGISTER);
	for (u32 reg = 0; reg < PSX_REG_SPACE; reg++)
		if (reg & 3)
			ck_assert_uint_eq(rd(reg), 0);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
	check_at_reset();
}
END_TEST

START_TEST(error_is_sticky)
{
	make(13, 11);
	wr(PSX_REG_CFG_PGA, 8);
	wr(PSX_REG_WIDTH, 1);
	wr(PSX_REG_CFG_PGA, 2);
	ck_assert_uint_eq(rd(PSX_REG_ERROR), PSX_ERR_RANGE | PSX_REG_CFG_PGA << 16);
	check_refused(PSX_ERR_RANGE, PSX_REG_CFG_PGA);
	check_taken();
	ck_assert_uint_eq(rd(PSX_REG_CFG_PGA), 2);
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	make(13, 11);
	wr64(PSX_REG_LOAD_ADDR_LO, 0x123456789abcdef1ull);
	wr64(PSX_REG_ACQ_FRAMES_LO, 0xfedcba9876543210ull);
	wr64(PSX_REG_CFG_PERIOD_LO, 0x00ffffffffffffffull);
	wr(PSX_REG_SEG_SEL, 4095);
	wr64(PSX_REG_SEG_ADDR_LO, 0xffffffffffff0000ull);
	wr64(PSX_REG_CQ_ADDR_LO, 0x8000000000000080ull);
	ck_assert_uint_eq(rd64(PSX_REG_LOAD_ADDR_LO), 0x123456789abcdef1ull);
	ck_assert_uint_eq(rd64(PSX_REG_ACQ_FRAMES_LO), 0xfedcba9876543210ull);
	ck_assert_uint_eq(rd64(PSX_REG_CFG_PERIOD_LO), 0x00ffffffffffffffull);
	ck_assert_uint_eq(rd64(PSX_REG_SEG_ADDR_LO), 0xffffffffffff0000ull);
	ck_assert_uint_eq(rd64(PSX_REG_CQ_ADDR_LO), 0x8000000000000080ull);
	wr(PSX_REG_SEG_SEL, 4094);
	ck_assert_uint_eq(rd64(PSX_REG_SEG_ADDR_LO), 0);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 255);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 254);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 0);
	ck_assert_uint_eq(rd(PSX_REG_CFG_SCHEDULE_BANK), 0);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 255);
	ck_assert_uint_eq(rd(PSX_REG_CFG_SCHEDULE_BANK), 254);
	check_taken();
}
END_TEST

START_TEST(not_while_it_runs)
{
	make_ready(13, 11);
	refuse(PSX_REG_SEG_SEL, 0, PSX_ERR_STATE);
	refuse64(PSX_REG_SEG_ADDR_LO, 0, PSX_ERR_STATE);
	refuse(PSX_REG_SEG_SHIFT, 12, PSX_ERR_STATE);
	refuse(PSX_REG_SEG_COUNT, 1, PSX_ERR_STATE);
	refuse64(PSX_REG_CQ_ADDR_LO, 0, PSX_ERR_STATE);
	refuse(PSX_REG_CQ_SHIFT, 1, PSX_ERR_STATE);
	refuse(PSX_REG_CQ_SHIFT + 1, 1, PSX_ERR_REGISTER);
	start(0);
	refuse(PSX_REG_ACQ_CTRL, PSX_ACQ_START, PSX_ERR_STATE);
	refuse(PSX_REG_RING_CTRL, 0, PSX_ERR_STATE);
	refuse(PSX_REG_RING_CTRL, 1, PSX_ERR_STATE);
	refuse(PSX_REG_SHUTTER, 0, PSX_ERR_STATE);
	refuse(PSX_REG_TRIGGER, 1, PSX_ERR_STATE);
	load(PSX_LOAD_SCENE, 0, area_bytes(), PSX_LOAD_WRITE);
	check_refused(PSX_ERR_STATE, PSX_REG_LOAD_GO);
	load(PSX_LOAD_SCENE, 0, area_bytes(), PSX_LOAD_READ);
	check_refused(PSX_ERR_STATE, PSX_REG_LOAD_GO);
	wr(PSX_REG_BANK_SEL, 0);
	refuse(PSX_REG_BANK_SHAPE, 0, PSX_ERR_STATE);
	ck_assert(running());
}
END_TEST

START_TEST(interrupts)
{
	make(13, 11);
	wr(PSX_REG_CFG_PGA, 8);
	ck_assert_uint_eq(host.interrupts, 0);
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_RAIL);
	ck_assert_uint_eq(host.interrupts, 0);
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_ERROR);
	ck_assert_uint_eq(host.interrupts, 1);
	wr(PSX_REG_CFG_PGA, 8);
	ck_assert_uint_eq(host.interrupts, 2);
	wr(PSX_REG_IRQ_STATUS, ~PSX_IRQ_ERROR);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_ERROR);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ERROR);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), 0);
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_ERROR);
	ck_assert_uint_eq(host.interrupts, 2);
}
END_TEST

/* -------------------------------------------------------------- loader -- */

static void refuse_load(u32 target, u32 offset, u32 bytes, u32 direction, u32 code)
{
	load(target, offset, bytes, direction);
	check_refused(code, PSX_REG_LOAD_GO);
}

static u32 loaded(u32 bank)
{
	wr(PSX_REG_BANK_SEL, bank);
	return rd(PSX_REG_BANK_STATE) >> 16;
}

static void fill_staging(uint64_t seed)
{
	s16 *values = (s16 *)host.memory[STAGING];

	for (u32 i = 0; i < width * height; i++) {
		s16 value = (s16)unit_random(&seed);

		values[i] = value == -32768 ? 0 : value;
	}
}

START_TEST(planes_come_in_order)
{
	const u32 first = PSX_LOAD_TARGET(PSX_LOAD_PLANE, 9, 0);
	const u32 second = PSX_LOAD_TARGET(PSX_LOAD_PLANE, 9, 1);
	u32 bytes;

	make(13, 11);
	bytes = area_bytes();
	refuse_load(first, 0, bytes, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	shape(9, 3, 9);
	refuse_load(second, 0, bytes, PSX_LOAD_WRITE, PSX_ERR_STATE);
	refuse_load(first, 2, bytes - 2, PSX_LOAD_WRITE, PSX_ERR_STATE);
	load(first, 0, 100, PSX_LOAD_WRITE);
	ck_assert_uint_eq(loaded(9), 0);
	refuse_load(first, 102, 20, PSX_LOAD_WRITE, PSX_ERR_STATE);
	refuse_load(first, 98, 20, PSX_LOAD_WRITE, PSX_ERR_STATE);
	refuse_load(first, 0, 100, PSX_LOAD_READ, PSX_ERR_INCOMPLETE);
	load(first, 100, bytes - 100, PSX_LOAD_WRITE);
	ck_assert_uint_eq(loaded(9), 1);
	load(second, 0, bytes, PSX_LOAD_WRITE);
	ck_assert_uint_eq(loaded(9), 2);
	refuse_load(second, 0, bytes, PSX_LOAD_WRITE, PSX_ERR_STATE);
	load(first, 0, 2, PSX_LOAD_WRITE);
	ck_assert_uint_eq(loaded(9), 0);
	check_taken();
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS) & PSX_IRQ_LOADER, PSX_IRQ_LOADER);
}
END_TEST

START_TEST(pieces_that_do_not_fit)
{
	const u32 plane = PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0);
	static const u32 kinds[] = { PSX_LOAD_PLANE, PSX_LOAD_DARK, PSX_LOAD_OFFSET_MAP,
				     PSX_LOAD_SCENE };
	u32 bytes;

	make(13, 11);
	bytes = area_bytes();
	shape(0, 1, 1);
	for (size_t i = 0; i < 4; i++) {
		u32 target = PSX_LOAD_TARGET(kinds[i], 0, 0);

		refuse_load(target, 0, 0, PSX_LOAD_WRITE, PSX_ERR_RANGE);
		refuse_load(target, 0, 3, PSX_LOAD_WRITE, PSX_ERR_RANGE);
		refuse_load(target, 0, bytes + 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
		refuse_load(target, 0, 0xfffffffe, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	}
	refuse_load(PSX_LOAD_SCENE, 1, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_SCENE, bytes, 2, PSX_LOAD_READ, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_SCENE, 0xfffffffe, 4, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_SCENE, 4, 0xfffffffc, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_SCENE, 1, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 1), 0, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 1), 0, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_TARGET(0, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	refuse_load(PSX_LOAD_TARGET(5, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_RANGE);
	host.deaf = true;
	refuse_load(plane, 0, bytes, PSX_LOAD_WRITE, PSX_ERR_DMA);
	refuse_load(PSX_LOAD_SCENE, 0, bytes, PSX_LOAD_READ, PSX_ERR_DMA);
	host.deaf = false;
	ck_assert_uint_eq(loaded(0), 0);
	load(plane, 0, bytes, PSX_LOAD_WRITE);
	ck_assert_uint_eq(loaded(0), 1);
}
END_TEST

START_TEST(code_without_a_voltage)
{
	const u32 plane = PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0);
	s16 *codes = (s16 *)host.memory[STAGING];

	make(13, 11);
	shape(0, 1, 1);
	memset(codes, 0, area_bytes());
	codes[142] = -32768;
	refuse_load(plane, 0, area_bytes(), PSX_LOAD_WRITE, PSX_ERR_RANGE);
	ck_assert_uint_eq(loaded(0), 0);
	codes[142] = -32767;
	load(plane, 0, area_bytes(), PSX_LOAD_WRITE);
	check_taken();
	ck_assert_uint_eq(loaded(0), 1);
}
END_TEST

START_TEST(read_back)
{
	static const u32 kinds[] = { PSX_LOAD_PLANE, PSX_LOAD_DARK, PSX_LOAD_OFFSET_MAP,
				     PSX_LOAD_SCENE };
	u32 target = kinds[_i];
	u8 sent[STAGING_BYTES];

	make(13, 11);
	shape(0, 3, 9);
	if (target == PSX_LOAD_DARK || target == PSX_LOAD_OFFSET_MAP)
		refuse_load(target, 0, 2, PSX_LOAD_READ, PSX_ERR_INCOMPLETE);
	fill_staging(17);
	memcpy(sent, host.memory[STAGING], area_bytes());
	load(target, 0, area_bytes(), PSX_LOAD_WRITE);
	memset(host.memory[STAGING], 0x5a, STAGING_BYTES);
	load(target, 6, area_bytes() - 10, PSX_LOAD_READ);
	check_taken();
	ck_assert_mem_eq(host.memory[STAGING], sent + 6, area_bytes() - 10);
	ck_assert_uint_eq(host.memory[STAGING][area_bytes() - 10], 0x5a);
}
END_TEST

START_TEST(bank_in_use)
{
	make_ready(13, 11);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_STATE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_STATE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_OFFSET_MAP, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_STATE);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 8), 0, area_bytes(), PSX_LOAD_READ);
	check_taken();
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), PSX_BANK_IN_USE | 9 << 16);
	load_flat_bank(1, 3, 9, 0);
	commit_bank(1, PSX_MODE_REG_SCAN);
	wr(PSX_REG_BANK_SEL, 0);
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), 9 << 16);
	wr(PSX_REG_BANK_SHAPE, 0);
	check_taken();
	ck_assert_uint_eq(rd(PSX_REG_BANK_STATE), 0);
}
END_TEST

/* A large sensor has room for 54 planes and maps */
START_TEST(bank_memory_ends)
{
	make(8192, 4096);
	ck_assert_uint_eq(rd(PSX_REG_PLANES), 54);
	for (u32 bank = 0; bank < 54; bank++)
		shape(bank, 1, 1);
	wr(PSX_REG_BANK_SEL, 54);
	refuse(PSX_REG_BANK_SHAPE, 1 | 1 << 8, PSX_ERR_SPACE);
	refuse_load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, 2, PSX_LOAD_WRITE, PSX_ERR_SPACE);
	shape(53, 0, 0);
	load(PSX_LOAD_TARGET(PSX_LOAD_DARK, 0, 0), 0, 2, PSX_LOAD_WRITE);
	check_taken();
	wr(PSX_REG_BANK_SEL, 53);
	refuse(PSX_REG_BANK_SHAPE, 1 | 1 << 8, PSX_ERR_SPACE);
	host.fail_at = host.allocations + 1;
	wr(PSX_REG_BANK_SEL, 0);
	refuse(PSX_REG_BANK_SHAPE, 1 | 1 << 8, PSX_ERR_SPACE);
	ck_assert_uint_eq(rd(PSX_REG_BANK_SHAPE), 1 | 1 << 8);
}
END_TEST

/* -------------------------------------------------------------- commit -- */

START_TEST(commit_refused)
{
	make(4, 2);
	shape(0, 3, 9);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 1);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_INCOMPLETE);
	load_flat_bank(0, 3, 9, 5);
	wr(PSX_REG_CFG_MODE, PSX_MODE_REG_SNAP);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_RANGE); /* nine phases */
	wr(PSX_REG_CFG_MODE, PSX_MODE_REG_SCAN);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 2);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 1);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 1);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_INCOMPLETE);
	load_flat_bank(1, 3, 1, 5);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_RANGE); /* one phase */
	wr(PSX_REG_CFG_SCHEDULE_BANK, 0);
	wr64(PSX_REG_CFG_EXPOSURE_LO, MS);
	wr64(PSX_REG_CFG_PERIOD_LO, FRAME_NS - 1);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_RATE);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 0);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 1);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 1);
	wr(PSX_REG_CFG_MODE, PSX_MODE_REG_SNAP);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_RANGE); /* no whole cell */
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 0);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 0);
	wr(PSX_REG_CFG_MODE, PSX_MODE_REG_SCAN);
	wr64(PSX_REG_CFG_PERIOD_LO, FRAME_NS);
	ck_assert_uint_eq(commit(), 1);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 1);
}
END_TEST

START_TEST(idle_latches_at_once)
{
	make_ready(13, 11);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	ck_assert_uint_eq(commit(), 2);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 2);
	ck_assert_uint_eq(rd(PSX_REG_CFG_PENDING), 0);
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS), PSX_IRQ_COMMIT);
}
END_TEST

static void check_frame_of(const struct frame *f, u32 id, u32 scale)
{
	ck_assert_uint_eq(f->c.cfg_id, id);
	ck_assert_uint_eq(f->header.scale, scale);
	for (u32 i = 1; i < width * height; i++)
		ck_assert_int_eq(f->values[i], f->values[0]);
}

/* One code in each of k = 1's planes, so a pixel shows its configuration */
START_TEST(running_latches_at_the_frame_boundary)
{
	struct frame before, after;

	make(13, 11);
	load_flat_bank(0, 1, 1, 10000);
	load_flat_bank(1, 1, 1, -20000);
	load_scene(1000, 1, 1);
	commit_bank(0, PSX_MODE_REG_SCAN);
	enable_ring(12, 8, 3);
	rails_on();
	grant();
	start(0);
	advance(500 * MS);
	wr(PSX_REG_BANK_SEL, 1);
	wr(PSX_REG_BANK_SCALE, 128);
	ck_assert_uint_eq(commit_bank(1, PSX_MODE_REG_SCAN), 2);
	ck_assert_uint_eq(rd(PSX_REG_CFG_PENDING), 2);
	ck_assert_uint_ne(rd(PSX_REG_STATUS) & PSX_STATUS_COMMIT_PENDING, 0);
	refuse(PSX_REG_COMMIT, 1, PSX_ERR_STATE);
	wr(PSX_REG_BANK_SCALE, 512); /* for a later commit */
	wr(PSX_REG_CFG_PGA, 3);
	advance(500 * MS);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 1);
	advance(MS);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 2);
	ck_assert(take(&before));
	advance(1001 * MS);
	ck_assert(take(&after));
	check_frame_of(&before, 1, 256);
	check_frame_of(&after, 2, 128);
	ck_assert_int_gt(before.values[0], 0);
	ck_assert_int_lt(after.values[0], 0);
	ck_assert_int_gt(after.values[0], -510); /* at a scale of 1/2 */
	ck_assert_uint_eq(after.c.pga, 0);
	ck_assert_uint_eq(after.c.bank, 1);
}
END_TEST

/* Commits at any time within frames of many phases: each frame is, as a whole,
 * what its configuration alone gives */
START_TEST(no_frame_mixes_configurations)
{
	static struct frame alone[2], f;
	uint64_t random = 21;
	u32 bank = 0, mid_frame = 0, seen[2] = { 0, 0 };

	make_ready(13, 11);
	wr64(PSX_REG_CFG_EXPOSURE_LO, 100 * MS);
	load_flat_bank(1, 5, 25, -3000);
	for (bank = 0; bank < 2; bank++) {
		commit_bank(bank, PSX_MODE_REG_SCAN);
		shoot(&alone[bank]);
	}
	start(0);
	while (seen[0] + seen[1] < 60) {
		advance(unit_random(&random) % (4000 * MS));
		for (; take(&f); seen[bank]++) {
			bank = f.c.cfg_id % 2 ? 1 : 0;
			ck_assert_uint_eq(f.c.bank, bank);
			ck_assert_mem_eq(f.values, alone[bank].values, area_bytes());
		}
		grant();
		if (rd(PSX_REG_CFG_PENDING))
			continue;
		commit_bank(rd(PSX_REG_CFG_ID) % 2 ? 0 : 1, PSX_MODE_REG_SCAN);
		mid_frame += rd(PSX_REG_CFG_PENDING) != 0;
	}
	ck_assert_uint_gt(mid_frame, 20);
	ck_assert_uint_gt(seen[0], 10);
	ck_assert_uint_gt(seen[1], 10);
	ck_assert_mem_ne(alone[0].values, alone[1].values, area_bytes());
}
END_TEST

START_TEST(end_latches_the_pending_commit)
{
	make_ready(13, 11);
	start(0);
	advance(1);
	commit();
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 1);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert_uint_eq(rd(PSX_REG_CFG_ID), 2);
}
END_TEST

START_TEST(schedule_cycles)
{
	struct frame f;

	make_ready(13, 11);
	load_flat_bank(7, 1, 1, 300);
	wr(PSX_REG_CFG_SCHEDULE_SEL, 2);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 7);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 3);
	commit();
	for (u32 i = 0; i < 2; i++) {
		start(4);
		advance(3 * FRAME_NS + 2 * MS);
		ck_assert(!running());
		for (u32 n = 0; n < 4; n++) {
			ck_assert(take(&f));
			ck_assert_uint_eq(f.c.channel, n % 3);
			ck_assert_uint_eq(f.c.bank, n == 2 ? 7 : 0);
		}
	}
}
END_TEST

/* ----------------------------------------------------- life and malice -- */

START_TEST(every_allocation_may_fail)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 13, 11);
	struct psx_model *model;
	int error;

	for (host.fail_at = 1;; host.fail_at++) {
		host.allocations = 0;
		model = create(&config, &error);
		if (model)
			break;
		ck_assert_int_eq(error, -ENOMEM);
		ck_assert_uint_eq(host.live, 0);
	}
	ck_assert_uint_eq(host.fail_at, 16);
	psx_model_destroy(model);
	ck_assert_uint_eq(host.live, 0);
}
END_TEST

START_TEST(impossible_detectors)
{
	struct psx_model_config config = make_config(PSX_PROFILE_REAL, 13, 11);
	int error;

	switch (_i) {
	case 0: config.width = 0; break;
	case 1: config.height = 0; break;
	case 2: config.width = PSX_MODEL_MAX_SIDE + 1; break;
	case 3: config.height = PSX_MODEL_MAX_SIDE + 1; break;
	case 4: config.profile = (enum psx_model_profile)5; break;
	case 5: config.dose_rate_pgy_s = 329200000001ull; break;
	default: config.read_noise_milli = 1000001; break;
	}
	ck_assert_ptr_null(create(&config, &error));
	ck_assert_int_eq(error, -EINVAL);
	ck_assert_uint_eq(host.allocations, 0);
}
END_TEST

static u64 wild_address(uint64_t *random)
{
	u64 r = unit_random(random);

	if (r % 8 == 0)
		return unit_random(random);
	return address((enum region)(r >> 8 & 3), r >> 16 & (r & 16 ? 0x7000 : 0x7fff));
}

/* A value that a register is likely to take, or none of the kind */
static u32 wild_value(uint64_t *random, u32 reg)
{
	static const u32 shapes[] = { 1 | 1 << 8, 3 | 9 << 8, 3 | 1 << 8, 5 | 25 << 8, 15 | 1 << 8, 0 };
	u32 r = (u32)unit_random(random);

	if (r % 16 == 0)
		return (u32)unit_random(random);
	switch (reg) {
	case PSX_REG_CTRL:
		return r % 64 == 1;
	case PSX_REG_BANK_SEL:
	case PSX_REG_CFG_SCHEDULE_BANK:
		return r >> 8 & 1;
	case PSX_REG_BANK_SHAPE:
		return shapes[(r >> 8) % 6];
	case PSX_REG_SEG_SHIFT:
		return 12 + (r >> 8) % 3;
	case PSX_REG_LOAD_TARGET:
		return PSX_LOAD_TARGET(r >> 8 & 7, r >> 12 & 1, r >> 16 & 15);
	case PSX_REG_LOAD_OFFSET:
	case PSX_REG_LOAD_BYTES:
		return r >> 8 & 63;
	case PSX_REG_WATCHDOG_MS:
		return r >> 8 & 0xfff;
	default:
		return r >> 8 & 3;
	}
}

/* Things that a random sequence hardly ever brings about */
static void lucky_step(uint64_t *random)
{
	u32 bank = unit_random(random) & 1, phases;

	switch (unit_random(random) % 5) {
	case 0:
		wr(PSX_REG_BANK_SEL, bank);
		phases = rd(PSX_REG_BANK_SHAPE) >> 8;
		for (u32 phase = 0; phase < phases; phase++)
			load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, bank, phase), 0, area_bytes(),
			     PSX_LOAD_WRITE);
		break;
	case 1:
		wr64(PSX_REG_CQ_ADDR_LO, address(QUEUE, 0));
		wr(PSX_REG_CQ_SHIFT, 3);
		wr(PSX_REG_SEG_SHIFT, 12);
		wr(PSX_REG_SEG_COUNT, 4);
		wr(PSX_REG_RING_CTRL, 1);
		break;
	case 2:
		wr64(PSX_REG_GRANT_DATA_LO, unit_random(random) >> (unit_random(random) % 64));
		wr64(PSX_REG_GRANT_CQ_LO, unit_random(random) >> (unit_random(random) % 64));
		break;
	case 3:
		wr64(PSX_REG_CFG_EXPOSURE_LO, unit_random(random) >> (26 + unit_random(random) % 38));
		wr(PSX_REG_CFG_SCHEDULE_LEN, 1 + bank);
		wr(PSX_REG_COMMIT, 1);
		wr(PSX_REG_ACQ_CTRL, PSX_ACQ_START);
		break;
	default:
		wr(PSX_REG_RAIL_CTRL, PSX_RAIL_CLEAR);
		wr(PSX_REG_RAIL_SLEW, 1000);
		wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
		advance(105 * MS);
	}
}

static u64 small_time(uint64_t *random)
{
	u64 next = psx_model_next_event(m);

	if (unit_random(random) & 1 && next < 1000000 * MS)
		return next;
	return unit_random(random) % (1ull << (unit_random(random) % 28));
}

/* The guest's registers may hold anything: no crash, no wild access, no lost frame */
START_TEST(any_sequence_of_writes)
{
	struct psx_model_config config = make_config(_i & 1 ? PSX_PROFILE_REAL : PSX_PROFILE_IDEAL,
						     7, 4 + (u32)_i);
	uint64_t random = 0x1234567 + (uint64_t)_i;
	u64 clock = 0, delivered = 0;

	make_from(&config);
	for (u32 i = 0; i < 60000; i++) {
		u32 reg = (u32)unit_random(&random) % PSX_REG_SPACE & (i & 63 ? ~3u : ~0u);

		host.deaf = unit_random(&random) % 16 == 0;
		if (reg == PSX_REG_LOAD_ADDR_LO || reg == PSX_REG_SEG_ADDR_LO ||
		    reg == PSX_REG_CQ_ADDR_LO)
			wr64(reg, wild_address(&random));
		else if (reg < PSX_REG_SPACE / 4 * 3)
			wr(reg, wild_value(&random, reg));
		else
			lucky_step(&random);
		(void)rd((u32)unit_random(&random) % (2 * PSX_REG_SPACE));
		advance(small_time(&random));
		ck_assert_uint_ge(rd64(PSX_REG_CLOCK_LO), clock);
		clock = rd64(PSX_REG_CLOCK_LO);
		ck_assert_uint_le(rd64(PSX_REG_DROPPED_LO), rd64(PSX_REG_MADE_LO));
		if (rd64(PSX_REG_MADE_LO) - rd64(PSX_REG_DROPPED_LO) > delivered)
			delivered = rd64(PSX_REG_MADE_LO) - rd64(PSX_REG_DROPPED_LO);
		if (!running())
			ck_assert_uint_eq(rd(PSX_REG_CFG_PENDING), 0);
	}
	ck_assert_uint_gt(delivered, 20);
}
END_TEST

/* ---------------------------------------------------------------------- */

static void add_registers(Suite *suite)
{
	TCase *tc = add_case(suite, "values");

	tcase_add_test(tc, value_at_reset);
	tcase_add_test(tc, reset_undoes_everything);
	tcase_add_test(tc, reset_stops_the_stage);
	tcase_add_test(tc, stage_holds_start_up);
	tcase_add_loop_test(tc, profile_has_a_name, 0, PSX_MODEL_PROFILES);
	tcase_add_test(tc, serial_tells_devices_apart);
	tcase_add_loop_test(tc, bad_value_is_ignored, 0, BAD);
	tcase_add_test(tc, bank_and_grant_values);
	tcase_add_test(tc, the_rest_is_read_only);
	tcase_add_test(tc, error_is_sticky);
	tcase_add_test(tc, what_is_written_reads_back);
	tcase_add_test(tc, not_while_it_runs);
	tcase_add_test(tc, interrupts);
}

static void add_configuration(Suite *suite)
{
	TCase *tc = add_case(suite, "loader");

	tcase_add_test(tc, planes_come_in_order);
	tcase_add_test(tc, pieces_that_do_not_fit);
	tcase_add_test(tc, code_without_a_voltage);
	tcase_add_loop_test(tc, read_back, 0, 4);
	tcase_add_test(tc, bank_in_use);
	tcase_add_test(tc, bank_memory_ends);

	tc = add_case(suite, "commit");
	tcase_add_test(tc, commit_refused);
	tcase_add_test(tc, idle_latches_at_once);
	tcase_add_test(tc, running_latches_at_the_frame_boundary);
	tcase_add_test(tc, no_frame_mixes_configurations);
	tcase_add_test(tc, end_latches_the_pending_commit);
	tcase_add_test(tc, schedule_cycles);
}

int main(void)
{
	Suite *suite = suite_create("registers");
	TCase *tc;

	add_registers(suite);
	add_configuration(suite);
	tc = add_case(suite, "life and malice");
	tcase_add_test(tc, every_allocation_may_fail);
	tcase_add_loop_test(tc, impossible_detectors, 0, 7);
	tcase_add_loop_test(tc, any_sequence_of_writes, 0, 4);
	return unit_main(suite);
}
