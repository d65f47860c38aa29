// SPDX-License-Identifier: GPL-2.0
/*
 * Samples: the state of heaps, their pools and their holders at one time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "holders.h"
#include "report.h"
#include "sample.h"

#define SECOND	1000000000ULL

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/*
 * A pool is opened for the query, which needs write access to its tag and to the device
 * node. One that is held only by the caller's open is freed when that is closed, as it would
 * have been by its last holder.
 */
static int query_pool(const struct carveout_heap *heap, struct sampled_pool *pool)
{
	int fd, err;

	if (!pool->buffer->tag[0])
		return -ENOENT;
	fd = carveout_pool_open(heap, pool->buffer->tag, O_RDWR | O_CLOEXEC, NULL);
	if (fd < 0)
		return fd;
	err = carveout_pool_query(fd, &pool->query);
	close(fd);
	return err;
}

static void query_pools(struct sampled_heap *heap)
{
	struct carveout_heap *node;
	size_t i;
	int err;

	err = carveout_open(heap->name, O_RDWR, &node);
	for (i = 0; i < heap->pool_count; i++)
		heap->pools[i].err = err ? err : query_pool(node, &heap->pools[i]);
	carveout_close(node);
}

static void find_pools(struct sampled_heap *heap)
{
	const struct view *view = &heap->view;
	size_t i;

	heap->pools = calloc(view->buffer_count + 1, sizeof(*heap->pools));
	if (!heap->pools)
		die("out of memory");
	for (i = 0; i < view->buffer_count; i++)
		if (view->buffers[i].flags & CARVEOUT_BUFFER_POOL)
			heap->pools[heap->pool_count++].buffer = &view->buffers[i];
	if (heap->pool_count)
		query_pools(heap);
}

static void rate(struct sampled_heap *heap, uint64_t time, const struct sample *last)
{
	const struct sampled_heap *before;
	size_t i;

	for (i = 0; last && i < last->heap_count; i++) {
		before = &last->heaps[i];
		if (before->err || strcmp(before->name, heap->name) || time <= last->time)
			continue;
		heap->rated = true;
		heap->rate = ((double)heap->view.query.used - before->view.query.used) *
			     SECOND / (time - last->time);
	}
}

static void take_heap(struct sample *sample, const char *name, const struct sample *last)
{
	struct sampled_heap *heap = &sample->heaps[sample->heap_count++];

	heap->name = strdup(name);
	if (!heap->name)
		die("out of memory");
	heap->err = view_read(&heap->view, name, VIEW_BUFFERS);
	if (heap->err)
		return;
	rate(heap, sample->time, last);
	find_pools(heap);
}

void sample_take(struct sample *sample, const char *name, const struct sample *last)
{
	char **names = NULL;
	size_t count = 1, i;

	memset(sample, 0, sizeof(*sample));
	sample->time = now();
	if (!name)
		sample->err = carveout_heap_names(&names, &count);
	sample->heaps = calloc(count + 1, sizeof(*sample->heaps));
	if (!sample->heaps)
		die("out of memory");
	for (i = 0; i < count; i++)
		take_heap(sample, name ? name : names[i], last);
	if (names)
		carveout_heap_names_free(names, count);
	holders_find(sample);
}

bool sample_readable(const struct sample *sample)
{
	size_t i;

	for (i = 0; i < sample->heap_count; i++)
		if (!sample->heaps[i].err)
			return true;
	return false;
}

bool sample_complain(const struct sample *sample)
{
	const struct sampled_heap *sampled;
	struct carveout_heap *heap;
	bool any = sample->err || !sample->heap_count;
	size_t i;

	if (any)
		view_complain_none(sample->err);
	for (i = 0; i < sample->heap_count; i++) {
		sampled = &sample->heaps[i];
		any |= sampled->err != 0;
		/* Opening it again reports the cause, if it is still there. */
		if (!sampled->err || view_open(&heap, sampled->name, O_RDONLY))
			continue;
		complain(sampled->name, sampled->err, "read the heap's state");
		carveout_close(heap);
	}
	return any;
}

void sample_drop(struct sample *sample)
{
	struct sampled_heap *heap;
	size_t i;

	for (i = 0; i < sample->heap_count; i++) {
		heap = &sample->heaps[i];
		if (!heap->err)
			view_unload(&heap->view);
		free(heap->pools);
		free(heap->name);
	}
	free(sample->heaps);
	free(sample->processes);
	free(sample->holdings);
	memset(sample, 0, sizeof(*sample));
}

bool sample_holds(const struct holding *holding, size_t heap,
		  const struct carveout_buffer_info *buffer)
{
	return holding->heap == heap && holding->region == buffer->region &&
	       holding->offset == buffer->offset;
}
