/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Fixed-width types for the code that is compiled both into the kernel and
 * into user space (kmod/codec, kmod/model, kmod/psx_regs.h).
 */
#ifndef PSX_TYPES_H
#define PSX_TYPES_H

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

/* pairs with the acquire or read barrier of whoever waits for *p */
#define psx_store_release(p, v)	smp_store_release(p, v)
#define psx_read_once(p)	READ_ONCE(*(p))
#define psx_write_once(p, v)	WRITE_ONCE(*(p), v)
#else
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* the very types of stdint.h */
typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef __INT8_TYPE__ s8;
typedef __INT16_TYPE__ s16;
typedef __INT32_TYPE__ s32;
typedef __INT64_TYPE__ s64;

#define cpu_to_le32(x)		htole32(x)
#define cpu_to_le64(x)		htole64(x)
#define le32_to_cpu(x)		le32toh(x)
#define le64_to_cpu(x)		le64toh(x)
#define BIT_ULL(n)		(1ull << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

#define psx_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define psx_read_once(p)	__atomic_load_n(p, __ATOMIC_RELAXED)
#define psx_write_once(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)
#endif

#endif /* PSX_TYPES_H */
