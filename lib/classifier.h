/* SPDX-License-Identifier: MIT */
/* The classifier's insides: what is learned, and how it is shown to a device. */
#ifndef PSX_LIB_CLASSIFIER_H
#define PSX_LIB_CLASSIFIER_H

#include "average.h"
#include "dataset.h"

#define PSX_INPUT_LEVELS   4095 /* of an input of 1 */
#define PSX_OUTPUT_SCALE   PSX_ADC_STEPS /* frame bits a level: the ADC's steps */
#define PSX_MOST_BATCH	   65536u
#define PSX_MOST_EPOCHS	   100000u
#define PSX_MOST_FRAMES	   1024u

struct psx_classifier {
	struct psx_classifier_info info;
	char **labels;
	double *weights; /* [classes][k * k], of the last epoch */
	double *best;	 /* of the best */
	int16_t *codes;	 /* on the device then */
	uint16_t *scales; /* [classes], of these banks, Q8.8 */
	unsigned int *confusion; /* [classes][classes] of the best */
	int32_t *inputs; /* [train][k * k], frame bits; NULL before the first epoch */
	double *mean;	 /* [k * k], of the inputs */
	struct psx_epoch *epochs; /* [psx_classifier_tests()], from epoch 0 */
};

/* An object with all arrays but inputs; labels are the caller's to fill. NULL with ENOMEM */
struct psx_classifier *psx_classifier_make(unsigned int k, unsigned int classes);
/* EINVAL; 0 becomes the default, but for exposure_ns */
int psx_classifier_check_options(struct psx_classifier_options *options, struct psx_error *err);
/* inputs of their own, not yet filled; -1 with ENOMEM */
int psx_classifier_make_inputs(struct psx_classifier *c);
/* mean from inputs */
void psx_classifier_set_mean(struct psx_classifier *c);
/* Room for one epoch more, with boxes, 0 before all others; NULL with ENOMEM */
struct psx_epoch *psx_classifier_add_epoch(struct psx_classifier *c);
/* Back to before the first epoch: neither inputs nor epoch 0 */
void psx_classifier_forget(struct psx_classifier *c);
/* PSX_STOP_*, from the epochs and options */
enum psx_classifier_stop psx_classifier_judge(const struct psx_classifier *c);
/* Is `a` a better epoch? */
bool psx_epoch_is_better(const struct psx_epoch *a, const struct psx_epoch *b);

static inline unsigned int psx_classifier_taps(const struct psx_classifier *c)
{
	return c->info.k * c->info.k;
}

/* Tests made: one more than there were epochs */
static inline unsigned int psx_classifier_tests(const struct psx_classifier *c)
{
	return c->epochs ? c->info.epochs + 1 : 0;
}

/* Frame bits of an input or output of 1, sums over all exposures of a sample */
static inline double psx_classifier_unit(const struct psx_classifier *c)
{
	return (double)PSX_OUTPUT_SCALE * PSX_INPUT_LEVELS * c->info.options.frames *
	       (double)c->info.options.exposure_ns / 1e9;
}

/* A device at work for a classifier. */
struct psx_exposer {
	const struct psx_classifier *c;
	const struct psx_classifier_rig *rig;
	struct psx_error *err;
	struct psx_settings *settings;
	struct psx_bench bench;
	size_t channels;
	const char *what; /* progress */
	uint64_t done, total;
};

/* After psx_classifier_check(). Claims and switches on; to be ended whatever comes. -1 with *err */
int psx_exposer_begin(struct psx_exposer *e, const struct psx_classifier *c,
		      const struct psx_classifier_rig *rig, struct psx_error *err);
void psx_exposer_end(struct psx_exposer *e);
/* The bank of k * k weights, through the rig's calibration. NULL with *err */
struct psx_bank *psx_exposer_bank(struct psx_exposer *e, const double *weights);
/* Zeroes and loads; the banks stay the caller's */
int psx_exposer_load(struct psx_exposer *e, struct psx_bank *const *banks, size_t count);
/* One sample, all exposures: sums of frame bits by channel */
int psx_exposer_show(struct psx_exposer *e, const struct psx_image *image, size_t index,
		     int32_t *sums);
/* The samples of the training, in one-hot banks, into c->inputs */
int psx_exposer_inputs(struct psx_exposer *e, const struct psx_dataset *data, int32_t *inputs);

/* outputs - weights * mean: what sums of frame bits stand for */
void psx_classifier_outputs(const struct psx_classifier *c, const double *weights,
			    const int32_t *sums, double *outputs);
unsigned int psx_classifier_answer(const double *outputs, unsigned int classes);
/* Sorts the values */
struct psx_box psx_box_of(double *values, size_t count);

#endif
