// SPDX-License-Identifier: GPL-2.0
/*
 * Pool descriptors: open files through which processes acquire and release blocks.
 *
 * Each call that creates or opens a pool returns an open file of its own, which owns the
 * blocks that are acquired through it. The file lives as long as a descriptor or a
 * mapping of it, and its release frees the blocks that it still owns. So the blocks of a
 * dead process are freed, but not before the last process that could write to them
 * through its mapping has unmapped it.
 *
 * The file holds the buffer, and with it the pool and the heap, and the module.
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

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/mmap.h"
#include "../buf/pool.h"
#include "../buf/pool_buf.h"
#include "../buf/release.h"
#include "../buf/tags.h"
#include "../mem/objects.h"
#include "call.h"
#include "pool_file.h"

static_assert(sizeof(struct carveout_ioctl_pool_acquire) == CARVEOUT_POOL_ACQUIRE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_release) == CARVEOUT_POOL_RELEASE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_query) == CARVEOUT_POOL_QUERY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_destroy) ==
	      CARVEOUT_POOL_DESTROY_SIZE_VER0);

/**
 * struct carveout_pool_file - an open file of a pool
 * @pool: the pool; the file has a reference to its buffer (invariant)
 * @owner: its blocks; carveout_pool.lock
 */
struct carveout_pool_file {
	struct carveout_pool *pool;
	struct carveout_block_owner owner;
};

/* === Commands ============================================================= */

static int pool_acquire(struct carveout_call *call)
{
	struct carveout_pool_file *pool_file = call->pool_file;
	struct carveout_ioctl_pool_acquire *g = &call->arg.pool_acquire;
	struct carveout_pool *pool = pool_file->pool;
	bool nowait = g->flags & CARVEOUT_POOL_ACQUIRE_NOWAIT;
	int ret;

	if (g->flags & ~CARVEOUT_POOL_ACQUIRE_FLAGS || (nowait && g->deadline))
		return -EINVAL;
	if (nowait)
		ret = carveout_block_alloc(pool, &pool_file->owner, &g->index);
	else
		ret = carveout_block_alloc_wait(pool, &pool_file->owner,
						min_t(u64, g->deadline, KTIME_MAX),
						TASK_INTERRUPTIBLE, &g->index);
	if (ret)
		return ret;
	g->offset = g->index * pool->stride;
	ret = CARVEOUT_REPLY(call, pool_acquire);
	/* Other processes may keep the file open: its release would not free the block. */
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	/* No process knows of the block, or will know. */
	if (ret)
		carveout_block_free_owned(pool, g->index, &pool_file->owner);
	return ret;
}

static int pool_release(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_release *p = &call->arg.pool_release;
	struct carveout_pool *pool = call->pool_file->pool;
	u32 count = pool->blocks.count;

	if (p->flags || p->index >= count)
		return -EINVAL;
	return carveout_block_free(pool, array_index_nospec(p->index, count));
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
	q->used_file = pool_file->owner.count;
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
	return owned ? carveout_pool_buf_shutdown(pool) : -EACCES;
}

#define COMMAND(NAME, function) \
	[_IOC_NR(CARVEOUT_POOL_IOCTL_ ## NAME) - _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE)] = { \
		.cmd = CARVEOUT_POOL_IOCTL_ ## NAME, \
		.min_size = CARVEOUT_POOL_ ## NAME ## _SIZE_VER0, \
		.call = function, \
	}

static const struct carveout_command commands[] = {
	COMMAND(ACQUIRE, pool_acquire),
	COMMAND(RELEASE, pool_release),
	COMMAND(QUERY, pool_query),
	COMMAND(DESTROY, pool_destroy),
};

static long pool_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const struct carveout_commands pool_commands = {
		.command = commands,
		.first = _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE),
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
 * Readable while a block is free. A free looks for pollers after it dropped the lock:
 * either it finds this poller, or this poller finds the block.
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

	carveout_block_free_all(pool, &pool_file->owner);
	kfree(pool_file);
	carveout_object_dec(CARVEOUT_OBJ_POOL_FILE);
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
 * carveout_pool_file_create() - Create an open file of a pool
 * @pool: a pool whose buffer the caller has a reference to; the file takes its own
 *
 * Context: Process context. May sleep.
 * Return: the file, for which fput() is the only clean-up; or an ERR_PTR.
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
	__carveout_buf_get(pool->buf);
	carveout_object_inc(CARVEOUT_OBJ_POOL_FILE);
	return file;
}
