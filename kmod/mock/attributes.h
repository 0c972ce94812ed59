/* SPDX-License-Identifier: GPL-2.0 */
/* What the attributes of a detector say, in units of their last decimal place. */
#ifndef PSX_MOCK_ATTRIBUTES_H
#define PSX_MOCK_ATTRIBUTES_H

#include "mock.h"

struct device;

/* Places behind the decimal point of an attribute's unit */
#define PLACES_MISMATCH		6	/* ppm */
#define PLACES_READ_NOISE	3	/* 1/1000 grey level */
#define PLACES_RATE		3	/* 1/1000 frame a second */
#define PLACES_DOSE_RATE	6	/* pGy/s of uGy/s */
#define PLACES_TEMPERATURE	3	/* 1/1000 degree Celsius */
#define PLACES_TIME		9	/* ns of s */

#define MOCK_MOST_DEFECTS	65536

struct mock_attributes {
	char profile[16];
	enum psx_model_profile applied;	/* what the others were set by */
	u64 width;
	u64 height;
	u64 seed;
	u64 mismatch;
	u64 photons;
	u64 read_noise;
	u64 rate;
	u64 dose_rate;
	u64 pitch;
	u64 aperture;		/* 0 = this profile has no collimator */
	u64 fault_grant;
	u64 dead;
	u64 hot;
	u64 stuck;
	struct psx_model_faults faults;
};

void mock_attributes_init(struct mock_attributes *a);
/*
 * A profile with a size or a pitch of its own sets them, until another is chosen; one
 * with a stage the aperture
 */
void mock_attributes_profile(struct mock_attributes *a);
/* -EINVAL, and the log of @root says what is wrong with @name */
int mock_attributes_check(const struct mock_attributes *a, struct device *root,
			  const char *name, struct mock_settings *s);

#endif /* PSX_MOCK_ATTRIBUTES_H */
