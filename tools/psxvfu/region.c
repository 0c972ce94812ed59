// SPDX-License-Identifier: MIT
/* The device's regions: BARs and configuration space, as messages reach them. */
#include "vfu.h"

#include <linux/vfio.h>

struct region_info {
	u32 argsz, flags, index, cap_offset;
	u64 size, offset;
};

struct access {
	u64 offset;
	u32 region, count;
};

static u32 region_size(u32 region)
{
	static const u32 sizes[VFIO_PCI_NUM_REGIONS] = {
		[VFIO_PCI_BAR0_REGION_INDEX + PSX_PCI_BAR_REGS] = PSX_REG_SPACE,
		[VFIO_PCI_BAR0_REGION_INDEX + PSX_PCI_BAR_MSIX] = PSX_PCI_MSIX_SPACE,
		[VFIO_PCI_CONFIG_REGION_INDEX] = VFU_CONFIG_SPACE,
	};

	return region < VFIO_PCI_NUM_REGIONS ? sizes[region] : 0;
}

int vfu_region_info(const struct vfu_request *r, u8 *reply, size_t *reply_size)
{
	struct region_info info;
	int error = vfu_take(r, &info, sizeof(info));

	if (error)
		return error;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	info = (struct region_info){
		.argsz = sizeof(info), .index = info.index, .size = region_size(info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	vfu_answer(reply, reply_size, &info, sizeof(info));
	return 0;
}

static int take_access(const struct vfu_request *r, struct access *access)
{
	int error = vfu_take(r, access, sizeof(*access));
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

int vfu_region_read(struct vfu *v, const struct vfu_request *r, u8 *reply,
		    size_t *reply_size)
{
	struct access access;
	int error = take_access(r, &access);
	u8 *data = reply + sizeof(access);
	u32 i, value;

	if (error)
		return error;
	memset(data, v->unplugged ? 0xff : 0, access.count);
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX && !v->unplugged)
		vfu_config_read(&v->config, (u32)access.offset, data, access.count);
	for (i = 0; access.region == VFIO_PCI_BAR0_REGION_INDEX && i < access.count; i += 4) {
		value = vfu_bar_read(v, (u32)access.offset + i);
		memcpy(data + i, &value, sizeof(value));
	}
	vfu_answer(reply, reply_size, &access, sizeof(access));
	*reply_size += access.count;
	return 0;
}

int vfu_region_write(struct vfu *v, const struct vfu_request *r, u8 *reply,
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
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX && !v->unplugged &&
	    vfu_config_write(&v->config, (u32)access.offset, data, access.count))
		vfu_reset(v);
	for (i = 0; access.region == VFIO_PCI_BAR0_REGION_INDEX && i < access.count; i += 4) {
		memcpy(&value, data + i, sizeof(value));
		vfu_bar_write(v, (u32)access.offset + i, value);
	}
	vfu_answer(reply, reply_size, &access, sizeof(access));
	return 0;
}
