/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deferred frees: memory and buffers that were freed in atomic context.
 */
#ifndef CARVEOUT_DEFERRED_H
#define CARVEOUT_DEFERRED_H

#include <linux/carveout.h>
#include <linux/types.h>

#include "../../lib/heap.h"

struct workqueue_struct;

extern struct workqueue_struct *carveout_wq;

int carveout_deferred_init(void);
void carveout_deferred_exit(void);
void carveout_deferred_push_locked(struct carveout *carveout,
				   const struct carveout_span_info *info);
void carveout_deferred_kick(struct carveout *carveout);
bool carveout_deferred_busy(struct carveout *carveout);
u64 carveout_deferred_take(struct carveout *carveout);
int carveout_deferred_find(struct carveout *carveout, u64 start,
			   struct carveout_span_info *info);
void carveout_deferred_done(struct carveout *carveout);
void __carveout_put_atomic(struct carveout *carveout);

/**
 * struct carveout_retry - An attempt that is repeated after deferred frees are drained
 * @carveout: the heap
 * @busy: frees were pending before the attempt
 * @drained: they were drained, which is done once
 */
struct carveout_retry {
	struct carveout *carveout;
	bool busy;
	bool drained;
};

/**
 * carveout_retry_sample() - Note whether frees are pending before an attempt
 * @retry: the state
 *
 * A tag, a charge, a reference or memory that was freed before the call may be visible
 * as free only after the deferred work. The state is sampled before the attempt: sampled
 * after a failed one, it could be clear because the work finished in between, and the
 * failure would be final although a repetition would succeed.
 *
 * Context: Any context.
 */
static inline void carveout_retry_sample(struct carveout_retry *retry)
{
	retry->busy = !retry->drained && carveout_deferred_busy(retry->carveout);
}

/**
 * carveout_retry() - Prepare an attempt that may fail because of a pending free
 * @carveout: the heap
 *
 * Context: Any context.
 * Return: the state, sampled, for carveout_retry_drained().
 */
static inline struct carveout_retry carveout_retry(struct carveout *carveout)
{
	struct carveout_retry retry = { .carveout = carveout };

	carveout_retry_sample(&retry);
	return retry;
}

/**
 * carveout_retry_drained() - Drain deferred frees if the attempt may then succeed
 * @retry: the state, sampled before the attempt
 * @failed: the attempt failed for a reason that a pending free can be
 *
 * Context: Process context. May sleep.
 * Return: true, at most once, if the attempt is worth repeating.
 */
static inline bool carveout_retry_drained(struct carveout_retry *retry, bool failed)
{
	if (!failed || !retry->busy)
		return false;
	carveout_drain(retry->carveout);
	retry->busy = false;
	retry->drained = true;
	return true;
}

#endif /* CARVEOUT_DEFERRED_H */
