// SPDX-License-Identifier: MIT
/* The regions of the ring in user space: what can be mapped, and how. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

enum {
	CTRL,
	CONS,
	DESC,
	DATA,
	REGIONS,
};

static const char * const names[REGIONS] = { "CTRL", "CONS", "DESC", "DATA" };
static const off_t offsets[REGIONS] = {
	PSXDET_OFFSET_CTRL, PSXDET_OFFSET_CONS, PSXDET_OFFSET_DESC, PSXDET_OFFSET_DATA,
};
static size_t sizes[REGIONS], page;
static struct rig rig;
static int fd = -1;

static void join(int on, uint32_t flags)
{
	struct psxdet_join arg = { .flags = flags };

	ck_assert_int_eq(rig_ioctl(on, PSXDET_IOC_JOIN, &arg), 0);
}

static void setup(void)
{
	struct psxdet_info info;

	rig_clean();
	rig_plug(&rig, "mmap", 16, 12, "0");
	fd = rig_open(&rig, O_RDWR);
	info = rig_info(fd);
	page = (size_t)sysconf(_SC_PAGESIZE);
	sizes[CTRL] = page;
	sizes[CONS] = page;
	sizes[DESC] = info.ring_entries * sizeof(struct psxdet_desc);
	sizes[DATA] = info.ring_bytes;
}

static void teardown(void)
{
	(void)close(fd);
	rig_unplug(&rig);
}

static int may(int region)
{
	return region == CONS ? PROT_READ | PROT_WRITE : PROT_READ;
}

static void refuse_map(int on, size_t size, int prot, int flags, off_t offset, int error,
		       const char *what)
{
	void *at = mmap(NULL, size, prot, flags, on, offset);

	ck_assert_msg(at == MAP_FAILED, "%s: mapped %zu at 0x%llx", what, size,
		      (unsigned long long)offset);
	ck_assert_msg(errno == error, "%s: %s, wanted %s", what, strerror(errno), strerror(error));
}

static void *map(int region)
{
	void *at = mmap(NULL, sizes[region], may(region), MAP_SHARED, fd, offsets[region]);

	ck_assert_msg(at != MAP_FAILED, "%s: %s", names[region], strerror(errno));
	return at;
}

START_TEST(test_sizes_and_offsets)
{
	const off_t far[] = { (off_t)page, (off_t)PSXDET_OFFSET_DATA / 2 * 3, 0x300000000ll,
			      0x180000000ll, 0x7ffffffffffll << 12, 1ll << 62 };
	int i;
	size_t k;

	refuse_map(fd, page, PROT_READ, MAP_SHARED, offsets[CONS], EINVAL, "CONS before JOIN");
	join(fd, 0);
	for (i = 0; i < REGIONS; i++) {
		if (sizes[i] > page)
			refuse_map(fd, sizes[i] - page, may(i), MAP_SHARED, offsets[i], EINVAL,
				   names[i]);
		refuse_map(fd, sizes[i] + page, may(i), MAP_SHARED, offsets[i], EINVAL, names[i]);
		refuse_map(fd, 2 * sizes[i], may(i), MAP_SHARED, offsets[i], EINVAL, names[i]);
		refuse_map(fd, sizes[i], PROT_READ, MAP_SHARED, offsets[i] + (off_t)page, EINVAL,
			   names[i]);
		if (sizes[i] > page)
			refuse_map(fd, sizes[i] - page, PROT_READ, MAP_SHARED,
				   offsets[i] + (off_t)page, EINVAL, names[i]);
		for (k = 0; k < sizeof(far) / sizeof(far[0]); k++)
			refuse_map(fd, sizes[i], PROT_READ, MAP_SHARED, far[k], EINVAL, names[i]);
		/* Sizes are those of whole pages */
		ck_assert_int_eq(munmap(map(i), sizes[i]), 0);
	}
}
END_TEST

START_TEST(test_protection)
{
	int only_read = rig_open(&rig, O_RDONLY), only_write = rig_open(&rig, O_WRONLY);
	int i;

	join(fd, 0);
	join(only_read, 0);
	for (i = 0; i < REGIONS; i++) {
		refuse_map(fd, sizes[i], PROT_READ, MAP_PRIVATE, offsets[i], EINVAL, "private");
		refuse_map(fd, sizes[i], PROT_READ | PROT_WRITE, MAP_PRIVATE, offsets[i], EINVAL,
			   "private, written");
		refuse_map(fd, sizes[i], PROT_READ | PROT_EXEC, MAP_SHARED, offsets[i], EACCES,
			   "executable");
		refuse_map(only_write, sizes[i], PROT_READ, MAP_SHARED, offsets[i], EACCES,
			   "open write-only");
		refuse_map(only_read, sizes[i], PROT_READ | PROT_WRITE, MAP_SHARED, offsets[i],
			   EACCES, "written, open read-only");
		refuse_map(only_read, sizes[i], PROT_READ, MAP_PRIVATE, offsets[i], EINVAL,
			   "private, open read-only");
		refuse_map(only_read, sizes[i], PROT_READ | PROT_EXEC, MAP_SHARED, offsets[i],
			   EACCES, "executable, open read-only");
		if (i == CONS) {
			refuse_map(only_read, sizes[i], PROT_READ, MAP_SHARED, offsets[i], EACCES,
				   "CONS, open read-only");
			continue;
		}
		refuse_map(fd, sizes[i], PROT_READ | PROT_WRITE, MAP_SHARED, offsets[i], EACCES,
			   "written");
		refuse_map(fd, sizes[i], PROT_WRITE, MAP_SHARED, offsets[i], EACCES,
			   "only written");
		ck_assert(mmap(NULL, sizes[i], PROT_READ, MAP_SHARED, only_read, offsets[i]) !=
			  MAP_FAILED);
	}
	(void)close(only_read);
	(void)close(only_write);
}
END_TEST

static void refuse_protect(void *at, size_t size, int prot, const char *name)
{
	ck_assert_msg(mprotect(at, size, prot) == -1, "%s: mprotect(%d)", name, prot);
	ck_assert_int_eq(errno, EACCES);
}

START_TEST(test_mprotect)
{
	int i;

	join(fd, 0);
	for (i = 0; i < REGIONS; i++) {
		char *at = map(i);

		refuse_protect(at, sizes[i], PROT_READ | PROT_EXEC, names[i]);
		refuse_protect(at, page, PROT_EXEC, names[i]);
		if (i != CONS) {
			refuse_protect(at, sizes[i], PROT_READ | PROT_WRITE, names[i]);
			refuse_protect(at + sizes[i] - page, page, PROT_WRITE, names[i]);
		}
		ck_assert_int_eq(mprotect(at, sizes[i], PROT_NONE), 0);
		ck_assert_int_eq(mprotect(at, sizes[i], may(i)), 0);
		ck_assert_int_eq(munmap(at, sizes[i]), 0);
	}
}
END_TEST

START_TEST(test_mremap)
{
	int i;

	join(fd, 0);
	for (i = 0; i < REGIONS; i++) {
		char *at = map(i), *place, first = *at;

		ck_assert(mremap(at, sizes[i], sizes[i] + page, MREMAP_MAYMOVE) == MAP_FAILED);
		ck_assert_int_eq(errno, EFAULT);
		/* A second mapping of the same, by the size 0 */
		ck_assert(mremap(at, 0, sizes[i], MREMAP_MAYMOVE) == MAP_FAILED);
		/* To another place it may go, and shows the same */
		place = mmap(NULL, sizes[i], PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert(place != MAP_FAILED);
		at = mremap(at, sizes[i], sizes[i], MREMAP_MAYMOVE | MREMAP_FIXED, place);
		ck_assert_ptr_eq(at, place);
		ck_assert_int_eq(*at, first);
		ck_assert_int_eq(at[sizes[i] - 1], 0);
		if (i == CTRL)
			ck_assert_uint_eq(((struct psxdet_ctrl *)at)->abi, PSXDET_ABI);
		/* A piece of it may go away; the rest stays */
		if (sizes[i] > page)
			ck_assert_int_eq(munmap(at + page, page), 0);
		ck_assert_int_eq(*at, first);
		ck_assert_int_eq(at[sizes[i] - 1], 0);
		ck_assert_int_eq(munmap(at, sizes[i]), 0);
	}
}
END_TEST

START_TEST(test_ways_round)
{
	const uint64_t evil = 0x6c697665;
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC), i;

	ck_assert_int_ge(memory, 0);
	join(fd, 0);
	for (i = 0; i < REGIONS; i++) {
		uint64_t *at = map(i), before = *at;
		struct iovec from = { (void *)&evil, sizeof(evil) }, to = { at, sizeof(evil) };

		if (i == CONS)
			continue;
		/* What a debugger does ignores protection, but not here */
		ck_assert_int_eq(pwrite(memory, &evil, sizeof(evil), (off_t)(uintptr_t)at), -1);
		ck_assert_int_eq(process_vm_writev(getpid(), &from, 1, &to, 1, 0), -1);
		/* Nor does a read() into it */
		ck_assert_int_eq(pread(memory, at, sizeof(*at), (off_t)(uintptr_t)&evil), -1);
		ck_assert_uint_eq(*at, before);
		/* Not dropped into a core dump, not even when asked */
		ck_assert_int_eq(madvise(at, sizes[i], MADV_DODUMP), -1);
		ck_assert_int_eq(madvise(at, sizes[i], MADV_DONTNEED), 0);
		ck_assert_uint_eq(*at, before);
	}
	(void)close(memory);
}
END_TEST

/* The flags that smaps shows of the mapping at that address */
static bool flags_of(const void *at, char *line, int size)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char start[24];
	bool here = false;

	if (!smaps)
		return false;
	(void)snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)at);
	while (fgets(line, size, smaps)) {
		here |= strncmp(line, start, strlen(start)) == 0;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			break;
	}
	if (feof(smaps))
		*line = '\0';
	(void)fclose(smaps);
	return *line;
}

START_TEST(test_flags)
{
	char line[512];
	int i;

	join(fd, 0);
	for (i = 0; i < REGIONS; i++) {
		if (!flags_of(map(i), line, sizeof(line))) {
			printf("# skipped: no flags in /proc/self/smaps\n");
			return;
		}
		ck_assert_msg(strstr(line, " de") && strstr(line, " dd") && strstr(line, " sh") &&
			      strstr(line, " ms") && !strstr(line, " me") && !strstr(line, " ex"),
			      "%s: %s", names[i], line);
		ck_assert_msg(!strstr(line, " mw") == (i != CONS), "%s: %s", names[i], line);
	}
}
END_TEST

/* A child sees the same, and its CONS is its parent's */
START_TEST(test_fork)
{
	const struct psxdet_ctrl *ctrl;
	struct psxdet_cons *cons;
	int status;
	pid_t pid;

	join(fd, PSXDET_READER_RESERVING);
	ctrl = map(CTRL);
	cons = map(CONS);
	pid = check_fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		__atomic_store_n(&cons->need_wakeup, 7, __ATOMIC_RELEASE);
		_exit(ctrl->abi == PSXDET_ABI ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(cons->need_wakeup, 7);
}
END_TEST

/* The reader lives as long as anything of its file does */
START_TEST(test_close)
{
	int other = rig_open(&rig, O_RDWR);
	struct psxdet_ctrl *ctrl;
	struct psxdet_cons *cons;

	join(fd, PSXDET_READER_RESERVING);
	ctrl = map(CTRL);
	cons = map(CONS);
	(void)close(fd);
	fd = -1;
	ck_assert_uint_eq(ctrl->abi, PSXDET_ABI);
	ck_assert_uint_eq(ctrl->width, rig.width);
	cons->need_wakeup = 0;
	ck_assert_uint_eq(rig_status(other).reserving, 1);
	ck_assert_int_eq(munmap(ctrl, page), 0);
	ck_assert_uint_eq(rig_status(other).reserving, 1);
	ck_assert_int_eq(munmap(cons, page), 0);
	ck_assert_uint_eq(rig_status(other).reserving, 0);
	ck_assert_uint_eq(rig_status(other).readers, 0);
	(void)close(other);
}
END_TEST

/* LEAVE and JOIN again: the page is the same one */
START_TEST(test_cons_stays)
{
	struct psxdet_cons *cons;

	join(fd, 0);
	cons = map(CONS);
	cons->cursor = 99;
	cons->need_wakeup = 0;
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_LEAVE, NULL), 0);
	ck_assert_int_eq(munmap(map(CONS), page), 0);
	join(fd, PSXDET_READER_RESERVING);
	ck_assert_uint_eq(cons->cursor, 0);
	ck_assert_uint_eq(cons->need_wakeup, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmap");
	TCase *tcase = rig_case(suite, "mmap");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_sizes_and_offsets);
	tcase_add_test(tcase, test_protection);
	tcase_add_test(tcase, test_mprotect);
	tcase_add_test(tcase, test_mremap);
	tcase_add_test(tcase, test_ways_round);
	tcase_add_test(tcase, test_flags);
	tcase_add_test(tcase, test_fork);
	tcase_add_test(tcase, test_close);
	tcase_add_test(tcase, test_cons_stays);
	return rig_main(suite);
}
