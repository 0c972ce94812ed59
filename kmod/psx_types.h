/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Fixed-width types for the code that is compiled both into the kernel and
 * into user space (kmod/codec, kmod/model, kmod/psx_regs.h).
 */
#ifndef PSX_TYPES_H
#define PSX_TYPES_H

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#define psx_store_release(p, v)	smp_store_release(p, v)
#define psx_read_once(p)	READ_ONCE(*(p))
#define psx_write_once(p, v)	WRITE_ONCE(*(p), v)
#else
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define psx_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define psx_read_once(p)	__atomic_load_n(p, __ATOMIC_RELAXED)
#define psx_write_once(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)
#endif

#endif /* PSX_TYPES_H */
