// SPDX-License-Identifier: GPL-2.0
/*
 * DMA behind an IOMMU: carveout_edu.ko drives QEMU's "edu" device, whose copies
 * must show up in mappings of the buffer. The bus address of a buffer differs
 * from its physical address, and is invalid once the mapping ends.
 *
 * Each test runs on every kind of memory that the heaps of the board have.
 */
#include <fcntl.h>
#include <signal.h>
#include <linux/dma-buf.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#include "../../modules/carveout_edu.h"

#define SIZE	(128 * KIB)
#define MODULE	"carveout_edu"

/* All heaps of x86 are coherent, and its board has no other memory types for the device. */
#ifdef __x86_64__
#define X86	1
#else
#define X86	0
#endif

FIXTURE(iommu) {
	struct heap heap;
	int node;		/* of the variant's heap */
	__u32 region;
	int device;
	int fd;
	char *mem;
};

FIXTURE_VARIANT(iommu) {
	const char *name;
	__u32 attrs;
	bool kernel;	/* by carveout_buf_map() */
};

#define PAGES	(CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES)

FIXTURE_VARIANT_ADD(iommu, writecombine) {
	"dsp", CARVEOUT_ATTR_WRITECOMBINE, false
};

FIXTURE_VARIANT_ADD(iommu, writecombine_by_driver) {
	"dsp", CARVEOUT_ATTR_WRITECOMBINE, true
};

#if !X86

FIXTURE_VARIANT_ADD(iommu, pages) {
	"dsp", PAGES, false
};

FIXTURE_VARIANT_ADD(iommu, pages_by_driver) {
	"dsp", PAGES, true
};

FIXTURE_VARIANT_ADD(iommu, uncached) {
	"attrs", CARVEOUT_ATTR_UNCACHED, false
};

FIXTURE_VARIANT_ADD(iommu, cached) {
	"attrs", CARVEOUT_ATTR_CACHED, false
};

FIXTURE_VARIANT_ADD(iommu, coherent_pages) {
	"coherent", PAGES, false
};

FIXTURE_VARIANT_ADD(iommu, coherent_cached) {
	"coherent", CARVEOUT_ATTR_CACHED, false
};

FIXTURE_VARIANT_ADD(iommu, coherent_cached_by_driver) {
	"coherent", CARVEOUT_ATTR_CACHED, true
};

#endif

static int open_heap(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/carveout/%s", name);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int open_device(void)
{
	int fd;

	BECOMES_TRUE((fd = open(EDU_DEVICE, O_RDWR | O_CLOEXEC)) >= 0);
	return fd < 0 ? -errno : fd;
}

/* The index of the region with exactly these attributes, user bits aside. */
static int region_of(int node, __u32 attrs)
{
	struct carveout_ioctl_region region;
	__u32 i;

	for (i = 0; !query_region(node, i, &region); i++)
		if ((region.attrs & ~CARVEOUT_ATTR_USER_MASK) == attrs)
			return i;
	return -ENOENT;
}

/* Loading the driver probes its device; the device node follows a little later. */
static bool have_edu(void)
{
	return !access("/sys/class/misc/carveout-edu", F_OK) &&
	       BECOMES_TRUE(!access(EDU_DEVICE, F_OK));
}

FIXTURE_SETUP(iommu)
{
	int region;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (!have_module(MODULE))
		SKIP(return, "carveout_edu.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->node = open_heap(variant->name);
	if (self->node < 0)
		SKIP(return, "there is no heap %s", variant->name);
	region = region_of(self->node, variant->attrs);
	if (region < 0)
		SKIP(return, "the heap %s has no such region", variant->name);
	ASSERT_EQ(0, load_module(MODULE, ""));
	if (!have_edu()) {
		/* There is no teardown after this. */
		EXPECT_EQ(0, unload_module(MODULE));
		SKIP(return, "there is no edu device");
	}
	self->device = open_device();
	ASSERT_LE(0, self->device);
	self->region = region;
	self->fd = alloc_in(self->node, SIZE, 1ULL << region);
	ASSERT_LE(0, self->fd);
	self->mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
}

FIXTURE_TEARDOWN_PARENT(iommu)
{
	EXPECT_EQ(0, unload_module(MODULE));
	HEAP_TEARDOWN(&self->heap);
}

/* === The device's calls ================================================== */

static int attach(int device, int fd, bool kernel)
{
	struct edu_attach arg = { .fd = fd, .kernel = kernel };

	return xioctl(device, EDU_ATTACH, &arg);
}

static int map(int device, __u32 direction, struct edu_map *arg)
{
	memset(arg, 0, sizeof(*arg));
	arg->direction = direction;
	return xioctl(device, EDU_MAP, arg);
}

static int attach_and_map(int device, int fd, bool kernel)
{
	struct edu_map arg;
	int err = attach(device, fd, kernel);

	if (err)
		return err;
	err = map(device, EDU_BOTH, &arg);
	if (err)
		xioctl(device, EDU_DETACH, NULL);
	return err;
}

static int copy(int device, __u64 offset, bool store)
{
	struct edu_copy arg = { .offset = offset, .store = store };

	return xioctl(device, EDU_COPY, &arg);
}

static int unmap(int device)
{
	return xioctl(device, EDU_UNMAP, NULL);
}

static int detach(int device)
{
	return xioctl(device, EDU_DETACH, NULL);
}

/* Buffers that are attached and mapped in one step are released in one step, too. */
static int let_go(int device, bool kernel)
{
	int err = kernel ? 0 : unmap(device);

	return err ? err : detach(device);
}

static int cpu_access(int fd, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

/* Fill a piece that the device reads. */
static int put_pattern(int fd, char *mem, __u64 offset, __u32 seed)
{
	int err = cpu_access(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);

	fill_pattern(mem + offset, EDU_COPY_BYTES, seed);
	return err ? err : cpu_access(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

/* Is this the pattern that the device wrote, and nothing next to it? */
static bool is_stored(int fd, const char *mem, __u64 offset, __u32 seed)
{
	bool good = !cpu_access(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ) &&
		    has_pattern(mem + offset, EDU_COPY_BYTES, seed) &&
		    is_filled(mem + offset - 64, 64, 0) &&
		    is_filled(mem + offset + EDU_COPY_BYTES, 64, 0);

	return !cpu_access(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ) && good;
}

/* === Tests =============================================================== */

TEST_F_TIMEOUT(iommu, device_finds_the_buffer_where_no_memory_is, 120)
{
	struct carveout_buffer_info buffer;
	struct edu_map arg;

	ASSERT_EQ(0, query_buffer(self->node, self->fd, &buffer));
	EXPECT_NE(0, buffer.flags & CARVEOUT_BUFFER_PHYS);
	ASSERT_EQ(0, attach(self->device, self->fd, variant->kernel));
	ASSERT_EQ(0, map(self->device, EDU_BOTH, &arg));
	EXPECT_EQ(1, arg.entries);
	EXPECT_EQ(SIZE, arg.size);
	EXPECT_NE(buffer.phys, arg.address);
	EXPECT_GE(EDU_REACH, arg.address + SIZE);
	EXPECT_LT(EDU_REACH, buffer.phys);
}

/* From one offset of the buffer into the device, and from there to another one. */
TEST_F_TIMEOUT(iommu, device_reads_and_writes_the_buffer, 120)
{
	const __u64 from = 3 * EDU_COPY_BYTES, to = SIZE - 2 * EDU_COPY_BYTES;

	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	ASSERT_EQ(0, put_pattern(self->fd, self->mem, from, 301));
	ASSERT_EQ(0, copy(self->device, from, false));
	EXPECT_TRUE(is_filled(self->mem + to, EDU_COPY_BYTES, 0));
	ASSERT_EQ(0, copy(self->device, to, true));
	EXPECT_TRUE(is_stored(self->fd, self->mem, to, 301));
	EXPECT_EQ(0, let_go(self->device, variant->kernel));
	/* The next mapping shows the written data, too. */
	munmap(self->mem, SIZE);
	self->mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	EXPECT_TRUE(has_pattern(self->mem + to, EDU_COPY_BYTES, 301));
}

/* Out of one buffer into another, of a heap with pages; both are mapped. */
TEST_F_TIMEOUT(iommu, device_copies_from_buffer_to_buffer, 120)
{
	int second = open_device(), node = open_heap("camera");
	int fd = alloc_buffer(node, SIZE);
	char *mem;

	if (node < 0)
		SKIP(return, "there is no heap camera");
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_EQ(0, attach_and_map(second, fd, false));
	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	ASSERT_EQ(0, put_pattern(self->fd, self->mem, 0, 302));
	ASSERT_EQ(0, copy(self->device, 0, false));
	ASSERT_EQ(0, copy(second, 2 * EDU_COPY_BYTES, true));
	EXPECT_TRUE(is_stored(fd, mem, 2 * EDU_COPY_BYTES, 302));
}

TEST_F_TIMEOUT(iommu, unmapping_and_detaching_in_any_order, 120)
{
	struct edu_map first, again;

	if (variant->kernel)
		SKIP(return, "attaching includes mapping");
	EXPECT_EQ(-ENOENT, unmap(self->device));
	EXPECT_EQ(-ENOENT, detach(self->device));
	ASSERT_EQ(0, attach(self->device, self->fd, false));
	EXPECT_EQ(-EBUSY, attach(self->device, self->fd, false));
	ASSERT_EQ(0, map(self->device, EDU_BOTH, &first));
	EXPECT_EQ(-EBUSY, map(self->device, EDU_BOTH, &again));
	EXPECT_EQ(-EBUSY, detach(self->device));
	EXPECT_EQ(0, unmap(self->device));
	EXPECT_EQ(-ENOENT, copy(self->device, 0, true));
	ASSERT_EQ(0, map(self->device, EDU_READS, &again));
	EXPECT_EQ(0, unmap(self->device));
	ASSERT_EQ(0, map(self->device, EDU_WRITES, &again));
	EXPECT_EQ(0, copy(self->device, 0, true));
	EXPECT_EQ(0, unmap(self->device));
	EXPECT_EQ(0, detach(self->device));
	EXPECT_EQ(-ENOENT, detach(self->device));
	ASSERT_EQ(0, attach_and_map(self->device, self->fd, false));
}

/* The device cannot reach unmapped memory, although the buffer still exists. */
TEST_F_TIMEOUT(iommu, device_does_not_reach_what_was_unmapped, 120)
{
	struct edu_copy stale = { .offset = EDU_COPY_BYTES, .store = 1, .stale = 1 };

	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	ASSERT_EQ(0, put_pattern(self->fd, self->mem, 0, 303));
	ASSERT_EQ(0, copy(self->device, 0, false));
	ASSERT_EQ(0, let_go(self->device, variant->kernel));
	EXPECT_EQ(-ENOENT, copy(self->device, EDU_COPY_BYTES, true));
	/* The copy completes without effect; the IOMMU driver logs a line on it. */
	EXPECT_EQ(0, xioctl(self->device, EDU_COPY, &stale));
	EXPECT_TRUE(is_filled(self->mem + EDU_COPY_BYTES, SIZE - EDU_COPY_BYTES, 0));
	EXPECT_TRUE(has_pattern(self->mem, EDU_COPY_BYTES, 303));
}

/* Kernels from 6.18 on let the IOMMU snoop the caches for memory without pages. */
static bool iommu_snoops(void)
{
	char line[256], name[sizeof(line)];
	bool found = false;
	FILE *symbols = fopen("/proc/kallsyms", "re");

	while (symbols && !found && fgets(line, sizeof(line), symbols))
		found = sscanf(line, "%*s %*c %s", name) == 1 &&
			!strcmp(name, "dma_map_phys");
	if (symbols)
		fclose(symbols);
	return found;
}

static int flushes(int device)
{
	return xioctl(device, EDU_FLUSHES, NULL);
}

/*
 * The device itself snoops the caches. They are maintained for remote processors,
 * unless the heap is coherent, and for a mapping that does not snoop.
 */
TEST_F_TIMEOUT(iommu, caches_are_maintained_in_the_direction_of_the_access, 120)
{
	bool heap = !X86 && strcmp(variant->name, "coherent") != 0;
	int once = heap || (variant->attrs == CARVEOUT_ATTR_CACHED && !iommu_snoops());

	flushes(self->device);
	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	EXPECT_EQ(once, flushes(self->device));
	EXPECT_EQ(0, cpu_access(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(once, flushes(self->device));
	EXPECT_EQ(0, cpu_access(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ));
	EXPECT_EQ(0, cpu_access(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(0, flushes(self->device));
	EXPECT_EQ(0, cpu_access(self->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(once, flushes(self->device));
	EXPECT_EQ(0, let_go(self->device, variant->kernel));
	EXPECT_EQ(once, flushes(self->device));
	EXPECT_EQ(0, cpu_access(self->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(heap, flushes(self->device));
}

/* A read-only descriptor is for processes alone, with or without an IOMMU. */
TEST_F_TIMEOUT(iommu, read_only_descriptor_is_not_mapped, 120)
{
	const char *tag = unique_tag("iommu.ro");
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	int ro;

	alloc.regions = 1ULL << self->region;
	alloc.mode = 0600;
	set_name(alloc.tag, tag);
	ASSERT_EQ(0, xioctl(self->node, CARVEOUT_IOCTL_ALLOC, &alloc));
	ro = open_tag(self->node, tag, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, ro);
	EXPECT_EQ(-EACCES, attach_and_map(self->device, ro, variant->kernel));
}

/* The mapping holds the buffer; the memory is not reused before it ends. */
TEST_F_TIMEOUT(iommu, buffer_is_freed_after_the_last_detach, 120)
{
	__u64 used = used_bytes(self->node);

	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_EQ(used, used_bytes(self->node));
	EXPECT_EQ(0, copy(self->device, 0, true));
	EXPECT_EQ(0, copy(self->device, SIZE - EDU_COPY_BYTES, false));
	if (!variant->kernel) {
		EXPECT_EQ(0, unmap(self->device));
		EXPECT_EQ(used, used_bytes(self->node));
	}
	EXPECT_EQ(0, detach(self->device));
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(self->node) == used - SIZE));
}

/* The importer's file is closed while the buffer is mapped, or its process is killed. */
static int dies_with_a_mapping(void *arg)
{
	const struct _test_data_iommu *self = arg;
	int device = open_device();

	if (attach_and_map(device, self->fd, false))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F_TIMEOUT(iommu, importer_ends_with_the_buffer_mapped, 120)
{
	__u64 used = used_bytes(self->node);

	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	munmap(self->mem, SIZE);
	EXPECT_EQ(128 + SIGKILL, run_child(dies_with_a_mapping, self));
	EXPECT_EQ(used, used_bytes(self->node));
	close(self->fd);
	EXPECT_EQ(used, used_bytes(self->node));
	close(self->device);
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(self->node) == used - SIZE));
}

/* The buffer neither moves nor shrinks while a device holds it. */
TEST_F_TIMEOUT(iommu, mapped_buffer_is_not_resized, 120)
{
	struct carveout_ioctl_resize resize = {
		.fd = self->fd, .size = SIZE / 2, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	munmap(self->mem, SIZE);
	ASSERT_EQ(0, attach_and_map(self->device, self->fd, variant->kernel));
	EXPECT_EQ(-EBUSY, xioctl(self->node, CARVEOUT_IOCTL_RESIZE, &resize));
	EXPECT_EQ(0, let_go(self->device, variant->kernel));
	EXPECT_EQ(0, xioctl(self->node, CARVEOUT_IOCTL_RESIZE, &resize));
}

#if X86

/*
 * x86-64 has no instruction that this driver could maintain caches with, and an IOMMU of an
 * older kernel bypasses them for memory without pages.
 */
TEST(cached_memory_past_the_caches_is_refused)
{
	int node = open_heap("cached"), device, fd, kernel;
	int refused = iommu_snoops() ? 0 : -EOPNOTSUPP;

	ASSERT_LE(0, node);
	ASSERT_EQ(0, load_module(MODULE, ""));
	device = have_edu() ? open_device() : -ENODEV;
	ASSERT_LE(0, device);
	fd = alloc_buffer(node, SIZE);
	ASSERT_LE(0, fd);
	for (kernel = 0; kernel < 2; kernel++) {
		EXPECT_EQ(refused, attach_and_map(device, fd, kernel));
		if (!refused)
			EXPECT_EQ(0, let_go(device, kernel));
	}
	close(fd);
	EXPECT_TRUE(BECOMES_TRUE(!used_bytes(node)));
	close(device);
	EXPECT_EQ(0, unload_module(MODULE));
}

#endif

TEST_HARNESS_MAIN
