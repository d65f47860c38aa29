/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before a selftest of the kernel: a buffer of a heap of this board. The system's
 * headers come first, since the headers that follow this one redefine names of theirs.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <linux/carveout.h>

#define REDIRECT_HEAPS	"/dev/carveout"
/* A heap with pages, and one without: board.sh makes them. */
#define REDIRECT_PAGES	"default"
#define REDIRECT_NO_MAP	"large"

/* A buffer of a heap by its name, or -1 with errno set. */
static inline int redirect_buffer(const char *heap, size_t size)
{
	struct carveout_ioctl_alloc alloc = {
		.size = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	char path[64];
	int node, fd;

	snprintf(path, sizeof(path), REDIRECT_HEAPS "/%s", heap);
	node = open(path, O_RDWR | O_CLOEXEC);
	if (node < 0)
		return -1;
	fd = ioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc) ? -1 : alloc.fd;
	close(node);
	return fd;
}

#endif /* REDIRECT_H */
