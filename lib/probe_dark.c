// SPDX-License-Identifier: MIT
/* What a probe takes off its readings, setting by setting. */
#include "error.h"
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const struct psx_darkness *find(const struct psx_probe *probe, double volts,
				       unsigned int frames)
{
	const struct psx_darkness *d;

	for (d = probe->darkness; d; d = d->next)
		if (d->volts == volts && d->exposure_ns == probe->settings.exposure_ns &&
		    d->pga == probe->settings.pga && d->frames >= frames)
			return d;
	return NULL;
}

static struct psx_darkness *make(struct psx_probe *probe, double volts, unsigned int frames)
{
	const size_t count = probe->count;
	struct psx_darkness *d = calloc(1, sizeof(*d) + count * (sizeof(*d->levels) +
								 2 * sizeof(*d->offset)));

	if (!d)
		return psx_error_null(&probe->dev->error, ENOMEM, "out of memory");
	d->volts = volts;
	d->exposure_ns = probe->settings.exposure_ns;
	d->pga = probe->settings.pga;
	d->frames = frames;
	d->offset = (int16_t *)(d->levels + count);
	d->dark = d->offset + count;
	return d;
}

/* With an odd eighth of a code taken off, no value is half-way between two: the device would
 * round those away from zero, lit ones and dark ones to different sides */
static void avoid_halves(struct psx_bank *bank)
{
	const size_t area = psx_bank_area(bank);
	size_t i;

	for (i = 0; bank->dark && i < area; i++)
		bank->dark[i] |= 1;
}

static int set_maps(struct psx_probe *probe)
{
	probe->task.what = "dark";
	if (psx_probe_light(probe, PSX_SHUTTER_CLOSED) ||
	    psx_zero_measure(probe->dev, &probe->settings, &probe->bank, 1, 1, &probe->task))
		return -1;
	avoid_halves(probe->bank);
	return 0;
}

/* Maps by one exposure, and by many what they leave, which is taken off here: NULL
 * with the device's error */
static const struct psx_darkness *measure(struct psx_probe *probe, double volts,
					  unsigned int frames)
{
	struct psx_darkness *d = make(probe, volts, frames);
	const struct psx_bank *bank = probe->bank;
	size_t i;

	if (!d)
		return NULL;
	probe->now = NULL;
	if (set_maps(probe) ||
	    psx_probe_take(probe, PSX_SHUTTER_CLOSED, frames, &d->reading, NULL)) {
		free(d);
		return NULL;
	}
	for (i = 0; i < probe->count; i++) {
		const size_t place = psx_probe_place(probe, i);
		const bool bad = bank->mask && bank->mask->bad[place];

		d->levels[i] = bad ? NAN : probe->levels[i];
		d->offset[i] = bank->offset ? bank->offset[place] : 0;
		d->dark[i] = bank->dark && !bad ? bank->dark[place] : 0;
	}
	d->next = probe->darkness;
	probe->darkness = d;
	return d;
}

/* Maps of the bank, as they were measured before; and dark levels */
static int use(struct psx_probe *probe, const struct psx_darkness *d)
{
	const float step = 1.0f / (float)(PSX_DARK_STEPS * PSX_ADC_STEPS * d->pga);
	struct psx_bank *bank = probe->bank;
	const size_t area = psx_bank_area(bank);
	size_t i;

	if ((probe->dev->transport->info.caps & PSX_CAP_OFFSET) && !bank->offset) {
		bank->offset = calloc(area, sizeof(*bank->offset));
		bank->dark = calloc(area, sizeof(*bank->dark));
		if (!bank->offset || !bank->dark)
			return psx_error_set(&probe->dev->error, ENOMEM, "out of memory");
	}
	for (i = 0; i < probe->count; i++) {
		probe->dark[i] = (float)d->offset[i] * PSX_OFFSET_LEVELS +
				 (float)d->dark[i] * step + d->levels[i];
		if (bank->offset) {
			bank->offset[psx_probe_place(probe, i)] = d->offset[i];
			bank->dark[psx_probe_place(probe, i)] = d->dark[i];
		}
	}
	probe->now = d;
	return 0;
}

int psx_probe_darken(struct psx_probe *probe, double volts, unsigned int frames)
{
	const struct psx_darkness *d = find(probe, volts, frames);

	if (!d)
		d = measure(probe, volts, frames);
	if (!d)
		return -1;
	if (!d->reading.used)
		return psx_error_set(&probe->dev->error, ERANGE,
				     "dark current is beyond the offset DAC: shorten the exposure");
	return use(probe, d);
}

void psx_probe_forget(struct psx_probe *probe)
{
	while (probe->darkness) {
		struct psx_darkness *next = probe->darkness->next;

		free(probe->darkness);
		probe->darkness = next;
	}
}
