// SPDX-License-Identifier: MIT
#include "options.h"
#include "study.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define POINTS 128
static const char doc[] =
	"Response curves: dark and lit, at biases of both signs, and what they say of the crystal.\v"
	"Claims the detector, ramps its rails up, runs, ramps down; what was loaded is lost. Lit is the "
	"open beam; a detector without a shutter asks at the terminal. Every sub-pixel's curve is fitted by "
	"the Hecht equation with surface recombination (docs/sensor.md), each sign by itself: S0, mu-tau and "
	"s/mu are means over sub-pixels, each with the error (1 sigma) of knowing the crystal by these, of one "
	"sub-pixel that of its fit; without that of the dose rate, which is the operator's. Intrinsic is "
	"the sensitivity without the loss at the surface.";

enum { OPT_BIASES = 0x2001 };

static const struct argp_option options[] = {
	{ "biases", OPT_BIASES, "N", 0, "Of each sign, 5..64 (default 17)", 0 },
	{ 0 },
};

struct iv {
	struct study study;
	struct psx_sweep_options options;
	struct psx_sweep *sweep;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct iv *iv = state->input;
	unsigned long long value;

	switch (key) {
	case OPT_BIASES:
		if (option_number(arg, 5, 64, &value))
			return (error_t)ctl_usage(iv->study.ctl, "biases '%s' is not 5..64", arg);
		iv->options.biases = (unsigned int)value;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &iv->study;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static json_t *estimate_json(const struct psx_estimate *e)
{
	return json_pack("{s:f, s:f, s:f}", "value", e->value, "error", e->error, "spread", e->spread);
}

static json_t *fit_json(const struct psx_sweep_fit *fit)
{
	return json_pack("{s:o, s:o, s:o, s:f, s:b, s:I, s:I}", "s0", estimate_json(&fit->s0), "mu_tau",
			 estimate_json(&fit->mu_tau), "surface", estimate_json(&fit->surface),
			 "residual", fit->residual, "noisy", fit->noisy, "used", (json_int_t)fit->used, "left_out",
			 (json_int_t)fit->left_out);
}

static json_t *number_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *balance_json(const struct psx_balance *b)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:o}", "reverse", b->measured[0],
			 "reverse_intrinsic", b->intrinsic[0], "forward", b->measured[1],
			 "forward_intrinsic", b->intrinsic[1], "ratio", b->ratio, "volts_of_minus_1",
			 number_json(b->volts));
}

static void print_json(const struct iv *iv)
{
	const struct psx_sweep_fit *reverse = psx_sweep_get_fit(iv->sweep, false);
	const struct psx_sweep_fit *forward = psx_sweep_get_fit(iv->sweep, true);
	struct psx_balance balance;
	struct psx_sweep_point p;
	json_t *last;
	size_t i;

	for (i = 0; !psx_sweep_get_point(iv->sweep, i, &p); i++)
		ctl_json(iv->study.ctl, json_pack(
			"{s:f, s:o, s:o, s:o, s:o, s:o}", "volts", p.volts, "dark_na_cm2",
			number_json(p.dark_na_cm2), "photo_na_cm2", number_json(p.photo_na_cm2),
			"sensitivity", number_json(p.sensitivity), "spread", number_json(p.spread),
			"fitted", number_json(p.fitted)));
	last = json_pack("{s:f}", "dose_rate", study_rate(&iv->study));
	if (reverse)
		(void)json_object_set_new(last, "reverse", fit_json(reverse));
	if (forward)
		(void)json_object_set_new(last, "forward", fit_json(forward));
	if (reverse && forward) {
		psx_sweep_get_balance(iv->sweep, &balance);
		(void)json_object_set_new(last, "balance", balance_json(&balance));
	}
	ctl_json(iv->study.ctl, last);
}

static void print_fit(const char *name, const struct psx_sweep_fit *f)
{
	printf("%-8s S0 %.2f +- %.2f uC/Gy/cm2, mu-tau %.4e +- %.1e cm2/V, s/mu %.3f +- %.3f V/cm\n", name,
	       f->s0.value, f->s0.error, f->mu_tau.value, f->mu_tau.error, f->surface.value,
	       f->surface.error);
	if (f->used > 1)
		printf("         among %zu sub-pixels +-%.2f %%, +-%.2f %%, +-%.2f %%; ", f->used,
		       100 * f->s0.spread / f->s0.value, 100 * f->mu_tau.spread / f->mu_tau.value,
		       100 * f->surface.spread / f->surface.value);
	else
		printf("         one sub-pixel; ");
	printf("%zu left out; fits off by %.3f %% of the response at 100 V\n", f->left_out,
	       100 * f->residual);
	if (f->noisy)
		printf("         limited by noise: more --frames or a longer --exposure\n");
}

static void print_balance(const struct psx_sweep *sweep)
{
	struct psx_balance b;

	psx_sweep_get_balance(sweep, &b);
	printf("-100 V   %.1f of intrinsic %.1f uC/Gy/cm2;  +100 V  %.1f of %.1f;  ratio %.4f\n",
	       b.measured[0], b.intrinsic[0], b.measured[1], b.intrinsic[1], b.ratio);
	if (isnan(b.volts))
		printf("weight -1 is beyond -100 V\n");
	else
		printf("weight -1 at %.2f V, of weight 1 at +95 V\n", b.volts);
}

static void print_text(const struct iv *iv)
{
	const struct psx_sweep_fit *reverse = psx_sweep_get_fit(iv->sweep, false);
	const struct psx_sweep_fit *forward = psx_sweep_get_fit(iv->sweep, true);
	struct psx_sweep_point p;
	size_t i;

	printf("%9s %14s %14s %14s %14s\n", "volts", "dark nA/cm2", "photo nA/cm2", "uC/Gy/cm2",
	       "fitted");
	for (i = 0; !psx_sweep_get_point(iv->sweep, i, &p); i++) {
		printf("%+9.3f %+14.4f %+14.4f %+14.4f", p.volts, p.dark_na_cm2, p.photo_na_cm2,
		       p.sensitivity);
		if (!isnan(p.fitted))
			printf(" %+14.4f", p.fitted);
		printf("\n");
	}
	printf("at %g uGy/s\n", study_rate(&iv->study));
	if (reverse)
		print_fit("reverse", reverse);
	if (forward)
		print_fit("forward", forward);
	if (reverse && forward)
		print_balance(iv->sweep);
}

static int write_table(const struct iv *iv)
{
	struct psx_sweep_point p;
	struct table t;
	size_t i;

	if (!iv->study.table)
		return CTL_OK;
	if (table_open(&t, iv->study.table,
		       "volts,dark_na_cm2,photo_na_cm2,sensitivity_uc_gy_cm2,spread,fitted"))
		return study_no_table(&iv->study);
	for (i = 0; !psx_sweep_get_point(iv->sweep, i, &p); i++)
		fprintf(t.file, "%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", p.volts, p.dark_na_cm2,
			p.photo_na_cm2, p.sensitivity, p.spread, p.fitted);
	return table_close(&t) ? study_no_table(&iv->study) : CTL_OK;
}

static int draw(const struct iv *iv)
{
	double volts[POINTS], dark[POINTS], photo[POINTS], response[POINTS], fitted[POINTS];
	struct psx_sweep_point p;
	size_t n;

	for (n = 0; n < POINTS && !psx_sweep_get_point(iv->sweep, n, &p); n++) {
		volts[n] = p.volts;
		dark[n] = fabs(p.dark_na_cm2);
		photo[n] = fabs(p.photo_na_cm2);
		response[n] = p.sensitivity;
		fitted[n] = p.fitted;
	}
	return study_chart(&iv->study, (const struct chart[]){
		{ .title = "sensitivity, uC/Gy/cm2", .x_name = "bias, V", .count = 2, .series = {
			{ "fitted", n, volts, fitted, .line = true },
			{ "measured", n, volts, response, .marks = true } } },
		{ .title = "|current|, nA/cm2", .x_name = "bias, V", .log_y = true, .count = 2, .series = {
			{ "X-rays", n, volts, photo, .line = true, .marks = true },
			{ "dark", n, volts, dark, .line = true, .marks = true } } },
	}, 2);
}

static int measure(struct study *s, void *arg, struct psx_error *err)
{
	struct iv *iv = arg;

	iv->sweep = psx_sweep_run(s->dev, &s->region, &iv->options, err);
	if (iv->sweep)
		s->keeps = "what was measured is kept, not all of it fitted";
	return iv->sweep && psx_sweep_get_fit(iv->sweep, true) ? 0 : -1;
}

int verb_iv(struct ctl *ctl, int argc, char **argv)
{
	const struct argp_child children[] = { { &study_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = options, .parser = parse, .doc = doc, .children = children,
	};
	struct iv iv = { .study = { .ctl = ctl } };
	int code = CTL_USAGE, failed = CTL_OK;

	if (ctl_parse(ctl, &argp, argc, argv, &iv) || !study_open(&iv.study, &code))
		return code;
	iv.options.frames = iv.study.frames;
	iv.options.exposure_ns = iv.study.exposure_ns;
	iv.options.dose_rate = study_rate(&iv.study);
	iv.options.progress = study_progress;
	iv.options.arg = &iv.study;
	code = study_run(&iv.study, measure, &iv);
	if (iv.sweep) {
		if (ctl->json)
			print_json(&iv);
		else
			print_text(&iv);
		failed = write_table(&iv);
		if (failed == CTL_OK)
			failed = draw(&iv);
	}
	psx_sweep_free(iv.sweep);
	psx_device_close(iv.study.dev);
	return failed == CTL_OK ? code : failed;
}
