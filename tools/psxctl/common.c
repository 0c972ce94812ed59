// SPDX-License-Identifier: MIT
/* Options and messages that all verbs share. */
#include "psxctl.h"

#include "../../lib/error.h"
#include "../../lib/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names may be anything: nothing in them is to reach a terminal as a command, of C0 or C1 */
static void defuse(char *text)
{
	for (; *text; text++) {
		const unsigned char byte = (unsigned char)*text, next = (unsigned char)text[1];

		if (byte < ' ' || byte == 0x7f || (byte == 0xc2 && next >= 0x80 && next < 0xa0))
			*text = '?';
		if (byte == 0xc2 && *text == '?')
			*++text = '?';
	}
}

static int complain(const struct ctl *ctl, int code, const char *format, va_list args)
{
	char line[512];

	(void)vsnprintf(line, sizeof(line), format, args);
	defuse(line);
	fprintf(stderr, "psxctl%s%s: %s\n", ctl->verb ? " " : "", ctl->verb ? ctl->verb : "",
		line);
	return code;
}

int ctl_fail(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)complain(ctl, CTL_FAILED, format, args);
	va_end(args);
	return CTL_FAILED;
}

int ctl_usage(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)complain(ctl, CTL_USAGE, format, args);
	va_end(args);
	return CTL_USAGE;
}

void ctl_remark(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	if (ctl->quiet || ctl->json)
		return;
	va_start(args, format);
	(void)complain(ctl, CTL_OK, format, args);
	va_end(args);
}

void ctl_warn(const struct ctl *ctl, const char *format, ...)
{
	va_list args;

	if (ctl->quiet)
		return;
	va_start(args, format);
	(void)complain(ctl, CTL_OK, format, args);
	va_end(args);
}

int ctl_can_write(const struct ctl *ctl, const char *path)
{
	struct psx_output out;

	if (!path)
		return CTL_OK;
	if (psx_output_open(&out, path))
		return ctl_fail(ctl, "%s: %s", psx_error_path(path), strerror(errno));
	psx_output_discard(&out);
	return CTL_OK;
}

/* The whole name of a file that is or could be there; NULL when neither */
static char *whole_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	char *whole = realpath(path, NULL), *folder, *real;

	if (whole)
		return whole;
	folder = slash ? strndup(path, (size_t)(last - path)) : strdup(".");
	real = folder ? realpath(folder, NULL) : NULL;
	if (!real || asprintf(&whole, "%s/%s", real, last) < 0)
		whole = NULL;
	free(real);
	free(folder);
	return whole;
}

/* Would writing to one take the place of the other? */
static bool same_file(const char *a, const char *b)
{
	struct stat one_st, other_st;
	char *one, *other;
	bool same;

	if (!stat(a, &one_st) && !stat(b, &other_st))
		return one_st.st_dev == other_st.st_dev && one_st.st_ino == other_st.st_ino;
	one = whole_name(a);
	other = whole_name(b);
	same = one && other && !strcmp(one, other);
	free(one);
	free(other);
	return same;
}

static int spare(const struct ctl *ctl, const char *output, const char *input, const char *what)
{
	struct stat st;

	if (!output || !input || stat(input, &st) || !S_ISREG(st.st_mode) ||
	    !same_file(output, input))
		return CTL_OK;
	return ctl_fail(ctl, "%s: it is %s", psx_error_path(output), what);
}

int ctl_spare(const struct ctl *ctl, const char *output, const char *plot, const char *input,
	      const char *what)
{
	const int code = spare(ctl, output, input, what);

	return code == CTL_OK ? spare(ctl, plot, input, what) : code;
}

/* The file that a model has for its scene; NULL = none */
static char *scene_of(const char *uri)
{
	const char *at = uri && !strncmp(uri, "sim:", 4) ? uri + 4 : NULL;
	char *scene, *end;

	while (at && strncmp(at, "scene=", 6) != 0) {
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	end = scene = at ? strdup(at + 6) : NULL;
	for (at = scene; at && *at && *at != ','; at++) {
		if (at[0] == '\\' && at[1] == ',')
			at++;
		*end++ = *at;
	}
	if (scene)
		*end = '\0';
	return scene;
}

int ctl_check_outputs(const struct ctl *ctl, const char *output, const char *plot)
{
	char *scene;
	int code;

	if (output && plot && same_file(output, plot))
		return ctl_usage(ctl, "--output and --plot are the same file, %s",
				 psx_error_path(plot));
	scene = scene_of(ctl->uri);
	code = ctl_spare(ctl, output, plot, scene, "the scene");
	free(scene);
	return code;
}

int ctl_end(const struct ctl *ctl, int code)
{
	const bool failed = fflush(stdout) || ferror(stdout);

	if (code == CTL_FAILED)
		return code;
	if (failed)
		return ctl_fail(ctl, "standard output: %s", strerror(errno));
	return ctl->json_failed ? ctl_fail(ctl, "out of memory for JSON") : code;
}

enum { OPT_JSON = 0x1001, OPT_HELP };

static const struct argp_option common_options[] = {
	{ "device", 'd', "URI", 0, "Detector: /dev/psxdetN, serial:NAME or sim:key=value,...", 90 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON lines", 90 },
	{ "quiet", 'q', NULL, 0, "No progress and no remarks", 90 },
	{ "version", 'V', NULL, 0, "Print the version and exit", 90 },
	{ "help", OPT_HELP, NULL, 0, "Print this help and exit", 90 },
	{ 0 },
};

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct ctl *ctl = state->input;

	switch (key) {
	case 'd':
		ctl->uri = arg;
		return 0;
	case OPT_JSON:
		ctl->json = true;
		return 0;
	case 'q':
		ctl->quiet = true;
		return 0;
	case 'V':
		printf("psxctl %s\n", psx_version());
		exit(ctl_end(ctl, CTL_OK));
	case OPT_HELP: {
		char name[64];

		(void)snprintf(name, sizeof(name), "psxctl%s%s", ctl->verb ? " " : "",
			       ctl->verb ? ctl->verb : "");
		argp_help(state->root_argp, stdout,
			  ARGP_HELP_USAGE | ARGP_HELP_PRE_DOC | ARGP_HELP_LONG | ARGP_HELP_POST_DOC,
			  name);
		exit(ctl_end(ctl, CTL_OK));
	}
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What argp_parse() hands to the two parsers under the root. */
struct inputs {
	struct ctl *ctl;
	void *own;
	int next; /* place in argv behind what was wrong */
};

static error_t parse_root(int key, char *arg, struct argp_state *state)
{
	struct inputs *in = state->input;

	(void)arg;
	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = in->own;
		state->child_inputs[1] = in->ctl;
	} else if (key == ARGP_KEY_ERROR) {
		in->next = state->next;
	}
	return ARGP_ERR_UNKNOWN;
}

int ctl_parse(struct ctl *ctl, const struct argp *argp, int argc, char **argv, void *input)
{
	const struct argp common = { .options = common_options, .parser = parse_common };
	const struct argp_child children[] = {
		{ argp, 0, NULL, 0 },
		{ &common, 0, NULL, 0 },
		{ 0 },
	};
	const struct argp root = { .parser = parse_root, .children = children };
	struct inputs in = { .ctl = ctl, .own = input };
	int index = 0;
	error_t failed;

	failed = argp_parse(&root, argc, argv, ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_IN_ORDER,
			    &index, &in);
	if (failed == CTL_USAGE) /* the verb's parser has said why */
		return CTL_USAGE;
	if (failed && in.next > 0 && in.next <= argc)
		return ctl_usage(ctl, "unknown option or missing value: '%s' (try --help)",
				 argv[in.next - 1]);
	if (failed || index < argc)
		return ctl_usage(ctl, "unexpected argument '%s' (try --help)",
				 index < argc ? argv[index] : "");
	return 0;
}
