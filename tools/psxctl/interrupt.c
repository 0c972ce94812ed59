// SPDX-License-Identifier: MIT
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static struct psx_acquisition *volatile running; /* the one thing that the handler can reach */
static volatile sig_atomic_t came;

static void on_signal(int number)
{
	(void)number;
	came = 1;
	if (running)
		psx_acquisition_stop(running);
}

void interrupt_catch(void)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction old;

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN) /* nohup */
		(void)sigaction(SIGHUP, &action, NULL);
}

void interrupt_stops(struct psx_acquisition *acq)
{
	running = acq;
	if (acq && came)
		psx_acquisition_stop(acq);
}

bool interrupt_came(void)
{
	return came;
}

int interrupt_poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
	const struct timespec limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000000l };
	sigset_t all, before;
	int ready = -1;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	if (came)
		errno = EINTR;
	else
		ready = ppoll(files, count, timeout_ms < 0 ? NULL : &limit, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return ready;
}
