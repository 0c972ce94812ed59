// SPDX-License-Identifier: MIT
/* The nominal sub-pixel in floating point: weight <-> volts by the Hecht
 * equation with surface recombination (docs/sensor.md). */
#include "hecht.h"

#include <math.h>
#include <psxdet.h>

static double response(double volts)
{
	if (volts == 0)
		return 0;
	return volts < 0 ? -psx_hecht_response(&psx_carriers[0], -volts, NULL) :
			   psx_hecht_response(&psx_carriers[1], volts, NULL);
}

double psx_sensor_sensitivity(double volts)
{
	return fabs(volts) <= PSX_MOST_VOLTS ? PSX_S0 * response(volts) : (double)NAN;
}

double psx_sensor_weight(double volts)
{
	return fabs(volts) <= PSX_MOST_VOLTS ? response(volts) / psx_hecht_unit() : (double)NAN;
}

double psx_sensor_volts(double weight)
{
	double low = 0, high = weight < 0 ? -PSX_MOST_VOLTS : PSX_MOST_VOLTS;
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
	return code * (PSX_MOST_VOLTS / PSX_CODE_MAX);
}
