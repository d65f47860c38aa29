// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of a device node that create and find pools.
 *
 * A request for a pool is checked as one for a buffer, except for its size, and the
 * descriptor is returned in the same order: see ioctl_buf.c. The descriptor itself is in
 * pool_file.c.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "../../lib/tag.h"
#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/lookup.h"
#include "../buf/pool.h"
#include "../buf/pool_buf.h"
#include "../buf/release.h"
#include "ioctl.h"
#include "pool_file.h"

static_assert(!(CARVEOUT_POOL_FLAGS & ~CARVEOUT_ALLOC_FLAGS));

/* Convert the request to one for a buffer of any size. */
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

/* @spec refers to @a, the request as one for a buffer. */
static void fill_spec(const struct carveout_call *call, struct carveout_ioctl_alloc *a,
		      struct carveout_pool_spec *spec)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;

	as_alloc(p, a);
	carveout_alloc_spec(call, a, &spec->buf);
	/* The alignment is that of each block, which may be less than a page. */
	spec->buf.request.align = p->align;
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
	return carveout_pool_measure(call->carveout, &spec, &stride, &size);
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
	carveout_fill_place(buf, &p->offset, &p->generation, &p->region, &p->attrs);
	p->created = fresh ? CARVEOUT_ALLOC_CREATED : 0;
	file = carveout_pool_file_create(pool);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return carveout_hand_out(call, file, fresh ? buf : NULL, p->fd_flags, &p->fd,
				 sizeof(*p));
}

static int create_pool(struct carveout_call *call)
{
	struct carveout_pool_spec spec;
	struct carveout_ioctl_alloc a;
	struct carveout_pool *pool;
	int ret;

	fill_spec(call, &a, &spec);
	pool = carveout_pool_buf_create(call->carveout, call->account, &spec);
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

	buf = carveout_call_lookup(call, p->tag, CARVEOUT_LOOKUP_WRITE, false, 0);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	fill_spec(call, &a, &spec);
	if (carveout_pool_satisfies(buf, &spec))
		ret = create_reply(call, buf->pool, false);
	carveout_buf_put_sync(buf);
	return ret;
}

/**
 * carveout_do_pool_create() - Handle CARVEOUT_IOCTL_POOL_CREATE
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_pool_create(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_create *p = &call->arg.pool_create;

	return check_create(call) ?:
	       carveout_alloc_or_open(call, p->tag, p->flags, create_pool, open_pool);
}

static int open_reply(struct carveout_call *call, struct carveout_pool *pool)
{
	struct carveout_ioctl_pool_open *o = &call->arg.pool_open;
	struct carveout_buf *buf = pool->buf;
	struct file *file;

	o->block_size = pool->stride;
	o->count = pool->blocks.count;
	o->size = buf->size;
	carveout_fill_place(buf, &o->offset, &o->generation, &o->region, &o->attrs);
	file = carveout_pool_file_create(pool);
	if (IS_ERR(file))
		return PTR_ERR(file);
	return carveout_hand_out(call, file, NULL, o->fd_flags, &o->fd, sizeof(*o));
}

/**
 * carveout_do_pool_open() - Handle CARVEOUT_IOCTL_POOL_OPEN
 * @call: the call
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_pool_open(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_open *o = &call->arg.pool_open;
	bool wait = o->flags & CARVEOUT_OPEN_WAIT;
	struct carveout_buf *buf;
	int ret;

	if (o->flags & ~CARVEOUT_OPEN_FLAGS || (o->deadline && !wait) ||
	    (o->fd_flags & O_ACCMODE) != O_RDWR || carveout_tag_check(o->tag))
		return -EINVAL;
	ret = carveout_check_fd_flags(call, o->fd_flags);
	if (ret)
		return ret;
	buf = carveout_call_lookup(call, o->tag, CARVEOUT_LOOKUP_WRITE, wait, o->deadline);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = buf->pool ? open_reply(call, buf->pool) : -EINVAL;
	carveout_buf_put_sync(buf);
	return ret;
}
