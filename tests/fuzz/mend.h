/* SPDX-License-Identifier: MIT */
/* What the fuzzers share: mutated inputs pass the checksums, so that fuzzing gets behind
 * them. */
#ifndef PSX_FUZZ_MEND_H
#define PSX_FUZZ_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void mend_frame(uint8_t *p, size_t length);
void mend_file(uint8_t *p, size_t length);
/* JSON again, up to `most` bytes; `seed` changes numbers in one of its blocks, 0 none.
 * Returns its length; what is no JSON stays. */
size_t mend_calibration(uint8_t *data, size_t size, size_t most, unsigned int seed);

/* JSON with another value somewhere, up to `most` bytes. Returns its length; what is no
 * JSON stays. */
size_t mend_classifier(uint8_t *data, size_t size, size_t most, unsigned int seed);

/* `root`, whose reference it takes, as text; what is longer than `most` leaves data[] as it
 * was. Returns the length */
struct json_t;
size_t mend_store(struct json_t *root, size_t flags, uint8_t *data, size_t size, size_t most);

/* libFuzzer's, and what a fuzzer offers it */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the bytes */
static inline void require(bool ok)
{
	if (!ok)
		abort();
}

#endif
