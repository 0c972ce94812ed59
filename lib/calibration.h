/* SPDX-License-Identifier: MIT */
/* What is known of every sub-pixel of one detector. */
#ifndef PSX_LIB_CALIBRATION_H
#define PSX_LIB_CALIBRATION_H

#include "average.h"
#include "hecht.h"

/* struct psx_hecht as it is kept */
struct psx_curve {
	float gain, mu_tau, surface, residual, dark;
};

/* What is added to the weights of one kernel's cells */
struct psx_null {
	char name[64];
	unsigned int k;
	enum psx_mode mode;
	double weights[PSX_MAX_TAPS];
	size_t outputs;
	float *corrections; /* to the sum of a cell, in weights of the bank */
};

struct psx_calibration {
	struct psx_calibration_info info;
	uint64_t exposure_ns;
	size_t count;			/* of sub-pixels */
	struct psx_curve *curves[2];	/* reverse, forward */
	uint8_t *defects;		/* enum psx_defect */
	struct psx_null *nulls;		/* info.nulls of them */
};

/* All sub-pixels good and nominal; NULL with ENOMEM */
struct psx_calibration *psx_calibration_create(const struct psx_geometry *geometry,
					       struct psx_error *err);
bool psx_calibration_sees(const struct psx_calibration *cal, size_t place);
/* What sub-pixel `place` weighs at `volts`, either sign; a stuck one always the same */
double psx_curve_weight(const struct psx_curve *curve, bool forward, double volts);
const struct psx_null *psx_calibration_find_null(const struct psx_calibration *cal,
						 const struct psx_kernel *kernel,
						 enum psx_mode mode);

/* What was measured */
struct psx_points {
	unsigned int count;  /* of both signs: reverse first, each from low to high */
	double volts[2 * 64];
	double beam;	     /* levels at weight 1 */
	float *levels;	     /* [point][sub-pixel]; NAN where nothing could be measured */
	uint8_t *unfollowed; /* by sub-pixel: DAC monitors that showed another code */
};

/* calibration_fit.c */
void psx_calibration_fit(struct psx_calibration *cal, const struct psx_points *points);
/* calibration_defects.c: defects, headroom and residuals */
int psx_calibration_judge(struct psx_calibration *cal, const struct psx_points *points,
			  struct psx_error *err);

/* calibration_apart.c: headroom so small that neighbours of the largest weights, one of
 * each sign, are no more than that apart; ENOMEM */
int psx_calibration_keep_near(struct psx_calibration *cal, double most_volts,
			      struct psx_error *err);

/* calibration_beam.c: a bank of one bias on all sub-pixels that see, k = 1 */
struct psx_bank *psx_beam_bank(const struct psx_geometry *geometry, double volts,
			       struct psx_error *err);
/* Levels of the open beam at weight 1, of the median sub-pixel: what is called
 * the beam. Dose and a mean gain can't be told apart. In any light, rails on; ends
 * in the beam. */
int psx_beam_measure(struct psx_device *dev, uint64_t exposure_ns, unsigned int frames,
		     struct psx_task *task, double *levels);
/* Frames that it takes */
uint64_t psx_beam_frames(unsigned int frames);

/* calibration_cell.c: cells that are cut in one way */
struct psx_cell_plan {
	unsigned int k, count;	       /* taps that have a weight */
	double unit;		       /* psx_hecht_unit() */
	bool there[PSX_MAX_TAPS];      /* sub-pixels that see */
	uint8_t tap[PSX_MAX_TAPS];     /* r * k + c, coarsest DAC step first */
	double target[PSX_MAX_TAPS];   /* all by tap */
	double guess[PSX_MAX_TAPS];    /* volts of a nominal sub-pixel */
	double share[PSX_MAX_TAPS];    /* of a correction */
};

void psx_cell_plan(const struct psx_kernel *kernel, struct psx_way x, struct psx_way y,
		   double shrink, struct psx_cell_plan *plan);
/*
 * Codes of one cell, [k * k]: `corner` is the sub-pixel of its tap 0, which may
 * not be there. False when defects spoil it, codes are then 0. *residual =
 * realised sum - wanted sum.
 */
bool psx_cell_codes(const struct psx_calibration *cal, const struct psx_cell_plan *plan,
		    ptrdiff_t corner, double correction, int16_t *codes, double *residual);
/* calibration_stand_in.c: taps of like sign take over what tap `lost` lacks of its
 * target; `good` says which can. False when they can't. */
bool psx_cell_stand_in(double *targets, unsigned int k, unsigned int lost, double lack,
		       const bool *good, double most);

#define PSX_RESIDUAL_FRAMES 64
/* calibration_measure.c: what is left of a beam of `beam` levels at weight 1, by
 * output; at *pga, which is chosen where it is 0. In any light, rails on. */
int psx_residual_measure(struct psx_device *dev, const struct psx_bank *bank, double beam,
			 uint64_t exposure_ns, unsigned int frames, unsigned int *pga,
			 struct psx_task *task, float *map, struct psx_residual *residual);
int psx_residual_beam(struct psx_device *dev, uint64_t exposure_ns, struct psx_task *task,
		      double *beam);
/* The task of so many rounds of that, after psx_residual_beam() */
struct psx_task psx_residual_task(const struct psx_calibration_options *options,
				  unsigned int frames, unsigned int rounds);

#endif
