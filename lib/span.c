// SPDX-License-Identifier: GPL-2.0
/*
 * Store of span descriptors.
 *
 * Descriptors are taken from the free list first, because these are likely in the
 * cache, and from the fresh end of the newest chunk if the list is empty. Both take
 * constant time. See the DOC block in span.h for the layout.
 *
 * The caller serialises all calls.
 */

#include "carveout_lib.h"
#include "span.h"

#define BYTES_PER_DESCRIPTOR							\
	(sizeof(struct carveout_span) + sizeof(union carveout_aux))

/* Larger chunks do not fit in the address space of a 32-bit machine. */
#define CHUNK_LAST (sizeof(size_t) > 4 ? CARVEOUT_CHUNK_LAST : 26)

static_assert((u64)BYTES_PER_DESCRIPTOR << CHUNK_LAST < SIZE_MAX,
	      "the size of a chunk does not overflow");
static_assert(CARVEOUT_OFF_BITS != 64 || sizeof(struct carveout_span) == 32,
	      "a descriptor is half a cache line");
static_assert(sizeof(union carveout_aux) == 8, "two indices fill a cookie");

/**
 * carveout_store_init() - Initialise an empty store
 * @store: store
 *
 * Context: Any context.
 */
void carveout_store_init(struct carveout_store *store)
{
	unsigned int i;

	memset(store, 0, sizeof(*store));
	for (i = 0; i < CARVEOUT_CHUNKS; i++) {
		store->span[i] = &store->spare;
		store->aux[i] = &store->spare_aux;
	}
	store->spare.key = carveout_key(0, CARVEOUT_SPARE);
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
 * Return: bytes, or 0 if the store has its maximum number of chunks.
 */
size_t carveout_store_bytes(const struct carveout_store *store)
{
	if (store->next_chunk > CHUNK_LAST)
		return 0;
	return (size_t)CARVEOUT_BIT(store->next_chunk) * BYTES_PER_DESCRIPTOR;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_bytes);

/**
 * carveout_store_add() - Add a chunk
 * @store: store
 * @mem: carveout_store_bytes() bytes, aligned to 8, with any content
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: 0, -EINVAL if @mem is NULL or unaligned, -E2BIG if the store has its
 * maximum number of chunks.
 */
int carveout_store_add(struct carveout_store *store, void *mem)
{
	unsigned int chunk = store->next_chunk;
	u32 count;

	if (!mem || !IS_ALIGNED((uintptr_t)mem, sizeof(u64)))
		return -EINVAL;
	if (!carveout_store_bytes(store))
		return -E2BIG;
	count = CARVEOUT_BIT(chunk);
	store->span[chunk] = mem;
	store->aux[chunk] = (union carveout_aux *)(store->span[chunk] + count);
	store->mask[chunk] = count - 1;
	store->limit += count;
	store->next_chunk++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_add);

/**
 * carveout_store_take_fresh() - Take a descriptor if the free list is empty
 * @store: store with carveout_store_avail() descriptors, at least one
 *
 * Context: Any context. Caller serialises access to the store.
 * Return: its index; 0 if there is none, which marks the store as corrupted.
 */
u32 carveout_store_take_fresh(struct carveout_store *store)
{
	u32 index = store->fresh;

	if (store->nr_free || index == store->limit) {
		store->corrupted = true;
		return 0;
	}
	store->fresh++;
	carveout_span(store, index)->key = carveout_key(0, CARVEOUT_FREE);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_store_take_fresh);
