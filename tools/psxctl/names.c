// SPDX-License-Identifier: MIT
/* What states are called, in text and JSON. */
#include "psxctl.h"

const char *ctl_rails_name(uint32_t rails)
{
	static const char *const names[] = { "off", "ramping", "on", "tripped" };

	return rails < sizeof(names) / sizeof(names[0]) ? names[rails] : "unknown";
}

const char *ctl_cause_name(uint32_t cause)
{
	static const char *const names[] = { "none",	  "over-current", "interlock", "watchdog",
					     "heartbeat", "owner",	  "host" };

	return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "unknown";
}

const char *ctl_cause_words(uint32_t cause)
{
	static const char *const words[] = {
		"",
		"by over-current",
		"by the open interlock",
		"by the watchdog: the host was silent",
		"because their owner's heartbeat was late",
		"because their owner is gone, or their hold is over",
		"because the host suspends, shuts down or lets the device go",
	};

	return cause < sizeof(words) / sizeof(words[0]) ? words[cause] : "for an unknown reason";
}

const char *ctl_mode_name(enum psx_mode mode)
{
	static const char *const names[] = {
		[PSX_MODE_SCAN] = "scan", [PSX_MODE_SNAP] = "snap", [PSX_MODE_POINT] = "point",
	};

	return mode <= PSX_MODE_POINT ? names[mode] : "unknown";
}

const char *ctl_shutter_name(enum psx_shutter shutter)
{
	static const char *const names[] = {
		[PSX_SHUTTER_CLOSED] = "closed", [PSX_SHUTTER_OPEN] = "open",
		[PSX_SHUTTER_BEAM] = "beam",
	};

	return shutter <= PSX_SHUTTER_BEAM ? names[shutter] : "unknown";
}
