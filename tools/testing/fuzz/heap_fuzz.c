// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: input bytes are calls of a heap, an oracle judges each result.
 *
 * The first byte of an input selects the granule and the amount of checking, the rest
 * is a list of operations. The low five bits of an operation's byte are its index in
 * the table below, the high three are its argument; further parameters follow. Unused
 * indices mean an allocation or a free. So a new operation is one function and one
 * row, and old inputs keep their meaning except for that index.
 *
 * All memory is static. ASan guards the memory behind each piece that the heap uses,
 * and the memory of regions that the heap no longer uses.
 *
 * CARVEOUT_FUZZ_TRACE in the environment: print each operation on stderr.
 */

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

#define OP_SLOTS 32
#define MEM_COUNT (2 * CARVEOUT_MAX_REGIONS)
#define CHUNK_COUNT 8
#define CHUNK_BYTES 65536
#define HANDLES 64
/* Number of operations between complete checks; multiplied with many regions. */
#define PERIOD 64

/* Bytes of the address map of the largest piece: see lib/addr_map.c. */
#define MAP_BYTES ((CARVEOUT_ADDR_MAP_GROUPS / 64 + 1) * (64 * sizeof(u32) + sizeof(u64)) + 64)

struct region_mem {
	struct carveout_region region;
	u64 map[MAP_BYTES / sizeof(u64)];
	u8 guard[64];
};

struct chunk_mem {
	u64 mem[CHUNK_BYTES / sizeof(u64)];
	u64 guard[8];
};

/* State of the run of one input. */
static struct fuzz {
	const u8 *data;
	size_t left;
	struct carveout_heap heap;
	struct oracle oracle;
	unsigned int nr_chunks;
	unsigned int nr_mem;
	struct carveout_handle handle[HANDLES];	/* the latest, live or stale */
	unsigned int nr_handles;
	u32 cursor;
	u64 cookie;
	u64 ops;				/* operations of this input */
	unsigned int unchecked;			/* operations since the last full check */
	bool thorough;				/* full check after each operation */
	bool generous;				/* add a chunk after each -ENOMEM */
	const char *name;			/* name of the operation */
} fuzz;

static struct region_mem mem[MEM_COUNT];
static struct chunk_mem chunk[CHUNK_COUNT];
static u64 total_ops;
static bool trace;

/* === Verdict ============================================================== */

static void report_total(void)
{
	fprintf(stderr, "operations: %llu\n", (unsigned long long)total_ops);
}

static void wrong(const char *why)
{
	fprintf(stderr, "divergence in operation %llu (%s): %s\n",
		(unsigned long long)fuzz.ops, fuzz.name, why);
	report_total();
	abort();
}

static void judge(const char *why)
{
	if (why)
		wrong(why);
}

void carveout_assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	wrong("an assertion failed");
}

static void check_all(void)
{
	struct carveout_report report;

	fuzz.unchecked = 0;
	judge(oracle_compare(&fuzz.oracle, &fuzz.heap));
	if (carveout_heap_validate(&fuzz.heap, &report) || report.invariant != CARVEOUT_SOUND)
		wrong(carveout_report_string(&report));
}

/* === Bytes ================================================================ */

/* Take a byte of the input; 0 at its end. */
static u8 take(void)
{
	if (!fuzz.left)
		return 0;
	fuzz.left--;
	return *fuzz.data++;
}

/* A number of bytes: often a few granules, sometimes very large. */
static u64 take_number(void)
{
	u8 byte = take();
	u64 low = byte & 63;

	switch (byte >> 6) {
	case 0:
		return low << fuzz.heap.shift;
	case 1:
		return (low * 64) << fuzz.heap.shift;
	case 2:
		return (1ULL << low) + (u64)(__s8)take();
	default:
		low = low << 8 | take();
		return low << (take() & 63);
	}
}

/* A number, or 0 unless @flags has @bit. */
static u64 take_if(unsigned int flags, unsigned int bit, u64 (*number)(void))
{
	return flags & bit ? number() : 0;
}

static u64 take_mask(void)
{
	u64 low = take();

	return low << (take() & 63) | low >> 4;
}

/*
 * A critical address: a few bytes or granules from the start of a region or of an
 * allocation. Coverage feedback does not lead the fuzzer there, because it does not
 * distinguish a limit that is off by one from any other.
 */
static u64 take_limit(void)
{
	u8 byte = take();
	int delta = (byte & 15) - 8;
	u64 edge;

	if (byte >= 0xc0)
		return take_number();
	if (byte & 16 || !fuzz.oracle.nr_allocs)
		edge = fuzz.oracle.region[take() % CARVEOUT_MAX_REGIONS].base;
	else
		edge = fuzz.oracle.alloc[take() % fuzz.oracle.nr_allocs].start;
	if (byte & 32)
		return edge + (u64)(__s64)delta;
	return edge + ((u64)take() << fuzz.heap.shift) + (u64)(__s64)delta;
}

static u64 take_align(void)
{
	u8 byte = take();

	return (1ULL << (byte & 63)) | (byte >= 0xc0 ? byte : 0);
}

/* One of the latest handles, live or stale; or one that never existed. */
static struct carveout_handle take_handle(void)
{
	struct carveout_handle handle = { };
	u8 byte = take();

	if (fuzz.nr_handles)
		handle = fuzz.handle[byte % min(fuzz.nr_handles, (unsigned int)HANDLES)];
	if (byte < 0xf0)
		return handle;
	handle.index ^= 1U << (take() & 31);
	handle.gen += byte & 1 ? take() : 0;
	return handle;
}

/* A live handle, if there is one. */
static struct carveout_handle take_live(void)
{
	u8 byte = take();

	if (!fuzz.oracle.nr_allocs)
		return (struct carveout_handle){ .index = byte, .gen = byte };
	return fuzz.oracle.alloc[byte % fuzz.oracle.nr_allocs].handle;
}

/* === Operations =========================================================== */

static void count_op(void)
{
	total_ops++;
	fuzz.ops++;
	fuzz.unchecked++;
}

/* After a call was judged: check that nothing else has changed. */
static void after_call(int ret, u64 hash)
{
	unsigned int regions = 1 + fuzz.heap.nr_regions / 4;

	count_op();
	if (unlikely(trace))
		fprintf(stderr, "%4llu %-10s %d\n", (unsigned long long)fuzz.ops, fuzz.name, ret);
	judge(oracle_counters(&fuzz.oracle, &fuzz.heap));
	if (fuzz.thorough && ret < 0 && carveout_heap_hash(&fuzz.heap) != hash)
		wrong("a failed call has changed the heap");
	if (fuzz.thorough || (ret < 0 && !(fuzz.ops % 4)))
		judge(oracle_compare(&fuzz.oracle, &fuzz.heap));
	if (fuzz.unchecked >= (fuzz.thorough ? 1 : PERIOD) * regions)
		check_all();
}

static u64 hash_before(void)
{
	return fuzz.thorough ? carveout_heap_hash(&fuzz.heap) : 0;
}

static int add_chunk(void)
{
	size_t bytes = carveout_store_chunk_bytes(&fuzz.heap);
	struct chunk_mem *piece = &chunk[fuzz.nr_chunks];
	int ret;

	if (fuzz.nr_chunks == CHUNK_COUNT || bytes > sizeof(piece->mem))
		return -ENOMEM;
	ASAN_UNPOISON_MEMORY_REGION(piece, sizeof(*piece));
	memset(piece->mem, 0xa5, bytes);
	ASAN_POISON_MEMORY_REGION((u8 *)piece->mem + bytes, sizeof(*piece) - bytes);
	ret = carveout_heap_add_chunk(&fuzz.heap, piece->mem);
	if (!ret)
		fuzz.nr_chunks++;
	return ret;
}

static void op_chunk(unsigned int arg)
{
	u64 hash = hash_before();
	int ret;

	if (arg == 7) {
		ret = carveout_heap_add_chunk(&fuzz.heap, (u8 *)chunk[0].mem + 4);
		if (ret != -EINVAL)
			wrong("an unaligned chunk was accepted");
	} else if (arg == 6) {
		ret = carveout_heap_add_chunk(&fuzz.heap, NULL);
		if (ret != -EINVAL)
			wrong("NULL was accepted as a chunk");
	} else {
		ret = add_chunk();
		if (ret && ret != -ENOMEM)
			wrong("a valid chunk was refused");
	}
	after_call(ret, hash);
}

/* Retry after -ENOMEM? A call must not return -ENOMEM twice. */
static bool try_again(int ret, bool *again)
{
	if (ret != -ENOMEM)
		return false;
	if (*again)
		wrong("a new chunk was not sufficient");
	*again = fuzz.generous && !add_chunk();
	return *again;
}

static void add_region(u64 base, u64 size, u32 attrs, bool bad_mem)
{
	struct carveout_region *piece = &mem[fuzz.nr_mem].region;
	u64 hash = hash_before();
	bool again = false;
	int ret;

	if (fuzz.nr_mem == MEM_COUNT)
		return;
	if (bad_mem)
		piece = NULL;
	else
		ASAN_UNPOISON_MEMORY_REGION(piece, carveout_region_bytes(&fuzz.heap, size));
	do {
		ret = carveout_heap_add_region(&fuzz.heap, piece, base, size, attrs);
		judge(oracle_add_region(&fuzz.oracle, &fuzz.heap, base, size, attrs,
					!bad_mem, ret));
	} while (try_again(ret, &again));
	if (ret >= 0)
		fuzz.nr_mem++;
	else if (piece)
		ASAN_POISON_MEMORY_REGION(piece, sizeof(mem[0]));
	after_call(ret, hash);
}

static void op_region(unsigned int arg)
{
	u64 base = take_number(), size = take_number();
	u8 attrs = take();

	add_region(base, size, attrs & 3, arg == 7);
}

/* Add memory that touches a region, or fills the gap between two. */
static void op_touch(unsigned int arg)
{
	u8 attrs = take();
	unsigned int entry = attrs >> 2;
	u64 size = take_number(), base = 0, end;
	const struct oracle_region *region = &fuzz.oracle.region[entry];

	if (region->there) {
		end = region->base + region->size;
		base = arg & 1 ? region->base - size : end;
		if (arg & 2)
			size = fuzz.oracle.region[(entry + 1) % CARVEOUT_MAX_REGIONS].base - end;
	}
	add_region(base, size, arg & 4 ? attrs & 3 : region->attrs, false);
}

/* Add several small regions with gaps between them. */
static void op_comb(unsigned int arg)
{
	u64 base = take_number(), size = take_number(), i;

	for (i = 0; i <= arg; i++)
		add_region(base + 2 * i * size, size, arg & 1 ? i & 3 : 0, false);
}

/* Handles are unique: none must be returned twice. */
static void note_handle(struct carveout_handle handle)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, fuzz.nr_handles, HANDLES); i++)
		if (fuzz.handle[i].index == handle.index && fuzz.handle[i].gen == handle.gen)
			wrong("a handle was returned twice");
	fuzz.handle[fuzz.nr_handles++ % HANDLES] = handle;
}

static void alloc(struct carveout_heap_request *req)
{
	u64 hash = hash_before(), missed;
	struct carveout_handle handle = { };
	bool again = false;
	int ret;

	if (fuzz.oracle.nr_allocs == ORACLE_ALLOCS)
		return;
	req->cookie = ++fuzz.cookie * 0x9e3779b97f4a7c15ULL;
	do {
		missed = fuzz.heap.stats.nr_missed;
		ret = carveout_heap_alloc(&fuzz.heap, req, &handle);
		judge(oracle_alloc(&fuzz.oracle, &fuzz.heap, req, ret, handle,
				   fuzz.heap.stats.nr_missed - missed));
	} while (try_again(ret, &again));
	if (!ret)
		note_handle(handle);
	after_call(ret, hash);
}

/* Make the same request up to 16 times. */
static void alloc_some(struct carveout_heap_request *req, unsigned int arg)
{
	unsigned int count = arg < 4 ? 1 : 2U << (arg - 4);

	while (count--)
		alloc(req);
}

static void op_alloc(unsigned int arg)
{
	struct carveout_heap_request req = { .size = take_number() };

	alloc_some(&req, arg);
}

static void op_request(unsigned int arg)
{
	u8 flags = take(), attrs;
	struct carveout_heap_request req = {
		.size = take_number(),
		.align = take_if(flags, 1, take_align),
		.regions = take_if(flags, 2, take_mask),
		.max_addr = take_if(flags, 4, take_limit),
		.top_down = flags & 8,
	};

	if (flags & 16) {
		attrs = take();
		req.require = attrs & 3;
		req.forbid = attrs >> 2 & 3;
		req.nr_fallback = attrs >> 4 & 3;
	}
	if (req.nr_fallback) {
		attrs = take();
		req.fallback[0] = attrs & 3;
		req.fallback[1] = attrs >> 2 & 3;
		req.fallback[2] = attrs >> 4 & 3;
		req.nr_fallback += attrs >> 6 == 3;
	}
	alloc_some(&req, arg);
}

/* An address at an edge of an allocation, or any address. */
static u64 take_address(void)
{
	const struct oracle_alloc *alloc;
	u8 how = take();

	if (!fuzz.oracle.nr_allocs || how >= 0xc0)
		return take_number();
	alloc = &fuzz.oracle.alloc[take() % fuzz.oracle.nr_allocs];
	if ((how & 3) == 3)
		return alloc->start + take_number();
	if ((how & 3) == 2)
		return alloc->start - (how & 4 ? 1 : 1ULL << fuzz.oracle.shift);
	return alloc->start + (how & 1 ? alloc->size : 0);
}

static void op_exact(unsigned int arg)
{
	u8 flags = take();
	struct carveout_heap_request req = {
		.size = take_number(),
		.align = take_if(flags, 1, take_align),
		.regions = take_if(flags, 2, take_mask),
		.max_addr = take_if(flags, 4, take_number),
		.top_down = (flags & 0xf8) == 0xf8,
		.require = flags & 8 ? flags >> 4 & 3 : 0,
		.fallback = { flags >> 6 },
		.nr_fallback = arg & 1,
		.exact = true,
		.addr = take_address(),
	};

	alloc(&req);
}

static void op_find(unsigned int arg)
{
	u64 addr = take_address();
	struct carveout_span_info info;
	int ret = carveout_heap_find(&fuzz.heap, addr, &info);

	(void)arg;
	judge(oracle_at(&fuzz.oracle, addr, ret, &info));
	count_op();
}

static void op_free_at(unsigned int arg)
{
	u64 addr = take_address(), hash = hash_before();
	int ret = carveout_heap_free_at(&fuzz.heap, addr);

	(void)arg;
	judge(oracle_free_at(&fuzz.oracle, addr, ret));
	after_call(ret, hash);
}

static void free_one(struct carveout_handle handle)
{
	u64 hash = hash_before();
	int ret = carveout_heap_free(&fuzz.heap, handle);

	judge(oracle_free(&fuzz.oracle, handle, ret));
	after_call(ret, hash);
}

/* Free one allocation, or every other one for up to 16. */
static void op_free(unsigned int arg)
{
	unsigned int count = arg < 4 ? 1 : 2U << (arg - 4), at = take();

	for (; count && fuzz.oracle.nr_allocs; count--, at++)
		free_one(fuzz.oracle.alloc[at % fuzz.oracle.nr_allocs].handle);
}

static void op_free_any(unsigned int arg)
{
	(void)arg;
	free_one(take_handle());
}

static void op_resize(unsigned int arg)
{
	struct carveout_handle handle = arg < 6 ? take_live() : take_handle();
	u64 size = take_number(), hash = hash_before();
	bool again = false;
	int ret;

	do {
		ret = carveout_heap_resize(&fuzz.heap, handle, size);
		judge(oracle_resize(&fuzz.oracle, &fuzz.heap, handle, size, ret));
	} while (try_again(ret, &again));
	after_call(ret, hash);
}

static void op_info(unsigned int arg)
{
	struct carveout_handle handle = arg < 4 ? take_live() : take_handle();
	struct oracle_alloc *alloc = oracle_find(&fuzz.oracle, handle);
	struct carveout_span_info info;
	int ret = carveout_heap_info(&fuzz.heap, handle, &info);

	if (ret != (alloc ? 0 : -EINVAL))
		wrong("unexpected result of the look-up of a handle");
	if (alloc)
		judge(oracle_span(&fuzz.oracle, &info));
	count_op();
}

/* Continue a list, with any operations since its start. */
static void op_spans(unsigned int arg)
{
	struct carveout_span_info info[8];
	unsigned int i, count;

	count = carveout_heap_spans(&fuzz.heap, &fuzz.cursor, info, arg + 1);
	if (count > arg + 1)
		wrong("more spans than requested");
	for (i = 0; i < count; i++)
		judge(oracle_span(&fuzz.oracle, &info[i]));
	if (fuzz.cursor == CARVEOUT_SPANS_END)
		fuzz.cursor = 0;
	count_op();
}

/* A complete list has each span once: so the sums of bytes and numbers are exact. */
static void op_list(unsigned int arg)
{
	struct carveout_span_info info[8];
	u32 cursor = 0, used = 0, holes = 0;
	unsigned int i, count;
	u64 size = 0;

	while (cursor != CARVEOUT_SPANS_END) {
		count = carveout_heap_spans(&fuzz.heap, &cursor, info, arg + 1);
		for (i = 0; i < count; i++) {
			judge(oracle_span(&fuzz.oracle, &info[i]));
			used += info[i].used;
			holes += !info[i].used;
			size += info[i].size;
		}
	}
	if (used != carveout_heap_nr_used(&fuzz.heap) ||
	    holes != carveout_heap_nr_holes(&fuzz.heap) || size != fuzz.heap.size)
		wrong("a list is not complete");
	count_op();
}

static void op_check(unsigned int arg)
{
	u64 hash = carveout_heap_hash(&fuzz.heap);

	(void)arg;
	check_all();
	carveout_region_largest(&fuzz.heap, take());
	if (carveout_heap_hash(&fuzz.heap) != hash)
		wrong("a check has changed the heap");
	count_op();
}

static const struct op {
	const char *name;
	void (*run)(unsigned int arg);
} ops[OP_SLOTS] = {
	[0] = { "alloc", op_alloc },
	[1] = { "free", op_free },
	[2] = { "request", op_request },
	[3] = { "free any", op_free_any },
	[4] = { "chunk", op_chunk },
	[5] = { "region", op_region },
	[6] = { "touch", op_touch },
	[7] = { "comb", op_comb },
	[8] = { "info", op_info },
	[9] = { "spans", op_spans },
	[10] = { "list", op_list },
	[11] = { "check", op_check },
	[12] = { "resize", op_resize },
	[13] = { "touch", op_touch },
	[14] = { "request", op_request },
	[15] = { "exact", op_exact },
	[16] = { "find", op_find },
	[17] = { "free at", op_free_at },
};

/* === One input ============================================================ */

static void begin(const u8 *data, size_t size)
{
	static const u8 shift[] = { 0, 6, 12, 12 };
	u8 first;

	ASAN_POISON_MEMORY_REGION(mem, fuzz.nr_mem * sizeof(mem[0]));
	fuzz.data = data;
	fuzz.left = size;
	first = take();
	fuzz.nr_chunks = 0;
	fuzz.nr_mem = 0;
	fuzz.nr_handles = 0;
	fuzz.cursor = 0;
	fuzz.cookie = 0;
	fuzz.ops = 0;
	fuzz.unchecked = 0;
	fuzz.name = "begin";
	fuzz.generous = first & 4;
	fuzz.thorough = (first >> 3 & 7) == 7 && first & 0x40;
	oracle_init(&fuzz.oracle, shift[first & 3]);
	carveout_heap_init(&fuzz.heap, shift[first & 3]);
	/* Most inputs need a chunk and a region first. */
	if (first < 0xc0) {
		add_chunk();
		add_region(0x10000, 0x100000, 0, false);
	}
}

/* Free all allocations: one hole in each region must remain. */
static void end(void)
{
	unsigned int i, regions = 0;

	fuzz.name = "end";
	check_all();
	while (fuzz.oracle.nr_allocs)
		free_one(fuzz.oracle.alloc[fuzz.oracle.nr_allocs / 2].handle);
	judge(oracle_compare(&fuzz.oracle, &fuzz.heap));
	for (i = 0; i < fuzz.oracle.nr_regions; i++)
		regions += fuzz.oracle.region[i].there;
	if (carveout_heap_nr_holes(&fuzz.heap) != regions)
		wrong("holes were not merged");
}

int fuzz_initialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	trace = getenv("CARVEOUT_FUZZ_TRACE");
	atexit(report_total);
	ASAN_POISON_MEMORY_REGION(mem, sizeof(mem));
	ASAN_POISON_MEMORY_REGION(chunk, sizeof(chunk));
	return 0;
}

int fuzz_one_input(const u8 *data, size_t size)
{
	begin(data, size);
	while (fuzz.left) {
		u8 byte = take();
		const struct op *op = &ops[byte % OP_SLOTS];

		if (!op->run)
			op = &ops[byte & 1];
		fuzz.name = op->name;
		op->run(byte / OP_SLOTS);
	}
	end();
	return 0;
}
