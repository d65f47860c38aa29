// SPDX-License-Identifier: GPL-2.0
/*
 * Constrained search: alignment, address limit, top-down.
 *
 * With an alignment beyond the granule, or in a region that contains the address
 * limit, a hole that is large enough may still not fit. The search tries
 *
 *  - up to %CARVEOUT_CANDIDATES holes in the order of their sizes, at most
 *    %CARVEOUT_CANDIDATES_SAME of equal size, because larger holes are more likely
 *    to fit;
 *  - as many with a quarter, a half and three quarters of the alignment to spare;
 *  - the smallest hole in which any alignment fits;
 *  - again the %CARVEOUT_CANDIDATES smallest holes, of equal size or not.
 *
 * Such a request can therefore fail although an untried hole would have served, but
 * only in a region with more than %CARVEOUT_CANDIDATES holes of sufficient size. If
 * the region does not contain the limit, it never fails if each hole happens to be
 * aligned. The nr_missed counters count the requests that may have failed this way.
 *
 * A request from the top gets the upper end of its hole. The search considers the
 * %CARVEOUT_CANDIDATES smallest holes that are large enough and the last hole of the
 * region, and takes the highest place in any of them. It never fails if a request of
 * the same alignment and limit from the bottom would succeed.
 */

#include "carveout_lib.h"
#include "search.h"

/* A checked request, as parameters of the search. */
struct want {
	const struct carveout_heap_request *req;
	u32 require;			/* attributes */
	carveout_off_t size;		/* a multiple of the granule */
	carveout_off_t align;		/* at least the granule */
	carveout_off_t limit;		/* 0 for none */
};

/* State of a search. */
struct search {
	const struct want *want;
	unsigned int region;
	unsigned int tries;		/* candidates that may still be tried */
	unsigned int same;		/* of these, candidates of equal size */
	bool skipped;			/* a hole of sufficient size was not tried */
};

/* Find the highest place in a span. */
static bool fits_top(const struct want *want, const struct carveout_span *span,
		     carveout_off_t *start)
{
	carveout_off_t end = span->start + span->size;

	if (want->limit)
		end = min(end, want->limit);
	if (end < span->start || end - span->start < want->size)
		return false;
	*start = (end - want->size) & ~(want->align - 1);
	return *start >= span->start;
}

/* Does the request fit in this span, and where? No sum in this function can wrap. */
static bool fits(const struct want *want, const struct carveout_span *span,
		 carveout_off_t *start)
{
	carveout_off_t pad = -span->start & (want->align - 1);

	if (want->req->top_down)
		return fits_top(want, span, start);

	if (span->size < want->size || span->size - want->size < pad)
		return false;
	*start = span->start + pad;
	return !want->limit || *start + want->size <= want->limit;
}

/* Try a hole and the holes of equal size listed behind it. */
static u32 try_equals(struct carveout_heap *heap, struct search *search, u32 index,
		      carveout_off_t *start)
{
	unsigned int same = search->same;

	while (index) {
		const struct carveout_span *span = carveout_span(&heap->store, index);

		if (!same || !search->tries) {
			search->skipped = true;
			return 0;
		}
		if (fits(search->want, span, start))
			return index;
		same--;
		search->tries--;
		index = carveout_link_read(&heap->store, span->bin_next);
	}
	return 0;
}

/* The smallest hole that is larger than this one, or 0. */
static u32 next_larger(struct carveout_heap *heap, unsigned int region, u32 index)
{
	u64 granules = carveout_span(&heap->store, index)->size >> heap->shift;

	/* No hole is larger than 2^64 - 1 granules. */
	if (!++granules)
		return 0;
	return carveout_bins_best(&heap->store, &heap->region[region]->bins, granules,
				  heap->shift);
}

/* Try holes in the order of their sizes, from the smallest that is large enough. */
static u32 try_candidates(struct carveout_heap *heap, struct search *search, u32 index,
			  unsigned int same, carveout_off_t *start)
{
	u32 found;

	search->tries = CARVEOUT_CANDIDATES;
	search->same = same;
	search->skipped = false;
	while (index) {
		found = try_equals(heap, search, index, start);
		if (found)
			return found;
		index = next_larger(heap, search->region, index);
		if (index && !search->tries) {
			search->skipped = true;
			return 0;
		}
	}
	return 0;
}

/*
 * Try the smallest hole in which the request fits for any start of the hole. The
 * caller has found more than two holes of sufficient size: so the size is less than a
 * third of the address space, and the sum does not wrap.
 */
static u32 try_padded(struct carveout_heap *heap, struct search *search,
		      carveout_off_t *start)
{
	carveout_off_t granule = (carveout_off_t)1 << heap->shift;
	const struct want *want = search->want;
	carveout_off_t size = want->size + (want->align - granule);
	u32 index;

	index = carveout_bins_best(&heap->store, &heap->region[search->region]->bins,
				   size >> heap->shift, heap->shift);
	if (index && fits(want, carveout_span(&heap->store, index), start))
		return index;
	return 0;
}

/* Try the best size. A hole of the list is preferred: it is cheaper to remove. */
static u32 try_best(struct carveout_heap *heap, const struct want *want, u32 index,
		    carveout_off_t *start)
{
	const struct carveout_span *span = carveout_span(&heap->store, index);
	carveout_off_t other;
	u32 next;

	if (!fits(want, span, start))
		return 0;
	next = carveout_link_read(&heap->store, span->bin_next);
	if (!next || !fits(want, carveout_span(&heap->store, next), &other))
		return index;
	*start = other;
	return next;
}

/* Find the highest place in the region's last span and in some holes from @index on. */
static u32 try_top(struct carveout_heap *heap, struct search *search, u32 index,
		   carveout_off_t *start)
{
	const struct carveout_region *region = heap->region[search->region];
	u32 found = carveout_link_read(&heap->store, region->chain.last);
	unsigned int tries = CARVEOUT_CANDIDATES;
	carveout_off_t at;
	u32 next;

	if (found && (*carveout_mark(&heap->store, found) !=
		      carveout_mark_make(search->region, CARVEOUT_HOLE) ||
		      !fits(search->want, carveout_span(&heap->store, found), start)))
		found = 0;
	for (; index && tries; tries--) {
		const struct carveout_span *span = carveout_span(&heap->store, index);

		if (fits(search->want, span, &at) && (!found || at > *start)) {
			found = index;
			*start = at;
		}
		next = carveout_link_read(&heap->store, span->bin_next);
		index = next ? next : next_larger(heap, search->region, index);
	}
	return found;
}

/*
 * Try holes with increasing spare room: each step is more likely to fit, and wastes
 * more if it does. The last step is a hole in which the request always fits.
 */
static u32 try_steps(struct carveout_heap *heap, struct search *search,
		     carveout_off_t *start)
{
	const struct carveout_bins *bins = &heap->region[search->region]->bins;
	const struct want *want = search->want;
	carveout_off_t step = want->align / CARVEOUT_CANDIDATE_STEPS;
	unsigned int i;
	u32 index, found;

	for (i = 1; i < CARVEOUT_CANDIDATE_STEPS && step >> heap->shift; i++) {
		index = carveout_bins_best(&heap->store, bins,
					   (want->size + i * step) >> heap->shift,
					   heap->shift);
		found = index ? try_candidates(heap, search, index,
					       CARVEOUT_CANDIDATES_SAME, start) : 0;
		if (found)
			return found;
		/* No larger holes: neither further steps nor the last one can fit. */
		if (!index || !search->skipped)
			return 0;
	}
	return try_padded(heap, search, start);
}

/* Try a bounded number of holes, given the smallest one that is large enough. */
static u32 try_all(struct carveout_heap *heap, struct search *search, u32 best,
		   carveout_off_t *start)
{
	u32 found;

	if (search->want->req->top_down)
		found = try_top(heap, search, best, start);
	else
		found = try_best(heap, search->want, best, start);
	if (!found)
		found = try_candidates(heap, search, best, CARVEOUT_CANDIDATES_SAME, start);
	if (!found && search->skipped) {
		found = try_steps(heap, search, start);
		if (!found)
			found = try_candidates(heap, search, best, CARVEOUT_CANDIDATES,
					       start);
	}
	return found;
}

static bool find_in_region(struct carveout_heap *heap, const struct want *want,
			   unsigned int entry, struct carveout_place *place)
{
	struct carveout_region *region = heap->region[entry];
	struct search search = {
		.want = want,
		.region = entry,
	};
	carveout_off_t start;
	u32 best;

	best = carveout_bins_best(&heap->store, &region->bins, want->size >> heap->shift,
				  heap->shift);
	place->region = entry;
	place->hole = best ? try_all(heap, &search, best, &start) : 0;
	if (place->hole) {
		place->front = start - carveout_span(&heap->store, place->hole)->start;
		return true;
	}
	region->nr_nospc++;
	region->nr_missed += search.skipped;
	place->missed |= search.skipped;
	return false;
}

/* Does the region extend beyond the limit? find_place() skips regions wholly above. */
static bool cut_by(const struct want *want, const struct carveout_region *region)
{
	return want->limit && region->base + region->size > want->limit;
}

/*
 * The first pass tries the regions wholly below the limit, because the search is exact
 * there: the limit excludes none of their holes. The second pass tries the regions
 * that contain the limit.
 */
static int find_place(struct carveout_heap *heap, const struct want *want,
		      struct carveout_place *place)
{
	bool selected = !heap->nr_regions, cut = false;
	unsigned int pass, i;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < heap->nr_regions; i++) {
			const struct carveout_region *region = heap->region[i];

			if (!carveout_selects(want->req, want->require, region, i))
				continue;
			selected = true;
			if (cut_by(want, region) != pass) {
				cut = true;
				continue;
			}
			if (pass && region->base >= want->limit)
				continue;
			if (find_in_region(heap, want, i, place))
				return 0;
		}
		if (!cut)
			break;
	}
	return selected ? -ENOSPC : -EINVAL;
}

/**
 * carveout_search() - Find a place for a request of any kind
 * @heap: heap
 * @req: the request
 * @require: attributes that the region must have, instead of those of @req
 * @size: size of the request, a multiple of the granule
 * @place: on success, the place
 *
 * Context: Any context. Caller holds the heap's lock. Searches the bins of each region
 * at most 6 * %CARVEOUT_CANDIDATES + 5 times.
 * Return: 0; -ENOSPC if no place was found; -EINVAL if no region may serve it.
 */
int carveout_search(struct carveout_heap *heap, const struct carveout_heap_request *req,
		    u32 require, carveout_off_t size, struct carveout_place *place)
{
	const struct want want = {
		.req = req,
		.require = require,
		.size = size,
		.align = max(req->align, (carveout_off_t)1 << heap->shift),
		.limit = req->max_addr,
	};

	return find_place(heap, &want, place);
}
