// SPDX-License-Identifier: GPL-2.0
/*
 * Watches: notification of drivers when tags change.
 *
 * A change queues the work of each watch whose prefix the tag has. Work that is queued
 * already is not queued again, so any number of changes before it runs is one
 * notification. A change while the work runs queues it once more: the callback sees every
 * change that was made before its last call.
 */

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "../carveout_internal.h"
#include "../mem/deferred.h"
#include "watch.h"

static void watch_work(struct work_struct *work)
{
	struct carveout_watch *watch = container_of(work, struct carveout_watch, work);

	watch->changed(watch->data);
}

/*
 * The number of the last change. The shutdown of the heap is a change for watches, but is not
 * counted: pollers of the device node learn it by EPOLLHUP.
 */
static u64 last_change_locked(const struct carveout *carveout)
{
	lockdep_assert_held(&carveout->registry_lock);
	return carveout->changes + carveout->shutdown;
}

/**
 * carveout_watch_start() - Begin to watch tags
 * @watch: the watch, whose callback and argument are set
 * @carveout: the heap; the watch takes a reference
 * @prefix: prefix of the tags, at most 63 bytes; empty for all tags
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock.
 */
void carveout_watch_start(struct carveout_watch *watch, struct carveout *carveout,
			  const char *prefix)
{
	watch->carveout = __carveout_get(carveout);
	strscpy(watch->prefix, prefix, sizeof(watch->prefix));
	INIT_WORK(&watch->work, watch_work);
	mutex_lock(&carveout->registry_lock);
	watch->changes = last_change_locked(carveout);
	list_add_tail(&watch->node, &carveout->watches);
	mutex_unlock(&carveout->registry_lock);
}

/**
 * carveout_watch_stop() - End a watch, and wait for its callback
 * @watch: the watch; nothing else triggers it any longer
 *
 * Context: Process context. May sleep. Takes carveout->registry_lock. Not in the callback.
 */
void carveout_watch_stop(struct carveout_watch *watch)
{
	mutex_lock(&watch->carveout->registry_lock);
	list_del(&watch->node);
	mutex_unlock(&watch->carveout->registry_lock);
	cancel_work_sync(&watch->work);
	__carveout_put(watch->carveout);
}

/**
 * carveout_watch_trigger() - Call the callback of a watch without a change
 * @watch: the watch
 *
 * Context: Any context, including hard interrupts.
 */
void carveout_watch_trigger(struct carveout_watch *watch)
{
	queue_work(carveout_wq, &watch->work);
}

/**
 * carveout_watch_notify_locked() - Notify the watches of a change
 * @carveout: the heap, whose count of changes or state includes this one
 * @tag: the tag that changed; NULL for the shutdown of the heap
 *
 * Context: Process context. The caller holds carveout->registry_lock.
 */
void carveout_watch_notify_locked(struct carveout *carveout, const char *tag)
{
	const u64 changes = last_change_locked(carveout);
	struct carveout_watch *watch;

	list_for_each_entry(watch, &carveout->watches, node) {
		if (tag && !strstarts(tag, watch->prefix))
			continue;
		WRITE_ONCE(watch->changes, changes);
		carveout_watch_trigger(watch);
	}
}
