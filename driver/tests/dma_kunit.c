// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of an importer: fences, bounce buffers, cache maintenance.
 *
 * The importer is a platform device. A board with swiotlb=force bounces all of its mappings. On
 * arm64 it does not snoop the CPU's caches; kprobes count the maintenance then. A case
 * without the required hardware is skipped.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-resv.h>
#include <linux/fcntl.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/ptrace.h>
#include <linux/swiotlb.h>

#include "fixture.h"
#include "importer.h"

/* Bytes of the CPU and of the device. */
#define CPU	0xcc
#define DEVICE	0xdd

/* === Reach ================================================================ */

/* The kernel would warn, and user space can import into any device. */
static void carveout_dma_beyond_reach(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct importer importer;
	phys_addr_t last;

	import_begin(test, &importer, heap);
	last = carveout_buf_phys(importer.buf) + PART - 1;
	*importer.dev->dma_mask = BIT_ULL(ilog2(last)) - 1;
	EXPECT_ERR(test, -EFBIG, import_map(&importer, DMA_BIDIRECTIONAL));
	EXPECT_ERR(test, -EFBIG, carveout_buf_map(importer.buf, importer.dev,
						  DMA_TO_DEVICE));
	*importer.dev->dma_mask = DMA_BIT_MASK(64);
	KUNIT_EXPECT_FALSE(test, IS_ERR(import_map(&importer, DMA_BIDIRECTIONAL)));
	import_end(test, &importer);
}

/* === Fences =============================================================== */

struct fence {
	struct dma_fence base;
	spinlock_t lock;	/* of @base */
};

static const char *fence_name(struct dma_fence *fence)
{
	return "kunit";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

/* A pending fence on a file. The test holds a reference. */
static struct dma_fence *fence_add(struct kunit *test, struct dma_buf *dmabuf,
				   enum dma_resv_usage usage)
{
	struct fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, fence);
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock,
		       dma_fence_context_alloc(1), 1);
	dma_resv_lock(dmabuf->resv, NULL);
	ret = dma_resv_reserve_fences(dmabuf->resv, 1);
	if (!ret)
		dma_resv_add_fence(dmabuf->resv, &fence->base, usage);
	dma_resv_unlock(dmabuf->resv);
	KUNIT_EXPECT_EQ(test, 0, ret);
	return &fence->base;
}

/* The code of the fence is that of this module. */
static void fence_end(struct kunit *test, struct dma_fence *fence)
{
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(kref_read(&fence->refcount) == 1));
	dma_fence_put(fence);
}

/**
 * struct access - A thread that begins CPU access for reading
 * @dmabuf: the file
 * @task: the thread
 * @done: the call has returned
 */
struct access {
	struct dma_buf *dmabuf;
	struct task_struct *task;
	struct completion done;
};

static int access_main(void *data)
{
	struct access *access = data;
	int ret = dma_buf_begin_cpu_access(access->dmabuf, DMA_FROM_DEVICE);

	complete_all(&access->done);
	return ret;
}

static void access_start(struct kunit *test, struct access *access, struct dma_buf *dmabuf)
{
	access->dmabuf = dmabuf;
	init_completion(&access->done);
	access->task = thread_run(test, access_main, access, "access");
}

static bool access_waits(struct access *access)
{
	return !wait_for_completion_timeout(&access->done, msecs_to_jiffies(200));
}

static void access_end(struct kunit *test, struct access *access)
{
	wait_for_completion(&access->done);
	KUNIT_EXPECT_EQ(test, 0, thread_join(access->task));
	KUNIT_EXPECT_EQ(test, 0, dma_buf_end_cpu_access(access->dmabuf, DMA_FROM_DEVICE));
}

/* A reader waits for the device, whichever file it has. */
static void carveout_dma_reader_waits_for_the_device(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct importer importer;
	struct dma_fence *fence;
	struct access access[2];
	int i;

	import_begin(test, &importer, heap);
	fence = fence_add(test, importer.dmabuf, DMA_RESV_USAGE_WRITE);
	access_start(test, &access[0], importer.dmabuf);
	access_start(test, &access[1], importer.readonly);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ_MSG(test, true, access_waits(&access[i]), "file %d", i);
	dma_fence_signal(fence);
	for (i = 0; i < 2; i++)
		access_end(test, &access[i]);
	import_end(test, &importer);
	fence_end(test, fence);
}

/* Fences on a read-only file are those at its opening, and its own. */
static void carveout_dma_fences_of_a_reader(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct dma_fence *own, *pending;
	struct importer importer;
	struct dma_buf *later;

	import_begin(test, &importer, heap);
	own = fence_add(test, importer.readonly, DMA_RESV_USAGE_WRITE);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(importer.dmabuf->resv,
						       DMA_RESV_USAGE_BOOKKEEP));
	pending = fence_add(test, importer.dmabuf, DMA_RESV_USAGE_WRITE);
	later = carveout_buf_export(importer.buf, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, later);
	KUNIT_EXPECT_FALSE(test, dma_resv_test_signaled(later->resv,
							DMA_RESV_USAGE_WRITE));
	dma_fence_signal(pending);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(later->resv,
						       DMA_RESV_USAGE_BOOKKEEP));
	dma_buf_put(later);
	import_end(test, &importer);
	fence_end(test, pending);
	dma_fence_signal(own);
	fence_end(test, own);
}

/* The device may still write after the importer has released the buffer. */
static void carveout_dma_last_put_with_a_fence(struct kunit *test)
{
	static const enum dma_resv_usage usage[] = {
		DMA_RESV_USAGE_KERNEL, DMA_RESV_USAGE_WRITE,
		DMA_RESV_USAGE_READ, DMA_RESV_USAGE_BOOKKEEP,
	};
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf;
	struct dma_fence *fence;
	struct dma_buf *dmabuf;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(usage); i++) {
		buf = alloc_buf(heap, PART, NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
		dmabuf = carveout_buf_export(buf, true);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dmabuf);
		fence = fence_add(test, dmabuf, usage[i]);
		carveout_buf_put(buf);
		dma_buf_put(dmabuf);
		msleep(100);
		carveout_drain(heap);
		KUNIT_EXPECT_EQ_MSG(test, PART, used_of(heap), "usage %u", i);
		dma_fence_signal(fence);
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap)));
		fence_end(test, fence);
	}
}

/* === Bounce buffers ======================================================= */

#define NOT_BOUNCED	"mappings are not bounced; boot with swiotlb=force"

/* Import a buffer that is bounced. */
static void bounce_begin(struct kunit *test, struct importer *importer,
			 enum dma_data_direction dir)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);

	import_begin(test, importer, heap);
	if (!is_swiotlb_force_bounce(importer->dev)) {
		import_end(test, importer);
		kunit_skip(test, NOT_BOUNCED);
	}
	memset(carveout_buf_va(importer->buf), FILL, PART);
	KUNIT_ASSERT_FALSE(test, IS_ERR(import_map(importer, dir)));
	KUNIT_ASSERT_TRUE(test, device_view(importer) != carveout_buf_va(importer->buf));
	KUNIT_EXPECT_TRUE(test, is_filled(device_view(importer), FILL, PART));
}

/* Data that the device writes before and during an access for reading stays. */
static void carveout_dma_bounce_reader_loses_nothing(struct kunit *test)
{
	struct importer importer;
	struct dma_buf *file;
	u8 *memory, *device;
	int i;

	bounce_begin(test, &importer, DMA_BIDIRECTIONAL);
	memory = carveout_buf_va(importer.buf);
	device = device_view(&importer);
	for (i = 0; i < 4; i++) {
		/* A read-only file never writes, whatever the call says. */
		enum dma_data_direction dir = i & 2 ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE;

		file = i & 1 || i & 2 ? importer.readonly : importer.dmabuf;
		device[0] = DEVICE + i;
		KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(file, dir));
		KUNIT_EXPECT_EQ_MSG(test, DEVICE + i, memory[0], "round %d", i);
		device[1] = DEVICE + i;
		KUNIT_EXPECT_EQ(test, 0, dma_buf_end_cpu_access(file, dir));
		KUNIT_EXPECT_EQ_MSG(test, DEVICE + i, device[1], "round %d", i);
		KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(file, DMA_FROM_DEVICE));
		KUNIT_EXPECT_EQ_MSG(test, DEVICE + i, memory[1], "round %d", i);
		KUNIT_EXPECT_EQ(test, 0, dma_buf_end_cpu_access(file, DMA_FROM_DEVICE));
	}
	import_end(test, &importer);
}

static bool reads(struct importer *importer, unsigned int at, u8 byte)
{
	const u8 *memory = carveout_buf_va(importer->buf);

	return !dma_buf_begin_cpu_access(importer->readonly, DMA_FROM_DEVICE) &&
	       READ_ONCE(memory[at]) == byte;
}

/* Stores between begin and end survive other accesses, and reach the device. */
static void carveout_dma_bounce_writers_lose_nothing(struct kunit *test)
{
	struct importer importer;
	struct dma_buf *other;
	u8 *memory, *device;

	bounce_begin(test, &importer, DMA_BIDIRECTIONAL);
	memory = carveout_buf_va(importer.buf);
	device = device_view(&importer);
	other = carveout_buf_export(importer.buf, true);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);

	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(importer.dmabuf, DMA_TO_DEVICE));
	memory[0] = CPU;
	/* A second writer, a reader, and a reader that claims to write. */
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(other, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, CPU, memory[0]);
	memory[1] = CPU;
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(other, DMA_BIDIRECTIONAL));
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(importer.readonly,
							  DMA_FROM_DEVICE));
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(importer.readonly,
							  DMA_BIDIRECTIONAL));
	KUNIT_EXPECT_EQ(test, CPU, memory[0]);
	KUNIT_EXPECT_EQ(test, CPU, memory[1]);
	KUNIT_EXPECT_EQ(test, FILL, device[0]);
	KUNIT_EXPECT_EQ(test, 0, dma_buf_end_cpu_access(importer.dmabuf, DMA_TO_DEVICE));
	KUNIT_EXPECT_EQ(test, CPU, device[0]);

	/* A file that is released in the middle of an access no longer counts. */
	device[2] = DEVICE;
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(importer.readonly,
							  DMA_FROM_DEVICE));
	KUNIT_EXPECT_EQ(test, FILL, memory[2]);
	dma_buf_put(other);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(reads(&importer, 2, DEVICE)));
	import_end(test, &importer);
}

/*
 * A user of SYNC announces no store before it calls. Neither a reader nor the end of a mapping
 * replaces such a store, and both take over the bytes that the device wrote around it.
 */
static void carveout_dma_bounce_unannounced_stores(struct kunit *test)
{
	struct importer importer;
	u8 *memory, *device;

	bounce_begin(test, &importer, DMA_BIDIRECTIONAL);
	memory = carveout_buf_va(importer.buf);
	device = device_view(&importer);
	WRITE_ONCE(memory[1], CPU);
	WRITE_ONCE(memory[PART - 1], CPU);
	device[0] = DEVICE;
	device[2] = DEVICE;
	KUNIT_EXPECT_TRUE(test, reads(&importer, 1, CPU));
	KUNIT_EXPECT_TRUE(test, reads(&importer, PART - 1, CPU));
	KUNIT_EXPECT_EQ(test, DEVICE, memory[0]);
	KUNIT_EXPECT_EQ(test, DEVICE, memory[2]);

	/* The store is the newer one if the device wrote the same byte. */
	device[1] = DEVICE;
	KUNIT_EXPECT_TRUE(test, reads(&importer, 1, CPU));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_sync(importer.buf, 1, 1,
						   CARVEOUT_SYNC_FOR_DEVICE));
	KUNIT_EXPECT_EQ(test, CPU, device[1]);
	KUNIT_EXPECT_EQ(test, DEVICE, device[0]);
	device[1] = DEVICE;
	KUNIT_EXPECT_TRUE(test, reads(&importer, 1, DEVICE));

	WRITE_ONCE(memory[3], CPU);
	device[4] = DEVICE;
	import_unmap(&importer);
	KUNIT_EXPECT_EQ(test, CPU, memory[3]);
	KUNIT_EXPECT_EQ(test, DEVICE, memory[4]);
	import_end(test, &importer);
}

/* An announced store into the buffer of a device that only writes is older than its next one. */
static void carveout_dma_bounce_overlay(struct kunit *test)
{
	struct importer importer;
	u8 *memory, *device;

	bounce_begin(test, &importer, DMA_FROM_DEVICE);
	memory = carveout_buf_va(importer.buf);
	device = device_view(&importer);
	device[0] = DEVICE;
	KUNIT_EXPECT_EQ(test, 0, dma_buf_begin_cpu_access(importer.dmabuf, DMA_BIDIRECTIONAL));
	KUNIT_EXPECT_EQ(test, DEVICE, memory[0]);
	WRITE_ONCE(memory[0], CPU);
	KUNIT_EXPECT_EQ(test, 0, dma_buf_end_cpu_access(importer.dmabuf, DMA_BIDIRECTIONAL));
	KUNIT_EXPECT_TRUE(test, reads(&importer, 0, CPU));
	device[0] = DEVICE + 1;
	KUNIT_EXPECT_TRUE(test, reads(&importer, 0, DEVICE + 1));

	/* It is newer than the data that was not copied from the device. */
	device[1] = DEVICE;
	device[2] = DEVICE;
	WRITE_ONCE(memory[1], CPU);
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_sync(importer.buf, 0, 64,
						   CARVEOUT_SYNC_FOR_DEVICE));
	KUNIT_EXPECT_TRUE(test, reads(&importer, 1, CPU));
	KUNIT_EXPECT_EQ(test, DEVICE, memory[2]);
	device[1] = DEVICE + 1;
	import_unmap(&importer);
	KUNIT_EXPECT_EQ(test, DEVICE + 1, memory[1]);
	import_end(test, &importer);
}

/* Whatever the device writes before its fence signals is there after begin. */
static void carveout_dma_bounce_after_the_fence(struct kunit *test)
{
	struct importer importer;
	struct dma_fence *fence;
	struct access access;

	bounce_begin(test, &importer, DMA_FROM_DEVICE);
	fence = fence_add(test, importer.dmabuf, DMA_RESV_USAGE_WRITE);
	access_start(test, &access, importer.readonly);
	KUNIT_EXPECT_TRUE(test, access_waits(&access));
	device_view(&importer)[0] = DEVICE;
	dma_fence_signal(fence);
	access_end(test, &access);
	KUNIT_EXPECT_EQ(test, DEVICE, *(u8 *)carveout_buf_va(importer.buf));
	import_end(test, &importer);
	fence_end(test, fence);
}

/* The end of a mapping copies once more, in the direction of the mapping. */
static void carveout_dma_bounce_unmap(struct kunit *test)
{
	static const enum dma_data_direction dir[] = {
		DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE,
	};
	struct importer importer;
	u8 *memory;
	int i;

	bounce_begin(test, &importer, DMA_TO_DEVICE);
	memory = carveout_buf_va(importer.buf);
	for (i = 0; i < 3; i++) {
		import_unmap(&importer);
		memory[0] = CPU;
		KUNIT_ASSERT_FALSE(test, IS_ERR(import_map(&importer, dir[i])));
		KUNIT_EXPECT_EQ(test, CPU, device_view(&importer)[0]);
		device_view(&importer)[0] = DEVICE;
		KUNIT_EXPECT_EQ(test, 0, carveout_buf_sync(importer.buf, 0, 64,
							   CARVEOUT_SYNC_FOR_CPU));
		KUNIT_EXPECT_EQ_MSG(test, dir[i] == DMA_TO_DEVICE ? CPU : DEVICE,
				    memory[0], "direction %d", dir[i]);
	}
	import_end(test, &importer);
}

/* More than the kernel bounces in one piece: an error, and no warning. */
static void carveout_dma_bounce_too_large(struct kunit *test)
{
	const u64 size = SZ_512K;
	struct carveout *heap = heap_of_pages(test, size, 0);
	struct device *dev = make_dma_device(test);
	struct carveout_buf *buf = alloc_buf(heap, size, NULL);
	bool bounced = is_swiotlb_force_bounce(dev);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	if (bounced) {
		KUNIT_EXPECT_LT(test, dma_max_mapping_size(dev), (size_t)size);
		EXPECT_ERR(test, -EFBIG, carveout_buf_map(buf, dev, DMA_TO_DEVICE));
	}
	carveout_buf_put(buf);
	unmake_device(dev);
	if (!bounced)
		kunit_skip(test, NOT_BOUNCED);
}

/* === Cache maintenance ==================================================== */

#if IS_ENABLED(CONFIG_KPROBES) && IS_ENABLED(CONFIG_ARM64)

/**
 * struct counter - Calls of a function for one buffer
 * @probe: the probe
 * @arg: index of the argument that is a physical address
 * @start: address of the buffer
 * @calls: number of calls for a part of the buffer
 * @bytes: sum of their sizes, which is the next argument
 */
struct counter {
	struct kprobe probe;
	unsigned int arg;
	phys_addr_t start;
	atomic_t calls;
	atomic_long_t bytes;
};

static int count_call(struct kprobe *probe, struct pt_regs *regs)
{
	struct counter *counter = container_of(probe, struct counter, probe);
	phys_addr_t addr = regs_get_kernel_argument(regs, counter->arg);

	if (addr >= counter->start && addr < counter->start + PART) {
		atomic_inc(&counter->calls);
		atomic_long_add(regs_get_kernel_argument(regs, counter->arg + 1),
				&counter->bytes);
	}
	return 0;
}

static struct counter counters[] = {
	{ .probe = { .symbol_name = "carveout_claim_flush" }, .arg = 1 },
	{ .probe = { .symbol_name = "arch_sync_dma_for_cpu" }, .arg = 0 },
	{ .probe = { .symbol_name = "arch_sync_dma_for_device" }, .arg = 0 },
};

static void count_begin(struct kunit *test, struct importer *importer)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		struct counter *counter = &counters[i];
		const char *name = counter->probe.symbol_name;

		/* An earlier registration has set the other members. */
		counter->probe = (struct kprobe){
			.symbol_name = name, .pre_handler = count_call,
		};
		counter->start = carveout_buf_phys(importer->buf);
		KUNIT_ASSERT_FALSE_MSG(test, register_kprobe(&counter->probe),
				       "no probe of %s", name);
	}
}

static void count_end(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		unregister_kprobe(&counters[i].probe);
}

/* Whole flushes of the buffer since the last call; the DMA API must do none of its own. */
static unsigned int flushes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, atomic_xchg(&counters[1].calls, 0));
	KUNIT_EXPECT_EQ(test, 0, atomic_xchg(&counters[2].calls, 0));
	atomic_long_set(&counters[0].bytes, 0);
	return atomic_xchg(&counters[0].calls, 0);
}

/* Accesses of the CPU, each with the number of flushes of its begin and its end. */
static const struct {
	enum dma_data_direction dir;
	unsigned int begin, end;
} accesses[] = {
	{ DMA_FROM_DEVICE, 1, 0 },
	{ DMA_TO_DEVICE, 0, 1 },
	{ DMA_BIDIRECTIONAL, 1, 1 },
};

/* @times: 1 if the caches are maintained, 0 if they are not. */
static void check_accesses(struct kunit *test, struct importer *importer,
			   unsigned int times)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		dma_buf_begin_cpu_access(importer->dmabuf, accesses[i].dir);
		KUNIT_EXPECT_EQ_MSG(test, times * accesses[i].begin, flushes(test),
				    "begin of access %u", i);
		dma_buf_end_cpu_access(importer->dmabuf, accesses[i].dir);
		KUNIT_EXPECT_EQ_MSG(test, times * accesses[i].end, flushes(test),
				    "end of access %u", i);
	}
	carveout_buf_sync(importer->buf, 64, 64, CARVEOUT_SYNC_FLAGS);
	KUNIT_EXPECT_EQ(test, times, flushes(test));
}

static void check_mapping(struct kunit *test, struct importer *importer,
			  enum dma_data_direction dir, unsigned int times)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR(import_map(importer, dir)));
	KUNIT_EXPECT_EQ(test, times, flushes(test));
	check_accesses(test, importer, times);
	import_unmap(importer);
	KUNIT_EXPECT_EQ(test, dir == DMA_TO_DEVICE ? 0 : times, flushes(test));
}

/* Modified lines are never dropped, because another CPU may have written them. */
static void carveout_dma_caches_follow_the_access(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct importer importer;

	import_begin(test, &importer, heap);
	KUNIT_EXPECT_FALSE(test, dev_is_dma_coherent(importer.dev));
	count_begin(test, &importer);
	check_accesses(test, &importer, 1);
	check_mapping(test, &importer, DMA_BIDIRECTIONAL, 1);
	check_mapping(test, &importer, DMA_FROM_DEVICE, 1);
	check_mapping(test, &importer, DMA_TO_DEVICE, 1);
	count_end();
	import_end(test, &importer);
}

/* Lines that the CPU reads ahead while it waits must not stay. */
static void carveout_dma_caches_after_the_fence(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct importer importer;
	struct dma_fence *fence;
	struct access access;

	import_begin(test, &importer, heap);
	KUNIT_ASSERT_FALSE(test, IS_ERR(import_map(&importer, DMA_BIDIRECTIONAL)));
	count_begin(test, &importer);
	fence = fence_add(test, importer.dmabuf, DMA_RESV_USAGE_WRITE);
	access_start(test, &access, importer.dmabuf);
	KUNIT_EXPECT_TRUE(test, access_waits(&access));
	KUNIT_EXPECT_EQ(test, 0U, flushes(test));
	dma_fence_signal(fence);
	access_end(test, &access);
	KUNIT_EXPECT_EQ(test, 1U, flushes(test));
	count_end();
	import_end(test, &importer);
	fence_end(test, fence);
}

/* Check a heap of @memory, whose own device snoops, with importers that do and do not. */
static void check_coherent_heap(struct kunit *test, const struct carveout_memory *memory)
{
	struct platform_device *parent;
	struct importer importer;
	struct carveout *heap;

	parent = platform_device_register_simple("kunit-heap", PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(parent));
	dev_set_dma_coherent(&parent->dev);
	heap = make_heap(test, &parent->dev, memory, 1, 0);
	import_begin(test, &importer, heap);
	count_begin(test, &importer);
	check_accesses(test, &importer, 0);
	check_mapping(test, &importer, DMA_BIDIRECTIONAL, 1);
	check_accesses(test, &importer, 0);
	dev_set_dma_coherent(importer.dev);
	check_mapping(test, &importer, DMA_BIDIRECTIONAL, 0);
	count_end();
	import_end(test, &importer);
	destroy_heap(test);
	platform_device_unregister(parent);
}

static void carveout_dma_caches_of_pages(struct kunit *test)
{
	const struct carveout_memory memory = region_at(set_aside(test, SIZE), SIZE);

	check_coherent_heap(test, &memory);
}

static void carveout_dma_caches_without_pages(struct kunit *test)
{
	struct device_node *node = of_find_node_by_path("/reserved-memory/attrs-hole@6d000000");
	const struct carveout_memory memory = region_at(0x6d000000, SIZE);

	of_node_put(node);
	if (!node)
		kunit_skip(test, "the board has no memory without pages for this");
	check_coherent_heap(test, &memory);
}

#else /* !(CONFIG_KPROBES && CONFIG_ARM64) */

static void skip_caches(struct kunit *test)
{
	kunit_skip(test, "without kprobes, or all devices snoop the caches");
}

#define carveout_dma_caches_follow_the_access	skip_caches
#define carveout_dma_caches_after_the_fence	skip_caches
#define carveout_dma_caches_of_pages		skip_caches
#define carveout_dma_caches_without_pages	skip_caches

#endif

static struct kunit_case dma_cases[] = {
	KUNIT_CASE(carveout_dma_beyond_reach),
	KUNIT_CASE(carveout_dma_reader_waits_for_the_device),
	KUNIT_CASE(carveout_dma_fences_of_a_reader),
	KUNIT_CASE(carveout_dma_last_put_with_a_fence),
	KUNIT_CASE(carveout_dma_bounce_reader_loses_nothing),
	KUNIT_CASE(carveout_dma_bounce_writers_lose_nothing),
	KUNIT_CASE(carveout_dma_bounce_unannounced_stores),
	KUNIT_CASE(carveout_dma_bounce_overlay),
	KUNIT_CASE(carveout_dma_bounce_after_the_fence),
	KUNIT_CASE(carveout_dma_bounce_unmap),
	KUNIT_CASE(carveout_dma_bounce_too_large),
	KUNIT_CASE(carveout_dma_caches_follow_the_access),
	KUNIT_CASE(carveout_dma_caches_after_the_fence),
	KUNIT_CASE(carveout_dma_caches_of_pages),
	KUNIT_CASE(carveout_dma_caches_without_pages),
	{}
};

static struct kunit_suite dma_suite = {
	.name = "carveout_dma",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = dma_cases,
};

kunit_test_suite(dma_suite);

MODULE_DESCRIPTION("KUnit suite of an importer with fences, bounce buffers and caches");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
