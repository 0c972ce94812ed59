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
	static const char *const names[] = { "none", "over-current", "interlock", "watchdog" };

	return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "unknown";
}
