/* SPDX-License-Identifier: MIT */
/* Signals that end an acquisition in good order. */
#ifndef PSXCTL_INTERRUPT_H
#define PSXCTL_INTERRUPT_H

#include <poll.h>
#include <psxdet.h>

/* From here on SIGINT, SIGTERM and SIGHUP are noted, not deadly */
void interrupt_catch(void);
/* The acquisition that they stop, at once when one has come; NULL for none */
void interrupt_stops(struct psx_acquisition *acq);
bool interrupt_came(void);
/* As poll(); a signal that came before or comes now ends it: -1 with EINTR */
int interrupt_poll(struct pollfd *files, nfds_t count, int timeout_ms);

#endif
