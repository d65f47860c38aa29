// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the calls that are allowed in interrupts.
 *
 * Threads on all CPUs allocate memory, buffers and blocks and store them in
 * slots. A timer in hard interrupt context, a tasklet, and threads with
 * interrupts off take them from the slots and free them. At the end everything
 * must be free.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "fixture.h"

static unsigned int rounds = DEFAULT_ROUNDS;
module_param(rounds, uint, 0400);
MODULE_PARM_DESC(rounds, "percentage of the duration of long tests");

#define HEAP_SIZE	SZ_2M
#define SLOTS		32
#define BLOCKS		16
#define BLOCK_BYTES	256
#define MAX_THREADS	8
#define PERIOD_NS	500000
#define STORM_MS	10000
#define TICKS		20	/* of the timer, at least */
#define AT_ONCE		6	/* slots per interrupt */

/* Slots for objects that one context allocates and another one frees. */
struct hand_over {
	void *mem[SLOTS];
	struct carveout_buf *buf[SLOTS];
	struct carveout_pool_block *block[SLOTS];
};

struct storm {
	struct carveout *heap;
	struct carveout_pool *pool;
	struct carveout_pool_client *client;
	struct hand_over over;
	struct carveout_pool_block block[BLOCKS];	/* by index */
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	s64 busy_ns;		/* duration of the last interrupt */
	bool calm;		/* no interrupt follows */
	atomic_t ticks;
	atomic_t tasklets;
	atomic_t next;		/* slot to begin with */
	atomic_t rounds;	/* of all threads */
	atomic_t freed;		/* freed in atomic context */
	atomic_t refused;	/* frees that failed */
	atomic_t odd;		/* unexpected errors */
	atomic_t running;
	ktime_t end;		/* of the threads, after enough ticks */
	struct task_struct *task[MAX_THREADS];
};

static void check(struct storm *storm, int ret)
{
	if (ret)
		atomic_inc(&storm->refused);
}

/* Free the objects of a slot. Any context. */
static void empty(struct storm *storm, unsigned int slot)
{
	struct hand_over *over = &storm->over;
	void *mem = xchg(&over->mem[slot], NULL);
	struct carveout_buf *buf = xchg(&over->buf[slot], NULL);
	struct carveout_pool_block *block = xchg(&over->block[slot], NULL);

	if (mem)
		check(storm, carveout_free(storm->heap, mem));
	if (buf)
		carveout_buf_put(buf);
	if (block)
		check(storm, carveout_pool_free(storm->client, block));
	if (in_hardirq() || irqs_disabled())
		atomic_add(!!mem + !!buf + !!block, &storm->freed);
}

/* Hold some blocks during the call; no block has two holders. Any context. */
static void borrow(struct storm *storm)
{
	struct carveout_pool_block block[3];
	u64 id = carveout_pool_client_id(storm->client);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(block); n++) {
		if (carveout_pool_alloc(storm->client, &block[n]))
			break;
		memset(block[n].va, n, BLOCK_BYTES);
	}
	while (n--) {
		if (!is_filled(block[n].va, n, BLOCK_BYTES))
			atomic_inc(&storm->odd);
		check(storm, carveout_pool_move(storm->client, &block[n], id));
		check(storm, carveout_pool_free(storm->client, &block[n]));
	}
}

static void some_work(struct storm *storm, unsigned int slots)
{
	while (slots--)
		empty(storm, (unsigned int)atomic_inc_return(&storm->next) % SLOTS);
	borrow(storm);
}

static enum hrtimer_restart on_timer(struct hrtimer *timer)
{
	struct storm *storm = container_of(timer, struct storm, timer);
	ktime_t start = ktime_get();

	/* The test runs in the context that it is meant for. */
	if (!in_hardirq() || !irqs_disabled())
		atomic_inc(&storm->odd);
	some_work(storm, AT_ONCE);
	atomic_inc(&storm->ticks);
	storm->busy_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	tasklet_schedule(&storm->tasklet);
	return HRTIMER_NORESTART;
}

static void on_tasklet(struct tasklet_struct *tasklet)
{
	struct storm *storm = container_of(tasklet, struct storm, tasklet);
	ktime_t start = ktime_get();
	s64 ns;

	if (!in_serving_softirq())
		atomic_inc(&storm->odd);
	some_work(storm, AT_ONCE);
	atomic_inc(&storm->tasklets);
	/* The threads get most of the time, however slow the machine is. */
	ns = storm->busy_ns + ktime_to_ns(ktime_sub(ktime_get(), start));
	if (!READ_ONCE(storm->calm))
		hrtimer_start(&storm->timer, ns_to_ktime(PERIOD_NS + 2 * ns),
			      HRTIMER_MODE_REL_HARD);
}

/* === Threads ============================================================== */

/* Store memory in a slot, if it is empty. */
static void leave_memory(struct storm *storm, unsigned int slot, size_t size)
{
	void *va = carveout_alloc(storm->heap, size, "kunit");

	if (IS_ERR(va)) {
		if (va != ERR_PTR(-ENOSPC))
			atomic_inc(&storm->odd);
		return;
	}
	if (!is_filled(va, 0, size))
		atomic_inc(&storm->odd);
	memset(va, FILL, size);
	if (cmpxchg(&storm->over.mem[slot], NULL, va))
		check(storm, carveout_free(storm->heap, va));
}

/* Store a buffer whose tag others look up. */
static void leave_buffer(struct storm *storm, unsigned int slot)
{
	const struct carveout_req req = { .size = SZ_4K };
	struct carveout_buf *buf;
	char tag[8];

	snprintf(tag, sizeof(tag), "b%u", slot % 4);
	buf = carveout_buf_find(storm->heap, tag);
	if (IS_ERR(buf))
		buf = carveout_buf_alloc(storm->heap, &req, tag, 0600);
	if (IS_ERR(buf)) {
		if (buf != ERR_PTR(-EEXIST) && buf != ERR_PTR(-ENOSPC))
			atomic_inc(&storm->odd);
		return;
	}
	if (cmpxchg(&storm->over.buf[slot], NULL, buf))
		carveout_buf_put(buf);
}

static void leave_block(struct storm *storm, unsigned int slot)
{
	struct carveout_pool_block got, *block;
	int ret = carveout_pool_alloc_wait(storm->client, after_ms(1), &got);

	if (ret) {
		if (ret != -ETIMEDOUT)
			atomic_inc(&storm->odd);
		return;
	}
	/* The block's entry is its owner's. */
	block = &storm->block[got.index];
	*block = got;
	if (cmpxchg(&storm->over.block[slot], NULL, block))
		check(storm, carveout_pool_free(storm->client, &got));
}

static bool is_over(struct storm *storm)
{
	return ktime_after(ktime_get(), storm->end) && atomic_read(&storm->ticks) >= TICKS;
}

static int storm_main(void *data)
{
	struct storm *storm = data;
	struct rnd_state rnd;
	unsigned long flags;
	unsigned int i;

	prandom_seed_state(&rnd, (unsigned long)current);
	for (i = 0; !is_over(storm); i++) {
		u32 random = prandom_u32_state(&rnd);
		unsigned int slot = random % SLOTS;

		switch (i % 4) {
		case 0:
			leave_memory(storm, slot, 1 + random % (i % 32 ? SZ_1K : SZ_32K));
			break;
		case 1:
			leave_buffer(storm, slot);
			break;
		case 2:
			leave_block(storm, slot);
			break;
		case 3:
			local_irq_save(flags);
			some_work(storm, 2);
			local_irq_restore(flags);
			break;
		}
		cond_resched();
	}
	atomic_add(i, &storm->rounds);
	atomic_dec(&storm->running);
	return 0;
}

/* === The storm ============================================================ */

static struct storm *storm_start(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	unsigned int i, threads = min_t(unsigned int, 2 * num_online_cpus(), MAX_THREADS);

	KUNIT_ASSERT_NOT_NULL(test, storm);
	storm->heap = heap_of_system(test, HEAP_SIZE, 0);
	storm->pool = carveout_pool_create(storm->heap, BLOCK_BYTES, BLOCKS, NULL, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(storm->pool));
	storm->client = carveout_pool_join(storm->pool);
	KUNIT_ASSERT_FALSE(test, IS_ERR(storm->client));
	storm->end = after_ms(STORM_MS * rounds / 100);
	atomic_set(&storm->running, threads);
	tasklet_setup(&storm->tasklet, on_tasklet);
	hrtimer_setup(&storm->timer, on_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&storm->timer, ns_to_ktime(PERIOD_NS), HRTIMER_MODE_REL_HARD);
	for (i = 0; i < threads; i++)
		storm->task[i] = thread_run(test, storm_main, storm, "storm");
	return storm;
}

static void storm_end(struct storm *storm)
{
	unsigned int i;

	while (atomic_read(&storm->running))
		msleep(20);
	for (i = 0; i < MAX_THREADS && storm->task[i]; i++)
		thread_join(storm->task[i]);
	/* Timer and tasklet start each other. */
	WRITE_ONCE(storm->calm, true);
	hrtimer_cancel(&storm->timer);
	tasklet_kill(&storm->tasklet);
	hrtimer_cancel(&storm->timer);
	tasklet_kill(&storm->tasklet);
	for (i = 0; i < SLOTS; i++)
		empty(storm, i);
}

static void carveout_irq_all_comes_back(struct kunit *test)
{
	struct storm *storm = storm_start(test);
	struct carveout_pool_stats pool;

	storm_end(storm);
	kunit_info(test, "%d rounds, %d ticks, %d tasklets, %d freed with interrupts off\n",
		   atomic_read(&storm->rounds), atomic_read(&storm->ticks),
		   atomic_read(&storm->tasklets), atomic_read(&storm->freed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->refused));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&storm->odd));
	KUNIT_EXPECT_GT(test, atomic_read(&storm->tasklets), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&storm->freed), 0);
	carveout_pool_stats(storm->pool, &pool);
	KUNIT_EXPECT_EQ(test, BLOCKS, pool.free);
	KUNIT_EXPECT_EQ(test, 0U, pool.waiters);
	carveout_pool_leave(storm->client);
	carveout_pool_put(storm->pool);
	carveout_drain(storm->heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(storm->heap));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(storm->heap, "b0"));
}

/* === One by one =========================================================== */

/* Calls of one interrupt, and their results. */
struct shot {
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	struct carveout *heap;
	struct carveout_pool *pool;
	struct carveout_pool_client *client;
	void *mem[3];
	struct carveout_buf *buf;
	struct carveout_pool_block block;
	int ret[9];
	bool done;
};

static enum hrtimer_restart on_shot(struct hrtimer *timer)
{
	struct shot *shot = container_of(timer, struct shot, timer);
	struct carveout_pool_block any;

	shot->ret[0] = carveout_free(shot->heap, shot->mem[0]);
	shot->ret[1] = carveout_free(shot->heap, shot->mem[1]);
	shot->ret[2] = carveout_free(shot->heap, shot->mem[2]);
	shot->ret[3] = carveout_free(shot->heap, shot->mem[2]);
	carveout_buf_put(shot->buf);
	shot->ret[4] = carveout_pool_alloc(shot->client, &any);
	shot->ret[5] = carveout_pool_free(shot->client, &shot->block);
	shot->ret[6] = carveout_pool_free(shot->client, &shot->block);
	shot->ret[7] = carveout_pool_alloc(shot->client, &shot->block);
	shot->ret[8] = carveout_pool_move(shot->client, &shot->block,
					  carveout_pool_client_id(shot->client));
	WRITE_ONCE(shot->done, true);
	return HRTIMER_NORESTART;
}

static void carveout_irq_each_call(struct kunit *test)
{
	static const int want[9] = { 0, 0, 0, -EINVAL, -EAGAIN, 0, -EINVAL, 0, 0 };
	/* The last size is larger than the limit of zeroing in an interrupt. */
	static const size_t sizes[3] = { 64, PAGE_SIZE, SZ_64K };
	const struct carveout_req req = { .size = SZ_64K };
	struct carveout *heap = heap_of_pages(test, SZ_512K, 0);
	struct shot *shot = kunit_kzalloc(test, sizeof(*shot), GFP_KERNEL);
	unsigned int i;
	u32 index;

	KUNIT_ASSERT_NOT_NULL(test, shot);
	shot->heap = heap;
	shot->pool = carveout_pool_create(heap, 64, 1, NULL, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->pool);
	shot->client = carveout_pool_join(shot->pool);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->client);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(shot->client, &shot->block));
	index = shot->block.index;
	for (i = 0; i < 3; i++) {
		shot->mem[i] = carveout_alloc(heap, sizes[i], "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->mem[i]);
		memset(shot->mem[i], FILL, sizes[i]);
	}
	shot->buf = carveout_buf_alloc(heap, &req, "kunit", 0600);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->buf);
	memset(carveout_buf_va(shot->buf), FILL, SZ_64K);
	hrtimer_setup(&shot->timer, on_shot, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&shot->timer, ns_to_ktime(PERIOD_NS), HRTIMER_MODE_REL_HARD);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(shot->done)));
	hrtimer_cancel(&shot->timer);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_EQ_MSG(test, want[i], shot->ret[i], "call %u", i);
	KUNIT_EXPECT_EQ(test, index, shot->block.index);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "kunit"));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, is_filled(shot->mem[i], 0, sizes[i]));
	carveout_pool_leave(shot->client);
	carveout_pool_destroy(shot->pool);
}

/* All functions that allocate, in the order of ret[]. */
static void try_to_allocate(struct shot *shot)
{
	const struct carveout_req req = { .size = 64 };

	shot->ret[0] = PTR_ERR_OR_ZERO(carveout_alloc(shot->heap, 64, "kunit"));
	shot->ret[1] = PTR_ERR_OR_ZERO(carveout_realloc(shot->heap, shot->mem[0], SZ_8K));
	shot->ret[2] = PTR_ERR_OR_ZERO(carveout_realloc(shot->heap, shot->mem[0], 64));
	shot->ret[3] = PTR_ERR_OR_ZERO(carveout_buf_alloc(shot->heap, &req, NULL, 0));
	shot->ret[4] = PTR_ERR_OR_ZERO(carveout_buf_resize(shot->buf, SZ_64K));
	shot->ret[5] = PTR_ERR_OR_ZERO(carveout_pool_create(shot->heap, 64, 1, NULL, NULL, 0));
	WRITE_ONCE(shot->done, true);
}

static enum hrtimer_restart allocate_in_timer(struct hrtimer *timer)
{
	try_to_allocate(container_of(timer, struct shot, timer));
	return HRTIMER_NORESTART;
}

static void allocate_in_tasklet(struct tasklet_struct *tasklet)
{
	try_to_allocate(container_of(tasklet, struct shot, tasklet));
}

static void expect_refused(struct kunit *test, struct shot *shot,
			   const struct carveout_stats *before)
{
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(shot->done)));
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_EQ_MSG(test, -EWOULDBLOCK, shot->ret[i], "call %u", i);
		shot->ret[i] = 0;
	}
	shot->done = false;
	expect_same(test, before);
}

static void carveout_irq_refuses_to_allocate(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SZ_512K, 0);
	struct shot *shot = kunit_kzalloc(test, sizeof(*shot), GFP_KERNEL);
	struct carveout_stats before;

	KUNIT_ASSERT_NOT_NULL(test, shot);
	shot->heap = heap;
	shot->mem[0] = carveout_alloc(heap, SZ_4K, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->mem[0]);
	shot->buf = alloc_buf(heap, SZ_4K, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->buf);
	before = stats_of(heap);

	hrtimer_setup(&shot->timer, allocate_in_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	hrtimer_start(&shot->timer, ns_to_ktime(PERIOD_NS), HRTIMER_MODE_REL_HARD);
	expect_refused(test, shot, &before);
	hrtimer_cancel(&shot->timer);
	tasklet_setup(&shot->tasklet, allocate_in_tasklet);
	tasklet_schedule(&shot->tasklet);
	expect_refused(test, shot, &before);
	tasklet_kill(&shot->tasklet);

	carveout_buf_put(shot->buf);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, shot->mem[0]));
}

/* A block that is freed in an interrupt is handed to the waiter. */
static enum hrtimer_restart on_release(struct hrtimer *timer)
{
	struct shot *shot = container_of(timer, struct shot, timer);
	struct carveout_pool_stats pool;
	struct carveout_pool_block any;

	/* The waiter may be delayed by an overloaded machine. */
	carveout_pool_stats(shot->pool, &pool);
	if (!pool.waiters) {
		hrtimer_forward_now(timer, ms_to_ktime(1));
		return HRTIMER_RESTART;
	}
	shot->ret[0] = carveout_pool_free(shot->client, &shot->block);
	shot->ret[1] = carveout_pool_alloc(shot->client, &any);
	return HRTIMER_NORESTART;
}

static void carveout_irq_releases_to_a_waiter(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SZ_64K, 0);
	struct shot *shot = kunit_kzalloc(test, sizeof(*shot), GFP_KERNEL);
	struct carveout_pool_block block;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, shot);
	shot->pool = carveout_pool_create(heap, 64, 1, NULL, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->pool);
	shot->client = carveout_pool_join(shot->pool);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shot->client);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(shot->client, &shot->block));
	hrtimer_setup(&shot->timer, on_release, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&shot->timer, ms_to_ktime(50), HRTIMER_MODE_REL_HARD);
	ret = carveout_pool_alloc_wait(shot->client, after_ms(PATIENCE_MS), &block);
	hrtimer_cancel(&shot->timer);
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, shot->block.index, block.index);
	KUNIT_EXPECT_EQ(test, 0, shot->ret[0]);
	KUNIT_EXPECT_EQ(test, -EAGAIN, shot->ret[1]);
	carveout_pool_leave(shot->client);
	carveout_pool_destroy(shot->pool);
}

static struct kunit_case irq_cases[] = {
	KUNIT_CASE(carveout_irq_each_call),
	KUNIT_CASE(carveout_irq_refuses_to_allocate),
	KUNIT_CASE(carveout_irq_releases_to_a_waiter),
	KUNIT_CASE(carveout_irq_all_comes_back),
	{}
};

static struct kunit_suite irq_suite = {
	.name = "carveout_irq",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = irq_cases,
};

kunit_test_suite(irq_suite);

MODULE_DESCRIPTION("KUnit suite of the calls that are allowed in interrupts");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
