// SPDX-License-Identifier: GPL-2.0
/*
 * Measured: lib/, and the empty allocator, whose cost is that of the measurement.
 */

#include "bench.h"
#include "heap.h"

static struct carveout_heap *heap;
static struct carveout_region *region;
static struct carveout_handle *handles;
static size_t metadata;

static int grow(void)
{
	size_t bytes = carveout_store_chunk_bytes(heap);
	void *mem = bench_mem(bytes);

	if (!mem)
		return -ENOMEM;
	metadata += bytes;
	return carveout_heap_add_chunk(heap, mem);
}

static int carveout_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	size_t bytes;
	int ret;

	heap = bench_mem(sizeof(*heap));
	handles = bench_mem(nr_slots * sizeof(*handles));
	if (!heap || !handles)
		return -ENOMEM;
	carveout_heap_init(heap, shift);
	bytes = carveout_region_bytes(heap, arena);
	region = bench_mem(bytes);
	if (!region)
		return -ENOMEM;
	metadata = sizeof(*heap) + bytes;
	do {
		ret = carveout_heap_add_region(heap, region, BENCH_BASE, arena, 0);
	} while (ret == -ENOMEM && !grow());
	return ret < 0 ? ret : 0;
}

static int carveout_take(u32 slot, u64 size, u64 align)
{
	static struct carveout_heap_request req;
	int ret;

	req.size = size;
	req.align = align;
	do {
		ret = carveout_heap_alloc(heap, &req, &handles[slot]);
	} while (unlikely(ret == -ENOMEM) && !grow());
	return ret;
}

static void carveout_give(u32 slot)
{
	if (likely(handles[slot].gen)) {
		carveout_heap_free(heap, handles[slot]);
		handles[slot].gen = 0;
	}
}

static size_t carveout_bytes(void)
{
	return metadata;
}

static u64 carveout_missed(void)
{
	return heap->stats.nr_missed;
}

const struct bench_peer bench_carveout = {
	.name = "carveout",
	.setup = carveout_setup,
	.alloc = carveout_take,
	.free = carveout_give,
	.bytes = carveout_bytes,
	.missed = carveout_missed,
	.aligns = true,
};

/* === Empty allocator ====================================================== */

static u64 *sizes;

static int null_setup(u64 arena, unsigned int shift, u32 nr_slots)
{
	(void)arena;
	(void)shift;
	sizes = bench_mem(nr_slots * sizeof(*sizes));
	return sizes ? 0 : -ENOMEM;
}

static int null_take(u32 slot, u64 size, u64 align)
{
	sizes[slot] = size | align;
	return 0;
}

static void null_give(u32 slot)
{
	if (likely(sizes[slot]))
		sizes[slot] = 0;
}

const struct bench_peer bench_null = {
	.name = "null",
	.setup = null_setup,
	.alloc = null_take,
	.free = null_give,
	.aligns = true,
};
