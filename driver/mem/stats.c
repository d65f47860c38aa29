// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of a heap: counters, regions, spans, validity.
 *
 * Each function reads one consistent state, with the heap's lock held.
 */

#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../carveout_internal.h"
#include "claim.h"
#include "cookie.h"
#include "purpose.h"
#include "stats.h"

static void fill_stats_locked(const struct carveout *carveout, struct carveout_stats *stats)
{
	const struct carveout_heap *heap = &carveout->heap;
	unsigned int i;

	lockdep_assert_held(&carveout->lock);
	memset(stats, 0, sizeof(*stats));
	stats->size = heap->size;
	stats->used = carveout_heap_used(heap);
	stats->high_water = carveout_heap_high(heap);
	stats->pending = carveout->pending_bytes;
	stats->spans = carveout_heap_nr_used(heap);
	stats->holes = carveout_heap_nr_holes(heap);
	stats->regions = carveout_nr_claims(carveout);
	for (i = 0; i < stats->regions; i++)
		stats->largest_hole = max(stats->largest_hole,
					  carveout_region_largest(heap, i));
}

/**
 * carveout_stats() - Read the counters of a heap
 * @carveout: the heap
 * @stats: filled in
 *
 * Context: Any context. Takes carveout->lock, and searches the largest hole of each
 * region with interrupts off.
 */
void carveout_stats(struct carveout *carveout, struct carveout_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&carveout->lock, flags);
	fill_stats_locked(carveout, stats);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(carveout_stats, "CARVEOUT");

/**
 * carveout_debug_state() - Read all counters of a heap, and hash it
 * @carveout: the heap
 * @state: filled in
 *
 * The hash walks the whole heap with the lock held, which takes long in a large one.
 *
 * Context: Process context. Takes carveout->lock.
 */
void carveout_debug_state(struct carveout *carveout, struct carveout_debug_state *state)
{
	raw_spin_lock_irq(&carveout->lock);
	fill_stats_locked(carveout, &state->stats);
	carveout_heap_read_stats(&carveout->heap, &state->counters);
	state->hash = carveout_heap_hash(&carveout->heap);
	state->poisoned_bytes = carveout->poisoned_bytes;
	raw_spin_unlock_irq(&carveout->lock);
}

/* === Regions ============================================================== */

/**
 * carveout_region_info() - Read a region of a heap
 * @carveout: the heap
 * @index: index of the region
 * @info: filled in; the name of the region lives as long as the heap
 *
 * Context: Any context. Takes carveout->lock.
 * Return: 0, or -ENOENT if the heap has no such region.
 */
int carveout_region_info(struct carveout *carveout, unsigned int index,
			 struct carveout_region_info *info)
{
	const struct carveout_region *region;
	const struct carveout_range *range;
	unsigned long flags;

	if (index >= carveout_nr_claims(carveout))
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	range = &carveout->claim[index]->range;
	region = carveout->claim[index]->region;
	info->memory.base = range->base;
	info->memory.size = range->size;
	info->memory.name = range->name;
	info->memory.data = range->data;
	info->stats.regions = 1;
	raw_spin_lock_irqsave(&carveout->lock, flags);
	info->memory.attrs = region->attrs & CARVEOUT_ATTR_MASK;
	info->stats.size = region->size;
	info->stats.used = carveout_region_used(&carveout->heap, region);
	info->stats.high_water = carveout_region_high(&carveout->heap, region);
	info->stats.spans = region->nr_used;
	info->stats.holes = region->nr_holes;
	info->stats.largest_hole = carveout_region_largest(&carveout->heap, index);
	raw_spin_unlock_irqrestore(&carveout->lock, flags);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_region_info, "CARVEOUT");

/**
 * carveout_region_at() - Find the region of an address
 * @carveout: the heap
 * @phys: physical address, as from carveout_buf_phys() or carveout_virt_to_phys()
 *
 * Context: Any context.
 * Return: index of the region, for carveout_region_info(); -ENOENT if no region contains
 * the address.
 */
int carveout_region_at(struct carveout *carveout, phys_addr_t phys)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	for (i = 0; i < nr; i++) {
		const struct carveout_range *range = &carveout->claim[i]->range;

		if (phys >= range->base && phys - range->base < range->size)
			return i;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_NS_GPL(carveout_region_at, "CARVEOUT");

/* A region that was added to the heap has only its own name. */
static int added_region(const struct carveout *carveout, const char *name)
{
	unsigned int i, nr = carveout_nr_claims(carveout);

	for (i = 0; i < nr; i++)
		if (!strcmp(carveout->claim[i]->range.name, name))
			return i;
	return -ENOENT;
}

/**
 * carveout_region_by_name() - Find a region by its name
 * @carveout: the heap
 * @name: the name from memory-region-names or of the region's DT node, from the module
 *	parameter or from struct carveout_memory. Of several regions with one name, the
 *	first is found.
 *
 * Adjacent memory of one kind is one region, which each of its names stands for: a
 * request to this region may be served by memory that had another name.
 *
 * Context: Any context.
 * Return: index of the region, for carveout_region_info() and the mask of a request;
 * -ENOENT if the heap has no such region.
 */
int carveout_region_by_name(struct carveout *carveout, const char *name)
{
	unsigned int i;

	for (i = 0; i < carveout->nr_region_names; i++)
		if (!strcmp(carveout->region_names[i].name, name))
			return carveout_region_at(carveout, carveout->region_names[i].base);
	return added_region(carveout, name);
}
EXPORT_SYMBOL_NS_GPL(carveout_region_by_name, "CARVEOUT");

/**
 * carveout_region_attrs() - Attributes that at least one region has
 * @carveout: the heap
 *
 * Context: Process context. Takes carveout->lock.
 * Return: CARVEOUT_ATTR_* bits.
 */
u32 carveout_region_attrs(struct carveout *carveout)
{
	unsigned int i, nr = carveout_nr_claims(carveout);
	u32 attrs = 0;

	raw_spin_lock_irq(&carveout->lock);
	for (i = 0; i < nr; i++)
		attrs |= carveout->claim[i]->region->attrs;
	raw_spin_unlock_irq(&carveout->lock);
	return attrs & CARVEOUT_ATTR_MASK;
}

/* === Spans ================================================================ */

/* The purpose of a span: of a driver's memory its text, else the kind of its owner. */
static const char *purpose_of(const struct carveout *carveout,
			      const struct carveout_span_info *info)
{
	u32 number = carveout_cookie_purpose(info->cookie);

	if (carveout_cookie_is_memory(info->cookie))
		return carveout_purpose_text(carveout, number) ?: "memory";
	if (info->cookie == CARVEOUT_COOKIE_POISONED)
		return "(poisoned)";
	if (info->used)
		return info->cookie ? "(pending)" : "(buffer)";
	return "";
}

/**
 * carveout_spans_next() - Read the next spans of a heap
 * @carveout: the heap
 * @cursor: 0 to start, advanced; %CARVEOUT_SPANS_END after the last span
 * @info: filled in
 * @purpose: filled in with the purpose of each span, a text that lives as long as the
 *	heap; NULL for none
 * @count: number of entries of @info and @purpose
 *
 * Context: Process context. Takes carveout->lock.
 * Return: number of spans read, see carveout_heap_spans().
 */
unsigned int carveout_spans_next(struct carveout *carveout, u32 *cursor,
				 struct carveout_span_info *info,
				 const char **purpose, unsigned int count)
{
	unsigned int i, n;

	raw_spin_lock_irq(&carveout->lock);
	n = carveout_heap_spans(&carveout->heap, cursor, info, count);
	for (i = 0; purpose && i < n; i++)
		purpose[i] = purpose_of(carveout, &info[i]);
	raw_spin_unlock_irq(&carveout->lock);
	return n;
}

/**
 * carveout_validate() - Check all invariants of a heap
 * @carveout: the heap
 * @report: filled in with the first violation
 *
 * It walks the whole heap with the lock held, which takes long in a large one.
 *
 * Context: Process context. Takes carveout->lock.
 * Return: 0, or -EUCLEAN as carveout_heap_validate().
 */
int carveout_validate(struct carveout *carveout, struct carveout_report *report)
{
	int ret;

	raw_spin_lock_irq(&carveout->lock);
	ret = carveout_heap_validate(&carveout->heap, report);
	raw_spin_unlock_irq(&carveout->lock);
	return ret;
}
