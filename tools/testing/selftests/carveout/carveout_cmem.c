// SPDX-License-Identifier: GPL-2.0
/*
 * libticmem on a real heap: beginning and end, settings, blocks, requests and pools.
 */
#include <signal.h>
#include <sys/stat.h>

#include "carveout_cmem.h"

/* === Beginning and end =================================================== */

TEST_F(cmem, calls_need_a_beginning)
{
	static const char not[] = "CMEM_init() was not called";
	unsigned long long size;
	CMEM_BlockAttrs attrs;
	off_t base;
	int count;

	EXPECT_REFUSED(-1, CMEM_exit(), not);
	EXPECT_REFUSED(-1, CMEM_getVersion(), not);
	EXPECT_REFUSED(-1, CMEM_getNumBlocks(&count), not);
	EXPECT_REFUSED(-1, CMEM_getBlock(&base, &size), not);
	EXPECT_REFUSED(-1, CMEM_getBlockAttrs(0, &attrs), not);
	EXPECT_REFUSED(-1, CMEM_getPool(1), not);
	EXPECT_REFUSED(NULL, CMEM_alloc(1, NULL), not);
	EXPECT_REFUSED(NULL, CMEM_allocPool(0, NULL), not);
	EXPECT_REFUSED(0, CMEM_allocPhys(1, NULL), not);
	EXPECT_REFUSED(0, CMEM_allocPoolPhys(0, NULL), not);
	EXPECT_REFUSED(-1, CMEM_free(&count, NULL), not);
	EXPECT_REFUSED(-1, CMEM_freePhys(PAGE, NULL), not);
	EXPECT_REFUSED(NULL, CMEM_registerAlloc(PAGE), not);
	EXPECT_REFUSED(-1, CMEM_unregister(&count, NULL), not);
	EXPECT_REFUSED(NULL, CMEM_map(PAGE, 1), not);
	EXPECT_REFUSED(-1, CMEM_unmap(&count, 1), not);
	EXPECT_REFUSED(0, CMEM_getPhys(&count), not);
	EXPECT_REFUSED(-1, CMEM_export_dmabuf(&count), not);
	EXPECT_REFUSED(-1, CMEM_cacheWb(&count, 1), not);
	EXPECT_REFUSED(-1, CMEM_cacheInv(&count, 1), not);
	EXPECT_REFUSED(-1, CMEM_cacheWbInv(&count, 1), not);
	EXPECT_REFUSED(-1, CMEM_cacheWbInvAll(), not);
}

TEST_F(cmem, beginnings_are_counted)
{
	int fds = count_fds();
	char *memory;

	BEGIN();
	EXPECT_EQ(0, CMEM_init());
	EXPECT_EQ(0, CMEM_exit());
	EXPECT_EQ(CMEM_VERSION, CMEM_getVersion());
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
	EXPECT_REFUSED(-1, CMEM_exit(), "CMEM_init() was not called");
	EXPECT_EQ(fds, count_fds());
	BEGIN();
	END();
}

/* The program may still use the memory, but cannot free it after the next CMEM_init(). */
TEST_F(cmem, end_gives_buffers_up)
{
	char *memory;
	off_t phys;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	EXPECT_NE(0, CMEM_allocPhys(SIZE, NULL));
	phys = CMEM_allocPhys(SIZE, NULL);
	EXPECT_NE(NULL, CMEM_map(phys, SIZE));
	EXPECT_EQ(0, CMEM_exit());
	memory[SIZE - 1] = 1;
	ASSERT_EQ(0, CMEM_init());
	EXPECT_REFUSED(-1, CMEM_free(memory, NULL), "no buffer of this process is mapped at");
	EXPECT_REFUSED(-1, CMEM_freePhys(phys, NULL), "no buffer of this process starts at");
	EXPECT_EQ(0, CMEM_exit());
	EXPECT_EQ(1, memory[SIZE - 1]);
	EXPECT_EQ(0, munmap(memory, SIZE));
}

/* === Settings ============================================================ */

#define EIGHT	"1x1,1x1,1x1,1x1,1x1,1x1,1x1,1x1,"

TEST_F(cmem, bad_settings_are_reported)
{
	static const struct {
		const char *name, *value, *message;
	} bad[] = {
		{ "TICMEM_BLOCKS", "no-such-heap", "cannot open heap 'no-such-heap' for block 0" },
		{ "TICMEM_BLOCKS", ",", "cannot open heap '' for block 0: Invalid argument" },
		{ "TICMEM_POOLS", "x4096", "pools are COUNTxSIZE" },
		{ "TICMEM_POOLS", "0x4096", "pools are COUNTxSIZE" },
		{ "TICMEM_POOLS", "4", "'4'" },
		{ "TICMEM_POOLS", "4x", "'4x'" },
		{ "TICMEM_POOLS", "4x0", "'4x0'" },
		{ "TICMEM_POOLS", "4x-1", "'4x-1'" },
		{ "TICMEM_POOLS", "-4x1", "'-4x1'" },
		{ "TICMEM_POOLS", "4x1T", "'4x1T'" },
		{ "TICMEM_POOLS", "4x1KK", "'4x1KK'" },
		{ "TICMEM_POOLS", "4x99999999999999999999", "Invalid argument" },
		{ "TICMEM_POOLS", "4x9999999999G", "Invalid argument" },
		{ "TICMEM_POOLS", "9999999x1", "Invalid argument" },
		{ "TICMEM_POOLS", "4x1,", "has ''" },
		{ "TICMEM_POOLS", "4x1@no-such-region", "No such file or directory" },
		{ "TICMEM_POOLS", EIGHT EIGHT EIGHT EIGHT "1x1",
		  "TICMEM_POOLS has more than 32 pools" },
		{ "TICMEM_COHERENT", "yes", "TICMEM_COHERENT is 'yes', not 0 or 1" },
		{ "TICMEM_USE_HEAP", "2", "TICMEM_USE_HEAP is '2', not 0 or 1" },
	};
	int fds = count_fds();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		setenv("TICMEM_BLOCKS", heap_name(), 1);
		unsetenv("TICMEM_POOLS");
		setenv("TICMEM_COHERENT", "1", 1);
		setenv(bad[i].name, bad[i].value, 1);
		EXPECT_REFUSED(-1, CMEM_init(), bad[i].message);
		EXPECT_REFUSED(-1, CMEM_getVersion(), "CMEM_init() was not called");
		EXPECT_EQ(fds, count_fds());
	}
}

/* A directory that has the heap under one name or two. */
static int link_heaps(const char *dir, const char *first, const char *second)
{
	char path[PATH_MAX];

	if (mkdir(dir, 0700))
		return -errno;
	setenv("CARVEOUT_DIR", dir, 1);
	unsetenv("TICMEM_BLOCKS");
	snprintf(path, sizeof(path), "%s/%s", dir, first);
	if (*first && symlink(heap_path(), path))
		return -errno;
	snprintf(path, sizeof(path), "%s/%s", dir, second);
	return *second && symlink(heap_path(), path) ? -errno : 0;
}

static void unlink_heaps(const char *dir, const char *first, const char *second)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, first);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", dir, second);
	unlink(path);
	rmdir(dir);
}

TEST_F(cmem, heap_without_a_setting)
{
	static const struct {
		const char *first, *second, *message;
	} heaps[] = {
		{ "one", "", NULL },
		{ "acme", "cmem", NULL },
		{ "", "", "no heap in /tmp/ticmem" },
		{ "one", "two", "has 2 heaps, and none is 'cmem': set TICMEM_BLOCKS" },
	};
	static const char dir[] = "/tmp/ticmem-heaps";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		ASSERT_EQ(0, link_heaps(dir, heaps[i].first, heaps[i].second));
		if (heaps[i].message) {
			EXPECT_REFUSED(-1, CMEM_init(), heaps[i].message);
		} else {
			EXPECT_EQ(0, CMEM_init());
			EXPECT_EQ(0, CMEM_exit());
		}
		unlink_heaps(dir, heaps[i].first, heaps[i].second);
	}
	EXPECT_REFUSED(-1, CMEM_init(), "no heap in /tmp/ticmem");
}

/* === Blocks ============================================================== */

/* A list of all regions of the heap, HEAP/REGION each. */
static int list_regions(int node, char *list, size_t size)
{
	struct carveout_ioctl_region region;
	size_t used = 0;
	__u32 i;

	for (i = 0; !query_region(node, i, &region); i++)
		used += snprintf(list + used, size - used, "%s%s/%s", i ? "," : "",
				 heap_name(), region.name);
	return i;
}

/* Has each region a name of its own? A block of a name has all regions of that name. */
static bool names_differ(int node)
{
	struct carveout_ioctl_region region, other;
	__u32 i, j;

	for (i = 0; !query_region(node, i, &region); i++)
		for (j = 0; j < i && !query_region(node, j, &other); j++)
			if (!strcmp((char *)region.name, (char *)other.name))
				return false;
	return true;
}

TEST_F(cmem, regions_are_blocks)
{
	CMEM_AllocParams heap = params(CMEM_HEAP, CMEM_CACHED, 0);
	struct carveout_ioctl_region region;
	struct carveout_buffer_info info;
	char list[1024], *memory;
	unsigned long long size;
	CMEM_BlockAttrs attrs;
	int count, i;
	off_t base;

	if (!names_differ(self->heap.node))
		SKIP(return, "regions have the same name");
	i = list_regions(self->heap.node, list, sizeof(list));
	setenv("TICMEM_BLOCKS", list, 1);
	BEGIN();
	ASSERT_EQ(0, CMEM_getNumBlocks(&count));
	EXPECT_EQ(i, count);
	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		ASSERT_EQ(0, CMEM_getBlockAttrs(i, &attrs));
		EXPECT_EQ((off_t)region.base, attrs.phys_base);
		EXPECT_EQ(region.size, attrs.size);
		memory = CMEM_alloc2(i, SIZE, &heap);
		ASSERT_NE(NULL, memory);
		ASSERT_EQ(0, describe(self->heap.node, memory, &info));
		EXPECT_EQ(i, (int)info.region);
		EXPECT_EQ(0, CMEM_free(memory, NULL));
	}
	ASSERT_EQ(0, CMEM_getBlock(&base, &size));
	ASSERT_EQ(0, query_region(self->heap.node, 0, &region));
	EXPECT_EQ((off_t)region.base, base);
	EXPECT_EQ(region.size, size);
	END();
}

TEST_F(cmem, block_ids_are_checked)
{
	CMEM_BlockAttrs attrs;
	char *memory;
	int count;

	BEGIN();
	ASSERT_EQ(0, CMEM_getNumBlocks(&count));
	ASSERT_EQ(1, count);
	EXPECT_REFUSED(NULL, CMEM_alloc2(1, SIZE, NULL), "no block 1, the number of blocks is 1");
	EXPECT_REFUSED(NULL, CMEM_alloc2(-2, SIZE, NULL), "no block -2");
	EXPECT_REFUSED(0, CMEM_allocPhys2(1, SIZE, NULL), "no block 1");
	EXPECT_REFUSED(NULL, CMEM_allocPool2(1, 0, NULL), "no block 1");
	EXPECT_REFUSED(0, CMEM_allocPoolPhys2(1, 0, NULL), "no block 1");
	EXPECT_REFUSED(-1, CMEM_getPool2(1, 1), "no block 1");
	EXPECT_REFUSED(-1, CMEM_getBlockAttrs(1, &attrs), "no block 1");
	if (self->heap.query.regions > 1)
		EXPECT_REFUSED(-1, CMEM_getBlockAttrs(0, &attrs), "has several regions");
	memory = CMEM_alloc2(CMEM_CMABLOCKID, SIZE, NULL);
	EXPECT_NE(NULL, memory);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

/* === Requests ============================================================ */

TEST_F(cmem, memory_is_zero_and_freed)
{
	struct carveout_buffer_info info;
	char *memory;

	BEGIN();
	memory = heap_buffer(SIZE - 1);
	ASSERT_NE(NULL, memory);
	EXPECT_TRUE(is_filled(memory, SIZE, 0));
	memset(memory, 0x5a, SIZE);
	ASSERT_EQ(0, describe(self->heap.node, memory, &info));
	EXPECT_EQ(SIZE, info.size);
	EXPECT_STREQ("CMEM", info.label);
	EXPECT_STREQ("", info.tag);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

TEST_F(cmem, bad_requests_change_nothing)
{
	const CMEM_AllocParams bad[] = {
		params(CMEM_HEAP, 0, 3), params(CMEM_HEAP, 0, 3 * PAGE),
		params(CMEM_HEAP, 1, 0), params(CMEM_HEAP, -1, 0), params(1, 0, 0),
		params(-1, 0, 0),
	};
	CMEM_AllocParams heap = params(CMEM_HEAP, CMEM_CACHED, 0);
	CMEM_AllocParams pool = params(CMEM_POOL, CMEM_CACHED, 0);
	size_t i;

	setenv("TICMEM_POOLS", "1x1", 1);
	BEGIN();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CMEM_AllocParams one = bad[i];

		EXPECT_REFUSED(NULL, CMEM_alloc(SIZE, &one), ": Invalid argument");
		EXPECT_REFUSED(0, CMEM_allocPhys(SIZE, &one), ": Invalid argument");
	}
	EXPECT_REFUSED(NULL, CMEM_alloc(0, &heap), "cannot allocate 0 bytes of block 0");
	EXPECT_REFUSED(NULL, CMEM_alloc(0, &pool), "cannot allocate 0 bytes of block 0");
	EXPECT_REFUSED(0, CMEM_allocPhys(0, &heap), "cannot allocate 0 bytes");
	EXPECT_REFUSED(NULL, CMEM_alloc(self->heap.query.size + 1, &heap), "No space left");
	EXPECT_REFUSED(NULL, CMEM_alloc(SIZE_MAX, &heap), "cannot allocate");
	END();
}

TEST_F(cmem, alignment_is_that_of_the_physical_address)
{
	char *first, *memory;
	long align;

	BEGIN();
	/* Without an alignment the next buffer follows this one. */
	first = heap_buffer(PAGE);
	ASSERT_NE(NULL, first);
	for (align = 1; align <= (long)MIB; align *= 2) {
		CMEM_AllocParams heap = params(CMEM_HEAP, CMEM_CACHED, align);

		memory = CMEM_alloc(PAGE, &heap);
		ASSERT_NE(NULL, memory);
		EXPECT_EQ(0, CMEM_getPhys(memory) % (align > PAGE ? align : PAGE));
		EXPECT_EQ(0, CMEM_free(memory, NULL));
	}
	EXPECT_EQ(0, CMEM_free(first, NULL));
	END();
}

TEST_F(cmem, default_parameters_are_a_variable)
{
	char *memory;

	EXPECT_EQ(CMEM_POOL, CMEM_DEFAULTPARAMS.type);
	EXPECT_EQ(CMEM_NONCACHED, CMEM_DEFAULTPARAMS.flags);
	EXPECT_EQ(1, CMEM_DEFAULTPARAMS.alignment);
	setenv("TICMEM_POOLS", "1x1", 1);
	BEGIN();
	EXPECT_REFUSED(NULL, CMEM_alloc(2 * PAGE, NULL), "no pool of block 0 has a free buffer");
	CMEM_DEFAULTPARAMS.type = CMEM_HEAP;
	memory = CMEM_alloc(2 * PAGE, NULL);
	EXPECT_NE(NULL, memory);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

/*
 * Cached memory is right for a program that maintains the caches, and other memory as well.
 * A program that does not maintain them needs other memory, unless devices snoop.
 */
TEST_F(cmem, flags_choose_the_memory_type)
{
	CMEM_AllocParams cached = params(CMEM_HEAP, CMEM_CACHED, 0);
	CMEM_AllocParams other = params(CMEM_HEAP, CMEM_NONCACHED, 0);
	const __u32 attrs = self->heap.query.attrs;
	struct carveout_buffer_info info;
	char *memory;

	setenv("TICMEM_COHERENT", "0", 1);
	BEGIN();
	memory = CMEM_alloc(SIZE, &cached);
	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, describe(self->heap.node, memory, &info));
	EXPECT_EQ(attrs & CARVEOUT_ATTR_CACHED, info.attrs & CARVEOUT_ATTR_CACHED);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	if (attrs & (CARVEOUT_ATTR_WRITECOMBINE | CARVEOUT_ATTR_UNCACHED)) {
		memory = CMEM_alloc(SIZE, &other);
		ASSERT_NE(NULL, memory);
		ASSERT_EQ(0, describe(self->heap.node, memory, &info));
		EXPECT_EQ(0, info.attrs & CARVEOUT_ATTR_CACHED);
		EXPECT_EQ(0, CMEM_free(memory, NULL));
	} else {
		EXPECT_REFUSED(NULL, CMEM_alloc(SIZE, &other),
			       "all memory of block 0 is cached, see TICMEM_COHERENT");
	}
	END();
}

/* More than one type of memory has: the rest is of the other type. */
TEST_F(cmem, cached_is_a_preference)
{
	CMEM_AllocParams cached = params(CMEM_HEAP, CMEM_CACHED, 0);
	const size_t size = self->heap.query.size / 16;
	char *memory[16];
	int i, count;

	BEGIN();
	for (count = 0; count < 15; count++) {
		keep_messages();
		memory[count] = CMEM_alloc(size, &cached);
		messages();
		if (!memory[count])
			break;
	}
	/* The last part of a region is lost to other buffers of the board at most. */
	EXPECT_LE(12, count);
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, CMEM_free(memory[i], NULL));
	END();
}

/* === Pools =============================================================== */

/* So many bytes in pages of this board. */
static void set_pools(const char *format)
{
	char text[128];

	snprintf(text, sizeof(text), format, PAGE, 2 * PAGE, 3 * PAGE);
	setenv("TICMEM_POOLS", text, 1);
}

static unsigned long size_of(int node, void *memory)
{
	struct carveout_buffer_info info;

	return describe(node, memory, &info) ? 0 : info.size;
}

TEST_F(cmem, pool_that_fits_best_serves)
{
	const int node = self->heap.node;
	char *one, *two, *three;

	set_pools("1x%3$lu,1x%1$lu,1x%2$lu");
	BEGIN();
	EXPECT_EQ(1, CMEM_getPool(1));
	EXPECT_EQ(2, CMEM_getPool(PAGE + 1));
	EXPECT_EQ(0, CMEM_getPool(3 * PAGE));
	EXPECT_REFUSED(-1, CMEM_getPool(3 * PAGE + 1), "no pool of block 0 has a free buffer");
	one = CMEM_alloc(1, NULL);
	EXPECT_EQ(PAGE, size_of(node, one));
	EXPECT_EQ(2, CMEM_getPool(1));
	two = CMEM_alloc(1, NULL);
	EXPECT_EQ(2 * PAGE, size_of(node, two));
	three = CMEM_alloc(1, NULL);
	EXPECT_EQ(3 * PAGE, size_of(node, three));
	EXPECT_REFUSED(-1, CMEM_getPool(1), "no pool of block 0 has a free buffer of 1 bytes");
	EXPECT_REFUSED(NULL, CMEM_alloc(1, NULL), "no pool of block 0 has a free buffer");
	EXPECT_EQ(0, CMEM_free(two, NULL));
	EXPECT_EQ(2, CMEM_getPool(1));
	two = CMEM_allocPool(2, NULL);
	EXPECT_NE(NULL, two);
	EXPECT_EQ(0, CMEM_free(one, NULL));
	EXPECT_EQ(0, CMEM_free(two, NULL));
	EXPECT_EQ(0, CMEM_free(three, NULL));
	END();
}

TEST_F(cmem, pools_of_one_size_serve_in_their_order)
{
	char *memory[2];

	set_pools("1x%1$lu,1x%1$lu");
	BEGIN();
	EXPECT_EQ(0, CMEM_getPool(1));
	memory[0] = CMEM_alloc(1, NULL);
	EXPECT_EQ(1, CMEM_getPool(1));
	memory[1] = CMEM_alloc(1, NULL);
	EXPECT_NE(NULL, memory[1]);
	EXPECT_REFUSED(NULL, CMEM_alloc(1, NULL), "no pool of block 0 has a free buffer");
	EXPECT_EQ(0, CMEM_free(memory[0], NULL));
	EXPECT_EQ(0, CMEM_getPool(1));
	EXPECT_EQ(0, CMEM_free(memory[1], NULL));
	END();
}

TEST_F(cmem, pool_ids_are_checked)
{
	off_t phys;

	set_pools("1x%1$lu");
	BEGIN();
	EXPECT_REFUSED(NULL, CMEM_allocPool(1, NULL), "from pool 1 of block 0: Invalid argument");
	EXPECT_REFUSED(NULL, CMEM_allocPool(-1, NULL), "from pool -1 of block 0");
	EXPECT_REFUSED(NULL, CMEM_allocPool(-2, NULL), "from pool -2 of block 0");
	EXPECT_REFUSED(0, CMEM_allocPoolPhys(1, NULL), "from pool 1 of block 0");
	phys = CMEM_allocPoolPhys(0, NULL);
	EXPECT_NE(0, phys);
	EXPECT_REFUSED(0, CMEM_allocPoolPhys(0, NULL), "from pool 0 of block 0: Resource temp");
	EXPECT_EQ(0, CMEM_freePhys(phys, NULL));
	END();
}

/* CMEM has a module parameter for it. Without a pool the setting is not needed. */
TEST_F(cmem, heap_serves_in_place_of_a_pool)
{
	char *memory[2];

	BEGIN();
	EXPECT_EQ(-2, CMEM_getPool(SIZE));
	EXPECT_REFUSED(-1, CMEM_getPool(self->heap.query.size + 1), "no pool of block 0");
	memory[0] = CMEM_alloc(SIZE, NULL);
	EXPECT_EQ(0, CMEM_free(memory[0], NULL));
	END();
	set_pools("1x%1$lu");
	setenv("TICMEM_USE_HEAP", "1", 1);
	BEGIN();
	memory[0] = CMEM_alloc(PAGE, NULL);
	EXPECT_EQ(-2, CMEM_getPool(PAGE));
	memory[1] = CMEM_alloc(PAGE, NULL);
	ASSERT_NE(NULL, memory[1]);
	EXPECT_EQ(0, CMEM_free(memory[0], NULL));
	EXPECT_EQ(0, CMEM_free(memory[1], NULL));
	END();
}

/* Pool 0 has the second region for itself. The rest of the block is full. */
TEST_F(cmem, memory_of_a_pool_is_set_aside)
{
	CMEM_AllocParams heap = params(CMEM_HEAP, CMEM_CACHED, 0);
	const int node = self->heap.node;
	struct carveout_ioctl_region region;
	struct carveout_buffer_info info;
	char *all, *buffer, pools[128];

	if (self->heap.query.regions != 2 || !names_differ(node))
		SKIP(return, "the heap has not two regions with different names");
	ASSERT_EQ(0, query_region(node, 1, &region));
	snprintf(pools, sizeof(pools), "1x1@%s,1x1", region.name);
	setenv("TICMEM_POOLS", pools, 1);
	ASSERT_EQ(0, query_region(node, 0, &region));
	BEGIN();
	all = CMEM_alloc(region.largest_hole, &heap);
	ASSERT_NE(NULL, all);
	EXPECT_REFUSED(NULL, CMEM_alloc(1, &heap), "No space left");
	EXPECT_REFUSED(NULL, CMEM_alloc2(CMEM_CMABLOCKID, 1, &heap), "No space left");
	EXPECT_REFUSED(NULL, CMEM_allocPool(1, NULL), "No space left");
	buffer = CMEM_allocPool(0, NULL);
	ASSERT_NE(NULL, buffer);
	ASSERT_EQ(0, describe(node, buffer, &info));
	EXPECT_EQ(1, info.region);
	EXPECT_EQ(0, CMEM_free(buffer, NULL));
	EXPECT_EQ(0, CMEM_free(all, NULL));
	END();
}

/* A process that is killed gives its buffers back. */
static int take_and_die(void *data)
{
	(void)data;
	if (CMEM_init() || !CMEM_allocPool(0, NULL))
		return 1;
	if (CMEM_getPool(1) != -1)
		return 2;
	raise(SIGKILL);
	return 3;
}

TEST_F(cmem, processes_share_the_pools)
{
	char *memory;

	set_pools("2x%1$lu");
	BEGIN();
	memory = CMEM_allocPool(0, NULL);
	ASSERT_NE(NULL, memory);
	keep_messages();
	EXPECT_EQ(128 + SIGKILL, run_child(take_and_die, NULL));
	messages();
	EXPECT_EQ(0, CMEM_getPool(1));
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

/* The dma-buf holds the memory, but not the place in the pool. */
TEST_F(cmem, exported_buffer_leaves_its_pool)
{
	char *memory, *next;
	int fd;

	set_pools("1x%1$lu");
	BEGIN();
	memory = CMEM_alloc(1, NULL);
	ASSERT_NE(NULL, memory);
	fd = CMEM_export_dmabuf(memory);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	next = CMEM_alloc(1, NULL);
	EXPECT_NE(NULL, next);
	EXPECT_EQ(0, CMEM_free(next, NULL));
	close(fd);
	END();
}

TEST_HARNESS_MAIN
