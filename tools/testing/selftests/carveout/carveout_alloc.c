// SPDX-License-Identifier: GPL-2.0
/*
 * CARVEOUT_IOCTL_ALLOC: every member of the request, each limit from both
 * sides, with the exact error; a failed call leaves no trace.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define KIND_MASK	(CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE | \
			 CARVEOUT_ATTR_UNCACHED)

/* Allocate, check the reply, close. Return 0 or the error. */
static int try_alloc(int node, struct carveout_ioctl_alloc *alloc)
{
	int err = xioctl(node, CARVEOUT_IOCTL_ALLOC, alloc);

	if (!err)
		close(alloc->fd);
	return err;
}

static int try_size(int node, __u64 size)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);

	return try_alloc(node, &alloc);
}

static int try_align(int node, __u64 size, __u64 align)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);

	alloc.align = align;
	return try_alloc(node, &alloc);
}

/* === Size ================================================================ */

TEST_F(heap, size_is_rounded_up_to_whole_pages)
{
	const struct { __u64 asked, given; } rows[] = {
		{ 1, PAGE }, { PAGE - 1, PAGE }, { PAGE, PAGE }, { PAGE + 1, 2 * PAGE },
		{ 16 * PAGE, 16 * PAGE }, { 16 * PAGE + 1, 17 * PAGE },
	};
	struct carveout_ioctl_alloc alloc;
	struct carveout_buffer_info buffer;
	size_t i;

	EXPECT_EQ(PAGE, self->heap.query.page_size);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		alloc = alloc_request(rows[i].asked);
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
				    &alloc));
		EXPECT_EQ(rows[i].given, alloc.size);
		EXPECT_EQ(rows[i].given, lseek(alloc.fd, 0, SEEK_END));
		EXPECT_EQ(self->heap.query.used + rows[i].given,
			  used_bytes(self->heap.node));
		EXPECT_EQ(0, query_buffer(self->heap.node, alloc.fd, &buffer));
		EXPECT_EQ(rows[i].given, buffer.size);
		close(alloc.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, size_zero_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, try_size(self->heap.node, 0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, size_that_wraps_is_EINVAL)
{
	__u64 page = self->heap.query.page_size;
	__u64 below;

	for (below = 1; below < page; below += page / 8 - 1)
		EXPECT_EQ(-EINVAL, try_size(self->heap.node, -below))
			TH_LOG("size %llx", -below);
	EXPECT_EQ(-EINVAL, try_size(self->heap.node, -page + 1));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, size_larger_than_any_hole_is_ENOSPC)
{
	const struct carveout_ioctl_query *query = &self->heap.query;
	const __u64 sizes[] = {
		query->largest_hole + 1, query->size, query->size + 1,
		query->size + query->page_size, (1ULL << 31) - 1, 1ULL << 31,
		(1ULL << 32) - 1, 1ULL << 32, (1ULL << 32) + 1,
		(1ULL << 32) + query->page_size, 1ULL << 40, 1ULL << 44,
		(1ULL << 63) - 1, 1ULL << 63, (1ULL << 63) + 1,
		-query->page_size,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] <= query->largest_hole)
			continue;
		EXPECT_EQ(-ENOSPC, try_size(self->heap.node, sizes[i]))
			TH_LOG("size %llx", sizes[i]);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* The largest hole can be allocated as a whole. */
TEST_F(heap, largest_hole_can_be_had_and_no_more)
{
	const struct carveout_ioctl_query *query = &self->heap.query;

	EXPECT_EQ(0, query->largest_hole % query->page_size);
	EXPECT_EQ(0, try_size(self->heap.node, query->largest_hole));
	EXPECT_EQ(-ENOSPC, try_size(self->heap.node, query->largest_hole + 1));
	EXPECT_UNCHANGED(&self->heap);
}

/* No buffer spans the gap between two regions. */
TEST_F(heap, whole_heap_can_be_had_region_by_region)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_query query;
	__u64 sum = 0;
	int fd[64];
	__u32 i;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		EXPECT_EQ(region.size, region.largest_hole);
		sum += region.size;
		fd[i] = alloc_in(self->heap.node, region.size, 1ULL << i);
		EXPECT_LE(0, fd[i]);
	}
	EXPECT_EQ(self->heap.query.size, sum);
	ASSERT_EQ(0, query_heap(self->heap.node, &query));
	EXPECT_EQ(query.size, query.used);
	EXPECT_EQ(query.size, query.high_water);
	EXPECT_EQ(0, query.largest_hole);
	EXPECT_EQ(0, query.holes);
	EXPECT_EQ(-ENOSPC, try_size(self->heap.node, 1));
	while (i)
		close(fd[--i]);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Alignment =========================================================== */

TEST_F(heap, alignment_is_honoured)
{
	struct carveout_ioctl_alloc alloc;
	struct carveout_buffer_info buffer;
	__u64 align;
	int odd;

	/* One page first, so that the next buffer is not aligned by accident. */
	odd = alloc_buffer(self->heap.node, self->heap.query.page_size);
	ASSERT_LE(0, odd);
	for (align = 1; align <= 4 * MIB; align <<= 1) {
		if (align > self->heap.query.largest_hole / 4)
			break;
		alloc = alloc_request(3 * self->heap.query.page_size);
		alloc.align = align;
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
				    &alloc))
			TH_LOG("align %llx", align);
		ASSERT_EQ(0, query_buffer(self->heap.node, alloc.fd, &buffer));
		ASSERT_EQ(CARVEOUT_BUFFER_PHYS,
			  buffer.flags & CARVEOUT_BUFFER_PHYS);
		EXPECT_EQ(0, buffer.phys & (align - 1))
			TH_LOG("align %llx, at %llx", align, buffer.phys);
		EXPECT_EQ(0, buffer.phys % self->heap.query.page_size);
		close(alloc.fd);
	}
	close(odd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, alignment_that_is_no_power_of_two_is_EINVAL)
{
	static const __u64 aligns[] = {
		3, 5, 6, 7, 9, 4095, 4097, 0x3000, 0x1800, (1ULL << 32) + 1,
		(1ULL << 32) + 4096, 3ULL << 62, (1ULL << 63) + 1,
		(1ULL << 63) - 1, ~0ULL, -4096ULL,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++)
		EXPECT_EQ(-EINVAL, try_align(self->heap.node, PAGE, aligns[i]))
			TH_LOG("align %llx", aligns[i]);
	EXPECT_UNCHANGED(&self->heap);
}

/* The limit is the size of the largest region, rounded down to a power of two. */
TEST_F(heap, alignment_up_to_the_limit_and_beyond)
{
	__u64 align, limit = self->heap.query.max_align, largest = 0;
	struct carveout_ioctl_region region;
	int err = -ENOSPC;
	__u32 i;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		largest = region.size > largest ? region.size : largest;
		align = (region.base + limit - 1) & ~(limit - 1);
		if (align < region.base + region.size)
			err = 0;
	}
	EXPECT_EQ(0, limit & (limit - 1));
	EXPECT_LE(limit, largest);
	EXPECT_GT(2 * limit, largest);
	EXPECT_EQ(err, try_align(self->heap.node, PAGE, limit));
	for (align = limit << 1; align; align <<= 1)
		EXPECT_EQ(-EINVAL, try_align(self->heap.node, PAGE, align))
			TH_LOG("align %llx", align);
	EXPECT_UNCHANGED(&self->heap);
}

/* size + align must not overflow inside the driver. */
TEST_F(heap, large_size_with_alignment)
{
	const __u64 large[] = {
		1ULL << 32, 1ULL << 62, 1ULL << 63, -1ULL << 22, -PAGE,
	};
	__u64 align;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(large); i++)
		for (align = 1; align <= self->heap.query.max_align; align <<= 1)
			EXPECT_EQ(-ENOSPC, try_align(self->heap.node, large[i],
						     align))
				TH_LOG("size %zu, align %llx", i, align);
	EXPECT_EQ(-EINVAL, try_align(self->heap.node, -PAGE + 1,
				     self->heap.query.max_align));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Location ============================================================ */

TEST_F(heap, region_mask_is_honoured)
{
	struct carveout_ioctl_alloc alloc;
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++) {
		alloc = alloc_request(PAGE);
		alloc.regions = 1ULL << i;
		ASSERT_EQ(0, try_alloc(self->heap.node, &alloc));
		EXPECT_EQ(i, alloc.region);
	}
	for (; i < 64; i++) {
		alloc = alloc_request(PAGE);
		alloc.regions = 1ULL << i;
		EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc))
			TH_LOG("region %u", i);
		alloc = alloc_request(PAGE);
		alloc.regions = 1ULL << i | 1;
		EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc))
			TH_LOG("region 0 and region %u", i);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* 0 if a region has all of @require and none of @forbid, else -EINVAL. */
static int expected_for(const struct heap *heap, __u32 require, __u32 forbid)
{
	struct carveout_ioctl_region region;
	__u32 i;

	for (i = 0; i < heap->query.regions; i++) {
		int err = query_region(heap->node, i, &region);

		if (err)
			return err;
		if ((region.attrs & require) == require &&
		    !(region.attrs & forbid))
			return 0;
	}
	return -EINVAL;
}

TEST_F(heap, attributes_choose_the_region)
{
	struct carveout_ioctl_alloc alloc;
	struct carveout_ioctl_region region;
	__u32 require, forbid;
	int err;

	for (require = 0; require < 16; require++) {
		for (forbid = 0; forbid < 16; forbid++) {
			err = expected_for(&self->heap, require, forbid);
			alloc = alloc_request(PAGE);
			alloc.require = require;
			alloc.forbid = forbid;
			EXPECT_EQ(err, try_alloc(self->heap.node, &alloc))
				TH_LOG("require %x, forbid %x", require,
				       forbid);
			if (err)
				continue;
			EXPECT_EQ(require, alloc.attrs & require);
			EXPECT_EQ(0, alloc.attrs & forbid);
			ASSERT_EQ(0, query_region(self->heap.node, alloc.region,
						  &region));
			EXPECT_EQ(region.attrs, alloc.attrs);
		}
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, attribute_bits_one_by_one)
{
	struct carveout_ioctl_alloc alloc;
	int bit, err;

	for (bit = 0; bit < 32; bit++) {
		err = expected_for(&self->heap, 1U << bit, 0);
		alloc = alloc_request(PAGE);
		alloc.require = 1U << bit;
		EXPECT_EQ(err, try_alloc(self->heap.node, &alloc))
			TH_LOG("require bit %d", bit);
		err = expected_for(&self->heap, 0, 1U << bit);
		if (!(CARVEOUT_ATTR_MASK & 1U << bit))
			err = -EINVAL;
		alloc = alloc_request(PAGE);
		alloc.forbid = 1U << bit;
		EXPECT_EQ(err, try_alloc(self->heap.node, &alloc))
			TH_LOG("forbid bit %d", bit);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * A region has exactly one kind of mapping; the heap has the attributes of its
 * regions.
 */
TEST_F(heap, attributes_of_regions_are_consistent)
{
	struct carveout_ioctl_region region;
	__u32 i, kind, all = 0;

	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		kind = region.attrs & KIND_MASK;
		EXPECT_NE(0, kind);
		EXPECT_EQ(0, kind & (kind - 1));
		EXPECT_EQ(0, region.attrs & ~CARVEOUT_ATTR_MASK);
		if (region.attrs & CARVEOUT_ATTR_PAGES)
			EXPECT_EQ(CARVEOUT_ATTR_CACHED, kind);
		EXPECT_NE('\0', region.name[0]);
		EXPECT_EQ(0, region.base % self->heap.query.page_size);
		EXPECT_EQ(0, region.size % self->heap.query.page_size);
		all |= region.attrs;
	}
	EXPECT_EQ(all, self->heap.query.attrs);
	EXPECT_EQ(-ENOENT, query_region(self->heap.node, i, &region));
	EXPECT_EQ(-ENOENT, query_region(self->heap.node, 64, &region));
	EXPECT_EQ(-ENOENT, query_region(self->heap.node, ~0U, &region));
}

TEST_F(heap, address_limit_is_honoured_to_the_byte)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_alloc alloc;
	__u64 lowest = ~0ULL;
	__u32 i, low = 0;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		ASSERT_EQ(CARVEOUT_REGION_BASE,
			  region.flags & CARVEOUT_REGION_BASE);
		if (region.base < lowest) {
			lowest = region.base;
			low = i;
		}
	}
	alloc = alloc_request(2 * PAGE);
	alloc.max_addr = 1;
	EXPECT_EQ(-ENOSPC, try_alloc(self->heap.node, &alloc));
	alloc = alloc_request(2 * PAGE);
	alloc.max_addr = lowest;
	EXPECT_EQ(-ENOSPC, try_alloc(self->heap.node, &alloc));
	alloc = alloc_request(2 * PAGE);
	alloc.max_addr = lowest + 2 * PAGE - 1;
	EXPECT_EQ(-ENOSPC, try_alloc(self->heap.node, &alloc));
	alloc = alloc_request(2 * PAGE);
	alloc.max_addr = lowest + 2 * PAGE;
	EXPECT_EQ(0, try_alloc(self->heap.node, &alloc));
	EXPECT_EQ(low, alloc.region);
	EXPECT_EQ(0, alloc.offset);
	alloc = alloc_request(2 * PAGE);
	alloc.max_addr = ~0ULL;
	EXPECT_EQ(0, try_alloc(self->heap.node, &alloc));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Flags =============================================================== */

TEST_F(heap, unknown_flag_is_EINVAL)
{
	struct carveout_ioctl_alloc alloc;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (CARVEOUT_ALLOC_FLAGS & 1U << bit)
			continue;
		alloc = alloc_request(PAGE);
		set_name(alloc.tag, "alloc.flag");
		alloc.flags = 1U << bit;
		EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc))
			TH_LOG("bit %d", bit);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, what_belongs_to_a_tag_needs_one)
{
	struct carveout_ioctl_alloc alloc = alloc_request(PAGE);

	alloc.flags = CARVEOUT_ALLOC_PERSIST;
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	alloc.flags = 0;
	alloc.mode = 0600;
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	alloc.mode = 0;
	EXPECT_EQ(0, try_alloc(self->heap.node, &alloc));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, mode_has_nine_bits)
{
	struct carveout_ioctl_alloc alloc;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		alloc = alloc_request(PAGE);
		set_name(alloc.tag, "alloc.mode");
		alloc.mode = 1U << bit;
		EXPECT_EQ(bit < 9 ? 0 : -EINVAL,
			  try_alloc(self->heap.node, &alloc))
			TH_LOG("bit %d", bit);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, descriptor_flags)
{
	struct carveout_ioctl_alloc alloc;
	__u32 flags;
	int bit, err;

	for (bit = 0; bit < 32; bit++) {
		flags = 1U << bit;
		alloc = alloc_request(PAGE);
		alloc.fd_flags = flags;
		err = flags == O_RDWR || flags == O_CLOEXEC ? 0 : -EINVAL;
		EXPECT_EQ(err, try_alloc(self->heap.node, &alloc))
			TH_LOG("flags %o", flags);
	}
	alloc = alloc_request(PAGE);
	alloc.fd_flags = O_ACCMODE;
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, descriptor_is_as_its_flags_say)
{
	static const __u32 access[] = { O_RDONLY, O_RDWR };
	struct carveout_ioctl_alloc alloc;
	size_t i, cloexec;

	for (i = 0; i < ARRAY_SIZE(access); i++) {
		for (cloexec = 0; cloexec < 2; cloexec++) {
			alloc = alloc_request(PAGE);
			alloc.fd_flags = access[i] | (cloexec ? O_CLOEXEC : 0);
			ASSERT_EQ(0, xioctl(self->heap.node,
					    CARVEOUT_IOCTL_ALLOC, &alloc));
			EXPECT_EQ(access[i],
				  fcntl(alloc.fd, F_GETFL) & O_ACCMODE);
			EXPECT_EQ(cloexec ? FD_CLOEXEC : 0,
				  fcntl(alloc.fd, F_GETFD));
			close(alloc.fd);
		}
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Tags ================================================================ */

struct bad_name {
	const char *why;
	char field[CARVEOUT_NAME_LEN];
};

static const struct bad_name bad_names[] = {
	{ "slash", "a/b" },
	{ "two dots beside a slash", "../x" },
	{ "space", "a b" },
	{ "per cent", "%s" },
	{ "newline", "a\n" },
	{ "tab", "\t" },
	{ "escape", "\033[2J" },
	{ "delete", "a\177" },
	{ "0x80", "a\200" },
	{ "0xff", "\377" },
	{ "UTF-8", "\303\244" },
	{ "quote", "'" },
	{ "colon", "a:b" },
	{ "comma", "a,b" },
	{ "dirty tail", "a\0b" },
	{ "dirty last byte", { [0] = 'a', [CARVEOUT_NAME_LEN - 1] = 'z' } },
	{ "starts with its terminator", "\0a" },
};

TEST_F(heap, bad_tag_is_EINVAL_for_every_command_that_takes_one)
{
	struct carveout_ioctl_unlink unlink;
	struct carveout_ioctl_alloc alloc;
	struct carveout_ioctl_open open;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_names); i++) {
		alloc = alloc_request(PAGE);
		memcpy(alloc.tag, bad_names[i].field, CARVEOUT_NAME_LEN);
		EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc))
			TH_LOG("alloc: %s", bad_names[i].why);
		memset(&open, 0, sizeof(open));
		memcpy(open.tag, bad_names[i].field, CARVEOUT_NAME_LEN);
		EXPECT_EQ(-EINVAL, xioctl(self->heap.node, CARVEOUT_IOCTL_OPEN,
					  &open))
			TH_LOG("open: %s", bad_names[i].why);
		memset(&unlink, 0, sizeof(unlink));
		memcpy(unlink.tag, bad_names[i].field, CARVEOUT_NAME_LEN);
		EXPECT_EQ(-EINVAL, xioctl(self->heap.node,
					  CARVEOUT_IOCTL_UNLINK, &unlink))
			TH_LOG("unlink: %s", bad_names[i].why);
	}
	EXPECT_EQ(-EINVAL, open_tag(self->heap.node, "", O_RDONLY));
	EXPECT_EQ(-EINVAL, unlink_tag(self->heap.node, ""));
	EXPECT_UNCHANGED(&self->heap);
}

/* Every byte value, as the only one and after a valid one. */
TEST_F(heap, tag_takes_letters_digits_dot_underscore_and_dash)
{
	char name[4] = "";
	int byte, err;

	for (byte = 1; byte < 256; byte++) {
		err = byte < 128 && (isalnum(byte) || strchr("._-", byte)) ?
		      -ENOENT : -EINVAL;
		name[0] = 'x';
		name[1] = byte;
		EXPECT_EQ(err, open_tag(self->heap.node, name, O_RDONLY))
			TH_LOG("byte %02x", byte);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, tag_has_at_most_63_bytes)
{
	char name[CARVEOUT_NAME_LEN + 1] = "";
	int fd;

	memset(name, 'n', CARVEOUT_NAME_LEN - 1);
	fd = alloc_tag(self->heap.node, PAGE, name, 0, 0600);
	EXPECT_LE(0, fd);
	EXPECT_EQ(1, find_listed(self->heap.node, name, NULL));
	close(fd);
	/* 64 bytes leave no room for the terminator. */
	memset(name, 'n', CARVEOUT_NAME_LEN);
	EXPECT_EQ(-EINVAL, alloc_tag(self->heap.node, PAGE, name, 0, 0600));
	EXPECT_EQ(-EINVAL, open_tag(self->heap.node, name, O_RDONLY));
	EXPECT_EQ(-EINVAL, unlink_tag(self->heap.node, name));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, label_is_kept_and_must_be_printable_and_terminated)
{
	struct carveout_ioctl_alloc alloc = alloc_request(PAGE);
	struct carveout_buffer_info buffer;
	int byte;

	memset(alloc.label, 'l', CARVEOUT_NAME_LEN - 1);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	ASSERT_EQ(0, query_buffer(self->heap.node, alloc.fd, &buffer));
	EXPECT_EQ(0, memcmp(alloc.label, buffer.label, CARVEOUT_NAME_LEN));
	close(alloc.fd);

	alloc = alloc_request(PAGE);
	memset(alloc.label, 'l', CARVEOUT_NAME_LEN);
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	alloc = alloc_request(PAGE);
	alloc.label[0] = 'l';
	alloc.label[CARVEOUT_NAME_LEN - 1] = 'x';
	EXPECT_EQ(-EINVAL, try_alloc(self->heap.node, &alloc));
	for (byte = 1; byte < 256; byte++) {
		alloc = alloc_request(PAGE);
		alloc.label[0] = byte;
		EXPECT_EQ(byte < 127 && isprint(byte) ? 0 : -EINVAL,
			  try_alloc(self->heap.node, &alloc))
			TH_LOG("byte %02x", byte);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Limits of the process =============================================== */

TEST_F(heap, no_descriptor_left_is_EMFILE_and_leaves_nothing)
{
	struct rlimit limit = { 16, 16 };
	int fd[16], count = 0, next;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while (count < 16 && (next = alloc_buffer(self->heap.node, PAGE)) >= 0)
		fd[count++] = next;
	EXPECT_EQ(-EMFILE, next);
	EXPECT_LT(0, count);
	EXPECT_EQ(self->heap.query.used + count * PAGE,
		  used_bytes(self->heap.node));
	while (count)
		close(fd[--count]);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Access mode of the device node ====================================== */

TEST_F(heap, read_only_node_allocates_nothing)
{
	struct carveout_ioctl_alloc alloc = alloc_request(PAGE);
	struct carveout_ioctl_query query;
	int node = open(heap_path(), O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, node);
	EXPECT_EQ(-EACCES, try_alloc(node, &alloc));
	alloc.fd_flags = O_RDONLY;
	EXPECT_EQ(-EACCES, try_alloc(node, &alloc));
	EXPECT_EQ(0, query_heap(node, &query));
	close(node);
	EXPECT_UNCHANGED(&self->heap);
}

/* === The reply =========================================================== */

TEST_F(heap, reply_agrees_with_info_and_list)
{
	struct carveout_ioctl_alloc alloc = alloc_request(3 * PAGE);
	struct carveout_buffer_info buffer, listed;
	const char *tag = unique_tag("alloc.reply");
	char comm[16];

	set_name(alloc.tag, tag);
	set_name(alloc.label, "what it is for: anything (at all)");
	alloc.mode = 0640;
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	EXPECT_EQ(CARVEOUT_ALLOC_CREATED, alloc.created);
	EXPECT_EQ(0, alloc.reserved);
	EXPECT_NE(0, alloc.generation);
	EXPECT_EQ(0, alloc.attrs & ~CARVEOUT_ATTR_MASK);

	ASSERT_EQ(0, query_buffer(self->heap.node, alloc.fd, &buffer));
	EXPECT_STREQ(tag, buffer.tag);
	EXPECT_STREQ(alloc.label, buffer.label);
	ASSERT_EQ(0, read_line("/proc/self/comm", comm, sizeof(comm)));
	EXPECT_STREQ(comm, buffer.comm);
	EXPECT_EQ(alloc.size, buffer.size);
	EXPECT_EQ(alloc.offset, buffer.offset);
	EXPECT_EQ(alloc.generation, buffer.generation);
	EXPECT_EQ(alloc.region, buffer.region);
	EXPECT_EQ(alloc.attrs, buffer.attrs);
	EXPECT_EQ(CARVEOUT_BUFFER_PHYS, buffer.flags);
	EXPECT_EQ(0640, buffer.mode);
	EXPECT_EQ(0, buffer.uid);
	EXPECT_EQ(0, buffer.gid);
	EXPECT_EQ((__u32)getpid(), buffer.pid);
	EXPECT_EQ(1, buffer.refs);

	EXPECT_EQ(1, find_listed(self->heap.node, tag, &listed));
	EXPECT_EQ(0, memcmp(&buffer, &listed, sizeof(buffer)));
	close(alloc.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
