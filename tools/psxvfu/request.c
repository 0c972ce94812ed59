// SPDX-License-Identifier: MIT
/* The vfio-user commands, each by the protocol's specification. */
#include "vfu.h"

#include <linux/vfio.h>

enum {
	VERSION = 1,
	DMA_MAP,
	DMA_UNMAP,
	GET_INFO,
	GET_REGION_INFO,
	GET_IRQ_INFO = 7,
	SET_IRQS,
	REGION_READ,
	REGION_WRITE,
	RESET = 13,
};

struct version {
	u16 major, minor;
};

struct dma_map {
	u32 argsz, flags;
	u64 offset, address, size;
};

#define MAP_READABLE 0x1u
#define MAP_WRITABLE 0x2u
#define MAP_BY_MMAP  0x4u
#define MAP_FLAGS    0x7u /* file I/O isn't offered */

struct dma_unmap {
	u32 argsz, flags;
	u64 address, size;
};

struct device_info {
	u32 argsz, flags, regions, irqs;
};

struct region_info {
	u32 argsz, flags, index, cap_offset;
	u64 size, offset;
};

struct irq_info {
	u32 argsz, flags, index, count;
};

struct irq_set {
	u32 argsz, flags, index, start, count;
};

struct access {
	u64 offset;
	u32 region, count;
};

#define VECTORS 1u

/* The fixed part of a message */
#define TAKE(request, to) \
	((request)->size < sizeof(to) ? EINVAL : (memcpy(&(to), (request)->data, sizeof(to)), 0))

static void answer(u8 *reply, size_t *reply_size, const void *data, size_t size)
{
	memcpy(reply, data, size);
	*reply_size = size;
}

static int do_version(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	static const char capabilities[] = "{\"capabilities\":{}}";
	struct version version;
	int error = TAKE(r, version);

	if (error)
		return error;
	if (version.major)
		return ENOTSUP;
	version.minor = 0;
	answer(reply, reply_size, &version, sizeof(version));
	memcpy(reply + sizeof(version), capabilities, sizeof(capabilities));
	*reply_size += sizeof(capabilities);
	return 0;
}

static int do_dma_map(struct vfu *v, const struct vfu_request *r)
{
	struct dma_map map;
	struct vfu_window window;
	int error = TAKE(r, map);

	if (error)
		return error;
	if (map.flags & ~MAP_FLAGS || r->fd_count > 1 ||
	    (map.flags & MAP_BY_MMAP && !r->fd_count))
		return EINVAL;
	window = (struct vfu_window){
		.address = map.address,
		.size = map.size,
		.offset = map.offset,
		.readable = map.flags & MAP_READABLE,
		.writable = map.flags & MAP_WRITABLE,
	};
	return vfu_dma_map(&v->dma, &window, r->fd_count ? r->fds[0] : -1);
}

static int do_dma_unmap(struct vfu *v, const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct dma_unmap unmap;
	int error = TAKE(r, unmap);

	if (error)
		return error;
	if (unmap.argsz < sizeof(unmap) || unmap.flags & ~(u32)VFIO_DMA_UNMAP_FLAG_ALL)
		return EINVAL;
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		vfu_dma_clear(&v->dma);
	else
		error = vfu_dma_unmap(&v->dma, unmap.address, unmap.size);
	answer(reply, reply_size, &unmap, sizeof(unmap));
	return error;
}

static int do_get_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct device_info info;
	int error = TAKE(r, info);

	if (error)
		return error;
	if (info.argsz < sizeof(info))
		return EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	info.regions = VFIO_PCI_NUM_REGIONS;
	info.irqs = VFIO_PCI_NUM_IRQS;
	answer(reply, reply_size, &info, sizeof(info));
	return 0;
}

static u32 region_size(u32 region)
{
	static const u32 sizes[VFIO_PCI_NUM_REGIONS] = {
		[VFIO_PCI_BAR0_REGION_INDEX + PSX_PCI_BAR_REGS] = PSX_REG_SPACE,
		[VFIO_PCI_BAR0_REGION_INDEX + PSX_PCI_BAR_MSIX] = PSX_PCI_MSIX_SPACE,
		[VFIO_PCI_CONFIG_REGION_INDEX] = VFU_CONFIG_SPACE,
	};

	return region < VFIO_PCI_NUM_REGIONS ? sizes[region] : 0;
}

static int do_get_region_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct region_info info;
	int error = TAKE(r, info);

	if (error)
		return error;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	info = (struct region_info){
		.argsz = sizeof(info), .index = info.index, .size = region_size(info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	answer(reply, reply_size, &info, sizeof(info));
	return 0;
}

static u32 vectors(u32 index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? VECTORS : 0;
}

static int do_get_irq_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct irq_info info;
	int error = TAKE(r, info);

	if (error)
		return error;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	info.argsz = sizeof(info);
	info.count = vectors(info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE : 0;
	answer(reply, reply_size, &info, sizeof(info));
	return 0;
}

/* The vector gets the eventfd that came, or loses its own when none came */
static int set_eventfd(struct vfu *v, const struct vfu_request *r, u32 count)
{
	if (!count || (r->fd_count && r->fd_count != count))
		return EINVAL;
	vfu_set_irq_fd(v, r->fd_count ? r->fds[0] : -1);
	if (r->fd_count)
		r->fds[0] = -1;
	return 0;
}

static int do_set_irqs(struct vfu *v, const struct vfu_request *r)
{
	struct irq_set set;
	int error = TAKE(r, set);

	if (error)
		return error;
	if (set.index >= VFIO_PCI_NUM_IRQS || set.start > vectors(set.index) ||
	    set.count > vectors(set.index) - set.start)
		return EINVAL;
	switch (set.flags) {
	case VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD:
		return set_eventfd(v, r, set.count);
	case VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE:
		if (set.count)
			vfu_interrupt(v);
		else if (vectors(set.index))
			vfu_set_irq_fd(v, -1);
		return 0;
	case VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_BOOL:
		if (r->size != sizeof(set) + set.count)
			return EINVAL;
		if (set.count && r->data[sizeof(set)])
			vfu_interrupt(v);
		return 0;
	default:
		return EINVAL;
	}
}

static int take_access(const struct vfu_request *r, struct access *access)
{
	int error = TAKE(r, *access);
	u32 size;

	if (error)
		return error;
	size = region_size(access->region);
	/* No access is larger than a region, and no region than VFU_DATA_MOST */
	if (access->offset > size || access->count > size - access->offset)
		return EINVAL;
	/* Registers are 32 bits wide; two of them are read and written in order */
	if (access->region == VFIO_PCI_BAR0_REGION_INDEX + PSX_PCI_BAR_REGS &&
	    ((access->offset | access->count) & 3))
		return EINVAL;
	return 0;
}

static int do_region_read(struct vfu *v, const struct vfu_request *r, u8 *reply,
			  size_t *reply_size)
{
	struct access access;
	int error = take_access(r, &access);
	u8 *data = reply + sizeof(access);
	u32 i, value;

	if (error)
		return error;
	memset(data, 0, access.count);
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX)
		vfu_config_read(&v->config, (u32)access.offset, data, access.count);
	for (i = 0; access.region == VFIO_PCI_BAR0_REGION_INDEX && i < access.count; i += 4) {
		value = vfu_bar_read(v, (u32)access.offset + i);
		memcpy(data + i, &value, sizeof(value));
	}
	answer(reply, reply_size, &access, sizeof(access));
	*reply_size += access.count;
	return 0;
}

static int do_region_write(struct vfu *v, const struct vfu_request *r, u8 *reply,
			   size_t *reply_size)
{
	const u8 *data = r->data + sizeof(struct access);
	struct access access;
	int error = take_access(r, &access);
	u32 i, value;

	if (error)
		return error;
	if (r->size != sizeof(access) + access.count)
		return EINVAL;
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX &&
	    vfu_config_write(&v->config, (u32)access.offset, data, access.count))
		vfu_reset(v);
	for (i = 0; access.region == VFIO_PCI_BAR0_REGION_INDEX && i < access.count; i += 4) {
		memcpy(&value, data + i, sizeof(value));
		vfu_bar_write(v, (u32)access.offset + i, value);
	}
	answer(reply, reply_size, &access, sizeof(access));
	return 0;
}

int vfu_request(struct vfu *v, const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	*reply_size = 0;
	switch (r->command) {
	case VERSION:
		return do_version(r, reply, reply_size);
	case DMA_MAP:
		return do_dma_map(v, r);
	case DMA_UNMAP:
		return do_dma_unmap(v, r, reply, reply_size);
	case GET_INFO:
		return do_get_info(r, reply, reply_size);
	case GET_REGION_INFO:
		return do_get_region_info(r, reply, reply_size);
	case GET_IRQ_INFO:
		return do_get_irq_info(r, reply, reply_size);
	case SET_IRQS:
		return do_set_irqs(v, r);
	case REGION_READ:
		return do_region_read(v, r, reply, reply_size);
	case REGION_WRITE:
		return do_region_write(v, r, reply, reply_size);
	case RESET:
		vfu_reset(v);
		return 0;
	default:
		return ENOTSUP;
	}
}
