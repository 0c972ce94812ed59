// SPDX-License-Identifier: MIT
/*
 * Neighbours that stand in for a defective sub-pixel of their cell: of taps of the
 * same sign, the nearer ones more. Sum and, where the weights allow, first moment
 * of the kernel stay: a flat scene and a ramp give what they should.
 */
#include "calibration.h"

#include <math.h>

#define SINGULAR 1e-9

/* Solves the symmetric m * x = b by Gauss; false when m is singular */
static bool solve(double m[3][3], double *b, unsigned int n)
{
	unsigned int i, j, c;

	for (i = 0; i < n; i++) {
		if (!(m[i][i] > SINGULAR))
			return false;
		for (j = i + 1; j < n; j++) {
			double factor = m[j][i] / m[i][i];

			for (c = i; c < n; c++)
				m[j][c] -= factor * m[i][c];
			b[j] -= factor * b[i];
		}
	}
	for (i = n; i-- > 0;) {
		for (j = i + 1; j < n; j++)
			b[i] -= m[i][j] * b[j];
		b[i] /= m[i][i];
	}
	return true;
}

/* Distances from the lost tap, after a 1 */
static void place_of(unsigned int tap, unsigned int lost, unsigned int k, double place[3])
{
	const int dx = (int)(tap % k) - (int)(lost % k), dy = (int)(tap / k) - (int)(lost / k);

	place[0] = 1;
	place[1] = dx;
	place[2] = dy;
}

static double nearness(const double place[3])
{
	return 1 / (place[1] * place[1] + place[2] * place[2]);
}

/*
 * The least changes, far ones counted more, that keep the sum (n = 1) and the first
 * moment (n = 3): d = nearness * (a + b dx + c dy). False when a weight would
 * change its sign or exceed `most`.
 */
static bool share(double *targets, unsigned int k, unsigned int lost, double lack, const bool *good,
		  double most, unsigned int n)
{
	double m[3][3] = { { 0 } }, b[3] = { lack }, place[3], changed[PSX_MAX_TAPS];
	unsigned int tap, i, j;

	for (tap = 0; tap < k * k; tap++) {
		if (!good[tap] || tap == lost || !(targets[tap] * targets[lost] > 0))
			continue;
		place_of(tap, lost, k, place);
		for (i = 0; i < n; i++)
			for (j = 0; j < n; j++)
				m[i][j] += nearness(place) * place[i] * place[j];
	}
	if (!solve(m, b, n))
		return false;
	for (tap = 0; tap < k * k; tap++) {
		double change = 0;

		changed[tap] = targets[tap];
		if (!good[tap] || tap == lost || !(targets[tap] * targets[lost] > 0))
			continue;
		place_of(tap, lost, k, place);
		for (i = 0; i < n; i++)
			change += nearness(place) * b[i] * place[i];
		changed[tap] += change;
		if (!(changed[tap] * targets[tap] > 0) || fabs(changed[tap]) > most)
			return false;
	}
	for (tap = 0; tap < k * k; tap++)
		if (tap != lost)
			targets[tap] = changed[tap];
	return true;
}

bool psx_cell_stand_in(double *targets, unsigned int k, unsigned int lost, double lack,
		       const bool *good, double most)
{
	if (fabs(lack) > fabs(targets[lost]))
		return false;
	return share(targets, k, lost, lack, good, most, 3) ||
	       share(targets, k, lost, lack, good, most, 1);
}
