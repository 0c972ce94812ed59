// SPDX-License-Identifier: MIT
#include "psxctl.h"

#include <stdio.h>

static const char doc[] = "List the detectors of this host, and the model that is always there.";

struct listing {
	struct ctl *ctl;
	int found;
};

static int show(const struct psx_device_entry *entry, void *arg)
{
	struct listing *listing = arg;

	listing->found++;
	if (listing->ctl->json)
		ctl_json(listing->ctl, json_pack("{s:o, s:o, s:o}", "uri",
						 ctl_json_text(entry->node), "model",
						 ctl_json_text(entry->model), "serial",
						 ctl_json_text(entry->serial)));
	else
		printf("%-14s %-12s %s\n", entry->node, entry->model, entry->serial);
	return 0;
}

int verb_list(struct ctl *ctl, int argc, char **argv)
{
	const struct argp argp = { .doc = doc };
	struct listing listing = { .ctl = ctl };

	if (ctl_parse(ctl, &argp, argc, argv, NULL))
		return CTL_USAGE;
	if (ctl->uri)
		return ctl_usage(ctl, "it shows all detectors: -d means nothing here (psxctl info)");
	if (psx_device_enumerate(show, &listing) < 0 && !ctl->quiet)
		fprintf(stderr, "psxctl list: udev does not answer; devices cannot be found\n");
	if (ctl->json)
		ctl_json(ctl, json_pack("{s:s, s:b}", "uri", "sim:", "simulated", 1));
	else
		printf("sim:           a model in this process%s\n",
		       listing.found ? "" : "; no device found");
	return CTL_OK;
}
