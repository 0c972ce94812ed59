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
	struct psx_frame frame; /* the one that is lent out, with its mask */
	struct psx_acquisition_stats stats;
	uint64_t damaged; /* of `stats`, found here */
	atomic_bool stop_asked;
	bool stop_told;
	bool joined; /* somebody else started it */
	bool rails;  /* it switched them on */
	bool ended;
};

/* An object around what the transport has begun */
static struct psx_acquisition *new_acquisition(struct psx_device *dev, bool joined)
{
	struct psx_acquisition *acq;

	if (dev->acquiring)
		return psx_error_null(&dev->error, EBUSY, "an acquisition is running already");
	acq = calloc(1, sizeof(*acq));
	if (!acq)
		return psx_error_null(&dev->error, ENOMEM, "out of memory");
	acq->dev = dev;
	acq->joined = joined;
	return acq;
}

static struct psx_acquisition *begin(struct psx_acquisition *acq)
{
	acq->dev->acquiring = true;
	acq->dev->references++;
	return acq;
}

/* A start that is not possible although the rails were up: are they still? */
static int judge_refusal(struct psx_device *dev)
{
	const struct psx_error why = dev->error;
	struct psx_device_status now = { 0 };

	if (dev->transport->ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	if (now.rails == PSX_RAILS_ON)
		return psx_error_set(&dev->error, why.code, "%s", why.message);
	return psx_error_set(&dev->error, EIO, "%s: the rails went down", dev->transport->info.uri);
}

static int start(struct psx_acquisition *acq, uint64_t frames)
{
	struct psx_device *dev = acq->dev;
	const struct psx_transport_ops *ops = dev->transport->ops;
	const struct psx_rails_options plain = { 0 };
	struct psx_device_status now = { 0 };
	struct psx_error ignored;
	int code;

	if (ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	if (!now.cfg_id)
		return psx_error_set(&dev->error, EINVAL, "no kernel is loaded");
	/* Rails may be held, until the claim: only then it is known whether they are on */
	if (psx_device_claim(dev) || ops->get_status(dev->transport, &now, &dev->error))
		return -1;
	if (now.stage_moving)
		return psx_error_set(&dev->error, EBUSY, "%s: the stage is on its way, at %d, %d um",
				     dev->transport->info.uri, now.stage_x, now.stage_y);
	acq->rails = now.rails != PSX_RAILS_ON;
	if ((!acq->rails || !ops->rails_on(dev->transport, &plain, &dev->error)) &&
	    !ops->start(dev->transport, frames, &dev->error))
		return 0;
	if (errno == EBUSY && !acq->rails)
		return judge_refusal(dev);
	code = errno;
	if (acq->rails)
		(void)ops->rails_off(dev->transport, &ignored);
	errno = code;
	return -1;
}

struct psx_acquisition *psx_acquisition_start(struct psx_device *dev, uint64_t frames)
{
	struct psx_acquisition *acq = new_acquisition(dev, false);

	if (acq && start(acq, frames)) {
		free(acq);
		return NULL;
	}
	return acq ? begin(acq) : NULL;
}

struct psx_acquisition *psx_acquisition_join(struct psx_device *dev, bool reserving)
{
	const struct psx_transport_ops *ops = dev->transport->ops;
	struct psx_acquisition *acq;

	if (!ops->join)
		return psx_error_null(&dev->error, ENOTSUP,
				      "%s is in this process: nobody else reads it",
				      dev->transport->info.uri);
	acq = new_acquisition(dev, true);
	if (acq && ops->join(dev->transport, reserving, &dev->error)) {
		free(acq);
		return NULL;
	}
	return acq ? begin(acq) : NULL;
}

static void end(struct psx_acquisition *acq)
{
	acq->ended = true;
	if (acq->dev->transport->ops->leave)
		acq->dev->transport->ops->leave(acq->dev->transport);
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
	psx_frame_set_mask(&acq->frame, NULL);
	if (psx_frame_bind_device(&acq->frame, payload, length, info, &acq->error))
		return -1;
	if (info->width > device->width || info->height > device->height)
		return psx_error_set(&acq->error, EBADMSG, "frame %llu says it is %u x %u",
				     (unsigned long long)info->seq, info->width, info->height);
	psx_frame_set_mask(&acq->frame, psx_device_mask(acq->dev, info->cfg_id, info->channel));
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
	if (!got)
		end(acq);
	if (got < 0 && errno == EBADMSG)
		acq->damaged++;
	if (got <= 0)
		return got;
	if (take(acq, payload, length, &info)) {
		acq->damaged++;
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
	end(acq);
}

const struct psx_acquisition_stats *psx_acquisition_get_stats(struct psx_acquisition *acq)
{
	struct psx_transport *t = acq->dev->transport;
	struct psx_acquisition_stats *stats = &acq->stats;
	struct psx_counts now;

	if (!t->ops->get_counts(t, &now, &acq->error)) {
		stats->made = now.made;
		stats->dropped_full = now.dropped_full;
		stats->dropped_device = now.dropped_device;
		stats->dropped = now.dropped_full + now.dropped_device;
		stats->overrun = now.overrun;
		stats->damaged = acq->damaged + now.refused;
	}
	return stats;
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
	if (acq->rails)
		(void)acq->dev->transport->ops->rails_off(acq->dev->transport, &ignored);
	psx_frame_set_mask(&acq->frame, NULL);
	acq->dev->acquiring = false;
	psx_device_close(acq->dev);
	free(acq);
	errno = code;
}
