// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: the state of the driver, for people and for tests. It is no interface
 * for programs. Only root has access, because it shows physical addresses.
 *
 *	carveout/objects	live objects of each kind
 *	carveout/<heap>/state	counters, a hash over all regions and spans, parked buffers
 *	carveout/<heap>/regions	a line per region
 *	carveout/<heap>/spans	a line per span, in no order, with its purpose
 *	carveout/<heap>/histogram	a line per power of two, with the spans of that size
 *	carveout/<heap>/buffers	a line per buffer, parked ones as well
 *	carveout/<heap>/holders	the holders of each buffer: debugfs_holders.c
 *	carveout/<heap>/pools	the clients of each pool, and their blocks: debugfs_holders.c
 *	carveout/<heap>/check	reading it checks the whole heap, and its pools
 *
 * The hash and the check walk the heap with its lock held. That takes long in
 * a large heap, so only these two files do it. Pools are checked in parts.
 */

#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/time64.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/info.h"
#include "../buf/pool.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "../mem/stats.h"
#include "debugfs.h"
#include "debugfs_holders.h"

static struct dentry *root;

/*
 * A program chooses its name, and a driver its texts: only printable ASCII is shown as it
 * is, so that no text controls a terminal or starts a line. Quotes and the backslash are
 * escaped, so that a quoted text ends where it seems to end.
 */
static void show_text(struct seq_file *m, const char *text)
{
	seq_escape_str(m, text, ESCAPE_OCTAL | ESCAPE_NAP | ESCAPE_APPEND, "\\'\"");
}

static int objects_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < CARVEOUT_NR_OBJECTS; i++)
		seq_printf(m, "%s %d\n", carveout_object_names[i],
			   atomic_read(&carveout_objects[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

static void show_registry(struct seq_file *m, struct carveout *carveout)
{
	mutex_lock(&carveout->registry_lock);
	seq_printf(m, "buffers %u\ntags %u\n", carveout->nr_bufs,
		   carveout->nr_tags);
	mutex_unlock(&carveout->registry_lock);
}

static void show_charges(struct seq_file *m, struct carveout *carveout)
{
	u64 count[CARVEOUT_COUNTS];

	seq_printf(m, "charged %llu\n", carveout_quota_charged(carveout, count));
	seq_printf(m, "charged_buffers %llu\ncharged_pools %llu\n",
		   count[CARVEOUT_COUNT_BUFFERS], count[CARVEOUT_COUNT_POOLS]);
	seq_printf(m, "charged_tags %llu\ncharged_persistent %llu\n",
		   count[CARVEOUT_COUNT_TAGS], count[CARVEOUT_COUNT_PERSISTENT]);
	seq_printf(m, "charged_waiters %llu\n", count[CARVEOUT_COUNT_WAITERS]);
}

static void show_buffer(struct seq_file *m, const struct carveout_buffer_info *b)
{
	seq_printf(m, "%llu region %u start 0x%llx size %llu refs %u uid %u gid %u mode %04o pid %u flags 0x%x tag '%s' comm '",
		   b->generation, b->region, b->phys, b->size, b->refs,
		   b->uid, b->gid, b->mode, b->pid, b->flags, b->tag);
	show_text(m, b->comm);
	seq_puts(m, "' label '");
	show_text(m, b->label);
	seq_putc(m, '\'');
	if (b->parked_ns)
		seq_printf(m, " parked_ms %llu", div_u64(b->parked_ns, NSEC_PER_MSEC));
	seq_putc(m, '\n');
}

/* A line per buffer, or per parked one, each with a text in front. */
static void show_buffers(struct seq_file *m, struct carveout *carveout, const char *front,
			 bool parked)
{
	static const struct carveout_viewer viewer = { .all = true, .phys = true };
	struct carveout_buffer_info b;
	u64 cursor = 0;

	while (carveout_info_next(carveout, &cursor, &viewer, &b)) {
		if (parked && !b.parked_ns)
			continue;
		seq_puts(m, front);
		show_buffer(m, &b);
	}
}

static int state_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct carveout_debug_state state;

	carveout_debug_state(carveout, &state);
	seq_printf(m, "size %llu\nused %llu\nhigh_water %llu\n", state.stats.size,
		   state.stats.used, state.stats.high_water);
	seq_printf(m, "spans %u\nholes %u\n", state.stats.spans, state.stats.holes);
	show_registry(m, carveout);
	show_charges(m, carveout);
	seq_printf(m, "parked %d\nparked_bytes %llu\n",
		   atomic_read(&carveout->nr_parked),
		   (u64)atomic64_read(&carveout->parked_bytes));
	seq_printf(m, "poisoned_bytes %llu\n", state.poisoned_bytes);
	seq_printf(m, "pending_bytes %llu\n", state.stats.pending);
	seq_printf(m, "references %u\n", kref_read(&carveout->ref));
	seq_printf(m, "hash %016llx\n", state.hash);
	seq_printf(m, "allocations %llu\nfrees %llu\n", state.counters.nr_alloc,
		   state.counters.nr_free);
	seq_printf(m, "failures_nospc %llu\nfailures_missed %llu\n",
		   state.counters.nr_nospc, state.counters.nr_missed);
	seq_printf(m, "failures_nomem %llu\n",
		   (u64)atomic64_read(&carveout->failures_nomem));
	show_buffers(m, carveout, "parked_buffer ", true);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

static int regions_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct carveout_region_info info;
	unsigned int i;

	for (i = 0; !carveout_region_info(carveout, i, &info); i++) {
		seq_printf(m, "%u base 0x%llx size %llu attrs 0x%08x used %llu high_water %llu largest_hole %llu spans %u holes %u name ",
			   i, (u64)info.memory.base, info.stats.size,
			   info.memory.attrs, info.stats.used,
			   info.stats.high_water, info.stats.largest_hole,
			   info.stats.spans, info.stats.holes);
		show_text(m, info.memory.name);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/* Spans that are read with one critical section. */
#define SPANS	8

static int spans_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct carveout_span_info info[SPANS];
	const char *purpose[SPANS];
	unsigned int i, n;
	u32 cursor = 0;

	while (cursor != CARVEOUT_SPANS_END) {
		n = carveout_spans_next(carveout, &cursor, info, purpose, SPANS);
		for (i = 0; i < n; i++) {
			seq_printf(m, "%u 0x%llx %llu %s ", info[i].region,
				   info[i].start, info[i].size,
				   info[i].used ? "used" : "hole");
			show_text(m, purpose[i]);
			seq_putc(m, '\n');
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(spans);

/* Spans of a size: holes [0] and used ones [1]. */
struct size_class {
	u32 count[2];
	u64 bytes[2];
};

/* By the number of bits of the size, which is 0 in a heap that is corrupted. */
#define SIZE_CLASSES	65

static void count_spans(struct carveout *carveout, struct size_class *classes)
{
	struct carveout_span_info info[SPANS];
	struct size_class *class;
	unsigned int i, n;
	u32 cursor = 0;

	while (cursor != CARVEOUT_SPANS_END) {
		n = carveout_spans_next(carveout, &cursor, info, NULL, SPANS);
		for (i = 0; i < n; i++) {
			class = &classes[fls64(info[i].size)];
			class->count[info[i].used]++;
			class->bytes[info[i].used] += info[i].size;
		}
	}
}

static int histogram_show(struct seq_file *m, void *unused)
{
	struct size_class *class, *classes;
	unsigned int i;

	classes = kcalloc(SIZE_CLASSES, sizeof(*classes), GFP_KERNEL);
	if (!classes)
		return -ENOMEM;
	count_spans(m->private, classes);
	for (i = 0; i < SIZE_CLASSES; i++) {
		class = &classes[i];
		if (class->count[0] || class->count[1])
			seq_printf(m, "%llu holes %u hole_bytes %llu used %u used_bytes %llu\n",
				   i ? BIT_ULL(i - 1) : 0, class->count[0], class->bytes[0],
				   class->count[1], class->bytes[1]);
	}
	kfree(classes);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(histogram);

static int buffers_show(struct seq_file *m, void *unused)
{
	show_buffers(m, m->private, "", false);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buffers);

/* Blocks that are checked with one critical section, and attempts on a busy pool. */
#define BLOCKS		1024
#define ATTEMPTS	16

/*
 * A pool may have a million blocks, so it is checked in parts. One that changes all the
 * time is finally checked in one piece.
 */
static int check_pool(struct carveout_pool *pool)
{
	struct carveout_blocks_check check = { };
	unsigned int attempts = 0;
	int ret;

	do {
		raw_spin_lock_irq(&pool->lock);
		ret = carveout_blocks_check(&pool->blocks, &check,
					    attempts < ATTEMPTS ? BLOCKS : U32_MAX);
		raw_spin_unlock_irq(&pool->lock);
		if (ret == -ESTALE) {
			memset(&check, 0, sizeof(check));
			attempts++;
		}
		cond_resched();
	} while (ret == -EAGAIN || ret == -ESTALE);
	return ret;
}

/* The buffer of the first pool that is corrupted, or NULL. */
static const struct carveout_buf *corrupted_pool_locked(struct carveout *carveout)
{
	struct carveout_buf *buf;
	unsigned long id;

	lockdep_assert_held(&carveout->registry_lock);
	xa_for_each(&carveout->bufs, id, buf)
		if (buf->pool && check_pool(buf->pool))
			return buf;
	return NULL;
}

static void check_pools(struct seq_file *m, struct carveout *carveout)
{
	const struct carveout_buf *buf;

	mutex_lock(&carveout->registry_lock);
	buf = corrupted_pool_locked(carveout);
	if (buf)
		seq_printf(m, "corrupted: pool '%s' (generation %llu)\n", buf->tag.name,
			   buf->generation);
	else
		seq_puts(m, "ok\n");
	mutex_unlock(&carveout->registry_lock);
}

static int check_show(struct seq_file *m, void *unused)
{
	struct carveout *carveout = m->private;
	struct carveout_report report;

	if (carveout_validate(carveout, &report))
		seq_printf(m, "corrupted: %s (region %u, span %u)\n",
			   carveout_report_string(&report), report.region,
			   report.index);
	else
		check_pools(m, carveout);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(check);

/**
 * carveout_debugfs_add() - Create the files of a heap
 * @carveout: the heap
 * @name: name of its folder
 *
 * Context: Process context. May sleep.
 */
void carveout_debugfs_add(struct carveout *carveout, const char *name)
{
	struct dentry *dir = debugfs_create_dir(name, root);

	debugfs_create_file("state", 0400, dir, carveout, &state_fops);
	debugfs_create_file("regions", 0400, dir, carveout, &regions_fops);
	debugfs_create_file("spans", 0400, dir, carveout, &spans_fops);
	debugfs_create_file("histogram", 0400, dir, carveout, &histogram_fops);
	debugfs_create_file("buffers", 0400, dir, carveout, &buffers_fops);
	debugfs_create_file("check", 0400, dir, carveout, &check_fops);
	carveout_debugfs_add_holders(carveout, dir);
	carveout->debugfs = dir;
}

/**
 * carveout_debugfs_remove() - Undo carveout_debugfs_add()
 * @carveout: the heap; no reader of its files is left on return
 *
 * Context: Process context. May sleep.
 */
void carveout_debugfs_remove(struct carveout *carveout)
{
	debugfs_remove_recursive(carveout->debugfs);
}

/**
 * carveout_debugfs_init() - Create the driver's folder
 *
 * Context: Process context. May sleep.
 */
void carveout_debugfs_init(void)
{
	root = debugfs_create_dir("carveout", NULL);
	debugfs_create_file("objects", 0400, root, NULL, &objects_fops);
}

/**
 * carveout_debugfs_exit() - Remove the driver's folder
 *
 * Context: Process context. May sleep.
 */
void carveout_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
