// SPDX-License-Identifier: MIT
/* Parameters with their errors: of one sub-pixel, and of the crystal that some are a sample of. */
#include "student.h"
#include "sweep.h"

#include <math.h>

#define N	    PSX_HECHT_PARAMETERS
#define LARGE_ERROR 0.01

static void put(struct psx_sweep_fit *fit, bool forward, const double *p,
		const struct psx_estimate *relative, const double *sampling)
{
	const struct psx_carrier *carrier = &psx_carriers[forward];
	const double nominal[N] = { PSX_S0, carrier->mu_tau, carrier->surface };
	struct psx_estimate *estimates[N] = { &fit->s0, &fit->mu_tau, &fit->surface };
	int i;

	fit->noisy = false;
	for (i = 0; i < N; i++) {
		*estimates[i] = (struct psx_estimate){
			.value = nominal[i] * p[i],
			.error = nominal[i] * relative[i].error,
			.spread = nominal[i] * relative[i].spread,
		};
		fit->noisy |= relative[i].error > LARGE_ERROR * p[i] &&
			      2 * sampling[i] * sampling[i] < relative[i].error * relative[i].error;
	}
}

void psx_sweep_fit_one(const struct psx_hecht_found *found, bool forward, struct psx_sweep_fit *fit)
{
	struct psx_estimate relative[N] = { 0 };
	const double sampling[N] = { 0 };
	int i;

	for (i = 0; i < N; i++)
		relative[i].error =
			psx_student(found->freedom) * sqrt(found->covariance[i][i]);
	put(fit, forward, found->p, relative, sampling);
	fit->residual = found->residual /
			psx_sweep_curve(forward, found->p, PSX_MOST_VOLTS, NULL);
}

/* The sample's error, and what the mean curve shows beside its noise: errors that all
 * sub-pixels share */
void psx_sweep_fit_many(const double *p, const struct psx_scatter *scatter, size_t count,
			const struct psx_hecht_found *found, bool forward,
			struct psx_sweep_fit *fit)
{
	const double used = (double)count, times = psx_student(used - 1);
	struct psx_estimate relative[N];
	double sampling[N];
	int i;

	for (i = 0; i < N; i++) {
		const double all = scatter->all[i][i], noise = scatter->noise[i][i];

		relative[i].spread = sqrt(fmax(0, all - noise));
		relative[i].error = sqrt(times * times * all / used +
					 fmax(0, found->covariance[i][i] - noise / used));
		sampling[i] = times * relative[i].spread / sqrt(used);
	}
	put(fit, forward, p, relative, sampling);
}
