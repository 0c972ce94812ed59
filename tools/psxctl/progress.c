// SPDX-License-Identifier: MIT
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define WIDTH	    30
#define INTERVAL_MS 100

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *progress_time(char *text, size_t size, double seconds)
{
	const double minutes = round(seconds / 60), whole = round(seconds);

	if (whole >= 3600)
		(void)snprintf(text, size, "%.0f h %.0f min", floor(minutes / 60), fmod(minutes, 60));
	else if (whole >= 60)
		(void)snprintf(text, size, "%.0f min %.0f s", floor(whole / 60), fmod(whole, 60));
	else if (seconds >= 1)
		(void)snprintf(text, size, "%.0f s", seconds);
	else
		(void)snprintf(text, size, "%.2g s", seconds);
	return text;
}

void progress_begin_alone(struct progress *p, const char *what, uint64_t total, bool wanted)
{
	*p = (struct progress){ .what = what, .total = total, .start_ms = now_ms() };
	p->on = wanted && isatty(STDERR_FILENO);
}

void progress_begin(struct progress *p, const char *what, uint64_t total, bool wanted)
{
	progress_begin_alone(p, what, total, wanted && !isatty(STDOUT_FILENO));
}

void progress_show(struct progress *p, uint64_t done)
{
	uint64_t now, elapsed;
	unsigned int filled, i;
	char left[40];

	if (!p->on)
		return;
	now = now_ms();
	if (now - p->drawn_ms < INTERVAL_MS)
		return;
	p->drawn_ms = now;
	elapsed = now - p->start_ms;
	fputc('\r', stderr);
	if (p->total) {
		filled = (unsigned int)(done * WIDTH / p->total);
		fputc('[', stderr);
		for (i = 0; i < WIDTH; i++)
			fputc(i < filled ? '#' : ' ', stderr);
		fprintf(stderr, "] %3u %%", (unsigned int)(done * 100 / p->total));
	}
	fprintf(stderr, " %llu %s", (unsigned long long)done, p->what);
	if (elapsed)
		fprintf(stderr, ", %.1f/s", (double)done * 1000 / (double)elapsed);
	if (p->total && done && elapsed >= INTERVAL_MS) /* sooner it would be a guess */
		fprintf(stderr, ", %s left",
			progress_time(left, sizeof(left), (double)(p->total - done) *
					      (double)elapsed / (double)done / 1000));
	fputs("\033[K", stderr);
}

void progress_end(struct progress *p)
{
	if (p->on && p->drawn_ms)
		fputs("\r\033[K", stderr);
}
