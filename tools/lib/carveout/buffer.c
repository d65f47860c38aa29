// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Buffers: creating, opening and resizing.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static_assert(offsetof(struct carveout_alloc_options, struct_size) == 0, "see age.c");
static_assert(offsetof(struct carveout_opened, struct_size) == 0, "see age.c");

/* Sizes of the first version of each structure. */
#define OPENED_SIZE_VER0 \
	(offsetof(struct carveout_opened, reserved) + sizeof(uint32_t))
#define OPTIONS_SIZE_VER0 \
	(offsetof(struct carveout_alloc_options, nr_fallback) + sizeof(size_t))

/* Check first: a buffer must not be opened if its reply cannot be returned. */
static int check_opened(const struct carveout_opened *opened)
{
	return carveout__check_answer(opened, OPENED_SIZE_VER0);
}

static void set_opened(struct carveout_opened *opened,
		       const struct carveout_opened *known)
{
	carveout__set_answer(opened, known, sizeof(*known));
}

/* === Allocating =========================================================== */

static int set_fallback(struct carveout_ioctl_alloc *alloc,
			const struct carveout_alloc_options *options)
{
	if (options->nr_fallback > CARVEOUT_NR_FALLBACK)
		return -EINVAL;
	alloc->nr_fallback = options->nr_fallback;
	if (options->nr_fallback)
		memcpy(alloc->fallback, options->fallback,
		       options->nr_fallback * sizeof(*alloc->fallback));
	return 0;
}

static int set_request(struct carveout_ioctl_alloc *alloc,
		       const struct carveout_alloc_options *options)
{
	int err;

	alloc->size = options->size;
	alloc->align = options->align;
	alloc->max_addr = options->max_addr;
	alloc->regions = options->regions;
	alloc->place = options->place;
	alloc->require = options->require;
	alloc->forbid = options->forbid;
	alloc->flags = options->flags;
	alloc->fd_flags = options->fd_flags;
	if (options->tag)
		alloc->mode = options->mode;
	err = set_fallback(alloc, options);
	return err ? err : carveout__set_names(alloc->tag, options->tag,
					       alloc->label, options->label);
}

int carveout_alloc_with(const struct carveout_heap *heap,
			const struct carveout_alloc_options *options,
			struct carveout_opened *opened)
{
	struct carveout_ioctl_alloc alloc, request = { 0 };
	struct carveout_opened known = { 0 };
	struct carveout_alloc_options own;
	int err;

	err = carveout__take_options(&own, sizeof(own), options, OPTIONS_SIZE_VER0);
	if (!err)
		err = check_opened(opened);
	if (!err)
		err = set_request(&request, &own);
	if (!err)
		err = carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_ALLOC,
					    &alloc, &request);
	if (err)
		return err;
	known.size = alloc.size;
	known.offset = alloc.offset;
	known.generation = alloc.generation;
	known.region = alloc.region;
	known.attrs = alloc.attrs;
	known.created = !!(alloc.created & CARVEOUT_ALLOC_CREATED);
	set_opened(opened, &known);
	return alloc.fd;
}

int carveout_alloc(const struct carveout_heap *heap, uint64_t size)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;

	options.size = size;
	return carveout_alloc_with(heap, &options, NULL);
}

/* === Opening ============================================================== */

static int report_opened(const struct carveout_ioctl_open *open,
			 struct carveout_opened *opened)
{
	struct carveout_opened known = {
		.size = open->size,
		.offset = open->offset,
		.generation = open->generation,
		.region = open->region,
		.attrs = open->attrs,
	};

	set_opened(opened, &known);
	return open->fd;
}

int carveout_open_tag(const struct carveout_heap *heap, const char *tag,
		      int fd_flags, struct carveout_opened *opened)
{
	union carveout__open open;
	int err;

	err = check_opened(opened);
	if (!err)
		err = carveout__open_tag(heap, CARVEOUT_IOCTL_OPEN, &open, tag, fd_flags);
	return err ? err : report_opened(&open.buffer, opened);
}

int carveout_open_tag_until(const struct carveout_heap *heap, const char *tag,
			    int fd_flags, uint64_t deadline,
			    struct carveout_opened *opened)
{
	union carveout__open open;
	int err;

	err = check_opened(opened);
	if (!err)
		err = carveout__open_tag_until(heap, CARVEOUT_IOCTL_OPEN, &open, tag,
					       fd_flags, deadline);
	return err ? err : report_opened(&open.buffer, opened);
}

int carveout_open_tag_wait(const struct carveout_heap *heap, const char *tag,
			   int fd_flags, int timeout_ms,
			   struct carveout_opened *opened)
{
	return carveout_open_tag_until(heap, tag, fd_flags, carveout_deadline(timeout_ms),
				       opened);
}

/* === Resizing ============================================================= */

int carveout_resize(const struct carveout_heap *heap, int fd, uint64_t size,
		    int fd_flags, struct carveout_opened *opened)
{
	struct carveout_ioctl_resize resize, request = {
		.fd = fd,
		.size = size,
		.fd_flags = fd_flags,
	};
	struct carveout_opened known = { 0 };
	int err;

	err = check_opened(opened);
	if (!err)
		err = carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_RESIZE,
					    &resize, &request);
	if (err)
		return err;
	close(fd);
	known.size = resize.size;
	known.offset = resize.offset;
	known.generation = resize.generation;
	known.region = resize.region;
	known.attrs = resize.attrs;
	set_opened(opened, &known);
	return resize.new_fd;
}
