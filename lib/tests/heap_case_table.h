/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of the heap: the table. Included only by heap_cases.h, which documents
 * the steps.
 */

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
#define TOP(_slot, _size, _align, _max, _start) {				\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.align = (_align), .max_addr = (_max), .start = (_start), .top_down = true }
#define TOP_REFUSED(_want, _size, _align, _max) {				\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = (_size),		\
	.align = (_align), .max_addr = (_max), .top_down = true }
#define ORDER(_slot, _size, _first, _second, _third, _start) {			\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.require = (_first), .fallback = { (_second), (_third) },		\
	.nr_fallback = 2, .start = (_start) }
#define ORDER_REFUSED(_want, _first, _second, _third, _forbid, _nr) {		\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = 64,			\
	.require = (_first), .fallback = { (_second), (_third) },		\
	.forbid = (_forbid), .nr_fallback = (_nr) }
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
#define EXACT(_slot, _size, _addr) {						\
	.op = CARVEOUT_CASE_ALLOC, .slot = (_slot), .size = (_size),		\
	.exact = true, .addr = (_addr) }
#define EXACT_REFUSED(_want, _size, _align, _max, _addr) {			\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = (_size),		\
	.align = (_align), .max_addr = (_max), .exact = true, .addr = (_addr) }
#define EXACT_TOP_REFUSED(_want, _size, _addr) {				\
	.op = CARVEOUT_CASE_ALLOC, .want = (_want), .size = (_size),		\
	.exact = true, .top_down = true, .addr = (_addr) }
#define FIND(_addr, _used, _start, _size) {					\
	.op = CARVEOUT_CASE_FIND, .start = (_addr), .want = (_used),		\
	.addr = (_start), .size = (_size) }
#define NOT_FOUND(_addr) {							\
	.op = CARVEOUT_CASE_FIND, .start = (_addr), .want = -EINVAL }
#define FREE_AT(_addr, _want) {							\
	.op = CARVEOUT_CASE_FREE_AT, .start = (_addr), .want = (_want) }
#define RESIZE(_slot, _size, _want) {						\
	.op = CARVEOUT_CASE_RESIZE, .slot = (_slot), .size = (_size), .want = (_want) }
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
	{ "invalid requests", {
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
	{ "a heap without regions has no place", {
		REFUSED(-ENOSPC, 64, 0, 0),
		REFUSED(-EINVAL, 0, 0, 0),
		STALE(0),
		USED(0, 0), HOLES(0), LARGEST(0, 0), LARGEST(99, 0),
	} },
	{ "the lower hole of a size, with and without an alignment", {
		REGION(0x10000, 0x10000, 0, 0),
		ALLOC(0, 0x1000, 0x10000), ALLOC(1, 0x1000, 0x11000),
		ALLOC(2, 0x1000, 0x12000), ALLOC(3, 0x1000, 0x13000),
		FREE(0), FREE(2),
		ALLOC(4, 0x1000, 0x10000), FREE(4),
		ALIGNED(4, 0x1000, 0x1000, 0x10000), FREE(4),
		BELOW(4, 0x1000, 0x20000, 0x10000), FREE(4),
		REFUSED(-EINVAL, 0x1000, 3, 0), REFUSED(-EINVAL, 0x1000, 0x3000, 0),
		ALIGNED(4, 0x800, 0x800, 0x10000), ALIGNED(5, 0x800, 0x1000, 0x12000),
		ALIGNED(6, 0x400, 0x400, 0x10800), HOLES(3),
	} },
	{ "alignments below the granule", {
		REGION(0x40, 0x1000, 0, 0),
		ALIGNED(0, 64, 1, 0x40),
		ALIGNED(1, 64, 2, 0x80),
		ALIGNED(2, 64, 32, 0xc0),
		ALIGNED(3, 64, 64, 0x100),
		ALIGNED(4, 64, 128, 0x180),
		HOLES(2),
	} },
	{ "the smallest sufficient hole is used", {
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
	{ "sizes that share a bin are distinguished", {
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
	{ "an alignment splits a hole into three spans", {
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
	{ "attributes and masks select regions", {
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
	{ "invalid regions", {
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
		REGION(0, 1ULL << 61, 0, 1),
		LARGEST(1, 1ULL << 61),
		ALLOC(1, 1ULL << 61, 0),
		REFUSED(-ENOSPC, 1, 0, 0),
		FREE(1),
		ALLOC(2, 1ULL << 32, 0),
		ALIGNED(3, 1ULL << 60, 1ULL << 60, 1ULL << 60),
		ALIGNED(4, 64, 1ULL << 59, 1ULL << 59),
		REFUSED(-ENOSPC, 1ULL << 60, 0, 0),
		LARGEST(1, (1ULL << 59) - 64),
		FREE(0), FREE(2), FREE(3), FREE(4),
		HOLES(2),
	} },
	{ "a region of as many granules as possible", {
		REGION(0, 1ULL << 62, 0, -EOVERFLOW),
		REGION(0, (1ULL << 62) - 64, 0, 0),
		ALLOC(0, (1ULL << 62) - 64, 0),
		USED((1ULL << 62) - 64, (1ULL << 62) - 64),
		FREE(0),
		ALIGNED(1, 64, 1ULL << 61, 0),
		ALIGNED(2, 64, 1ULL << 61, 1ULL << 61),
		REFUSED(-ENOSPC, 64, 1ULL << 61, 0),
		REGION((1ULL << 62) - 64, 64, 0, -EOVERFLOW),
		REGION(1ULL << 63, 64, 1, -EOVERFLOW),
		REGION(~0ULL - 63, 64, 0, -EOVERFLOW),
	} },
	{ "regions that touch are joined at the end", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		ALLOC(0, 0x2000, 0x10000),
		REGION(0x12000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x1000),
		FREE(0),
		ALLOC(1, 0x3000, 0x10000),
	} },
	{ "regions that touch are joined at the start", {
		REGION(0x12000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		ALLOC(0, 0x2000, 0x11000),
		REGION(0x10000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x1000),
		FREE(0),
		ALLOC(1, 0x3000, 0x10000),
	} },
	{ "regions of different attributes are not joined", {
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
	{ "no allocation crosses a gap", {
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
	{ "a region that fills a gap joins three regions", {
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
	{ "a hole and an allocation at the seam of a join", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x12000, 0x1000, 1, 1),
		WITH(0, 0x1000, 0, 0, 2, 0x12000),
		REGION(0x11000, 0x1000, 1, 0),
		HOLES(1), LARGEST(0, 0x2000),
		FREE(0),
		HOLES(1), LARGEST(0, 0x3000),
	} },
	{ "a region that fills a gap joins three full regions", {
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
	{ "growing and shrinking in place", {
		REGION(0x10000, 0x1000, 0, 0),
		ALLOC(0, 0x100, 0x10000),
		RESIZE(0, 0x200, 0), HOLES(1),
		ALLOC(1, 0x100, 0x10200),
		RESIZE(0, 0x201, -ENOSPC),
		RESIZE(0, 1, 0), HOLES(2), USED(0x140, 0x300),
		RESIZE(0, 0x1c0, 0), HOLES(2),
		RESIZE(0, 0x200, 0), HOLES(1),
		RESIZE(0, 0x1c1, 0), HOLES(1),
		RESIZE(1, 0xe00, 0), HOLES(0), USED(0x1000, 0x1000),
		RESIZE(1, 0xe01, -ENOSPC),
		RESIZE(0, 0, -EINVAL), RESIZE(0, ~0ULL, -EINVAL),
		RESIZE(1, 0xdc0, 0), HOLES(1), LARGEST(0, 64),
		FREE(1), LARGEST(0, 0xe00),
		RESIZE(1, 64, -EINVAL),
		RESIZE(0, 0x1000, 0), HOLES(0),
		FREE(0), HOLES(1), LARGEST(0, 0x1000),
	} },
	{ "growing stops at the end of the region", {
		REGION(0x10000, 0x1000, 1, 0),
		REGION(0x11000, 0x1000, 2, 1),
		ALLOC(0, 0x1000, 0x10000),
		RESIZE(0, 0x1040, -ENOSPC),
		RESIZE(0, 0xfc0, 0), HOLES(2),
		RESIZE(0, 0x1040, -ENOSPC),
		RESIZE(0, 0x1000, 0), HOLES(1),
	} },
	{ "from the top", {
		REGION(0x10000, 0x1000, 0, 0),
		TOP(0, 0x100, 0, 0, 0x10f00),
		TOP(1, 0x40, 0x400, 0, 0x10c00),
		TOP(2, 0x80, 0, 0, 0x10e80),
		TOP(3, 0x80, 0, 0x10800, 0x10780),
		TOP(4, 0x80, 0x100, 0x10780, 0x10700),
		TOP(5, 0x240, 0, 0, 0x10c40),
		TOP_REFUSED(-ENOSPC, 0x701, 0, 0),
		TOP_REFUSED(-ENOSPC, 0x40, 0x8000, 0x10000),
		TOP(6, 0x700, 0, 0, 0x10000),
		FREE(0), FREE(1), FREE(2), FREE(3), FREE(4), FREE(5), FREE(6),
		TOP(0, 0x1000, 0, 0, 0x10000),
	} },
	{ "from the top, the last hole is preferred to the best one", {
		REGION(0x10000, 0x1000, 0, 0),
		ALLOC(0, 0x80, 0x10000), ALLOC(1, 0x40, 0x10080),
		FREE(0),
		TOP(2, 0x40, 0, 0, 0x10fc0),
		TOP(3, 0x40, 0, 0x10080, 0x10040),
		ALLOC(4, 0x40, 0x10000),
	} },
	{ "an exact address", {
		EXACT_REFUSED(-ENOSPC, 64, 0, 0, 0x10000),
		REGION(0x10000, 0x4000, 0, 0),
		REGION(0x20000, 0x1000, 0, 1),
		EXACT(0, 0x100, 0x12000), HOLES(3),
		EXACT_REFUSED(-ENOSPC, 64, 0, 0, 0x12000),
		EXACT_REFUSED(-ENOSPC, 64, 0, 0, 0x120c0),
		EXACT_REFUSED(-ENOSPC, 0x80, 0, 0, 0x11fc0),
		EXACT_REFUSED(-ENOSPC, 0x1040, 0, 0, 0x13000),
		EXACT_REFUSED(-ENOSPC, 0x1040, 0, 0, 0x20000),
		EXACT_REFUSED(-ENOSPC, 64, 0, 0x12103, 0x12100),
		EXACT_REFUSED(-ENOSPC, 64, 0, 0x12000, 0x12100),
		EXACT_REFUSED(-EINVAL, 64, 0, 0, 0x14000),
		EXACT_REFUSED(-EINVAL, 64, 0, 0, 0xffc0),
		EXACT_REFUSED(-EINVAL, 64, 0, 0, ~0ULL - 63),
		EXACT_REFUSED(-EINVAL, 64, 0, 0, 0x11001),
		EXACT_REFUSED(-EINVAL, 64, 0x2000, 0, 0x11000),
		EXACT_REFUSED(-EINVAL, 0, 0, 0, 0x11000),
		EXACT_TOP_REFUSED(-EINVAL, 64, 0x11000),
		EXACT_REFUSED(-ENOSPC, ~0ULL - 63, 0, 0, 0x11000),
		EXACT(1, 64, 0x11fc0), EXACT(2, 64, 0x12100),
		EXACT(3, 0x1fc0, 0x10000), EXACT(4, 0x1ec0, 0x12140), HOLES(1),
		EXACT(5, 0x1000, 0x20000), HOLES(0),
		FREE(0), FREE(1), FREE(2), FREE(3), FREE(4), FREE(5), HOLES(2),
	} },
	{ "look-up and free by address", {
		NOT_FOUND(0),
		REGION(0x10000, 0x2000, 0, 0),
		REGION(0x13000, 0x1000, 0, 1),
		FIND(0x10000, 0, 0x10000, 0x2000), FIND(0x11fff, 0, 0x10000, 0x2000),
		NOT_FOUND(0xffff), NOT_FOUND(0x12000), NOT_FOUND(0x14000),
		NOT_FOUND(~0ULL),
		ALLOC(0, 0x1040, 0x13000 - 0x3000),
		ALLOC(1, 64, 0x11040),
		FIND(0x10000, 1, 0x10000, 0x1040), FIND(0x1103f, 1, 0x10000, 0x1040),
		FIND(0x11040, 1, 0x11040, 64), FIND(0x11080, 0, 0x11080, 0xf80),
		FREE_AT(0x10040, -EINVAL), FREE_AT(0x10001, -EINVAL),
		FREE_AT(0x11080, -EINVAL), FREE_AT(0x12000, -EINVAL),
		FREE_AT(0x10000, 0), FREE_AT(0x10000, -EINVAL), STALE(0),
		FIND(0x10000, 0, 0x10000, 0x1040),
		FREE_AT(0x11040, 0), HOLES(2),
	} },
	{ "look-up by address across seams of pieces", {
		REGION(0x10000, 0x1000, 0, 0),
		REGION(0x12000, 0x1000, 0, 1),
		REGION(0x11000, 0x1000, 0, 0),
		REGION(0x13000, 0x1040, 0, 0),
		REGION(0xf000, 0x1000, 0, 0),
		FIND(0x14000, 0, 0xf000, 0x5040), FIND(0xf000, 0, 0xf000, 0x5040),
		EXACT(0, 0x2000, 0x10800),
		FIND(0x10000, 0, 0xf000, 0x1800), FIND(0x11800, 1, 0x10800, 0x2000),
		FIND(0x127ff, 1, 0x10800, 0x2000), FIND(0x13000, 0, 0x12800, 0x1840),
		RESIZE(0, 0x3000, 0), FIND(0x137c0, 1, 0x10800, 0x3000),
		FIND(0x13800, 0, 0x13800, 0x840),
		RESIZE(0, 64, 0), FIND(0x13800, 0, 0x10840, 0x3800),
		FREE_AT(0x10800, 0), FIND(0x12000, 0, 0xf000, 0x5040),
	} },
	{ "look-up by address in a very large region", {
		REGION(0, 1ULL << 61, 0, 0),
		EXACT(0, 64, 1ULL << 60),
		FIND(1, 0, 0, 1ULL << 60), FIND(1ULL << 60, 1, 1ULL << 60, 64),
		FIND((1ULL << 61) - 1, 0, (1ULL << 60) + 64, (1ULL << 60) - 64),
		NOT_FOUND(1ULL << 61),
		EXACT(1, 128, (1ULL << 60) + 0x1000),
		FREE_AT((1ULL << 60) + 0x1000, 0), FREE_AT(1ULL << 60, 0),
		HOLES(1),
	} },
	{ "fallbacks are tried in order", {
		REGION(0x30000, 0x1000, 4, 0),
		REGION(0x10000, 0x1000, 1, 1),
		REGION(0x20000, 0x1000, 2, 2),
		ORDER(0, 0x1000, 1, 2, 4, 0x10000),
		ORDER(1, 0x1000, 1, 2, 4, 0x20000),
		ORDER(2, 0xfc0, 1, 8, 4, 0x30000),
		ORDER(3, 0x40, 8, 16, 0, 0x30fc0),
		ORDER_REFUSED(-ENOSPC, 1, 2, 4, 0, 2),
		ORDER_REFUSED(-ENOSPC, 8, 16, 1, 0, 2),
		ORDER_REFUSED(-ENOSPC, 1, 16, 8, 0, 2),
		ORDER_REFUSED(-EINVAL, 8, 16, 32, 0, 2),
		FREE(1),
		ORDER_REFUSED(-EINVAL, 1, 2, 0, 2, 1),
		ORDER_REFUSED(-EINVAL, 2, 0, 0, 0, 4),
		ORDER_REFUSED(-ENOSPC, 1, 4, 2, 0, 1),
		ORDER(1, 0x1000, 1, 4, 2, 0x20000),
	} },
};

#undef REGION
#undef ALLOC
#undef ALIGNED
#undef BELOW
#undef WITH
#undef TOP
#undef TOP_REFUSED
#undef ORDER
#undef ORDER_REFUSED
#undef REFUSED
#undef REFUSED_WITH
#undef FREE
#undef STALE
#undef LARGEST
#undef HOLES
#undef USED
#undef EXACT
#undef EXACT_REFUSED
#undef FIND
#undef NOT_FOUND
#undef FREE_AT
#undef RESIZE
#undef MISSED
