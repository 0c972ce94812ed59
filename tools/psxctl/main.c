// SPDX-License-Identifier: MIT
#include "psxctl.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(struct ctl *ctl, int argc, char **argv);
} verbs[] = {
	{ "list", verb_list },	     { "info", verb_info }, { "kernel", verb_kernel },
	{ "bias", verb_bias },	     { "hv", verb_hv },	    { "cal", verb_cal },
	{ "acquire", verb_acquire }, { "view", verb_view }, { "eval", verb_eval },
	{ "monitor", verb_monitor }, { "convert", verb_convert }, { "iv", verb_iv },
	{ "ldr", verb_ldr },	     { "it", verb_it },	    { "budget", verb_budget },
	{ "train", verb_train },     { "classify", verb_classify },
};

static const char doc[] =
	"Reconfigurable perovskite X-ray detectors from the command line.\v"
	"Verbs (psxctl VERB --help says more):\n"
	"  list      detectors of this host\n"
	"  info      identity, geometry, limits and state of a detector\n"
	"  kernel    list, show or load convolution kernels\n"
	"  bias      volts and codes of sub-pixels: as loaded, as monitored, set\n"
	"  hv        high voltage: on, off, status, clear\n"
	"  cal       calibrate a detector, look at a calibration\n"
	"  acquire   frames from a detector, into a file with -o\n"
	"  view      a picture of a frame or an image, on the terminal or as PNG\n"
	"  monitor   detectors as they come and go, and what they report\n"
	"  convert   pictures and phantoms into raw grey levels\n"
	"  eval      images through an ideal detector: how many pixels are effective\n"
	"  iv        response curves, and the crystal's constants\n"
	"  ldr       linear range, sensitivity and detection limit over dose rates\n"
	"  it        how the signal comes, stays and goes\n"
	"  budget    data rates, from images, against links\n"
	"  train     a classifier, with the detector in the loop\n"
	"  classify  samples with what was trained\n"
	"\n"
	"Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 frames were lost.";

/* The verb's place in argv; options before it are the common ones */
static error_t parse_verb(int key, char *arg, struct argp_state *state)
{
	int *place = state->input;

	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	*place = state->next - 1;
	state->next = state->argc;
	return 0;
}

/* So that no file that is opened later takes the place of one that was closed */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	const struct argp argp = { .parser = parse_verb, .args_doc = "VERB ...", .doc = doc };
	struct ctl ctl = { 0 };
	int place = 0;
	size_t i;

	open_standard_streams();
	(void)signal(SIGPIPE, SIG_IGN); /* a reader that went away is a failed write */
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit, too */
	(void)setlocale(LC_CTYPE, "");
	if (ctl_parse(&ctl, &argp, argc, argv, &place))
		return CTL_USAGE;
	if (!place)
		return ctl_usage(&ctl, "say what to do: list, info, kernel, bias, hv, cal, acquire, view, "
				       "eval, monitor, convert, iv, ldr, it, budget, train or classify (try --help)");
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[place], verbs[i].name) != 0)
			continue;
		ctl.verb = verbs[i].name;
		return ctl_end(&ctl, verbs[i].run(&ctl, argc - place, argv + place));
	}
	return ctl_usage(&ctl, "no verb '%s' (list info kernel bias hv cal acquire view eval monitor "
			       "convert iv ldr it budget train classify)",
			 argv[place]);
}
