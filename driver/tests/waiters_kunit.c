// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of many waiters for few blocks.
 *
 * No waiter is forgotten, none overtakes another, no block is lost, and no
 * block has two holders.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "waiter.h"

/* A kernel without KUnit is a stock kernel on an emulated machine. */
static unsigned int rounds = IS_ENABLED(CONFIG_KUNIT) ? DEFAULT_ROUNDS : 30;
module_param(rounds, uint, 0400);
MODULE_PARM_DESC(rounds, "percentage of the rounds of long tests");

#define BLOCKS	4
#define THREADS	64
#define ROUNDS	100000
/* An overloaded machine with all checkers enabled completes fewer rounds. */
#define LIMIT_MS	60000
/* Minimum number of blocks served, however slow the machine is. */
#define LEAST	100

/* Shared state of the threads, and their findings. */
struct crowd {
	struct carveout_pool *pool;
	struct carveout_pool_client *client[2];
	ktime_t end;		/* regardless of the rounds that are left */
	atomic_t rounds;	/* left */
	atomic_t running;
	atomic_t served;	/* blocks served */
	atomic_t late;		/* waited in vain, or were not woken */
	atomic_t shared;	/* had a block with another holder */
	atomic_t refused;	/* could not free a block */
	atomic_t removed;	/* got the error of a destroyed pool */
	atomic_t odd;		/* anything else */
	bool may_wait;		/* some do not wait, or not for long */
	struct task_struct *task[THREADS];
};

/* Use the block, which no other thread may have, for a while. */
static void use_block(struct crowd *crowd, struct carveout_pool_client *client,
		      const struct carveout_pool_block *block, unsigned int round)
{
	unsigned long *word = block->va;
	unsigned long mine = (unsigned long)current;

	atomic_inc(&crowd->served);
	if (xchg(word, mine))
		atomic_inc(&crowd->shared);
	if (round % 8 == 0)
		cond_resched();
	if (round % 64 == 0)
		usleep_range(1, 50);
	if (xchg(word, 0) != mine)
		atomic_inc(&crowd->shared);
	if (carveout_pool_free(client, block))
		atomic_inc(&crowd->refused);
	/* It may have the next owner already, which keeps it. */
	if (round % 4 == 0 && carveout_pool_free(client, block) != -EINVAL)
		atomic_inc(&crowd->shared);
}

static int alloc_block(struct crowd *crowd, struct carveout_pool_client *client,
		       unsigned int round, struct carveout_pool_block *block)
{
	ktime_t deadline;
	int ret;

	if (crowd->may_wait && round % 3 == 0)
		return carveout_pool_alloc_wait(client, ktime_add_us(ktime_get(), 200), block);
	if (crowd->may_wait && round % 3 == 1)
		return carveout_pool_alloc(client, block);
	deadline = after_ms(PATIENCE_MS);
	ret = carveout_pool_alloc_wait(client, deadline, block);
	/* A block this late was assigned long ago, without a wake-up. */
	if (ktime_after(ktime_get(), deadline))
		atomic_inc(&crowd->late);
	return ret;
}

static int crowd_main(void *data)
{
	struct carveout_pool_block block;
	struct crowd *crowd = data;
	int round;

	while ((ktime_before(ktime_get(), crowd->end) || atomic_read(&crowd->served) < LEAST) &&
	       (round = atomic_dec_return(&crowd->rounds)) >= 0) {
		struct carveout_pool_client *client = crowd->client[round / 3 % 2];
		int ret = alloc_block(crowd, client, round, &block);

		if (!ret) {
			use_block(crowd, client, &block, round);
		} else if (ret == -EIDRM) {
			atomic_inc(&crowd->removed);
			break;
		} else if (ret != -EAGAIN && ret != -ETIMEDOUT) {
			atomic_inc(&crowd->odd);
		}
		/* Threads without a block must yield to the others, too. */
		cond_resched();
	}
	atomic_dec(&crowd->running);
	return 0;
}

static void crowd_start(struct kunit *test, struct crowd *crowd, unsigned int count)
{
	unsigned int i;

	crowd->end = after_ms(LIMIT_MS * rounds / 100);
	atomic_set(&crowd->rounds, count);
	atomic_set(&crowd->running, THREADS);
	for (i = 0; i < THREADS; i++)
		crowd->task[i] = thread_run(test, crowd_main, crowd, "crowd");
}

/* Wait for the threads, which end by themselves. */
static void crowd_join(struct kunit *test, struct crowd *crowd)
{
	unsigned int i;

	while (atomic_read(&crowd->running))
		msleep(20);
	for (i = 0; i < THREADS; i++)
		thread_join(crowd->task[i]);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->late));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->shared));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->refused));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->odd));
}

static struct crowd *make_crowd(struct kunit *test)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	struct carveout *heap = heap_of_system(test, SZ_64K, 0);

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->pool = carveout_pool_create(heap, 64, BLOCKS, NULL, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(crowd->pool));
	crowd->client[0] = join(test, crowd->pool);
	crowd->client[1] = join(test, crowd->pool);
	return crowd;
}

/* All blocks are free; then end the pool. */
static void expect_all_free(struct kunit *test, struct crowd *crowd)
{
	KUNIT_EXPECT_EQ(test, BLOCKS, pool_stats(crowd->pool).free);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(crowd->pool).waiters);
	carveout_pool_leave(crowd->client[0]);
	carveout_pool_leave(crowd->client[1]);
	carveout_pool_put(crowd->pool);
}

static void carveout_waiters_none_is_forgotten(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test);
	ktime_t start = ktime_get();
	unsigned int count = max(ROUNDS * rounds / 100, LEAST + 0U);

	crowd_start(test, crowd, count);
	crowd_join(test, crowd);
	count -= max(atomic_read(&crowd->rounds), 0);
	if (rounds >= 100)
		KUNIT_EXPECT_EQ(test, ROUNDS * rounds / 100, count);
	KUNIT_EXPECT_GE(test, atomic_read(&crowd->served), LEAST);
	kunit_info(test, "%u rounds of %u threads with %u blocks: %lld ms\n", count,
		   THREADS, BLOCKS, ktime_ms_delta(ktime_get(), start));
	expect_all_free(test, crowd);
}

/* Some do not wait, and some leave the queue just when a block becomes free. */
static void carveout_waiters_some_leave(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test);

	crowd->may_wait = true;
	crowd_start(test, crowd, max(ROUNDS / 4 * rounds / 100, 4U * LEAST));
	crowd_join(test, crowd);
	KUNIT_EXPECT_GE(test, atomic_read(&crowd->served), LEAST);
	expect_all_free(test, crowd);
}

static void carveout_waiters_destroy_in_the_middle(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test);

	carveout_pool_get(crowd->pool);
	crowd_start(test, crowd, INT_MAX);
	msleep(100);
	carveout_pool_destroy(crowd->pool);
	crowd_join(test, crowd);
	/* Each thread got the error. */
	KUNIT_EXPECT_EQ(test, THREADS, atomic_read(&crowd->removed));
	expect_all_free(test, crowd);
}

/* === In order ============================================================= */

/* Let @count threads wait for the only block, one after the other. */
static void queue_up(struct kunit *test, struct waiter *waiter, unsigned int count,
		     struct carveout_pool *pool, struct carveout_pool_client *client)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		waiter_start(test, &waiter[i], client, KTIME_MAX);
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == i + 1));
	}
}

/* Free the block: this waiter gets it. */
static bool goes_to(struct kunit *test, struct carveout_pool_client *client,
		    struct carveout_pool_block *block, struct waiter *waiter)
{
	struct carveout_pool_block any;

	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, block));
	/* A later caller is behind all of them. */
	KUNIT_EXPECT_EQ(test, -EAGAIN, carveout_pool_alloc(client, &any));
	if (!wait_for_completion_timeout(&waiter->done, msecs_to_jiffies(PATIENCE_MS))) {
		KUNIT_FAIL(test, "the first waiter did not get the block");
		return false;
	}
	KUNIT_EXPECT_EQ(test, 0, waiter->ret);
	KUNIT_EXPECT_EQ(test, block->index, waiter->block.index);
	*block = waiter->block;
	return true;
}

/* Fail the waiters that are left. */
static void send_home(struct carveout_pool *pool, struct carveout_pool_client *client,
		      struct waiter *waiter)
{
	unsigned int i;

	carveout_pool_destroy(pool);
	for (i = 0; i < THREADS; i++)
		waiter_join(&waiter[i]);
	carveout_pool_leave(client);
}

static void carveout_waiters_in_turn(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_64K, 0);
	struct carveout_pool *pool = carveout_pool_create(heap, 64, 1, NULL, NULL, 0);
	struct waiter *waiter = kunit_kcalloc(test, THREADS, sizeof(*waiter), GFP_KERNEL);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_ASSERT_NOT_NULL(test, waiter);
	client = join(test, pool);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	queue_up(test, waiter, THREADS, pool, client);
	for (i = 0; i < THREADS; i++) {
		if (!goes_to(test, client, &block, &waiter[i]))
			break;
		for (j = i + 1; j < THREADS; j++)
			KUNIT_EXPECT_FALSE(test, completion_done(&waiter[j].done));
	}
	send_home(pool, client, waiter);
}

/* Kill every third waiter: the others keep their order. */
static void carveout_waiters_in_turn_when_some_die(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_64K, 0);
	struct carveout_pool *pool = carveout_pool_create(heap, 64, 1, NULL, NULL, 0);
	struct waiter *waiter = kunit_kcalloc(test, THREADS, sizeof(*waiter), GFP_KERNEL);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_ASSERT_NOT_NULL(test, waiter);
	client = join(test, pool);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	queue_up(test, waiter, THREADS, pool, client);
	for (i = 0; i < THREADS; i += 3)
		send_sig(SIGKILL, waiter[i].task, 1);
	for (i = 0; i < THREADS; i += 3) {
		wait_for_completion_timeout(&waiter[i].done, msecs_to_jiffies(PATIENCE_MS));
		KUNIT_EXPECT_EQ(test, -ERESTARTSYS, waiter[i].ret);
	}
	for (i = 0; i < THREADS; i++)
		if (i % 3 && !goes_to(test, client, &block, &waiter[i]))
			break;
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	send_home(pool, client, waiter);
}

/* Interrupt every third waiter: with its ticket it has its place again. */
static void carveout_waiters_in_turn_when_some_are_interrupted(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_64K, 0);
	struct carveout_pool *pool = carveout_pool_create(heap, 64, 1, NULL, NULL, 0);
	struct waiter *waiter = kunit_kcalloc(test, THREADS, sizeof(*waiter), GFP_KERNEL);
	struct carveout_pool_client *client[THREADS / 8];
	struct carveout_pool_block block;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_ASSERT_NOT_NULL(test, waiter);
	/* A client keeps the places of fewer waiters than there are. */
	for (i = 0; i < ARRAY_SIZE(client); i++)
		client[i] = join(test, pool);
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client[0], &block));
	for (i = 0; i < THREADS; i++) {
		waiter_run(test, &waiter[i], client[i / 8], KTIME_MAX, true);
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == i + 1));
	}
	for (i = 0; i < THREADS; i += 3) {
		send_sig(SIGTERM, waiter[i].task, 1);
		waiter_join(&waiter[i]);
		KUNIT_EXPECT_EQ(test, -ERESTARTSYS, waiter[i].ret);
	}
	/* The last one waits again first. */
	for (i = (THREADS - 1) / 3 * 3; i < THREADS; i -= 3)
		waiter_run(test, &waiter[i], client[i / 8], KTIME_MAX, true);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == THREADS));
	for (i = 0; i < THREADS; i++) {
		KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client[i ? (i - 1) / 8 : 0],
							    &block));
		if (!wait_for_completion_timeout(&waiter[i].done,
						 msecs_to_jiffies(PATIENCE_MS))) {
			KUNIT_FAIL(test, "waiter %u lost its place", i);
			break;
		}
		KUNIT_EXPECT_EQ(test, 0, waiter[i].ret);
		block = waiter[i].block;
	}
	send_home(pool, client[0], waiter);
	for (i = 1; i < ARRAY_SIZE(client); i++)
		carveout_pool_leave(client[i]);
}

static struct kunit_case waiters_cases[] = {
	KUNIT_CASE(carveout_waiters_in_turn),
	KUNIT_CASE(carveout_waiters_in_turn_when_some_die),
	KUNIT_CASE(carveout_waiters_in_turn_when_some_are_interrupted),
	KUNIT_CASE(carveout_waiters_none_is_forgotten),
	KUNIT_CASE(carveout_waiters_some_leave),
	KUNIT_CASE(carveout_waiters_destroy_in_the_middle),
	{}
};

static struct kunit_suite waiters_suite = {
	.name = "carveout_waiters",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = waiters_cases,
};

kunit_test_suite(waiters_suite);

MODULE_DESCRIPTION("KUnit suite of many waiters for the blocks of a pool");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
