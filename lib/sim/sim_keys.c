// SPDX-License-Identifier: MIT
/* The keys of a sim: URI (docs/sim.md). */
#include "sim.h"
#include "../error.h"
#include "../number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_WIDTH	  640
#define DEFAULT_HEIGHT	  480
#define DEFAULT_PITCH_UM  100
#define DEFAULT_PHOTONS	  30000
#define DEFAULT_MISMATCH  0.02
#define DEFAULT_NOISE	  0.05
#define DEFAULT_DOSE_RATE 494
#define DEFAULT_CELSIUS	  25
#define MOST_DEFECTS	  65536
#define MOST_SECONDS	  9e9 /* the device's clock ends at 2^63 ns */
#define UGY_TO_PGY	  1e6
#define LEAST_RATE	  0.001
#define DEFAULT_SCENE	  "baggage"

/* Values as they stand in the URI; NAN = not given */
struct values {
	const char *profile, *scene;
	double width, height, seed, mismatch, photons, read_noise, rate, dose_rate, pitch, aperture;
	double dead, hot, stuck, readback_faults, temperature, interlock_at, overcurrent_at;
};

struct key {
	const char *name;
	size_t offset;
	double least, most;
	bool whole;
};

#define KEY(name, least, most, whole) { #name, offsetof(struct values, name), least, most, whole }

static const struct key number_keys[] = {
	KEY(width, 1, PSX_MODEL_MAX_SIDE, true),
	KEY(height, 1, PSX_MODEL_MAX_SIDE, true),
	KEY(seed, 0, 9007199254740992.0, true),
	KEY(mismatch, 0, 0.1, false),
	KEY(photons, 1, 4294967295.0, true),
	KEY(read_noise, 0, 1000, false),
	KEY(rate, 0, 1e6, false),
	KEY(dose_rate, 0.1, 329200, false),
	KEY(pitch, 1, 100000, true),
	KEY(aperture, 1, 100000, true),
	KEY(dead, 0, MOST_DEFECTS, true),
	KEY(hot, 0, MOST_DEFECTS, true),
	KEY(stuck, 0, MOST_DEFECTS, true),
	KEY(readback_faults, 0, MOST_DEFECTS, true),
	KEY(temperature, -40, 125, false),
	KEY(interlock_at, 0, MOST_SECONDS, false),
	KEY(overcurrent_at, 0, MOST_SECONDS, false),
};

#define NUMBER_KEYS (sizeof(number_keys) / sizeof(number_keys[0]))

static int set_number(struct values *v, const struct key *key, const char *text,
		      struct psx_error *err)
{
	bool time = key->most == MOST_SECONDS;
	char *end;
	double value = psx_number(text, &end);

	if (time && !strcmp(text, "never"))
		return 0;
	if (end == text || *end || !(value >= key->least && value <= key->most) ||
	    (key->whole && value != floor(value)))
		return psx_error_set(err, EINVAL, "sim: %s=%.40s: need a %snumber %g..%g%s", key->name,
				     text, key->whole ? "whole " : "", key->least, key->most,
				     time ? " of seconds, or never" : "");
	memcpy((char *)v + key->offset, &value, sizeof(value));
	return 0;
}

static int set_key(struct values *v, const char *name, const char *text, struct psx_error *err)
{
	size_t i;

	if (!strcmp(name, "profile")) {
		v->profile = text;
		return 0;
	}
	if (!strcmp(name, "scene")) {
		v->scene = text;
		return 0;
	}
	for (i = 0; i < NUMBER_KEYS; i++)
		if (!strcmp(name, number_keys[i].name))
			return set_number(v, &number_keys[i], text, err);
	return psx_error_set(err, EINVAL,
			     "sim: no key '%.40s' (keys: profile scene width height seed mismatch "
			     "photons read_noise rate dose_rate pitch aperture dead hot stuck "
			     "readback_faults temperature interlock_at overcurrent_at)", name);
}

/* Cut "key=value,key=value" in place; "\," is a comma in a value */
static int split(struct values *v, char *text, struct psx_error *err)
{
	while (*text) {
		char *name = text, *value, *out;

		value = strpbrk(text, "=,");
		if (!value || *value == ',')
			return psx_error_set(err, EINVAL, "sim: '%.*s' is not key=value",
					     (int)strcspn(text, ","), text);
		*value++ = '\0';
		for (text = out = value; *text && *text != ','; text++) {
			if (*text == '\\' && text[1] == ',')
				text++;
			*out++ = *text;
		}
		if (*text)
			text++;
		*out = '\0';
		if (set_key(v, name, value, err))
			return -1;
	}
	return 0;
}

static double given(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

static int open_scene(const struct values *v, struct psx_sim_options *options,
		      struct psx_error *err)
{
	const struct psx_kind *kind = &psx_kinds[options->model.profile];
	/* With a stage, width and height are those of the object on it */
	const uint32_t side = kind->stage ? 0 : kind->side;
	const char *scene = v->scene ? v->scene : DEFAULT_SCENE;
	uint32_t width = (uint32_t)given(v->width, side ? side : DEFAULT_WIDTH);
	uint32_t height = (uint32_t)given(v->height, side ? side : DEFAULT_HEIGHT);

	options->scene = psx_image_phantom(scene, width, height, options->model.seed, err);
	if (!options->scene && errno != ENOENT)
		return -1;
	if (!options->scene) {
		options->scene = psx_image_load(scene, err);
		if (!options->scene && errno == ENOENT)
			return psx_error_set(err, ENOENT,
					     "sim: scene '%.120s' is neither a file nor a phantom (hust "
					     "blade wedge flat:LEVEL baggage letter:H)", scene);
		if (!options->scene)
			return -1;
		width = psx_image_get_width(options->scene);
		height = psx_image_get_height(options->scene);
	}
	if (width > PSX_MODEL_MAX_SIDE || height > PSX_MODEL_MAX_SIDE)
		return psx_error_set(err, EINVAL, "sim: scene %s is %u x %u, the model ends at %u",
				     scene, width, height, PSX_MODEL_MAX_SIDE);
	if (given(v->width, width) != width || given(v->height, height) != height)
		return psx_error_set(err, EINVAL,
				     "sim: scene %s is %u x %u, not the %g x %g that was asked for",
				     scene, width, height, given(v->width, width),
				     given(v->height, height));
	if (side && (width != side || height != side))
		return psx_error_set(err, EINVAL, "sim: profile=%s is %u x %u, not %u x %u",
				     psx_profile_name(options->model.profile), side, side, width,
				     height);
	options->model.scene_width = width;
	options->model.scene_height = height;
	options->model.width = kind->stage ? kind->side : width;
	options->model.height = kind->stage ? kind->side : height;
	return 0;
}

static int find_profile(const char *name, enum psx_model_profile *profile, struct psx_error *err)
{
	uint32_t i;

	for (i = 0; i < PSX_MODEL_PROFILES; i++)
		if (!strcmp(name, psx_profile_name((enum psx_model_profile)i))) {
			*profile = (enum psx_model_profile)i;
			return 0;
		}
	return psx_error_set(err, EINVAL,
			     "sim: no profile '%.40s' (ideal real cmos32 macropixel unpassivated)",
			     name);
}

/* What no ideal crystal has */
static int fill_crystal(const struct values *v, struct psx_model_config *m, struct psx_error *err)
{
	if (m->profile == PSX_PROFILE_IDEAL) {
		if (isnan(v->mismatch) && isnan(v->photons) && isnan(v->read_noise) &&
		    isnan(v->dead) && isnan(v->hot) && isnan(v->stuck))
			return 0;
		return psx_error_set(err, EINVAL, "sim: profile=ideal has no mismatch, photons, "
				     "read_noise, dead, hot or stuck");
	}
	m->mismatch_ppm = (u32)lround(given(v->mismatch, DEFAULT_MISMATCH) * 1e6);
	m->photons = (u32)given(v->photons, DEFAULT_PHOTONS);
	m->read_noise_milli = (u32)lround(given(v->read_noise, DEFAULT_NOISE) * 1e3);
	m->dead = (u32)given(v->dead, 0);
	m->hot = (u32)given(v->hot, 0);
	m->stuck = (u32)given(v->stuck, 0);
	return 0;
}

/* A collimator goes with a stage, and no opening is larger than its sub-pixel */
static int fill_aperture(const struct values *v, struct psx_model_config *m, struct psx_error *err)
{
	const struct psx_kind *kind = &psx_kinds[m->profile];

	if (isnan(v->aperture))
		return 0;
	if (!kind->stage)
		return psx_error_set(err, EINVAL,
				     "sim: profile=%s has no collimator: aperture is for macropixel",
				     psx_profile_name(m->profile));
	if (v->aperture > kind->pitch_um)
		return psx_error_set(err, EINVAL, "sim: aperture=%g: profile=%s has a pitch of %u um",
				     v->aperture, psx_profile_name(m->profile), kind->pitch_um);
	m->aperture_um = (u32)v->aperture;
	return 0;
}

static u64 time_ns(double seconds)
{
	return isnan(seconds) ? UINT64_MAX : (u64)llround(seconds * 1e9);
}

static int fill(const struct values *v, struct psx_sim_options *options, struct psx_error *err)
{
	struct psx_model_config *m = &options->model;
	u32 pitch;

	m->profile = PSX_PROFILE_REAL;
	if (v->profile && find_profile(v->profile, &m->profile, err))
		return -1;
	if (fill_crystal(v, m, err))
		return -1;
	m->seed = (u64)given(v->seed, 1);
	pitch = psx_kinds[m->profile].pitch_um;
	if (pitch && given(v->pitch, pitch) != pitch)
		return psx_error_set(err, EINVAL, "sim: profile=%s has a pitch of %u um",
				     psx_profile_name(m->profile), pitch);
	m->pitch_um = (u32)given(v->pitch, pitch ? pitch : DEFAULT_PITCH_UM);
	if (fill_aperture(v, m, err))
		return -1;
	m->faults.readback = (u32)given(v->readback_faults, 0);
	m->faults.temperature_mc = (s32)lround(given(v->temperature, DEFAULT_CELSIUS) * 1e3);
	m->faults.interlock_ns = time_ns(v->interlock_at);
	m->faults.overcurrent_ns = time_ns(v->overcurrent_at);
	m->dose_rate_pgy_s = (u64)llround(given(v->dose_rate, DEFAULT_DOSE_RATE) * UGY_TO_PGY);
	options->rate = given(v->rate, 0);
	if (options->rate > 0 && options->rate < LEAST_RATE)
		return psx_error_set(err, EINVAL, "sim: rate=%g: need 0 or %g..1e6", options->rate,
				     LEAST_RATE);
	return open_scene(v, options, err);
}

int psx_sim_parse(const char *keys, struct psx_sim_options *options, struct psx_error *err)
{
	struct values v = { NULL, NULL, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
			    NAN, NAN, NAN, NAN, NAN };
	char *text = strdup(keys);
	int failed;

	*options = (struct psx_sim_options){ 0 };
	if (!text)
		return psx_error_set(err, ENOMEM, "out of memory");
	failed = split(&v, text, err) || fill(&v, options, err);
	if (failed) {
		int code = errno;

		psx_image_free(options->scene);
		free(text);
		errno = code;
		return -1;
	}
	free(text);
	return 0;
}
