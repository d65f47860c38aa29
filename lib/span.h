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
 * struct carveout_chunk - Where the arrays of one chunk lie
 * @span: the descriptors
 * @aux: their second parts
 * @tag: state in bits 0 and 1, region in bits 2 to 7
 */
struct carveout_chunk {
	struct carveout_span *span;
	union carveout_aux *aux;
	u8 *tag;
};

/**
 * struct carveout_store - All descriptors of a heap
 * @chunk: indexed by the number of bits of a descriptor's index
 * @next_chunk: the chunk to be added next
 * @fresh: the lowest index that was never used
 * @limit: one more than the highest index that there is memory for
 * @free: first of the free list, 0 for none
 * @nr_free: length of the free list
 * @bad: a link was found that leads nowhere: the structure is broken
 */
struct carveout_store {
	struct carveout_chunk chunk[CARVEOUT_CHUNKS];
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
 * carveout_slot() - Place of a descriptor in its chunk
 * @index: descriptor
 *
 * Context: Any context.
 * Return: the index without its highest bit.
 */
static inline u32 carveout_slot(u32 index)
{
	return index ^ CARVEOUT_BIT(fls(index)) >> 1;
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
	return &store->chunk[fls(index)].span[carveout_slot(index)];
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
	return &store->chunk[fls(index)].aux[carveout_slot(index)];
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
	return &store->chunk[fls(index)].tag[carveout_slot(index)];
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
	return index >= CARVEOUT_INDEX_FIRST && index < store->fresh;
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
u32 carveout_store_take(struct carveout_store *store);
u32 carveout_span_new(struct carveout_store *store, carveout_off_t start,
		      carveout_off_t size);
void carveout_store_give(struct carveout_store *store, u32 index);
void carveout_chain_add_last(struct carveout_store *store, struct carveout_chain *chain,
			     u32 index);
void carveout_chain_add_before(struct carveout_store *store,
			       struct carveout_chain *chain, u32 index, u32 next);
void carveout_chain_add_after(struct carveout_store *store,
			      struct carveout_chain *chain, u32 index, u32 prev);
void carveout_chain_remove(struct carveout_store *store, struct carveout_chain *chain,
			   u32 index);

#endif /* CARVEOUT_SPAN_H */
