// SPDX-License-Identifier: MIT
#include "interrupt.h"
#include "learn.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char doc[] =
	"Show samples to a detector with a trained classifier's biases.\v"
	"MODEL is a file of `psxctl train`. DATA is a data set as there, or one image, whose label need "
	"not be known. Images are of the size of the training's, and are reduced as they were. Of a data "
	"set that keeps samples for testing only these are shown, all with --all. On the detector that it "
	"was trained with the codes of the training are used, elsewhere its weights; with --cal through "
	"that calibration. The rails are up as long as it takes.";

enum { OPT_ALL = 0x2001, OPT_CAL };

static const struct argp_option options[] = {
	{ "all", OPT_ALL, NULL, 0, "The samples of the training, too", 0 },
	{ "cal", OPT_CAL, "FILE", 0, "The detector's calibration", 0 },
	{ 0 },
};

struct arguments {
	struct ctl *ctl;
	const char *model, *data, *cal;
	bool all;
};

/* What is shown, and what came of it */
struct shown {
	const struct psx_image **images;
	const char **names;
	int *labels; /* of the model; -1 = not known */
	size_t count;
	double *outputs;
	unsigned int *answers;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_ALL:
		a->all = true;
		return 0;
	case OPT_CAL:
		a->cal = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->data)
			return ARGP_ERR_UNKNOWN;
		*(a->model ? &a->data : &a->model) = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The class of a data set's label; -1 where the model has none of this name */
static int class_of(const struct psx_classifier *c, const char *label)
{
	const char *name;
	unsigned int n;

	for (n = 0; (name = psx_classifier_get_label(c, n)); n++)
		if (!strcmp(name, label))
			return (int)n;
	return -1;
}

static int make_room(struct shown *s, size_t count, unsigned int classes, struct psx_error *err)
{
	s->images = calloc(count, sizeof(const struct psx_image *));
	s->names = calloc(count, sizeof(*s->names));
	s->labels = calloc(count, sizeof(*s->labels));
	s->outputs = calloc(count * classes, sizeof(*s->outputs));
	s->answers = calloc(count, sizeof(*s->answers));
	if (!s->images || !s->names || !s->labels || !s->outputs || !s->answers)
		return psx_error_set(err, ENOMEM, "out of memory");
	return 0;
}

static void free_shown(struct shown *s)
{
	free(s->images);
	free(s->names);
	free(s->labels);
	free(s->outputs);
	free(s->answers);
}

/* Is it an image, of which a label need not be known? By its first bytes */
static bool is_image(const char *path)
{
	char magic[4] = "";
	struct stat st;
	FILE *file;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	file = fopen(path, "rbe");
	if (!file)
		return false;
	if (fread(magic, 1, sizeof(magic), file) != sizeof(magic))
		magic[0] = '\0';
	(void)fclose(file);
	return (magic[0] == 'P' && (magic[1] == '2' || magic[1] == '5')) || !memcmp(magic, "\x89PNG", 4) ||
	       !memcmp(magic, "II*", 4) || !memcmp(magic, "MM\0*", 4);
}

static struct psx_dataset *load_image(const char *path, unsigned int k, struct psx_error *err)
{
	struct psx_image *image = psx_image_load(path, err);
	struct psx_dataset *data = image ? psx_dataset_new(k, err) : NULL;
	struct psx_error why;

	if (data && psx_dataset_add(data, image, "?", true, path, &why)) {
		(void)psx_error_set(err, why.code, "%s: %s", psx_error_path(path), why.message);
		psx_dataset_free(data);
		data = NULL;
	}
	psx_image_free(image);
	return data;
}

/* As the samples of the training were, or reduced already */
static int check_size(const struct arguments *a, const struct learn *l, struct psx_error *err)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(l->classifier);
	uint32_t width, height;

	psx_dataset_get_size(l->data, &width, &height);
	if ((width == info->image_width && height == info->image_height) ||
	    (width == info->k && height == info->k))
		return 0;
	return psx_error_set(err, EINVAL, "%s: %u x %u pixels, where %s was trained with %u x %u",
			     psx_error_path(a->data), width, height, psx_error_path(a->model),
			     info->image_width, info->image_height);
}

static int collect(const struct arguments *a, struct learn *l, bool labelled, struct shown *s,
		   struct psx_error *err)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(l->classifier);
	const size_t count = psx_dataset_get_count(l->data);
	struct psx_labelled sample;
	size_t i;

	if (make_room(s, count, info->classes, err))
		return -1;
	for (i = 0; i < count; i++) {
		(void)psx_dataset_get_sample(l->data, i, &sample);
		if (!sample.test && !a->all)
			continue;
		s->labels[s->count] =
			class_of(l->classifier, psx_dataset_get_label(l->data, sample.label));
		if (labelled && s->labels[s->count] < 0)
			return psx_error_set(err, EINVAL, "%s: the classifier has no class '%.40s'",
					     psx_error_path(sample.name),
					     psx_dataset_get_label(l->data, sample.label));
		s->labels[s->count] = labelled ? s->labels[s->count] : -1;
		s->names[s->count] = sample.name;
		s->images[s->count++] = sample.image;
	}
	l->names = s->names;
	return s->count ? 0 : psx_error_set(err, EINVAL, "%s: no test samples (--all shows all)",
					    psx_error_path(a->data));
}

static void show_sample(const struct learn *l, const struct shown *s, size_t i)
{
	const unsigned int classes = psx_classifier_get_info(l->classifier)->classes;
	const char *answer = psx_classifier_get_label(l->classifier, s->answers[i]);
	double p[256];
	json_t *outputs, *object;
	unsigned int n;

	psx_classifier_softmax(s->outputs + i * classes, classes, p);
	if (!l->ctl->json) {
		if (s->labels[i] != (int)s->answers[i])
			printf("%s: %s (%.3f)%s%s\n", s->names[i], answer, p[s->answers[i]],
			       s->labels[i] < 0 ? "" : ", is ",
			       s->labels[i] < 0 ? "" :
						  psx_classifier_get_label(l->classifier,
									   (unsigned int)s->labels[i]));
		return;
	}
	outputs = json_array();
	for (n = 0; n < classes; n++)
		(void)json_array_append_new(outputs, json_real(s->outputs[i * classes + n]));
	object = json_pack("{s:o, s:s, s:f, s:o}", "sample", ctl_json_text(s->names[i]), "answer", answer,
			   "probability", p[s->answers[i]], "outputs", outputs);
	if (s->labels[i] >= 0) {
		(void)json_object_set_new(object, "label",
					  json_string(psx_classifier_get_label(
						  l->classifier, (unsigned int)s->labels[i])));
		(void)json_object_set_new(object, "right",
					  json_boolean(s->labels[i] == (int)s->answers[i]));
	}
	ctl_json(l->ctl, object);
}

static int show_summary(const struct learn *l, const struct shown *s)
{
	const unsigned int classes = psx_classifier_get_info(l->classifier)->classes;
	unsigned int *counts = calloc((size_t)classes * classes, sizeof(*counts));
	size_t right = 0, i;

	if (!counts)
		return ctl_fail(l->ctl, "out of memory");
	for (i = 0; i < s->count; i++) {
		right += s->labels[i] == (int)s->answers[i];
		counts[(unsigned int)s->labels[i] * classes + s->answers[i]]++;
	}
	if (l->ctl->json) {
		ctl_json(l->ctl, json_pack("{s:I, s:I, s:f, s:o}", "samples", (json_int_t)s->count,
					   "right", (json_int_t)right, "accuracy",
					   (double)right / (double)s->count, "confusion",
					   learn_confusion_json(counts, classes)));
	} else {
		learn_confusion_print(l->classifier, counts);
		printf("%zu of %zu right: %.4f\n", right, s->count, (double)right / (double)s->count);
	}
	free(counts);
	return CTL_OK;
}

static int run(const struct arguments *a, struct learn *l, struct shown *s)
{
	const bool labelled = !is_image(a->data);
	struct psx_error err;
	unsigned int k;
	size_t i;
	int code, down;

	l->classifier = psx_classifier_load(a->model, &err);
	if (!l->classifier)
		return ctl_fail(a->ctl, "%s", err.message);
	k = psx_classifier_get_info(l->classifier)->k;
	l->data = labelled ? psx_dataset_load(a->data, k, &err) : load_image(a->data, k, &err);
	if (!l->data || check_size(a, l, &err) || collect(a, l, labelled, s, &err) ||
	    psx_classifier_check(l->classifier, &l->rig, NULL, &err))
		return ctl_fail(a->ctl, "%s", err.message);
	code = learn_power(l);
	if (code == CTL_OK &&
	    psx_classifier_run(l->classifier, &l->rig, s->images, s->count, s->outputs, s->answers, &err))
		code = ctl_fail(a->ctl, "%s", interrupt_came() ? "interrupted" : err.message);
	down = learn_rest(l);
	if (code != CTL_OK)
		return code;
	for (i = 0; i < s->count; i++)
		show_sample(l, s, i);
	code = labelled ? show_summary(l, s) : CTL_OK;
	return code == CTL_OK ? down : code;
}

int verb_classify(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "MODEL DATA", .doc = doc,
	};
	struct arguments a = { .ctl = ctl };
	struct shown shown = { 0 };
	struct learn l = { 0 };
	int code;

	if (ctl_parse(ctl, &argp, argc, argv, &a))
		return CTL_USAGE;
	if (!a.data)
		return ctl_usage(ctl, "name a model and what to show: psxctl classify MODEL DATA");
	code = learn_begin(&l, ctl, a.cal);
	if (code == CTL_OK)
		code = run(&a, &l, &shown);
	free_shown(&shown);
	learn_end(&l);
	return code;
}
