/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of libcarveout: a handle of the heap under test that is
 * open read-write, and a read-only one.
 */
#ifndef CARVEOUT_LIB_FIXTURE_H
#define CARVEOUT_LIB_FIXTURE_H

#include <fcntl.h>
#include <sys/stat.h>

#include <libcarveout.h>

#include "carveout_fixture.h"

FIXTURE(lib) {
	struct heap heap;
	struct carveout_heap *rw;
	struct carveout_heap *ro;
};

FIXTURE_SETUP(lib)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	ASSERT_EQ(0, carveout_open(heap_name(), O_RDWR, &self->rw));
	ASSERT_EQ(0, carveout_open(heap_name(), O_RDONLY, &self->ro));
	/* The handles stay open during the test. */
	ASSERT_EQ(0, take_snapshot(&self->heap.ready));
	umask(022);
}

FIXTURE_TEARDOWN_PARENT(lib)
{
	HEAP_TEARDOWN(&self->heap);
}

#endif /* CARVEOUT_LIB_FIXTURE_H */
