// SPDX-License-Identifier: GPL-2.0
/*
 * Oracle: the expected state of a heap, in two sorted lists.
 *
 * Sums are computed in 128 bits, so that no reasoning about overflow is shared with the
 * heap.
 */

#include "oracle.h"

/* Position in the list of a region's holes. */
struct hole {
	u64 start;
	u64 size;
	u64 beyond;			/* address from which to search the next hole */
	unsigned int alloc;		/* first allocation from there on */
};

/* Properties of a region for a request. */
struct look {
	bool selected;
	bool below;			/* the region is wholly below the limit */
	bool fits;			/* there is a place */
	bool must;			/* the heap must find a place */
	bool few;			/* at most as many holes as a search tries */
	bool all_tried;			/* no hole can remain untried */
	u64 best;			/* size of the smallest hole that is large enough */
	u64 top;			/* the highest place */
};

/* A request with one of its choices of attributes. */
struct want {
	const struct carveout_heap_request *req;
	u32 require;
	u64 size;
	u64 align;
};

/* === Holes ================================================================ */

static u64 granule_of(const struct oracle *oracle)
{
	return 1ULL << oracle->shift;
}

/* The first allocation at or above an address. */
static unsigned int first_from(const struct oracle *oracle, u64 start)
{
	unsigned int low = 0, high = oracle->nr_allocs, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (oracle->alloc[mid].start < start)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct hole before_holes(const struct oracle *oracle, unsigned int entry)
{
	u64 base = oracle->region[entry].base;

	return (struct hole){ .beyond = base, .alloc = first_from(oracle, base) };
}

/* The next hole of a region by address; false at the end. */
static bool next_hole(const struct oracle *oracle, unsigned int entry, struct hole *hole)
{
	u64 end = oracle->region[entry].base + oracle->region[entry].size;

	while (hole->beyond < end) {
		const struct oracle_alloc *alloc = &oracle->alloc[hole->alloc];
		bool stop = hole->alloc < oracle->nr_allocs && alloc->start < end;

		hole->start = hole->beyond;
		hole->size = (stop ? alloc->start : end) - hole->start;
		hole->beyond = stop ? alloc->start + alloc->size : end;
		hole->alloc += stop;
		if (hole->size)
			return true;
	}
	return false;
}

/* Does the request fit in this hole, and where? */
static bool hole_fits(const struct hole *hole, const struct want *want, u64 *start)
{
	unsigned __int128 mask = ~((unsigned __int128)want->align - 1);
	unsigned __int128 end = (unsigned __int128)hole->start + hole->size, at;

	if (want->req->max_addr)
		end = min(end, (unsigned __int128)want->req->max_addr);
	at = (hole->start + ~mask) & mask;
	if (at + want->size > end)
		return false;
	*start = want->req->top_down ? (u64)((end - want->size) & mask) : (u64)at;
	return true;
}

/* === Judging an allocation ================================================ */

static struct look look_at(const struct oracle *oracle, const struct want *want,
			   unsigned int entry)
{
	const struct oracle_region *region = &oracle->region[entry];
	bool plain, padded = false, all_fit = true;
	struct look look = { };
	unsigned int count = 0;
	struct hole hole;
	u64 start;

	look.selected = oracle_selects(oracle, want->req, want->require, entry);
	if (!look.selected)
		return look;
	look.below = !want->req->max_addr ||
		     region->base + region->size <= want->req->max_addr;
	plain = look.below && want->align == granule_of(oracle);
	hole = before_holes(oracle, entry);
	while (next_hole(oracle, entry, &hole)) {
		if (hole.size < want->size)
			continue;
		count++;
		if (!look.best || hole.size < look.best)
			look.best = hole.size;
		if (hole_fits(&hole, want, &start)) {
			look.fits = true;
			look.top = max(look.top, start);
		} else {
			all_fit = false;
		}
		padded |= hole.size - want->size >= want->align - granule_of(oracle);
	}
	look.few = count <= CARVEOUT_CANDIDATES;
	look.all_tried = plain || look.few;
	look.must = look.fits && (look.all_tried || all_fit || (look.below && padded));
	return look;
}

/* Properties of all regions together that justify a refusal. */
static struct look look_at_all(const struct oracle *oracle, const struct want *want)
{
	struct look all = { .all_tried = true }, look;
	unsigned int i;

	for (i = 0; i < oracle->nr_regions; i++) {
		look = look_at(oracle, want, i);
		if (!look.selected)
			continue;
		all.selected = true;
		all.fits |= look.fits;
		all.must |= look.must;
		all.all_tried &= look.all_tried;
	}
	return all;
}

/* Is the request invalid, independent of the heap? */
static bool is_invalid(const struct oracle *oracle, const struct carveout_heap_request *req)
{
	unsigned int i;

	if (!oracle_round(oracle, req->size) ||
	    (req->align && __builtin_popcountll(req->align) > 1))
		return true;
	if (req->require & req->forbid || req->nr_fallback > CARVEOUT_FALLBACKS)
		return true;
	if (req->exact && (req->top_down || req->addr % max(req->align, granule_of(oracle))))
		return true;
	for (i = 0; i < req->nr_fallback; i++)
		if (req->fallback[i] & req->forbid)
			return true;
	return false;
}

static struct want want_of(const struct oracle *oracle, const struct carveout_heap_request *req,
			   unsigned int choice)
{
	return (struct want){
		.req = req,
		.require = choice ? req->fallback[choice - 1] : req->require,
		.size = oracle_round(oracle, req->size),
		.align = max(req->align, granule_of(oracle)),
	};
}

static const char *judge_refusal(const struct oracle *oracle,
				 const struct carveout_heap_request *req, int ret, u64 missed)
{
	bool any = !oracle->nr_regions, fits = false, all_tried = true;
	unsigned int choice;
	struct want want;
	struct look look;

	for (choice = 0; choice <= req->nr_fallback; choice++) {
		want = want_of(oracle, req, choice);
		look = look_at_all(oracle, &want);
		if (look.must)
			return "a place was not found";
		any |= look.selected;
		fits |= look.fits;
		all_tried &= look.all_tried;
	}
	if (ret != (any ? -ENOSPC : -EINVAL))
		return "a request failed with an unexpected error";
	if (ret == -ENOSPC && fits && missed != 1)
		return "a missed place was not counted";
	if (all_tried && missed)
		return "a place was counted as missed that was not";
	return NULL;
}

/* No region tried before the chosen one must have had a place. */
static const char *judge_order(const struct oracle *oracle, const struct want *want,
			       unsigned int entry, bool below)
{
	struct look look;
	unsigned int i;

	for (i = 0; i < oracle->nr_regions; i++) {
		look = look_at(oracle, want, i);
		if (i != entry && look.must &&
		    (look.below == below ? i < entry : look.below))
			return "a region tried before had a place";
	}
	return NULL;
}

static const char *judge_place(const struct oracle *oracle, const struct want *want,
			       unsigned int entry, u64 at)
{
	struct look look = look_at(oracle, want, entry);
	struct hole hole = before_holes(oracle, entry);
	u64 start;

	do {
		if (!next_hole(oracle, entry, &hole))
			return "the place is in no hole";
	} while (hole.start + hole.size <= at);
	if (hole.start > at)
		return "the place is not in a hole";
	if (!hole_fits(&hole, want, &start))
		return "the place does not satisfy the request";
	if (start != at)
		return "the place is not the one at the end of its hole";
	if (want->req->top_down) {
		if (look.few && at != look.top)
			return "the place is not the highest";
	} else if (want->align == granule_of(oracle) && look.below &&
		   hole.size != look.best) {
		return "the hole is not the smallest";
	}
	return judge_order(oracle, want, entry, look.below);
}

/* Find the first choice that selects the region; earlier choices must have no place. */
static const char *judge_grant(const struct oracle *oracle,
			       const struct carveout_heap_request *req,
			       const struct carveout_span_info *info)
{
	unsigned int choice;
	struct want want;

	if (info->region >= oracle->nr_regions || !oracle->region[info->region].there)
		return "the place is in no region";
	for (choice = 0; choice <= req->nr_fallback; choice++) {
		want = want_of(oracle, req, choice);
		if (oracle_selects(oracle, req, want.require, info->region))
			return judge_place(oracle, &want, info->region, info->start);
		if (look_at_all(oracle, &want).must)
			return "an earlier choice had a place";
	}
	return "the region may not serve the request";
}

/* May the heap lack @need descriptors? */
static bool may_lack(const struct oracle *oracle, const struct carveout_heap *heap,
		     unsigned int need)
{
	return carveout_heap_nr_used(heap) + carveout_heap_nr_holes(heap) + need > oracle->most;
}

static void note_alloc(struct oracle *oracle, const struct carveout_span_info *info)
{
	struct oracle_region *region = &oracle->region[info->region];
	unsigned int at = first_from(oracle, info->start);

	memmove(&oracle->alloc[at + 1], &oracle->alloc[at],
		(oracle->nr_allocs - at) * sizeof(oracle->alloc[0]));
	oracle->alloc[at] = (struct oracle_alloc){
		.start = info->start,
		.size = info->size,
		.cookie = info->cookie,
		.handle = info->handle,
		.region = info->region,
	};
	oracle->nr_allocs++;
	oracle->nr_alloc++;
	region->nr_used++;
	region->used += info->size;
	oracle->used += info->size;
	oracle->high = max(oracle->high, oracle->used);
}

const char *oracle_alloc(struct oracle *oracle, const struct carveout_heap *heap,
			 const struct carveout_heap_request *req, int ret,
			 struct carveout_handle handle, u64 missed)
{
	struct carveout_span_info info;
	const char *why;

	if (is_invalid(oracle, req))
		return ret == -EINVAL ? NULL : "an invalid request was not refused with -EINVAL";
	if (ret == -ENOMEM)
		return may_lack(oracle, heap, 2) ? NULL : "descriptors were lost";
	if (req->exact && (ret != oracle_exact(oracle, req) || missed))
		return "unexpected result of a request for an exact address";
	if (ret)
		return req->exact ? NULL : judge_refusal(oracle, req, ret, missed);
	if (oracle_find(oracle, handle))
		return "two allocations have the same handle";
	if (carveout_heap_info(heap, handle, &info))
		return "an allocation cannot be looked up";
	if (!info.used || info.cookie != req->cookie || info.handle.index != handle.index ||
	    info.handle.gen != handle.gen || !handle.gen ||
	    info.size != oracle_round(oracle, req->size))
		return "an allocation has other properties";
	if (req->exact)
		why = info.start == req->addr ? NULL : "the place is at another address";
	else
		why = judge_grant(oracle, req, &info);
	if (!why)
		note_alloc(oracle, &info);
	return why;
}

/* === Judging operations on an allocation ================================== */

const char *oracle_free(struct oracle *oracle, struct carveout_handle handle, int ret)
{
	struct oracle_alloc *alloc = oracle_find(oracle, handle);
	unsigned int at;

	if (!alloc)
		return ret == -EINVAL ? NULL : "a handle of no allocation was accepted";
	if (ret)
		return "a valid free was refused";
	oracle->region[alloc->region].used -= alloc->size;
	oracle->region[alloc->region].nr_used--;
	oracle->used -= alloc->size;
	oracle->nr_free++;
	at = alloc - oracle->alloc;
	oracle->nr_allocs--;
	memmove(alloc, alloc + 1, (oracle->nr_allocs - at) * sizeof(*alloc));
	return NULL;
}

/* Maximum size of an allocation in place. */
static u64 room_of(const struct oracle *oracle, const struct oracle_alloc *alloc)
{
	const struct oracle_region *region = &oracle->region[alloc->region];
	u64 end = region->base + region->size;

	if (alloc + 1 < oracle->alloc + oracle->nr_allocs)
		end = min(end, alloc[1].start);
	return end - alloc->start;
}

const char *oracle_resize(struct oracle *oracle, const struct carveout_heap *heap,
			  struct carveout_handle handle, u64 size, int ret)
{
	struct oracle_alloc *alloc = oracle_find(oracle, handle);
	struct carveout_span_info info;
	u64 grown = oracle_round(oracle, size);

	if (!alloc || !grown)
		return ret == -EINVAL ? NULL : "an invalid resize was not refused with -EINVAL";
	if (ret == -ENOMEM && grown < alloc->size)
		return may_lack(oracle, heap, 1) ? NULL : "descriptors were lost";
	if (ret != (grown > room_of(oracle, alloc) ? -ENOSPC : 0))
		return "unexpected result of a resize";
	if (ret)
		return NULL;
	oracle->region[alloc->region].used += grown - alloc->size;
	oracle->used += grown - alloc->size;
	oracle->high = max(oracle->high, oracle->used);
	alloc->size = grown;
	if (carveout_heap_info(heap, handle, &info))
		return "the handle is invalid after a resize";
	return oracle_span(oracle, &info);
}

/* === Judging regions ====================================================== */

/* Each error has its own condition; their order of precedence is unspecified. */
static bool region_fault(const struct oracle *oracle, u64 base, u64 size, bool mem_ok, int err)
{
	unsigned __int128 end = (unsigned __int128)base + size;
	const struct oracle_region *region;
	unsigned int i;

	if (err == -EINVAL)
		return !size || !mem_ok;
	if (err == -EDOM)
		return (base | size) & (granule_of(oracle) - 1);
	if (err == -EOVERFLOW)
		return end >> 64 || (oracle->size + size) >> oracle->shift >> 56;
	for (i = 0; err == -EEXIST && i < oracle->nr_regions; i++) {
		region = &oracle->region[i];
		if (region->there && base < region->base + region->size && region->base < end)
			return true;
	}
	return false;
}

/* The region of equal attributes that starts or ends at an address; -1 if none. */
static int region_at(const struct oracle *oracle, u64 address, bool end, u32 attrs)
{
	unsigned int i;

	for (i = 0; i < oracle->nr_regions; i++) {
		const struct oracle_region *region = &oracle->region[i];

		if (region->there && region->attrs == attrs &&
		    region->base + (end ? region->size : 0) == address)
			return i;
	}
	return -1;
}

static void trim(struct oracle *oracle)
{
	while (oracle->nr_regions && !oracle->region[oracle->nr_regions - 1].there)
		oracle->nr_regions--;
}

/* Join region @from_entry to region @to_entry. */
static void absorb(struct oracle *oracle, unsigned int to_entry, unsigned int from_entry)
{
	struct oracle_region *to = &oracle->region[to_entry];
	struct oracle_region *from = &oracle->region[from_entry];
	unsigned int i;

	to->base = min(to->base, from->base);
	to->size += from->size;
	to->used += from->used;
	to->nr_used += from->nr_used;
	from->there = false;
	for (i = 0; i < oracle->nr_allocs; i++)
		if (oracle->alloc[i].region == from_entry)
			oracle->alloc[i].region = to_entry;
	trim(oracle);
}

static const char *note_region(struct oracle *oracle, u64 base, u64 size, u32 attrs,
			       unsigned int entry)
{
	int low = region_at(oracle, base, true, attrs);
	int high = region_at(oracle, base + size, false, attrs);
	struct oracle_region *region;

	if (entry >= CARVEOUT_MAX_REGIONS)
		return "a region has an invalid index";
	region = &oracle->region[entry];
	oracle->size += size;
	if (low < 0 && high < 0) {
		if (region->there)
			return "an entry was used twice";
		*region = (struct oracle_region){ true, base, size, 0, 0, attrs };
		oracle->nr_regions = max(oracle->nr_regions, entry + 1);
		return NULL;
	}
	if (entry != (low < 0 || (high >= 0 && high < low) ? (unsigned int)high :
		      (unsigned int)low))
		return "memory was joined to another region";
	region->base = min(region->base, base);
	region->size += size;
	if (low >= 0 && high >= 0)
		absorb(oracle, entry, entry == (unsigned int)low ? high : low);
	return NULL;
}

const char *oracle_add_region(struct oracle *oracle, const struct carveout_heap *heap,
			      u64 base, u64 size, u32 attrs, bool mem_ok, int ret)
{
	static const int errors[] = { -EINVAL, -EDOM, -EOVERFLOW, -EEXIST };
	bool full = true, touches;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (region_fault(oracle, base, size, mem_ok, errors[i]))
			return region_fault(oracle, base, size, mem_ok, ret) ? NULL :
			       "an invalid region was not refused with the expected error";
	if (ret == -ENOMEM)
		return may_lack(oracle, heap, 1) ? NULL : "descriptors were lost";
	for (i = 0; i < CARVEOUT_MAX_REGIONS; i++)
		full &= oracle->region[i].there;
	touches = region_at(oracle, base, true, attrs) >= 0 ||
		  region_at(oracle, base + size, false, attrs) >= 0;
	if (full && !touches)
		return ret == -E2BIG ? NULL : "a region beyond the maximum was accepted";
	if (ret < 0)
		return "a valid region was refused";
	return note_region(oracle, base, size, attrs, ret);
}

/* === Comparing ============================================================ */

/* Judge the description of a span. */
const char *oracle_span(struct oracle *oracle, const struct carveout_span_info *info)
{
	unsigned int at = first_from(oracle, info->start), i = info->region;
	const struct oracle_alloc *alloc = &oracle->alloc[at];
	const struct oracle_region *region;
	bool same;

	if (i >= oracle->nr_regions || !oracle->region[i].there)
		return "a span is in no region";
	region = &oracle->region[i];
	if (info->start < region->base || !info->size ||
	    info->start - region->base > region->size - info->size)
		return "a span is outside of its region";
	same = at < oracle->nr_allocs && alloc->start == info->start;
	if (same != info->used)
		return "a span has another state";
	if (!same)
		return info->cookie || info->handle.index || info->handle.gen ?
		       "a hole has an owner" : NULL;
	if (alloc->size != info->size || alloc->cookie != info->cookie || alloc->region != i ||
	    alloc->handle.index != info->handle.index || alloc->handle.gen != info->handle.gen)
		return "an allocation has changed";
	return NULL;
}

/* The cheap part of the comparison, done after each operation. */
const char *oracle_counters(struct oracle *oracle, const struct carveout_heap *heap)
{
	struct carveout_heap_stats stats;

	if (heap->corrupted)
		return "the heap is corrupted";
	if (heap->size != oracle->size || carveout_heap_used(heap) != oracle->used)
		return "wrong number of bytes";
	if (carveout_heap_high(heap) != oracle->high ||
	    carveout_heap_nr_used(heap) != oracle->nr_allocs)
		return "wrong number of allocations, or wrong maximum of bytes";
	if (heap->nr_regions != oracle->nr_regions)
		return "wrong number of regions";
	carveout_heap_read_stats(heap, &stats);
	if (stats.nr_alloc != oracle->nr_alloc || stats.nr_free != oracle->nr_free)
		return "wrong number of calls";
	oracle->most = max(oracle->most,
			   carveout_heap_nr_used(heap) + carveout_heap_nr_holes(heap));
	return NULL;
}

static const char *compare_region(struct oracle *oracle, const struct carveout_heap *heap,
				  unsigned int entry, u32 *nr_holes)
{
	const struct oracle_region *region = &oracle->region[entry];
	const struct carveout_region *mem = heap->region[entry];
	struct hole hole = before_holes(oracle, entry);
	struct carveout_span_info info;
	u64 at = region->base, largest = 0;
	u32 index, holes = 0;
	const char *why;

	if (mem->base != region->base || mem->size != region->size ||
	    mem->attrs != region->attrs || carveout_region_used(heap, mem) != region->used ||
	    mem->nr_used != region->nr_used ||
	    carveout_region_high(heap, mem) < region->used)
		return "a region has other properties";
	index = carveout_heap_first_span(heap, entry, &info);
	for (; index; index = carveout_heap_next_span(heap, index, &info)) {
		why = oracle_span(oracle, &info);
		if (why)
			return why;
		if (info.start != at || info.region != entry)
			return "spans do not follow one another";
		at += info.size;
		if (info.used)
			continue;
		if (!next_hole(oracle, entry, &hole) || hole.start != info.start ||
		    hole.size != info.size)
			return "a hole has another position or size";
		largest = max(largest, hole.size);
		holes++;
	}
	if (at != region->base + region->size || mem->nr_holes != holes)
		return "spans do not fill their region";
	*nr_holes += holes;
	return carveout_region_largest(heap, entry) == largest ? NULL :
	       "the largest hole has another size";
}

/* NULL, or the first difference. */
const char *oracle_compare(struct oracle *oracle, const struct carveout_heap *heap)
{
	const char *why = oracle_counters(oracle, heap);
	u32 nr_holes = 0;
	unsigned int i;

	for (i = 0; !why && i < oracle->nr_regions; i++) {
		if (oracle->region[i].there != !!heap->region[i])
			return "a joined region still exists, or an added one is missing";
		if (heap->region[i])
			why = compare_region(oracle, heap, i, &nr_holes);
	}
	if (!why && nr_holes != carveout_heap_nr_holes(heap))
		return "wrong number of holes";
	return why;
}
