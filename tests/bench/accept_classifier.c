// SPDX-License-Identifier: MIT
/*
 * Letters learned with the detector in the loop: hust/hust_x02_seedN.csv of the folder
 * PSX_IMAGES, every file with 20 seeds, each on a crystal of its own; and letters of
 * phantoms, which need no folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accept.h"

#include <unit/letters.h>

#define FILES  5
#define SEEDS  20u
#define EPOCHS 7u
#define SETS   10u /* of phantoms, 160 + 40 letters */

static const struct detector {
	const char *name, *keys;
	double least; /* accuracy wanted by epoch EPOCHS */
	unsigned int frames; /* of a sample; 0 = 1 */
	bool calibrated;
} detectors[] = {
	{ "ideal", "profile=ideal", 1, 0, false },
	{ "2 % mismatch", "mismatch=0.02", 1, 0, false },
	{ "2 %, calibrated", "mismatch=0.02", 1, 0, true },
	{ "5 % noise", "mismatch=0,read_noise=58", 1, 0, false },
	{ "5 %, 4 frames", "mismatch=0,read_noise=58", 1, 4, false },
	{ "10 % mismatch", "mismatch=0.1", 0.99, 0, false },
	{ "10 %, calibrated", "mismatch=0.1", 1, 0, true },
};

/* What came of many trainings */
struct table {
	unsigned int by_epoch[EPOCHS + 1]; /* first tests without error; [0] = none */
	unsigned int trainings;
	double least, sum; /* best accuracies */
	uint64_t frames;
};

static struct psx_device *open_detector(const struct detector *d, unsigned int crystal)
{
	struct psx_error err = { 0 };
	struct psx_device *dev;
	char uri[128];

	(void)snprintf(uri, sizeof(uri), "sim:%s,width=3,height=3,scene=flat:0,seed=%u", d->keys,
		       crystal);
	dev = psx_device_open(uri, &err);
	if (!dev)
		die(err.message);
	return dev;
}

static void learn(const struct detector *d, const struct psx_dataset *data, unsigned int seed,
		  unsigned int epochs, struct table *t)
{
	const struct psx_classifier_options options = { .seed = seed, .frames = d->frames };
	struct psx_device *dev = open_detector(d, seed + 1);
	struct psx_calibration *cal = d->calibrated ? calibrate(dev) : NULL;
	const uint64_t before = psx_device_get_status(dev)->made;
	const struct psx_classifier_rig rig = { .device = dev, .calibration = cal };
	struct psx_error err = { 0 };
	struct psx_classifier *c = psx_classifier_new(data, &options, &err);
	const struct psx_classifier_info *info;
	double best;

	if (!c)
		die(err.message);
	info = psx_classifier_get_info(c);
	while (info->epochs < epochs && info->stop != PSX_STOP_PERFECT)
		if (psx_classifier_train(c, &rig, data, &err))
			die(err.message);
	best = psx_classifier_get_epoch(c, info->best)->test_accuracy;
	t->by_epoch[info->stop == PSX_STOP_PERFECT ? info->epochs : 0]++;
	t->least = !t->trainings++ || best < t->least ? best : t->least;
	t->sum += best;
	t->frames += psx_device_get_status(dev)->made - before;
	psx_classifier_free(c);
	psx_calibration_free(cal);
	psx_device_close(dev);
}

static void show(const char *name, const struct table *t, bool good)
{
	unsigned int n;

	printf("%-17s %9u  %.4f %.4f ", name, t->trainings, t->least, t->sum / t->trainings);
	for (n = 1; n <= EPOCHS; n++)
		printf(" %4u", t->by_epoch[n]);
	printf(" %6u  %8.0f  %s\n", t->by_epoch[0], (double)t->frames / t->trainings, verdict(good));
}

static struct psx_dataset *load(const char *folder, unsigned int number)
{
	struct psx_error err = { 0 };
	struct psx_dataset *data;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/hust/hust_x02_seed%u.csv", folder, number);
	data = psx_dataset_load(path, 0, &err);
	if (!data)
		die(err.message);
	return data;
}

static void files(const char *folder)
{
	struct psx_dataset *data[FILES];
	unsigned int file, seed;

	for (file = 0; file < FILES; file++)
		data[file] = load(folder, file);
	for (size_t i = 0; i < sizeof(detectors) / sizeof(detectors[0]); i++) {
		struct table t = { .trainings = 0 };

		for (file = 0; file < FILES; file++)
			for (seed = 0; seed < SEEDS; seed++)
				learn(&detectors[i], data[file], seed, EPOCHS, &t);
		show(detectors[i].name, &t, t.least >= detectors[i].least);
	}
	for (file = 0; file < FILES; file++)
		psx_dataset_free(data[file]);
}

/* Shifted in x, all are told apart; in y as well, one layer can't: who does has seen the
 * tests */
static void phantoms(bool shifted_in_y)
{
	struct table t = { .trainings = 0 };
	unsigned int set, seed;
	double mean;
	char name[32];

	for (set = 1; set <= SETS; set++) {
		struct psx_dataset *data =
			letters_new(set, 0.2, shifted_in_y ? 0.2 : 0, 160 / LETTERS, 40 / LETTERS);

		for (seed = 0; seed < 3; seed++)
			learn(&detectors[0], data, seed, EPOCHS, &t);
		psx_dataset_free(data);
	}
	(void)snprintf(name, sizeof(name), "letters in %s", shifted_in_y ? "x and y" : "x");
	mean = t.sum / t.trainings;
	show(name, &t, shifted_in_y ? t.by_epoch[0] == t.trainings && mean >= 0.85 && mean <= 0.96 :
				      t.least >= 1);
}

void classifiers(void)
{
	const char *folder = getenv("PSX_IMAGES");
	char path[4096];

	printf("\nLetters learned, at most %u epochs; accuracies, and tests without error by epoch\n"
	       "detector          trainings   least   mean     1    2    3    4    5    6    7   none    frames\n",
	       EPOCHS);
	(void)snprintf(path, sizeof(path), "%s/hust", folder ? folder : "");
	if (folder && !access(path, F_OK))
		files(folder);
	phantoms(false);
	phantoms(true);
}
