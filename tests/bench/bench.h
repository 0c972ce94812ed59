/* SPDX-License-Identifier: MIT */
#ifndef PSX_BENCH_H
#define PSX_BENCH_H

/* Rows of eval.c: frames a second through the model and the library */
void bench_eval(void);

#endif
