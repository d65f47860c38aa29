// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls compared with the model, and the validator after each step.
 */

#include "kselftest_harness.h"
#include "model.h"
#include "unit.h"

#define RUN_LIVE 512
#define RUN_STALE 64
#define RUN_SHIFT 6

/* Parameters of a run. */
struct run_kind {
	const char *name;
	u64 seed;
	unsigned int steps;
	unsigned int max_size;		/* granules */
	unsigned int max_align;		/* log2 of granules */
	unsigned int nr_pieces;		/* pieces of memory, added during the run */
	bool limits;			/* use address limits */
};

struct run {
	const struct run_kind *kind;
	struct unit unit;
	struct model model;
	struct random random;
	struct {
		struct carveout_handle handle;
		u64 start;
		u64 size;
		u32 id;
	} live[RUN_LIVE];
	unsigned int nr_live;
	struct carveout_handle stale[RUN_STALE];
	unsigned int nr_stale;
	unsigned int nr_added;
	u32 next_id;
	unsigned int nr_ok;
	unsigned int nr_nospc;
	unsigned int nr_resized;
	unsigned int nr_exact;
};

/* === Regions ============================================================== */

/*
 * The space is divided into equal pieces. Most touch the next one, every fifth is
 * followed by a gap, and attributes change every third piece: so some are joined and
 * some are not.
 */
static const char *add_piece(struct run *run)
{
	unsigned int length = MODEL_GRANULES / run->kind->nr_pieces;
	unsigned int nr = run->nr_added * 7 % run->kind->nr_pieces;
	u64 start = (u64)nr * length, size = nr % 5 == 4 ? length / 2 : length;
	struct carveout_heap *heap = &run->unit.heap;
	u32 attrs = nr / 3 % 3;
	unsigned int i;
	int ret;

	run->nr_added++;
	ret = unit_add(&run->unit, start << RUN_SHIFT, size << RUN_SHIFT, attrs);
	if (ret < 0)
		return "a piece was refused";
	model_region(&run->model, ret, start, size, attrs);
	/* A join may have changed the region of other pieces. */
	for (i = 0; i < heap->nr_regions; i++) {
		u64 at, end;

		if (!heap->region[i])
			continue;
		at = heap->region[i]->base >> RUN_SHIFT;
		end = at + (heap->region[i]->size >> RUN_SHIFT);
		for (; at < end; at++) {
			if (run->model.owner[at] == MODEL_GAP)
				return "a region covers a gap";
			if (run->model.attrs[run->model.region[at]] != heap->region[i]->attrs)
				return "pieces of other attributes were joined";
			run->model.region[at] = i;
		}
	}
	return NULL;
}

/* === Allocating =========================================================== */

static struct model_want draw_want(struct run *run)
{
	const struct run_kind *kind = run->kind;
	struct random *random = &run->random;
	struct model_want want = { .align = 1 };

	want.size = 1 + unit_below(random, 1 + unit_below(random, kind->max_size));
	if (kind->max_align && unit_below(random, 2))
		want.align = 1ULL << unit_below(random, kind->max_align + 1);
	if (!unit_below(random, 8))
		want.regions = unit_below(random, 1 << kind->nr_pieces);
	if (!unit_below(random, 8))
		want.require = unit_below(random, 3);
	if (!unit_below(random, 8))
		want.forbid = unit_below(random, 4) & ~want.require;
	if (kind->limits && !unit_below(random, 3))
		want.max = 1 + unit_below(random, MODEL_GRANULES);
	want.top = !unit_below(random, 4);
	return want;
}

/* Properties of a region for a request, according to the model. */
struct look {
	bool selected;
	bool below;		/* the region is wholly below the limit */
	bool fits;		/* there is a place */
	bool must;		/* the heap must find a place */
	bool all_tried;		/* no hole of sufficient size can remain untried */
	bool few;		/* at most as many holes as a search tries */
	u64 best;		/* size of the smallest hole that is large enough */
	u64 top;		/* the highest place */
};

static struct look look_at(const struct run *run, unsigned int region,
			   const struct model_want *want)
{
	const struct carveout_region *mem = run->unit.heap.region[region];
	bool plain, padded = false;
	struct model_run hole = { };
	struct look look = { };
	unsigned int count = 0;
	u64 start;

	look.selected = mem && model_selects(&run->model, want, region);
	if (!look.selected)
		return look;
	look.below = !want->max || (mem->base + mem->size) >> RUN_SHIFT <= want->max;
	plain = look.below && want->align == 1;
	look.top = 0;
	for (;;) {
		hole = model_next_run(&run->model, region, hole.start + hole.size);
		if (!hole.size)
			break;
		if (hole.size < want->size)
			continue;
		count++;
		if (!look.best || hole.size < look.best)
			look.best = hole.size;
		if (model_run_fits(&hole, want, &start)) {
			look.fits = true;
			look.top = max(look.top, start);
		}
		padded |= hole.size >= want->size + want->align - 1;
	}
	look.few = count <= CARVEOUT_CANDIDATES;
	look.all_tried = plain || look.few;
	look.must = look.fits && (look.all_tried || (look.below && padded));
	return look;
}

/* Is the choice correct? No region tried before the chosen one must have had a place. */
static const char *check_choice(const struct run *run, const struct model_want *want,
				const struct carveout_span_info *info)
{
	bool cut = want->max && !look_at(run, info->region, want).below;
	struct look look;
	unsigned int i;

	for (i = 0; i < run->unit.heap.nr_regions; i++) {
		look = look_at(run, i, want);
		if (look.selected && look.must && (look.below ? cut || i < info->region :
						   cut && i < info->region))
			return "a region tried before had a place";
	}
	return NULL;
}

static const char *check_place(const struct run *run, const struct model_want *want,
			       const struct carveout_span_info *info)
{
	u64 at = info->start >> RUN_SHIFT, start;
	struct look look = look_at(run, info->region, want);
	struct model_run hole = { };

	if (!look.selected)
		return "a region was used that is not selected";
	do {
		hole = model_next_run(&run->model, info->region, hole.start + hole.size);
	} while (hole.size && hole.start + hole.size <= at);
	if (!hole.size || hole.start > at)
		return "the place is not in a hole";
	if (!model_run_fits(&hole, want, &start) || start != at)
		return "the place is not the first that fits in its hole";
	if (want->top && look.few && at != look.top)
		return "the place is not the highest";
	if (!want->top && want->align == 1 && look.below && hole.size != look.best)
		return "the hole is not the smallest";
	return check_choice(run, want, info);
}

/* Properties of all regions for a refused request, according to the model. */
struct refusal {
	bool any;		/* a region is selected */
	bool must;		/* the heap must find a place */
	bool fits;		/* there is a place */
	bool untried;		/* a hole may remain untried */
};

static void look_at_all(const struct run *run, const struct model_want *want,
			struct refusal *refusal)
{
	struct look look;
	unsigned int i;

	for (i = 0; i < run->unit.heap.nr_regions; i++) {
		look = look_at(run, i, want);
		if (!look.selected)
			continue;
		refusal->any = true;
		refusal->must |= look.must;
		refusal->fits |= look.fits;
		refusal->untried |= !look.all_tried;
	}
}

/* Is it correct that no place was found, and is the counter correct? */
static const char *check_refusal(const struct run *run, const struct model_want *want,
				 const struct carveout_heap_request *req, int ret, u64 missed)
{
	struct refusal refusal = { .any = !run->unit.heap.nr_regions };
	struct model_want choice = *want;
	unsigned int i;

	look_at_all(run, want, &refusal);
	for (i = 0; i < req->nr_fallback; i++) {
		choice.require = req->fallback[i];
		look_at_all(run, &choice, &refusal);
	}
	if (refusal.must)
		return "a place was not found";
	if (ret != (refusal.any ? -ENOSPC : -EINVAL))
		return "unexpected error";
	if (refusal.fits && missed != 1)
		return "a missed place was not counted";
	if (!refusal.untried && missed)
		return "a place was counted as missed that was not";
	return NULL;
}

/* Find the first choice that selects the region; earlier choices must have no place. */
static const char *check_order(const struct run *run, const struct model_want *want,
			       const struct carveout_heap_request *req,
			       const struct carveout_span_info *info)
{
	struct model_want choice = *want;
	struct refusal refusal = { };
	unsigned int i = 0;

	while (!model_selects(&run->model, &choice, info->region)) {
		look_at_all(run, &choice, &refusal);
		if (refusal.must)
			return "an earlier choice had a place";
		if (i == req->nr_fallback)
			return "no choice selects the region";
		choice.require = req->fallback[i++];
	}
	return check_place(run, &choice, info);
}

static void draw_fallback(struct run *run, struct carveout_heap_request *req)
{
	if (unit_below(&run->random, 6))
		return;
	while (req->nr_fallback < CARVEOUT_FALLBACKS && unit_below(&run->random, 3))
		req->fallback[req->nr_fallback++] =
			unit_below(&run->random, 4) & ~req->forbid;
}

static const char *try_alloc(struct run *run)
{
	struct carveout_heap *heap = &run->unit.heap;
	struct model_want want = draw_want(run);
	struct carveout_heap_request req = {
		.size = (want.size << RUN_SHIFT) - unit_below(&run->random, 1 << RUN_SHIFT),
		.align = want.align << RUN_SHIFT,
		.regions = want.regions,
		.max_addr = want.max << RUN_SHIFT,
		.require = want.require,
		.forbid = want.forbid,
		.top_down = want.top,
		.cookie = ++run->next_id,
	};
	u64 missed = heap->stats.nr_missed, hash = carveout_heap_hash(heap);
	struct carveout_span_info info;
	struct carveout_handle handle;
	const char *why;
	int ret;

	draw_fallback(run, &req);
	ret = unit_alloc_req(&run->unit, &req, &handle);
	if (ret) {
		run->nr_nospc++;
		if (carveout_heap_hash(heap) != hash)
			return "a failed call changed the heap";
		return check_refusal(run, &want, &req, ret, heap->stats.nr_missed - missed);
	}
	if (carveout_heap_info(heap, handle, &info))
		return "the allocation cannot be looked up";
	if (info.cookie != run->next_id || info.size != want.size << RUN_SHIFT)
		return "the allocation has other properties";
	why = check_order(run, &want, &req, &info);
	if (why)
		return why;
	run->nr_ok++;
	run->live[run->nr_live].handle = handle;
	run->live[run->nr_live].start = info.start >> RUN_SHIFT;
	run->live[run->nr_live].size = want.size;
	run->live[run->nr_live].id = run->next_id;
	run->nr_live++;
	model_set(&run->model, info.start >> RUN_SHIFT, want.size, run->next_id);
	return NULL;
}

/* === By address =========================================================== */

/* Look up a random address and compare with the model. */
static const char *check_find(struct run *run)
{
	u64 granule = unit_below(&run->random, MODEL_GRANULES + 64);
	u64 addr = (granule << RUN_SHIFT) + unit_below(&run->random, 1 << RUN_SHIFT);
	struct carveout_span_info info;
	int ret = carveout_heap_find(&run->unit.heap, addr, &info);
	u32 owner;

	if (granule >= MODEL_GRANULES || run->model.owner[granule] == MODEL_GAP)
		return ret == -EINVAL ? NULL : "an address outside of all regions was found";
	owner = run->model.owner[granule];
	if (ret)
		return "an address was not found";
	if (info.region != run->model.region[granule] || info.used != !!owner ||
	    (u32)info.cookie != owner)
		return "another span was found at an address";
	if (addr < info.start || addr - info.start >= info.size ||
	    !model_is(&run->model, info.start >> RUN_SHIFT, info.size >> RUN_SHIFT, owner))
		return "the span found does not contain the address";
	return NULL;
}

/* Expected result of a request for an exact address. */
static int exact_result(const struct run *run, const struct model_want *want, u64 at)
{
	unsigned int region = run->model.region[at];
	u64 i;

	if (run->model.owner[at] == MODEL_GAP || at & (want->align - 1) ||
	    !model_selects(&run->model, want, region))
		return -EINVAL;
	if (want->max && at + want->size > want->max)
		return -ENOSPC;
	for (i = at; i < at + want->size; i++)
		if (i >= MODEL_GRANULES || run->model.owner[i] ||
		    run->model.region[i] != region)
			return -ENOSPC;
	return 0;
}

static const char *try_exact(struct run *run)
{
	struct carveout_heap *heap = &run->unit.heap;
	struct model_want want = draw_want(run);
	u64 at = unit_below(&run->random, MODEL_GRANULES), hash = carveout_heap_hash(heap);
	struct carveout_heap_request req = {
		.size = want.size << RUN_SHIFT,
		.align = want.align << RUN_SHIFT,
		.regions = want.regions,
		.max_addr = want.max << RUN_SHIFT,
		.require = want.require,
		.forbid = want.forbid,
		.exact = true,
		.addr = at << RUN_SHIFT,
		.cookie = run->next_id + 1,
	};
	struct carveout_handle handle;
	int ret = unit_alloc_req(&run->unit, &req, &handle);

	if (ret != exact_result(run, &want, at))
		return "unexpected result of a request for an exact address";
	if (ret)
		return carveout_heap_hash(heap) == hash ? NULL :
		       "a failed call changed the heap";
	run->live[run->nr_live].handle = handle;
	run->live[run->nr_live].start = at;
	run->live[run->nr_live].size = want.size;
	run->live[run->nr_live].id = ++run->next_id;
	run->nr_live++;
	run->nr_ok++;
	run->nr_exact++;
	model_set(&run->model, at, want.size, run->next_id);
	return NULL;
}

/* Addresses where no allocation starts. */
static const char *try_free_nowhere(struct run *run)
{
	u64 addr = unit_below(&run->random, MODEL_GRANULES << RUN_SHIFT);
	u64 hash = carveout_heap_hash(&run->unit.heap);
	unsigned int i;

	for (i = 0; i < run->nr_live; i++)
		if (run->live[i].start << RUN_SHIFT == addr)
			return NULL;
	if (carveout_heap_free_at(&run->unit.heap, addr) != -EINVAL)
		return "an address at which no allocation starts was freed";
	return carveout_heap_hash(&run->unit.heap) == hash ? NULL :
	       "a failed call changed the heap";
}

/* === Changing the size ==================================================== */

static const char *try_resize(struct run *run, unsigned int which)
{
	struct carveout_heap *heap = &run->unit.heap;
	u64 start = run->live[which].start, old = run->live[which].size;
	u64 size = 1 + unit_below(&run->random, 2 * old + 4);
	u64 end, room = old, hash = carveout_heap_hash(heap);
	struct carveout_span_info info;
	int ret, want;

	for (end = start + old; end < MODEL_GRANULES && !run->model.owner[end] &&
	     run->model.region[end] == run->model.region[start]; end++)
		room++;
	want = size > old && size > room ? -ENOSPC : 0;
	ret = unit_resize(&run->unit, run->live[which].handle,
			  (size << RUN_SHIFT) - unit_below(&run->random, 1 << RUN_SHIFT));
	if (ret != want)
		return "unexpected result of a resize";
	if (ret)
		return carveout_heap_hash(heap) == hash ? NULL :
		       "a failed resize changed the heap";
	if (carveout_heap_info(heap, run->live[which].handle, &info) ||
	    info.start >> RUN_SHIFT != start || info.size >> RUN_SHIFT != size ||
	    info.cookie != run->live[which].id)
		return "the allocation has other properties";
	model_set(&run->model, start, old, 0);
	model_set(&run->model, start, size, run->live[which].id);
	run->live[which].size = size;
	run->nr_resized += size != old;
	return NULL;
}

/* === Freeing ============================================================== */

static const char *try_free(struct run *run, unsigned int which)
{
	struct carveout_heap *heap = &run->unit.heap;
	int ret;

	if (unit_below(&run->random, 2))
		ret = carveout_heap_free(heap, run->live[which].handle);
	else
		ret = carveout_heap_free_at(heap, run->live[which].start << RUN_SHIFT);
	if (ret)
		return "a valid free was refused";
	model_set(&run->model, run->live[which].start, run->live[which].size, 0);
	run->stale[run->nr_stale++ % RUN_STALE] = run->live[which].handle;
	run->live[which] = run->live[--run->nr_live];
	return NULL;
}

static const char *try_bogus(struct run *run)
{
	struct carveout_heap *heap = &run->unit.heap;
	u64 hash = carveout_heap_hash(heap);
	struct carveout_handle handle = { };

	switch (unit_below(&run->random, 3)) {
	case 0:
		if (run->nr_stale)
			handle = run->stale[unit_below(&run->random, min(run->nr_stale, 64U))];
		break;
	case 1:
		handle.index = unit_below(&run->random, 2048);
		handle.gen = run->next_id + 1 + unit_below(&run->random, 1000);
		break;
	default:
		if (run->nr_live)
			handle = run->live[unit_below(&run->random, run->nr_live)].handle;
		handle.index ^= 1U << unit_below(&run->random, 32);
	}
	if (carveout_heap_free(heap, handle) != -EINVAL)
		return "a bogus handle was freed";
	return carveout_heap_hash(heap) == hash ? NULL : "a bogus handle changed the heap";
}

/* === The run ============================================================== */

static const char *check_largest(const struct run *run)
{
	struct model_run hole;
	unsigned int i;
	u64 largest;

	for (i = 0; i < run->unit.heap.nr_regions; i++) {
		largest = 0;
		hole.start = 0;
		hole.size = 0;
		for (;;) {
			hole = model_next_run(&run->model, i, hole.start + hole.size);
			if (!hole.size)
				break;
			largest = max(largest, hole.size);
		}
		if (carveout_region_largest(&run->unit.heap, i) >> RUN_SHIFT != largest)
			return "the largest hole has another size";
	}
	return NULL;
}

static const char *run_step(struct run *run, unsigned int step)
{
	/* The heap fills and empties alternately. */
	unsigned int fill = step / 1500 % 2 ? 40 : 75, dice = unit_below(&run->random, 100);
	const char *why;

	if (run->nr_added < run->kind->nr_pieces && (!step || !unit_below(&run->random, 200)))
		why = add_piece(run);
	else if (dice < 4)
		why = try_bogus(run);
	else if (dice < 6)
		why = try_free_nowhere(run);
	else if (dice < 12 && run->nr_live < RUN_LIVE)
		why = try_exact(run);
	else if (dice < 18 && run->nr_live)
		why = try_resize(run, unit_below(&run->random, run->nr_live));
	else if (dice < fill && run->nr_live < RUN_LIVE)
		why = try_alloc(run);
	else if (run->nr_live)
		why = try_free(run, unit_below(&run->random, run->nr_live));
	else
		why = NULL;
	if (why)
		return why;
	why = unit_check(&run->unit);
	if (strcmp(why, "ok"))
		return why;
	why = model_compare(&run->model, &run->unit);
	if (!why)
		why = check_find(run);
	return why || step % 16 ? why : check_largest(run);
}

static void run_init(struct run *run, const struct run_kind *kind)
{
	memset(run, 0, sizeof(*run));
	run->kind = kind;
	run->random.state = unit_seed(kind->name, kind->seed);
	unit_init(&run->unit, RUN_SHIFT);
	model_init(&run->model);
}

/* Free all allocations: each region must be one hole again. */
static const char *run_end(struct run *run)
{
	struct carveout_heap *heap = &run->unit.heap;
	struct carveout_heap_stats stats;
	unsigned int i, regions = 0;
	const char *why;

	while (run->nr_live) {
		why = try_free(run, run->nr_live - 1);
		if (why)
			return why;
	}
	for (i = 0; i < heap->nr_regions; i++)
		regions += !!heap->region[i];
	if (carveout_heap_nr_holes(heap) != regions || carveout_heap_nr_used(heap) ||
	    carveout_heap_used(heap))
		return "memory is still allocated or not merged";
	carveout_heap_read_stats(heap, &stats);
	if (stats.nr_alloc != run->nr_ok || stats.nr_free != run->nr_ok)
		return "the counters of calls are wrong";
	return NULL;
}

FIXTURE(random_run) {
	struct run *run;
};

FIXTURE_VARIANT(random_run) {
	struct run_kind kind;
};

FIXTURE_VARIANT_ADD(random_run, plain) {
	{ "plain", 0x1001, 9000, 60, 0, 10, false },
};

FIXTURE_VARIANT_ADD(random_run, aligned) {
	{ "aligned", 0x2002, 9000, 60, 7, 10, false },
};

FIXTURE_VARIANT_ADD(random_run, limited) {
	{ "limited", 0x3003, 9000, 60, 4, 10, true },
};

FIXTURE_VARIANT_ADD(random_run, large) {
	{ "large", 0x4004, 6000, 1500, 10, 4, true },
};

FIXTURE_VARIANT_ADD(random_run, small) {
	{ "small", 0x5005, 9000, 8, 3, 8, true },
};

FIXTURE_SETUP(random_run)
{
	static struct run run;

	self->run = &run;
	run_init(&run, &variant->kind);
}

FIXTURE_TEARDOWN(random_run)
{
	unit_fini(&self->run->unit);
}

TEST_F_TIMEOUT(random_run, against_the_model, 120)
{
	struct run *run = self->run;
	unsigned int step;
	const char *why;

	for (step = 0; step < run->kind->steps; step++) {
		why = run_step(run, step);
		ASSERT_EQ(NULL, why) TH_LOG("step %u: %s", step, why);
	}
	why = run_end(run);
	ASSERT_EQ(NULL, why) TH_LOG("at the end: %s", why);
	ASSERT_SOUND(&run->unit);
	/* The run is significant only if each outcome occurred often. */
	ASSERT_LT(run->kind->steps / 8, run->nr_ok);
	ASSERT_LT(run->kind->steps / 80, run->nr_nospc);
	ASSERT_LT(run->kind->steps / 80, run->nr_resized);
	ASSERT_LT(run->kind->steps / 200, run->nr_exact);
}
