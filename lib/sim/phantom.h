/* SPDX-License-Identifier: MIT */
/*
 * What the phantoms are made of. The same pixels must come out on every
 * machine, so these files compute with IEEE + - * / and sqrt() alone: libm's
 * other functions differ between versions, and fused multiply-add is off.
 */
#ifndef PSX_SIM_PHANTOM_H
#define PSX_SIM_PHANTOM_H

#include "../image.h"

/* Grey level of the open beam, but for `flat` and `baggage`. */
#define PHANTOM_OPEN 4095.0

struct point {
	double x, y;
};

/* Where an object lies: at (x, y), turned from x towards y, enlarged. */
struct pose {
	double x, y, cosine, sine, scale;
};

/* phantom_math.c */
double phantom_exp(double x);
double phantom_sin(double degrees);
double phantom_cos(double degrees);
double phantom_floor(double x);
/* A number that depends on seed and index alone. */
uint64_t phantom_random(uint64_t seed, uint64_t index);
/* Poisson distributed around `mean` >= 0. */
double phantom_poisson(double mean, uint64_t seed, uint64_t index);
struct pose phantom_pose(double x, double y, double degrees, double scale);
struct point phantom_place(const struct pose *pose, double x, double y);

/*
 * phantom_raster.c: polygons by exact area, in a band of image rows at a time.
 * Each pixel of the finished band holds the sum of weight * covered fraction.
 */
struct raster {
	uint32_t width, rows;
	int64_t top;	    /* image row of the band's first */
	double left, upper; /* image position of point (0, 0), in pixels */
	double unit;	    /* pixels in a length of 1 */
	float *sum;
};

static inline float *raster_row(const struct raster *r, uint32_t y)
{
	return r->sum + (size_t)y * (r->width + 2);
}

int raster_init(struct raster *r, uint32_t width, uint32_t rows);
void raster_free(struct raster *r);
/* Begin the band from row `top` on. */
void raster_begin(struct raster *r, int64_t top);
/* A polygon that doesn't cross itself, in either direction. */
void raster_polygon(struct raster *r, const struct point *corners, size_t count, double weight);
/* A line of `count` points, `breadth` broad, with butt ends. */
void raster_stroke(struct raster *r, const struct point *points, size_t count, double breadth,
		   double weight);
void raster_rectangle(struct raster *r, const struct pose *pose, double x0, double y0, double x1,
		      double y1, double weight);
/* Turn the edges into the sums that raster_row() shows. */
void raster_finish(struct raster *r);

#define RASTER_MAX_POINTS 200u

/*
 * phantom_body.c: round bodies, added to the same kind of band as the polygons
 * they lie among. Lengths in mm, attenuation in 1 / mm.
 */
struct bodies {
	struct raster plates; /* the band, and the flat absorbers */
	float *depth;	      /* mu * length through the round ones */
	float *wire;	      /* of the wire being drawn */
};

/* 0, or -1 for want of memory; to be freed in any case. */
int bodies_init(struct bodies *b, uint32_t width, uint32_t rows);
void bodies_free(struct bodies *b);
void bodies_begin(struct bodies *b, int64_t top);
/* A round wire along `points`; where it touches itself it isn't thicker. */
void bodies_wire(struct bodies *b, const struct point *points, size_t count, double radius,
		 double mu);
/* A body of revolution around the pose's x axis: radius y at x, x ascending. */
void bodies_lathe(struct bodies *b, const struct pose *pose, const struct point *profile,
		  size_t count, double mu);
/* Optical depth of pixel x in row y of the band, plates and bodies together. */
double bodies_depth(const struct bodies *b, uint32_t x, uint32_t y);

/* Attenuation of things, 1 / mm, for a beam of some 60 keV. */
#define MU_WATER     0.020
#define MU_PLASTIC   0.021
#define MU_PAPER     0.013
#define MU_BOARD     0.045 /* glass fibre and epoxy */
#define MU_CERAMIC   0.10
#define MU_ALUMINIUM 0.075
#define MU_STEEL     0.90
#define MU_BRASS     1.15
#define MU_COPPER    1.35
#define MU_SOLDER    4.0

/* A smooth curve through `knots` (Catmull-Rom), `steps` points a piece; returns
 * their number: count * steps when closed, else (count - 1) * steps + 1. */
size_t phantom_curve(const struct pose *pose, const struct point *knots, size_t count, bool closed,
		     size_t steps, struct point *points);

/* phantom_cloth.c: optical depth of the soft things at a place of the bag. */
struct cloth;
struct cloth *cloth_new(void);
void cloth_free(struct cloth *cloth);
double cloth_depth(const struct cloth *cloth, double x, double y);

/* phantom_parts.c: sheets by their weight (mu * thickness), wires by radius and mu. */
void part_plate(struct bodies *b, const struct pose *pose, const struct point *corners,
		size_t count, double weight);
void part_disc(struct bodies *b, const struct pose *pose, double x, double y, double radius,
	       double weight);
void part_box(struct bodies *b, const struct pose *pose, double x, double y, double width,
	      double height, double weight);
void part_ring(struct bodies *b, const struct pose *pose, double rx, double ry, double radius,
	       double mu);
/* A flat coil of copper wire, at most 12 turns. */
void part_coil(struct bodies *b, const struct pose *pose, double x, double y, double inner,
	       double outer, int turns);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* phantom_tools.c, phantom_gear.c, phantom_radio.c: what lies in the bag. */
void baggage_tools(struct bodies *b);
void baggage_radio(struct bodies *b);
void baggage_gear(struct bodies *b);

/* The phantoms; each fills `img`. -1 with ENOMEM. */
int phantom_wedge(struct psx_image *img);
int phantom_blade(struct psx_image *img);
int phantom_hust(struct psx_image *img);
/* One of H, U, S, T, turned, and moved by fractions of the image. */
int phantom_letter(struct psx_image *img, char letter, double degrees, double dx, double dy);
int phantom_baggage(struct psx_image *img, uint64_t seed);

#endif
