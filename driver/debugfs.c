// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: what the driver holds, for people and for tests. Not an interface
 * that programs may rely on. For root alone: it shows physical addresses.
 *
 *	carveout/objects	live objects of each kind
 *	carveout/<heap>/state	counters, and a hash over all regions and spans
 *	carveout/<heap>/regions	a line per region
 *	carveout/<heap>/spans	a line per span, in no order, and whose it is
 *	carveout/<heap>/buffers	a line per buffer
 *	carveout/<heap>/check	reading it checks the whole heap, and its pools
 *
 * The hash and the check walk the heap with its lock held. That takes long in
 * a large heap, which is why nothing but these two files does it.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "carveout_internal.h"
#include "cookie.h"
#include "pool.h"

atomic_t carveout_objects[CARVEOUT_NR_OBJECTS];

static const char * const object_names[] = {
	[CARVEOUT_OBJ_CLAIM] = "claims",
	[CARVEOUT_OBJ_CARVEOUT] = "heaps",
	[CARVEOUT_OBJ_DEVICE] = "devices",
	[CARVEOUT_OBJ_OPEN] = "opens",
	[CARVEOUT_OBJ_BUF] = "buffers",
	[CARVEOUT_OBJ_DMABUF] = "dmabufs",
	[CARVEOUT_OBJ_ATTACH] = "attachments",
	[CARVEOUT_OBJ_PARKED] = "parked",
	[CARVEOUT_OBJ_POOL] = "pools",
	[CARVEOUT_OBJ_POOL_FILE] = "poolfiles",
};

static_assert(ARRAY_SIZE(object_names) == CARVEOUT_NR_OBJECTS);

static struct dentry *root;

static int objects_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_NR_OBJECTS; i++)
		seq_printf(m, "%s %d\n", object_names[i],
			   atomic_read(&carveout_objects[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

static int state_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	const struct carveout_heap *heap = &carveout->heap;
	struct carveout_heap_stats stats;
	u64 size, used, high, pending, hash;
	u32 spans, holes;

	raw_spin_lock_irq(&carveout->lock);
	size = heap->size;
	used = heap->used;
	high = heap->high;
	spans = heap->nr_used;
	holes = heap->nr_holes;
	stats = heap->stats;
	pending = carveout->pending_bytes;
	hash = carveout_heap_hash(heap);
	raw_spin_unlock_irq(&carveout->lock);

	seq_printf(m, "size %llu\nused %llu\nhigh_water %llu\n", size, used, high);
	seq_printf(m, "spans %u\nholes %u\n", spans, holes);

	mutex_lock(&carveout->registry_lock);
	seq_printf(m, "buffers %u\ntags %u\n", carveout->nr_bufs,
		   carveout->nr_tags);
	mutex_unlock(&carveout->registry_lock);

	seq_printf(m, "charged %llu\n", carveout_quota_charged(carveout));
	seq_printf(m, "parked %d\nparked_bytes %llu\n",
		   atomic_read(&carveout->nr_parked),
		   (u64)atomic64_read(&carveout->parked_bytes));
	seq_printf(m, "pending_bytes %llu\n", pending);
	seq_printf(m, "references %u\n", kref_read(&carveout->ref));
	seq_printf(m, "hash %016llx\n", hash);
	seq_printf(m, "allocations %llu\nfrees %llu\n", stats.nr_alloc,
		   stats.nr_free);
	seq_printf(m, "failures_nospc %llu\nfailures_missed %llu\n",
		   stats.nr_nospc, stats.nr_missed);
	seq_printf(m, "failures_nomem %llu\n",
		   (u64)atomic64_read(&carveout->failures_nomem));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

static int regions_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	const struct carveout_region *region;
	unsigned int i;

	for (i = 0; i < carveout_nr_claims(carveout); i++) {
		u64 used, high, largest;
		u32 spans, holes;

		region = carveout->claim[i]->region;
		raw_spin_lock_irq(&carveout->lock);
		used = region->used;
		high = region->high;
		spans = region->nr_used;
		holes = region->nr_holes;
		largest = carveout_region_largest(&carveout->heap, i);
		raw_spin_unlock_irq(&carveout->lock);
		seq_printf(m, "%u base 0x%llx size %llu attrs 0x%08x used %llu high_water %llu largest_hole %llu spans %u holes %u name %s\n",
			   i, region->base, region->size,
			   region->attrs & CARVEOUT_ATTR_MASK, used,
			   high, largest, spans, holes,
			   carveout->claim[i]->range.name);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/* So many spans are looked at with the lock held. */
#define SPANS	8

/*
 * Whose a span is: of a buffer, see there; a driver's memory, and what for; or freed and
 * not scrubbed yet. The driver keeps the string only as long as the memory.
 */
static void span_purpose(const struct carveout_span_info *info, char *text, size_t size)
{
	const char *purpose = "";

	if (carveout_cookie_is_memory(info->cookie))
		purpose = carveout_cookie_purpose(info->cookie) ?: "memory";
	else if (info->used)
		purpose = info->cookie ? "(pending)" : "(buffer)";
	strscpy(text, purpose, size);
}

static int spans_show(struct seq_file *m, void *unused)
{
	char purpose[SPANS][CARVEOUT_NAME_LEN / 2];
	struct carveout *carveout = m->private;
	struct carveout_span_info info[SPANS];
	unsigned int i, n;
	u32 cursor = 0;

	while (cursor != CARVEOUT_SPANS_END) {
		raw_spin_lock_irq(&carveout->lock);
		n = carveout_heap_spans(&carveout->heap, &cursor, info, SPANS);
		for (i = 0; i < n; i++)
			span_purpose(&info[i], purpose[i], sizeof(purpose[i]));
		raw_spin_unlock_irq(&carveout->lock);
		for (i = 0; i < n; i++) {
			seq_printf(m, "%u 0x%llx %llu %s ", info[i].region,
				   info[i].start, info[i].size,
				   info[i].used ? "used" : "hole");
			seq_escape(m, purpose[i], "\\\n");
			seq_putc(m, '\n');
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spans);

static int buffers_show(struct seq_file *m, void *unused)
{
	static const struct carveout_viewer viewer = { .all = true, .phys = true };
	struct carveout *carveout = m->private;
	struct carveout_buffer b;
	u64 cursor = 0;

	while (carveout_describe_next(carveout, &cursor, &viewer, &b)) {
		seq_printf(m, "%llu region %u start 0x%llx size %llu refs %u uid %u gid %u mode %04o pid %u flags 0x%x tag '%s' comm '",
			   b.generation, b.region, b.phys, b.size, b.refs,
			   b.uid, b.gid, b.mode, b.pid, b.flags, b.tag);
		/* A program names itself as it likes. */
		seq_escape(m, b.comm, " '\\\t\n");
		seq_printf(m, "' label '%s'\n", b.label);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/* The buffer of the first pool that is damaged, or NULL. */
static const struct carveout_buf *damaged_pool_locked(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long index;
	int ret;

	lockdep_assert_held(&carveout->registry_lock);
	xa_for_each(&carveout->bufs, index, buf) {
		if (!buf->pool)
			continue;
		raw_spin_lock_irq(&buf->pool->lock);
		ret = carveout_blocks_validate(&buf->pool->blocks);
		raw_spin_unlock_irq(&buf->pool->lock);
		if (ret)
			return buf;
	}
	return NULL;
}

static void check_pools(struct seq_file *m, struct carveout *carveout)
{
	const struct carveout_buf *buf;

	mutex_lock(&carveout->registry_lock);
	buf = damaged_pool_locked(carveout);
	if (buf)
		seq_printf(m, "broken: pool '%s' (generation %llu)\n", buf->tag.name,
			   buf->generation);
	else
		seq_puts(m, "ok\n");
	mutex_unlock(&carveout->registry_lock);
}

static int check_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct carveout_report report;
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_validate(&carveout->heap, &report);
	raw_spin_unlock_irq(&carveout->lock);

	if (ret)
		seq_printf(m, "broken: %s (region %u, span %u)\n",
			   carveout_report_string(&report), report.region,
			   report.index);
	else
		check_pools(m, carveout);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/**
 * carveout_debugfs_add() - show a heap
 * @carveout: the heap
 * @name: of its folder
 *
 * Context: May sleep.
 */
void carveout_debugfs_add(struct carveout *carveout, const char *name)
{
	struct dentry *dir = debugfs_create_dir(name, root);

	debugfs_create_file("state", 0400, dir, carveout, &state_fops);
	debugfs_create_file("regions", 0400, dir, carveout, &regions_fops);
	debugfs_create_file("spans", 0400, dir, carveout, &spans_fops);
	debugfs_create_file("buffers", 0400, dir, carveout, &buffers_fops);
	debugfs_create_file("check", 0400, dir, carveout, &check_fops);
	carveout->debugfs = dir;
}

/**
 * carveout_debugfs_remove() - undo carveout_debugfs_add()
 * @carveout: the heap; nobody reads its files any more on return
 *
 * Context: May sleep.
 */
void carveout_debugfs_remove(struct carveout *carveout)
{
	debugfs_remove_recursive(carveout->debugfs);
}

/**
 * carveout_debugfs_init() - make the driver's folder
 *
 * Context: May sleep.
 */
void carveout_debugfs_init(void)
{
	root = debugfs_create_dir("carveout", NULL);
	debugfs_create_file("objects", 0400, root, NULL, &objects_fops);
}

/**
 * carveout_debugfs_exit() - remove the driver's folder
 *
 * Context: May sleep.
 */
void carveout_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
