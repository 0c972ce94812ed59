/* SPDX-License-Identifier: MIT */
/* Option values that several verbs read: kernels, thresholds, times. */
#ifndef PSXCTL_OPTIONS_H
#define PSXCTL_OPTIONS_H

#include "psxctl.h"

/* T in bits, or as a share of the frame's maximum */
struct threshold {
	unsigned int bits;
	double share; /* 0 = not used */
};

/* A preset's name, or a file when it names one */
struct psx_kernel *option_kernel(const char *text, struct psx_error *err);
/* "12" or "10%"; -1 when it is neither */
int option_threshold(const char *text, struct threshold *threshold);
int option_polarity(const char *text, enum psx_polarity *polarity);
int option_mode(const char *text, enum psx_mode *mode);
/* "1s" "20ms" "50us" "100ns", seconds without a unit */
int option_time(const char *text, uint64_t *ns);
/* A decimal number that `text` begins with; *end is at `text` where there is none */
double option_real(const char *text, char **end);
/* The same of all of it; -1 */
int option_decimal(const char *text, double *value);
/* A whole number least..most */
int option_number(const char *text, unsigned long long least, unsigned long long most,
		  unsigned long long *value);

/* Whole numbers with these signs between them: "3,4" with ",", "1,2,3x4" with ",,x" */
int option_numbers(const char *text, const char *signs, uint32_t *values);

/* What a share of the frame's maximum is in bits, at least 1 */
unsigned int threshold_of(const struct threshold *threshold, int32_t maximum);

#endif
