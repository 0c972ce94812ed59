/* SPDX-License-Identifier: MIT */
/* What measuring with a device takes: light or dark, rails, averages of ADC
 * codes. Reasons of failure are in dev->error. */
#ifndef PSX_LIB_AVERAGE_H
#define PSX_LIB_AVERAGE_H

#include "bank.h"
#include "device.h"
#include "settings.h"

#define PSX_ADC_STEPS	   4 /* of a grey level, at PGA 1 */
#define PSX_ADC_LEVELS	   8192 /* its range, +-, at PGA 1 */
#define PSX_OFFSET_LEVELS  4 /* of a step of the offset DAC */
#define PSX_DARK_STEPS	   8 /* of an ADC code in a dark map */
#define PSX_PGA_MOST	   128u

/* How far a measurement is; .done is counted up with every frame */
struct psx_task {
	psx_progress progress; /* NULL = nobody wants to know */
	void *arg;
	const char *what;
	uint64_t done, total;
};

/* -1 with ECANCELED where the work is to end */
int psx_task_tell(struct psx_device *dev, const struct psx_task *task);

/* Mean ADC codes of one channel, by output */
struct psx_average {
	size_t outputs;
	float *codes;
	uint8_t *clipped; /* 1 = the ADC's end, in any of the frames */
};

/* Load the banks, and average `frames` frames of each at this exposure and gain
 * into averages[count], which the caller frees whatever comes. */
int psx_average_take(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
		     uint64_t exposure_ns, unsigned int pga, unsigned int frames,
		     struct psx_task *task, struct psx_average *averages);
/* Shown each frame as it comes: values times `unit` are the ADC's codes. `settled`: without
 * the first one, in which biases come from 0 V, where that shows in so short an exposure */
typedef void (*psx_visit)(void *arg, const struct psx_frame_info *info, const int16_t *values,
			  float unit);
int psx_average_take_each(struct psx_device *dev, struct psx_bank *const *banks, size_t count,
			  uint64_t exposure_ns, unsigned int pga, unsigned int frames,
			  struct psx_task *task, bool settled, psx_visit visit, void *arg,
			  struct psx_average *averages);
void psx_average_free(struct psx_average *averages, size_t count);

/* Move the shutter, or ask the operator */
int psx_device_light(struct psx_device *dev, enum psx_shutter position);

/* Rails on and, where there is a shutter, its position, as they were before */
struct psx_bench {
	bool begun;
	enum psx_shutter shutter;
	bool rails; /* were switched on */
};

int psx_bench_begin(struct psx_device *dev, struct psx_bench *bench);
/* Puts back what begin and light changed; nothing where there was no begin. Keeps
 * errno and dev->error. */
void psx_bench_end(struct psx_device *dev, const struct psx_bench *bench);

/* In the dark, rails on: offset and dark maps of the banks, and their masks. Does
 * nothing without PSX_CAP_OFFSET. */
int psx_zero_measure(struct psx_device *dev, const struct psx_settings *s,
		     struct psx_bank *const *banks, size_t count, unsigned int frames,
		     struct psx_task *task);

/* load.c: the highest gain at which the ADC spans so many levels, +- */
unsigned int psx_pga_for(double levels);
/* The settings, with a gain for these banks where they leave it open */
struct psx_settings psx_load_settings(const struct psx_settings *s, struct psx_bank *const *banks,
				      size_t count);
/* load_check.c: can the device expose for so long? EINVAL */
int psx_exposure_check(const struct psx_device_info *info, uint64_t exposure_ns,
		       struct psx_error *err);
/* May these be loaded, `maps`: once they have both maps? */
int psx_load_check(struct psx_device *dev, const struct psx_settings *s,
		   struct psx_bank *const *banks, size_t count, bool maps);
/* psx_device_load(), and where there is no room beside what is in force, that goes
 * first: it is gone then, even if this fails. For an idle device. */
int psx_load_instead(struct psx_device *dev, const struct psx_settings *s,
		     struct psx_bank *const *banks, size_t count, uint32_t *cfg_id);

#endif
