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

struct irq_info {
	u32 argsz, flags, index, count;
};

struct irq_set {
	u32 argsz, flags, index, start, count;
};

#define VECTORS 1u

static int do_version(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	static const char capabilities[] = "{\"capabilities\":{}}";
	struct version version;
	int error = vfu_take(r, &version, sizeof(version));

	if (error)
		return error;
	if (version.major)
		return ENOTSUP;
	version.minor = 0;
	vfu_answer(reply, reply_size, &version, sizeof(version));
	memcpy(reply + sizeof(version), capabilities, sizeof(capabilities));
	*reply_size += sizeof(capabilities);
	return 0;
}

static int do_dma_map(struct vfu *v, const struct vfu_request *r)
{
	struct dma_map map;
	struct vfu_window window;
	int error = vfu_take(r, &map, sizeof(map));

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
	int error = vfu_take(r, &unmap, sizeof(unmap));

	if (error)
		return error;
	if (unmap.argsz < sizeof(unmap) || unmap.flags & ~(u32)VFIO_DMA_UNMAP_FLAG_ALL)
		return EINVAL;
	if (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		vfu_dma_clear(&v->dma);
	else
		error = vfu_dma_unmap(&v->dma, unmap.address, unmap.size);
	vfu_answer(reply, reply_size, &unmap, sizeof(unmap));
	return error;
}

static int do_get_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct device_info info;
	int error = vfu_take(r, &info, sizeof(info));

	if (error)
		return error;
	if (info.argsz < sizeof(info))
		return EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	info.regions = VFIO_PCI_NUM_REGIONS;
	info.irqs = VFIO_PCI_NUM_IRQS;
	vfu_answer(reply, reply_size, &info, sizeof(info));
	return 0;
}

static u32 vectors(u32 index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? VECTORS : 0;
}

static int do_get_irq_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct irq_info info;
	int error = vfu_take(r, &info, sizeof(info));

	if (error)
		return error;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	info.argsz = sizeof(info);
	info.count = vectors(info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE : 0;
	vfu_answer(reply, reply_size, &info, sizeof(info));
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
	int error = vfu_take(r, &set, sizeof(set));

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
		return vfu_region_info(r, reply, reply_size);
	case GET_IRQ_INFO:
		return do_get_irq_info(r, reply, reply_size);
	case SET_IRQS:
		return do_set_irqs(v, r);
	case REGION_READ:
		return vfu_region_read(v, r, reply, reply_size);
	case REGION_WRITE:
		return vfu_region_write(v, r, reply, reply_size);
	case RESET:
		vfu_reset(v);
		return 0;
	default:
		return ENOTSUP;
	}
}
