// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening by tag: the code shared by buffers and pools.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define BUFFER_OFFSET(member)	offsetof(struct carveout_ioctl_open, member)
#define POOL_OFFSET(member)	offsetof(struct carveout_ioctl_pool_open, member)

/* The request is set up through one member of the union for both commands. */
static_assert(BUFFER_OFFSET(tag) == POOL_OFFSET(tag), "common initial sequence");
static_assert(BUFFER_OFFSET(flags) == POOL_OFFSET(flags), "common initial sequence");
static_assert(BUFFER_OFFSET(fd_flags) == POOL_OFFSET(fd_flags), "common initial sequence");
static_assert(BUFFER_OFFSET(deadline) == POOL_OFFSET(deadline), "common initial sequence");

static int set_request(union carveout__open *open, const char *tag, int fd_flags)
{
	memset(open, 0, sizeof(*open));
	open->buffer.fd_flags = fd_flags;
	return carveout__set_name(open->buffer.tag, tag);
}

int carveout__open_tag(const struct carveout_heap *heap, unsigned long command,
		       union carveout__open *open, const char *tag, int fd_flags)
{
	union carveout__open request;

	if (set_request(&request, tag, fd_flags))
		return -EINVAL;
	return carveout__ioctl_again(heap->fd, command, open, &request);
}

int carveout__open_tag_until(const struct carveout_heap *heap, unsigned long command,
			     union carveout__open *open, const char *tag, int fd_flags,
			     uint64_t deadline)
{
	if (set_request(open, tag, fd_flags))
		return -EINVAL;
	open->buffer.flags = CARVEOUT_OPEN_WAIT;
	open->buffer.deadline = deadline;
	/* Report signals to the waiter: do not restart. */
	return ioctl(heap->fd, command, open) < 0 ? -errno : 0;
}
