// SPDX-License-Identifier: GPL-2.0
/*
 * Files of pools: what a process takes and gives back blocks through.
 *
 * Whoever makes or opens a pool gets a file of his own, which has the blocks that are
 * taken through it. It lives as long as a descriptor or a mapping of it, and gives
 * back what it still has in the end. So blocks of a process that died come back, and
 * not before the last one that could write to them by its mapping is gone.
 *
 * It holds the buffer, and with it the pool and the heap; and the module.
 */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "ioctl.h"
#include "pool.h"

static_assert(sizeof(struct carveout_ioctl_pool_get) == CARVEOUT_POOL_GET_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_put) == CARVEOUT_POOL_PUT_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_query) == CARVEOUT_POOL_QUERY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_destroy) ==
	      CARVEOUT_POOL_DESTROY_SIZE_VER0);

/**
 * struct carveout_pool_file - an open file of a pool
 * @pool: the pool, to whose buffer it has a reference (invariant)
 * @owner: its blocks; carveout_pool.lock
 */
struct carveout_pool_file {
	struct carveout_pool *pool;
	struct carveout_block_owner owner;
};

/* === Commands ============================================================= */

static int pool_get(struct carveout_call *call)
{
	struct carveout_pool_file *pool_file = call->pool_file;
	struct carveout_ioctl_pool_get *g = &call->arg.pool_get;
	struct carveout_pool *pool = pool_file->pool;
	bool nowait = g->flags & CARVEOUT_POOL_GET_NOWAIT;
	int ret;

	if (g->flags & ~CARVEOUT_POOL_GET_FLAGS || (nowait && g->deadline))
		return -EINVAL;
	if (nowait)
		ret = carveout_pool_take(pool, &pool_file->owner, &g->index);
	else
		ret = carveout_pool_wait(pool, &pool_file->owner,
					 min_t(u64, g->deadline, KTIME_MAX),
					 TASK_INTERRUPTIBLE, &g->index);
	if (ret)
		return ret;
	g->offset = g->index * pool->stride;
	ret = CARVEOUT_REPLY(call, pool_get);
	/* The file may have others who live on. */
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	/* Nobody was told of it, or will be. */
	if (ret)
		carveout_pool_give_own(pool, g->index, &pool_file->owner);
	return ret;
}

static int pool_put(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_put *p = &call->arg.pool_put;
	struct carveout_pool *pool = call->pool_file->pool;
	u32 count = pool->blocks.count;

	if (p->flags || p->index >= count)
		return -EINVAL;
	return carveout_pool_give(pool, array_index_nospec(p->index, count));
}

static int pool_query(struct carveout_call *call)
{
	const struct carveout_pool_file *pool_file = call->pool_file;
	struct carveout_ioctl_pool_query *q = &call->arg.pool_query;
	struct carveout_pool *pool = pool_file->pool;

	if (q->flags)
		return -EINVAL;
	memset(q, 0, sizeof(*q));
	q->block_size = pool->stride;
	q->size = pool->buf->size;
	raw_spin_lock_irq(&pool->lock);
	q->blocks = pool->blocks.count;
	q->free = pool->blocks.nr_free;
	q->high_water = pool->blocks.high;
	q->waiters = pool->nr_waiters;
	q->used_open = pool_file->owner.count;
	raw_spin_unlock_irq(&pool->lock);
	return CARVEOUT_REPLY(call, pool_query);
}

static int pool_destroy(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_destroy *d = &call->arg.pool_destroy;
	struct carveout_pool *pool = call->pool_file->pool;
	bool owned;

	if (d->flags || d->reserved)
		return -EINVAL;
	mutex_lock(&call->carveout->registry_lock);
	owned = carveout_tag_owned(&pool->buf->tag);
	mutex_unlock(&call->carveout->registry_lock);
	return owned ? carveout_pool_end(pool) : -EACCES;
}

#define COMMAND(NAME, function) \
	[_IOC_NR(CARVEOUT_POOL_IOCTL_ ## NAME) - _IOC_NR(CARVEOUT_POOL_IOCTL_GET)] = { \
		.cmd = CARVEOUT_POOL_IOCTL_ ## NAME, \
		.min_size = CARVEOUT_POOL_ ## NAME ## _SIZE_VER0, \
		.call = function, \
	}

static const struct carveout_command commands[] = {
	COMMAND(GET, pool_get),
	COMMAND(PUT, pool_put),
	COMMAND(QUERY, pool_query),
	COMMAND(DESTROY, pool_destroy),
};

static long pool_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const struct carveout_commands pool_commands = {
		.command = commands,
		.first = _IOC_NR(CARVEOUT_POOL_IOCTL_GET),
		.count = ARRAY_SIZE(commands),
	};
	struct carveout_pool_file *pool_file = file->private_data;
	struct carveout_call call = {
		.carveout = pool_file->pool->buf->carveout,
		.pool_file = pool_file,
		.mode = file->f_mode,
		.uarg = (void __user *)arg,
	};

	return carveout_dispatch(&call, &pool_commands, cmd);
}

/* === Files ================================================================ */

/*
 * Readable while a block is free. Who gives one back looks for sleepers after he let
 * go of the lock: either he finds this one, or this one finds the block.
 */
static __poll_t pool_file_poll(struct file *file, poll_table *wait)
{
	struct carveout_pool_file *pool_file = file->private_data;
	struct carveout_pool *pool = pool_file->pool;
	__poll_t mask = 0;

	poll_wait(file, &pool->poll, wait);
	raw_spin_lock_irq(&pool->lock);
	if (pool->error)
		mask = EPOLLHUP | EPOLLERR;
	else if (pool->blocks.nr_free)
		mask = EPOLLIN | EPOLLRDNORM;
	raw_spin_unlock_irq(&pool->lock);
	return mask;
}

static int pool_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct carveout_pool_file *pool_file = file->private_data;

	return carveout_buf_mmap(pool_file->pool->buf, vma, true);
}

static int pool_file_release(struct inode *inode, struct file *file)
{
	struct carveout_pool_file *pool_file = file->private_data;
	struct carveout_pool *pool = pool_file->pool;

	carveout_pool_give_all(pool, &pool_file->owner);
	kfree(pool_file);
	carveout_object_gone(CARVEOUT_OBJ_POOL_FILE);
	carveout_buf_put_sync(pool->buf);
	return 0;
}

static const struct file_operations pool_file_fops = {
	.owner = THIS_MODULE,
	.release = pool_file_release,
	.poll = pool_file_poll,
	.mmap = pool_file_mmap,
	.unlocked_ioctl = pool_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * carveout_pool_file_create() - make a file of a pool
 * @pool: a pool whose buffer the caller has a reference to; the file takes its own
 *
 * Context: May sleep.
 * Return: the file, to be undone by fput() alone, or an ERR_PTR.
 */
struct file *carveout_pool_file_create(struct carveout_pool *pool)
{
	struct carveout_pool_file *pool_file;
	struct file *file;

	pool_file = kzalloc(sizeof(*pool_file), GFP_KERNEL_ACCOUNT);
	if (!pool_file)
		return ERR_PTR(-ENOMEM);
	pool_file->pool = pool;
	carveout_block_owner_init(&pool_file->owner);
	file = anon_inode_getfile("[carveout_pool]", &pool_file_fops, pool_file, O_RDWR);
	if (IS_ERR(file)) {
		kfree(pool_file);
		return file;
	}
	carveout_buf_get(pool->buf);
	carveout_object_born(CARVEOUT_OBJ_POOL_FILE);
	return file;
}
