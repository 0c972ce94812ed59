// SPDX-License-Identifier: MIT
/* Detector, calibration and samples, for training and for what comes after it. */
#include "learn.h"

#include "interrupt.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* On every exposure; what it counts changes with the work */
static int tell(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct learn *l = arg;

	if (interrupt_came()) {
		progress_end(&l->progress);
		return -1;
	}
	if (l->showing != what || !done) {
		progress_end(&l->progress);
		progress_begin(&l->progress, what, total, !l->ctl->quiet);
		l->showing = what;
	}
	progress_show(&l->progress, done);
	if (done + 1 >= total)
		progress_end(&l->progress);
	return 0;
}

/* Who is at the terminal is the stage */
static int show_by_hand(void *arg, size_t index, const struct psx_image *image)
{
	const struct learn *l = arg;
	struct psx_labelled sample;

	(void)image;
	(void)psx_dataset_get_sample(l->data, index, &sample);
	fprintf(stderr, "\r\033[Kpsxctl %s: put %s into the beam, then press Enter (Ctrl-C ends it) ",
		l->ctl->verb, l->names ? l->names[index] : sample.name);
	return ctl_wait_for_enter();
}

int learn_begin(struct learn *l, struct ctl *ctl, const char *cal_path)
{
	struct psx_error err;
	int code;

	l->ctl = ctl;
	l->dev = ctl_open(ctl, &code);
	if (!l->dev)
		return code;
	if (cal_path) {
		l->cal = psx_calibration_load(cal_path, &err);
		if (!l->cal)
			return ctl_fail(ctl, "%s", err.message);
	}
	l->rig = (struct psx_classifier_rig){
		.device = l->dev, .calibration = l->cal, .progress = tell, .arg = l,
	};
	if (!(psx_device_get_info(l->dev)->caps & PSX_CAP_SCENE) && isatty(STDIN_FILENO) &&
	    isatty(STDERR_FILENO))
		l->rig.present = show_by_hand;
	return CTL_OK;
}

int learn_power(struct learn *l)
{
	struct psx_error err;

	interrupt_catch();
	l->before = rails_before(l->dev);
	return rails_up_for_run(l->ctl, l->dev, &err) ? ctl_fail(l->ctl, "%s", err.message) : CTL_OK;
}

int learn_rest(struct learn *l)
{
	return rails_restore(l->ctl, l->dev, &l->before, CTL_OK);
}

void learn_end(struct learn *l)
{
	psx_classifier_free(l->classifier);
	psx_dataset_free(l->data);
	psx_calibration_free(l->cal);
	psx_device_close(l->dev);
}

/* Does a character begin here, of UTF-8? */
static bool begins(char byte)
{
	return (byte & 0xc0) != 0x80;
}

int learn_cut(const char *label, int characters)
{
	int bytes = 0;

	while (label[bytes] && (characters || !begins(label[bytes])))
		characters -= begins(label[bytes++]);
	return bytes;
}

/* In so many columns; left-aligned where negative, as printf() has it */
static void print_label(const char *label, int width)
{
	const int bytes = learn_cut(label, abs(width));
	int rest = abs(width), i;

	for (i = 0; i < bytes; i++)
		rest -= begins(label[i]);
	printf("%*s%.*s%*s", width > 0 ? rest : 0, "", bytes, label, width < 0 ? rest : 0, "");
}

json_t *learn_confusion_json(const unsigned int *counts, unsigned int classes)
{
	json_t *rows = json_array();
	unsigned int label, answer;

	for (label = 0; label < classes; label++) {
		json_t *row = json_array();

		for (answer = 0; answer < classes; answer++)
			(void)json_array_append_new(row,
						    json_integer(counts[label * classes + answer]));
		(void)json_array_append_new(rows, row);
	}
	return rows;
}

void learn_confusion_print(const struct psx_classifier *c, const unsigned int *counts)
{
	const unsigned int classes = psx_classifier_get_info(c)->classes;
	unsigned int label, answer;

	printf("%-14s", "label \\ answer");
	for (answer = 0; answer < classes; answer++) {
		putchar(' ');
		print_label(psx_classifier_get_label(c, answer), 7);
	}
	putchar('\n');
	for (label = 0; label < classes; label++) {
		print_label(psx_classifier_get_label(c, label), -14);
		for (answer = 0; answer < classes; answer++)
			printf(" %7u", counts[label * classes + answer]);
		putchar('\n');
	}
}
