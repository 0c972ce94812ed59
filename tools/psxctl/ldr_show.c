// SPDX-License-Identifier: MIT
#include "ldr.h"

#include <math.h>
#include <stdlib.h>

#define NOMINAL_UGY 494.0 /* of 4095 levels at weight 1 */
#define FULL_LEVEL  4095.0
#define LIMIT_SNR   3

double ldr_sensitivity(const struct ldr_series *series)
{
	const double unit = psx_sensor_sensitivity(psx_sensor_volts(1));

	return series->range.sensitivity * NOMINAL_UGY / FULL_LEVEL * unit;
}

double ldr_limit(const struct ldr_series *series)
{
	return LIMIT_SNR * series->dark_noise / fabs(series->range.sensitivity);
}

static json_t *number_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(const struct ldr *ldr, const struct ldr_series *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct psx_dose_point *p = &s->points[i];

		ctl_json(ldr->study.ctl, json_pack(
			"{s:s, s:f, s:f, s:i, s:o, s:o, s:o, s:b}", "model", s->model, "rate", p->rate,
			"exposure_s", p->seconds, "pga", (int)s->pga[i], "signal",
			number_json(p->signal), "noise", number_json(p->noise), "deviation",
			number_json(p->deviation), "inside", p->inside));
	}
	ctl_json(ldr->study.ctl, json_pack(
		"{s:o, s:s, s:f, s:f, s:f, s:b, s:b, s:f, s:f, s:f, s:f}", "device",
		ctl_json_text(s->uri), "of", s->model, "db", s->range.db, "least", s->range.least,
		"most", s->range.most, "least_open", s->range.least_open, "most_open",
		s->range.most_open, "sensitivity", ldr_sensitivity(s), "max_deviation",
		s->range.deviation, "limit_ugy", ldr_limit(s), "limit_rate",
		ldr_limit(s) / ((double)ldr->study.exposure_ns / 1e9)));
}

static void print_text(const struct ldr *ldr, const struct ldr_series *s)
{
	const double longest = (double)ldr->study.exposure_ns / 1e9;
	size_t i;

	printf("%s\n%12s %10s %4s %13s %11s %10s %10s\n", s->uri, "uGy/s", "exposure s", "pga",
	       "levels", "noise", "snr", "off line");
	for (i = 0; i < s->count; i++) {
		const struct psx_dose_point *p = &s->points[i];

		printf("%12.4f %10g %4u %+13.4f %11.4f %10.1f %+9.3f%%%s\n", p->rate, p->seconds,
		       s->pga[i], p->signal, p->noise, fabs(p->signal) / p->noise,
		       100 * p->deviation, p->inside ? "" : "  outside");
	}
	printf("range        %s%.2f dB: %s%.4g .. %s%.6g uGy/s, within %.2f %% of the line\n",
	       s->range.least_open || s->range.most_open ? "> " : "", s->range.db,
	       s->range.least_open ? "< " : "", s->range.least, s->range.most_open ? "> " : "",
	       s->range.most, 100 * s->range.deviation);
	printf("sensitivity  %.2f uC/Gy/cm2 at %g V\n", ldr_sensitivity(s), ldr->study.volts);
	printf("limit        %.3g uGy, which is %.3g uGy/s in %g s\n", ldr_limit(s),
	       ldr_limit(s) / longest, longest);
}

void ldr_print(const struct ldr *ldr)
{
	size_t i;

	for (i = 0; i < ldr->series_count; i++) {
		if (ldr->study.ctl->json)
			print_json(ldr, &ldr->series[i]);
		else
			print_text(ldr, &ldr->series[i]);
	}
}

static int write_table(const struct ldr *ldr)
{
	struct table t;
	size_t i, n;

	if (!ldr->study.table)
		return CTL_OK;
	if (table_open(&t, ldr->study.table,
		       "model,rate_ugy_s,exposure_s,pga,signal,noise,deviation,inside"))
		return study_no_table(&ldr->study);
	for (i = 0; i < ldr->series_count; i++) {
		const struct ldr_series *s = &ldr->series[i];

		for (n = 0; n < s->count; n++)
			fprintf(t.file, "%s,%.9g,%.9g,%u,%.9g,%.9g,%.9g,%d\n", s->model,
				s->points[n].rate, s->points[n].seconds, s->pga[n],
				s->points[n].signal, s->points[n].noise, s->points[n].deviation,
				s->points[n].inside);
	}
	return table_close(&t) ? study_no_table(&ldr->study) : CTL_OK;
}

enum { RATES, SIGNALS, DEVIATIONS, COLUMNS };

int ldr_write(const struct ldr *ldr)
{
	double *columns = calloc(LDR_MOST * COLUMNS, LDR_POINTS * sizeof(*columns));
	struct chart charts[2] = {
		{ .title = "levels a second", .x_name = "uGy/s", .log_x = true, .log_y = true },
		{ .title = "off the line, %", .x_name = "uGy/s", .log_x = true, .low = -20,
		  .high = 20 },
	};
	int code = write_table(ldr);
	size_t i, n;

	if (!columns)
		return ctl_fail(ldr->study.ctl, "out of memory");
	for (i = 0; i < ldr->series_count; i++) {
		const struct ldr_series *s = &ldr->series[i];
		double *rates = columns + i * COLUMNS * LDR_POINTS;
		double *signals = rates + SIGNALS * LDR_POINTS;
		double *deviations = rates + DEVIATIONS * LDR_POINTS;

		for (n = 0; n < s->count; n++) {
			rates[n] = s->points[n].rate;
			signals[n] = fabs(s->points[n].signal) / s->points[n].seconds;
			deviations[n] = 100 * s->points[n].deviation;
		}
		charts[0].series[i] =
			(struct chart_series){ .name = s->model, .count = s->count, .x = rates,
						.y = signals, .line = true, .marks = true };
		charts[1].series[i] =
			(struct chart_series){ .name = s->model, .count = s->count, .x = rates,
						.y = deviations, .line = true, .marks = true };
		charts[0].count = charts[1].count = i + 1;
	}
	if (code == CTL_OK)
		code = study_chart(&ldr->study, charts, 2);
	free(columns);
	return code;
}
