// SPDX-License-Identifier: MIT
/* Convolution kernels: presets and custom ones. */
#include "error.h"
#include "kernel.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_ONE 256.0
#define SCALE_MAX 65535.0

struct preset {
	const char *name;
	unsigned int k;
	double scale;
	const signed char *coefficients;
	double unit; /* what a coefficient of 1 stands for */
};

#define N9(...) (const signed char[9]){ __VA_ARGS__ }

static const struct preset presets[] = {
	{ "identity", 3, 1, N9(0, 0, 0, 0, 1, 0, 0, 0, 0), 1 },
	{ "laplacian", 3, 8, N9(-1, -1, -1, -1, 8, -1, -1, -1, -1), 1 },
	{ "log", 5, 16,
	  (const signed char[25]){ 0, 0, -1, 0, 0, 0, -1, -2, -1, 0, -1, -2, 16, -2, -1,
				   0, -1, -2, -1, 0, 0, 0, -1, 0, 0 }, 1 },
	{ "mean", 3, 1, N9(1, 1, 1, 1, 1, 1, 1, 1, 1), 1.0 / 9 },
	{ "sobel-x", 3, 2, N9(-1, 0, 1, -2, 0, 2, -1, 0, 1), 1 },
	{ "sobel-y", 3, 2, N9(-1, -2, -1, 0, 0, 0, 1, 2, 1), 1 },
	{ "kirsch-n", 3, 5, N9(5, 5, 5, -3, 0, -3, -3, -3, -3), 1 },
	{ "kirsch-ne", 3, 5, N9(-3, 5, 5, -3, 0, 5, -3, -3, -3), 1 },
	{ "kirsch-e", 3, 5, N9(-3, -3, 5, -3, 0, 5, -3, -3, 5), 1 },
	{ "kirsch-se", 3, 5, N9(-3, -3, -3, -3, 0, 5, -3, 5, 5), 1 },
	{ "kirsch-s", 3, 5, N9(-3, -3, -3, -3, 0, -3, 5, 5, 5), 1 },
	{ "kirsch-sw", 3, 5, N9(-3, -3, -3, 5, 0, -3, 5, 5, -3), 1 },
	{ "kirsch-w", 3, 5, N9(5, -3, -3, 5, 0, -3, 5, -3, -3), 1 },
	{ "kirsch-nw", 3, 5, N9(5, 5, -3, 5, 0, -3, -3, -3, -3), 1 },
};

#define PRESETS (sizeof(presets) / sizeof(presets[0]))

const char *psx_kernel_preset_name(size_t index)
{
	return index < PRESETS ? presets[index].name : NULL;
}

struct psx_kernel *psx_kernel_preset(const char *name, struct psx_error *err)
{
	double coefficients[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K];
	unsigned int i;
	size_t p;

	for (p = 0; p < PRESETS; p++) {
		if (strcmp(presets[p].name, name) != 0)
			continue;
		for (i = 0; i < presets[p].k * presets[p].k; i++)
			coefficients[i] = presets[p].coefficients[i] * presets[p].unit;
		return psx_kernel_new(name, presets[p].k, coefficients, presets[p].scale, err);
	}
	return psx_error_null(err, ENOENT,
			      "no kernel '%s' (presets: identity laplacian log mean sobel-x sobel-y "
			      "kirsch-n, -ne, -e, -se, -s, -sw, -w, -nw)", name);
}

struct psx_kernel *psx_kernel_new(const char *name, unsigned int k, const double *coefficients,
				  double scale, struct psx_error *err)
{
	struct psx_kernel *kernel;
	double largest = 0;
	unsigned int i;

	if (!(k & 1) || k > PSX_KERNEL_MAX_K)
		return psx_error_null(err, EINVAL, "kernel size %u is not odd and 1..%d", k,
				      PSX_KERNEL_MAX_K);
	for (i = 0; i < k * k; i++) {
		if (!isfinite(coefficients[i]))
			return psx_error_null(err, EINVAL, "coefficient (%u, %u) is not a number",
					      i / k, i % k);
		largest = fmax(largest, fabs(coefficients[i]));
	}
	if (largest == 0)
		return psx_error_null(err, EINVAL, "all coefficients are 0");
	if (scale == 0)
		scale = fmax(largest, 1);
	if (!(scale > 0) || largest > scale)
		return psx_error_null(err, EINVAL,
				      "a coefficient of %g needs a scale of at least that, not %g",
				      largest, scale);
	if (ceil(scale * SCALE_ONE) > SCALE_MAX)
		return psx_error_null(err, ERANGE, "scale %g is above 255.99", scale);
	kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return psx_error_null(err, ENOMEM, "out of memory");
	(void)snprintf(kernel->name, sizeof(kernel->name), "%s", name);
	kernel->k = k;
	kernel->scale = (uint16_t)ceil(scale * SCALE_ONE);
	for (i = 0; i < k * k; i++)
		kernel->weights[i] = coefficients[i] / (kernel->scale / SCALE_ONE);
	return kernel;
}

void psx_kernel_free(struct psx_kernel *kernel)
{
	free(kernel);
}

const char *psx_kernel_get_name(const struct psx_kernel *kernel)
{
	return kernel->name;
}

unsigned int psx_kernel_get_k(const struct psx_kernel *kernel)
{
	return kernel->k;
}

double psx_kernel_get_scale(const struct psx_kernel *kernel)
{
	return kernel->scale / SCALE_ONE;
}

const double *psx_kernel_get_weights(const struct psx_kernel *kernel)
{
	return kernel->weights;
}
