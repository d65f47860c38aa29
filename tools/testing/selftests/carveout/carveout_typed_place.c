// SPDX-License-Identifier: GPL-2.0
/*
 * Typed memory of POSIX.1-2017 on a real heap: chosen areas, posix_typed_mem_get_info() and
 * posix_mem_offset(). See carveout_typed.c.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "carveout_typed.h"

#define USER		1000
#define OTHER		1003

/* Is there no other region of this name? */
static bool has_own_name(int node, const struct carveout_ioctl_region *region)
{
	struct carveout_ioctl_region other;
	__u32 i;

	for (i = 0; !query_region(node, i, &other); i++)
		if (i != region->index && !strcmp(other.name, region->name))
			return false;
	return true;
}

/* === A chosen area ======================================================= */

/* An area that is free: mapped once and unmapped again. */
static off_t free_area(int fd, size_t size)
{
	char *mem = map_at(fd, 0, size);
	off_t off = mem == MAP_FAILED ? -1 : offset_of(mem);

	munmap(mem, size);
	return off;
}

/* "this mapped area becomes unavailable for allocation until unmapped by all processes" */
TEST_F(heap, chosen_area_is_allocated_until_it_is_unmapped)
{
	int alloc = open_heap(O_RDWR, ALLOCATE), fd = open_heap(O_RDWR, 0);
	off_t off = free_area(alloc, SIZE);
	char *mem = map_at(fd, off, SIZE), *again;

	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(off, offset_of(mem));
	EXPECT_TRUE(is_filled(mem, SIZE, 0));
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	again = map_at(alloc, 0, SIZE);
	ASSERT_NE(MAP_FAILED, again);
	EXPECT_LE(SIZE, llabs(offset_of(again) - off));
	munmap(again, SIZE);
	munmap(mem, SIZE);
	EXPECT_EQ(self->heap.query.used, used_bytes(self->heap.node));
	close(alloc);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

struct sharer {
	const char *name;
	off_t off;
};

/* Map the area in another process, by the name, and answer through it. */
static int share(void *data)
{
	const struct sharer *sharer = data;
	int fd = open_name(sharer->name, O_RDWR, 0);
	char *mem = map_at(fd, sharer->off, SIZE);

	if (mem == MAP_FAILED || !has_pattern(mem, SIZE, 1))
		return 1;
	fill_pattern(mem, SIZE, 2);
	return 0;
}

/*
 * "processes calling posix_typed_mem_open() with the same value of name shall refer to the
 * same typed memory object"; "if two processes map an area ... using the same off and len
 * values ... (either from the same port or from a different port), both processes shall map
 * the same region of storage"
 */
TEST_F(heap, two_processes_share_an_area)
{
	struct carveout_ioctl_region region;
	int fd = open_heap(O_RDWR, ALLOCATE);
	struct sharer sharer;
	char *mem = map_at(fd, 0, SIZE);
	int i, dmabuf;

	ASSERT_NE(MAP_FAILED, mem);
	sharer.off = offset_of(mem);
	dmabuf = carveout_map_export(mem, O_CLOEXEC, NULL);
	ASSERT_LE(0, dmabuf);
	for (i = 0; i < 2; i++) {
		struct carveout_buffer_info buffer;

		ASSERT_EQ(0, query_buffer(self->heap.node, dmabuf, &buffer));
		ASSERT_EQ(0, query_region(self->heap.node, buffer.region, &region));
		sharer.name = name_of(i ? region.name : NULL);
		fill_pattern(mem, SIZE, 1);
		EXPECT_EQ(0, run_child(share, &sharer));
		EXPECT_TRUE(has_pattern(mem, SIZE, 2));
	}
	munmap(mem, SIZE);
	close(dmabuf);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* "ENXIO: Addresses in the range [off,off+len) are invalid for the object". */
TEST_F(heap, area_outside_the_object_is_ENXIO)
{
	struct carveout_ioctl_region region;
	int fd = open_heap(O_RDWR, 0), one;
	off_t start = 0, end = self->heap.query.size;
	off_t last = sizeof(long) < 8 ? UINT32_MAX * 4096LL : INT64_MAX / PAGE * PAGE;
	__u32 i;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENXIO, try_mmap(fd, end, PAGE, RW, MAP_SHARED));
	EXPECT_EQ(-ENXIO, try_mmap(fd, end - PAGE, 2 * PAGE, RW, MAP_SHARED));
	EXPECT_EQ(-ENXIO, try_mmap(fd, 0, end + PAGE, RW, MAP_SHARED));
	EXPECT_EQ(-ENXIO, try_mmap(fd, last, PAGE, RW, MAP_SHARED));
	/* The mmap() of a C library for 32 bits takes no such offset. */
	EXPECT_EQ(sizeof(long) < 8 ? -EINVAL : -ENXIO,
		  try_mmap(fd, INT64_MIN, PAGE, RW, MAP_SHARED));
	for (i = 0; !query_region(self->heap.node, i, &region); i++) {
		one = open_name(name_of(region.name), O_RDWR, 0);
		ASSERT_LE(0, one);
		if (!has_own_name(self->heap.node, &region)) {
			start += region.size;
			EXPECT_EQ(-ENXIO, try_mmap(fd, start - PAGE, 2 * PAGE, RW, MAP_SHARED));
			close(one);
			continue;
		}
		if (start)
			EXPECT_EQ(-ENXIO, try_mmap(one, start - PAGE, PAGE, RW, MAP_SHARED));
		start += region.size;
		if (!(region.attrs & CARVEOUT_ATTR_NO_CPU) && !region.used)
			EXPECT_EQ(0, try_mmap(one, start - PAGE, PAGE, RW, MAP_SHARED));
		EXPECT_EQ(-ENXIO, try_mmap(one, start, PAGE, RW, MAP_SHARED));
		/* No mapping crosses regions. */
		EXPECT_EQ(-ENXIO, try_mmap(fd, start - PAGE, 2 * PAGE, RW, MAP_SHARED));
		close(one);
	}
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* An area of which a part is allocated, and a buffer that mmap() did not allocate. */
TEST_F(heap, area_of_other_buffers_is_EBUSY)
{
	int alloc = open_heap(O_RDWR, ALLOCATE), fd = open_heap(O_RDWR, 0), other;
	off_t off = free_area(alloc, 3 * SIZE);
	struct carveout_buffer_info buffer;
	char *mem = map_at(fd, off + SIZE, SIZE);

	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(-EBUSY, try_mmap(fd, off, 2 * SIZE, RW, MAP_SHARED));
	EXPECT_EQ(-EBUSY, try_mmap(fd, off + 2 * SIZE - PAGE, SIZE, RW, MAP_SHARED));
	EXPECT_EQ(-EBUSY, try_mmap(fd, off, 3 * SIZE, RW, MAP_SHARED));
	EXPECT_EQ(0, try_mmap(fd, off, SIZE, RW, MAP_SHARED));
	EXPECT_EQ(0, try_mmap(fd, off + SIZE + PAGE, PAGE, RW, MAP_SHARED));
	munmap(mem, SIZE);
	other = alloc_in(self->heap.node, SIZE, 1);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, query_buffer(self->heap.node, other, &buffer));
	EXPECT_EQ(-EBUSY, try_mmap(fd, buffer.offset, SIZE, RW, MAP_SHARED));
	close(other);
	/* A tag lets others open it. */
	other = alloc_tag(self->heap.node, SIZE, unique_tag("typed"), 0, 0600);
	mem = map_buffer(other, SIZE, RW);
	EXPECT_EQ(0, try_mmap(fd, offset_of(mem), SIZE, RW, MAP_SHARED));
	munmap(mem, SIZE);
	close(other);
	close(alloc);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Users, whose node is open: the owner of the memory, and the mode of its tag, decide. */
struct visitor {
	int node;
	off_t off;
	int prot;
	int result;
};

static int visit(void *data)
{
	const struct visitor *visitor = data;

	if (become(OTHER, OTHER))
		return 1;
	return try_mmap(visitor->node, visitor->off, SIZE, visitor->prot, MAP_SHARED) !=
	       visitor->result;
}

TEST_F(heap, memory_of_another_user_needs_a_tag)
{
	int fd = open_heap(O_RDWR, ALLOCATE), rw = open_heap(O_RDWR, 0);
	struct visitor visitor = { rw, 0, RW, -EBUSY };
	char *mem = map_at(fd, 0, SIZE);
	const char *tag = unique_tag("typed.tag");
	struct carveout_heap *heap;
	int dmabuf;

	ASSERT_NE(MAP_FAILED, mem);
	umask(0);
	visitor.off = offset_of(mem);
	EXPECT_EQ(0, run_child(visit, &visitor));
	dmabuf = carveout_map_export(mem, O_CLOEXEC, NULL);
	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, carveout_open(heap_name(), O_RDWR, &heap));
	ASSERT_EQ(0, carveout_link(heap, dmabuf, tag, 0, 0644, NULL));
	EXPECT_EQ(0, run_child(visit, &visitor));
	ASSERT_EQ(0, carveout_setattr(heap, tag, CARVEOUT_SETATTR_MODE, 0666, 0, 0));
	visitor.result = 0;
	EXPECT_EQ(0, run_child(visit, &visitor));
	/* Without the tag its mode does not count either. */
	ASSERT_EQ(0, carveout_unlink(heap, tag));
	visitor.result = -EBUSY;
	EXPECT_EQ(0, run_child(visit, &visitor));
	carveout_close(heap);
	close(dmabuf);
	munmap(mem, SIZE);
	close(fd);
	close(rw);
	EXPECT_UNCHANGED(&self->heap);
}

/* A process whose umask masks all permission bits. */
struct owner {
	int alloc;
	int place;
};

static int map_own_memory(void *data)
{
	const struct owner *owner = data;
	char *mem;

	umask(0777);
	if (become(OTHER, OTHER))
		return 1;
	mem = map_at(owner->alloc, 0, SIZE);
	if (mem == MAP_FAILED)
		return 2;
	return try_mmap(owner->place, offset_of(mem), SIZE, RW, MAP_SHARED) ? 3 : 0;
}

TEST_F(heap, memory_of_the_same_user_needs_no_mode)
{
	struct owner owner = { open_heap(O_RDWR, ALLOCATE), open_heap(O_RDWR, 0) };

	EXPECT_EQ(0, run_child(map_own_memory, &owner));
	close(owner.alloc);
	close(owner.place);
	EXPECT_UNCHANGED(&self->heap);
}

/* Neither a tag that it did not get nor a resize takes the memory from its user. */
TEST_F(heap, memory_stays_that_of_its_user)
{
	int fd = open_heap(O_RDWR, ALLOCATE), place = open_heap(O_RDWR, 0), other, dmabuf, next;
	const char *tag = unique_tag("typed.taken");
	char *mem = map_at(fd, 0, SIZE), *again;
	off_t off = offset_of(mem);
	struct carveout_heap *heap;

	ASSERT_NE(MAP_FAILED, mem);
	other = alloc_tag(self->heap.node, PAGE, tag, 0, 0600);
	dmabuf = carveout_map_export(mem, O_CLOEXEC, NULL);
	ASSERT_LE(0, dmabuf);
	ASSERT_EQ(0, carveout_open(heap_name(), O_RDWR, &heap));
	EXPECT_EQ(-EEXIST, carveout_link(heap, dmabuf, tag, 0, 0600, NULL));
	EXPECT_EQ(0, try_mmap(place, off, SIZE, RW, MAP_SHARED));
	munmap(mem, SIZE);
	next = carveout_resize(heap, dmabuf, SIZE - PAGE, O_RDWR | O_CLOEXEC, NULL);
	ASSERT_LE(0, next);
	close(dmabuf);
	again = map_at(place, off, SIZE - PAGE);
	EXPECT_NE(MAP_FAILED, again);
	EXPECT_EQ(off, offset_of(again));
	munmap(again, SIZE - PAGE);
	carveout_close(heap);
	close(next);
	close(other);
	close(fd);
	close(place);
	EXPECT_UNCHANGED(&self->heap);
}

/* A reader does not learn which places are free. */
TEST_F(heap, reader_gets_one_error_for_all_places)
{
	int ro = open_heap(O_RDONLY, 0), fd = open_heap(O_RDWR, ALLOCATE);
	struct visitor visitor = { ro, 0, PROT_READ, -EBUSY };
	char *mem = map_at(fd, 0, SIZE);

	ASSERT_NE(MAP_FAILED, mem);
	visitor.off = offset_of(mem);
	EXPECT_EQ(0, run_child(visit, &visitor));
	munmap(mem, SIZE);
	EXPECT_EQ(0, run_child(visit, &visitor));
	close(fd);
	close(ro);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, reader_maps_what_another_allocated)
{
	int fd = open_heap(O_RDWR, ALLOCATE), ro = open_heap(O_RDONLY, 0), dmabuf;
	char *mem = map_at(fd, 0, SIZE), *seen;

	ASSERT_NE(MAP_FAILED, mem);
	fill_pattern(mem, SIZE, 3);
	seen = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, ro, offset_of(mem));
	ASSERT_NE(MAP_FAILED, seen);
	EXPECT_TRUE(has_pattern(seen, SIZE, 3));
	EXPECT_EQ(-1, mprotect(seen, SIZE, RW));
	EXPECT_EQ(EACCES, errno);
	/* Nor does a descriptor of the mapping permit it. */
	dmabuf = carveout_map_export(seen, O_CLOEXEC, NULL);
	ASSERT_LE(0, dmabuf);
	EXPECT_EQ(-EACCES, try_mmap(dmabuf, 0, SIZE, RW, MAP_SHARED));
	close(dmabuf);
	munmap(seen, SIZE);
	munmap(mem, SIZE);
	close(fd);
	close(ro);
	EXPECT_UNCHANGED(&self->heap);
}

/* === posix_typed_mem_get_info() ========================================== */

/* "the maximum length which may be successfully allocated by the typed memory object" */
TEST_F(heap, length_can_be_allocated)
{
	struct carveout_ioctl_region region;
	size_t length;
	int tflag, fd;
	char *mem;
	__u32 i;

	for (i = 0; !query_region(self->heap.node, i, &region); i++)
		for (tflag = ALLOCATE; tflag <= CONTIG; tflag++) {
			if (region.attrs & CARVEOUT_ATTR_NO_CPU)
				continue;
			fd = open_name(name_of(region.name), O_RDWR, tflag);
			length = length_of(fd);
			if (has_own_name(self->heap.node, &region))
				EXPECT_EQ(region.largest_hole, length);
			EXPECT_EQ(-ENOMEM, try_mmap(fd, 0, length + PAGE, RW, MAP_SHARED));
			mem = map_at(fd, 0, length);
			ASSERT_NE(MAP_FAILED, mem);
			/* "The maximum length is dynamic". */
			if (has_own_name(self->heap.node, &region))
				EXPECT_GT(length, length_of(fd));
			munmap(mem, length);
			EXPECT_EQ(length, length_of(fd));
			close(fd);
		}
	EXPECT_UNCHANGED(&self->heap);
}

/* "EBADF", "ENODEV: ... not connected to a memory object supported by this function" */
TEST_F(heap, other_descriptors_are_ENODEV)
{
	struct posix_typed_mem_info info = { 7 };
	int fds[] = {
		self->heap.node, open("/dev/null", O_RDWR), open("/proc/self/maps", O_RDONLY),
		memfd_create("typed", 0), alloc_buffer(self->heap.node, SIZE),
		open("/dev/carveout-dmabuf", O_RDONLY),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(ENODEV, posix_typed_mem_get_info(fds[i], &info)) TH_LOG("%zu", i);
		if (i)
			close(fds[i]);
	}
	EXPECT_EQ(EBADF, posix_typed_mem_get_info(-1, &info));
	EXPECT_EQ(EBADF, posix_typed_mem_get_info(fds[1], &info));
	EXPECT_EQ(7, info.posix_tmi_length);
	EXPECT_EQ(-ENODEV, try_mmap(self->heap.node, 0, SIZE, RW, MAP_SHARED));
	EXPECT_UNCHANGED(&self->heap);
}

static int length_has_limits(void *data)
{
	int fd = open_heap(O_RDWR, ALLOCATE);

	(void)data;
	if (length_of(fd) <= (size_t)SIZE)
		return 1;
	if (become(USER, USER) || length_of(fd) != (size_t)SIZE)
		return 2;
	if (try_mmap(fd, 0, SIZE, RW, MAP_SHARED))
		return 3;
	return try_mmap(fd, 0, SIZE + PAGE, RW, MAP_SHARED) != -EDQUOT;
}

TEST_F(heap, length_is_within_the_quota)
{
	ASSERT_EQ(0, set_quota("quota_user", SIZE + 1));
	EXPECT_EQ(0, run_child(length_has_limits, NULL));
	EXPECT_EQ(0, set_quota("quota_user", 0));
	ASSERT_EQ(0, set_quota("quota_file", SIZE));
	EXPECT_EQ(0, run_child(length_has_limits, NULL));
	EXPECT_EQ(0, set_quota("quota_file", 0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === posix_mem_offset() ================================================== */

/*
 * "contig_len shall equal either len, or the length of the largest contiguous block of the
 * memory object that is currently mapped ... starting at addr, whichever is smaller"
 */
TEST_F(heap, contiguous_length_is_what_is_mapped)
{
	int fd = open_heap(O_RDWR, ALLOCATE);
	char *mem = map_at(fd, 0, SIZE);
	off_t off = offset_of(mem);

	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, contig_of(mem, 0));
	EXPECT_EQ(1, contig_of(mem, 1));
	EXPECT_EQ(SIZE, contig_of(mem, SIZE));
	EXPECT_EQ(SIZE, contig_of(mem, SIZE_MAX));
	EXPECT_EQ(SIZE - 5, contig_of(mem + 5, SIZE));
	EXPECT_EQ(off + 5, offset_of(mem + 5));
	EXPECT_EQ(1, contig_of(mem + SIZE - 1, 2));
	/* Mappings that the kernel has split are still contiguous. */
	ASSERT_EQ(0, mprotect(mem + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(SIZE, contig_of(mem, SIZE_MAX));
	EXPECT_EQ(PAGE, contig_of(mem + PAGE / 2, PAGE));
	EXPECT_EQ(off + PAGE + 7, offset_of(mem + PAGE + 7));
	munmap(mem + 2 * PAGE, PAGE);
	EXPECT_EQ(2 * PAGE, contig_of(mem, SIZE));
	EXPECT_EQ(PAGE, contig_of(mem + 3 * PAGE, SIZE));
	EXPECT_EQ(off + 3 * PAGE, offset_of(mem + 3 * PAGE));
	/* A part of the same memory, but another one. */
	ASSERT_EQ(mem + 2 * PAGE, mremap(mem, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
					 mem + 2 * PAGE));
	EXPECT_EQ(PAGE, contig_of(mem + PAGE, SIZE));
	EXPECT_EQ(off, offset_of(mem + 2 * PAGE));
	munmap(mem + PAGE, SIZE - PAGE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * "shall return ... the descriptor used (via mmap()) to establish the mapping ... If that
 * descriptor was closed since the mapping was established, the returned value ... shall be -1"
 */
TEST_F(heap, descriptor_is_found_until_it_is_closed)
{
	int fd = open_heap(O_RDWR, ALLOCATE), second = open_heap(O_RDWR, ALLOCATE), copy;
	char *mem = map_at(fd, 0, SIZE), *other = map_at(second, 0, SIZE);

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_NE(MAP_FAILED, other);
	EXPECT_EQ(fd, fildes_of(mem));
	EXPECT_EQ(fd, fildes_of(mem + SIZE - 1));
	EXPECT_EQ(second, fildes_of(other));
	munmap(mem, PAGE);
	EXPECT_EQ(fd, fildes_of(mem + PAGE));
	/* The descriptor of the open file that was mapped. */
	copy = dup(fd);
	close(fd);
	EXPECT_EQ(copy, fildes_of(mem + PAGE));
	close(copy);
	EXPECT_EQ(-1, fildes_of(mem + PAGE));
	/* Another file has the number. */
	copy = open_heap(O_RDWR, ALLOCATE);
	EXPECT_EQ(fd, copy);
	EXPECT_EQ(-1, fildes_of(mem + PAGE));
	EXPECT_EQ(second, fildes_of(other));
	close(copy);
	close(second);
	munmap(mem + PAGE, SIZE - PAGE);
	munmap(other, SIZE);
	EXPECT_UNCHANGED(&self->heap);
}

/* The dma-buf of a mapping is not the descriptor that was mapped. */
TEST_F(heap, exported_descriptor_is_not_found)
{
	int low[] = { dup(0), dup(0) }, fd = open_heap(O_RDWR, ALLOCATE), dmabuf;
	char *mem = map_at(fd, 0, SIZE), *seen;

	ASSERT_NE(MAP_FAILED, mem);
	/* It has a lower number. The library opens a node meanwhile. */
	close(low[0]);
	close(low[1]);
	dmabuf = carveout_map_export(mem, O_CLOEXEC, NULL);
	EXPECT_EQ(low[1], dmabuf);
	EXPECT_EQ(fd, fildes_of(mem));
	close(fd);
	EXPECT_EQ(-1, fildes_of(mem));
	seen = map_buffer(dmabuf, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, seen);
	EXPECT_EQ(dmabuf, fildes_of(seen));
	munmap(seen, SIZE);
	munmap(mem, SIZE);
	close(dmabuf);
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * "the typed memory area that is mapped shall be exactly the same area that was mapped at
 * addr", with off and contig_len and a descriptor "opened with neither" flag
 */
TEST_F(heap, offset_leads_to_the_same_area)
{
	int fd = open_heap(O_RDWR, ALLOCATE), place = open_heap(O_RDWR, 0), fildes;
	char *mem = map_at(fd, 0, SIZE), *same;
	size_t contig;
	off_t off;

	ASSERT_NE(MAP_FAILED, mem);
	fill_pattern(mem, SIZE, 4);
	ASSERT_EQ(0, posix_mem_offset(mem + PAGE, SIZE, &off, &contig, &fildes));
	same = map_at(place, off, contig);
	ASSERT_NE(MAP_FAILED, same);
	EXPECT_EQ(0, memcmp(mem + PAGE, same, contig));
	EXPECT_EQ(off, offset_of(same));
	EXPECT_EQ(place, fildes_of(same));
	same[contig - 1] ^= 0xff;
	EXPECT_EQ(0, memcmp(mem + PAGE, same, contig));
	/* It is mapped twice: the second mapping alone keeps it. */
	munmap(mem, SIZE);
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	munmap(same, contig);
	close(fd);
	close(place);
	EXPECT_UNCHANGED(&self->heap);
}

/* "EACCES: The process has not mapped a memory object supported by this function at addr" */
TEST_F(heap, other_addresses_are_EACCES)
{
	char *anon = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int memfd = memfd_create("typed", MFD_CLOEXEC), pool, fd = -7;
	size_t contig = 7;
	off_t off = 7;
	char *mem;

	ASSERT_NE(MAP_FAILED, anon);
	ASSERT_EQ(0, ftruncate(memfd, PAGE));
	munmap(anon + PAGE, PAGE);
	EXPECT_EQ(EACCES, posix_mem_offset(anon, 1, &off, &contig, &fd));
	EXPECT_EQ(EACCES, posix_mem_offset(anon + PAGE, 1, &off, &contig, &fd));
	EXPECT_EQ(EACCES, posix_mem_offset(NULL, 1, &off, &contig, &fd));
	EXPECT_EQ(EACCES, posix_mem_offset((void *)-PAGE, 1, &off, &contig, &fd));
	mem = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, memfd, 0);
	EXPECT_EQ(EACCES, posix_mem_offset(mem, 1, &off, &contig, &fd));
	munmap(mem, PAGE);
	pool = create_pool(self->heap.node, PAGE, 1);
	mem = map_buffer(pool, PAGE, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(EACCES, posix_mem_offset(mem, 1, &off, &contig, &fd));
	munmap(mem, PAGE);
	close(pool);
	close(memfd);
	EXPECT_EQ(7, off);
	EXPECT_EQ(7, contig);
	EXPECT_EQ(-7, fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Implementation-defined: a buffer is found like typed memory. */
TEST_F(heap, mapping_of_a_buffer_has_an_offset)
{
	int fd = alloc_buffer(self->heap.node, SIZE), again;
	char *mem = map_buffer(fd, SIZE, RW), *seen;
	struct carveout_buffer_info buffer;
	uint64_t offset;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &buffer));
	EXPECT_EQ(fd, fildes_of(mem));
	if (!buffer.region)
		EXPECT_EQ((off_t)buffer.offset, offset_of(mem));
	again = carveout_map_export(mem + PAGE + 3, O_CLOEXEC, &offset);
	ASSERT_LE(0, again);
	EXPECT_EQ(PAGE + 3, offset);
	EXPECT_EQ(FD_CLOEXEC, fcntl(again, F_GETFD));
	mem[offset] = 9;
	seen = map_buffer(again, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, seen);
	EXPECT_EQ(9, seen[offset]);
	munmap(seen, SIZE);
	munmap(mem, SIZE);
	close(again);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
