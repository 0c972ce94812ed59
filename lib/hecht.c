// SPDX-License-Identifier: MIT
/*
 * Response of a crystal of thickness L at a bias V, by Hecht's equation for
 * charge that is collected before it is trapped, and the loss of charge at the
 * surface (Pang et al. 2024, eq. of the sensitivity; docs/sensor.md):
 *
 *   R / S0 = x (1 - exp(-1/x)) * V / (V + L s/mu),   x = mu-tau V / L^2
 */
#include "hecht.h"

#include <math.h>
#include <stdbool.h>

#define SQUARE_CM2   (PSX_THICKNESS_CM * PSX_THICKNESS_CM)
/* Of a step; what is left after it goes with its square */
#define PRECISION_V  1e-4
#define MOST_STEPS   50

const struct psx_carrier psx_carriers[2] = {
	{ 2.05e-3, 98.5 },
	{ PSX_HOLES_MU_TAU, PSX_HOLES_SURFACE },
};

double psx_hecht_response(const struct psx_carrier *carrier, double volts,
			  struct psx_slopes *slopes)
{
	const double x = carrier->mu_tau * volts / SQUARE_CM2;
	const double lost = -expm1(-1 / x); /* 1 - exp(-1/x) */
	const double below = volts + PSX_THICKNESS_CM * carrier->surface;
	const double surface = volts / below;
	double slope; /* of x * lost, by x */

	if (slopes) {
		slope = lost - (1 - lost) / x;
		slopes->volts = slope * carrier->mu_tau / SQUARE_CM2 * surface +
				x * lost * PSX_THICKNESS_CM * carrier->surface / (below * below);
		slopes->mu_tau = slope * volts / SQUARE_CM2 * surface;
		slopes->surface = -x * lost * volts * PSX_THICKNESS_CM / (below * below);
	}
	return x * lost * surface;
}

/* Newton's method, between the volts that are known to be too low or too high */
double psx_hecht_volts(const struct psx_carrier *carrier, double wanted, double guess, double most,
		       struct psx_slopes *slopes)
{
	double low = 0, high = most, volts = guess;
	bool reached = false;
	int steps;

	if (!(wanted > 0)) {
		*slopes = (struct psx_slopes){ 0 };
		return 0;
	}
	for (steps = 0; steps < MOST_STEPS; steps++) {
		double error, next;

		if (volts >= most && !reached) {
			if (psx_hecht_response(carrier, most, slopes) < wanted)
				return (double)INFINITY;
			reached = true;
		}
		if (!(volts > low && volts < high))
			volts = (low + high) / 2;
		error = psx_hecht_response(carrier, volts, slopes) - wanted;
		next = volts - error / slopes->volts;
		if (error < 0)
			low = volts;
		else
			high = volts;
		if (fabs(next - volts) < PRECISION_V)
			return next;
		volts = next;
	}
	return volts;
}
