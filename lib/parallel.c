// SPDX-License-Identifier: MIT
#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#define MOST_THREADS 32

struct part {
	pthread_t thread;
	void (*work)(size_t first, size_t end, void *arg);
	void *arg;
	size_t first, end;
	bool running;
};

static size_t processors(void)
{
	cpu_set_t set;
	int count = 1;

	if (!sched_getaffinity(0, sizeof(set), &set))
		count = CPU_COUNT(&set);
	return count < MOST_THREADS ? (size_t)count : MOST_THREADS;
}

static void *run(void *arg)
{
	struct part *part = arg;

	part->work(part->first, part->end, part->arg);
	return NULL;
}

void psx_parallel(size_t count, void (*work)(size_t first, size_t end, void *arg), void *arg)
{
	struct part parts[MOST_THREADS];
	size_t threads = processors(), i;

	for (i = 0; i < threads; i++) {
		parts[i] = (struct part){ .work = work, .arg = arg, .first = count * i / threads,
					  .end = count * (i + 1) / threads };
		parts[i].running = i && !pthread_create(&parts[i].thread, NULL, run, &parts[i]);
	}
	for (i = 0; i < threads; i++)
		if (!parts[i].running)
			(void)run(&parts[i]);
	for (i = 1; i < threads; i++)
		if (parts[i].running)
			(void)pthread_join(parts[i].thread, NULL);
}
