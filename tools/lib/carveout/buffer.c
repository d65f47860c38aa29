// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making, opening and resizing buffers.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

static_assert(offsetof(struct carveout_alloc_options, struct_size) == 0, "see age.c");
static_assert(offsetof(struct carveout_opened, struct_size) == 0, "see age.c");

/* Sizes of the first version of each structure. */
#define OPENED_SIZE_VER0 \
	(offsetof(struct carveout_opened, reserved) + sizeof(uint32_t))
#define OPTIONS_SIZE_VER0 \
	(offsetof(struct carveout_alloc_options, nr_fallback) + sizeof(size_t))

/* Before anything is done: what is opened must not be lost for want of a reply. */
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

static int set_names(struct carveout_ioctl_alloc *alloc,
		     const struct carveout_alloc_options *options)
{
	/* An empty tag is a mistake, not the wish for none. */
	if (options->tag) {
		alloc->mode = options->mode;
		if (!*options->tag || carveout__set_name(alloc->tag, options->tag))
			return -EINVAL;
	}
	return options->label ? carveout__set_name(alloc->label, options->label) : 0;
}

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
	err = set_fallback(alloc, options);
	return err ? err : set_names(alloc, options);
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

static int set_tag(struct carveout_ioctl_open *open, const char *tag, int fd_flags,
		   const struct carveout_opened *opened)
{
	open->fd_flags = fd_flags;
	if (carveout__set_name(open->tag, tag))
		return -EINVAL;
	return check_opened(opened);
}

static int tell_opened(const struct carveout_ioctl_open *open,
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
	struct carveout_ioctl_open open, request = { 0 };
	int err;

	err = set_tag(&request, tag, fd_flags, opened);
	if (!err)
		err = carveout__ioctl_again(heap->fd, CARVEOUT_IOCTL_OPEN, &open,
					    &request);
	return err ? err : tell_opened(&open, opened);
}

int carveout_open_tag_wait(const struct carveout_heap *heap, const char *tag,
			   int fd_flags, int timeout_ms,
			   struct carveout_opened *opened)
{
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT,
		.deadline = carveout__deadline(timeout_ms),
	};
	int err;

	err = set_tag(&open, tag, fd_flags, opened);
	if (err)
		return err;
	/* Who waits wants to be told of a signal. */
	if (ioctl(heap->fd, CARVEOUT_IOCTL_OPEN, &open) < 0)
		return -errno;
	return tell_opened(&open, opened);
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
