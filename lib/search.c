// SPDX-License-Identifier: GPL-2.0
/*
 * Search for the place of a request.
 *
 * A plain request, one without alignment and limit, takes the smallest hole that is large
 * enough. With an alignment beyond the granule, or in a region that contains the address
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
	unsigned int shift;		/* log2 of the granule */
};

/* State of a search. */
struct search {
	const struct want *want;
	unsigned int region;
	unsigned int tries;		/* candidates that may still be tried */
	unsigned int same;		/* of these, candidates of equal size */
	bool skipped;			/* a hole of sufficient size was not tried */
};

static carveout_off_t size_of(const struct want *want, const struct carveout_span *span)
{
	return (carveout_off_t)carveout_granules(span) << want->shift;
}

/* Find the highest place in a span. */
static bool fits_top(const struct want *want, const struct carveout_span *span,
		     carveout_off_t *start)
{
	carveout_off_t end = span->start + size_of(want, span);

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

	if (size_of(want, span) < want->size || size_of(want, span) - want->size < pad)
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
	u64 granules = carveout_granules(carveout_span(&heap->store, index));

	return carveout_bins_best(&heap->store, &heap->region[region]->bins, granules + 1);
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
				   size >> heap->shift);
	if (index && fits(want, carveout_span(&heap->store, index), start))
		return index;
	return 0;
}

/*
 * Try the best size. In a bin of one size the first hole is taken, as by a plain request; in
 * a trie one behind the node, which is cheaper to remove.
 */
static u32 try_best(struct carveout_heap *heap, const struct want *want, u32 index,
		    carveout_off_t *start)
{
	const struct carveout_span *span = carveout_span(&heap->store, index);
	carveout_off_t other;
	u32 next;

	if (!fits(want, span, start))
		return 0;
	if (carveout_granules(span) < CARVEOUT_EXACT)
		return index;
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

	if (found && (carveout_mark(carveout_span(&heap->store, found)) !=
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
					   (want->size + i * step) >> heap->shift);
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

	best = carveout_bins_best(&heap->store, &region->bins, want->size >> heap->shift);
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

static int find_constrained(struct carveout_heap *heap,
			    const struct carveout_heap_request *req, u32 require,
			    carveout_off_t size, struct carveout_place *place)
{
	const struct want want = {
		.req = req,
		.require = require,
		.size = size,
		.align = max(req->align, (carveout_off_t)1 << heap->shift),
		.limit = req->max_addr,
		.shift = heap->shift,
	};

	return find_place(heap, &want, place);
}

/* === Plain requests and exact addresses =================================== */

/*
 * The smallest hole that is large enough, in the first region that has one. This
 * search is exact for a request without alignment and limit.
 */
static int find_plain(struct carveout_heap *heap, const struct carveout_heap_request *req,
		      u32 require, carveout_off_t size, struct carveout_place *place)
{
	bool selected = !heap->nr_regions;
	unsigned int i;

	for (i = 0; i < heap->nr_regions; i++) {
		struct carveout_region *region = heap->region[i];
		u32 hole;

		if (!carveout_selects(req, require, region, i))
			continue;
		selected = true;
		hole = carveout_bins_best(&heap->store, &region->bins, size >> heap->shift);
		if (unlikely(!hole)) {
			region->nr_nospc++;
			continue;
		}
		place->region = i;
		place->hole = hole;
		place->front = 0;
		return 0;
	}
	return selected ? -ENOSPC : -EINVAL;
}

/* The span at the requested address, if it is a hole and large enough. */
static int find_exact(struct carveout_heap *heap, const struct carveout_heap_request *req,
		      u32 require, carveout_off_t size, struct carveout_place *place)
{
	const struct carveout_span *span;
	u32 index = carveout_heap_span_at(heap, req->addr);
	u8 mark;

	if (!index)
		return heap->nr_regions ? -EINVAL : -ENOSPC;
	span = carveout_span(&heap->store, index);
	mark = carveout_mark(span);
	place->region = mark >> CARVEOUT_MARK_REGION_SHIFT;
	place->hole = index;
	place->front = req->addr - span->start;
	if (!carveout_selects(req, require, heap->region[place->region], place->region))
		return -EINVAL;
	if ((mark & CARVEOUT_MARK_STATE) != CARVEOUT_HOLE ||
	    carveout_span_size(heap, span) - place->front < size ||
	    (req->max_addr && (req->addr >= req->max_addr ||
			       req->max_addr - req->addr < size))) {
		heap->region[place->region]->nr_nospc++;
		return -ENOSPC;
	}
	return 0;
}

static int find_required(struct carveout_heap *heap, const struct carveout_heap_request *req,
			 u32 require, carveout_off_t size, struct carveout_place *place)
{
	if (likely(!(req->align >> heap->shift >> 1) && !req->max_addr && !req->top_down &&
		   !req->exact))
		return find_plain(heap, req, require, size, place);
	if (req->exact)
		return find_exact(heap, req, require, size, place);
	return find_constrained(heap, req, require, size, place);
}

/* Try the caller's fallback attributes in order. */
static int find_fallback(struct carveout_heap *heap, const struct carveout_heap_request *req,
			 int err, carveout_off_t size, struct carveout_place *place)
{
	unsigned int i;

	for (i = 0; i < req->nr_fallback && err; i++) {
		int ret = find_required(heap, req, req->fallback[i], size, place);

		/* A fallback that no region satisfies does not turn -ENOSPC into -EINVAL. */
		if (err == -EINVAL || ret != -EINVAL)
			err = ret;
	}
	return err;
}

/* === Any request ========================================================== */

static bool fallback_is_invalid(const struct carveout_heap_request *req)
{
	unsigned int i;

	if (req->nr_fallback > CARVEOUT_FALLBACKS)
		return true;
	for (i = 0; i < req->nr_fallback; i++)
		if (req->fallback[i] & req->forbid)
			return true;
	return false;
}

/**
 * carveout_request_size() - Check a request
 * @heap: heap
 * @req: request
 *
 * Context: Any context.
 * Return: its size in bytes, rounded up to the granule; 0 if it is invalid.
 */
carveout_off_t carveout_request_size(const struct carveout_heap *heap,
				     const struct carveout_heap_request *req)
{
	carveout_off_t mask = ((carveout_off_t)1 << heap->shift) - 1;

	if (unlikely(req->align & (req->align - 1) || req->require & req->forbid))
		return 0;
	if (unlikely(req->nr_fallback && fallback_is_invalid(req)))
		return 0;
	if (unlikely(req->exact && (req->top_down || req->addr & mask ||
				    (req->align && req->addr & (req->align - 1)))))
		return 0;
	/* An overflowing size becomes 0, too. */
	return (req->size + mask) & ~mask;
}

/**
 * carveout_search() - Find a place for a request of any kind
 * @heap: heap
 * @req: the request
 * @size: its size, a multiple of the granule
 * @place: on success, the place
 *
 * Context: Any context. Caller holds the heap's lock. Searches the bins of each region
 * at most 6 * %CARVEOUT_CANDIDATES + 5 times for the attributes of the request, and as
 * often for each fallback.
 * Return: 0; -ENOSPC if no place was found; -EINVAL if no region may serve it.
 */
int carveout_search(struct carveout_heap *heap, const struct carveout_heap_request *req,
		    carveout_off_t size, struct carveout_place *place)
{
	int err = find_required(heap, req, req->require, size, place);

	return unlikely(err && req->nr_fallback) ? find_fallback(heap, req, err, size, place) :
						   err;
}
