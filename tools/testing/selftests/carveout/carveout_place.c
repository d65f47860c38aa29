// SPDX-License-Identifier: GPL-2.0
/*
 * Location of buffers: at a given offset, from the top, and with fallback
 * attributes.
 */
#include <sys/ioctl.h>

#include "carveout_fixture.h"

/* An allocation that is kept; its file descriptor or a negative errno value. */
static int keep(int node, struct carveout_ioctl_alloc *alloc)
{
	int err = xioctl(node, CARVEOUT_IOCTL_ALLOC, alloc);

	return err ? err : alloc->fd;
}

static struct carveout_ioctl_alloc exact_request(__u64 size, __u32 region, __u64 place)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);

	alloc.flags = CARVEOUT_ALLOC_EXACT;
	alloc.regions = 1ULL << region;
	alloc.place = place;
	return alloc;
}

static int try_exact(int node, __u64 size, __u32 region, __u64 place)
{
	struct carveout_ioctl_alloc alloc = exact_request(size, region, place);
	int fd = keep(node, &alloc);

	if (fd < 0)
		return fd;
	close(fd);
	if (alloc.region != region || alloc.offset != place)
		return -ERANGE;
	return 0;
}

/* === At a given offset =================================================== */

TEST_F(heap, exact_place_in_every_region)
{
	struct carveout_ioctl_region region;
	int node = self->heap.node;
	__u32 i;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(node, i, &region));
		EXPECT_EQ(0, try_exact(node, 1, i, 0));
		EXPECT_EQ(0, try_exact(node, PAGE, i, 2 * PAGE));
		EXPECT_EQ(0, try_exact(node, PAGE, i, region.size - PAGE));
		EXPECT_EQ(0, try_exact(node, region.size, i, 0));
		/* One page too much, and everything that overflows. */
		EXPECT_EQ(-EINVAL, try_exact(node, region.size, i, PAGE));
		EXPECT_EQ(-EINVAL, try_exact(node, region.size + 1, i, 0));
		EXPECT_EQ(-EINVAL, try_exact(node, PAGE + 1, i, region.size - PAGE));
		EXPECT_EQ(-EINVAL, try_exact(node, PAGE, i, region.size));
		EXPECT_EQ(-EINVAL, try_exact(node, PAGE, i, -PAGE));
		EXPECT_EQ(-EINVAL, try_exact(node, 2 * PAGE, i, -PAGE));
		EXPECT_EQ(-EINVAL, try_exact(node, -2 * PAGE, i, 2 * PAGE));
		EXPECT_EQ(-EINVAL, try_exact(node, PAGE, i, 1));
		EXPECT_EQ(-EINVAL, try_exact(node, PAGE, i, 64));
	}
	EXPECT_EQ(-EINVAL, try_exact(node, PAGE, i, 0));
	EXPECT_EQ(-EINVAL, try_exact(node, PAGE, 63, 0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, exact_place_that_is_taken_is_ENOSPC)
{
	struct carveout_ioctl_alloc alloc = exact_request(2 * PAGE, 0, 16 * PAGE);
	struct heap_snapshot with;
	int node = self->heap.node;
	int fd = keep(node, &alloc);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take_snapshot(&with));
	EXPECT_EQ(-ENOSPC, try_exact(node, PAGE, 0, 16 * PAGE));
	EXPECT_EQ(-ENOSPC, try_exact(node, PAGE, 0, 17 * PAGE));
	EXPECT_EQ(-ENOSPC, try_exact(node, 2 * PAGE, 0, 15 * PAGE));
	EXPECT_EQ(-ENOSPC, try_exact(node, 32 * PAGE, 0, 0));
	EXPECT_SNAPSHOT(&with);
	EXPECT_EQ(0, try_exact(node, PAGE, 0, 15 * PAGE));
	EXPECT_EQ(0, try_exact(node, PAGE, 0, 18 * PAGE));
	EXPECT_SNAPSHOT(&with);
	close(fd);
	EXPECT_EQ(0, try_exact(node, 32 * PAGE, 0, 0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, exact_place_takes_one_region_and_no_other_wish)
{
	struct carveout_ioctl_alloc alloc;
	int node = self->heap.node;

	alloc = exact_request(PAGE, 0, 0);
	alloc.regions = 0;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	alloc.regions = 3;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	alloc = exact_request(PAGE, 0, 0);
	alloc.flags |= CARVEOUT_ALLOC_TOP_DOWN;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	/* An alignment that the location does not have. */
	alloc = exact_request(PAGE, 0, PAGE);
	alloc.align = self->heap.query.max_align;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	/* Attributes that the region does not have, or has. */
	alloc = exact_request(PAGE, 0, 0);
	alloc.require = 0x80000000;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	alloc = exact_request(PAGE, 0, 0);
	alloc.forbid = CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE |
		       CARVEOUT_ATTR_UNCACHED;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	EXPECT_UNCHANGED(&self->heap);
}

/* The existing buffer is at this location, or the tag is taken. */
TEST_F(heap, exact_open_or_create)
{
	struct carveout_ioctl_alloc first = exact_request(PAGE, 0, 8 * PAGE), again;
	const char *tag = unique_tag("place.tag");
	int node = self->heap.node;

	first.flags |= CARVEOUT_ALLOC_OPEN;
	set_name(first.tag, tag);
	again = first;
	ASSERT_LE(0, keep(node, &first));
	ASSERT_LE(0, keep(node, &again));
	EXPECT_EQ(first.generation, again.generation);
	close(again.fd);
	again = exact_request(PAGE, 0, 9 * PAGE);
	again.flags |= CARVEOUT_ALLOC_OPEN;
	set_name(again.tag, tag);
	EXPECT_EQ(-EEXIST, keep(node, &again));
	close(first.fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === From the top ======================================================== */

TEST_F(heap, top_down_takes_the_upper_end)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_alloc alloc;
	int node = self->heap.node;
	int fds[4];
	__u64 top;
	__u32 i;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	ASSERT_EQ(0, query_region(node, 0, &region));
	top = region.size;
	for (i = 0; i < 4; i++) {
		alloc = alloc_request((i + 1) * PAGE);
		alloc.flags = CARVEOUT_ALLOC_TOP_DOWN;
		alloc.regions = 1;
		fds[i] = keep(node, &alloc);
		ASSERT_LE(0, fds[i]);
		top -= (i + 1) * PAGE;
		EXPECT_EQ(top, alloc.offset);
	}
	/* A buffer without the flag is allocated at the lower end. */
	alloc = alloc_request(PAGE);
	alloc.regions = 1;
	ASSERT_LE(0, keep(node, &alloc));
	EXPECT_EQ(0, alloc.offset);
	close(alloc.fd);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	/* With an alignment and a limit. */
	alloc = alloc_request(PAGE);
	alloc.flags = CARVEOUT_ALLOC_TOP_DOWN;
	alloc.regions = 1;
	alloc.align = 16 * PAGE;
	ASSERT_LE(0, keep(node, &alloc));
	EXPECT_EQ(region.size - 16 * PAGE, alloc.offset);
	close(alloc.fd);
	alloc.align = 0;
	alloc.size = PAGE;
	alloc.max_addr = region.base + 256 * PAGE;
	ASSERT_LE(0, keep(node, &alloc));
	EXPECT_EQ(256 * PAGE - PAGE, alloc.offset);
	close(alloc.fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Falling back ======================================================== */

TEST_F(heap, fallback_is_tried_in_order)
{
	struct carveout_ioctl_region region[2];
	struct carveout_ioctl_alloc alloc;
	int node = self->heap.node;
	__u32 kind[2];
	int full, i;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	if (self->heap.query.regions != 2)
		SKIP(return, "the heap has one region");
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, query_region(node, i, &region[i]));
		kind[i] = region[i].attrs & (CARVEOUT_ATTR_CACHED |
					     CARVEOUT_ATTR_WRITECOMBINE);
	}
	if (kind[0] == kind[1])
		SKIP(return, "both regions have the same attributes");
	for (i = 0; i < 2; i++) {
		/* The first choice, as long as there is room. */
		alloc = alloc_request(PAGE);
		alloc.require = kind[i];
		alloc.fallback[0] = kind[!i];
		alloc.nr_fallback = 1;
		ASSERT_LE(0, keep(node, &alloc));
		EXPECT_EQ(i, (int)alloc.region);
		close(alloc.fd);
		full = alloc_in(node, region[i].size, 1ULL << i);
		ASSERT_LE(0, full);
		alloc.size = PAGE;
		ASSERT_LE(0, keep(node, &alloc));
		EXPECT_EQ(!i, (int)alloc.region);
		close(alloc.fd);
		/* Without a fallback, or with the same attributes as fallback. */
		alloc.size = PAGE;
		alloc.fallback[0] = kind[i];
		EXPECT_EQ(-ENOSPC, keep(node, &alloc));
		alloc.fallback[1] = kind[i];
		alloc.fallback[2] = kind[!i];
		alloc.nr_fallback = 3;
		ASSERT_LE(0, keep(node, &alloc));
		EXPECT_EQ(!i, (int)alloc.region);
		close(alloc.fd);
		close(full);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, bad_fallback_is_EINVAL)
{
	struct carveout_ioctl_alloc alloc;
	int node = self->heap.node, i;

	alloc = alloc_request(PAGE);
	alloc.nr_fallback = CARVEOUT_NR_FALLBACK + 1;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	alloc.nr_fallback = ~0U;
	EXPECT_EQ(-EINVAL, keep(node, &alloc));
	for (i = 0; i < CARVEOUT_NR_FALLBACK; i++) {
		alloc = alloc_request(PAGE);
		alloc.nr_fallback = CARVEOUT_NR_FALLBACK;
		alloc.fallback[i] = 1U << 8;
		EXPECT_EQ(-EINVAL, keep(node, &alloc)) TH_LOG("entry %d", i);
		/* A forbidden attribute cannot be a fallback. */
		alloc.fallback[i] = CARVEOUT_ATTR_UNCACHED;
		alloc.forbid = CARVEOUT_ATTR_UNCACHED;
		EXPECT_EQ(-EINVAL, keep(node, &alloc)) TH_LOG("entry %d", i);
		/* An entry beyond nr_fallback must be zero. */
		alloc = alloc_request(PAGE);
		alloc.nr_fallback = i;
		alloc.fallback[i] = CARVEOUT_ATTR_CACHED;
		EXPECT_EQ(-EINVAL, keep(node, &alloc)) TH_LOG("entry %d", i);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
