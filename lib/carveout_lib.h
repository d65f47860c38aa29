/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The funnel: everything that lib/ takes from its surroundings.
 *
 * No other file in lib/ includes a kernel header. The user-space tests have a
 * header with the same guard in tools/testing/shared/ and include it first, so
 * that this one vanishes and the same sources build as an ordinary program.
 * What is named here is therefore all that lib/ may use: types, bits, overflow
 * checks, error numbers, memory fill, bounds for speculation. No allocation, no lock,
 * no printing.
 */

#ifndef CARVEOUT_LIB_H
#define CARVEOUT_LIB_H

#include <kunit/test-bug.h>
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * carveout_assert() - Note that something impossible has happened
 * @condition: what holds in a sound heap
 *
 * Fails the KUnit test that is running, if any. It never stops the machine: the
 * caller refuses further work with -EUCLEAN. Nor does it print: a console may take
 * long, and sleep on some kernels, and the caller's caller holds a spinlock. It is
 * for him to say so once he has dropped it.
 *
 * Context: Any context.
 */
#define carveout_assert(condition) do {						\
	if (unlikely(!(condition)))						\
		kunit_fail_current_test("carveout_assert(" #condition ")");	\
} while (0)

#endif /* CARVEOUT_LIB_H */
