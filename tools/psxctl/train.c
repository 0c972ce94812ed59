// SPDX-License-Identifier: MIT
#include "interrupt.h"
#include "learn.h"
#include "options.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
	"Train a classifier with the detector in the loop.\v"
	"DATA is a CSV file (split,label,p00,p01,..) or a folder of images, a folder a label; "
	"docs/classifier.md. Every class has a bank of weights, its output is measured; the weights go "
	"out as biases, through --cal where one is given. The detector has as many sub-pixels as a sample "
	"has pixels: a model of 3 x 3 is sim:width=3,height=3,scene=flat:0. Epoch 0 is before the first "
	"change. Training ends when a test has no error, when tests do not get better, or after --epochs. The model is written after every epoch; "
	"a training that broke off goes on with --resume, to the same result. Ctrl-C leaves the last whole "
	"epoch, and the rails down.";

enum {
	OPT_EPOCHS = 0x2001, OPT_RATE, OPT_BATCH, OPT_SEED, OPT_PATIENCE, OPT_FRAMES, OPT_EXPOSURE,
	OPT_SIZE, OPT_CAL, OPT_RESUME, OPT_PLOT, OPT_FULL,
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE.json", 0, "The model: weights, codes, history, confusion matrix", 0 },
	{ "epochs", OPT_EPOCHS, "N", 0, "At most (default 50)", 0 },
	{ "rate", OPT_RATE, "R", 0, "Learning rate (default 0.5)", 0 },
	{ "batch", OPT_BATCH, "N", 0, "Samples between changes of the weights (default 16)", 0 },
	{ "seed", OPT_SEED, "N", 0, "Of initial weights and order (default 0)", 0 },
	{ "patience", OPT_PATIENCE, "N", 0, "Epochs without a better test that end it (default 10)", 0 },
	{ "full", OPT_FULL, NULL, 0, "All epochs, however good or bad the tests", 0 },
	{ "frames", OPT_FRAMES, "N", 0, "Exposures averaged a sample (default 1)", 0 },
	{ "exposure", OPT_EXPOSURE, "TIME", 0, "Of one (default: as the ADC allows, 1s at most)", 0 },
	{ "size", OPT_SIZE, "K", 0, "Reduce images to K x K pixels", 0 },
	{ "cal", OPT_CAL, "FILE", 0, "The detector's calibration", 0 },
	{ "resume", OPT_RESUME, "FILE.json", 0, "Go on with this training", 0 },
	{ "plot", OPT_PLOT, "PNG", 0, "Accuracies and distributions of the outputs by epoch, of 8 classes", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	struct psx_classifier_options options;
	const char *data, *output, *cal, *resume, *plot;
	const char *begins; /* an option that only a new training can have */
	unsigned int k;
	bool full;
};

static error_t parse_rate(struct arguments *a, const char *text)
{
	if (option_decimal(text, &a->options.rate) || !(a->options.rate > 0))
		return ctl_usage(a->ctl, "rate '%s' is not a number above 0", text);
	return 0;
}

static error_t parse_count(struct arguments *a, int key, const char *text)
{
	const struct {
		int key;
		const char *name;
		unsigned long long most;
		unsigned int *value;
	} counts[] = {
		{ OPT_EPOCHS, "epochs", 100000, &a->options.epochs },
		{ OPT_BATCH, "batch", 65536, &a->options.batch },
		{ OPT_PATIENCE, "patience", 100000, &a->options.patience },
		{ OPT_FRAMES, "frames", 1024, &a->options.frames },
	};
	unsigned long long value;
	size_t i = 0;

	while (counts[i].key != key)
		i++;
	if (option_number(text, 1, counts[i].most, &value))
		return ctl_usage(a->ctl, "%s '%s' is not 1..%llu", counts[i].name, text,
				 counts[i].most);
	*counts[i].value = (unsigned int)value;
	return 0;
}

static error_t parse_seed(struct arguments *a, const char *text)
{
	unsigned long long value;

	if (option_number(text, 0, UINT64_MAX, &value))
		return ctl_usage(a->ctl, "seed '%s' is not a number", text);
	a->options.seed = value;
	return 0;
}

static error_t parse_size(struct arguments *a, const char *text)
{
	unsigned long long value;

	if (option_number(text, 3, PSX_KERNEL_MAX_K, &value) || !(value & 1))
		return ctl_usage(a->ctl, "size '%s' is not 3, 5 .. %d", text, PSX_KERNEL_MAX_K);
	a->k = (unsigned int)value;
	return 0;
}

static error_t parse_own(struct arguments *a, int key, char *arg)
{
	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case OPT_CAL:
		a->cal = arg;
		return 0;
	case OPT_RESUME:
		a->resume = arg;
		return 0;
	case OPT_PLOT:
		a->plot = arg;
		return 0;
	case OPT_FULL:
		a->full = true;
		return 0;
	case OPT_SIZE:
		return parse_size(a, arg);
	case ARGP_KEY_ARG:
		if (a->data)
			return ARGP_ERR_UNKNOWN;
		a->data = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const begins[] = {
		"--rate", "--batch", "--seed", "--patience", "--frames", "--exposure",
	};
	struct arguments *a = state->input;

	if (key >= OPT_RATE && key <= OPT_EXPOSURE)
		a->begins = begins[key - OPT_RATE];
	switch (key) {
	case OPT_RATE:
		return parse_rate(a, arg);
	case OPT_SEED:
		return parse_seed(a, arg);
	case OPT_EXPOSURE:
		return option_time(arg, &a->options.exposure_ns) ?
			       ctl_usage(a->ctl, "exposure '%s' is not a time such as 1s, 20ms, 50us", arg) :
			       0;
	case OPT_EPOCHS:
	case OPT_BATCH:
	case OPT_PATIENCE:
	case OPT_FRAMES:
		return parse_count(a, key, arg);
	default:
		return parse_own(a, key, arg);
	}
}

/* A training that broke off; `kept` is a file that has what was learned, or NULL */
static int give_up(const struct arguments *a, unsigned int epoch, const char *kept,
		   const struct psx_error *why)
{
	const bool asked = why->code == ECANCELED || why->code == EINTR;
	const char *reason = asked && interrupt_came() ? "interrupted" : why->message;

	if (!kept)
		return ctl_fail(a->ctl, "epoch %u: %s", epoch, reason);
	return ctl_fail(a->ctl, "epoch %u: %s; --resume %s goes on", epoch, reason,
			psx_error_path(kept));
}

static bool goes_on(const struct arguments *a, const struct psx_classifier_info *info)
{
	return a->full ? info->epochs < info->options.epochs : info->stop == PSX_STOP_NONE;
}

static int save(const struct arguments *a, const struct psx_classifier *c)
{
	struct psx_error err;

	if (!a->output || !psx_classifier_save(c, a->output, &err))
		return CTL_OK;
	return ctl_fail(a->ctl, "%s", err.message);
}

static int train(const struct arguments *a, struct learn *l)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(l->classifier);
	unsigned int shown = psx_classifier_get_epoch(l->classifier, 0) ? info->epochs + 1 : 0;
	const char *kept = a->resume;
	struct psx_error err;

	while (goes_on(a, info)) {
		if (psx_classifier_train(l->classifier, &l->rig, l->data, &err))
			return give_up(a, info->epochs + 1, kept, &err);
		if (a->output && psx_classifier_save(l->classifier, a->output, &err))
			return give_up(a, info->epochs, kept, &err);
		kept = a->output;
		while (shown <= info->epochs)
			train_show_epoch(a->ctl, l->classifier, shown++);
	}
	return CTL_OK;
}

/* From where it is to where it ends */
static int go_on(const struct arguments *a, struct learn *l)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(l->classifier);
	int code, down = CTL_OK;
	unsigned int n;

	if (!a->ctl->json)
		printf("%5s %8s %8s %8s\n", "epoch", "loss", "train", "test");
	for (n = 0; psx_classifier_get_epoch(l->classifier, n); n++)
		train_show_epoch(a->ctl, l->classifier, n);
	if (goes_on(a, info)) {
		code = learn_power(l);
		code = code == CTL_OK ? train(a, l) : code;
		down = learn_rest(l);
	} else {
		ctl_remark(a->ctl, "%s: nothing is left to do: %s goes on", psx_error_path(a->resume),
			   info->epochs < info->options.epochs ? "--full" : "--epochs");
		code = save(a, l->classifier);
	}
	if (code == CTL_OK)
		train_show_summary(a->ctl, l->classifier, a->output);
	return code == CTL_OK ? down : code;
}

static int plot(const struct arguments *a, const struct psx_classifier *c)
{
	if (!a->plot || !psx_classifier_get_info(c)->epochs || !train_plot(c, a->plot))
		return CTL_OK;
	return ctl_fail(a->ctl, "%s: %s", psx_error_path(a->plot), strerror(errno));
}

/* Data, and the classifier that is new or goes on; an exit code */
static int prepare(struct arguments *a, struct learn *l)
{
	struct psx_error err;

	l->data = psx_dataset_load(a->data, a->k, &err);
	if (!l->data)
		return ctl_fail(a->ctl, "%s", err.message);
	if (a->resume) {
		l->classifier = psx_classifier_load(a->resume, &err);
	} else {
		l->classifier = psx_classifier_new(l->data, &a->options, &err);
	}
	if (!l->classifier)
		return a->resume ? ctl_fail(a->ctl, "%s", err.message) :
				   ctl_fail(a->ctl, "%s: %s", a->data, err.message);
	if (a->resume && a->options.epochs)
		(void)psx_classifier_set_epochs(l->classifier, a->options.epochs);
	if (!psx_classifier_check(l->classifier, &l->rig, l->data, &err))
		return CTL_OK;
	if (a->resume && err.code == EXDEV)
		return ctl_fail(a->ctl, "%s: %s", psx_error_path(a->resume), err.message);
	return ctl_fail(a->ctl, "%s", err.message);
}

static int run(struct arguments *a)
{
	struct learn l = { 0 };
	int code = learn_begin(&l, a->ctl, a->cal);

	if (code == CTL_OK)
		code = prepare(a, &l);
	if (code == CTL_OK) {
		code = go_on(a, &l);
		if (plot(a, l.classifier) != CTL_OK)
			code = CTL_FAILED;
	}
	learn_end(&l);
	return code;
}

/* Before all work: can they be written, and are they not what is read? */
static int check_files(const struct arguments *a)
{
	int code = ctl_check_outputs(a->ctl, a->output, a->plot);

	if (code == CTL_OK)
		code = ctl_spare(a->ctl, a->output, a->plot, a->data, "the data set");
	if (code == CTL_OK)
		code = ctl_spare(a->ctl, a->output, a->plot, a->cal, "the calibration");
	if (code == CTL_OK)
		code = ctl_can_write(a->ctl, a->output);
	if (code == CTL_OK)
		code = ctl_can_write(a->ctl, a->plot);
	if (code == CTL_OK && a->plot && !train_can_plot())
		code = ctl_fail(a->ctl, "--plot: built without cairo");
	return code;
}

int verb_train(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "DATA", .doc = doc,
	};
	struct arguments a = { .ctl = ctl };
	int code;

	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	if (!a.data)
		return ctl_usage(ctl, "name a data set: a CSV file or a folder");
	if (a.resume && a.begins)
		return ctl_usage(ctl, "%s does not go with --resume, which keeps it", a.begins);
	a.output = a.output ? a.output : a.resume;
	code = check_files(&a);
	return code == CTL_OK ? run(&a) : code;
}
