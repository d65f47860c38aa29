// SPDX-License-Identifier: GPL-2.0
/*
 * Bins: a region's holes by size.
 *
 * Sizes are in granules. Below 1024 granules each size has its own bin; above, each
 * power of two is divided into 32 bins of equal width. A bitmap of two levels finds
 * the next bin that is not empty with at most two reads.
 *
 * A bin of one size is a list. A new hole is added in front of the first one, or behind
 * it if that is at the lower address.
 *
 * The holes of a bin of several sizes form a binary trie. The bin leaves a known number
 * of low bits of the size open, and each level of the trie decides one of them, the
 * highest first. A node's own size only has to agree with the decisions above it. Holes
 * of equal size are in a list behind the one in the trie::
 *
 *   head[b] --> node --> equal --> equal      (bin_next; back: bin_prev)
 *              /    \
 *         bit 0      bit 1                    (child[]; up: bin_prev)
 *
 * In a trie a new hole is inserted behind the node of its size, whose links remain.
 *
 * The design follows the tree bins of Doug Lea's malloc. An insertion and a removal
 * follow at most as many links as there are open bits, 50 in the worst case, and a search
 * at most twice as many, independent of the number of holes. A search finds the smallest
 * hole that is large enough, or that there is none.
 *
 * In a hole in the trie, and in the first hole of a bin of one size, bin_prev is its
 * parent (0 for the root of the bin) with %CARVEOUT_IN_TRIE set. In another hole of a
 * list bin_prev is the hole before it.
 *
 * Links down a trie are checked to exist, and to lead back where a node is moved or
 * added; links up are checked to match. Both links of a hole are checked when it is removed
 * from the middle of a list. A wrong link marks the store as corrupted, and the heap
 * handles it.
 */

#include "bins.h"
#include "carveout_lib.h"
#include "span.h"

/**
 * carveout_bins_init() - Initialise empty bins
 * @bins: bins
 *
 * Context: Any context.
 */
void carveout_bins_init(struct carveout_bins *bins)
{
	memset(bins, 0, sizeof(*bins));
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_init);

/* Tests both children at once. */
static bool is_leaf(const struct carveout_store *store, u32 index)
{
	return !carveout_aux(store, index)->cookie;
}

static void make_leaf(struct carveout_store *store, u32 index)
{
	carveout_aux(store, index)->cookie = 0;
}

/* === Insertion ============================================================ */

/* Descend to the node of the same size, or to the place of a new leaf. */
static void insert_below(struct carveout_store *store, u32 at, unsigned int bit,
			 struct carveout_span *span, u32 index)
{
	u64 granules = carveout_granules(span);
	u32 *child;

	while (carveout_granules(carveout_span(store, at)) != granules) {
		u32 next, back = at | CARVEOUT_IN_TRIE;

		if (!bit--) {
			/* All bits agree, but the sizes do not. */
			store->corrupted = true;
			return;
		}
		child = &carveout_aux(store, at)->child[granules >> bit & 1];
		next = carveout_link_read(store, *child);
		if (!next) {
			*child = index;
			span->bin_prev = back;
			span->bin_next = 0;
			make_leaf(store, index);
			return;
		}
		if (carveout_span(store, next)->bin_prev != back) {
			store->corrupted = true;
			return;
		}
		at = next;
	}
	carveout_list_insert_behind(store, carveout_span(store, at), at, span, index);
}

/**
 * carveout_trie_insert() - Add a hole to a bin of several sizes
 * @store: store of the descriptors
 * @bins: bins of the region
 * @span: the hole
 * @index: its index
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
void carveout_trie_insert(struct carveout_store *store, struct carveout_bins *bins,
			  struct carveout_span *span, u32 index)
{
	unsigned int bin = carveout_bin_of(carveout_granules(span));
	u32 root = carveout_link_read(store, bins->head[bin]);

	if (root) {
		insert_below(store, root, carveout_bin_bits(bin), span, index);
		return;
	}
	make_leaf(store, index);
	span->bin_prev = CARVEOUT_IN_TRIE;
	span->bin_next = 0;
	bins->head[bin] = index;
	carveout_bins_mark(bins, bin);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_trie_insert);

/* === Removal ============================================================== */

/* The link from the parent to a hole in the trie; NULL if it is inconsistent. */
static u32 *link_to(struct carveout_store *store, struct carveout_bins *bins,
		    unsigned int bin, u32 index)
{
	u32 parent = carveout_span(store, index)->bin_prev & ~CARVEOUT_IN_TRIE;
	u32 *slot = &bins->head[bin];

	if (parent) {
		if (!carveout_store_has(store, parent))
			return NULL;
		slot = carveout_aux(store, parent)->child;
		slot += slot[1] == index;
	}
	return *slot == index ? slot : NULL;
}

/* Detach some leaf of the trie below @index; 0 if @index is itself a leaf. */
static u32 detach_leaf(struct carveout_store *store, u32 index, unsigned int bits)
{
	u32 *slot = NULL;
	u32 at = index;

	for (;;) {
		u32 *child = carveout_aux(store, at)->child;
		u32 below;

		child += !child[0];
		below = carveout_link_read(store, *child);
		if (!below)
			break;
		if (!bits-- ||
		    carveout_span(store, below)->bin_prev != (at | CARVEOUT_IN_TRIE)) {
			store->corrupted = true;
			return 0;
		}
		slot = child;
		at = below;
	}
	if (!slot)
		return 0;
	*slot = 0;
	return at;
}

static void adopt_children(struct carveout_store *store, u32 from, u32 to)
{
	union carveout_aux *aux = carveout_aux(store, to);
	unsigned int side;

	*aux = *carveout_aux(store, from);
	for (side = 0; side < 2; side++) {
		u32 child = carveout_link_read(store, aux->child[side]);

		if (child)
			carveout_span(store, child)->bin_prev = to | CARVEOUT_IN_TRIE;
	}
}

/* Replace a node: by a hole of the same size, or by any leaf below it. */
static void node_remove(struct carveout_store *store, struct carveout_bins *bins,
			unsigned int bin, const struct carveout_span *span, u32 index)
{
	u32 *slot = link_to(store, bins, bin, index);
	u32 heir;

	if (!slot) {
		store->corrupted = true;
		return;
	}
	heir = carveout_link_read(store, span->bin_next);
	if (!heir && !is_leaf(store, index))
		heir = detach_leaf(store, index, carveout_bin_bits(bin));
	*slot = heir;
	if (heir) {
		carveout_span(store, heir)->bin_prev = span->bin_prev;
		adopt_children(store, index, heir);
	}
	if (!bins->head[bin])
		carveout_bins_unmark(bins, bin);
}

/**
 * carveout_trie_remove() - Remove a hole from a bin of several sizes
 * @store: store of the descriptors
 * @bins: bins of the region
 * @span: the hole
 * @index: its index
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
void carveout_trie_remove(struct carveout_store *store, struct carveout_bins *bins,
			  struct carveout_span *span, u32 index)
{
	if (span->bin_prev & CARVEOUT_IN_TRIE)
		node_remove(store, bins, carveout_bin_of(carveout_granules(span)), span, index);
	else
		carveout_list_unlink(store, span, index);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_trie_remove);

/* === Search =============================================================== */

/*
 * The smallest (side 0) or largest (side 1) hole at or below @at. It is on the path
 * that takes that side at each node that has such a child. 0 if a link dangles.
 */
static u32 trie_extreme(const struct carveout_store *store, u32 at, unsigned int bits,
			unsigned int side)
{
	u64 size, best_size = 0;
	u32 best = 0;

	while (carveout_store_has(store, at)) {
		const u32 *child;

		size = carveout_granules(carveout_span(store, at));
		if (!best || (side ? size > best_size : size < best_size)) {
			best = at;
			best_size = size;
		}
		if (!bits--)
			return best;
		child = carveout_aux(store, at)->child;
		at = child[side] ? child[side] : child[!side];
		if (!at)
			return best;
	}
	return 0;
}

/* The smallest hole of the trie below @root; 0 if a link dangles. */
static u32 smallest_below(struct carveout_store *store, u32 root, unsigned int bits)
{
	u32 index = trie_extreme(store, root, bits, 0);

	if (!index)
		store->corrupted = true;
	return index;
}

/**
 * carveout_trie_smallest() - Find the smallest hole of a bin
 * @store: store of the descriptors
 * @bins: bins of the region
 * @bin: index of a bin that is not empty, or %CARVEOUT_BINS
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 * Return: the hole; 0 for %CARVEOUT_BINS, or if a link dangles, which marks the store as
 * corrupted.
 */
u32 carveout_trie_smallest(struct carveout_store *store, const struct carveout_bins *bins,
			   unsigned int bin)
{
	if (bin >= CARVEOUT_BINS)
		return 0;
	return smallest_below(store, bins->head[bin], carveout_bin_bits(bin));
}
EXPORT_SYMBOL_IF_KUNIT(carveout_trie_smallest);

/* The smallest hole of a bin that has at least @want granules; 0 for none. */
static u32 best_below(struct carveout_store *store, u32 at, unsigned int bit, u64 want)
{
	unsigned int right_bits = 0;
	u64 size, best_size = 0;
	u32 best = 0, right = 0;

	while (at) {
		const u32 *child;

		size = carveout_granules(carveout_span(store, at));
		if (size == want)
			return at;
		if (size > want && (!best || size < best_size)) {
			best = at;
			best_size = size;
		}
		if (!bit--)
			break;
		child = carveout_aux(store, at)->child;
		if (!(want >> bit & 1) && child[1]) {
			/* All holes below it are larger; later subtrees are closer. */
			right = child[1];
			right_bits = bit;
		}
		at = carveout_link_read(store, child[want >> bit & 1]);
	}
	if (!right)
		return best;
	right = smallest_below(store, right, right_bits);
	if (!right)
		return 0;
	if (!best || carveout_granules(carveout_span(store, right)) < best_size)
		return right;
	return best;
}

/**
 * carveout_trie_best() - Find the smallest hole that is large enough
 * @store: store of the descriptors
 * @bins: bins of the region
 * @granules: size wanted, at least %CARVEOUT_EXACT
 *
 * Context: Any context. Caller serialises access. Follows at most twice
 * carveout_bin_bits() links.
 * Return: the hole, or 0 if there is none of that size or larger.
 */
u32 carveout_trie_best(struct carveout_store *store, const struct carveout_bins *bins,
		       u64 granules)
{
	unsigned int bin = carveout_bin_of(granules);
	u32 root, best;

	/* The size after the largest one may have no bin. */
	if (unlikely(bin >= CARVEOUT_BINS))
		return 0;
	root = carveout_link_read(store, bins->head[bin]);
	best = root ? best_below(store, root, carveout_bin_bits(bin), granules) : 0;
	if (best)
		return best;
	return carveout_trie_smallest(store, bins, carveout_bins_next(bins, bin + 1));
}
EXPORT_SYMBOL_IF_KUNIT(carveout_trie_best);

/**
 * carveout_bins_largest() - Find the largest hole
 * @store: store of the descriptors
 * @bins: bins of the region
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 * Return: the hole, or 0 if there is none.
 */
u32 carveout_bins_largest(const struct carveout_store *store,
			  const struct carveout_bins *bins)
{
	unsigned int bin, word;

	if (!bins->summary)
		return 0;
	word = fls64(bins->summary) - 1;
	if (word >= CARVEOUT_BIN_WORDS || !bins->word[word])
		return 0;
	bin = word * 64 + fls64(bins->word[word]) - 1;
	return trie_extreme(store, bins->head[bin], carveout_bin_bits(bin), 1);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_largest);
