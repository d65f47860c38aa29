// SPDX-License-Identifier: GPL-2.0
/*
 * Validator: proves that a heap is sound, or reports a violated invariant.
 *
 * It proves: The spans of each region fill it from its first byte to its last, in
 * order, without gap or overlap, and no two holes are adjacent. Each hole is in the
 * bin of its size, at a place where a search finds it, exactly once; a bin contains
 * nothing else; the bitmaps mark exactly the bins that have holes. The address map has
 * the first span of each group in which a span starts, and nothing else. Each
 * descriptor is in one chain or on the free list, exactly once. All sums and counters
 * agree.
 *
 * It cannot prove: That the heap is the correct result of the requests made: an
 * allocation that was freed with the handle of another owner, or a structure replaced
 * completely by another sound one, looks sound. Past counters (high-water mark,
 * statistics) are only checked against the present state. Whether the owner of an
 * allocation writes outside of it is not visible in the structure at all. The position
 * and the length of the arrays are assumed.
 *
 * It needs no memory to record visited descriptors and terminates on any structure,
 * however corrupted. A chain cannot have a cycle because each span must start where
 * the span before it ends. A node of a trie, or of a list of equal holes, refers back
 * to the only place that may link to it (and its size determines on which side), so no
 * node is visited twice. The walk of the free list stops at the recorded length; the
 * list contains no descriptor twice because it ends exactly there.
 */

#include "carveout_lib.h"
#include "heap.h"

static const char * const invariants[] = {
	[CARVEOUT_SOUND] = "ok",
	[CARVEOUT_CORRUPT_BEFORE] = "marked as corrupted before",
	[CARVEOUT_CORRUPT_STORE] = "bounds of the descriptor store contradict each other",
	[CARVEOUT_CORRUPT_TABLE] = "table of regions is inconsistent",
	[CARVEOUT_CORRUPT_REGION] = "region is empty, unaligned, overlaps or is not joined",
	[CARVEOUT_CORRUPT_INDEX] = "link to a descriptor that does not exist",
	[CARVEOUT_CORRUPT_STATE] = "span with a wrong state or region",
	[CARVEOUT_CORRUPT_BACK] = "span with a wrong back link",
	[CARVEOUT_CORRUPT_ORDER] = "spans do not follow one another to the end of the region",
	[CARVEOUT_CORRUPT_SIZE] = "span with a size that is 0 or not in granules",
	[CARVEOUT_CORRUPT_HOLES] = "two adjacent holes",
	[CARVEOUT_CORRUPT_GEN] = "allocation without a generation",
	[CARVEOUT_CORRUPT_BIN] = "hole in a wrong bin, or span in a bin that is not a hole",
	[CARVEOUT_CORRUPT_LINK] = "hole with a wrong back link in its bin",
	[CARVEOUT_CORRUPT_TRIE] = "hole at a wrong place in its trie",
	[CARVEOUT_CORRUPT_EQUAL] = "hole in a list of holes of another size",
	[CARVEOUT_CORRUPT_BITMAP] = "bitmap of bins disagrees with the bins",
	[CARVEOUT_CORRUPT_UNBINNED] = "number of holes in the bins is wrong",
	[CARVEOUT_CORRUPT_PIECES] = "table of pieces disagrees with the regions",
	[CARVEOUT_CORRUPT_ADDR_MAP] = "address map is wrong",
	[CARVEOUT_CORRUPT_COUNT] = "counter of spans or bytes is wrong",
	[CARVEOUT_CORRUPT_FREE] = "list of free descriptors is wrong",
	[CARVEOUT_CORRUPT_LOST] = "descriptor is neither in a chain nor free",
};

static_assert(ARRAY_SIZE(invariants) == CARVEOUT_INVARIANTS,
	      "each invariant has a name");

/* One run of the validator. */
struct check {
	const struct carveout_heap *heap;
	struct carveout_report *report;
	unsigned int entry;		/* region being checked */
	u64 used;			/* allocated granules in it */
	u32 nr_used;
	u32 nr_holes;
	u64 nr_first;			/* spans that are the first in their group */
};

static bool violated(struct check *check, enum carveout_invariant invariant, u32 index)
{
	check->report->invariant = invariant;
	check->report->region = check->entry;
	check->report->index = index;
	return false;
}

static const struct carveout_span *span_of(const struct check *check, u32 index)
{
	return carveout_span(&check->heap->store, index);
}

static carveout_off_t size_of(const struct check *check, u32 index)
{
	return carveout_span_size(check->heap, span_of(check, index));
}

static u64 granules_of(const struct check *check, u32 index)
{
	return carveout_granules(span_of(check, index));
}

static bool exists(const struct check *check, u32 index)
{
	return carveout_store_has(&check->heap->store, index);
}

/* === Store and regions ==================================================== */

/* All indices of a chunk that does not exist lead to the spare descriptor. */
static bool check_chunk(const struct carveout_store *store, unsigned int chunk)
{
	if (chunk < CARVEOUT_CHUNK_FIRST || chunk >= store->next_chunk)
		return store->span[chunk] == &store->spare &&
		       store->aux[chunk] == &store->spare_aux && !store->mask[chunk];
	return store->span[chunk] && store->aux[chunk] &&
	       store->mask[chunk] == CARVEOUT_BIT(chunk) - 1;
}

static bool check_store(struct check *check)
{
	const struct carveout_store *store = &check->heap->store;
	unsigned int i;

	if (check->heap->shift >= CARVEOUT_OFF_BITS ||
	    check->heap->granule_mask != ((carveout_off_t)1 << check->heap->shift) - 1 ||
	    store->next_chunk < CARVEOUT_CHUNK_FIRST ||
	    store->next_chunk > CARVEOUT_CHUNK_LAST + 1 ||
	    store->limit != CARVEOUT_BIT(store->next_chunk) ||
	    store->fresh < CARVEOUT_INDEX_FIRST || store->fresh > store->limit)
		return violated(check, CARVEOUT_CORRUPT_STORE, 0);
	for (i = 0; i < CARVEOUT_CHUNKS; i++)
		if (!check_chunk(store, i))
			return violated(check, CARVEOUT_CORRUPT_STORE, 0);
	if (store->spare.key != carveout_key(0, CARVEOUT_SPARE))
		return violated(check, CARVEOUT_CORRUPT_STORE, 0);
	return true;
}

static bool check_table(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	unsigned int i, j;

	if (heap->nr_regions > CARVEOUT_MAX_REGIONS ||
	    (heap->nr_regions && !heap->region[heap->nr_regions - 1]))
		return violated(check, CARVEOUT_CORRUPT_TABLE, 0);
	for (i = 0; i < CARVEOUT_MAX_REGIONS; i++) {
		check->entry = i;
		if (i >= heap->nr_regions && heap->region[i])
			return violated(check, CARVEOUT_CORRUPT_TABLE, 0);
		for (j = 0; j < i; j++)
			if (heap->region[i] && heap->region[i] == heap->region[j])
				return violated(check, CARVEOUT_CORRUPT_TABLE, 0);
	}
	return true;
}

static bool check_region(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	const struct carveout_region *region = heap->region[check->entry];
	carveout_off_t mask = ((carveout_off_t)1 << heap->shift) - 1;
	carveout_off_t end;
	unsigned int i;

	if (!region->size || (region->base | region->size) & mask ||
	    region->hole != carveout_mark_make(check->entry, CARVEOUT_HOLE) ||
	    check_add_overflow(region->base, region->size, &end))
		return violated(check, CARVEOUT_CORRUPT_REGION, 0);
	/* The regions before this one are checked: their ends do not wrap. */
	for (i = 0; i < check->entry; i++) {
		const struct carveout_region *other = heap->region[i];
		carveout_off_t other_end;

		if (!other)
			continue;
		other_end = other->base + other->size;
		if (region->base < other_end && other->base < end)
			return violated(check, CARVEOUT_CORRUPT_REGION, 0);
		if (region->attrs == other->attrs &&
		    !(region->attrs & CARVEOUT_REGION_APART) &&
		    (region->base == other_end || other->base == end))
			return violated(check, CARVEOUT_CORRUPT_REGION, 0);
	}
	return true;
}

/* Each piece is within one region, and behind the piece before it. Its map fits it. */
static bool check_piece(struct check *check, unsigned int nr)
{
	const struct carveout_heap *heap = check->heap;
	const struct carveout_addr_map *piece = heap->piece[nr];
	unsigned int i;

	if (nr && (heap->piece[nr - 1]->base >= piece->base ||
		   carveout_addr_map_covers(heap->piece[nr - 1], piece->base)))
		return false;
	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *region = heap->region[i];

		if (region && piece->base >= region->base &&
		    piece->base - region->base < region->size)
			return piece->size &&
			       piece->size <= region->size - (piece->base - region->base) &&
			       carveout_addr_map_fits_piece(piece, heap->shift);
	}
	return false;
}

/* Groups are compared without the map if the region has one piece, else each span is mapped. */
static bool check_group_mask(const struct carveout_region *region)
{
	carveout_off_t mask = ~(carveout_off_t)0;

	if (region->map.base == region->base && region->map.size == region->size)
		mask <<= region->map.shift;
	return region->group_mask == mask;
}

static bool check_pieces(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	carveout_off_t size = 0;
	unsigned int i;

	for (i = 0; i < heap->nr_regions; i++)
		size -= heap->region[i] ? heap->region[i]->size : 0;
	if (heap->nr_pieces > CARVEOUT_MAX_PIECES)
		return violated(check, CARVEOUT_CORRUPT_PIECES, 0);
	for (i = 0; i < heap->nr_pieces; i++) {
		if (!heap->piece[i] || !check_piece(check, i))
			return violated(check, CARVEOUT_CORRUPT_PIECES, 0);
		size += heap->piece[i]->size;
	}
	/* No overlaps and equal sums: the pieces cover the regions completely. */
	if (size)
		return violated(check, CARVEOUT_CORRUPT_PIECES, 0);
	for (i = 0; i < heap->nr_regions; i++)
		if (heap->region[i] && !check_group_mask(heap->region[i]))
			return violated(check, CARVEOUT_CORRUPT_PIECES, 0);
	return true;
}

/* === Chain ================================================================ */

static bool check_span(struct check *check, u32 index, u32 prev, carveout_off_t start)
{
	const struct carveout_heap *heap = check->heap;
	const struct carveout_region *region = heap->region[check->entry];
	const struct carveout_span *span = span_of(check, index);
	u8 hole = carveout_mark_make(check->entry, CARVEOUT_HOLE);
	carveout_off_t size = carveout_span_size(heap, span);
	u8 mark = carveout_mark(span);

	if (mark != hole && mark != carveout_mark_make(check->entry, CARVEOUT_USED))
		return violated(check, CARVEOUT_CORRUPT_STATE, index);
	if (span->prev != prev)
		return violated(check, CARVEOUT_CORRUPT_BACK, index);
	if (span->start != start)
		return violated(check, CARVEOUT_CORRUPT_ORDER, index);
	if (!size || size >> heap->shift != carveout_granules(span))
		return violated(check, CARVEOUT_CORRUPT_SIZE, index);
	if (size > region->base + region->size - start)
		return violated(check, CARVEOUT_CORRUPT_ORDER, index);
	if (mark == hole && prev && carveout_mark(span_of(check, prev)) == hole)
		return violated(check, CARVEOUT_CORRUPT_HOLES, index);
	if (mark != hole && !span->gen)
		return violated(check, CARVEOUT_CORRUPT_GEN, index);
	return true;
}

/* Does the address map have the span, if it is the first in its group? */
static bool check_first(struct check *check, u32 index, u32 prev)
{
	carveout_off_t start = span_of(check, index)->start;
	const struct carveout_addr_map *piece;
	u64 group;

	/* Never NULL: the pieces are checked, and the span is within its region. */
	piece = carveout_heap_piece((struct carveout_heap *)check->heap, start);
	group = carveout_addr_map_group(piece, start);
	if (prev && carveout_addr_map_shares(piece, group, span_of(check, prev)->start))
		return true;
	check->nr_first++;
	if (!carveout_addr_map_marked(piece, group) || piece->first[group] != index)
		return violated(check, CARVEOUT_CORRUPT_ADDR_MAP, index);
	return true;
}

static bool check_chain(struct check *check)
{
	const struct carveout_region *region = check->heap->region[check->entry];
	carveout_off_t start = region->base;
	u32 index, prev = 0;

	check->used = 0;
	check->nr_used = 0;
	check->nr_holes = 0;
	for (index = region->chain.first; index; index = span_of(check, index)->next) {
		if (!exists(check, index))
			return violated(check, CARVEOUT_CORRUPT_INDEX, index);
		if (!check_span(check, index, prev, start) ||
		    !check_first(check, index, prev))
			return false;
		start += size_of(check, index);
		if (carveout_mark(span_of(check, index)) & CARVEOUT_USED) {
			check->used += granules_of(check, index);
			check->nr_used++;
		} else {
			check->nr_holes++;
		}
		prev = index;
	}
	if (start != region->base + region->size)
		return violated(check, CARVEOUT_CORRUPT_ORDER, prev);
	if (region->chain.last != prev)
		return violated(check, CARVEOUT_CORRUPT_BACK, prev);
	if (carveout_gauge_used(&region->used) != check->used ||
	    region->nr_used != check->nr_used || region->nr_holes != check->nr_holes ||
	    region->used.below > region->used.high ||
	    region->used.high > region->size >> check->heap->shift)
		return violated(check, CARVEOUT_CORRUPT_COUNT, 0);
	return true;
}

/* === Bins ================================================================= */

static bool check_hole(struct check *check, unsigned int bin, u32 index)
{
	if (!exists(check, index))
		return violated(check, CARVEOUT_CORRUPT_INDEX, index);
	if (carveout_mark(span_of(check, index)) !=
	    carveout_mark_make(check->entry, CARVEOUT_HOLE))
		return violated(check, CARVEOUT_CORRUPT_BIN, index);
	if (carveout_bin_of(granules_of(check, index)) != bin)
		return violated(check, CARVEOUT_CORRUPT_BIN, index);
	check->nr_holes++;
	return true;
}

/* Check the list of equal holes behind a node of the trie. */
static bool check_list(struct check *check, unsigned int bin, u32 head)
{
	u32 index, prev = head;

	for (index = span_of(check, head)->bin_next; index;
	     index = span_of(check, index)->bin_next) {
		if (!check_hole(check, bin, index))
			return false;
		if (span_of(check, index)->bin_prev != prev)
			return violated(check, CARVEOUT_CORRUPT_LINK, index);
		if (granules_of(check, index) != granules_of(check, head))
			return violated(check, CARVEOUT_CORRUPT_EQUAL, index);
		prev = index;
	}
	return true;
}

/*
 * Does a node agree with the decisions on the path to it? Its parent is checked, so
 * only the last decision is new. No node above may have the same size: the hole would
 * be in the list of that node instead.
 */
static bool check_place(struct check *check, unsigned int bits, unsigned int depth,
			u32 index, u32 parent, unsigned int side)
{
	u64 own = granules_of(check, index), above;

	if (!depth)
		return true;
	if (depth > bits)
		return violated(check, CARVEOUT_CORRUPT_TRIE, index);
	above = granules_of(check, parent);
	own >>= bits - depth;
	above >>= bits - depth;
	if (own >> 1 != above >> 1 || (own & 1) != side)
		return violated(check, CARVEOUT_CORRUPT_TRIE, index);
	for (; parent; parent = span_of(check, parent)->bin_prev & ~CARVEOUT_IN_TRIE)
		if (granules_of(check, parent) == granules_of(check, index))
			return violated(check, CARVEOUT_CORRUPT_TRIE, index);
	return true;
}

static bool check_node(struct check *check, unsigned int bin, unsigned int depth,
		       u32 index, u32 parent, unsigned int side)
{
	if (!check_hole(check, bin, index))
		return false;
	if (span_of(check, index)->bin_prev != (parent | CARVEOUT_IN_TRIE))
		return violated(check, CARVEOUT_CORRUPT_LINK, index);
	return check_place(check, carveout_bin_bits(bin), depth, index, parent, side) &&
	       check_list(check, bin, index);
}

/* Visit all nodes: down to the left, then to the right, then back up. */
static bool check_trie(struct check *check, unsigned int bin)
{
	const struct carveout_store *store = &check->heap->store;
	u32 at = check->heap->region[check->entry]->bins.head[bin];
	unsigned int depth = 0, side = 0;
	u32 parent = 0;

	for (;;) {
		const u32 *child;
		u32 next = 0;

		if (!check_node(check, bin, depth, at, parent, side))
			return false;
		if (bin >= CARVEOUT_EXACT) {
			child = carveout_aux(store, at)->child;
			side = !child[0];
			next = child[side];
		}
		if (next) {
			parent = at;
			at = next;
			depth++;
			continue;
		}
		while (depth) {
			child = carveout_aux(store, parent)->child;
			if (at == child[0] && child[1])
				break;
			at = parent;
			parent = span_of(check, at)->bin_prev & ~CARVEOUT_IN_TRIE;
			depth--;
		}
		if (!depth)
			return true;
		side = 1;
		at = child[side];
	}
}

static bool check_bins(struct check *check)
{
	const struct carveout_region *region = check->heap->region[check->entry];
	const struct carveout_bins *bins = &region->bins;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		bool any = i < CARVEOUT_BIN_WORDS && bins->word[i];

		if (any != !!(bins->summary & BIT_ULL(i)))
			return violated(check, CARVEOUT_CORRUPT_BITMAP, 0);
	}
	check->nr_holes = 0;
	for (i = 0; i < CARVEOUT_BINS; i++) {
		u32 head = bins->head[i];

		if (!head != !(bins->word[i / 64] & BIT_ULL(i % 64)))
			return violated(check, CARVEOUT_CORRUPT_BITMAP, head);
		if (head && !check_trie(check, i))
			return false;
	}
	if (check->nr_holes != region->nr_holes)
		return violated(check, CARVEOUT_CORRUPT_UNBINNED, 0);
	return true;
}

/* === Address map ========================================================== */

/* Each bit of a level above level 0 stands for a word of the level below. */
static bool check_level(const struct carveout_addr_map *piece, unsigned int level)
{
	u64 i;

	for (i = 0; i < (u64)piece->words[level] * 64; i++) {
		bool any = i < piece->words[level - 1] && piece->level[level - 1][i];

		if (any != !!(piece->level[level][i / 64] & BIT_ULL(i % 64)))
			return false;
	}
	return true;
}

/* Required entries are checked by check_first(): are there additional ones? */
static bool check_addresses(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	unsigned int i, level;
	u64 count = 0;
	u32 word;

	for (i = 0; i < heap->nr_pieces; i++) {
		const struct carveout_addr_map *piece = heap->piece[i];

		for (word = 0; word < piece->words[0]; word++)
			count += hweight64(piece->level[0][word]);
		for (level = 1; level < CARVEOUT_ADDR_MAP_LEVELS; level++)
			if (!check_level(piece, level))
				return violated(check, CARVEOUT_CORRUPT_ADDR_MAP, 0);
	}
	if (count != check->nr_first)
		return violated(check, CARVEOUT_CORRUPT_ADDR_MAP, 0);
	return true;
}

/* === Free descriptors and sums ============================================ */

static bool check_free(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	const struct carveout_store *store = &heap->store;
	u32 index, count = 0;

	for (index = store->free; index; index = span_of(check, index)->next) {
		if (!exists(check, index))
			return violated(check, CARVEOUT_CORRUPT_INDEX, index);
		if (carveout_mark(span_of(check, index)) != CARVEOUT_FREE ||
		    count++ == store->nr_free)
			return violated(check, CARVEOUT_CORRUPT_FREE, index);
	}
	if (count != store->nr_free)
		return violated(check, CARVEOUT_CORRUPT_FREE, 0);
	if (store->fresh - CARVEOUT_INDEX_FIRST !=
	    carveout_heap_nr_used(heap) + carveout_heap_nr_holes(heap) + count)
		return violated(check, CARVEOUT_CORRUPT_LOST, 0);
	return true;
}

static bool check_sums(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	carveout_off_t size = 0;
	unsigned int i;
	u64 used = 0;

	for (i = 0; i < heap->nr_regions; i++) {
		const struct carveout_region *region = heap->region[i];

		if (!region)
			continue;
		size += region->size;
		used += carveout_gauge_used(&region->used);
	}
	if (size != heap->size || used != carveout_gauge_used(&heap->used) ||
	    heap->used.below > heap->used.high || heap->used.high > size >> heap->shift)
		return violated(check, CARVEOUT_CORRUPT_COUNT, 0);
	return true;
}

static bool check_heap(struct check *check)
{
	const struct carveout_heap *heap = check->heap;
	unsigned int i;

	if (!check_store(check) || !check_table(check))
		return false;
	for (i = 0; i < heap->nr_regions; i++) {
		check->entry = i;
		if (heap->region[i] && !check_region(check))
			return false;
	}
	check->entry = 0;
	if (!check_pieces(check))
		return false;
	for (i = 0; i < heap->nr_regions; i++) {
		check->entry = i;
		if (heap->region[i] && !(check_chain(check) && check_bins(check)))
			return false;
	}
	check->entry = 0;
	if (!check_addresses(check) || !check_sums(check) || !check_free(check))
		return false;
	if (heap->corrupted || heap->store.corrupted)
		return violated(check, CARVEOUT_CORRUPT_BEFORE, 0);
	return true;
}

/**
 * carveout_heap_validate() - Prove that a heap is sound
 * @heap: heap
 * @report: result
 *
 * The comment at the top of this file lists the proven properties and those that
 * cannot be proven. If the heap is not sound, @report has the first violated invariant
 * and the heap refuses all further work. The caller logs it.
 *
 * Context: Any context. Caller holds the heap's lock. Time grows with the number
 * of spans and regions: not for use where latency matters.
 * Return: 0, or -EUCLEAN.
 */
int carveout_heap_validate(struct carveout_heap *heap, struct carveout_report *report)
{
	struct check check = {
		.heap = heap,
		.report = report,
	};

	carveout_heap_assert_locked(heap);
	report->invariant = CARVEOUT_SOUND;
	report->region = 0;
	report->index = 0;
	if (check_heap(&check))
		return 0;
	heap->corrupted = true;
	return -EUCLEAN;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_heap_validate);

/**
 * carveout_report_string() - Description of a result of the validator
 * @report: report of carveout_heap_validate()
 *
 * Context: Any context.
 * Return: a constant string, "ok" for a sound heap.
 */
const char *carveout_report_string(const struct carveout_report *report)
{
	if ((unsigned int)report->invariant >= CARVEOUT_INVARIANTS)
		return "unknown";
	return invariants[report->invariant];
}
EXPORT_SYMBOL_IF_KUNIT(carveout_report_string);
