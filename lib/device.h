/* SPDX-License-Identifier: MIT */
#ifndef PSX_LIB_DEVICE_H
#define PSX_LIB_DEVICE_H

#include "transport.h"

struct psx_device {
	struct psx_transport *transport;
	struct psx_error error;
	uint32_t *slots;   /* in force, one a channel */
	uint32_t *retired; /* in force before; freed when the new ones latched */
	size_t count, retired_count;
	struct psx_device_status status; /* at the last psx_device_get_status() */
	unsigned int references; /* the user's and a running acquisition's */
	bool acquiring;
	bool adopted; /* slots that were in force at the claim are among the retired */
};

/* Before anything is changed: -1 when somebody else may */
int psx_device_claim(struct psx_device *dev);

#endif
