/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_SETTINGS_H
#define PSX_LIB_SETTINGS_H

#include <psxdet.h>

struct psx_settings {
	enum psx_polarity polarity;
	uint16_t threshold;
	unsigned int pga; /* 0 = by the banks */
	uint64_t exposure_ns, period_ns;
	bool software_trigger;
};

/* What psx_settings_new() holds */
extern const struct psx_settings psx_default_settings;

#endif
