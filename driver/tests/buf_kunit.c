// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of in-kernel buffers: allocation, tags, waiting, resizing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched/signal.h>

#include "fixture.h"

#define SIZE	SZ_256K

/* The tag leads to this buffer. */
static bool leads_to(struct carveout *heap, const char *tag, struct carveout_buf *buf)
{
	struct carveout_buf *found = carveout_buf_find(heap, tag);

	if (IS_ERR(found))
		return false;
	carveout_buf_put(found);
	return found == buf;
}

/* === Allocating, tags ===================================================== */

static void carveout_buf_alloc_and_put(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, 100, NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	/* At least one page, shared with no other buffer. */
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, carveout_buf_size(buf));
	KUNIT_EXPECT_EQ(test, 0ULL, carveout_buf_phys(buf) & ~PAGE_MASK);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	KUNIT_EXPECT_PTR_EQ(test, carveout_phys_to_virt(heap, carveout_buf_phys(buf)),
			    carveout_buf_va(buf));
	KUNIT_EXPECT_EQ(test, CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES,
			carveout_buf_attrs(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0, PAGE_SIZE));
	memset(carveout_buf_va(buf), FILL, PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, buf, carveout_buf_get(buf));
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), FILL, PAGE_SIZE));
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_buf_next_owner_sees_zero(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf;
	unsigned int i;

	/* The buffer can be allocated again right after its put, and is zeroed. */
	for (i = 0; i < 20; i++) {
		buf = alloc_buf(heap, SIZE, "kunit");
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "round %u: %ld", i, PTR_ERR(buf));
		KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0, SIZE));
		memset(carveout_buf_va(buf), FILL, SIZE);
		carveout_buf_put(buf);
		carveout_drain(heap);
	}
}

static void carveout_buf_waits_for_room(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		buf = alloc_buf(heap, SIZE, NULL);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "round %u: %ld", i, PTR_ERR(buf));
		carveout_buf_put(buf);
	}
}

/* One tag leads to one buffer, for all callers. */
static void carveout_buf_by_tag(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	struct carveout *same = carveout_get_by_name("kunit");
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, "frame.0"), *found;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, same);
	memset(carveout_buf_va(buf), 7, SZ_8K);
	found = carveout_buf_find(same, "frame.0");
	KUNIT_EXPECT_PTR_EQ(test, buf, found);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_8K), used_of(heap));
	if (found == buf) {
		KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(found), 7, SZ_8K));
		carveout_buf_put(found);
	}
	EXPECT_ERR(test, -EEXIST, alloc_buf(same, SZ_4K, "frame.0"));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(same, "frame.1"));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_8K), used_of(heap));
	carveout_buf_put(buf);
	carveout_drain(heap);
	/* The tag was removed with the buffer. */
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "frame.0"));
	carveout_put(same);
}

static void carveout_buf_aligned_with_tag(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_4K, .align = SZ_64K };
	struct carveout_buf *odd = alloc_buf(heap, SZ_4K, NULL);
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, "aligned", 0644);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, odd);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, 0ULL, carveout_buf_phys(buf) & (SZ_64K - 1));
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "aligned", buf));
	carveout_buf_put(buf);
	carveout_buf_put(odd);
}

static void carveout_buf_bad_arguments(struct kunit *test)
{
	static const char long_tag[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	static const char * const bad[] = { "", "a/b", "a b", "\xc3\xa4", long_tag };
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_req req = { .size = SZ_4K };
	struct carveout_stats before = stats_of(heap);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, bad[i], 0600));
		EXPECT_ERR(test, -EINVAL, carveout_buf_find(heap, bad[i]));
		EXPECT_ERR(test, -EINVAL, carveout_buf_wait(heap, bad[i], KTIME_MAX));
		KUNIT_EXPECT_EQ(test, -EINVAL, carveout_unlink(heap, bad[i]));
		EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1, NULL, bad[i], 0));
	}
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, NULL, 0600));
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, "x", 01000));
	req.flags = CARVEOUT_REQ_PERSIST;
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, NULL, 0));
	req.flags = 0;
	req.size = 0;
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, NULL, 0));
	req.size = U64_MAX;
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, NULL, 0));
	req.size = SIZE + 1;
	EXPECT_ERR(test, -ENOSPC, carveout_buf_alloc(heap, &req, "x", 0600));
	expect_same(test, &before);
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "x"));
}

static void carveout_buf_frees_its_name(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *old = alloc_buf(heap, SZ_4K, "name"), *new;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, old);
	memset(carveout_buf_va(old), 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, carveout_unlink(heap, "name"));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_unlink(heap, "name"));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "name"));
	/* The tag is free at once, the memory is not. */
	new = alloc_buf(heap, SZ_4K, "name");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, new);
	KUNIT_EXPECT_GT(test, carveout_buf_generation(new), carveout_buf_generation(old));
	KUNIT_EXPECT_NE(test, carveout_buf_phys(old), carveout_buf_phys(new));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(old), 1, SZ_4K));
	carveout_buf_put(old);
	carveout_drain(heap);
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "name", new));
	carveout_buf_put(new);
}

static void carveout_buf_persistent(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const struct carveout_req req = { .size = SZ_4K, .flags = CARVEOUT_REQ_PERSIST };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, "kept", 0600), *found;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	memset(carveout_buf_va(buf), FILL, SZ_4K);
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_4K), used_of(heap));
	found = carveout_buf_find(heap, "kept");
	KUNIT_EXPECT_PTR_EQ(test, buf, found);
	if (!IS_ERR(found)) {
		KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(found), FILL, SZ_4K));
		carveout_buf_put(found);
	}
	KUNIT_EXPECT_EQ(test, 0, carveout_unlink(heap, "kept"));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_buf_nozero(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	struct carveout_req req = { .size = SIZE };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, NULL, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), FILL, SIZE));
	/* A process might see the content of former buffers. */
	EXPECT_ERR(test, -EPERM, carveout_buf_export(buf, true));
	carveout_buf_put(buf);
	req.flags = CARVEOUT_REQ_ZERO;
	buf = carveout_buf_alloc(heap, &req, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 0, SIZE));
	carveout_buf_put(buf);
}

/* === Waiting ============================================================== */

/* A thread that waits for a tag. */
struct seeker {
	struct carveout *heap;
	const char *tag;
	ktime_t deadline;
	bool started;
	bool done;
	struct carveout_buf *buf;
};

static int seek(void *data)
{
	struct seeker *seeker = data;

	allow_signal(SIGKILL);
	WRITE_ONCE(seeker->started, true);
	seeker->buf = carveout_buf_wait(seeker->heap, seeker->tag, seeker->deadline);
	WRITE_ONCE(seeker->done, true);
	return 0;
}

static void carveout_buf_wait_deadline(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf;
	ktime_t deadline;

	EXPECT_ERR(test, -ETIMEDOUT, carveout_buf_wait(heap, "late", 0));
	EXPECT_ERR(test, -ETIMEDOUT, carveout_buf_wait(heap, "late", -1));
	EXPECT_TIMEOUT_IN(test, 30, deadline, carveout_buf_wait(heap, "late", deadline));
	/* An existing buffer is found, regardless of the deadline. */
	buf = alloc_buf(heap, SZ_4K, "late");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_PTR_EQ(test, buf, carveout_buf_wait(heap, "late", 0));
	carveout_buf_put(buf);
	KUNIT_EXPECT_PTR_EQ(test, buf, carveout_buf_wait(heap, "late", KTIME_MAX));
	carveout_buf_put(buf);
	carveout_buf_put(buf);
}

static void carveout_buf_wait_for_it(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct seeker seeker = { .heap = heap, .tag = "late", .deadline = KTIME_MAX };
	struct task_struct *task = thread_run(test, seek, &seeker, "seeker");
	struct carveout_buf *other, *buf;

	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.started)));
	other = alloc_buf(heap, SZ_4K, "other");
	msleep(20);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(seeker.done));
	buf = alloc_buf(heap, SZ_4K, "late");
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.done)));
	if (!seeker.done)
		send_sig(SIGKILL, task, 1);
	thread_join(task);
	KUNIT_EXPECT_PTR_EQ(test, buf, seeker.buf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	carveout_buf_put(seeker.buf);
	carveout_buf_put(buf);
	carveout_buf_put(other);
}

static void carveout_buf_wait_is_interrupted(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct seeker seeker = { .heap = heap, .tag = "never", .deadline = KTIME_MAX };
	struct task_struct *task = thread_run(test, seek, &seeker, "seeker");

	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.started)));
	send_sig(SIGKILL, task, 1);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.done)));
	thread_join(task);
	EXPECT_ERR(test, -ERESTARTSYS, seeker.buf);
}

static void carveout_buf_wait_ends_with_the_heap(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = carveout_create(NULL, "kunit", &memory, 1,
						CARVEOUT_CREATE_NODE);
	struct seeker seeker = { .tag = "never", .deadline = KTIME_MAX };
	struct task_struct *task;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	seeker.heap = carveout_get_by_name("kunit");
	KUNIT_EXPECT_PTR_EQ(test, heap, seeker.heap);
	task = thread_run(test, seek, &seeker, "seeker");
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.started)));
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, false));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(seeker.done)));
	thread_join(task);
	EXPECT_ERR(test, -ENODEV, seeker.buf);
	carveout_put(heap);
}

/* === Resizing ============================================================= */

static void carveout_buf_resize_in_place(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, 2 * PAGE_SIZE, "grows"), *next;
	phys_addr_t phys;
	u64 generation;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	phys = carveout_buf_phys(buf);
	generation = carveout_buf_generation(buf);
	memset(carveout_buf_va(buf), 1, 2 * PAGE_SIZE);
	next = carveout_buf_resize(buf, 4 * PAGE_SIZE + 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, next);
	KUNIT_EXPECT_EQ(test, phys, carveout_buf_phys(next));
	KUNIT_EXPECT_EQ(test, 5 * PAGE_SIZE, carveout_buf_size(next));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(next), 1, 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(next) + 2 * PAGE_SIZE, 0, 3 * PAGE_SIZE));
	KUNIT_EXPECT_GT(test, carveout_buf_generation(next), generation);
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "grows", next));
	/* And back: the tail that is cut off is free for others, and zeroed. */
	memset(carveout_buf_va(next), 2, carveout_buf_size(next));
	carveout_drain(heap);
	buf = carveout_buf_resize(next, PAGE_SIZE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, phys, carveout_buf_phys(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 2, PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf) + PAGE_SIZE, 0, 4 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "grows", buf));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	carveout_buf_put(buf);
}

static void carveout_buf_resize_moves(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, "moves");
	struct carveout_buf *wall = alloc_buf(heap, SZ_4K, NULL), *next;
	phys_addr_t phys;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wall);
	phys = carveout_buf_phys(buf);
	memset(carveout_buf_va(buf), 1, SZ_8K);
	next = carveout_buf_resize(buf, SZ_64K);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, next);
	KUNIT_EXPECT_NE(test, phys, carveout_buf_phys(next));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(next), 1, SZ_8K));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(next) + SZ_8K, 0, SZ_64K - SZ_8K));
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "moves", next));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, SZ_64K + PAGE_ALIGN(SZ_4K), used_of(heap));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_phys_to_virt(heap, phys), 0, SZ_8K));
	carveout_buf_put(next);
	carveout_buf_put(wall);
}

/*
 * A pending last put of a reference, or of the buffer behind, does not prevent
 * resizing.
 */
static void carveout_buf_resize_waits(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf, *behind, *next;
	unsigned int round;

	for (round = 0; round < 20; round++) {
		buf = alloc_buf(heap, SZ_64K, "waits");
		behind = alloc_buf(heap, SZ_128K, NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, behind);
		next = carveout_buf_get(buf);
		carveout_buf_put(behind);
		carveout_buf_put(buf);
		next = carveout_buf_resize(next, SIZE - SZ_32K);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(next), "room: %ld", PTR_ERR(next));
		carveout_buf_put(next);
		/* The buffer may be found until it is freed. */
		buf = carveout_buf_find(heap, "waits");
		next = IS_ERR(buf) ? NULL : carveout_buf_resize(buf, SZ_4K);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(next), "reference: %ld", PTR_ERR(next));
		if (next)
			carveout_buf_put(next);
		carveout_drain(heap);
	}
}

static void carveout_buf_resize_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = alloc_buf(heap, SZ_8K, "stays");
	struct carveout_pool *pool = carveout_pool_create(heap, SZ_4K, 2, NULL, NULL, 0);
	struct carveout_stats before;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	memset(carveout_buf_va(buf), 1, SZ_8K);
	before = stats_of(heap);
	EXPECT_ERR(test, -EINVAL, carveout_buf_resize(buf, 0));
	EXPECT_ERR(test, -EINVAL, carveout_buf_resize(buf, U64_MAX));
	EXPECT_ERR(test, -ENOSPC, carveout_buf_resize(buf, SIZE + 1));
	EXPECT_ERR(test, -EBUSY, carveout_buf_resize(carveout_pool_buf(pool), SZ_4K));
	carveout_buf_get(buf);
	EXPECT_ERR(test, -EBUSY, carveout_buf_resize(buf, SZ_16K));
	carveout_buf_put(buf);
	expect_same(test, &before);
	/* The buffer is unchanged. */
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_8K), carveout_buf_size(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 1, SZ_8K));
	KUNIT_EXPECT_TRUE(test, leads_to(heap, "stays", buf));
	carveout_pool_put(pool);
	carveout_buf_put(buf);
}

/* Memory that is held outlasts its buffer and its tag, which end as they do without. */
static void carveout_buf_held(struct kunit *test)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf, *next;
	phys_addr_t phys;

	buf = carveout_buf_alloc(heap, &req, "held", 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buf));
	phys = carveout_buf_phys(buf);
	memset(carveout_buf_va(buf), 0x5a, PAGE_SIZE);
	carveout_buf_hold(buf);
	carveout_buf_hold(buf);
	EXPECT_ERR(test, -EBUSY, carveout_buf_resize(buf, 2 * PAGE_SIZE));
	carveout_buf_put(buf);
	carveout_drain(heap);
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "held"));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE + 0ULL, used_of(heap));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_phys_to_virt(heap, phys), 0x5a, PAGE_SIZE));
	next = carveout_buf_alloc(heap, &req, "held", 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR(next));
	KUNIT_EXPECT_NE(test, (u64)phys, (u64)carveout_buf_phys(next));
	carveout_buf_unhold(buf);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 2ULL * PAGE_SIZE, used_of(heap));
	carveout_buf_unhold(buf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(used_of(heap) == PAGE_SIZE));
	/* Without a put in between, a hold has no effect. */
	carveout_buf_hold(next);
	carveout_buf_unhold(next);
	carveout_buf_put(next);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static struct kunit_case buf_cases[] = {
	KUNIT_CASE(carveout_buf_alloc_and_put),
	KUNIT_CASE(carveout_buf_next_owner_sees_zero),
	KUNIT_CASE(carveout_buf_waits_for_room),
	KUNIT_CASE(carveout_buf_by_tag),
	KUNIT_CASE(carveout_buf_aligned_with_tag),
	KUNIT_CASE(carveout_buf_bad_arguments),
	KUNIT_CASE(carveout_buf_frees_its_name),
	KUNIT_CASE(carveout_buf_persistent),
	KUNIT_CASE(carveout_buf_nozero),
	KUNIT_CASE(carveout_buf_wait_deadline),
	KUNIT_CASE(carveout_buf_wait_for_it),
	KUNIT_CASE(carveout_buf_wait_is_interrupted),
	KUNIT_CASE(carveout_buf_wait_ends_with_the_heap),
	KUNIT_CASE(carveout_buf_resize_in_place),
	KUNIT_CASE(carveout_buf_resize_moves),
	KUNIT_CASE(carveout_buf_resize_waits),
	KUNIT_CASE(carveout_buf_resize_refused),
	KUNIT_CASE(carveout_buf_held),
	{}
};

static struct kunit_suite buf_suite = {
	.name = "carveout_buf",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = buf_cases,
};

kunit_test_suite(buf_suite);

MODULE_DESCRIPTION("KUnit suite of in-kernel buffers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
