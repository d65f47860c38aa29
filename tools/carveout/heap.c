// SPDX-License-Identifier: GPL-2.0
/*
 * Carveout heaps as a program sees them: the ioctls, and nothing else.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "heap.h"

/* Entries fetched by one list call. */
#define BATCH	256U

const char *heap_dir(void)
{
	const char *dir = getenv("CARVEOUT_DIR");

	return dir && *dir ? dir : HEAP_DIR;
}

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

int heap_names(char ***names, size_t *count)
{
	struct dirent *entry;
	int err = 0;
	DIR *dir;

	*names = NULL;
	*count = 0;
	dir = opendir(heap_dir());
	if (!dir)
		return -errno;
	while (!err && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = add_name(names, count, entry->d_name);
	if (!err)
		err = -errno;
	closedir(dir);
	if (err) {
		heap_names_free(*names, *count);
		return err;
	}
	if (*count)
		qsort(*names, *count, sizeof(**names), by_name);
	return 0;
}

void heap_names_free(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

int heap_open(struct heap *heap, const char *name, int flags)
{
	struct carveout_ioctl_query query;
	int err;

	heap->fd = -1;
	if (strchr(name, '/'))
		heap->path = strdup(name);
	else if (asprintf(&heap->path, "%s/%s", heap_dir(), name) < 0)
		heap->path = NULL;
	if (!heap->path)
		return -ENOMEM;
	heap->fd = open(heap->path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (heap->fd < 0)
		return -errno;
	/* What is no heap must not see any other ioctl. */
	err = heap_query(heap, &query);
	return err == -EINVAL ? -ENOTTY : err;
}

void heap_close(struct heap *heap)
{
	if (heap->fd >= 0)
		close(heap->fd);
	free(heap->path);
}

static int heap_ioctl(int fd, unsigned long command, void *argument)
{
	int ret;

	do {
		ret = ioctl(fd, command, argument);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : 0;
}

int heap_query(const struct heap *heap, struct carveout_ioctl_query *query)
{
	memset(query, 0, sizeof(*query));
	return heap_ioctl(heap->fd, CARVEOUT_IOCTL_QUERY, query);
}

int heap_regions(const struct heap *heap,
		 struct carveout_ioctl_region **regions, size_t *count)
{
	struct carveout_ioctl_region region, *grown;
	int err;

	*regions = NULL;
	for (*count = 0; ; (*count)++) {
		memset(&region, 0, sizeof(region));
		region.index = *count;
		err = heap_ioctl(heap->fd, CARVEOUT_IOCTL_REGION, &region);
		if (err)
			break;
		grown = realloc(*regions, (*count + 1) * sizeof(region));
		if (!grown) {
			err = -ENOMEM;
			break;
		}
		grown[*count] = region;
		*regions = grown;
	}
	if (err == -ENOENT)
		return 0;
	free(*regions);
	*regions = NULL;
	return err;
}

static int heap_list(const struct heap *heap, unsigned long command,
		     size_t entry_size, void **entries, size_t *count)
{
	struct carveout_ioctl_list list = { .entry_size = entry_size };
	char *grown;
	int err;

	*entries = NULL;
	*count = 0;
	do {
		grown = realloc(*entries, (*count + BATCH) * entry_size);
		err = grown ? 0 : -ENOMEM;
		if (err)
			break;
		*entries = grown;
		list.entries = (uintptr_t)(grown + *count * entry_size);
		list.count = BATCH;
		err = heap_ioctl(heap->fd, command, &list);
		if (!err)
			*count += list.count;
	} while (!err && list.count);
	if (err) {
		free(*entries);
		*entries = NULL;
	}
	return err;
}

int heap_buffers(const struct heap *heap, struct carveout_buffer **buffers,
		 size_t *count)
{
	void *entries;
	int err;

	err = heap_list(heap, CARVEOUT_IOCTL_LIST, sizeof(**buffers), &entries,
			count);
	*buffers = entries;
	return err;
}

int heap_spans(const struct heap *heap, struct carveout_ioctl_span **spans,
	       size_t *count)
{
	void *entries;
	int err;

	err = heap_list(heap, CARVEOUT_IOCTL_SPANS, sizeof(**spans), &entries,
			count);
	*spans = entries;
	return err;
}

int heap_alloc(const struct heap *heap, struct carveout_ioctl_alloc *alloc)
{
	return heap_ioctl(heap->fd, CARVEOUT_IOCTL_ALLOC, alloc);
}

static int set_name(char *field, const char *name)
{
	size_t length = strlen(name);

	if (length >= CARVEOUT_NAME_LEN)
		return -EINVAL;
	memcpy(field, name, length);
	return 0;
}

int heap_open_tag(const struct heap *heap, const char *tag, int fd_flags,
		  struct carveout_ioctl_open *open)
{
	memset(open, 0, sizeof(*open));
	open->fd_flags = fd_flags;
	if (set_name(open->tag, tag))
		return -EINVAL;
	return heap_ioctl(heap->fd, CARVEOUT_IOCTL_OPEN, open);
}

int heap_unlink(const struct heap *heap, const char *tag)
{
	struct carveout_ioctl_unlink unlink = { 0 };

	if (set_name(unlink.tag, tag))
		return -EINVAL;
	return heap_ioctl(heap->fd, CARVEOUT_IOCTL_UNLINK, &unlink);
}

int heap_map(int fd, uint64_t size, int prot, void **memory)
{
	if (size > SIZE_MAX)
		return -EFBIG;
	*memory = mmap(NULL, size, prot, MAP_SHARED, fd, 0);
	return *memory == MAP_FAILED ? -errno : 0;
}

int heap_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return heap_ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}
