// SPDX-License-Identifier: MIT
#include "settings.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_THRESHOLD 32767
#define MAX_PGA	      128

const struct psx_settings psx_default_settings = {
	.polarity = PSX_POSITIVE, .threshold = 1, .exposure_ns = 1000000000,
};

struct psx_settings *psx_settings_new(void)
{
	struct psx_settings *s = malloc(sizeof(*s));

	if (s)
		*s = psx_default_settings;
	return s;
}

void psx_settings_free(struct psx_settings *s)
{
	free(s);
}

static int refuse(bool bad)
{
	if (bad)
		errno = EINVAL;
	return bad ? -1 : 0;
}

int psx_settings_set_polarity(struct psx_settings *s, enum psx_polarity polarity)
{
	if (refuse(polarity != PSX_POSITIVE && polarity != PSX_BOTH))
		return -1;
	s->polarity = polarity;
	return 0;
}

int psx_settings_set_threshold(struct psx_settings *s, unsigned int threshold)
{
	if (refuse(threshold > MAX_THRESHOLD))
		return -1;
	s->threshold = (uint16_t)threshold;
	return 0;
}

int psx_settings_set_pga(struct psx_settings *s, unsigned int gain)
{
	if (refuse(gain > MAX_PGA || (gain & (gain - 1))))
		return -1;
	s->pga = gain;
	return 0;
}

int psx_settings_set_exposure(struct psx_settings *s, uint64_t ns)
{
	if (refuse(!ns))
		return -1;
	s->exposure_ns = ns;
	return 0;
}

int psx_settings_set_period(struct psx_settings *s, uint64_t ns)
{
	s->period_ns = ns;
	return 0;
}

int psx_settings_set_software_trigger(struct psx_settings *s, bool on)
{
	s->software_trigger = on;
	return 0;
}
