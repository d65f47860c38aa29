// SPDX-License-Identifier: GPL-2.0
/*
 * Sample: a sound heap to corrupt.
 */

#include "sample.h"

static const u64 sample_holes[] = {
	1024, 1028, 1040, 1029, 1028, 1034, 2, 2, 2, 5, 1030, 1024, 1055, 1025, 64, 65, 64,
	1044, 1041, 1042, 1043,
};

u32 hole_of_size(const struct unit *unit, u64 granules, bool in_trie)
{
	struct carveout_span_info info;
	u32 index;

	for (index = carveout_heap_first_span(&unit->heap, 0, &info); index;
	     index = carveout_heap_next_span(&unit->heap, index, &info)) {
		const struct carveout_span *span = carveout_span(&unit->heap.store, index);

		if (!info.used && info.size == granules << 6 &&
		    !!(span->bin_prev & CARVEOUT_IN_TRIE) == in_trie)
			return index;
	}
	return 0;
}

void sample_init(struct sample *sample)
{
	const struct carveout_heap_request second = { .size = 0x20000, .regions = 2 };
	struct carveout_handle hole[ARRAY_SIZE(sample_holes)];
	struct unit *unit = &sample->unit;
	unsigned int i;

	memset(sample, 0, sizeof(*sample));
	unit_init(unit, 6);
	unit_add(unit, SAMPLE_BASE, 0x200000, 0);
	unit_add(unit, 0x800000, 0x100000, 1);
	for (i = 0; i < ARRAY_SIZE(sample_holes); i++) {
		unit_alloc(unit, sample_holes[i] << 6, 0, &hole[i]);
		unit_alloc(unit, 64, 0, &sample->wall[i]);
	}
	unit_alloc(unit, 0x180000, 0, &sample->other);
	for (i = 0; i < ARRAY_SIZE(sample_holes); i++)
		carveout_heap_free(&unit->heap, hole[i]);
	unit_alloc_req(unit, &second, &sample->other);
	/* Allocating and freeing leaves free descriptors. */
	for (i = 0; i < 4; i++)
		unit_alloc_req(unit, &second, &hole[i]);
	for (i = 0; i < 4; i++)
		carveout_heap_free(&unit->heap, hole[i]);
	sample->root = hole_of_size(unit, 1024, true);
	sample->node = hole_of_size(unit, 1028, true);
	sample->leaf = hole_of_size(unit, 1030, true);
	sample->equal = hole_of_size(unit, 1028, false);
	sample->small = hole_of_size(unit, 2, false);
}

/* Memory to corrupt bit by bit: all except padding, and pointers and ends of arrays. */
void pieces_of(struct sample *sample, struct piece piece[SAMPLE_PIECES])
{
	struct carveout_heap *heap = &sample->unit.heap;
	const struct carveout_store *store = &heap->store;
	struct carveout_region *region;
	u32 count = heap->store.fresh - 64;
	unsigned int i;

	piece[0] = (struct piece) { (u8 *)store->span[CARVEOUT_CHUNK_FIRST],
				    count * sizeof(struct carveout_span) };
	piece[1] = (struct piece) { (u8 *)store->aux[CARVEOUT_CHUNK_FIRST],
				    count * sizeof(union carveout_aux) };
	for (i = 0; i < 2; i++) {
		region = heap->region[i];
		piece[2 + i] = (struct piece) { (u8 *)region,
						offsetof(struct carveout_region, hole) };
		piece[8 + i] = (struct piece) { (u8 *)&region->bins, sizeof(region->bins) };
		piece[6 + i] = (struct piece) {
			(u8 *)(region + 1),
			carveout_region_bytes(heap, region->size) - sizeof(*region) };
	}
	piece[4] = (struct piece) { (u8 *)&heap->store.free, sizeof(heap->store.free) };
	piece[5] = (struct piece) { (u8 *)&heap->store.nr_free, sizeof(heap->store.nr_free) };
}
