// SPDX-License-Identifier: MIT
/* Measuring a calibration. */
#include "cal.h"
#include "interrupt.h"
#include "progress.h"
#include "rails.h"

#include "../../lib/error.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct runner {
	struct cal *c;
	struct psx_device *dev;
	struct psx_calibration *cal;
	struct progress bar;
	char words[48];
	uint64_t done;
	struct psx_residual before[PLAN_KERNELS], after[PLAN_KERNELS];
};

static int show_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct runner *r = arg;

	(void)snprintf(r->words, sizeof(r->words), "exposures (%s)", what);
	if (r->bar.total != total || done < r->done) { /* another piece of work */
		progress_begin_alone(&r->bar, r->words, total, !r->c->ctl->quiet);
	}
	r->done = done;
	progress_show(&r->bar, done);
	return interrupt_came();
}

/* -1 with *err */
static int measure(struct runner *r, struct psx_error *err)
{
	const struct plan *plan = &r->c->plan;
	size_t i;

	r->cal = psx_calibration_run(r->dev, &r->c->options, err);
	if (!r->cal)
		return -1;
	for (i = 0; i < plan->kernel_count; i++)
		if (psx_calibration_null(r->cal, r->dev, plan->kernels[i], plan->mode, 0,
					 &r->c->options, &r->before[i], &r->after[i], err))
			return -1;
	return psx_calibration_save(r->cal, r->c->output, err);
}

static void print_json(const struct runner *r, double seconds)
{
	const struct psx_calibration_info *info = psx_calibration_get_info(r->cal);
	const struct plan *plan = &r->c->plan;
	json_t *nulls = json_array();
	char id[16];
	size_t i;

	(void)snprintf(id, sizeof(id), "%08x", info->id);
	for (i = 0; i < plan->kernel_count; i++)
		(void)json_array_append_new(nulls, json_pack(
			"{s:o, s:f, s:f, s:f, s:f, s:i, s:i}", "kernel",
			ctl_json_text(psx_kernel_get_name(plan->kernels[i])), "before_rms",
			r->before[i].rms, "before_max", r->before[i].max, "after_rms",
			r->after[i].rms, "after_max", r->after[i].max, "worst_x",
			(int)r->after[i].worst_x, "worst_y", (int)r->after[i].worst_y));
	ctl_json(r->c->ctl, json_pack(
		"{s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:o, s:f}", "id", id,
		"file", ctl_json_text(r->c->output), "serial", info->serial, "biases",
		(int)info->biases, "frames", (int)info->frames, "dead", (int)info->dead, "hot",
		(int)info->hot, "stuck", (int)info->stuck, "weak", (int)info->weak, "headroom",
		info->headroom, "fit_rms", info->fit_rms, "fit_max", info->fit_max, "nulls", nulls,
		"seconds", seconds));
}

static void print_text(const struct runner *r, double seconds)
{
	const struct psx_calibration_info *info = psx_calibration_get_info(r->cal);
	const struct plan *plan = &r->c->plan;
	size_t i;

	printf("calibration %08x of %s (%s)\n", info->id, info->model, info->serial);
	printf("%u biases of each sign, %u exposures each, %.1f s\n", info->biases, info->frames,
	       seconds);
	printf("defects: %u dead, %u hot, %u stuck, %u weak; headroom %.3f\n", info->dead, info->hot,
	       info->stuck, info->weak, info->headroom);
	printf("fits are off by %.3f %% rms, %.3f %% at most, of the response at weight 1\n",
	       100 * info->fit_rms, 100 * info->fit_max);
	if (plan->kernel_count)
		printf("%-12s %22s %22s\n", "flat beam", "before, rms / max", "nulled, rms / max");
	for (i = 0; i < plan->kernel_count; i++) {
		if (!r->after[i].outputs)
			printf("%-12s all outputs are masked\n", psx_kernel_get_name(plan->kernels[i]));
		else
			printf("%-12s %9.4f %% / %6.4f %% %9.4f %% / %6.4f %%\n",
			       psx_kernel_get_name(plan->kernels[i]), 100 * r->before[i].rms,
			       100 * r->before[i].max, 100 * r->after[i].rms, 100 * r->after[i].max);
	}
	printf("kept in %s\n", r->c->output);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* With rails that are up throughout, and down again whatever happens */
static int run(struct runner *r)
{
	struct ctl *ctl = r->c->ctl;
	struct rails_before before = rails_before(r->dev);
	const double begin = now();
	struct psx_error err = { 0 };
	int failed = rails_up_for_run(ctl, r->dev, &err) || measure(r, &err);
	int code;

	progress_end(&r->bar);
	code = rails_restore(ctl, r->dev, &before, CTL_OK);
	if (failed && interrupt_came())
		code = ctl_fail(ctl, "interrupted; nothing is kept");
	else if (failed)
		code = ctl_fail(ctl, "%s", err.message);
	else if (ctl->json)
		print_json(r, now() - begin);
	else
		print_text(r, now() - begin);
	return code;
}

int cal_run(struct cal *c)
{
	struct runner r = { .c = c };
	struct psx_error err;
	int code;

	if (c->path)
		return ctl_usage(c->ctl, "unexpected argument '%s': the file is named with -o", c->path);
	if (ctl_need_device(c->ctl) != CTL_OK)
		return CTL_USAGE;
	if (!c->output)
		return ctl_usage(c->ctl, "say where to keep it: -o FILE");
	code = ctl_check_outputs(c->ctl, c->output, NULL);
	if (code == CTL_OK)
		code = ctl_can_write(c->ctl, c->output);
	if (code != CTL_OK)
		return code;
	if (!c->plan.kernel_count && plan_add_kernels(&c->plan, "laplacian,log", &err))
		return ctl_fail(c->ctl, "%s", err.message);
	r.dev = ctl_open(c->ctl, &code);
	if (!r.dev)
		return code;
	c->options.progress = show_progress;
	c->options.arg = &r;
	interrupt_catch();
	code = run(&r);
	psx_calibration_free(r.cal);
	psx_device_close(r.dev);
	return code;
}
