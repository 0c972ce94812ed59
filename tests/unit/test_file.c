// SPDX-License-Identifier: MIT
/* .psx files: what is written is read, damage is found, nothing is left behind. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <psxdet.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "frame_reference.h"
#include "unit.h"

#define METADATA "{\"simulated\": true, \"note\": \"\xc3\xa4\"}"
#define FRAMES 3
/* Layout that docs/file-format.md gives. */
#define HEADER 24
#define RECORD 112
#define TRAILER 32

static char folder[64];

static void make_folder(void)
{
	/* Thousands of files: in memory, where it can be */
	(void)sprintf(folder, "%s/psx-test-file.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static int count_entries(void)
{
	DIR *dir = opendir(folder);
	int count = -2; /* . and .. */

	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

static void remove_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		(void)unlink(entry->d_name);
	(void)closedir(dir);
	(void)chdir("/");
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Frame n: other facts and another size each. */
static struct psx_frame *make_frame(uint32_t n)
{
	struct psx_frame_info info = {
		.seq = 100 + n, .device_ns = 1ull << 33, .mono_ns = 1ull << 34, .dropped = n,
		.series = 3, .width = 5 + n, .height = 3, .cfg_id = 7 + n, .saturated = 8,
		.trigger = 9, .stage_x = -10, .stage_y = 11, .flags = PSX_FRAME_SATURATED,
		.threshold = 2, .scale = 0x800, .bank = 1, .channel = 2, .mode = PSX_MODE_SNAP,
		.polarity = PSX_BOTH, .pga = 16,
	};
	int16_t values[8 * 3];
	struct psx_frame *frame;

	for (uint32_t i = 0; i < 24; i++)
		values[i] = (int16_t)((i * (n + 3)) % 7 * 5 - 12);
	frame = psx_frame_encode(&info, values, info.width, NULL);
	ck_assert_ptr_nonnull(frame);
	return frame;
}

static void check_frame(const struct psx_frame *is, uint32_t n)
{
	struct psx_frame *want = make_frame(n);
	const struct psx_frame_info *a = psx_frame_get_info(is), *b = psx_frame_get_info(want);
	size_t la, lb;
	const void *pa = psx_frame_get_payload(is, &la), *pb = psx_frame_get_payload(want, &lb);

	ck_assert_uint_eq(a->seq, b->seq);
	ck_assert_uint_eq(a->device_ns, b->device_ns);
	ck_assert_uint_eq(a->mono_ns, b->mono_ns);
	ck_assert_uint_eq(a->dropped, b->dropped);
	ck_assert_uint_eq(a->series, b->series);
	ck_assert_uint_eq(a->width, b->width);
	ck_assert_uint_eq(a->height, b->height);
	ck_assert_uint_eq(a->cfg_id, b->cfg_id);
	ck_assert_uint_eq(a->effective, b->effective);
	ck_assert_uint_eq(a->saturated, b->saturated);
	ck_assert_uint_eq(a->trigger, b->trigger);
	ck_assert_int_eq(a->stage_x, b->stage_x);
	ck_assert_int_eq(a->stage_y, b->stage_y);
	ck_assert_uint_eq(a->crc32c, b->crc32c);
	ck_assert_uint_eq(a->flags, b->flags);
	ck_assert_uint_eq(a->threshold, b->threshold);
	ck_assert_uint_eq(a->scale, b->scale);
	ck_assert_uint_eq(a->bank, b->bank);
	ck_assert_uint_eq(a->channel, b->channel);
	ck_assert_uint_eq(a->mode, b->mode);
	ck_assert_uint_eq(a->polarity, b->polarity);
	ck_assert_uint_eq(a->pga, b->pga);
	ck_assert_uint_eq(la, lb);
	ck_assert_mem_eq(pa, pb, la);
	psx_frame_free(want);
}

static struct psx_file *begin(const char *name)
{
	struct psx_error err;
	struct psx_file *file = psx_file_create(name, METADATA, &err);

	ck_assert_msg(file != NULL, "%s", err.message);
	return file;
}

static int append(struct psx_file *file, uint32_t n)
{
	struct psx_frame *frame = make_frame(n);
	int ret = psx_file_append(file, frame);
	int code = errno;

	psx_frame_free(frame);
	errno = code;
	return ret;
}

static void write_file(const char *name, uint32_t frames)
{
	struct psx_file *file = begin(name);

	for (uint32_t n = 0; n < frames; n++)
		ck_assert_int_eq(append(file, n), 0);
	ck_assert_msg(psx_file_commit(file) == 0, "%s", psx_file_error(file));
	psx_file_close(file);
}

/* Complete, with frames 0 .. frames - 1. */
static void check_file(const char *name, uint32_t frames)
{
	struct psx_file *file = psx_file_open(name, NULL);

	ck_assert_ptr_nonnull(file);
	ck_assert(psx_file_is_complete(file));
	ck_assert_str_eq(psx_file_get_metadata(file), METADATA);
	ck_assert_uint_eq(psx_file_get_count(file), frames);
	for (uint32_t n = frames; n--;) {
		struct psx_frame *frame = psx_file_get_frame(file, n);

		ck_assert_ptr_nonnull(frame);
		check_frame(frame, n);
		psx_frame_free(frame);
	}
	psx_file_close(file);
}

static size_t slurp(const char *name, uint8_t *out, size_t size)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(out, 1, size, f);
	(void)fclose(f);
	return n;
}

static void spit(const char *name, const uint8_t *bytes, size_t size)
{
	FILE *f = fopen(name, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
	ck_assert_int_eq(fclose(f), 0);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t x = 0;

	for (int i = 8; i--;)
		x = x << 8 | p[i];
	return x;
}

static void put(uint8_t *p, uint64_t x, int bytes)
{
	for (int i = 0; i < bytes; i++, x >>= 8)
		p[i] = (uint8_t)x;
}

/* A file of FRAMES frames in memory, and where its parts begin. */
struct image {
	uint8_t bytes[4096];
	size_t size, first, record[FRAMES + 1], index;
};

static struct image make_image(void)
{
	struct image im;

	write_file("image.psx", FRAMES);
	im.size = slurp("image.psx", im.bytes, sizeof(im.bytes));
	im.first = (HEADER + strlen(METADATA) + 7) / 8 * 8;
	im.record[0] = im.first;
	for (int i = 0; i < FRAMES; i++)
		im.record[i + 1] = im.record[i] + RECORD +
				   (get64(im.bytes + im.record[i] + 8) + 7) / 8 * 8;
	im.index = im.record[FRAMES];
	ck_assert_uint_eq(im.size, im.index + 8 * FRAMES + TRAILER);
	return im;
}

static void mend_record(struct image *im, int i)
{
	uint8_t *p = im->bytes + im->record[i];

	put(p + 4, ref_crc32c(p + 8, RECORD - 8, 0), 4);
}

static void mend_trailer(struct image *im)
{
	uint8_t *trailer = im->bytes + im->size - TRAILER;
	const uint8_t *index = im->bytes + im->index;

	put(trailer + 16, ref_crc32c(index, (size_t)(trailer - index) + 16, 0), 4);
}

/* ------------------------------------------------------------- writing -- */

START_TEST(round_trip)
{
	struct psx_file *file;

	write_file("run.psx", (uint32_t)_i);
	ck_assert_int_eq(count_entries(), 1);
	check_file("run.psx", (uint32_t)_i);
	file = psx_file_open("run.psx", NULL);
	ck_assert_ptr_null(psx_file_get_frame(file, (uint64_t)_i));
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_eq(append(file, 0), -1);
	ck_assert_int_eq(errno, EBADF);
	psx_file_close(file);
}
END_TEST

/* The bytes are those that the document gives. */
START_TEST(layout)
{
	struct image im = make_image();
	const uint8_t *trailer = im.bytes + im.size - TRAILER;

	ck_assert_mem_eq(im.bytes, "\x89PSX\r\n\x1a\n\2\0\0\0", 12);
	ck_assert_uint_eq(im.bytes[12], strlen(METADATA));
	ck_assert_mem_eq(im.bytes + HEADER, METADATA, strlen(METADATA));
	ck_assert_mem_eq(im.bytes + im.record[1], "FRAM", 4);
	ck_assert_uint_eq(get64(im.bytes + im.record[1] + 16), 1);
	ck_assert_uint_eq(get64(im.bytes + im.record[1] + 24), 101);
	for (size_t i = 0; i < FRAMES; i++)
		ck_assert_uint_eq(get64(im.bytes + im.index + 8 * i), im.record[i]);
	ck_assert_uint_eq(get64(trailer), im.index);
	ck_assert_uint_eq(get64(trailer + 8), FRAMES);
	ck_assert_uint_eq(get64(trailer + 16), ref_crc32c(im.bytes + im.index, 8 * FRAMES + 16, 0));
	ck_assert_mem_eq(trailer + 24, "PSXEND\r\n", 8);
}
END_TEST

START_TEST(bad_metadata)
{
	static const char *const bad[] = { "", "[1]", "{", "{} x", "3", "{\"a\":1,}", "\xff{}" };
	struct psx_error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_ptr_null(psx_file_create("run.psx", bad[i], &err));
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_int_eq(err.code, EINVAL);
	}
	ck_assert_int_eq(count_entries(), 0);
}
END_TEST

static void check_old_content(const char *name)
{
	uint8_t bytes[16];

	ck_assert_uint_eq(slurp(name, bytes, sizeof(bytes)), 3);
	ck_assert_mem_eq(bytes, "old", 3);
}

/* Until commit, what stood under the name stays; without it, for good. */
START_TEST(existing_file)
{
	struct psx_file *file;
	struct stat st;

	spit("run.psx", (const uint8_t *)"old", 3);
	file = begin("run.psx");
	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_int_eq(count_entries(), 2);
	check_old_content("run.psx");
	psx_file_close(file);
	check_old_content("run.psx");
	ck_assert_int_eq(count_entries(), 1);

	write_file("run.psx", 1);
	ck_assert_int_eq(stat("run.psx", &st), 0);
	ck_assert_int_gt(st.st_size, 3);
	ck_assert_int_eq(count_entries(), 1);
}
END_TEST

START_TEST(name_and_mode)
{
	struct stat st;

	(void)umask(027);
	write_file("run.psx", 0);
	ck_assert_int_eq(stat("run.psx", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);

	ck_assert_int_eq(symlink("run.psx", "link.psx"), 0);
	write_file("link.psx", 2);
	ck_assert_int_eq(lstat("link.psx", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(stat("run.psx", &st), 0);
	ck_assert_int_gt(st.st_size, 2 * RECORD);
	ck_assert_int_eq(count_entries(), 2);
}
END_TEST

START_TEST(cannot_create)
{
	struct psx_error err;

	ck_assert_ptr_null(psx_file_create("none/run.psx", METADATA, &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.message, "none/run.psx: no such file or directory");
	ck_assert_ptr_null(psx_file_create(folder, METADATA, &err));
	ck_assert_int_eq(err.code, EISDIR);
	ck_assert_ptr_null(psx_file_open("run.psx", &err));
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_ptr_null(psx_file_open(folder, &err));
	ck_assert_int_eq(err.code, EBADMSG);
}
END_TEST

START_TEST(devices)
{
	struct psx_error err;
	struct psx_file *file = begin("/dev/null");

	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_int_eq(psx_file_commit(file), 0);
	psx_file_close(file);
	ck_assert_ptr_null(psx_file_create("/dev/full", METADATA, &err));
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(err.message, "/dev/full: no space left on device");
}
END_TEST

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A frame without room is taken back, wherever in it the room ends. */
START_TEST(no_room_for_frame)
{
	struct image im = make_image();
	struct psx_file *file;

	for (size_t room = im.record[1]; room < im.record[2]; room += 4) {
		file = begin("run.psx");
		ck_assert_int_eq(append(file, 0), 0);
		limit_file_size(room);
		ck_assert_int_eq(append(file, 1), -1);
		ck_assert_int_eq(errno, EFBIG);
		ck_assert_str_eq(psx_file_error(file), "run.psx: file too large");
		limit_file_size(RLIM_INFINITY);
		ck_assert_uint_eq(psx_file_get_count(file), 1);
		ck_assert_int_eq(psx_file_commit(file), 0);
		check_file("run.psx", 1);
		psx_file_close(file);

		file = begin("run.psx");
		ck_assert_int_eq(append(file, 0), 0);
		limit_file_size(room);
		ck_assert_int_eq(append(file, 1), -1);
		limit_file_size(RLIM_INFINITY);
		ck_assert_int_eq(append(file, 1), 0);
		ck_assert_int_eq(psx_file_commit(file), 0);
		check_file("run.psx", 2);
		psx_file_close(file);
	}
}
END_TEST

/* Frames that were left are there without an index; and are removed */
static void check_left(const char *name, uint32_t frames)
{
	struct psx_file *file = psx_file_open(name, NULL);

	ck_assert_ptr_nonnull(file);
	ck_assert(!psx_file_is_complete(file));
	ck_assert_uint_eq(psx_file_get_count(file), frames);
	psx_file_close(file);
	ck_assert_int_eq(unlink(name), 0);
}

START_TEST(no_room_for_index)
{
	struct image im = make_image();
	struct psx_file *file;

	spit("run.psx", (const uint8_t *)"old", 3);
	for (size_t room = im.index; room < im.size; room += 8) {
		file = begin("run.psx");
		for (uint32_t n = 0; n < FRAMES; n++)
			ck_assert_int_eq(append(file, n), 0);
		limit_file_size(room);
		ck_assert_int_eq(psx_file_commit(file), -1);
		ck_assert_int_eq(errno, EFBIG);
		check_old_content("run.psx");
		ck_assert(!psx_file_is_complete(file));
		limit_file_size(RLIM_INFINITY);
		if (room % 16) {
			ck_assert_int_eq(psx_file_commit(file), 0);
			check_file("run.psx", FRAMES);
			spit("run.psx", (const uint8_t *)"old", 3);
		} else {
			check_left(psx_file_leave(file), FRAMES);
		}
		ck_assert_int_eq(append(file, 0), -1);
		ck_assert_int_eq(psx_file_commit(file), -1);
		psx_file_close(file);
		ck_assert_int_eq(count_entries(), 2); /* and image.psx */
		check_old_content("run.psx");
	}
	file = begin("run.psx");
	ck_assert_ptr_null(psx_file_leave(file)); /* no frames */
	psx_file_close(file);
	ck_assert_int_eq(count_entries(), 2);
}
END_TEST

static int forbid(unsigned int call, unsigned int code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 4, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* All there, but the name is taken, or a quota says so only now, as that of NFS */
START_TEST(late_failure)
{
	struct psx_file *file = begin("run.psx");

	for (uint32_t n = 0; n < FRAMES; n++)
		ck_assert_int_eq(append(file, n), 0);
	ck_assert_int_eq(mkdir("run.psx", 0700), 0);
	ck_assert_int_eq(psx_file_commit(file), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_str_eq(psx_file_error(file), "run.psx: is a directory");
	ck_assert_int_eq(rmdir("run.psx"), 0);
	ck_assert_int_eq(psx_file_commit(file), 0);
	psx_file_close(file);
	check_file("run.psx", FRAMES);
	spit("run.psx", (const uint8_t *)"old", 3);

	if (forbid(SYS_fsync, ENOSPC)) {
		(void)printf("# skipped: no seccomp filters, fsync() stays\n");
		return;
	}
	file = begin("run.psx");
	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_int_eq(psx_file_commit(file), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(psx_file_commit(file), -1); /* what was lost stays lost */
	ck_assert_int_eq(errno, EIO);
	check_left(psx_file_leave(file), 1);
	psx_file_close(file);

	file = begin("run.psx");
	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_ptr_nonnull(psx_file_leave(file));
	ck_assert_int_eq(errno, ENOSPC);
	psx_file_close(file);
	check_old_content("run.psx");
	ck_assert_int_eq(count_entries(), 2);

	file = begin("run.psx");
	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_int_eq(psx_file_commit(file), -1);
	psx_file_close(file);
	ck_assert_int_eq(count_entries(), 2); /* with the one that was left */
}
END_TEST

static void fill_disk(const char *name)
{
	const int fd = open(name, O_WRONLY | O_CREAT, 0600);

	while (write(fd, folder, 1) == 1)
		;
	ck_assert_int_eq(errno, ENOSPC);
	(void)close(fd);
}

/* A file system that is full, where one may be mounted: with fallocate() and without */
START_TEST(disk_full)
{
	struct psx_file *file;
	struct stat st;
	glob_t found;

	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", folder, "tmpfs", 0, "size=16k") || chdir(folder)) {
		(void)printf("# skipped: no tmpfs can be mounted here\n");
		return;
	}
	if (_i && forbid(SYS_fallocate, EOPNOTSUPP)) { /* as NFS 4.1 has it */
		(void)printf("# skipped: no seccomp filters, fallocate() stays\n");
		return;
	}
	spit("run.psx", (const uint8_t *)"old", 3);
	file = begin("run.psx");
	ck_assert_int_eq(psx_file_reserve(file, 1, 100, 100), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(psx_file_reserve(file, 1, 40, 40), 0);
	while (append(file, 0) == 0)
		ck_assert_uint_lt(psx_file_get_count(file), 1000);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(psx_file_error(file), "run.psx: no space left on device");
	psx_file_close(file);
	check_old_content("run.psx");
	ck_assert_int_eq(count_entries(), 1);

	/* Nothing of it is in the file, where the file system can do that */
	file = begin("run.psx");
	ck_assert_int_eq(psx_file_reserve(file, UINT64_MAX / 64, 40, 40), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_int_eq(psx_file_reserve(file, 1, 40, 40), 0);
	ck_assert_int_eq(glob(".run.psx.*", 0, NULL, &found), 0);
	ck_assert_int_eq(stat(found.gl_pathv[0], &st), 0);
	ck_assert_int_eq(st.st_size < 100, !_i);
	ck_assert_int_ge(st.st_blocks, 8);
	globfree(&found);
	psx_file_close(file);

	/* What was set aside nobody else gets, and what is not used goes back */
	file = begin("run.psx");
	ck_assert_int_eq(psx_file_reserve(file, 1, 40, 40), 0);
	fill_disk("other");
	ck_assert_int_eq(append(file, 0), 0);
	ck_assert_int_eq(psx_file_commit(file), 0);
	psx_file_close(file);
	check_file("run.psx", 1);
	ck_assert_int_eq(stat("run.psx", &st), 0);
	ck_assert_int_lt(st.st_size, 512);
	ck_assert_int_le(st.st_blocks, 8);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(umount(folder), 0);
	ck_assert_int_eq(chdir(folder), 0);
}
END_TEST

/* -------------------------------------------------------------- damage -- */

/* Writers may die after any byte. */
START_TEST(cut_anywhere)
{
	struct image im = make_image();

	for (size_t size = 0; size < im.size; size++) {
		struct psx_file *file;
		struct psx_error err;
		uint64_t whole = 0;

		spit("cut.psx", im.bytes, size);
		file = psx_file_open("cut.psx", &err);
		if (size < HEADER + strlen(METADATA)) {
			ck_assert_ptr_null(file);
			ck_assert_int_eq(err.code, EBADMSG);
			continue;
		}
		for (int i = 0; i < FRAMES; i++)
			whole += size >= im.record[i] + RECORD +
					 get64(im.bytes + im.record[i] + 8);
		ck_assert_msg(file != NULL, "%zu bytes: %s", size, err.message);
		ck_assert_str_eq(psx_file_error(file), "");
		ck_assert(!psx_file_is_complete(file));
		ck_assert_uint_eq(psx_file_get_count(file), whole);
		for (uint32_t n = 0; n < whole; n++) {
			struct psx_frame *frame = psx_file_get_frame(file, n);

			ck_assert_ptr_nonnull(frame);
			check_frame(frame, n);
			psx_frame_free(frame);
		}
		psx_file_close(file);
	}
}
END_TEST

/* Which frames of a file are as they were; frames that can't be decoded don't
 * count, frames that decode to something else fail the test. */
static unsigned int intact_frames(struct psx_file *file)
{
	unsigned int intact = 0;

	for (uint32_t n = 0; n < psx_file_get_count(file); n++) {
		struct psx_frame *frame = psx_file_get_frame(file, n);
		int16_t values[8 * 3];

		if (!frame) {
			ck_assert_int_eq(errno, EBADMSG);
			ck_assert_ptr_nonnull(strstr(psx_file_error(file), "byte "));
			continue;
		}
		if (psx_frame_to_dense(frame, values, 8, NULL) == 0) {
			check_frame(frame, n);
			intact |= 1u << n;
		}
		psx_frame_free(frame);
	}
	return intact;
}

static bool is_fill(const struct image *im, size_t at)
{
	if (at >= HEADER + strlen(METADATA) && at < im->first)
		return true;
	for (int i = 0; i < FRAMES; i++)
		if (at >= im->record[i] + RECORD + get64(im->bytes + im->record[i] + 8) &&
		    at < im->record[i + 1])
			return true;
	return false;
}

/* One frame at most is lost, and never silently. */
START_TEST(flipped_bit)
{
	const unsigned int all = (1u << FRAMES) - 1;
	struct image im = make_image();

	for (size_t bit = 0; bit < 8 * im.size; bit++) {
		struct image bad = im;
		size_t at = bit / 8;
		struct psx_file *file;
		unsigned int want = all;

		bad.bytes[at] ^= (uint8_t)(1 << bit % 8);
		spit("bad.psx", bad.bytes, bad.size);
		file = psx_file_open("bad.psx", NULL);
		if (at < im.first) {
			ck_assert(is_fill(&im, at) == (file != NULL));
			psx_file_close(file);
			continue;
		}
		for (int i = 0; i < FRAMES; i++)
			if (at >= im.record[i] && at < im.record[i + 1] && !is_fill(&im, at))
				want &= ~(1u << i);
		ck_assert_ptr_nonnull(file);
		ck_assert_msg(intact_frames(file) == want, "bit %zu", bit);
		ck_assert(psx_file_is_complete(file) == (at < im.index));
		psx_file_close(file);
	}
}
END_TEST

/* Fields that no CRC protects from someone who can compute CRCs. */
START_TEST(hostile)
{
	struct image im = make_image();
	const struct {
		int record; /* -1: the index */
		int bytes;
		size_t at;
		uint64_t value;
		const char *reason;
	} faults[] = {
		{ 1, 8, 8, UINT64_MAX, "payload beyond the frames" },
		{ 1, 8, 8, UINT64_MAX - 300, "payload beyond the frames" },
		{ 1, 8, 8, 1000, "payload beyond the frames" },
		{ 1, 8, 8, 0, "shorter than a header" },
		{ 1, 8, 8, 31, "shorter than a header" },
		{ 1, 8, 16, 0, "record of another frame" },
		{ 1, 1, 110, 1, "a mask that is not there" },
		{ 1, 4, 60, 1, "differ in size" },
		{ 1, 8, 24, 1, "differ in seq" },
		{ 1, 1, 107, 7, "differ in threshold or polarity" },
		{ -1, 8, 8, UINT64_MAX, "no room for a record" },
		{ -1, 8, 8, UINT64_MAX - 7, "no room for a record" },
		{ -1, 8, 8, 0, "no room for a record" },
		{ -1, 8, 8, 1 << 20, "no room for a record" },
		{ -1, 8, 8, im.record[1] + 4, "no room for a record" },
		{ -1, 8, 8, im.index - RECORD + 8, "no room for a record" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct image bad = im;
		size_t at = faults[i].record < 0 ? im.index : im.record[faults[i].record];
		struct psx_file *file;

		put(bad.bytes + at + faults[i].at, faults[i].value, faults[i].bytes);
		mend_record(&bad, 1);
		mend_trailer(&bad);
		spit("bad.psx", bad.bytes, bad.size);
		file = psx_file_open("bad.psx", NULL);
		ck_assert_ptr_nonnull(file);
		ck_assert(psx_file_is_complete(file));
		ck_assert_ptr_null(psx_file_get_frame(file, 1));
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_msg(strstr(psx_file_error(file), faults[i].reason) != NULL,
			      "case %zu: %s", i, psx_file_error(file));
		ck_assert_uint_eq(intact_frames(file), 5);
		psx_file_close(file);
	}
}
END_TEST

/* A trailer that doesn't fit the file, CRC right: as if there were none. */
START_TEST(hostile_trailer)
{
	struct image im = make_image();
	const struct { uint64_t index, count; } faults[] = {
		{ im.index + 8, FRAMES }, { im.index - 8, FRAMES }, { UINT64_MAX, FRAMES },
		{ im.size, FRAMES }, { im.index, 0 }, { im.index, FRAMES + 1 },
		{ im.index, UINT64_MAX / 8 + FRAMES + 1 }, { im.index, UINT64_MAX },
		/* the length between index and trailer wraps to what the count says */
		{ im.size - TRAILER + 8, UINT64_MAX / 8 },
		/* an index that begins in the metadata */
		{ im.first - 8, (im.size - TRAILER - im.first + 8) / 8 },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct image bad = im;
		struct psx_file *file;

		put(bad.bytes + bad.size - TRAILER, faults[i].index, 8);
		put(bad.bytes + bad.size - TRAILER + 8, faults[i].count, 8);
		if (faults[i].index <= im.size - TRAILER)
			bad.index = faults[i].index;
		mend_trailer(&bad);
		spit("bad.psx", bad.bytes, bad.size);
		file = psx_file_open("bad.psx", NULL);
		ck_assert_ptr_nonnull(file);
		ck_assert(!psx_file_is_complete(file));
		ck_assert_uint_eq(intact_frames(file), 7);
		psx_file_close(file);
	}
}
END_TEST

START_TEST(hostile_header)
{
	static const char *const bad[] = { "[]", "{", "", "{\"a\":\"\\u0000\"}", "{} {}" };
	uint8_t bytes[64];
	struct psx_error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t length = strlen(bad[i]);

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, "\x89PSX\r\n\x1a\n\1\0\0\0", 12);
		put(bytes + 12, length, 4);
		memcpy(bytes + HEADER, bad[i], length);
		put(bytes + 16, ref_crc32c(bytes + HEADER, length, 0), 4);
		put(bytes + 20, ref_crc32c(bytes, 20, 0), 4);
		spit("bad.psx", bytes, sizeof(bytes));
		ck_assert_ptr_null(psx_file_open("bad.psx", &err));
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_str_eq(err.message, "bad.psx: byte 24: metadata is not a JSON object");
	}
	put(bytes + 12, UINT32_MAX, 4);
	put(bytes + 20, ref_crc32c(bytes, 20, 0), 4);
	spit("bad.psx", bytes, sizeof(bytes));
	ck_assert_ptr_null(psx_file_open("bad.psx", &err));
	ck_assert_ptr_nonnull(strstr(err.message, "byte 12: metadata longer"));

	put(bytes + 8, 3, 4);
	put(bytes + 20, ref_crc32c(bytes, 20, 0), 4);
	spit("bad.psx", bytes, sizeof(bytes));
	ck_assert_ptr_null(psx_file_open("bad.psx", &err));
	ck_assert_ptr_nonnull(strstr(err.message, "unknown version"));
}
END_TEST

/* -------------------------------------------------------------- masks -- */

#define MASKED	   6
#define MASKS	   3
#define MASK	   32
#define MASKED_SIZE 4096

/* The mask of frame n: none of the first, one for each size of the others */
static void mask_frame(struct psx_frame *frame, uint32_t n)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	struct psx_mask *mask = psx_mask_new(info->width, info->height);

	if (n)
		mask->bad[0] = mask->bad[n % 3 + 7] = 1;
	psx_frame_set_mask(frame, n ? mask : NULL);
	psx_mask_unref(mask);
}

static void check_mask(const struct psx_frame *frame, uint32_t n)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const uint8_t *mask = psx_frame_get_mask(frame);

	ck_assert((mask != NULL) == (n != 0));
	for (uint32_t i = 0; mask && i < info->width * info->height; i++)
		ck_assert_uint_eq(mask[i], i == 0 || i == n % 3 + 7);
}

/* Frames of sizes 0 1 2 0 1 2, each twice */
static size_t make_masked(uint8_t *bytes)
{
	struct psx_file *file = begin("masked.psx");

	for (uint32_t n = 0; n < MASKED; n++) {
		struct psx_frame *frame = make_frame(n % 3);

		mask_frame(frame, n);
		ck_assert_int_eq(psx_file_append(file, frame), 0);
		ck_assert_int_eq(psx_file_append(file, frame), 0);
		psx_frame_free(frame);
	}
	ck_assert_int_eq(psx_file_commit(file), 0);
	psx_file_close(file);
	return slurp("masked.psx", bytes, MASKED_SIZE);
}

/* All that a file gives is right, frame and mask; returns how many frames */
static unsigned int check_masked(const char *name)
{
	struct psx_file *file = psx_file_open(name, NULL);
	unsigned int count = 0;

	for (uint64_t i = 0; file && i < psx_file_get_count(file); i++) {
		struct psx_frame *frame = psx_file_get_frame(file, i), *copy;
		int16_t values[8 * 3];

		if (!frame) {
			ck_assert_int_eq(errno, EBADMSG);
			continue;
		}
		copy = psx_frame_copy(frame);
		psx_frame_free(frame);
		check_mask(copy, (uint32_t)i / 2);
		if (!psx_frame_to_dense(copy, values, 8, NULL)) {
			check_frame(copy, (uint32_t)i / 2 % 3);
			count++;
		}
		psx_frame_free(copy);
	}
	psx_file_close(file);
	return count;
}

START_TEST(masks_are_kept)
{
	uint8_t bytes[MASKED_SIZE];
	size_t size = make_masked(bytes), records = 0;

	for (size_t i = 0; i + 4 < size; i += 8)
		records += !memcmp(bytes + i, "MASK", 4);
	ck_assert_uint_eq(records, MASKS);
	ck_assert_uint_eq(bytes[size - TRAILER + 20], MASKS);
	ck_assert_uint_eq(check_masked("masked.psx"), 2 * MASKED);
	/* without its index it is walked */
	spit("cut.psx", bytes, size - 1);
	ck_assert_uint_eq(check_masked("cut.psx"), 2 * MASKED);
}
END_TEST

/* Cut or altered anywhere: what is read is right, and little is lost */
START_TEST(damaged_masks)
{
	uint8_t bytes[MASKED_SIZE];
	size_t size = make_masked(bytes);
	unsigned int last = 0;

	for (size_t cut = 0; cut < size; cut++) {
		unsigned int count;

		spit("cut.psx", bytes, cut);
		count = check_masked("cut.psx");
		ck_assert_uint_ge(count, last);
		last = count;
	}
	for (size_t at = HEADER; at < size; at++) {
		bytes[at] ^= (uint8_t)(1 << at % 8);
		spit("bad.psx", bytes, size);
		if (at >= HEADER + (strlen(METADATA) + 7) / 8 * 8)
			ck_assert_uint_ge(check_masked("bad.psx"), 2 * MASKED - 4);
		bytes[at] ^= (uint8_t)(1 << at % 8);
	}
}
END_TEST

/* What no CRC guards from someone who can compute CRCs */
START_TEST(hostile_masks)
{
	static const struct {
		size_t at;
		uint64_t value;
		int bytes;
		const char *reason;
	} faults[] = {
		{ 8, UINT64_MAX, 8, "length of a mask" },
		{ 8, 1000, 8, "length of a mask" },
		{ 16, 0, 4, "length of a mask" },
		{ 16, UINT32_MAX, 4, "length of a mask" },
		{ 20, 4, 4, "a mask of another size" },
		{ 24, 2, 4, "record of another mask" },
		{ 28, 0, 4, "wrong crc32c" },
	};
	uint8_t bytes[MASKED_SIZE];
	size_t size = make_masked(bytes), first = 0;

	while (memcmp(bytes + first, "MASK", 4) != 0)
		first += 8;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t bad[MASKED_SIZE];
		struct psx_file *file;

		memcpy(bad, bytes, size);
		put(bad + first + faults[i].at, faults[i].value, faults[i].bytes);
		put(bad + first + 4, ref_crc32c(bad + first + 8, MASK - 8, 0), 4);
		spit("bad.psx", bad, size);
		file = psx_file_open("bad.psx", NULL);
		ck_assert_ptr_nonnull(file);
		ck_assert(psx_file_is_complete(file));
		ck_assert_ptr_null(psx_file_get_frame(file, 2));
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_msg(strstr(psx_file_error(file), faults[i].reason) != NULL, "case %zu: %s",
			      i, psx_file_error(file));
		psx_file_close(file);
	}
}
END_TEST

START_TEST(version_1_is_read)
{
	struct image im = make_image();

	put(im.bytes + 8, 1, 4);
	put(im.bytes + 20, ref_crc32c(im.bytes, 20, 0), 4);
	spit("run.psx", im.bytes, im.size);
	check_file("run.psx", FRAMES);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return tc;
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = add_case(suite, "writing");

	tcase_add_loop_test(tc, round_trip, 0, FRAMES + 1);
	tcase_add_test(tc, layout);
	tcase_add_test(tc, bad_metadata);
	tcase_add_test(tc, existing_file);
	tcase_add_test(tc, name_and_mode);
	tcase_add_test(tc, cannot_create);
	tcase_add_test(tc, devices);
	tcase_add_test(tc, no_room_for_frame);
	tcase_add_test(tc, no_room_for_index);
	tcase_add_test(tc, late_failure);
	tcase_add_loop_test(tc, disk_full, 0, 2);

	tc = add_case(suite, "damage");
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, flipped_bit);
	tcase_add_test(tc, hostile);
	tcase_add_test(tc, hostile_trailer);
	tcase_add_test(tc, hostile_header);

	tc = add_case(suite, "masks");
	tcase_add_test(tc, masks_are_kept);
	tcase_add_test(tc, damaged_masks);
	tcase_add_test(tc, hostile_masks);
	tcase_add_test(tc, version_1_is_read);
	return suite;
}

int main(void)
{
	return unit_main(make_suite());
}
