// SPDX-License-Identifier: GPL-2.0
/*
 * A model of carveout: watches.
 */

#include "heap_types.h"

static void notify_work(struct work_struct *work)
{
	struct carveout_watch *watch = container_of(work, struct carveout_watch, work);

	watch->changed(watch->data);
}

void heap_trigger(struct work_struct *work)
{
	if (heap_state.eager && !kernel.atomic)
		work->func(work);
	else
		queue_work(NULL, work);
}

/* The shutdown is a change, which is not counted. */
static u64 last_change(const struct carveout *heap)
{
	return heap->changes + heap->dead;
}

void heap_start_watch(struct carveout_watch *watch, struct carveout *heap, const char *prefix)
{
	watch->heap = heap;
	heap->refs++;
	strscpy(watch->prefix, prefix, sizeof(watch->prefix));
	INIT_WORK(&watch->work, notify_work);
	watch->changes = last_change(heap);
	list_add_tail(&watch->node, &heap->watches);
}

void heap_stop_watch(struct carveout_watch *watch)
{
	list_del(&watch->node);
	cancel_work_sync(&watch->work);
	carveout_put(watch->heap);
}

/**
 * heap_changed() - A tag has changed
 * @heap: the heap
 * @tag: the tag; NULL for the shutdown of the heap
 */
void heap_changed(struct carveout *heap, const char *tag)
{
	struct carveout_watch *watch, *next;

	heap->changes += !!tag;
	list_for_each_entry_safe(watch, next, &heap->watches, node) {
		if (tag && !strstarts(tag, watch->prefix))
			continue;
		watch->changes = last_change(heap);
		heap_trigger(&watch->work);
	}
}

struct carveout_watch *carveout_watch_begin(struct carveout *heap, const char *prefix,
					    void (*changed)(void *data), void *data)
{
	struct carveout_watch *watch;

	might_sleep();
	if (prefix[0] && heap_check_tag(prefix))
		return ERR_PTR(-EINVAL);
	watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	if (!watch)
		return ERR_PTR(-ENOMEM);
	watch->changed = changed;
	watch->data = data;
	heap_start_watch(watch, heap, prefix);
	heap_state.watches++;
	return watch;
}

void carveout_watch_end(struct carveout_watch *watch)
{
	might_sleep();
	heap_stop_watch(watch);
	kfree(watch);
	heap_state.watches--;
}

u64 carveout_watch_changes(const struct carveout_watch *watch)
{
	return watch->changes;
}
