/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model: a heap that is simple enough to be correct by inspection.
 *
 * One word per granule has its owner. All searches scan all words. Granules are
 * numbered from address 0.
 */

#ifndef CARVEOUT_MODEL_H
#define CARVEOUT_MODEL_H

#include "unit.h"

#define MODEL_GRANULES 4096
#define MODEL_GAP 0xffffffff

/**
 * struct model - The state of every granule
 * @owner: 0 for free, MODEL_GAP for a granule of no region, else the cookie
 * @region: the region of each granule
 * @attrs: attributes of each region
 * @nr_regions: number of regions
 * @used: allocated granules
 */
struct model {
	u32 owner[MODEL_GRANULES];
	u8 region[MODEL_GRANULES];
	u32 attrs[CARVEOUT_MAX_REGIONS];
	unsigned int nr_regions;
	u64 used;
};

/**
 * struct model_want - A request in granules
 * @size: granules
 * @align: granules, a power of two
 * @regions: mask, 0 for all
 * @max: first granule beyond the limit, 0 for none
 * @require: attributes
 * @forbid: attributes
 * @top: the highest place of a hole instead of its lowest
 */
struct model_want {
	u64 size;
	u64 align;
	u64 regions;
	u64 max;
	u32 require;
	u32 forbid;
	bool top;
};

/**
 * struct model_run - A maximal run of free granules, a hole
 * @start: first granule
 * @size: granules
 */
struct model_run {
	u64 start;
	u64 size;
};

void model_init(struct model *model);
void model_region(struct model *model, unsigned int region, u64 start, u64 size, u32 attrs);
void model_set(struct model *model, u64 start, u64 size, u32 owner);
bool model_is(const struct model *model, u64 start, u64 size, u32 owner);
bool model_selects(const struct model *model, const struct model_want *want,
		   unsigned int region);
struct model_run model_next_run(const struct model *model, unsigned int region, u64 from);
bool model_run_fits(const struct model_run *run, const struct model_want *want, u64 *start);
const char *model_compare(const struct model *model, const struct unit *unit);

#endif /* CARVEOUT_MODEL_H */
