/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches: notification of drivers when tags change.
 */
#ifndef CARVEOUT_WATCH_H
#define CARVEOUT_WATCH_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <uapi/linux/carveout.h>

struct carveout;

/**
 * struct carveout_watch - A watch of the tags of a heap that have a prefix
 * @node: entry in carveout.watches; carveout.registry_lock
 * @carveout: the heap, to which the watch holds a reference (invariant)
 * @prefix: the prefix, a terminated string (invariant)
 * @changes: number of the last change of such a tag, or of the shutdown;
 *	carveout.registry_lock to change
 * @work: calls @changed
 * @changed: called after a change (invariant)
 * @data: its argument (invariant)
 */
struct carveout_watch {
	struct list_head node;
	struct carveout *carveout;
	char prefix[CARVEOUT_NAME_LEN];
	u64 changes;
	struct work_struct work;
	void (*changed)(void *data);
	void *data;
};

void carveout_watch_start(struct carveout_watch *watch, struct carveout *carveout,
			  const char *prefix);
void carveout_watch_stop(struct carveout_watch *watch);
void carveout_watch_trigger(struct carveout_watch *watch);
void carveout_watch_notify_locked(struct carveout *carveout, const char *tag);

#endif /* CARVEOUT_WATCH_H */
