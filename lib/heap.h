/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The heap: one allocator over one or more regions of memory.
 */

#ifndef CARVEOUT_HEAP_H
#define CARVEOUT_HEAP_H

#include "bins.h"
#include "carveout_lib.h"
#include "region.h"
#include "span.h"

/**
 * DOC: The heap
 *
 * A heap allocates memory from up to 64 regions. It never accesses the memory that it
 * manages: addresses are plain numbers. It takes no lock, allocates no metadata, never
 * sleeps and never prints. The caller
 *
 * - holds one lock of its own around every call (a raw spinlock is sufficient: all
 *   calls except carveout_heap_hash(), carveout_heap_validate() and
 *   carveout_heap_add_region() take bounded time),
 * - provides memory for descriptors with carveout_heap_add_chunk() whenever
 *   carveout_heap_alloc(), carveout_heap_resize() or carveout_heap_add_region()
 *   returns -ENOMEM, and retries; freeing never needs any,
 * - provides carveout_region_bytes() of memory for each piece of memory that it adds,
 * - and frees all of that memory after the last use of the heap. Nothing else needs to be
 *   destroyed.
 *
 * All calls share their errors. A call that fails changes only the counters of
 * failures:
 *
 * ==========  ==============================================================
 * -EINVAL     an invalid argument; a handle that is stale, foreign or freed
 * -ENOSPC     no place fits
 * -ENOMEM     no descriptor left: add a chunk and retry
 * -EUCLEAN    the structure is corrupted: the heap refuses all further work
 * ==========  ==============================================================
 *
 * See carveout_heap_alloc() and lib/bins.c for complexity bounds.
 */

/* Candidates in each round of a request with an alignment or a limit. */
#define CARVEOUT_CANDIDATES 8

/* Maximum number of candidates of equal size among these. */
#define CARVEOUT_CANDIDATES_SAME 2

/* Number of steps, up to the full alignment as spare room, at which a round starts. */
#define CARVEOUT_CANDIDATE_STEPS 4

/* Maximum number of pieces of memory of a heap. */
#define CARVEOUT_MAX_PIECES 256

/* Maximum number of fallbacks of a request. */
#define CARVEOUT_FALLBACKS 3

/* Maximum number of descriptors read by one carveout_heap_spans(). */
#define CARVEOUT_SPANS_SCAN 1024

/* Cursor of carveout_heap_spans() after the last span. */
#define CARVEOUT_SPANS_END U32_MAX

/**
 * struct carveout_handle - Identifies one allocation uniquely
 * @index: descriptor
 * @gen: generation, never 0 in a valid handle
 *
 * A handle is stale once its allocation is freed. Generations are counted per heap
 * in 32 bits: a stale handle can be mistaken for a live one only if its descriptor
 * is used again exactly 2^32 - 1 allocations later.
 */
struct carveout_handle {
	u32 index;
	u32 gen;
};

/**
 * struct carveout_heap_request - Parameters of an allocation
 * @size: bytes, rounded up to the granule
 * @align: alignment of the address, a power of two; 0 for the granule
 * @regions: mask of the regions that may serve the request; 0 for all
 * @max_addr: the last byte is below this address; 0 for no limit
 * @require: attributes that the region must have
 * @forbid: attributes that the region must not have
 * @fallback: attributes that the region must have instead of @require if no place
 *	was found with that; tried in this order
 * @nr_fallback: number of entries of @fallback in use
 * @addr: with @exact, the address; a multiple of the granule and of @align
 * @exact: allocate at @addr only
 * @unused: must be false
 * @conditions: 0 if none of the four members before it is set
 * @top_down: take the upper end of a hole, preferably of a high one
 * @cookie: the caller's own value, returned by carveout_heap_info(); the heap does
 *	not interpret it, so owner and purpose are known to the caller alone
 */
struct carveout_heap_request {
	carveout_off_t size;
	carveout_off_t align;
	u64 regions;
	carveout_off_t max_addr;
	u32 require;
	u32 forbid;
	u32 fallback[CARVEOUT_FALLBACKS];
	union {
		struct {
			u8 nr_fallback;
			bool top_down;
			bool exact;
			bool unused;
		};
		u32 conditions;
	};
	carveout_off_t addr;
	u64 cookie;
};

/**
 * struct carveout_span_info - Description of a span
 * @start: address of the first byte
 * @size: bytes
 * @cookie: cookie of the request; 0 for a hole
 * @handle: handle of the allocation; all 0 for a hole
 * @region: index of its region
 * @used: allocated, or a hole
 */
struct carveout_span_info {
	carveout_off_t start;
	carveout_off_t size;
	u64 cookie;
	struct carveout_handle handle;
	u32 region;
	bool used;
};

/**
 * struct carveout_heap_stats - Counters of a heap since its creation, see
 *	carveout_heap_read_stats()
 * @nr_alloc: allocations that succeeded
 * @nr_free: frees that succeeded
 * @nr_invalid: allocations, frees and resizes refused with -EINVAL
 * @nr_nospc: requests refused with -ENOSPC
 * @nr_nomem: requests refused with -ENOMEM, before the caller retries
 * @nr_missed: requests among @nr_nospc that an untried hole might have served; all
 *	of them have an alignment or a limit
 */
struct carveout_heap_stats {
	u64 nr_alloc;
	u64 nr_free;
	u64 nr_invalid;
	u64 nr_nospc;
	u64 nr_nomem;
	u64 nr_missed;
};

/**
 * struct carveout_heap - An allocator over regions of memory
 * @region: the regions, in the order in which they are tried. An entry is NULL
 *	after its region was joined to another one.
 * @nr_regions: number of entries of @region in use, NULL ones included
 * @size: bytes in all regions; see also carveout_heap_used(), carveout_heap_high(),
 *	carveout_heap_nr_used(), carveout_heap_nr_holes()
 * @corrupted: a violated invariant was found: calls that return an error number return
 *	-EUCLEAN, except for carveout_heap_set_cookie()
 *
 * The caller may read the public fields under its lock and writes none.
 */
struct carveout_heap {
	struct carveout_region *region[CARVEOUT_MAX_REGIONS];
	unsigned int nr_regions;
	carveout_off_t size;
	bool corrupted;
	/* private: */
	unsigned int shift;
	carveout_off_t granule_mask;
	struct carveout_gauge used;
	u64 serial;			/* counts generations: its low half, none of which is 0 */
	struct carveout_heap_stats stats;	/* of calls that failed */
	struct carveout_addr_map *piece[CARVEOUT_MAX_PIECES];	/* sorted by address */
	unsigned int nr_pieces;
	struct carveout_store store;
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	struct lockdep_map *lock_dep_map;
#endif
};

/**
 * enum carveout_invariant - Invariants checked by carveout_heap_validate()
 * @CARVEOUT_SOUND: no invariant is violated
 * @CARVEOUT_CORRUPT_BEFORE: the heap was marked as corrupted before
 * @CARVEOUT_CORRUPT_STORE: the bounds of the descriptor store contradict each other
 * @CARVEOUT_CORRUPT_TABLE: the table of regions has a wrong length, or a region twice
 * @CARVEOUT_CORRUPT_REGION: a region is empty, unaligned, wraps, overlaps another
 *	one, or should have been joined to it
 * @CARVEOUT_CORRUPT_INDEX: a link refers to a descriptor that does not exist
 * @CARVEOUT_CORRUPT_STATE: a span is in a chain but its mark disagrees
 * @CARVEOUT_CORRUPT_BACK: a span's back link does not refer to its neighbour
 * @CARVEOUT_CORRUPT_ORDER: a span does not start where the span before it ends, or
 *	the chain does not fill its region
 * @CARVEOUT_CORRUPT_SIZE: a span's size is 0 or not a multiple of the granule
 * @CARVEOUT_CORRUPT_HOLES: two holes are neighbours
 * @CARVEOUT_CORRUPT_GEN: a used span has generation 0
 * @CARVEOUT_CORRUPT_BIN: a hole is in the wrong bin, or a bin contains a descriptor
 *	that is not a hole of the region
 * @CARVEOUT_CORRUPT_LINK: a hole's back link in its bin is wrong
 * @CARVEOUT_CORRUPT_TRIE: a hole's size does not fit its place in the trie
 * @CARVEOUT_CORRUPT_EQUAL: a list of equal holes contains a hole of another size
 * @CARVEOUT_CORRUPT_BITMAP: the bitmap of bins and the bins disagree
 * @CARVEOUT_CORRUPT_UNBINNED: the region has more holes than its bins
 * @CARVEOUT_CORRUPT_PIECES: the table of the pieces of memory and the regions disagree
 * @CARVEOUT_CORRUPT_ADDR_MAP: an entry of the address map is not the first span of
 *	its group, or its bitmaps disagree
 * @CARVEOUT_CORRUPT_COUNT: a counter of spans or bytes is wrong
 * @CARVEOUT_CORRUPT_FREE: the list of free descriptors is wrong
 * @CARVEOUT_CORRUPT_LOST: a descriptor is neither in a chain nor free
 * @CARVEOUT_INVARIANTS: number of the above
 */
enum carveout_invariant {
	CARVEOUT_SOUND,
	CARVEOUT_CORRUPT_BEFORE,
	CARVEOUT_CORRUPT_STORE,
	CARVEOUT_CORRUPT_TABLE,
	CARVEOUT_CORRUPT_REGION,
	CARVEOUT_CORRUPT_INDEX,
	CARVEOUT_CORRUPT_STATE,
	CARVEOUT_CORRUPT_BACK,
	CARVEOUT_CORRUPT_ORDER,
	CARVEOUT_CORRUPT_SIZE,
	CARVEOUT_CORRUPT_HOLES,
	CARVEOUT_CORRUPT_GEN,
	CARVEOUT_CORRUPT_BIN,
	CARVEOUT_CORRUPT_LINK,
	CARVEOUT_CORRUPT_TRIE,
	CARVEOUT_CORRUPT_EQUAL,
	CARVEOUT_CORRUPT_BITMAP,
	CARVEOUT_CORRUPT_UNBINNED,
	CARVEOUT_CORRUPT_PIECES,
	CARVEOUT_CORRUPT_ADDR_MAP,
	CARVEOUT_CORRUPT_COUNT,
	CARVEOUT_CORRUPT_FREE,
	CARVEOUT_CORRUPT_LOST,
	CARVEOUT_INVARIANTS,
};

/**
 * struct carveout_report - Result of carveout_heap_validate()
 * @invariant: the first violated invariant found, or %CARVEOUT_SOUND
 * @region: index of the region concerned
 * @index: descriptor concerned, 0 if there is none
 */
struct carveout_report {
	enum carveout_invariant invariant;
	u32 region;
	u32 index;
};

/**
 * carveout_heap_set_lock() - Set the lock that protects a heap
 * @heap: heap
 * @lock: pointer to the caller's lock, of any type with lockdep support
 *
 * With lockdep, every later call checks that the lock is held. Without lockdep this
 * is a no-op. The design follows gpu_buddy_driver_set_lock().
 *
 * Context: Any context, before the heap is used.
 */
#ifdef CONFIG_DEBUG_LOCK_ALLOC
#define carveout_heap_set_lock(heap, lock) ((heap)->lock_dep_map = &(lock)->dep_map)
#else
#define carveout_heap_set_lock(heap, lock) do {					\
	(void)(heap);								\
	(void)(lock);								\
} while (0)
#endif

/**
 * carveout_heap_assert_locked() - Check that the caller holds the heap's lock
 * @heap: heap
 *
 * Context: Any context.
 */
static inline void carveout_heap_assert_locked(const struct carveout_heap *heap)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	if (heap->lock_dep_map)
		lockdep_assert(lock_is_held_type(heap->lock_dep_map, -1));
#else
	(void)heap;
#endif
}

/* Bytes of a number of granules, the size of a span. */
static inline carveout_off_t carveout_heap_bytes(const struct carveout_heap *heap,
						 u64 granules)
{
	return (carveout_off_t)granules << heap->shift;
}

static inline carveout_off_t carveout_span_size(const struct carveout_heap *heap,
						const struct carveout_span *span)
{
	return carveout_heap_bytes(heap, carveout_granules(span));
}

/**
 * carveout_heap_used() - Number of allocated bytes
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes.
 */
static inline carveout_off_t carveout_heap_used(const struct carveout_heap *heap)
{
	return carveout_heap_bytes(heap, carveout_gauge_used(&heap->used));
}

/**
 * carveout_heap_high() - Maximum number of allocated bytes so far
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes.
 */
static inline carveout_off_t carveout_heap_high(const struct carveout_heap *heap)
{
	return carveout_heap_bytes(heap, heap->used.high);
}

/**
 * carveout_region_used() - Number of allocated bytes of a region
 * @heap: heap
 * @region: one of its regions
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes.
 */
static inline carveout_off_t carveout_region_used(const struct carveout_heap *heap,
						  const struct carveout_region *region)
{
	return carveout_heap_bytes(heap, carveout_gauge_used(&region->used));
}

/**
 * carveout_region_high() - Maximum number of allocated bytes of a region so far
 * @heap: heap
 * @region: one of its regions
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: bytes.
 */
static inline carveout_off_t carveout_region_high(const struct carveout_heap *heap,
						  const struct carveout_region *region)
{
	return carveout_heap_bytes(heap, region->used.high);
}

/**
 * carveout_heap_owned() - Allocation of a handle
 * @heap: heap
 * @handle: any handle
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: its descriptor; NULL if the handle is stale or of no allocation.
 */
static inline struct carveout_span *carveout_heap_owned(const struct carveout_heap *heap,
							struct carveout_handle handle)
{
	struct carveout_span *span;

	if (unlikely(!carveout_store_has(&heap->store, handle.index)))
		return NULL;
	span = carveout_span(&heap->store, handle.index);
	if (unlikely(!(carveout_mark(span) & CARVEOUT_USED) || span->gen != handle.gen))
		return NULL;
	return span;
}

/**
 * carveout_heap_owns() - Is this the handle of an allocation?
 * @heap: heap
 * @handle: any handle
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: true if the handle is valid.
 */
static inline bool carveout_heap_owns(const struct carveout_heap *heap,
				      struct carveout_handle handle)
{
	return carveout_heap_owned(heap, handle);
}

/**
 * carveout_heap_set_cookie() - Change the cookie of an allocation
 * @heap: heap
 * @handle: handle of the allocation
 * @cookie: new value
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, or -EINVAL if the handle is stale or of no allocation.
 */
static inline int carveout_heap_set_cookie(struct carveout_heap *heap,
					   struct carveout_handle handle, u64 cookie)
{
	carveout_heap_assert_locked(heap);
	if (unlikely(!carveout_heap_owns(heap, handle)))
		return -EINVAL;
	carveout_aux(&heap->store, handle.index)->cookie = cookie;
	return 0;
}

/**
 * carveout_heap_fill_info() - Fill in the description of a span
 * @heap: heap
 * @index: descriptor of the span, in use
 * @info: result
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 */
static inline void carveout_heap_fill_info(const struct carveout_heap *heap, u32 index,
					   struct carveout_span_info *info)
{
	const struct carveout_span *span = carveout_span(&heap->store, index);
	u8 mark = carveout_mark(span);

	memset(info, 0, sizeof(*info));
	info->start = span->start;
	info->size = carveout_span_size(heap, span);
	info->region = mark >> CARVEOUT_MARK_REGION_SHIFT;
	info->used = (mark & CARVEOUT_MARK_STATE) == CARVEOUT_USED;
	if (info->used) {
		info->cookie = carveout_aux(&heap->store, index)->cookie;
		info->handle.index = index;
		info->handle.gen = span->gen;
	}
}

int carveout_heap_corrupted(struct carveout_heap *heap);
u32 carveout_heap_nr_used(const struct carveout_heap *heap);
u32 carveout_heap_nr_holes(const struct carveout_heap *heap);
void carveout_heap_read_stats(const struct carveout_heap *heap,
			      struct carveout_heap_stats *stats);
struct carveout_addr_map *carveout_heap_piece(struct carveout_heap *heap,
					      carveout_off_t addr);
void carveout_heap_map_span(struct carveout_heap *heap, struct carveout_region *region,
			    u32 index, carveout_off_t start, carveout_off_t before);
void carveout_heap_unmap_span(struct carveout_heap *heap, struct carveout_region *region,
			      u32 index, carveout_off_t start, carveout_off_t before,
			      u32 next);
u32 carveout_heap_span_at(struct carveout_heap *heap, carveout_off_t addr);
void carveout_heap_init(struct carveout_heap *heap, unsigned int granule_shift);
size_t carveout_store_chunk_bytes(const struct carveout_heap *heap);
int carveout_heap_add_chunk(struct carveout_heap *heap, void *mem);
int carveout_heap_alloc(struct carveout_heap *heap, const struct carveout_heap_request *req,
			struct carveout_handle *handle);
int carveout_heap_free(struct carveout_heap *heap, struct carveout_handle handle);
int carveout_heap_free_at(struct carveout_heap *heap, carveout_off_t start);
int carveout_heap_resize(struct carveout_heap *heap, struct carveout_handle handle,
			 carveout_off_t size);
int carveout_heap_info(const struct carveout_heap *heap, struct carveout_handle handle,
		       struct carveout_span_info *info);
int carveout_heap_find(struct carveout_heap *heap, carveout_off_t addr,
		       struct carveout_span_info *info);
unsigned int carveout_heap_spans(const struct carveout_heap *heap, u32 *cursor,
				 struct carveout_span_info *info, unsigned int count);
u32 carveout_heap_first_span(const struct carveout_heap *heap, unsigned int region,
			     struct carveout_span_info *info);
u32 carveout_heap_next_span(const struct carveout_heap *heap, u32 index,
			    struct carveout_span_info *info);
u64 carveout_heap_hash(const struct carveout_heap *heap);
int carveout_heap_validate(struct carveout_heap *heap, struct carveout_report *report);
const char *carveout_report_string(const struct carveout_report *report);

/* Do two addresses of a region belong to the same group of its address map? */
static inline bool carveout_heap_same_group(const struct carveout_region *region,
					    carveout_off_t one, carveout_off_t other)
{
	return !((one ^ other) & region->group_mask);
}

/**
 * carveout_heap_map_behind() - Add a span behind another one to the address map
 * @heap: heap
 * @region: their region
 * @index: the span
 * @start: start of the span
 * @before: start of the span before it
 *
 * Context: Any context. Caller holds the heap's lock.
 */
static __always_inline void carveout_heap_map_behind(struct carveout_heap *heap,
						     struct carveout_region *region,
						     u32 index, carveout_off_t start,
						     carveout_off_t before)
{
	if (!carveout_heap_same_group(region, start, before))
		carveout_heap_map_span(heap, region, index, start, before);
}

/**
 * carveout_heap_merge() - Merge two spans, at least one of which is a hole
 * @heap: heap
 * @region: their region
 * @left: span that remains; in no bin
 * @prev: its index
 * @right: span behind it, whose descriptor becomes free; in no bin
 * @index: its index
 *
 * An inconsistent link marks the store as corrupted.
 *
 * Context: Any context. Caller holds the heap's lock.
 */
static __always_inline void carveout_heap_merge(struct carveout_heap *heap,
						struct carveout_region *region,
						struct carveout_span *left, u32 prev,
						struct carveout_span *right, u32 index)
{
	carveout_off_t start = right->start;

	if (unlikely(!carveout_chain_merge(&heap->store, &region->chain, left, prev, right,
					   index)))
		return;
	carveout_store_give(&heap->store, right, index);
	region->nr_holes--;
	if (!carveout_heap_same_group(region, start, left->start))
		carveout_heap_unmap_span(heap, region, index, start, left->start, left->next);
}

#endif /* CARVEOUT_HEAP_H */
