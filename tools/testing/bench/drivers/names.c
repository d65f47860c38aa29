// SPDX-License-Identifier: GPL-2.0
/*
 * A driver looks up a buffer by its tag, takes a reference and drops it; beside the hash
 * table of the kernel alone, with the same names, keys and references.
 */

#define pr_fmt(fmt) "bench: " fmt

#include <linux/bits.h>
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "drivers.h"

#define NAMES	100000
#define LOOKUPS	1024

struct entry {
	struct rhash_head node;
	refcount_t ref;
	char name[CARVEOUT_NAME_LEN];
};

static const struct rhashtable_params params = {
	.key_len = CARVEOUT_NAME_LEN,
	.key_offset = offsetof(struct entry, name),
	.head_offset = offsetof(struct entry, node),
	.automatic_shrinking = true,
};

static struct rhashtable table;
static struct entry *entries;

/* No memory is there: a heap that does not zero accesses none. */
static const struct carveout_memory memory = {
	.base = BIT_ULL(38),
	.size = NAMES * PAGE_SIZE,
	.attrs = CARVEOUT_ATTR_CACHED,
};

static struct carveout *heap;
static struct carveout_buf **bufs;

static int make_name(unsigned int i)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct entry *entry = &entries[i];

	refcount_set(&entry->ref, 1);
	snprintf(entry->name, sizeof(entry->name), "names.%u", i);
	bufs[i] = carveout_buf_alloc(heap, &req, entry->name, 0600);
	return PTR_ERR_OR_ZERO(bufs[i]) ?:
	       rhashtable_insert_fast(&table, &entry->node, params);
}

static bool find_nothing(const char *name)
{
	return true;
}

static bool find_tag(const char *name)
{
	struct carveout_buf *buf = carveout_buf_find(heap, name);

	if (IS_ERR(buf))
		return false;
	carveout_buf_put(buf);
	return true;
}

static bool find_entry(const char *name)
{
	char key[CARVEOUT_NAME_LEN];
	struct entry *entry;

	strscpy_pad(key, name, sizeof(key));
	rcu_read_lock();
	entry = rhashtable_lookup(&table, key, params);
	if (entry && !refcount_inc_not_zero(&entry->ref))
		entry = NULL;
	rcu_read_unlock();
	return entry && refcount_dec_not_one(&entry->ref);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * Look names up in an order that no cache expects. The mean of one, without the fastest and
 * the slowest quarter: the hash function is another one in each boot. 0 if a name is missing.
 */
static u64 look_up(bool (*find)(const char *name), unsigned int count)
{
	static u64 times[LOOKUPS];
	unsigned int i, which = 1;
	u64 sum = 0;

	for (i = 0; i < LOOKUPS; i++) {
		which = which * 1664525 + 1013904223;
		times[i] = ktime_get_ns();
		if (!find(entries[(which >> 8) % count].name))
			return 0;
		times[i] = ktime_get_ns() - times[i];
	}
	sort(times, LOOKUPS, sizeof(*times), compare, NULL);
	for (i = LOOKUPS / 4; i < LOOKUPS * 3 / 4; i++)
		sum += times[i];
	return sum / (LOOKUPS / 2);
}

static int compare_peers(unsigned int count)
{
	u64 none = look_up(find_nothing, count);
	u64 tag = look_up(find_tag, count);
	u64 entry = look_up(find_entry, count);

	pr_info("user row=name-find of=%u peer=carveout ns=%llu\n", count, tag - none);
	pr_info("user row=name-find of=%u peer=rhashtable ns=%llu\n", count, entry - none);
	return tag && entry ? 0 : -ENOENT;
}

static int count_up(void)
{
	unsigned int count = 0, step;
	int err = 0;

	for (step = 10; step <= NAMES; step *= 100) {
		for (; count < step && !err; count++)
			err = make_name(count);
		err = err ?: compare_peers(count);
	}
	while (!err && count)
		carveout_buf_put(bufs[--count]);
	return err;
}

/**
 * bench_names() - Time look-ups by name
 *
 * Return: 0 or a negative error number.
 */
int bench_names(void)
{
	int err;

	entries = vcalloc(NAMES, sizeof(*entries));
	bufs = vcalloc(NAMES, sizeof(*bufs));
	if (!entries || !bufs)
		return -ENOMEM;
	heap = carveout_create(NULL, "names", &memory, 1, CARVEOUT_CREATE_NOZERO);
	err = PTR_ERR_OR_ZERO(heap) ?: rhashtable_init(&table, &params) ?: count_up() ?:
	      carveout_destroy(heap, false);
	if (err)
		return err;
	rhashtable_destroy(&table);
	vfree(entries);
	vfree(bufs);
	return 0;
}
