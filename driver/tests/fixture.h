/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the driver's KUnit suites. The suites use the module as any
 * other driver does: through <linux/carveout.h> and nothing else of it.
 *
 * Each test has one heap, which must be empty again at its end. The heap
 * consists of pages that are set aside like those of a reserved-memory region,
 * or of system memory.
 */
#ifndef CARVEOUT_TESTS_FIXTURE_H
#define CARVEOUT_TESTS_FIXTURE_H

#include <kunit/test.h>
#include <linux/carveout.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kconfig.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Timeout for events that must happen. */
#define PATIENCE_MS	60000

/*
 * Percentage of the rounds of long tests: fewer rounds on kernels with all
 * checkers enabled. A module parameter overrides it, but KUnit of 6.1 runs the
 * suites of a module before its parameters are set.
 */
#define DEFAULT_ROUNDS	(IS_ENABLED(CONFIG_KASAN) ? 30 : 100)

/* Fill pattern of memory. */
#define FILL		0xa5

/**
 * struct fixture - State of a test
 * @heap: the test's heap, or NULL
 * @set: ranges of pages that are set aside
 * @nr_sets: number of ranges
 */
struct fixture {
	struct carveout *heap;
	struct {
		void *va;
		size_t size;
	} set[4];
	unsigned int nr_sets;
};

static inline int fixture_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct fixture), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static inline struct carveout *heap_of(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	return fixture->heap;
}

static inline struct carveout_stats stats_of(struct carveout *heap)
{
	struct carveout_stats stats;

	carveout_stats(heap, &stats);
	return stats;
}

static inline u64 used_of(struct carveout *heap)
{
	return stats_of(heap).used;
}

/* === Memory =============================================================== */

/* Set pages aside: one contiguous range without references from elsewhere. */
static inline phys_addr_t set_aside(struct kunit *test, size_t size)
{
	struct fixture *fixture = test->priv;
	size_t at;
	void *va;

	KUNIT_ASSERT_LT(test, fixture->nr_sets, (unsigned int)ARRAY_SIZE(fixture->set));
	va = alloc_pages_exact(size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, va);
	memset(va, FILL, size);
	for (at = 0; at < size; at += PAGE_SIZE)
		SetPageReserved(virt_to_page(va + at));
	fixture->set[fixture->nr_sets].va = va;
	fixture->set[fixture->nr_sets++].size = size;
	return virt_to_phys(va);
}

static inline void give_back(struct fixture *fixture)
{
	size_t at;

	while (fixture->nr_sets) {
		void *va = fixture->set[--fixture->nr_sets].va;

		for (at = 0; at < fixture->set[fixture->nr_sets].size; at += PAGE_SIZE)
			ClearPageReserved(virt_to_page(va + at));
		free_pages_exact(va, fixture->set[fixture->nr_sets].size);
	}
}

/* A region with the attribute "cached", like all memory that the kernel maps. */
static inline struct carveout_memory region_at(phys_addr_t base, u64 size)
{
	return (struct carveout_memory){
		.base = base,
		.size = size,
		.attrs = CARVEOUT_ATTR_CACHED,
		.name = "test",
	};
}

/* === Heaps ================================================================ */

/* The test's heap, destroyed at the end of the test. */
static inline struct carveout *make_heap(struct kunit *test, struct device *dev,
					 const struct carveout_memory *memory,
					 unsigned int count, unsigned int flags)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap;

	heap = carveout_create(dev, "kunit", memory, count, flags);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(heap), "no heap: %ld", PTR_ERR(heap));
	fixture->heap = heap;
	return heap;
}

/* A heap of one region of pages that are set aside. */
static inline struct carveout *heap_of_pages(struct kunit *test, size_t size,
					     unsigned int flags)
{
	const struct carveout_memory memory = region_at(set_aside(test, size), size);

	return make_heap(test, NULL, &memory, 1, flags);
}

/* A heap of system memory, split into as many regions as necessary. */
static inline struct carveout *heap_of_system(struct kunit *test, u64 size,
					      unsigned int flags)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, size);

	return make_heap(test, NULL, &memory, 1, flags);
}

/* A buffer; @tag may be NULL. */
static inline struct carveout_buf *alloc_buf(struct carveout *heap, u64 size,
					     const char *tag)
{
	const struct carveout_req req = { .size = size, .purpose = "kunit" };

	return carveout_buf_alloc(heap, &req, tag, tag ? 0600 : 0);
}

/* Check that the heap is as empty as at its creation, and destroy it. */
static inline void destroy_heap(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = fixture->heap;
	struct carveout_stats stats;

	if (!heap)
		return;
	fixture->heap = NULL;
	carveout_drain(heap);
	stats = stats_of(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, stats.used);
	KUNIT_EXPECT_EQ(test, 0ULL, stats.pending);
	KUNIT_EXPECT_EQ(test, 0U, stats.spans);
	KUNIT_EXPECT_EQ(test, stats.regions, stats.holes);
	if (!carveout_destroy(heap, false))
		return;
	KUNIT_FAIL(test, "the heap cannot be destroyed");
	carveout_destroy(heap, true);
	/* Memory of the heap is still in use: leak it. */
	fixture->nr_sets = 0;
}

static inline void fixture_exit(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	if (!fixture)
		return;
	destroy_heap(test);
	give_back(fixture);
}

/* The statistics of the heap are unchanged. */
static inline void expect_same(struct kunit *test, const struct carveout_stats *before)
{
	struct carveout_stats now = stats_of(heap_of(test));

	KUNIT_EXPECT_EQ(test, before->size, now.size);
	KUNIT_EXPECT_EQ(test, before->used, now.used);
	KUNIT_EXPECT_EQ(test, before->high_water, now.high_water);
	KUNIT_EXPECT_EQ(test, before->largest_hole, now.largest_hole);
	KUNIT_EXPECT_EQ(test, before->pending, now.pending);
	KUNIT_EXPECT_EQ(test, before->spans, now.spans);
	KUNIT_EXPECT_EQ(test, before->holes, now.holes);
	KUNIT_EXPECT_EQ(test, before->regions, now.regions);
}

static inline bool is_filled(const void *va, u8 byte, size_t size)
{
	return !memchr_inv(va, byte, size);
}

/* === Devices ============================================================== */

static inline struct device *make_device(struct kunit *test)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple("kunit-client", PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pdev), "error %ld", PTR_ERR(pdev));
	return &pdev->dev;
}

/* A device that reaches all memory. */
static inline struct device *make_dma_device(struct kunit *test)
{
	struct device *dev;

	if (!IS_ENABLED(CONFIG_HAS_DMA))
		kunit_skip(test, "the kernel has no DMA API");
	dev = make_device(test);
	KUNIT_EXPECT_EQ(test, 0, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	return dev;
}

static inline void unmake_device(struct device *dev)
{
	platform_device_unregister(to_platform_device(dev));
}

/* @ptr is an ERR_PTR of exactly this error. */
#define EXPECT_ERR(test, error, ptr)						\
	KUNIT_EXPECT_EQ(test, (long)(error), PTR_ERR(ptr))

/* === Threads ============================================================== */

/* Wait until @condition holds, at most PATIENCE_MS. */
#define BECOMES_TRUE(condition) ({						\
	unsigned int __tries = PATIENCE_MS;					\
	bool __true;								\
	while (!(__true = (condition)) && --__tries)				\
		usleep_range(200, 1000);					\
	__true;									\
})

static inline ktime_t after_ms(unsigned int ms)
{
	return ktime_add_ms(ktime_get(), ms);
}

/*
 * @call times out at @deadline, a variable that is set to @ms milliseconds from
 * now. Never before it, and at most two seconds after it: an overloaded machine
 * is late once or twice, but not five times in a row.
 */
#define EXPECT_TIMEOUT_IN(test, ms, deadline, call) do {			\
	ktime_t *_deadline = &(deadline);					\
	struct kunit *_test = (test);						\
	unsigned int _tries = 5;						\
	ktime_t _end;								\
										\
	do {									\
		*_deadline = after_ms(ms);					\
		EXPECT_ERR(_test, -ETIMEDOUT, call);				\
		_end = ktime_get();						\
		KUNIT_EXPECT_FALSE(_test, ktime_before(_end, *_deadline));	\
	} while (ktime_ms_delta(_end, *_deadline) > 2000 && --_tries);		\
	KUNIT_EXPECT_NE_MSG(_test, 0U, _tries, "the wait is late each time");	\
} while (0)

/**
 * struct thread_start - Start of a thread
 * @fn: its function
 * @data: argument of the function
 * @begun: the thread runs, and uses this object no longer
 */
struct thread_start {
	int (*fn)(void *data);
	void *data;
	struct completion begun;
};

static inline int thread_main(void *arg)
{
	struct thread_start *start = arg, copy = *start;

	complete(&start->begun);
	return copy.fn(copy.data);
}

/*
 * Start a thread; pass it to thread_join(). It runs when this returns: a thread that is
 * stopped before does not call its function.
 */
static inline struct task_struct *thread_run(struct kunit *test, int (*fn)(void *data),
					     void *data, const char *name)
{
	struct thread_start start = { .fn = fn, .data = data };
	struct task_struct *task;

	init_completion(&start.begun);
	task = kthread_create(thread_main, &start, "carveout-%s", name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&start.begun);
	return task;
}

/* Wait until a thread has ended. */
static inline int thread_join(struct task_struct *task)
{
	int ret = kthread_stop(task);

	put_task_struct(task);
	return ret;
}

#endif /* CARVEOUT_TESTS_FIXTURE_H */
