// SPDX-License-Identifier: MIT
#include "median.h"
#include "odd.h"

#include <math.h>

/* But noise is no defect */
#define WORSE  4 /* times what the median sub-pixel is off */
/* Sub-pixels that a median is taken of */
#define SAMPLE 4096

float psx_odd_median(const float *all, size_t count)
{
	float room[SAMPLE];
	const size_t step = count / SAMPLE + 1;
	size_t known = 0, i;

	for (i = 0; i < count; i += step)
		if (!isnan(all[i]))
			room[known++] = all[i];
	return known ? psx_median(room, known) : (float)NAN;
}

double psx_odd_limit(const float *off, size_t count, double least)
{
	return fmax(least, WORSE * psx_odd_median(off, count));
}

void psx_odd_leave_out(float *responses, size_t count)
{
	const float usual = psx_odd_median(responses, count);
	double limit;
	size_t i;

	if (!(fabsf(usual) > 0))
		return;
	for (i = 0; i < count; i++)
		responses[i] = fabsf(responses[i] / usual - 1);
	limit = psx_odd_limit(responses, count, PSX_ODD_PART);
	for (i = 0; i < count; i++)
		if (responses[i] >= limit)
			responses[i] = (float)NAN;
}
