// SPDX-License-Identifier: MIT
/* Functions, random numbers and poses that are the same on every machine. */
#include "phantom.h"

#include <math.h>
#include <string.h>

double phantom_floor(double x)
{
	const double whole = (double)(int64_t)x;

	return whole > x ? whole - 1 : whole;
}

/* 2^n * e^r with |r| <= ln 2 / 2; the series then needs 12 terms. */
double phantom_exp(double x)
{
	const double ln2 = 0.69314718055994531;
	double n, r, sum = 1, power;
	uint64_t bits;
	int term;

	if (x < -700)
		return 0;
	n = phantom_floor(x / ln2 + 0.5);
	r = x - n * ln2;
	for (term = 12; term > 0; term--)
		sum = 1 + sum * r / term;
	bits = (uint64_t)((int64_t)n + 1023) << 52;
	memcpy(&power, &bits, sizeof(power));
	return sum * power;
}

/* Folded to -90..90 degrees, where 9 terms of the series are enough. */
double phantom_sin(double degrees)
{
	const double pi = 3.14159265358979324;
	double turned = degrees - 360 * phantom_floor(degrees / 360 + 0.5);
	double x, sum = 1;
	int term;

	if (turned > 90)
		turned = 180 - turned;
	else if (turned < -90)
		turned = -180 - turned;
	x = turned * pi / 180;
	for (term = 18; term > 0; term -= 2)
		sum = 1 - sum * x * x / (term * (term + 1));
	return x * sum;
}

double phantom_cos(double degrees)
{
	return phantom_sin(degrees + 90);
}

/* splitmix64 (Steele, Lea, Flood 2014), as a function of its counter */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t phantom_random(uint64_t seed, uint64_t index)
{
	const uint64_t golden = 0x9e3779b97f4a7c15u;

	return mix(mix(seed + golden) + (index + 1) * golden);
}

/* Near enough to normal: 12 uniform numbers of 16 bits, summed. */
static double normal(uint64_t seed, uint64_t index)
{
	uint64_t bits, sum = 0;
	int i;

	for (i = 0; i < 3; i++) {
		bits = phantom_random(seed, 3 * index + (uint64_t)i);
		sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
		       (bits >> 48);
	}
	return ((double)sum + 6) / 65536 - 6;
}

double phantom_poisson(double mean, uint64_t seed, uint64_t index)
{
	double u, term, count = 0, z;

	if (mean < 40) { /* by inversion */
		u = (double)(phantom_random(seed, 3 * index) >> 11) / 9007199254740992.0;
		term = phantom_exp(-mean);
		while (u >= term && count < 400) {
			u -= term;
			count++;
			term = term * mean / count;
		}
		return count;
	}
	z = normal(seed, index); /* and the skewness of Poisson, 1 / sqrt(mean) */
	return phantom_floor(mean + sqrt(mean) * z + (z * z - 1) / 6 + 0.5);
}

struct pose phantom_pose(double x, double y, double degrees, double scale)
{
	return (struct pose){x, y, phantom_cos(degrees), phantom_sin(degrees), scale};
}

struct point phantom_place(const struct pose *pose, double x, double y)
{
	return (struct point){
		pose->x + pose->scale * (x * pose->cosine - y * pose->sine),
		pose->y + pose->scale * (x * pose->sine + y * pose->cosine),
	};
}
