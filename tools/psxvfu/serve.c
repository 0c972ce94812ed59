// SPDX-License-Identifier: MIT
/* Messages in and out; and the loop that leaves the model its time between them. */
#include "vfu.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The longest that a command needs is a write of a whole region; a version
 * message carries some JSON */
#define PAYLOAD_MOST (16u + VFU_DATA_MOST)
#define FDS_MOST     8
/* That are served before the model gets its turn, however many come */
#define BURST	     4
/* For a client that takes no answers */
#define SEND_SECONDS 10

struct header {
	u16 id, command;
	u32 size, flags, error;
};

#define FLAG_TYPE     0xfu
#define FLAG_REPLY    0x1u
#define FLAG_NO_REPLY 0x10u
#define FLAG_ERROR    0x20u

struct vfu_client {
	int fd;
	bool gone;
	bool agreed; /* on a version */
	bool busy;   /* with a message */
	struct header header;
	u8 payload[PAYLOAD_MOST];
	size_t have; /* bytes of header and payload */
	int fds[FDS_MOST];
	size_t fd_count;
};

static void close_fds(struct vfu_client *c)
{
	size_t i;

	for (i = 0; i < c->fd_count; i++)
		if (c->fds[i] >= 0)
			(void)close(c->fds[i]);
	c->fd_count = 0;
}

static void take_fds(struct vfu_client *c, struct msghdr *msg)
{
	struct cmsghdr *part;
	size_t i, count;
	int fd;

	for (part = CMSG_FIRSTHDR(msg); part; part = CMSG_NXTHDR(msg, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
			if (c->fd_count < FDS_MOST)
				c->fds[c->fd_count++] = fd;
			else
				(void)close(fd);
		}
	}
}

/* What is there of `size` bytes; 0 when nothing waits or nobody is left */
static size_t receive(struct vfu_client *c, void *to, size_t size)
{
	union {
		char bytes[CMSG_SPACE(FDS_MOST * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec vec = { .iov_base = to, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &vec, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got <= 0) {
		c->gone = !got || (errno != EAGAIN && errno != EINTR);
		return 0;
	}
	take_fds(c, &msg);
	return (size_t)got;
}

/* True when a message is whole. Of one that is too long the rest is thrown away. */
static bool receive_message(struct vfu_client *c)
{
	const size_t head = sizeof(c->header);
	size_t got, left, place;

	for (;;) {
		if (c->have < head) {
			got = receive(c, (u8 *)&c->header + c->have, head - c->have);
		} else if (c->header.size < head) {
			return true;
		} else {
			left = c->header.size - c->have;
			if (!left)
				return true;
			place = (c->have - head) % PAYLOAD_MOST;
			got = receive(c, c->payload + place,
				      left < PAYLOAD_MOST - place ? left : PAYLOAD_MOST - place);
		}
		if (!got)
			return false;
		c->have += got;
	}
}

/* Who does not read for SEND_SECONDS is gone */
static void send_all(struct vfu_client *c, const u8 *data, size_t size)
{
	ssize_t sent;

	while (size) {
		sent = send(c->fd, data, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			c->gone = true;
			return;
		}
		data += sent;
		size -= (size_t)sent;
	}
}

static int handle(struct vfu *v, struct vfu_client *c, u8 *reply, size_t *reply_size)
{
	const struct vfu_request request = {
		.command = c->header.command,
		.data = c->payload,
		.size = c->header.size - sizeof(c->header),
		.fds = c->fds,
		.fd_count = c->fd_count,
	};
	bool is_version = c->header.command == 1;
	int error;

	if (c->header.size < sizeof(c->header)) {
		c->gone = true; /* where would the next message begin? */
		return EINVAL;
	}
	if (c->header.flags & FLAG_TYPE)
		return EINVAL;
	if (request.size > PAYLOAD_MOST)
		return EMSGSIZE;
	if (is_version == c->agreed)
		return EPROTO;
	error = vfu_request(v, &request, reply, reply_size);
	if (is_version && !error)
		c->agreed = true;
	return error;
}

static void answer(struct vfu *v, struct vfu_client *c)
{
	u8 message[sizeof(struct header) + VFU_REPLY_MOST];
	struct header header = c->header;
	size_t size = 0;
	int error = handle(v, c, message + sizeof(header), &size);

	close_fds(c);
	c->have = 0;
	if (header.flags & FLAG_NO_REPLY)
		return;
	if (error)
		size = 0;
	header.size = (u32)(sizeof(header) + size);
	header.flags = FLAG_REPLY | (error ? FLAG_ERROR : 0);
	header.error = (u32)error;
	memcpy(message, &header, sizeof(header));
	send_all(c, message, header.size);
}

void vfu_serve_waiting(struct vfu *v)
{
	struct vfu_client *c = v->client;
	int i;

	if (c->busy)
		return;
	c->busy = true;
	for (i = 0; i < BURST && !c->gone && receive_message(c); i++)
		answer(v, c);
	c->busy = false;
}

static void sleep_until(int fd, u64 wait)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	struct timespec limit = {
		.tv_sec = (time_t)(wait / 1000000000), .tv_nsec = (long)(wait % 1000000000),
	};

	(void)ppoll(&in, 1, wait == UINT64_MAX ? NULL : &limit, NULL);
}

void vfu_serve(struct vfu *v, int fd)
{
	const struct timeval limit = { .tv_sec = SEND_SECONDS };
	struct vfu_client client = { .fd = fd };
	u64 wait;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	v->client = &client;
	for (;;) {
		vfu_serve_waiting(v);
		if (client.gone)
			break;
		wait = vfu_time_wait(v);
		if (wait)
			sleep_until(fd, wait);
		else
			vfu_time_step(v);
	}
	v->client = NULL;
	close_fds(&client);
	vfu_dma_clear(&v->dma);
	vfu_set_irq_fd(v, -1);
}
