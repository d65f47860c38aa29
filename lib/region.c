// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: adds memory to a heap. Also marks a heap as corrupted, for all files.
 *
 * A region that touches another one of equal attributes becomes part of it, so that
 * an allocation can extend across the seam. Regions that do not touch stay separate:
 * the gap between them belongs to no span, can be neither allocated nor freed, and is
 * not counted.
 *
 * A region may end anywhere below 2^64, but not at 2^64: so the end of every span can
 * be computed without overflow.
 */

#include "carveout_lib.h"
#include "heap.h"

/**
 * carveout_heap_corrupted() - Mark a heap as corrupted
 * @heap: heap
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: -EUCLEAN.
 */
int carveout_heap_corrupted(struct carveout_heap *heap)
{
	if (!heap->corrupted) {
		heap->corrupted = true;
		carveout_assert(!heap->corrupted);
	}
	return -EUCLEAN;
}

/**
 * carveout_region_add_hole() - Turn a span of a region into a hole
 * @heap: heap
 * @region: index of the region
 * @index: span, in the region's chain, with its start and size set
 *
 * Context: Any context. Caller holds the heap's lock.
 */
void carveout_region_add_hole(struct carveout_heap *heap, unsigned int region, u32 index)
{
	struct carveout_span *span = carveout_span(&heap->store, index);

	carveout_set_mark(span, carveout_mark_make(region, CARVEOUT_HOLE));
	carveout_bins_insert(&heap->store, &heap->region[region]->bins, span, index);
	heap->region[region]->nr_holes++;
}

/**
 * carveout_region_del_hole() - Remove a hole of a region from its bins
 * @heap: heap
 * @region: index of the region
 * @index: hole, with its size at the time it was added
 *
 * The span stays in the chain; the caller sets its new state or removes it.
 *
 * Context: Any context. Caller holds the heap's lock.
 */
void carveout_region_del_hole(struct carveout_heap *heap, unsigned int region, u32 index)
{
	carveout_bins_remove(&heap->store, &heap->region[region]->bins,
			     carveout_span(&heap->store, index), index);
	heap->region[region]->nr_holes--;
}

static bool is_hole(const struct carveout_heap *heap, u32 index)
{
	return index && (carveout_mark(carveout_span(&heap->store, index)) &
			 CARVEOUT_MARK_STATE) == CARVEOUT_HOLE;
}

/* === Checks =============================================================== */

/*
 * Does the heap have too many granules with @size more bytes? The sum wraps only if the ranges
 * overlap, which is refused later.
 */
static bool is_too_large(const struct carveout_heap *heap, carveout_off_t size)
{
	return (u64)((carveout_off_t)(heap->size + size) >> heap->shift) >>
	       CARVEOUT_GRANULES_BITS;
}

static int check_range(const struct carveout_heap *heap, carveout_off_t base,
		       carveout_off_t size)
{
	carveout_off_t mask = ((carveout_off_t)1 << heap->shift) - 1;
	carveout_off_t end;
	unsigned int i;

	if (!size)
		return -EINVAL;
	if ((base | size) & mask)
		return -EDOM;
	if (check_add_overflow(base, size, &end) || is_too_large(heap, size))
		return -EOVERFLOW;
	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *other = heap->region[i];

		if (other && base < other->base + other->size && other->base < end)
			return -EEXIST;
	}
	return 0;
}

static int check_memory(const struct carveout_heap *heap,
			const struct carveout_region *mem)
{
	unsigned int i;

	if (!mem || !IS_ALIGNED((uintptr_t)mem, sizeof(u64)))
		return -EINVAL;
	for (i = 0; i < heap->nr_pieces; i++)
		if (heap->piece[i] == &mem->map)
			return -EINVAL;
	return heap->nr_pieces < CARVEOUT_MAX_PIECES ? 0 : -E2BIG;
}

/* Entries emptied by a join are reused only if there are no others. */
static int free_entry(const struct carveout_heap *heap)
{
	unsigned int i;

	if (heap->nr_regions < CARVEOUT_MAX_REGIONS)
		return heap->nr_regions;
	for (i = 0; i < CARVEOUT_MAX_REGIONS; i++)
		if (!heap->region[i])
			return i;
	return -E2BIG;
}

/* The last entry is never empty. A region remains when two are joined. */
static void trim_table(struct carveout_heap *heap)
{
	while (!heap->region[heap->nr_regions - 1])
		heap->nr_regions--;
}

/*
 * === Pieces =================================================================
 *
 * Each addition is a piece with its own address map, even if it becomes part of an
 * existing region.
 */

/**
 * carveout_heap_piece() - Find the address map that covers an address
 * @heap: heap
 * @addr: any address
 *
 * Context: Any context. Caller holds the heap's lock. Reads at most as many pieces as
 * %CARVEOUT_MAX_PIECES has bits.
 * Return: the address map, or NULL if the address is not in the heap.
 */
struct carveout_addr_map *carveout_heap_piece(struct carveout_heap *heap,
					      carveout_off_t addr)
{
	unsigned int low = 0, high = heap->nr_pieces;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		struct carveout_addr_map *piece = heap->piece[middle];

		if (carveout_addr_map_covers(piece, addr))
			return piece;
		if (addr < piece->base)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void add_piece(struct carveout_heap *heap, struct carveout_region *mem,
		      carveout_off_t base, carveout_off_t size)
{
	unsigned int i = heap->nr_pieces++;

	carveout_addr_map_init(&mem->map, mem + 1, base, size, heap->shift);
	for (; i && heap->piece[i - 1]->base > base; i--)
		heap->piece[i] = heap->piece[i - 1];
	heap->piece[i] = &mem->map;
}

/* The address map for an address of a region: nearly always the region's own. */
static struct carveout_addr_map *addr_map_of(struct carveout_heap *heap,
					     struct carveout_region *region,
					     carveout_off_t addr)
{
	if (likely(carveout_addr_map_covers(&region->map, addr)))
		return &region->map;
	return carveout_heap_piece(heap, addr);
}

/*
 * The address map in which a span at @start is the first of its group, and the group.
 * NULL if the span at @before starts in the same group, or if no address map covers
 * the address, which marks the store as corrupted.
 */
static struct carveout_addr_map *first_in(struct carveout_heap *heap,
					  struct carveout_region *region,
					  carveout_off_t start, carveout_off_t before,
					  u64 *group)
{
	struct carveout_addr_map *piece = addr_map_of(heap, region, start);

	if (unlikely(!piece)) {
		heap->store.corrupted = true;
		return NULL;
	}
	*group = carveout_addr_map_group(piece, start);
	return unlikely(carveout_addr_map_shares(piece, *group, before)) ? NULL : piece;
}

/**
 * carveout_heap_map_span() - Add a span to the address map
 * @heap: heap
 * @region: its region
 * @index: the span
 * @start: start of the span
 * @before: start of the span before it; @start - 1 if there is none
 *
 * Context: Any context. Caller holds the heap's lock.
 */
void carveout_heap_map_span(struct carveout_heap *heap, struct carveout_region *region,
			    u32 index, carveout_off_t start, carveout_off_t before)
{
	struct carveout_addr_map *piece;
	u64 group;

	piece = first_in(heap, region, start, before, &group);
	if (piece)
		carveout_addr_map_set(piece, group, index);
}

/**
 * carveout_heap_unmap_span() - Remove a span from the address map
 * @heap: heap
 * @region: its region
 * @index: the span
 * @start: start of the span
 * @before: start of the span before it; @start - 1 if there is none
 * @next: the span behind it, or 0
 *
 * Context: Any context. Caller holds the heap's lock.
 */
void carveout_heap_unmap_span(struct carveout_heap *heap, struct carveout_region *region,
			      u32 index, carveout_off_t start, carveout_off_t before,
			      u32 next)
{
	struct carveout_addr_map *piece;
	u64 group;

	piece = first_in(heap, region, start, before, &group);
	if (!piece)
		return;
	if (unlikely(piece->first[group] != index))
		heap->store.corrupted = true;
	if (next) {
		start = carveout_span(&heap->store, next)->start;
		if (carveout_addr_map_shares(piece, group, start)) {
			piece->first[group] = next;
			return;
		}
	}
	carveout_addr_map_clear(piece, group);
}

/* === Growth =============================================================== */

/* Take a descriptor for added memory; the mark is set when it is added to the bins. */
static u32 new_hole(struct carveout_heap *heap, carveout_off_t base, carveout_off_t size)
{
	return carveout_span_new(&heap->store, base, size >> heap->shift, CARVEOUT_FREE);
}

/* Add memory to a hole. */
static void extend(struct carveout_heap *heap, u32 index, carveout_off_t size)
{
	carveout_span(&heap->store, index)->key += carveout_key(size >> heap->shift, 0);
}

static int add_new(struct carveout_heap *heap, struct carveout_region *mem,
		   carveout_off_t base, carveout_off_t size, u32 attrs)
{
	int entry = free_entry(heap);
	u32 index;

	if (entry < 0)
		return entry;
	index = new_hole(heap, base, size);
	if (!index)
		return 0;
	memset(mem, 0, sizeof(*mem));
	mem->base = base;
	mem->size = size;
	mem->attrs = attrs;
	mem->hole = carveout_mark_make(entry, CARVEOUT_HOLE);
	carveout_bins_init(&mem->bins);
	add_piece(heap, mem, base, size);
	mem->group_mask = ~(((carveout_off_t)1 << mem->map.shift) - 1);
	carveout_heap_map_span(heap, mem, index, base, base - 1);
	heap->region[entry] = mem;
	if (entry == (int)heap->nr_regions)
		heap->nr_regions++;
	carveout_chain_add_last(&heap->store, &mem->chain, index);
	carveout_region_add_hole(heap, entry, index);
	return entry;
}

/* Add memory behind the end of a region. */
static void append(struct carveout_heap *heap, unsigned int entry, carveout_off_t base,
		   carveout_off_t size)
{
	struct carveout_region *region = heap->region[entry];
	u32 index = region->chain.last;

	if (is_hole(heap, index)) {
		carveout_region_del_hole(heap, entry, index);
		extend(heap, index, size);
	} else {
		index = new_hole(heap, base, size);
		if (!index)
			return;
		carveout_chain_add_last(&heap->store, &region->chain, index);
		carveout_heap_map_span(heap, region, index, base, base - 1);
	}
	region->size += size;
	carveout_region_add_hole(heap, entry, index);
}

/* Add memory in front of the start of a region. */
static void prepend(struct carveout_heap *heap, unsigned int entry, carveout_off_t base,
		    carveout_off_t size)
{
	struct carveout_region *region = heap->region[entry];
	u32 index = region->chain.first;

	if (is_hole(heap, index)) {
		carveout_region_del_hole(heap, entry, index);
		carveout_heap_unmap_span(heap, region, index, region->base, region->base - 1,
					 carveout_span(&heap->store, index)->next);
		carveout_span(&heap->store, index)->start = base;
		extend(heap, index, size);
	} else {
		u32 first = index;

		index = new_hole(heap, base, size);
		if (!index)
			return;
		carveout_chain_add_before(&heap->store, &region->chain, index, first);
	}
	carveout_heap_map_span(heap, region, index, base, base - 1);
	region->base = base;
	region->size += size;
	carveout_region_add_hole(heap, entry, index);
}

/* === Joining two regions ================================================== */

/* Move the spans of a region to the region that it is joined to. */
static void move_spans(struct carveout_heap *heap, unsigned int from, unsigned int to)
{
	struct carveout_store *store = &heap->store;
	u32 index = carveout_link_read(store, heap->region[from]->chain.first);
	u32 left = heap->region[from]->nr_used + heap->region[from]->nr_holes;

	for (; index && left; left--) {
		if (is_hole(heap, index)) {
			carveout_region_add_hole(heap, to, index);
		} else {
			carveout_set_mark(carveout_span(store, index),
					  carveout_mark_make(to, CARVEOUT_USED));
		}
		index = carveout_link_read(store, carveout_span(store, index)->next);
	}
	if (index || left)
		store->corrupted = true;
}

/* The span left of the seam was just added and is a hole. */
static void merge_seam(struct carveout_heap *heap, struct carveout_region *region,
		       u32 left, u32 right)
{
	struct carveout_span *l = carveout_span(&heap->store, left);
	struct carveout_span *r = carveout_span(&heap->store, right);
	struct carveout_bins *bins = &region->bins;

	if (!is_hole(heap, right))
		return;
	carveout_bins_remove(&heap->store, bins, l, left);
	carveout_bins_remove(&heap->store, bins, r, right);
	carveout_heap_merge(heap, region, l, left, r, right);
	carveout_bins_insert(&heap->store, bins, l, left);
}

/* The two maxima need not coincide: their sum may never have been reached. */
static void join_gauges(struct carveout_gauge *to, const struct carveout_gauge *from)
{
	u64 used = carveout_gauge_used(to) + carveout_gauge_used(from);

	to->high = max3(to->high, from->high, used);
	to->below = to->high - used;
}

/*
 * Join two regions that touch. The region that is tried first remains, so that the
 * order in which regions are tried does not change. This is the only modification
 * whose time grows with the number of spans.
 */
static int join(struct carveout_heap *heap, unsigned int low, unsigned int high)
{
	unsigned int stay = min(low, high), go = max(low, high);
	struct carveout_region *to = heap->region[stay], *from = heap->region[go];
	u32 left = heap->region[low]->chain.last;
	u32 right = heap->region[high]->chain.first;

	move_spans(heap, go, stay);
	carveout_span(&heap->store, left)->next = right;
	carveout_span(&heap->store, right)->prev = left;
	to->chain.first = heap->region[low]->chain.first;
	to->chain.last = heap->region[high]->chain.last;
	to->base = heap->region[low]->base;
	to->size += from->size;
	join_gauges(&to->used, &from->used);
	to->nr_used += from->nr_used;
	to->nr_nospc += from->nr_nospc;
	to->nr_missed += from->nr_missed;
	heap->region[go] = NULL;
	trim_table(heap);
	merge_seam(heap, to, left, right);
	return stay;
}

/**
 * carveout_region_bytes() - Size of the memory that carveout_heap_add_region() needs
 * @heap: heap
 * @size: bytes of the piece to add
 *
 * Context: Any context.
 * Return: bytes.
 */
size_t carveout_region_bytes(const struct carveout_heap *heap, carveout_off_t size)
{
	return sizeof(struct carveout_region) +
	       (size ? carveout_addr_map_bytes(size, heap->shift) : 0);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_region_bytes);

/* === Public interface ===================================================== */

/* The regions of equal attributes that end at @base and start at @end. */
static void find_neighbours(const struct carveout_heap *heap, carveout_off_t base,
			    carveout_off_t end, u32 attrs, int *low, int *high)
{
	unsigned int i;

	*low = -1;
	*high = -1;
	if (attrs & CARVEOUT_REGION_APART)
		return;
	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *region = heap->region[i];

		if (!region || region->attrs != attrs)
			continue;
		if (region->base + region->size == base)
			*low = i;
		if (region->base == end)
			*high = i;
	}
}

/* Does the new memory extend a hole, so that it needs no descriptor? */
static bool joins_hole(const struct carveout_heap *heap, int low, int high)
{
	if (low >= 0)
		return is_hole(heap, heap->region[low]->chain.last);
	return high >= 0 && is_hole(heap, heap->region[high]->chain.first);
}

/**
 * carveout_heap_add_region() - Add memory to a heap
 * @heap: heap
 * @mem: carveout_region_bytes() bytes for metadata, aligned to 8, with any content
 * @base: address of the first byte, a multiple of the granule
 * @size: bytes, a multiple of the granule
 * @attrs: attributes
 *
 * If @base or the end touches a region of equal attributes without
 * %CARVEOUT_REGION_APART, the memory becomes part of that region. If it fills the gap
 * between two such regions, they are joined: the region of the lower index remains,
 * and the entry of the other one in @heap->region becomes NULL. In each case @mem is in
 * use as long as the heap.
 *
 * Context: Any context. Caller holds the heap's lock. Clears a bit for each group
 * of the address map; joining two regions visits each span of the one of the higher
 * index.
 * Return: index of the region, or
 *
 * * -EINVAL: @size is 0, or @mem is NULL, unaligned or in use
 * * -EDOM: @base or @size is not a multiple of the granule
 * * -EOVERFLOW: the end is 2^64 or wraps beyond it, or the heap would have 2^56 granules
 *   or more
 * * -EEXIST: some of the memory is already in the heap
 * * -E2BIG: the heap has %CARVEOUT_MAX_REGIONS regions, or %CARVEOUT_MAX_PIECES
 *   pieces of memory
 * * -ENOMEM: no descriptor left: add a chunk and retry
 * * -EUCLEAN: the heap is corrupted
 */
int carveout_heap_add_region(struct carveout_heap *heap, struct carveout_region *mem,
			     carveout_off_t base, carveout_off_t size, u32 attrs)
{
	int low, high, err;

	carveout_heap_assert_locked(heap);
	if (heap->corrupted)
		return -EUCLEAN;
	err = check_range(heap, base, size);
	if (!err)
		err = check_memory(heap, mem);
	if (err)
		return err;
	find_neighbours(heap, base, base + size, attrs, &low, &high);
	if (!joins_hole(heap, low, high) && !carveout_store_avail(&heap->store))
		return -ENOMEM;
	if (low >= 0 || high >= 0)
		add_piece(heap, mem, base, size);
	if (low >= 0)
		heap->region[low]->group_mask = ~(carveout_off_t)0;
	if (high >= 0)
		heap->region[high]->group_mask = ~(carveout_off_t)0;
	if (low >= 0) {
		append(heap, low, base, size);
		err = high >= 0 ? join(heap, low, high) : low;
	} else if (high >= 0) {
		prepend(heap, high, base, size);
		err = high;
	} else {
		err = add_new(heap, mem, base, size, attrs);
	}
	if (err >= 0)
		heap->size += size;
	return heap->store.corrupted ? carveout_heap_corrupted(heap) : err;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_add_region);

/**
 * carveout_region_largest() - Size of the largest hole of a region
 * @heap: heap
 * @region: index of the region
 *
 * Context: Any context. Caller holds the heap's lock. Bounded time.
 * Return: bytes; 0 if there is no hole, or no such region.
 */
carveout_off_t carveout_region_largest(const struct carveout_heap *heap,
				       unsigned int region)
{
	u32 index;

	carveout_heap_assert_locked(heap);
	if (region >= heap->nr_regions || !heap->region[region])
		return 0;
	index = carveout_bins_largest(&heap->store, &heap->region[region]->bins);
	return index ? carveout_span_size(heap, carveout_span(&heap->store, index)) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_region_largest);
