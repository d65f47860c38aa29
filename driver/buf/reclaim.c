// SPDX-License-Identifier: GPL-2.0
/*
 * The work that completes deferred frees: see mem/deferred.c for the lists.
 */

#include <linux/llist.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/alloc.h"
#include "../mem/cookie.h"
#include "../mem/deferred.h"
#include "buffer.h"
#include "reclaim.h"
#include "release.h"

/* In a corrupted heap the rest of the list stays allocated. */
static void free_spans(struct carveout *carveout)
{
	struct carveout_span_info info;
	u64 next = carveout_deferred_take(carveout);

	while (next != CARVEOUT_NOWHERE &&
	       !carveout_deferred_find(carveout, next, &info)) {
		next = carveout_cookie_next(info.cookie);
		carveout_scrub(carveout, carveout->claim[info.region], info.start,
			       info.size);
		carveout_span_free_pending(carveout, &info);
		carveout_span_retire(carveout, carveout->claim[info.region], info.start,
				     info.size);
		carveout_deferred_done(carveout);
		__carveout_put(carveout);	/* the span's */
	}
}

static void free_bufs(struct carveout *carveout)
{
	struct carveout_buf *buf, *next;

	llist_for_each_entry_safe(buf, next, llist_del_all(&carveout->pending_bufs),
				  pending) {
		/* From here on another holder may drop the last reference. */
		WRITE_ONCE(buf->deferred, false);
		carveout_buf_put_sync(buf);
		carveout_deferred_done(carveout);
	}
}

static void reclaim_work(struct work_struct *work)
{
	struct carveout *carveout = container_of(work, struct carveout, work);

	free_bufs(carveout);
	free_spans(carveout);
	__carveout_put(carveout);
}

/**
 * carveout_reclaim_init() - Initialise the lists and the work of a new heap
 * @carveout: the heap
 *
 * Context: Any context.
 */
void carveout_reclaim_init(struct carveout *carveout)
{
	carveout->pending = CARVEOUT_NOWHERE;
	init_llist_head(&carveout->pending_bufs);
	INIT_WORK(&carveout->work, reclaim_work);
}
