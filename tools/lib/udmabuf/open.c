// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which paths are those of u-dma-buf, and opening them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "udmabuf.h"

#define DEV	"/dev/"

/* The class of the driver and that of its predecessor. */
static const char *const classes[] = { "/sys/class/u-dma-buf/", "/sys/class/udmabuf/" };

/* === Nodes ================================================================ */

static int set_state(const struct udmabuf_node *node, int flags)
{
	struct udmabuf_file file = {
		.access = flags & O_ACCMODE,
		.sync = (flags & O_SYNC) == O_SYNC,
	};
	struct udmabuf_settings settings;
	int err;

	err = udmabuf_settings_read(node, &settings);
	if (!err)
		err = udmabuf_check_mode(node, settings.mode, file.sync);
	return err ? err : udmabuf_node_save(node->fd, &file);
}

/* A dma-buf is never open for writing alone. */
static int open_node(const char *name, int flags)
{
	int access = (flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
	struct udmabuf_node node;
	int err;

	err = udmabuf_node_get(&node, name, access | (flags & O_CLOEXEC));
	if (err)
		return err;
	err = set_state(&node, flags);
	node.own = err;
	udmabuf_node_put(&node);
	return err ? err : node.fd;
}

/* === Paths ================================================================ */

static const char *after(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(path, prefix, length) ? NULL : path + length;
}

/* NODE/ATTR */
static int open_attr(const char *path, int flags)
{
	const char *slash = strchr(path, '/');
	char node[CARVEOUT_NAME_LEN];
	size_t length;

	if (!slash)
		return -ENOENT;
	length = slash - path;
	if (length >= sizeof(node))
		return -ENOENT;
	memcpy(node, path, length);
	node[length] = '\0';
	if (carveout_tag_check(node))
		return -ENOENT;
	return udmabuf_attr_open(node, slash + 1, flags);
}

static bool is_heap_open(void)
{
	struct carveout_heap *heap;

	if (udmabuf_heap(&heap))
		return false;
	carveout_close(heap);
	return true;
}

/* Do not report an error of the heap for a path that may belong to another driver. */
static int open_device(const char *name, int flags)
{
	if (!strcmp(name, UDMABUF_MANAGER))
		return udmabuf_attr_open("", name, flags);
	if (!after(name, "udmabuf") && !is_heap_open())
		return -ENOENT;
	return open_node(name, flags);
}

static int open_path(const char *path, int flags)
{
	const char *rest;
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		rest = after(path, classes[i]);
		if (rest)
			return open_attr(rest, flags);
	}
	return open_device(after(path, DEV), flags);
}

/* Could the path be one of u-dma-buf? One that exists is not. */
static bool is_ours(const char *path)
{
	const char *name = after(path, DEV);
	bool ours = name && !carveout_tag_check(name);
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		ours |= !!after(path, classes[i]);
	return ours && next_of(access)(path, F_OK) < 0 && errno == ENOENT;
}

/* Flags that open() refuses for a file that exists and is no directory. */
static int check_flags(int flags)
{
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	return (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : 0;
}

/* open() returns the lowest descriptor, but the open heap had that one. */
static int lowest(int fd, int flags)
{
	int lower = fcntl(fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);

	if (lower < 0)
		return fd;
	udmabuf_close(lower < fd ? fd : lower);
	return lower < fd ? lower : fd;
}

static int open_checked(const char *path, int flags)
{
	int fd = open_path(path, flags), err;

	if (fd < 0)
		return fd;
	err = check_flags(flags);
	if (!err)
		return lowest(fd, flags);
	udmabuf_close(fd);
	return err;
}

bool udmabuf_open(const char *path, int flags, int *fd)
{
	int error = errno;

	*fd = is_ours(path) ? open_checked(path, flags) : -ENOENT;
	/* No such node: the C library opens the path, reports that it is absent, or creates it. */
	if (*fd == -ENOENT || *fd == -ENXIO) {
		errno = error;
		return false;
	}
	if (*fd >= 0) {
		udmabuf_set_used();
		errno = error;
	} else {
		errno = -*fd;
		*fd = -1;
	}
	return true;
}
