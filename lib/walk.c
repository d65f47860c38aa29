// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a heap: by handle, as a list, in the order of addresses, as a hash.
 *
 * Nothing in here changes the heap. Links are checked before they are followed,
 * and no walk is longer than the number of descriptors.
 */

#include "carveout_lib.h"
#include "heap.h"

/**
 * carveout_heap_info() - Look an allocation up
 * @heap: heap
 * @handle: handle of the allocation
 * @info: on success, what there is to know
 *
 * Context: Any context. Caller holds the heap's lock. Constant time.
 * Return: 0, -EINVAL when the handle is stale, of no allocation, or of one that
 * was freed already, or -EUCLEAN when the heap is broken.
 */
int carveout_heap_info(const struct carveout_heap *heap, struct carveout_handle handle,
		       struct carveout_span_info *info)
{
	carveout_heap_assert_locked(heap);
	if (heap->broken)
		return -EUCLEAN;
	if (!carveout_heap_owns(heap, handle))
		return -EINVAL;
	carveout_heap_fill_info(heap, handle.index, info);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_info);

/* Go along the chain from the first span of a block to the one at an address. */
static u32 along(struct carveout_heap *heap, const struct carveout_index *piece,
		 u32 index, carveout_off_t addr)
{
	struct carveout_store *store = &heap->store;
	u64 steps = 1ULL << (piece->shift - heap->shift);

	while (index) {
		const struct carveout_span *span = carveout_span(store, index);

		if ((carveout_off_t)(addr - span->start) < span->size)
			return index;
		if (addr < span->start || !steps--)
			break;
		index = carveout_link_read(store, span->next);
	}
	store->bad = true;
	return 0;
}

/* The last span of a piece that starts in the block of @addr or before; 0 for none. */
static u32 last_before(struct carveout_heap *heap, const struct carveout_index *piece,
		       carveout_off_t addr)
{
	struct carveout_store *store = &heap->store;
	u64 block = carveout_index_block(piece, addr);
	u32 index;

	if (!carveout_index_last(piece, &block))
		return 0;
	index = carveout_link_read(store, piece->first[block]);
	if (!index || carveout_span(store, index)->start <= addr)
		return index;
	/* It starts in the same block, but behind the address. */
	if (!block--)
		return 0;
	if (!carveout_index_last(piece, &block))
		return 0;
	return carveout_link_read(store, piece->first[block]);
}

/**
 * carveout_heap_span_at() - The span that an address lies in
 * @heap: heap
 * @addr: any address
 *
 * Context: Any context. Caller holds the heap's lock. See carveout_heap_find().
 * Return: the descriptor; 0 if the address is not in the heap, or the structure is
 * broken, which marks the store as bad.
 */
u32 carveout_heap_span_at(struct carveout_heap *heap, carveout_off_t addr)
{
	const struct carveout_index *piece = carveout_heap_piece(heap, addr);
	carveout_off_t from = addr;
	u32 index;

	/*
	 * A span that began in another piece of the region may cover whole ones. Each
	 * piece lies below the last, for none has the highest address there is.
	 */
	while (piece) {
		index = last_before(heap, piece, from);
		if (index)
			return along(heap, piece, index, addr);
		from = piece->base - 1;
		piece = carveout_heap_piece(heap, from);
	}
	/* There is no piece, or one without the span that it must have. */
	heap->store.bad |= from != addr;
	return 0;
}

/**
 * carveout_heap_find() - Look up what lies at an address
 * @heap: heap
 * @addr: any address
 * @info: on success, what there is to know about the span or hole
 *
 * Context: Any context. Caller holds the heap's lock. Takes as many steps as the
 * span there covers pieces, each found by bisection, and as a block of the index by
 * address has granules: 64, more in a piece of more than 64 * %CARVEOUT_INDEX_BLOCKS
 * granules.
 * Return: 0, -EINVAL when the address is not in the heap, -EUCLEAN when the heap is
 * broken.
 */
int carveout_heap_find(struct carveout_heap *heap, carveout_off_t addr,
		       struct carveout_span_info *info)
{
	u32 index;

	carveout_heap_assert_locked(heap);
	if (heap->broken)
		return -EUCLEAN;
	index = carveout_heap_span_at(heap, addr);
	if (heap->store.bad)
		return carveout_heap_break(heap);
	if (!index)
		return -EINVAL;
	carveout_heap_fill_info(heap, index, info);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_find);

/* The first descriptor from @index on that is not free, or @limit. */
static u32 next_taken(const struct carveout_store *store, u32 index, u32 limit)
{
	while (index < limit) {
		u32 end = min(limit, CARVEOUT_BIT(fls(index)));
		const u8 *tag = carveout_tag(store, index);
		const u8 *found = memchr_inv(tag, CARVEOUT_FREE, end - index);

		if (found)
			return index + (found - tag);
		index = end;
	}
	return limit;
}

/**
 * carveout_heap_spans() - List spans, a piece at a time
 * @heap: heap
 * @cursor: 0 to begin; where to go on in the next call
 * @info: array to fill
 * @count: length of @info, at least 1
 *
 * Spans come in no particular order. The caller may drop its lock between two
 * calls: a span that is there all the time is listed exactly once, one that
 * comes, goes, grows or shrinks meanwhile is listed as it was at some moment, or
 * not at all.
 *
 * Context: Any context. Caller holds the heap's lock. Looks at no more than
 * %CARVEOUT_SPANS_SCAN descriptors.
 * Return: number of entries filled, which may be 0 before the end when many
 * descriptors are free. At the end @cursor is %CARVEOUT_SPANS_END.
 */
unsigned int carveout_heap_spans(const struct carveout_heap *heap, u32 *cursor,
				 struct carveout_span_info *info, unsigned int count)
{
	const struct carveout_store *store = &heap->store;
	u32 index = max(*cursor, CARVEOUT_INDEX_FIRST);
	unsigned int filled = 0;
	u32 limit;

	carveout_heap_assert_locked(heap);
	if (heap->broken || index >= store->fresh) {
		*cursor = CARVEOUT_SPANS_END;
		return 0;
	}
	/* Where to go on is what a process says. */
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
 * carveout_heap_first_span() - The span at the start of a region
 * @heap: heap
 * @region: index of the region
 * @info: on success, what there is to know of the span
 *
 * Context: Any context. Caller holds the heap's lock, and holds it until the walk
 * with carveout_heap_next_span() is over. Constant time.
 * Return: the span, to be given to carveout_heap_next_span(); 0 when there is no
 * such region or the heap is broken.
 */
u32 carveout_heap_first_span(const struct carveout_heap *heap, unsigned int region,
			     struct carveout_span_info *info)
{
	u32 index;

	carveout_heap_assert_locked(heap);
	if (heap->broken || region >= heap->nr_regions || !heap->region[region])
		return 0;
	index = heap->region[region]->chain.first;
	if (!carveout_store_has(&heap->store, index))
		return 0;
	carveout_heap_fill_info(heap, index, info);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_first_span);

/**
 * carveout_heap_next_span() - The next span by address in the same region
 * @heap: heap
 * @index: a span that this or carveout_heap_first_span() returned
 * @info: on success, what there is to know of the next span
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
	hash = hash_value(hash, region->used);
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
 * carveout_heap_hash() - Hash of what is where
 * @heap: heap
 *
 * Covers the regions in their order and their spans in the order of addresses:
 * place, size and state, but not who owns them, which descriptors they use, and
 * no counter of the past. Two heaps with the same memory handed out have the same
 * hash, whatever happened before.
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
