// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: several blocks of a pool in one call.
 *
 * A batch has the same effect as single calls for its entries, up to the first that fails.
 * The pool's lock is taken for each block, so that a batch does not make a critical section
 * longer. The reply is written before a block is released or moved, as for a single block,
 * and once more if the batch ends early. A copy of the entries is in kernel memory, because
 * the caller can change its own at any time.
 */

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../carveout_internal.h"
#include "../buf/pool.h"
#include "call.h"
#include "pool_file.h"

static_assert(sizeof(struct carveout_pool_ref) == 24);

static int check_batch(const struct carveout_ioctl_pool_batch *b)
{
	return b->flags || !b->count || b->count > CARVEOUT_POOL_BATCH_MAX ? -EINVAL : 0;
}

/* Copy @count entries to the caller, from the entry @first on. */
static int write_refs(const struct carveout_call *call, const struct carveout_pool_ref *refs,
		      u32 first, u32 count)
{
	struct carveout_pool_ref __user *uref = u64_to_user_ptr(call->arg.pool_batch.refs);

	return copy_to_user(uref + first, refs + first, count * sizeof(*refs)) ? -EFAULT : 0;
}

/* The entries of the caller, to be freed with kfree(); or an ERR_PTR. */
static struct carveout_pool_ref *read_refs(const struct carveout_call *call)
{
	const struct carveout_ioctl_pool_batch *b = &call->arg.pool_batch;

	return memdup_user(u64_to_user_ptr(b->refs), b->count * sizeof(struct carveout_pool_ref));
}

/* The end of a batch of which @count blocks are done: @ret is the error of the next one. */
static int end_early(struct carveout_call *call, u32 count, int ret)
{
	if (!count)
		return ret;
	call->arg.pool_batch.count = count;
	return CARVEOUT_REPLY(call, pool_batch);
}

/* The index of an entry, safe to be used; or an error. */
static int ref_index(const struct carveout_pool *pool, const struct carveout_pool_ref *ref)
{
	u32 count = pool->blocks.count;

	if (ref->reserved || ref->index >= count)
		return -EINVAL;
	return array_index_nospec(ref->index, count);
}

/* === Acquiring ============================================================ */

/* Return the number of blocks, or the error if there is none. */
static int acquire_free(struct carveout_pool_client *client, struct carveout_pool_ref *refs,
			u32 count)
{
	struct carveout_pool_block block;
	u32 n;
	int ret;

	for (n = 0; n < count; n++) {
		ret = carveout_block_alloc(client, &block);
		if (ret)
			return n ?: ret;
		refs[n].serial = block.serial;
		refs[n].offset = block.offset;
		refs[n].index = block.index;
	}
	return n;
}

static void free_refs(struct carveout_pool_client *client,
		      const struct carveout_pool_ref *refs, u32 count)
{
	while (count--)
		carveout_block_free(client, refs[count].index, refs[count].serial);
}

/**
 * carveout_do_acquire_batch() - Handle CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH
 * @call: the call
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_acquire_batch(struct carveout_call *call)
{
	struct carveout_pool_client *client = &call->pool_file->client;
	struct carveout_ioctl_pool_batch *b = &call->arg.pool_batch;
	struct carveout_pool_ref *refs;
	int ret = check_batch(b);

	if (ret || b->to)
		return ret ?: -EINVAL;
	refs = kcalloc(b->count, sizeof(*refs), GFP_KERNEL);
	if (!refs)
		return -ENOMEM;
	ret = acquire_free(client, refs, b->count);
	if (ret > 0) {
		b->count = ret;
		ret = write_refs(call, refs, 0, b->count) ?: CARVEOUT_REPLY(call, pool_batch);
		/* Other processes may keep the file open: its release would not free them. */
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			free_refs(client, refs, b->count);
	}
	kfree(refs);
	return ret;
}

/* === Releasing ============================================================ */

static int release_ref(struct carveout_pool_file *file, const struct carveout_pool_ref *ref)
{
	int index = ref_index(file->pool, ref);

	return index < 0 ? index : carveout_block_free(&file->client, index, ref->serial);
}

/**
 * carveout_do_release_batch() - Handle CARVEOUT_POOL_IOCTL_RELEASE_BATCH
 * @call: the call
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_release_batch(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_batch *b = &call->arg.pool_batch;
	struct carveout_pool_ref *refs;
	int ret = check_batch(b);
	u32 n;

	if (ret || b->to)
		return ret ?: -EINVAL;
	refs = read_refs(call);
	if (IS_ERR(refs))
		return PTR_ERR(refs);
	ret = CARVEOUT_REPLY(call, pool_batch);
	for (n = 0; !ret && n < b->count; n += !ret)
		ret = release_ref(call->pool_file, &refs[n]);
	if (ret)
		ret = end_early(call, n, ret);
	kfree(refs);
	return ret;
}

/* === Moving =============================================================== */

static int move_ref(struct carveout_call *call, const struct carveout_pool_ref *ref,
		    u64 new_serial)
{
	struct carveout_pool_file *file = call->pool_file;
	int index = ref_index(file->pool, ref);

	return index < 0 ? index : carveout_block_move(&file->client, index, ref->serial,
						       call->arg.pool_batch.to, new_serial);
}

/* Move the blocks @refs, whose next owner knows them by the serials of @moved. */
static int move_refs(struct carveout_call *call, const struct carveout_pool_ref *refs,
		     struct carveout_pool_ref *moved)
{
	u32 count = call->arg.pool_batch.count, n;
	int ret;

	for (n = 0; n < count; n++)
		moved[n].serial = carveout_block_new_serial(call->pool_file->pool);
	ret = write_refs(call, moved, 0, count) ?: CARVEOUT_REPLY(call, pool_batch);
	for (n = 0; !ret && n < count; n += !ret)
		ret = move_ref(call, &refs[n], moved[n].serial);
	if (!ret)
		return 0;
	/* The others have their old serials still. */
	return write_refs(call, refs, n, count - n) ?: end_early(call, n, ret);
}

/**
 * carveout_do_move_batch() - Handle CARVEOUT_POOL_IOCTL_MOVE_BATCH
 * @call: the call
 *
 * Context: Process context. May sleep. Takes pool->lock.
 * Return: 0, or an error as in <uapi/linux/carveout.h>.
 */
int carveout_do_move_batch(struct carveout_call *call)
{
	const struct carveout_ioctl_pool_batch *b = &call->arg.pool_batch;
	struct carveout_pool_ref *refs, *moved;
	int ret = check_batch(b);

	if (ret)
		return ret;
	refs = read_refs(call);
	if (IS_ERR(refs))
		return PTR_ERR(refs);
	moved = kmemdup(refs, b->count * sizeof(*refs), GFP_KERNEL);
	ret = moved ? move_refs(call, refs, moved) : -ENOMEM;
	kfree(moved);
	kfree(refs);
	return ret;
}
