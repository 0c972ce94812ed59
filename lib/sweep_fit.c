// SPDX-License-Identifier: MIT
/* Curves of a sweep: which are of the crystal, and what each is by itself. */
#include "error.h"
#include "odd.h"
#include "parallel.h"
#include "sweep.h"

#include <errno.h>
#include <math.h>

#define LEAST_POINTS 5
/* Whose response is not of this crystal: dead ones */
#define LEAST	     0.5
#define MOST	     2.0 /* times the median curve */
/* Whose curve is not: stuck ones. Parts of the response at the highest bias, rms; and
 * PSX_ODD_PART off the median curve */
#define MOST_OFF     0.02 /* off its own fit */
/* Fitted from one word of how far it is to the next */
#define STRETCH	     2048
/* Noise that grows with the response, to noise that doesn't at all, in powers of 2 */
#define LEAST_POWER  (-4)
#define MOST_POWER   12

struct job {
	struct psx_sweep *sweep;
	size_t first; /* of a stretch */
	bool forward;
	unsigned int biases;
	double usual[PSX_HECHT_POINTS]; /* the median curve */
	double full;			/* its most */
	float *off; /* the sweep's: parts of `full`; infinite where there is no fit */
};

static void gather(const struct job *job, size_t place, struct psx_hecht_points *points)
{
	const struct psx_sweep *sweep = job->sweep;
	unsigned int i;

	points->count = 0;
	points->constant = sweep->constant;
	for (i = 0; i < job->biases; i++) {
		const double weight = psx_sweep_weight(sweep, job->forward, i, place);

		if (isnan(weight))
			continue;
		points->volts[points->count] =
			fabs(sweep->volts[psx_sweep_index(sweep, job->forward, i)]);
		points->weight[points->count++] = weight;
	}
}

/* The curve of the median sub-pixel, which defects don't bend; -1 when it is none */
static int find_usual(struct job *job)
{
	const struct psx_sweep *sweep = job->sweep;
	struct psx_hecht_points points = { .constant = sweep->constant };
	struct psx_hecht_found found;
	unsigned int i;

	job->full = 0;
	for (i = 0; i < job->biases; i++) {
		const unsigned int index = psx_sweep_index(sweep, job->forward, i);

		job->usual[i] = psx_odd_median(sweep->levels + index * sweep->count, sweep->count) *
				(job->forward ? sweep->weight : -sweep->weight);
		if (isnan(job->usual[i]))
			continue;
		job->full = fmax(job->full, job->usual[i]);
		points.volts[points.count] = fabs(sweep->volts[index]);
		points.weight[points.count++] = job->usual[i];
	}
	return psx_hecht_fit(&psx_carriers[job->forward], &points, &found);
}

static void fit_part(size_t first, size_t end, void *arg)
{
	const struct job *job = arg;
	size_t place;

	for (place = job->first + first; place < job->first + end; place++) {
		struct psx_hecht_found *found = &job->sweep->found[job->forward][place];
		struct psx_hecht_points points;

		gather(job, place, &points);
		job->off[place] = (float)INFINITY;
		if (psx_hecht_fit(&psx_carriers[job->forward], &points, found))
			found->p[0] = 0;
		else
			job->off[place] = (float)(found->residual / job->full);
	}
}

/* How far the curve is off `times` the median one; infinite for what has no such height */
static float bent(const struct job *job, size_t place)
{
	double product = 0, squares = 0, off = 0, times;
	unsigned int known = 0, i;

	for (i = 0; i < job->biases; i++) {
		const double weight = psx_sweep_weight(job->sweep, job->forward, i, place);

		if (isnan(weight) || isnan(job->usual[i]))
			continue;
		product += weight * job->usual[i];
		squares += job->usual[i] * job->usual[i];
		known++;
	}
	times = product / squares;
	if (known < LEAST_POINTS || !(times > LEAST && times < MOST))
		return (float)INFINITY;
	for (i = 0; i < job->biases; i++) {
		const double weight = psx_sweep_weight(job->sweep, job->forward, i, place) / times -
				      job->usual[i];

		if (!isnan(weight))
			off += weight * weight / known;
	}
	return (float)(sqrt(off) / job->full);
}

/* A noisy one may have no fit of its own, and is of the crystal all the same */
static void choose(struct job *job, struct psx_sweep_fit *fit)
{
	struct psx_sweep *sweep = job->sweep;
	const double most_off = psx_odd_limit(job->off, sweep->count, MOST_OFF);
	bool *used = sweep->used[job->forward];
	double squares = 0, most_bent;
	size_t fitted = 0, i;

	for (i = 0; i < sweep->count; i++)
		used[i] = isinf(job->off[i]) || job->off[i] < most_off;
	for (i = 0; i < sweep->count; i++) {
		if (used[i] && !isinf(job->off[i])) {
			squares += job->off[i] * job->off[i];
			fitted++;
		}
		job->off[i] = bent(job, i);
	}
	most_bent = psx_odd_limit(job->off, sweep->count, PSX_ODD_PART);
	fit->residual = fitted ? sqrt(squares / (double)fitted) : 0;
	fit->used = 0;
	for (i = 0; i < sweep->count; i++) {
		used[i] &= job->off[i] < most_bent;
		fit->used += used[i];
		if (!used[i])
			sweep->found[job->forward][i].p[0] = 0;
	}
	fit->left_out = sweep->count - fit->used;
}

static int fit_sign(struct psx_device *dev, struct psx_sweep *sweep, bool forward,
		    struct psx_task *task)
{
	struct job job = { .sweep = sweep, .forward = forward, .biases = sweep->points / 2,
			   .off = sweep->off };
	struct psx_sweep_fit *fit = &sweep->fits[forward];
	const char *const none = "no sub-pixel answers to its bias as a crystal does";

	if (find_usual(&job))
		return psx_error_set(&dev->error, ENODATA, "%s", none);
	while (job.first < sweep->count) {
		const size_t left = sweep->count - job.first;
		const size_t count = left < STRETCH ? left : STRETCH;

		if (psx_task_tell(dev, task))
			return -1;
		psx_parallel(count, fit_part, &job);
		job.first += count;
		task->done += count;
	}
	choose(&job, fit);
	return fit->used && !psx_sweep_mean(sweep, forward, fit) ? 0 :
			psx_error_set(&dev->error, ENODATA, "%s", none);
}

/* Of noise squared that would be noise[] where the constant part is this: less is likelier */
static double unlikelihood(const struct psx_sweep *sweep, double constant)
{
	double sum = 0, logarithms = 0;
	unsigned int known = 0, i;

	for (i = 0; i < sweep->points; i++) {
		const double weight = psx_sensor_weight(sweep->volts[i]);
		const double variance = weight * weight + constant;

		if (!(sweep->noise[i] > 0))
			continue;
		sum += sweep->noise[i] * sweep->noise[i] / variance;
		logarithms += log(variance);
		known++;
	}
	return known ? log(sum / known) + logarithms / known : 0;
}

/* From noise that was seen between frames; darkness, which was taken off, has the constant
 * part once more */
static void weigh_noise(struct psx_sweep *sweep)
{
	double least = unlikelihood(sweep, PSX_HECHT_NOISE);
	int i;

	sweep->constant = PSX_HECHT_NOISE;
	for (i = LEAST_POWER; i <= MOST_POWER; i++) {
		const double constant = PSX_HECHT_NOISE * pow(2, i);
		const double now = unlikelihood(sweep, constant / 2);

		if (now >= least)
			continue;
		least = now;
		sweep->constant = constant;
	}
}

int psx_sweep_fit_all(struct psx_device *dev, struct psx_sweep *sweep, struct psx_task *task)
{
	task->what = "fits";
	task->done = 0;
	task->total = 2 * (uint64_t)sweep->count;
	weigh_noise(sweep);
	return fit_sign(dev, sweep, false, task) || fit_sign(dev, sweep, true, task) ? -1 : 0;
}

const struct psx_sweep_fit *psx_sweep_get_fit(const struct psx_sweep *sweep, bool forward)
{
	return sweep->fits[forward].used ? &sweep->fits[forward] : NULL;
}

int psx_sweep_get_pixel(const struct psx_sweep *sweep, uint32_t x, uint32_t y, bool forward,
			struct psx_sweep_fit *fit)
{
	const struct psx_region *r = &sweep->region;
	const struct psx_hecht_found *found;

	*fit = (struct psx_sweep_fit){ .used = 1 };
	if (x < r->x || y < r->y || x - r->x >= r->width || y - r->y >= r->height) {
		errno = ERANGE;
		return -1;
	}
	found = &sweep->found[forward][(size_t)(y - r->y) * r->width + x - r->x];
	if (found->p[0] <= 0 || !sweep->fits[forward].used) {
		errno = ENODATA;
		return -1;
	}
	psx_sweep_fit_one(found, forward, fit);
	return 0;
}
