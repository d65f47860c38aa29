// SPDX-License-Identifier: GPL-2.0
/*
 * A model of carveout: pools, and waits for blocks and tags.
 */

#include "heap_types.h"

struct carveout_pool_client {
	struct carveout_pool *pool;
	unsigned int waits;
};

struct carveout_tag_wait {
	struct carveout_watch watch;
	struct list_head all;
	struct carveout_owner *owner;
	bool write;
	ktime_t deadline;
	struct carveout_buf *result;
	void (*ready)(void *data);
	void *data;
};

struct carveout_block_wait {
	struct list_head node;
	struct list_head all;
	struct carveout_pool_client *client;
	ktime_t deadline;
	int result;
	struct carveout_pool_block block;
	struct work_struct work;
	void (*ready)(void *data);
	void *data;
};

static struct carveout_pool_client linux_client;
static LIST_HEAD(tag_waits);
static LIST_HEAD(block_waits);

/* === Pools ================================================================ */

void carveout_pool_stats(struct carveout_pool *pool, struct carveout_pool_stats *stats)
{
	*stats = (struct carveout_pool_stats){ .block_size = 128, .blocks = pool->blocks };
}

struct carveout_pool_client *carveout_pool_join(struct carveout_pool *pool)
{
	struct carveout_pool_client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return ERR_PTR(-ENOMEM);
	client->pool = pool;
	pool->clients++;
	return client;
}

static bool alloc_block(struct carveout_pool *pool, struct carveout_pool_client *client,
			struct carveout_pool_block *block)
{
	unsigned int i;

	for (i = 0; i < pool->blocks; i++) {
		if (pool->block[i].client)
			continue;
		pool->block[i].client = client;
		pool->block[i].serial = heap_next_number();
		*block = (struct carveout_pool_block){
			.serial = pool->block[i].serial,
			.offset = 128 * i,
			.index = i,
		};
		return true;
	}
	return false;
}

static void complete(struct carveout_block_wait *wait, int result)
{
	wait->result = result;
	list_del_init(&wait->node);
	heap_trigger(&wait->work);
}

static void serve(struct carveout_pool *pool)
{
	while (!list_empty(&pool->waits)) {
		struct carveout_block_wait *wait;

		wait = list_first_entry(&pool->waits, struct carveout_block_wait, node);
		if (!alloc_block(pool, wait->client, &wait->block))
			return;
		complete(wait, 0);
	}
}

void carveout_pool_leave(struct carveout_pool_client *client)
{
	struct carveout_pool *pool = client->pool;
	unsigned int i;

	might_sleep();
	if (client->waits)
		bug("a client leaves that waits for a block");
	for (i = 0; i < pool->blocks; i++)
		if (pool->block[i].client == client)
			pool->block[i].client = NULL;
	pool->clients--;
	kfree(client);
	serve(pool);
}

int carveout_pool_alloc(struct carveout_pool_client *client, struct carveout_pool_block *block)
{
	struct carveout_pool *pool = client->pool;
	int err = fails(-EUCLEAN, -ENODEV, -EIDRM);

	if (err)
		return err;
	if (pool->destroyed)
		return -EIDRM;
	return alloc_block(pool, client, block) ? 0 : -EAGAIN;
}

int carveout_pool_free(struct carveout_pool_client *client,
		       const struct carveout_pool_block *block)
{
	struct carveout_pool *pool = client->pool;

	if (block->index >= pool->blocks)
		return -EINVAL;
	if (pool->block[block->index].client != client ||
	    pool->block[block->index].serial != block->serial)
		return -EPERM;
	pool->block[block->index].client = NULL;
	serve(pool);
	return 0;
}

/* === Waits ================================================================ */

static void try_complete(void *data)
{
	struct carveout_tag_wait *wait = data;
	struct carveout_buf *buf;

	if (wait->result != ERR_PTR(-EINPROGRESS))
		return;
	buf = heap_look_up(wait->watch.heap, wait->owner, wait->watch.prefix, wait->write);
	if (buf == ERR_PTR(-ENOENT) || buf == ERR_PTR(-EAGAIN)) {
		if (ktime_get() < wait->deadline)
			return;
		buf = ERR_PTR(-ETIMEDOUT);
	}
	wait->result = buf;
	wait->ready(wait->data);
}

struct carveout_tag_wait *carveout_buf_wait_begin(struct carveout *heap,
						  struct carveout_owner *owner,
						  const char *tag, bool write,
						  ktime_t deadline,
						  void (*ready)(void *data), void *data)
{
	struct carveout_tag_wait *wait;

	might_sleep();
	if (heap_check_tag(tag))
		return ERR_PTR(-EINVAL);
	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return ERR_PTR(-ENOMEM);
	owner->refs++;
	wait->owner = owner;
	wait->write = write;
	wait->deadline = deadline;
	wait->result = ERR_PTR(-EINPROGRESS);
	wait->ready = ready;
	wait->data = data;
	wait->watch.changed = try_complete;
	wait->watch.data = wait;
	heap_start_watch(&wait->watch, heap, tag);
	list_add_tail(&wait->all, &tag_waits);
	heap_state.begun++;
	heap_state.waits++;
	heap_trigger(&wait->watch.work);
	return wait;
}

struct carveout_buf *carveout_buf_wait_end(struct carveout_tag_wait *wait)
{
	struct carveout_buf *buf = wait->result;

	might_sleep();
	heap_stop_watch(&wait->watch);
	list_del(&wait->all);
	carveout_owner_put(wait->owner);
	kfree(wait);
	heap_state.waits--;
	return buf == ERR_PTR(-EINPROGRESS) ? ERR_PTR(-ECANCELED) : buf;
}

static void ready_work(struct work_struct *work)
{
	struct carveout_block_wait *wait = container_of(work, struct carveout_block_wait, work);

	wait->ready(wait->data);
}

struct carveout_block_wait *carveout_pool_wait_begin(struct carveout_pool_client *client,
						     ktime_t deadline,
						     void (*ready)(void *data), void *data)
{
	struct carveout_block_wait *wait;

	might_sleep();
	wait = kzalloc(sizeof(*wait), GFP_KERNEL);
	if (!wait)
		return ERR_PTR(-ENOMEM);
	wait->client = client;
	wait->deadline = deadline;
	wait->result = -ECANCELED;
	wait->ready = ready;
	wait->data = data;
	INIT_WORK(&wait->work, ready_work);
	client->waits++;
	list_add_tail(&wait->node, &client->pool->waits);
	list_add_tail(&wait->all, &block_waits);
	heap_state.begun++;
	heap_state.waits++;
	if (client->pool->destroyed)
		complete(wait, -EIDRM);
	else
		serve(client->pool);
	return wait;
}

int carveout_pool_wait_end(struct carveout_block_wait *wait, struct carveout_pool_block *block)
{
	int result = wait->result;

	might_sleep();
	cancel_work_sync(&wait->work);
	list_del(&wait->node);
	list_del(&wait->all);
	wait->client->waits--;
	*block = wait->block;
	kfree(wait);
	heap_state.waits--;
	return result;
}

/* === For the program ====================================================== */

/* A buffer or a pool of Linux, or NULL. */
struct carveout_buf *heap_make(struct carveout *heap, const char *tag, umode_t mode,
			       unsigned int blocks)
{
	const struct carveout_req req = { .size = PAGE };
	struct carveout_buf *buf = carveout_buf_alloc(heap, &req, tag, mode);

	if (IS_ERR(buf))
		return NULL;
	if (!blocks)
		return buf;
	buf->pool = kzalloc(sizeof(*buf->pool), GFP_KERNEL);
	if (!buf->pool)
		return buf;
	buf->pool->buf = buf;
	buf->pool->blocks = min(blocks, BLOCKS);
	INIT_LIST_HEAD(&buf->pool->waits);
	return buf;
}

/* Linux drops its reference. */
void heap_unmake(struct carveout_buf *buf)
{
	if (buf->pool)
		heap_pool_free_all(buf);
	carveout_buf_put(buf);
}

bool heap_pool_take(struct carveout_buf *buf)
{
	struct carveout_pool_block block;

	return buf->pool && alloc_block(buf->pool, &linux_client, &block);
}

void heap_pool_free_all(struct carveout_buf *buf)
{
	unsigned int i;

	if (!buf->pool)
		return;
	for (i = 0; i < buf->pool->blocks; i++)
		if (buf->pool->block[i].client == &linux_client)
			buf->pool->block[i].client = NULL;
	serve(buf->pool);
}

void heap_pool_destroy(struct carveout_buf *buf)
{
	struct carveout_block_wait *wait, *next;

	if (!buf->pool)
		return;
	buf->pool->destroyed = true;
	list_for_each_entry_safe(wait, next, &buf->pool->waits, node)
		complete(wait, -EIDRM);
}

/* The waits whose deadline has passed. */
void heap_expire(void)
{
	struct carveout_block_wait *block, *next;
	struct carveout_tag_wait *tag, *after;

	list_for_each_entry_safe(tag, after, &tag_waits, all)
		if (ktime_get() >= tag->deadline)
			heap_trigger(&tag->watch.work);
	list_for_each_entry_safe(block, next, &block_waits, all)
		if (block->result == -ECANCELED && ktime_get() >= block->deadline)
			complete(block, -ETIMEDOUT);
}
