// SPDX-License-Identifier: MIT
/* The nominal sub-pixel in floating point: weight <-> volts by the Hecht
 * equation with surface recombination (docs/sensor.md). */
#include "kernel.h"

#include <math.h>

#define THICKNESS_CM 0.2
#define MAX_VOLTS    100.0
#define UNIT_VOLTS   95.0
#define S0	     521.7 /* uC/Gy/cm2 */

struct carrier {
	double mu_tau;	/* cm2/V */
	double surface; /* s/mu, V/cm */
};

static const struct carrier holes = { 0.58e-3, 13.7 };
static const struct carrier electrons = { 2.05e-3, 98.5 };

/* Response over S0 at |V| */
static double hecht(const struct carrier *c, double volts)
{
	double x = c->mu_tau * volts / (THICKNESS_CM * THICKNESS_CM);

	if (volts == 0)
		return 0;
	return x * -expm1(-1 / x) / (1 + THICKNESS_CM * c->surface / volts);
}

static double response(double volts)
{
	return volts < 0 ? -hecht(&electrons, -volts) : hecht(&holes, volts);
}

double psx_sensor_sensitivity(double volts)
{
	return fabs(volts) <= MAX_VOLTS ? S0 * response(volts) : (double)NAN;
}

double psx_sensor_weight(double volts)
{
	return fabs(volts) <= MAX_VOLTS ? response(volts) / response(UNIT_VOLTS) : (double)NAN;
}

double psx_sensor_volts(double weight)
{
	double low = 0, high = weight < 0 ? -MAX_VOLTS : MAX_VOLTS;
	double middle;

	if (!(fabs(weight) <= fabs(psx_sensor_weight(high))))
		return (double)NAN;
	if (weight == 0)
		return 0;
	/* The response grows with |V|: bisect until neighbouring doubles */
	for (;;) {
		middle = (low + high) / 2;
		if (middle == low || middle == high)
			return middle;
		if (fabs(psx_sensor_weight(middle)) < fabs(weight))
			low = middle;
		else
			high = middle;
	}
}

double psx_code_to_volts(int16_t code)
{
	return code * (MAX_VOLTS / PSX_CODE_MAX);
}
