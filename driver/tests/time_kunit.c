// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite that measures the worst-case latency of alloc and free.
 *
 * Both hold the heap's lock, with interrupts off, during one call of the
 * allocator, and do little else if the memory is not zeroed. So the duration of
 * the whole call is an upper bound of the critical section. It is reported, not
 * checked.
 *
 * For each operation the minimum over several repetitions counts, because the
 * excess is caused by other work of the machine; over all operations the
 * maximum.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "fixture.h"

static unsigned int rounds = DEFAULT_ROUNDS;
module_param(rounds, uint, 0400);
MODULE_PARM_DESC(rounds, "percentage of the rounds of long tests");

#define OPS		512
#define REPEAT		30
#define MAX_SPAN	256
#define MAX_REQUEST	SZ_4K
/* Room for all spans, the holes between them, and the requests. */
#define HEAP_SIZE(live)	(PAGE_ALIGN((u64)(live) * 2 * MAX_SPAN) + SZ_1M)

/* An operation and its shortest durations. */
struct op {
	struct carveout_req req;
	u64 alloc;
	u64 free;
};

/* User-mode Linux has no fine-grained clock, but can read the TSC. */
#ifdef CONFIG_UML_X86
static u64 now(void)
{
	u32 low, high;

	asm volatile("rdtscp; lfence" : "=a" (low), "=d" (high) : : "ecx", "memory");
	return (u64)high << 32 | low;
}
#else
static u64 now(void)
{
	return ktime_get_ns();
}
#endif

/* Units of now() per 1024 ns. */
static u64 units_of_1024_ns(void)
{
	ktime_t start = ktime_get();
	u64 units = now();

	/* Short, but much longer than the resolution of the clock. */
	while (ktime_ms_delta(ktime_get(), start) < 20)
		cpu_relax();
	units = now() - units;
	return max(div64_s64(units << 10, ktime_to_ns(ktime_sub(ktime_get(), start))), 1LL);
}

/* Minimum time between two readings of the clock. */
static u64 nothing(void)
{
	u64 least = U64_MAX, start;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		start = now();
		least = min(least, now() - start);
	}
	return least;
}

/* === An adversary's heap ================================================== */

/* @live spans of different sizes, separated by holes of different sizes. */
static void **riddle(struct kunit *test, struct carveout *heap, u32 live,
		     struct rnd_state *rnd)
{
	void **span = kvcalloc(live, 2 * sizeof(*span), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, span);
	for (i = 0; i < 2 * live; i++) {
		span[i] = carveout_alloc(heap, 1 + prandom_u32_state(rnd) % MAX_SPAN, "kunit");
		if (IS_ERR(span[i]))
			break;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, 2 * live, i);
	for (i = 0; i < 2 * live; i += 2) {
		if (!IS_ERR_OR_NULL(span[i]))
			KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, span[i]));
		span[i] = NULL;
		cond_resched();
	}
	return span;
}

static void empty_heap(struct carveout *heap, void **span, u32 live)
{
	u32 i;

	for (i = 0; i < 2 * live; i++) {
		if (!IS_ERR_OR_NULL(span[i]))
			carveout_free(heap, span[i]);
		cond_resched();
	}
	kvfree(span);
}

/* Requests for which many holes are candidates. */
static void make_ops(struct op *op, struct rnd_state *rnd)
{
	unsigned int i;

	for (i = 0; i < OPS; i++) {
		u32 random = prandom_u32_state(rnd);

		memset(&op[i], 0, sizeof(op[i]));
		op[i].req.size = 1 + random % (i % 4 ? MAX_SPAN : MAX_REQUEST);
		if (i % 3 == 1)
			op[i].req.align = 64 << random % 7;
		if (i % 5 == 1)
			op[i].req.flags = CARVEOUT_REQ_TOP_DOWN;
		op[i].alloc = U64_MAX;
		op[i].free = U64_MAX;
	}
}

/*
 * Each operation leaves the heap unchanged, so that all repetitions do the
 * same. Returns the number of failures: there is room for all requests.
 */
static unsigned int run_ops(struct carveout *heap, struct op *op)
{
	unsigned int i, failed = 0;
	u64 start, middle;
	void *va;

	for (i = 0; i < OPS; i++, op++) {
		start = now();
		va = carveout_alloc_req(heap, &op->req);
		middle = now();
		op->alloc = min(op->alloc, middle - start);
		if (IS_ERR(va)) {
			failed++;
			continue;
		}
		middle = now();
		failed += !!carveout_free(heap, va);
		op->free = min(op->free, now() - middle);
		cond_resched();
	}
	return failed;
}

static u64 in_ns(u64 time, u64 least, u64 scale)
{
	return div64_u64((time - min(time, least)) << 10, scale);
}

static void report(struct kunit *test, struct carveout *heap, const struct op *op)
{
	struct carveout_stats stats = stats_of(heap);
	u64 scale = units_of_1024_ns(), least = nothing();
	u64 alloc = 0, free = 0;
	unsigned int i;

	for (i = 0; i < OPS; i++) {
		alloc = max(alloc, op[i].alloc);
		free = max(free, op[i].free);
	}
	kunit_info(test, "%u spans, %u holes, %u regions: at most %llu ns to allocate, %llu ns to free\n",
		   stats.spans, stats.holes, stats.regions, in_ns(alloc, least, scale),
		   in_ns(free, least, scale));
}

static void measure(struct kunit *test, u32 live)
{
	struct op *op = kvcalloc(OPS, sizeof(*op), GFP_KERNEL);
	struct rnd_state rnd;
	struct carveout_stats before;
	struct carveout *heap;
	unsigned int i;
	void **span;

	KUNIT_ASSERT_NOT_NULL(test, op);
	prandom_seed_state(&rnd, live);
	heap = heap_of_system(test, HEAP_SIZE(live), CARVEOUT_CREATE_NOZERO);
	span = riddle(test, heap, live, &rnd);
	make_ops(op, &rnd);
	KUNIT_EXPECT_EQ(test, 0U, run_ops(heap, op));
	before = stats_of(heap);
	for (i = 0; i < max(REPEAT * rounds / 100, 1U); i++)
		KUNIT_EXPECT_EQ(test, 0U, run_ops(heap, op));
	report(test, heap, op);
	expect_same(test, &before);
	empty_heap(heap, span, live);
	kvfree(op);
}

static void carveout_time_of_10_spans(struct kunit *test)
{
	measure(test, 10);
}

static void carveout_time_of_1000_spans(struct kunit *test)
{
	measure(test, 1000);
}

static void carveout_time_of_10000_spans(struct kunit *test)
{
	measure(test, 10000);
}

static void carveout_time_of_100000_spans(struct kunit *test)
{
	/* This takes minutes with all checkers enabled. */
	if (rounds < 100)
		kunit_skip(test, "the board is slow");
	measure(test, 100000);
}

static struct kunit_case time_cases[] = {
	KUNIT_CASE(carveout_time_of_10_spans),
	KUNIT_CASE(carveout_time_of_1000_spans),
	KUNIT_CASE(carveout_time_of_10000_spans),
	KUNIT_CASE(carveout_time_of_100000_spans),
	{}
};

static struct kunit_suite time_suite = {
	.name = "carveout_time",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = time_cases,
};

kunit_test_suite(time_suite);

MODULE_DESCRIPTION("KUnit suite that measures the latency of alloc and free");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
