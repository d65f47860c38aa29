// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: the holders of buffers, and the clients of pools with their blocks.
 *
 *	carveout/<heap>/holders	a line per buffer, and one per device that it is attached to
 *	carveout/<heap>/pools	a line per pool, one per client, and one per range of blocks
 *
 * A line is read with the locks held and printed without them. No reference is taken, so
 * that a reader never holds a buffer of another user: the next line looks the buffer up
 * again. The lines are therefore not of one moment. A process that opens pools in a loop does
 * not keep a reader: clients that join after the first line of a pool are not shown, and a
 * signal that kills the reader ends the file.
 */

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/dma.h"
#include "../buf/pool.h"
#include "debugfs_holders.h"

/* Blocks that are looked at with one critical section. */
#define BLOCKS	1024

/* A buffer, with its references. */
struct holders {
	u64 id;
	u64 generation;
	char tag[CARVEOUT_NAME_LEN];
	u32 refs;
	u32 files;
	bool persist;
	bool pool;
};

/* A device that a buffer is attached to. */
struct device_use {
	char name[64];
	bool mapped;
};

struct pool_counters {
	u64 stride;
	u32 blocks;
	u32 free;
	u32 high;
	u32 waiters;
	int error;
	bool corrupted;
};

/* A client of a pool, with the number of its blocks. @last is the id of the last to show. */
struct client {
	u64 id;
	u64 last;
	u32 held;
};

/* Adjacent blocks of one client. */
struct block_range {
	u64 client;
	u32 first;
	u32 count;
};

/* === Buffers ============================================================== */

static void fill_holders_locked(const struct carveout_buf *buf, struct holders *h)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	memset(h, 0, sizeof(*h));
	h->id = buf->id;
	h->generation = buf->generation;
	if (buf->tag.linked) {
		strscpy(h->tag, buf->tag.name, sizeof(h->tag));
		h->persist = buf->tag.persist;
	}
	h->refs = kref_read(&buf->ref);
	h->files = atomic_read(&buf->nr_files);
	h->pool = buf->pool;
}

/* The next buffer of a heap; its id is 0 to start. */
static bool next_holders(struct carveout *carveout, struct holders *h)
{
	const struct carveout_buf *buf;
	unsigned long index = h->id;

	mutex_lock(&carveout->registry_lock);
	do
		buf = xa_find_after(&carveout->bufs, &index, ULONG_MAX, XA_PRESENT);
	while (buf && buf->state == CARVEOUT_BUF_ENDING);
	if (buf)
		fill_holders_locked(buf, h);
	mutex_unlock(&carveout->registry_lock);
	return buf;
}

/* The buffer stays while the lock is held, also without a reference. */
static struct carveout_buf *find_locked(struct carveout *carveout, u64 id)
{
	lockdep_assert_held(&carveout->registry_lock);
	return xa_load(&carveout->bufs, id);
}

/* Do not wait for the lock: its holder may map the buffer, which takes long. */
static bool read_device(struct carveout_buf *buf, unsigned int index, struct device_use *use)
{
	const struct carveout_mapping *mapping;
	bool found = false;

	if (!mutex_trylock(&buf->attach_lock))
		return false;
	list_for_each_entry(mapping, &buf->attachments, node) {
		if (index--)
			continue;
		strscpy(use->name, dev_name(mapping->dev), sizeof(use->name));
		use->mapped = mapping->dir != DMA_NONE;
		found = true;
		break;
	}
	mutex_unlock(&buf->attach_lock);
	return found;
}

/* The device with this index in the list of a buffer. */
static bool find_device(struct carveout *carveout, u64 id, unsigned int index,
			struct device_use *use)
{
	struct carveout_buf *buf;
	bool found;

	mutex_lock(&carveout->registry_lock);
	buf = find_locked(carveout, id);
	found = buf && read_device(buf, index, use);
	mutex_unlock(&carveout->registry_lock);
	return found;
}

/* === Pools ================================================================ */

/* The pool with this id, which stays until release_pool(), or NULL. */
static struct carveout_pool *hold_pool(struct carveout *carveout, u64 id)
{
	const struct carveout_buf *buf;

	mutex_lock(&carveout->registry_lock);
	buf = find_locked(carveout, id);
	if (!buf || !buf->pool) {
		mutex_unlock(&carveout->registry_lock);
		return NULL;
	}
	return buf->pool;
}

static void release_pool(struct carveout_pool *pool)
{
	mutex_unlock(&pool->carveout->registry_lock);
	/* A pool may have many clients and ranges. */
	cond_resched();
}

static bool read_pool(struct carveout *carveout, u64 id, struct pool_counters *c)
{
	struct carveout_pool *pool = hold_pool(carveout, id);

	if (!pool)
		return false;
	raw_spin_lock_irq(&pool->lock);
	c->stride = pool->stride;
	c->blocks = pool->blocks.count;
	c->free = pool->blocks.nr_free;
	c->high = pool->blocks.high;
	c->waiters = pool->nr_waiters;
	c->error = pool->error;
	c->corrupted = pool->blocks.corrupted;
	raw_spin_unlock_irq(&pool->lock);
	release_pool(pool);
	return true;
}

static const struct carveout_pool_client *client_after(const struct carveout_pool *pool,
						       u64 id)
{
	const struct carveout_pool_client *client, *found = NULL;
	const struct rb_node *node = pool->clients.rb_node;

	lockdep_assert_held(&pool->lock);
	while (node) {
		client = rb_entry(node, struct carveout_pool_client, node);
		if (client->id > id)
			found = client;
		node = client->id > id ? node->rb_left : node->rb_right;
	}
	return found;
}

/* The next client of a pool; its id is 0 to start. */
static bool next_client(struct carveout *carveout, u64 id, struct client *c)
{
	struct carveout_pool *pool = hold_pool(carveout, id);
	const struct carveout_pool_client *client;

	if (!pool)
		return false;
	raw_spin_lock_irq(&pool->lock);
	if (!c->id)
		c->last = pool->last_client;
	client = client_after(pool, c->id);
	if (client && client->id > c->last)
		client = NULL;
	if (client) {
		c->id = client->id;
		c->held = client->owner.count;
	}
	raw_spin_unlock_irq(&pool->lock);
	release_pool(pool);
	return client;
}

/* Id of the client that owns a block, 0 for a free one. */
static u64 owner_of(const struct carveout_pool *pool, u32 index)
{
	struct carveout_block_owner *owner;

	if (!carveout_blocks_used(&pool->blocks, index))
		return 0;
	owner = pool->blocks.block[index].owner;
	return container_of(owner, struct carveout_pool_client, owner)->id;
}

/*
 * Look for the start of a range, or its end, at some blocks. Return true if it may be further
 * behind. In a corrupted pool an owner may have been freed.
 */
static bool scan_locked(const struct carveout_pool *pool, struct block_range *range)
{
	unsigned int left = BLOCKS;
	u64 client;
	u32 i;

	lockdep_assert_held(&pool->lock);
	if (pool->blocks.corrupted)
		return false;
	for (i = range->first + range->count; i < pool->blocks.fresh && left; i++, left--) {
		client = owner_of(pool, i);
		if (range->count && client != range->client)
			return false;
		range->client = client;
		if (client)
			range->count++;
		else
			range->first = i + 1;
	}
	return !left;
}

/* The next range of blocks of a pool; it is all 0 to start. */
static bool next_range(struct carveout *carveout, u64 id, struct block_range *range)
{
	struct carveout_pool *pool;
	bool more;

	range->first += range->count;
	range->count = 0;
	do {
		pool = hold_pool(carveout, id);
		if (!pool)
			break;
		raw_spin_lock_irq(&pool->lock);
		more = scan_locked(pool, range);
		raw_spin_unlock_irq(&pool->lock);
		release_pool(pool);
	} while (more);
	return range->count;
}

/* === Files ================================================================ */

/* The file is read again with more room, or not at all. */
static bool is_over(struct seq_file *m)
{
	return seq_has_overflowed(m) || fatal_signal_pending(current);
}

static unsigned int count_clients(struct carveout *carveout, u64 id)
{
	struct client client = { };
	unsigned int count = 0;

	while (next_client(carveout, id, &client))
		count++;
	return count;
}

static void show_devices(struct seq_file *m, struct carveout *carveout,
			 const struct holders *h)
{
	struct device_use use;
	unsigned int i;

	for (i = 0; !is_over(m) && find_device(carveout, h->id, i, &use); i++)
		seq_printf(m, "%llu device %s mapped %d\n", h->generation, use.name,
			   use.mapped);
}

static int holders_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct holders h = { };

	while (!is_over(m) && next_holders(carveout, &h)) {
		seq_printf(m, "%llu refs %u files %u clients %u persist %d tag '%s'\n",
			   h.generation, h.refs, h.files,
			   h.pool ? count_clients(carveout, h.id) : 0, h.persist, h.tag);
		show_devices(m, carveout, &h);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(holders);

static void show_clients(struct seq_file *m, struct carveout *carveout,
			 const struct holders *h)
{
	struct client client = { };
	struct block_range range = { };

	while (!is_over(m) && next_client(carveout, h->id, &client))
		seq_printf(m, "%llu client %llu held %u\n", h->generation, client.id,
			   client.held);
	while (!is_over(m) && next_range(carveout, h->id, &range))
		seq_printf(m, "%llu blocks %u-%u client %llu\n", h->generation, range.first,
			   range.first + range.count - 1, range.client);
}

static int pools_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct pool_counters c;
	struct holders h = { };

	while (!is_over(m) && next_holders(carveout, &h)) {
		if (!h.pool || !read_pool(carveout, h.id, &c))
			continue;
		seq_printf(m, "%llu block_size %llu blocks %u free %u high_water %u waiters %u error %d corrupted %d tag '%s'\n",
			   h.generation, c.stride, c.blocks, c.free, c.high, c.waiters,
			   c.error, c.corrupted, h.tag);
		show_clients(m, carveout, &h);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pools);

/**
 * carveout_debugfs_add_holders() - Create the files of the holders
 * @carveout: the heap
 * @dir: folder of the heap
 *
 * Context: Process context. May sleep.
 */
void carveout_debugfs_add_holders(struct carveout *carveout, struct dentry *dir)
{
	debugfs_create_file("holders", 0400, dir, carveout, &holders_fops);
	debugfs_create_file("pools", 0400, dir, carveout, &pools_fops);
}
