// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps: creation, growth, shutdown, release.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "../lib/tag.h"
#include "buf/reclaim.h"
#include "buf/registry.h"
#include "buf/tags.h"
#include "buf/watch.h"
#include "heaps.h"
#include "carveout_internal.h"
#include "mem/alloc.h"
#include "mem/claim.h"
#include "mem/nomap.h"
#include "mem/objects.h"
#include "mem/purpose.h"
#include "mem/quota.h"

static DEFINE_IDA(ids);
static DEFINE_MUTEX(add_lock);	/* serialises adding regions and reopening them */
static LIST_HEAD(heaps);
static DEFINE_MUTEX(heaps_lock);	/* guards heaps */

/**
 * carveout_heap_name_valid() - Check the name of a heap
 * @name: the name, zero to the end of a field of CARVEOUT_NAME_LEN bytes
 *
 * It becomes a file name, so it must not be hidden, nor "." or "..".
 *
 * Context: Any context.
 * Return: true if it is valid.
 */
bool carveout_heap_name_valid(const char *name)
{
	return name[0] != '.' && !carveout_tag_check(name);
}

/**
 * carveout_ranges_check() - Check that ranges can become the regions of one heap
 * @ranges: the ranges
 * @count: number of ranges
 * @coherent: devices snoop the CPU's caches
 *
 * The log reports each fault of each range, and how to correct it.
 *
 * Context: Process context.
 * Return: 0, or -EINVAL if any range is invalid.
 */
int carveout_ranges_check(const struct carveout_range *ranges, unsigned int count,
			  bool coherent)
{
	unsigned int i, j;
	int ret = 0;

	for (i = 0; i < count; i++) {
		if (carveout_range_check(&ranges[i], coherent)) {
			ret = -EINVAL;
			continue;
		}
		for (j = 0; j < i; j++)
			if (ranges[j].size &&
			    !carveout_ranges_disjoint(&ranges[j], &ranges[i]))
				ret = -EINVAL;
	}
	return ret;
}

/* Join adjacent ranges, so that each has one mapping. Their order is kept. */
static unsigned int join_ranges(struct carveout_range *ranges, unsigned int count)
{
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		for (j = i + 1; j < count;) {
			if (!carveout_ranges_join(&ranges[i], &ranges[j])) {
				j++;
				continue;
			}
			count--;
			memmove(&ranges[j], &ranges[j + 1],
				(count - j) * sizeof(*ranges));
			j = i + 1;	/* it may be adjacent to earlier ones now */
		}
		cond_resched();
	}
	return count;
}

/* System memory may have many pieces, all with one name. */
static bool has_new_name(const struct carveout_range *ranges, unsigned int i)
{
	return !i || strcmp(ranges[i].name, ranges[i - 1].name);
}

/* Keep the names of all ranges: of those that are joined, the region has the first. */
static int keep_names(struct carveout *carveout, const struct carveout_range *ranges,
		      unsigned int count)
{
	struct carveout_region_name *name;
	unsigned int i, n = 0;

	for (i = 0; i < count; i++)
		n += has_new_name(ranges, i);
	name = kvcalloc(n, sizeof(*name), GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	carveout->region_names = name;
	carveout->nr_region_names = n;
	for (i = 0; i < count; i++) {
		if (!has_new_name(ranges, i))
			continue;
		name->base = ranges[i].base;
		strscpy(name->name, ranges[i].name, sizeof(name->name));
		name++;
	}
	return 0;
}

static int add_region(struct carveout *carveout, struct carveout_claim *claim)
{
	const struct carveout_range *range = &claim->range;
	size_t bytes = carveout_region_bytes(&carveout->heap, range->size);
	int ret;

	if (carveout->nr_claims == CARVEOUT_MAX_REGIONS) {
		pr_err("%s: has %d regions, no more can be added; create a second heap\n",
		       carveout->name, CARVEOUT_MAX_REGIONS);
		return -E2BIG;
	}
	claim->region = kvmalloc(bytes, GFP_KERNEL);
	if (!claim->region)
		return -ENOMEM;
	/* A corrupted heap keeps a claim whose region is not set up. It may be read. */
	memset(claim->region, 0, sizeof(*claim->region));
	ret = carveout_alloc_add_claim(carveout, claim);
	if (!ret)
		WRITE_ONCE(carveout->max_align,
			   max_t(u64, carveout->max_align,
				 rounddown_pow_of_two(range->size)));
	return ret;
}

static int add_claim(struct carveout *carveout, const struct carveout_range *range)
{
	struct carveout_claim *claim;
	int ret;

	claim = carveout_claim_create(range, carveout->name);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	/* Do not leak data of the boot loader or of a previous kernel. */
	carveout_scrub(carveout, claim, range->base, range->size);
	ret = add_region(carveout, claim);
	if (ret && ret != -EUCLEAN)
		carveout_claim_destroy(claim);
	/* Pages that are not retired now are when they are allocated. */
	if (!ret)
		carveout_span_retire(carveout, claim, range->base, range->size);
	return ret;
}

/**
 * carveout_add_range() - Add a region to a heap that is in use
 * @carveout: the heap
 * @range: a range that passed carveout_range_check()
 *
 * Context: Process context. May sleep. Takes add_lock. Scrubs the memory.
 * Return: index of the region; -EBUSY if some of the memory is in a heap already or
 * owned by another driver; -E2BIG if the heap has the maximum number of regions; -ENODEV
 * after its shutdown; -EUCLEAN if it is corrupted; -ENOMEM.
 */
int carveout_add_range(struct carveout *carveout, const struct carveout_range *range)
{
	int ret = -ENODEV;

	mutex_lock(&add_lock);
	if (!READ_ONCE(carveout->shutdown))
		ret = add_claim(carveout, range);
	if (!ret)
		ret = carveout->nr_claims - 1;
	mutex_unlock(&add_lock);
	return ret;
}

/**
 * carveout_heap_next() - Walk all heaps, those without a device node included
 * @carveout: the last heap, whose reference is dropped; NULL to start
 *
 * Context: Process context. May sleep. Takes heaps_lock.
 * Return: the next heap, with a reference; NULL after the last one.
 */
struct carveout *carveout_heap_next(struct carveout *carveout)
{
	struct carveout *next, *found = NULL;

	mutex_lock(&heaps_lock);
	next = list_prepare_entry(carveout, &heaps, node);
	list_for_each_entry_continue(next, &heaps, node) {
		if (!kref_get_unless_zero(&next->ref))
			continue;
		found = next;
		break;
	}
	mutex_unlock(&heaps_lock);
	if (carveout)
		__carveout_put(carveout);
	return found;
}

/**
 * carveout_heaps_reopen_nomap() - Scrub the no-map regions of all heaps, and open them
 *
 * A region that is added meanwhile is either scrubbed here, or scrubbed by its creator
 * afterwards.
 *
 * Context: Process context. May sleep. Takes add_lock and heaps_lock.
 */
void carveout_heaps_reopen_nomap(void)
{
	struct carveout *carveout = NULL;

	mutex_lock(&add_lock);
	while ((carveout = carveout_heap_next(carveout)))
		carveout_nomap_scrub(carveout);
	carveout_nomap_open();
	mutex_unlock(&add_lock);
}

static void free_heap(struct carveout *carveout)
{
	mutex_lock(&heaps_lock);
	list_del(&carveout->node);
	mutex_unlock(&heaps_lock);
	while (carveout->nr_claims)
		carveout_claim_destroy(carveout->claim[--carveout->nr_claims]);
	while (carveout->nr_chunks)
		kvfree(carveout->chunk[--carveout->nr_chunks]);
	carveout_registry_fini(carveout);
	carveout_quota_fini(carveout);
	carveout_purpose_fini(carveout);
	kfree(carveout->tag_prefixes);
	kvfree(carveout->region_names);
	ida_free(&ids, carveout->id);
	kfree(carveout);
	carveout_object_dec(CARVEOUT_OBJ_CARVEOUT);
}

static void release_work(struct work_struct *work)
{
	free_heap(container_of(work, struct carveout, release_work));
}

static void carveout_release(struct kref *ref)
{
	free_heap(container_of(ref, struct carveout, ref));
}

static struct carveout *new_heap(const char *name, unsigned int flags)
{
	struct carveout *carveout;
	int id;

	carveout = kzalloc(sizeof(*carveout), GFP_KERNEL);
	if (!carveout)
		return NULL;
	id = ida_alloc_max(&ids, CARVEOUT_HEAPS_MAX - 1, GFP_KERNEL);
	if (id < 0)
		goto free;
	kref_init(&carveout->ref);
	carveout->release = carveout_release;
	strscpy(carveout->name, name, sizeof(carveout->name));
	carveout->id = id;
	carveout->coherent = flags & CARVEOUT_HEAP_COHERENT;
	carveout->nozero = flags & CARVEOUT_HEAP_NOZERO;
	raw_spin_lock_init(&carveout->lock);
	mutex_init(&carveout->grow_lock);
	mutex_init(&carveout->place_lock);
	INIT_WORK(&carveout->release_work, release_work);
	carveout_reclaim_init(carveout);
	carveout_quota_init(carveout);
	carveout_heap_init(&carveout->heap, CARVEOUT_GRANULE_SHIFT);
	carveout_heap_set_lock(&carveout->heap, &carveout->lock);
	if (carveout_registry_init(carveout))
		goto free_id;
	mutex_lock(&heaps_lock);
	list_add_tail(&carveout->node, &heaps);
	mutex_unlock(&heaps_lock);
	carveout_object_inc(CARVEOUT_OBJ_CARVEOUT);
	return carveout;

free_id:
	ida_free(&ids, id);
free:
	kfree(carveout);
	return NULL;
}

/**
 * carveout_from_ranges() - Create a heap of ranges of memory
 * @name: name of the heap
 * @ranges: the ranges in the order in which requests try them; adjacent ranges are
 *	joined in place. The heap takes over pages from the system; they are freed on
 *	failure.
 * @count: number of ranges, at least 1
 * @flags: CARVEOUT_HEAP_* flags
 *
 * All ranges are checked, and all their faults reported in the log, before anything else
 * happens.
 *
 * Context: Process context. May sleep. Takes add_lock. Scrubs the memory.
 * Return: the heap with one reference, or an ERR_PTR.
 */
struct carveout *carveout_from_ranges(const char *name, struct carveout_range *ranges,
				      unsigned int count, unsigned int flags)
{
	struct carveout *carveout;
	unsigned int i;
	int ret, err;

	ret = carveout_ranges_check(ranges, count, flags & CARVEOUT_HEAP_COHERENT);
	if (ret)
		goto release_ranges;
	carveout = new_heap(name, flags);
	if (!carveout) {
		ret = -ENOMEM;
		goto release_ranges;
	}
	ret = keep_names(carveout, ranges, count);
	count = join_ranges(ranges, count);
	if (!ret && count > CARVEOUT_MAX_REGIONS) {
		pr_err("%s: %u separate regions, a heap takes %d; ask for less or make two heaps\n",
		       name, count, CARVEOUT_MAX_REGIONS);
		ret = -EINVAL;
	}
	if (ret) {
		free_heap(carveout);
		goto release_ranges;
	}
	/* Claim all ranges: a busy one does not hide the next. */
	mutex_lock(&add_lock);
	for (i = 0; i < count; i++) {
		err = add_claim(carveout, &ranges[i]);
		ret = ret ?: err;
	}
	mutex_unlock(&add_lock);
	if (ret) {
		free_heap(carveout);
		return ERR_PTR(ret);
	}
	return carveout;

release_ranges:
	for (i = 0; i < count; i++)
		carveout_range_release(&ranges[i]);
	return ERR_PTR(ret);
}

/**
 * carveout_shutdown() - Shut a heap down
 * @carveout: the heap
 *
 * Look-ups, new buffers and allocations are refused. Persistent tags drop their buffers,
 * and waiters for blocks of pools are failed; a buffer that is open or mapped stays in
 * use.
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock and carveout->lock.
 * Return: number of buffers that are in use.
 */
unsigned int carveout_shutdown(struct carveout *carveout)
{
	mutex_lock(&carveout->registry_lock);
	WRITE_ONCE(carveout->shutdown, true);
	carveout_alloc_stop(carveout, true);
	carveout_wake_all(&carveout->changed, EPOLLHUP | EPOLLERR);
	carveout_watch_notify_locked(carveout, NULL);
	mutex_unlock(&carveout->registry_lock);
	return carveout_tag_unlink_all(carveout);
}
