// SPDX-License-Identifier: MIT
/* What a run of `acquire` prints. */
#include "run.h"

#include <stdio.h>

static const char *kernel_name(const struct plan *plan, unsigned int channel)
{
	return channel < plan->kernel_count ? psx_kernel_get_name(plan->kernels[channel]) : "loaded";
}

void run_show_frame(const struct run *run, const struct psx_frame *frame)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	struct figures f = figures_of(frame);

	if (run->ctl->json) {
		ctl_json(run->ctl, json_pack(
			"{s:I, s:i, s:i, s:o, s:I, s:I, s:f, s:I, s:I, s:I}", "seq",
			(json_int_t)info->seq, "cfg_id", (int)info->cfg_id, "channel",
			(int)info->channel, "kernel",
			ctl_json_text(kernel_name(run->plan, info->channel)),
			"pixels", (json_int_t)f.pixels, "effective", (json_int_t)f.effective,
			"occupancy", figures_occupancy(&f), "payload_bytes",
			(json_int_t)f.payload_bytes, "dense_bytes", (json_int_t)f.dense_bytes,
			"saturated", (json_int_t)f.saturated));
	} else if (!run->ctl->quiet) {
		printf("frame %llu  %s  %u x %u  effective %llu (%.4f)  %llu B\n",
		       (unsigned long long)info->seq, kernel_name(run->plan, info->channel),
		       info->width, info->height, (unsigned long long)f.effective,
		       figures_occupancy(&f), (unsigned long long)f.payload_bytes);
		fflush(stdout);
	}
}

static void show_table(const struct run *run, const struct psx_acquisition_stats *stats)
{
	unsigned int i;

	printf("%-12s %7s %8s %10s %9s %12s %10s\n", "kernel", "frames", "dropped", "effective",
	       "occupancy", "payload B", "byte ratio");
	for (i = 0; i < PLAN_KERNELS; i++) {
		const struct figures *f = &run->sums[i];

		if (!run->counts[i])
			continue;
		printf("%-12s %7llu %8llu %10llu %9.4f %12llu %10.4f\n",
		       kernel_name(run->plan, i), (unsigned long long)run->counts[i],
		       (unsigned long long)stats->dropped, (unsigned long long)f->effective,
		       figures_occupancy(f), (unsigned long long)f->payload_bytes,
		       figures_byte_ratio(f));
	}
	if (stats->overrun)
		printf("skipped %llu frames that came faster than they were read\n",
		       (unsigned long long)stats->overrun);
	if (stats->damaged || stats->saturated)
		printf("damaged frames %llu, saturated values %llu\n",
		       (unsigned long long)stats->damaged, (unsigned long long)stats->saturated);
	if (run->output)
		printf("kept in %s\n", run->output);
}

void run_show_summary(const struct run *run, const struct psx_acquisition_stats *stats)
{
	struct figures sum = { 0 };
	unsigned int i;

	if (!run->ctl->json) {
		show_table(run, stats);
		return;
	}
	for (i = 0; i < PLAN_KERNELS; i++)
		figures_add(&sum, &run->sums[i]);
	ctl_json(run->ctl,
		 json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:I}",
			   "frames",
			   (json_int_t)run->delivered, "dropped", (json_int_t)stats->dropped,
			   "damaged", (json_int_t)stats->damaged, "discarded",
			   (json_int_t)stats->discarded, "made", (json_int_t)stats->made, "pixels",
			   (json_int_t)sum.pixels, "effective", (json_int_t)sum.effective,
			   "occupancy", figures_occupancy(&sum), "payload_bytes",
			   (json_int_t)sum.payload_bytes, "dense_bytes", (json_int_t)sum.dense_bytes,
			   "byte_ratio", figures_byte_ratio(&sum), "saturated",
			   (json_int_t)sum.saturated, "dropped_full",
			   (json_int_t)stats->dropped_full, "dropped_device",
			   (json_int_t)stats->dropped_device, "overrun",
			   (json_int_t)stats->overrun));
}
