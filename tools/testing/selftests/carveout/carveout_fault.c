// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel memory runs out in the system calls of the driver, except for those of pools, and
 * in binding the driver. See carveout_fault.h and carveout_fault_pool.c.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "carveout_dma_heap.h"
#include "carveout_fault.h"

/* === The objects ========================================================= */

static int one_buffer(struct _test_data_fault *self)
{
	self->fd = alloc_buffer(self->heap.node, SIZE);
	return self->fd < 0 ? self->fd : 0;
}

static int buffer_with_tag(struct _test_data_fault *self)
{
	self->fd = alloc_tag(self->heap.node, SIZE, TAG, CARVEOUT_ALLOC_PERSIST,
			     0600);
	return self->fd < 0 ? self->fd : 0;
}

/* Two buffers; the second one has the tag. */
static int buffer_and_tag(struct _test_data_fault *self)
{
	self->beside = alloc_tag(self->heap.node, SIZE, TAG,
				 CARVEOUT_ALLOC_PERSIST, 0600);
	return self->beside < 0 ? self->beside : one_buffer(self);
}

/* Two adjacent buffers: the first one cannot grow in place. */
static int buffer_and_neighbour(struct _test_data_fault *self)
{
	struct carveout_buffer_info first, second;
	int err = one_buffer(self);

	if (err)
		return err;
	self->beside = alloc_buffer(self->heap.node, SIZE);
	if (query_buffer(self->heap.node, self->fd, &first) ||
	    query_buffer(self->heap.node, self->beside, &second))
		return -EIO;
	return first.region == second.region &&
	       second.offset == first.offset + SIZE ? 0 : -ERANGE;
}

static int only_a_mapping(struct _test_data_fault *self)
{
	int err = one_buffer(self);

	if (err)
		return err;
	self->mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	close(self->fd);
	self->fd = -1;
	return self->mem == MAP_FAILED ? -errno : 0;
}

/* A buffer of a region with pages, or without. */
static int in_region(struct _test_data_fault *self, bool pages)
{
	int region = find_region(self->heap.node, pages);

	if (region < 0)
		return 1;
	self->fd = alloc_in(self->heap.node, SIZE, 1ULL << region);
	return self->fd < 0 ? self->fd : 0;
}

static int in_region_with_pages(struct _test_data_fault *self)
{
	return in_region(self, true);
}

static int in_region_without_pages(struct _test_data_fault *self)
{
	return in_region(self, false);
}

/* The heap's node in /dev/dma_heap, which the call is made to. */
static int dma_heap_node(struct _test_data_fault *self)
{
	self->beside = open_dma_heap(O_RDWR);
	self->target = self->beside;
	return self->beside < 0 ? self->beside : 0;
}

/* === The ioctls ========================================================== */

static void fill_alloc(struct _test_data_fault *self)
{
	self->arg.alloc = alloc_request(SIZE);
}

static void fill_alloc_tag(struct _test_data_fault *self)
{
	self->arg.alloc = alloc_request(SIZE);
	self->arg.alloc.flags = CARVEOUT_ALLOC_PERSIST;
	self->arg.alloc.mode = 0600;
	set_name(self->arg.alloc.tag, TAG);
}

static void fill_alloc_open(struct _test_data_fault *self)
{
	fill_alloc_tag(self);
	self->arg.alloc.flags = CARVEOUT_ALLOC_OPEN;
}

static void fill_open(struct _test_data_fault *self)
{
	set_name(self->arg.open.tag, TAG);
	self->arg.open.fd_flags = O_RDWR | O_CLOEXEC;
}

static void fill_unlink(struct _test_data_fault *self)
{
	set_name(self->arg.unlink.tag, TAG);
}

static void fill_link(struct _test_data_fault *self)
{
	self->arg.link.fd = self->fd;
	self->arg.link.flags = CARVEOUT_LINK_PERSIST;
	set_name(self->arg.link.tag, TAG);
}

static void fill_replace(struct _test_data_fault *self)
{
	fill_link(self);
	self->arg.link.flags |= CARVEOUT_LINK_REPLACE;
}

static void fill_setattr(struct _test_data_fault *self)
{
	set_name(self->arg.setattr.tag, TAG);
	self->arg.setattr.flags = CARVEOUT_SETATTR_MODE;
	self->arg.setattr.mode = 0640;
}

static void fill_grow(struct _test_data_fault *self)
{
	self->arg.resize.fd = self->fd;
	self->arg.resize.size = 2 * SIZE;
	self->arg.resize.fd_flags = O_RDWR | O_CLOEXEC;
}

static void fill_shrink(struct _test_data_fault *self)
{
	fill_grow(self);
	self->arg.resize.size = SIZE / 2;
}

static void fill_sync(struct _test_data_fault *self)
{
	self->range.size = SIZE;
	self->arg.sync.fd = self->fd;
	self->arg.sync.flags = CARVEOUT_SYNC_FLAGS;
	self->arg.sync.ranges = (uintptr_t)&self->range;
	self->arg.sync.count = 1;
}

static void fill_list(struct _test_data_fault *self)
{
	self->arg.list.entries = (uintptr_t)self->entries;
	self->arg.list.entry_size = sizeof(struct carveout_buffer_info);
	self->arg.list.count = ARRAY_SIZE(self->entries);
}

static void fill_spans(struct _test_data_fault *self)
{
	fill_list(self);
	self->arg.list.entry_size = sizeof(struct carveout_ioctl_span);
}

static void fill_info(struct _test_data_fault *self)
{
	self->arg.info.fd = self->fd;
	self->arg.info.entry = (uintptr_t)self->entries;
	self->arg.info.entry_size = sizeof(struct carveout_buffer_info);
}

/* === Other system calls ================================================== */

static int call_open(struct _test_data_fault *self)
{
	self->made = open(heap_path(), O_RDWR | O_CLOEXEC);
	return self->made < 0 ? -errno : 0;
}

static int call_dma_heap(struct _test_data_fault *self)
{
	int fd = dma_heap_alloc(self->target, SIZE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fd;
	self->made = fd;
	return 0;
}

static int call_munmap(struct _test_data_fault *self)
{
	if (munmap(self->mem, SIZE))
		return -errno;
	self->mem = MAP_FAILED;
	return 0;
}

/* === All of them ========================================================= */

/* Only the fault points of the driver count: its allocations and copies. */
FIXTURE_VARIANT_ADD(fault, alloc) {
	.fill = fill_alloc, .cmd = CARVEOUT_IOCTL_ALLOC, .points = 5, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, alloc_tag) {
	.fill = fill_alloc_tag, .cmd = CARVEOUT_IOCTL_ALLOC, .points = 5, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, alloc_open) {
	.setup = buffer_with_tag, .fill = fill_alloc_open,
	.cmd = CARVEOUT_IOCTL_ALLOC, .points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, open_tag) {
	.setup = buffer_with_tag, .fill = fill_open,
	.cmd = CARVEOUT_IOCTL_OPEN, .points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, unlink) {
	.setup = buffer_with_tag, .fill = fill_unlink,
	.cmd = CARVEOUT_IOCTL_UNLINK, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, link) {
	.setup = one_buffer, .fill = fill_link,
	.cmd = CARVEOUT_IOCTL_LINK, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, replace) {
	.setup = buffer_and_tag, .fill = fill_replace,
	.cmd = CARVEOUT_IOCTL_LINK, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, setattr) {
	.setup = buffer_with_tag, .fill = fill_setattr,
	.cmd = CARVEOUT_IOCTL_SETATTR, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, grow_in_place) {
	.setup = one_buffer, .fill = fill_grow,
	.cmd = CARVEOUT_IOCTL_RESIZE, .points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, shrink) {
	.setup = buffer_and_neighbour, .fill = fill_shrink,
	.cmd = CARVEOUT_IOCTL_RESIZE, .points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, move) {
	.setup = buffer_and_neighbour, .fill = fill_grow,
	.cmd = CARVEOUT_IOCTL_RESIZE, .points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, move_with_tag) {
	.setup = buffer_with_tag, .fill = fill_grow,
	.cmd = CARVEOUT_IOCTL_RESIZE, .points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, sync) {
	.setup = one_buffer, .fill = fill_sync,
	.cmd = CARVEOUT_IOCTL_SYNC, .points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, list) {
	.setup = one_buffer, .fill = fill_list,
	.cmd = CARVEOUT_IOCTL_LIST, .points = 3,
};

FIXTURE_VARIANT_ADD(fault, spans) {
	.setup = one_buffer, .fill = fill_spans,
	.cmd = CARVEOUT_IOCTL_SPANS, .points = 3,
};

FIXTURE_VARIANT_ADD(fault, info) {
	.setup = one_buffer, .fill = fill_info,
	.cmd = CARVEOUT_IOCTL_INFO, .points = 3,
};

FIXTURE_VARIANT_ADD(fault, query) {
	.cmd = CARVEOUT_IOCTL_QUERY, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, region) {
	.cmd = CARVEOUT_IOCTL_REGION, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, dma_heap) {
	.setup = dma_heap_node, .call = call_dma_heap, .points = 5, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, open_node) {
	.call = call_open, .points = 1, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, close) {
	.setup = one_buffer, .call = call_close,
};

FIXTURE_VARIANT_ADD(fault, mmap_with_pages) {
	.setup = in_region_with_pages, .call = call_mmap, .points = 1, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, mmap_without_pages) {
	.setup = in_region_without_pages, .call = call_mmap, .points = 1, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, munmap) {
	.setup = only_a_mapping, .call = call_munmap, .memory = true,
};

/* === Metadata of the heap ================================================ */

FIXTURE(metadata) {
	struct heap heap;
	struct binding binding;
	struct faults faults;
};

FIXTURE_SETUP(metadata)
{
	struct rlimit limit = { 1024, 1024 };

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (find_binding(self->heap.node, &self->binding))
		SKIP(return, "this heap belongs to no device");
	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	ASSERT_EQ(0, prepare_faults(&self->faults));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* A new heap has few descriptors of spans, and soon needs more. */
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
}

FIXTURE_TEARDOWN_PARENT(metadata)
{
	if (access(heap_path(), F_OK))
		EXPECT_EQ(0, bind_soon(&self->binding));
	HEAP_TEARDOWN(&self->heap);
}

static __u64 nomem_failures(int node)
{
	struct carveout_ioctl_query query;

	return query_heap(node, &query) ? ~0ULL : query.failures_nomem;
}

/*
 * The metadata of a heap is in kernel memory. An allocation for which it cannot
 * grow fails with -ENOMEM; repeating it when there is memory succeeds.
 */
TEST_F_TIMEOUT(metadata, no_memory_for_spans_is_ENOMEM, 300)
{
	unsigned int i, budget, missed = 0;
	struct heap_snapshot before;
	int node, fd = -1;
	__u64 failures;

	ASSERT_EQ(0, bind_soon(&self->binding));
	node = open_node();
	ASSERT_LE(0, node);
	/* The first allocation of a user makes its account. */
	ASSERT_LE(0, alloc_buffer(node, PAGE));
	for (i = 1; missed < 2 && i < 1000; i++) {
		failures = nomem_failures(node);
		ASSERT_EQ(0, take_snapshot(&before));
		for (fd = -1, budget = 0; fd < 0; budget += 8 * BUDGET_STEP) {
			ASSERT_GT(BUDGET_MAX, budget);
			ASSERT_EQ(0, begin_shortage(&self->faults, budget));
			fd = alloc_buffer(node, PAGE);
			end_shortage(&self->faults);
			ASSERT_TRUE(fd >= 0 || fd == -ENOMEM) TH_LOG("error %d", fd);
			if (fd < 0 && nomem_failures(node) != failures)
				EXPECT_SNAPSHOT(&before);
		}
		missed += nomem_failures(node) != failures;
	}
	TH_LOG("the metadata grew twice within %u buffers", i);
	EXPECT_EQ(2, missed);
	EXPECT_EQ(i * PAGE, used_bytes(node));
}

/* === Binding ============================================================= */

/* Bind with a fault at point @n. Return the result of write() to the file "bind". */
static int bind_with_fault(const struct faults *faults, int file, const char *device,
			   unsigned int n, bool *reached)
{
	ssize_t len = strlen(device);
	int err;

	arm_fault(faults, n);
	err = write(file, device, len) == len ? 0 : -errno;
	*reached = fault_reached(faults);
	return err;
}

static void expect_nothing(struct __test_metadata *_metadata,
			   const struct counters *without, unsigned int n)
{
	char diff[128];

	EXPECT_TRUE(objects_settle(without, diff, sizeof(diff)))
		TH_LOG("point %u: %s", n, diff);
	EXPECT_EQ(-1, access(heap_path(), F_OK)) TH_LOG("point %u", n);
}

/* A heap is made completely or not at all, and can be made afterwards. */
TEST_F_TIMEOUT(metadata, bind_with_a_fault_leaves_nothing, 300)
{
	unsigned int n, failed = 0;
	struct counters without;
	int err, node, file = open_driver(&self->binding, "bind");
	bool reached = true;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, take_objects(&without));
	for (n = 1; n < POINTS_MAX && reached; n++) {
		err = bind_with_fault(&self->faults, file, self->binding.device,
				      n, &reached);
		if (err) {
			ASSERT_TRUE(reached) TH_LOG("error %d without a fault", err);
			expect_nothing(_metadata, &without, n);
			failed++;
		} else if (reached) {
			/*
			 * Binding succeeded in spite of the fault; the driver
			 * may be left unbound.
			 */
			err = unbind(&self->binding);
			EXPECT_TRUE(!err || err == -ENODEV);
			expect_nothing(_metadata, &without, n);
		}
	}
	TH_LOG("%u points, binding failed at %u", n - 2, failed);
	EXPECT_LT(n, POINTS_MAX);
	EXPECT_LT(10, failed);
	node = open_node();
	ASSERT_LE(0, node);
	EXPECT_EQ(self->heap.query.size, flood_heap(node, 0x5a));
}

int main(int argc, char **argv)
{
	return run_with_faults(argc, argv);
}
