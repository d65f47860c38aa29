// SPDX-License-Identifier: GPL-2.0
/*
 * Pool descriptors: open files through which processes acquire and release blocks.
 *
 * Each call that creates or opens a pool returns an open file of its own, a client of the
 * pool. It owns the blocks that are acquired through it or moved to it. The file lives as
 * long as a descriptor or a mapping of it, and its release frees the blocks that it still
 * owns. So the blocks of a dead process are freed, but not before the last process that
 * could write to them through its mapping has unmapped it.
 *
 * The file holds the buffer, and with it the pool and the heap, and the module.
 */

#include <linux/anon_inodes.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dma.h"
#include "../buf/dmabuf.h"
#include "../buf/mmap.h"
#include "../buf/pool.h"
#include "../buf/pool_buf.h"
#include "../buf/release.h"
#include "../buf/tags.h"
#include "../mem/claim.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "call.h"
#include "pool_file.h"

static_assert(sizeof(struct carveout_ioctl_pool_acquire) == CARVEOUT_POOL_ACQUIRE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_release) == CARVEOUT_POOL_RELEASE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_query) == CARVEOUT_POOL_QUERY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_destroy) ==
	      CARVEOUT_POOL_DESTROY_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_move) == CARVEOUT_POOL_MOVE_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_export) == CARVEOUT_POOL_EXPORT_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_sync) == CARVEOUT_POOL_SYNC_SIZE_VER0);
static_assert(sizeof(struct carveout_ioctl_pool_batch) == CARVEOUT_POOL_BATCH_SIZE_VER0);

/* === Commands ============================================================= */

/*
 * A process that has to wait is charged as a waiter, before it joins the queue. A ticket
 * means that it has to: it takes the place that it had.
 */
static int acquire_wait(struct carveout_call *call, ktime_t deadline,
			struct carveout_pool_block *block)
{
	struct carveout_pool_client *client = &call->pool_file->client;
	u64 *ticket = &call->arg.pool_acquire.ticket;
	int ret = -EAGAIN;

	if (!*ticket)
		ret = carveout_block_alloc(client, block);
	if (ret != -EAGAIN)
		return ret;
	ret = carveout_quota_charge_waiter(call->carveout);
	if (ret)
		return ret;
	ret = carveout_block_alloc_wait(client, deadline, TASK_INTERRUPTIBLE, ticket, block);
	carveout_quota_uncharge_waiter(call->carveout);
	return ret;
}

/*
 * A signal ends the wait, and the call may be restarted: it finds its ticket in the
 * argument.
 */
static int interrupted(struct carveout_call *call, int ret)
{
	if (ret != -ERESTARTSYS || !call->arg.pool_acquire.ticket)
		return ret;
	return CARVEOUT_REPLY(call, pool_acquire) ?: ret;
}

static int pool_acquire(struct carveout_call *call)
{
	struct carveout_pool_client *client = &call->pool_file->client;
	struct carveout_ioctl_pool_acquire *g = &call->arg.pool_acquire;
	bool nowait = g->flags & CARVEOUT_POOL_ACQUIRE_NOWAIT;
	struct carveout_pool_block block;
	int ret;

	if (g->flags & ~CARVEOUT_POOL_ACQUIRE_FLAGS ||
	    (nowait && (g->deadline || g->ticket)))
		return -EINVAL;
	if (nowait || call->nonblock)
		ret = carveout_block_alloc(client, &block);
	else
		ret = acquire_wait(call, min_t(u64, carveout_host_deadline(g->deadline),
					       KTIME_MAX), &block);
	if (ret)
		return interrupted(call, ret);
	g->index = block.index;
	g->serial = block.serial;
	g->offset = block.offset;
	ret = CARVEOUT_REPLY(call, pool_acquire);
	/* Other processes may keep the file open: its release would not free the block. */
	if (!ret && fatal_signal_pending(current))
		ret = -EINTR;
	/* No process learns the index of the block. */
	if (ret)
		carveout_block_free(client, block.index, block.serial);
	return ret;
}

static bool owns_pool(struct carveout_call *call)
{
	bool owned;

	mutex_lock(&call->carveout->registry_lock);
	owned = carveout_tag_owned(&call->pool_file->pool->buf->tag);
	mutex_unlock(&call->carveout->registry_lock);
	return owned;
}

static int pool_release(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_release *p = &call->arg.pool_release;
	struct carveout_pool *pool = call->pool_file->pool;
	u32 index, count = pool->blocks.count;
	int ret;

	if (p->flags & ~CARVEOUT_POOL_RELEASE_FLAGS || p->index >= count)
		return -EINVAL;
	index = array_index_nospec(p->index, count);
	ret = carveout_block_free(&call->pool_file->client, index, p->serial);
	if (ret != -EPERM || !(p->flags & CARVEOUT_POOL_RELEASE_ANY) || !owns_pool(call))
		return ret;
	return carveout_block_free_any(pool, index, p->serial);
}

/* The reply is written before the move, so that a move whose reply is lost is none. */
static int pool_move(struct carveout_call *call)
{
	struct carveout_ioctl_pool_move *m = &call->arg.pool_move;
	struct carveout_pool *pool = call->pool_file->pool;
	u32 count = pool->blocks.count;
	int ret;

	if (m->flags || m->index >= count)
		return -EINVAL;
	m->new_serial = carveout_block_new_serial(pool);
	ret = CARVEOUT_REPLY(call, pool_move);
	if (ret)
		return ret;
	return carveout_block_move(&call->pool_file->client,
				   array_index_nospec(m->index, count), m->serial, m->to,
				   m->new_serial);
}

static int pool_export(struct carveout_call *call)
{
	struct carveout_ioctl_pool_export *e = &call->arg.pool_export;
	struct dma_buf *dmabuf;
	int ret;

	if (e->flags || e->reserved)
		return -EINVAL;
	ret = carveout_check_fd_flags(call, e->fd_flags);
	if (ret)
		return ret;
	dmabuf = carveout_dmabuf_create(call->pool_file->pool->buf,
					(e->fd_flags & O_ACCMODE) == O_RDWR);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	return carveout_hand_out(call, dmabuf->file, NULL, e->fd_flags, &e->fd, sizeof(*e));
}

/*
 * The block need not belong to the caller: then the copy from a bounce buffer must not undo
 * the stores of its owner.
 */
static int pool_sync(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_sync *y = &call->arg.pool_sync;
	struct carveout_pool *pool = call->pool_file->pool;
	u32 index, flags = y->flags, count = pool->blocks.count;

	if (!y->flags || y->flags & ~CARVEOUT_SYNC_FLAGS || y->index >= count || !y->size ||
	    y->offset > pool->stride || y->size > pool->stride - y->offset)
		return -EINVAL;
	if (!carveout_claim_has_va(pool->buf->claim))
		return -EOPNOTSUPP;
	index = array_index_nospec(y->index, count);
	raw_spin_lock_irq(&pool->lock);
	if (!carveout_blocks_used(&pool->blocks, index) ||
	    pool->blocks.block[index].owner != &call->pool_file->client.owner)
		flags |= CARVEOUT_SYNC_MERGE;
	raw_spin_unlock_irq(&pool->lock);
	carveout_buf_sync_caches(pool->buf, index * pool->stride + y->offset, y->size, flags);
	return 0;
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
	carveout_fill_place(pool->buf, &q->offset, &q->generation, &q->region, &q->attrs);
	q->client = pool_file->client.id;
	raw_spin_lock_irq(&pool->lock);
	q->blocks = pool->blocks.count;
	q->free = pool->blocks.nr_free;
	q->high_water = pool->blocks.high;
	q->waiters = pool->nr_waiters;
	q->used_file = pool_file->client.owner.count;
	raw_spin_unlock_irq(&pool->lock);
	return CARVEOUT_REPLY(call, pool_query);
}

static int pool_destroy(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_destroy *d = &call->arg.pool_destroy;

	if (d->flags || d->reserved)
		return -EINVAL;
	return owns_pool(call) ? carveout_pool_buf_shutdown(call->pool_file->pool) : -EACCES;
}

#define COMMAND(NAME, SIZE, function) \
	[_IOC_NR(CARVEOUT_POOL_IOCTL_ ## NAME) - _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE)] = { \
		.cmd = CARVEOUT_POOL_IOCTL_ ## NAME, \
		.min_size = CARVEOUT_POOL_ ## SIZE ## _SIZE_VER0, \
		.call = function, \
	}

static const struct carveout_command commands[] = {
	COMMAND(ACQUIRE, ACQUIRE, pool_acquire),
	COMMAND(RELEASE, RELEASE, pool_release),
	COMMAND(QUERY, QUERY, pool_query),
	COMMAND(DESTROY, DESTROY, pool_destroy),
	COMMAND(MOVE, MOVE, pool_move),
	COMMAND(EXPORT, EXPORT, pool_export),
	COMMAND(SYNC, SYNC, pool_sync),
	COMMAND(ACQUIRE_BATCH, BATCH, carveout_do_acquire_batch),
	COMMAND(RELEASE_BATCH, BATCH, carveout_do_release_batch),
	COMMAND(MOVE_BATCH, BATCH, carveout_do_move_batch),
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
		.nonblock = file->f_flags & O_NONBLOCK,
		.uarg = (void __user *)arg,
	};

	return carveout_dispatch(&call, &pool_commands, cmd);
}

/* === Files ================================================================ */

/*
 * Readable while a block is free, an error if the pool is corrupted. A free looks for
 * pollers after it dropped the lock: either it finds this poller, or this poller finds the
 * block.
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
	else if (pool->blocks.corrupted)
		mask = EPOLLERR;
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

	carveout_pool_client_exit(&pool_file->client);
	kfree(pool_file);
	carveout_object_dec(CARVEOUT_OBJ_POOL_FILE);
	carveout_buf_put_sync(pool->buf);
	return 0;
}

/* For /proc/<pid>/fdinfo. */
static void pool_file_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct carveout_pool_file *pool_file = file->private_data;
	struct carveout_pool *pool = pool_file->pool;
	const struct carveout_buf *buf = pool->buf;
	u32 held, left;

	raw_spin_lock_irq(&pool->lock);
	held = pool_file->client.owner.count;
	left = pool->blocks.nr_free;
	raw_spin_unlock_irq(&pool->lock);
	seq_printf(m, "carveout-heap:\t%s\ncarveout-region:\t%u\n", buf->carveout->name,
		   buf->region);
	mutex_lock(&buf->carveout->registry_lock);
	seq_printf(m, "carveout-tag:\t%s\ncarveout-generation:\t%llu\n", buf->tag.name,
		   buf->generation);
	mutex_unlock(&buf->carveout->registry_lock);
	seq_printf(m, "carveout-client:\t%llu\ncarveout-blocks:\t%u\n",
		   pool_file->client.id, pool->blocks.count);
	seq_printf(m, "carveout-free:\t%u\ncarveout-held:\t%u\n", left, held);
}

static const struct file_operations pool_file_fops = {
	.owner = THIS_MODULE,
	.release = pool_file_release,
	.poll = pool_file_poll,
	.mmap = pool_file_mmap,
	.show_fdinfo = pool_file_show_fdinfo,
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
	file = anon_inode_getfile("[carveout_pool]", &pool_file_fops, pool_file, O_RDWR);
	if (IS_ERR(file)) {
		kfree(pool_file);
		return file;
	}
	__carveout_buf_get(pool->buf);
	carveout_pool_client_init(&pool_file->client, pool);
	carveout_object_inc(CARVEOUT_OBJ_POOL_FILE);
	return file;
}
