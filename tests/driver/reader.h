/* SPDX-License-Identifier: MIT */
/*
 * A reader of the frame ring in mapped memory, that looks at every byte. What is
 * wrong it keeps as text, so it can work in other processes and threads.
 */
#ifndef PSX_TEST_DRIVER_READER_H
#define PSX_TEST_DRIVER_READER_H

#include "rig.h"

struct reader {
	int fd;
	bool reserving;
	bool has_last;
	const struct psxdet_ctrl *ctrl;
	struct psxdet_cons *cons; /* NULL: the file is open read-only */
	const struct psxdet_desc *desc;
	const uint8_t *data;
	uint64_t entries, bytes;

	uint64_t joined; /* position */
	uint64_t cursor;
	struct psxdet_desc last; /* the descriptor before the cursor, where has_last */

	/* Its own counts */
	uint64_t consumed;
	uint64_t overrun;
	uint64_t gaps; /* numbers of frames that the device dropped */
	char wrong[160]; /* the first thing, empty = none */
};

enum reader_kind {
	READER_RESERVING,
	READER_LOSSY,
	READER_ONLY, /* lossy, on a file that is open read-only */
};

/* Open, join, map; watermark and timeout as in psxdet_join */
void reader_join(struct reader *r, const struct rig *rig, enum reader_kind kind,
		 uint32_t watermark, uint32_t timeout_us);
/* Unmap and close */
void reader_close(struct reader *r);

/*
 * Take at most `most` frames that are there, by memory alone: no system call.
 * Returns how many descriptors were passed, overrun ones included.
 */
uint64_t reader_take(struct reader *r, uint64_t most);
/* Frames that are there, as ctrl says */
uint64_t reader_unread(const struct reader *r);
bool reader_running(const struct reader *r);
/* Sleep in poll() until there are frames or events, or nothing will come */
short reader_poll(struct reader *r);
/* Read until the acquisition has ended and all is read; accounts every so many frames */
void reader_run(struct reader *r, uint64_t every);

/* What the driver counts */
struct psxdet_reader_stats reader_stats(const struct reader *r);
/*
 * Where the frames went (invariant 10), in the middle or at the end, when not
 * a frame may be missing; fails the test
 */
void reader_account(struct reader *r, bool ended);
/* Nothing was wrong so far */
void reader_good(const struct reader *r);

#endif
