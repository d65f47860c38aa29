// SPDX-License-Identifier: GPL-2.0
/*
 * Walks: read a heap as counters, by handle, by address, as a list, in address order, as a
 * hash.
 *
 * These functions change nothing of the heap but the mark of corruption. Links are checked
 * before they are followed, and no walk is longer than the number of descriptors.
 */

#include "carveout_lib.h"
#include "heap.h"

/* === Counters ============================================================= */

/**
 * carveout_heap_nr_used() - Number of allocations
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock. Visits each region.
 * Return: the number.
 */
u32 carveout_heap_nr_used(const struct carveout_heap *heap)
{
	unsigned int i;
	u32 count = 0;

	for (i = 0; i < heap->nr_regions; i++)
		if (heap->region[i])
			count += heap->region[i]->nr_used;
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_nr_used);

/**
 * carveout_heap_nr_holes() - Number of holes
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock. Visits each region.
 * Return: the number.
 */
u32 carveout_heap_nr_holes(const struct carveout_heap *heap)
{
	unsigned int i;
	u32 count = 0;

	for (i = 0; i < heap->nr_regions; i++)
		if (heap->region[i])
			count += heap->region[i]->nr_holes;
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_nr_holes);

/**
 * carveout_heap_read_stats() - Read the counters of a heap
 * @heap: heap
 * @stats: result
 *
 * Context: Any context. Caller holds the heap's lock. Visits each region.
 */
void carveout_heap_read_stats(const struct carveout_heap *heap,
			      struct carveout_heap_stats *stats)
{
	*stats = heap->stats;
	/* Each allocation has a generation; one in 2^32 is left out. */
	stats->nr_alloc = heap->serial - (heap->serial >> 32);
	stats->nr_free = stats->nr_alloc - carveout_heap_nr_used(heap);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_read_stats);

/* === Look-up ============================================================== */

/**
 * carveout_heap_info() - Look up an allocation
 * @heap: heap
 * @handle: handle of the allocation
 * @info: on success, the description of its span
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, -EINVAL if the handle is stale, of no allocation, or of an allocation
 * that is already freed, or -EUCLEAN if the heap is corrupted.
 */
int carveout_heap_info(const struct carveout_heap *heap, struct carveout_handle handle,
		       struct carveout_span_info *info)
{
	carveout_heap_assert_locked(heap);
	if (heap->corrupted)
		return -EUCLEAN;
	if (!carveout_heap_owns(heap, handle))
		return -EINVAL;
	carveout_heap_fill_info(heap, handle.index, info);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_info);

/* Follow the chain from the first span of a group to the span at an address. */
static u32 along(struct carveout_heap *heap, const struct carveout_addr_map *piece,
		 u32 index, carveout_off_t addr)
{
	struct carveout_store *store = &heap->store;
	u64 steps = 1ULL << (piece->shift - heap->shift);

	while (index) {
		const struct carveout_span *span = carveout_span(store, index);

		if ((carveout_off_t)(addr - span->start) < carveout_span_size(heap, span))
			return index;
		if (addr < span->start || !steps--)
			break;
		index = carveout_link_read(store, span->next);
	}
	store->corrupted = true;
	return 0;
}

/* The last entry of an address map whose span starts at or before @addr; 0 for none. */
static u32 last_before(struct carveout_heap *heap, const struct carveout_addr_map *piece,
		       carveout_off_t addr)
{
	struct carveout_store *store = &heap->store;
	u64 group = carveout_addr_map_group(piece, addr);
	u32 index;

	if (!carveout_addr_map_last(piece, &group))
		return 0;
	index = carveout_link_read(store, piece->first[group]);
	if (!index || carveout_span(store, index)->start <= addr)
		return index;
	/* The span starts in the same group, but behind the address. */
	if (!group--)
		return 0;
	if (!carveout_addr_map_last(piece, &group))
		return 0;
	return carveout_link_read(store, piece->first[group]);
}

/**
 * carveout_heap_span_at() - Find the span that contains an address
 * @heap: heap
 * @addr: any address
 *
 * Context: Any context. Caller holds the heap's lock. Takes the steps of
 * carveout_heap_find().
 * Return: the descriptor; 0 if the address is not in the heap, or if the structure is
 * corrupted, which marks the store as corrupted.
 */
u32 carveout_heap_span_at(struct carveout_heap *heap, carveout_off_t addr)
{
	const struct carveout_addr_map *piece = carveout_heap_piece(heap, addr);
	carveout_off_t from = addr;
	u32 index;

	/*
	 * A span that starts in another piece of the region may cover whole pieces. Each
	 * iteration continues at a lower piece, so the loop ends: at base 0, @from wraps
	 * to the highest address, which no piece contains.
	 */
	while (piece) {
		index = last_before(heap, piece, from);
		if (index)
			return along(heap, piece, index, addr);
		from = piece->base - 1;
		piece = carveout_heap_piece(heap, from);
	}
	/* Either no piece contains @addr, or the span that must be there is missing. */
	heap->store.corrupted |= from != addr;
	return 0;
}

/**
 * carveout_heap_find() - Look up the span at an address
 * @heap: heap
 * @addr: any address
 * @info: on success, the description of the allocation or hole
 *
 * Context: Any context. Caller holds the heap's lock. Takes as many steps as the span
 * covers pieces, each found by bisection, plus as many as a group of the address map
 * has granules: 64, more in a piece of more than 64 * %CARVEOUT_ADDR_MAP_GROUPS
 * granules.
 * Return: 0, -EINVAL if the address is not in the heap, -EUCLEAN if the heap is
 * corrupted.
 */
int carveout_heap_find(struct carveout_heap *heap, carveout_off_t addr,
		       struct carveout_span_info *info)
{
	u32 index;

	carveout_heap_assert_locked(heap);
	if (heap->corrupted)
		return -EUCLEAN;
	index = carveout_heap_span_at(heap, addr);
	if (heap->store.corrupted)
		return carveout_heap_corrupted(heap);
	if (!index)
		return -EINVAL;
	carveout_heap_fill_info(heap, index, info);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_find);

/* The first descriptor at or after @index that is not free, or @limit. */
static u32 next_taken(const struct carveout_store *store, u32 index, u32 limit)
{
	while (index < limit && carveout_mark(carveout_span(store, index)) == CARVEOUT_FREE)
		index++;
	return index;
}

/**
 * carveout_heap_spans() - List spans in several calls
 * @heap: heap
 * @cursor: 0 for the first call; updated for the next call
 * @info: array to fill
 * @count: length of @info, at least 1
 *
 * The order of the spans is unspecified. The caller may drop its lock between two
 * calls: a span that exists during all of them is listed exactly once; a span that is
 * allocated, freed, grown or shrunk in between is listed in one of its states, or not
 * at all.
 *
 * Context: Any context. Caller holds the heap's lock. Reads at most
 * %CARVEOUT_SPANS_SCAN descriptors.
 * Return: number of entries filled, which may be 0 before the end if many descriptors
 * are free. At the end @cursor is %CARVEOUT_SPANS_END.
 */
unsigned int carveout_heap_spans(const struct carveout_heap *heap, u32 *cursor,
				 struct carveout_span_info *info, unsigned int count)
{
	const struct carveout_store *store = &heap->store;
	u32 index = max(*cursor, CARVEOUT_INDEX_FIRST);
	unsigned int filled = 0;
	u32 limit;

	carveout_heap_assert_locked(heap);
	if (heap->corrupted || index >= store->fresh) {
		*cursor = CARVEOUT_SPANS_END;
		return 0;
	}
	/* The cursor is supplied by user space. */
	index = array_index_nospec(index, store->fresh);
	limit = index + min_t(u32, store->fresh - index, CARVEOUT_SPANS_SCAN);
	while (filled < count) {
		index = next_taken(store, index, limit);
		if (index == limit)
			break;
		carveout_heap_fill_info(heap, index++, &info[filled++]);
	}
	*cursor = index < store->fresh ? index : CARVEOUT_SPANS_END;
	return filled;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_spans);

/**
 * carveout_heap_first_span() - Read the span at the start of a region
 * @heap: heap
 * @region: index of the region
 * @info: on success, the description of the span
 *
 * Context: Any context. Caller holds the heap's lock, and keeps holding it until the
 * end of the walk with carveout_heap_next_span(). Constant time.
 * Return: the span, to be passed to carveout_heap_next_span(); 0 if there is no such
 * region or the heap is corrupted.
 */
u32 carveout_heap_first_span(const struct carveout_heap *heap, unsigned int region,
			     struct carveout_span_info *info)
{
	u32 index;

	carveout_heap_assert_locked(heap);
	if (heap->corrupted || region >= heap->nr_regions || !heap->region[region])
		return 0;
	index = heap->region[region]->chain.first;
	if (!carveout_store_has(&heap->store, index))
		return 0;
	carveout_heap_fill_info(heap, index, info);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_first_span);

/**
 * carveout_heap_next_span() - Read the next span by address in the same region
 * @heap: heap
 * @index: a span that this or carveout_heap_first_span() returned
 * @info: on success, the description of the next span
 *
 * Context: Any context. Caller has held the heap's lock since
 * carveout_heap_first_span(). Constant time.
 * Return: the next span, or 0 at the end of the region.
 */
u32 carveout_heap_next_span(const struct carveout_heap *heap, u32 index,
			    struct carveout_span_info *info)
{
	carveout_heap_assert_locked(heap);
	index = carveout_span(&heap->store, index)->next;
	if (!carveout_store_has(&heap->store, index))
		return 0;
	carveout_heap_fill_info(heap, index, info);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_next_span);

/* === Hash ================================================================= */

#define FNV_OFFSET 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

/* FNV-1a over the eight bytes of a value, the lowest first. */
static u64 hash_value(u64 hash, u64 value)
{
	unsigned int byte;

	for (byte = 0; byte < 8; byte++) {
		hash = (hash ^ (value & 0xff)) * FNV_PRIME;
		value >>= 8;
	}
	return hash;
}

static u64 hash_region(const struct carveout_heap *heap, unsigned int entry, u64 hash)
{
	const struct carveout_region *region = heap->region[entry];
	u32 left = heap->store.fresh - CARVEOUT_INDEX_FIRST;
	struct carveout_span_info info;
	u32 index;

	hash = hash_value(hash, entry);
	hash = hash_value(hash, region->base);
	hash = hash_value(hash, region->size);
	hash = hash_value(hash, region->attrs);
	hash = hash_value(hash, carveout_region_used(heap, region));
	index = carveout_heap_first_span(heap, entry, &info);
	for (; index && left; left--) {
		hash = hash_value(hash, info.start);
		hash = hash_value(hash, info.size);
		hash = hash_value(hash, info.used);
		index = carveout_heap_next_span(heap, index, &info);
	}
	return hash;
}

/**
 * carveout_heap_hash() - Hash of the layout of a heap
 * @heap: heap
 *
 * Covers the regions in their order and their spans in address order: position, size
 * and state, but neither owners, nor the descriptors in use, nor counters of the past.
 * Two heaps with the same memory allocated have the same hash, independent of their
 * history.
 *
 * Context: Any context. Caller holds the heap's lock. Visits each span.
 * Return: a 64-bit FNV-1a.
 */
u64 carveout_heap_hash(const struct carveout_heap *heap)
{
	u64 hash = FNV_OFFSET;
	unsigned int i;

	carveout_heap_assert_locked(heap);
	for (i = 0; i < heap->nr_regions; i++)
		if (heap->region[i])
			hash = hash_region(heap, i, hash);
	return hash;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_hash);
