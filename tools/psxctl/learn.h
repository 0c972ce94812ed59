/* SPDX-License-Identifier: MIT */
/* What `train` and `classify` share. */
#ifndef PSXCTL_LEARN_H
#define PSXCTL_LEARN_H

#include "progress.h"
#include "psxctl.h"
#include "rails.h"

struct learn {
	struct ctl *ctl;
	struct psx_device *dev;
	struct rails_before before;
	struct psx_calibration *cal; /* NULL = nominal sub-pixels */
	struct psx_dataset *data;
	struct psx_classifier *classifier;
	struct psx_classifier_rig rig;
	const char **names; /* of what is shown; NULL = those of the data set */
	struct progress progress;
	const char *showing; /* what the bar counts */
};

/* The detector of -d and, unless NULL, a calibration. A rig of them, whose samples a
 * person shows where the detector has no scenes. An exit code */
int learn_begin(struct learn *l, struct ctl *ctl, const char *cal_path);
/* Voltage, when all else was found to be right; from here on signals end the work and no
 * longer the process, which may have waited for a pipe before. An exit code */
int learn_power(struct learn *l);
/* Rails as before, as rails_restore() has it; an exit code */
int learn_rest(struct learn *l);
void learn_end(struct learn *l);

/* Bytes of the label's first characters, so many at most */
int learn_cut(const char *label, int characters);
/* classes x classes counts as rows of an array; as a table */
json_t *learn_confusion_json(const unsigned int *counts, unsigned int classes);
void learn_confusion_print(const struct psx_classifier *c, const unsigned int *counts);

/* train_show.c: a row of the table, or an object; how it ended, and what was learned */
void train_show_epoch(struct ctl *ctl, const struct psx_classifier *c, unsigned int number);
void train_show_summary(struct ctl *ctl, const struct psx_classifier *c, const char *output);

/* train_plot.c: was it built with cairo? */
bool train_can_plot(void);
/* Accuracies by epoch, and the outputs' distributions by epoch and class.
 * -1 with errno */
int train_plot(const struct psx_classifier *c, const char *path);

#endif
