/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cookie of a span: its user and its state.
 *
 *	0		memory of a buffer; struct carveout_buf has the handle
 *	...01		memory of a driver, and its purpose
 *	...10		freed and to be scrubbed, and the start of the next such span
 *	...11		about to be freed or resized
 *
 * A free by address accepts memory only in the second state, and leaves it in another
 * one: so the same memory is not freed twice.
 */
#ifndef _CARVEOUT_COOKIE_H
#define _CARVEOUT_COOKIE_H

#include <linux/types.h>

#define CARVEOUT_COOKIE_MEMORY	1ULL
#define CARVEOUT_COOKIE_PENDING	2ULL
#define CARVEOUT_COOKIE_BUSY	3ULL
#define CARVEOUT_COOKIE_KIND	3ULL
#define CARVEOUT_COOKIE_SHIFT	2

static inline const char *carveout_cookie_purpose(u64 cookie)
{
	return (const char *)(uintptr_t)((s64)cookie >> CARVEOUT_COOKIE_SHIFT);
}

/*
 * The purpose is a string at any address. The addresses of most kernels are
 * sign-extended from fewer than 62 bits, so the upper two bits can be restored. For any
 * other address no purpose is stored.
 */
static inline u64 carveout_cookie_memory(const char *purpose)
{
	u64 cookie = (u64)(uintptr_t)purpose << CARVEOUT_COOKIE_SHIFT |
		     CARVEOUT_COOKIE_MEMORY;

	return carveout_cookie_purpose(cookie) == purpose ? cookie :
							    CARVEOUT_COOKIE_MEMORY;
}

static inline bool carveout_cookie_is_memory(u64 cookie)
{
	return (cookie & CARVEOUT_COOKIE_KIND) == CARVEOUT_COOKIE_MEMORY;
}

/* A start is a multiple of the granule, so its lower bits are unused. */
static inline u64 carveout_cookie_pending(u64 next)
{
	return next | CARVEOUT_COOKIE_PENDING;
}

static inline u64 carveout_cookie_next(u64 cookie)
{
	return cookie & ~CARVEOUT_COOKIE_KIND;
}

#endif /* _CARVEOUT_COOKIE_H */
