// SPDX-License-Identifier: GPL-2.0
/*
 * Bins: the index of a region's holes by size.
 *
 * Sizes are counted in granules. Below 64 granules each size has a bin of its
 * own; above, each power of two is cut into 32 bins of equal width. A bitmap in
 * two levels finds the next bin that is not empty with two looks at most.
 *
 * The holes of one bin hang in a binary trie. A bin leaves a known number of
 * low bits of the size open, and each level of the trie decides one of them,
 * the highest first. A node's own size only has to agree with the decisions
 * above it, and holes of equal size are listed behind the one that is in the
 * trie::
 *
 *   head[b] --> node --> equal --> equal      (bin_next; bin_prev goes back)
 *              /    \
 *         bit 0      bit 1                    (child[]; bin_prev goes up)
 *
 * This is the idea of the tree bins of Doug Lea's malloc. So a search, an
 * insertion and a removal follow at most as many links as there are open bits,
 * 53 in the worst case, however many holes there are; and where only one size
 * fits in a bin the trie is one node and its list. A request finds the smallest
 * hole that is large enough, or learns that there is none.
 *
 * In a hole in the trie bin_prev is its parent (0 for the root of the bin) with
 * %CARVEOUT_IN_TRIE. In a hole of a list bin_prev is the hole before it.
 *
 * Links are checked where they are followed. One that leads nowhere marks the
 * store as bad, and the heap takes it from there.
 */

#include "bins.h"
#include "carveout_lib.h"
#include "span.h"

/**
 * carveout_bins_init() - Make empty bins
 * @bins: bins
 *
 * Context: Any context.
 */
void carveout_bins_init(struct carveout_bins *bins)
{
	memset(bins, 0, sizeof(*bins));
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_init);

static void mark_bin(struct carveout_bins *bins, unsigned int bin)
{
	bins->word[bin / 64] |= BIT_ULL(bin % 64);
	bins->summary |= BIT_ULL(bin / 64);
}

static void unmark_bin(struct carveout_bins *bins, unsigned int bin)
{
	bins->word[bin / 64] &= ~BIT_ULL(bin % 64);
	if (!bins->word[bin / 64])
		bins->summary &= ~BIT_ULL(bin / 64);
}

/* The first bin from @bin on that has holes, or CARVEOUT_BINS. */
static unsigned int next_bin(const struct carveout_bins *bins, unsigned int bin)
{
	unsigned int word = bin / 64;
	u64 found;

	if (bin >= CARVEOUT_BINS)
		return CARVEOUT_BINS;
	found = bins->word[word] & (~0ULL << (bin % 64));
	if (!found) {
		u64 words = bins->summary & (~0ULL << word) & ~BIT_ULL(word);

		if (!words)
			return CARVEOUT_BINS;
		word = __ffs64(words);
		/* Only the validator can name this; here it reads as "none". */
		if (word >= CARVEOUT_BIN_WORDS || !bins->word[word])
			return CARVEOUT_BINS;
		found = bins->word[word];
	}
	return word * 64 + __ffs64(found);
}

/* === Insertion ============================================================ */

static void list_insert(struct carveout_store *store, u32 after, u32 index)
{
	struct carveout_span *head = carveout_span(store, after);
	struct carveout_span *span = carveout_span(store, index);
	u32 next = carveout_link_read(store, head->bin_next);

	span->bin_prev = after;
	span->bin_next = next;
	head->bin_next = index;
	if (next)
		carveout_span(store, next)->bin_prev = index;
}

/**
 * carveout_bins_insert() - Add a hole
 * @store: store of the descriptors
 * @bins: bins of the region
 * @shift: log2 of the granule
 * @index: the hole, with its size set
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
void carveout_bins_insert(struct carveout_store *store, struct carveout_bins *bins,
			  unsigned int shift, u32 index)
{
	struct carveout_span *span = carveout_span(store, index);
	u64 granules = span->size >> shift;
	unsigned int bin = carveout_bin_of(granules);
	unsigned int bit = carveout_bin_bits(bin);
	u32 *slot = &bins->head[bin];
	u32 at, parent = 0;

	while ((at = carveout_link_read(store, *slot))) {
		if (carveout_span(store, at)->size == span->size) {
			list_insert(store, at, index);
			return;
		}
		if (!bit--) {
			/* All bits agree, but the sizes do not. */
			store->bad = true;
			return;
		}
		parent = at;
		slot = &carveout_aux(store, at)->child[granules >> bit & 1];
	}
	*slot = index;
	span->bin_prev = parent | CARVEOUT_IN_TRIE;
	span->bin_next = 0;
	/* Nobody reads the children where all sizes are equal: spare the store. */
	if (bin >= CARVEOUT_EXACT)
		memset(carveout_aux(store, index), 0, sizeof(union carveout_aux));
	if (!parent)
		mark_bin(bins, bin);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_insert);

/* === Removal ============================================================== */

static void list_remove(struct carveout_store *store, struct carveout_span *span,
			u32 index)
{
	u32 prev = carveout_link_read(store, span->bin_prev);
	u32 next = carveout_link_read(store, span->bin_next);

	if (!prev || carveout_span(store, prev)->bin_next != index ||
	    (next && carveout_span(store, next)->bin_prev != index)) {
		store->bad = true;
		return;
	}
	carveout_span(store, prev)->bin_next = next;
	if (next)
		carveout_span(store, next)->bin_prev = prev;
}

/* The link that leads to a hole in the trie from above; NULL if it does not. */
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

/* Detach a leaf of the trie somewhere below @index; 0 when that is a leaf. */
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
		if (!bits--) {
			store->bad = true;
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

/* Put an heir in the place of a node: a hole of the same size, or any leaf. */
static void trie_remove(struct carveout_store *store, struct carveout_bins *bins,
			unsigned int bin, u32 index)
{
	struct carveout_span *span = carveout_span(store, index);
	u32 *slot = link_to(store, bins, bin, index);
	u32 heir;

	if (!slot) {
		store->bad = true;
		return;
	}
	heir = carveout_link_read(store, span->bin_next);
	if (!heir && bin >= CARVEOUT_EXACT)
		heir = detach_leaf(store, index, carveout_bin_bits(bin));
	*slot = heir;
	if (heir) {
		carveout_span(store, heir)->bin_prev = span->bin_prev;
		if (bin >= CARVEOUT_EXACT)
			adopt_children(store, index, heir);
	} else if (slot == &bins->head[bin]) {
		unmark_bin(bins, bin);
	}
}

/**
 * carveout_bins_remove() - Take a hole out
 * @store: store of the descriptors
 * @bins: bins of the region
 * @shift: log2 of the granule
 * @index: the hole, with the size it had when it was inserted
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
void carveout_bins_remove(struct carveout_store *store, struct carveout_bins *bins,
			  unsigned int shift, u32 index)
{
	struct carveout_span *span = carveout_span(store, index);

	if (span->bin_prev & CARVEOUT_IN_TRIE)
		trie_remove(store, bins, carveout_bin_of(span->size >> shift), index);
	else
		list_remove(store, span, index);
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_remove);

/* === Search =============================================================== */

/*
 * The smallest (side 0) or largest (side 1) hole at or below @at. It is on the
 * path that takes that side wherever it can. 0 when a link leads nowhere.
 */
static u32 trie_extreme(const struct carveout_store *store, u32 at, unsigned int bits,
			unsigned int side)
{
	carveout_off_t size, best_size = 0;
	u32 best = 0;

	while (carveout_store_has(store, at)) {
		const u32 *child;

		size = carveout_span(store, at)->size;
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

/* The smallest hole of at least @granules in one bin's trie, or 0. */
static u32 trie_best(struct carveout_store *store, u32 at, unsigned int bit, u64 granules,
		     unsigned int shift)
{
	carveout_off_t size, want = granules << shift, best_size = 0;
	unsigned int right_bits = 0;
	u32 best = 0, right = 0;

	while (at) {
		const u32 *child;

		size = carveout_span(store, at)->size;
		if (size == want)
			return at;
		if (size > want && (!best || size < best_size)) {
			best = at;
			best_size = size;
		}
		if (!bit--)
			break;
		child = carveout_aux(store, at)->child;
		if (!(granules >> bit & 1) && child[1]) {
			/* Everything in there is larger; later ones are closer. */
			right = child[1];
			right_bits = bit;
		}
		at = carveout_link_read(store, child[granules >> bit & 1]);
	}
	if (!right)
		return best;
	right = trie_extreme(store, right, right_bits, 0);
	if (!right) {
		store->bad = true;
		return 0;
	}
	if (!best || carveout_span(store, right)->size < best_size)
		return right;
	return best;
}

/**
 * carveout_bins_best() - Find the smallest hole that is large enough
 * @store: store of the descriptors
 * @bins: bins of the region
 * @granules: size wanted, at least 1
 * @shift: log2 of the granule
 *
 * Of several of that size it is the one in the trie, with the others behind it
 * in bin_next.
 *
 * Context: Any context. Caller serialises access. Follows at most twice
 * carveout_bin_bits() links.
 * Return: the hole, or 0 when there is none of that size or larger.
 */
u32 carveout_bins_best(struct carveout_store *store, const struct carveout_bins *bins,
		       u64 granules, unsigned int shift)
{
	unsigned int bin = carveout_bin_of(granules);
	u32 root = carveout_link_read(store, bins->head[bin]);
	u32 index;

	if (root) {
		index = trie_best(store, root, carveout_bin_bits(bin), granules, shift);
		if (index)
			return index;
	}
	bin = next_bin(bins, bin + 1);
	if (bin >= CARVEOUT_BINS)
		return 0;
	index = trie_extreme(store, bins->head[bin], carveout_bin_bits(bin), 0);
	if (!index)
		store->bad = true;
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_bins_best);

/**
 * carveout_bins_largest() - Find the largest hole
 * @store: store of the descriptors
 * @bins: bins of the region
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 * Return: the hole, or 0 when there is none.
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
