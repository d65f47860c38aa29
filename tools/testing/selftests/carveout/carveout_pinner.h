/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the tests of pinned pages: a heap that has pages, a pipe as the holder of
 * a pin, and the end of the module while a page is pinned.
 */
#ifndef CARVEOUT_PINNER_H
#define CARVEOUT_PINNER_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "carveout_fixture.h"

#define PAGES	16
#define SIZE	(PAGES * PAGE)
#define LABEL	"pinned-for-long"

/* The first heap with such memory, if the default heap has none. */
static void __attribute__((constructor(101))) choose_heap_with_pages(void)
{
	const char *name;
	__u64 regions;
	int node;

	node = open_heap_with(true, &name, &regions);
	if (node < 0)
		return;
	setenv("CARVEOUT_HEAP", name, 0);
	close(node);
}

/* Put pages into a pipe. Return the number of bytes or a negative errno value. */
static inline ssize_t to_pipe(int pipe, void *mem, size_t size)
{
	struct iovec iov = { mem, size };
	ssize_t done = vmsplice(pipe, &iov, 1, 0);

	return done < 0 ? -errno : done;
}

/* Is the next page in the pipe this one? */
static inline bool pipe_has(int pipe, __u32 number)
{
	char page[PAGE_MAX];

	return read(pipe, page, PAGE) == PAGE && has_pattern(page, PAGE, number);
}

/*
 * Allocate a buffer and leave only its page @nr, which is in the pipe. With
 * CARVEOUT_ALLOC_PERSIST in @flags a tag still holds the buffer.
 */
static inline int leave_page(int node, __u64 regions, __u32 flags, int nr, int pipe,
			     __u64 *generation)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	ssize_t done;
	char *mem;
	int err;

	alloc.regions = regions;
	alloc.flags = flags;
	if (flags)
		set_name(alloc.tag, unique_tag("pinned"));
	set_name(alloc.label, LABEL);
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	if (err)
		return err;
	*generation = alloc.generation;
	mem = map_numbered(alloc.fd, PAGES);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	done = to_pipe(pipe, mem + nr * PAGE, PAGE);
	if (done != PAGE)
		return done < 0 ? done : -EIO;
	munmap(mem, SIZE);
	close(alloc.fd);
	return 0;
}

/* Remove the module, however long that takes. For a child: return 0 or an errno value. */
static inline int removes_module(void *arg)
{
	(void)arg;
	return syscall(SYS_delete_module, "carveout", 0) ? errno : 0;
}

/*
 * The module is loaded again, and nothing of the heap is in use. System memory has another
 * address now, so the state of the heap is recorded again for the end of the test.
 */
static inline void expect_new_heap(struct __test_metadata *_metadata, struct heap *heap)
{
	ASSERT_TRUE(BECOMES_TRUE(!access(heap_path(), F_OK)));
	ASSERT_EQ(0, take_snapshot(&heap->before));
	EXPECT_EQ(0, heap_state("used"));
}

#endif /* CARVEOUT_PINNER_H */
