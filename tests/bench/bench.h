/* SPDX-License-Identifier: MIT */
#ifndef PSX_BENCH_H
#define PSX_BENCH_H

/* Rows of eval.c: frames a second through the model and the library */
void bench_eval(void);
/* Loading a kernel into this device */
void bench_device(const char *uri);

#endif
