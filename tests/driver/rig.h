/* SPDX-License-Identifier: MIT */
/*
 * What the driver's tests share: mock detectors, files and claims, a bank that
 * shows the scene as it is, events. They use the kernel's interface alone.
 */
#ifndef PSX_TEST_DRIVER_RIG_H
#define PSX_TEST_DRIVER_RIG_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../include/uapi/linux/psxdet.h"

#define RIG_CONFIGFS	"/sys/kernel/config/psxdet-mock"
#define RIG_TIMEOUT	60 /* s; what takes longer has failed */
#define CODE_ONE	31129 /* +95 V, weight 1 */

/* A detector, made by rig_plug() */
struct rig {
	char name[16]; /* of its folder in configfs */
	char node[32]; /* /dev/psxdetN */
	uint32_t width, height;
};

/* Run one suite; exit status for main */
int rig_main(Suite *suite);
/* A case with the time that tests in a slow VM need */
TCase *rig_case(Suite *suite, const char *name);

/* The same numbers everywhere; seed != 0 */
uint64_t rig_random(uint64_t *state);
/* `most`, or what PSX_DRIVER_FRAMES says where that is less */
uint64_t rig_frames(uint64_t most);

/* Remove all mock detectors that earlier tests left */
void rig_clean(void);
/* An ideal detector; rate in frames a second, "0" as fast as computed */
void rig_plug(struct rig *rig, const char *name, uint32_t width, uint32_t height,
	      const char *rate);
void rig_unplug(struct rig *rig);
/* The folder alone, not live; its attributes. 0 or errno. */
void rig_make(struct rig *rig, const char *name);
int rig_set(const struct rig *rig, const char *key, const char *value);
void rig_live(struct rig *rig);
/* Its name on the platform bus, while it is bound */
void rig_device(const struct rig *rig, char *name, size_t size);
/* A line into a file that takes commands, of the driver on that bus or of a module: 0 or errno */
int rig_driver(const char *file, const char *text);
int rig_parameter(const char *module, const char *name, const char *text);

/* A call that may fail: 0 or errno */
int rig_ioctl(int fd, unsigned long cmd, void *arg);
/* Calls that must not fail */
int rig_open(const struct rig *rig, int flags);
int rig_claim(int fd);
struct psxdet_info rig_info(int fd);
struct psxdet_status rig_status(int fd);
void rig_bank(int claim, uint32_t bank, uint32_t k, uint32_t phases);
void rig_rails(int claim, uint32_t action);
uint32_t rig_start(int claim, uint64_t frames);
void rig_stop(int claim, uint32_t how);

/* Fill a transfer of the whole sensor */
struct psxdet_transfer rig_transfer(const struct rig *rig, uint32_t target, uint32_t bank,
				    uint32_t phase, const void *values);
/* Scan with the one bank; for psxdet_config fields that matter, change them */
struct psxdet_config rig_config(uint8_t bank);
/* Commit; returns cfg_id */
uint32_t rig_commit(int claim, struct psxdet_config *config);
/* Bank with k = 1 whose codes are all `code`, uploaded */
void rig_identity(const struct rig *rig, int claim, uint32_t bank, int16_t code);
/* Grey levels below `levels`, from a seed; 0 = darkness */
void rig_scene(const struct rig *rig, int claim, uint32_t levels, uint64_t seed);
/* All of it: identity in bank 0, committed, rails on */
void rig_ready(const struct rig *rig, int fd, int claim);

/* The next event of that type; others before it are dropped */
struct psxdet_event rig_event(int fd, uint32_t type);
/* Rails in that state, by event or as they are */
void rig_await_rails(int fd, uint32_t state);
/* Drop the events that are there */
unsigned int rig_drain_events(int fd);
/* Is `type` among the events that are there? They are dropped. */
bool rig_has_event(int fd, uint32_t type);

/*
 * Sleep in poll() until something wakes it, which the end of a long time does
 * not: 0 when nothing did, else what poll() says
 */
short rig_sleep(int fd, short events);
/* What poll() says at once */
short rig_poll(int fd);
/* Wait until a task sleeps */
void rig_await_sleep(pid_t tid);

/* CLOCK_MONOTONIC, ns */
uint64_t rig_now(void);

/* Time for loops that wait for what no event tells; ends the test when over */
struct rig_patience {
	uint64_t until;
};
struct rig_patience rig_patience(void);
void rig_wait(const struct rig_patience *patience, const char *what);

/* The folder of the modules, PSX_MODULES or tests/vm/run's; NULL: who knows */
const char *rig_modules(void);
/* 0 or errno */
int rig_load(const char *name);
int rig_unload(const char *name);

/* Kernel's log from now on */
int rig_log_open(void);
bool rig_log_has(int log, const char *text);

#endif
