/* SPDX-License-Identifier: MIT */
/* What `view` shows: a frame of a file, a frame's payload, or an image. */
#ifndef PSXCTL_SUBJECT_H
#define PSXCTL_SUBJECT_H

#include <psxdet.h>
#include <stdint.h>

struct subject {
	uint32_t width, height;
	int32_t *values;
	bool is_frame;
	/* of frames */
	struct psx_frame_info info;
	long long index, count; /* in the file */
	bool complete;		/* the file; false when its writer died */
	size_t payload_bytes;
	uint8_t *mask;   /* 1 = the value means nothing; NULL when all are good */
	size_t bad;      /* of the mask */
	uint32_t border; /* pixels at every edge that see nothing, of a scan */
	uint64_t active, active_effective; /* inside it and not bad */
	char kernel[64]; /* empty when not known */
};

/* Frame `index`, from the end when negative. -1 with *err. */
int subject_load(struct subject *s, const char *path, long long index, struct psx_error *err);
void subject_free(struct subject *s);

static inline const char *subject_unit(const struct subject *s)
{
	return s->is_frame ? "bits" : "grey levels";
}

static inline double subject_occupancy(const struct subject *s)
{
	return s->active ? (double)s->active_effective / (double)s->active : 0;
}

/* The border's and bad pixels are counted, too */
static inline double subject_occupancy_total(const struct subject *s)
{
	return (double)s->info.effective / ((double)s->width * s->height);
}

/* Are there pixels that see nothing or mean nothing? */
static inline bool subject_has_others(const struct subject *s)
{
	return s->active != (uint64_t)s->width * s->height;
}

/* 16 bits a pixel */
static inline uint64_t subject_dense_bytes(const struct subject *s)
{
	return 2 * (uint64_t)s->width * s->height;
}

#endif
