// SPDX-License-Identifier: MIT
/* tools/psxvfu from the client's side of its socket. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <psxdet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/psxvfu/vfu.h"
#include "vfu_client.h"

#define MS	     1000000ull
#define GUEST	     0x100000000ull /* where memory begins */
#define GUEST_BYTES  (4u << 20)
#define QUEUE_AT     0u
#define CQ_SHIFT     4u
#define STAGING_AT   (1u << 20)
#define DATA_AT	     (2u << 20)
#define SEG_SHIFT    16u
#define SEG_COUNT    8u
#define RING_BYTES   ((u64)SEG_COUNT << SEG_SHIFT)
#define READ_WRITE   3u
#define TRIGGER_FD   (VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD)
#define TRIGGER_NONE (VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE)

static struct {
	struct vfu *device;
	pthread_t thread;
	int fd, other, memory, irq;
	u8 *guest;
} rig;

static void *serve(void *arg)
{
	(void)arg;
	vfu_serve(rig.device, rig.other);
	(void)close(rig.other);
	return NULL;
}

static void connect_to(const char *keys)
{
	struct psx_error err = { 0 };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	rig.fd = ends[0];
	rig.other = ends[1];
	rig.device = vfu_new(keys, &err);
	ck_assert_msg(rig.device != NULL, "%s", err.message);
	ck_assert_int_eq(pthread_create(&rig.thread, NULL, serve, NULL), 0);
}

static int sealed_memory(size_t bytes)
{
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return fd;
}

/* A guest that has enabled the device: memory, bus mastering, its interrupt */
static void boot(const char *keys)
{
	connect_to(keys);
	vfu_hello(rig.fd);
	rig.memory = sealed_memory(GUEST_BYTES);
	rig.guest = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, rig.memory, 0);
	ck_assert_ptr_ne(rig.guest, MAP_FAILED);
	rig.irq = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_uint_eq(vfu_map(rig.fd, GUEST, GUEST_BYTES, 0, READ_WRITE, rig.memory), 0);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 1, rig.irq), 0);
	vfu_config_set(rig.fd, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static void setup(void)
{
	memset(&rig, 0, sizeof(rig));
	rig.memory = rig.irq = -1;
}

static void teardown(void)
{
	(void)close(rig.fd);
	(void)pthread_join(rig.thread, NULL);
	vfu_free(rig.device);
	if (rig.guest)
		(void)munmap(rig.guest, GUEST_BYTES);
	(void)close(rig.memory);
	(void)close(rig.irq);
}

static u64 now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / MS;
}

/* Registers as a driver uses them */
static u32 rd(u32 reg)
{
	return vfu_rd(rig.fd, reg);
}

static void wr(u32 reg, u32 value)
{
	vfu_wr(rig.fd, reg, value);
}

static void wr64(u32 reg, u64 value)
{
	vfu_wr64(rig.fd, reg, value);
}

static void check_taken(void)
{
	ck_assert_uint_eq(rd(PSX_REG_ERROR), 0);
}

static bool interrupted(int timeout_ms)
{
	struct pollfd in = { .fd = rig.irq, .events = POLLIN };
	u64 count;

	if (poll(&in, 1, timeout_ms) != 1)
		return false;
	ck_assert_int_eq(read(rig.irq, &count, sizeof(count)), sizeof(count));
	return true;
}

/* ------------------------------------------------------------- the protocol */

START_TEST(version_comes_first)
{
	static const u8 too_new[] = "\1\0\0";
	static const u8 later_minor[] = "\0\0\7";

	connect_to("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_RESET, NULL, 0), EPROTO);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_VERSION, too_new, 3), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_VERSION, too_new, 4), ENOTSUP);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_VERSION, later_minor, 4), 0);
	ck_assert_uint_gt(vfu_reply.size, 4);
	ck_assert_mem_eq(vfu_reply.data, "\0\0\0\0", 4);
	ck_assert_uint_eq(vfu_reply.data[vfu_reply.size - 1], 0);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_VERSION, later_minor, 4), EPROTO);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_RESET, NULL, 0), 0);
}
END_TEST

START_TEST(device_regions_and_irqs_are_told)
{
	u32 info[4] = { sizeof(info) }, irq[4] = { sizeof(irq) };
	struct vfio_region_info region = { .argsz = sizeof(region) };

	boot("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_INFO, info, sizeof(info)), 0);
	memcpy(info, vfu_reply.data, sizeof(info));
	ck_assert_uint_eq(info[1], VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(info[2], VFIO_PCI_NUM_REGIONS);
	ck_assert_uint_eq(info[3], VFIO_PCI_NUM_IRQS);
	for (u32 i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		bool there = i == VFIO_PCI_BAR0_REGION_INDEX || i == VFIO_PCI_BAR2_REGION_INDEX ||
			     i == VFIO_PCI_CONFIG_REGION_INDEX;

		region = (struct vfio_region_info){ .argsz = sizeof(region), .index = i };
		ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_REGION_INFO, &region, sizeof(region)), 0);
		memcpy(&region, vfu_reply.data, sizeof(region));
		ck_assert_uint_eq(region.index, i);
		ck_assert_uint_eq(region.size, there ? 4096 : 0);
		ck_assert_uint_eq(region.flags, there ? 3 : 0);
	}
	for (u32 i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		irq[0] = sizeof(irq);
		irq[2] = i;
		ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_IRQ_INFO, irq, sizeof(irq)), 0);
		memcpy(irq, vfu_reply.data, sizeof(irq));
		ck_assert_uint_eq(irq[3], i == VFIO_PCI_MSIX_IRQ_INDEX);
	}
}
END_TEST

/* The place of a capability, found as a kernel finds it */
static u32 capability(u32 id)
{
	u32 at = vfu_config_get(rig.fd, PCI_CAPABILITY_LIST, 1);

	while (at) {
		if (vfu_config_get(rig.fd, at, 1) == id)
			return at;
		at = vfu_config_get(rig.fd, at + 1, 1);
	}
	ck_abort_msg("no capability %u", id);
	return 0;
}

START_TEST(header_and_bars)
{
	boot("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(vfu_config_get(rig.fd, 0, 4), 0x50581234);
	ck_assert_uint_eq(vfu_config_get(rig.fd, PCI_CLASS_REVISION, 4), 0x11800001);
	ck_assert_uint_eq(vfu_config_get(rig.fd, PCI_SUBSYSTEM_VENDOR_ID, 4), 0x50581234);
	ck_assert_uint_eq(vfu_config_get(rig.fd, PCI_INTERRUPT_PIN, 1), 0);
	for (u32 bar = PCI_BASE_ADDRESS_0; bar <= PCI_BASE_ADDRESS_5; bar += 4) {
		bool there = bar == PCI_BASE_ADDRESS_0 || bar == PCI_BASE_ADDRESS_2;

		vfu_config_set(rig.fd, bar, 0xffffffff, 4);
		ck_assert_uint_eq(vfu_config_get(rig.fd, bar, 4), there ? 0xfffff000 : 0);
		vfu_config_set(rig.fd, bar, 0xfebd1000, 4);
		ck_assert_uint_eq(vfu_config_get(rig.fd, bar, 4), there ? 0xfebd1000 : 0);
	}
	vfu_config_set(rig.fd, 0, 0, 4);
	ck_assert_uint_eq(vfu_config_get(rig.fd, 0, 4), 0x50581234);
}
END_TEST

START_TEST(capabilities)
{
	u32 msix, express, power;

	boot("width=8,height=8,scene=flat:9");
	msix = capability(PCI_CAP_ID_MSIX);
	ck_assert_uint_eq(vfu_config_get(rig.fd, msix + PCI_MSIX_TABLE, 4), 2);
	ck_assert_uint_eq(vfu_config_get(rig.fd, msix + PCI_MSIX_PBA, 4), 0x802);
	vfu_config_set(rig.fd, msix + PCI_MSIX_FLAGS, 0xffff, 2);
	ck_assert_uint_eq(vfu_config_get(rig.fd, msix + PCI_MSIX_FLAGS, 2), 0xc000);
	express = capability(PCI_CAP_ID_EXP);
	ck_assert_uint_eq(vfu_config_get(rig.fd, express + PCI_EXP_FLAGS, 2), 2);
	ck_assert_uint_ne(vfu_config_get(rig.fd, express + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR, 0);
	power = capability(PCI_CAP_ID_PM);
	vfu_config_set(rig.fd, power + PCI_PM_CTRL, 3, 2);
	ck_assert_uint_eq(rd(PSX_REG_ID), 0xffffffff);
	vfu_config_set(rig.fd, power + PCI_PM_CTRL, 1, 2);
	ck_assert_uint_eq(vfu_config_get(rig.fd, power + PCI_PM_CTRL, 2) & 3, 3);
	vfu_config_set(rig.fd, power + PCI_PM_CTRL, 0, 2);
	ck_assert_uint_eq(rd(PSX_REG_ID), PSX_ID);
}
END_TEST

static void check_reset(void)
{
	ck_assert_uint_eq(rd(PSX_REG_RAIL_SLEW), 100);
	ck_assert_uint_eq(rd(PSX_REG_WATCHDOG_MS), 0);
	ck_assert_uint_eq(vfu_config_get(rig.fd, PCI_COMMAND, 2), 0);
}

static void change_something(void)
{
	wr(PSX_REG_RAIL_SLEW, 7);
	wr(PSX_REG_WATCHDOG_MS, 12345);
	ck_assert_uint_eq(rd(PSX_REG_WATCHDOG_MS), 12345);
	vfu_config_set(rig.fd, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
}

START_TEST(resets)
{
	boot("width=8,height=8,scene=flat:9");
	change_something();
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_RESET, NULL, 0), 0);
	check_reset();
	change_something();
	vfu_config_set(rig.fd, capability(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL,
		       PCI_EXP_DEVCTL_BCR_FLR, 2);
	check_reset();
	ck_assert_uint_eq(vfu_config_get(rig.fd, capability(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2) &
			  PCI_EXP_DEVCTL_BCR_FLR, 0);
}
END_TEST

START_TEST(registers_are_32_bits_wide)
{
	u32 two[2], bytes = 0;
	u64 exposure = 0x300000002ull;

	boot("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(rd(PSX_REG_ID), PSX_ID);
	ck_assert_uint_eq(vfu_read(rig.fd, 0, PSX_REG_ID, two, 8), 0);
	ck_assert_uint_eq(two[1], PSX_VERSION_1_1);
	ck_assert_uint_eq(vfu_write(rig.fd, 0, PSX_REG_CFG_EXPOSURE_LO, &exposure, 8), 0);
	ck_assert_uint_eq(vfu_rd64(rig.fd, PSX_REG_CFG_EXPOSURE_LO), exposure);
	ck_assert_uint_eq(vfu_read(rig.fd, 0, 2, &bytes, 4), EINVAL);
	ck_assert_uint_eq(vfu_read(rig.fd, 0, 0, &bytes, 2), EINVAL);
	ck_assert_uint_eq(vfu_write(rig.fd, 0, PSX_REG_RAIL_SLEW, &bytes, 1), EINVAL);
	ck_assert_uint_eq(vfu_read(rig.fd, VFIO_PCI_BAR2_REGION_INDEX, 0x800, two, 8), 0);
	ck_assert_uint_eq(two[0] | two[1], 0);
	check_taken();
}
END_TEST

/* --------------------------------------------------- a driver's first frames */

static void load(u32 target, const void *values, u32 bytes)
{
	memcpy(rig.guest + STAGING_AT, values, bytes);
	wr64(PSX_REG_LOAD_ADDR_LO, GUEST + STAGING_AT);
	wr(PSX_REG_LOAD_BYTES, bytes);
	wr(PSX_REG_LOAD_OFFSET, 0);
	wr(PSX_REG_LOAD_TARGET, target);
	wr(PSX_REG_LOAD_GO, PSX_LOAD_WRITE);
}

static void load_bank(const struct psx_bank *bank, u32 threshold)
{
	u32 area = rd(PSX_REG_WIDTH) * rd(PSX_REG_HEIGHT);
	unsigned int k = psx_bank_get_k(bank), phases = psx_bank_get_phases(bank), i;
	s16 *codes = calloc(area, sizeof(*codes));

	wr(PSX_REG_BANK_SEL, 0);
	wr(PSX_REG_BANK_SHAPE, k | phases << 8);
	wr(PSX_REG_BANK_SCALE, psx_bank_get_scale(bank));
	wr(PSX_REG_BANK_THRESHOLD, threshold);
	for (i = 0; i < phases; i++) {
		ck_assert_int_eq(psx_bank_get_plane(bank, i, codes), 0);
		load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, i), codes, area * 2);
	}
	free(codes);
	check_taken();
}

static void enable_ring(void)
{
	memset(rig.guest + QUEUE_AT, 0, sizeof(struct psx_completion) << CQ_SHIFT);
	wr(PSX_REG_SEG_SHIFT, SEG_SHIFT);
	wr(PSX_REG_SEG_COUNT, SEG_COUNT);
	for (u32 i = 0; i < SEG_COUNT; i++) {
		wr(PSX_REG_SEG_SEL, i);
		wr64(PSX_REG_SEG_ADDR_LO, GUEST + DATA_AT + ((u64)i << SEG_SHIFT));
	}
	wr64(PSX_REG_CQ_ADDR_LO, GUEST + QUEUE_AT);
	wr(PSX_REG_CQ_SHIFT, CQ_SHIFT);
	wr(PSX_REG_RING_CTRL, 1);
	check_taken();
}

static void grant(u64 data, u64 completions)
{
	wr64(PSX_REG_GRANT_DATA_LO, data + RING_BYTES);
	wr64(PSX_REG_GRANT_CQ_LO, completions + (1u << CQ_SHIFT));
}

static void commit(u64 exposure_ns)
{
	wr64(PSX_REG_CFG_EXPOSURE_LO, exposure_ns);
	wr(PSX_REG_CFG_SCHEDULE_BANK, 0);
	wr(PSX_REG_CFG_SCHEDULE_LEN, 1);
	wr(PSX_REG_COMMIT, 1);
	check_taken();
}

static void rails_on(void)
{
	u64 limit = now_ms() + 10000;

	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_ON);
	while ((rd(PSX_REG_RAIL_STATE) & 0xff) != PSX_RAIL_STATE_ON)
		ck_assert_uint_lt(now_ms(), limit);
}

static void start(u64 frames)
{
	wr64(PSX_REG_ACQ_FRAMES_LO, frames);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_START);
	check_taken();
}

static bool running(void)
{
	return rd(PSX_REG_STATUS) & PSX_STATUS_RUNNING;
}

static void wait_for_end(void)
{
	u64 limit = now_ms() + 30000;

	while (running())
		ck_assert_uint_lt(now_ms(), limit);
}

static struct psx_bank *preset(const char *name, u32 width, u32 height)
{
	struct psx_kernel *kernel = psx_kernel_preset(name, NULL);
	struct psx_bank *bank = psx_bank_new(kernel, &(struct psx_geometry){ width, height, 0 }, PSX_MODE_SCAN, NULL);

	ck_assert_ptr_nonnull(bank);
	psx_kernel_free(kernel);
	return bank;
}

/* All but START; the sensor's size */
static void make_ready_at(const char *keys, u64 exposure_ns, u32 width, u32 height)
{
	struct psx_bank *bank = preset("laplacian", width, height);

	boot(keys);
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_FRAME | PSX_IRQ_DONE);
	enable_ring();
	load_bank(bank, 1);
	psx_bank_free(bank);
	commit(exposure_ns);
}

static void make_ready(const char *keys, u64 exposure_ns)
{
	make_ready_at(keys, exposure_ns, 32, 24);
}

/* The tag is read first, as it is written last */
static struct psx_completion completion(u32 i)
{
	const struct psx_completion *entry = (const void *)(rig.guest + QUEUE_AT);
	u32 tag = __atomic_load_n(&entry[i].tag, __ATOMIC_ACQUIRE);
	struct psx_completion c;

	memcpy(&c, &entry[i], sizeof(c));
	c.tag = tag;
	return c;
}

/* The same frame by the library's own host of the model, its stage where that one's was */
static void check_against_sim(const char *keys, const struct psx_completion *c)
{
	struct psx_error err = { 0 };
	struct psx_device *dev = psx_device_open(keys, &err);
	struct psx_settings *s = psx_settings_new();
	struct psx_bank *bank;
	const struct psx_frame *frame;
	struct psx_acquisition *acq;
	const void *payload;
	size_t length;

	ck_assert_msg(dev != NULL, "%s", err.message);
	bank = preset("laplacian", psx_device_get_info(dev)->width, psx_device_get_info(dev)->height);
	if (psx_device_get_info(dev)->caps & PSX_CAP_STAGE)
		ck_assert_int_eq(psx_device_move(dev, (s32)c->stage_x, (s32)c->stage_y), 0);
	ck_assert_int_eq(psx_settings_set_pga(s, 1), 0);
	ck_assert_int_eq(psx_device_load(dev, s, &bank, 1, NULL), 0);
	psx_settings_free(s);
	acq = psx_acquisition_start(dev, 1);
	ck_assert_ptr_nonnull(acq);
	ck_assert_int_eq(psx_acquisition_next(acq, -1, &frame), 1);
	payload = psx_frame_get_payload(frame, &length);
	ck_assert_uint_eq(length, c->length);
	ck_assert_mem_eq(payload, rig.guest + DATA_AT + c->position, length);
	ck_assert_uint_eq(psx_frame_get_info(frame)->crc32c, c->crc32c);
	psx_acquisition_free(acq);
	psx_device_close(dev);
	psx_bank_free(bank);
}

START_TEST(first_frame_is_that_of_sim)
{
	struct psx_completion c;
	u64 begin = now_ms();

	make_ready("width=32,height=24,scene=blade", 1000 * MS);
	rails_on();
	ck_assert_uint_ge(vfu_rd64(rig.fd, PSX_REG_CLOCK_LO), 1050 * MS);
	grant(0, 0);
	ck_assert(!interrupted(0));
	start(1);
	ck_assert(interrupted(10000));
	wait_for_end();
	ck_assert_uint_eq(rd(PSX_REG_IRQ_STATUS) & (PSX_IRQ_FRAME | PSX_IRQ_DONE),
			  PSX_IRQ_FRAME | PSX_IRQ_DONE);
	c = completion(0);
	ck_assert_uint_eq(c.tag, 1);
	ck_assert_uint_eq(c.seq, 0);
	ck_assert_uint_gt(c.effective, 0);
	check_against_sim("sim:width=32,height=24,scene=blade", &c);
	wr(PSX_REG_RAIL_CTRL, PSX_RAIL_OFF);
	while (rd(PSX_REG_RAIL_STATE) != PSX_RAIL_STATE_OFF)
		;
	/* Two ramps of a second and an exposure of nine took no time */
	ck_assert_uint_lt(now_ms() - begin, 5000);
	ck_assert_uint_eq(completion(1).tag, 0);
}
END_TEST

START_TEST(moved_frame_is_that_of_sim)
{
	static const char keys[] = "sim:profile=macropixel,aperture=1999,temperature=-40,scene=hust,"
				   "width=24,height=16";
	struct psx_completion c;

	make_ready_at(keys + 4, 1000 * MS, 3, 3);
	ck_assert_uint_eq(rd(PSX_REG_SCENE_WIDTH), 24);
	ck_assert_uint_eq(rd(PSX_REG_SCENE_HEIGHT), 16);
	wr(PSX_REG_STAGE_X, 26500);
	wr(PSX_REG_STAGE_Y, (u32)-3700);
	rails_on();
	grant(0, 0);
	start(1);
	wait_for_end();
	c = completion(0);
	ck_assert_uint_eq(c.tag, 1);
	ck_assert_uint_gt(c.effective, 5);
	ck_assert_uint_eq(c.stage_x, 26500);
	ck_assert_uint_eq(c.stage_y, (u32)-3700);
	check_against_sim(keys, &c);
}
END_TEST

START_TEST(endless_frames_leave_room_for_the_host)
{
	u64 taken = 0, limit = now_ms() + 20000;
	struct psx_completion c;

	make_ready("width=32,height=24,scene=blade", 1000 * MS);
	rails_on();
	grant(0, 0);
	start(0);
	while (taken < 200) {
		c = completion(taken & 15);
		if (c.tag == (u32)(taken >> CQ_SHIFT) + 1) {
			taken++;
			ck_assert_uint_eq(c.seq + 1, taken);
			grant(c.position + c.length, taken);
		}
		ck_assert_uint_lt(now_ms(), limit);
	}
	ck_assert_uint_eq(vfu_rd64(rig.fd, PSX_REG_DROPPED_LO), 0);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	wait_for_end();
}
END_TEST

START_TEST(full_ring_drops_in_real_time)
{
	u64 begin, dropped;

	make_ready("width=32,height=24,scene=blade", 10 * MS); /* 99 ms a frame */
	rails_on();
	grant(0, 0);
	begin = now_ms();
	start(0);
	do {
		(void)poll(NULL, 0, 20);
		dropped = vfu_rd64(rig.fd, PSX_REG_DROPPED_LO);
	} while (!dropped || now_ms() - begin < 500);
	ck_assert_uint_le(dropped, (now_ms() - begin) / 99);
	ck_assert_uint_ge(vfu_rd64(rig.fd, PSX_REG_MADE_LO), 16 + dropped);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_STOP);
	wait_for_end();
}
END_TEST

START_TEST(rate_holds_frames_back)
{
	u64 begin;

	make_ready("width=32,height=24,scene=blade,rate=20", 1 * MS);
	rails_on();
	grant(0, 0);
	begin = now_ms();
	start(10);
	wait_for_end();
	ck_assert_uint_ge(now_ms() - begin, 400);
	ck_assert_uint_eq(completion(9).tag, 1);
}
END_TEST

START_TEST(watchdog_counts_real_time)
{
	u64 begin, taken = 0;

	make_ready("width=32,height=24,scene=blade", 1000 * MS); /* 9 s a frame */
	wr(PSX_REG_WATCHDOG_MS, 1000);
	rails_on();
	begin = now_ms();
	grant(0, 0);
	start(0);
	while (now_ms() - begin < 1500) {
		struct psx_completion c = completion(taken & 15);

		wr(PSX_REG_WATCHDOG_PET, 1);
		if (c.tag == (u32)(taken >> CQ_SHIFT) + 1)
			grant(c.position + c.length, ++taken);
	}
	ck_assert(running());
	ck_assert_uint_gt(taken, 2);
	begin = now_ms();
	wait_for_end();
	ck_assert_uint_ge(now_ms() - begin, 900);
	ck_assert_uint_eq(rd(PSX_REG_RAIL_STATE), PSX_RAIL_STATE_TRIPPED | PSX_TRIP_WATCHDOG << 8);
	ck_assert_uint_eq(rd(PSX_REG_WATCHDOG_MS), 1000);
}
END_TEST

START_TEST(no_bus_mastering_no_dma_no_interrupt)
{
	u16 codes[8 * 8] = { 0 };

	boot("width=8,height=8,scene=flat:9");
	wr(PSX_REG_IRQ_ENABLE, PSX_IRQ_ERROR | PSX_IRQ_LOADER);
	vfu_config_set(rig.fd, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	wr(PSX_REG_BANK_SHAPE, 1 | 1 << 8);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), codes, sizeof(codes));
	ck_assert_uint_eq(rd(PSX_REG_ERROR), PSX_ERR_DMA | PSX_REG_LOAD_GO << 16);
	ck_assert(!interrupted(50));
	vfu_config_set(rig.fd, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	wr(PSX_REG_ERROR, 0);
	wr(PSX_REG_IRQ_STATUS, PSX_IRQ_ALL);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), codes, sizeof(codes));
	check_taken();
	ck_assert(interrupted(1000));
}
END_TEST

START_TEST(directions_of_windows_hold)
{
	u16 codes[8 * 8] = { 0 };

	boot("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), 0);
	wr(PSX_REG_BANK_SHAPE, 1 | 1 << 8);
	ck_assert_uint_eq(vfu_map(rig.fd, GUEST, GUEST_BYTES, 0, 2, rig.memory), 0);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), codes, sizeof(codes));
	ck_assert_uint_eq(PSX_ERR_CODE(rd(PSX_REG_ERROR)), PSX_ERR_DMA);
	wr(PSX_REG_ERROR, 0);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), 0);
	ck_assert_uint_eq(vfu_map(rig.fd, GUEST, GUEST_BYTES, 0, 1, rig.memory), 0);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), codes, sizeof(codes));
	check_taken();
	wr(PSX_REG_LOAD_GO, PSX_LOAD_READ);
	ck_assert_uint_eq(PSX_ERR_CODE(rd(PSX_REG_ERROR)), PSX_ERR_DMA);
}
END_TEST

#define LARGE (1000u * 1000u * 2) /* bytes of a plane */

/* Frames of tens of milliseconds, without end */
static void make_large(void)
{
	int memory = sealed_memory(LARGE + 4096);

	boot("width=1000,height=1000,scene=wedge");
	ck_assert_uint_eq(vfu_map(rig.fd, 0, (LARGE + 4095) & ~4095u, 0, READ_WRITE, memory), 0);
	(void)close(memory);
	enable_ring();
	wr(PSX_REG_BANK_SHAPE, 1 | 1 << 8);
	wr64(PSX_REG_LOAD_ADDR_LO, 0);
	wr(PSX_REG_LOAD_BYTES, LARGE);
	wr(PSX_REG_LOAD_TARGET, PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0));
	wr(PSX_REG_LOAD_GO, PSX_LOAD_WRITE);
	commit(1 * MS);
	rails_on();
	start(0);
}

START_TEST(computing_does_not_keep_registers_waiting)
{
	u64 worst = 0, begin, last, now;

	make_large();
	begin = last = now_ms();
	while (vfu_rd64(rig.fd, PSX_REG_MADE_LO) < 3) {
		ck_assert_uint_lt(now_ms() - begin, 30000);
		now = now_ms();
		worst = now - last > worst ? now - last : worst;
		last = now;
	}
	printf("# worst pair of register accesses while frames are computed: %llu ms\n",
	       (unsigned long long)worst);
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert(!running());
}
END_TEST

START_TEST(anything_may_happen_while_a_frame_is_computed)
{
	make_large();
	(void)poll(NULL, 0, 20);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), 0);
	while (!rd(PSX_REG_ERROR) && vfu_rd64(rig.fd, PSX_REG_MADE_LO) < 5)
		;
	ck_assert_uint_eq(vfu_rd64(rig.fd, PSX_REG_DROPPED_LO), vfu_rd64(rig.fd, PSX_REG_MADE_LO));
	(void)poll(NULL, 0, 20);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_RESET, NULL, 0), 0);
	ck_assert(!running());
	ck_assert_uint_eq(vfu_rd64(rig.fd, PSX_REG_MADE_LO), 0);
	ck_assert_uint_eq(rd(PSX_REG_BANK_SHAPE), 0);
}
END_TEST

/* A write that is not answered, and what is sent with it at once */
struct posted {
	struct vfu_header header;
	struct vfu_access access;
	u32 value;
} __attribute__((packed));

static struct posted post(u32 reg, u32 value)
{
	return (struct posted){
		.header = { .command = VFU_REGION_WRITE, .size = sizeof(struct posted),
			    .flags = VFU_NO_REPLY },
		.access = { reg, 0, sizeof(value) },
		.value = value,
	};
}

START_TEST(time_does_not_jump_when_a_computed_frame_is_aborted)
{
	int i;

	make_large();
	for (i = 0; i < 5; i++) {
		const struct posted burst[] = {
			post(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT),
			post(PSX_REG_SHUTTER, 1),
			post(PSX_REG_ACQ_CTRL, PSX_ACQ_START),
		};

		(void)poll(NULL, 0, 10);
		vfu_send(rig.fd, burst, sizeof(burst), -1);
		ck_assert_uint_lt(vfu_rd64(rig.fd, PSX_REG_CLOCK_LO), 600000000000ull);
	}
	ck_assert(running());
}
END_TEST

START_TEST(client_may_leave_while_a_frame_is_computed)
{
	make_large();
	(void)poll(NULL, 0, 20);
}
END_TEST

START_TEST(pulled_out_while_it_runs)
{
	u32 value;

	make_ready("width=32,height=24,scene=blade", 1000 * MS);
	rails_on();
	grant(0, 0);
	start(0);
	ck_assert(interrupted(10000));
	rig.device->unplugged = 1;
	ck_assert_uint_eq(rd(PSX_REG_ID), 0xffffffff);
	(void)interrupted(0);
	memset(rig.guest + QUEUE_AT, 0, sizeof(struct psx_completion) << CQ_SHIFT);
	(void)poll(NULL, 0, 100);
	for (u32 i = 0; i < 1u << CQ_SHIFT; i++)
		ck_assert_uint_eq(completion(i).tag, 0);
	ck_assert(!interrupted(0));
	wr(PSX_REG_ACQ_CTRL, PSX_ACQ_ABORT);
	ck_assert_uint_eq(vfu_config_get(rig.fd, 0, 4), 0xffffffff);
	ck_assert_uint_eq(vfu_read(rig.fd, VFIO_PCI_BAR2_REGION_INDEX, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0xffffffff);
}
END_TEST

/* ------------------------------------------------------------ hostile clients */

static void still_well(void)
{
	ck_assert_uint_eq(rd(PSX_REG_ID), PSX_ID);
}

START_TEST(short_messages)
{
	static const u8 zeros[64];

	boot("width=8,height=8,scene=flat:9");
	for (u32 command = VFU_DMA_MAP; command < VFU_RESET; command++)
		for (size_t size = 0; size < 16; size++)
			ck_assert_uint_ne(vfu_call(rig.fd, (u16)command, zeros, size), 0);
	for (u32 command = VFU_DMA_MAP; command < VFU_GET_INFO; command++)
		for (size_t size = 16; size < 24; size++)
			ck_assert_uint_eq(vfu_call(rig.fd, (u16)command, zeros, size), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_REGION_INFO, zeros, 31), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_REGION_INFO, zeros, 32), EINVAL); /* argsz */
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_INFO, zeros, 16), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_GET_IRQ_INFO, zeros, 16), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_SET_IRQS, zeros, 19), EINVAL);
	still_well();
}
END_TEST

START_TEST(unknown_commands_and_replies)
{
	struct vfu_header header = { .size = sizeof(header), .command = VFU_RESET, .flags = 1 };

	boot("width=8,height=8,scene=flat:9");
	for (u32 command = VFU_RESET + 1; command < 0x10000; command += 7)
		ck_assert_uint_eq(vfu_call(rig.fd, (u16)command, NULL, 0), ENOTSUP);
	ck_assert_uint_eq(vfu_call(rig.fd, 0, NULL, 0), ENOTSUP);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_DMA_READ, NULL, 0), ENOTSUP);
	vfu_send(rig.fd, &header, sizeof(header), -1);
	ck_assert(vfu_receive(rig.fd, &header));
	ck_assert_uint_eq(header.error, EINVAL);
	still_well();
}
END_TEST

START_TEST(long_messages)
{
	static const u8 zeros[65536];
	struct vfu_header header = { .command = VFU_REGION_WRITE };
	u32 left = 1000000;

	boot("width=8,height=8,scene=flat:9");
	header.size = left + (u32)sizeof(header);
	vfu_send(rig.fd, &header, sizeof(header), -1);
	while (left) {
		u32 part = left < sizeof(zeros) ? left : (u32)sizeof(zeros);

		vfu_send(rig.fd, zeros, part, -1);
		left -= part;
	}
	ck_assert(vfu_receive(rig.fd, &header));
	ck_assert_uint_eq(header.error, EMSGSIZE);
	still_well();
}
END_TEST

START_TEST(message_in_pieces)
{
	struct vfu_header header = { .command = VFU_REGION_READ };
	struct vfu_access access = { 0, 0, 4 };
	u8 message[sizeof(header) + sizeof(access)];
	u32 value;

	boot("width=8,height=8,scene=flat:9");
	header.size = sizeof(message);
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &access, sizeof(access));
	for (size_t i = 0; i < sizeof(message); i++)
		vfu_send(rig.fd, message + i, 1, -1);
	ck_assert(vfu_receive(rig.fd, &header));
	ck_assert_uint_eq(header.error, 0);
	memcpy(&value, vfu_reply.data + sizeof(access), sizeof(value));
	ck_assert_uint_eq(value, PSX_ID);
	/* One that is never whole: the rest is given up with the connection */
	vfu_send(rig.fd, message, sizeof(message) - 1, -1);
}
END_TEST

START_TEST(size_below_a_header)
{
	struct vfu_header header = { .command = VFU_RESET, .size = 15 };

	boot("width=8,height=8,scene=flat:9");
	vfu_send(rig.fd, &header, sizeof(header), -1);
	ck_assert(vfu_receive(rig.fd, &header));
	ck_assert_uint_eq(header.error, EINVAL);
	ck_assert(!vfu_receive(rig.fd, &header));
}
END_TEST

START_TEST(posted_writes_are_in_order)
{
	u32 value;

	boot("width=8,height=8,scene=flat:9");
	for (value = 1; value <= 500; value++) {
		const struct posted message = post(PSX_REG_RAIL_SLEW, value);

		vfu_send(rig.fd, &message, sizeof(message), -1);
	}
	ck_assert_uint_eq(rd(PSX_REG_RAIL_SLEW), 500);
}
END_TEST

START_TEST(accesses_stay_in_their_region)
{
	u8 data[8192] = { 0 };
	struct vfu_access access = { 0, 0, 4 };

	boot("width=8,height=8,scene=flat:9");
	for (u32 region = 0; region < 20; region++) {
		bool there = region == 0 || region == 2 || region == VFIO_PCI_CONFIG_REGION_INDEX;

		ck_assert_uint_eq(vfu_read(rig.fd, region, 0, data, 4), there ? 0 : EINVAL);
		ck_assert_uint_eq(vfu_read(rig.fd, region, 4092, data, 4), there ? 0 : EINVAL);
		ck_assert_uint_eq(vfu_read(rig.fd, region, 4096, data, 4), EINVAL);
		ck_assert_uint_eq(vfu_read(rig.fd, region, 4092, data, 8), EINVAL);
		ck_assert_uint_eq(vfu_read(rig.fd, region, 0, data, 4100), EINVAL);
		ck_assert_uint_eq(vfu_read(rig.fd, region, UINT64_MAX - 3, data, 4), EINVAL);
		ck_assert_uint_eq(vfu_write(rig.fd, region, 4096, data, 4), EINVAL);
		ck_assert_uint_eq(vfu_write(rig.fd, region, 4, data, UINT32_C(4096)), EINVAL);
	}
	ck_assert_uint_eq(vfu_read(rig.fd, UINT32_MAX, 0, data, 4), EINVAL);
	/* A count that isn't that of the data */
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_REGION_WRITE, &access, sizeof(access)), EINVAL);
	access.count = 0xfffffffc;
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_REGION_READ, &access, sizeof(access)), EINVAL);
	/* The whole of the configuration space, there and back */
	ck_assert_uint_eq(vfu_read(rig.fd, VFIO_PCI_CONFIG_REGION_INDEX, 0, data, 4096), 0);
	ck_assert_uint_eq(vfu_write(rig.fd, VFIO_PCI_CONFIG_REGION_INDEX, 0, data, 4096), 0);
	still_well();
}
END_TEST

START_TEST(interrupt_requests)
{
	struct vfu_irq_set set = { sizeof(set), TRIGGER_NONE, 0, 0, 0 };
	u8 with_bool[sizeof(set) + 2];

	boot("width=8,height=8,scene=flat:9");
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_NONE, 0, 1, -1), 0);
	ck_assert(interrupted(1000));
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 2, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 1, 1, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0xffffffff, 2, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 0xffffffff, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 0, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, 0xffffffff, 0, 1, rig.irq), EINVAL);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_NONE, 0,
				      1, -1), EINVAL);
	for (set.index = 0; set.index < 10; set.index++) {
		set.count = 1;
		if (set.index != VFIO_PCI_MSIX_IRQ_INDEX)
			ck_assert_uint_eq(vfu_call(rig.fd, VFU_SET_IRQS, &set, sizeof(set)), EINVAL);
	}
	set = (struct vfu_irq_set){ sizeof(set), VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_BOOL,
				    VFIO_PCI_MSIX_IRQ_INDEX, 0, 1 };
	memcpy(with_bool, &set, sizeof(set));
	with_bool[sizeof(set)] = 1;
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_SET_IRQS, with_bool, sizeof(set)), EINVAL);
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_SET_IRQS, with_bool, sizeof(set) + 2), EINVAL);
	ck_assert(!interrupted(50));
	ck_assert_uint_eq(vfu_call(rig.fd, VFU_SET_IRQS, with_bool, sizeof(set) + 1), 0);
	ck_assert(interrupted(1000));
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 1, -1), 0);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_NONE, 0, 1, -1), 0);
	ck_assert(!interrupted(50));
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_NONE, 0, 0, -1), 0);
}
END_TEST

/* What is called an eventfd and can't be written to stops nothing */
START_TEST(eventfd_that_is_none)
{
	int ends[2];

	boot("width=8,height=8,scene=flat:9");
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_FD, 0, 1, ends[1]), 0);
	for (int i = 0; i < 20000; i++)
		ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_NONE, 0, 1, -1), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	ck_assert_uint_eq(vfu_set_irq(rig.fd, TRIGGER_NONE, 0, 1, -1), 0);
	still_well();
}
END_TEST

START_TEST(windows)
{
	const u64 end = GUEST + GUEST_BYTES;
	int loose = memfd_create("loose", MFD_CLOEXEC);

	boot("width=8,height=8,scene=flat:9");
	ck_assert_int_eq(ftruncate(loose, 8192), 0);
	ck_assert_uint_eq(vfu_map(rig.fd, 0, 8192, 0, READ_WRITE, loose), EPERM);
	(void)close(loose);
	ck_assert_uint_eq(vfu_map(rig.fd, GUEST, 4096, 0, READ_WRITE, rig.memory), EEXIST);
	ck_assert_uint_eq(vfu_map(rig.fd, GUEST - 4096, 8192, 0, READ_WRITE, rig.memory), EEXIST);
	ck_assert_uint_eq(vfu_map(rig.fd, end - 4096, 8192, 0, READ_WRITE, rig.memory), EEXIST);
	ck_assert_uint_eq(vfu_map(rig.fd, 0, 1ull << 63, 0, READ_WRITE, rig.memory), EEXIST);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 0, 0, READ_WRITE, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4095, 0, READ_WRITE, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end + 1, 4096, 0, READ_WRITE, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4096, 1, READ_WRITE, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 8192, GUEST_BYTES - 4096, 3, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4096, 0ull - 4096, 3, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, 0ull - 4096, 8192, 0, 3, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4096, 0, 3 | 4, -1), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4096, 0, 3 | 8, rig.memory), EINVAL);
	ck_assert_uint_eq(vfu_map(rig.fd, end, 4096, 0, 3, rig.irq), EPERM);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, 4096), EINVAL);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST + 4096, GUEST_BYTES), EINVAL);
	ck_assert_uint_eq(vfu_unmap(rig.fd, end, 4096), ENOENT);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, 0ull - 4096), EINVAL);
	ck_assert_uint_eq(vfu_unmap(rig.fd, 0, 1ull << 63), 0);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), ENOENT);
}
END_TEST

/* As an emulated IOMMU maps: page by page, in any order */
START_TEST(many_windows)
{
	const u32 pages = GUEST_BYTES / 4096;
	u16 codes[32 * 32];
	uint64_t seed = 3;

	boot("width=32,height=32,scene=flat:9");
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), 0);
	for (u32 i = 0; i < pages; i++) {
		u64 page = (i * 389ull) % pages; /* 389 has no common factor with 1024 */

		ck_assert_uint_eq(vfu_map(rig.fd, GUEST + page * 4096, 4096, page * 4096, 3,
					  rig.memory), 0);
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		codes[i] = (u16)(unit_random(&seed) & 0x7fff);
	wr(PSX_REG_BANK_SHAPE, 1 | 1 << 8);
	load(PSX_LOAD_TARGET(PSX_LOAD_PLANE, 0, 0), codes, sizeof(codes));
	memset(rig.guest + STAGING_AT, 0, sizeof(codes));
	wr(PSX_REG_LOAD_GO, PSX_LOAD_READ);
	check_taken();
	ck_assert_mem_eq(rig.guest + STAGING_AT, codes, sizeof(codes));
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST + STAGING_AT, 4096), 0);
	wr(PSX_REG_LOAD_GO, PSX_LOAD_READ);
	ck_assert_uint_eq(PSX_ERR_CODE(rd(PSX_REG_ERROR)), PSX_ERR_DMA);
	ck_assert_uint_eq(vfu_unmap(rig.fd, GUEST, GUEST_BYTES), 0);
}
END_TEST

START_TEST(fds_that_nobody_wants)
{
	boot("width=8,height=8,scene=flat:9");
	for (int i = 0; i < 3000; i++)
		ck_assert_uint_eq(vfu_call_fd(rig.fd, VFU_RESET, NULL, 0, rig.memory), 0);
	still_well();
}
END_TEST

START_TEST(noise)
{
	uint64_t seed = 11;
	u32 payload[32], number, answered = 0;
	u16 command;

	boot("width=8,height=8,scene=flat:9");
	for (int i = 0; i < 50000; i++) {
		for (size_t j = 0; j < 32; j++) {
			number = (u32)unit_random(&seed);
			payload[j] = number & 0x100 ? number & 0xf : number & 0x200 ? 0 : number;
			if (number & 0x800)
				payload[j] = number & 0x1000 ? 0xfffff000 : number & 0xffc;
		}
		command = (u16)(VFU_DMA_MAP + unit_random(&seed) % 12);
		number = (u32)unit_random(&seed) % (sizeof(payload) / 4) * 4;
		if (command == VFU_REGION_WRITE && (number & 8))
			payload[3] = number - 16; /* some that are taken */
		answered += !vfu_call_fd(rig.fd, command, payload, number,
					 i % 16 ? -1 : i % 32 ? rig.memory : rig.irq);
	}
	ck_assert_uint_gt(answered, 1000);
	vfu_config_set(rig.fd, capability(PCI_CAP_ID_PM) + PCI_PM_CTRL, 0, 2);
	still_well();
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
}

#define ADD(suite, name, tests) add(suite, name, tests, sizeof(tests) / sizeof((tests)[0]))

int main(void)
{
	const TTest *const protocol[] = {
		version_comes_first, device_regions_and_irqs_are_told, message_in_pieces,
		posted_writes_are_in_order,
	};
	const TTest *const pci[] = {
		header_and_bars, capabilities, resets, registers_are_32_bits_wide,
		no_bus_mastering_no_dma_no_interrupt, directions_of_windows_hold, many_windows,
	};
	const TTest *const frames[] = {
		first_frame_is_that_of_sim, moved_frame_is_that_of_sim,
		endless_frames_leave_room_for_the_host, full_ring_drops_in_real_time, rate_holds_frames_back, watchdog_counts_real_time,
		computing_does_not_keep_registers_waiting,
		anything_may_happen_while_a_frame_is_computed,
		time_does_not_jump_when_a_computed_frame_is_aborted,
		client_may_leave_while_a_frame_is_computed, pulled_out_while_it_runs,
	};
	const TTest *const hostile[] = {
		short_messages, unknown_commands_and_replies, long_messages, size_below_a_header,
		accesses_stay_in_their_region, interrupt_requests, eventfd_that_is_none, windows,
		fds_that_nobody_wants, noise,
	};
	Suite *suite = suite_create("vfu");

	ADD(suite, "protocol", protocol);
	ADD(suite, "pci", pci);
	ADD(suite, "frames", frames);
	ADD(suite, "hostile", hostile);
	return unit_main(suite);
}
