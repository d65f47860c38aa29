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
 * A heap hands out pieces of up to 64 regions. It never touches the memory
 * that it manages: an address is a number to it. It takes no lock, allocates
 * nothing, never sleeps and prints nothing. The caller
 *
 * - holds one lock of its own around every call (a raw spinlock will do: all
 *   calls but carveout_heap_hash(), carveout_heap_validate() and
 *   carveout_heap_add_region() take bounded time),
 * - gives memory for the descriptors with carveout_heap_add_chunk(), whenever
 *   carveout_heap_alloc() or carveout_heap_add_region() says -ENOMEM, and
 *   tries again; freeing never needs any,
 * - gives memory of carveout_region_bytes() for each piece of memory that it adds,
 * - and takes all of that memory back after the last use of the heap, that of a
 *   region also after its removal. There is nothing else to tear down.
 *
 * Errors are the same everywhere. A call that fails changes nothing but the
 * counters of failures:
 *
 * ==========  ==============================================================
 * -EINVAL     a bad argument; a handle that is stale, foreign or freed
 * -ENOSPC     no place fits
 * -ENOMEM     no descriptor left: add a chunk and try again
 * -EUCLEAN    the structure is broken: the heap refuses all further work
 * ==========  ==============================================================
 *
 * How long things take: see carveout_heap_alloc() and lib/bins.c.
 */

/* Candidates that a request with an alignment or a limit looks at in each round. */
#define CARVEOUT_CANDIDATES 8

/* Of these, the most that have one and the same size. */
#define CARVEOUT_CANDIDATES_SAME 2

/* From so many sizes on, up to the alignment to spare, candidates are looked for. */
#define CARVEOUT_CANDIDATE_STEPS 4

/* The most pieces of memory that carveout_heap_add_region() takes. */
#define CARVEOUT_MAX_PIECES 256

/* The choices that a request can name beside its first one. */
#define CARVEOUT_FALLBACKS 3

/* The most descriptors that one carveout_heap_spans() looks at. */
#define CARVEOUT_SPANS_SCAN 4096

/* The cursor of carveout_heap_spans() after the last span. */
#define CARVEOUT_SPANS_END U32_MAX

/**
 * struct carveout_handle - Names one allocation for ever
 * @index: descriptor
 * @gen: generation, never 0 in a valid handle
 *
 * A handle is stale once its allocation is freed. Generations are counted per
 * heap in 32 bits: a stale handle can be mistaken for a live one only when its
 * descriptor is used again exactly 2^32 - 1 allocations later.
 */
struct carveout_handle {
	u32 index;
	u32 gen;
};

/**
 * struct carveout_request - What an allocation must be like
 * @size: bytes, rounded up to the granule
 * @align: power of two that the address must be a multiple of; 0 for the granule
 * @regions: mask of the regions that may serve it; 0 for all
 * @max_addr: the last byte lies below this address; 0 for no limit
 * @require: attributes that the region must have
 * @forbid: attributes that the region must not have
 * @fallback: attributes that the region must have instead of @require, when that
 *	leads to no place; tried in this order
 * @nr_fallback: number of entries of @fallback in use
 * @addr: with @exact, where it has to be; a multiple of the granule and of @align
 * @exact: at @addr and nowhere else
 * @top_down: take the upper end of a hole, of a high one if there is a choice
 * @cookie: the caller's own value, to be read back with carveout_heap_info(): who
 *	owns it and what for is for the caller to know
 */
struct carveout_request {
	carveout_off_t size;
	carveout_off_t align;
	u64 regions;
	carveout_off_t max_addr;
	u32 require;
	u32 forbid;
	u32 fallback[CARVEOUT_FALLBACKS];
	u8 nr_fallback;
	bool top_down;
	bool exact;
	carveout_off_t addr;
	u64 cookie;
};

/**
 * struct carveout_span_info - What there is to know about a span
 * @start: address of the first byte
 * @size: bytes
 * @cookie: the request's; 0 for a hole
 * @handle: of the allocation; all 0 for a hole
 * @region: index of its region
 * @used: handed out, or a hole
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
 * struct carveout_heap_stats - Counters of a heap since its creation
 * @nr_alloc: allocations that succeeded
 * @nr_free: frees that succeeded
 * @nr_invalid: allocations, frees and resizes refused with -EINVAL
 * @nr_nospc: requests refused with -ENOSPC
 * @nr_nomem: requests refused with -ENOMEM, before the caller's next try
 * @nr_missed: of @nr_nospc, those where an untried hole might have served; only
 *	a request with an alignment or a limit can be among them
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
 *	after its region was joined to another one or removed.
 * @nr_regions: number of entries of @region in use, NULL ones included
 * @size: bytes in all regions
 * @used: bytes handed out
 * @high: the most that @used ever was
 * @nr_used: number of allocations
 * @nr_holes: number of holes
 * @stats: counters
 * @broken: a broken invariant was found: every call answers -EUCLEAN
 *
 * The caller may read the public fields under its lock and writes none.
 */
struct carveout_heap {
	struct carveout_region *region[CARVEOUT_MAX_REGIONS];
	unsigned int nr_regions;
	carveout_off_t size;
	carveout_off_t used;
	carveout_off_t high;
	u32 nr_used;
	u32 nr_holes;
	struct carveout_heap_stats stats;
	bool broken;
	/* private: */
	unsigned int shift;
	u32 gen;
	struct carveout_index *piece[CARVEOUT_MAX_PIECES];	/* by address */
	unsigned int nr_pieces;
	struct carveout_store store;
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	struct lockdep_map *lock_dep_map;
#endif
};

/**
 * enum carveout_invariant - What carveout_heap_validate() found broken
 * @CARVEOUT_SOUND: nothing
 * @CARVEOUT_BROKEN_BEFORE: the heap had been found broken earlier
 * @CARVEOUT_BROKEN_STORE: the bounds of the descriptor store contradict each other
 * @CARVEOUT_BROKEN_TABLE: the table of regions has a wrong length, or one region
 *	twice
 * @CARVEOUT_BROKEN_REGION: a region is empty, unaligned, wraps, overlaps
 *	another one, or ought to have been joined to it
 * @CARVEOUT_BROKEN_INDEX: a link leads to a descriptor that does not exist
 * @CARVEOUT_BROKEN_STATE: a span is in a chain but its state byte disagrees
 * @CARVEOUT_BROKEN_BACK: a span's back link does not name its neighbour
 * @CARVEOUT_BROKEN_ORDER: a span does not start where the one before it ends,
 *	or the chain does not fill its region
 * @CARVEOUT_BROKEN_SIZE: a span's size is 0 or not a multiple of the granule
 * @CARVEOUT_BROKEN_HOLES: two holes are neighbours
 * @CARVEOUT_BROKEN_GEN: a used span has generation 0
 * @CARVEOUT_BROKEN_BIN: a hole is in the wrong bin, or what is in a bin is no
 *	hole of the region
 * @CARVEOUT_BROKEN_LINK: a hole's back link in its bin is wrong
 * @CARVEOUT_BROKEN_TRIE: a hole's size does not belong at its place in the trie
 * @CARVEOUT_BROKEN_EQUAL: a list of equal holes has a hole of another size
 * @CARVEOUT_BROKEN_BITMAP: the bitmap of bins and the bins disagree
 * @CARVEOUT_BROKEN_UNBINNED: the region has more holes than its bins
 * @CARVEOUT_BROKEN_PIECES: the table of the pieces of memory and the regions disagree
 * @CARVEOUT_BROKEN_ADDRESS: the index by address does not lead to the first span of
 *	a block, or leads to another one, or its bitmaps disagree
 * @CARVEOUT_BROKEN_COUNT: a counter of spans or bytes is wrong
 * @CARVEOUT_BROKEN_FREE: the list of free descriptors is wrong
 * @CARVEOUT_BROKEN_LOST: a descriptor is neither in a chain nor free
 * @CARVEOUT_INVARIANTS: number of the above
 */
enum carveout_invariant {
	CARVEOUT_SOUND,
	CARVEOUT_BROKEN_BEFORE,
	CARVEOUT_BROKEN_STORE,
	CARVEOUT_BROKEN_TABLE,
	CARVEOUT_BROKEN_REGION,
	CARVEOUT_BROKEN_INDEX,
	CARVEOUT_BROKEN_STATE,
	CARVEOUT_BROKEN_BACK,
	CARVEOUT_BROKEN_ORDER,
	CARVEOUT_BROKEN_SIZE,
	CARVEOUT_BROKEN_HOLES,
	CARVEOUT_BROKEN_GEN,
	CARVEOUT_BROKEN_BIN,
	CARVEOUT_BROKEN_LINK,
	CARVEOUT_BROKEN_TRIE,
	CARVEOUT_BROKEN_EQUAL,
	CARVEOUT_BROKEN_BITMAP,
	CARVEOUT_BROKEN_UNBINNED,
	CARVEOUT_BROKEN_PIECES,
	CARVEOUT_BROKEN_ADDRESS,
	CARVEOUT_BROKEN_COUNT,
	CARVEOUT_BROKEN_FREE,
	CARVEOUT_BROKEN_LOST,
	CARVEOUT_INVARIANTS,
};

/**
 * struct carveout_report - Result of carveout_heap_validate()
 * @what: the first broken invariant found, or %CARVEOUT_SOUND
 * @region: index of the region concerned
 * @index: descriptor concerned, 0 when there is none
 */
struct carveout_report {
	enum carveout_invariant what;
	u32 region;
	u32 index;
};

/**
 * carveout_heap_set_lock() - Name the lock that guards a heap
 * @heap: heap
 * @lock: pointer to the caller's lock, of any kind that lockdep knows
 *
 * With lockdep, every later call checks that the lock is held. Without it,
 * this is nothing. The idea is that of gpu_buddy_driver_set_lock().
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

/**
 * carveout_heap_owns() - Is this the handle of an allocation?
 * @heap: heap
 * @handle: any handle
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: true when it is.
 */
static inline bool carveout_heap_owns(const struct carveout_heap *heap,
				      struct carveout_handle handle)
{
	const struct carveout_store *store = &heap->store;

	return carveout_store_has(store, handle.index) &&
	       (*carveout_tag(store, handle.index) & CARVEOUT_TAG_STATE) == CARVEOUT_USED &&
	       carveout_span(store, handle.index)->gen == handle.gen;
}

/**
 * carveout_heap_set_cookie() - Change the caller's own value of an allocation
 * @heap: heap
 * @handle: handle of the allocation
 * @cookie: the value
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, or -EINVAL when the handle is stale or of no allocation.
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
 * carveout_heap_fill_info() - Say what there is to know about a span
 * @heap: heap
 * @index: its descriptor, which is in use
 * @info: result
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 */
static inline void carveout_heap_fill_info(const struct carveout_heap *heap, u32 index,
					   struct carveout_span_info *info)
{
	const struct carveout_span *span = carveout_span(&heap->store, index);
	u8 tag = *carveout_tag(&heap->store, index);

	memset(info, 0, sizeof(*info));
	info->start = span->start;
	info->size = span->size;
	info->region = tag >> CARVEOUT_TAG_REGION_SHIFT;
	info->used = (tag & CARVEOUT_TAG_STATE) == CARVEOUT_USED;
	if (info->used) {
		info->cookie = carveout_aux(&heap->store, index)->cookie;
		info->handle.index = index;
		info->handle.gen = span->gen;
	}
}

int carveout_heap_break(struct carveout_heap *heap);
struct carveout_index *carveout_heap_piece(struct carveout_heap *heap,
					   carveout_off_t addr);
void carveout_heap_unindex_first(struct carveout_heap *heap, struct carveout_index *piece,
				 u64 block, u32 index);
u32 carveout_heap_span_at(struct carveout_heap *heap, carveout_off_t addr);
void carveout_heap_init(struct carveout_heap *heap, unsigned int granule_shift);
size_t carveout_store_chunk_bytes(const struct carveout_heap *heap);
int carveout_heap_add_chunk(struct carveout_heap *heap, void *mem);
int carveout_heap_alloc(struct carveout_heap *heap, const struct carveout_request *req,
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

/* The index that covers an address of a region: nearly always the region's own. */
static inline struct carveout_index *
carveout_heap_index_of(struct carveout_heap *heap, struct carveout_region *region,
		       carveout_off_t addr)
{
	if (likely(carveout_index_covers(&region->index, addr)))
		return &region->index;
	return carveout_heap_piece(heap, addr);
}

/*
 * The index in which a span at @start is the first of its block, and the block. NULL if
 * the span at @before is in the same one, or if no index covers the address, which
 * marks the store as bad.
 */
static inline struct carveout_index *
carveout_heap_first_in(struct carveout_heap *heap, struct carveout_region *region,
		       carveout_off_t start, carveout_off_t before, u64 *block)
{
	struct carveout_index *piece = carveout_heap_index_of(heap, region, start);

	if (unlikely(!piece)) {
		heap->store.bad = true;
		return NULL;
	}
	*block = carveout_index_block(piece, start);
	return carveout_index_shares(piece, *block, before) ? NULL : piece;
}

/**
 * carveout_heap_index() - Enter a span into the index by address
 * @heap: heap
 * @region: its region
 * @index: the span
 * @start: its start
 * @before: start of the span before it; one less than @start if there is none
 *
 * Context: Any context. Caller holds the heap's lock.
 */
static inline void carveout_heap_index(struct carveout_heap *heap,
				       struct carveout_region *region, u32 index,
				       carveout_off_t start, carveout_off_t before)
{
	struct carveout_index *piece;
	u64 block;

	piece = carveout_heap_first_in(heap, region, start, before, &block);
	if (piece)
		carveout_index_set(piece, block, index);
}

/**
 * carveout_heap_unindex() - Take a span out of the index by address
 * @heap: heap
 * @region: its region
 * @index: the span, still linked to the one behind it
 * @start: its start
 * @before: start of the span before it; one less than @start if there is none
 *
 * Context: Any context. Caller holds the heap's lock.
 */
static inline void carveout_heap_unindex(struct carveout_heap *heap,
					 struct carveout_region *region, u32 index,
					 carveout_off_t start, carveout_off_t before)
{
	struct carveout_index *piece;
	u64 block;

	piece = carveout_heap_first_in(heap, region, start, before, &block);
	if (piece)
		carveout_heap_unindex_first(heap, piece, block, index);
}

/**
 * carveout_heap_merge() - Make one span of two, of which one at least is a hole
 * @heap: heap
 * @region: their region
 * @left: the span that stays; in no bin
 * @right: the span behind it, whose descriptor is given back; in no bin
 *
 * Context: Any context. Caller holds the heap's lock.
 */
static __always_inline void carveout_heap_merge(struct carveout_heap *heap,
						struct carveout_region *region, u32 left,
						u32 right)
{
	struct carveout_store *store = &heap->store;

	carveout_heap_unindex(heap, region, right, carveout_span(store, right)->start,
			      carveout_span(store, left)->start);
	carveout_chain_merge(store, &region->chain, left, right);
	carveout_store_give(store, right);
	region->nr_holes--;
	heap->nr_holes--;
}

#endif /* CARVEOUT_HEAP_H */
