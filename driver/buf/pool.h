/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools: equal blocks, with waiting.
 */
#ifndef CARVEOUT_POOL_H
#define CARVEOUT_POOL_H

#include <linux/carveout.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../../lib/blocks.h"

struct carveout;
struct carveout_buf;

/**
 * struct carveout_pool - The blocks of a buffer
 * @buf: the buffer, which owns the pool; a holder of the pool has a reference to it
 *	(invariant)
 * @carveout: heap of the buffer (invariant)
 * @stride: bytes from the start of a block to that of the next (invariant)
 * @lock: guards the following members, and those of the clients
 * @blocks: block owners
 * @clients: clients, by id
 * @last_client: id of the latest client
 * @waiters: waiters for a block, by arrival; empty while a block is free
 * @last_arrival: number of the latest arrival in the queue
 * @nr_waiters: number of @waiters
 * @error: set by the shutdown, or 0
 * @poll: pollers
 * @poll_work: wakes the pollers, which is not possible in every context
 */
struct carveout_pool {
	struct carveout_buf *buf;
	struct carveout *carveout;
	u64 stride;

	raw_spinlock_t lock;
	struct carveout_blocks blocks;
	struct rb_root clients;
	u64 last_client;
	struct rb_root_cached waiters;
	u64 last_arrival;
	u32 nr_waiters;
	int error;

	wait_queue_head_t poll;
	struct irq_work poll_work;
};

/**
 * struct carveout_pool_client - A user of a pool, with its blocks: an open file or a driver
 * @pool: the pool, to whose buffer the client has a reference (invariant)
 * @id: its number, never used again in the pool (invariant)
 * @node: entry in carveout_pool.clients; carveout_pool.lock
 * @owner: its blocks; carveout_pool.lock
 * @ticket: arrivals of interrupted waits, 0 for none; carveout_pool.lock
 */
struct carveout_pool_client {
	struct carveout_pool *pool;
	u64 id;
	struct rb_node node;
	struct carveout_block_owner owner;
	u64 ticket[CARVEOUT_POOL_TICKETS];
};

/**
 * struct carveout_pool_waiter - A waiter for a block
 * @node: in carveout_pool.waiters while not @done; carveout_pool.lock
 * @arrival: order in the queue; 0 for a new waiter without a ticket
 * @task: the task that sleeps; NULL for a waiter with work
 * @work: queued when the waiter is completed; NULL for one with a task
 * @client: client that the block is allocated to
 * @index: the block; valid when @done without @error
 * @serial: its serial, likewise
 * @error: reason for a failure
 * @done: the waiter is complete. From then on the entry of a task may no longer exist.
 */
struct carveout_pool_waiter {
	struct rb_node node;
	u64 arrival;
	struct task_struct *task;
	struct work_struct *work;
	struct carveout_pool_client *client;
	u32 index;
	u64 serial;
	int error;
	bool done;
};

struct carveout_pool *carveout_pool_new(u32 count);
void carveout_pool_delete(struct carveout_pool *pool);
int carveout_pool_shutdown(struct carveout_pool *pool, int error);
void carveout_pool_client_init(struct carveout_pool_client *client,
			       struct carveout_pool *pool);
void carveout_pool_client_exit(struct carveout_pool_client *client);

int carveout_block_alloc(struct carveout_pool_client *client,
			 struct carveout_pool_block *block);
int carveout_block_alloc_wait(struct carveout_pool_client *client, ktime_t deadline,
			      unsigned int state, u64 *ticket,
			      struct carveout_pool_block *block);
int carveout_waiter_enter(struct carveout_pool_waiter *waiter);
bool carveout_waiter_leave(struct carveout_pool_waiter *waiter, int error, u64 *ticket);
int carveout_waiter_result(const struct carveout_pool_waiter *waiter,
			   struct carveout_pool_block *block);
int carveout_block_free(struct carveout_pool_client *client, u32 index, u64 serial);
int carveout_block_free_any(struct carveout_pool *pool, u32 index, u64 serial);
u64 carveout_block_new_serial(struct carveout_pool *pool);
int carveout_block_move(struct carveout_pool_client *client, u32 index, u64 serial,
			u64 to, u64 new_serial);

#endif /* CARVEOUT_POOL_H */
