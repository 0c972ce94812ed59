// SPDX-License-Identifier: MIT
#include "evaluator.h"

#include "../../lib/error.h"

#include <errno.h>
#include <stdio.h>

/* What belongs to a model is of no interest here */
static const struct ctl quiet = { .quiet = true };

/* The detector that images go through: the one that was named, or an ideal
 * model, remade when the size changes */
int evaluator_begin(struct evaluator *e, const char *uri, struct plan *plan, struct psx_error *err)
{
	*e = (struct evaluator){ .uri = uri, .plan = plan };
	if (!uri)
		return 0;
	e->dev = psx_device_open(uri, err);
	if (e->dev && !plan_load(&quiet, plan, e->dev, err))
		return 0;
	evaluator_end(e);
	return -1;
}

void evaluator_end(struct evaluator *e)
{
	psx_device_close(e->dev);
	e->dev = NULL;
}

static int fit_model(struct psx_device **dev, struct plan *plan,
		     const struct psx_image *image, struct psx_error *err)
{
	const uint32_t width = psx_image_get_width(image), height = psx_image_get_height(image);
	const struct psx_device_info *info = *dev ? psx_device_get_info(*dev) : NULL;
	char uri[96];

	if (info && info->width == width && info->height == height)
		return 0;
	psx_device_close(*dev);
	(void)snprintf(uri, sizeof(uri), "sim:profile=ideal,width=%u,height=%u,scene=flat:0", width,
		       height);
	*dev = psx_device_open(uri, err);
	return *dev ? plan_load(&quiet, plan, *dev, err) : -1;
}

static int expose(struct psx_device *dev, const struct plan *plan, const struct psx_image *image,
		  struct figures *figures, struct psx_error *err)
{
	const struct psx_frame *frame;
	struct stream stream;
	int got;

	if (psx_device_present(dev, image))
		return psx_error_set(err, errno, "%s", psx_device_error(dev));
	if (stream_start(&stream, plan, dev, 1, err))
		return -1;
	got = stream_next(&stream, &frame, err);
	if (got > 0)
		*figures = figures_of(frame, psx_device_get_info(dev));
	else if (!got)
		(void)psx_error_set(err, EIO, "the detector made no frame");
	stream_end(&stream);
	return got > 0 ? 0 : -1;
}

int evaluator_image(struct evaluator *e, const char *path, struct figures *figures,
		    struct psx_error *err)
{
	struct psx_image *image = psx_image_load(path, err);
	struct psx_error why;
	int result = 0;

	if (!image)
		return -1;
	if ((!e->uri && fit_model(&e->dev, e->plan, image, &why)) ||
	    expose(e->dev, e->plan, image, figures, &why))
		result = psx_error_set(err, why.code, "%s: %s", psx_error_path(path), why.message);
	psx_image_free(image);
	return result;
}
