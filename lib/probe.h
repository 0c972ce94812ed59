/* SPDX-License-Identifier: MIT */
/* Sub-pixels of a region, read one by one. */
#ifndef PSX_LIB_PROBE_H
#define PSX_LIB_PROBE_H

#include "calibration.h"
#include "settings.h"

#define PSX_PROBE_FRAMES 1024 /* at most, of one reading */

/* What was seen in the dark at one setting, of the region */
struct psx_darkness {
	struct psx_darkness *next;
	double volts;
	uint64_t exposure_ns;
	unsigned int pga, frames;
	struct psx_reading reading;
	int16_t *offset, *dark; /* the bank's maps */
	float levels[];		/* above these maps; NAN: blind */
};

struct psx_probe {
	struct psx_device *dev;
	struct psx_region region;
	struct psx_settings settings;
	struct psx_bench bench;
	struct psx_bank *bank; /* NULL before psx_probe_set() */
	struct psx_darkness *darkness;
	const struct psx_darkness *now; /* taken off; NULL while it is measured */
	int position; /* of the shutter; -1: not moved so far */
	struct psx_task task;
	size_t count; /* sub-pixels */
	float *levels, *dark;
	float *last;   /* of the frame before */
	float *jumps;  /* squares, from frame to frame */
	float *responses; /* NAN: odd, and left out */
	struct psx_sample *samples; /* NULL = nobody wants them */
	unsigned int seen;	    /* frames */
};

/* The place of the region's sub-pixel i among the sensor's */
size_t psx_probe_place(const struct psx_probe *probe, size_t i);

/* probe_dark.c: maps of the bank, and what is taken off */
int psx_probe_darken(struct psx_probe *probe, double volts, unsigned int frames);
void psx_probe_forget(struct psx_probe *probe);

/* probe_expose.c: levels above what is taken off now */
int psx_probe_take(struct psx_probe *probe, enum psx_shutter shutter, unsigned int frames,
		   struct psx_reading *reading, struct psx_sample *samples);
/* Of `frames`, all that a reading has by its light; NAN levels are left out */
void psx_probe_sum_up(const float *levels, const float *jumps, size_t count, unsigned int frames,
		      struct psx_reading *reading);
/* An operator is asked for what is to change, no more */
int psx_probe_light(struct psx_probe *probe, enum psx_shutter shutter);

#endif
