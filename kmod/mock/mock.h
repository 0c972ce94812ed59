/* SPDX-License-Identifier: GPL-2.0 */
/* Internals of psxdet-mock.ko: detectors in software, made through configfs. */
#ifndef PSX_MOCK_H
#define PSX_MOCK_H

#include <linux/types.h>

#include "../model/psx_model.h"
#include "../psx_hw.h"

struct mock_detector;

/* Under the detector's lock */
struct mock_watchdog {
	u64 ms;			/* WATCHDOG_MS, 0 = off */
	u64 at;			/* of CLOCK_MONOTONIC, U64_MAX = never */
};

void mock_watchdog_init(struct mock_watchdog *w);
bool mock_watchdog_write(struct mock_watchdog *w, u32 reg, u32 value);
u64 mock_watchdog_turn(struct mock_watchdog *w, struct psx_model *model);

/* What the attributes of a detector say */
struct mock_settings {
	struct psx_model_config model;
	u64 rate_milli;		/* frames in 1000 s of real time, 0 = unpaced */
	u64 fault_grant;	/* bytes that it takes beyond what is granted */
};

extern const struct psx_hw_ops mock_hw_ops;

/*
 * A detector that runs, seen through mock_hw_ops with itself as the context.
 * @levels: of the whole scene, NULL for darkness; not kept.
 */
struct mock_detector *mock_detector_create(const struct mock_settings *settings,
					   const u16 *levels);
void mock_detector_destroy(struct mock_detector *detector);
void mock_detector_set_faults(struct mock_detector *detector,
			      const struct psx_model_faults *faults);

#endif /* PSX_MOCK_H */
