/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the tests of pinned pages: a heap that has pages, a pipe as the holder of
 * a pin, and the end of the module while a page is pinned.
 */
#ifndef CARVEOUT_PINNER_H
#define CARVEOUT_PINNER_H

#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "carveout_fixture.h"
#include "carveout_with_pages.h"

#define PAGES	16
#define SIZE	(PAGES * PAGE)
#define LABEL	"pinned-for-long"

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
 * Allocate a buffer with the label. With CARVEOUT_ALLOC_PERSIST in @flags a tag holds it, too.
 * Return its descriptor or a negative errno value.
 */
static inline int alloc_labelled(int node, __u64 regions, __u32 flags, __u64 *generation)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	int err;

	alloc.regions = regions;
	alloc.flags = flags;
	if (flags)
		set_name(alloc.tag, unique_tag("parked"));
	set_name(alloc.label, LABEL);
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	if (err)
		return err;
	*generation = alloc.generation;
	return alloc.fd;
}

/* Allocate a buffer like that, and leave only its page @nr, which is in the pipe. */
static inline int leave_page(int node, __u64 regions, __u32 flags, int nr, int pipe,
			     __u64 *generation)
{
	int fd = alloc_labelled(node, regions, flags, generation);
	ssize_t done;
	char *mem;

	if (fd < 0)
		return fd;
	mem = map_numbered(fd, PAGES);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	done = to_pipe(pipe, mem + nr * PAGE, PAGE);
	if (done != PAGE)
		return done < 0 ? done : -EIO;
	munmap(mem, SIZE);
	close(fd);
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
