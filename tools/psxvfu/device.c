// SPDX-License-Identifier: MIT
/* The device: a model, its scene, registers, reset and interrupt. */
#include "vfu.h"
#include "../../lib/error.h"
#include "../../lib/sim/sim.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *host_alloc(void *context, size_t bytes)
{
	(void)context;
	return calloc(1, bytes);
}

static void host_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static void *host_map(void *context, u64 address, size_t bytes)
{
	struct vfu *v = context;

	if (v->scene)
		return address <= v->scene_bytes && bytes <= v->scene_bytes - address ?
			       (void *)(v->scene + address) : NULL;
	if (!vfu_config_master(&v->config) || !vfu_is_there(v))
		return NULL;
	if (!v->loading) {
		v->time.last_address = address;
		v->time.last_bytes = bytes;
	}
	return vfu_dma_find(&v->dma, address, bytes, !v->loading);
}

static void host_irq(void *context)
{
	vfu_interrupt(context);
}

/* In the middle of a frame or of a sensor's making */
static void host_yield(void *context)
{
	struct vfu *v = context;

	v->time.computed = true;
	if (v->client)
		vfu_serve_waiting(v);
}

bool vfu_is_there(const struct vfu *v)
{
	return vfu_config_awake(&v->config) && !v->unplugged;
}

void vfu_interrupt(struct vfu *v)
{
	struct pollfd out = { .fd = v->irq_fd, .events = POLLOUT };
	const u64 one = 1;

	/* A message is a write on the bus. Whatever the client calls an eventfd
	 * must not stop this process. */
	if (v->irq_fd >= 0 && vfu_config_master(&v->config) && !v->unplugged &&
	    poll(&out, 1, 0) == 1)
		(void)!write(v->irq_fd, &one, sizeof(one));
}

void vfu_set_irq_fd(struct vfu *v, int fd)
{
	if (v->irq_fd >= 0)
		(void)close(v->irq_fd);
	v->irq_fd = fd;
}

#define RAILS_LIVE 0x10000u

void vfu_tell_rails(struct vfu *v)
{
	static const char *const states[] = { "off", "ramping", "on", "tripped" };
	static const char *const causes[] = { "none", "current", "interlock", "watchdog" };
	u32 state = psx_model_read(v->model, PSX_REG_RAIL_STATE);
	int32_t positive = (int32_t)psx_model_read(v->model, PSX_REG_RAIL_POS_MV);
	int32_t negative = (int32_t)psx_model_read(v->model, PSX_REG_RAIL_NEG_MV);
	u32 now = state | (positive || negative ? RAILS_LIVE : 0);
	bool gone = v->rails & ~now & RAILS_LIVE;

	if (!gone && (now & ~RAILS_LIVE) == (v->rails & ~RAILS_LIVE)) {
		v->rails = now;
		return;
	}
	v->rails = now;
	(void)fprintf(stderr, "psxvfu: rails %s, cause %s, %d mV, %d mV, device %llu ns\n",
		      states[state & 3], causes[state >> 8 & 3], positive, negative,
		      (unsigned long long)v->time.device_ns);
}

u32 vfu_bar_read(struct vfu *v, u32 reg)
{
	if (!vfu_is_there(v))
		return UINT32_MAX;
	if (reg == PSX_REG_WATCHDOG_MS)
		return v->time.watchdog_ms;
	vfu_time_catch_up(v);
	return psx_model_read(v->model, reg);
}

void vfu_bar_write(struct vfu *v, u32 reg, u32 value)
{
	if (!vfu_is_there(v))
		return;
	vfu_time_catch_up(v);
	if (!vfu_time_before_write(v, reg, value))
		return;
	v->loading = reg == PSX_REG_LOAD_GO && value == PSX_LOAD_WRITE;
	psx_model_write(v->model, reg, value);
	v->loading = false;
	vfu_time_after_write(v, reg, value);
	vfu_tell_rails(v);
}

void vfu_reset(struct vfu *v)
{
	vfu_config_reset(&v->config);
	vfu_bar_write(v, PSX_REG_CTRL, PSX_CTRL_RESET);
}

static int load_scene(struct vfu *v, const struct psx_image *scene, struct psx_error *err)
{
	size_t area = (size_t)psx_image_get_width(scene) * psx_image_get_height(scene);

	v->scene = (const u8 *)psx_image_get_levels(scene);
	v->scene_bytes = area * sizeof(u16);
	psx_model_write(v->model, PSX_REG_LOAD_BYTES, (u32)v->scene_bytes);
	psx_model_write(v->model, PSX_REG_LOAD_TARGET, PSX_LOAD_TARGET(PSX_LOAD_SCENE, 0, 0));
	psx_model_write(v->model, PSX_REG_LOAD_GO, PSX_LOAD_WRITE);
	v->scene = NULL;
	if (psx_model_read(v->model, PSX_REG_ERROR))
		return psx_error_set(err, EIO, "sim: the model doesn't take the scene");
	return 0;
}

static int start(struct vfu *v, const struct psx_sim_options *options, struct psx_error *err)
{
	const struct psx_model_host host = {
		.context = v, .alloc = host_alloc, .free = host_free, .map = host_map,
		.irq = host_irq, .yield = host_yield,
	};
	int error;

	v->irq_fd = -1;
	v->model = psx_model_create(&host, &options->model, &error);
	if (!v->model)
		return psx_error_set(err, -error, "sim: a model of %u x %u: %s",
				     options->model.width, options->model.height,
				     strerror(-error));
	if (load_scene(v, options->scene, err))
		return -1;
	vfu_time_init(v, options->rate);
	vfu_reset(v);
	return 0;
}

struct vfu *vfu_new(const char *keys, struct psx_error *err)
{
	struct psx_sim_options options;
	struct vfu *v;
	int failed;

	if (psx_sim_parse(keys, &options, err))
		return NULL;
	v = calloc(1, sizeof(*v));
	failed = v ? start(v, &options, err) : psx_error_set(err, ENOMEM, "out of memory");
	psx_image_free(options.scene);
	if (!failed)
		return v;
	vfu_free(v);
	return NULL;
}

void vfu_free(struct vfu *v)
{
	if (!v)
		return;
	psx_model_destroy(v->model);
	vfu_dma_clear(&v->dma);
	vfu_set_irq_fd(v, -1);
	free(v);
}
