/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans: descriptors of pieces of memory, and their store.
 */

#ifndef CARVEOUT_SPAN_H
#define CARVEOUT_SPAN_H

#include "carveout_lib.h"

/**
 * DOC: Spans and their store
 *
 * A region is divided into spans without gaps. A span is either allocated ("used") or
 * free (a "hole"). One descriptor of 32 bytes has the position of a span, its state and
 * its neighbours. Descriptors are in kernel memory, never in the memory that they
 * describe, and refer to one another by 32-bit index.
 *
 * The store grows in chunks that never move. Chunk k holds the indices whose highest set
 * bit is bit k. That bit selects the chunk, the bits below it the slot in the
 * chunk. Each chunk is twice as long as the chunk before. The first one is
 * %CARVEOUT_CHUNK_FIRST: smaller indices do not exist, and 0 means "none".
 *
 * One chunk is one piece of the caller's memory, with two arrays in it::
 *
 *   | struct carveout_span [n] | union carveout_aux [n] |
 *
 * Descriptors from index "fresh" on were never used and need no initialisation, so
 * that adding a chunk of any size takes constant time.
 *
 * Each 32-bit number but 0 is safe to look up. The bits of an index that are beyond its chunk
 * are masked, and all indices of a chunk that does not exist lead to one spare
 * descriptor, which is no span. A corrupted link therefore reads or writes a wrong
 * descriptor, but no other memory. The descriptor that it leads to does not link back,
 * which marks the store as corrupted.
 */

/* Width of an address. A model checker may choose a narrower one. */
#ifndef CARVEOUT_OFF_BITS
#define CARVEOUT_OFF_BITS 64
#endif
#if CARVEOUT_OFF_BITS == 64
typedef u64 carveout_off_t;
typedef u64 carveout_key_t;
#elif CARVEOUT_OFF_BITS == 32
typedef u32 carveout_off_t;
typedef u64 carveout_key_t;
#else
typedef u16 carveout_off_t;
typedef u32 carveout_key_t;
#endif

/* A bit of an index or a link: 32 bits, independent of the width of long. */
#define CARVEOUT_BIT(nr) ((u32)1 << (nr))

/* The number of a chunk is the highest set bit of the indices that it holds. */
#ifndef CARVEOUT_CHUNK_FIRST
#define CARVEOUT_CHUNK_FIRST 6
#endif

/* Bit 31 of a link is a flag (CARVEOUT_IN_TRIE): indices have 31 bits. */
#define CARVEOUT_CHUNK_LAST 30
/* Including those that never exist: the number of bits of a link. */
#define CARVEOUT_CHUNKS 32
#define CARVEOUT_INDEX_FIRST CARVEOUT_BIT(CARVEOUT_CHUNK_FIRST)

/**
 * enum carveout_state - State of a descriptor
 * @CARVEOUT_FREE: on the free list of the store, describes no memory
 * @CARVEOUT_HOLE: free memory
 * @CARVEOUT_USED: allocated memory; has a bit that no other state has
 */
enum carveout_state {
	CARVEOUT_FREE,
	CARVEOUT_HOLE,
	CARVEOUT_USED,
};

/* Changes the mark of a hole into that of an allocation, and back. */
#define CARVEOUT_TOGGLE (CARVEOUT_HOLE ^ CARVEOUT_USED)

/* Mark of the descriptor for indices of chunks that do not exist, of no use elsewhere. */
#define CARVEOUT_SPARE CARVEOUT_BIT(2)

/* The low bits of a key are the mark: state in bits 0 and 1, region in bits 2 to 7. */
#define CARVEOUT_MARK_STATE 0x03
#define CARVEOUT_MARK_REGION_SHIFT 2
#define CARVEOUT_MARK_BITS 8

/* The rest of a key is the size: bits of the number of granules of a heap. */
#define CARVEOUT_GRANULES_BITS 56

/**
 * struct carveout_span - One piece of a region
 * @start: address of the first byte
 * @key: its size in granules, and its mark, see carveout_granules() and
 *	carveout_mark(). Invariant: the size is not 0.
 * @prev: the span that ends where this one starts, 0 for the region's first
 * @next: the span that starts where this one ends, 0 for the region's last; in a
 *	free descriptor, the next free descriptor
 * @bin_prev: in a hole, see lib/bins.c
 * @gen: in a used span, its generation. Invariant: not 0.
 * @bin_next: in a hole, the next hole of equal size, 0 for none
 */
struct carveout_span {
	carveout_off_t start;
	carveout_key_t key;
	u32 prev;
	u32 next;
	union {
		u32 bin_prev;
		u32 gen;
	};
	u32 bin_next;
};

/**
 * union carveout_aux - Second part of a descriptor, seldom needed by searches
 * @cookie: in a used span, the caller's own value
 * @child: in a hole, the two subtrees below it, see lib/bins.c
 */
union carveout_aux {
	u64 cookie;
	u32 child[2];
};

/**
 * struct carveout_store - All descriptors of a heap
 * @span: for each chunk its descriptors, indexed by the highest set bit of an index
 * @aux: for each chunk the second parts of its descriptors
 * @mask: for each chunk the bits of an index that select the slot
 * @next_chunk: number of the next chunk to add
 * @fresh: lowest index that was never used
 * @limit: one more than the highest index that has memory
 * @free: first of the free list, 0 for none
 * @nr_free: length of the free list
 * @corrupted: an inconsistency was found: the heap refuses all further work
 * @spare: descriptor of the chunks that do not exist
 * @spare_aux: its second part
 *
 * A chunk that does not exist has the mask 0 and refers to @spare, so that a store must
 * not be moved.
 */
struct carveout_store {
	struct carveout_span *span[CARVEOUT_CHUNKS];
	union carveout_aux *aux[CARVEOUT_CHUNKS];
	u32 mask[CARVEOUT_CHUNKS];
	unsigned int next_chunk;
	u32 fresh;
	u32 limit;
	u32 free;
	bool corrupted;
	u32 nr_free;
	struct carveout_span spare;
	union carveout_aux spare_aux;
};

/**
 * struct carveout_chain - The spans of a region in the order of their addresses
 * @first: the span at the region's start, 0 for none
 * @last: the span at the region's end, 0 for none
 */
struct carveout_chain {
	u32 first;
	u32 last;
};

/**
 * carveout_chunk_of() - Chunk of a descriptor
 * @index: any number but 0
 *
 * Context: Any context.
 * Return: its highest set bit.
 */
static inline unsigned long carveout_chunk_of(u32 index)
{
	return __fls(index);
}

/**
 * carveout_span() - Descriptor by index
 * @store: store
 * @index: any number but 0; a descriptor only if carveout_store_has() it
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor; in a chunk that does not exist, the spare one.
 */
static inline struct carveout_span *
carveout_span(const struct carveout_store *store, u32 index)
{
	unsigned long chunk = carveout_chunk_of(index);

	return &store->span[chunk][index & store->mask[chunk]];
}

/**
 * carveout_aux() - Second part of a descriptor by index
 * @store: store
 * @index: any number but 0; a descriptor only if carveout_store_has() it
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the second part; in a chunk that does not exist, the spare one.
 */
static inline union carveout_aux *
carveout_aux(const struct carveout_store *store, u32 index)
{
	unsigned long chunk = carveout_chunk_of(index);

	return &store->aux[chunk][index & store->mask[chunk]];
}

/**
 * carveout_key() - Compose a key
 * @granules: size of the span
 * @mark: its mark, or 0 for a difference of sizes
 *
 * Context: Any context.
 * Return: the key.
 */
static inline carveout_key_t carveout_key(u64 granules, u8 mark)
{
	return (carveout_key_t)granules << CARVEOUT_MARK_BITS | mark;
}

/**
 * carveout_granules() - Size of a span
 * @span: descriptor
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: granules.
 */
static inline u64 carveout_granules(const struct carveout_span *span)
{
	return span->key >> CARVEOUT_MARK_BITS;
}

/**
 * carveout_mark() - Mark of a descriptor
 * @span: descriptor
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the mark.
 */
static inline u8 carveout_mark(const struct carveout_span *span)
{
	return span->key;
}

/**
 * carveout_set_mark() - Change the mark of a descriptor
 * @span: descriptor
 * @mark: the mark
 *
 * Context: Any context. Caller serialises access to the store.
 */
static inline void carveout_set_mark(struct carveout_span *span, u8 mark)
{
	span->key = carveout_key(carveout_granules(span), mark);
}

/**
 * carveout_mark_make() - Compose a mark
 * @region: index of the region
 * @state: state of the span
 *
 * Context: Any context.
 * Return: the mark.
 */
static inline u8 carveout_mark_make(unsigned int region, enum carveout_state state)
{
	return region << CARVEOUT_MARK_REGION_SHIFT | state;
}

/**
 * carveout_store_has() - Was this descriptor ever used?
 * @store: store
 * @index: any number
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: true if the index is valid for a look-up.
 */
static inline bool carveout_store_has(const struct carveout_store *store, u32 index)
{
	return index - CARVEOUT_INDEX_FIRST < store->fresh - CARVEOUT_INDEX_FIRST;
}

/**
 * carveout_store_avail() - Number of available descriptors
 * @store: store
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the number.
 */
static inline u32 carveout_store_avail(const struct carveout_store *store)
{
	return store->nr_free + (store->limit - store->fresh);
}

/**
 * carveout_link_read() - Check a link before following it
 * @store: store
 * @link: link from a descriptor or a table head
 *
 * A dangling link marks the store as corrupted and reads as "none", so that
 * corruption is reported instead of followed.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the link, or 0.
 */
static inline u32 carveout_link_read(struct carveout_store *store, u32 link)
{
	if (likely(!link || carveout_store_has(store, link)))
		return link;
	store->corrupted = true;
	return 0;
}

void carveout_store_init(struct carveout_store *store);
size_t carveout_store_bytes(const struct carveout_store *store);
int carveout_store_add(struct carveout_store *store, void *mem);
u32 carveout_store_take_fresh(struct carveout_store *store);

/**
 * carveout_store_take() - Take a descriptor
 * @store: store with carveout_store_avail() descriptors, at least one
 * @index: on success, its index
 *
 * Only the key is set, to the mark %CARVEOUT_FREE: the caller fills in the rest.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor; NULL if there is none or the free list is corrupted, which
 * marks the store as corrupted.
 */
static __always_inline struct carveout_span *
carveout_store_take(struct carveout_store *store, u32 *index)
{
	struct carveout_span *span;

	if (unlikely(!store->free)) {
		*index = carveout_store_take_fresh(store);
		return *index ? carveout_span(store, *index) : NULL;
	}
	*index = store->free;
	span = carveout_span(store, *index);
	if (unlikely(carveout_mark(span) != CARVEOUT_FREE || !carveout_store_has(store, *index))) {
		store->corrupted = true;
		return NULL;
	}
	store->free = span->next;
	store->nr_free--;
	return span;
}

/**
 * carveout_span_new() - Take a descriptor for a piece of memory
 * @store: store
 * @start: address of its first byte
 * @granules: its size
 * @mark: its mark
 *
 * The new span is neither in a chain nor in a bin.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor; 0 as for carveout_store_take().
 */
static inline u32 carveout_span_new(struct carveout_store *store, carveout_off_t start,
				    u64 granules, u8 mark)
{
	struct carveout_span *span;
	u32 index;

	span = carveout_store_take(store, &index);
	if (unlikely(!span))
		return 0;
	span->start = start;
	span->key = carveout_key(granules, mark);
	return index;
}

/**
 * carveout_store_give() - Return a descriptor to the free list
 * @store: store
 * @span: descriptor that was taken before
 * @index: its index
 *
 * Context: Any context. Caller serialises access to the store.
 */
static inline void carveout_store_give(struct carveout_store *store,
				       struct carveout_span *span, u32 index)
{
	span->key = carveout_key(0, CARVEOUT_FREE);
	span->next = store->free;
	store->free = index;
	store->nr_free++;
}

/* === Neighbours =========================================================== */

/* The link to a span from its left neighbour, or from the chain. */
static inline u32 *carveout_link_from_left(struct carveout_store *store,
					   struct carveout_chain *chain, u32 prev)
{
	return prev ? &carveout_span(store, prev)->next : &chain->first;
}

/* The link to a span from its right neighbour, or from the chain. */
static inline u32 *carveout_link_from_right(struct carveout_store *store,
					    struct carveout_chain *chain, u32 next)
{
	return next ? &carveout_span(store, next)->prev : &chain->last;
}

/**
 * carveout_chain_add_last() - Add a span at the end of a chain
 * @store: store of the descriptors
 * @chain: chain of the region, may be empty
 * @index: span to add
 *
 * Context: Any context. Caller serialises access.
 */
static inline void carveout_chain_add_last(struct carveout_store *store,
					   struct carveout_chain *chain, u32 index)
{
	struct carveout_span *span = carveout_span(store, index);
	u32 *left = carveout_link_from_left(store, chain, chain->last);

	span->prev = chain->last;
	span->next = 0;
	*left = index;
	chain->last = index;
}

/**
 * carveout_chain_add_before() - Add a span in front of another
 * @store: store of the descriptors
 * @chain: chain of the region
 * @index: span to add
 * @next: span of the chain
 *
 * An inconsistent back link marks the store as corrupted.
 *
 * Context: Any context. Caller serialises access.
 */
static inline void carveout_chain_add_before(struct carveout_store *store,
					     struct carveout_chain *chain, u32 index,
					     u32 next)
{
	struct carveout_span *span = carveout_span(store, index);
	struct carveout_span *right = carveout_span(store, next);
	u32 *left = carveout_link_from_left(store, chain, right->prev);

	if (*left != next)
		store->corrupted = true;
	span->prev = right->prev;
	span->next = next;
	right->prev = index;
	*left = index;
}

/**
 * carveout_chain_add_after() - Add a span behind another
 * @store: store of the descriptors
 * @chain: chain of the region
 * @span: span to add
 * @index: its index
 * @left: span of the chain
 * @prev: its index
 *
 * Context: Any context. Caller serialises access.
 * Return: true; false if a back link is inconsistent, which marks the store as corrupted.
 */
static __always_inline bool carveout_chain_add_after(struct carveout_store *store,
						     struct carveout_chain *chain,
						     struct carveout_span *span, u32 index,
						     struct carveout_span *left, u32 prev)
{
	u32 next = left->next;
	u32 *right = carveout_link_from_right(store, chain, next);

	if (unlikely(*right != prev)) {
		store->corrupted = true;
		return false;
	}
	span->next = next;
	span->prev = prev;
	left->next = index;
	*right = index;
	return true;
}

/**
 * carveout_chain_merge() - Merge a span into the span before it
 * @store: store of the descriptors
 * @chain: chain of the region
 * @left: span of the chain
 * @prev: its index
 * @right: span behind it, which is removed from the chain
 * @index: its index
 *
 * The caller has found that the two spans link to each other.
 *
 * Context: Any context. Caller serialises access.
 * Return: true; false if the span behind them does not link back, which marks the store
 * as corrupted.
 */
static __always_inline bool carveout_chain_merge(struct carveout_store *store,
						 struct carveout_chain *chain,
						 struct carveout_span *left, u32 prev,
						 const struct carveout_span *right, u32 index)
{
	u32 next = right->next;
	u32 *beyond = carveout_link_from_right(store, chain, next);

	if (unlikely(*beyond != index)) {
		store->corrupted = true;
		return false;
	}
	left->key += carveout_key(carveout_granules(right), 0);
	left->next = next;
	*beyond = prev;
	return true;
}

#endif /* CARVEOUT_SPAN_H */
