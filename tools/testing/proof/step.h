/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers shared by the proofs of single steps of the heap.
 *
 * A harness creates an arbitrary valid heap with one region, executes one step of
 * lib/heap.c, and checks that the heap is valid and which parts have changed. By
 * induction the heap stays valid over any sequence of such steps.
 *
 * Include it before all other headers of lib/: it replaces the bins and the address
 * map, which have their own proofs, by stubs that check the calls to them.
 *
 * The number of spans, which of them are holes, and the number of free descriptors are
 * constants of each case, and so are all links. Nondeterministic are the numbers:
 * addresses, sizes, counters, generations. A case is a pattern such as UhU: a hole
 * between two used spans, where lower case marks the target of the step.
 */

#ifndef CARVEOUT_PROOF_STEP_H
#define CARVEOUT_PROOF_STEP_H

#include "proof.h"

/* All descriptors are in one chunk, so that the solver need not search for it. */
static unsigned int step_fls(unsigned long index)
{
	prove(index >> CARVEOUT_CHUNK_FIRST == 1);
	return CARVEOUT_CHUNK_FIRST;
}

#define __fls step_fls

#include "span.c"

/* The descriptors 8 to 15. */
#define FIRST CARVEOUT_INDEX_FIRST
#define COUNT CARVEOUT_INDEX_FIRST

#define TEXT_OF(word) #word
#define TEXT(word) TEXT_OF(word)

static const char pattern[] = TEXT(PATTERN);

/* Number of spans before the step. One step adds at most two. */
#define LENGTH (sizeof(pattern) - 1)
#define LONGEST (LENGTH + 2)

static bool is_hole(unsigned int i)
{
	return pattern[i] == 'H' || pattern[i] == 'h';
}

/* The target of the step. */
static unsigned int target(void)
{
	unsigned int i;

	for (i = 0; pattern[i] < 'a'; i++)
		;
	return i;
}

/* Symbolic shifts take the solver too long. */
#define GRANULE_SHIFT 2
#define GROUP_SHIFT (GRANULE_SHIFT + CARVEOUT_ADDR_MAP_BITS)

/* Index of the region in the heap. */
#define ENTRY 5

/* === Stub of lib/bins.h, with its include guard ============================ */

#define CARVEOUT_BINS_H
#define CARVEOUT_EXACT 8

/*
 * For each descriptor, whether it is in a bin, and its size at insertion. A harness may
 * set the first hole of a bin.
 */
struct carveout_bins {
	bool has[COUNT];
	u64 granules[COUNT];
	u32 head[CARVEOUT_EXACT];
};

u32 carveout_bins_best(struct carveout_store *store, const struct carveout_bins *bins,
		       u64 granules);
static void carveout_bins_insert(struct carveout_store *store, struct carveout_bins *bins,
				 struct carveout_span *hole, u32 index);
static void carveout_bins_remove(struct carveout_store *store, struct carveout_bins *bins,
				 struct carveout_span *hole, u32 index);

static void carveout_list_insert(struct carveout_store *store, struct carveout_bins *bins,
				 u64 bin, struct carveout_span *hole, u32 index)
{
	prove(bin < CARVEOUT_EXACT && bin == carveout_granules(hole));
	carveout_bins_insert(store, bins, hole, index);
}

static void carveout_trie_insert(struct carveout_store *store, struct carveout_bins *bins,
				 struct carveout_span *hole, u32 index)
{
	prove(carveout_granules(hole) >= CARVEOUT_EXACT);
	carveout_bins_insert(store, bins, hole, index);
}

/* The bin of the hole that a harness has set, if it is large enough. */
static u64 carveout_bins_next(const struct carveout_bins *bins, u64 granules)
{
	unsigned int bin;

	for (bin = 0; bin < CARVEOUT_EXACT; bin++)
		if (bins->head[bin] && bin >= granules)
			return bin;
	return CARVEOUT_EXACT;
}

static void carveout_bins_pop(struct carveout_store *store, struct carveout_bins *bins,
			      unsigned int bin, struct carveout_span *hole)
{
	prove(bin == carveout_granules(hole));
	carveout_bins_remove(store, bins, hole, bins->head[bin]);
}

#include "heap.c"
#include "search.c"

static struct carveout_heap heap;
static struct carveout_region region;
static struct carveout_span span[COUNT];
static union carveout_aux aux[COUNT];

/* The bins may write any value to the fields of a hole that belong to them. */
static void spoil_links(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		if (region.bins.has[i]) {
			span[i].bin_prev = nondet_u32();
			span[i].bin_next = nondet_u32();
			aux[i].cookie = nondet_u64();
		}
}

static void carveout_bins_insert(struct carveout_store *store, struct carveout_bins *bins,
				 struct carveout_span *hole, u32 index)
{
	prove(store == &heap.store && bins == &region.bins);
	prove(index - FIRST < COUNT && hole == &span[index - FIRST]);
	prove(!bins->has[index - FIRST]);
	prove(carveout_granules(hole));
	bins->has[index - FIRST] = true;
	bins->granules[index - FIRST] = carveout_granules(hole);
	spoil_links();
}

static void carveout_bins_remove(struct carveout_store *store, struct carveout_bins *bins,
				 struct carveout_span *hole, u32 index)
{
	prove(store == &heap.store && bins == &region.bins);
	prove(index - FIRST < COUNT && hole == &span[index - FIRST]);
	prove(bins->has[index - FIRST]);
	prove(bins->granules[index - FIRST] == carveout_granules(hole));
	spoil_links();
	bins->has[index - FIRST] = false;
}

/*
 * === Stub of the functions that write the address map =======================
 *
 * The region has one piece. Watching one of its groups is sufficient, because it is an
 * arbitrary group.
 */

static struct carveout_addr_map *watched_piece;
static u64 watched_group;
static u32 watched_first;

static bool is_watched(carveout_off_t start)
{
	return carveout_addr_map_covers(watched_piece, start) &&
	       carveout_addr_map_group(watched_piece, start) == watched_group;
}

static bool starts_in_watched(u32 index)
{
	return is_watched(span[index - FIRST].start);
}

void carveout_heap_map_span(struct carveout_heap *of, struct carveout_region *in, u32 index,
			    carveout_off_t start, carveout_off_t before)
{
	prove(of == &heap && in == &region);
	if (is_watched(start) && !is_watched(before))
		watched_first = index;
}

void carveout_heap_unmap_span(struct carveout_heap *of, struct carveout_region *in, u32 index,
			      carveout_off_t start, carveout_off_t before, u32 next)
{
	prove(of == &heap && in == &region);
	if (!is_watched(start) || is_watched(before))
		return;
	prove(watched_first == index);
	watched_first = next && starts_in_watched(next) ? next : 0;
}

/* A step of a valid heap never finds corruption. */
int carveout_heap_corrupted(struct carveout_heap *of)
{
	prove(false);
	return -EUCLEAN;
}

/* === The heap before ====================================================== */

static struct {
	struct carveout_span span[COUNT];
	union carveout_aux aux[COUNT];
	struct carveout_store store;
	struct carveout_region region;
	struct carveout_gauge heap_used;
	u32 watched_first;
} before;

/* Any byte of the region. */
static carveout_off_t byte;

static carveout_off_t any_off(void)
{
	return nondet_u64();
}

static carveout_off_t granule_mask(void)
{
	return ((carveout_off_t)1 << heap.shift) - 1;
}

/* Any multiple of the granule but 0. */
static carveout_off_t any_size(void)
{
	carveout_off_t size = any_off();

	assume(size && !(size & granule_mask()));
	return size;
}

static carveout_off_t bytes_of(const struct carveout_span *of)
{
	return carveout_span_size(&heap, of);
}

/* Returns the granules in use. */
static u64 make_spans(void)
{
	u64 used = 0;
	carveout_off_t at = region.base;
	unsigned int i;

	for (i = 0; i < LENGTH; i++) {
		carveout_off_t size = any_size();
		bool hole = is_hole(i);

		span[i].start = at;
		span[i].key = carveout_key(size >> GRANULE_SHIFT,
					   carveout_mark_make(ENTRY, hole ? CARVEOUT_HOLE :
							      CARVEOUT_USED));
		assume((carveout_off_t)(at + size) > at);
		at += size;
		span[i].prev = i ? FIRST + i - 1 : 0;
		span[i].next = i + 1 < LENGTH ? FIRST + i + 1 : 0;
		assume(hole || span[i].gen);
		if (hole) {
			region.bins.has[i] = true;
			region.bins.granules[i] = size >> GRANULE_SHIFT;
			region.nr_holes++;
		} else {
			used += size >> GRANULE_SHIFT;
			region.nr_used++;
		}
		if (!watched_first && starts_in_watched(FIRST + i))
			watched_first = FIRST + i;
	}
	region.size = at - region.base;
	region.chain.first = FIRST;
	region.chain.last = FIRST + LENGTH - 1;
	return used;
}

/* One piece. */
static void make_pieces(carveout_off_t end)
{
	region.map.base = region.base;
	region.map.size = end - region.base;
	region.map.shift = GROUP_SHIFT;
	region.group_mask = ~(((carveout_off_t)1 << GROUP_SHIFT) - 1);
}

static void make_store(unsigned int nr_free, unsigned int nr_fresh)
{
	unsigned int i;

	heap.store.span[CARVEOUT_CHUNK_FIRST] = span;
	heap.store.aux[CARVEOUT_CHUNK_FIRST] = aux;
	heap.store.mask[CARVEOUT_CHUNK_FIRST] = COUNT - 1;
	heap.store.next_chunk = CARVEOUT_CHUNK_FIRST + 1;
	heap.store.limit = FIRST + COUNT;
	heap.store.fresh = FIRST + COUNT - nr_fresh;
	heap.store.nr_free = nr_free;
	heap.store.free = nr_free ? FIRST + LENGTH : 0;
	for (i = 0; i < COUNT; i++) {
		span[i].start = any_off();
		span[i].key = nondet_u64();
		span[i].prev = nondet_u32();
		span[i].next = nondet_u32();
		span[i].gen = nondet_u32();
		span[i].bin_next = nondet_u32();
		aux[i].cookie = nondet_u64();
		/* In another region, unless the descriptor gets a mark below. */
		carveout_set_mark(&span[i], carveout_mark_make(ENTRY + 1, CARVEOUT_USED));
	}
	for (i = LENGTH; i < LENGTH + nr_free; i++) {
		span[i].key = carveout_key(0, CARVEOUT_FREE);
		span[i].next = i + 1 < LENGTH + nr_free ? FIRST + i + 1 : 0;
	}
	for (i = 0; i < nr_fresh; i++)
		span[COUNT - 1 - i].key = nondet_u64();
}

static void remember(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		before.span[i] = span[i];
		before.aux[i] = aux[i];
	}
	before.store = heap.store;
	before.region = region;
	before.heap_used = heap.used;
	before.watched_first = watched_first;
}

/* A valid heap: the pattern in its region, @nr_free and @nr_fresh descriptors available. */
static void make_any_heap(unsigned int nr_free, unsigned int nr_fresh)
{
	carveout_off_t end = any_off();
	u64 used;

	heap.shift = GRANULE_SHIFT;
	heap.serial = nondet_u64();
	heap.granule_mask = granule_mask();
	heap.region[ENTRY] = &region;
	heap.nr_regions = ENTRY + 1;
	region.base = any_off();
	assume(!(region.base & granule_mask()));
	make_pieces(end);
	watched_piece = &region.map;
	watched_group = nondet_u64();
	make_store(nr_free, nr_fresh);
	used = make_spans();
	assume(end == (carveout_off_t)(region.base + region.size));
	region.used.high = any_off();
	assume(region.used.high >= used);
	assume(region.used.high <= region.size >> GRANULE_SHIFT);
	region.used.below = region.used.high - used;
	region.hole = carveout_mark_make(ENTRY, CARVEOUT_HOLE);
	/* The heap has other regions. */
	heap.used.high = nondet_u32();
	heap.used.below = nondet_u32();
	assume(heap.used.high - heap.used.below >= used);
	assume(heap.used.high >= heap.used.below);
	byte = any_off();
	assume((carveout_off_t)(byte - region.base) < region.size);
	remember();
}

/* === The heap after ======================================================= */

static bool seen[COUNT];

/*
 * A list of descriptors. A harness may set the expected list: that is a claim, too, and
 * the solver then need not follow links that are not constant.
 */
struct list {
	bool known;
	unsigned int length;
	u32 index[COUNT];
};

static struct list chain, spare;

static unsigned int list_bound(const struct list *list)
{
	return list->known ? list->length : LONGEST;
}

static u32 list_at(const struct list *list, unsigned int i, u32 index)
{
	if (!list->known)
		return index;
	prove(index == list->index[i]);
	return list->index[i];
}

static void prove_spans(void)
{
	carveout_off_t at = region.base;
	u64 used = 0;
	u32 index = region.chain.first, prev = 0, nr_used = 0, nr_holes = 0, first = 0;
	bool after_hole = false;
	unsigned int i;

	for (i = 0; i < list_bound(&chain) && (chain.known || index); i++) {
		const struct carveout_span *s;
		bool hole;

		index = list_at(&chain, i, index);
		s = &span[index - FIRST];
		hole = carveout_mark(s) == carveout_mark_make(ENTRY, CARVEOUT_HOLE);
		prove(index - FIRST < COUNT && !seen[index - FIRST]);
		seen[index - FIRST] = true;
		prove(s->start == at && s->prev == prev);
		prove(carveout_granules(s) && bytes_of(s) >> GRANULE_SHIFT == carveout_granules(s));
		prove((carveout_off_t)(at + bytes_of(s)) > at);
		prove(hole || carveout_mark(s) == carveout_mark_make(ENTRY, CARVEOUT_USED));
		prove(region.bins.has[index - FIRST] == hole);
		prove(!hole || region.bins.granules[index - FIRST] == carveout_granules(s));
		prove(hole || s->gen);
		prove(!(hole && after_hole));
		if (!first && starts_in_watched(index))
			first = index;
		used += hole ? 0 : carveout_granules(s);
		nr_used += !hole;
		nr_holes += hole;
		at += bytes_of(s);
		after_hole = hole;
		prev = index;
		index = s->next;
	}
	prove(!index && region.chain.last == prev);
	prove(at == (carveout_off_t)(region.base + region.size));
	prove(carveout_gauge_used(&region.used) == used);
	prove(region.nr_used == nr_used && region.nr_holes == nr_holes);
	prove(watched_first == first);
}

/* Each descriptor is in the chain, free, fresh or in another region. */
static void prove_store(void)
{
	u32 index = heap.store.free;
	unsigned int i;

	for (i = 0; i < list_bound(&spare) && (spare.known || index); i++) {
		index = list_at(&spare, i, index);
		prove(index - FIRST < COUNT && !seen[index - FIRST]);
		prove(carveout_mark(&span[index - FIRST]) == CARVEOUT_FREE);
		prove(!region.bins.has[index - FIRST]);
		seen[index - FIRST] = true;
		index = span[index - FIRST].next;
	}
	prove(!index && heap.store.nr_free == i);
	for (i = 0; i < COUNT; i++) {
		if (seen[i])
			continue;
		prove(carveout_mark(&before.span[i]) >> CARVEOUT_MARK_REGION_SHIFT == ENTRY + 1 ||
		      FIRST + i >= heap.store.fresh);
		prove(span[i].key == before.span[i].key);
		prove(span[i].next == before.span[i].next && span[i].gen == before.span[i].gen);
		prove(!region.bins.has[i]);
	}
	prove(heap.store.fresh >= before.store.fresh && heap.store.limit == FIRST + COUNT);
}

static void prove_maximum(const struct carveout_gauge *old, const struct carveout_gauge *now)
{
	prove(now->below <= now->high);
	prove(now->high == max(old->high, carveout_gauge_used(now)));
}

/* The heap's counters are the sum of the region's and of the unchanged other ones. */
static void prove_sums(void)
{
	prove(carveout_gauge_used(&heap.used) - carveout_gauge_used(&region.used) ==
	      carveout_gauge_used(&before.heap_used) - carveout_gauge_used(&before.region.used));
	prove_maximum(&before.region.used, &region.used);
	prove_maximum(&before.heap_used, &heap.used);
	prove(region.base == before.region.base && region.size == before.region.size);
	prove(!heap.store.corrupted && !heap.corrupted);
}

/* Allocations other than the target do not change. */
static void prove_others(u32 but)
{
	unsigned int i;

	for (i = 0; i < LENGTH; i++)
		if (FIRST + i != but &&
		    carveout_mark(&before.span[i]) == carveout_mark_make(ENTRY, CARVEOUT_USED)) {
			prove(span[i].key == before.span[i].key);
			prove(span[i].gen == before.span[i].gen);
			prove(aux[i].cookie == before.aux[i].cookie);
			prove(span[i].start == before.span[i].start);
		}
}

static void prove_valid(void)
{
	prove_spans();
	prove_store();
	prove_sums();
}

/* The allocation that contains the byte; 0 if it is free. */
static u32 owner(const struct carveout_span *spans)
{
	u32 found = 0;
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		if (carveout_store_has(&heap.store, FIRST + i) &&
		    carveout_mark(&spans[i]) == carveout_mark_make(ENTRY, CARVEOUT_USED) &&
		    (carveout_off_t)(byte - spans[i].start) < bytes_of(&spans[i]))
			found = FIRST + i;
	return found;
}

static void prove_unchanged(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		prove(span[i].start == before.span[i].start);
		prove(span[i].key == before.span[i].key);
		prove(span[i].prev == before.span[i].prev);
		prove(span[i].next == before.span[i].next);
		prove(span[i].gen == before.span[i].gen);
		prove(span[i].bin_next == before.span[i].bin_next);
		prove(aux[i].cookie == before.aux[i].cookie);
		prove(region.bins.has[i] == before.region.bins.has[i]);
		prove(region.bins.granules[i] == before.region.bins.granules[i]);
	}
	prove(region.chain.first == before.region.chain.first);
	prove(region.chain.last == before.region.chain.last);
	prove(heap.store.free == before.store.free);
	prove(heap.store.nr_free == before.store.nr_free);
	prove(heap.store.fresh == before.store.fresh);
	prove(region.used.below == before.region.used.below);
	prove(region.used.high == before.region.used.high);
	prove(region.nr_used == before.region.nr_used);
	prove(region.nr_holes == before.region.nr_holes);
	prove(heap.used.high == before.heap_used.high);
	prove(watched_first == before.watched_first);
	prove_sums();
}

#endif /* CARVEOUT_PROOF_STEP_H */
