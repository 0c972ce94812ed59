// SPDX-License-Identifier: MIT
#include "calibration.h"
#include "error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct psx_calibration *psx_calibration_create(const struct psx_geometry *geometry,
					       struct psx_error *err)
{
	struct psx_calibration *cal = calloc(1, sizeof(*cal));
	size_t i;
	int sign;

	if (!cal)
		return psx_error_null(err, ENOMEM, "out of memory");
	cal->info.geometry = *geometry;
	cal->info.headroom = 1;
	cal->count = (size_t)geometry->width * geometry->height;
	cal->defects = calloc(cal->count, 1);
	for (sign = 0; sign < 2; sign++)
		cal->curves[sign] = calloc(cal->count, sizeof(*cal->curves[sign]));
	if (!cal->defects || !cal->curves[0] || !cal->curves[1]) {
		psx_calibration_free(cal);
		return psx_error_null(err, ENOMEM, "out of memory");
	}
	for (sign = 0; sign < 2; sign++)
		for (i = 0; i < cal->count; i++)
			cal->curves[sign][i] = (struct psx_curve){
				.gain = 1,
				.mu_tau = (float)psx_carriers[sign].mu_tau,
				.surface = (float)psx_carriers[sign].surface,
			};
	return cal;
}

void psx_calibration_free(struct psx_calibration *cal)
{
	size_t i;

	if (!cal)
		return;
	for (i = 0; i < cal->info.nulls; i++)
		free(cal->nulls[i].corrections);
	free(cal->nulls);
	free(cal->curves[0]);
	free(cal->curves[1]);
	free(cal->defects);
	free(cal);
}

const struct psx_calibration_info *psx_calibration_get_info(const struct psx_calibration *cal)
{
	return &cal->info;
}

int psx_calibration_check(const struct psx_calibration *cal, const struct psx_device_info *info,
			  struct psx_error *err)
{
	const struct psx_geometry *mine = &cal->info.geometry;

	if (strcmp(cal->info.serial, info->serial) != 0)
		return psx_error_set(err, EXDEV, "a calibration of detector %s, and this is %s",
				     cal->info.serial, info->serial);
	if (mine->width != info->width || mine->height != info->height ||
	    mine->border != info->border)
		return psx_error_set(err, EXDEV,
				     "a calibration of %u x %u sub-pixels, border %u, and the detector has %u x %u, border %u",
				     mine->width, mine->height, mine->border, info->width,
				     info->height, info->border);
	return 0;
}

int psx_calibration_get_hecht(const struct psx_calibration *cal, uint32_t x, uint32_t y,
			      bool forward, struct psx_hecht *hecht)
{
	const struct psx_geometry *g = &cal->info.geometry;
	const struct psx_curve *curve;

	if (x >= g->width || y >= g->height) {
		errno = ERANGE;
		return -1;
	}
	curve = &cal->curves[forward][(size_t)y * g->width + x];
	*hecht = (struct psx_hecht){ curve->gain, curve->mu_tau, curve->surface, curve->residual,
				     curve->dark };
	return 0;
}

enum psx_defect psx_calibration_get_defect(const struct psx_calibration *cal, uint32_t x,
					   uint32_t y)
{
	const struct psx_geometry *g = &cal->info.geometry;

	return x < g->width && y < g->height ?
		       (enum psx_defect)cal->defects[(size_t)y * g->width + x] : PSX_DEAD;
}

int psx_calibration_get_null(const struct psx_calibration *cal, size_t index,
			     struct psx_calibration_null *null)
{
	const struct psx_null *it = cal->nulls + index;

	if (index >= cal->info.nulls) {
		errno = ERANGE;
		return -1;
	}
	*null = (struct psx_calibration_null){ .k = it->k, .mode = it->mode };
	memcpy(null->name, it->name, sizeof(null->name));
	return 0;
}

bool psx_calibration_sees(const struct psx_calibration *cal, size_t place)
{
	const struct psx_geometry *g = &cal->info.geometry;
	size_t x = place % g->width, y = place / g->width;

	return x >= g->border && x < g->width - g->border && y >= g->border &&
	       y < g->height - g->border;
}

double psx_curve_weight(const struct psx_curve *curve, bool forward, double volts)
{
	const struct psx_carrier carrier = { curve->mu_tau, curve->surface };
	double weight = curve->gain * psx_hecht_response(&carrier, fabs(volts), NULL) /
			psx_hecht_unit();

	return forward ? weight : -weight;
}

const struct psx_null *psx_calibration_find_null(const struct psx_calibration *cal,
						 const struct psx_kernel *kernel,
						 enum psx_mode mode)
{
	size_t i;

	for (i = 0; i < cal->info.nulls; i++) {
		const struct psx_null *null = &cal->nulls[i];

		if (null->k == kernel->k && null->mode == mode &&
		    !memcmp(null->weights, kernel->weights,
			    sizeof(*null->weights) * kernel->k * kernel->k))
			return null;
	}
	return NULL;
}
