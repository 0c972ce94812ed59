// SPDX-License-Identifier: MIT
/* Images shown to what was learned. */
#include "classifier.h"

#include "error.h"

#include <errno.h>
#include <string.h>

/* On the detector of the training, what was on it then */
static bool has_codes(const struct psx_classifier *c, const struct psx_classifier_rig *rig)
{
	return c->info.best && !rig->calibration &&
	       !strcmp(c->info.serial, psx_device_get_info(rig->device)->serial);
}

static struct psx_bank *make_bank(struct psx_exposer *e, unsigned int label)
{
	const struct psx_classifier *c = e->c;
	const struct psx_geometry geometry = { .width = c->info.k, .height = c->info.k };
	const size_t at = (size_t)label * psx_classifier_taps(c);

	if (!has_codes(c, e->rig))
		return psx_exposer_bank(e, c->best + at);
	return psx_bank_new_codes(c->info.k, PSX_MODE_SNAP, &geometry, c->scales[label], c->codes + at,
				  e->err);
}

static int show(struct psx_exposer *e, const struct psx_image *const *images, size_t count,
		double *outputs, unsigned int *answers)
{
	const struct psx_classifier *c = e->c;
	double mine[PSX_CLASSES_MOST];
	int32_t sums[PSX_CLASSES_MOST];
	size_t i;

	for (i = 0; i < count; i++) {
		double *out = outputs ? outputs + i * c->info.classes : mine;

		if (psx_exposer_show(e, images[i], i, sums))
			return -1;
		psx_classifier_outputs(c, c->best, sums, out);
		answers[i] = psx_classifier_answer(out, c->info.classes);
	}
	return 0;
}

int psx_classifier_run(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
		       const struct psx_image *const *images, size_t count, double *outputs,
		       unsigned int *answers, struct psx_error *err)
{
	struct psx_bank *banks[PSX_CLASSES_MOST] = { NULL };
	struct psx_exposer e;
	unsigned int n;
	int failed;

	if (psx_classifier_check(c, rig, NULL, err))
		return -1;
	failed = psx_exposer_begin(&e, c, rig, err);
	for (n = 0; !failed && n < c->info.classes; n++) {
		banks[n] = make_bank(&e, n);
		failed = !banks[n];
	}
	e.what = "images";
	e.total = count;
	failed = failed || psx_exposer_load(&e, banks, c->info.classes) ||
		 show(&e, images, count, outputs, answers);
	psx_exposer_end(&e);
	for (n = 0; n < c->info.classes; n++)
		psx_bank_free(banks[n]);
	return failed ? -1 : 0;
}
