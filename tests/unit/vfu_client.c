// SPDX-License-Identifier: MIT
#include "vfu_client.h"

#include <string.h>
#include <sys/socket.h>

struct vfu_reply vfu_reply;

void vfu_send(int fd, const void *bytes, size_t size, int passed_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec vec = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };

	if (passed_fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &passed_fd, sizeof(int));
	}
	ck_assert_int_eq(sendmsg(fd, &msg, MSG_NOSIGNAL), (ssize_t)size);
}

bool vfu_receive(int fd, struct vfu_header *header)
{
	ssize_t got = recv(fd, header, sizeof(*header), MSG_WAITALL);

	if (got <= 0)
		return false;
	ck_assert_int_eq(got, sizeof(*header));
	ck_assert_uint_ge(header->size, sizeof(*header));
	vfu_reply.size = header->size - sizeof(*header);
	ck_assert_uint_le(vfu_reply.size, sizeof(vfu_reply.data));
	if (vfu_reply.size)
		ck_assert_int_eq(recv(fd, vfu_reply.data, vfu_reply.size, MSG_WAITALL),
				 (ssize_t)vfu_reply.size);
	ck_assert_uint_eq(header->flags & 0xf, 1);
	ck_assert_uint_eq(!!(header->flags & 0x20), !!header->error);
	if (header->error)
		ck_assert_uint_eq(vfu_reply.size, 0);
	return true;
}

u32 vfu_call_fd(int fd, u16 command, const void *data, size_t size, int passed_fd)
{
	static u16 id;
	u8 message[16384];
	struct vfu_header header = { .id = ++id, .command = command };

	header.size = (u32)(sizeof(header) + size);
	memcpy(message, &header, sizeof(header));
	if (size)
		memcpy(message + sizeof(header), data, size);
	vfu_send(fd, message, header.size, passed_fd);
	ck_assert(vfu_receive(fd, &header));
	ck_assert_uint_eq(header.id, id);
	ck_assert_uint_eq(header.command, command);
	return header.error;
}

u32 vfu_call(int fd, u16 command, const void *data, size_t size)
{
	return vfu_call_fd(fd, command, data, size, -1);
}

void vfu_hello(int fd)
{
	static const u8 version[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";

	ck_assert_uint_eq(vfu_call(fd, VFU_VERSION, version, sizeof(version)), 0);
}

u32 vfu_read(int fd, u32 region, u64 offset, void *data, u32 count)
{
	struct vfu_access access = { offset, region, count };
	u32 error = vfu_call(fd, VFU_REGION_READ, &access, sizeof(access));

	if (error)
		return error;
	ck_assert_uint_eq(vfu_reply.size, sizeof(access) + count);
	ck_assert_int_eq(memcmp(vfu_reply.data, &access, sizeof(access)), 0);
	memcpy(data, vfu_reply.data + sizeof(access), count);
	return 0;
}

u32 vfu_write(int fd, u32 region, u64 offset, const void *data, u32 count)
{
	struct vfu_access access = { offset, region, count };
	u8 message[8192];

	memcpy(message, &access, sizeof(access));
	memcpy(message + sizeof(access), data, count);
	return vfu_call(fd, VFU_REGION_WRITE, message, sizeof(access) + count);
}

u32 vfu_map(int fd, u64 address, u64 size, u64 offset, u32 flags, int memory)
{
	struct vfu_dma_map map = { sizeof(map), flags, offset, address, size };

	return vfu_call_fd(fd, VFU_DMA_MAP, &map, sizeof(map), memory);
}

u32 vfu_unmap(int fd, u64 address, u64 size)
{
	struct vfu_dma_unmap unmap = { sizeof(unmap), 0, address, size };

	return vfu_call(fd, VFU_DMA_UNMAP, &unmap, sizeof(unmap));
}

u32 vfu_set_irq(int fd, u32 flags, u32 start, u32 count, int eventfd)
{
	struct vfu_irq_set set = { sizeof(set), flags, VFIO_PCI_MSIX_IRQ_INDEX, start, count };

	return vfu_call_fd(fd, VFU_SET_IRQS, &set, sizeof(set), eventfd);
}

u32 vfu_config_get(int fd, u32 offset, u32 count)
{
	u32 value = 0;

	ck_assert_uint_eq(vfu_read(fd, VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, count), 0);
	return value;
}

void vfu_config_set(int fd, u32 offset, u32 value, u32 count)
{
	ck_assert_uint_eq(vfu_write(fd, VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, count), 0);
}

u32 vfu_rd(int fd, u32 reg)
{
	u32 value = 0;

	ck_assert_uint_eq(vfu_read(fd, VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value)), 0);
	return value;
}

u64 vfu_rd64(int fd, u32 reg)
{
	u64 low = vfu_rd(fd, reg);

	return (u64)vfu_rd(fd, reg + 4) << 32 | low;
}

void vfu_wr(int fd, u32 reg, u32 value)
{
	ck_assert_uint_eq(vfu_write(fd, VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value)), 0);
}

void vfu_wr64(int fd, u32 reg, u64 value)
{
	vfu_wr(fd, reg, (u32)value);
	vfu_wr(fd, reg + 4, (u32)(value >> 32));
}
