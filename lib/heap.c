// SPDX-License-Identifier: GPL-2.0
/*
 * Heap: allocates and frees memory.
 *
 * A request takes the smallest hole that is large enough, in the first region that
 * may serve the request and has one. A plain request, one without alignment and
 * limit, fails only if no hole is large enough. Its time, for success and for failure,
 * is bounded by the width of an address, not by the number of spans.
 *
 * lib/search.c searches the places of all requests but the most frequent ones.
 *
 * Freed memory is merged with neighbouring holes immediately.
 *
 * alloc_first() and release() are the paths of nearly all calls: a request of the first
 * region for less than %CARVEOUT_EXACT granules, without a condition but an alignment that
 * its hole has anyway, and its free. They leave for the general code, alloc_any() and the
 * two merges, in the last step only, so that the compiler saves no registers in them.
 * Documentation/design.rst has their costs.
 */

#include "carveout_lib.h"
#include "heap.h"
#include "search.h"

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
	heap->granule_mask = ((carveout_off_t)1 << granule_shift % CARVEOUT_OFF_BITS) - 1;
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

/* === Allocating the place ================================================= */

/* The result of a step that marks the store if it finds corruption. */
static noinline int result(struct carveout_heap *heap)
{
	return heap->store.corrupted ? carveout_heap_corrupted(heap) : 0;
}

static noinline int map_behind(struct carveout_heap *heap, struct carveout_region *region,
			       u32 index, carveout_off_t start, carveout_off_t before)
{
	carveout_heap_map_span(heap, region, index, start, before);
	return result(heap);
}

/*
 * Add a hole of @granules behind a span, with a descriptor of its own. The memory was
 * part of the span, whose size is already the new one.
 */
static __always_inline int add_hole(struct carveout_heap *heap, struct carveout_region *region,
				    struct carveout_span *span, u32 index, u64 granules)
{
	carveout_off_t start = span->start + carveout_span_size(heap, span);
	struct carveout_store *store = &heap->store;
	struct carveout_span *hole;
	u32 rest;

	hole = carveout_store_take(store, &rest);
	if (unlikely(!hole))
		return result(heap);
	hole->start = start;
	hole->key = carveout_key(granules, region->hole);
	if (unlikely(!carveout_chain_add_after(store, &region->chain, hole, rest, span, index)))
		return result(heap);
	carveout_bins_insert_sized(store, &region->bins, granules, hole, rest);
	if (likely(carveout_heap_same_group(region, start, span->start)))
		return 0;
	return map_behind(heap, region, rest, start, span->start);
}

static noinline int add_behind(struct carveout_heap *heap, struct carveout_region *region,
			       struct carveout_span *span, u32 index, u64 granules)
{
	return add_hole(heap, region, span, index, granules);
}

/* The same for a size that has a bin of its own. */
static noinline int add_small(struct carveout_heap *heap, struct carveout_region *region,
			      struct carveout_span *span, u32 index, u64 granules)
{
	return add_hole(heap, region, span, index, granules % CARVEOUT_EXACT);
}

/* Turn a span that is in no bin into an allocation. */
static __always_inline void make_used(struct carveout_heap *heap,
				      struct carveout_region *region,
				      struct carveout_span *span, u32 index, u64 granules,
				      u64 cookie, struct carveout_handle *handle)
{
	u32 gen;

	carveout_aux(&heap->store, index)->cookie = cookie;
	handle->index = index;
	gen = ++heap->serial;
	if (unlikely(!gen))
		gen = ++heap->serial;
	handle->gen = gen;
	span->gen = gen;
	carveout_gauge_add(&region->used, granules);
	carveout_gauge_add(&heap->used, granules);
	region->nr_used++;
}

/*
 * Allocate the middle or the end of a hole that was removed from its bin:
 *
 *   |<-------------- hole -------------->|
 *   |  front: hole  |  used  | back: hole |
 *
 * The first part keeps the hole's descriptor because its start does not change: so
 * its entry in the address map stays valid.
 */
static u32 cut_behind(struct carveout_heap *heap, struct carveout_region *region,
		      struct carveout_span *hole, u32 index, u64 front, u64 granules)
{
	carveout_off_t start = hole->start + carveout_heap_bytes(heap, front);
	u64 back = carveout_granules(hole) - front - granules;
	struct carveout_store *store = &heap->store;
	struct carveout_span *span;
	u32 used;

	hole->key = carveout_key(front + granules, region->hole);
	if (back) {
		add_behind(heap, region, hole, index, back);
		region->nr_holes++;
	}
	used = carveout_span_new(store, start, granules, CARVEOUT_FREE);
	if (unlikely(!used))
		return 0;
	span = carveout_span(store, used);
	carveout_chain_add_after(store, &region->chain, span, used, hole, index);
	carveout_heap_map_behind(heap, region, used, start, hole->start);
	hole->key = carveout_key(front, region->hole);
	carveout_bins_insert(store, &region->bins, hole, index);
	return used;
}

/* Allocate from @front on in any hole. Nothing has changed if it returns -ENOMEM. */
static noinline int take(struct carveout_heap *heap, struct carveout_region *region,
			 u32 index, u64 front, u64 granules, u64 cookie,
			 struct carveout_handle *handle)
{
	struct carveout_store *store = &heap->store;
	struct carveout_span *hole = carveout_span(store, index);
	u64 back = carveout_granules(hole) - front - granules;

	if (unlikely(carveout_mark(hole) != region->hole ||
		     carveout_granules(hole) < front ||
		     carveout_granules(hole) - front < granules))
		store->corrupted = true;
	if (unlikely(store->corrupted))
		return -EUCLEAN;
	if (unlikely(carveout_store_avail(store) < (u32)!!front + !!back))
		return -ENOMEM;
	carveout_bins_remove(store, &region->bins, hole, index);
	if (front)
		index = cut_behind(heap, region, hole, index, front, granules);
	if (unlikely(store->corrupted))
		return -EUCLEAN;
	hole = carveout_span(store, index);
	hole->key = carveout_key(granules, region->hole ^ CARVEOUT_TOGGLE);
	make_used(heap, region, hole, index, granules, cookie, handle);
	if (!front && back)
		return add_behind(heap, region, hole, index, back);
	region->nr_holes -= !front;
	return 0;
}

static int take_place(struct carveout_heap *heap, const struct carveout_place *place,
		      carveout_off_t size, u64 cookie, struct carveout_handle *handle)
{
	return take(heap, heap->region[place->region], place->hole,
		    place->front >> heap->shift, size >> heap->shift, cookie, handle);
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

/* Account for the result of an allocation; also reports corruption. */
static noinline int finish(struct carveout_heap *heap, int err, bool missed)
{
	if (unlikely(heap->store.corrupted))
		return carveout_heap_corrupted(heap);
	if (err)
		account_failure(heap, err, missed);
	return err;
}

/* Is the request one of a size, an alignment and attributes, without other conditions? */
static __always_inline bool is_simple(const struct carveout_heap_request *req)
{
	return !(req->max_addr | req->regions | req->conditions);
}

/* Allocate for a request of any kind. */
static noinline int alloc_any(struct carveout_heap *heap,
			      const struct carveout_heap_request *req,
			      struct carveout_handle *handle)
{
	carveout_off_t size = carveout_request_size(heap, req);
	struct carveout_place place;
	int err;

	place.missed = false;
	err = size ? carveout_search(heap, req, size, &place) : -EINVAL;
	if (!err)
		err = take_place(heap, &place, size, req->cookie, handle);
	return finish(heap, err, place.missed);
}

/* Does the region have the attributes that a simple request needs? */
static __always_inline bool may_serve(const struct carveout_region *region,
				      const struct carveout_heap_request *req)
{
	return (region->attrs & req->require) == req->require &&
	       !(region->attrs & req->forbid);
}

/*
 * The most frequent case: the smallest hole that is large enough is in a bin of one size.
 * All others, including errors, are found before anything has changed.
 */
static __always_inline int alloc_first(struct carveout_heap *heap,
				       struct carveout_region *region,
				       const struct carveout_heap_request *req, u64 granules,
				       bool aligned, struct carveout_handle *handle)
{
	u64 bin = carveout_bins_next(&region->bins, granules);
	struct carveout_store *store = &heap->store;
	struct carveout_span *span;
	u32 index;

	if (unlikely(bin >= CARVEOUT_EXACT))
		return alloc_any(heap, req, handle);
	index = region->bins.head[bin];
	if (unlikely(!index))
		return alloc_any(heap, req, handle);
	span = carveout_span(store, index);
	if (unlikely(carveout_mark(span) != region->hole ||
		     (bin != granules && !store->free)))
		return alloc_any(heap, req, handle);
	/* An alignment that is no power of two has a bit of its own below it, too. */
	if (aligned && unlikely((req->align | span->start) & (req->align - 1)))
		return alloc_any(heap, req, handle);
	make_used(heap, region, span, index, granules, req->cookie, handle);
	carveout_bins_pop(store, &region->bins, bin, span);
	span->key ^= CARVEOUT_TOGGLE;
	if (bin == granules) {
		region->nr_holes--;
		return 0;
	}
	span->key -= carveout_key(bin - granules, 0);
	return add_small(heap, region, span, handle->index, bin - granules);
}

/* The same for a request with an alignment, which the hole has to have. */
static noinline int alloc_aligned(struct carveout_heap *heap, struct carveout_region *region,
				  const struct carveout_heap_request *req, u64 granules,
				  struct carveout_handle *handle)
{
	return alloc_first(heap, region, req, granules, true, handle);
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
	struct carveout_region *region = heap->region[0];
	u64 granules;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	/* An overflowing size becomes 0, too. */
	granules = (carveout_off_t)(req->size + heap->granule_mask) >> heap->shift;
	if (unlikely(!is_simple(req) || granules - 1 >= CARVEOUT_EXACT - 1 || !region ||
		     !may_serve(region, req)))
		return alloc_any(heap, req, handle);
	if (req->align)
		return alloc_aligned(heap, region, req, granules, handle);
	return alloc_first(heap, region, req, granules, false, handle);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_alloc);

/* === Freeing ============================================================== */

/* The region of a span; NULL if its mark is corrupted. */
static struct carveout_region *region_of(const struct carveout_heap *heap,
					 const struct carveout_span *span)
{
	unsigned int mark = carveout_mark(span);

	return heap->region[mark >> CARVEOUT_MARK_REGION_SHIFT];
}

/* Merge a new hole with the hole behind it. */
static noinline int merge_with_next(struct carveout_heap *heap, struct carveout_region *region,
				    struct carveout_span *span, u32 index,
				    struct carveout_span *right)
{
	struct carveout_store *store = &heap->store;
	u32 next = span->next;

	carveout_bins_remove(store, &region->bins, right, next);
	carveout_heap_merge(heap, region, span, index, right, next);
	carveout_bins_insert(store, &region->bins, span, index);
	return unlikely(store->corrupted) ? carveout_heap_corrupted(heap) : 0;
}

/* Merge a new hole with the hole before it, and the one behind it if there is one. */
static noinline int merge_with_prev(struct carveout_heap *heap, struct carveout_region *region,
				    struct carveout_span *span, u32 index,
				    struct carveout_span *left)
{
	struct carveout_store *store = &heap->store;
	u32 prev = span->prev, next = span->next;
	struct carveout_span *right;

	if (likely(next)) {
		right = carveout_span(store, next);
		if (unlikely(right->prev != index))
			return carveout_heap_corrupted(heap);
		if (carveout_mark(right) == region->hole) {
			carveout_bins_remove(store, &region->bins, right, next);
			carveout_heap_merge(heap, region, span, index, right, next);
		}
	} else if (unlikely(region->chain.last != index)) {
		return carveout_heap_corrupted(heap);
	}
	carveout_bins_remove(store, &region->bins, left, prev);
	carveout_heap_merge(heap, region, left, prev, span, index);
	carveout_bins_insert(store, &region->bins, left, prev);
	return unlikely(store->corrupted) ? carveout_heap_corrupted(heap) : 0;
}

static noinline int insert_large(struct carveout_heap *heap, struct carveout_region *region,
				 struct carveout_span *span, u32 index)
{
	carveout_trie_insert(&heap->store, &region->bins, span, index);
	return result(heap);
}

/* Turn a used span into a hole and merge it with neighbouring holes. */
static __always_inline int release(struct carveout_heap *heap, struct carveout_region *region,
				   struct carveout_span *span, u32 index)
{
	struct carveout_store *store = &heap->store;
	u64 granules = carveout_granules(span);
	struct carveout_span *beside;

	carveout_gauge_sub(&region->used, granules);
	carveout_gauge_sub(&heap->used, granules);
	region->nr_used--;
	region->nr_holes++;
	span->key ^= CARVEOUT_TOGGLE;
	if (likely(span->prev)) {
		beside = carveout_span(store, span->prev);
		if (unlikely(beside->next != index))
			return carveout_heap_corrupted(heap);
		if (carveout_mark(beside) == region->hole)
			return merge_with_prev(heap, region, span, index, beside);
	} else if (unlikely(region->chain.first != index)) {
		return carveout_heap_corrupted(heap);
	}
	if (likely(span->next)) {
		beside = carveout_span(store, span->next);
		if (unlikely(beside->prev != index))
			return carveout_heap_corrupted(heap);
		if (carveout_mark(beside) == region->hole)
			return merge_with_next(heap, region, span, index, beside);
	} else if (unlikely(region->chain.last != index)) {
		return carveout_heap_corrupted(heap);
	}
	if (unlikely(granules >= CARVEOUT_EXACT))
		return insert_large(heap, region, span, index);
	carveout_list_insert(store, &region->bins, granules, span, index);
	return 0;
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
	struct carveout_region *region;
	struct carveout_span *span;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	span = carveout_heap_owned(heap, handle);
	if (unlikely(!span)) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	region = region_of(heap, span);
	if (unlikely(!region))
		return carveout_heap_corrupted(heap);
	return release(heap, region, span, handle.index);
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

/* The hole behind a span, or 0. If it does not link back, the store is marked. */
static u32 hole_behind(struct carveout_heap *heap, const struct carveout_region *region,
		       const struct carveout_span *span, u32 index)
{
	struct carveout_store *store = &heap->store;
	u32 next = span->next;

	if (!next)
		return 0;
	if (carveout_span(store, next)->prev != index)
		store->corrupted = true;
	return carveout_mark(carveout_span(store, next)) == region->hole ? next : 0;
}

/*
 * Move the start of a hole that is in no bin and follows @left: down by a number of
 * granules, or up by a negative one. The hole is then inserted into its bin.
 */
static void move_start(struct carveout_heap *heap, struct carveout_region *region,
		       const struct carveout_span *left, u64 down)
{
	u32 index = left->next;
	struct carveout_span *hole = carveout_span(&heap->store, index);

	carveout_heap_unmap_span(heap, region, index, hole->start, left->start, hole->next);
	hole->start -= carveout_heap_bytes(heap, down);
	hole->key += carveout_key(down, 0);
	carveout_heap_map_span(heap, region, index, hole->start, left->start);
	carveout_bins_insert(&heap->store, &region->bins, hole, index);
}

/* Free the tail of a span: it extends the hole behind it, or becomes a new hole. */
static int shrink(struct carveout_heap *heap, struct carveout_region *region,
		  struct carveout_span *span, u32 index, u64 by)
{
	u32 next = hole_behind(heap, region, span, index);
	struct carveout_store *store = &heap->store;

	if (unlikely(store->corrupted))
		return -EUCLEAN;
	if (next) {
		carveout_bins_remove(store, &region->bins, carveout_span(store, next), next);
		move_start(heap, region, span, by);
		span->key -= carveout_key(by, 0);
	} else {
		if (!carveout_store_avail(store))
			return -ENOMEM;
		span->key -= carveout_key(by, 0);
		region->nr_holes++;
		add_behind(heap, region, span, index, by);
	}
	carveout_gauge_sub(&region->used, by);
	carveout_gauge_sub(&heap->used, by);
	return 0;
}

/* Extend the span by taking memory from the hole behind it. */
static int grow(struct carveout_heap *heap, struct carveout_region *region,
		struct carveout_span *span, u32 index, u64 by)
{
	struct carveout_store *store = &heap->store;
	u32 next = hole_behind(heap, region, span, index);
	struct carveout_span *hole;

	if (unlikely(store->corrupted))
		return -EUCLEAN;
	if (!next)
		return -ENOSPC;
	hole = carveout_span(store, next);
	if (carveout_granules(hole) < by)
		return -ENOSPC;
	carveout_bins_remove(store, &region->bins, hole, next);
	if (carveout_granules(hole) == by) {
		carveout_heap_merge(heap, region, span, index, hole, next);
	} else {
		move_start(heap, region, span, -by);
		span->key += carveout_key(by, 0);
	}
	carveout_gauge_add(&region->used, by);
	carveout_gauge_add(&heap->used, by);
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
	struct carveout_region *region;
	struct carveout_span *span;
	u64 old, granules;
	int err = 0;

	carveout_heap_assert_locked(heap);
	if (unlikely(heap->corrupted))
		return -EUCLEAN;
	granules = carveout_request_size(heap, &req) >> heap->shift;
	span = carveout_heap_owned(heap, handle);
	if (!granules || !span) {
		heap->stats.nr_invalid++;
		return -EINVAL;
	}
	region = region_of(heap, span);
	if (unlikely(!region))
		return carveout_heap_corrupted(heap);
	old = carveout_granules(span);
	if (granules < old)
		err = shrink(heap, region, span, handle.index, old - granules);
	else if (granules > old)
		err = grow(heap, region, span, handle.index, granules - old);
	if (unlikely(heap->store.corrupted))
		return carveout_heap_corrupted(heap);
	if (err)
		account_failure(heap, err, false);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_resize);
