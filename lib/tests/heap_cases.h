/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of the heap, as tables: the KUnit suite and the user-space tests run
 * the same ones.
 *
 * A scenario is a list of steps. Each step says what must come of it. After each
 * one the validator runs, and a step that fails must leave the heap's hash as it
 * was. All sizes in here are with granules of 64 bytes.
 */

#ifndef CARVEOUT_HEAP_CASES_H
#define CARVEOUT_HEAP_CASES_H

#include "../heap.h"

#define CARVEOUT_CASE_SHIFT 6
#define CARVEOUT_CASE_SLOTS 32

/**
 * enum carveout_case_op - What a step does
 * @CARVEOUT_CASE_END: nothing, the scenario is over
 * @CARVEOUT_CASE_REGION: add [start, start + size) with attributes @require;
 *	@want is the index or an error
 * @CARVEOUT_CASE_ALLOC: allocate into @slot; @want is 0 or an error, @start where
 *	the memory must lie
 * @CARVEOUT_CASE_FREE: free @slot, with @want as the result
 * @CARVEOUT_CASE_LARGEST: the largest hole of region @slot must have @size
 * @CARVEOUT_CASE_HOLES: the heap must have @want holes
 * @CARVEOUT_CASE_USED: the heap must have @size bytes handed out, and @start bytes
 *	at most before
 * @CARVEOUT_CASE_MISSED: the counter of possibly missed places must be @want
 */
enum carveout_case_op {
	CARVEOUT_CASE_END,
	CARVEOUT_CASE_REGION,
	CARVEOUT_CASE_ALLOC,
	CARVEOUT_CASE_FREE,
	CARVEOUT_CASE_LARGEST,
	CARVEOUT_CASE_HOLES,
	CARVEOUT_CASE_USED,
	CARVEOUT_CASE_MISSED,
};

/**
 * struct carveout_case_step - One step of a scenario
 * @op: what to do
 * @slot: where the handle is kept, or the region
 * @want: result
 * @start: see @op
 * @size: see @op
 * @align: of the request
 * @regions: of the request
 * @max_addr: of the request
 * @require: of the request, or attributes of the region
 * @forbid: of the request
 */
struct carveout_case_step {
	enum carveout_case_op op;
	unsigned int slot;
	int want;
	u64 start;
	u64 size;
	u64 align;
	u64 regions;
	u64 max_addr;
	u32 require;
	u32 forbid;
};

/**
 * struct carveout_case - A scenario
 * @name: what it shows
 * @step: its steps
 */
struct carveout_case {
	const char *name;
	struct carveout_case_step step[40];
};

/**
 * struct carveout_case_env - What a scenario runs in
 * @heap: an empty heap with granules of 64 bytes
 * @grow: gives the heap another chunk; 0 or an error
 * @region: gives memory for a region
 * @slot: handles of the scenario
 * @failed: the step that failed, counted from 0
 * @why: what was wrong with it
 */
struct carveout_case_env {
	struct carveout_heap *heap;
	int (*grow)(struct carveout_case_env *env);
	struct carveout_region *(*region)(struct carveout_case_env *env);
	struct carveout_handle slot[CARVEOUT_CASE_SLOTS];
	unsigned int failed;
	const char *why;
};

#define REGION(_base, _size, _attrs, _want) {					\
	.op = CARVEOUT_CASE_REGION, .start = (_base), .size = (_size),		\
	.require = (_attrs), .want = (_want) }
#define ALLOC(_slot, _size, _start) {						\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.start = (_start) }
#define ALIGNED(_slot, _size, _align, _start) {					\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.align = (_align), .start = (_start) }
#define BELOW(_slot, _size, _max, _start) {					\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.max_addr = (_max), .start = (_start) }
#define WITH(_slot, _size, _require, _forbid, _regions, _start) {		\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.require = (_require), .forbid = (_forbid), .regions = (_regions),	\
	.start = (_start) }
#define REFUSED(_want, _size, _align, _max) {					\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = (_size),		\
	.align = (_align), .max_addr = (_max) }
#define REFUSED_WITH(_want, _size, _require, _forbid, _regions) {		\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = (_size),		\
	.require = (_require), .forbid = (_forbid), .regions = (_regions) }
#define FREE(_slot) { .op = CARVEOUT_CASE_FREE, .slot = (_slot) }
#define STALE(_slot) { .op = CARVEOUT_CASE_FREE, .slot = (_slot), .want = -EINVAL }
#define LARGEST(_region, _size) {						\
	.op = CARVEOUT_CASE_LARGEST, .slot = (_region), .size = (_size) }
#define HOLES(_count) { .op = CARVEOUT_CASE_HOLES, .want = (_count) }
#define USED(_bytes, _high) {							\
	.op = CARVEOUT_CASE_USED, .size = (_bytes), .start = (_high) }
#define MISSED(_count) { .op = CARVEOUT_CASE_MISSED, .want = (_count) }

static const struct carveout_case carveout_cases[] = {
	{ "one granule region", {
		REGION(0x1000, 64, 0, 0),
		ALLOC(0, 1, 0x1000),
		REFUSED(-ENOSPC, 1, 0, 0),
		USED(64, 64), HOLES(0), LARGEST(0, 0),
		FREE(0),
		ALLOC(1, 64, 0x1000),
		STALE(0),
		FREE(1),
		STALE(1),
		USED(0, 64), HOLES(1), LARGEST(0, 64),
	} },
	{ "first and last byte", {
		REGION(0, 0x1000, 0, 0),
		ALLOC(0, 64, 0),
		ALLOC(1, 0x1000 - 128, 64),
		ALLOC(2, 64, 0xfc0),
		REFUSED(-ENOSPC, 1, 0, 0),
		FREE(1),
		REFUSED(-ENOSPC, 0x1000 - 127, 0, 0),
		ALLOC(1, 0x1000 - 128, 64),
		FREE(0), FREE(2), FREE(1),
		HOLES(1), LARGEST(0, 0x1000),
		ALLOC(3, 0x1000, 0),
	} },
	{ "sizes are rounded up to the granule", {
		REGION(0x40, 0x400, 0, 0),
		ALLOC(0, 1, 0x40),
		ALLOC(1, 63, 0x80),
		ALLOC(2, 64, 0xc0),
		ALLOC(3, 65, 0x100),
		ALLOC(4, 127, 0x180),
		ALLOC(5, 128, 0x200),
		USED(0x240, 0x240),
	} },
	{ "bad requests", {
		REGION(0x10000, 0x10000, 1, 0),
		REFUSED(-EINVAL, 0, 0, 0),
		REFUSED(-EINVAL, ~0ULL, 0, 0),
		REFUSED(-EINVAL, ~0ULL - 62, 0, 0),
		REFUSED(-ENOSPC, ~0ULL - 63, 0, 0),
		REFUSED(-EINVAL, 64, 3, 0),
		REFUSED(-EINVAL, 64, 0x1001, 0),
		REFUSED(-EINVAL, 64, ~0ULL, 0),
		REFUSED_WITH(-EINVAL, 64, 2, 2, 0),
		REFUSED_WITH(-EINVAL, 64, 3, 0, 0),
		REFUSED_WITH(-EINVAL, 64, 0, 1, 0),
		REFUSED_WITH(-EINVAL, 64, 0, 0, 2),
		REFUSED_WITH(-EINVAL, 64, 0, 0, 1ULL << 63),
		REFUSED(-ENOSPC, 0x10001, 0, 0),
		REFUSED(-ENOSPC, 64, 1ULL << 63, 0),
		REFUSED(-ENOSPC, ~0ULL - 63, 1ULL << 63, 0),
		REFUSED(-ENOSPC, 64, 0, 1),
		HOLES(1), USED(0, 0), MISSED(0),
	} },
	{ "an empty heap has no place", {
		REFUSED(-ENOSPC, 64, 0, 0),
		REFUSED(-EINVAL, 0, 0, 0),
		STALE(0),
		USED(0, 0), HOLES(0), LARGEST(0, 0), LARGEST(99, 0),
	} },
	{ "small alignments mean the granule", {
		REGION(0x40, 0x1000, 0, 0),
		ALIGNED(0, 64, 1, 0x40),
		ALIGNED(1, 64, 2, 0x80),
		ALIGNED(2, 64, 32, 0xc0),
		ALIGNED(3, 64, 64, 0x100),
		ALIGNED(4, 64, 128, 0x180),
		HOLES(2),
	} },
	{ "the smallest hole is taken", {
		REGION(0, 0x1000, 0, 0),
		ALLOC(0, 5 * 64, 0), ALLOC(1, 64, 0x140),
		ALLOC(2, 3 * 64, 0x180), ALLOC(3, 64, 0x240),
		ALLOC(4, 4 * 64, 0x280), ALLOC(5, 64, 0x380),
		FREE(0), FREE(2), FREE(4),
		HOLES(4),
		ALLOC(6, 3 * 64, 0x180),
		ALLOC(7, 3 * 64, 0x280),
		ALLOC(8, 5 * 64, 0),
		ALLOC(9, 64, 0x340),
		HOLES(1),
	} },
	{ "a hole of the exact size is always found", {
		REGION(0, 0x100000, 0, 0),
		ALLOC(0, 0x20000, 0),
		ALLOC(1, 0x30040, 0x20000),
		ALLOC(2, 0x100000 - 0x50040, 0x50040),
		REFUSED(-ENOSPC, 1, 0, 0),
		FREE(1),
		REFUSED(-ENOSPC, 0x30041, 0, 0),
		REFUSED(-ENOSPC, 0x30080, 0, 0),
		ALLOC(3, 0x30040, 0x20000),
		HOLES(0),
	} },
	{ "sizes that share a bin are told apart", {
		REGION(0, 0x100000, 0, 0),
		ALLOC(0, 1024 * 64, 0), ALLOC(1, 64, 0x10000),
		ALLOC(2, 1025 * 64, 0x10040), ALLOC(3, 64, 0x20080),
		ALLOC(4, 1030 * 64, 0x200c0), ALLOC(5, 64, 0x30240),
		ALLOC(6, 1039 * 64, 0x30280),
		ALLOC(7, 0x100000 - 0x40640, 0x40640),
		FREE(0), FREE(2), FREE(4), FREE(6),
		HOLES(4), LARGEST(0, 1039 * 64),
		ALLOC(8, 1026 * 64, 0x200c0),
		ALLOC(9, 1031 * 64, 0x30280),
		REFUSED(-ENOSPC, 1026 * 64, 0, 0),
		ALLOC(10, 1025 * 64, 0x10040),
		LARGEST(0, 1024 * 64),
		REFUSED(-ENOSPC, 1025 * 64, 0, 0),
		ALLOC(11, 1024 * 64, 0),
	} },
	{ "an alignment cuts a hole in three", {
		REGION(0x1040, 0x3000, 0, 0),
		ALIGNED(0, 0x1000, 0x1000, 0x2000),
		HOLES(2), LARGEST(0, 0x1040),
		ALLOC(1, 0x1040, 0x3000),
		ALIGNED(2, 64, 0x800, 0x1800),
		HOLES(2),
		FREE(0), FREE(1), FREE(2),
		HOLES(1), LARGEST(0, 0x3000),
	} },
	{ "an alignment as large as the region", {
		REGION(0x10000, 0x10000, 0, 0),
		ALIGNED(0, 0x10000, 0x10000, 0x10000),
		FREE(0),
		ALIGNED(0, 64, 0x8000, 0x10000),
		ALIGNED(1, 64, 0x8000, 0x18000),
		REFUSED(-ENOSPC, 64, 0x8000, 0),
		REFUSED(-ENOSPC, 64, 0x20000, 0),
		MISSED(0),
	} },
	{ "an aligned hole behind smaller ones is found", {
		REGION(0, 0x10000, 0, 0),
		ALLOC(0, 0x1040, 0), ALLOC(1, 0x40, 0x1040), ALLOC(2, 0xf80, 0x1080),
		ALLOC(3, 0x40, 0x2000), ALLOC(4, 0x1000, 0x2040), ALLOC(5, 0x40, 0x3040),
		ALLOC(6, 0xf80, 0x3080), ALLOC(7, 0x1080, 0x4000), ALLOC(8, 0xaf80, 0x5080),
		FREE(4),
		REFUSED(-ENOSPC, 0x1000, 0x1000, 0),
		FREE(0), FREE(7),
		HOLES(3),
		ALIGNED(9, 0x1000, 0x1000, 0),
		ALIGNED(10, 0x1000, 0x1000, 0x4000),
		REFUSED(-ENOSPC, 0x1000, 0x1000, 0),
		MISSED(0),
	} },
	{ "regions are tried in their order", {
		REGION(0x20000, 0x1000, 0, 0),
		REGION(0x10000, 0x1000, 0, 1),
		ALLOC(0, 0xfc0, 0x20000),
		ALLOC(1, 0x80, 0x10000),
		ALLOC(2, 0x40, 0x20fc0),
		ALLOC(3, 0xf80, 0x10080),
		REFUSED(-ENOSPC, 1, 0, 0),
		FREE(0),
		ALLOC(0, 0x40, 0x20000),
		USED(0x1080, 0x2000),
	} },
	{ "attributes and masks choose regions", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x20000, 0x1000, 2, 1),
		REGION(0x30000, 0x1000, 3, 2),
		WITH(0, 64, 2, 0, 0, 0x20000),
		WITH(1, 64, 3, 0, 0, 0x30000),
		WITH(2, 64, 0, 1, 0, 0x20040),
		WITH(3, 64, 0, 2, 0, 0x10000),
		WITH(4, 64, 0, 0, 4, 0x30040),
		WITH(5, 64, 0, 0, 6, 0x20080),
		WITH(6, 64, 1, 2, ~0ULL, 0x10040),
		WITH(7, 64, 1, 0, 6, 0x30080),
		REFUSED_WITH(-EINVAL, 64, 4, 0, 0),
		REFUSED_WITH(-EINVAL, 64, 0, 3, 0),
		REFUSED_WITH(-EINVAL, 64, 1, 0, 2),
		REFUSED_WITH(-ENOSPC, 0x1000, 2, 1, 0),
	} },
	{ "an address limit", {
		REGION(0x30000, 0x1000, 0, 0),
		REGION(0x10000, 0x1000, 0, 1),
		BELOW(0, 64, 0x31000, 0x30000),
		BELOW(1, 64, 0x30fff, 0x10000),
		BELOW(2, 64, 0x11000, 0x10040),
		BELOW(3, 64, 0x100c0, 0x10080),
		REFUSED(-ENOSPC, 64, 0, 0x100ff),
		BELOW(4, 64, 0x10100, 0x100c0),
		REFUSED(-ENOSPC, 64, 0, 0x10000),
		REFUSED(-ENOSPC, 64, 0, 63),
		REFUSED(-ENOSPC, 0x1000, 0, 0x30fff),
		REFUSED(-ENOSPC, 0x1040, 0, ~0ULL),
		BELOW(5, 0xf00, 0x30fff, 0x10100),
		BELOW(6, 64, 0x30080, 0x30040),
		MISSED(0),
	} },
	{ "an address limit with an alignment", {
		REGION(0x10040, 0x10000, 0, 0),
		{ .op = CARVEOUT_CASE_ALLOC, .size = 0x1000, .align = 0x1000,
		  .max_addr = 0x12000, .start = 0x11000 },
		{ .op = CARVEOUT_CASE_ALLOC, .size = 0x1000, .align = 0x1000,
		  .max_addr = 0x12fff, .want = -ENOSPC },
		{ .op = CARVEOUT_CASE_ALLOC, .slot = 1, .size = 0x1000, .align = 0x1000,
		  .max_addr = 0x13000, .start = 0x12000 },
		MISSED(0),
	} },
	{ "regions that do not make sense", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x20000, 0, 1, -EINVAL),
		REGION(0x20020, 0x1000, 1, -EDOM),
		REGION(0x20000, 0x1020, 1, -EDOM),
		REGION(0x20000, 1, 1, -EDOM),
		REGION(~0ULL - 63, 64, 1, -EOVERFLOW),
		REGION(~0ULL - 63, 128, 1, -EOVERFLOW),
		REGION(1ULL << 63, 1ULL << 63, 1, -EOVERFLOW),
		REGION(0x10000, 0x1000, 1, -EEXIST),
		REGION(0x10000, 0x1000, 2, -EEXIST),
		REGION(0xf000, 0x1040, 1, -EEXIST),
		REGION(0x10fc0, 0x1000, 1, -EEXIST),
		REGION(0x10400, 0x400, 1, -EEXIST),
		REGION(0, 0x100000, 1, -EEXIST),
		HOLES(1), LARGEST(0, 0x1000), LARGEST(1, 0),
		ALLOC(0, 0x1000, 0x10000),
	} },
	{ "the highest address and the largest size", {
		REGION(~0ULL - 127, 64, 0, 0),
		ALLOC(0, 64, ~0ULL - 127),
		REGION(0, 1ULL << 63, 0, 1),
		LARGEST(1, 1ULL << 63),
		ALLOC(1, 1ULL << 63, 0),
		REFUSED(-ENOSPC, 1, 0, 0),
		FREE(1),
		ALLOC(2, 1ULL << 32, 0),
		ALIGNED(3, 1ULL << 62, 1ULL << 62, 1ULL << 62),
		ALIGNED(4, 64, 1ULL << 61, 1ULL << 61),
		REFUSED(-ENOSPC, 1ULL << 62, 0, 0),
		LARGEST(1, (1ULL << 61) - 64),
		FREE(0), FREE(2), FREE(3), FREE(4),
		HOLES(2),
	} },
	{ "a region of all sixty-four bits but one granule", {
		REGION(0, ~0ULL - 63, 0, 0),
		ALLOC(0, ~0ULL - 63, 0),
		USED(~0ULL - 63, ~0ULL - 63),
		FREE(0),
		ALIGNED(1, 64, 1ULL << 63, 0),
		ALIGNED(2, 64, 1ULL << 63, 1ULL << 63),
		REFUSED(-ENOSPC, 64, 1ULL << 63, 0),
		REGION(~0ULL - 63, 64, 0, -EOVERFLOW),
	} },
	{ "regions that touch are joined behind", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		ALLOC(0, 0x2000, 0x10000),
		REGION(0x12000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x1000),
		FREE(0),
		ALLOC(1, 0x3000, 0x10000),
	} },
	{ "regions that touch are joined in front", {
		REGION(0x12000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		ALLOC(0, 0x2000, 0x11000),
		REGION(0x10000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x1000),
		FREE(0),
		ALLOC(1, 0x3000, 0x10000),
	} },
	{ "regions that touch stay apart if their attributes differ", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 2, 1),
		REGION(0xf000, 0x1000, 2, 2),
		HOLES(3),
		REFUSED(-ENOSPC, 0x1040, 0, 0),
		ALLOC(0, 0x1000, 0x10000),
		ALLOC(1, 0x1000, 0x11000),
		ALLOC(2, 0x1000, 0xf000),
		FREE(0), FREE(1), FREE(2),
		HOLES(3),
	} },
	{ "a gap is never crossed", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x11040, 0x1000, 1, 1),
		HOLES(2),
		REFUSED(-ENOSPC, 0x1040, 0, 0),
		ALLOC(0, 0x1000, 0x10000),
		ALLOC(1, 0x1000, 0x11040),
		REFUSED(-ENOSPC, 1, 0, 0),
		USED(0x2000, 0x2000),
		FREE(0), FREE(1),
		HOLES(2),
	} },
	{ "a region that fills a gap joins three", {
		REGION(0x12000, 0x1000, 1, 0),
		REGION(0x30000, 0x1000, 2, 1),
		REGION(0x10000, 0x1000, 1, 2),
		WITH(0, 0x80, 0, 0, 4, 0x10000),
		WITH(1, 0x80, 0, 0, 1, 0x12000),
		HOLES(3),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(3), LARGEST(0, 0x1f80), LARGEST(1, 0x1000), LARGEST(2, 0),
		REFUSED_WITH(-EINVAL, 64, 0, 0, 4),
		FREE(0), FREE(1),
		HOLES(2), LARGEST(0, 0x3000),
		ALLOC(2, 0x3000, 0x10000),
		REGION(0x40000, 0x1000, 1, 2),
		USED(0x3000, 0x3000),
	} },
	{ "an entry in the middle becomes empty", {
		REGION(0x12000, 0x1000, 1, 0),
		REGION(0x10000, 0x1000, 1, 1),
		REGION(0x30000, 0x1000, 2, 2),
		WITH(0, 0x1000, 0, 0, 2, 0x10000),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(2), LARGEST(0, 0x2000), LARGEST(1, 0), LARGEST(2, 0x1000),
		REFUSED_WITH(-EINVAL, 64, 0, 0, 2),
		WITH(1, 64, 0, 0, 6, 0x30000),
		ALLOC(2, 0x2000, 0x11000),
		FREE(0), FREE(2), FREE(1),
		HOLES(2), LARGEST(0, 0x3000),
		REGION(0x40000, 0x1000, 1, 3),
		REGION(0x30fc0, 0x1000, 2, -EEXIST),
	} },
	{ "a hole and an allocation meet where regions join", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x12000, 0x1000, 1, 1),
		WITH(0, 0x1000, 0, 0, 2, 0x12000),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		FREE(0),
		HOLES(1), LARGEST(0, 0x3000),
	} },
	{ "a full region that fills a gap joins three", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x12000, 0x1000, 1, 1),
		ALLOC(0, 0x1000, 0x10000), ALLOC(1, 0x1000, 0x12000),
		HOLES(0),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x1000),
		ALLOC(2, 0x1000, 0x11000),
		FREE(0), FREE(1),
		HOLES(2),
		FREE(2),
		HOLES(1), LARGEST(0, 0x3000), LARGEST(1, 0),
	} },
};

#undef REGION
#undef ALLOC
#undef ALIGNED
#undef BELOW
#undef WITH
#undef REFUSED
#undef REFUSED_WITH
#undef FREE
#undef STALE
#undef LARGEST
#undef HOLES
#undef USED
#undef MISSED

static inline const char *carveout_case_region(struct carveout_case_env *env,
					       const struct carveout_case_step *step)
{
	struct carveout_region *mem = env->region(env);
	int got;

	do {
		got = carveout_heap_add_region(env->heap, mem, step->start, step->size,
					       step->require);
	} while (got == -ENOMEM && !env->grow(env));
	return got == step->want ? NULL : "adding the region had another result";
}

static inline const char *carveout_case_alloc(struct carveout_case_env *env,
					      const struct carveout_case_step *step)
{
	const struct carveout_request req = {
		.size = step->size,
		.align = step->align,
		.regions = step->regions,
		.max_addr = step->max_addr,
		.require = step->require,
		.forbid = step->forbid,
		.cookie = step->slot + 1000,
	};
	struct carveout_span_info info;
	struct carveout_handle handle;
	int got;

	do {
		got = carveout_heap_alloc(env->heap, &req, &handle);
	} while (got == -ENOMEM && !env->grow(env));
	if (got != step->want)
		return "the allocation had another result";
	if (got)
		return NULL;
	env->slot[step->slot] = handle;
	if (carveout_heap_info(env->heap, handle, &info))
		return "the allocation cannot be looked up";
	if (info.start != step->start)
		return "the allocation lies elsewhere";
	if (info.size != ((step->size + 63) & ~63ULL) || !info.used ||
	    info.cookie != req.cookie || info.handle.index != handle.index ||
	    info.handle.gen != handle.gen)
		return "the allocation looks different";
	return NULL;
}

static inline const char *carveout_case_do(struct carveout_case_env *env,
					   const struct carveout_case_step *step)
{
	struct carveout_heap *heap = env->heap;

	switch (step->op) {
	case CARVEOUT_CASE_REGION:
		return carveout_case_region(env, step);
	case CARVEOUT_CASE_ALLOC:
		return carveout_case_alloc(env, step);
	case CARVEOUT_CASE_FREE:
		return carveout_heap_free(heap, env->slot[step->slot]) == step->want ?
		       NULL : "the free had another result";
	case CARVEOUT_CASE_LARGEST:
		return carveout_region_largest(heap, step->slot) == step->size ?
		       NULL : "the largest hole has another size";
	case CARVEOUT_CASE_HOLES:
		return heap->nr_holes == (u32)step->want ? NULL : "another number of holes";
	case CARVEOUT_CASE_USED:
		return heap->used == step->size && heap->high == step->start ?
		       NULL : "another number of bytes";
	case CARVEOUT_CASE_MISSED:
		return heap->stats.nr_missed == (u64)step->want ?
		       NULL : "another number of missed places";
	case CARVEOUT_CASE_END:
		break;
	}
	return "no such step";
}

/**
 * carveout_case_run() - Run a scenario
 * @env: surroundings; on failure it says what went wrong
 * @scenario: scenario
 *
 * Context: As the callbacks of @env.
 * Return: 0, or -EINVAL when a step had another result than it must have.
 */
static inline int carveout_case_run(struct carveout_case_env *env,
				    const struct carveout_case *scenario)
{
	const struct carveout_case_step *step = scenario->step;
	struct carveout_report report;
	u64 hash;

	for (env->failed = 0; step->op != CARVEOUT_CASE_END; step++, env->failed++) {
		hash = carveout_heap_hash(env->heap);
		env->why = carveout_case_do(env, step);
		if (env->why)
			return -EINVAL;
		if (step->want < 0 && carveout_heap_hash(env->heap) != hash) {
			env->why = "a failure changed the heap";
			return -EINVAL;
		}
		if (carveout_heap_validate(env->heap, &report)) {
			env->why = carveout_report_string(&report);
			return -EINVAL;
		}
	}
	return 0;
}

#endif /* CARVEOUT_HEAP_CASES_H */
