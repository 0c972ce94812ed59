// SPDX-License-Identifier: GPL-2.0
/* What the attributes of a detector say, at first and later, and whether it makes sense. */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "attributes.h"
#include "decimal.h"

#define WIDTH	640
#define HEIGHT	480
#define PITCH	100
#define ROOM_MC	25000

static int find_profile(const char *name)
{
	int i;

	for (i = 0; i < PSX_MODEL_PROFILES; i++)
		if (sysfs_streq(name, psx_profile_name(i)))
			return i;
	return -EINVAL;
}

void mock_attributes_init(struct mock_attributes *a)
{
	*a = (struct mock_attributes) {
		.profile = "real",
		.applied = PSX_PROFILE_REAL,
		.width = WIDTH,
		.height = HEIGHT,
		.seed = 1,
		.mismatch = 20000,
		.photons = 30000,
		.read_noise = 50,
		.dose_rate = 494000000,
		.pitch = PITCH,
		.faults = {
			.interlock_ns = U64_MAX,
			.overcurrent_ns = U64_MAX,
			.temperature_mc = ROOM_MC,
		},
	};
}

/* With a stage, width and height are those of the object on it */
static bool sets_size(const struct psx_kind *kind)
{
	return kind->side && !kind->stage;
}

void mock_attributes_profile(struct mock_attributes *a)
{
	int found = find_profile(a->profile);
	const struct psx_kind *old, *kind;

	if (found < 0)
		return;
	old = &psx_kinds[a->applied];
	kind = &psx_kinds[found];
	if (sets_size(kind) || sets_size(old)) {
		a->width = sets_size(kind) ? kind->side : WIDTH;
		a->height = sets_size(kind) ? kind->side : HEIGHT;
	}
	if (kind->pitch_um || old->pitch_um)
		a->pitch = kind->pitch_um ?: PITCH;
	a->aperture = kind->stage ? kind->pitch_um : 0;
	a->applied = found;
}

/* Where it is, for the log */
struct place {
	struct device *root;
	const char *name;
};

/* What may be written to @name; says in the log what is wrong with @value */
static bool check(const struct place *at, const char *name, u64 value, unsigned int places,
		  u64 least, u64 most)
{
	char is[32], from[32], to[32];

	if (value >= least && value <= most)
		return true;
	mock_decimal_print(is, sizeof(is), places, value);
	mock_decimal_print(from, sizeof(from), places, least);
	mock_decimal_print(to, sizeof(to), places, most);
	dev_err(at->root, "%s: %s is %s, need %s to %s\n", at->name, name, strim(is),
		strim(from), strim(to));
	return false;
}

static bool check_profile(const struct place *at, const char *name,
			  enum psx_model_profile *profile)
{
	int found = find_profile(name);

	if (found < 0) {
		dev_err(at->root,
			"%s: profile is '%s', need ideal, real, cmos32, macropixel or unpassivated\n",
			at->name, name);
		return false;
	}
	*profile = found;
	return true;
}

/* A collimator goes with a stage, and no opening is larger than its sub-pixel */
static bool check_aperture(const struct place *at, enum psx_model_profile profile, u64 aperture)
{
	const struct psx_kind *kind = &psx_kinds[profile];

	if (kind->stage)
		return check(at, "aperture", aperture, 0, 1, kind->pitch_um);
	if (aperture)
		dev_err(at->root, "%s: aperture is %llu, but profile %s has no collimator\n",
			at->name, aperture, psx_profile_name(profile));
	return !aperture;
}

int mock_attributes_check(const struct mock_attributes *a, struct device *root,
			  const char *name, struct mock_settings *s)
{
	const struct place at = { root, name };
	enum psx_model_profile profile = PSX_PROFILE_REAL;
	bool good = check_profile(&at, a->profile, &profile);
	const struct psx_kind *kind = &psx_kinds[profile];
	u32 side = sets_size(kind) ? kind->side : 0, pitch = kind->pitch_um;

	good &= check(&at, "width", a->width, 0, side ?: 1, side ?: PSX_MODEL_MAX_SIDE);
	good &= check(&at, "height", a->height, 0, side ?: 1, side ?: PSX_MODEL_MAX_SIDE);
	good &= check(&at, "mismatch", a->mismatch, PLACES_MISMATCH, 0, 100000);
	good &= check(&at, "photons", a->photons, 0, 1, U32_MAX);
	good &= check(&at, "read_noise", a->read_noise, PLACES_READ_NOISE, 0, 1000000);
	good &= check(&at, "rate", a->rate, PLACES_RATE, 0, 1000000000);
	good &= check(&at, "dose_rate", a->dose_rate, PLACES_DOSE_RATE, 100000, 32920000000ull);
	good &= check(&at, "pitch", a->pitch, 0, pitch ?: 1, pitch ?: 100000);
	good &= check_aperture(&at, profile, a->aperture);
	good &= check(&at, "dead", a->dead, 0, 0, MOCK_MOST_DEFECTS);
	good &= check(&at, "hot", a->hot, 0, 0, MOCK_MOST_DEFECTS);
	good &= check(&at, "stuck", a->stuck, 0, 0, MOCK_MOST_DEFECTS);
	good &= check(&at, "fault_grant", a->fault_grant, 0, 0, U32_MAX);
	if (!good)
		return -EINVAL;
	s->rate_milli = a->rate;
	s->fault_grant = a->fault_grant;
	s->model = (struct psx_model_config) {
		.profile = profile,
		.width = kind->side ?: a->width,
		.height = kind->side ?: a->height,
		.scene_width = a->width,
		.scene_height = a->height,
		.pitch_um = a->pitch,
		.aperture_um = a->aperture,
		.dose_rate_pgy_s = a->dose_rate,
		.seed = a->seed,
		.faults = a->faults,
	};
	if (profile != PSX_PROFILE_IDEAL) {
		s->model.mismatch_ppm = a->mismatch;
		s->model.photons = a->photons;
		s->model.read_noise_milli = a->read_noise;
		s->model.dead = a->dead;
		s->model.hot = a->hot;
		s->model.stuck = a->stuck;
	}
	return 0;
}
