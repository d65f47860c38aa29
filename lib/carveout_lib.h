/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Environment of lib/: the only file in lib/ that includes kernel headers.
 *
 * The user-space tests have a header with the same guard in tools/testing/shared/
 * and include it first. This header is then empty, and the same sources build as an
 * ordinary program. The headers below are therefore all that lib/ may use: types,
 * bits, overflow checks, error numbers, memory fill, bounds for speculation. lib/
 * neither allocates nor locks nor prints.
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
 * carveout_assert() - Record a violated invariant
 * @condition: condition that holds in a sound heap
 *
 * Fails the running KUnit test, if any. It never stops the machine: the caller
 * refuses further work with -EUCLEAN. It does not print: the console is slow, may
 * sleep on some kernels, and a raw spinlock is held. The driver reports the
 * corruption after dropping it.
 *
 * Context: Any context.
 */
#define carveout_assert(condition) do {						\
	if (unlikely(!(condition)))						\
		kunit_fail_current_test("carveout_assert(" #condition ")");	\
} while (0)

#endif /* CARVEOUT_LIB_H */
