// SPDX-License-Identifier: MIT
/* A run of frames from a device. */
#include "device.h"
#include "error.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct psx_acquisition {
	struct psx_device *dev;
	struct psx_error error;
	struct psx_frame frame; /* the one that is lent out */
	struct psx_acquisition_stats stats;
	struct psx_device_status at_start;
	atomic_bool stop_asked;
	bool stop_told;
	bool ended;
};

struct psx_acquisition *psx_acquisition_start(struct psx_device *dev, uint64_t frames)
{
	const struct psx_transport_ops *ops = dev->transport->ops;
	struct psx_device_status now = { 0 };
	struct psx_acquisition *acq;

	if (dev->acquiring)
		return psx_error_null(&dev->error, EBUSY, "an acquisition is running already");
	if (ops->get_status(dev->transport, &now, &dev->error))
		return NULL;
	if (!now.cfg_id)
		return psx_error_null(&dev->error, EINVAL, "no kernel is loaded");
	acq = calloc(1, sizeof(*acq));
	if (!acq)
		return psx_error_null(&dev->error, ENOMEM, "out of memory");
	acq->dev = dev;
	acq->at_start = now;
	if (ops->set_rails(dev->transport, true, &dev->error) ||
	    ops->start(dev->transport, frames, &dev->error)) {
		struct psx_error ignored;
		int code = errno;

		(void)ops->set_rails(dev->transport, false, &ignored);
		free(acq);
		errno = code;
		return NULL;
	}
	dev->acquiring = true;
	dev->references++;
	return acq;
}

/* Bind a payload to the frame that is lent out, once it has passed all checks */
static int take(struct psx_acquisition *acq, const void *payload, size_t length,
		struct psx_frame_info *info)
{
	const struct psx_device_info *device = &acq->dev->transport->info;

	if (psx_crc32c(0, payload, length) != info->crc32c)
		return psx_error_set(&acq->error, EBADMSG,
				     "frame %llu was damaged on its way (crc32c of the payload)",
				     (unsigned long long)info->seq);
	if (psx_frame_bind_device(&acq->frame, payload, length, info, &acq->error))
		return -1;
	if (info->width > device->width || info->height > device->height)
		return psx_error_set(&acq->error, EBADMSG, "frame %llu says it is %u x %u",
				     (unsigned long long)info->seq, info->width, info->height);
	return 0;
}

int psx_acquisition_next(struct psx_acquisition *acq, int timeout_ms,
			 const struct psx_frame **frame)
{
	struct psx_transport *t = acq->dev->transport;
	struct psx_frame_info info;
	const void *payload;
	size_t length;
	int got;

	if (acq->ended)
		return 0;
	do {
		if (atomic_load(&acq->stop_asked) && !acq->stop_told) {
			acq->stop_told = true;
			(void)t->ops->stop(t, false, &acq->error);
		}
		got = t->ops->next(t, timeout_ms, &info, &payload, &length, &acq->error);
	} while (got < 0 && errno == EINTR && atomic_load(&acq->stop_asked) && !acq->stop_told);
	if (got <= 0) {
		acq->ended = !got;
		return got;
	}
	if (take(acq, payload, length, &info)) {
		acq->stats.damaged++;
		return -1;
	}
	acq->stats.frames++;
	acq->stats.saturated += info.saturated;
	*frame = &acq->frame;
	return 1;
}

void psx_acquisition_stop(struct psx_acquisition *acq)
{
	atomic_store(&acq->stop_asked, true);
	acq->dev->transport->ops->wake(acq->dev->transport);
}

void psx_acquisition_abort(struct psx_acquisition *acq)
{
	struct psx_transport *t = acq->dev->transport;

	if (acq->ended)
		return;
	(void)t->ops->stop(t, true, &acq->error);
	acq->stats.discarded += t->ops->discard(t);
	acq->ended = true;
}

const struct psx_acquisition_stats *psx_acquisition_get_stats(struct psx_acquisition *acq)
{
	struct psx_transport *t = acq->dev->transport;
	struct psx_device_status now = { 0 };

	if (!t->ops->get_status(t, &now, &acq->error)) {
		acq->stats.made = now.made - acq->at_start.made;
		acq->stats.dropped = now.dropped - acq->at_start.dropped;
	}
	return &acq->stats;
}

const char *psx_acquisition_error(const struct psx_acquisition *acq)
{
	return acq->error.message;
}

void psx_acquisition_free(struct psx_acquisition *acq)
{
	struct psx_error ignored;
	int code = errno;

	if (!acq)
		return;
	psx_acquisition_abort(acq);
	(void)acq->dev->transport->ops->set_rails(acq->dev->transport, false, &ignored);
	acq->dev->acquiring = false;
	psx_device_close(acq->dev);
	free(acq);
	errno = code;
}
