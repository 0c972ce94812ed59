// SPDX-License-Identifier: MIT
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/psx_codec.h"

#define ALIGN 64u

static void *map(int fd, uint64_t offset, size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED, fd, (off_t)offset);

	ck_assert_msg(at != MAP_FAILED, "mmap at 0x%llx: %s", (unsigned long long)offset,
		      strerror(errno));
	return at;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void reader_join(struct reader *r, const struct rig *rig, enum reader_kind kind,
		 uint32_t watermark, uint32_t timeout_us)
{
	struct psxdet_join join = {
		.flags = kind == READER_RESERVING ? PSXDET_READER_RESERVING : 0,
		.watermark = watermark,
		.timeout_us = timeout_us,
	};

	memset(r, 0, sizeof(*r));
	r->fd = rig_open(rig, kind == READER_ONLY ? O_RDONLY : O_RDWR);
	r->reserving = kind == READER_RESERVING;
	ck_assert_int_eq(rig_ioctl(r->fd, PSXDET_IOC_JOIN, &join), 0);
	r->joined = r->cursor = join.position;
	r->ctrl = map(r->fd, PSXDET_OFFSET_CTRL, page_size(), PROT_READ);
	r->entries = r->ctrl->ring_entries;
	r->bytes = r->ctrl->ring_bytes;
	if (kind != READER_ONLY)
		r->cons = map(r->fd, PSXDET_OFFSET_CONS, page_size(), PROT_READ | PROT_WRITE);
	r->desc = map(r->fd, PSXDET_OFFSET_DESC, r->entries * sizeof(*r->desc), PROT_READ);
	r->data = map(r->fd, PSXDET_OFFSET_DATA, r->bytes, PROT_READ);
	ck_assert(!r->cons || r->cons->cursor == r->cursor);
}

void reader_close(struct reader *r)
{
	(void)munmap((void *)(uintptr_t)r->data, r->bytes);
	(void)munmap((void *)(uintptr_t)r->desc, r->entries * sizeof(*r->desc));
	if (r->cons)
		(void)munmap(r->cons, page_size());
	(void)munmap((void *)(uintptr_t)r->ctrl, page_size());
	(void)close(r->fd);
}

static void wrong(struct reader *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void wrong(struct reader *r, const char *format, ...)
{
	va_list args;
	int length;

	if (r->wrong[0])
		return;
	length = snprintf(r->wrong, sizeof(r->wrong), "frame %llu: ",
			  (unsigned long long)r->cursor);
	va_start(args, format);
	(void)vsnprintf(r->wrong + length, sizeof(r->wrong) - (size_t)length, format, args);
	va_end(args);
}

/* Rules of one frame after another, of which none was overrun */
static void check_order(struct reader *r, const struct psxdet_desc *d)
{
	const struct psxdet_desc *last = &r->last;
	uint64_t end = last->position + last->length;
	uint64_t place = (end + ALIGN - 1) / ALIGN * ALIGN;

	if (!r->has_last)
		return;
	if (d->seq <= last->seq)
		wrong(r, "seq %llu after %llu", (unsigned long long)d->seq,
		      (unsigned long long)last->seq);
	/* A gap is as large as what was dropped */
	if (d->seq - last->seq - 1 != d->dropped - last->dropped)
		wrong(r, "seq +%llu, dropped +%llu", (unsigned long long)(d->seq - last->seq),
		      (unsigned long long)(d->dropped - last->dropped));
	r->gaps += d->seq - last->seq - 1;
	if (place % r->bytes + d->length > r->bytes)
		place += r->bytes - place % r->bytes;
	if (d->position != place)
		wrong(r, "position %llu, wanted %llu", (unsigned long long)d->position,
		      (unsigned long long)place);
	if (d->series < last->series || d->device_ns < last->device_ns ||
	    d->mono_ns < last->mono_ns)
		wrong(r, "series or time goes back");
	if (d->series == last->series ? d->trigger <= last->trigger : d->trigger < 1)
		wrong(r, "trigger %u after %u", d->trigger, last->trigger);
}

static void check_frame(struct reader *r, const struct psxdet_desc *d, uint32_t crc,
			const struct psx_codec_frame *frame)
{
	if (crc != d->crc32c)
		wrong(r, "crc32c %08x, wanted %08x", crc, d->crc32c);
	else if (!frame)
		wrong(r, "the payload has no header");
	else if (frame->header.seq != d->seq || frame->header.cfg_id != d->cfg_id ||
		 frame->header.channel != d->channel || frame->header.mode != d->mode)
		wrong(r, "the payload is that of frame %llu",
		      (unsigned long long)frame->header.seq);
}

/* Those that were overwritten are skipped */
static bool skip_overrun(struct reader *r)
{
	uint64_t oldest = __atomic_load_n(&r->ctrl->oldest, __ATOMIC_RELAXED);

	if (oldest <= r->cursor)
		return false;
	if (r->reserving)
		wrong(r, "overrun up to %llu", (unsigned long long)oldest);
	r->overrun += oldest - r->cursor;
	r->cursor = oldest;
	r->has_last = false;
	return true;
}

/* One frame; where it was overwritten meanwhile, all that was seen is void */
static void take(struct reader *r)
{
	struct psxdet_desc d;
	struct psx_codec_frame frame;
	struct psx_codec_error error;
	bool parsed = false, inside;
	uint32_t crc = 0;

	if (skip_overrun(r))
		return;
	d = r->desc[r->cursor & (r->entries - 1)];
	inside = d.length && d.position % r->bytes + d.length <= r->bytes;
	if (inside) {
		const uint8_t *payload = r->data + d.position % r->bytes;

		crc = psx_crc32c(0, payload, d.length);
		parsed = psx_codec_parse(payload, d.length, &frame, &error) == 0;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (skip_overrun(r))
		return;
	if (!inside)
		wrong(r, "%u bytes at %llu", d.length, (unsigned long long)d.position);
	check_frame(r, &d, crc, parsed ? &frame : NULL);
	check_order(r, &d);
	r->last = d;
	r->has_last = true;
	r->consumed++;
	r->cursor++;
}

uint64_t reader_unread(const struct reader *r)
{
	return __atomic_load_n(&r->ctrl->head, __ATOMIC_ACQUIRE) - r->cursor;
}

bool reader_running(const struct reader *r)
{
	return __atomic_load_n(&r->ctrl->state, __ATOMIC_ACQUIRE) & PSXDET_STATE_RUNNING;
}

uint64_t reader_take(struct reader *r, uint64_t most)
{
	uint64_t before = r->cursor;

	while (r->cursor - before < most && reader_unread(r) && !r->wrong[0]) {
		take(r);
		if (r->cons)
			__atomic_store_n(&r->cons->cursor, r->cursor, __ATOMIC_RELEASE);
	}
	return r->cursor - before;
}

/* A file without CONS says how far it is before it sleeps */
short reader_poll(struct reader *r)
{
	struct psxdet_position position = { r->cursor };
	int error = r->cons ? 0 : rig_ioctl(r->fd, PSXDET_IOC_POSITION, &position);
	short events;

	if (error)
		wrong(r, "POSITION: %s", strerror(error));
	events = rig_sleep(r->fd, POLLIN | POLLPRI);
	if (!events)
		wrong(r, "nothing ended poll()");
	return events;
}

void reader_run(struct reader *r, uint64_t every)
{
	struct psxdet_event event = { 0 };
	uint64_t next = r->consumed + every;
	bool ended = false;

	while (!r->wrong[0]) {
		(void)reader_take(r, UINT64_MAX);
		if (every && r->consumed >= next) {
			reader_account(r, false);
			next = r->consumed + every;
		}
		if (ended)
			return;
		if (reader_poll(r) & POLLPRI) {
			if (read(r->fd, &event, sizeof(event)) != (ssize_t)sizeof(event))
				wrong(r, "read(): %s", strerror(errno));
			/* All its frames are in the ring */
			ended = event.type == PSXDET_EVENT_END;
			if (ended && reader_running(r))
				wrong(r, "END while it runs");
		}
	}
}

struct psxdet_reader_stats reader_stats(const struct reader *r)
{
	struct psxdet_reader_stats stats;

	ck_assert_int_eq(rig_ioctl(r->fd, PSXDET_IOC_GET_STATS, &stats), 0);
	return stats;
}

static bool adds_up(const struct reader *r, const struct psxdet_reader_stats *s)
{
	return s->made == r->consumed + r->overrun + (s->head - r->cursor) + s->dropped_full +
			  s->dropped_device + s->refused;
}

void reader_account(struct reader *r, bool ended)
{
	struct psxdet_reader_stats s;
	int tries = ended ? 1 : 50;

	/* Where frames end all the time, one may be in flight: soon none is */
	do {
		s = reader_stats(r);
	} while (--tries && !adds_up(r, &s));
	ck_assert_msg(adds_up(r, &s), "made %llu, consumed %llu, overrun %llu, in flight %llu, "
		      "dropped %llu + %llu, refused %llu", (unsigned long long)s.made,
		      (unsigned long long)r->consumed, (unsigned long long)r->overrun,
		      (unsigned long long)(s.head - r->cursor), (unsigned long long)s.dropped_full,
		      (unsigned long long)s.dropped_device, (unsigned long long)s.refused);
	ck_assert_uint_eq(s.position, r->joined);
	ck_assert_uint_ge(s.head, r->cursor);
	ck_assert(!ended || s.head == r->cursor);
	ck_assert(!r->cons || s.cursor == r->cursor);
	ck_assert_uint_eq(s.cursors_refused, 0);
	ck_assert_uint_eq(s.refused, 0);
}

void reader_good(const struct reader *r)
{
	ck_assert_msg(!r->wrong[0], "%s", r->wrong);
}
