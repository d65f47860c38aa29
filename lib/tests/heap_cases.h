/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of the heap, as tables shared by the KUnit suite and the user-space tests.
 *
 * A scenario is a list of steps, each with its expected result. The validator runs
 * after each step, and a failed call must not change the heap's hash. All scenarios
 * use granules of 64 bytes.
 */

#ifndef CARVEOUT_HEAP_CASES_H
#define CARVEOUT_HEAP_CASES_H

#include "../heap.h"

#define CARVEOUT_CASE_SHIFT 6
#define CARVEOUT_CASE_SLOTS 32

/**
 * enum carveout_case_op - Operation of a step
 * @CARVEOUT_CASE_END: end of the scenario
 * @CARVEOUT_CASE_REGION: add [start, start + size) with attributes @require;
 *	@want is the index or an error
 * @CARVEOUT_CASE_ALLOC: allocate into @slot; @want is 0 or an error, @start the
 *	expected address
 * @CARVEOUT_CASE_FREE: free @slot; @want is the result
 * @CARVEOUT_CASE_LARGEST: the largest hole of region @slot must have @size
 * @CARVEOUT_CASE_HOLES: the heap must have @want holes
 * @CARVEOUT_CASE_USED: the heap must have @size allocated bytes, and a maximum of
 *	@start bytes so far
 * @CARVEOUT_CASE_MISSED: the counter of possibly missed places must be @want
 * @CARVEOUT_CASE_RESIZE: resize @slot to @size bytes; @want is the result
 * @CARVEOUT_CASE_FIND: look up address @start; @want is an error, or 0 if the span
 *	there starts at @addr, has @size and is free, or 1 if it is allocated
 * @CARVEOUT_CASE_FREE_AT: free by address @start; @want is the result
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
	CARVEOUT_CASE_RESIZE,
	CARVEOUT_CASE_FIND,
	CARVEOUT_CASE_FREE_AT,
};

/**
 * struct carveout_case_step - One step of a scenario
 * @op: operation
 * @slot: slot of the handle, or index of the region
 * @want: expected result
 * @start: see @op
 * @size: see @op
 * @align: of the request
 * @regions: of the request
 * @max_addr: of the request
 * @require: of the request, or attributes of the region
 * @forbid: of the request
 * @fallback: of the request
 * @nr_fallback: of the request
 * @top_down: of the request
 * @exact: of the request
 * @addr: of the request
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
	u32 fallback[CARVEOUT_FALLBACKS];
	u8 nr_fallback;
	bool top_down;
	bool exact;
	u64 addr;
};

/**
 * struct carveout_case - A scenario
 * @name: property that it tests
 * @step: its steps
 */
struct carveout_case {
	const char *name;
	struct carveout_case_step step[40];
};

/**
 * struct carveout_case_env - Environment of a scenario
 * @heap: empty heap with granules of 64 bytes
 * @grow: adds a chunk to the heap; returns 0 or an error
 * @region: allocates memory for a region
 * @slot: handles of the scenario
 * @failed: step that failed, counted from 0
 * @why: reason of the failure
 */
struct carveout_case_env {
	struct carveout_heap *heap;
	int (*grow)(struct carveout_case_env *env);
	struct carveout_region *(*region)(struct carveout_case_env *env, u64 size);
	struct carveout_handle slot[CARVEOUT_CASE_SLOTS];
	unsigned int failed;
	const char *why;
};

#include "heap_case_table.h"

static inline const char *carveout_case_region(struct carveout_case_env *env,
					       const struct carveout_case_step *step)
{
	struct carveout_region *mem = env->region(env, step->size);
	int got;

	do {
		got = carveout_heap_add_region(env->heap, mem, step->start, step->size,
					       step->require);
	} while (got == -ENOMEM && !env->grow(env));
	return got == step->want ? NULL : "unexpected result of adding the region";
}

static inline const char *carveout_case_alloc(struct carveout_case_env *env,
					      const struct carveout_case_step *step)
{
	const struct carveout_heap_request req = {
		.size = step->size,
		.align = step->align,
		.regions = step->regions,
		.max_addr = step->max_addr,
		.require = step->require,
		.forbid = step->forbid,
		.fallback = { step->fallback[0], step->fallback[1], step->fallback[2] },
		.nr_fallback = step->nr_fallback,
		.top_down = step->top_down,
		.exact = step->exact,
		.addr = step->addr,
		.cookie = step->slot + 1000,
	};
	struct carveout_span_info info;
	struct carveout_handle handle;
	int got;

	do {
		got = carveout_heap_alloc(env->heap, &req, &handle);
	} while (got == -ENOMEM && !env->grow(env));
	if (got != step->want)
		return "unexpected result of the allocation";
	if (got)
		return NULL;
	env->slot[step->slot] = handle;
	if (carveout_heap_info(env->heap, handle, &info))
		return "the allocation cannot be looked up";
	if (info.start != (step->exact ? step->addr : step->start))
		return "the allocation is at another address";
	if (info.size != ((step->size + 63) & ~63ULL) || !info.used ||
	    info.cookie != req.cookie || info.handle.index != handle.index ||
	    info.handle.gen != handle.gen)
		return "the allocation has other properties";
	return NULL;
}

static inline const char *carveout_case_resize(struct carveout_case_env *env,
					       const struct carveout_case_step *step)
{
	struct carveout_handle handle = env->slot[step->slot];
	struct carveout_span_info before, after;
	int got;

	if (carveout_heap_info(env->heap, handle, &before))
		before.start = 0;
	do {
		got = carveout_heap_resize(env->heap, handle, step->size);
	} while (got == -ENOMEM && !env->grow(env));
	if (got != step->want)
		return "unexpected result of the resize";
	if (got)
		return NULL;
	if (carveout_heap_info(env->heap, handle, &after) || after.start != before.start ||
	    after.size != ((step->size + 63) & ~63ULL) || after.cookie != before.cookie)
		return "the allocation has other properties";
	return NULL;
}

static inline const char *carveout_case_find(struct carveout_case_env *env,
					     const struct carveout_case_step *step)
{
	struct carveout_span_info info;
	int got = carveout_heap_find(env->heap, step->start, &info);

	if (!got)
		got = info.used;
	if (got != step->want)
		return "unexpected result of the look-up by address";
	if (got >= 0 && (info.start != step->addr || info.size != step->size))
		return "another span was found";
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
		       NULL : "unexpected result of the free";
	case CARVEOUT_CASE_LARGEST:
		return carveout_region_largest(heap, step->slot) == step->size ?
		       NULL : "the largest hole has another size";
	case CARVEOUT_CASE_HOLES:
		return carveout_heap_nr_holes(heap) == (u32)step->want ?
		       NULL : "unexpected number of holes";
	case CARVEOUT_CASE_USED:
		return carveout_heap_used(heap) == step->size &&
		       carveout_heap_high(heap) == step->start ?
		       NULL : "unexpected number of bytes";
	case CARVEOUT_CASE_MISSED:
		return heap->stats.nr_missed == (u64)step->want ?
		       NULL : "unexpected number of missed places";
	case CARVEOUT_CASE_RESIZE:
		return carveout_case_resize(env, step);
	case CARVEOUT_CASE_FIND:
		return carveout_case_find(env, step);
	case CARVEOUT_CASE_FREE_AT:
		return carveout_heap_free_at(heap, step->start) == step->want ?
		       NULL : "unexpected result of the free";
	case CARVEOUT_CASE_END:
		break;
	}
	return "no such step";
}

/**
 * carveout_case_run() - Run a scenario
 * @env: environment; on failure it has the step and the reason
 * @scenario: scenario
 *
 * Context: Any context in which the callbacks of @env may be called.
 * Return: 0, or -EINVAL if a step had an unexpected result.
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
			env->why = "a failed call changed the heap";
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
