// SPDX-License-Identifier: MIT
#include "reference.h"

static int64_t within(int64_t place, uint32_t size)
{
	if (place < 0)
		return 0;
	return place >= size ? (int64_t)size - 1 : place;
}

static double sum_at(const uint16_t *image, uint32_t width, uint32_t height, int64_t left,
		     int64_t top, unsigned int k, const double *coefficients)
{
	double sum = 0;

	for (int64_t r = 0; r < k; r++)
		for (int64_t c = 0; c < k; c++)
			sum += coefficients[r * k + c] *
			       image[within(top + r, height) * width + within(left + c, width)];
	return sum;
}

void reference_scan(const uint16_t *image, uint32_t width, uint32_t height, unsigned int k,
		    const double *coefficients, double *out)
{
	for (int64_t y = 0; y < height; y++)
		for (int64_t x = 0; x < width; x++)
			*out++ = sum_at(image, width, height, x - k / 2, y - k / 2, k, coefficients);
}

void reference_snap(const uint16_t *image, uint32_t width, uint32_t height, unsigned int k,
		    const double *coefficients, double *out)
{
	for (int64_t y = 0; y < height / k; y++)
		for (int64_t x = 0; x < width / k; x++)
			*out++ = sum_at(image, width, height, x * k, y * k, k, coefficients);
}
