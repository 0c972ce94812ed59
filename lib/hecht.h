/* SPDX-License-Identifier: MIT */
/* The Hecht equation with surface recombination (docs/sensor.md), over S0 */
#ifndef PSX_LIB_HECHT_H
#define PSX_LIB_HECHT_H

#include <math.h>

#define PSX_THICKNESS_CM   0.2
#define PSX_S0		   521.7 /* uC/Gy/cm2, of a nominal sub-pixel */
#define PSX_MOST_VOLTS	   100.0
#define PSX_UNIT_VOLTS	   95.0 /* forward; where a nominal sub-pixel has weight 1 */
#define PSX_HOLES_MU_TAU   0.58e-3
#define PSX_HOLES_SURFACE  13.7

struct psx_carrier {
	double mu_tau;	/* cm2/V */
	double surface; /* s/mu, V/cm */
};

/* Nominal ones: [0] reverse bias, electrons; [1] forward, holes */
extern const struct psx_carrier psx_carriers[2];

struct psx_slopes {
	double volts, mu_tau, surface;
};

/* Response at `volts` above 0, and its derivatives (slopes may be NULL) */
double psx_hecht_response(const struct psx_carrier *carrier, double volts,
			  struct psx_slopes *slopes);
/* Of a nominal sub-pixel at PSX_UNIT_VOLTS: what is divided by to get weights */
static inline double psx_hecht_unit(void)
{
	/* of constants, so that a compiler makes it one */
	const double x = PSX_HOLES_MU_TAU * PSX_UNIT_VOLTS / (PSX_THICKNESS_CM * PSX_THICKNESS_CM);

	return x * -expm1(-1 / x) * PSX_UNIT_VOLTS /
	       (PSX_UNIT_VOLTS + PSX_THICKNESS_CM * PSX_HOLES_SURFACE);
}
/* Volts above 0 at which the response is `wanted`, to 1e-6 V, searched from `guess`
 * on, with the slopes there; infinite when it takes more than `most` */
double psx_hecht_volts(const struct psx_carrier *carrier, double wanted, double guess,
		       double most, struct psx_slopes *slopes);

/* hecht_fit.c: a curve's points, and what was found */
#define PSX_HECHT_POINTS     64
#define PSX_HECHT_PARAMETERS 3
#define PSX_HECHT_NOISE	     0.02

struct psx_hecht_points {
	unsigned int count;
	double volts[PSX_HECHT_POINTS];	 /* above 0 */
	double weight[PSX_HECHT_POINTS]; /* response over psx_hecht_unit() */
	/* Noise: its variance at weight 0, over what it has more at weight 1; 0 = PSX_HECHT_NOISE */
	double constant;
};

/* Parameters over nominal ones: gain, mu-tau, s/mu. Their covariance follows from
 * what the fit leaves, at count - 3 degrees of freedom, and from the other minimum. */
struct psx_hecht_found {
	double p[PSX_HECHT_PARAMETERS];
	double covariance[PSX_HECHT_PARAMETERS][PSX_HECHT_PARAMETERS];
	double residual; /* rms, in weights */
	unsigned int freedom;
};

/* Least squares; -1 when there are too few points or no such curve */
int psx_hecht_fit(const struct psx_carrier *nominal, const struct psx_hecht_points *points,
		  struct psx_hecht_found *found);
/* By what a fit multiplies the errors of points */
double psx_hecht_importance(const struct psx_carrier *nominal, double volts, double constant);
/* Of a symmetric matrix */
void psx_hecht_invert(double a[PSX_HECHT_PARAMETERS][PSX_HECHT_PARAMETERS],
		      double inverse[PSX_HECHT_PARAMETERS][PSX_HECHT_PARAMETERS]);

#endif
