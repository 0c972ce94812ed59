// SPDX-License-Identifier: MIT
/* What a frame has, in the words that all verbs use. */
#include "plan.h"

/* Does the middle of output `i` of `count` see something? One is a sub-pixel in scan
 * mode, a cell of them in snap mode. */
static bool sees(uint32_t i, uint32_t count, uint32_t sensor, uint32_t border)
{
	const uint32_t cell = sensor / count, middle = i * cell + cell / 2;

	return middle >= border && middle < sensor - border;
}

static bool has_border(const struct psx_frame_info *info, const struct psx_device_info *device)
{
	return device->border && info->mode != PSX_MODE_POINT && info->width <= device->width &&
	       info->height <= device->height;
}

bool figures_sees(const struct psx_frame_info *info, const struct psx_device_info *device,
		  uint32_t x, uint32_t y)
{
	return !has_border(info, device) ||
	       (sees(x, info->width, device->width, device->border) &&
		sees(y, info->height, device->height, device->border));
}

static uint64_t seeing(uint32_t count, uint32_t sensor, uint32_t border)
{
	uint64_t some = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		some += sees(i, count, sensor, border);
	return some;
}

/* What is bad, and what counts: inside the border, if there is one, and not bad */
static void count_active(struct figures *f, const struct psx_frame *frame,
			 const struct psx_device_info *device)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	const uint8_t *mask = psx_frame_get_mask(frame);
	struct psx_pixel_iter *iter;
	struct psx_pixel pixel;
	size_t i;

	f->active = f->pixels;
	f->active_effective = f->effective;
	if (has_border(info, device))
		f->active = seeing(info->width, device->width, device->border) *
			    seeing(info->height, device->height, device->border);
	for (i = 0; mask && i < f->pixels; i++) {
		f->bad += mask[i];
		f->active -= mask[i] && figures_sees(info, device, (uint32_t)(i % info->width),
						     (uint32_t)(i / info->width));
	}
	if (f->active == f->pixels)
		return;
	f->active_effective = 0;
	iter = psx_pixel_iter_new(frame);
	while (iter && psx_pixel_iter_next(iter, &pixel) == 1)
		f->active_effective +=
			!(mask && mask[(size_t)pixel.y * info->width + pixel.x]) &&
			figures_sees(info, device, pixel.x, pixel.y);
	psx_pixel_iter_free(iter);
}

struct figures figures_of(const struct psx_frame *frame, const struct psx_device_info *device)
{
	const struct psx_frame_info *info = psx_frame_get_info(frame);
	struct figures f = {
		.pixels = (uint64_t)info->width * info->height,
		.effective = info->effective,
		.dense_bytes = (uint64_t)info->width * info->height * sizeof(int16_t),
		.saturated = info->saturated,
	};
	size_t length;

	(void)psx_frame_get_payload(frame, &length);
	f.payload_bytes = length;
	count_active(&f, frame, device);
	return f;
}

void figures_add(struct figures *sum, const struct figures *one)
{
	sum->pixels += one->pixels;
	sum->effective += one->effective;
	sum->payload_bytes += one->payload_bytes;
	sum->dense_bytes += one->dense_bytes;
	sum->saturated += one->saturated;
	sum->active += one->active;
	sum->active_effective += one->active_effective;
	sum->bad += one->bad;
}

double figures_occupancy(const struct figures *f)
{
	return f->active ? (double)f->active_effective / (double)f->active : 0;
}

double figures_occupancy_total(const struct figures *f)
{
	return f->pixels ? (double)f->effective / (double)f->pixels : 0;
}

double figures_byte_ratio(const struct figures *f)
{
	return f->dense_bytes ? (double)f->payload_bytes / (double)f->dense_bytes : 0;
}
