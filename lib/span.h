/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spans: the descriptors of pieces of memory, and the store they live in.
 */

#ifndef CARVEOUT_SPAN_H
#define CARVEOUT_SPAN_H

#include "carveout_lib.h"

/**
 * DOC: Spans and their store
 *
 * A region is cut into spans without a gap: each span is either handed out
 * ("used") or free (a "hole"). One descriptor of 32 bytes says where a span
 * lies and who its neighbours are. Descriptors live in kernel memory, never in
 * the memory that they describe, and name one another by 32-bit index.
 *
 * The store grows in chunks that never move. Chunk k holds the indices of k
 * bits, so that the highest set bit of an index names the chunk and the bits
 * below it the place in it. Each chunk is twice as long as the one before. The
 * first one is %CARVEOUT_CHUNK_FIRST: smaller indices do not exist, and 0 means
 * "none".
 *
 * One chunk is one piece of the caller's memory, with three arrays in it::
 *
 *   | struct carveout_span [n] | union carveout_aux [n] | u8 tag [n] |
 *
 * Descriptors beyond the "fresh" mark have never been used and need no
 * initialisation, so that adding a chunk takes constant time whatever its size.
 */

/* Width of an address. A model checker may choose a narrower one. */
#ifndef CARVEOUT_OFF_BITS
#define CARVEOUT_OFF_BITS 64
#endif
#if CARVEOUT_OFF_BITS == 64
typedef u64 carveout_off_t;
#elif CARVEOUT_OFF_BITS == 32
typedef u32 carveout_off_t;
#else
typedef u16 carveout_off_t;
#endif

/* A bit of an index or a link: 32 bits, whatever the width of long. */
#define CARVEOUT_BIT(nr) ((u32)1 << (nr))

/* Chunks are numbered by the number of bits of the indices that they hold. */
#ifndef CARVEOUT_CHUNK_FIRST
#define CARVEOUT_CHUNK_FIRST 7
#endif

/* Bit 31 of a link marks something else: indices have 31 bits. */
#define CARVEOUT_CHUNK_LAST 31
#define CARVEOUT_CHUNKS (CARVEOUT_CHUNK_LAST + 1)
#define CARVEOUT_INDEX_FIRST CARVEOUT_BIT(CARVEOUT_CHUNK_FIRST - 1)

/**
 * enum carveout_state - What a descriptor describes
 * @CARVEOUT_FREE: nothing: it is on the free list of the store
 * @CARVEOUT_HOLE: free memory
 * @CARVEOUT_USED: memory that is handed out
 */
enum carveout_state {
	CARVEOUT_FREE,
	CARVEOUT_HOLE,
	CARVEOUT_USED,
};

/**
 * struct carveout_span - One piece of a region
 * @start: address of the first byte
 * @size: bytes. Invariant: a non-zero multiple of the granule.
 * @prev: the span that ends where this one starts, 0 for the region's first
 * @next: the span that starts where this one ends, 0 for the region's last;
 *	in a free descriptor the next free one
 * @bin_prev: in a hole, see lib/bins.c
 * @gen: in a used span, its generation. Invariant: not 0.
 * @bin_next: in a hole, the next hole of equal size, 0 for none
 */
struct carveout_span {
	carveout_off_t start;
	carveout_off_t size;
	u32 prev;
	u32 next;
	union {
		u32 bin_prev;
		u32 gen;
	};
	u32 bin_next;
};

/**
 * union carveout_aux - The part of a descriptor that searches seldom need
 * @cookie: of a used span: the caller's own value
 * @child: of a hole: the two subtrees below it, see lib/bins.c
 */
union carveout_aux {
	u64 cookie;
	u32 child[2];
};

/**
 * struct carveout_store - All descriptors of a heap
 * @span: for each chunk its descriptors, indexed by the number of bits of an index
 * @aux: for each chunk their second parts
 * @tag: for each chunk their states in bits 0 and 1 and regions in bits 2 to 7
 * @next_chunk: the chunk to be added next
 * @fresh: the lowest index that was never used
 * @limit: one more than the highest index that there is memory for
 * @free: first of the free list, 0 for none
 * @nr_free: length of the free list
 * @bad: a link was found that leads nowhere: the structure is broken
 */
struct carveout_store {
	struct carveout_span *span[CARVEOUT_CHUNKS];
	union carveout_aux *aux[CARVEOUT_CHUNKS];
	u8 *tag[CARVEOUT_CHUNKS];
	unsigned int next_chunk;
	u32 fresh;
	u32 limit;
	u32 free;
	u32 nr_free;
	bool bad;
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

#define CARVEOUT_TAG_STATE 0x03
#define CARVEOUT_TAG_REGION_SHIFT 2

/**
 * carveout_chunk_of() - Chunk of a descriptor
 * @index: descriptor, not 0
 *
 * Context: Any context.
 * Return: the number of bits of the index.
 */
static inline unsigned int carveout_chunk_of(u32 index)
{
	return __fls(index) + 1;
}

/**
 * carveout_slot() - Place of a descriptor in its chunk
 * @index: descriptor, not 0
 *
 * Context: Any context.
 * Return: the index without its highest bit.
 */
static inline u32 carveout_slot(u32 index)
{
	return index ^ CARVEOUT_BIT(__fls(index));
}

/**
 * carveout_span() - Descriptor by index
 * @store: store
 * @index: a descriptor that carveout_store_has()
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor.
 */
static inline struct carveout_span *
carveout_span(const struct carveout_store *store, u32 index)
{
	return &store->span[carveout_chunk_of(index)][carveout_slot(index)];
}

/**
 * carveout_aux() - Second part of a descriptor by index
 * @store: store
 * @index: a descriptor that carveout_store_has()
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the second part.
 */
static inline union carveout_aux *
carveout_aux(const struct carveout_store *store, u32 index)
{
	return &store->aux[carveout_chunk_of(index)][carveout_slot(index)];
}

/**
 * carveout_tag() - State byte of a descriptor by index
 * @store: store
 * @index: a descriptor that carveout_store_has()
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the byte's place.
 */
static inline u8 *carveout_tag(const struct carveout_store *store, u32 index)
{
	return &store->tag[carveout_chunk_of(index)][carveout_slot(index)];
}

/**
 * carveout_tag_make() - Compose a state byte
 * @region: index of the region
 * @state: state of the span
 *
 * Context: Any context.
 * Return: the byte.
 */
static inline u8 carveout_tag_make(unsigned int region, enum carveout_state state)
{
	return region << CARVEOUT_TAG_REGION_SHIFT | state;
}

/**
 * carveout_store_has() - Has this descriptor ever been used?
 * @store: store
 * @index: any number
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: true when the index may be looked up.
 */
static inline bool carveout_store_has(const struct carveout_store *store, u32 index)
{
	return index - CARVEOUT_INDEX_FIRST < store->fresh - CARVEOUT_INDEX_FIRST;
}

/**
 * carveout_store_avail() - Number of descriptors that can be taken
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
 * carveout_link_read() - Follow a link with care
 * @store: store
 * @link: a link read from a descriptor or a table head
 *
 * A link that leads nowhere marks the store as bad and reads as "none", so
 * that a spoilt structure is reported instead of followed.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the link, or 0.
 */
static inline u32 carveout_link_read(struct carveout_store *store, u32 link)
{
	if (likely(!link || carveout_store_has(store, link)))
		return link;
	store->bad = true;
	return 0;
}

void carveout_store_init(struct carveout_store *store);
size_t carveout_store_bytes(const struct carveout_store *store);
int carveout_store_add(struct carveout_store *store, void *mem);
u32 carveout_store_take_fresh(struct carveout_store *store);

/**
 * carveout_store_take() - Take a descriptor
 * @store: store with carveout_store_avail() descriptors, at least one
 *
 * Only the state byte is set, to %CARVEOUT_FREE: the caller fills in the rest.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor; 0 when there is none or the free list is broken, which
 * marks the store as bad.
 */
static inline u32 carveout_store_take(struct carveout_store *store)
{
	u32 index = store->free;

	if (unlikely(!index))
		return carveout_store_take_fresh(store);
	if (unlikely(!carveout_store_has(store, index) || !store->nr_free ||
		     *carveout_tag(store, index) != CARVEOUT_FREE)) {
		store->bad = true;
		return 0;
	}
	store->free = carveout_span(store, index)->next;
	store->nr_free--;
	return index;
}

/**
 * carveout_span_new() - Take a descriptor for a piece of memory
 * @store: store
 * @start: address of its first byte
 * @size: bytes
 *
 * The span is in no chain and in no bin yet.
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: the descriptor; 0 as carveout_store_take().
 */
static inline u32 carveout_span_new(struct carveout_store *store,
				    carveout_off_t start, carveout_off_t size)
{
	u32 index = carveout_store_take(store);

	if (index) {
		carveout_span(store, index)->start = start;
		carveout_span(store, index)->size = size;
	}
	return index;
}

/**
 * carveout_store_give() - Give a descriptor back
 * @store: store
 * @index: a descriptor that was taken
 *
 * Context: Any context. Caller serialises access to the store.
 */
static inline void carveout_store_give(struct carveout_store *store, u32 index)
{
	*carveout_tag(store, index) = CARVEOUT_FREE;
	carveout_span(store, index)->next = store->free;
	store->free = index;
	store->nr_free++;
}

/* === Neighbours =========================================================== */

/* The link that leads to a span from its left neighbour, or from the chain. */
static inline u32 *carveout_link_from_left(struct carveout_store *store,
					   struct carveout_chain *chain, u32 prev)
{
	prev = carveout_link_read(store, prev);
	return prev ? &carveout_span(store, prev)->next : &chain->first;
}

/* The link that leads to a span from its right neighbour, or from the chain. */
static inline u32 *carveout_link_from_right(struct carveout_store *store,
					    struct carveout_chain *chain, u32 next)
{
	next = carveout_link_read(store, next);
	return next ? &carveout_span(store, next)->prev : &chain->last;
}

/**
 * carveout_chain_add_last() - Put a span at the end of a chain
 * @store: store of the descriptors
 * @chain: chain of the region, may be empty
 * @index: span to put in
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
 * carveout_chain_add_before() - Put a span in front of another
 * @store: store of the descriptors
 * @chain: chain of the region
 * @index: span to put in
 * @next: a span of the chain
 *
 * A back link that does not hold marks the store as bad.
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
		store->bad = true;
	span->prev = right->prev;
	span->next = next;
	right->prev = index;
	*left = index;
}

/**
 * carveout_chain_add_after() - Put a span behind another
 * @store: store of the descriptors
 * @chain: chain of the region
 * @index: span to put in
 * @prev: a span of the chain
 *
 * A back link that does not hold marks the store as bad.
 *
 * Context: Any context. Caller serialises access.
 */
static inline void carveout_chain_add_after(struct carveout_store *store,
					    struct carveout_chain *chain, u32 index,
					    u32 prev)
{
	struct carveout_span *span = carveout_span(store, index);
	struct carveout_span *left = carveout_span(store, prev);
	u32 *right = carveout_link_from_right(store, chain, left->next);

	if (*right != prev)
		store->bad = true;
	span->next = left->next;
	span->prev = prev;
	left->next = index;
	*right = index;
}

/**
 * carveout_chain_merge() - Let a span become part of the one before it
 * @store: store of the descriptors
 * @chain: chain of the region
 * @left: a span of the chain
 * @right: the span behind it, which is in the chain no longer
 *
 * Spans that do not touch, and links that do not hold, mark the store as bad.
 *
 * Context: Any context. Caller serialises access.
 */
static __always_inline void carveout_chain_merge(struct carveout_store *store,
						 struct carveout_chain *chain, u32 left,
						 u32 right)
{
	struct carveout_span *l = carveout_span(store, left);
	const struct carveout_span *r = carveout_span(store, right);
	u32 *beyond = carveout_link_from_right(store, chain, r->next);

	if (unlikely(l->start + l->size != r->start || l->next != right ||
		     r->prev != left || *beyond != right))
		store->bad = true;
	l->size += r->size;
	l->next = r->next;
	*beyond = left;
}

#endif /* CARVEOUT_SPAN_H */
