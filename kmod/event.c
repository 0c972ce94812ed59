// SPDX-License-Identifier: GPL-2.0
/* Events: a short queue in every open file, read() as whole structures. */
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "psxdet.h"

static_assert(sizeof(struct psxdet_event) == 64);

/* The oldest stay, and the next one to fit says how many were lost */
void psx_event_send(struct psx_file *file, const struct psxdet_event *event)
{
	struct psxdet_event copy = *event;

	spin_lock(&file->events_lock);
	copy.lost = file->events_lost;
	if (kfifo_put(&file->events, copy))
		file->events_lost = 0;
	else
		file->events_lost++;
	spin_unlock(&file->events_lock);
	wake_up_interruptible_poll(&file->wait, EPOLLPRI);
}

void psx_event_broadcast(struct psx_device *psx, struct psxdet_event *event)
{
	struct psx_file *file;

	event->mono_ns = ktime_get_ns();
	spin_lock(&psx->files_lock);
	list_for_each_entry(file, &psx->files, node)
		psx_event_send(file, event);
	spin_unlock(&psx->files_lock);
}

/* Whoever waits looks again */
void psx_event_wake_all(struct psx_device *psx)
{
	struct psx_file *file;

	spin_lock(&psx->files_lock);
	list_for_each_entry(file, &psx->files, node)
		wake_up_interruptible_all(&file->wait);
	spin_unlock(&psx->files_lock);
}

static bool peek(struct psx_file *file, struct psxdet_event *event)
{
	bool there;

	spin_lock(&file->events_lock);
	there = kfifo_peek(&file->events, event);
	spin_unlock(&file->events_lock);
	return there;
}

/* An event is taken only once user space has it */
static ssize_t copy_events(struct psx_file *file, char __user *buffer, size_t size)
{
	struct psxdet_event event;
	size_t done = 0;

	while (done + sizeof(event) <= size && peek(file, &event)) {
		if (copy_to_user(buffer + done, &event, sizeof(event)))
			return done ? done : -EFAULT;
		spin_lock(&file->events_lock);
		kfifo_skip(&file->events);
		spin_unlock(&file->events_lock);
		done += sizeof(event);
	}
	return done;
}

ssize_t psx_event_read(struct psx_file *file, char __user *buffer, size_t size, bool wait)
{
	struct psx_device *psx = file->psx;
	ssize_t done;
	bool gone;

	if (size < sizeof(struct psxdet_event))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&file->read_lock))
			return -ERESTARTSYS;
		gone = smp_load_acquire(&psx->gone);	/* pairs with psx_lost() */
		done = copy_events(file, buffer, size);
		mutex_unlock(&file->read_lock);
		if (done)
			return done;
		if (gone)
			return -ENODEV;
		if (!wait)
			return -EAGAIN;
		if (wait_event_interruptible(file->wait, !kfifo_is_empty(&file->events) ||
					     READ_ONCE(psx->gone)))
			return -ERESTARTSYS;
	}
}
