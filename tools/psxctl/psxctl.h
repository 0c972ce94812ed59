/* SPDX-License-Identifier: MIT */
/* What the verbs of psxctl share. One file a verb; main.c dispatches. */
#ifndef PSXCTL_H
#define PSXCTL_H

#include <argp.h>
#include <jansson.h>
#include <psxdet.h>
#include <stdbool.h>

enum {
	CTL_OK = 0,
	CTL_FAILED = 1, /* it did not work */
	CTL_USAGE = 2,  /* it was not asked rightly */
	CTL_LOST = 3,   /* it worked, but frames were lost */
};

/* The options that every verb takes. */
struct ctl {
	const char *verb;
	const char *uri; /* -d, NULL when not given */
	bool json;
	bool quiet;
	bool json_failed; /* a line could not be made */
};

/*
 * Parse a verb's command line: its own options and the common ones, with
 * `input` for its own parser. 0, or CTL_USAGE after one line to stderr. --help
 * prints and exits.
 */
int ctl_parse(struct ctl *ctl, const struct argp *argp, int argc, char **argv, void *input);

/* One line "psxctl VERB: ..." to stderr; return CTL_FAILED / CTL_USAGE. */
int ctl_fail(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
int ctl_usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same line for what is good to know; not with -q or --json */
void ctl_remark(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What may be wrong; also with --json */
void ctl_warn(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The detector of -d, which must be given; NULL after one line to stderr, with the
 * exit code in *code. Where it has no shutter and there is a terminal, the user is
 * asked to be one. */
struct psx_device *ctl_open(struct ctl *ctl, int *code);
/* Before the work of minutes: can a file be written there? NULL is none. An exit code */
int ctl_can_write(const struct ctl *ctl, const char *path);
/* Fails for want of -d; an exit code */
int ctl_need_device(const struct ctl *ctl);
/* Until Enter; not 0 when there is no more input, or a signal came */
int ctl_wait_for_enter(void);
/* A model in this process: nobody else can have it */
bool ctl_in_process(const struct psx_device *dev);

/* Fails when writing `output` or `plot` would take the place of `input`, which is `what`, such
 * as "the calibration"; NULL is none. An exit code */
int ctl_spare(const struct ctl *ctl, const char *output, const char *plot, const char *input,
	      const char *what);
/* The same of them against each other and the scene of a model */
int ctl_check_outputs(const struct ctl *ctl, const char *output, const char *plot);

/* Print one JSON line to stdout and drop the reference. NULL makes the verb fail. */
void ctl_json(struct ctl *ctl, json_t *object);
/* A string of any bytes: what is not UTF-8 becomes U+FFFD. New reference, or NULL. */
json_t *ctl_json_text(const char *text);

/* names.c: modes; states of struct psx_device_status; a cause as "over-current", and as
 * "by over-current" */
const char *ctl_mode_name(enum psx_mode mode);
const char *ctl_rails_name(uint32_t rails);
const char *ctl_cause_name(uint32_t cause);
const char *ctl_cause_words(uint32_t cause);
const char *ctl_shutter_name(enum psx_shutter shutter);

/* The end of a verb: `code`, unless its output did not get out. */
int ctl_end(const struct ctl *ctl, int code);

/* The verbs: argv[0] is the verb; they return an exit code. */
int verb_list(struct ctl *ctl, int argc, char **argv);
int verb_info(struct ctl *ctl, int argc, char **argv);
int verb_kernel(struct ctl *ctl, int argc, char **argv);
int verb_acquire(struct ctl *ctl, int argc, char **argv);
int verb_view(struct ctl *ctl, int argc, char **argv);
int verb_eval(struct ctl *ctl, int argc, char **argv);
int verb_monitor(struct ctl *ctl, int argc, char **argv);
int verb_hv(struct ctl *ctl, int argc, char **argv);
int verb_bias(struct ctl *ctl, int argc, char **argv);
int verb_cal(struct ctl *ctl, int argc, char **argv);
int verb_convert(struct ctl *ctl, int argc, char **argv);
int verb_train(struct ctl *ctl, int argc, char **argv);
int verb_classify(struct ctl *ctl, int argc, char **argv);
int verb_iv(struct ctl *ctl, int argc, char **argv);
int verb_ldr(struct ctl *ctl, int argc, char **argv);
int verb_it(struct ctl *ctl, int argc, char **argv);
int verb_budget(struct ctl *ctl, int argc, char **argv);

#endif
