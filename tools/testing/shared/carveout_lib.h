/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Environment of lib/ in an ordinary program.
 *
 * The include guard is that of lib/carveout_lib.h. Compile with
 * "-include carveout_lib.h", so that this file is included first and that one is empty:
 * the sources of lib/ are then the same, byte for byte, as in the module.
 */

#ifndef CARVEOUT_LIB_H
#define CARVEOUT_LIB_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* === Types ================================================================ */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX

#ifndef EUCLEAN
#define EUCLEAN 117
#endif

/* === Same meaning as in the kernel ======================================== */

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BIT_ULL(nr) (1ULL << (nr))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define SZ_4K 0x1000

/* No protection against speculation is needed in a test. */
#define array_index_nospec(index, size) ((void)(size), (index))

/* Measure the coverage of the source, not of each inlined copy. */
#ifdef CARVEOUT_COVERAGE
#undef __always_inline
#define __always_inline inline
#endif

#define noinline __attribute__((__noinline__))
#define __aligned(x) __attribute__((__aligned__(x)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define min(x, y) ({								\
	typeof(x) __x = (x);							\
	typeof(y) __y = (y);							\
	(void)(&__x == &__y);							\
	__x < __y ? __x : __y; })
#define max(x, y) ({								\
	typeof(x) __x = (x);							\
	typeof(y) __y = (y);							\
	(void)(&__x == &__y);							\
	__x > __y ? __x : __y; })
#define min_t(type, x, y) min((type)(x), (type)(y))
#define max3(x, y, z) max(max(x, y), z)

#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)

static inline int fls(unsigned int x)
{
	return x ? (__builtin_clz(x) ^ 31) + 1 : 0;
}

static inline int fls64(u64 x)
{
	return x ? (__builtin_clzll(x) ^ 63) + 1 : 0;
}

#define ilog2(x) (fls64(x) - 1)

/* In this form the compiler does not extend the sign, as the kernel's has none. */
static inline unsigned long __fls(unsigned long x)
{
	return 8 * sizeof(x) - 1 - (unsigned int)__builtin_clzl(x);
}

static inline unsigned long __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

static inline unsigned int hweight64(u64 x)
{
	return __builtin_popcountll(x);
}

static inline u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	for (; bytes; p++, bytes--)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

/* === Different on purpose ================================================= */

/* Defined by the program: see carveout_assert() of lib/. */
void carveout_assert_failed(const char *condition, const char *file, int line);

#define carveout_assert(condition) do {						\
	if (!(condition))							\
		carveout_assert_failed(#condition, __FILE__, __LINE__);		\
} while (0)

#endif /* CARVEOUT_LIB_H */
