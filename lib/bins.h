/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bins: a region's holes by size.
 */

#ifndef CARVEOUT_BINS_H
#define CARVEOUT_BINS_H

#include "carveout_lib.h"
#include "span.h"

/* Below this number of granules each size has its own bin. */
#ifndef CARVEOUT_EXACT_BITS
#define CARVEOUT_EXACT_BITS 10
#endif
#define CARVEOUT_EXACT CARVEOUT_BIT(CARVEOUT_EXACT_BITS)

/* From there on each power of two has 32 bins. */
#define CARVEOUT_STEP_BITS 5
#define CARVEOUT_STEPS CARVEOUT_BIT(CARVEOUT_STEP_BITS)

/* Bits that the narrowest of these bins leaves open. */
#define CARVEOUT_OPEN_BITS (CARVEOUT_EXACT_BITS - CARVEOUT_STEP_BITS)

/* Sufficient for any granule, even one byte. */
#define CARVEOUT_BINS								\
	(CARVEOUT_EXACT + (CARVEOUT_OFF_BITS - CARVEOUT_EXACT_BITS) * CARVEOUT_STEPS)
#define CARVEOUT_BIN_WORDS (CARVEOUT_BINS / 64)

/* In bin_prev: the hole is in the trie, the rest of the word is its parent. */
#define CARVEOUT_IN_TRIE CARVEOUT_BIT(31)

/**
 * struct carveout_bins - Holes of one region by size
 * @summary: bit w is set when word[w] is not 0
 * @word: bit b % 64 of word b / 64 is set when head[b] is not 0
 * @head: below %CARVEOUT_EXACT the first hole of each bin's list, else the root of its
 *	trie; 0 if there is no hole of these sizes
 */
struct carveout_bins {
	u64 summary;
	u64 word[CARVEOUT_BIN_WORDS];
	u32 head[CARVEOUT_BINS];
};

static_assert(CARVEOUT_BINS % 64 == 0, "the bins fill whole words");
static_assert(CARVEOUT_BIN_WORDS <= 64, "one word must summarise them");

/**
 * carveout_bin_of() - Bin of a size
 * @granules: size, at least 1
 *
 * Context: Any context.
 * Return: index of the bin, which increases with the size.
 */
static inline unsigned int carveout_bin_of(u64 granules)
{
	unsigned int shift;

	if (likely(granules < CARVEOUT_EXACT))
		return granules;
	/* The first of these bins follows the last exact one. */
	shift = ilog2(granules) - CARVEOUT_STEP_BITS;
	return CARVEOUT_EXACT - CARVEOUT_STEPS + (unsigned int)(granules >> shift) +
	       ((shift - CARVEOUT_OPEN_BITS) << CARVEOUT_STEP_BITS);
}

/**
 * carveout_bin_bits() - Number of low bits of a size that its bin leaves open
 * @bin: index of the bin
 *
 * Context: Any context.
 * Return: the number; 0 if all holes of the bin have the same size.
 */
static inline unsigned int carveout_bin_bits(unsigned int bin)
{
	if (bin < CARVEOUT_EXACT)
		return 0;
	return ((bin - CARVEOUT_EXACT) >> CARVEOUT_STEP_BITS) + CARVEOUT_OPEN_BITS;
}

void carveout_bins_init(struct carveout_bins *bins);
void carveout_trie_insert(struct carveout_store *store, struct carveout_bins *bins,
			  struct carveout_span *span, u32 index);
void carveout_trie_remove(struct carveout_store *store, struct carveout_bins *bins,
			  struct carveout_span *span, u32 index);
u32 carveout_trie_best(struct carveout_store *store, const struct carveout_bins *bins,
		       u64 granules);
u32 carveout_trie_smallest(struct carveout_store *store, const struct carveout_bins *bins,
			   unsigned int bin);
u32 carveout_bins_largest(const struct carveout_store *store,
			  const struct carveout_bins *bins);

/*
 * Each allocation and each free calls carveout_bins_insert(), carveout_bins_remove()
 * or carveout_bins_best(). Their parts for a bin of one size are inlined into the callers.
 */

static inline void carveout_bins_mark(struct carveout_bins *bins, unsigned int bin)
{
	bins->word[bin / 64] |= BIT_ULL(bin % 64);
	bins->summary |= BIT_ULL(bin / 64);
}

static inline void carveout_bins_unmark(struct carveout_bins *bins, unsigned int bin)
{
	bins->word[bin / 64] &= ~BIT_ULL(bin % 64);
	if (!bins->word[bin / 64])
		bins->summary &= ~BIT_ULL(bin / 64);
}

/* The first bin from @bin on whose bit is set, or CARVEOUT_BINS. */
static inline unsigned int carveout_bins_next(const struct carveout_bins *bins,
					      unsigned int bin)
{
	unsigned int word = bin / 64;
	u64 found;

	if (unlikely(bin >= CARVEOUT_BINS))
		return CARVEOUT_BINS;
	found = bins->word[word] >> (bin % 64);
	if (found)
		return bin + __ffs64(found);
	found = bins->summary >> word >> 1;
	if (!found)
		return CARVEOUT_BINS;
	word += 1 + __ffs64(found);
	/* Only the validator reports this inconsistency; here it reads as "none". */
	if (unlikely(word >= CARVEOUT_BIN_WORDS || !bins->word[word]))
		return CARVEOUT_BINS;
	return word * 64 + __ffs64(bins->word[word]);
}

/* Insert a hole behind another one of its size. */
static __always_inline void carveout_list_insert_behind(struct carveout_store *store,
							struct carveout_span *before, u32 prev,
							struct carveout_span *span, u32 index)
{
	u32 next = before->bin_next;

	span->bin_prev = prev;
	span->bin_next = next;
	before->bin_next = index;
	if (next)
		carveout_span(store, next)->bin_prev = index;
}

/*
 * Add a hole to a bin of one size: in front of the first hole, or behind it if that has
 * the lower address. Requests take the first hole, so that free memory collects at high
 * addresses and larger holes form.
 */
static __always_inline void carveout_list_insert(struct carveout_store *store,
						 struct carveout_bins *bins, u64 bin,
						 struct carveout_span *span, u32 index)
{
	u32 head = bins->head[bin];
	struct carveout_span *first;

	if (head) {
		first = carveout_span(store, head);
		if (first->start < span->start) {
			carveout_list_insert_behind(store, first, head, span, index);
			return;
		}
		first->bin_prev = index;
	} else {
		carveout_bins_mark(bins, bin);
	}
	span->bin_prev = CARVEOUT_IN_TRIE;
	span->bin_next = head;
	bins->head[bin] = index;
}

/* Add a hole of @granules. */
static __always_inline void carveout_bins_insert_sized(struct carveout_store *store,
						       struct carveout_bins *bins,
						       u64 granules,
						       struct carveout_span *span, u32 index)
{
	if (likely(granules < CARVEOUT_EXACT))
		carveout_list_insert(store, bins, granules, span, index);
	else
		carveout_trie_insert(store, bins, span, index);
}

/**
 * carveout_bins_insert() - Add a hole
 * @store: store of the descriptors
 * @bins: bins of the region
 * @span: the hole
 * @index: its index
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
static __always_inline void carveout_bins_insert(struct carveout_store *store,
						 struct carveout_bins *bins,
						 struct carveout_span *span, u32 index)
{
	carveout_bins_insert_sized(store, bins, carveout_granules(span), span, index);
}

/* Remove the first hole of a bin of one size. */
static __always_inline void carveout_bins_pop(struct carveout_store *store,
					      struct carveout_bins *bins, unsigned int bin,
					      const struct carveout_span *span)
{
	u32 next = span->bin_next;

	bins->head[bin] = next;
	if (next)
		carveout_span(store, next)->bin_prev = CARVEOUT_IN_TRIE;
	else
		carveout_bins_unmark(bins, bin);
}

/* Remove a hole that another one precedes in a list; false if a link is inconsistent. */
static __always_inline bool carveout_list_unlink(struct carveout_store *store,
						 const struct carveout_span *span, u32 index)
{
	u32 prev = span->bin_prev, next = span->bin_next;
	struct carveout_span *before, *behind;

	/* The index 0 does not exist, 1 refers to the spare descriptor. */
	before = carveout_span(store, likely(prev) ? prev : 1);
	behind = carveout_span(store, next ? next : 1);
	if (unlikely(before->bin_next != index || (next && behind->bin_prev != index))) {
		store->corrupted = true;
		return false;
	}
	before->bin_next = next;
	if (next)
		behind->bin_prev = prev;
	return true;
}

/* Remove a hole from a bin of one size; false if a link is inconsistent. */
static __always_inline bool carveout_list_remove(struct carveout_store *store,
						 struct carveout_bins *bins, u64 bin,
						 const struct carveout_span *span, u32 index)
{
	if (bins->head[bin] != index)
		return carveout_list_unlink(store, span, index);
	carveout_bins_pop(store, bins, bin, span);
	return true;
}

/**
 * carveout_bins_remove() - Remove a hole
 * @store: store of the descriptors
 * @bins: bins of the region
 * @span: the hole, with its size at insertion
 * @index: its index
 *
 * Context: Any context. Caller serialises access. Follows at most
 * carveout_bin_bits() links.
 */
static __always_inline void carveout_bins_remove(struct carveout_store *store,
						 struct carveout_bins *bins,
						 struct carveout_span *span, u32 index)
{
	u64 granules = carveout_granules(span);

	if (likely(granules < CARVEOUT_EXACT))
		carveout_list_remove(store, bins, granules, span, index);
	else
		carveout_trie_remove(store, bins, span, index);
}

/**
 * carveout_bins_best() - Find the smallest hole that is large enough
 * @store: store of the descriptors
 * @bins: bins of the region
 * @granules: size wanted, at least 1
 *
 * Of several holes of that size it is the first of the list, or the one in the trie. The
 * others follow it in bin_next.
 *
 * Context: Any context. Caller serialises access. Follows at most twice
 * carveout_bin_bits() links.
 * Return: the hole, or 0 if there is none of that size or larger.
 */
static __always_inline u32 carveout_bins_best(struct carveout_store *store,
					      const struct carveout_bins *bins, u64 granules)
{
	unsigned int bin;

	if (unlikely(granules >= CARVEOUT_EXACT))
		return carveout_trie_best(store, bins, granules);
	bin = carveout_bins_next(bins, granules);
	if (unlikely(bin >= CARVEOUT_EXACT))
		return carveout_trie_smallest(store, bins, bin);
	if (unlikely(!bins->head[bin]))
		store->corrupted = true;
	return bins->head[bin];
}

#endif /* CARVEOUT_BINS_H */
