/* SPDX-License-Identifier: MIT */
/* One frame as a picture with its histogram; with cairo alone. */
#ifndef PSXCTL_PANEL_H
#define PSXCTL_PANEL_H

#include "mapping.h"
#include "plan.h"
#include "plot.h"
#include "tally.h"

#define PANEL_WIDTH 580

struct panel {
	char name[64], comparator[96], occupancy[128], bytes[96]; /* above the picture */
	uint32_t width, height;
	int32_t *values;     /* that were kept */
	const uint8_t *mask; /* NULL = all are good */
	struct mapping mapping;
	double across, down; /* of the picture */
	struct tally tally;
	uint32_t threshold;
	bool both;
	bool sparse; /* what was dropped is not known */
};

/* Mask and numbers are of the frames, which must outlive it. -1 with errno */
int panel_begin(struct panel *p, const struct plan *plan, const struct psx_device_info *device,
		const struct psx_frame *frame, const struct psx_frame *whole);
void panel_end(struct panel *p);
double panel_height(const struct panel *p);
void panel_draw(cairo_t *cr, const struct panel *p, double left, double top);

#endif
