/* SPDX-License-Identifier: MIT */
/*
 * Where the cells of a bank lie, and the weights of those that edge or border
 * of the sensor cut. In one direction the way in which a cell is cut is (before,
 * after): the sub-pixels on either side of its centre that see the scene, each
 * 0..k/2.
 */
#ifndef PSX_LIB_FOLD_H
#define PSX_LIB_FOLD_H

#include "kernel.h"

#define PSX_MAX_TAPS (PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K)

/* One direction of a sensor; sub-pixels first .. end - 1 see the scene */
struct psx_axis {
	uint32_t size, first, end;
};

struct psx_way {
	unsigned int before, after;
};

struct psx_axis psx_axis_x(const struct psx_geometry *geometry);
struct psx_axis psx_axis_y(const struct psx_geometry *geometry);

/* How many outputs there are along an axis */
uint32_t psx_axis_outputs(const struct psx_axis *axis, enum psx_mode mode, unsigned int k);
/* Centre of the cell that makes output `i`; false when it lies in the border */
bool psx_axis_centre(const struct psx_axis *axis, enum psx_mode mode, unsigned int k, uint32_t i,
		     uint32_t *centre);
/* Centre of the cell that covers sub-pixel `i` in a phase shifted by `shift`;
 * false when either sees nothing, or when the cell is not whole (snap) */
bool psx_axis_cover(const struct psx_axis *axis, enum psx_mode mode, unsigned int k,
		    unsigned int shift, uint32_t i, uint32_t *centre);

struct psx_way psx_way_at(const struct psx_axis *axis, uint32_t centre, unsigned int radius);

/* below psx_way_count(k)^2, for both directions */
static inline unsigned int psx_way_count(unsigned int k)
{
	return (k / 2 + 1) * (k / 2 + 1);
}

static inline size_t psx_way_index(struct psx_way x, struct psx_way y, unsigned int k)
{
	unsigned int side = k / 2 + 1;

	return (size_t)(y.before * side + y.after) * psx_way_count(k) + x.before * side + x.after;
}

/* The kernel's weights times `shrink`, those of missing sub-pixels on the nearest
 * edge ones */
void psx_fold(const struct psx_kernel *kernel, struct psx_way x, struct psx_way y, double shrink,
	      double *folded);

/* Calls visit for every pair of ways that occurs */
void psx_for_each_way(const struct psx_geometry *geometry, enum psx_mode mode, unsigned int k,
		      void (*visit)(struct psx_way x, struct psx_way y, void *arg), void *arg);
/* Largest |weight| of any cell, edges included */
double psx_fold_largest(const struct psx_kernel *kernel, const struct psx_geometry *geometry,
			enum psx_mode mode);
/* -1 with EINVAL for a sensor that has no cells of k x k */
int psx_geometry_check(const struct psx_geometry *geometry, enum psx_mode mode, unsigned int k,
		       struct psx_error *err);

#endif
