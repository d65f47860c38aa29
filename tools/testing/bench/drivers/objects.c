// SPDX-License-Identifier: GPL-2.0
/*
 * The longest time of the calls for memory that is zeroed, buffers and pools: see calls.c.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/carveout.h>
#include <linux/delay.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "drivers.h"

static struct carveout *heap;

/* === Memory and buffers =================================================== */

static void *mem;
static struct carveout_buf *buf;
static struct dma_buf *dmabuf;

static int free_mem(void)
{
	return carveout_free(heap, mem);
}

static int put_buf(void)
{
	carveout_buf_put(buf);
	return 0;
}

static int get_buf(void)
{
	return PTR_ERR_OR_ZERO(carveout_buf_from_dmabuf(dmabuf));
}

/* Free memory of a size that is zeroed by the call, and of one that is queued. */
static int free_memory(void)
{
	int err;

	mem = carveout_alloc(heap, SZ_4K, "calls");
	err = PTR_ERR_OR_ZERO(mem) ?:
	      bench_call("carveout_free", "zeroes-4096-bytes", free_mem, 0);
	if (err)
		return err;
	mem = carveout_alloc(heap, SZ_4K + 64, "calls");
	err = PTR_ERR_OR_ZERO(mem) ?: bench_call("carveout_free", "is-queued", free_mem, 0);
	carveout_drain(heap);
	return err;
}

/* The last reference is queued. A file is released when this thread leaves the kernel. */
static int put_buffer(void)
{
	const struct carveout_req req = { .size = SZ_4K };
	int err;

	buf = carveout_buf_alloc(heap, &req, "calls", 0600);
	err = PTR_ERR_OR_ZERO(buf) ?: bench_call("carveout_buf_put", "is-the-last", put_buf, 0);
	if (err)
		return err;
	carveout_drain(heap);
	buf = carveout_buf_alloc(heap, &req, "calls", 0600);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	dmabuf = carveout_buf_export(buf, true);
	carveout_buf_put(buf);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	err = bench_call("carveout_buf_from_dmabuf", "any", get_buf, 0) ?:
	      bench_call("carveout_buf_put", "is-not-the-last", put_buf, 0);
	dma_buf_put(dmabuf);
	return err;
}

/* === Blocks =============================================================== */

#define BLOCKS		1024
#define CLIENTS		4096
#define WAITS		1000

static struct carveout_pool *pool;
static struct carveout_pool_client *owner, *clients[CLIENTS];
static struct carveout_block_wait *waits[WAITS];
static struct carveout_pool_block blocks[BLOCKS];
static struct carveout_pool_block *block;
static struct carveout_pool_stats stats;
static u64 target;

static int alloc_block(void)
{
	return carveout_pool_alloc(owner, block);
}

static int free_block(void)
{
	return carveout_pool_free(owner, block);
}

static int free_any_block(void)
{
	return carveout_pool_free_any(pool, block);
}

static int move_block(void)
{
	return carveout_pool_move(owner, block, target);
}

static int read_stats(void)
{
	carveout_pool_stats(pool, &stats);
	return 0;
}

/* A block in the middle of the list of its owner, whose neighbours are linked anew. */
static int in_the_middle(void)
{
	block = &blocks[1];
	return bench_call("carveout_pool_free", "middle-of-a-list", free_block, 0) ?:
	       bench_call("carveout_pool_alloc", "a-block-freed-before", alloc_block, 0) ?:
	       bench_call("carveout_pool_stats", "any", read_stats, 0);
}

/* The client that joined last is the deepest one in the tree, and has a block. */
static int among_clients(void)
{
	struct carveout_pool_block other;
	unsigned int i;
	int err = 0;

	for (i = 0; i < CLIENTS && !err; i++) {
		clients[i] = carveout_pool_join(pool);
		err = PTR_ERR_OR_ZERO(clients[i]);
	}
	err = err ?: carveout_pool_alloc(clients[CLIENTS - 1], &other);
	if (err)
		return err;
	target = carveout_pool_client_id(clients[CLIENTS - 1]);
	block = &blocks[2];
	err = bench_call("carveout_pool_move", "4096-clients", move_block, 0);
	for (i = 0; i < CLIENTS; i++)
		carveout_pool_leave(clients[i]);
	return err ?: carveout_pool_alloc(owner, block);
}

static void no_news(void *data)
{
}

static int wait_in_thread(void *data)
{
	struct carveout_pool_block found;
	int err = carveout_pool_alloc_wait(owner, KTIME_MAX, &found);

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return err;
}

/* The first waiter is a task, all others are waits of a driver. */
static int handed_over(void)
{
	struct carveout_pool_block found;
	struct task_struct *task;
	unsigned int i;
	int err = 0, ret;

	task = kthread_run(wait_in_thread, NULL, "bench/wait");
	if (IS_ERR(task))
		return PTR_ERR(task);
	msleep(20);
	for (i = 0; i < WAITS && !err; i++) {
		waits[i] = carveout_pool_wait_begin(owner, KTIME_MAX, no_news, NULL);
		err = PTR_ERR_OR_ZERO(waits[i]);
	}
	if (err)
		return err;
	block = &blocks[BLOCKS / 2];
	err = bench_call("carveout_pool_free", "for-a-task-that-waits", free_block, 0);
	block++;
	err = err ?: bench_call("carveout_pool_free", "for-a-wait-of-1000", free_block, 0);
	block++;
	err = err ?: bench_call("carveout_pool_free_any", "for-a-wait-of-999", free_any_block, 0);
	for (i = 0; i < WAITS; i++) {
		ret = carveout_pool_wait_end(waits[i], &found);
		if (!err && i < 2)
			err = ret;
	}
	return kthread_stop(task) ?: err;
}

static int put_pool(void)
{
	carveout_pool_put(pool);
	return 0;
}

static int use_pool(void)
{
	unsigned int i;
	int err;

	pool = carveout_pool_create(heap, 64, BLOCKS, NULL, "pool", 0600);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	owner = carveout_pool_join(pool);
	err = PTR_ERR_OR_ZERO(owner);
	for (i = 0; i < 4 && !err; i++)
		err = carveout_pool_alloc(owner, &blocks[i]);
	err = err ?: in_the_middle() ?: among_clients();
	for (; i < BLOCKS && !err; i++)
		err = carveout_pool_alloc(owner, &blocks[i]);
	err = err ?: handed_over();
	if (err)
		return err;
	carveout_pool_leave(owner);
	err = bench_call("carveout_pool_put", "is-the-last", put_pool, 0);
	carveout_drain(heap);
	return err;
}

/**
 * bench_objects() - Time the calls for zeroed memory, buffers and pools
 *
 * Return: 0 or a negative error number.
 */
int bench_objects(void)
{
	const struct carveout_memory memory = {
		.base = CARVEOUT_SYSTEM_MEMORY,
		.size = SZ_1M,
		.attrs = CARVEOUT_ATTR_CACHED,
	};
	int err;

	heap = carveout_create(NULL, "objects", &memory, 1, 0);
	if (IS_ERR(heap))
		return PTR_ERR(heap);
	err = free_memory() ?: put_buffer() ?: use_pool();
	return err ?: carveout_destroy(heap, true);
}
