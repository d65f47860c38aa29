/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the tests of other users of page frames, VFIO and KVM: memory with pages
 * or without, which a process without privileges hands to them.
 */
#ifndef CARVEOUT_FRAMES_H
#define CARVEOUT_FRAMES_H

#include "carveout_fixture.h"

#define SIZE	(16 * PAGE)
#define USER	1000

/**
 * struct frames - Memory of one kind, with or without pages
 * @heap: the heap under test
 * @node: a heap with such memory
 * @regions: mask of its region
 * @used: used bytes of that heap
 */
struct frames {
	struct heap heap;
	int node;
	__u64 regions;
	__u64 used;
};

/* Return 0; 1 if no region has such memory; or a negative errno value. */
static inline int frames_begin(struct frames *frames, bool pages)
{
	int err = heap_begin(&frames->heap);

	if (err)
		return err;
	frames->node = open_heap_with(pages, NULL, &frames->regions);
	if (frames->node < 0)
		return 1;
	frames->used = used_bytes(frames->node);
	return 0;
}

/* For a child: allocate a buffer as a user without privileges. */
static inline int alloc_as_user(const struct frames *frames)
{
	int err = become(USER, USER);

	return err ? err : alloc_in(frames->node, SIZE, frames->regions);
}

/* Is all memory free that was so at the start, now or soon? */
static inline bool frames_return(const struct frames *frames)
{
	return BECOMES_TRUE(used_bytes(frames->node) == frames->used);
}

/* Children use memory one after the other, and all of it is free after them. */
static inline void expect_returned(struct __test_metadata *_metadata,
				   const struct frames *frames, int (*use)(void *arg),
				   void *arg, int children)
{
	while (children--)
		EXPECT_EQ(0, run_child(use, arg));
	EXPECT_TRUE(frames_return(frames));
}

#endif /* CARVEOUT_FRAMES_H */
