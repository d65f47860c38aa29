// SPDX-License-Identifier: GPL-2.0
/*
 * The store of span descriptors.
 *
 * Descriptors are taken from the free list first, since these are the ones
 * that the cache remembers, and from the fresh end of the newest chunk when
 * the list is empty. All of it takes constant time. See the DOC block in span.h
 * for the layout.
 *
 * The caller serialises all calls.
 */

#include "carveout_lib.h"
#include "span.h"

#define BYTES_PER_DESCRIPTOR							\
	(sizeof(struct carveout_span) + sizeof(union carveout_aux) + sizeof(u8))

static_assert(CARVEOUT_OFF_BITS != 64 || sizeof(struct carveout_span) == 32,
	      "a descriptor is half a cache line");
static_assert(sizeof(union carveout_aux) == 8, "two indices fill a cookie");

/**
 * carveout_store_init() - Make an empty store
 * @store: store
 *
 * Context: Any context.
 */
void carveout_store_init(struct carveout_store *store)
{
	memset(store, 0, sizeof(*store));
	store->next_chunk = CARVEOUT_CHUNK_FIRST;
	store->fresh = CARVEOUT_INDEX_FIRST;
	store->limit = CARVEOUT_INDEX_FIRST;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_init);

/**
 * carveout_store_bytes() - Size of the next chunk
 * @store: store
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: bytes, or 0 when no chunk can be added any more.
 */
size_t carveout_store_bytes(const struct carveout_store *store)
{
	size_t bytes;

	if (store->next_chunk > CARVEOUT_CHUNK_LAST)
		return 0;
	/* The last chunks do not fit in the address space of a 32-bit machine. */
	if (check_mul_overflow((size_t)CARVEOUT_BIT(store->next_chunk - 1),
			       BYTES_PER_DESCRIPTOR, &bytes))
		return 0;
	return bytes;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_bytes);

/**
 * carveout_store_add() - Add a chunk
 * @store: store
 * @mem: carveout_store_bytes() bytes, aligned to 8, with any content
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: 0, -EINVAL when @mem is NULL or unaligned, -E2BIG when the store
 * cannot grow any more.
 */
int carveout_store_add(struct carveout_store *store, void *mem)
{
	struct carveout_chunk *chunk;
	u32 count;

	if (!mem || !IS_ALIGNED((uintptr_t)mem, sizeof(u64)))
		return -EINVAL;
	if (!carveout_store_bytes(store))
		return -E2BIG;
	count = CARVEOUT_BIT(store->next_chunk - 1);
	chunk = &store->chunk[store->next_chunk];
	chunk->span = mem;
	chunk->aux = (union carveout_aux *)(chunk->span + count);
	chunk->tag = (u8 *)(chunk->aux + count);
	store->limit += count;
	store->next_chunk++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_add);

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
u32 carveout_store_take(struct carveout_store *store)
{
	u32 index = store->free;

	if (!index) {
		if (store->nr_free || store->fresh == store->limit) {
			store->bad = true;
			return 0;
		}
		index = store->fresh++;
		*carveout_tag(store, index) = CARVEOUT_FREE;
		return index;
	}
	if (!carveout_store_has(store, index) || !store->nr_free ||
	    *carveout_tag(store, index) != CARVEOUT_FREE) {
		store->bad = true;
		return 0;
	}
	store->free = carveout_span(store, index)->next;
	store->nr_free--;
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_take);

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
u32 carveout_span_new(struct carveout_store *store, carveout_off_t start,
		      carveout_off_t size)
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
void carveout_store_give(struct carveout_store *store, u32 index)
{
	*carveout_tag(store, index) = CARVEOUT_FREE;
	carveout_span(store, index)->next = store->free;
	store->free = index;
	store->nr_free++;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_give);

/* === Neighbours =========================================================== */

/* The link that leads to a span from its left neighbour, or from the chain. */
static u32 *link_from_left(struct carveout_store *store, struct carveout_chain *chain,
			   u32 prev)
{
	prev = carveout_link_read(store, prev);
	return prev ? &carveout_span(store, prev)->next : &chain->first;
}

/* The link that leads to a span from its right neighbour, or from the chain. */
static u32 *link_from_right(struct carveout_store *store, struct carveout_chain *chain,
			    u32 next)
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
void carveout_chain_add_last(struct carveout_store *store, struct carveout_chain *chain,
			     u32 index)
{
	struct carveout_span *span = carveout_span(store, index);
	u32 *left = link_from_left(store, chain, chain->last);

	span->prev = chain->last;
	span->next = 0;
	*left = index;
	chain->last = index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_chain_add_last);

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
void carveout_chain_add_before(struct carveout_store *store,
			       struct carveout_chain *chain, u32 index, u32 next)
{
	struct carveout_span *span = carveout_span(store, index);
	struct carveout_span *right = carveout_span(store, next);
	u32 *left = link_from_left(store, chain, right->prev);

	if (*left != next)
		store->bad = true;
	span->prev = right->prev;
	span->next = next;
	right->prev = index;
	*left = index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_chain_add_before);

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
void carveout_chain_add_after(struct carveout_store *store,
			      struct carveout_chain *chain, u32 index, u32 prev)
{
	struct carveout_span *span = carveout_span(store, index);
	struct carveout_span *left = carveout_span(store, prev);
	u32 *right = link_from_right(store, chain, left->next);

	if (*right != prev)
		store->bad = true;
	span->next = left->next;
	span->prev = prev;
	left->next = index;
	*right = index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_chain_add_after);

/**
 * carveout_chain_remove() - Take a span out
 * @store: store of the descriptors
 * @chain: chain of the region
 * @index: a span of the chain
 *
 * A back link that does not hold marks the store as bad.
 *
 * Context: Any context. Caller serialises access.
 */
void carveout_chain_remove(struct carveout_store *store, struct carveout_chain *chain,
			   u32 index)
{
	struct carveout_span *span = carveout_span(store, index);
	u32 *left = link_from_left(store, chain, span->prev);
	u32 *right = link_from_right(store, chain, span->next);

	if (*left != index || *right != index) {
		store->bad = true;
		return;
	}
	*left = span->next;
	*right = span->prev;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_chain_remove);
