// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a heap's node that make and find pools.
 *
 * A pool is asked for as a buffer is, but for its size, and handed out in the same
 * order; see ioctl_buf.c. Its descriptor is in pool_file.c.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "ioctl.h"
#include "pool.h"
#include "../lib/tag.h"

static_assert(!(CARVEOUT_POOL_FLAGS & ~CARVEOUT_ALLOC_FLAGS));

/* What is asked for, as a buffer of any size. */
static void as_alloc(const struct carveout_ioctl_pool_create *p,
		     struct carveout_ioctl_alloc *a)
{
	*a = (struct carveout_ioctl_alloc) {
		.size = 1,
		.align = p->align,
		.max_addr = p->max_addr,
		.regions = p->regions,
		.require = p->require,
		.forbid = p->forbid,
		.flags = p->flags,
		.fd_flags = p->fd_flags,
		.mode = p->mode,
	};
	memcpy(a->tag, p->tag, sizeof(a->tag));
	memcpy(a->label, p->label, sizeof(a->label));
}

/* @a is what is asked for as a buffer, which @spec refers to. */
static void fill_spec(const struct carveout_call *call, struct carveout_ioctl_alloc *a,
		      struct carveout_pool_spec *spec)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;

	as_alloc(p, a);
	carveout_alloc_spec(call, a, &spec->buf);
	/* For a pool it is that of each block, which may be less than a page. */
	spec->buf.req.align = p->align;
	spec->block_size = p->block_size;
	spec->count = p->count;
}

static int check_create(const struct carveout_call *call)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;
	struct carveout_pool_spec spec;
	struct carveout_ioctl_alloc a;
	u64 stride, size;
	int ret;

	if (p->flags & ~CARVEOUT_POOL_FLAGS || (p->fd_flags & O_ACCMODE) != O_RDWR)
		return -EINVAL;
	as_alloc(p, &a);
	ret = carveout_alloc_check(call, &a);
	if (ret)
		return ret;
	fill_spec(call, &a, &spec);
	return carveout_pool_measure(&spec, &stride, &size);
}

/* Fill in the reply to a creation and hand the pool out. */
static int create_reply(struct carveout_call *call, struct carveout_pool *pool,
			bool fresh)
{
	struct carveout_ioctl_pool_create *p = &call->arg.pool_create;
	struct carveout_buf *buf = pool->buf;
	struct file *file;

	p->block_size = pool->stride;
	p->count = pool->blocks.count;
	p->size = buf->size;
	p->offset = carveout_buf_offset(buf);
	p->generation = buf->generation;
	p->region = buf->region;
	p->attrs = carveout_buf_attrs(buf);
	p->created = fresh ? CARVEOUT_ALLOC_CREATED : 0;
	file = carveout_pool_file_create(pool);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return carveout_hand_out(call, file, fresh ? buf : NULL, p->fd_flags, &p->fd,
				 sizeof(*p));
}

static int make_pool(struct carveout_call *call)
{
	struct carveout_pool_spec spec;
	struct carveout_ioctl_alloc a;
	struct carveout_pool *pool;
	int ret;

	fill_spec(call, &a, &spec);
	pool = carveout_pool_make(call->carveout, call->open, &spec);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	ret = create_reply(call, pool, true);
	carveout_buf_put_sync(pool->buf);
	return ret;
}

static int open_pool(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;
	struct carveout_pool_spec spec;
	struct carveout_ioctl_alloc a;
	struct carveout_buf *buf;
	int ret = -EEXIST;

	buf = carveout_open_or_wait(call, p->tag, true, false, 0);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	fill_spec(call, &a, &spec);
	if (carveout_pool_satisfies(buf, &spec))
		ret = create_reply(call, buf->pool, false);
	carveout_buf_put_sync(buf);
	return ret;
}

/**
 * carveout_ioctl_pool_create() - CARVEOUT_IOCTL_POOL_CREATE
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_pool_create(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;

	return check_create(call) ?:
	       carveout_make_or_open(call, p->tag, p->flags, make_pool, open_pool);
}

static int open_reply(struct carveout_call *call, struct carveout_pool *pool)
{
	struct carveout_ioctl_pool_open *o = &call->arg.pool_open;
	struct carveout_buf *buf = pool->buf;
	struct file *file;

	o->block_size = pool->stride;
	o->count = pool->blocks.count;
	o->size = buf->size;
	o->offset = carveout_buf_offset(buf);
	o->generation = buf->generation;
	o->region = buf->region;
	o->attrs = carveout_buf_attrs(buf);
	file = carveout_pool_file_create(pool);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return carveout_hand_out(call, file, NULL, o->fd_flags, &o->fd, sizeof(*o));
}

/**
 * carveout_ioctl_pool_open() - CARVEOUT_IOCTL_POOL_OPEN
 * @call: the call
 *
 * Context: Process context, may sleep.
 * Return: 0, or what <uapi/linux/carveout.h> says.
 */
int carveout_ioctl_pool_open(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_open *o = &call->arg.pool_open;
	bool wait = o->flags & CARVEOUT_OPEN_WAIT;
	struct carveout_buf *buf;
	int ret;

	if (o->flags & ~CARVEOUT_OPEN_FLAGS || (o->deadline && !wait) ||
	    (o->fd_flags & O_ACCMODE) != O_RDWR || carveout_tag_name_valid(o->tag))
		return -EINVAL;
	ret = carveout_check_fd_flags(call, o->fd_flags);
	if (ret)
		return ret;
	buf = carveout_open_or_wait(call, o->tag, true, wait, o->deadline);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = buf->pool ? open_reply(call, buf->pool) : -EINVAL;
	carveout_buf_put_sync(buf);
	return ret;
}
