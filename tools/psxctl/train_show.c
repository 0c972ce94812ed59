// SPDX-License-Identifier: MIT
#include "learn.h"

#include <stdio.h>

void train_show_epoch(struct ctl *ctl, const struct psx_classifier *c, unsigned int number)
{
	const struct psx_epoch *epoch = psx_classifier_get_epoch(c, number);

	if (ctl->json) {
		ctl_json(ctl, json_pack("{s:i, s:f, s:f, s:f}", "epoch", (int)number, "loss", epoch->loss,
					"train_accuracy", epoch->train_accuracy, "test_accuracy",
					epoch->test_accuracy));
		return;
	}
	printf("%5u %8.4f %8.4f %8.4f\n", number, epoch->loss, epoch->train_accuracy,
	       epoch->test_accuracy);
	(void)fflush(stdout);
}

static const char *why_it_ended(const struct psx_classifier_info *info)
{
	static const char *const words[] = {
		[PSX_STOP_NONE] = "unfinished",
		[PSX_STOP_PERFECT] = "perfect",
		[PSX_STOP_PATIENCE] = "patience",
		[PSX_STOP_EPOCHS] = "epochs",
	};

	return words[info->stop];
}

void train_show_summary(struct ctl *ctl, const struct psx_classifier *c, const char *output)
{
	const struct psx_classifier_info *info = psx_classifier_get_info(c);
	const struct psx_epoch *best = psx_classifier_get_epoch(c, info->best);

	if (!best)
		return;
	if (ctl->json) {
		ctl_json(ctl, json_pack("{s:s, s:i, s:i, s:f, s:I, s:I, s:o}", "stop", why_it_ended(info),
					"epochs", (int)info->epochs, "best", (int)info->best, "accuracy",
					best->test_accuracy, "train", (json_int_t)info->train, "test",
					(json_int_t)info->test, "confusion",
					learn_confusion_json(psx_classifier_get_confusion(c),
							     info->classes)));
		return;
	}
	printf("%s after epoch %u; epoch %u is the best: %.4f of %zu test samples\n",
	       info->stop == PSX_STOP_PERFECT	 ? "no error" :
	       info->stop == PSX_STOP_PATIENCE ? "no better test for long" :
						 "ended",
	       info->epochs, info->best, best->test_accuracy, info->test);
	learn_confusion_print(c, psx_classifier_get_confusion(c));
	if (output)
		printf("kept in %s\n", output);
}
