// SPDX-License-Identifier: MIT
/* The stage: where it goes, how long MOVE waits for it, and the scene that it carries. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "psx_regs.h"
#include "reader.h"
#include "refuse.h"

#define WIDTH  20 /* of the object, in levels */
#define HEIGHT 11
#define SIDE   3
#define REACH  100000000

static struct rig rig;
static int fd = -1, claim = -1;
static uint16_t there[WIDTH * HEIGHT + 1], back[WIDTH * HEIGHT + 1];

static void setup(void)
{
	rig_clean();
	rig_make(&rig, "stage");
	ck_assert_int_eq(rig_set(&rig, "profile", "macropixel"), 0);
	ck_assert_int_eq(rig_set(&rig, "width", "20"), 0);
	ck_assert_int_eq(rig_set(&rig, "height", "11"), 0);
	rig.width = rig.height = SIDE;
	rig_live(&rig);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	refuse_watch(&rig, fd);
}

static void teardown(void)
{
	(void)close(claim);
	(void)close(fd);
	rig_unplug(&rig);
}

static int move(int32_t x_um, int32_t y_um)
{
	struct psxdet_move to = { .x_um = x_um, .y_um = y_um };

	return rig_ioctl(claim, PSXDET_IOC_MOVE, &to);
}

/* In sysfs; LONG_MIN: it has none */
static long attribute(const struct rig *of, const char *name)
{
	char text[64];
	FILE *file;

	(void)snprintf(text, sizeof(text), "/sys/class/psxdet/%.16s/%s", of->node + 5, name);
	file = fopen(text, "re");
	if (!file)
		return LONG_MIN;
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	(void)fclose(file);
	return strtol(text, NULL, 10);
}

static void is_at(int32_t x_um, int32_t y_um)
{
	struct psxdet_status status = rig_status(fd);

	ck_assert_int_eq(status.stage_x, x_um);
	ck_assert_int_eq(status.stage_y, y_um);
	ck_assert_int_eq(attribute(&rig, "stage_x_um"), x_um);
	ck_assert_int_eq(attribute(&rig, "stage_y_um"), y_um);
}

static void refuse_move(int32_t x_um, int32_t y_um, int error, const char *what)
{
	struct psxdet_move to = { .x_um = x_um, .y_um = y_um };

	refuse(claim, PSXDET_IOC_MOVE, &to, error, what);
}

START_TEST(test_facts)
{
	struct psxdet_info info = rig_info(fd);
	struct rig other;
	int own;

	ck_assert(info.features & PSXDET_FEATURE_STAGE);
	ck_assert(info.caps & PSXDET_CAP_STAGE);
	ck_assert_uint_eq(info.width, SIDE);
	ck_assert_uint_eq(info.height, SIDE);
	ck_assert_uint_eq(info.scene_width, WIDTH);
	ck_assert_uint_eq(info.scene_height, HEIGHT);
	rig_plug(&other, "array", 8, 6, "0");
	own = rig_open(&other, O_RDONLY);
	info = rig_info(own);
	ck_assert(!(info.caps & PSXDET_CAP_STAGE));
	ck_assert_int_eq(attribute(&other, "stage_x_um"), LONG_MIN);
	ck_assert_uint_eq(info.scene_width, 8);
	ck_assert_uint_eq(info.scene_height, 6);
	(void)close(own);
	rig_unplug(&other);
}
END_TEST

/* One axis out of reach is neither: the other one has gone back */
START_TEST(test_move)
{
	static const int32_t far[] = { REACH + 1, -REACH - 1, INT32_MAX, INT32_MIN };
	size_t i;

	is_at(0, 0);
	ck_assert_int_eq(move(4500, -12000), 0);
	is_at(4500, -12000);
	ck_assert_int_eq(move(-REACH, REACH), 0);
	is_at(-REACH, REACH);
	ck_assert_int_eq(move(-1, -1), 0);
	is_at(-1, -1);
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		refuse_move(far[i], 3000, EINVAL, "x out of reach");
		refuse_move(3000, far[i], EINVAL, "y out of reach");
	}
	is_at(-1, -1);
}
END_TEST

/* Frames say where it was, and while they are made it stays there */
START_TEST(test_frames)
{
	struct reader r;
	int32_t at;

	rig_ready(&rig, fd, claim);
	reader_join(&r, &rig, READER_RESERVING, 0, 0);
	for (at = -6000; at <= 6000; at += 4000) {
		ck_assert_int_eq(move(at, 2 * at), 0);
		(void)rig_start(claim, 2);
		(void)rig_event(fd, PSXDET_EVENT_END);
		ck_assert_uint_eq(reader_take(&r, UINT64_MAX), 2);
		ck_assert_int_eq(r.last.stage_x, at);
		ck_assert_int_eq(r.last.stage_y, 2 * at);
	}
	reader_good(&r);
	(void)rig_start(claim, 0);
	while (!reader_take(&r, 1))
		(void)reader_poll(&r);
	ck_assert_int_eq(move(0, 0), EBUSY);
	rig_stop(claim, PSXDET_STOP_ABORT);
	(void)rig_event(fd, PSXDET_EVENT_END);
	is_at(6000, 12000);
	reader_good(&r);
	reader_close(&r);
}
END_TEST

/* The scene is the object, all else has the sensor's size */
START_TEST(test_scene)
{
	static const uint64_t wrong[] = {
		0, 2 * SIDE * SIDE, 2 * WIDTH * HEIGHT - 2, 2 * WIDTH * HEIGHT + 2,
		2 * WIDTH * HEIGHT + (1ull << 32),
	};
	struct psxdet_transfer t = { .target = PSXDET_TARGET_SCENE, .address = (uintptr_t)there };
	struct psxdet_transfer plane = rig_transfer(&rig, PSXDET_TARGET_PLANE, 0, 0, there);
	size_t i;

	for (i = 0; i < WIDTH * HEIGHT; i++)
		there[i] = (uint16_t)(i * 37);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		t.bytes = wrong[i];
		refuse(claim, PSXDET_IOC_UPLOAD, &t, EINVAL, "a scene of another size");
		refuse(fd, PSXDET_IOC_DOWNLOAD, &t, EINVAL, "a scene of another size, back");
	}
	t.bytes = 2 * WIDTH * HEIGHT;
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &t), 0);
	back[WIDTH * HEIGHT] = 0x5a5a;
	t.address = (uintptr_t)back;
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_DOWNLOAD, &t), 0);
	ck_assert_int_eq(memcmp(there, back, 2 * WIDTH * HEIGHT), 0);
	ck_assert_uint_eq(back[WIDTH * HEIGHT], 0x5a5a);
	rig_bank(claim, 0, 1, 1);
	plane.bytes = t.bytes;
	refuse(claim, PSXDET_IOC_UPLOAD, &plane, EINVAL, "a plane of the scene's size");
	plane.bytes = 2 * SIDE * SIDE;
	memset(there, 0, sizeof(there));
	ck_assert_int_eq(rig_ioctl(claim, PSXDET_IOC_UPLOAD, &plane), 0);
}
END_TEST

/* --------------------------------------------------------- one that is slow -- */

struct mover {
	pthread_t thread;
	pid_t tid;
	int error;
};

static void *mover(void *arg)
{
	struct mover *m = arg;

	__atomic_store_n(&m->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	m->error = move(9000, -9000);
	return NULL;
}

static void await_sent(void)
{
	struct rig_patience patience = rig_patience();

	while (!(rig_status(fd).flags & PSXDET_STATUS_STAGE_MOVING))
		rig_wait(&patience, "a stage that was sent");
}

/* A MOVE that waits for a stage that does not come */
static void begin(struct mover *m)
{
	*m = (struct mover) { .error = -1 };
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	ck_assert_int_eq(move(0, 0), 0);
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "1"), 0);
	ck_assert_int_eq(pthread_create(&m->thread, NULL, mover, m), 0);
	await_sent();
	rig_await_sleep(__atomic_load_n(&m->tid, __ATOMIC_ACQUIRE));
}

/* Its errno. ETIMEDOUT: the host was slower than its patience, the test begins it again */
static int end(struct mover *m)
{
	ck_assert_int_eq(pthread_join(m->thread, NULL), 0);
	return m->error;
}

static void on_signal(int number)
{
	(void)number;
}

static int interrupt(struct mover *m)
{
	const struct sigaction restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	ck_assert_int_eq(sigaction(SIGUSR1, &restart, NULL), 0);
	ck_assert_int_eq(pthread_kill(m->thread, SIGUSR1), 0);
	return end(m);
}

START_TEST(test_waits)
{
	struct mover m;

	do {
		begin(&m);
		/* It holds nothing up */
		is_at(0, 0);
		rig_identity(&rig, claim, 0, CODE_ONE);
		ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	} while (end(&m) == ETIMEDOUT);
	ck_assert_int_eq(m.error, 0);
	is_at(9000, -9000);
}
END_TEST

START_TEST(test_signal)
{
	struct mover m;

	do
		begin(&m);
	while (interrupt(&m) == ETIMEDOUT);
	ck_assert_int_eq(m.error, EINTR);
	is_at(0, 0);
	/* It was sent, and goes there when it can, whatever is refused meanwhile */
	ck_assert_int_eq(move(REACH + 1, 0), EINVAL);
	ck_assert_int_eq(move(0, REACH + 1), EINVAL);
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	is_at(9000, -9000);
}
END_TEST

/* Whose place another MOVE takes neither waits on nor sends the stage back */
START_TEST(test_replaced)
{
	struct mover m;

	begin(&m);
	ck_assert_int_eq(move(0, 0), 0);
	ck_assert_int_eq(end(&m), ECANCELED);
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	is_at(0, 0);
}
END_TEST

START_TEST(test_gives_up)
{
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "1"), 0);
	ck_assert_int_eq(move(9000, 0), ETIMEDOUT);
	is_at(0, 0);
	ck_assert_int_eq(move(0, 0), 0);
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	is_at(0, 0);
}
END_TEST

/* No frame is taken while it is on its way, whoever waits for it */
START_TEST(test_start_refused)
{
	struct psxdet_start start = { .frames = 1 };
	struct mover m;

	rig_ready(&rig, fd, claim);
	do {
		begin(&m);
		refuse(claim, PSXDET_IOC_START, &start, EBUSY, "a start while MOVE waits");
	} while (interrupt(&m) == ETIMEDOUT);
	ck_assert_int_eq(m.error, EINTR);
	refuse(claim, PSXDET_IOC_START, &start, EBUSY, "a start after a MOVE that a signal ended");
	/* Also for who claims next */
	(void)close(claim);
	claim = rig_claim(fd);
	rig_rails(claim, PSXDET_RAILS_DO_ON);
	rig_await_rails(fd, PSXDET_RAILS_ON);
	refuse(claim, PSXDET_IOC_START, &start, EBUSY, "a start of the next owner");
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_STAGE_MOVING));
	(void)rig_start(claim, 1);
	(void)rig_event(fd, PSXDET_EVENT_END);
	is_at(9000, -9000);
}
END_TEST

/* The driver goes and comes, and moves nothing */
START_TEST(test_bound_again)
{
	char device[64];

	ck_assert_int_eq(move(4500, -12000), 0);
	rig_device(&rig, device, sizeof(device));
	ck_assert_int_eq(rig_driver("unbind", device), 0);
	(void)close(claim);
	(void)close(fd);
	ck_assert_int_eq(rig_driver("bind", device), 0);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	is_at(4500, -12000);
	ck_assert_int_eq(move(REACH + 1, 0), EINVAL);
	is_at(4500, -12000);
}
END_TEST

/* ---------------------------------------- what goes while a MOVE waits for it -- */

static void check_gone(struct mover *m)
{
	struct psxdet_status status;

	ck_assert_int_eq(end(m), ENODEV);
	ck_assert_int_eq(move(0, 0), ENODEV);
	ck_assert_int_eq(rig_ioctl(fd, PSXDET_IOC_GET_STATUS, &status), ENODEV);
}

START_TEST(test_unplugged)
{
	struct mover m;

	begin(&m);
	ck_assert_int_eq(rig_set(&rig, "live", "0"), 0);
	check_gone(&m);
}
END_TEST

START_TEST(test_removed)
{
	struct mover m;

	begin(&m);
	rig_unplug(&rig);
	check_gone(&m);
	rig_make(&rig, "stage");
}
END_TEST

START_TEST(test_unbound)
{
	struct mover m;
	char device[64];

	begin(&m);
	rig_device(&rig, device, sizeof(device));
	ck_assert_int_eq(rig_driver("unbind", device), 0);
	check_gone(&m);
}
END_TEST

static void *unbinder(void *device)
{
	return rig_driver("unbind", device) ? device : NULL;
}

/* At once, and not when the voltage is gone, which this device says it never is */
START_TEST(test_unbound_with_voltage)
{
	struct mover m;
	pthread_t thread;
	char device[64], lie[96];
	void *failed;

	rig_device(&rig, device, sizeof(device));
	(void)close(claim);
	(void)close(fd);
	ck_assert_int_eq(rig_driver("unbind", device), 0);
	(void)rig_unload("psx_liar");
	ck_assert_int_eq(rig_load("psx_liar"), 0);
	(void)snprintf(lie, sizeof(lie), "%s %x 1000", device, PSX_REG_RAIL_POS_MV);
	ck_assert_int_eq(rig_parameter("psx_liar", "lie", lie), 0);
	ck_assert_int_eq(rig_driver("bind", device), 0);
	fd = rig_open(&rig, O_RDWR);
	claim = rig_claim(fd);
	begin(&m);
	ck_assert_int_eq(pthread_create(&thread, NULL, unbinder, device), 0);
	ck_assert_int_eq(end(&m), ENODEV);
	(void)rig_status(fd); /* It is not gone yet */
	ck_assert_int_eq(pthread_join(thread, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_int_eq(move(0, 0), ENODEV);
	rig_unplug(&rig);
	ck_assert_int_eq(rig_unload("psx_liar"), 0);
	rig_make(&rig, "stage");
}
END_TEST

static void check_free(void)
{
	rig_await_rails(fd, PSXDET_RAILS_OFF);
	ck_assert(!(rig_status(fd).flags & PSXDET_STATUS_CLAIMED));
	claim = rig_claim(fd);
}

/* The call holds the claim, and its end is the claim's */
START_TEST(test_claim_closed)
{
	struct psxdet_status status;
	struct mover m;
	int refused;

	do {
		struct psxdet_claim other = { 0 };

		rig_ready(&rig, fd, claim);
		begin(&m);
		ck_assert_int_eq(close(claim), 0);
		refused = rig_ioctl(fd, PSXDET_IOC_CLAIM, &other);
		status = rig_status(fd);
		ck_assert_int_eq(rig_set(&rig, "fault_stage", "0"), 0);
		(void)end(&m);
		if (!refused)
			(void)close(other.fd);
		check_free();
	} while (m.error == ETIMEDOUT);
	ck_assert_int_eq(m.error, 0);
	ck_assert_int_eq(refused, EBUSY);
	ck_assert_uint_eq(status.rails, PSXDET_RAILS_ON);
	is_at(9000, -9000);
}
END_TEST

/* Nothing holds up the end of a process */
START_TEST(test_owner_killed)
{
	pid_t owner;

	rig_ready(&rig, fd, claim);
	ck_assert_int_eq(rig_set(&rig, "fault_stage", "1"), 0);
	owner = fork();
	ck_assert_int_ge(owner, 0);
	if (!owner) {
		while (move(9000, -9000) == ETIMEDOUT)
			;
		_exit(0);
	}
	(void)close(claim);
	await_sent();
	rig_await_sleep(owner);
	ck_assert_uint_eq(rig_status(fd).rails, PSXDET_RAILS_ON);
	ck_assert_int_eq(kill(owner, SIGKILL), 0);
	ck_assert_int_eq(waitpid(owner, NULL, 0), owner);
	check_free();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stage");
	TCase *tcase = rig_case(suite, "stage");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_facts);
	tcase_add_test(tcase, test_move);
	tcase_add_test(tcase, test_frames);
	tcase_add_test(tcase, test_scene);
	tcase_add_test(tcase, test_waits);
	tcase_add_test(tcase, test_signal);
	tcase_add_test(tcase, test_start_refused);
	tcase_add_test(tcase, test_replaced);
	tcase_add_test(tcase, test_gives_up);
	tcase_add_test(tcase, test_bound_again);
	tcase_add_test(tcase, test_unplugged);
	tcase_add_test(tcase, test_removed);
	tcase_add_test(tcase, test_unbound);
	if (rig_modules())
		tcase_add_test(tcase, test_unbound_with_voltage);
	else
		printf("# skipped: PSX_MODULES does not say where modules are\n");
	tcase_add_test(tcase, test_claim_closed);
	tcase_add_test(tcase, test_owner_killed);
	return rig_main(suite);
}
