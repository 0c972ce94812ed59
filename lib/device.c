// SPDX-License-Identifier: MIT
/* A detector: identity, state, scene and shutter. */
#include "device.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MOST 256

const char *psx_version(void)
{
	return PSX_VERSION;
}

static struct psx_transport *open_transport(const char *uri, struct psx_error *err)
{
	char node[64];

	if (!strncmp(uri, "sim:", 4) || !strcmp(uri, "sim"))
		return psx_sim_open(uri[3] ? uri + 4 : "", err);
	if (!strncmp(uri, "/dev/", 5))
		return psx_dev_open(uri, err);
	if (!strncmp(uri, "serial:", 7))
		return psx_dev_find(uri + 7, node, sizeof(node), err) ? NULL : psx_dev_open(node, err);
	return psx_error_null(err, EINVAL,
			      "'%s' is not a detector: use /dev/psxdetN, serial:NAME or sim:key=value,...",
			      uri);
}

struct psx_device *psx_device_open(const char *uri, struct psx_error *err)
{
	struct psx_device *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return psx_error_null(err, ENOMEM, "out of memory");
	dev->transport = open_transport(uri, err);
	if (!dev->transport) {
		free(dev);
		return NULL;
	}
	dev->references = 1;
	(void)snprintf(dev->transport->info.uri, sizeof(dev->transport->info.uri), "%s", uri);
	return dev;
}

void psx_device_close(struct psx_device *dev)
{
	int code = errno;

	if (!dev || --dev->references)
		return;
	dev->transport->ops->close(dev->transport);
	free(dev->slots);
	free(dev->retired);
	psx_device_drop_masks(dev);
	free(dev);
	errno = code;
}

const char *psx_device_error(const struct psx_device *dev)
{
	return dev->error.message;
}

const struct psx_device_info *psx_device_get_info(const struct psx_device *dev)
{
	return &dev->transport->info;
}

const struct psx_device_status *psx_device_get_status(struct psx_device *dev)
{
	struct psx_device_status now = { 0 };

	if (dev->transport->ops->get_status(dev->transport, &now, &dev->error))
		return NULL;
	dev->status = now;
	return &dev->status;
}

int psx_device_claim(struct psx_device *dev)
{
	const struct psx_transport_ops *ops = dev->transport->ops;

	return ops->claim ? ops->claim(dev->transport, &dev->error) : 0;
}

int psx_device_next_event(struct psx_device *dev, int timeout_ms, struct psx_device_event *event)
{
	const struct psx_transport_ops *ops = dev->transport->ops;

	if (!ops->next_event)
		return psx_error_set(&dev->error, ENOTSUP, "%s is in this process and reports nothing",
				     dev->transport->info.uri);
	return ops->next_event(dev->transport, timeout_ms, event, &dev->error);
}

int psx_device_get_fd(const struct psx_device *dev)
{
	const struct psx_transport_ops *ops = dev->transport->ops;

	if (ops->get_fd)
		return ops->get_fd(dev->transport);
	errno = ENOTSUP;
	return -1;
}

int psx_device_present(struct psx_device *dev, const struct psx_image *scene)
{
	const struct psx_device_info *info = &dev->transport->info;
	uint32_t width = psx_image_get_width(scene), height = psx_image_get_height(scene);

	if (!(info->caps & PSX_CAP_SCENE))
		return psx_error_set(&dev->error, ENOTSUP, "%s shows its beam, not a given scene",
				     info->uri);
	if (width != info->scene_width || height != info->scene_height)
		return psx_error_set(&dev->error, EINVAL,
				     "a scene of %u x %u does not fit a %s of %u x %u", width, height,
				     info->caps & PSX_CAP_STAGE ? "stage" : "sensor",
				     info->scene_width, info->scene_height);
	if (psx_device_claim(dev))
		return -1;
	return dev->transport->ops->present(dev->transport, psx_image_get_levels(scene), &dev->error);
}

int psx_device_set_shutter(struct psx_device *dev, enum psx_shutter position)
{
	if (!(dev->transport->info.caps & PSX_CAP_SHUTTER))
		return psx_error_set(&dev->error, ENOTSUP, "%s has no shutter",
				     dev->transport->info.uri);
	if (psx_device_claim(dev))
		return -1;
	return dev->transport->ops->set_shutter(dev->transport, position, &dev->error);
}

int psx_device_get_channels(struct psx_device *dev)
{
	struct psx_channel_info channels[CHANNELS_MOST];
	struct psx_settings settings;
	size_t count;

	if (dev->transport->ops->get_schedule(dev->transport, channels, CHANNELS_MOST, &count,
					      &settings, &dev->error))
		return -1;
	return (int)count;
}

int psx_device_get_channel(struct psx_device *dev, unsigned int channel,
			   struct psx_channel_info *info)
{
	struct psx_channel_info channels[CHANNELS_MOST];
	struct psx_settings settings;
	size_t count;

	if (dev->transport->ops->get_schedule(dev->transport, channels, CHANNELS_MOST, &count,
					      &settings, &dev->error))
		return -1;
	if (channel >= count)
		return psx_error_set(&dev->error, EINVAL, "no channel %u: %zu are loaded, from 0",
				     channel, count);
	*info = channels[channel];
	if (info->phases != (info->mode == PSX_MODE_SCAN ? info->k * info->k : 1))
		return psx_error_set(&dev->error, EPROTO, "channel %u: %u phases of %u x %u", channel,
				     info->phases, info->k, info->k);
	return 0;
}

struct psx_settings *psx_device_get_settings(struct psx_device *dev)
{
	struct psx_channel_info channels[CHANNELS_MOST];
	struct psx_settings found, *settings;
	size_t count;

	if (dev->transport->ops->get_schedule(dev->transport, channels, CHANNELS_MOST, &count,
					      &found, &dev->error))
		return NULL;
	settings = psx_settings_new();
	if (!settings)
		return psx_error_null(&dev->error, ENOMEM, "out of memory");
	*settings = found;
	settings->threshold = channels[0].threshold;
	return settings;
}

int psx_device_move(struct psx_device *dev, int32_t x_um, int32_t y_um)
{
	if (!(dev->transport->info.caps & PSX_CAP_STAGE) || !dev->transport->ops->move)
		return psx_error_set(&dev->error, ENOTSUP, "%s has no stage",
				     dev->transport->info.uri);
	if (psx_device_claim(dev))
		return -1;
	if (!dev->transport->ops->move(dev->transport, x_um, y_um, &dev->error))
		return 0;
	if (errno != EINVAL && errno != ERANGE)
		return -1;
	return psx_error_set(&dev->error, errno, "%s: the stage can't go to %d, %d um",
			     dev->transport->info.uri, x_um, y_um);
}

int psx_device_trigger(struct psx_device *dev)
{
	if (psx_device_claim(dev))
		return -1;
	return dev->transport->ops->trigger(dev->transport, &dev->error);
}
