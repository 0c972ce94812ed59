// SPDX-License-Identifier: MIT
#include "ldr.h"

#include <math.h>
#include <stdlib.h>

#define LIMIT_SNR 3

/* Of the line, uC/Gy/cm2 */
static struct psx_estimate sensitivity_of(const struct ldr_series *s)
{
	const double unit = PSX_NOMINAL_RATE / PSX_NOMINAL_LEVEL *
			    psx_sensor_sensitivity(psx_sensor_volts(1));
	const struct psx_estimate *line = &s->range.sensitivity;

	return (struct psx_estimate){ line->value * unit, line->error * unit, line->spread * unit };
}

/* The dose that is three times the noise, uGy */
static struct psx_estimate limit_of(const struct ldr_series *s)
{
	const struct psx_estimate *line = &s->range.sensitivity;
	const double unit = LIMIT_SNR / fabs(line->value), limit = unit * s->dark.noise;

	return (struct psx_estimate){ limit, hypot(unit * s->dark.noise_error,
						   limit * line->error / line->value), 0 };
}

/* Null of what is not known */
static json_t *number_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void print_json(struct ctl *ctl, const struct ldr_series *s)
{
	const struct psx_estimate sensitivity = sensitivity_of(s), limit = limit_of(s);
	const struct psx_range *r = &s->range;
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct psx_dose_point *p = &s->points[i];

		ctl_json(ctl, json_pack(
			"{s:s, s:f, s:f, s:i, s:o, s:o, s:o, s:o, s:b}", "model", s->model, "rate",
			p->rate, "exposure_s", p->seconds, "pga", (int)p->pga, "signal",
			number_json(p->reading.signal), "error",
			number_json(hypot(p->reading.error, p->reading.dark_error)), "noise",
			number_json(p->reading.noise), "deviation", number_json(p->deviation), "inside",
			p->inside));
	}
	if (!s->found)
		return;
	ctl_json(ctl, json_pack(
		"{s:o, s:s, s:f, s:o, s:f, s:o, s:f, s:o, s:b, s:b, s:f, s:o, s:f, s:f, s:o, s:o, s:o, "
		"s:I, s:I}",
		"device", ctl_json_text(s->study.ctl->uri), "of", s->model, "db", r->db.value,
		"db_error", number_json(r->db.error), "least", r->least.value, "least_error",
		number_json(r->least.error), "most", r->most.value, "most_error",
		number_json(r->most.error), "least_open", r->least_open, "most_open", r->most_open,
		"sensitivity", sensitivity.value, "sensitivity_error", number_json(sensitivity.error),
		"sensitivity_spread", sensitivity.spread, "max_deviation", r->deviation, "limit_ugy",
		number_json(limit.value), "limit_error", number_json(limit.error), "limit_rate",
		number_json(limit.value / s->dark_seconds), "used", (json_int_t)s->used, "left_out",
		(json_int_t)s->left_out));
}

static void print_points(const struct ldr_series *s)
{
	size_t i;

	printf("%s\n%12s %10s %4s %13s %11s %11s %10s %10s\n", s->study.ctl->uri, "uGy/s",
	       "exposure s", "pga", "levels", "+-", "noise", "snr", "off line");
	for (i = 0; i < s->count; i++) {
		const struct psx_dose_point *p = &s->points[i];
		const struct psx_reading *r = &p->reading;

		printf("%12.4f %10g %4u %+13.4f %11.4f %11.4f %10.1f", p->rate, p->seconds, p->pga,
		       r->signal, hypot(r->error, r->dark_error), r->noise, fabs(r->signal) / r->noise);
		if (s->found)
			printf(" %+9.3f%%%s", 100 * p->deviation, p->inside ? "" : "  outside");
		printf("\n");
	}
}

/* Of an error, and of what it belongs to */
static int digits_of(double error)
{
	return (int)fmax(2, fmin(6, 1 - floor(log10(error))));
}

/* What begins or ends with the series has no error */
static void print_text(const struct ldr_series *s)
{
	const struct psx_estimate sensitivity = sensitivity_of(s), limit = limit_of(s);
	const struct psx_range *r = &s->range;
	const int digits = digits_of(r->db.error);

	print_points(s);
	printf("sub-pixels   %zu, %zu left out\n", s->used, s->left_out);
	if (!s->found)
		return;
	if (r->least_open || r->most_open)
		printf("range        > %.2f", r->db.value);
	else
		printf("range        %.*f +- %.*f", digits, r->db.value, digits, r->db.error);
	printf(" dB: %s%.4g .. %s%.6g uGy/s, within %.2f %% of the line\n", r->least_open ? "< " : "",
	       r->least.value, r->most_open ? "> " : "", r->most.value, 100 * r->deviation);
	printf("sensitivity  %.2f +- %.2f uC/Gy/cm2 at %g V\n", sensitivity.value, sensitivity.error,
	       s->study.volts);
	printf("limit        %.3g +- %.2g uGy, which is %.3g uGy/s in %g s\n", limit.value, limit.error,
	       limit.value / s->dark_seconds, s->dark_seconds);
}

void ldr_print(struct ctl *ctl, const struct ldr_series *series)
{
	if (ctl->json)
		print_json(ctl, series);
	else if (series->count)
		print_text(series);
	fflush(stdout);
}

static int write_table(const struct ldr *ldr)
{
	struct table t;
	size_t i, n;

	if (!ldr->study.table)
		return CTL_OK;
	if (table_open(&t, ldr->study.table,
		       "model,rate_ugy_s,exposure_s,pga,signal,error,noise,deviation,inside"))
		return study_no_table(&ldr->study);
	for (i = 0; i < ldr->series_count; i++) {
		const struct ldr_series *s = &ldr->series[i];

		for (n = 0; n < s->count; n++) {
			const struct psx_dose_point *p = &s->points[n];
			const struct psx_reading *r = &p->reading;

			fprintf(t.file, "%s,%.9g,%.9g,%u,%.9g,%.9g,%.9g,%.9g,%d\n", s->model, p->rate,
				p->seconds, p->pga, r->signal, hypot(r->error, r->dark_error),
				r->noise, p->deviation, p->inside);
		}
	}
	return table_close(&t) ? study_no_table(&ldr->study) : CTL_OK;
}

enum { RATES, SIGNALS, DEVIATIONS, COLUMNS };

int ldr_write(const struct ldr *ldr)
{
	double *columns = calloc(LDR_MOST * COLUMNS, LDR_POINTS * sizeof(*columns));
	struct chart charts[2] = {
		{ .title = "levels a second", .x_name = "dose rate, uGy/s", .log_x = true, .log_y = true },
		{ .title = "off the line, %", .x_name = "dose rate, uGy/s", .log_x = true, .low = -20,
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
			signals[n] = fabs(s->points[n].reading.signal) / s->points[n].seconds;
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
