/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Internal interfaces of the client. The caller holds the lock.
 */
#ifndef CARVEOUT_REMOTE_CORE_H
#define CARVEOUT_REMOTE_CORE_H

#include "carveout_remote.h"

#ifdef __KERNEL__
#include <asm/barrier.h>
#else
#include <stdatomic.h>
#endif

/*
 * States of a slot. A slot that is queued, being sent, sent or watching has a request of a
 * session. An ended slot has a result, which is not handed over yet. A slot that is done keeps
 * its result for carveout_remote_collect().
 */
enum slot_state {
	SLOT_FREE,
	SLOT_QUEUED,
	SLOT_SENDING,
	SLOT_SENT,
	SLOT_WATCHING,
	SLOT_ENDED,
	SLOT_DONE,
};

/*
 * Loads and stores before it are before those after it, also for Linux. A port may define
 * CARVEOUT_REMOTE_BARRIER() on the compiler's command line.
 */
static inline void carveout_remote_barrier(void)
{
#ifdef CARVEOUT_REMOTE_BARRIER
	CARVEOUT_REMOTE_BARRIER();
#elif defined(__KERNEL__)
	mb();	/* as documented above */
#elif defined(__arm__) && __ARM_ARCH >= 7
	/* Linux may be outside of the inner shareable domain, which the compiler's is for. */
	__asm__ volatile("dmb sy" : : : "memory");
#else
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* The largest value of 32 bits; the kernel has no UINT32_MAX. */
#define CARVEOUT_REMOTE_U32_MAX 0xffffffffU

/* Slot @i of the client: 0 is the start of the session, the others are the caller's. */
static inline struct carveout_remote_slot *
carveout_remote_slot_at(struct carveout_remote *remote, size_t i)
{
	return i ? &remote->slots[i - 1] : &remote->start;
}

/* Has Linux not answered the request yet? A watch has its answer and waits for its event. */
static inline bool carveout_remote_in_flight(const struct carveout_remote_slot *slot)
{
	return slot->state == SLOT_SENDING || slot->state == SLOT_SENT;
}

/* Is the request of the slot unfinished? */
static inline bool carveout_remote_is_open(const struct carveout_remote_slot *slot)
{
	return slot->state == SLOT_QUEUED || carveout_remote_in_flight(slot) ||
	       slot->state == SLOT_WATCHING;
}

struct carveout_remote_slot *carveout_remote_find(struct carveout_remote *remote, uint32_t id);
void carveout_remote_queue(struct carveout_remote *remote, struct carveout_remote_slot *slot);
void carveout_remote_end(struct carveout_remote_slot *slot, int status);
void carveout_remote_finish(struct carveout_remote *remote);
void carveout_remote_queue_start(struct carveout_remote *remote);
void carveout_remote_lock(struct carveout_remote *remote);
void carveout_remote_unlock(struct carveout_remote *remote);
size_t carveout_remote_process_locked(struct carveout_remote *remote);
int carveout_remote_submit_locked(struct carveout_remote *remote,
				  const struct carveout_remote_request *request,
				  carveout_remote_done *done, void *ctx, uint32_t *ticket);
int carveout_remote_collect_locked(struct carveout_remote *remote, uint32_t ticket,
				   struct carveout_remote_result *result);
void carveout_remote_abandon_locked(struct carveout_remote *remote, uint32_t ticket);

#endif /* CARVEOUT_REMOTE_CORE_H */
