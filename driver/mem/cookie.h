/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cookie of a span: its user and its state.
 *
 *	0		memory of a buffer; struct carveout_buf has the handle
 *	...01		memory of a driver, and the number of its purpose
 *	...10		freed and to be scrubbed, and the start of the next such span
 *	...011		about to be freed or resized
 *	...111		poisoned, never to be freed
 *
 * A free by address accepts memory only in the second state, and leaves it in another
 * one: so the same memory is not freed twice.
 */
#ifndef CARVEOUT_COOKIE_H
#define CARVEOUT_COOKIE_H

#include <linux/types.h>

#define CARVEOUT_COOKIE_MEMORY	1ULL
#define CARVEOUT_COOKIE_PENDING	2ULL
#define CARVEOUT_COOKIE_BUSY	3ULL
#define CARVEOUT_COOKIE_POISONED	7ULL
#define CARVEOUT_COOKIE_KIND	3ULL
#define CARVEOUT_COOKIE_SHIFT	2

/* The number is that of carveout_purpose_keep(). */
static inline u64 carveout_cookie_memory(u32 purpose)
{
	return (u64)purpose << CARVEOUT_COOKIE_SHIFT | CARVEOUT_COOKIE_MEMORY;
}

static inline u32 carveout_cookie_purpose(u64 cookie)
{
	return cookie >> CARVEOUT_COOKIE_SHIFT;
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

#endif /* CARVEOUT_COOKIE_H */
