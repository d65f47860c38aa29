/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Search for the place of a request.
 */

#ifndef CARVEOUT_SEARCH_H
#define CARVEOUT_SEARCH_H

#include "carveout_lib.h"
#include "heap.h"

/**
 * struct carveout_place - Result of a search
 * @region: index of the region
 * @hole: hole that contains the place
 * @front: bytes from the hole's start to the place
 * @missed: no place was found so far, but some hole of sufficient size was not tried
 */
struct carveout_place {
	unsigned int region;
	u32 hole;
	carveout_off_t front;
	bool missed;
};

/**
 * carveout_selects() - May a region serve a request?
 * @req: request
 * @require: attributes that the region must have
 * @region: the region, or NULL
 * @entry: index of the region
 *
 * Context: Any context. Caller holds the heap's lock.
 * Return: true if so.
 */
static inline bool carveout_selects(const struct carveout_heap_request *req, u32 require,
				    const struct carveout_region *region,
				    unsigned int entry)
{
	return region && (!req->regions || req->regions & BIT_ULL(entry)) &&
	       (region->attrs & (require | req->forbid)) == require;
}

carveout_off_t carveout_request_size(const struct carveout_heap *heap,
				     const struct carveout_heap_request *req);
int carveout_search(struct carveout_heap *heap, const struct carveout_heap_request *req,
		    carveout_off_t size, struct carveout_place *place);

#endif /* CARVEOUT_SEARCH_H */
