// SPDX-License-Identifier: MIT
#include "budget.h"

#include "stages.h"
#include "study.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void say_threshold(const struct budget *b, char *words, size_t size)
{
	const struct threshold *t = &b->plan.threshold;

	if (t->share > 0)
		(void)snprintf(words, size, "T = %g %% of a frame's maximum", 100 * t->share);
	else
		(void)snprintf(words, size, "T = %u bits", t->bits);
}

/* What it is a budget of */
static void say_all(const struct budget *b, char *words, size_t size)
{
	char threshold[64];

	say_threshold(b, threshold, sizeof(threshold));
	(void)snprintf(words, size, "%u x %u sub-pixels, %g frames a second, %s, %s, %zu image%s",
		       b->width, b->height, b->rate, ctl_mode_name(b->plan.mode), threshold,
		       b->image_count, b->image_count == 1 ? "" : "s");
}

static void print_json(struct budget *b)
{
	size_t i, n;

	for (i = 0; i < b->count; i++) {
		const struct stream_rate *s = &b->streams[i];
		json_t *list = json_array();

		for (n = 0; n < BUDGET_LINKS; n++)
			(void)json_array_append_new(list, json_pack(
				"{s:s, s:f, s:f, s:b}", "link", budget_links[n].name, "share",
				b->rate / budget_frames(s, &budget_links[n]), "frames_s",
				budget_frames(s, &budget_links[n]), "fits",
				budget_fits(b, s, &budget_links[n])));
		ctl_json(b->ctl, json_pack(
			"{s:o, s:f, s:f, s:f, s:f, s:f, s:o}", "stream", ctl_json_text(s->name), "rate",
			b->rate, "byte_ratio", s->byte_ratio, "occupancy", s->occupancy, "gbit_s",
			budget_gbit(b, s), "longest_exposure_s", fmax(s->exposure, 0), "links", list));
	}
}

static void print_text(const struct budget *b)
{
	char words[256];
	size_t i, n;

	say_all(b, words, sizeof(words));
	printf("%s\n%-12s %10s %8s %9s %11s", words, "stream", "byte ratio", "occupied", "Gb/s",
	       "exposure");
	for (n = 0; n < BUDGET_LINKS; n++)
		printf(" %15s", budget_links[n].name);
	printf("\n%-12s %10s %8s %9s %11s", "", "", "", "", "at most");
	for (n = 0; n < BUDGET_LINKS; n++)
		printf(budget_links[n].gbit > 0 ? " %10g Gb/s" : " %6g images/s",
		       budget_links[n].gbit > 0 ? budget_links[n].gbit : budget_links[n].images);
	printf("\n");
	for (i = 0; i < b->count; i++) {
		const struct stream_rate *s = &b->streams[i];

		printf("%-12s %10.4f %8.4f %9.4g", s->name, s->byte_ratio, s->occupancy,
		       budget_gbit(b, s));
		if (s->exposure > 0)
			printf(" %8.3g ms", 1e3 * s->exposure);
		else
			printf(" %11s", "no time");
		for (n = 0; n < BUDGET_LINKS; n++)
			printf(" %8.4g /s%s", budget_frames(s, &budget_links[n]),
			       budget_fits(b, s, &budget_links[n]) ? " yes" : "  no");
		printf("\n");
	}
}

void budget_print(struct budget *b)
{
	if (b->ctl->json)
		print_json(b);
	else
		print_text(b);
}

/* A line a stream and link */
static int write_table(const struct budget *b)
{
	struct table t;
	size_t i, n;

	if (!b->table)
		return CTL_OK;
	if (table_open(&t, b->table, "stream,rate,byte_ratio,occupancy,gbit_s,longest_exposure_s,"
				     "link,share,frames_s,fits"))
		return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->table), strerror(errno));
	for (i = 0; i < b->count; i++) {
		const struct stream_rate *s = &b->streams[i];

		for (n = 0; n < BUDGET_LINKS; n++)
			fprintf(t.file, "%s,%.9g,%.9g,%.9g,%.9g,%.9g,%s,%.9g,%.9g,%d\n", s->name, b->rate,
				s->byte_ratio, s->occupancy, budget_gbit(b, s), fmax(s->exposure, 0),
				budget_links[n].name, b->rate / budget_frames(s, &budget_links[n]),
				budget_frames(s, &budget_links[n]), budget_fits(b, s, &budget_links[n]));
	}
	if (table_close(&t))
		return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->table), strerror(errno));
	return CTL_OK;
}

/* Data through links, images through reconstruction */
static int draw(const struct budget *b)
{
	double gbit[BUDGET_STREAMS], images[BUDGET_STREAMS];
	const char *names[BUDGET_STREAMS];
	bool possible[BUDGET_STREAMS];
	struct stage stages[BUDGET_LINKS];
	char words[256];
	size_t i;

	if (!b->picture)
		return CTL_OK;
	say_all(b, words, sizeof(words));
	for (i = 0; i < b->count; i++) {
		names[i] = b->streams[i].name;
		gbit[i] = budget_gbit(b, &b->streams[i]);
		images[i] = b->rate;
		possible[i] = b->streams[i].exposure > 0;
	}
	for (i = 0; i < BUDGET_LINKS; i++) {
		const struct link *l = &budget_links[i];

		stages[i] = l->gbit > 0 ? (struct stage){ l->name, "Gb/s", l->gbit, gbit } :
					  (struct stage){ l->name, "images/s", l->images, images };
	}
	if (!stages_write(b->picture, &(const struct stages){
			"What streams ask of every stage; hollow: no time to expose", words, stages,
			BUDGET_LINKS, names, possible, b->count }))
		return CTL_OK;
	if (errno == ENOTSUP)
		return ctl_fail(b->ctl, "built without cairo: no pictures of bars");
	return ctl_fail(b->ctl, "%s: %s", psx_error_path(b->picture), strerror(errno));
}

int budget_write(const struct budget *b)
{
	const int code = write_table(b);

	return code == CTL_OK ? draw(b) : code;
}
