/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Carveout heaps as a program sees them: every ioctl of the interface as one
 * function. Nothing in here prints, exits or keeps global state.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>
#include <stdint.h>

#include <linux/carveout.h>

/** define HEAP_DIR - where the heaps' nodes are */
#define HEAP_DIR	"/dev/carveout"

/**
 * struct heap - an open heap
 * @fd: its node
 * @path: the node's path
 */
struct heap {
	int fd;
	char *path;
};

/**
 * heap_dir() - the directory of the heaps' nodes
 *
 * It is HEAP_DIR unless the environment variable CARVEOUT_DIR names another.
 *
 * Return: the directory's path.
 */
const char *heap_dir(void);

/**
 * heap_names() - find the heaps of this system
 * @names: where to put an array of names in alphabetical order
 * @count: where to put their number
 *
 * Free the array with heap_names_free().
 *
 * Return: 0 or a negative errno, -ENOENT when there is no directory.
 */
int heap_names(char ***names, size_t *count);

/**
 * heap_names_free() - free what heap_names() returned
 * @names: the array
 * @count: number of names
 */
void heap_names_free(char **names, size_t count);

/**
 * heap_open() - open a heap
 * @heap: the object to set up
 * @name: name of the heap, or the path of its node if there is a '/' in it
 * @flags: O_RDONLY to look, O_RDWR to change things
 *
 * Whatever it returns, heap_close() has to follow; @heap->path is set.
 *
 * Return: 0 or a negative errno.
 */
int heap_open(struct heap *heap, const char *name, int flags);

/**
 * heap_close() - close a heap
 * @heap: the heap
 *
 * Buffers that were taken from it stay.
 */
void heap_close(struct heap *heap);

/**
 * heap_query() - ask how the heap stands
 * @heap: the heap
 * @query: the answer
 *
 * Return: 0 or a negative errno, -ENOTTY when the node is no heap.
 */
int heap_query(const struct heap *heap, struct carveout_ioctl_query *query);

/**
 * heap_regions() - list the regions
 * @heap: the heap
 * @regions: where to put an array that the caller frees
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
int heap_regions(const struct heap *heap,
		 struct carveout_ioctl_region **regions, size_t *count);

/**
 * heap_buffers() - list the buffers that the caller may see
 * @heap: the heap
 * @buffers: where to put an array that the caller frees
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
int heap_buffers(const struct heap *heap, struct carveout_buffer **buffers,
		 size_t *count);

/**
 * heap_spans() - list the allocations and the holes of all regions
 * @heap: the heap
 * @spans: where to put an array, in no order, that the caller frees
 * @count: where to put their number
 *
 * Return: 0 or a negative errno.
 */
int heap_spans(const struct heap *heap, struct carveout_ioctl_span **spans,
	       size_t *count);

/**
 * heap_alloc() - allocate a buffer
 * @heap: the heap
 * @alloc: request and reply
 *
 * Return: 0 or a negative errno.
 */
int heap_alloc(const struct heap *heap, struct carveout_ioctl_alloc *alloc);

/**
 * heap_open_tag() - open a buffer by its tag
 * @heap: the heap
 * @tag: the name
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @open: the reply, with the descriptor
 *
 * Return: 0 or a negative errno, -EINVAL also for a name that is too long.
 */
int heap_open_tag(const struct heap *heap, const char *tag, int fd_flags,
		  struct carveout_ioctl_open *open);

/**
 * heap_unlink() - remove a tag
 * @heap: the heap
 * @tag: the name
 *
 * Return: 0 or a negative errno.
 */
int heap_unlink(const struct heap *heap, const char *tag);

/**
 * heap_map() - map a buffer
 * @fd: the buffer
 * @size: its size
 * @prot: PROT_READ, or PROT_READ and PROT_WRITE
 * @memory: where to put the address
 *
 * Return: 0 or a negative errno.
 */
int heap_map(int fd, uint64_t size, int prot, void **memory);

/**
 * heap_sync() - begin or end an access to mapped memory
 * @fd: the buffer
 * @flags: DMA_BUF_SYNC_* flags
 *
 * Return: 0 or a negative errno.
 */
int heap_sync(int fd, uint64_t flags);

#endif /* HEAP_H */
