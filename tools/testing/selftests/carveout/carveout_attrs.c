// SPDX-License-Identifier: GPL-2.0
/*
 * Memory attributes: each region is mapped with its attribute, by the kernel
 * and by processes; all of it is Normal memory; requests by attribute are
 * served by regions that have it; caches are maintained where devices do not
 * snoop them.
 *
 * carveout_attrs.ko reads the page tables; CARVEOUT_MODULES is its folder, else
 * /modules. Kprobe events show which functions of the driver run.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sys/mount.h>

#include "carveout_fixture.h"

#include "../../modules/carveout_attrs.h"

#define KINDS	(CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE | \
		 CARVEOUT_ATTR_UNCACHED)

/* A multiple of the page size, whichever it is. */
#define SIZE	(128 * KIB)

FIXTURE(attrs) {
	struct heap heap;
	__u32 attrs[64];	/* of each region */
	__u32 all;
};

FIXTURE_SETUP(attrs)
{
	struct carveout_ioctl_region region;
	__u32 i;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	for (i = 0; i < self->heap.query.regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		self->attrs[i] = region.attrs;
		self->all |= region.attrs;
	}
}

FIXTURE_TEARDOWN_PARENT(attrs)
{
	HEAP_TEARDOWN(&self->heap);
}

/*
 * Eight bytes at any address, in one access where the CPU supports it; the
 * barriers prevent the compiler from optimising the access away.
 */
static void store(void *at, __u64 value)
{
	memcpy(at, &value, sizeof(value));
	__sync_synchronize();
}

static __u64 load(const void *at)
{
	__u64 value;

	__sync_synchronize();
	memcpy(&value, at, sizeof(value));
	return value;
}

static void *map_in(int node, __u32 region, int *fd)
{
	*fd = alloc_in(node, SIZE, 1ULL << region);
	return *fd < 0 ? MAP_FAILED : map_buffer(*fd, SIZE, PROT_READ | PROT_WRITE);
}

/* === Reports ============================================================= */

TEST_F_TIMEOUT(attrs, each_region_is_of_one_kind, 120)
{
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++) {
		EXPECT_EQ(1, __builtin_popcount(self->attrs[i] & KINDS))
			TH_LOG("region %u: 0x%x", i, self->attrs[i]);
		EXPECT_EQ(0, self->attrs[i] & ~CARVEOUT_ATTR_MASK);
		if (self->attrs[i] & CARVEOUT_ATTR_PAGES)
			EXPECT_EQ(CARVEOUT_ATTR_CACHED, self->attrs[i] & KINDS);
	}
	EXPECT_EQ(self->all, self->heap.query.attrs);
}

/* $CARVEOUT_ATTRS: attributes of each region in hexadecimal, separated by commas. */
TEST_F_TIMEOUT(attrs, regions_have_the_attributes_that_were_asked_for, 120)
{
	char *list = getenv("CARVEOUT_ATTRS"), *end;
	__u32 i;

	if (!list)
		SKIP(return, "CARVEOUT_ATTRS is not set");
	for (i = 0; i < self->heap.query.regions; i++) {
		EXPECT_EQ(strtoul(list, &end, 16), self->attrs[i])
			TH_LOG("region %u: 0x%x", i, self->attrs[i]);
		ASSERT_NE(list, end);
		list = end + (*end == ',');
	}
	EXPECT_EQ('\0', *list);
}

/* === Mappings ============================================================ */

static int load_looker(void)
{
	int err;

	if (!have_module("carveout_attrs"))
		return -ENOENT;
	err = load_module("carveout_attrs", "");
	return err == -EEXIST ? 0 : err;
}

FIXTURE(look) {
	struct heap heap;
	bool loaded;	/* by another process, with parameters */
	int device;
};

FIXTURE_SETUP(look)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (!have_module("carveout_attrs"))
		SKIP(return, "carveout_attrs.ko is not here; set CARVEOUT_MODULES");
	self->loaded = !access(ATTRS_DEVICE, F_OK);
	ASSERT_EQ(0, load_looker());
	ASSERT_EQ(0, heap_begin(&self->heap));
	ASSERT_TRUE(BECOMES_TRUE((self->device = open(ATTRS_DEVICE, O_RDWR | O_CLOEXEC)) >= 0));
}

FIXTURE_TEARDOWN_PARENT(look)
{
	HEAP_TEARDOWN(&self->heap);
	if (!self->loaded && !access(ATTRS_DEVICE, F_OK))
		EXPECT_EQ(0, unload_module("carveout_attrs"));
}

static enum memory_kind kind_of(__u32 attrs)
{
	return attrs & CARVEOUT_ATTR_CACHED ? KIND_WRITE_BACK : KIND_NO_CACHE;
}

/* The attribute belongs to the region: the kernel and processes use the same one. */
TEST_F_TIMEOUT(look, mapping_has_the_kind_of_the_region, 120)
{
	struct carveout_ioctl_region region;
	struct attrs_look look;
	char *mem;
	__u32 i;

	for (i = 0; !query_region(self->heap.node, i, &region); i++) {
		mem = map_in(self->heap.node, i, &look.fd);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		/* A fault installs huge pages. */
		mem[SIZE / 2] = 1;
		look.poke = 0;
		look.offset = SIZE / 2;
		look.address = (uintptr_t)mem + look.offset;
		ASSERT_EQ(0, xioctl(self->device, ATTRS_LOOK, &look));
		if (look.user == KIND_UNKNOWN)
			SKIP(return, "page tables of this architecture are not decoded");
		EXPECT_EQ(kind_of(region.attrs), look.user) TH_LOG("region %u", i);
		EXPECT_EQ(kind_of(region.attrs), look.kernel) TH_LOG("region %u", i);
		munmap(mem, SIZE);
		close(look.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F_TIMEOUT(look, kernel_and_process_see_the_same_bytes, 120)
{
	struct carveout_ioctl_region region;
	struct attrs_look look = {};
	char *mem;
	__u32 i;

	for (i = 0; !query_region(self->heap.node, i, &region); i++) {
		mem = map_in(self->heap.node, i, &look.fd);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		look.address = (uintptr_t)mem;
		for (look.offset = 0; look.offset < SIZE; look.offset += 4104) {
			store(mem + look.offset, ~look.offset);
			look.poke = 0;
			ASSERT_EQ(0, xioctl(self->device, ATTRS_LOOK, &look));
			EXPECT_EQ(~look.offset, look.word) TH_LOG("region %u", i);
			look.poke = 1;
			look.word = look.offset + i;
			ASSERT_EQ(0, xioctl(self->device, ATTRS_LOOK, &look));
			EXPECT_EQ(look.offset + i, load(mem + look.offset))
				TH_LOG("region %u", i);
		}
		munmap(mem, SIZE);
		close(look.fd);
	}
}

/* Map a buffer through the open file of a driver that imports it. */
static void *map_imported(int device, int fd)
{
	if (ioctl(device, ATTRS_IMPORT, fd))
		return MAP_FAILED;
	return mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
}

/* The memory kind of a page of a mapping. */
static enum memory_kind kind_at(int device, int fd, const void *address)
{
	struct attrs_look look = { .fd = fd, .address = (uintptr_t)address };

	return xioctl(device, ATTRS_LOOK, &look) ? KIND_NOT_MAPPED : look.user;
}

static void expect_kind_imported(struct __test_metadata *_metadata, int device, int node)
{
	struct carveout_ioctl_region region;
	char *mem, *imported;
	__u32 i;
	int fd;

	for (i = 0; !query_region(node, i, &region); i++) {
		mem = map_in(node, i, &fd);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		imported = map_imported(device, fd);
		ASSERT_NE(MAP_FAILED, (void *)imported);
		store(imported, i + 1);
		EXPECT_EQ(i + 1, load(mem)) TH_LOG("region %u", i);
		EXPECT_EQ(kind_of(region.attrs), kind_at(device, fd, imported))
			TH_LOG("region %u", i);
		EXPECT_EQ(kind_of(region.attrs), kind_at(device, fd, mem))
			TH_LOG("region %u", i);
		EXPECT_EQ(0, ioctl(device, ATTRS_IMPORT, -1));
		munmap(imported, SIZE);
		munmap(mem, SIZE);
		close(fd);
	}
}

/*
 * The importer maps its own memory write-combined. Two types for the same bytes would make
 * stores of one mapping invisible through the other. Where the page attribute table knows
 * memory without pages, it corrects the type, so a heap with pages is tested as well.
 */
TEST_F_TIMEOUT(look, mapping_of_an_importer_has_the_kind_of_the_region, 120)
{
	__u64 regions;
	int node, fd;
	char *mem;

	mem = map_in(self->heap.node, 0, &fd);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	mem[0] = 1;
	if (kind_at(self->device, fd, mem) == KIND_UNKNOWN)
		SKIP(return, "page tables of this architecture are not decoded");
	munmap(mem, SIZE);
	close(fd);
	expect_kind_imported(_metadata, self->device, self->heap.node);
	node = open_heap_with(true, NULL, &regions);
	if (node >= 0) {
		expect_kind_imported(_metadata, self->device, node);
		close(node);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Normal memory ======================================================= */

/*
 * On Device memory all of this faults: unaligned accesses, and the instruction
 * that the C library's memset() uses for large sizes on arm64.
 */
static void use_as_normal_memory(unsigned char *mem)
{
	unsigned int i;

	memset(mem, 0, SIZE);
	memset(mem + 1, 0x5a, SIZE - 3);
	for (i = 0; i < 64; i++) {
		store(mem + 4093 + i, i);
		store(mem + 4093 + i, load(mem + 4093 + i) + 1);
	}
	memmove(mem + 3, mem + 4096, SIZE / 2);
	memset(mem, 0, SIZE);
}

TEST_F_TIMEOUT(attrs, unaligned_access_and_string_functions, 120)
{
	unsigned char *mem;
	__u32 i;
	int fd;

	for (i = 0; i < self->heap.query.regions; i++) {
		mem = map_in(self->heap.node, i, &fd);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		use_as_normal_memory(mem);
		EXPECT_TRUE(is_filled(mem, SIZE, 0));
		store(mem + 8191, 0x0102030405060708ULL);
		EXPECT_EQ(8, mem[8191]);
		EXPECT_EQ(1, mem[8198]);
		munmap(mem, SIZE);
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* Atomic operations are guaranteed in cached memory only. */
TEST_F_TIMEOUT(attrs, atomic_operations_in_cached_memory, 120)
{
	unsigned int i, n;
	__u64 *mem, want;
	int fd;

	if (!(self->all & CARVEOUT_ATTR_CACHED))
		SKIP(return, "the heap has no cached memory");
	for (i = 0; i < self->heap.query.regions; i++) {
		if (!(self->attrs[i] & CARVEOUT_ATTR_CACHED))
			continue;
		mem = map_in(self->heap.node, i, &fd);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		for (n = 0; n < 1000; n++)
			__atomic_fetch_add(&mem[n % 7], 1, __ATOMIC_SEQ_CST);
		want = 143;
		EXPECT_EQ(143, mem[0]);
		EXPECT_TRUE(__atomic_compare_exchange_n(&mem[0], &want, 7, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
		EXPECT_EQ(7, mem[0]);
		munmap(mem, SIZE);
		close(fd);
	}
}

TEST_F_TIMEOUT(attrs, content_outlives_a_mapping_and_a_descriptor, 120)
{
	const char *tag = unique_tag("attrs");
	struct carveout_ioctl_alloc alloc;
	char *mem;
	__u32 i;
	int fd;

	for (i = 0; i < self->heap.query.regions; i++) {
		alloc = alloc_request(SIZE);
		alloc.regions = 1ULL << i;
		alloc.flags = CARVEOUT_ALLOC_PERSIST;
		alloc.mode = 0600;
		set_name(alloc.tag, tag);
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
		mem = map_buffer(alloc.fd, SIZE, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		fill_pattern(mem, SIZE, 30 + i);
		munmap(mem, SIZE);
		close(alloc.fd);

		fd = open_tag(self->heap.node, tag, O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		mem = map_buffer(fd, SIZE, PROT_READ);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		EXPECT_TRUE(has_pattern(mem, SIZE, 30 + i)) TH_LOG("region %u", i);
		munmap(mem, SIZE);
		close(fd);
		EXPECT_EQ(0, unlink_tag(self->heap.node, tag));
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Requests ============================================================ */

/* Attributes of the region that serves the request, or a negative errno value. */
static __s64 ask(int node, __u32 require, __u32 forbid)
{
	struct carveout_ioctl_alloc alloc = alloc_request(1);
	struct carveout_buffer_info buffer;
	int err;

	alloc.require = require;
	alloc.forbid = forbid;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	if (err)
		return err;
	err = query_buffer(node, alloc.fd, &buffer);
	close(alloc.fd);
	if (err || buffer.attrs != alloc.attrs || buffer.region != alloc.region)
		return -EPROTO;
	return alloc.attrs;
}

static bool some_region(const struct _test_data_attrs *self, __u32 require, __u32 forbid)
{
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++)
		if ((self->attrs[i] & require) == require && !(self->attrs[i] & forbid))
			return true;
	return false;
}

static bool is_answer(const struct _test_data_attrs *self, __u32 require, __u32 forbid,
		      __s64 answer)
{
	if (!some_region(self, require, forbid))
		return answer == -EINVAL;
	return answer >= 0 && (answer & require) == require && !(answer & forbid);
}

/* Every bit, alone and with every other one, kinds and user bits alike. */
TEST_F_TIMEOUT(attrs, requests_lead_to_what_they_require, 120)
{
	int node = self->heap.node;
	__u32 i, j;
	__s64 got;

	for (i = 0; i < 32; i++) {
		if (!(CARVEOUT_ATTR_MASK & 1U << i))
			continue;
		got = ask(node, 1U << i, 0);
		EXPECT_TRUE(is_answer(self, 1U << i, 0, got))
			TH_LOG("require bit %u: %lld", i, got);
		got = ask(node, 0, 1U << i);
		EXPECT_TRUE(is_answer(self, 0, 1U << i, got))
			TH_LOG("forbid bit %u: %lld", i, got);
		for (j = 0; j < 32; j++) {
			if (i == j || !(CARVEOUT_ATTR_MASK & 1U << j))
				continue;
			got = ask(node, 1U << i | 1U << j, 0);
			EXPECT_TRUE(is_answer(self, 1U << i | 1U << j, 0, got))
				TH_LOG("require bits %u and %u: %lld", i, j, got);
			got = ask(node, 1U << i, 1U << j);
			EXPECT_TRUE(is_answer(self, 1U << i, 1U << j, got))
				TH_LOG("require bit %u, forbid %u: %lld", i, j, got);
		}
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F_TIMEOUT(attrs, all_that_a_region_has_leads_to_it, 120)
{
	__u32 i, attrs;

	for (i = 0; i < self->heap.query.regions; i++) {
		attrs = self->attrs[i];
		EXPECT_EQ(attrs, ask(self->heap.node, attrs, CARVEOUT_ATTR_MASK & ~attrs));
	}
	EXPECT_EQ(-EINVAL, ask(self->heap.node, CARVEOUT_ATTR_CACHED, CARVEOUT_ATTR_CACHED));
	EXPECT_EQ(-EINVAL, ask(self->heap.node, 1U << 8, 0));
}

/* If the only suitable region is full, a region without the attribute does not serve. */
TEST_F_TIMEOUT(attrs, full_region_is_ENOSPC_and_fallback_helps, 120)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_alloc alloc;
	__u32 only, other;
	int fd;

	for (only = 0; only < self->heap.query.regions; only++) {
		other = !only;
		if (self->heap.query.regions < 2 ||
		    self->attrs[only] == self->attrs[other])
			SKIP(return, "the heap has no regions that differ");
		ASSERT_EQ(0, query_region(self->heap.node, only, &region));
		fd = alloc_in(self->heap.node, region.largest_hole, 1ULL << only);
		ASSERT_LE(0, fd);
		alloc = alloc_request(SIZE);
		alloc.require = self->attrs[only];
		alloc.forbid = CARVEOUT_ATTR_MASK & ~(self->attrs[only] | self->attrs[other]);
		alloc.regions = 1ULL << only | 1ULL << other;
		if ((self->attrs[other] & alloc.require) != alloc.require)
			EXPECT_EQ(-ENOSPC, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
						  &alloc));
		alloc.fallback[0] = self->attrs[other];
		alloc.nr_fallback = 1;
		EXPECT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc))
			TH_LOG("region %u is full", only);
		EXPECT_EQ(other, alloc.region);
		close(alloc.fd);
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Cache maintenance =================================================== */

#define FLUSH	"p:carveout_test/flush carveout:carveout_claim_flush"
#if defined(__aarch64__) || defined(__arm__)
#define SCRUB	"p:carveout_test/scrub carveout:carveout_claim_scrub clean=%x3:u8"
#else
#define SCRUB	"p:carveout_test/scrub carveout:carveout_claim_scrub clean=%cx:u8"
#endif

FIXTURE(cache) {
	struct heap heap;
	bool coherent;
};

static int append_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int remove_probes(void)
{
	int err = write_line(TRACING "/events/carveout_test/enable", "0");

	if (!err)
		err = append_line(TRACING "/kprobe_events", "-:carveout_test/flush");
	if (!err)
		err = append_line(TRACING "/kprobe_events", "-:carveout_test/scrub");
	return err;
}

static int add_probes(void)
{
	int err = append_line(TRACING "/kprobe_events", FLUSH);

	if (!err)
		err = append_line(TRACING "/kprobe_events", SCRUB);
	if (!err)
		err = write_line(TRACING "/events/carveout_test/enable", "1");
	return err;
}

/*
 * The board defines whether devices snoop the caches: the DT node of the heap,
 * if there is one, or else the architecture.
 */
static bool is_coherent(void)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/class/carveout/%s/device/of_node/dma-coherent", heap_name());
	if (!access(path, F_OK))
		return true;
#if defined(__aarch64__) || defined(__arm__)
	return false;
#else
	return true;
#endif
}

FIXTURE_SETUP(cache)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (!have_tracing() || access(TRACING "/kprobe_events", F_OK))
		SKIP(return, "the kernel has no kprobe events");
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->coherent = is_coherent();
	ASSERT_EQ(0, add_probes());
}

FIXTURE_TEARDOWN_PARENT(cache)
{
	if (!access(TRACING "/events/carveout_test", F_OK))
		EXPECT_EQ(0, remove_probes());
	HEAP_TEARDOWN(&self->heap);
}

/* Number of lines of the trace with this text. */
static int traced(const char *text)
{
	FILE *trace = fopen(TRACING "/trace", "re");
	char line[512];
	int count = 0;

	if (!trace)
		return -errno;
	while (fgets(line, sizeof(line), trace))
		count += !!strstr(line, text);
	fclose(trace);
	return count;
}

static int forget_trace(void)
{
	int fd = open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int sync_part(int node, int fd)
{
	struct carveout_sync_range range = { .offset = 64, .size = 4096 };
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)&range,
		.count = 1,
	};

	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

static int sync_dmabuf(int fd, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

TEST_F_TIMEOUT(cache, sync_flushes_where_devices_do_not_see_caches, 120)
{
	int once = !self->coherent;
	__u32 i;
	int fd;

	for (i = 0; i < self->heap.query.regions; i++) {
		fd = alloc_in(self->heap.node, SIZE, 1ULL << i);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, forget_trace());
		EXPECT_EQ(0, sync_part(self->heap.node, fd));
		EXPECT_EQ(once, traced(" flush: ")) TH_LOG("region %u", i);
		EXPECT_EQ(0, sync_dmabuf(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
		EXPECT_EQ(2 * once, traced(" flush: ")) TH_LOG("region %u", i);
		EXPECT_EQ(0, sync_dmabuf(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
		EXPECT_EQ(3 * once, traced(" flush: ")) TH_LOG("region %u", i);
		close(fd);
	}
}

/* Zeroes that must be visible in memory are written back. */
TEST_F_TIMEOUT(cache, zeroing_writes_back_where_devices_do_not_see_caches, 120)
{
	const char *want = self->coherent ? "clean=0" : "clean=1";
	const char *other = self->coherent ? "clean=1" : "clean=0";
	__u32 i;
	int fd;

	for (i = 0; i < self->heap.query.regions; i++) {
		fd = alloc_in(self->heap.node, SIZE, 1ULL << i);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, forget_trace());
		close(fd);
		EXPECT_TRUE(BECOMES_TRUE(traced(want) > 0)) TH_LOG("region %u", i);
		EXPECT_EQ(0, traced(other)) TH_LOG("region %u", i);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
