// SPDX-License-Identifier: GPL-2.0
/*
 * The heap: allocating and freeing.
 *
 * A request takes the smallest hole that is large enough, in the first region
 * that may serve it and can. A plain request, one without alignment and limit,
 * fails only when no hole is large enough. Its time is bounded by the width of
 * an address, not by the number of spans, in success and in failure.
 *
 * With an alignment beyond the granule, or in a region that an address limit
 * cuts, a hole that is large enough may still not fit. Up to
 * %CARVEOUT_CANDIDATES holes are tried in the order of their sizes, at most
 * %CARVEOUT_CANDIDATES_SAME of equal size, for more size means more chance. Then the
 * smallest hole in which any alignment fits. Then once more the
 * %CARVEOUT_CANDIDATES smallest, equal or not. So such a request can fail although
 * some untried hole would have served, but only in a region with more holes of
 * sufficient size than that, and never when each hole happens to be aligned. The
 * nr_missed counters say how often it may have been so.
 *
 * What is left of a hole keeps the hole's descriptor. What is freed merges with
 * its neighbours at once.
 */

#include "carveout_lib.h"
#include "heap.h"

/* A request, checked and put in the terms of the search. */
struct want {
	const struct carveout_request *req;
	carveout_off_t size;		/* a multiple of the granule */
	carveout_off_t align;		/* at least the granule */
	carveout_off_t limit;		/* 0 for none */
};

/* A place that was found. */
struct place {
	unsigned int region;
	u32 hole;
	carveout_off_t front;		/* from the hole's start to the place */
};

/* How far a search has come. */
struct search {
	const struct want *want;
	unsigned int region;
	unsigned int tries;		/* candidates that may still be tried */
	unsigned int same;		/* how many of them may have equal size */
	bool skipped;			/* a hole of sufficient size was not tried */
};

/**
 * carveout_heap_break() - Note that the structure is broken
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: -EUCLEAN
 */
int carveout_heap_break(struct carveout_heap *heap)
{
	heap->broken = true;
	carveout_assert(!heap->broken);
	return -EUCLEAN;
}

/**
 * carveout_heap_init() - Make an empty heap
 * @heap: memory of the heap, with any content
 * @granule_shift: log2 of the granule, the unit of all sizes and addresses
 *
 * Context: Any context.
 */
void carveout_heap_init(struct carveout_heap *heap, unsigned int granule_shift)
{
	memset(heap, 0, sizeof(*heap));
	carveout_store_init(&heap->store);
	heap->shift = granule_shift;
	if (granule_shift >= CARVEOUT_OFF_BITS)
		carveout_heap_break(heap);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_init);

/**
 * carveout_store_chunk_bytes() - Size of the next chunk of descriptors
 * @heap: heap
 *
 * Each chunk holds twice as many descriptors as the one before.
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes; 0 when the heap cannot take another chunk.
 */
size_t carveout_store_chunk_bytes(const struct carveout_heap *heap)
{
	carveout_heap_assert_locked(heap);
	return carveout_store_bytes(&heap->store);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_chunk_bytes);

/**
 * carveout_heap_add_chunk() - Give memory for descriptors
 * @heap: heap
 * @mem: memory of carveout_store_chunk_bytes() bytes, aligned to 8, with any
 *	content. It stays the caller's to free after the last use of the heap.
 *
 * A caller that drops its lock to allocate asks for the size again before it
 * adds the chunk: another one may have come in between.
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, -EINVAL when @mem is NULL or unaligned, -E2BIG when the heap cannot
 * take another chunk, or -EUCLEAN.
 */
int carveout_heap_add_chunk(struct carveout_heap *heap, void *mem)
{
	carveout_heap_assert_locked(heap);
	if (heap->broken)
		return -EUCLEAN;
	return carveout_store_add(&heap->store, mem);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_add_chunk);

/* === Search for a place =================================================== */

/* Check a request; its size in whole granules, or 0 if there is a fault. */
static carveout_off_t check_request(const struct carveout_heap *heap,
				    const struct carveout_request *req)
{
	carveout_off_t mask = ((carveout_off_t)1 << heap->shift) - 1;

	if (unlikely(req->align & (req->align - 1) || req->require & req->forbid))
		return 0;
	/* One that wraps is 0 as well. */
	return (req->size + mask) & ~mask;
}

/* Would the request fit in this span, and where? No sum in here can wrap. */
static bool fits(const struct want *want, const struct carveout_span *span,
		 carveout_off_t *start)
{
	carveout_off_t pad = -span->start & (want->align - 1);

	if (span->size < want->size || span->size - want->size < pad)
		return false;
	*start = span->start + pad;
	return !want->limit || *start + want->size <= want->limit;
}

/* Try a hole and those listed behind it, which have the same size. */
static u32 try_equals(struct carveout_heap *heap, struct search *search, u32 index,
		      carveout_off_t *start)
{
	unsigned int same = search->same;

	while (index) {
		const struct carveout_span *span = carveout_span(&heap->store, index);

		if (!same || !search->tries) {
			search->skipped = true;
			return 0;
		}
		if (fits(search->want, span, start))
			return index;
		same--;
		search->tries--;
		index = carveout_link_read(&heap->store, span->bin_next);
	}
	return 0;
}

/* Try holes from the smallest that is large enough upwards. */
static u32 try_candidates(struct carveout_heap *heap, struct search *search, u32 index,
			  unsigned int same, carveout_off_t *start)
{
	const struct carveout_bins *bins = &heap->region[search->region]->bins;
	u64 granules;
	u32 found;

	search->tries = CARVEOUT_CANDIDATES;
	search->same = same;
	search->skipped = false;
	while (index) {
		granules = carveout_span(&heap->store, index)->size >> heap->shift;
		found = try_equals(heap, search, index, start);
		if (found)
			return found;
		index = carveout_bins_best(&heap->store, bins, granules + 1, heap->shift);
		if (index && !search->tries) {
			search->skipped = true;
			return 0;
		}
	}
	return 0;
}

/*
 * Try the smallest hole in which the request fits whatever the hole's start. This
 * is for when there are more than two holes of sufficient size: so that is less
 * than a third of all addresses, and the sum does not wrap.
 */
static u32 try_padded(struct carveout_heap *heap, struct search *search,
		      carveout_off_t *start)
{
	carveout_off_t granule = (carveout_off_t)1 << heap->shift;
	const struct want *want = search->want;
	carveout_off_t size = want->size + (want->align - granule);
	u32 index;

	index = carveout_bins_best(&heap->store, &heap->region[search->region]->bins,
				   size >> heap->shift, heap->shift);
	if (index && fits(want, carveout_span(&heap->store, index), start))
		return index;
	return 0;
}

/* Any hole of the best size that fits; one that is not in the trie if there is. */
static u32 try_best(struct carveout_heap *heap, const struct want *want, u32 index,
		    carveout_off_t *start)
{
	const struct carveout_span *span = carveout_span(&heap->store, index);
	carveout_off_t other;
	u32 next;

	if (!fits(want, span, start))
		return 0;
	next = carveout_link_read(&heap->store, span->bin_next);
	if (!next || !fits(want, carveout_span(&heap->store, next), &other))
		return index;
	*start = other;
	return next;
}

/* Try a bounded number of holes, given the smallest one that is large enough. */
static u32 try_all(struct carveout_heap *heap, struct search *search, u32 best,
		   carveout_off_t *start)
{
	u32 found;

	found = try_best(heap, search->want, best, start);
	if (!found)
		found = try_candidates(heap, search, best, CARVEOUT_CANDIDATES_SAME, start);
	if (!found && search->skipped) {
		found = try_padded(heap, search, start);
		if (!found)
			found = try_candidates(heap, search, best, CARVEOUT_CANDIDATES,
					       start);
	}
	return found;
}

static bool find_in_region(struct carveout_heap *heap, const struct want *want,
			   unsigned int entry, struct place *place, bool *missed)
{
	struct carveout_region *region = heap->region[entry];
	struct search search = {
		.want = want,
		.region = entry,
	};
	carveout_off_t start;
	u32 best;

	best = carveout_bins_best(&heap->store, &region->bins, want->size >> heap->shift,
				  heap->shift);
	place->region = entry;
	place->hole = best ? try_all(heap, &search, best, &start) : 0;
	if (place->hole) {
		place->front = start - carveout_span(&heap->store, place->hole)->start;
		return true;
	}
	region->nr_nospc++;
	region->nr_missed += search.skipped;
	*missed |= search.skipped;
	return false;
}

static bool selects(const struct carveout_request *req,
		    const struct carveout_region *region, unsigned int entry)
{
	return region && (!req->regions || req->regions & BIT_ULL(entry)) &&
	       (region->attrs & (req->require | req->forbid)) == req->require;
}

/* Does the limit fall inside the region? Regions beyond it do not come here. */
static bool cut_by(const struct want *want, const struct carveout_region *region)
{
	return want->limit && region->base + region->size > want->limit;
}

/*
 * Regions wholly below the limit come first, since there the search is exact;
 * those that the limit cuts come after them.
 */
static int find_place(struct carveout_heap *heap, const struct want *want,
		      struct place *place)
{
	bool missed = false, selected = !heap->nr_regions, cut = false;
	unsigned int pass, i;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < heap->nr_regions; i++) {
			const struct carveout_region *region = heap->region[i];

			if (!selects(want->req, region, i))
				continue;
			selected = true;
			if (cut_by(want, region) != pass) {
				cut = true;
				continue;
			}
			if (pass && region->base >= want->limit)
				continue;
			if (find_in_region(heap, want, i, place, &missed))
				return 0;
		}
		if (!cut)
			break;
	}
	if (!selected)
		return -EINVAL;
	heap->stats.nr_missed += missed;
	return -ENOSPC;
}

static int find_searching(struct carveout_heap *heap, const struct carveout_request *req,
			  carveout_off_t size, struct place *place)
{
	const struct want want = {
		.req = req,
		.size = size,
		.align = max(req->align, (carveout_off_t)1 << heap->shift),
		.limit = req->max_addr,
	};

	return find_place(heap, &want, place);
}

/*
 * The smallest hole that is large enough, in the first region that has one: all
 * that a request without alignment and limit needs, and nothing can be missed.
 */
static int find_plain(struct carveout_heap *heap, const struct carveout_request *req,
		      carveout_off_t size, struct place *place)
{
	bool selected = !heap->nr_regions;
	unsigned int i;

	for (i = 0; i < heap->nr_regions; i++) {
		struct carveout_region *region = heap->region[i];
		u32 hole, next;

		if (!selects(req, region, i))
			continue;
		selected = true;
		hole = carveout_bins_best(&heap->store, &region->bins, size >> heap->shift,
					  heap->shift);
		if (unlikely(!hole)) {
			region->nr_nospc++;
			continue;
		}
		place->region = i;
		place->hole = hole;
		/* One that is not in the trie itself is easier to take out. */
		if (size >> heap->shift >= CARVEOUT_EXACT) {
			next = carveout_link_read(&heap->store,
						  carveout_span(&heap->store, hole)->bin_next);
			place->hole = next ? next : hole;
		}
		place->front = 0;
		return 0;
	}
	return selected ? -ENOSPC : -EINVAL;
}

/* === Taking the place ===================================================== */

/*
 * Cut @size bytes out of a hole that is in no bin any more:
 *
 *   |<-------------- hole -------------->|
 *   |  front: hole  |  used  | back: hole |
 *
 * The front keeps the hole's descriptor, or the back does where there is no
 * front, or the used part where there is neither.
 */
static u32 cut_low(struct carveout_heap *heap, struct carveout_region *region, u32 hole,
		   carveout_off_t size)
{
	struct carveout_store *store = &heap->store;
	struct carveout_span *span = carveout_span(store, hole);
	u32 used = carveout_span_new(store, span->start, size);

	if (unlikely(!used))
		return 0;
	carveout_chain_add_before(store, &region->chain, used, hole);
	span->start += size;
	span->size -= size;
	carveout_bins_insert(store, &region->bins, heap->shift, hole);
	return used;
}

static u32 cut_high(struct carveout_heap *heap, struct carveout_region *region, u32 hole,
		    carveout_off_t front, carveout_off_t size)
{
	struct carveout_store *store = &heap->store;
	struct carveout_span *span = carveout_span(store, hole);
	carveout_off_t start = span->start + front;
	u32 used, rest;

	if (front + size != span->size) {
		rest = carveout_span_new(store, start + size, span->size - front - size);
		if (unlikely(!rest))
			return 0;
		carveout_chain_add_after(store, &region->chain, rest, hole);
		*carveout_tag(store, rest) = *carveout_tag(store, hole);
		carveout_bins_insert(store, &region->bins, heap->shift, rest);
		region->nr_holes++;
		heap->nr_holes++;
	}
	used = carveout_span_new(store, start, size);
	if (unlikely(!used))
		return 0;
	carveout_chain_add_after(store, &region->chain, used, hole);
	span->size = front;
	carveout_bins_insert(store, &region->bins, heap->shift, hole);
	return used;
}

/* The descriptor of the used part; 0 when the structure is broken. */
static u32 cut(struct carveout_heap *heap, const struct place *place, carveout_off_t size)
{
	struct carveout_region *region = heap->region[place->region];

	carveout_bins_remove(&heap->store, &region->bins, heap->shift, place->hole);
	if (unlikely(place->front))
		return cut_high(heap, region, place->hole, place->front, size);
	if (carveout_span(&heap->store, place->hole)->size != size)
		return cut_low(heap, region, place->hole, size);
	region->nr_holes--;
	heap->nr_holes--;
	return place->hole;
}

static bool can_cut(const struct carveout_heap *heap, const struct place *place,
		    carveout_off_t size)
{
	const struct carveout_span *hole = carveout_span(&heap->store, place->hole);

	return likely(heap->store.nr_free > 1) ||
	       carveout_store_avail(&heap->store) >=
	       (u32)(place->front != 0) + (hole->size - place->front != size);
}

static void account_alloc(struct carveout_heap *heap, struct carveout_region *region,
			  carveout_off_t size)
{
	region->used += size;
	region->high = max(region->high, region->used);
	region->nr_used++;
	heap->used += size;
	heap->high = max(heap->high, heap->used);
	heap->nr_used++;
	heap->stats.nr_alloc++;
}

static int take_place(struct carveout_heap *heap, const struct place *place,
		      carveout_off_t size, u64 cookie, struct carveout_handle *handle)
{
	struct carveout_store *store = &heap->store;
	u32 index;

	if (unlikely(*carveout_tag(store, place->hole) !=
		     carveout_tag_make(place->region, CARVEOUT_HOLE)))
		store->bad = true;
	if (unlikely(store->bad))
		return -EUCLEAN;
	if (unlikely(!can_cut(heap, place, size)))
		return -ENOMEM;
	index = cut(heap, place, size);
	if (unlikely(store->bad))
		return -EUCLEAN;
	if (unlikely(!++heap->gen))
		heap->gen = 1;
	*carveout_tag(store, index) = carveout_tag_make(place->region, CARVEOUT_USED);
	carveout_span(store, index)->gen = heap->gen;
	carveout_aux(store, index)->cookie = cookie;
	account_alloc(heap, heap->region[place->region], size);
	handle->index = index;
	handle->gen = heap->gen;
	return 0;
}

static void account_failure(struct carveout_heap *heap, int err)
{
	switch (err) {
	case -EINVAL:
		heap->stats.nr_invalid++;
		break;
	case -ENOSPC:
		heap->stats.nr_nospc++;
		break;
	case -ENOMEM:
		heap->stats.nr_nomem++;
		break;
	}
}

/**
 * carveout_heap_alloc() - Hand out memory
 * @heap: heap
 * @req: what it must be like
 * @handle: on success, the handle of the allocation
 *
 * Regions are tried in the order in which they were added; where there is a
 * limit, those that lie wholly below it before those that it cuts. The place is
 * at the lowest suitable address of the hole that is chosen.
 *
 * Context: Any context. Caller holds the heap's lock. Per region, a plain request
 * follows at most a constant multiple of %CARVEOUT_OFF_BITS links; a request with
 * an alignment or a limit at most 2 * %CARVEOUT_CANDIDATES + 2 times as many.
 * Return: 0, or
 *
 * * -EINVAL: the size is 0 or wraps when it is rounded up, the alignment is no
 *   power of two, an attribute is both required and forbidden, or the heap has
 *   no region that the mask and the attributes select
 * * -ENOSPC: no place fits; with an alignment or a limit, none was found
 * * -ENOMEM: no descriptor left: add a chunk and try again
 * * -EUCLEAN: the heap is broken
 */
int carveout_heap_alloc(struct carveout_heap *heap, const struct carveout_request *req,
			struct carveout_handle *handle)
{
	struct place place;
	carveout_off_t size;
	int err;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->broken))
		return -EUCLEAN;
	size = check_request(heap, req);
	if (unlikely(!size))
		err = -EINVAL;
	else if (likely(!(req->align >> heap->shift >> 1) && !req->max_addr))
		err = find_plain(heap, req, size, &place);
	else
		err = find_searching(heap, req, size, &place);
	if (!err)
		err = take_place(heap, &place, size, req->cookie, handle);
	if (unlikely(heap->store.bad))
		return carveout_heap_break(heap);
	if (unlikely(err))
		account_failure(heap, err);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_alloc);

/* === Freeing ============================================================== */

/* The neighbour of this index if it is a hole of the region, else 0. */
static __always_inline u32 hole_at(struct carveout_heap *heap, unsigned int entry, u32 link)
{
	u32 index = carveout_link_read(&heap->store, link);

	if (index && *carveout_tag(&heap->store, index) ==
		     carveout_tag_make(entry, CARVEOUT_HOLE))
		return index;
	return 0;
}

/* Let @right become part of @left. Neither is in a bin any more. */
static __always_inline void merge(struct carveout_heap *heap,
				  struct carveout_region *region, u32 left, u32 right)
{
	struct carveout_store *store = &heap->store;
	struct carveout_span *l = carveout_span(store, left);
	const struct carveout_span *r = carveout_span(store, right);
	u32 *beyond = carveout_link_from_right(store, &region->chain, r->next);

	if (unlikely(l->start + l->size != r->start || l->next != right ||
		     r->prev != left || *beyond != right))
		store->bad = true;
	l->size += r->size;
	l->next = r->next;
	*beyond = left;
	carveout_store_give(store, right);
	region->nr_holes--;
	heap->nr_holes--;
}

static void account_free(struct carveout_heap *heap, struct carveout_region *region,
			 carveout_off_t size)
{
	region->used -= size;
	region->nr_used--;
	region->nr_holes++;
	heap->used -= size;
	heap->nr_used--;
	heap->nr_holes++;
	heap->stats.nr_free++;
}

/* Make a used span a hole, together with its neighbours that are holes. */
static void release(struct carveout_heap *heap, unsigned int entry, u32 index)
{
	struct carveout_region *region = heap->region[entry];
	struct carveout_store *store = &heap->store;
	const struct carveout_span *span = carveout_span(store, index);
	u32 prev = hole_at(heap, entry, span->prev);
	u32 next = hole_at(heap, entry, span->next);

	account_free(heap, region, span->size);
	if (next) {
		carveout_bins_remove(store, &region->bins, heap->shift, next);
		merge(heap, region, index, next);
	}
	if (prev) {
		carveout_bins_remove(store, &region->bins, heap->shift, prev);
		merge(heap, region, prev, index);
		index = prev;
	} else {
		*carveout_tag(store, index) = carveout_tag_make(entry, CARVEOUT_HOLE);
	}
	carveout_bins_insert(store, &region->bins, heap->shift, index);
}

/**
 * carveout_heap_free() - Take memory back
 * @heap: heap
 * @handle: handle of the allocation
 *
 * Context: Any context. Caller holds the heap's lock. Follows at most a constant
 * multiple of %CARVEOUT_OFF_BITS links and needs no descriptor.
 * Return: 0, -EINVAL when the handle is stale, of no allocation, or of one that
 * was freed already, or -EUCLEAN when the heap is broken.
 */
int carveout_heap_free(struct carveout_heap *heap, struct carveout_handle handle)
{
	unsigned int entry;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->broken))
		return -EUCLEAN;
	if (unlikely(!carveout_heap_owns(heap, handle))) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	entry = *carveout_tag(&heap->store, handle.index) >> CARVEOUT_TAG_REGION_SHIFT;
	if (unlikely(!heap->region[entry]))
		return carveout_heap_break(heap);
	release(heap, entry, handle.index);
	return unlikely(heap->store.bad) ? carveout_heap_break(heap) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_free);
