// SPDX-License-Identifier: MIT
#include "study.h"

#include "interrupt.h"
#include "options.h"
#include "rails.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_REGION = 0x4001, OPT_PIXEL, OPT_DOSE_RATE, OPT_EXPOSURE, OPT_FRAMES, OPT_PLOT };

static const struct argp_option options[] = {
	{ "region", OPT_REGION, "X,Y,WxH", 0, "These sub-pixels (default: all that see)", 50 },
	{ "pixel", OPT_PIXEL, "X,Y", 0, "This sub-pixel", 50 },
	{ "dose-rate", OPT_DOSE_RATE, "R", 0,
	  "Of the open beam, uGy/s, as a dosimeter shows it (default 494)", 50 },
	{ "exposure", OPT_EXPOSURE, "TIME", 0, "Of one exposure, such as 1s, 20ms", 50 },
	{ "frames", OPT_FRAMES, "N", 0, "Exposures at each point, 1..1024", 50 },
	{ "output", 'o', "CSV", 0, "The table, as comma-separated values", 50 },
	{ "plot", OPT_PLOT, "PNG", 0, "A picture", 50 },
	{ 0 },
};

static error_t parse_place(struct study *s, int key, const char *text)
{
	const char *option = key == OPT_PIXEL ? "--pixel" : "--region";
	uint32_t numbers[4] = { 0, 0, 1, 1 };
	int bad = option_numbers(text, key == OPT_PIXEL ? "," : ",,x", numbers);

	s->region = (struct psx_region){ numbers[0], numbers[1], numbers[2], numbers[3] };
	if (bad || !numbers[2] || !numbers[3])
		return (error_t)ctl_usage(s->ctl, key == OPT_PIXEL ?
						  "pixel '%s' is not X,Y" :
						  "region '%s' is not X,Y,WxH, such as 10,20,3x3", text);
	if (s->place && strcmp(s->place, option) != 0)
		return (error_t)ctl_usage(s->ctl, "%s and %s exclude each other", s->place, option);
	s->place = option;
	return 0;
}

static error_t parse_number(struct study *s, int key, const char *text)
{
	unsigned long long frames;

	switch (key) {
	case OPT_DOSE_RATE:
		if (option_decimal(text, &s->dose_rate) ||
		    !(s->dose_rate > 0 && s->dose_rate < 1e9))
			return (error_t)ctl_usage(s->ctl, "dose rate '%s' is not a number of uGy/s",
						  text);
		return 0;
	case OPT_EXPOSURE:
		if (option_time(text, &s->exposure_ns))
			return (error_t)ctl_usage(s->ctl, "exposure '%s' is not a time such as 1s, "
							  "20ms, 50us", text);
		s->exposure = text;
		return 0;
	default:
		if (option_number(text, 1, 1024, &frames))
			return (error_t)ctl_usage(s->ctl, "frames '%s' is not 1..1024", text);
		s->frames = (unsigned int)frames;
		return 0;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct study *s = state->input;

	switch (key) {
	case OPT_REGION:
	case OPT_PIXEL:
		return parse_place(s, key, arg);
	case OPT_DOSE_RATE:
	case OPT_EXPOSURE:
	case OPT_FRAMES:
		return parse_number(s, key, arg);
	case 'o':
		s->table = arg;
		return 0;
	case OPT_PLOT:
		s->picture = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp study_argp = { .options = options, .parser = parse };

double study_rate(const struct study *s)
{
	return s->dose_rate > 0 ? s->dose_rate : PSX_NOMINAL_RATE;
}

/* Before the rails go up; an exit code */
static int check_device(const struct study *s)
{
	const struct psx_device_info *info = psx_device_get_info(s->dev);

	if (s->region.width && psx_device_check_region(s->dev, &s->region))
		return ctl_fail(s->ctl, "%s", psx_device_error(s->dev));
	if (s->exposure && (s->exposure_ns < info->min_exposure_ns || s->exposure_ns > info->max_exposure_ns))
		return ctl_fail(s->ctl, "exposure '%s' is outside the device's %g .. %g s", s->exposure,
				(double)info->min_exposure_ns / 1e9, (double)info->max_exposure_ns / 1e9);
	return CTL_OK;
}

struct psx_device *study_open(struct study *s, int *code)
{
	*code = ctl_need_device(s->ctl);
	if (*code == CTL_OK)
		*code = ctl_check_outputs(s->ctl, s->table, s->picture);
	if (*code == CTL_OK)
		*code = ctl_can_write(s->ctl, s->table);
	if (*code == CTL_OK)
		*code = ctl_can_write(s->ctl, s->picture);
	if (*code == CTL_OK)
		s->dev = ctl_open(s->ctl, code);
	if (s->dev)
		*code = check_device(s);
	if (*code != CTL_OK) {
		psx_device_close(s->dev);
		s->dev = NULL;
	}
	if (s->dev)
		interrupt_catch();
	return s->dev;
}

int study_progress(void *study, const char *what, uint64_t done, uint64_t total)
{
	struct study *s = study;

	if (!s->bar.what || strcmp(s->bar.what, what) != 0) {
		progress_end(&s->bar);
		progress_begin_alone(&s->bar, what, total, !s->ctl->quiet);
	}
	progress_show(&s->bar, done);
	return interrupt_came();
}

int study_run(struct study *s, int (*work)(struct study *s, void *arg, struct psx_error *err),
	      void *arg)
{
	struct rails_before before = rails_before(s->dev);
	struct psx_error err = { 0 };
	int failed = rails_up_for_run(s->ctl, s->dev, &err) || work(s, arg, &err);
	int code;

	progress_end(&s->bar);
	code = rails_restore(s->ctl, s->dev, &before, CTL_OK);
	if (failed && interrupt_came())
		(void)ctl_fail(s->ctl, "interrupted; %s", s->keeps ? s->keeps : "nothing is kept");
	else if (failed)
		(void)ctl_fail(s->ctl, "%s", err.message);
	return failed ? CTL_FAILED : code;
}

int table_open(struct table *t, const char *path, const char *header)
{
	int fd;

	if (psx_output_open(&t->out, path))
		return -1;
	fd = dup(t->out.fd);
	t->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!t->file) {
		if (fd >= 0)
			(void)close(fd);
		psx_output_discard(&t->out);
		return -1;
	}
	fprintf(t->file, "%s\n", header);
	return 0;
}

int table_close(struct table *t)
{
	const bool bad = ferror(t->file);

	if (!fclose(t->file) && !bad && !psx_output_commit(&t->out))
		return 0;
	psx_output_discard(&t->out);
	return -1;
}

int study_no_table(const struct study *s)
{
	return ctl_fail(s->ctl, "%s: %s", psx_error_path(s->table), strerror(errno));
}

int study_chart(const struct study *s, const struct chart *charts, size_t count)
{
	if (!s->picture || !chart_write(s->picture, charts, count))
		return CTL_OK;
	if (errno == ENOTSUP)
		return ctl_fail(s->ctl, "built without cairo: no pictures of curves");
	return ctl_fail(s->ctl, "%s: %s", psx_error_path(s->picture), strerror(errno));
}
