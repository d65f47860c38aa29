// SPDX-License-Identifier: GPL-2.0
/*
 * The longest time of each call that is legal in a hard interrupt, in a state that is
 * constructed for it: Documentation/performance.rst has the derivation.
 *
 * Each call is made once, with interrupts off. Its time is that of the whole call, an upper
 * bound of the time with the lock of the heap or the pool held. An allocation may sleep, and is
 * not legal there, but holds the same lock.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/bits.h>
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "drivers.h"

/* === Times ================================================================ */

static u64 time_once(int (*call)(void), int *ret)
{
	unsigned long flags;
	u64 time;

	local_irq_save(flags);
	time = ktime_get_ns();
	*ret = call();
	time = ktime_get_ns() - time;
	local_irq_restore(flags);
	return time;
}

static int nothing(void)
{
	return 0;
}

/**
 * bench_call() - Make a call once, and log its time
 * @name: of the function
 * @state: state of the heap or pool, without blanks
 * @call: the call
 * @expect: its result
 *
 * Return: 0; -EINVAL if it has another result.
 */
int bench_call(const char *name, const char *state, int (*call)(void), int expect)
{
	int ret, none;
	u64 ns = time_once(call, &ret) - time_once(nothing, &none);

	pr_info("longest call=%s state=%s ns=%llu\n", name, state, ns);
	if (ret == expect)
		return 0;
	pr_err("%s returned %d instead of %d\n", name, ret, expect);
	return -EINVAL;
}

/* The same for a call that may sleep and changes nothing: the least time of some calls. */
static int sleeping_call(const char *name, const char *state, int (*call)(void), int expect)
{
	u64 time, least = U64_MAX;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		time = ktime_get_ns();
		if (call() != expect)
			return -EINVAL;
		least = min(least, ktime_get_ns() - time);
	}
	pr_info("longest call=%s state=%s ns=%llu\n", name, state, least);
	return 0;
}

/* === A heap with as many regions as there can be ========================== */

#define REGIONS		64
#define GRANULE		64ULL
/* Bytes of a group of the address map, and of the groups of a word of its third level. */
#define GROUP		(64 * GRANULE)
#define WINDOW		(GROUP << 18)

/* No memory is there: a heap that does not zero accesses none. */
#define HEAP_BASE	BIT_ULL(38)
#define STRIDE		SZ_4G

static struct carveout *heap;
static void *victim;	/* the memory to be freed */

/* All memory that was allocated, and the first error. */
static void *taken[SZ_16K];
static unsigned int nr_taken;
static int error;

/* The region that is found last in the list of regions, and last by bisection. */
#define LAST		HEAP_BASE

static int make_heap(u64 size)
{
	static struct carveout_memory memory[REGIONS];
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		memory[i].base = HEAP_BASE + (REGIONS - 1 - i) * STRIDE;
		memory[i].size = size;
		memory[i].attrs = CARVEOUT_ATTR_CACHED;
		memory[i].name = i < REGIONS - 1 ? "any" : "last";
	}
	heap = carveout_create(NULL, "calls", memory, REGIONS, CARVEOUT_CREATE_NOZERO);
	return PTR_ERR_OR_ZERO(heap);
}

static void *take(u64 addr, u64 granules)
{
	const struct carveout_req req = {
		.addr = addr,
		.size = granules * GRANULE,
		.flags = CARVEOUT_REQ_EXACT,
	};
	void *mem = carveout_alloc_req(heap, &req);

	if (IS_ERR(mem) || nr_taken == ARRAY_SIZE(taken))
		error = PTR_ERR_OR_ZERO(mem) ?: -E2BIG;
	else
		taken[nr_taken++] = mem;
	return mem;
}

/* Memory that is free already is refused. */
static int destroy_heap(void)
{
	while (nr_taken)
		carveout_free(heap, taken[--nr_taken]);
	return carveout_destroy(heap, false);
}

/* === Holes ================================================================ */

/*
 * The holes of a region in the order in which they enter the bins: until then they are
 * allocated, with used memory between them.
 */
static void *holes[128];
static unsigned int nr_holes;
static u64 next;	/* place of the next one */

static void hole_at(u64 addr, u64 granules)
{
	holes[nr_holes++] = take(addr, granules);
}

static void add_hole(u64 granules)
{
	hole_at(next, granules);
	next += granules * GRANULE;
	take(next, 1);
	next += GRANULE;
}

/*
 * A bin of sizes from 2^n on leaves n - 5 bits open. One hole for each level of its trie
 * from @level on, so that the path of @size has all of them.
 */
static void add_path(u64 size, unsigned int level)
{
	unsigned int levels = ilog2(size) - 5;

	for (; level < levels; level++)
		add_hole(size ^ BIT_ULL(levels - 1 - level));
}

/* Allocate the memory up to @end, and free the holes. */
static int open_holes(u64 end)
{
	unsigned int i;

	take(next, (end - next) / GRANULE);
	for (i = 0; i < nr_holes && !error; i++)
		error = carveout_free(heap, holes[i]);
	nr_holes = 0;
	return error;
}

/* === Frees ================================================================ */

static int free_victim(void)
{
	return carveout_free(heap, victim);
}

/*
 * Both neighbours are holes at the root of a trie with a path of 15 levels: a leaf replaces
 * each of them. The merged hole is a leaf of another trie, on a path of 16 levels. The memory
 * and the hole behind it are the only spans that start in the groups of a word of the address
 * map, of the third and of the second level.
 */
#define SMALL	BIT_ULL(20)
#define LEFT	(SMALL + BIT_ULL(14))
#define RIGHT	(SMALL + BIT_ULL(13))
#define MIDDLE	(3 * WINDOW + (GROUP << 12))	/* offset of the hole behind the memory */

static int lay_out_merge(u64 base)
{
	u64 middle = base + MIDDLE;

	next = base;
	hole_at(middle - (1 + LEFT) * GRANULE, LEFT);
	hole_at(middle, RIGHT);
	add_path(SMALL, 2);
	add_hole(SMALL);
	add_path(LEFT + 1 + RIGHT, 0);
	victim = take(middle - GRANULE, 1);
	return open_holes(middle - (1 + LEFT) * GRANULE);
}

static struct carveout_stats stats;
static struct carveout_region_info info;

static int read_stats(void)
{
	carveout_stats(heap, &stats);
	return 0;
}

static int read_region(void)
{
	return carveout_region_info(heap, REGIONS - 1, &info);
}

static int find_region(void)
{
	return carveout_region_at(heap, LAST);
}

static int find_name(void)
{
	return carveout_region_by_name(heap, "last");
}

static int find_phys(void)
{
	return carveout_virt_to_phys(heap, victim) == PHYS_ADDR_MAX;
}

static int find_virt(void)
{
	return !carveout_phys_to_virt(heap, LAST);
}

static int merging(void)
{
	unsigned int i;
	int err;

	err = make_heap(MIDDLE + RIGHT * GRANULE);
	for (i = 0; i < REGIONS && !err; i++)
		err = lay_out_merge(HEAP_BASE + (REGIONS - 1 - i) * STRIDE);
	err = err ?: bench_call("carveout_stats", "64-tries", read_stats, 0) ?:
	      bench_call("carveout_region_info", "a-trie", read_region, 0) ?:
	      bench_call("carveout_region_at", "64-regions", find_region, REGIONS - 1) ?:
	      bench_call("carveout_region_by_name", "64-regions", find_name, REGIONS - 1) ?:
	      bench_call("carveout_virt_to_phys", "64-regions", find_phys, 0) ?:
	      bench_call("carveout_phys_to_virt", "64-regions", find_virt, 0) ?:
	      bench_call("carveout_free", "between-tries", free_victim, 0);
	return err ?: destroy_heap();
}

/*
 * The memory is the last span of a full group, which is walked to find it. It is freed
 * between a hole of one granule and one that is at the root of a trie with two paths: a
 * leaf of one replaces it, and the merged hole is a leaf of the other one.
 */
#define BEHIND	(SMALL + BIT_ULL(15) - 64)

static int lay_out_group(u64 base)
{
	u64 group = base + 3 * WINDOW - GROUP, at;
	void *left = NULL;

	next = base;
	hole_at(group + GROUP, BEHIND);
	add_path(SMALL, 1);
	add_hole(SMALL);
	add_path(BEHIND + 2, 1);
	for (at = group; at < group + GROUP; at += GRANULE) {
		left = victim;
		victim = take(at, 1);
	}
	return open_holes(group) ?: carveout_free(heap, left);
}

static int grouped(void)
{
	int err;

	err = make_heap(3 * WINDOW + BEHIND * GRANULE) ?: lay_out_group(LAST) ?:
	      bench_call("carveout_free", "full-group", free_victim, 0);
	return err ?: destroy_heap();
}

/*
 * The address is not the start of its span: all levels of the address map are searched, up
 * and down, then a full group.
 */
static int lay_out_refused(u64 base)
{
	u64 group = base + 3 * WINDOW - GROUP, at;

	next = base;
	for (at = group; at < group + GROUP - GRANULE; at += GRANULE)
		take(at, 1);
	victim = take(at, 1 + WINDOW / 2 / GRANULE);
	victim += WINDOW / 2;
	return open_holes(group);
}

static int refused(void)
{
	int err;

	err = make_heap(3 * WINDOW + WINDOW / 2) ?: lay_out_refused(LAST) ?:
	      bench_call("carveout_free", "no-start", free_victim, -EINVAL);
	return err ?: destroy_heap();
}

/* === Searches ============================================================= */

/*
 * A request with an alignment that no hole satisfies, although a larger one would: the search
 * tries the eight smallest holes from three sizes on, and from the size of the request three
 * times. They start one granule behind a multiple of the alignment, and have even sizes, so that
 * the search for the next larger one reaches a leaf.
 */
#define WANTED		BIT_ULL(19)
#define LEVELS		14		/* of the trie with all of the holes */
#define ALIGNMENT	BIT_ULL(LEVELS)	/* in granules */
#define STEP		(ALIGNMENT / 4)
#define TRIED		8

static struct carveout_req aligned = {
	.size = WANTED * GRANULE,
	.align = ALIGNMENT * GRANULE,
	.require = CARVEOUT_ATTR_CACHED,
	.fallback = { CARVEOUT_ATTR_CACHED, CARVEOUT_ATTR_CACHED, CARVEOUT_ATTR_CACHED },
	.flags = CARVEOUT_REQ_TOP_DOWN,
};

static void add_misaligned(u64 granules)
{
	u64 at = ALIGN(next, ALIGNMENT * GRANULE) + GRANULE;

	take(next, (at - next) / GRANULE);
	hole_at(at, granules);
	next = at + granules * GRANULE;
}

/* Larger holes in the levels from @level on, above those that are tried. */
static void add_tried(u64 size, unsigned int level)
{
	unsigned int i;

	for (; level < LEVELS - ilog2(2 * TRIED); level++)
		add_misaligned(size + BIT_ULL(LEVELS - 1 - level) + 1);
	for (i = TRIED; i > 0; i--)
		add_misaligned(size + 2 * (i - 1));
}

static int lay_out_search(u64 base, u64 size)
{
	next = base;
	add_tried(WANTED, 0);
	add_tried(WANTED + STEP, 2);
	add_tried(WANTED + 2 * STEP, 1);
	add_tried(WANTED + 3 * STEP, 2);
	return open_holes(base + size);
}

static int search(void)
{
	return PTR_ERR_OR_ZERO(carveout_alloc_req(heap, &aligned));
}

static int lay_out_searches(void)
{
	const u64 size = SZ_1G * 3ULL;
	unsigned int i;
	int err;

	err = make_heap(size);
	for (i = 0; i < REGIONS && !err; i++)
		err = lay_out_search(HEAP_BASE + (REGIONS - 1 - i) * STRIDE, size);
	return err;
}

static int searches(void)
{
	int err = lay_out_searches();

	aligned.regions = 1;
	err = err ?: sleeping_call("carveout_alloc_req", "aligned-in-a-region", search, -ENOSPC);
	aligned.regions = 0;
	err = err ?: sleeping_call("carveout_alloc_req", "aligned-in-64-regions", search, -ENOSPC);
	aligned.nr_fallback = CARVEOUT_NR_FALLBACK;
	err = err ?: sleeping_call("carveout_alloc_req", "aligned-with-3-fallbacks", search,
				   -ENOSPC);
	return err ?: destroy_heap();
}

/**
 * bench_search() - Repeat the longest allocation, as a load
 * @seconds: time
 *
 * Return: 0 or a negative error number.
 */
int bench_search(unsigned int seconds)
{
	ktime_t end = ktime_add_ms(ktime_get(), seconds * MSEC_PER_SEC);
	int err = lay_out_searches();

	aligned.nr_fallback = CARVEOUT_NR_FALLBACK;
	while (!err && ktime_before(ktime_get(), end)) {
		err = search() == -ENOSPC ? 0 : -EINVAL;
		cond_resched();
	}
	return err ?: destroy_heap();
}

/**
 * bench_calls() - Time the calls with the lock of a heap
 *
 * Return: 0 or a negative error number.
 */
int bench_calls(void)
{
	return merging() ?: grouped() ?: refused() ?: searches();
}
