/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of nearly every test: the heap under test, open, and a check
 * after the end of the test's process that it left nothing in the heap.
 */
#ifndef CARVEOUT_FIXTURE_H
#define CARVEOUT_FIXTURE_H

#include <errno.h>

#include "kselftest_harness.h"

#include "carveout_test.h"

#define NO_HEAP		"there is no heap under /dev/carveout"

#define EXPECT_SNAPSHOT(snapshot)					\
do {									\
	char __diff[512];						\
									\
	EXPECT_TRUE(heap_settles(snapshot, __diff, sizeof(__diff)))	\
		TH_LOG("changed: %s", __diff);				\
} while (0)

/* The heap is in the same state as at the start of the test. */
#define EXPECT_UNCHANGED(heap)	EXPECT_SNAPSHOT(&(heap)->ready)

#define HEAP_TEARDOWN(heap)						\
do {									\
	char __report[256];						\
									\
	EXPECT_SNAPSHOT(&(heap)->before);				\
	EXPECT_TRUE(heap_check(__report, sizeof(__report)))		\
		TH_LOG("check: %s", __report);				\
} while (0)

FIXTURE(heap) {
	struct heap heap;
};

FIXTURE_SETUP(heap)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
}

FIXTURE_TEARDOWN_PARENT(heap)
{
	HEAP_TEARDOWN(&self->heap);
}

#endif /* CARVEOUT_FIXTURE_H */
