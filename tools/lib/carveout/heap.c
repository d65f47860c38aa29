// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Heaps: listing, opening, waiting for changes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

const char *carveout_dir(void)
{
	/* The user of a set-uid program must not choose the files that it opens. */
	const char *dir = secure_getenv("CARVEOUT_DIR");

	return dir && *dir ? dir : CARVEOUT_NODE_DIR;
}

int carveout_node_path(const char *name, char **path)
{
	*path = NULL;
	if (!*name)
		return -EINVAL;
	if (strchr(name, '/'))
		*path = strdup(name);
	else if (asprintf(path, "%s/%s", carveout_dir(), name) < 0)
		*path = NULL;
	return *path ? 0 : -ENOMEM;
}

/* === Names ================================================================ */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **grown = realloc(*names, (*count + 1) * sizeof(**names));

	if (!grown)
		return -ENOMEM;
	*names = grown;
	grown[*count] = strdup(name);
	if (!grown[*count])
		return -ENOMEM;
	(*count)++;
	return 0;
}

static int read_names(DIR *dir, char ***names, size_t *count)
{
	struct dirent *entry;
	int err = 0;

	while (!err && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = add_name(names, count, entry->d_name);
	return err ? err : -errno;
}

int carveout_heap_names(char ***names, size_t *count)
{
	DIR *dir;
	int err;

	*names = NULL;
	*count = 0;
	dir = opendir(carveout_dir());
	if (!dir)
		return -errno;
	err = read_names(dir, names, count);
	closedir(dir);
	if (err) {
		carveout_heap_names_free(*names, *count);
		*names = NULL;
		*count = 0;
	} else if (*count) {
		qsort(*names, *count, sizeof(**names), by_name);
	}
	return err;
}

void carveout_heap_names_free(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

/* === Opening ============================================================== */

/* A file that is not a heap might block the open; on a heap, calls are to wait. */
static int open_path(struct carveout_heap *heap, int flags)
{
	heap->fd = open(heap->path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return heap->fd < 0 ? -errno : 0;
}

static int open_node(struct carveout_heap *heap, const char *name, int flags)
{
	struct carveout_ioctl_query query;
	int err;

	err = carveout_node_path(name, &heap->path);
	if (!err)
		err = open_path(heap, flags);
	if (err)
		return err;
	/* Issue no other ioctl to a file that is not a heap. */
	err = carveout_query(heap, &query);
	if (err)
		return err == -EINVAL ? -ENOTTY : err;
	return fcntl(heap->fd, F_SETFL, 0) ? -errno : 0;
}

static struct carveout_heap *new_heap(void)
{
	struct carveout_heap *heap = calloc(1, sizeof(*heap));

	if (heap)
		heap->fd = -1;
	return heap;
}

int carveout_open(const char *name, int flags, struct carveout_heap **heap)
{
	struct carveout_heap *opened;
	int err;

	*heap = NULL;
	if (flags & ~(O_ACCMODE | O_CLOEXEC) || (flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	opened = new_heap();
	if (!opened)
		return -ENOMEM;
	err = open_node(opened, name, flags);
	if (err)
		carveout_close(opened);
	else
		*heap = opened;
	return err;
}

int carveout_open_dmabuf(struct carveout_heap **heap)
{
	struct carveout_heap *opened;
	int err = -ENOMEM;

	*heap = NULL;
	opened = new_heap();
	if (!opened)
		return -ENOMEM;
	opened->path = strdup(CARVEOUT_DMABUF_NODE);
	if (opened->path)
		err = open_path(opened, O_RDONLY);
	if (err)
		carveout_close(opened);
	else
		*heap = opened;
	return err;
}

void carveout_close(struct carveout_heap *heap)
{
	if (!heap)
		return;
	if (heap->fd >= 0)
		close(heap->fd);
	free(heap->path);
	free(heap);
}

int carveout_heap_fd(const struct carveout_heap *heap)
{
	return heap->fd;
}

const char *carveout_heap_path(const struct carveout_heap *heap)
{
	return heap->path;
}

/* === Changes ============================================================== */

int carveout_poll(const struct carveout_heap *heap, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = heap->fd, .events = POLLIN };
	int ready;

	ready = poll(&poll_fd, 1, timeout_ms);
	if (ready <= 0)
		return ready < 0 ? -errno : 0;
	return poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL) ? -ENODEV : 1;
}

int carveout_acknowledge(const struct carveout_heap *heap)
{
	struct carveout_buffer_info buffer;
	uint64_t cursor = 0;
	int ret;

	/* Starting a list acknowledges all changes so far. */
	ret = carveout_next_buffers(heap, &cursor, &buffer, 1);
	return ret < 0 ? ret : 0;
}
