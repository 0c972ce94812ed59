// SPDX-License-Identifier: MIT
/* How every ioctl takes its argument: sizes, tails, reserved fields, memory. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "refuse.h"

#define LONGEST 1024 /* of an argument, with what is beyond the driver's */

enum on {
	ON_DEVICE,
	ON_CLAIM,
};

/* A command, an argument that the driver understands, and what it says to it */
struct command {
	const char *name;
	unsigned int cmd;
	enum on on;
	int says;
	void (*fill)(void *arg);
	size_t reserved; /* first byte of the reserved fields at the end, 0 = none */
};

static struct rig rig;
static int fd = -1, claim = -1;
static int16_t codes[REFUSE_PIXELS];
static _Alignas(8) unsigned char argument[LONGEST];

static void fill_join(void *arg)
{
	*(struct psxdet_join *)arg = (struct psxdet_join) { .watermark = 1 };
}

static void fill_transfer(void *arg)
{
	*(struct psxdet_transfer *)arg = rig_transfer(&rig, PSXDET_TARGET_PLANE, 0, 0, codes);
}

static void fill_offset(void *arg)
{
	*(struct psxdet_transfer *)arg = rig_transfer(&rig, PSXDET_TARGET_OFFSET, 0, 0, codes);
}

static void fill_bank(void *arg)
{
	*(struct psxdet_bank *)arg = (struct psxdet_bank) {
		.bank = 1, .k = 3, .phases = 9, .scale = 256, .threshold = 1,
	};
}

static void fill_config(void *arg)
{
	*(struct psxdet_config *)arg = rig_config(0);
}

static void fill_nothing(void *arg)
{
	(void)arg;
}

/* The rails are off, bank 0 is loaded and latched, nobody has joined */
static const struct command commands[] = {
	{ "GET_INFO", PSXDET_IOC_GET_INFO, ON_DEVICE, 0, fill_nothing, 0 },
	{ "GET_STATUS", PSXDET_IOC_GET_STATUS, ON_DEVICE, 0, fill_nothing, 0 },
	{ "JOIN", PSXDET_IOC_JOIN, ON_DEVICE, 0, fill_join,
	  offsetof(struct psxdet_join, reserved) },
	{ "LEAVE", PSXDET_IOC_LEAVE, ON_DEVICE, EINVAL, fill_nothing, 0 },
	{ "POSITION", PSXDET_IOC_POSITION, ON_DEVICE, EINVAL, fill_nothing, 0 },
	{ "GET_STATS", PSXDET_IOC_GET_STATS, ON_DEVICE, EINVAL, fill_nothing, 0 },
	{ "DOWNLOAD", PSXDET_IOC_DOWNLOAD, ON_DEVICE, 0, fill_transfer,
	  offsetof(struct psxdet_transfer, reserved) },
	{ "GET_CONFIG", PSXDET_IOC_GET_CONFIG, ON_DEVICE, 0, fill_nothing, 0 },
	{ "GET_BANK", PSXDET_IOC_GET_BANK, ON_DEVICE, 0, fill_nothing,
	  offsetof(struct psxdet_bank, k) },
	{ "CLAIM", PSXDET_IOC_CLAIM, ON_DEVICE, EBUSY, fill_nothing,
	  offsetof(struct psxdet_claim, reserved) },
	{ "BANK", PSXDET_IOC_BANK, ON_CLAIM, 0, fill_bank, offsetof(struct psxdet_bank, reserved) },
	{ "UPLOAD", PSXDET_IOC_UPLOAD, ON_CLAIM, EBUSY, fill_offset,
	  offsetof(struct psxdet_transfer, reserved) },
	{ "COMMIT", PSXDET_IOC_COMMIT, ON_CLAIM, 0, fill_config,
	  offsetof(struct psxdet_config, reserved) },
	{ "RAILS", PSXDET_IOC_RAILS, ON_CLAIM, 0, fill_nothing,
	  offsetof(struct psxdet_rails, heartbeat_ms) },
	{ "START", PSXDET_IOC_START, ON_CLAIM, EBUSY, fill_nothing,
	  offsetof(struct psxdet_start, reserved) },
	{ "STOP", PSXDET_IOC_STOP, ON_CLAIM, 0, fill_nothing,
	  offsetof(struct psxdet_stop, reserved) },
	{ "TRIGGER", PSXDET_IOC_TRIGGER, ON_CLAIM, EBUSY, fill_nothing, 0 },
	{ "SHUTTER", PSXDET_IOC_SHUTTER, ON_CLAIM, 0, fill_nothing,
	  offsetof(struct psxdet_shutter, reserved) },
	{ "BEAT", PSXDET_IOC_BEAT, ON_CLAIM, EINVAL, fill_nothing, 0 },
	{ "MOVE", PSXDET_IOC_MOVE, ON_CLAIM, EOPNOTSUPP, fill_nothing,
	  offsetof(struct psxdet_move, reserved) },
};

#define COMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

static void setup(void)
{
	struct psxdet_config config = rig_config(0);

	rig_clean();
	rig_plug(&rig, "ioctl", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	rig_identity(&rig, claim, 0, CODE_ONE);
	(void)rig_commit(claim, &config);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static unsigned int size_of(const struct command *c)
{
	return _IOC_SIZE(c->cmd);
}

static int file_of(const struct command *c)
{
	return c->on == ON_CLAIM ? claim : fd;
}

static unsigned int resized(const struct command *c, size_t size)
{
	return _IOC(_IOC_DIR(c->cmd), _IOC_TYPE(c->cmd), _IOC_NR(c->cmd), (unsigned int)size);
}

/* Call with an argument that is understood, and undo what it does */
static void understood(const struct command *c, size_t size, const char *how)
{
	int got = rig_ioctl(file_of(c), resized(c, size), argument);

	ck_assert_msg(got == c->says, "%s, %s: %s, wanted %s", c->name, how, strerror(got),
		      strerror(c->says));
	if (c->cmd == PSXDET_IOC_JOIN)
		ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_LEAVE, NULL), 0);
}

static void fill(const struct command *c)
{
	memset(argument, 0, sizeof(argument));
	c->fill(argument);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	while (size--)
		if (bytes[size])
			return false;
	return true;
}

START_TEST(test_sizes)
{
	const struct command *c = &commands[_i];
	size_t size = size_of(c), longer;

	fill(c);
	understood(c, size, "its own size");
	if (!size)
		return;
	for (longer = 0; longer < size; longer += longer + 4 < size ? 4 : 1)
		refuse(file_of(c), resized(c, longer), argument, EINVAL, c->name);
	for (longer = size + 1; longer <= LONGEST; longer += 61) {
		fill(c);
		if (!(_IOC_DIR(c->cmd) & _IOC_WRITE)) {
			/* Only answered: what is beyond is zeroed where it is answered */
			memset(argument, 0xff, sizeof(argument));
			understood(c, longer, "longer");
			ck_assert(c->says || is_zero(argument + size, longer - size));
			ck_assert(longer == LONGEST || argument[longer] == 0xff);
			continue;
		}
		understood(c, longer, "longer, with zeros");
		fill(c);
		argument[longer - 1] = 1;
		refuse(file_of(c), resized(c, longer), argument, E2BIG, c->name);
		argument[longer - 1] = 0;
		argument[size] = 0x80;
		refuse(file_of(c), resized(c, longer), argument, E2BIG, c->name);
	}
}
END_TEST

START_TEST(test_numbers)
{
	const struct command *c = &commands[_i];
	unsigned int dir, size = size_of(c);

	fill(c);
	for (dir = 0; dir < 4; dir++)
		if (dir != _IOC_DIR(c->cmd))
			refuse(file_of(c), _IOC(dir, PSXDET_IOC_MAGIC, _IOC_NR(c->cmd), size),
			       argument, ENOTTY, "another direction");
	refuse(file_of(c), _IOC(_IOC_DIR(c->cmd), PSXDET_IOC_MAGIC - 1, _IOC_NR(c->cmd), size),
	       argument, ENOTTY, "another type");
	refuse(file_of(c), _IOC(_IOC_DIR(c->cmd), PSXDET_IOC_MAGIC, _IOC_NR(c->cmd) | 0x40, size),
	       argument, ENOTTY, "an unknown number");
	/* On the other file */
	if (c->on == ON_CLAIM)
		refuse(fd, c->cmd, argument, EPERM, c->name);
	else
		refuse(claim, c->cmd, argument, ENOTTY, c->name);
}
END_TEST

START_TEST(test_memory)
{
	const struct command *c = &commands[_i];
	long page = sysconf(_SC_PAGESIZE);
	unsigned int dir = _IOC_DIR(c->cmd), size = size_of(c);
	unsigned char *two, *at;

	if (!size)
		return;
	two = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	ck_assert(two != MAP_FAILED);
	fill(c);
	if (dir == (_IOC_READ | _IOC_WRITE)) {
		/* The answer can't be written, or its tail can't */
		memcpy(two, argument, size);
		ck_assert_int_eq(mprotect(two, (size_t)page, PROT_READ), 0);
		refuse(file_of(c), c->cmd, two, EFAULT, "memory that is read-only");
		ck_assert_int_eq(mprotect(two, (size_t)page, PROT_READ | PROT_WRITE), 0);
		at = two + page - size;
		memcpy(at, argument, size);
		ck_assert_int_eq(mprotect(two + page, (size_t)page, PROT_READ), 0);
		refuse(file_of(c), resized(c, size + 8), at, EFAULT, "a tail that is read-only");
	}
	ck_assert_int_eq(munmap(two + page, (size_t)page), 0);
	if (c->says == 0 || dir & _IOC_WRITE) {
		refuse(file_of(c), c->cmd, NULL, EFAULT, c->name);
		refuse(file_of(c), c->cmd, (void *)0xffff888000000000ul, EFAULT, c->name);
		/* The last byte is not there */
		at = two + page - size + 1;
		memcpy(at, argument, size - 1);
		refuse(file_of(c), c->cmd, at, EFAULT, "an argument that ends too early");
	}
	ck_assert_int_eq(munmap(two, (size_t)page), 0);
}
END_TEST

START_TEST(test_reserved)
{
	const struct command *c = &commands[_i];
	size_t at;

	for (at = c->reserved; at && at < size_of(c); at++) {
		fill(c);
		argument[at] = 1;
		refuse(file_of(c), c->cmd, argument, EINVAL, c->name);
	}
}
END_TEST

/* Flags and fields that are not at the end: by offset and value */
START_TEST(test_fields)
{
	static const struct {
		unsigned int cmd;
		size_t at;
		const char *what;
	} fields[] = {
		{ PSXDET_IOC_JOIN, offsetof(struct psxdet_join, reserved0), "JOIN reserved0" },
		{ PSXDET_IOC_JOIN, offsetof(struct psxdet_join, position), "JOIN position" },
		{ PSXDET_IOC_JOIN, offsetof(struct psxdet_join, flags) + 3, "JOIN flags" },
		{ PSXDET_IOC_DOWNLOAD, offsetof(struct psxdet_transfer, flags), "DOWNLOAD flags" },
		{ PSXDET_IOC_UPLOAD, offsetof(struct psxdet_transfer, flags), "UPLOAD flags" },
		{ PSXDET_IOC_CLAIM, offsetof(struct psxdet_claim, flags), "CLAIM flags" },
		{ PSXDET_IOC_CLAIM, offsetof(struct psxdet_claim, fd), "CLAIM fd" },
		{ PSXDET_IOC_COMMIT, offsetof(struct psxdet_config, flags), "COMMIT flags" },
		{ PSXDET_IOC_COMMIT, offsetof(struct psxdet_config, cfg_id), "COMMIT cfg_id" },
		{ PSXDET_IOC_COMMIT, offsetof(struct psxdet_config, pending), "COMMIT pending" },
		{ PSXDET_IOC_START, offsetof(struct psxdet_start, flags), "START flags" },
		{ PSXDET_IOC_START, offsetof(struct psxdet_start, series), "START series" },
	};
	size_t i;
	int k;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (k = 0; k < COMMANDS; k++)
			if (commands[k].cmd == fields[i].cmd)
				break;
		ck_assert_int_lt(k, COMMANDS);
		fill(&commands[k]);
		argument[fields[i].at] |= 0x80;
		refuse(file_of(&commands[k]), fields[i].cmd, argument, EINVAL, fields[i].what);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ioctl");
	TCase *tcase = rig_case(suite, "ioctl");

	tcase_add_unchecked_fixture(tcase, setup, teardown); /* none leaves a trace */
	tcase_add_loop_test(tcase, test_sizes, 0, COMMANDS);
	tcase_add_loop_test(tcase, test_numbers, 0, COMMANDS);
	tcase_add_loop_test(tcase, test_memory, 0, COMMANDS);
	tcase_add_loop_test(tcase, test_reserved, 0, COMMANDS);
	tcase_add_test(tcase, test_fields);
	return rig_main(suite);
}
