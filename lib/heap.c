// SPDX-License-Identifier: GPL-2.0
/*
 * Heap: allocates and frees memory.
 *
 * A request takes the smallest hole that is large enough, in the first region that
 * may serve the request and has one. A plain request, one without alignment and
 * limit, fails only if no hole is large enough. Its time, for success and for failure,
 * is bounded by the width of an address, not by the number of spans.
 *
 * Requests with an alignment, a limit or from the top are handled by lib/search.c.
 *
 * Freed memory is merged with neighbouring holes immediately.
 */

#include "carveout_lib.h"
#include "heap.h"
#include "search.h"

/**
 * carveout_heap_corrupted() - Mark a heap as corrupted
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: -EUCLEAN.
 */
int carveout_heap_corrupted(struct carveout_heap *heap)
{
	heap->corrupted = true;
	carveout_assert(!heap->corrupted);
	return -EUCLEAN;
}

/**
 * carveout_heap_init() - Initialise an empty heap
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
		carveout_heap_corrupted(heap);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_init);

/**
 * carveout_store_chunk_bytes() - Size of the next chunk of descriptors
 * @heap: heap
 *
 * Each chunk holds twice as many descriptors as the chunk before.
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes; 0 if the heap has its maximum number of chunks.
 */
size_t carveout_store_chunk_bytes(const struct carveout_heap *heap)
{
	carveout_heap_assert_locked(heap);
	return carveout_store_bytes(&heap->store);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_chunk_bytes);

/**
 * carveout_heap_add_chunk() - Add memory for descriptors
 * @heap: heap
 * @mem: memory of carveout_store_chunk_bytes() bytes, aligned to 8, with any
 *	content. The caller frees it after the last use of the heap.
 *
 * A caller that drops its lock to allocate must read the size again before it adds
 * the chunk: another chunk may have been added in between.
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, -EINVAL if @mem is NULL or unaligned, -E2BIG if the heap has its
 * maximum number of chunks, or -EUCLEAN.
 */
int carveout_heap_add_chunk(struct carveout_heap *heap, void *mem)
{
	carveout_heap_assert_locked(heap);
	if (heap->corrupted)
		return -EUCLEAN;
	return carveout_store_add(&heap->store, mem);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_add_chunk);

/* === Search for a place =================================================== */

static bool fallback_is_invalid(const struct carveout_heap_request *req)
{
	unsigned int i;

	if (req->nr_fallback > CARVEOUT_FALLBACKS)
		return true;
	for (i = 0; i < req->nr_fallback; i++)
		if (req->fallback[i] & req->forbid)
			return true;
	return false;
}

/* Check a request; returns its size in whole granules, or 0 if it is invalid. */
static carveout_off_t check_request(const struct carveout_heap *heap,
				    const struct carveout_heap_request *req)
{
	carveout_off_t mask = ((carveout_off_t)1 << heap->shift) - 1;

	if (unlikely(req->align & (req->align - 1) || req->require & req->forbid))
		return 0;
	if (unlikely(req->nr_fallback && fallback_is_invalid(req)))
		return 0;
	if (unlikely(req->exact && (req->top_down || req->addr & mask ||
				    (req->align && req->addr & (req->align - 1)))))
		return 0;
	/* An overflowing size becomes 0, too. */
	return (req->size + mask) & ~mask;
}

/*
 * The smallest hole that is large enough, in the first region that has one. This
 * search is exact for a request without alignment and limit.
 */
static int find_plain(struct carveout_heap *heap, const struct carveout_heap_request *req,
		      u32 require, carveout_off_t size, struct carveout_place *place)
{
	bool selected = !heap->nr_regions;
	unsigned int i;

	for (i = 0; i < heap->nr_regions; i++) {
		struct carveout_region *region = heap->region[i];
		u32 hole, next;

		if (!carveout_selects(req, require, region, i))
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
		/* A hole of the list is cheaper to remove than the node of the trie. */
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

/* The span at the requested address, if it is a hole and large enough. */
static int find_exact(struct carveout_heap *heap, const struct carveout_heap_request *req,
		      u32 require, carveout_off_t size, struct carveout_place *place)
{
	const struct carveout_span *span;
	u32 index = carveout_heap_span_at(heap, req->addr);
	u8 mark;

	if (!index)
		return heap->nr_regions ? -EINVAL : -ENOSPC;
	mark = *carveout_mark(&heap->store, index);
	span = carveout_span(&heap->store, index);
	place->region = mark >> CARVEOUT_MARK_REGION_SHIFT;
	place->hole = index;
	place->front = req->addr - span->start;
	if (!carveout_selects(req, require, heap->region[place->region], place->region))
		return -EINVAL;
	if ((mark & CARVEOUT_MARK_STATE) != CARVEOUT_HOLE ||
	    span->size - place->front < size ||
	    (req->max_addr && (req->addr >= req->max_addr ||
			       req->max_addr - req->addr < size))) {
		heap->region[place->region]->nr_nospc++;
		return -ENOSPC;
	}
	return 0;
}

static int find_required(struct carveout_heap *heap, const struct carveout_heap_request *req,
			 u32 require, carveout_off_t size, struct carveout_place *place)
{
	if (likely(!(req->align >> heap->shift >> 1) && !req->max_addr && !req->top_down &&
		   !req->exact))
		return find_plain(heap, req, require, size, place);
	if (req->exact)
		return find_exact(heap, req, require, size, place);
	return carveout_search(heap, req, require, size, place);
}

/* Try the caller's fallback attributes in order. */
static int find_fallback(struct carveout_heap *heap, const struct carveout_heap_request *req,
			 int err, carveout_off_t size, struct carveout_place *place)
{
	unsigned int i;

	for (i = 0; i < req->nr_fallback && err; i++) {
		int ret = find_required(heap, req, req->fallback[i], size, place);

		/* A fallback that no region satisfies does not turn -ENOSPC into -EINVAL. */
		if (err == -EINVAL || ret != -EINVAL)
			err = ret;
	}
	return err;
}

/* === Allocating the place ================================================= */

/*
 * Cut @size bytes out of a hole that was removed from its bin:
 *
 *   |<-------------- hole -------------->|
 *   |  front: hole  |  used  | back: hole |
 *
 * The first part keeps the hole's descriptor because its start does not change: so
 * its entry in the address map stays valid.
 */
static u32 cut_low(struct carveout_heap *heap, struct carveout_region *region, u32 hole,
		   carveout_off_t size)
{
	struct carveout_store *store = &heap->store;
	struct carveout_span *span = carveout_span(store, hole);
	u32 rest = carveout_span_new(store, span->start + size, span->size - size);

	if (unlikely(!rest))
		return 0;
	carveout_chain_add_after(store, &region->chain, rest, hole);
	carveout_heap_map_span(heap, region, rest, span->start + size, span->start);
	*carveout_mark(store, rest) = *carveout_mark(store, hole);
	span->size = size;
	carveout_bins_insert(store, &region->bins, heap->shift, rest);
	return hole;
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
		carveout_heap_map_span(heap, region, rest, start + size, start);
		*carveout_mark(store, rest) = *carveout_mark(store, hole);
		carveout_bins_insert(store, &region->bins, heap->shift, rest);
		region->nr_holes++;
		heap->nr_holes++;
	}
	used = carveout_span_new(store, start, size);
	if (unlikely(!used))
		return 0;
	carveout_chain_add_after(store, &region->chain, used, hole);
	carveout_heap_map_span(heap, region, used, start, span->start);
	span->size = front;
	carveout_bins_insert(store, &region->bins, heap->shift, hole);
	return used;
}

/* The descriptor of the used part; 0 if the structure is corrupted. */
static u32 cut(struct carveout_heap *heap, const struct carveout_place *place, carveout_off_t size)
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

static bool can_cut(const struct carveout_heap *heap, const struct carveout_place *place,
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

static int take_place(struct carveout_heap *heap, const struct carveout_place *place,
		      carveout_off_t size, u64 cookie, struct carveout_handle *handle)
{
	struct carveout_store *store = &heap->store;
	u32 index;

	if (unlikely(*carveout_mark(store, place->hole) !=
		     carveout_mark_make(place->region, CARVEOUT_HOLE)))
		store->corrupted = true;
	if (unlikely(store->corrupted))
		return -EUCLEAN;
	if (unlikely(!can_cut(heap, place, size)))
		return -ENOMEM;
	index = cut(heap, place, size);
	if (unlikely(store->corrupted))
		return -EUCLEAN;
	if (unlikely(!++heap->gen))
		heap->gen = 1;
	*carveout_mark(store, index) = carveout_mark_make(place->region, CARVEOUT_USED);
	carveout_span(store, index)->gen = heap->gen;
	carveout_aux(store, index)->cookie = cookie;
	account_alloc(heap, heap->region[place->region], size);
	handle->index = index;
	handle->gen = heap->gen;
	return 0;
}

/* @err is -EINVAL, -ENOSPC or -ENOMEM. */
static void account_failure(struct carveout_heap *heap, int err, bool missed)
{
	switch (err) {
	case -EINVAL:
		heap->stats.nr_invalid++;
		break;
	case -ENOSPC:
		heap->stats.nr_nospc++;
		heap->stats.nr_missed += missed;
		break;
	default:
		heap->stats.nr_nomem++;
		break;
	}
}

/**
 * carveout_heap_alloc() - Allocate memory
 * @heap: heap
 * @req: request
 * @handle: on success, the handle of the allocation
 *
 * Regions are tried in the order of their indices. With a limit, the regions wholly
 * below it are tried before those that contain it. The place is at the lowest
 * suitable address of the chosen hole; for a request from the top, at the highest. If
 * no region with the required attributes has a place, all regions are tried again with
 * the first fallback, and so on.
 *
 * Context: Any context. Caller holds the heap's lock. Per region, a plain request
 * follows at most a constant multiple of %CARVEOUT_OFF_BITS links; a request with
 * an alignment, a limit or from the top at most 6 * %CARVEOUT_CANDIDATES + 5 times
 * as many. Each fallback searches again. An exact address takes the steps of
 * carveout_heap_find(), and fails with -ENOSPC only if the memory there is not free
 * or not below the limit.
 * Return: 0, or
 *
 * * -EINVAL: the size is 0 or overflows when rounded up, the alignment is not a power
 *   of two, an attribute is both required and forbidden, there are too many
 *   fallbacks, an exact address is not aligned or combined with a request from the
 *   top, or the heap has regions, but none (at the exact address, if one is given)
 *   that the mask and the attributes select
 * * -ENOSPC: no place fits; with an alignment or a limit, none was found
 * * -ENOMEM: no descriptor left: add a chunk and retry
 * * -EUCLEAN: the heap is corrupted
 */
int carveout_heap_alloc(struct carveout_heap *heap, const struct carveout_heap_request *req,
			struct carveout_handle *handle)
{
	struct carveout_place place;
	carveout_off_t size;
	int err;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	size = check_request(heap, req);
	place.missed = false;
	if (unlikely(!size)) {
		err = -EINVAL;
	} else {
		err = find_required(heap, req, req->require, size, &place);
		if (unlikely(err && req->nr_fallback))
			err = find_fallback(heap, req, err, size, &place);
	}
	if (!err)
		err = take_place(heap, &place, size, req->cookie, handle);
	if (unlikely(heap->store.corrupted))
		return carveout_heap_corrupted(heap);
	if (unlikely(err))
		account_failure(heap, err, place.missed);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_alloc);

/* === Freeing ============================================================== */

/* The neighbour that @link refers to if it is a hole of the region, else 0. */
static __always_inline u32 hole_at(struct carveout_heap *heap, unsigned int entry, u32 link)
{
	u32 index = carveout_link_read(&heap->store, link);

	if (index && *carveout_mark(&heap->store, index) ==
		     carveout_mark_make(entry, CARVEOUT_HOLE))
		return index;
	return 0;
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

/* Turn a used span into a hole and merge it with neighbouring holes. */
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
		carveout_heap_merge(heap, region, index, next);
	}
	if (prev) {
		carveout_bins_remove(store, &region->bins, heap->shift, prev);
		carveout_heap_merge(heap, region, prev, index);
		index = prev;
	} else {
		*carveout_mark(store, index) = carveout_mark_make(entry, CARVEOUT_HOLE);
	}
	carveout_bins_insert(store, &region->bins, heap->shift, index);
}

/**
 * carveout_heap_free() - Free memory
 * @heap: heap
 * @handle: handle of the allocation
 *
 * Context: Any context. Caller holds the heap's lock. Follows at most a constant
 * multiple of %CARVEOUT_OFF_BITS links and needs no descriptor.
 * Return: 0, -EINVAL if the handle is stale, of no allocation, or of an allocation
 * that is already freed, or -EUCLEAN if the heap is corrupted.
 */
int carveout_heap_free(struct carveout_heap *heap, struct carveout_handle handle)
{
	unsigned int entry;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	if (unlikely(!carveout_heap_owns(heap, handle))) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	entry = *carveout_mark(&heap->store, handle.index) >> CARVEOUT_MARK_REGION_SHIFT;
	if (unlikely(!heap->region[entry]))
		return carveout_heap_corrupted(heap);
	release(heap, entry, handle.index);
	return unlikely(heap->store.corrupted) ? carveout_heap_corrupted(heap) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_free);

/**
 * carveout_heap_free_at() - Free memory by its address
 * @heap: heap
 * @start: address of the allocation's first byte
 *
 * Context: Any context. Caller holds the heap's lock. Takes the steps of
 * carveout_heap_find() and those of carveout_heap_free().
 * Return: 0, -EINVAL if no allocation starts there, or -EUCLEAN if the heap is
 * corrupted.
 */
int carveout_heap_free_at(struct carveout_heap *heap, carveout_off_t start)
{
	struct carveout_handle handle;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	handle.index = carveout_heap_span_at(heap, start);
	if (unlikely(heap->store.corrupted))
		return carveout_heap_corrupted(heap);
	if (!handle.index || carveout_span(&heap->store, handle.index)->start != start) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	/* In a hole this is not a generation, but its state is checked first. */
	handle.gen = carveout_span(&heap->store, handle.index)->gen;
	return carveout_heap_free(heap, handle);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_free_at);

/* === Changing the size ==================================================== */

/* Move the start of a hole that is in no bin and follows the span at @before. */
static void move_start(struct carveout_heap *heap, struct carveout_region *region,
		       u32 index, carveout_off_t start, carveout_off_t before)
{
	struct carveout_span *hole = carveout_span(&heap->store, index);

	carveout_heap_unmap_span(heap, region, index, hole->start, before);
	hole->size += hole->start - start;
	hole->start = start;
	carveout_heap_map_span(heap, region, index, start, before);
}

/* Free the tail of a span: it extends the hole behind it, or becomes a new hole. */
static int shrink(struct carveout_heap *heap, unsigned int entry, u32 index,
		  carveout_off_t by)
{
	struct carveout_region *region = heap->region[entry];
	struct carveout_store *store = &heap->store;
	struct carveout_span *span = carveout_span(store, index);
	u32 next = hole_at(heap, entry, span->next);

	if (next) {
		carveout_bins_remove(store, &region->bins, heap->shift, next);
		move_start(heap, region, next, span->start + span->size - by,
			   span->start);
	} else {
		if (!carveout_store_avail(store))
			return -ENOMEM;
		next = carveout_span_new(store, span->start + span->size - by, by);
		if (unlikely(!next))
			return -EUCLEAN;
		carveout_chain_add_after(store, &region->chain, next, index);
		carveout_heap_map_span(heap, region, next, span->start + span->size - by,
				       span->start);
		*carveout_mark(store, next) = carveout_mark_make(entry, CARVEOUT_HOLE);
		region->nr_holes++;
		heap->nr_holes++;
	}
	carveout_bins_insert(store, &region->bins, heap->shift, next);
	span->size -= by;
	region->used -= by;
	heap->used -= by;
	return 0;
}

/* Extend the span by taking memory from the hole behind it. */
static int grow(struct carveout_heap *heap, unsigned int entry, u32 index,
		carveout_off_t by)
{
	struct carveout_region *region = heap->region[entry];
	struct carveout_store *store = &heap->store;
	struct carveout_span *hole, *span = carveout_span(store, index);
	u32 next = hole_at(heap, entry, span->next);

	if (!next || carveout_span(store, next)->size < by)
		return -ENOSPC;
	hole = carveout_span(store, next);
	carveout_bins_remove(store, &region->bins, heap->shift, next);
	if (hole->size == by) {
		carveout_heap_merge(heap, region, index, next);
	} else {
		move_start(heap, region, next, hole->start + by, span->start);
		span->size += by;
		carveout_bins_insert(store, &region->bins, heap->shift, next);
	}
	region->used += by;
	region->high = max(region->high, region->used);
	heap->used += by;
	heap->high = max(heap->high, heap->used);
	return 0;
}

/**
 * carveout_heap_resize() - Grow or shrink an allocation in place
 * @heap: heap
 * @handle: handle of the allocation, which stays valid
 * @size: new size in bytes, rounded up to the granule
 *
 * The start does not change. The alignment of the request therefore still holds; an
 * address limit is not stored.
 *
 * Context: Any context. Caller holds the heap's lock. Follows at most a constant
 * multiple of %CARVEOUT_OFF_BITS links.
 * Return: 0, or
 *
 * * -EINVAL: the size is 0 or overflows when rounded up, or the handle is stale or
 *   of no allocation
 * * -ENOSPC: cannot grow: the memory behind it is in use, too small, or not in the
 *   region
 * * -ENOMEM: cannot shrink without a descriptor: add a chunk and retry
 * * -EUCLEAN: the heap is corrupted
 */
int carveout_heap_resize(struct carveout_heap *heap, struct carveout_handle handle,
			 carveout_off_t size)
{
	const struct carveout_heap_request req = { .size = size };
	unsigned int entry;
	carveout_off_t old;
	int err = 0;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	size = check_request(heap, &req);
	if (!size || !carveout_heap_owns(heap, handle)) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	entry = *carveout_mark(&heap->store, handle.index) >> CARVEOUT_MARK_REGION_SHIFT;
	if (unlikely(!heap->region[entry]))
		return carveout_heap_corrupted(heap);
	old = carveout_span(&heap->store, handle.index)->size;
	if (size < old)
		err = shrink(heap, entry, handle.index, old - size);
	else if (size > old)
		err = grow(heap, entry, handle.index, size - old);
	if (unlikely(heap->store.corrupted))
		return carveout_heap_corrupted(heap);
	if (err)
		account_failure(heap, err, false);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_resize);
