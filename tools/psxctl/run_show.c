// SPDX-License-Identifier: MIT
/* What a run of `acquire` prints. */
#include "run.h"

#include <stdio.h>

/* Are there pixels that see nothing or mean nothing? */
static bool has_others(const struct figures *f)
{
	return f->active != f->pixels;
}

/* Pixels that mean something are counted apart where some don't */
static json_t *with_active(json_t *object, const struct figures *f)
{
	if (has_others(f)) {
		(void)json_object_set_new(object, "active", json_integer((json_int_t)f->active));
		(void)json_object_set_new(object, "occupancy_total",
					  json_real(figures_occupancy_total(f)));
	}
	if (f->bad)
		(void)json_object_set_new(object, "bad_pixels", json_integer((json_int_t)f->bad));
	return object;
}

int run_show_frame(const struct run *run, const struct psx_frame *frame, const struct figures *f)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	char bad[48] = "", total[64] = "";
	json_t *object;

	if (run->ctl->json) {
		object = with_active(json_pack(
			"{s:I, s:i, s:i, s:o, s:i, s:I, s:I, s:f, s:I, s:I, s:I}", "seq",
			(json_int_t)info->seq, "cfg_id", (int)info->cfg_id, "channel",
			(int)info->channel, "kernel",
			ctl_json_text(plan_kernel_name(run->plan, info->channel)),
			"pga", (int)info->pga, "pixels", (json_int_t)f->pixels, "effective", (json_int_t)f->effective,
			"occupancy", figures_occupancy(f), "payload_bytes",
			(json_int_t)f->payload_bytes, "dense_bytes", (json_int_t)f->dense_bytes,
			"saturated", (json_int_t)f->saturated), f);
		if (run->plan->raster.width)
			(void)json_object_set_new(object, "missed",
						  json_integer((json_int_t)run->missed[info->channel]));
		ctl_json(run->ctl, object);
	} else if (!run->ctl->quiet) {
		if (f->bad)
			(void)snprintf(bad, sizeof(bad), "  %llu bad pixel%s",
				       (unsigned long long)f->bad, f->bad == 1 ? "" : "s");
		if (has_others(f))
			(void)snprintf(total, sizeof(total), " of %llu, %.4f of all",
				       (unsigned long long)f->active, figures_occupancy_total(f));
		printf("frame %llu  %s  %u x %u  effective %llu (%.4f%s)  %llu B%s\n",
		       (unsigned long long)info->seq, plan_kernel_name(run->plan, info->channel),
		       info->width, info->height, (unsigned long long)f->effective,
		       figures_occupancy(f), total, (unsigned long long)f->payload_bytes, bad);
		fflush(stdout);
	}
	return ferror(stdout) ? -1 : 0;
}

static uint64_t all_missed(const struct run *run)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < PLAN_KERNELS; i++)
		sum += run->missed[i];
	return sum;
}

static void show_table(const struct run *run, const struct psx_acquisition_stats *stats)
{
	const uint64_t missed = all_missed(run);
	bool others = false;
	unsigned int i;

	for (i = 0; i < PLAN_KERNELS; i++)
		others |= has_others(&run->sums[i]);
	printf("%-12s %7s %8s %10s %9s %s%12s %10s\n", "kernel", "frames", "dropped", "effective",
	       "occupancy", others ? "of all " : "", "payload B", "byte ratio");
	for (i = 0; i < PLAN_KERNELS; i++) {
		const struct figures *f = &run->sums[i];
		char total[16] = "";

		if (!run->counts[i])
			continue;
		if (others)
			(void)snprintf(total, sizeof(total), "%.4f ", figures_occupancy_total(f));
		printf("%-12s %7llu %8llu %10llu %9.4f %s%12llu %10.4f\n",
		       plan_kernel_name(run->plan, i), (unsigned long long)run->counts[i],
		       (unsigned long long)stats->dropped, (unsigned long long)f->effective,
		       figures_occupancy(f), total, (unsigned long long)f->payload_bytes,
		       figures_byte_ratio(f));
	}
	if (stats->overrun)
		printf("skipped %llu frames that came faster than they were read\n",
		       (unsigned long long)stats->overrun);
	if (missed)
		printf("%llu values were missed; they are marked as bad\n",
		       (unsigned long long)missed);
	if (stats->damaged || stats->saturated)
		printf("damaged frames %llu, saturated values %llu\n",
		       (unsigned long long)stats->damaged, (unsigned long long)stats->saturated);
	if (others)
		puts("occupancy is that of the pixels that see something and are not bad; of all: of every one");
	if (run->file)
		printf("kept in %s\n", run->output);
	if (run->panels)
		printf("drawn in %s\n", run->plot);
}

void run_show_summary(const struct run *run, const struct psx_acquisition_stats *stats)
{
	struct figures sum = { 0 };
	json_t *object;
	unsigned int i;

	if (!run->ctl->json) {
		show_table(run, stats);
		return;
	}
	for (i = 0; i < PLAN_KERNELS; i++)
		figures_add(&sum, &run->sums[i]);
	object = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:I}", "frames",
		(json_int_t)run->delivered, "dropped", (json_int_t)stats->dropped, "damaged",
		(json_int_t)stats->damaged, "discarded", (json_int_t)stats->discarded, "made",
		(json_int_t)stats->made, "pixels", (json_int_t)sum.pixels, "effective",
		(json_int_t)sum.effective, "occupancy", figures_occupancy(&sum), "payload_bytes",
		(json_int_t)sum.payload_bytes, "dense_bytes", (json_int_t)sum.dense_bytes,
		"byte_ratio", figures_byte_ratio(&sum), "saturated", (json_int_t)sum.saturated,
		"dropped_full", (json_int_t)stats->dropped_full, "dropped_device",
		(json_int_t)stats->dropped_device, "overrun", (json_int_t)stats->overrun);
	if (run->plan->raster.width)
		(void)json_object_update_new(object, json_pack(
			"{s:i, s:i, s:f, s:I}", "width", (int)run->plan->raster.width, "height",
			(int)run->plan->raster.height, "step", run->plan->raster.step, "missed",
			(json_int_t)all_missed(run)));
	ctl_json(run->ctl, with_active(object, &sum));
}
