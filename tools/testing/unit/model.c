// SPDX-License-Identifier: GPL-2.0
/*
 * Model: a heap that is simple enough to be correct by inspection.
 */

#include "model.h"

void model_init(struct model *model)
{
	unsigned int i;

	memset(model, 0, sizeof(*model));
	for (i = 0; i < MODEL_GRANULES; i++)
		model->owner[i] = MODEL_GAP;
}

void model_region(struct model *model, unsigned int region, u64 start, u64 size, u32 attrs)
{
	u64 i;

	for (i = start; i < start + size; i++) {
		model->owner[i] = 0;
		model->region[i] = region;
	}
	model->attrs[region] = attrs;
	model->nr_regions = max(model->nr_regions, region + 1);
}

void model_set(struct model *model, u64 start, u64 size, u32 owner)
{
	u64 i;

	for (i = start; i < start + size; i++) {
		model->used -= model->owner[i] != 0;
		model->owner[i] = owner;
		model->used += owner != 0;
	}
}

bool model_is(const struct model *model, u64 start, u64 size, u32 owner)
{
	u64 i;

	if (start >= MODEL_GRANULES || size > MODEL_GRANULES - start)
		return false;
	for (i = start; i < start + size; i++)
		if (model->owner[i] != owner)
			return false;
	return true;
}

bool model_selects(const struct model *model, const struct model_want *want,
		   unsigned int region)
{
	u32 attrs = model->attrs[region];

	return (!want->regions || want->regions >> region & 1) &&
	       (attrs & want->require) == want->require && !(attrs & want->forbid);
}

/* The first hole of a region at or behind a granule; size 0 if there is none. */
struct model_run model_next_run(const struct model *model, unsigned int region, u64 from)
{
	struct model_run run = { .start = from };
	u64 end;

	while (run.start < MODEL_GRANULES &&
	       (model->owner[run.start] || model->region[run.start] != region))
		run.start++;
	for (end = run.start; end < MODEL_GRANULES && !model->owner[end] &&
	     model->region[end] == region; end++)
		;
	run.size = end - run.start;
	return run;
}

bool model_run_fits(const struct model_run *run, const struct model_want *want, u64 *start)
{
	u64 end = run->start + run->size;

	if (want->top) {
		if (want->max)
			end = min(end, want->max);
		if (end < run->start + want->size)
			return false;
		*start = (end - want->size) / want->align * want->align;
		return *start >= run->start;
	}
	*start = (run->start + want->align - 1) / want->align * want->align;
	end = *start + want->size;
	return end <= run->start + run->size && (!want->max || end <= want->max);
}

/* Does the model agree with one span of the heap? */
static const char *compare_span(const struct model *model,
				const struct carveout_span_info *info, unsigned int shift)
{
	u64 start = info->start >> shift, size = info->size >> shift;

	if (start + size > MODEL_GRANULES || model->region[start] != info->region)
		return "a span is outside of its region";
	if (!model_is(model, start, size, info->used ? (u32)info->cookie : 0))
		return "a span has another owner";
	return NULL;
}

/* NULL, or the first difference. */
const char *model_compare(const struct model *model, const struct unit *unit)
{
	const struct carveout_heap *heap = &unit->heap;
	struct carveout_span_info info;
	const char *why;
	unsigned int i;
	u64 covered = 0, total = 0;
	u32 index;

	for (i = 0; i < MODEL_GRANULES; i++)
		total += model->owner[i] != MODEL_GAP;
	for (i = 0; i < heap->nr_regions; i++) {
		for (index = carveout_heap_first_span(heap, i, &info); index;
		     index = carveout_heap_next_span(heap, index, &info)) {
			why = compare_span(model, &info, heap->shift);
			if (why)
				return why;
			covered += info.size >> heap->shift;
		}
	}
	if (covered != total || heap->size >> heap->shift != total)
		return "wrong size of the heap";
	if (carveout_heap_used(heap) >> heap->shift != model->used)
		return "wrong number of allocated bytes";
	return NULL;
}
