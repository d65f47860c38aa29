// SPDX-License-Identifier: GPL-2.0
/*
 * Views of a heap: a consistent copy of its visible state.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "report.h"
#include "text.h"
#include "view.h"

/* Number of attempts to load a view while the heap changes. */
#define TRIES	5

void view_complain_none(int err)
{
	complain(carveout_dir(), err, err ? "open" : "no heap here");
	tell("is carveout.ko loaded, and did it accept a region? Try 'carveout doctor'");
}

static void hint_heaps(void)
{
	char **names, *list = NULL;
	size_t count, size = 1, i;

	if (carveout_heap_names(&names, &count) || !count) {
		tell("no heap exists; try 'carveout doctor'");
		return;
	}
	for (i = 0; i < count; i++)
		size += strlen(names[i]) + 1;
	list = calloc(1, size);
	for (i = 0; list && i < count; i++)
		strcat(strcat(list, " "), names[i]);
	if (list)
		tell("these heaps exist:%s", list);
	free(list);
	carveout_heap_names_free(names, count);
}

static void explain_open(const char *name, int err)
{
	char *path;

	if (carveout_node_path(name, &path)) {
		complain(name, err, "open");
		return;
	}
	complain(name, err, "open %s", path);
	if (err == -ENOENT)
		hint_heaps();
	else if (err == -EACCES)
		tell("owner and mode of the device node control access to the heap: ls -l %s",
		     path);
	free(path);
}

int view_open(struct carveout_heap **heap, const char *name, int flags)
{
	int err = carveout_open(name, flags, heap);

	if (err)
		explain_open(name, err);
	return err;
}

static int by_tag(const void *a, const void *b)
{
	const struct carveout_buffer_info *left = a, *right = b;
	int order = strncmp(left->tag, right->tag, sizeof(left->tag));

	/* Buffers without a tag are sorted last. */
	if (!left->tag[0] != !right->tag[0])
		return left->tag[0] ? -1 : 1;
	if (order)
		return order;
	return left->generation < right->generation ? -1 : 1;
}

static int by_place(uint32_t region_a, uint64_t offset_a, uint32_t region_b,
		    uint64_t offset_b)
{
	if (region_a != region_b)
		return region_a < region_b ? -1 : 1;
	if (offset_a != offset_b)
		return offset_a < offset_b ? -1 : 1;
	return 0;
}

static int by_buffer_place(const void *a, const void *b)
{
	const struct carveout_buffer_info *left = a, *right = b;

	return by_place(left->region, left->offset, right->region,
			right->offset);
}

static int by_span_place(const void *a, const void *b)
{
	const struct carveout_ioctl_span *left = a, *right = b;

	return by_place(left->region, left->offset, right->region,
			right->offset);
}

static void sort(void *array, size_t count, size_t size,
		 int (*compare)(const void *a, const void *b))
{
	if (count)
		qsort(array, count, size, compare);
}

static void view_drop(struct view *view)
{
	free(view->regions);
	free(view->buffers);
	free(view->spans);
	view->regions = NULL;
	view->buffers = NULL;
	view->spans = NULL;
}

static int view_fetch(struct view *view, unsigned int flags)
{
	int err;

	err = carveout_query(view->heap, &view->query);
	if (!err)
		err = carveout_regions(view->heap, &view->regions,
				       &view->region_count);
	if (!err && flags)
		err = carveout_buffers(view->heap, &view->buffers,
				       &view->buffer_count);
	if (!err && (flags & VIEW_SPANS))
		err = carveout_spans(view->heap, &view->spans,
				     &view->span_count);
	if (err)
		return err;
	sort(view->buffers, view->buffer_count, sizeof(*view->buffers),
	     flags & VIEW_SPANS ? by_buffer_place : by_tag);
	sort(view->spans, view->span_count, sizeof(*view->spans),
	     by_span_place);
	return 0;
}

/* Are the spans those of visible buffers alone, as a caller without privilege gets them? */
static bool spans_are_partial(const struct view *view)
{
	uint64_t covered = 0;
	size_t i;

	for (i = 0; i < view->span_count; i++) {
		if (!view->spans[i].used)
			return false;
		covered += view->spans[i].size;
	}
	return covered < view->query.size;
}

/* Do the fetched spans cover the regions exactly? */
static bool view_agrees(const struct view *view)
{
	uint64_t used = 0, offset = 0;
	uint32_t region = 0;
	size_t i;

	for (i = 0; i < view->span_count; i++) {
		const struct carveout_ioctl_span *span = &view->spans[i];

		if (span->region != region) {
			region = span->region;
			offset = 0;
		}
		if (span->offset != offset)
			return false;
		offset += span->size;
		if (span->used)
			used += span->size;
	}
	return used == view->query.used;
}

/* The number of attempts that were left, or a negative errno. */
static int read_state(struct view *view, unsigned int flags)
{
	int tries = TRIES, err;

	do {
		view_drop(view);
		err = view_fetch(view, flags);
		view->partial = !err && (flags & VIEW_SPANS) && spans_are_partial(view);
	} while (!err && !view->partial && (flags & VIEW_SPANS) && !view_agrees(view) &&
		 --tries);
	return err ? err : tries;
}

int view_load(struct view *view, const char *name, unsigned int flags)
{
	int left;

	memset(view, 0, sizeof(*view));
	left = view_open(&view->heap, name, O_RDONLY);
	if (left)
		return left;
	left = read_state(view, flags);
	if (left < 0) {
		complain(name, left, "read the heap's state");
		view_unload(view);
		return left;
	}
	if (!left)
		complain(name, 0, "the heap keeps changing; expect inconsistencies");
	return 0;
}

int view_read(struct view *view, const char *name, unsigned int flags)
{
	int err;

	memset(view, 0, sizeof(*view));
	err = carveout_open(name, O_RDONLY, &view->heap);
	if (err)
		return err;
	err = read_state(view, flags);
	if (err >= 0)
		return 0;
	view_unload(view);
	return err;
}

void view_explain_tag(const char *name, const char *tag, int err)
{
	complain(name, err, "open tag '%s'", tag);
	if (err == -ENOENT)
		tell("'carveout ls %s' lists the tags", name);
	else if (err == -EACCES)
		tell("the tag's mode denies access; see 'carveout ls %s'", name);
}

void view_unload(struct view *view)
{
	view_drop(view);
	carveout_close(view->heap);
}

static int by_base(const void *a, const void *b)
{
	const struct carveout_ioctl_region *left =
		*(struct carveout_ioctl_region * const *)a;
	const struct carveout_ioctl_region *right =
		*(struct carveout_ioctl_region * const *)b;

	/* Unknown bases are all zero. */
	if (left->base != right->base)
		return left->base < right->base ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

const struct carveout_ioctl_region **view_regions_by_base(const struct view *view)
{
	const struct carveout_ioctl_region **sorted;
	size_t i;

	sorted = calloc(view->region_count + 1, sizeof(*sorted));
	if (!sorted)
		die("out of memory");
	for (i = 0; i < view->region_count; i++)
		sorted[i] = &view->regions[i];
	qsort(sorted, view->region_count, sizeof(*sorted), by_base);
	return sorted;
}

const char *view_region_name(const struct view *view, uint32_t region)
{
	if (region < view->region_count && view->regions[region].name[0])
		return text_safe(view->regions[region].name,
				 sizeof(view->regions[region].name));
	return text_format("%u", region);
}

const char *view_place(const struct view *view, uint32_t region,
		       uint64_t offset)
{
	return text_format("%s+0x%llx", view_region_name(view, region),
			   (unsigned long long)offset);
}

const char *view_creator(const struct carveout_buffer_info *buffer)
{
	const char *comm = text_safe(buffer->comm, sizeof(buffer->comm));

	if (!buffer->pid)
		return text_format("?/%s", comm);
	return text_format("%u/%s", buffer->pid, comm);
}

const char *view_fragmentation(const struct view *view)
{
	uint64_t left = 0, largest = 0;
	size_t i;

	for (i = 0; i < view->region_count; i++) {
		left += view->regions[i].size - view->regions[i].used;
		largest += view->regions[i].largest_hole;
	}
	if (largest >= left)
		return text_share(0, 1);
	return text_share(left - largest, left);
}

static int view_one(const char *name, unsigned int flags,
		    void (*show)(const struct view *view, void *context),
		    void *context)
{
	struct view view;

	if (view_load(&view, name, flags))
		return FAILED;
	show(&view, context);
	view_unload(&view);
	return DONE;
}

int view_each(const char *name, unsigned int flags,
	      void (*show)(const struct view *view, void *context),
	      void *context)
{
	int result = DONE, err;
	size_t count, i;
	char **names;

	if (name)
		return view_one(name, flags, show, context);
	err = carveout_heap_names(&names, &count);
	if (err || !count) {
		view_complain_none(err);
		return FAILED;
	}
	for (i = 0; i < count; i++)
		if (view_one(names[i], flags, show, context))
			result = FAILED;
	carveout_heap_names_free(names, count);
	return result;
}
