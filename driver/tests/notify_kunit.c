// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of notifications, and of waits that go on while the driver does something
 * else.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/uidgid.h>

#include "waiter.h"

#define SIZE	SZ_256K

/* Calls of a callback. */
struct calls {
	atomic_t count;
	atomic_t atomic;	/* calls in atomic context */
	struct completion first;
};

static void calls_init(struct calls *calls)
{
	atomic_set(&calls->count, 0);
	atomic_set(&calls->atomic, 0);
	init_completion(&calls->first);
}

static void called(void *data)
{
	struct calls *calls = data;

	if (!in_task() || irqs_disabled())
		atomic_inc(&calls->atomic);
	atomic_inc(&calls->count);
	complete_all(&calls->first);
}

static bool is_called(struct calls *calls)
{
	return wait_for_completion_timeout(&calls->first, msecs_to_jiffies(PATIENCE_MS));
}

static struct carveout_buf *make_buf(struct kunit *test, const char *tag)
{
	struct carveout_buf *buf = alloc_buf(heap_of(test), PAGE_SIZE, tag);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "error %ld", PTR_ERR(buf));
	return buf;
}

/* === Watches ============================================================== */

static struct carveout_watch *watch(struct kunit *test, const char *prefix,
				    struct calls *calls)
{
	struct carveout_watch *watch;

	calls_init(calls);
	watch = carveout_watch_begin(heap_of(test), prefix, called, calls);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(watch), "error %ld", PTR_ERR(watch));
	return watch;
}

/* Each of these is a change, which the watch is called for. */
static void carveout_notify_each_change(struct kunit *test)
{
	struct carveout_watch *w;
	struct carveout_buf *buf, *next;
	struct calls calls;
	u64 seen;
	int i;

	heap_of_pages(test, SIZE, 0);
	w = watch(test, "r5.", &calls);
	buf = make_buf(test, "r5.frame");
	next = make_buf(test, NULL);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ_MSG(test, true, BECOMES_TRUE(atomic_read(&calls.count) == i + 1),
				    "change %d", i);
		seen = carveout_watch_changes(w);
		if (i == 0)
			KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(next, "r5.frame", 0600,
								   CARVEOUT_LINK_REPLACE));
		if (i == 1)
			KUNIT_EXPECT_EQ(test, 0, carveout_unlink(heap_of(test), "r5.frame"));
		if (i == 2) {
			carveout_buf_put(buf);
			buf = make_buf(test, "r5.");
		}
		if (i < 3)
			KUNIT_EXPECT_LT(test, seen, carveout_watch_changes(w));
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.atomic));
	carveout_watch_end(w);
	carveout_buf_put(buf);
	carveout_buf_put(next);
}

static void carveout_notify_only_the_prefix(struct kunit *test)
{
	struct carveout_watch *all, *some;
	struct calls all_calls, some_calls;
	struct carveout_buf *buf;
	u64 seen;

	heap_of_pages(test, SIZE, 0);
	all = watch(test, "", &all_calls);
	some = watch(test, "r5.", &some_calls);
	seen = carveout_watch_changes(some);
	buf = make_buf(test, "r5");
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
	buf = make_buf(test, "xr5.");
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
	KUNIT_EXPECT_TRUE(test, is_called(&all_calls));
	KUNIT_EXPECT_EQ(test, seen, carveout_watch_changes(some));
	KUNIT_EXPECT_LT(test, seen, carveout_watch_changes(all));
	carveout_watch_end(all);
	carveout_watch_end(some);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&some_calls.count));
}

static void carveout_notify_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	char name[CARVEOUT_NAME_LEN + 1] = {};
	struct calls calls;

	memset(name, 'n', CARVEOUT_NAME_LEN);
	EXPECT_ERR(test, -EINVAL, carveout_watch_begin(heap, "no/name", called, &calls));
	EXPECT_ERR(test, -EINVAL, carveout_watch_begin(heap, name, called, &calls));
	EXPECT_ERR(test, -EINVAL, carveout_buf_wait_begin(heap, NULL, "", false, KTIME_MAX,
							  called, &calls));
	EXPECT_ERR(test, -EINVAL, carveout_buf_wait_begin(heap, NULL, name, false, KTIME_MAX,
							  called, &calls));
}

/* The heap is shut down under a watch and a wait, which keep it. */
static void carveout_notify_shutdown(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct calls watched, waited;
	struct carveout_tag_wait *wait;
	struct carveout_watch *w = watch(test, "r5.", &watched), *late;
	u64 seen = carveout_watch_changes(w);

	calls_init(&waited);
	wait = carveout_buf_wait_begin(heap, NULL, "name", false, KTIME_MAX, called, &waited);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wait));
	fixture->heap = NULL;
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, false));
	KUNIT_EXPECT_TRUE(test, is_called(&watched));
	KUNIT_EXPECT_TRUE(test, is_called(&waited));
	EXPECT_ERR(test, -ENODEV, carveout_buf_wait_end(wait));
	KUNIT_EXPECT_EQ(test, seen + 1, carveout_watch_changes(w));
	/* A watch that begins only now has missed it. */
	late = carveout_watch_begin(heap, "late.", called, &watched);
	KUNIT_ASSERT_FALSE(test, IS_ERR(late));
	KUNIT_EXPECT_EQ(test, seen + 1, carveout_watch_changes(late));
	carveout_watch_end(late);
	carveout_watch_end(w);
}

/* The removal of a tag by the shutdown is another change. */
static void carveout_notify_tag_ends_with_the_heap(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = make_buf(test, "r5.frame");
	struct carveout_watch *w;
	struct calls calls;
	u64 seen;

	w = watch(test, "r5.", &calls);
	seen = carveout_watch_changes(w);
	fixture->heap = NULL;
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_EQ(test, seen + 2, carveout_watch_changes(w));
	carveout_buf_put(buf);
	/* The watch keeps the heap until its memory is no longer in use. */
	carveout_drain(heap);
	carveout_watch_end(w);
}

/* === Waits for a tag ====================================================== */

static struct carveout_tag_wait *wait_for(struct kunit *test, const char *tag,
					  ktime_t deadline, struct calls *calls)
{
	struct carveout_tag_wait *wait;

	calls_init(calls);
	wait = carveout_buf_wait_begin(heap_of(test), NULL, tag, false, deadline, called,
				       calls);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(wait), "error %ld", PTR_ERR(wait));
	return wait;
}

static void expect_result(struct kunit *test, struct carveout_tag_wait *wait,
			  struct carveout_buf *buf)
{
	struct carveout_buf *found = carveout_buf_wait_end(wait);

	KUNIT_EXPECT_PTR_EQ(test, buf, found);
	if (!IS_ERR(found))
		carveout_buf_put(found);
}

static void carveout_notify_tag(struct kunit *test)
{
	struct carveout_tag_wait *wait;
	struct carveout_buf *buf, *other;
	struct calls calls;

	heap_of_pages(test, SIZE, 0);
	wait = wait_for(test, "name", KTIME_MAX, &calls);
	/* Another tag, of which this one is a prefix, is not the one. */
	other = make_buf(test, "name.2");
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.count));
	buf = make_buf(test, "name");
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	expect_result(test, wait, buf);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&calls.count));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.atomic));

	/* It exists before the wait. */
	wait = wait_for(test, "name", 0, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	expect_result(test, wait, buf);

	/* The wait has the buffer, although its tag vanishes before the end. */
	wait = wait_for(test, "name", KTIME_MAX, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_unlink(buf));
	carveout_buf_put(buf);
	expect_result(test, wait, buf);
	carveout_buf_put(other);
}

static void carveout_notify_tag_times_out(struct kunit *test)
{
	struct carveout_tag_wait *wait;
	struct calls calls;
	ktime_t deadline;

	heap_of_pages(test, SIZE, 0);
	deadline = after_ms(50);
	wait = wait_for(test, "name", deadline, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_FALSE(test, ktime_before(ktime_get(), deadline));
	EXPECT_ERR(test, -ETIMEDOUT, carveout_buf_wait_end(wait));
	/* In the past, also before the machine started. */
	wait = wait_for(test, "name", -1, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	EXPECT_ERR(test, -ETIMEDOUT, carveout_buf_wait_end(wait));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&calls.count));
}

static void carveout_notify_tag_is_cancelled(struct kunit *test)
{
	struct carveout_tag_wait *wait;
	struct carveout_buf *buf;
	struct calls calls;

	heap_of_pages(test, SIZE, 0);
	wait = wait_for(test, "name", after_ms(100), &calls);
	EXPECT_ERR(test, -ECANCELED, carveout_buf_wait_end(wait));
	buf = make_buf(test, "name");
	msleep(150);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.count));
	carveout_buf_put(buf);
}

/* The permissions of the owner count when the tag appears. */
static void carveout_notify_tag_of_another(struct kunit *test)
{
	const struct carveout_owner_attrs attrs = {
		.name = "core",
		.uid = KUIDT_INIT(1001),
		.gid = KGIDT_INIT(1001),
	};
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_owner *owner = carveout_owner_create(heap, &attrs);
	struct carveout_tag_wait *wait;
	struct carveout_buf *buf;
	struct calls calls;

	KUNIT_ASSERT_FALSE(test, IS_ERR(owner));
	calls_init(&calls);
	wait = carveout_buf_wait_begin(heap, owner, "name", false, KTIME_MAX, called, &calls);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wait));
	/* The wait keeps the owner. */
	carveout_owner_put(owner);
	buf = make_buf(test, "name");
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	EXPECT_ERR(test, -EACCES, carveout_buf_wait_end(wait));
	carveout_buf_put(buf);
}

/* Create a tag and remove it until told to stop. */
static int flicker(void *data)
{
	struct kunit *test = data;
	struct carveout_buf *buf;

	while (!kthread_should_stop()) {
		buf = alloc_buf(heap_of(test), PAGE_SIZE, "name");
		if (IS_ERR(buf) && PTR_ERR(buf) != -EEXIST)
			return PTR_ERR(buf);
		if (!IS_ERR(buf)) {
			usleep_range(1, 200);
			carveout_buf_unlink(buf);
			carveout_buf_put(buf);
		}
		usleep_range(1, 100);
	}
	return 0;
}

/* Whatever the moment of the end is, a buffer is returned or nothing is held. */
static void carveout_notify_tag_race(struct kunit *test)
{
	unsigned int i, rounds = 20 * DEFAULT_ROUNDS, found = 0, cancelled = 0, odd = 0;
	struct task_struct *task;
	struct calls calls;

	heap_of_pages(test, SIZE, 0);
	task = thread_run(test, flicker, test, "flicker");
	for (i = 0; i < rounds; i++) {
		struct carveout_tag_wait *wait = wait_for(test, "name", KTIME_MAX, &calls);
		struct carveout_buf *buf;

		if (i % 3)
			usleep_range(1, 1 + i % 100);
		buf = carveout_buf_wait_end(wait);
		if (!IS_ERR(buf)) {
			found++;
			carveout_buf_put(buf);
		} else if (buf == ERR_PTR(-ECANCELED)) {
			cancelled++;
		} else {
			odd++;
		}
		odd += atomic_read(&calls.count) > 1;
	}
	KUNIT_EXPECT_EQ(test, 0, thread_join(task));
	KUNIT_EXPECT_EQ(test, 0U, odd);
	/* Both happen: the moment of the end varies. */
	KUNIT_EXPECT_NE(test, 0U, found);
	KUNIT_EXPECT_NE(test, 0U, cancelled);
}

/* === Waits for a block ==================================================== */

static struct carveout_pool *make_pool(struct kunit *test, u32 count)
{
	struct carveout_pool *pool;

	pool = carveout_pool_create(heap_of_system(test, SZ_64K, 0), 64, count, NULL, NULL, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "error %ld", PTR_ERR(pool));
	return pool;
}

static struct carveout_block_wait *wait_block(struct kunit *test,
					      struct carveout_pool_client *client,
					      ktime_t deadline, struct calls *calls)
{
	struct carveout_block_wait *wait;

	calls_init(calls);
	wait = carveout_pool_wait_begin(client, deadline, called, calls);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(wait), "error %ld", PTR_ERR(wait));
	return wait;
}

/* Waits and tasks are served in the order in which they began. */
static void carveout_notify_block_in_turn(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block, next;
	struct carveout_block_wait *wait[2];
	struct calls calls[2];
	struct waiter task;

	wait[0] = wait_block(test, client, KTIME_MAX, &calls[0]);
	KUNIT_EXPECT_TRUE(test, is_called(&calls[0]));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_wait_end(wait[0], &block));
	KUNIT_EXPECT_PTR_EQ(test, carveout_pool_va(pool, 0), block.va);

	wait[0] = wait_block(test, client, KTIME_MAX, &calls[0]);
	waiter_start(test, &task, client, KTIME_MAX);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(pool_stats(pool).waiters == 2));
	wait[1] = wait_block(test, client, KTIME_MAX, &calls[1]);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_TRUE(test, is_called(&calls[0]));
	/* The block has an owner before the wait has ended. */
	KUNIT_EXPECT_EQ(test, -EAGAIN, carveout_pool_alloc(client, &next));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_wait_end(wait[0], &next));
	KUNIT_EXPECT_NE(test, block.serial, next.serial);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &next));
	waiter_join(&task);
	KUNIT_EXPECT_EQ(test, 0, task.ret);
	KUNIT_EXPECT_FALSE(test, completion_done(&calls[1].first));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &task.block));
	KUNIT_EXPECT_TRUE(test, is_called(&calls[1]));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_wait_end(wait[1], &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static void carveout_notify_block_ends(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct carveout_pool_block block, none;
	struct carveout_block_wait *wait;
	struct calls calls;
	ktime_t deadline;

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	deadline = after_ms(50);
	wait = wait_block(test, client, deadline, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_FALSE(test, ktime_before(ktime_get(), deadline));
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, carveout_pool_wait_end(wait, &none));
	wait = wait_block(test, client, -1, &calls);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, carveout_pool_wait_end(wait, &none));

	wait = wait_block(test, client, KTIME_MAX, &calls);
	KUNIT_EXPECT_EQ(test, -ECANCELED, carveout_pool_wait_end(wait, &none));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.count));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(client, &block));
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);

	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(client, &block));
	wait = wait_block(test, client, KTIME_MAX, &calls);
	carveout_pool_destroy(pool);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	KUNIT_EXPECT_EQ(test, -EIDRM, carveout_pool_wait_end(wait, &none));
	carveout_pool_leave(client);
}

/* A timer that frees a block in a hard interrupt. */
struct interrupt {
	struct hrtimer timer;
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	int ret;
};

static enum hrtimer_restart free_block(struct hrtimer *timer)
{
	struct interrupt *irq = container_of(timer, struct interrupt, timer);

	irq->ret = carveout_pool_free(irq->client, &irq->block);
	return HRTIMER_NORESTART;
}

static void carveout_notify_block_freed_in_an_interrupt(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, 1);
	struct interrupt *irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	struct carveout_block_wait *wait;
	struct carveout_pool_block block;
	struct calls calls;

	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->client = join(test, pool);
	irq->ret = -EINPROGRESS;
	KUNIT_ASSERT_EQ(test, 0, carveout_pool_alloc(irq->client, &irq->block));
	wait = wait_block(test, irq->client, KTIME_MAX, &calls);
	hrtimer_setup(&irq->timer, free_block, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&irq->timer, ms_to_ktime(5), HRTIMER_MODE_REL_HARD);
	KUNIT_EXPECT_TRUE(test, is_called(&calls));
	hrtimer_cancel(&irq->timer);
	KUNIT_EXPECT_EQ(test, 0, irq->ret);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&calls.atomic));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_wait_end(wait, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_free(irq->client, &block));
	carveout_pool_leave(irq->client);
	carveout_pool_put(pool);
}

/* Take the block by waits that are cancelled at any moment. */
struct taker {
	struct carveout_pool_client *client;
	atomic_t *owners;
	unsigned int taken, cancelled, late, odd;
};

static int take_main(void *data)
{
	struct taker *taker = data;
	struct carveout_pool_block block;
	struct carveout_block_wait *wait;
	struct calls calls;
	unsigned int i;
	int ret;

	for (i = 0; !kthread_should_stop(); i++) {
		calls_init(&calls);
		wait = carveout_pool_wait_begin(taker->client, i % 4 ? KTIME_MAX :
						ktime_add_us(ktime_get(), i % 50),
						called, &calls);
		if (IS_ERR(wait))
			return PTR_ERR(wait);
		if (i % 3)
			wait_for_completion_timeout(&calls.first, 1);
		else
			usleep_range(1, 30);
		ret = carveout_pool_wait_end(wait, &block);
		if (!ret) {
			taker->odd += atomic_inc_return(taker->owners) != 1;
			usleep_range(1, 20);
			taker->odd += atomic_dec_return(taker->owners) != 0;
			taker->odd += carveout_pool_free(taker->client, &block) != 0;
			taker->taken++;
		}
		taker->cancelled += ret == -ECANCELED;
		taker->late += ret == -ETIMEDOUT;
		taker->odd += ret && ret != -ECANCELED && ret != -ETIMEDOUT;
	}
	return 0;
}

static void carveout_notify_block_race(struct kunit *test)
{
	struct carveout_pool *pool = make_pool(test, 1);
	struct carveout_pool_client *client = join(test, pool);
	struct taker taker[8] = {};
	struct task_struct *task[ARRAY_SIZE(taker)];
	unsigned int i, taken = 0, cancelled = 0, late = 0;
	atomic_t owners = ATOMIC_INIT(0);

	for (i = 0; i < ARRAY_SIZE(taker); i++) {
		taker[i].client = client;
		taker[i].owners = &owners;
		task[i] = thread_run(test, take_main, &taker[i], "taker");
	}
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(taker[0].taken) >= 20 &&
					     READ_ONCE(taker[7].taken) >= 20));
	for (i = 0; i < ARRAY_SIZE(taker); i++) {
		KUNIT_EXPECT_EQ(test, 0, thread_join(task[i]));
		KUNIT_EXPECT_EQ(test, 0U, taker[i].odd);
		taken += taker[i].taken;
		cancelled += taker[i].cancelled;
		late += taker[i].late;
	}
	KUNIT_EXPECT_NE(test, 0U, cancelled);
	kunit_info(test, "%u taken, %u cancelled, %u late\n", taken, cancelled, late);
	KUNIT_EXPECT_EQ(test, 1U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 0U, pool_stats(pool).waiters);
	carveout_pool_leave(client);
	carveout_pool_put(pool);
}

static struct kunit_case notify_cases[] = {
	KUNIT_CASE(carveout_notify_each_change),
	KUNIT_CASE(carveout_notify_only_the_prefix),
	KUNIT_CASE(carveout_notify_refused),
	KUNIT_CASE(carveout_notify_shutdown),
	KUNIT_CASE(carveout_notify_tag_ends_with_the_heap),
	KUNIT_CASE(carveout_notify_tag),
	KUNIT_CASE(carveout_notify_tag_times_out),
	KUNIT_CASE(carveout_notify_tag_is_cancelled),
	KUNIT_CASE(carveout_notify_tag_of_another),
	KUNIT_CASE(carveout_notify_tag_race),
	KUNIT_CASE(carveout_notify_block_in_turn),
	KUNIT_CASE(carveout_notify_block_ends),
	KUNIT_CASE(carveout_notify_block_freed_in_an_interrupt),
	KUNIT_CASE(carveout_notify_block_race),
	{}
};

static struct kunit_suite notify_suite = {
	.name = "carveout_notify",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = notify_cases,
};

kunit_test_suite(notify_suite);

MODULE_DESCRIPTION("KUnit suite of notifications and of waits without a task");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
